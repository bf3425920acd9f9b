// SPDX-License-Identifier: Apache-2.0
#include "tocsin/cli/console.h"

#include "tocsin/base/clock.h"
#include "tocsin/base/log.h"
#include "tocsin/cli/words.h"

namespace tocsin::cli {

void Console::say(std::string_view sentence)
{
    end_progress();
    err_ << "tocsin: " << sentence << "\n" << std::flush;
}

void Console::show(answers::Progress const& progress)
{
    auto now = steady_now();
    if (shows_ == Shows::nothing || now - last_ < std::chrono::milliseconds(100))
        return;
    last_ = now;
    auto line = sentence_of(progress);
    auto columns = display_columns(line);
    auto padding = columns < shown_columns_ ? shown_columns_ - columns : 0;
    err_ << '\r' << line << std::string(padding, ' ') << std::flush;
    shown_columns_ = columns;
}

void Console::end_progress()
{
    if (shown_columns_ > 0)
        err_ << '\r' << std::string(shown_columns_, ' ') << '\r' << std::flush;
    shown_columns_ = 0;
}

std::string sentence_of(answers::Progress const& progress)
{
    auto line = printable(progress.what, 60) + ": " + grouped(progress.done);
    if (progress.total > 0)
        line += " of " + grouped(progress.total);
    if (progress.bytes > 0)
        line += ", " + size_words(progress.bytes);
    return line;
}

} // namespace tocsin::cli
