// SPDX-License-Identifier: Apache-2.0
#include "tocsin/verdict/signals/copy_and_delete.h"

#include <fmt/format.h>

namespace tocsin::verdict {

Claim CopyAndDelete::on_succession(Case const& at, Succession const& succession)
{
    if (succession.relation != Relation::copied)
        return Claim::open;
    at.ledger.charge(charge_for(at, id(), succession));
    return Claim::taken;
}

std::string CopyAndDelete::reason(Case const&, std::span<Charge const* const> charges) const
{
    return fmt::format("deleted {} after copies had been made that are {}", files_and_folders(charges),
        what_became(charges));
}

} // namespace tocsin::verdict
