// SPDX-License-Identifier: Apache-2.0
// What has changed without a close so far, until it is captured.
#include "tocsin/guard/decider.h"

#include <algorithm>
#include <utility>

#include "tocsin/sensor/proc/mappings.h"

namespace tocsin::guard {

using event::Occasion;

namespace {

constexpr std::chrono::milliseconds settle_every{100};
constexpr std::chrono::seconds settled_after{2};
constexpr std::chrono::seconds unread_at_most{10};
constexpr std::size_t captures_at_once = 1'000; // each settling
constexpr std::size_t attributes_at_once = 1'000; // about 5 ms
constexpr std::size_t backlog_behind = 1'000;
constexpr std::size_t mappings_at_once = 256;
constexpr std::uint64_t probe_bytes = 1024 * 1024;
constexpr std::chrono::milliseconds probed_within{1};

} // namespace

// Several existing files are being changed at once, and none is closed yet: who waits for the
// disk before each close would have ruined a hundred by the first. So what they hold just now is
// looked at, once each; and nobody works on meanwhile, for so many threads of one program as there are
// processors would be at the next files.
void Decider::probe()
{
    next_probe_ = SteadyTime::max();
    for (auto& [object, change] : unsettled_) {
        change.counts_as_open = false;
        if (change.existed && !change.is_probed && is_small(object))
            probe(change);
    }
    open_changes_ = 0;
    if (probes_ == 0)
        return;
    probing_until_ = steady_now() + probed_within;
    relay_->occupy_processors();
}

void Decider::probe(Unsettled& change)
{
    change.is_probed = true;
    capture::Job job;
    job.occasion = Occasion::interval;
    job.writer = change.writer;
    job.by_handle = change.key;
    job.is_probe = true;
    if (parts_.pool.add(std::move(job)) == capture::Pool::Added::yes)
        ++probes_;
}

// What it has stored into so far shows by the times, and is looked at like what a program keeps open.
void Decider::look_at_mappings(pid_t who)
{
    using Seen = MappingWatch::Seen;
    auto seen = Seen::nothing;
    for (auto const& file : sensor::files_mapped_for_writing(who, mappings_at_once)) {
        auto status = sys::stat_fd(file.get());
        if (!status.ok())
            continue;
        auto const now = status.take();
        auto const known = numbers_.find({sys::device_of(now), now.stx_ino});
        auto const* entry = known == numbers_.end() ? nullptr : catalog_.find(known->second);
        if (entry == nullptr || !entry->is_here() || !entry->has_version)
            continue;
        seen = std::max(seen, Seen::unchanged);
        if (sys::to_nanoseconds(now.stx_mtime) == entry->mtime_ns)
            continue;
        seen = Seen::changed;
        note_stores(*entry, file.get(), who);
    }
    mappings_.looked(who, seen, steady_now());
}

void Decider::note_stores(catalog::Entry const& entry, int fd, pid_t who)
{
    if (auto const at = unsettled_.find(entry.id); at != unsettled_.end()) {
        // What it holds since it was looked at is captured when it is still. Who is known to have changed it has
        // changed its time as well.
        if (!at->second.is_probed && at->second.writer == who && is_small(entry.id))
            probe(at->second);
        return;
    }
    auto filesystem = sys::filesystem_id(fd);
    auto handle = sys::handle_of(fd);
    if (!filesystem.ok() || !handle.ok())
        return;
    auto& change = unsettle(entry.id, {filesystem.take(), handle.take()}, who);
    change.existed = true;
    if (is_small(entry.id))
        probe(change);
}

bool Decider::is_probing() const
{
    return probes_ != 0 && steady_now() < probing_until_;
}

Decider::Unsettled& Decider::unsettle(event::ObjectId object, event::ObjectKey const& key, pid_t writer)
{
    auto const now = steady_now();
    auto [at, is_new] = unsettled_.try_emplace(object);
    auto& change = at->second;
    change.key = key;
    change.writer = writer;
    change.since = now;
    if (is_new)
        change.first = now;
    return change;
}

// What was done to it before is of no account; nobody tells what kind of object it is now.
void Decider::begin_anew(event::ObjectId object, event::ObjectKey const& key, pid_t writer)
{
    settled(object);
    unsettle(object, key, writer).is_kind_guessed = true;
}

void Decider::capture_soon(event::ObjectId object, event::ObjectKey const& key, pid_t writer)
{
    auto& change = unsettle(object, key, writer);
    change.since = change.first = {};
}

void Decider::settled(event::ObjectId object)
{
    auto at = unsettled_.find(object);
    if (at == unsettled_.end())
        return;
    no_longer_open(at->second);
    unsettled_.erase(at);
}

void Decider::no_longer_open(Unsettled const& change)
{
    if (change.counts_as_open)
        --open_changes_;
}

bool Decider::is_small(event::ObjectId object) const
{
    auto const* entry = catalog_.find(object);
    return entry != nullptr && entry->size <= probe_bytes;
}

// When it has been still a while. First content is waited for while captures are behind: most of it has a
// close that waits there. All of it, and what small files hold, is not waited for beyond a bound: whoever
// makes or changes them may never let them be still.
bool Decider::is_due(
    event::ObjectId object, Unsettled const& change, SteadyTime now, bool is_pool_behind) const
{
    if (now - change.first >= unread_at_most && (!change.existed || is_small(object)))
        return true;
    return now - change.since >= settled_after && (change.existed || !is_pool_behind);
}

void Decider::settle(Settling settling)
{
    bool const is_all = settling == Settling::all;
    read_attributes(is_all ? SIZE_MAX : attributes_at_once);
    auto const now = steady_now();
    next_settling_ = now + settle_every;
    parts_.pool.hurry_overdue();
    parts_.keeper.look_again();
    bool const is_pool_behind = parts_.pool.backlog() > backlog_behind;
    auto left = is_all ? SIZE_MAX : captures_at_once;
    for (auto at = unsettled_.begin(); at != unsettled_.end() && left > 0;) {
        bool const is_waited_for = !is_all && !is_due(at->first, at->second, now, is_pool_behind);
        if (is_waited_for) {
            ++at;
            continue;
        }
        if (!capture_unsettled(at->first, at->second))
            return; // no room: later
        --left;
        no_longer_open(at->second);
        at = unsettled_.erase(at);
    }
}

bool Decider::capture_unsettled(event::ObjectId object, Unsettled const& change)
{
    auto const* entry = catalog_.find(object);
    if (entry == nullptr || !entry->is_here()) {
        no_longer_missed(object);
        return true;
    }
    if (auto const status = change.is_kind_guessed ? objects_.status_by_handle(change.key) : std::nullopt)
        catalog_.learn_kind(object, event::kind_of_mode(status->stx_mode));
    capture::Job job;
    job.occasion = change.writer == self_pid_ ? Occasion::undo : Occasion::interval;
    job.writer = change.writer;
    job.by_handle = change.key;
    job.kind = entry->kind;
    return parts_.pool.add(std::move(job)) != capture::Pool::Added::no_room;
}

} // namespace tocsin::guard
