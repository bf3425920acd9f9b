// SPDX-License-Identifier: Apache-2.0
#include "tocsin/undo/plan.h"
#include "tocsin/undo/descent.h"
#include "tocsin/undo/made_early.h"

#include <algorithm>
#include <fmt/format.h>

#include "tocsin/undo/order.h"
#include "tocsin/undo/planner.h"

namespace tocsin::undo {

using event::Place;

namespace {

constexpr std::size_t longest_name = 255;

// The mark stands before the ending, so that the same programs open it.
std::string marked(std::string const& name, std::string mark, unsigned attempt)
{
    auto dot = name.rfind('.');
    if (dot == std::string::npos || dot == 0 || name.size() - dot > 32)
        dot = name.size();
    if (attempt > 1)
        mark += fmt::format("-{}", attempt);
    auto ending = name.substr(dot);
    return name.substr(0, std::min(dot, longest_name - mark.size() - ending.size())) + mark + ending;
}

std::uint64_t* counter_of(Counts& counts, Purpose purpose)
{
    switch (purpose) {
    case Purpose::restored:
        return &counts.restored;
    case Purpose::recreated:
        return &counts.recreated;
    case Purpose::renamed_back:
        return &counts.renamed_back;
    case Purpose::set_aside:
        return &counts.set_aside;
    case Purpose::kept_both:
        return &counts.kept_both;
    case Purpose::passing:
        break;
    }
    return nullptr;
}

} // namespace

void count(Counts& counts, Purpose purpose)
{
    if (auto* counter = counter_of(counts, purpose))
        ++*counter;
}

std::string absolute(Plan const& plan, Spot const& spot)
{
    for (auto const& tree : plan.trees)
        if (tree.root == spot.root)
            return spot.path.empty() ? tree.path : tree.path + "/" + spot.path;
    return spot.path;
}

std::string name_beside(std::string const& name, event::IncidentId incident, unsigned attempt)
{
    return marked(name, fmt::format(".before-incident-{}", incident.value), attempt);
}

std::string name_in_use(std::string const& name, unsigned attempt)
{
    return marked(name, ".still-in-use", attempt);
}

Step Planner::new_step(Phase phase, StepKind kind, Purpose purpose, Track const& track) const
{
    Step step;
    step.phase = phase;
    step.kind = kind;
    step.purpose = purpose;
    step.object = track.object;
    step.object_kind = track.kind;
    return step;
}

void Planner::add(Step step)
{
    count(plan_.counts, step.purpose);
    if (step.kind == StepKind::write && step.goal)
        plan_.bytes += step.goal->metadata.size;
    plan_.steps.push_back(std::move(step));
}

void Planner::note(std::string path, std::string what, std::string why)
{
    plan_.notes.push_back({std::move(path), std::move(what), std::move(why)});
}

Result<void> Planner::note_at(Place const& place, std::string what, std::string why)
{
    auto spot = TRY(world_.spot_now(place));
    note(spot ? absolute(plan_, *spot) : place.name, std::move(what), std::move(why));
    return {};
}

// A free name beside `place`, or the one where an undo before this one put that very version.
// `taken`: names that were passed over.
Result<Place> Planner::place_beside(
    Place const& place, SharedVersion const& version, std::vector<Standing>& taken)
{
    for (unsigned attempt = 1;; ++attempt) {
        Place out{place.parent, name_beside(place.name, incident_.id, attempt)};
        auto there = TRY(world_.occupant(out));
        if (!there)
            return out;
        auto versions = TRY(history_.journal().versions_of(there));
        if (version && !versions.empty() && versions.front().occasion == event::Occasion::undo
            && versions.front().digest == version->digest)
            return out;
        taken.push_back({{}, out, Purpose::kept_both});
    }
}

Result<void> Planner::look_at(Step& step, std::vector<Standing> const& standing)
{
    for (auto one : standing) {
        auto spot = TRY(world_.spot_now(one.place));
        if (!spot)
            continue;
        one.spot = *spot;
        step.standing.push_back(std::move(one));
    }
    return {};
}

// An undo that ended before it removed what it had replaced left it under a passing name.
Result<void> Planner::sweep()
{
    std::unordered_set<event::ObjectId> directories;
    for (auto const* track : touched_)
        for (auto const& link : track->links)
            if (track->lives.size() > 1 && track->kind != event::ObjectKind::directory && link.real)
                directories.insert(world_.standing_for(link.real->parent));
    for (auto directory : directories) {
        auto spot = TRY(world_.directory_now(directory));
        if (!spot)
            continue;
        plan_.swept.push_back(*spot);
        list_directory(directory);
    }
    return {};
}

// After a run that was killed, a moved object may already have given way to its restored self.
void Planner::tell_moves_their_goals()
{
    std::map<Spot, SharedVersion> goals;
    for (auto const& step : plan_.steps) {
        if (step.kind != StepKind::write)
            continue;
        goals[step.spot] = step.goal;
        for (auto const& name : step.names)
            goals[name] = step.goal;
    }
    for (auto& step : plan_.steps) {
        auto goal = step.kind == StepKind::move ? goals.find(step.spot) : goals.end();
        if (goal != goals.end())
            step.goal = goal->second;
    }
}

Result<Plan> Planner::make()
{
    plan_.incident = incident_.id;
    plan_.actors = incident_.actor.processes;
    TRY(gather());
    for (auto const& tree : history_.trees())
        plan_.trees.push_back({tree.root, tree.path, tree.object, {}});
    TRY(clear());
    TRY(name_everything());
    TRY(restore_contents());
    TRY(leave());
    TRY(sweep());
    TRY(restore_directories());
    sort_by_phase(plan_.steps);
    tell_moves_their_goals();
    return std::move(plan_);
}

Result<Plan> make_plan(journal::Journal& journal, event::IncidentId id)
{
    auto incident = TRY(journal.incident(id));
    if (!incident)
        return Error(Errc::not_found, fmt::format("there is no incident {}", id.value));
    TRY(add_descendants(journal, *incident));
    auto early = TRY(made_early(journal, *incident));
    auto out = Planner(journal, *incident, Authorship(*incident, std::move(early))).make();
    return std::move(out).context(fmt::format("plan the undo of incident {}", id.value));
}

} // namespace tocsin::undo
