// SPDX-License-Identifier: Apache-2.0
#include "tocsin/verdict/signals/same_content.h"

#include <algorithm>
#include <fmt/format.h>
#include <functional>

namespace tocsin::verdict {
namespace {

constexpr std::uint64_t least_bytes = 64; // a state, a number, a stamp
constexpr double alike = 0.3; // of the passages
constexpr double part_of_one_alike = 0.25;

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

Claim SameContent::on_succession(Case const& at, Succession const& succession)
{
    auto const& before = succession.lost.before;
    auto const& after = succession.after;
    if (succession.relation == Relation::copied || succession.change.became == Became::same
        || before.size < least_bytes
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
    if (slot.different <= at.settings.different_that_may_become_one)
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
