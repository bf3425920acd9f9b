// SPDX-License-Identifier: Apache-2.0
// `tocsin restore`: chosen paths as they were, whoever changed them since.
#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "tocsin/undo/order.h"
#include "tocsin/undo/plan.h"
#include "tocsin/undo/tree.h"

namespace tocsin::undo {
namespace {

using event::Activity;
using event::ActivityKind;
using event::ObjectKind;
using event::Version;

class Restore {
public:
    explicit Restore(journal::Journal& journal) : journal_(journal) { }

    Result<Plan> make(std::span<std::string const> paths, Moment const& moment);

private:
    Result<void> load_trees();
    Result<std::vector<Version>> chosen(std::string const& path, Moment const& moment);
    Result<bool> had_name(Version const& version, WallTime time);
    std::optional<Spot> spot_of(std::string const& path) const;
    Result<void> add(Version const& version);
    Result<void> make_parents(Spot const& spot, WallTime time);
    Result<event::Place> place_of(std::string const& path);
    Result<std::optional<event::ObjectId>> object_at(event::Place const& place);
    void push(Step step);

    journal::Journal& journal_;
    Plan plan_;
    std::set<Spot> directories_;
    std::vector<Step> times_;
};

Result<void> Restore::load_trees()
{
    std::map<event::RootId, Tree> newest;
    auto changes = TRY(journal_.roots());
    // No object: a tree that was lost and made anew is exactly what has to be restored into.
    for (auto const& change : changes)
        newest[change.root] = {change.root, change.path, {}};
    for (auto& [root, tree] : newest)
        plan_.trees.push_back(std::move(tree));
    return {};
}

// The innermost tree that holds the path.
std::optional<Spot> Restore::spot_of(std::string const& path) const
{
    Tree const* best = nullptr;
    for (auto const& tree : plan_.trees)
        if (path == tree.path || path.starts_with(tree.path + "/"))
            if (best == nullptr || tree.path.size() > best->path.size())
                best = &tree;
    if (best == nullptr)
        return {};
    return Spot{best->root, path.size() == best->path.size() ? "" : path.substr(best->path.size() + 1)};
}

// Whether the object was called so at that time: it may have been deleted or renamed before.
Result<bool> Restore::had_name(Version const& version, WallTime time)
{
    auto activities = TRY(journal_.activities_on(version.object));
    bool had = true;
    for (auto const& a : activities) {
        if (a.time > time)
            break;
        bool gives =
            a.kind == ActivityKind::seen || a.kind == ActivityKind::created || a.kind == ActivityKind::linked;
        if (a.kind == ActivityKind::renamed && a.target_path == version.path)
            had = true;
        else if (a.path == version.path && gives)
            had = true;
        else if (a.path == version.path
            && (a.kind == ActivityKind::deleted || a.kind == ActivityKind::renamed))
            had = false;
    }
    return had;
}

Result<std::vector<Version>> Restore::chosen(std::string const& path, Moment const& moment)
{
    if (auto const* id = std::get_if<event::VersionId>(&moment)) {
        auto version = TRY(journal_.version(*id));
        if (!version || version->path != path)
            return Error(Errc::not_found, fmt::format("'{}' has no version {}", path, id->value));
        return std::vector<Version>{*version};
    }
    auto time = std::get<WallTime>(moment);
    auto found = TRY(journal_.versions_below(path, time));
    std::vector<Version> out;
    for (auto& version : found) {
        // What is asked for by its own name is meant, also if it was deleted by then.
        bool had = version.path == path;
        if (!had)
            had = TRY(had_name(version, time));
        if (had)
            out.push_back(std::move(version));
    }
    if (out.empty())
        return Error(
            Errc::not_found, fmt::format("nothing at or below '{}' is kept from {}", path, to_iso8601(time)));
    return out;
}

// For the journal: where it has the path now; parent 0 if it does not know the directory.
Result<event::Place> Restore::place_of(std::string const& path)
{
    auto spot = spot_of(path);
    event::Place place;
    auto changes = TRY(journal_.roots());
    for (auto const& change : changes)
        if (spot && change.root == spot->root)
            place.parent = change.object;
    if (!spot || spot->path.empty())
        return event::Place{};
    for (std::size_t at = 0;;) {
        auto end = spot->path.find('/', at);
        place.name = spot->path.substr(at, end == std::string::npos ? end : end - at);
        if (end == std::string::npos)
            return place;
        auto next = TRY(journal_.object_at(place));
        if (!next)
            return event::Place{};
        place.parent = *next;
        at = end + 1;
    }
}

Result<std::optional<event::ObjectId>> Restore::object_at(event::Place const& place)
{
    return place.parent ? journal_.object_at(place)
                        : Result<std::optional<event::ObjectId>>(std::optional<event::ObjectId>{});
}

void Restore::push(Step step)
{
    count(plan_.counts, step.purpose);
    plan_.steps.push_back(std::move(step));
}

// Directories above that are missing, as they last were.
Result<void> Restore::make_parents(Spot const& spot, WallTime time)
{
    auto parent = Spot{spot.root, split(spot.path).directory};
    if (parent.path.empty() || directories_.contains(parent))
        return {};
    TRY(make_parents(parent, time));
    auto place = TRY(place_of(absolute(plan_, parent)));
    auto there = TRY(object_at(place));
    directories_.insert(parent);
    if (there)
        return {};
    auto versions = TRY(journal_.versions_at(absolute(plan_, parent)));
    Step step;
    step.phase = Phase::names;
    step.kind = StepKind::make_directory;
    step.purpose = Purpose::passing;
    step.object_kind = ObjectKind::directory;
    step.spot = parent;
    if (place.parent)
        step.places = {place};
    if (!versions.empty()) {
        step.goal = std::make_shared<Version const>(versions.back());
        step.object = versions.back().object;
        auto times = step;
        times.phase = Phase::directories;
        times.kind = StepKind::set_metadata;
        times.object = {};
        times_.push_back(std::move(times));
    }
    push(std::move(step));
    return {};
}

Result<void> Restore::add(Version const& version)
{
    auto spot = spot_of(version.path);
    if (!spot)
        return Error(Errc::not_found, "'" + version.path + "' lies in no protected tree");
    TRY(make_parents(*spot, version.time));
    auto place = TRY(place_of(version.path));
    auto there = TRY(object_at(place));
    Step step;
    step.object_kind = version.kind();
    step.spot = *spot;
    step.goal = std::make_shared<Version const>(version);
    step.object = there.value_or(event::ObjectId{});
    step.places = {place};
    plan_.before.push_back({{*spot}, step.goal});
    if (version.kind() == ObjectKind::directory) {
        directories_.insert(*spot);
        step.object = {};
        auto times = step;
        times.phase = Phase::directories;
        times.kind = StepKind::set_metadata;
        times.purpose = there ? Purpose::restored : Purpose::passing;
        step.phase = Phase::names;
        step.kind = StepKind::make_directory;
        step.purpose = Purpose::recreated;
        step.object = version.object;
        if (!place.parent)
            step.places.clear();
        if (!there && !spot->path.empty())
            push(std::move(step));
        times_.push_back(std::move(times));
        return {};
    }
    step.phase = Phase::contents;
    step.kind = StepKind::write;
    step.purpose = there ? Purpose::restored : Purpose::recreated;
    if (there) {
        auto versions = TRY(journal_.versions_of(*there));
        if (!versions.empty())
            step.newest = std::make_shared<Version const>(versions.back());
    }
    plan_.bytes += version.metadata.size;
    push(std::move(step));
    return {};
}

Result<Plan> Restore::make(std::span<std::string const> paths, Moment const& moment)
{
    TRY(load_trees());
    std::map<std::string, Version> all; // parents before what is in them
    for (auto path : paths) {
        while (path.size() > 1 && path.ends_with('/'))
            path.pop_back();
        auto versions = TRY(chosen(path, moment));
        for (auto& version : versions) {
            auto at = version.path;
            all.insert_or_assign(std::move(at), std::move(version));
        }
    }
    for (auto const& [path, version] : all)
        TRY(add(version));
    sort_deepest_first(times_);
    for (auto& step : times_)
        push(std::move(step));
    sort_by_phase(plan_.steps);
    return std::move(plan_);
}

} // namespace

Result<Plan> plan_restore(journal::Journal& journal, std::span<std::string const> paths, Moment const& moment)
{
    return Restore(journal).make(paths, moment).context("plan the restore");
}

} // namespace tocsin::undo
