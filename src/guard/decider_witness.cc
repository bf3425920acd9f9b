// SPDX-License-Identifier: Apache-2.0
// The deciding thread: what the witness saw, name by name and change by change.
#include "tocsin/guard/decider.h"

#include <algorithm>
#include <fmt/format.h>

#include "tocsin/base/sys.h"

namespace tocsin::guard {

using event::Activity;
using event::ActivityKind;
using event::ObjectKind;
using event::Occasion;

namespace {

constexpr std::chrono::milliseconds astray_at_most{100};
constexpr std::chrono::milliseconds astray_in_silence{2};
constexpr std::size_t astray_at_once = 64;
constexpr std::size_t astray_kept = 4'096; // above it the oldest are not waited for
constexpr std::size_t changes_that_alarm = 4;
constexpr std::size_t writers_noted = 8;
constexpr std::size_t stirred_kept = 65'536;

bool is_regular(Activity const& activity)
{
    return activity.object_kind == ObjectKind::regular;
}

// What the activity left, as far as it is known without reading: digest and facts are the caller's.
event::Version version_after(Activity const& activity, event::Metadata const& now, Occasion occasion)
{
    event::Version out;
    out.object = activity.object;
    out.key = activity.key;
    out.root = activity.root;
    out.time = activity.time;
    out.occasion = occasion;
    out.writer = activity.process;
    out.path = activity.path;
    out.metadata = now;
    return out;
}

} // namespace

void Decider::handle(sensor::WitnessEvent const& event, WallTime time)
{
    if (event.pid == self_pid_)
        return handle_own(event, time);
    translator_.translate(event, book_.key_of(event.pid), time, [&](Activity&& activity) {
        incidents_.acts(activity.process); // first of all: it may be at the next file
        switch (activity.kind) {
        case ActivityKind::attributes:
            after_attributes(std::move(activity));
            break;
        case ActivityKind::changed:
            note_change(std::move(activity));
            break;
        default: {
            if (activity.kind == ActivityKind::created || is_kind_guessed(activity.object))
                learn_kind(activity);
            auto copy = activity;
            complete_place(activity);
            if (is_restart_ && activity.kind == ActivityKind::deleted
                && activity.object_kind == ObjectKind::directory)
                delete_below(activity);
            apply(std::move(activity));
            after_name(copy);
            break;
        }
        }
    });
}

// REQUIRES: it is created, or of a guessed kind. The kernel tells directories from the rest, and no more; a
// symlink or a pipe will have no close. What is not where it was named has another name, which is told next,
// or is gone. A regular file has a close, unless it was made by mknod or is kept open: it is captured when
// it has been still a while.
void Decider::learn_kind(Activity& named)
{
    auto const& place = named.kind == ActivityKind::renamed ? named.target : named.place;
    if (!is_regular(named) || named.kind == ActivityKind::deleted)
        return;
    auto const status = objects_.status_at_place(place, named.key);
    auto& change = named.kind == ActivityKind::created ? unsettle(named.object, named.key, named.process.pid)
                                                       : unsettled_.at(named.object);
    change.is_kind_guessed = !status;
    if (!status)
        return;
    named.object_kind = event::kind_of_mode(status->stx_mode);
    catalog_.learn_kind(named.object, named.object_kind);
    if (!is_regular(named))
        change.since = {}; // captured at the next settling
}

bool Decider::is_kind_guessed(event::ObjectId object) const
{
    auto const at = unsettled_.find(object);
    return at != unsettled_.end() && at->second.is_kind_guessed;
}

// What undo puts back is known to it: names are followed, nothing is judged. What it makes was there before
// the attacker, and so counts as found.
void Decider::handle_own(sensor::WitnessEvent const& event, WallTime time)
{
    translator_.translate(event, event::undo_process, time, [&](Activity&& activity) {
        bool const is_new = activity.kind == ActivityKind::created;
        if (is_new && is_regular(activity)) // the kernel tells directories alone
            if (auto const status = objects_.status_by_handle(activity.key))
                activity.object_kind = event::kind_of_mode(status->stx_mode);
        auto known = activity;
        if (is_new)
            known.kind = ActivityKind::seen;
        if (activity.kind == ActivityKind::attributes)
            known.metadata = objects_.metadata_by_handle(activity.key);
        catalog_.apply(known, {});
        if (activity.kind != ActivityKind::changed && activity.kind != ActivityKind::attributes)
            record(std::move(activity));
        if (is_new && known.object_kind == ObjectKind::directory)
            arrive(known);
        if (!known.key.handle.bytes.empty() && catalog_.find(known.object) != nullptr)
            begin_anew(known.object, known.key, event.pid);
    });
}

void Decider::apply(Activity&& activity)
{
    parts_.recording.add(activity);
    auto decision = verdict_.consider(activity);
    catalog_.apply(activity, processes_.maker_of(activity.process));
    note_named(activity);
    if (activity.kind != ActivityKind::seen)
        book_.introduce(activity.process, batch_);
    record(std::move(activity));
    if (decision)
        incidents_.open(*decision);
}

void Decider::note_stirred(Activity const& named)
{
    if (stirred_.size() >= stirred_kept)
        stirred_.clear();
    for (auto const* place : {&named.place, &named.target})
        if (place->parent)
            stirred_.insert(place->parent);
}

void Decider::after_name(Activity const& activity)
{
    note_stirred(activity);
    bool came = activity.kind == ActivityKind::created
        || (activity.kind == ActivityKind::renamed && !activity.place.parent && activity.target.parent);
    if (came && activity.object_kind == ObjectKind::directory)
        arrive(activity);
    // A symlink or a moved-in file has no close: it is captured at the next settling.
    if (came && activity.object_kind != ObjectKind::directory
        && (activity.kind == ActivityKind::renamed || !is_regular(activity)))
        capture_soon(activity.object, activity.key, activity.process.pid);
    if (activity.kind != ActivityKind::deleted && is_regular(activity))
        reconsider_exclusion(activity);
    if (activity.kind == ActivityKind::linked)
        mark_linked(activity);
    bool const names_changed = activity.kind == ActivityKind::deleted || activity.kind == ActivityKind::linked
        || (activity.kind == ActivityKind::renamed && activity.place.parent);
    auto const status = names_changed ? objects_.status_by_name(activity.object, activity.key) : std::nullopt;
    if (status)
        restamp(activity.object, *status);
    auto const* entry = catalog_.find(activity.object);
    auto const tree = tree_of(activity.root);
    if (entry != nullptr && entry->is_gone && is_regular(activity) && tree)
        parts_.keeper.gone({tree->device, entry->inode});
}

// What is left out goes by names: another name, or another object under the same number, is
// looked at anew.
void Decider::reconsider_exclusion(Activity const& activity)
{
    auto tree = tree_of(activity.root);
    if (!tree || tree->excludes.empty())
        return;
    auto const status = objects_.status_by_name(activity.object, activity.key);
    if (!status) { // gone, or it or its folder has another name: its capture goes by the handle
        unsettle(activity.object, activity.key, activity.process.pid);
        return;
    }
    parts_.keeper.included({sys::device_of(*status), status->stx_ino});
    auto const* entry = catalog_.find(activity.object);
    if (activity.kind == ActivityKind::renamed && entry != nullptr && !entry->has_version)
        capture_soon(activity.object, activity.key, activity.process.pid);
}

// It may have been given, or be given next, a name where no directory is marked.
void Decider::mark_linked(Activity const& activity)
{
    auto tree = tree_of(activity.root);
    if (!tree || tree->scope == sensor::MarkScope::filesystem)
        return;
    auto fd = sys::open_by_handle(tree->fd.get(), activity.key.handle, O_PATH);
    if (!fd.ok())
        return; // gone meanwhile: nothing to mark
    if (auto marked = parts_.walker.mark(fd.take().get(), sensor::MarkScope::object); !marked.ok())
        fail("a file with a further name could not be marked: " + marked.error().message());
}

// A change of names changes the object's ctime but nothing that the vault holds.
void Decider::restamp(event::ObjectId object, struct statx const& status)
{
    auto const* entry = catalog_.find(object);
    if (entry != nullptr && entry->is_here() && entry->kind == ObjectKind::regular && entry->has_version)
        parts_.keeper.renamed({sys::device_of(status), status.stx_ino}, event::stamp_of(status));
}

// A directory that was made or moved in: marked at once, listed by the walker.
void Decider::arrive(Activity const& activity)
{
    auto tree = tree_of(activity.root);
    if (!tree)
        return;
    WalkRequest request;
    request.reason = WalkReason::arrived;
    request.tree = tree;
    request.start = activity.key;
    request.process = activity.process;
    bool moved = activity.kind == ActivityKind::renamed;
    request.place = moved ? activity.target : activity.place;
    request.path = moved ? activity.target_path : activity.path;
    if (tree->scope == sensor::MarkScope::directory) {
        auto fd = sys::open_by_handle(tree->fd.get(), activity.key.handle, O_PATH | O_DIRECTORY);
        if (!fd.ok())
            return; // gone again
        auto directory = fd.take();
        if (auto marked = parts_.walker.mark(directory.get(), sensor::MarkScope::directory); !marked.ok())
            fail("a new directory could not be marked: " + marked.error().message());
    }
    auto const* entry = catalog_.find(activity.object);
    if (entry != nullptr && is_walk_to_come(entry->root) && absence_.is_expected(activity.object))
        return; // a walk of the restart comes by, which tells what changed in it from what moved with it
    (void)parts_.walker.request(std::move(request));
}

void Decider::after_attributes(Activity activity)
{
    if (auto status = objects_.status_by_name(activity.object, activity.key))
        compare_attributes(std::move(activity), *status);
    else
        go_astray(std::move(activity));
}

void Decider::compare_attributes(Activity activity, struct statx const& status)
{
    auto const* entry = catalog_.find(activity.object);
    activity.metadata = event::metadata_of(status);
    auto const& now = *activity.metadata; // also after all of it is read: that is assigned in its place
    bool const shows = now.mode != entry->mode || now.uid != entry->uid || now.gid != entry->gid
        || now.inode_flags != entry->inode_flags || now.mtime_ns != entry->mtime_ns;
    // Extended attributes take as long to read as all the rest, in which chown does three more
    // files: where there were none to lose, that waits.
    if (shows && entry->xattr_count == 0)
        unread_[activity.object] = {activity.key, activity.process};
    else if (auto all = objects_.metadata_by_name(activity.object, activity.key))
        activity.metadata = std::move(all);
    else if (activity.metadata = objects_.metadata_by_handle(activity.key); !activity.metadata)
        return; // gone
    // Who sets a folder's time back to what it was, after changes in it, has set it: what is known is older.
    bool const is_set_back = stirred_.erase(activity.object) != 0;
    if (!shows && !is_set_back && catalog::hash_of(now.xattrs) == entry->xattr_hash)
        return restamp(activity.object, status); // the number of its links, or its atime
    // A capture of what undo made, still to come, reads what this one has left.
    if (auto at = unsettled_.find(activity.object); at != unsettled_.end() && at->second.writer == self_pid_)
        at->second.writer = activity.process.pid;
    // With another size or time its content may be another: that is for its capture to say.
    bool const content_stands =
        entry->kind != ObjectKind::regular || (now.size == entry->size && now.mtime_ns == entry->mtime_ns);
    auto version = version_after(activity, now, Occasion::metadata);
    version.digest = entry->digest;
    version.facts = entry->facts;
    apply(std::move(activity));
    if (content_stands)
        apply(std::move(version), {});
    else
        unsettle(version.object, version.key, version.writer.pid);
}

// What was left unread, where it is another than the catalog knows.
void Decider::read_attributes(std::size_t at_most)
{
    at_most = std::min(at_most, unread_.size()); // one that is changed all the time may come back
    for (std::size_t i = 0; i < at_most && !unread_.empty(); ++i) {
        auto const node = unread_.extract(unread_.begin());
        auto const* entry = catalog_.find(node.key());
        if (entry == nullptr || !entry->is_here())
            continue;
        Activity again;
        again.time = wall_now();
        again.kind = ActivityKind::attributes;
        again.process = node.mapped().process;
        again.object = node.key();
        again.key = node.mapped().key;
        again.object_kind = entry->kind;
        again.root = entry->root;
        again.path = catalog_.path_of(again.object);
        after_attributes(std::move(again));
    }
}

void Decider::go_astray(Activity&& activity)
{
    if (auto const* entry = catalog_.find(activity.object); entry != nullptr && entry->is_here())
        astray_.push_back({std::move(activity), steady_now()});
}

// Of a deletion the kernel tells twice, first as a change of the links; a rename is told after what was
// done before it. Either is among the next events, so not once a look at the kernel a while later finds
// none. What stays astray longer was not deleted: another object has the name that we know, and it is
// opened by its handle.
void Decider::retry_astray(bool is_silent)
{
    auto const now = steady_now();
    auto const patience = is_silent ? astray_in_silence : astray_at_most;
    auto calls = astray_at_once + (astray_.size() > astray_kept ? astray_.size() - astray_kept : 0);
    for (auto left = astray_.size(); left > 0 && calls > 0; --left) {
        bool const is_overdue = now - astray_.front().since > patience || astray_.size() > astray_kept;
        auto astray = std::move(astray_.front());
        astray_.pop_front();
        auto const& activity = astray.activity;
        auto const* entry = catalog_.find(activity.object);
        if (entry == nullptr || !entry->is_here())
            continue;
        --calls;
        auto const status = is_overdue ? objects_.status_by_handle(activity.key)
                                       : objects_.status_by_name(activity.object, activity.key);
        if (status)
            compare_found(std::move(astray.activity), *status);
        else if (!is_overdue)
            astray_.push_back(std::move(astray));
    }
}

// Once its capture is applied, nobody could tell any more that somebody changed its rights.
void Decider::resolve_astray(event::ObjectId object)
{
    auto const is_it = [&](Astray const& astray) { return astray.activity.object == object; };
    if (std::ranges::none_of(astray_, is_it))
        return;
    for (auto& astray : std::exchange(astray_, {})) {
        if (is_it(astray))
            resolve(std::move(astray));
        else
            astray_.push_back(std::move(astray));
    }
}

void Decider::resolve_all_astray()
{
    while (!astray_.empty())
        for (auto& astray : std::exchange(astray_, {}))
            resolve(std::move(astray));
}

void Decider::resolve(Astray&& astray)
{
    auto const* entry = catalog_.find(astray.activity.object);
    if (entry == nullptr || !entry->is_here())
        return;
    if (auto const status = objects_.status_by_handle(astray.activity.key))
        compare_found(std::move(astray.activity), *status);
}

void Decider::compare_found(Activity&& activity, struct statx const& status)
{
    if (activity.kind == ActivityKind::attributes)
        return compare_attributes(std::move(activity), status);
    note_if_emptied(activity, event::metadata_of(status), catalog_.find(activity.object)->size);
}

void Decider::note_change(Activity activity)
{
    auto& change = unsettle(activity.object, activity.key, activity.process.pid);
    bool const is_told = std::ranges::find(change.noted, activity.process.pid) != change.noted.end();
    if (is_told || change.noted.size() == writers_noted)
        return;
    bool const is_first = change.noted.empty();
    change.noted.push_back(activity.process.pid);
    auto const* entry = catalog_.find(activity.object);
    if (entry == nullptr || !entry->has_version) {
        // Being written for the first time. A capture that is under way may have found it empty yet.
        parts_.recording.add(activity);
        if (auto decision = verdict_.consider(activity))
            incidents_.open(*decision);
        return;
    }
    if (!is_first)
        return record(std::move(activity)); // undo has to know whose work the next capture holds
    change.existed = change.counts_as_open = true;
    if (++open_changes_ >= changes_that_alarm && next_probe_ == SteadyTime::max())
        next_probe_ = steady_now();
    if (auto status = objects_.status_by_name(activity.object, activity.key))
        activity.metadata = event::metadata_of(*status);
    auto const was_bytes = entry->size;
    auto copy = activity;
    apply(std::move(activity));
    if (copy.metadata)
        note_if_emptied(copy, *copy.metadata, was_bytes);
    else
        go_astray(std::move(copy));
}

// Truncated by path: no close will tell of it, and there is nothing to read.
void Decider::note_if_emptied(Activity const& activity, event::Metadata const& now, std::uint64_t was_bytes)
{
    if (now.size != 0 || was_bytes == 0 || has_open(activity.process.pid, activity.object))
        return;
    auto version = version_after(activity, now, Occasion::interval);
    version.digest = Sha256::of({});
    version.facts.type = event::FileType::empty;
    version.facts.sketch.fill(0xffffffff);
    apply(std::move(version), {});
}

bool Decider::has_open(pid_t pid, event::ObjectId object) const
{
    auto at = last_opener_.find(object);
    return at != last_opener_.end() && at->second == pid;
}

} // namespace tocsin::guard
