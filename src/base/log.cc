// SPDX-License-Identifier: Apache-2.0
#include "tocsin/base/log.h"

#include <cstdlib>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tocsin/base/clock.h"
#include "tocsin/base/utf8.h"

namespace tocsin {

namespace {

// The variable is inherited also where standard error leads elsewhere by now.
bool is_stream_of_journal(struct stat const& log)
{
    auto const* stream = std::getenv("JOURNAL_STREAM");
    return stream != nullptr && fmt::format("{}:{}", log.st_dev, log.st_ino) == stream;
}

// What stands before the sentence: the journal has times of its own, a terminal shows what happens now.
std::string head_of_line(Severity severity)
{
    struct stat log{};
    if (::fstat(STDERR_FILENO, &log) != 0)
        return "tocsin: ";
    if (is_stream_of_journal(log))
        return fmt::format("<{}>", static_cast<int>(severity));
    if (!S_ISREG(log.st_mode))
        return "tocsin: ";
    auto const now = to_iso8601(wall_now());
    return fmt::format("{} {}Z tocsin: ", now.substr(0, 10), now.substr(11, 8));
}

} // namespace

void log_line(Severity severity, std::string_view sentence)
{
    auto line = fmt::format("{}{}\n", head_of_line(severity), sentence);
    [[maybe_unused]] auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

namespace {

bool is_control(char32_t value)
{
    return value < 0x20 || (value >= 0x7f && value < 0xa0);
}

} // namespace

std::string printable(std::string_view text, std::size_t limit)
{
    std::string out;
    while (!text.empty()) {
        if (out.size() >= limit)
            return out + "…";
        auto character = first_character(text);
        std::size_t length = 1;
        if (!character || is_control(character->value))
            out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[0]));
        else
            out += text.substr(0, length = character->bytes);
        text.remove_prefix(length);
    }
    return out;
}

} // namespace tocsin
