// SPDX-License-Identifier: Apache-2.0
#include "tocsin/verdict/signals/overwrite.h"

#include <fmt/format.h>

namespace tocsin::verdict {
namespace {
constexpr std::size_t most_charged = 65'536;
}

Claim Overwrite::on_succession(Case const& at, Succession const& succession)
{
    if (succession.relation == Relation::displaced)
        return replace_shredded(at, succession);
    if (succession.relation != Relation::overwritten)
        return Claim::open;
    if (auto const& slot = slot_of(succession.lost.object);
        slot.object == succession.lost.object && slot.is_replaced)
        return Claim::taken; // it was read late
    auto charge = charge_for(at, id(), succession);
    if (charge.points <= 0)
        return Claim::taken;
    if (charged_.size() >= most_charged)
        charged_.clear();
    auto& charged = charged_[succession.lost.object];
    if (charged.time + at.settings.sweep_memory < at.now)
        charged.points = 0;
    auto const whole = charge.points;
    charge.points -= charged.points;
    if (charge.points <= 0)
        return Claim::taken;
    charged = {at.now, whole};
    note_shredded(at, succession.lost, at.ledger.charge(std::move(charge)));
    return Claim::taken;
}

void Overwrite::note_shredded(Case const& at, Loss const& lost, ChargeId charge)
{
    auto& slot = slot_of(lost.object);
    if (slot.object != lost.object)
        slot = {.object = lost.object, .who = lost.who, .before = lost.before};
    slot.time = at.now;
    slot.charges.push_back(charge); // one for each heavier view: a few
}

// Only where a format says who made it: whoever else shreds a file destroys it.
Claim Overwrite::replace_shredded(Case const& at, Succession const& succession)
{
    auto const& lost = succession.lost;
    auto& slot = slot_of(lost.object);
    auto* one = at.tree.find(slot.who);
    auto* other = at.tree.find(lost.who);
    bool const was_shredded = slot.object == lost.object && !slot.is_replaced
        && slot.time + at.settings.return_within > at.now && one != nullptr && other != nullptr
        && at.tree.common(*one, *other) != nullptr;
    auto const& before = was_shredded ? slot.before : lost.before;
    if (!says_its_purpose(before) && !says_its_purpose(succession.after))
        return Claim::open;
    auto whole = succession;
    whole.change = judge_change(before, succession.after, at.settings);
    if (was_shredded)
        for (auto const charge : slot.charges)
            at.ledger.refund(charge, at.now);
    slot = {.object = lost.object, .is_replaced = true};
    if (whole.change.became == Became::encrypted) {
        if (by_purpose_.find(lost.place) != nullptr)
            return Claim::taken; // decrypted and encrypted again: the same work
        by_purpose_.put(lost.place, at.now);
    }
    if (!was_shredded)
        return Claim::open;
    at.ledger.charge(charge_for(at, id(), whole));
    return Claim::taken;
}

std::string Overwrite::reason(Case const&, std::span<Charge const* const> charges) const
{
    return fmt::format("overwrote {}: {}", files_and_folders(charges), what_became(charges));
}

} // namespace tocsin::verdict
