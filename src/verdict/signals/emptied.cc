// SPDX-License-Identifier: Apache-2.0
#include "tocsin/verdict/signals/emptied.h"

#include <fmt/format.h>

namespace tocsin::verdict {
namespace {

constexpr std::size_t most_charged = 4'096;

} // namespace

bool is_emptied_document(Loss const& loss)
{
    using event::FileType;
    auto const type = loss.before.facts.type;
    return loss.how == How::emptied && !loss.is_cheap && loss.has_content && type != FileType::unknown
        && type != FileType::empty && type != FileType::text;
}

Claim Emptied::on_loss(Case const& at, Loss const& loss)
{
    if (!is_emptied_document(loss))
        return Claim::open;
    auto const charge = at.ledger.charge({.who = loss.who,
        .time = at.now,
        .since = loss.time,
        .signal = id(),
        .weight = Weight::hard,
        .points = at.settings.emptied * loss.worth,
        .object = loss.object,
        .folder = loss.place.parent,
        .path = loss.path});
    if (charged_.size() >= most_charged)
        charged_.clear();
    charged_[loss.object] = charge;
    return Claim::open; // it may be one of a run, which the sweep has to see whole
}

void Emptied::on_return(Case const& at, Loss const& loss)
{
    if (auto const charged = charged_.extract(loss.object))
        at.ledger.refund(charged.mapped(), at.now);
}

std::string Emptied::reason(Case const&, std::span<Charge const* const> charges) const
{
    return fmt::format("left nothing in {}", files_and_folders(charges));
}

} // namespace tocsin::verdict
