// SPDX-License-Identifier: Apache-2.0
#include "tocsin/verdict/signals/overwrite.h"

#include <fmt/format.h>

namespace tocsin::verdict {
namespace {
constexpr std::size_t most_charged = 65'536;
}

Claim Overwrite::on_succession(Case const& at, Succession const& succession)
{
    if (succession.relation != Relation::overwritten)
        return Claim::open;
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
    at.ledger.charge(std::move(charge));
    return Claim::taken;
}

std::string Overwrite::reason(Case const&, std::span<Charge const* const> charges) const
{
    return fmt::format("overwrote {}: {}", files_and_folders(charges), what_became(charges));
}

} // namespace tocsin::verdict
