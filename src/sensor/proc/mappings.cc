// SPDX-License-Identifier: Apache-2.0
#include "tocsin/sensor/proc/mappings.h"

#include <algorithm>
#include <fcntl.h>

#include "tocsin/base/proc.h"
#include "tocsin/base/sys.h"

namespace tocsin::sensor {
namespace {

constexpr std::size_t maps_limit = 1 << 20;

// As map_files names them: without zeros in front.
std::string_view without_zeros(std::string_view hex)
{
    return hex.substr(std::min(hex.find_first_not_of('0'), hex.size() - 1));
}

} // namespace

// "7f3c5a000000-7f3c5a001000 rw-s 00000000 08:01 131 /srv/a"
std::vector<std::string> ranges_mapped_for_writing(std::string_view maps)
{
    std::vector<std::string> out;
    while (!maps.empty()) {
        auto const line = maps.substr(0, maps.find('\n'));
        maps.remove_prefix(std::min(line.size() + 1, maps.size()));
        auto const range = line.substr(0, line.find(' '));
        auto const rights = line.substr(std::min(range.size() + 1, line.size())).substr(0, 4);
        auto const dash = range.find('-');
        bool const is_range = dash != std::string_view::npos && dash > 0 && dash + 1 < range.size()
            && range.find_first_not_of("0123456789abcdef-") == std::string_view::npos;
        if (is_range && rights.size() == 4 && rights[1] == 'w' && rights[3] == 's')
            out.push_back(std::string(without_zeros(range.substr(0, dash)))
                    .append("-")
                    .append(without_zeros(range.substr(dash + 1))));
    }
    return out;
}

std::vector<UniqueFd> files_mapped_for_writing(pid_t pid, std::size_t limit)
{
    std::vector<UniqueFd> out;
    auto opened = sys::open("/proc/" + std::to_string(pid), O_PATH | O_DIRECTORY);
    if (!opened.ok())
        return out;
    auto const process = opened.take();
    auto maps = proc::read_start(process.get(), "maps", maps_limit);
    if (!maps.ok())
        return out;
    for (auto const& range : ranges_mapped_for_writing(maps.take())) {
        if (out.size() == limit)
            break;
        if (auto file = sys::open_at(process.get(), "map_files/" + range, O_PATH); file.ok())
            out.push_back(file.take());
    }
    return out;
}

} // namespace tocsin::sensor
