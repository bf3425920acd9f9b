// SPDX-License-Identifier: Apache-2.0
#include "tocsin/answers/protocol.h"

#include <array>
#include <utility>

#include "tocsin/base/utf8.h"

namespace tocsin::answers {

namespace {

constexpr std::array<std::pair<Errc, std::string_view>, 9> codes{{
    {Errc::not_found, "not_found"},
    {Errc::exists, "exists"},
    {Errc::denied, "denied"},
    {Errc::invalid, "invalid"},
    {Errc::corrupt, "corrupt"},
    {Errc::unsupported, "unsupported"},
    {Errc::full, "full"},
    {Errc::again, "again"},
    {Errc::failed, "failed"},
}};

Error not_a(std::string_view what, std::string_view why)
{
    return Error(Errc::corrupt, "not a " + std::string(what) + ": " + std::string(why));
}

Result<json::object> decode_object(std::string_view line, std::size_t limit_bytes, std::string_view what)
{
    if (line.size() > limit_bytes)
        return Error(Errc::full, std::string(what) + " is longer than its bound");
    auto value = TRY(parse_json(line).context(what));
    if (!value.is_object())
        return not_a(what, "no object");
    return std::move(value.as_object());
}

std::string text_or_empty(json::object const& object, std::string_view key)
{
    auto const* value = object.if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

std::uint64_t number_or_zero(json::object const& object, std::string_view key)
{
    auto const* value = object.if_contains(key);
    if (value == nullptr)
        return 0;
    boost::system::error_code code;
    auto number = value->to_number<std::uint64_t>(code);
    return code ? 0 : number;
}

Result<Answer> decode_progress(json::value const& value)
{
    if (!value.is_object())
        return not_a("answer", "progress is no object");
    auto const& object = value.as_object();
    return Answer(Progress{number_or_zero(object, "done"), number_or_zero(object, "total"),
        number_or_zero(object, "bytes"), text_or_empty(object, "what")});
}

} // namespace

std::string_view name_of(Errc code)
{
    for (auto const& [known, name] : codes) {
        if (known == code)
            return name;
    }
    return "failed";
}

std::optional<Errc> errc_named(std::string_view name)
{
    for (auto const& [code, known] : codes) {
        if (known == name)
            return code;
    }
    return {};
}

std::string encode(Request const& request)
{
    return to_text(json::object{{"verb", request.verb}, {"args", request.args}, {"user", request.user}})
        + "\n";
}

std::string encode(Answer const& answer)
{
    json::object line;
    if (auto const* progress = std::get_if<Progress>(&answer)) {
        line["progress"] = {{"done", progress->done}, {"total", progress->total}, {"bytes", progress->bytes},
            {"what", json_text(progress->what)}};
    } else if (auto const* refusal = std::get_if<Refusal>(&answer)) {
        line["error"] = json_text(refusal->sentence);
        line["code"] = name_of(refusal->code);
    } else {
        line["result"] = std::get<json::value>(answer);
    }
    return to_text(line) + "\n";
}

Result<Request> decode_request(std::string_view line)
{
    auto object = TRY(decode_object(line, max_request_bytes, "request"));
    Request request{text_or_empty(object, "verb"), {}, text_or_empty(object, "user")};
    if (request.verb.empty())
        return not_a("request", "no verb");
    if (auto* args = object.if_contains("args"); args != nullptr && !args->is_null()) {
        if (!args->is_object())
            return not_a("request", "its args are no object");
        request.args = std::move(args->as_object());
    }
    return request;
}

Result<Answer> decode_answer(std::string_view line)
{
    auto object = TRY(decode_object(line, max_answer_bytes, "answer"));
    if (auto const* progress = object.if_contains("progress"))
        return decode_progress(*progress);
    if (object.contains("error")) {
        auto sentence = TRY(bytes_of(object.at("error")).context("answer"));
        auto code = errc_named(text_or_empty(object, "code"));
        return Answer(Refusal{std::move(sentence), code.value_or(Errc::failed)});
    }
    if (auto* result = object.if_contains("result"))
        return Answer(std::move(*result));
    return not_a("answer", "neither progress nor result nor error");
}

json::string json_text(std::string_view bytes)
{
    static constexpr std::string_view digits = "0123456789abcdef";
    json::string out;
    out.reserve(bytes.size());
    while (!bytes.empty()) {
        auto character = first_character(bytes);
        std::size_t length = 1;
        if (!character || character->value == 0) {
            auto byte = static_cast<unsigned char>(bytes[0]);
            out.push_back('\0');
            out.push_back(digits[byte >> 4U]);
            out.push_back(digits[byte & 0xfU]);
        } else {
            length = character->bytes;
            out.append(bytes.substr(0, length));
        }
        bytes.remove_prefix(length);
    }
    return out;
}

Result<std::string> bytes_of(json::value const& text)
{
    if (!text.is_string())
        return Error(Errc::corrupt, "a text is no string");
    std::string_view rest(text.as_string());
    std::string out;
    out.reserve(rest.size());
    for (auto escape = rest.find('\0'); escape != std::string_view::npos; escape = rest.find('\0')) {
        out += rest.substr(0, escape);
        auto decoded = from_hex(rest.substr(escape + 1, 2));
        if (!decoded.ok() || rest.size() < escape + 3)
            return Error(Errc::corrupt, "a text holds half an escaped byte");
        out.push_back(static_cast<char>(decoded.take()[0]));
        rest.remove_prefix(escape + 3);
    }
    return out + std::string(rest);
}

Result<void> LineReader::add(std::string_view arrived)
{
    buffer_ += arrived;
    if (buffer_.size() > limit_bytes_ && buffer_.find('\n', scanned_) == std::string::npos)
        return Error(Errc::full, "a line is longer than its bound");
    return {};
}

std::optional<std::string> LineReader::next()
{
    auto end = buffer_.find('\n', scanned_);
    if (end == std::string::npos) {
        scanned_ = buffer_.size();
        return {};
    }
    auto line = buffer_.substr(0, end);
    buffer_.erase(0, end + 1);
    scanned_ = 0;
    return line;
}

} // namespace tocsin::answers
