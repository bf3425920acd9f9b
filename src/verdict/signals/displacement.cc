// SPDX-License-Identifier: Apache-2.0
#include "tocsin/verdict/signals/displacement.h"

#include <fmt/format.h>

namespace tocsin::verdict {

Claim Displacement::on_succession(Case const& at, Succession const& succession)
{
    if (succession.relation != Relation::displaced)
        return Claim::open;
    auto charge = charge_for(at, id(), succession);
    if (succession.change.became == Became::resealed) {
        // A program that saves its one encrypted file again and again is its owner's.
        if (resealed_.find(succession.lost.place) != nullptr)
            return Claim::taken;
        resealed_.put(succession.lost.place, at.now);
        charge.points *= at.settings.resealed_by_name / at.settings.resealed;
    }
    at.ledger.charge(std::move(charge));
    return Claim::taken;
}

std::string Displacement::reason(Case const&, std::span<Charge const* const> charges) const
{
    return fmt::format(
        "put other content under the names of {}: {}", files_and_folders(charges), what_became(charges));
}

} // namespace tocsin::verdict
