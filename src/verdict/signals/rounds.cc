// SPDX-License-Identifier: Apache-2.0
#include "tocsin/verdict/signals/rounds.h"

#include <algorithm>

namespace tocsin::verdict {
namespace {

constexpr std::size_t most_rounds = 1'024;
constexpr std::size_t most_visited = 256;
constexpr std::size_t folders_asked = 8;
constexpr std::size_t newest_kept = 10;
constexpr unsigned survivors_counted = 32;
constexpr int deepest = 64;
constexpr std::chrono::minutes round_ends{2};

// By which it went down from `above` to `here`; null where that is not above.
catalog::Link const* way_down(Case const& at, event::ObjectId above, event::ObjectId here)
{
    auto const* entry = at.catalog.find(here);
    for (int depth = 0; depth < deepest && entry != nullptr && entry->names != nullptr; ++depth) {
        if (entry->names->parent != nullptr && entry->names->parent->id == above)
            return entry->names;
        entry = entry->names->parent;
    }
    return nullptr;
}

} // namespace

bool is_left_by(Case const& at, catalog::Link const& link, event::ProcessKey who)
{
    auto const& object = *link.object;
    return catalog::is_survivor(link)
        && (object.origin.existed || !at.provenance.is_addition_of(object, at.tree.ensure(who), at.now));
}

void Rounds::for_each_left(Case const& at, Round const& round, Round::Left const& left, event::ProcessKey who,
    unsigned at_most, std::function<void(catalog::Link const&)> const& visit)
{
    auto const* folder = at.catalog.find(left.folder);
    if (folder == nullptr || folder->directory == nullptr)
        return;
    auto const* next = way_down(at, left.folder, round.folder);
    auto const passed = next == nullptr ? UINT32_MAX : std::max(next->walk, left.farthest);
    for (auto const& link : folder->directory->by_walk) {
        if (at_most-- == 0 || link.walk > passed)
            return;
        if (is_left_by(at, link, who))
            visit(link);
    }
}

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
        auto const from = std::exchange(round.folder, loss.place.parent);
        bool const is_new = round.visited.size() >= most_visited || round.visited.insert(round.folder).second;
        if (!is_new && way_down(at, round.folder, from) == nullptr)
            ++round.returns;
    }
    ++round.lost_here;
    round.farthest_here = std::max(round.farthest_here, loss.mark.walk);
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
    round.left.push_back(
        {round.folder, std::exchange(round.lost_here, 0), std::exchange(round.farthest_here, 0)});
}

bool Rounds::skips(Case const& at, Round const& round, event::ProcessKey who)
{
    if (round.keeps_some)
        return true;
    std::uint64_t lost = 0;
    std::uint64_t survive = 0;
    for (auto const& left : round.left) {
        lost += left.lost;
        for_each_left(at, round, left, who, survivors_counted, [&](catalog::Link const&) { ++survive; });
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
