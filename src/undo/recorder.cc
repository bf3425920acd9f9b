// SPDX-License-Identifier: Apache-2.0
#include "tocsin/undo/recorder.h"

#include "tocsin/undo/history.h"

namespace tocsin::undo {

using event::Activity;
using event::ActivityKind;
using event::Place;

Activity Recorder::activity(ActivityKind kind, event::ObjectId object, event::RootId root) const
{
    Activity out;
    out.time = wall_now();
    out.kind = kind;
    out.process = event::undo_process;
    out.object = object;
    out.root = root;
    return out;
}

// Directories that this undo made again have another id than in the plan.
Place Recorder::now_locked(Place place) const
{
    auto next = next_life_.find(place.parent);
    if (next != next_life_.end())
        place.parent = next->second;
    return place;
}

void Recorder::push_locked(event::Record record)
{
    if (journal_ != nullptr)
        records_.push_back(std::move(record));
}

void Recorder::add_in_place(Found const& there, event::ObjectId before, Place const& place, Spot const& spot)
{
    auto out = activity(before ? ActivityKind::renamed : ActivityKind::created, there.object, spot.root);
    out.key = there.key;
    out.object_kind = there.kind();
    out.displaced = before;
    auto path = absolute(plan_, spot);
    std::lock_guard lock(mutex_);
    if (before && before != there.object)
        next_life_[before] = there.object;
    (before ? out.target : out.place) = now_locked(place);
    (before ? out.target_path : out.path) = path;
    push_locked(std::move(out));
}

void Recorder::add_further_name(
    Found const& there, event::ObjectId before, Place const& place, Spot const& spot)
{
    if (before == there.object)
        return;
    auto linked = activity(ActivityKind::linked, there.object, spot.root);
    linked.key = there.key;
    linked.object_kind = there.kind();
    linked.path = absolute(plan_, spot);
    auto gone = activity(ActivityKind::deleted, before, spot.root);
    gone.object_kind = there.kind();
    gone.path = linked.path;
    std::lock_guard lock(mutex_);
    linked.place = gone.place = now_locked(place);
    if (before)
        push_locked(std::move(gone));
    push_locked(std::move(linked));
}

void Recorder::add_version(Found const& there, Spot const& spot, event::Version const& goal)
{
    auto out = goal;
    out.id = {};
    out.object = there.object;
    out.key = there.key;
    out.root = spot.root;
    out.time = wall_now();
    out.occasion = event::Occasion::undo;
    out.writer = event::undo_process;
    out.path = absolute(plan_, spot);
    auto xattrs = std::move(out.metadata.xattrs);
    auto target = std::move(out.metadata.link_target);
    out.metadata = event::metadata_of(there.stat);
    out.metadata.xattrs = std::move(xattrs);
    out.metadata.link_target = std::move(target);
    if (journal_ != nullptr && restored_)
        restored_(out);
    std::lock_guard lock(mutex_);
    push_locked(std::move(out));
}

void Recorder::add_moved(Step const& step)
{
    auto out = activity(ActivityKind::renamed, step.object, step.spot.root);
    out.object_kind = step.object_kind;
    out.path = absolute(plan_, step.from);
    out.target_path = absolute(plan_, step.spot);
    std::lock_guard lock(mutex_);
    out.place = now_locked(step.places.at(0));
    out.target = now_locked(step.places.at(1));
    push_locked(std::move(out));
}

void Recorder::add_removed(Step const& step)
{
    auto out = activity(ActivityKind::deleted, step.object, step.spot.root);
    out.object_kind = step.object_kind;
    out.path = absolute(plan_, step.spot);
    std::lock_guard lock(mutex_);
    out.place = now_locked(step.places.at(0));
    push_locked(std::move(out));
}

void Recorder::add_linked(Step const& step)
{
    auto out = activity(ActivityKind::linked, step.object, step.spot.root);
    out.object_kind = step.object_kind;
    out.path = absolute(plan_, step.spot);
    std::lock_guard lock(mutex_);
    out.place = now_locked(step.places.at(0));
    push_locked(std::move(out));
}

Result<void> Recorder::flush()
{
    std::vector<event::Record> batch;
    {
        std::lock_guard lock(mutex_);
        batch.swap(records_);
    }
    if (batch.empty())
        return {};
    return journal_->append(batch);
}

} // namespace tocsin::undo
