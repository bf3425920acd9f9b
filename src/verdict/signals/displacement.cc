// SPDX-License-Identifier: Apache-2.0
#include "tocsin/verdict/signals/displacement.h"

#include <fmt/format.h>

namespace tocsin::verdict {

Claim Displacement::on_succession(Case const& at, Succession const& succession)
{
    if (succession.relation != Relation::displaced)
        return Claim::open;
    at.ledger.charge(charge_for(at, id(), succession));
    return Claim::taken;
}

std::string Displacement::reason(Case const& at, std::span<Charge const* const> charges) const
{
    return fmt::format(
        "put other content under the names of {}: {}", files_and_folders(at, charges), what_became(charges));
}

} // namespace tocsin::verdict
