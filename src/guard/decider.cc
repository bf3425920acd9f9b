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
        if (steady_now() >= next_probe_)
            probe();
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
    auto limit = next_probe_ == SteadyTime::max() ? tick : std::chrono::milliseconds(1);
    if (::poll(polled.data(), polled.size(), static_cast<int>(limit.count())) < 0 && errno != EINTR)
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

void Decider::handle(Message&& message)
{
    std::visit([this](auto&& value) { handle(std::move(value)); }, std::move(message));
}

void Decider::handle(Command&& command)
{
    command();
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
