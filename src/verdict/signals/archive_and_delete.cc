// SPDX-License-Identifier: Apache-2.0
#include "tocsin/verdict/signals/archive_and_delete.h"

#include <fmt/format.h>

namespace tocsin::verdict {
namespace {
constexpr std::uint32_t few = 4; // files that a process for one file opens
}

void ArchiveAndDelete::on_version(Case const& at, event::Version const& version)
{
    auto const* entry = at.catalog.find(version.object);
    bool const is_new = entry == nullptr || !entry->origin.existed || !entry->is_here();
    if (is_new && version.metadata.size > 0 && is_sealed(content_of(version)))
        if (auto* writer = at.tree.find(version.writer); writer != nullptr)
            writer->account.sealed_at = at.now;
}

Claim ArchiveAndDelete::on_loss(Case const& at, Loss const& loss)
{
    if (loss.is_cheap || loss.how == How::moved_out)
        return Claim::open;
    // Sealed before already: a repository of backups is repacked. What that deletes is still a deletion.
    if (loss.has_content && (is_opaque(loss.before) || is_too_short_to_tell(loss.before)))
        return Claim::open;
    auto const* read = at.reads.last(loss.object);
    if (read == nullptr || read->time + at.settings.read_within < at.now)
        return Claim::open;
    auto* reader = at.tree.find(read->by);
    auto* who = at.tree.find(loss.who);
    if (reader == nullptr || who == nullptr || reader->account.sealed_at == WallTime{}
        || reader->account.sealed_at + at.settings.read_within < at.now)
        return Claim::open;
    bool const is_itself = at.tree.descends(*reader, *who);
    if (!is_itself && (reader->account.objects_opened > few || at.tree.common(*reader, *who) == nullptr))
        return Claim::open;
    auto const charge = at.ledger.charge({.who = both(at, loss.who, read->by),
        .time = at.now,
        .since = read->time,
        .signal = id(),
        .weight = Weight::hard,
        .points = at.settings.read_sealed_deleted * loss.worth,
        .object = loss.object,
        .folder = loss.place.parent,
        .path = loss.path});
    charged_[loss.object.value % charged_.size()] = {loss.object, charge};
    return Claim::taken;
}

// Replaced, not deleted: what stands there now is judged by its content.
void ArchiveAndDelete::on_return(Case const& at, Loss const& loss)
{
    auto& charged = charged_[loss.object.value % charged_.size()];
    if (charged.object != loss.object)
        return;
    at.ledger.refund(charged.charge, at.now);
    charged = {};
}

std::string ArchiveAndDelete::reason(Case const&, std::span<Charge const* const> charges) const
{
    return fmt::format(
        "deleted {} after reading them and writing something sealed", files_and_folders(charges));
}

} // namespace tocsin::verdict
