// SPDX-License-Identifier: Apache-2.0
// The deciding thread: what captures and walks found.
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

constexpr std::size_t saved_at_once = 16; // more emptied files that are kept open are no saving
constexpr std::chrono::nanoseconds same_stamp_within = std::chrono::milliseconds(20);

} // namespace

void Decider::handle(capture::Outcome&& outcome)
{
    bool const is_throttled = outcome.is_throttled;
    auto const writer = outcome.writer;
    probes_ -= outcome.is_probe ? 1 : 0;
    handle_capture(std::move(outcome));
    if (is_throttled)
        parts_.keeper.judged(writer);
}

void Decider::handle_capture(capture::Outcome&& outcome)
{
    bool of_walk = outcome.occasion == Occasion::walk || outcome.occasion == Occasion::absence;
    if (of_walk)
        parts_.walker.one_done();
    if (!outcome.version.ok()) {
        miss(outcome);
        if (outcome.held)
            (void)outcome.held->answer(sensor::Answer::allow);
        return;
    }
    auto version = outcome.version.take();
    resolve_astray(version.object);
    no_longer_missed(version.object);
    version.occasion = outcome.occasion;
    version.writer = book_.key_of(outcome.writer);
    auto tree = parts_.trees.containing(version.path);
    if (auto const* entry = catalog_.find(version.object))
        version.root = entry->root;
    else if (tree)
        version.root = tree->root;
    numbers_[outcome.number] = version.object;
    if (outcome.occasion == Occasion::close) // what an interval settled went when it was asked for
        settled(version.object);
    bool const compares = compare_with_before(version);
    bool const is_passing = !compares && is_of_another_moment(version);
    if (is_passing)
        await_writer(version);
    else
        note_closed(version);
    if (!outcome.can_wait)
        batch_.hurry(); // who opens it next waits for that
    auto committed = once_committed(outcome, version);
    if (is_passing)
        keep(std::move(version), std::move(committed));
    else
        apply(std::move(version), std::move(committed));
}

// What follows when the journal has the version: the keeper knows the object as kept, and who waits is let go.
Committed Decider::once_committed(capture::Outcome& outcome, event::Version const& version)
{
    auto const stamp = event::stamp_of(version.metadata);
    // Unless a close brought it, and a while after the last change, stores to a mapping or a
    // further write within the same tick may have left the same stamp over other content.
    bool const is_final = outcome.occasion == Occasion::close
        && to_nanoseconds(version.time) - stamp.mtime_ns > same_stamp_within.count();
    return [this, number = outcome.number, key = version.key, stamp, is_final,
               held = std::move(outcome.held)](Kept kept) {
        if (kept == Kept::yes) {
            parts_.denial.kept(key, stamp);
            parts_.keeper.captured(
                number, stamp, is_final ? Keeper::Stands::yes : Keeper::Stands::until_close);
        } else {
            parts_.keeper.missed(number);
        }
        if (held)
            (void)held->answer(sensor::Answer::allow);
    };
}

// Somebody looked at an object while another was at work on it, or had just been; or it was looked at between its
// being emptied and being filled by who has it open, as programs save, a few files at once. What it held then is
// kept, but the change is judged, against what was there before it, by what its writer leaves.
bool Decider::is_of_another_moment(event::Version const& version)
{
    auto const* entry = catalog_.find(version.object);
    if (entry == nullptr || !entry->has_version || entry->digest == version.digest)
        return false;
    if (version.occasion == Occasion::open)
        return true;
    bool const is_being_saved = version.occasion == Occasion::interval && version.metadata.size == 0
        && has_open(version.writer.pid, version.object);
    if (!is_being_saved)
        return false;
    if (being_saved_.size() >= saved_at_once)
        std::erase_if(being_saved_, [this](auto const& object) {
            auto const* saved = catalog_.find(object);
            return saved == nullptr || !saved->is_here();
        });
    if (being_saved_.size() < saved_at_once)
        being_saved_.insert(version.object);
    return being_saved_.contains(version.object);
}

// Should no close tell who that was, it is captured again once it is still.
void Decider::await_writer(event::Version const& version)
{
    auto const known = unsettled_.find(version.object);
    unsettle(
        version.object, version.key, known == unsettled_.end() ? version.writer.pid : known->second.writer);
}

// What could not be captured is asked for again until it could, or is gone.
void Decider::miss(capture::Outcome const& outcome)
{
    auto const& error = outcome.version.error();
    if (outcome.occasion == Occasion::close)
        parts_.keeper.missed(outcome.number);
    auto const object = event::id_of(outcome.key);
    if (error.code() == Errc::unsupported) {
        parts_.keeper.excluded(outcome.number);
        parts_.denial.left_out(outcome.key);
        if (uncaptured_.erase(object) > 0)
            excluded_.insert(object);
        no_longer_missed(object);
        settled(object);
        return;
    }
    if (error.code() == Errc::not_found || (outcome.is_probe && error.code() == Errc::again)) {
        no_longer_missed(object); // its deletion has been told, or will be; or it is being written
        return;
    }
    lost_captures_.fetch_add(1);
    if (outcome.key.handle.bytes.empty() || catalog_.find(object) == nullptr)
        return;
    unsettle(object, outcome.key, outcome.writer);
    if (error.code() == Errc::again) // torn: its writer's close will tell
        return;
    missed_.insert(object);
    std::lock_guard lock(failure_mutex_);
    capture_failure_ = fmt::format(
        "{} objects could not be captured, the last one because: {}", missed_.size(), error.message());
}

