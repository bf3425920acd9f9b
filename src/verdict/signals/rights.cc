// SPDX-License-Identifier: Apache-2.0
#include "tocsin/verdict/signals/rights.h"

#include <fmt/format.h>
#include <sys/stat.h>

namespace tocsin::verdict {
namespace {

enum class Lost : std::uint8_t { times, some_bits, owner, attributes, all };

constexpr std::uint32_t any_read = S_IRUSR | S_IRGRP | S_IROTH;

struct Judged {
    Lost lost;
    double points;
    Weight weight;
};

std::optional<Judged> judge(catalog::Entry const& was, event::Metadata const& is, Settings const& s)
{
    bool const unreadable = (was.mode & any_read) != 0 && (is.mode & any_read) == 0;
    bool const frozen_in = (is.inode_flags & ~was.inode_flags) != 0;
    if (unreadable || frozen_in)
        return Judged{Lost::all, s.rights_emptied, Weight::hard};
    if (is.xattrs.size() < was.xattr_count)
        return Judged{Lost::attributes, s.attributes_lost, Weight::hard};
    if (is.uid != was.uid || is.gid != was.gid)
        return Judged{Lost::owner, s.owner_changed, Weight::hard};
    if (is.mode != was.mode || catalog::hash_of(is.xattrs) != was.xattr_hash)
        return Judged{Lost::some_bits, s.rights_changed, Weight::soft};
    if (is.mtime_ns != was.mtime_ns && is.size == was.size)
        return Judged{Lost::times, s.times_set, Weight::soft};
    return {};
}

// Who writes a file anew gives it the owner and the rights that the old one had.
bool is_own_product(Case const& at, catalog::Entry const& entry, Node& who)
{
    auto const& origin = entry.origin;
    return !origin.existed && at.tree.same_program(origin.maker, origin.creator, who);
}

} // namespace

void Rights::compare(
    Case const& at, catalog::Entry const& entry, event::Metadata const& now, event::ProcessKey key)
{
    if (!entry.has_metadata || !entry.is_here())
        return;
    auto judged = judge(entry, now, at.settings);
    if (!judged)
        return;
    if (judged->lost == Lost::times && has_just_written(key, entry.id, at.now, at.settings))
        return;
    if (judged->lost == Lost::times && entry.kind == event::ObjectKind::regular
        && is_common_time(now.mtime_ns, at))
        judged = Judged{Lost::times, at.settings.same_time_set, Weight::hard};
    auto& who = at.tree.ensure(key);
    auto const worth = at.provenance.worth(entry, who, at.now);
    if (worth <= 0 || (judged->lost != Lost::all && is_own_product(at, entry, who)))
        return;
    at.ledger.charge({.who = key,
        .time = at.now,
        .signal = id(),
        .weight = judged->weight,
        .kind = static_cast<std::uint8_t>(judged->lost),
        .points = judged->points * worth,
        .object = entry.id,
        .path = at.catalog.path_of(entry.id)});
}

void Rights::on_activity(Case const& at, event::Activity const& activity)
{
    using enum event::ActivityKind;
    if (activity.kind == changed || activity.kind == closed)
        written_[activity.object.value % written_.size()] = {activity.object, activity.process, at.now};
    if (activity.kind != attributes || !activity.metadata)
        return;
    if (auto const* entry = at.catalog.find(activity.object); entry != nullptr)
        compare(at, *entry, *activity.metadata, activity.process);
}

void Rights::on_version(Case const& at, event::Version const& version)
{
    if (version.occasion != event::Occasion::metadata)
        return;
    if (auto const* entry = at.catalog.find(version.object); entry != nullptr)
        compare(at, *entry, version.metadata, version.writer);
}

// A mirror gives each file its own time; who wipes them gives all the same. The kernel's clock does so as well,
// some hundred times a second, to who touches files as if they were changed now.
bool Rights::is_common_time(std::int64_t mtime_ns, Case const& at)
{
    if (std::chrono::abs(at.now - from_nanoseconds(mtime_ns)) < at.settings.set_to_now)
        return false;
    if (mtime_ns != newest_time_ns_) {
        newest_time_ns_ = mtime_ns;
        same_time_ = 0;
    }
    return ++same_time_ > at.settings.same_time_that_counts;
}

bool Rights::has_just_written(
    event::ProcessKey who, event::ObjectId object, WallTime now, Settings const& settings) const
{
    auto const& write = written_[object.value % written_.size()];
    return write.object == object && write.who == who && write.time + settings.return_within > now;
}

std::string Rights::reason(Case const&, std::span<Charge const* const> charges) const
{
    auto const what = files_and_folders(charges);
    switch (static_cast<Lost>(charges.back()->kind)) {
    case Lost::all:
        return fmt::format("took every right to read from {}, or made them immutable", what);
    case Lost::attributes:
        return fmt::format("stripped access lists or attributes from {}", what);
    case Lost::owner:
        return fmt::format("gave {} to another owner", what);
    case Lost::some_bits:
        return fmt::format("changed the rights of {}", what);
    case Lost::times:
        return fmt::format("set the times of {}", what);
    }
    return fmt::format("changed {}", what);
}

} // namespace tocsin::verdict
