// SPDX-License-Identifier: Apache-2.0
#include "tocsin/verdict/signals/folder_rename.h"

#include <fmt/format.h>

#include "tocsin/base/log.h"

namespace tocsin::verdict {
namespace {
enum class Kind : std::uint8_t { renamed, moved_out };
constexpr std::uint64_t count_to = 10'000;
} // namespace

void FolderRename::on_activity(Case const& at, event::Activity const& activity)
{
    if (activity.kind != event::ActivityKind::renamed || activity.object_kind != event::ObjectKind::directory)
        return;
    auto const* entry = at.catalog.find(activity.object);
    if (entry == nullptr
        || at.catalog.files_below(activity.object, at.settings.folder_that_counts)
            < at.settings.folder_that_counts
        || at.provenance.worth(*entry, at.tree.ensure(activity.process), at.now) <= 0)
        return;
    at.ledger.observe({.who = activity.process,
        .time = at.now,
        .signal = id(),
        .kind = static_cast<std::uint8_t>(activity.target.parent ? Kind::renamed : Kind::moved_out),
        .object = activity.object,
        .folder = activity.place.parent,
        .path = activity.path});
}

std::string FolderRename::reason(Case const& at, std::span<Charge const* const> charges) const
{
    auto const& charge = *charges.back();
    auto const files = at.catalog.files_below(charge.object, count_to);
    return fmt::format("{} the folder '{}' with {}{} files in it",
        static_cast<Kind>(charge.kind) == Kind::renamed ? "renamed" : "moved away",
        printable(charge.path, 200), files, files >= count_to ? " or more" : "");
}

} // namespace tocsin::verdict
