// SPDX-License-Identifier: Apache-2.0
// cli/console.h -- where a verb's words go, and the one line that shows how far long work is.
//
// Results go to `out`, everything said about them to `err`. Progress shows only where `err` is
// a terminal. Borrows both streams. Threads: one.
#pragma once

#include <chrono>
#include <ostream>
#include <string>
#include <string_view>

#include "tocsin/answers/protocol.h"

namespace tocsin::cli {

enum class Shows { nothing, progress };

class Console {
public:
    Console(std::ostream& out, std::ostream& err, Shows shows) : out_(out), err_(err), shows_(shows) { }

    std::ostream& out() { return out_; }

    // "tocsin: SENTENCE" on its own line.
    void say(std::string_view sentence);

    // At most ten times a second; a later line replaces an earlier one.
    void show(answers::Progress const& progress);
    void end_progress();

private:
    std::ostream& out_;
    std::ostream& err_;
    Shows shows_;
    std::size_t shown_columns_ = 0;
    std::chrono::steady_clock::time_point last_{};
};

// "capturing: 1,234 of 5,678, 12.3 MiB"
std::string sentence_of(answers::Progress const& progress);

} // namespace tocsin::cli
