// SPDX-License-Identifier: Apache-2.0
// `tocsin restore`: chosen paths as they were, whoever changed them since.
#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "tocsin/base/path.h"
#include "tocsin/event/globs.h"
#include "tocsin/undo/order.h"
#include "tocsin/undo/plan.h"
#include "tocsin/undo/tree.h"
#include "tocsin/undo/tree_then.h"

namespace tocsin::undo {
namespace {

using event::Activity;
using event::ActivityKind;
using event::ObjectKind;
using event::Version;

// The trees are looked at as of now where a version is asked for.
WallTime time_of(Moment const& moment)
{
    auto const* time = std::get_if<WallTime>(&moment);
    return time != nullptr ? *time : wall_now();
}

class Restore {
public:
    Restore(journal::Journal& journal, Moment const& moment)
        : journal_(journal), moment_(moment), then_(journal, time_of(moment))
    {
    }

    Result<Plan> make(std::span<std::string const> paths);

private:
    struct Chosen {
        Version version; // with the path that is asked for
        bool stood; // there, at the time that is asked for: it may have stood elsewhere too
    };

    Result<void> load_trees();
    Result<void> choose(std::string const& path);
    Result<void> choose_at(std::string const& path, WallTime time);
    Result<void> choose_version(std::string const& path, event::VersionId id);
    Result<void> choose_all_below(TreeThen::Holder const& holder, std::string const& path);
    Result<bool> choose_gone(std::string const& path);
    Result<void> choose_of_another(TreeThen::Holder const& holder, std::string const& path);
    void note_of_another(std::string const& path);
    Result<void> note_without_version(std::string const& path);
    Result<event::ObjectId> gone(event::ObjectId directory);
    Result<std::optional<Version>> directory_of(std::string const& path);
    std::optional<Spot> spot_of(std::string const& path) const;
    Result<void> add(Chosen const& chosen);
    Result<void> add_directory(Version const& version, Step step, bool is_there);
    bool add_name(Version const& version, Step const& step);
    Result<void> make_parents(Spot const& spot);
    Result<event::Place> place_of(std::string const& path);
    Result<std::optional<event::ObjectId>> object_at(event::Place const& place);
    void push(Step step);

    journal::Journal& journal_;
    Moment const& moment_;
    TreeThen then_;
    Plan plan_;
    std::set<Spot> directories_;
    std::vector<Step> times_;