void Decider::no_longer_missed(event::ObjectId object)
{
    if (missed_.erase(object) == 0 || !missed_.empty())
        return;
    std::lock_guard lock(failure_mutex_);
    capture_failure_.clear();
}

// A change that nothing else told of: stores to a mapping are silent.
void Decider::note_closed(event::Version const& version)
{
    if (!version.writer || version.writer.pid == self_pid_)
        return;
    auto const* entry = catalog_.find(version.object);
    if (entry == nullptr || !entry->has_version || entry->digest == version.digest)
        return;
    Activity closed;
    closed.time = version.time;
    closed.kind = ActivityKind::closed;
    closed.process = version.writer;
    closed.object = version.object;
    closed.key = version.key;
    closed.object_kind = ObjectKind::regular;
    closed.root = version.root;
    closed.path = version.path;
    apply(std::move(closed));
}

void Decider::apply(event::Version&& version, Committed committed)
{
    parts_.recording.add(version);
    bool judged = version.writer && version.writer.pid != self_pid_;
    auto decision = judged ? verdict_.consider(version) : std::nullopt;
    catalog_.apply(version);
    being_saved_.erase(version.object);
    uncaptured_.erase(version.object);
    excluded_.erase(version.object);
    if (version.writer)
        book_.introduce(version.writer, batch_);
    keep(std::move(version), std::move(committed));
    if (decision)
        incidents_.open(*decision);
}

void Decider::keep(event::Version&& version, Committed committed)
{
    record(std::move(version));
    if (committed)
        batch_.when_committed(std::move(committed));
}

void Decider::put_back(event::Version const& version)
{
    auto const* known = catalog_.find(version.object);
    auto const status = objects_.status_by_handle(version.key);
    auto const now = status ? event::metadata_of(*status) : version.metadata;
    bool const stands = now.size == version.metadata.size && now.mode == version.metadata.mode
        && now.uid == version.metadata.uid && now.gid == version.metadata.gid
        && now.mtime_ns == version.metadata.mtime_ns;
    if (stands || known == nullptr || !known->has_version)
        catalog_.apply(version);
    uncaptured_.erase(version.object);
    excluded_.erase(version.object);
    auto const at = unsettled_.find(version.object);
    if (at == unsettled_.end() || at->second.writer != self_pid_)
        return;
    if (stands)
        settled(version.object);
    else
        at->second.writer = 0; // somebody has changed it since: its capture is not undo's
}

void Decider::note_listing(
    event::RootId root, event::ObjectId directory, std::span<sys::DirEntry const> listed)
{
    for (auto const& item : listed)
        if (auto const* link = catalog_.link_at({directory, item.name}))
            note_listed(link->object->id, link->object->kind, root, {directory, item.name});
}

// In the order in which their directory lists them.
void Decider::note_listed(
    event::ObjectId object, ObjectKind kind, event::RootId root, event::Place const& place)
{
    Activity again;
    again.kind = ActivityKind::seen;
    again.object = object;
    again.object_kind = kind;
    again.root = root;
    again.place = place;
    catalog_.apply(again, {});
}

bool Decider::has_all_names(Found const& found) const
{
    auto const known = catalog_.places_of(found.object).size();
    bool const is_directory = event::kind_of_mode(found.metadata.mode) == ObjectKind::directory;
    return is_directory ? known != 0 : known >= found.metadata.links;
}

