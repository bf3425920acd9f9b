// SPDX-License-Identifier: Apache-2.0
// `tocsin restore`: chosen paths as they were, whoever changed them since.
#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "tocsin/base/path.h"
#include "tocsin/undo/names_then.h"
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
    Result<void> choose(std::string const& path, Moment const& moment);
    Result<void> choose_at(std::string const& path, WallTime time);
    Result<void> choose_by_name(std::string const& path);
    Result<void> take_object(Version version, std::string const& path);
    std::optional<Spot> spot_of(std::string const& path) const;
    Result<void> add(Version const& version);
    Result<void> add_directory(Version const& version, Step step, bool is_there);
    Result<bool> add_name(Version const& version, Step const& step);
    Result<void> make_parents(Spot const& spot, WallTime time);
    Result<event::Place> place_of(std::string const& path);
    Result<std::optional<event::ObjectId>> object_at(event::Place const& place);
    void push(Step step);

    journal::Journal& journal_;
    Plan plan_;
    std::set<Spot> directories_;
    std::vector<Step> times_;

    struct Chosen {
        Version version; // with the path that is asked for
        event::ActivityId given; // what gave its object the path; 0: not known
    };
    std::map<std::string, Chosen> chosen_; // by path: parents before what is in them
    std::optional<NamesThen> then_;
    // An object's step and its state before, for its further names.
    std::map<event::ObjectId, std::size_t> written_;
    std::map<event::ObjectId, std::size_t> first_before_;
};

bool is_below(std::string const& path, std::string const& directory)
{
    return path.starts_with(directory + "/");
}

Result<void> Restore::load_trees()
{
    std::map<event::RootId, Tree> newest;
    auto changes = TRY(journal_.roots());
    // No object: a tree that was lost and made anew is exactly what has to be restored into.
    for (auto const& change : changes)
        newest[change.root] = {change.root, change.path, {}, change.object};
    for (auto& [root, tree] : newest)
        plan_.trees.push_back(std::move(tree));
    return {};
}

// The innermost tree that holds the path.
std::optional<Spot> Restore::spot_of(std::string const& path) const
{
    Tree const* best = nullptr;
    for (auto const& tree : plan_.trees)
        if (lies_in(path, tree.path) && (best == nullptr || tree.path.size() > best->path.size()))
            best = &tree;
    if (best == nullptr)
        return {};
    return Spot{best->root, std::string(way_below(path, best->path))};
}

// Versions by path, each as of its object's newest by then; the names it had below `path` with it.
Result<void> Restore::take_object(event::Version version, std::string const& path)
{
    auto const* names = TRY(then_->of(version.object));
    if (names->given.size() > 1) {
        auto newest = TRY(then_->newest(version.object));
        if (newest)
            version = std::move(*newest);
    }
    auto paths = names->given;
    for (auto const& [name, given] : paths) {
        if (name != path && !is_below(name, path))
            continue;
        auto& chosen = chosen_[name];
        if (chosen.given && given < chosen.given) // another had the name later
            continue;
        chosen = {version, given};
        chosen.version.path = name;
    }
    return {};
}

// Whoever was called so then, also where no version was taken under that very name.
Result<void> Restore::choose_by_name(std::string const& path)
{
    auto spot = spot_of(path);
    auto parent = spot ? place_of(path) : Result<event::Place>(event::Place{});
    auto place = TRY(std::move(parent));
    if (!place.parent)
        return {};
    auto activities = TRY(journal_.activities_in(place.parent));
    std::set<event::ObjectId> candidates;
    for (auto const& a : activities)
        if (a.path == path || a.target_path == path)
            candidates.insert(a.object);
    for (auto object : candidates) {
        auto const* names = TRY(then_->of(object));
        auto version = names->given.contains(path) ? then_->newest(object)
                                                   : Result<std::optional<Version>>(std::nullopt);
        auto newest = TRY(std::move(version));
        if (newest)
            TRY(take_object(std::move(*newest), path));
    }
    return {};
}

