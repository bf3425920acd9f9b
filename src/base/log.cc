// SPDX-License-Identifier: Apache-2.0
#include "tocsin/base/log.h"

#include <cstdlib>
#include <fmt/format.h>
#include <unistd.h>

#include "tocsin/base/utf8.h"

namespace tocsin {

void log_line(Severity severity, std::string_view sentence)
{
    auto line = std::getenv("JOURNAL_STREAM") != nullptr
        ? fmt::format("<{}>{}\n", static_cast<int>(severity), sentence)
        : fmt::format("tocsin: {}\n", sentence);
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
