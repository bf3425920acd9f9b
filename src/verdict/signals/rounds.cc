// SPDX-License-Identifier: Apache-2.0
#include "tocsin/verdict/signals/rounds.h"

#include <algorithm>

namespace tocsin::verdict {
namespace {

constexpr std::size_t most_rounds = 1'024;
constexpr std::size_t most_visited = 256;
constexpr std::size_t folders_asked = 8;
constexpr std::size_t newest_kept = 10;
constexpr std::size_t survivors_counted = 32;
constexpr std::chrono::minutes round_ends{2};

// Up to `survivors_counted` of them.
template <typename Visit>
void for_each_survivor(Case const& at, event::ObjectId id, Visit visit)
{
    auto const* folder = at.catalog.find(id);
    if (folder == nullptr || folder->directory == nullptr)
        return;
    std::size_t steps = survivors_counted;
    for (auto const& link : folder->directory->by_walk) {
        if (catalog::is_survivor(link))
            visit(link);
        if (--steps == 0)
            return;
    }
}

} // namespace

Round& Rounds::step(Case const& at, Loss const& loss)
{
    auto key = loss.who;
    if (auto* node = at.tree.find(key); node != nullptr && node->account.deleted < 2)
        if (auto* starter = at.tree.above(*node); starter != nullptr)
            key = starter->process.key;
    if (rounds_.size() >= most_rounds && !rounds_.contains(key))
        std::erase_if(rounds_, [&](auto const& item) { return item.second.time + round_ends < at.now; });
    if (rounds_.size() >= most_rounds && !rounds_.contains(key))
        rounds_.clear();
    auto& round = rounds_[key];
    if (round.time + round_ends < at.now)
        round = {};
    round.time = at.now;
    if (round.folder != loss.place.parent) {
        leave(round);
        round.folder = loss.place.parent;
        if (round.visited.size() < most_visited && !round.visited.insert(round.folder).second)
            ++round.returns;
    }
    ++round.lost_here;
    if (round.newest.size() == newest_kept)
        round.newest.pop_front();
    round.newest.push_back({loss.place.parent, loss.object});
    round.newest_ns = std::max(round.newest_ns, loss.mtime_ns);
    return round;
}

void Rounds::leave(Round& round) const
{
    if (!round.folder)
        return;
    if (round.left.size() == folders_asked)
        round.left.pop_front();
    round.left.push_back({round.folder, std::exchange(round.lost_here, 0)});
}

bool Rounds::skips(Case const& at, Round const& round)
{
    if (round.keeps_some)
        return true;
    std::uint64_t lost = 0;
    std::uint64_t survive = 0;
    for (auto const& left : round.left) {
        lost += left.lost;
        for_each_survivor(at, left.folder, [&](catalog::Link const&) { ++survive; });
    }
    return survive * 8 > lost;
}

void Rounds::note_kept(Round& round, std::int64_t kept_ns, std::int64_t newest_taken_ns)
{
    if (kept_ns <= newest_taken_ns)
        round.is_by_age = false;
    round.kept_ns = std::min(round.kept_ns, kept_ns);
}

bool Rounds::chooses_by_age(Round const& round, std::int64_t mtime_ns)
{
    return round.is_by_age && round.kept_ns != INT64_MAX && mtime_ns < round.kept_ns;
}

} // namespace tocsin::verdict
