// SPDX-License-Identifier: Apache-2.0
#include "tocsin/verdict/signals/same_content.h"

#include <algorithm>
#include <fmt/format.h>
#include <functional>
#include <span>

namespace tocsin::verdict {
namespace {

constexpr std::uint64_t least_bytes = 64; // a state, a number, a stamp
constexpr double alike = 0.3; // of the passages
constexpr double part_of_one_alike = 0.1;
constexpr std::size_t compared = 16;

} // namespace

double SameContent::difference(Content const& slot, verdict::Content const& before)
{
    double difference = 1;
    auto const known = std::min(slot.replaced, slot.before.size());
    for (std::size_t i = 0; i < known; ++i) {
        if (slot.before[i].digest == before.digest)
            return 0;
        if (event::similarity(slot.before[i].sketch, before.facts.sketch) >= alike)
            difference = part_of_one_alike;
    }
    return difference;
}

bool SameContent::is_mostly_the_same(Case const& at, event::ProcessKey who) const
{
    auto* actor = at.tree.find(who);
    std::array<Sha256, compared> theirs;
    std::size_t count = 0;
    for (std::size_t back = 1; back <= std::min(put_, newest_.size()) && count < compared; ++back) {
        auto const& put = newest_[(put_ - back) % newest_.size()];
        auto* other = at.tree.find(put.who);
        bool const are_related = put.who == who
            || (actor != nullptr && other != nullptr && at.tree.common(*actor, *other) != nullptr);
        if (are_related)
            theirs[count++] = put.digest;
    }
    auto const all = std::span(theirs).first(count);
    auto const repeated =
        std::ranges::count_if(all, [&](Sha256 const& digest) { return std::ranges::count(all, digest) > 1; });
    return static_cast<std::size_t>(repeated) * 2 >= count;
}

Claim SameContent::on_succession(Case const& at, Succession const& succession)
{
    auto const& before = succession.lost.before;
    auto const& after = succession.after;
    if (succession.relation == Relation::copied || succession.change.became == Became::same
        || before.size < least_bytes
        || (succession.refilled_by && succession.refilled_by != succession.lost.who)
        || event::similarity(before.facts.sketch, after.facts.sketch) >= alike) // a version of the same
        return Claim::open;
    auto& slot = contents_[std::hash<Sha256>{}(after.digest) % contents_.size()];
    if (slot.digest != after.digest || slot.time + at.settings.sweep_memory < at.now)
        slot = {.digest = after.digest};
    auto const difference = SameContent::difference(slot, before);
    if (difference <= 0)
        return Claim::open;
    slot.time = at.now;
    slot.before[slot.replaced++ % slot.before.size()] = {before.digest, before.facts.sketch};
    slot.different += difference;
    newest_[put_++ % newest_.size()] = {after.digest, succession.lost.who};
    if (slot.different <= at.settings.different_that_may_become_one
        || !is_mostly_the_same(at, succession.lost.who))
        return Claim::open;
    auto charge = charge_for(at, id(), succession);
    charge.weight = Weight::hard;
    // What else speaks against the same change is counted by its own signal.
    auto const rest = succession.change.weight == Weight::hard ? succession.change.points : 0;
    charge.points = (at.settings.same_content * difference - rest) * succession.lost.worth;
    at.ledger.charge(std::move(charge));
    return Claim::open;
}

std::string SameContent::reason(Case const&, std::span<Charge const* const> charges) const
{
    return fmt::format(
        "put one and the same content into {} that held different ones", files_and_folders(charges));
}

} // namespace tocsin::verdict