void Decider::handle(FoundObject&& message)
{
    auto& found = message.found;
    numbers_[{found.device, found.metadata.inode}] = found.object;
    bool const was_expected = absence_.is_expected(found.object);
    bool const is_of_restart = message.reason == WalkReason::restart;
    auto const* entry = catalog_.find(found.object);
    auto const* link = catalog_.link_at(found.place);
    bool is_named = link != nullptr && link->object->id == found.object && link->object->root == message.root;
    // It was listed under a name that it has no more: events have told of those that it has.
    bool const has_moved = !is_named && !is_of_restart && entry != nullptr && entry->is_here()
        && entry->root == message.root && has_all_names(found)
        && !(name_left(found.object) && objects_.may_stand_at(found.place, found.key));
    if (has_moved)
        found.path = catalog_.path_of(found.object);
    is_named = is_named || has_moved;
    auto const* parent = catalog_.find(found.place.parent);
    bool const has_left = parent != nullptr && parent->is_gone; // with all that was listed in it
    bool const was_gone = entry != nullptr && entry->is_gone && found.place.parent;
    if (!is_of_restart && (has_left || (was_gone && !objects_.may_stand_at(found.place, found.key))))
        return; // between the listing and now; not only moved away and back
    if (is_of_restart && !is_named && found.place.parent && !objects_.may_stand_at(found.place, found.key))
        return; // likewise: events have told what became of it
    if (is_of_restart) {
        absence_.found(found.object);
        if (is_restart_)
            note_names(message);
    }
    if (is_named && is_of_restart && !message.is_queued) {
        capture::ObjectNumber const number{found.device, found.metadata.inode};
        bool const is_left_out = entry->kind == ObjectKind::regular && parts_.trees.is_excluded(found.path);
        if (is_left_out && found.metadata.links == 1)
            parts_.keeper.excluded(number);
        else if (!is_left_out) // one with several names may be wanted by another one, which tells
            parts_.keeper.captured(number, event::stamp_of(found.metadata), Keeper::Stands::until_close);
        note_listed(found.object, entry->kind, message.root, found.place);
        if (entry->kind == ObjectKind::regular)
            return;
    }
    if (!is_named)
        name_found(message, was_expected);
    if (event::kind_of_mode(found.metadata.mode) != ObjectKind::regular
        && message.process != event::undo_process)
        version_found(message); // of what undo makes it tells itself, once it is as it shall be
}

// An object at a place where the catalog had nothing, or something else.
void Decider::name_found(FoundObject const& message, bool was_expected)
{
    auto const& found = message.found;
    Activity activity;
    activity.time = wall_now();
    activity.object = found.object;
    activity.key = found.key;
    activity.object_kind = event::kind_of_mode(found.metadata.mode);
    activity.root = message.root;
    activity.place = found.place;
    activity.path = found.path;
    activity.metadata = found.metadata;
    activity.kind = ActivityKind::seen;
    bool const is_of_undo = message.process == event::undo_process; // it was there before
    if (message.reason == WalkReason::arrived && message.process && !is_of_undo) {
        activity.kind = ActivityKind::created;
        activity.process = message.process;
        if (auto const left =
                was_expected ? name_left(found.object) : std::nullopt) { // from where no walk had been
            activity.kind = ActivityKind::renamed;
            activity.target = std::exchange(activity.place, *left);
            activity.target_path = std::exchange(activity.path, catalog_.path_of(*left));
        }
    }
    if (message.reason == WalkReason::restart && is_restart_)
        compare_name_with_before(found, was_expected, activity);
    auto known = activity;
    auto maker = processes_.maker_of(activity.process);
    if (activity.kind == ActivityKind::created && !activity.process) {
        // What stands where something stood is that, saved anew: it has that one's maker.
        if (auto const* stood = catalog_.link_at(found.place)) {
            known.process = stood->object->origin.creator;
            maker = stood->object->origin.maker;
        } else {
            known.process = unseen_maker(found.metadata.btime_ns, activity.time);
        }
    }
    if (activity.kind == ActivityKind::created && activity.process)
        verdict_.note_found(activity);
    parts_.recording.add(known);
    catalog_.apply(known, maker);
    note_named(activity);
    record(std::move(activity));
}

// Directories and symlinks: all there is to keep came with the walk.
void Decider::version_found(FoundObject const& message)
{
    auto const& found = message.found;
    auto const* entry = catalog_.find(found.object);
    event::Version version;
    version.object = found.object;
    version.key = found.key;
    version.root = message.root;
    version.time = wall_now();
    bool const is_known = entry != nullptr && entry->has_version;
    bool const is_of_absence =
        message.reason == WalkReason::restart && (is_known || !is_made_since(found.metadata));
    version.occasion = is_of_absence ? Occasion::absence : Occasion::walk;
    version.path = found.path;
    version.metadata = found.metadata;
    version.digest = Sha256::of(as_bytes(found.metadata.link_target));
    if (is_known) {
        bool same = entry->mode == found.metadata.mode && entry->uid == found.metadata.uid
            && entry->gid == found.metadata.gid && entry->mtime_ns == found.metadata.mtime_ns
            && entry->xattr_hash == catalog::hash_of(found.metadata.xattrs);
        if (same)
            return;
        if (message.reason == WalkReason::restart && entry->kind != ObjectKind::directory)
            absence_.changed();
    }
    apply(std::move(version), {});
}

void Decider::handle(WalkEnd&& end)
{
    parts_.walker.one_done();
    if (!end.outcome.ok())
        fail(end.outcome.error().message());
    if (end.reason == WalkReason::first && end.is_whole)
        note_known(end.root);
    if (end.reason != WalkReason::restart)
        return;
    give_up_walk(end.root); // it has come
    auto const at = absent_from_.find(end.root);
    if (at == absent_from_.end())
        return;
    auto& tree = at->second;
    tree.is_whole = tree.is_whole && end.is_whole;
    if (tree.walks != 0 || walk_missed(tree, end) || !tree.is_whole)
        return;
    note_known(end.root);
    delete_missing_names(end.root);
    delete_missing(end.root);
}

} // namespace tocsin::guard
