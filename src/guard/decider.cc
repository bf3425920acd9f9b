// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/decider.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <poll.h>
#include <random>
#include <unistd.h>

#include "tocsin/base/sys.h"

namespace tocsin::guard {

using event::Activity;
using event::ActivityKind;
using event::ObjectKind;
using event::Occasion;

namespace {

constexpr std::size_t messages_a_round = 8; // so that a long queue does not delay the witness
constexpr int looks_before_messages = 16; // so that a flood of events does not starve them
constexpr int rounds_at_the_end = 64; // so that it does not put off the end; a restart finds the rest
constexpr std::size_t openers_remembered = 65536;
constexpr std::chrono::milliseconds tick{50};
constexpr std::timespec calm_tick{.tv_sec = 0, .tv_nsec = 250'000};

} // namespace

Decider::Decider(Parts parts)
    : parts_(std::move(parts))
    , processes_({::getpid(), 0})
    , verdict_(catalog_, processes_, verdict::with_chance(std::random_device{}()))
    , batch_(parts_.recorder)
    , book_(processes_, parts_.recording)
    , incidents_({verdict_, processes_, book_, parts_.responder, batch_, parts_.executables})
    , objects_(catalog_, parts_.trees)
    , translator_(catalog_, objects_)
    , self_pid_(::getpid())
{
    verdict_.on_crossing([this](event::ProcessKey who) { parts_.responder.halt(who); });
}

void Decider::recall(event::Process const& process)
{
    book_.recall(process);
}

void Decider::recall(journal::CurrentObject const& object)
{
    if (!object.version)
        compared_.insert(
            object.object); // it was left out so far: its first version is no news of the absence
    Activity named;
    named.kind = object.created != WallTime{} ? ActivityKind::created : ActivityKind::seen;
    named.time = object.created;
    named.process = object.creator;
    if (named.kind == ActivityKind::created && !object.creator)
        named.process = unseen_maker(object.born_ns, object.created);
    named.object = object.object;
    named.object_kind = object.kind;
    named.root = object.root;
    for (auto const& place : object.places) {
        named.place = place;
        catalog_.apply(named, processes_.maker_of(object.creator));
    }
    if (object.version)
        catalog_.apply(*object.version);
    absence_.expect(object.object);
}

void Decider::recall(event::Incident const& incident)
{
    incidents_.recall(incident);
}

void Decider::expect_walk(event::RootId root, WallTime absent_since)
{
    auto& absent = absent_from_[root];
    if (absent.walks == 0)
        absent = {}; // protected anew meanwhile
    ++absent.walks;
    if (!is_restart_.exchange(true))
        absent_since_ = absent_since;
}

void Decider::give_up_walk(event::RootId root)
{
    if (auto const tree = absent_from_.find(root); tree != absent_from_.end() && tree->second.walks != 0)
        --tree->second.walks;
}

Result<void> Decider::run()
{
    auto processes = sensor::read_all_processes();
    if (processes.ok())
        book_.apply_all(processes.take());
    incidents_.resume(boot_time());
    relay_ = TRY(Relay::create({.round = [this] { return round(); },
        .wait = [this] { return wait(); },
        .bell = parts_.witness.fd(),
        .alarm = parts_.witness.alarm_fd()}));
    verdict_.on_suspicion([this] {
        relay_->occupy_processors();
        parts_.keeper.suspect();
    });
    TRY(relay_->run());
    // What was put off is judged before the end: after a restart nobody could tell who did it.
    read_attributes(SIZE_MAX);
    resolve_all_astray();
    read_attributes(SIZE_MAX);
    batch_.send();
    return {};
}

Result<Relay::Round> Decider::round()
{
    bool const is_closed = parts_.inbox.is_closed(); // asked first: what is taken after it is the last
    // Messages are taken before the kernel is asked and looked at after it: a capture is never
    // judged before the events of which it is the consequence.
    auto messages = parts_.inbox.take(messages_a_round);
    bool busy = TRY(look_at_kernel());
    bool is_more = busy && !messages.empty();
    for (int looks = 0; is_more && looks < looks_before_messages; ++looks)
        is_more = TRY(look_at_kernel());
    busy = busy || !messages.empty();
    for (auto& message : messages)
        handle(std::move(message));
    if (steady_now() >= next_probe_)
        probe();
    if (steady_now() >= next_settling_) {
        for (auto const who : mappings_.due(steady_now()))
            look_at_mappings(who);
        settle(Settling::due);
        close_absence();
        incidents_.record_progress();
        parts_.recording.write();
    }
    batch_.send_due(steady_now());
    looks_soon_ = next_probe_ != SteadyTime::max() || !astray_.empty();
    if (is_probing()) // who keeps the processors busy does so as long as something is found to do
        return Relay::Round::busy;
    is_calm_ = !is_closed && messages.empty() && calm_.lasts(steady_now());
    if (is_calm_)
        return Relay::Round::calm;
    bool const is_last = is_closed && ++rounds_after_close_ >= rounds_at_the_end;
    if (busy && !(is_last && messages.empty()))
        return Relay::Round::busy;
    return is_closed ? Relay::Round::over : Relay::Round::idle;
}

Result<void> Decider::wait() const
{
    if (is_calm_) {
        std::array<pollfd, 2> alarms{pollfd{parts_.witness.alarm_fd(), POLLIN, 0},
            pollfd{parts_.lineage != nullptr ? parts_.lineage->fd() : -1, POLLIN, 0}};
        if (::ppoll(alarms.data(), alarms.size(), &calm_tick, nullptr) < 0 && errno != EINTR)
            return Error::from_errno(errno, "poll");
        return {};
    }
    std::array<pollfd, 3> polled{pollfd{parts_.witness.fd(), POLLIN, 0}, pollfd{parts_.inbox.fd(), POLLIN, 0},
        pollfd{parts_.lineage != nullptr ? parts_.lineage->fd() : -1, POLLIN, 0}};
    auto limit = looks_soon_ ? std::chrono::milliseconds(1) : tick;
    if (::poll(polled.data(), polled.size(), static_cast<int>(limit.count())) < 0 && errno != EINTR)
        return Error::from_errno(errno, "poll");
    return {};
}

Result<bool> Decider::look_at_kernel()
{
    if (is_calm_) // before the events: one that comes with the last of them wakes once more
        parts_.witness.quiet_alarm();
    auto events = TRY(parts_.witness.drain());
    witness_overflows_.store(parts_.witness.overflows());
    // Lineage after the events were taken and before they are looked at: so each finds its process.
    follow_processes();
    read_opens();
    auto now = wall_now();
    auto const steady = steady_now();
    for (auto const& event : events) {
        if (is_making(event))
            calm_.saw_making(steady);
        else
            calm_.saw_other();
        handle(event, now);
    }
    retry_astray(events.empty());
    return !events.empty();
}

// Who makes things may also rename and delete them again; not put them in the place of others.
bool Decider::is_making(sensor::WitnessEvent const& event) const
{
    if (event.has(sensor::Change::renamed)
        && catalog_.child(event::id_of(event.new_directory), event.new_name))
        return false;
    if (event.has(sensor::Change::created))
        return true;
    auto const* entry = catalog_.find(event::id_of(event.object));
    return entry != nullptr && !entry->origin.existed && entry->origin.creator.pid == event.pid;
}

void Decider::follow_processes()
{
    if (parts_.lineage == nullptr)
        return;
    auto const now = steady_now();
    auto drained = parts_.lineage->drain([this, now](sensor::LifecycleEvent&& event) {
        if (event.kind == sensor::LifecycleKind::forked) {
            incidents_.born(event.process);
            calm_.saw_birth(now);
        } else if (event.kind == sensor::LifecycleKind::exited) {
            incidents_.ended(event.process.key);
        }
        book_.apply(std::move(event));
    });
    auto const lost = parts_.lineage->lost() + (drained.ok() ? 0 : 1);
    if (lost == lost_births_.load(std::memory_order_relaxed))
        return;
    lost_births_.store(lost);
    if (auto processes = sensor::read_all_processes(); processes.ok())
        book_.apply_all(processes.take());
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
        // A new file may have the number of one whose deletion has not been told yet: that was not read.
        if (note.is_empty)
            return;
        if (mappings_.opened(note.pid, steady_now()) == MappingWatch::Look::now)
            look_at_mappings(note.pid);
        note_read(opened);
        parts_.recording.add(opened);
        if (auto decision = verdict_.consider(opened))
            incidents_.open(*decision);
    });
}

