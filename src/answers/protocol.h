// SPDX-License-Identifier: Apache-2.0
// answers/protocol.h -- what the command line and a running guard say to each other, line by line.
//
// One JSON object a line over a Unix stream socket: a request, then any number of progress
// lines, then one result or one error. A connection may carry several requests, one at a time.
// Names of files are bytes, JSON is text: see json_text().
// Bounds: max_request_bytes and max_answer_bytes a line, 32 levels deep.
// Errors: `corrupt` for a line that is not of this form.
// Format: docs/formats/control.md
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <variant>

#include "tocsin/base/bytes.h"
#include "tocsin/base/json.h"
#include "tocsin/base/result.h"

namespace tocsin::answers {

inline constexpr std::size_t max_request_bytes = std::size_t{1} << 20;
inline constexpr std::size_t max_answer_bytes = std::size_t{64} << 20;

struct Request {
    std::string verb;
    json::object args;
    std::string user; // who asks, for the record; the guard checks the peer's uid itself
    pid_t process = 0; // that asks, as the kernel tells the guard: no part of the line; 0: not known

    bool operator==(Request const&) const = default;
};

struct Progress {
    std::uint64_t done = 0;
    std::uint64_t total = 0; // 0: not known
    std::uint64_t bytes = 0;
    std::string what;

    bool operator==(Progress const&) const = default;
};
using ProgressSink = std::function<void(Progress const&)>;

struct Refusal {
    std::string sentence;
    Errc code = Errc::failed;

    bool operator==(Refusal const&) const = default;
};

using Answer = std::variant<Progress, json::value, Refusal>;

// With the line's end.
std::string encode(Request const& request);
std::string encode(Answer const& answer);

// Without it.
Result<Request> decode_request(std::string_view line);
Result<Answer> decode_answer(std::string_view line);

// The words for codes on the wire: "not_found", "denied" and so on.
std::string_view name_of(Errc code);
std::optional<Errc> errc_named(std::string_view name);

// Bytes as JSON text. What is UTF-8 stays as it is; of anything else each byte becomes U+0000
// and two hexadecimal digits. No path holds U+0000, so bytes_of() gets every path back.
json::string json_text(std::string_view bytes);
Result<std::string> bytes_of(json::value const& text);

// Cuts lines out of what arrives. `full` once a line is longer than `limit_bytes`.
class LineReader {
public:
    explicit LineReader(std::size_t limit_bytes) : limit_bytes_(limit_bytes) { }

    Result<void> add(std::string_view arrived);
    // Without its end; empty when no whole line has arrived.
    std::optional<std::string> next();

private:
    std::size_t limit_bytes_;
    std::string buffer_;
    std::size_t scanned_ = 0; // no line's end before this
};

} // namespace tocsin::answers
