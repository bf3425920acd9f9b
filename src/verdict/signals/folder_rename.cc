// SPDX-License-Identifier: Apache-2.0
#include "tocsin/verdict/signals/folder_rename.h"

#include <algorithm>
#include <fmt/format.h>

#include "tocsin/base/log.h"

namespace tocsin::verdict {
namespace {
enum class Kind : std::uint8_t { renamed, moved_out, several_moved_out };
constexpr std::uint64_t count_to = 10'000;
constexpr std::size_t most_movers = 64;
constexpr std::size_t most_processes = 64;
constexpr std::chrono::minutes together{10};
} // namespace

void FolderRename::on_activity(Case const& at, event::Activity const& activity)
{
    if (activity.kind != event::ActivityKind::renamed || activity.object_kind != event::ObjectKind::directory)
        return;
    auto const* entry = at.catalog.find(activity.object);
    bool const is_out = !activity.target.parent;
    auto const files = at.catalog.files_below(activity.object, at.settings.folder_that_counts);
    bool const is_large = files >= at.settings.folder_that_counts;
    if (entry == nullptr || files == 0 || (!is_large && !is_out)
        || at.provenance.worth(*entry, at.tree.ensure(activity.process), at.now) <= 0)
        return;
    Charge charge{.who = activity.process,
        .time = at.now,
        .signal = id(),
        .kind = static_cast<std::uint8_t>(is_out ? Kind::moved_out : Kind::renamed),
        .object = activity.object,
        .folder = activity.place.parent,
        .path = activity.path};
    if (is_out) {
        auto& itself = mover(activity.process, at.now);
        note(itself, activity, files);
        if (tell_together(at, itself, charge))
            return;
        itself.is_told = is_large; // what it moves next belongs to the same
        auto* starter = at.tree.above(at.tree.ensure(activity.process));
        if (starter != nullptr && !is_large) {
            auto& behind = mover(starter->process.key, at.now);
            note(behind, activity, files);
            if (tell_together(at, behind, charge))
                behind = {.who = behind.who}; // the next are an incident of their own
        }
    }
    if (is_large)
        at.ledger.observe({.charge = std::move(charge), .by = {activity.process}});
}

// Only once they are several, and enough together.
bool FolderRename::tell_together(Case const& at, Mover& mover, Charge charge)
{
    if (mover.is_told || mover.folders < 2 || mover.files < at.settings.folder_that_counts)
        return mover.is_told;
    mover.is_told = true;
    told_ = mover;
    charge.who = mover.who;
    charge.since = mover.first;
    charge.kind = static_cast<std::uint8_t>(Kind::several_moved_out);
    at.ledger.observe({.charge = std::move(charge), .by = mover.by});
    return true;
}

void FolderRename::note(Mover& mover, event::Activity const& moved, std::uint64_t files)
{
    if (mover.folders++ == 0)
        mover.first = moved.time;
    mover.files += files;
    if (mover.by.size() < most_processes && std::ranges::find(mover.by, moved.process) == mover.by.end())
        mover.by.push_back(moved.process);
}

FolderRename::Mover& FolderRename::mover(event::ProcessKey who, WallTime now)
{
    auto found = std::ranges::find(movers_, who, &Mover::who);
    if (found == movers_.end() && movers_.size() < most_movers)
        found = movers_.insert(found, Mover{});
    if (found == movers_.end())
        found = std::ranges::min_element(movers_, {}, &Mover::last);
    if (found->who != who || found->last + together < now)
        *found = {.who = who};
    found->last = now;
    return *found;
}

std::string FolderRename::reason(Case const& at, std::span<Charge const* const> charges) const
{
    auto const& charge = *charges.back();
    auto const kind = static_cast<Kind>(charge.kind);
    if (kind == Kind::several_moved_out)
        return fmt::format(
            "moved {} folders away, '{}' the last of them so far, with {} files or more in them",
            told_.folders, printable(charge.path, 200), told_.files);
    auto const files = at.catalog.files_below(charge.object, count_to);
    return fmt::format("{} the folder '{}' with {}{} files in it",
        kind == Kind::renamed ? "renamed" : "moved away", printable(charge.path, 200), files,
        files >= count_to ? " or more" : "");
}

} // namespace tocsin::verdict
