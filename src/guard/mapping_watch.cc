// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/mapping_watch.h"

#include <algorithm>
#include <bit>

namespace tocsin::guard {
namespace {

constexpr std::size_t most_watched = 4'096;
constexpr unsigned many_opened = 8;
constexpr std::chrono::milliseconds shortest_pause{100};
constexpr std::chrono::milliseconds longest_pause{1600};

} // namespace

MappingWatch::Look MappingWatch::opened(pid_t who, SteadyTime now)
{
    if (watched_.size() >= most_watched && !watched_.contains(who)) {
        std::erase_if(watched_, [](auto const& item) { return !item.second.has_mapped; });
        if (watched_.size() >= most_watched)
            return Look::later;
    }
    auto [at, is_new] = watched_.try_emplace(who);
    auto& watched = at->second;
    watched.pause = shortest_pause;
    auto const soon = now + shortest_pause;
    watched.next = is_new ? soon : std::min(watched.next, soon);
    ++watched.opened;
    return watched.opened >= many_opened && std::has_single_bit(watched.opened) ? Look::now : Look::later;
}

std::vector<pid_t> MappingWatch::due(SteadyTime now)
{
    std::vector<pid_t> out;
    for (auto& [who, watched] : watched_) {
        if (watched.next > now)
            continue;
        watched.opened = 0;
        out.push_back(who);
    }
    return out;
}

void MappingWatch::looked(pid_t who, Seen seen, SteadyTime now)
{
    auto const at = watched_.find(who);
    if (at == watched_.end())
        return;
    auto& watched = at->second;
    watched.has_mapped = seen != Seen::nothing;
    if (!watched.has_mapped && watched.next <= now) {
        watched_.erase(at); // until it opens something
        return;
    }
    if (watched.next > now)
        return; // looked at out of turn
    watched.pause = seen == Seen::changed ? shortest_pause : std::min(watched.pause * 2, longest_pause);
    watched.next = now + watched.pause;
}

} // namespace tocsin::guard