    std::map<std::string, Chosen> chosen_; // by path: parents before what is in them
    // An object's step and its state before, for its further names.
    std::map<event::ObjectId, std::size_t> written_;
    std::map<event::ObjectId, std::size_t> first_before_;
};

// Of each path the tree that is protected, or was last; none that lies in another which is protected since.
Result<void> Restore::load_trees()
{
    std::map<std::string, event::RootChange> by_path;
    auto const changes = TRY(journal_.roots());
    for (auto const& change : changes)
        if (auto& known = by_path[change.path];
            change.is_protected || (!known.is_protected && change.time >= known.time))
            known = change;
    for (auto const& [path, change] : by_path) {
        bool const is_held = std::ranges::any_of(by_path, [&](auto const& other) {
            return other.first != path && other.second.is_protected && lies_in(path, other.first);
        });
        // No object: a tree that was lost and made anew is exactly what has to be restored into.
        if (change.is_protected || !is_held)
            plan_.trees.push_back({change.root, path, {}, change.object});
    }
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

Result<void> Restore::note_without_version(std::string const& path)
{
    auto const* trees = TRY(then_.trees());
    bool const is_left_out = std::ranges::any_of(*trees, [&](auto const& tree) {
        return lies_in(path, tree.first) && event::matches_any(tree.second.root.excludes, path);
    });
    if (!is_left_out)
        plan_.notes.push_back({path, "no version", "none of it was kept by then"});
    return {};
}

void Restore::note_of_another(std::string const& path)
{
    plan_.notes.push_back(
        {path, "no version", "none of the last that stood there was kept by then: this is the one before"});
}

// Nothing of its own was captured by then: what another left that stood there before, as an object of its own.
Result<void> Restore::choose_of_another(TreeThen::Holder const& holder, std::string const& path)
{
    auto version = TRY(then_.newest_at(path));
    if (!version || (holder.kind != ObjectKind::other && holder.kind != version->kind()))
        return note_without_version(path);
    note_of_another(path);
    version->path = path;
    chosen_[path] = {std::move(*version), false};
    return {};
}

// An object and all that was in it then. Directories without a version are made as parents. The journal may
// have a directory in two places, where events were lost: it is taken in the first.
Result<void> Restore::choose_all_below(TreeThen::Holder const& holder, std::string const& path)
{
    std::vector<std::pair<TreeThen::Holder, std::string>> open{{holder, path}};
    std::set<event::ObjectId> directories;
    while (!open.empty()) {
        auto const [now, called] = std::move(open.back());
        open.pop_back();
        auto const* names = TRY(then_.names_in(now.object));
        bool const is_repeated = !names->empty() && !directories.insert(now.object).second;
        if (is_repeated)
            continue;
        auto version = TRY(then_.newest(now));
        if (version) {
            version->path = called;
            chosen_[called] = {std::move(*version), true};
        } else if (names->empty())
            TRY(choose_of_another(now, called));
        for (auto const& [name, holders] : *names)
            if (!holders.back().until)
                open.emplace_back(holders.back(), (called == "/" ? called : called + "/") + name);
    }
    return {};
}

// What is asked for by its own name is meant, also if it was deleted by then: as the last that had the name
// left it.
Result<bool> Restore::choose_gone(std::string const& path)
{
    auto const holders = TRY(then_.holders(path));
    std::optional<Version> version;
    for (auto holder = holders.rbegin(); holder != holders.rend() && !version; ++holder)
        version = TRY(then_.newest(*holder));
    if (!version)
        version = TRY(then_.newest_at(path));
    if (!version || version->kind() == ObjectKind::directory)
        return false;
    if (!holders.empty() && version->object != holders.back().object)
        note_of_another(path);
    version->path = path;
    chosen_[path] = {std::move(*version), false};
    return true;
}

Result<void> Restore::choose_at(std::string const& path, WallTime time)
{
    auto const count_before = chosen_.size();
    auto const holder = TRY(then_.at(path));
    if (holder)
        TRY(choose_all_below(*holder, path));
    auto const* trees = TRY(then_.trees());
    for (auto const& [at, tree] : *trees)
        if (at != path && lies_in(at, path) && !tree.has_left)
            TRY(choose_all_below({tree.root.object, ObjectKind::directory, {}, {}, {}}, at));
    if (chosen_.size() != count_before || chosen_.contains(path))
        return {};
    bool const is_gone = TRY(choose_gone(path));
    if (!is_gone)
        return Error(Errc::not_found,
            fmt::format(
                "nothing stood at or below '{}' at {}, of which a version is kept: `tocsin versions` lists "
                "what there is",
                path, to_iso8601(time)));
    return {};
}

// Of whoever had the path, under whatever name it was captured.
Result<void> Restore::choose_version(std::string const& path, event::VersionId id)
{
    auto version = TRY(journal_.version(id));
    auto const holders = TRY(then_.holders(path));
    bool const is_its =
        version && (version->path == path || std::ranges::any_of(holders, [&](auto const& holder) {
            return holder.object == version->object;
        }));
    if (!is_its)
        return Error(Errc::not_found,
            fmt::format("'{}' has no version {}: `tocsin versions` lists what there is", path, id.value));
    version->path = path;
    chosen_[path] = {std::move(*version), false};
    return {};
}

Result<void> Restore::choose(std::string const& path)
{
    auto const* id = std::get_if<event::VersionId>(&moment_);
    return id == nullptr ? choose_at(path, std::get<WallTime>(moment_)) : choose_version(path, *id);
}

// For the journal: where it has the path now; parent 0 if it does not know the directory.
Result<event::Place> Restore::place_of(std::string const& path)
{
    auto spot = spot_of(path);
    if (!spot || spot->path.empty())
        return event::Place{};
    auto const tree = std::ranges::find(plan_.trees, spot->root, &Tree::root);
    event::Place place{tree->once, {}};
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

Result<std::optional<Version>> Restore::directory_of(std::string const& path)
{
    auto const holders = TRY(then_.holders(path));
    return holders.empty() ? Result<std::optional<Version>>(std::nullopt) : then_.newest(holders.back());
}

// Whose place the one that is made takes; 0: it lives on elsewhere, and the new one is another.
Result<event::ObjectId> Restore::gone(event::ObjectId directory)
{
    auto const current = TRY(journal_.current(directory));
    return current && !current->places.empty() ? event::ObjectId{} : directory;
}

// Directories above that are missing, as they last were.
Result<void> Restore::make_parents(Spot const& spot)
{
    auto parent = Spot{spot.root, split(spot.path).directory};
    if (parent.path.empty() || directories_.contains(parent))
        return {};
    TRY(make_parents(parent));
    auto place = TRY(place_of(absolute(plan_, parent)));
    auto there = TRY(object_at(place));
    directories_.insert(parent);
    if (there)
        return {};
    auto version = TRY(directory_of(absolute(plan_, parent)));
    Step step;
    step.phase = Phase::names;
    step.kind = StepKind::make_directory;
    step.purpose = Purpose::passing;
    step.object_kind = ObjectKind::directory;
    step.spot = parent;
    if (place.parent)
        step.places = {place};
    if (version) {
        step.object = TRY(gone(version->object));
        step.goal = std::make_shared<Version const>(std::move(*version));
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
    step.object = TRY(gone(version.object));
    if (!step.places.front().parent)
        step.places.clear();
    if (!is_there && !step.spot.path.empty())
        push(std::move(step));
    times_.push_back(std::move(times));
    return {};
}

// True when the object is written already, so that this is one more name of it.
bool Restore::add_name(Version const& version, Step const& step)
{
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

Result<void> Restore::add(Chosen const& chosen)
{
    auto const& version = chosen.version;
    auto spot = spot_of(version.path);
    if (!spot)
        return Error(Errc::not_found, "'" + version.path + "' lies in no protected tree");
    TRY(make_parents(*spot));
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
    if (chosen.stood && add_name(version, step))
        return {};
    plan_.before.push_back({{*spot}, step.goal});
    plan_.bytes += version.metadata.size;
    push(std::move(step));
    return {};
}

Result<Plan> Restore::make(std::span<std::string const> paths)
{
    TRY(load_trees());
    for (auto path : paths) {
        while (path.size() > 1 && path.ends_with('/'))
            path.pop_back();
        TRY(choose(path));
    }
    for (auto const& [path, chosen] : chosen_)
        TRY(add(chosen));
    sort_deepest_first(times_);
    for (auto& step : times_)
        push(std::move(step));
    sort_by_phase(plan_.steps);
    return std::move(plan_);
}

} // namespace

Result<Plan> plan_restore(journal::Journal& journal, std::span<std::string const> paths, Moment const& moment)
{
    return Restore(journal, moment).make(paths).context("plan the restore");
}

} // namespace tocsin::undo