void Decider::handle(Message&& message)
{
    std::visit([this](auto&& value) { handle(std::move(value)); }, std::move(message));
}

void Decider::handle(Command&& command)
{
    command();
}

std::shared_ptr<Tree const> Decider::tree_of(event::RootId root) const
{
    for (auto const& tree : parts_.trees.all()) {
        if (tree->root == root)
            return tree;
    }
    return {};
}

// Records and counts

void Decider::record(event::Record record)
{
    batch_.add(std::move(record));
}

void Decider::begin_tree(event::RootChange const& tree)
{
    if (tree.is_partly_known)
        partly_known_[tree.root] = tree;
    record(tree);
}

void Decider::forget_tree(event::RootId root)
{
    partly_known_.erase(root);
    objects_.forget_directory();
    std::erase_if(unsettled_, [&](auto const& item) {
        auto const* entry = catalog_.find(item.first);
        bool const is_of_it = entry == nullptr || entry->root == root;
        if (is_of_it)
            no_longer_open(item.second);
        return is_of_it;
    });
}

void Decider::bring_up_to_date()
{
    settle(Settling::all);
    close_absence();
    incidents_.record_progress();
    batch_.send();
}

void Decider::note_named(event::Activity const& activity)
{
    auto const* entry = catalog_.find(activity.object);
    if (entry == nullptr || !entry->is_here() || entry->has_version)
        return;
    auto const& path = activity.target_path.empty() ? activity.path : activity.target_path;
    bool const is_wanted = entry->kind != event::ObjectKind::regular || !parts_.trees.is_excluded(path);
    (is_wanted ? uncaptured_ : excluded_).insert(activity.object);
    (is_wanted ? excluded_ : uncaptured_).erase(activity.object);
}

std::uint64_t Decider::uncaptured(event::RootId root)
{
    return here_of(uncaptured_, root);
}

std::uint64_t Decider::excluded(event::RootId root)
{
    return here_of(excluded_, root);
}

std::uint64_t Decider::here_of(std::unordered_set<event::ObjectId>& objects, event::RootId root)
{
    std::erase_if(objects, [&](auto const& object) {
        auto const* entry = catalog_.find(object);
        return entry == nullptr || !entry->is_here();
    });
    return static_cast<std::uint64_t>(std::ranges::count_if(
        objects, [&](auto const& object) { return catalog_.find(object)->root == root; }));
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

} // namespace tocsin::guard