Result<void> Restore::choose_at(std::string const& path, WallTime time)
{
    auto count_before = chosen_.size();
    auto found = TRY(journal_.versions_below(path, time));
    for (auto& version : found) {
        // What is asked for by its own name is meant, also if it was deleted by then.
        bool had = TRY(then_->had(version.object, version.path));
        if (!had && version.path != path)
            continue;
        auto& chosen = chosen_[version.path];
        if (!chosen.given)
            chosen = {version, {}};
        if (had)
            TRY(take_object(std::move(version), path));
    }
    TRY(choose_by_name(path));
    if (chosen_.size() == count_before && !chosen_.contains(path))
        return Error(Errc::not_found,
            fmt::format("nothing at or below '{}' is kept from {}: `tocsin versions` lists what there is",
                path, to_iso8601(time)));
    return {};
}

Result<void> Restore::choose(std::string const& path, Moment const& moment)
{
    auto const* id = std::get_if<event::VersionId>(&moment);
    if (id == nullptr)
        return choose_at(path, std::get<WallTime>(moment));
    auto version = TRY(journal_.version(*id));
    if (!version || version->path != path)
        return Error(Errc::not_found,
            fmt::format("'{}' has no version {}: `tocsin versions` lists what there is", path, id->value));
    chosen_[path] = {std::move(*version), {}};
    return {};
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

Result<void> Restore::add_directory(Version const& version, Step step, bool is_there)
{
    plan_.before.push_back({{step.spot}, step.goal});
    directories_.insert(step.spot);
    step.object = {};
    auto times = step;
    times.phase = Phase::directories;
    times.kind = StepKind::set_metadata;
    times.purpose = is_there ? Purpose::restored : Purpose::passing;
    step.phase = Phase::names;
    step.kind = StepKind::make_directory;
    step.purpose = Purpose::recreated;
    step.object = version.object;
    if (!step.places.front().parent)
        step.places.clear();
    if (!is_there && !step.spot.path.empty())
        push(std::move(step));
    times_.push_back(std::move(times));
    return {};
}

// True when the object is written already, so that this is one more name of it.
Result<bool> Restore::add_name(Version const& version, Step const& step)
{
    if (!then_)
        return false;
    bool had = TRY(then_->had(version.object, version.path));
    if (!had)
        return false;
    auto [written, is_first] = written_.try_emplace(version.object, plan_.steps.size());
    if (is_first) {
        first_before_[version.object] = plan_.before.size();
        return false;
    }
    auto& first = plan_.steps.at(written->second);
    first.names.push_back(step.spot);
    first.places.push_back(step.places.front());
    first.giving_way.push_back({step.object, step.newest});
    plan_.before.at(first_before_.at(version.object)).names.push_back(step.spot);
    return true;
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
    if (version.kind() == ObjectKind::directory)
        return add_directory(version, std::move(step), there.has_value());
    step.phase = Phase::contents;
    step.kind = StepKind::write;
    step.purpose = there ? Purpose::restored : Purpose::recreated;
    if (there) {
        auto versions = TRY(journal_.versions_of(*there));
        if (!versions.empty())
            step.newest = std::make_shared<Version const>(versions.back());
    }
    bool is_further_name = TRY(add_name(version, step));
    if (is_further_name)
        return {};
    plan_.before.push_back({{*spot}, step.goal});
    plan_.bytes += version.metadata.size;
    push(std::move(step));
    return {};
}

Result<Plan> Restore::make(std::span<std::string const> paths, Moment const& moment)
{
    TRY(load_trees());
    if (auto const* time = std::get_if<WallTime>(&moment))
        then_.emplace(journal_, *time);
    for (auto path : paths) {
        while (path.size() > 1 && path.ends_with('/'))
            path.pop_back();
        TRY(choose(path, moment));
    }
    for (auto const& [path, chosen] : chosen_)
        TRY(add(chosen.version));
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
