// SPDX-License-Identifier: Apache-2.0
#include "tocsin/base/log.h"

#include <cstdlib>
#include <fmt/format.h>
#include <unistd.h>

namespace tocsin {

void log_line(Severity severity, std::string_view sentence)
{
    auto line = std::getenv("JOURNAL_STREAM") != nullptr
        ? fmt::format("<{}>{}\n", static_cast<int>(severity), sentence)
        : fmt::format("tocsin: {}\n", sentence);
    [[maybe_unused]] auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

namespace {

// Bytes of the well-formed UTF-8 sequence at the front of `text`; 0 where there is none.
std::size_t sequence_length(std::string_view text)
{
    auto lead = static_cast<unsigned char>(text[0]);
    if (lead < 0x80)
        return 1;
    std::size_t length = lead >= 0xf0 && lead <= 0xf4 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
    if (lead > 0xf4 || length == 0 || text.size() < length)
        return 0;
    for (std::size_t i = 1; i < length; ++i) {
        if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80)
            return 0;
    }
    return length;
}

bool is_control(std::string_view sequence)
{
    auto lead = static_cast<unsigned char>(sequence[0]);
    bool c1 = sequence.size() == 2 && lead == 0xc2 && static_cast<unsigned char>(sequence[1]) < 0xa0;
    return lead < 0x20 || lead == 0x7f || c1;
}

} // namespace

std::string printable(std::string_view text, std::size_t limit)
{
    std::string out;
    while (!text.empty()) {
        if (out.size() >= limit)
            return out + "…";
        auto length = sequence_length(text);
        if (length == 0 || is_control(text.substr(0, length)))
            out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[0])), length = 1;
        else
            out += text.substr(0, length);
        text.remove_prefix(length);
    }
    return out;
}

} // namespace tocsin
