// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/decider.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include "tocsin/base/sys.h"

namespace tocsin::guard {

using event::Activity;
using event::ActivityKind;
using event::ObjectKind;
using event::Occasion;

namespace {

constexpr std::size_t messages_a_round = 64; // so that a long queue does not delay the witness
constexpr std::size_t records_a_batch = 512;
constexpr std::size_t openers_remembered = 65536;
constexpr std::chrono::milliseconds tick{50};
constexpr std::chrono::seconds settled_after{2};

// A charge bears the time of its evidence, which may follow the first change by as long as a
// capture takes. What the actor did within this time before belongs to the damage too.
constexpr std::chrono::seconds before_first_charge{10};

bool is_regular(Activity const& activity)
{
    return activity.object_kind == ObjectKind::regular;
}

} // namespace

Decider::Decider(Parts parts)
    : parts_(std::move(parts))
    , processes_({::getpid(), 0})
    , verdict_(catalog_, processes_, verdict::Settings{})
    , book_(processes_, parts_.recording)
    , translator_(catalog_, parts_.trees)
    , self_pid_(::getpid())
{
}

void Decider::recall(journal::CurrentObject const& object)
{
    for (auto const& place : object.places) {
        Activity seen;
        seen.kind = ActivityKind::seen;
        seen.object = object.object;
        seen.object_kind = object.kind;
        seen.root = object.root;
        seen.place = place;
        catalog_.apply(seen, {});
    }
    if (object.version)
        catalog_.apply(*object.version);
    absence_.expect(object.object);
}

void Decider::recall(event::Incident const& incident)
{
    incidents_[incident.id] = incident;
    verdict_.set_next_incident(next_incident());
}

event::IncidentId Decider::next_incident() const
{
    return {incidents_.empty() ? 1 : incidents_.rbegin()->first.value + 1};
}

void Decider::note_restart()
{
    is_restart_ = true;
}

Result<void> Decider::run()
{
    auto processes = sensor::read_all_processes();
    if (processes.ok())
        book_.apply_all(processes.take());
    while (true) {
        bool busy = TRY(look_at_kernel());
        auto messages = parts_.inbox.take(messages_a_round);
        for (auto& message : messages)
            handle(std::move(message));
        if (steady_now() >= next_settling_) {
            settle(settled_after);
            record_progress();
            parts_.recording.write();
        }
        send_records();
        if (!busy && messages.empty()) {
            if (parts_.inbox.is_closed())
                return {};
            TRY(wait());
        }
    }
}

Result<void> Decider::wait() const
{
    std::array<pollfd, 3> polled{pollfd{parts_.witness.fd(), POLLIN, 0}, pollfd{parts_.inbox.fd(), POLLIN, 0},
        pollfd{parts_.lineage != nullptr ? parts_.lineage->fd() : -1, POLLIN, 0}};
    if (::poll(polled.data(), polled.size(), static_cast<int>(tick.count())) < 0 && errno != EINTR)
        return Error::from_errno(errno, "poll");
    return {};
}

Result<bool> Decider::look_at_kernel()
{
    auto events = TRY(parts_.witness.drain());
    witness_overflows_.store(parts_.witness.overflows());
    // Lineage after the events were taken and before they are looked at: so each finds its process.
    if (parts_.lineage != nullptr)
        TRY(parts_.lineage->drain([this](sensor::LifecycleEvent&& event) {
            follow(event);
            book_.apply(std::move(event));
        }));
    read_opens();
    auto now = wall_now();
    for (auto const& event : events)
        handle(event, now);
    return !events.empty();
}

void Decider::read_opens()
{
    auto now = wall_now();
    parts_.opens.drain([&](OpenNote const& note) {
        auto at = numbers_.find({note.device, note.inode});
        if (at == numbers_.end())
            return;
        Activity opened;
        opened.time = now;
        opened.kind = ActivityKind::opened;
        opened.process = book_.key_of(note.pid);
        opened.object = at->second;
        opened.object_kind = ObjectKind::regular;
        if (last_opener_.size() >= openers_remembered)
            last_opener_.clear();
        last_opener_[at->second] = note.pid;
        parts_.recording.add(opened);
        if (auto decision = verdict_.consider(opened))
            respond(*decision);
    });
}

void Decider::follow(sensor::LifecycleEvent const& event)
{
    if (event.kind != sensor::LifecycleKind::forked)
        return;
    auto at = incidents_.find(verdict_.incident_of(event.process.parent));
    if (at != incidents_.end() && at->second.state == event::IncidentState::contained)
        parts_.responder.contain_child(event.process.key);
}

// The witness

void Decider::handle(sensor::WitnessEvent const& event, WallTime time)
{
    if (event.pid == self_pid_)
        return handle_own(event, time);
    translator_.translate(event, book_.key_of(event.pid), time, [&](Activity&& activity) {
        switch (activity.kind) {
        case ActivityKind::attributes:
            after_attributes(activity);
            break;
        case ActivityKind::changed:
            note_change(activity);
            break;
        default: {
            auto copy = activity;
            apply(std::move(activity));
            after_name(copy);
            break;
        }
        }
    });
}

// What undo puts back is known to it: names are followed, nothing is judged.
void Decider::handle_own(sensor::WitnessEvent const& event, WallTime time)
{
    translator_.translate(event, book_.key_of(event.pid), time, [&](Activity&& activity) {
        catalog_.apply(activity, {});
        bool names = activity.kind != ActivityKind::changed && activity.kind != ActivityKind::attributes;
        auto copy = activity;
        if (names)
            record(std::move(activity));
        if (copy.kind == ActivityKind::created && copy.object_kind == ObjectKind::directory)
            arrive(copy);
        if (!copy.key.handle.bytes.empty() && catalog_.find(copy.object) != nullptr)
            unsettled_[copy.object] = {copy.key, event.pid, steady_now()};
    });
}

void Decider::apply(Activity&& activity)
{
    parts_.recording.add(activity);
    auto decision = verdict_.consider(activity);
    catalog_.apply(activity, processes_.maker_of(activity.process));
    note_named(activity.object);
    if (activity.kind != ActivityKind::seen)
        book_.introduce(activity.process, batch_.records);
    record(std::move(activity));
    if (decision)
        respond(*decision);
}

void Decider::after_name(Activity const& activity)
{
    bool came = activity.kind == ActivityKind::created
        || (activity.kind == ActivityKind::renamed && !activity.place.parent && activity.target.parent);
    if (came && activity.object_kind == ObjectKind::directory)
        arrive(activity);
    // Regular files come with a close; a symlink or a moved-in file does not.
    if (came && activity.object_kind != ObjectKind::directory
        && (activity.kind == ActivityKind::renamed || !is_regular(activity)))
        unsettled_[activity.object] = {activity.key, activity.process.pid, SteadyTime{}};
    if (activity.kind == ActivityKind::deleted || activity.kind == ActivityKind::linked
        || (activity.kind == ActivityKind::renamed && activity.place.parent))
        restamp(activity);
}

// A change of names changes the object's ctime but nothing that the vault holds.
void Decider::restamp(Activity const& activity)
{
    auto const* entry = catalog_.find(activity.object);
    if (entry == nullptr || !entry->is_here() || entry->kind != ObjectKind::regular || !entry->has_version)
        return;
    auto status = status_of(activity.key);
    if (!status)
        return;
    auto stamp = event::stamp_of(*status);
    parts_.keeper.renamed({sys::device_of(*status), status->stx_ino}, stamp);
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
    request.directory = activity.key;
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
    parts_.walker.request(std::move(request));
}

void Decider::after_attributes(Activity activity)
{
    auto const* entry = catalog_.find(activity.object);
    auto const& now = *activity.metadata;
    bool differs = now.mode != entry->mode || now.uid != entry->uid || now.gid != entry->gid
        || now.inode_flags != entry->inode_flags || now.mtime_ns != entry->mtime_ns
        || catalog::hash_of(now.xattrs) != entry->xattr_hash;
    if (!differs) // the number of its links, or its atime
        return restamp(activity);
    bool content_stands = entry->kind != ObjectKind::regular || now.size == entry->size;
    event::Version version;
    version.object = activity.object;
    version.key = activity.key;
    version.root = activity.root;
    version.time = activity.time;
    version.occasion = Occasion::metadata;
    version.writer = activity.process;
    version.path = activity.path;
    version.metadata = now;
    version.digest = entry->digest;
    version.facts = entry->facts;
    auto key = activity.key;
    auto process = activity.process;
    apply(std::move(activity));
    if (content_stands)
        apply(std::move(version), {});
    else
        unsettled_[version.object] = {key, process.pid, steady_now()};
}

void Decider::note_change(Activity activity)
{
    auto [at, is_first] = unsettled_.try_emplace(activity.object);
    at->second.since = steady_now();
    at->second.writer = activity.process.pid;
    if (!is_first)
        return;
    at->second.key = activity.key;
    auto const* entry = catalog_.find(activity.object);
    if (entry == nullptr || !entry->has_version)
        return; // being written for the first time
    if (auto status = status_of(activity.key))
        activity.metadata = event::metadata_of(*status);
    auto now = activity.metadata;
    auto was_bytes = entry->size;
    auto copy = activity;
    apply(std::move(activity));
    if (now && now->size == 0 && was_bytes != 0 && !has_open(copy.process.pid, copy.object))
        emptied(copy, *now);
}

bool Decider::has_open(pid_t pid, event::ObjectId object) const
{
    auto at = last_opener_.find(object);
    return at != last_opener_.end() && at->second == pid;
}

// Truncated by path: no close will tell of it, and there is nothing to read.
void Decider::emptied(Activity const& activity, event::Metadata const& now)
{
    event::Version version;
    version.object = activity.object;
    version.key = activity.key;
    version.root = activity.root;
    version.time = activity.time;
    version.occasion = Occasion::interval;
    version.writer = activity.process;
    version.path = activity.path;
    version.metadata = now;
    version.digest = Sha256::of({});
    version.facts.type = event::FileType::empty;
    version.facts.sketch.fill(0xffffffff);
    apply(std::move(version), {});
}

std::optional<struct statx> Decider::status_of(event::ObjectKey const& key) const
{
    auto mount = parts_.trees.mount_fd(key.filesystem);
    if (mount < 0)
        return {};
    auto fd = sys::open_by_handle(mount, key.handle, O_PATH);
    if (!fd.ok())
        return {};
    auto status = sys::stat_fd(fd.take().get());
    return status.ok() ? std::optional(status.take()) : std::nullopt;
}

std::shared_ptr<Tree const> Decider::tree_of(event::RootId root) const
{
    for (auto const& tree : parts_.trees.all()) {
        if (tree->root == root)
            return tree;
    }
    return {};
}

// A close will tell of most changes. What has none is captured when it has been still a while.
void Decider::settle(std::chrono::steady_clock::duration still_for)
{
    auto now = steady_now();
    next_settling_ = now + tick * 4;
    std::erase_if(unsettled_, [&](auto& item) {
        auto& [object, change] = item;
        if (now - change.since < still_for)
            return false;
        if (auto const* entry = catalog_.find(object); entry == nullptr || !entry->is_here())
            return true;
        capture::Job job;
        job.occasion = change.writer == self_pid_ ? Occasion::undo : Occasion::interval;
        job.writer = change.writer;
        job.by_handle = change.key;
        job.kind = catalog_.find(object)->kind;
        return parts_.pool.add(std::move(job)) != capture::Pool::Added::no_room;
    });
}

// Other threads

void Decider::handle(Message&& message)
{
    std::visit([this](auto&& value) { handle(std::move(value)); }, std::move(message));
}

void Decider::handle(Command&& command)
{
    command();
}

void Decider::handle(capture::Outcome&& outcome)
{
    bool of_walk = outcome.occasion == Occasion::walk || outcome.occasion == Occasion::absence;
    if (of_walk)
        parts_.walker.one_done();
    if (!outcome.version.ok()) {
        auto const& error = outcome.version.error();
        if (error.code() == Errc::unsupported)
            parts_.keeper.excluded(outcome.number);
        else if (error.code() == Errc::not_found)
            ; // it is gone; its deletion has been told, or will be
        else
            lose_capture(error);
        if (outcome.held)
            (void)outcome.held->answer(sensor::Answer::allow);
        return;
    }
    captures_again();
    auto version = outcome.version.take();
    version.occasion = outcome.occasion;
    version.writer = book_.key_of(outcome.writer);
    auto tree = parts_.trees.containing(version.path);
    if (auto const* entry = catalog_.find(version.object))
        version.root = entry->root;
    else if (tree)
        version.root = tree->root;
    numbers_[outcome.number] = version.object;
    if (outcome.occasion == Occasion::close || outcome.occasion == Occasion::interval)
        unsettled_.erase(version.object);
    if (outcome.occasion == Occasion::absence && !note_absence(version))
        version.occasion = Occasion::walk; // the same as before: only its ctime differs
    auto stamp = event::stamp_of(version.metadata);
    auto committed = [this, number = outcome.number, stamp, held = std::move(outcome.held)] {
        parts_.keeper.captured(number, stamp);
        if (held)
            (void)held->answer(sensor::Answer::allow);
    };
    apply(std::move(version), std::move(committed));
}

void Decider::apply(event::Version&& version, std::function<void()> committed)
{
    parts_.recording.add(version);
    bool judged = version.writer && version.writer.pid != self_pid_;
    auto decision = judged ? verdict_.consider(version) : std::nullopt;
    catalog_.apply(version);
    uncaptured_.erase(version.object);
    if (version.writer)
        book_.introduce(version.writer, batch_.records);
    record(std::move(version));
    if (committed)
        batch_.committed.push_back(std::move(committed));
    if (decision)
        respond(*decision);
}

void Decider::handle(FoundObject&& message)
{
    auto& found = message.found;
    numbers_[{found.device, found.metadata.inode}] = found.object;
    bool was_expected = absence_.is_expected(found.object);
    absence_.found(found.object);
    auto const* entry = catalog_.find(found.object);
    bool is_named = catalog_.child(found.place.parent, found.place.name) == found.object;
    bool was_gone = entry != nullptr && !entry->is_here() && entry->has_metadata;
    if (message.reason != WalkReason::restart && was_gone)
        return; // deleted between the listing and now
    if (is_named && message.reason == WalkReason::restart && !message.is_queued) {
        parts_.keeper.captured({found.device, found.metadata.inode}, event::stamp_of(found.metadata));
        Activity again;
        again.kind = ActivityKind::seen;
        again.object = found.object;
        again.object_kind = entry->kind;
        again.root = message.root;
        again.place = found.place;
        catalog_.apply(again, {}); // the order in which the directory is listed
        if (entry->kind == ObjectKind::regular)
            return;
    }
    if (!is_named)
        name_found(message, was_expected);
    if (event::kind_of_mode(found.metadata.mode) != ObjectKind::regular)
        version_found(message);
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
    if (message.reason == WalkReason::arrived && message.process) {
        activity.kind = ActivityKind::created;
        activity.process = message.process;
    }
    if (message.reason == WalkReason::restart && is_restart_) {
        activity.kind = ActivityKind::created;
        auto places = catalog_.places_of(found.object);
        if (was_expected && !places.empty()) {
            activity.kind = found.metadata.links > 1 ? ActivityKind::linked : ActivityKind::renamed;
            activity.target = found.place;
            activity.target_path = found.path;
            if (activity.kind == ActivityKind::renamed) {
                activity.place = places.front();
                activity.path = catalog_.path_of(activity.place);
            }
            absence_.changed();
        } else {
            absence_.created();
        }
    }
    parts_.recording.add(activity);
    catalog_.apply(activity, processes_.maker_of(activity.process));
    note_named(activity.object);
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
    version.occasion = message.reason == WalkReason::restart ? Occasion::absence : Occasion::walk;
    version.path = found.path;
    version.metadata = found.metadata;
    version.digest = Sha256::of(as_bytes(found.metadata.link_target));
    if (entry != nullptr && entry->has_version) {
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

// Whether the object is another than the journal knew.
bool Decider::note_absence(event::Version const& version)
{
    auto const* entry = catalog_.find(version.object);
    if (entry == nullptr || !entry->has_version)
        return is_restart_;
    bool same = entry->digest == version.digest && entry->mode == version.metadata.mode
        && entry->uid == version.metadata.uid && entry->gid == version.metadata.gid
        && entry->xattr_hash == catalog::hash_of(version.metadata.xattrs)
        && entry->mtime_ns == version.metadata.mtime_ns;
    if (!same)
        absence_.changed();
    return !same;
}

void Decider::handle(WalkEnd&& end)
{
    parts_.walker.one_done();
    if (!end.outcome.ok())
        fail(end.outcome.error().message());
    if (end.reason == WalkReason::restart)
        delete_missing(end.root);
}

// What the journal knew of a tree and its walk did not find is gone.
void Decider::delete_missing(event::RootId root)
{
    for (auto object : absence_.take_missing()) {
        auto const* entry = catalog_.find(object);
        if (entry == nullptr)
            continue;
        if (entry->root != root) {
            absence_.expect(object); // of a tree whose walk has not ended
            continue;
        }
        for (auto const& place : catalog_.places_of(object)) {
            Activity gone;
            gone.time = wall_now();
            gone.kind = ActivityKind::deleted;
            gone.object = object;
            gone.object_kind = entry->kind;
            gone.root = root;
            gone.place = place;
            gone.path = catalog_.path_of(place);
            record(gone);
            catalog_.apply(gone, {});
        }
        absence_.deleted();
    }
}

// Once all walks of the restart and their captures are done.
void Decider::close_absence()
{
    if (!is_restart_ || parts_.walker.outstanding() != 0)
        return;
    is_restart_ = false;
    if (absence_.is_empty())
        return;
    auto incident = absence_.incident();
    incident.id = next_incident();
    verdict_.set_next_incident({incident.id.value + 1});
    incident.opened = wall_now();
    incident.first_activity = began_;
    incident.last_activity = incident.opened;
    incidents_[incident.id] = incident;
    record(incident);
}

// Answers

void Decider::respond(verdict::Decision const& decision)
{
    auto incident = decision.incident;
    incident.first_activity -= before_first_charge;
    auto wanted = std::exchange(incident.state, event::IncidentState::observed);
    auto actions = wanted == event::IncidentState::contained
        ? respond::plan(incident, parts_.responder.policy())
        : std::vector<event::ActionKind>{};
    auto has = [&](event::ActionKind kind) { return std::ranges::find(actions, kind) != actions.end(); };
    if (has(event::ActionKind::freeze)) {
        incident.state = event::IncidentState::contained;
        parts_.responder.contain(incident.id, incident.actor.processes);
    }
    if (has(event::ActionKind::kill)) {
        incident.state = event::IncidentState::stopped;
        parts_.responder.kill(incident.id, incident.actor.processes, "policy");
    }
    incidents_[incident.id] = incident;
    for (auto const& process : incident.actor.processes)
        book_.introduce(process, batch_.records);
    record(incident);
    for (auto const& finding : decision.findings)
        record(finding);
}

// Counters and processes of open incidents grow as further activities arrive.
void Decider::record_progress()
{
    close_absence();
    for (auto const& now : verdict_.take_changed()) {
        auto at = incidents_.find(now.id);
        if (at == incidents_.end())
            continue;
        auto updated = now;
        updated.state = at->second.state; // ours to say
        updated.first_activity = at->second.first_activity;
        if (updated == at->second)
            continue;
        for (auto const& process : updated.actor.processes)
            book_.introduce(process, batch_.records);
        at->second = updated;
        record(std::move(updated));
    }
}

void Decider::change_state(event::IncidentId id, event::IncidentState state)
{
    auto& incident = incidents_[id];
    incident.state = state;
    record(incident);
}

Result<void> Decider::release(event::IncidentId id, std::string const& by)
{
    auto at = incidents_.find(id);
    if (at == incidents_.end())
        return Error(Errc::not_found, fmt::format("there is no incident {}", id.value));
    parts_.responder.release(id, at->second.actor.processes, by);
    verdict_.release(id);
    change_state(id, event::IncidentState::released);
    return {};
}

Result<void> Decider::stop(event::IncidentId id, std::string const& by)
{
    auto at = incidents_.find(id);
    if (at == incidents_.end())
        return Error(Errc::not_found, fmt::format("there is no incident {}", id.value));
    parts_.responder.kill(id, at->second.actor.processes, by);
    verdict_.close(id);
    change_state(id, event::IncidentState::stopped);
    return {};
}

void Decider::mark_undone(event::IncidentId id, std::string const& by, std::string outcome)
{
    event::Action action;
    action.incident = id;
    action.time = wall_now();
    action.kind = event::ActionKind::undo;
    action.by = by;
    action.outcome = std::move(outcome);
    record(std::move(action));
    verdict_.close(id);
    change_state(id, event::IncidentState::undone);
}

void Decider::acted(event::Action action)
{
    record(std::move(action));
}

void Decider::forget_tree(event::RootId root)
{
    std::erase_if(unsettled_, [&](auto const& item) {
        auto const* entry = catalog_.find(item.first);
        return entry == nullptr || entry->root == root;
    });
}

void Decider::bring_up_to_date()
{
    settle({});
    record_progress();
    send_records();
}

// Records and counts

void Decider::record(event::Record record)
{
    batch_.records.push_back(std::move(record));
    if (batch_.records.size() >= records_a_batch)
        send_records();
}

void Decider::send_records()
{
    if (batch_.records.empty() && batch_.committed.empty())
        return;
    parts_.recorder.put(std::exchange(batch_, {}));
}

void Decider::note_named(event::ObjectId object)
{
    auto const* entry = catalog_.find(object);
    if (entry != nullptr && entry->is_here() && !entry->has_version)
        uncaptured_.insert(object);
}

std::uint64_t Decider::uncaptured(event::RootId root)
{
    std::erase_if(uncaptured_, [&](auto const& object) {
        auto const* entry = catalog_.find(object);
        return entry == nullptr || !entry->is_here();
    });
    return static_cast<std::uint64_t>(std::ranges::count_if(
        uncaptured_, [&](auto const& object) { return catalog_.find(object)->root == root; }));
}

std::string Decider::failure() const
{
    std::lock_guard lock(failure_mutex_);
    return failure_.empty() ? capture_failure_ : failure_;
}

void Decider::fail(std::string sentence)
{
    std::lock_guard lock(failure_mutex_);
    failure_ = std::move(sentence);
}

void Decider::captures_again()
{
    std::lock_guard lock(failure_mutex_);
    capture_failure_.clear();
}

void Decider::lose_capture(Error const& error)
{
    lost_captures_.fetch_add(1);
    std::lock_guard lock(failure_mutex_);
    if (error.code() == Errc::full || error.code() == Errc::denied || error.code() == Errc::failed)
        capture_failure_ = error.message();
}

} // namespace tocsin::guard
