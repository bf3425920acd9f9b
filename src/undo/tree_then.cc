// SPDX-License-Identifier: Apache-2.0
#include "tocsin/undo/tree_then.h"

#include <algorithm>
#include <set>

#include "tocsin/base/path.h"
#include "tocsin/undo/plan.h"

namespace tocsin::undo {
namespace {

using event::Activity;
using event::ActivityKind;
using event::ObjectId;
using Holder = TreeThen::Holder;

void end(Holder& holder, event::ActivityId by, WallTime time)
{
    if (holder.until)
        return;
    holder.until = time;
    holder.ended = by;
}

void give(TreeThen::Names& names, std::string const& name, Activity const& by)
{
    if (name.starts_with(fresh_prefix) || name.starts_with(parked_prefix))
        return;
    auto& holders = names[name];
    if (!holders.empty() && holders.back().object == by.object && !holders.back().until)
        return; // told twice
    if (!holders.empty())
        end(holders.back(), by.id, by.time);
    holders.push_back({by.object, by.object_kind, by.time, {}, {}});
}

// Of an exchange the other half may have the name by now.
void take(TreeThen::Names& names, std::string const& name, Activity const& by)
{
    auto at = names.find(name);
    if (at != names.end() && at->second.back().object == by.object)
        end(at->second.back(), by.id, by.time);
}

void end_all(TreeThen::Names& names, event::ActivityId by, WallTime time)
{
    for (auto& [name, holders] : names)
        end(holders.back(), by, time);
}

void apply(TreeThen::Names& names, ObjectId directory, Activity const& a)
{
    if (auto const* taken = event::place_taken(a); taken != nullptr && taken->parent == directory)
        take(names, taken->name, a);
    if (auto const* given = event::place_given(a); given != nullptr && given->parent == directory)
        give(names, given->name, a);
}

std::optional<event::Version> last_of(std::vector<event::Version> versions)
{
    return versions.empty() ? std::nullopt : std::optional(std::move(versions.back()));
}

} // namespace

// The last time, between these two, that a folder above this place left the trees.
Result<std::optional<TreeThen::Listing>> TreeThen::left_with_a_folder_above(
    event::Place place, event::ActivityId after, event::ActivityId before)
{
    std::optional<Listing> out;
    std::set<ObjectId> seen; // the journal may hold a ring, where events were lost
    while (place.parent && seen.insert(place.parent).second) {
        auto const activities = TRY(journal_.activities_on(place.parent));
        place = {};
        for (auto const& a : activities) {
            if (a.id >= before)
                break;
            bool const has_left = a.kind == ActivityKind::renamed && !a.target.parent;
            if (has_left && a.id > after && (!out || out->id < a.id))
                out = {a.id, a.time};
            if (auto const* given = event::place_given(a); given != nullptr && given->parent)
                place = *given;
        }
    }
    return out;
}

// When it left the trees, or a folder above did and it was found again after that: nobody told what became of
// the names in it, and those that are there are told again. Some may be told before it is found itself.
Result<std::vector<TreeThen::Listing>> TreeThen::listings_anew(ObjectId directory)
{
    using enum ActivityKind;
    std::vector<Listing> out;
    event::Place place; // before this activity
    event::ActivityId told; // of this or the last listing
    auto const activities = TRY(journal_.activities_on(directory));
    for (auto const& a : activities) {
        if (a.time > time_)
            continue;
        bool const has_left = a.kind == renamed && !a.target.parent;
        bool const is_found_again = told && (a.kind == seen || a.kind == created);
        bool const is_empty_anew = a.process == event::undo_process; // which has just made it
        if (has_left)
            out.push_back({a.id, a.time});
        else if (is_found_again && !is_empty_anew) {
            auto const left = TRY(left_with_a_folder_above(place, told, a.id));
            out.push_back(left.value_or(Listing{a.id, a.time}));
        }
        if (!told || has_left || is_found_again)
            told = a.id;
        if (auto const* given = event::place_given(a); given != nullptr && given->parent)
            place = *given;
    }
    return out;
}

Result<TreeThen::Names const*> TreeThen::names_in(ObjectId directory)
{
    auto known = known_.find(directory);
    if (known != known_.end())
        return &known->second;
    auto const activities = TRY(journal_.activities_in(directory));
    auto const anew = TRY(listings_anew(directory));
    auto next = anew.begin();
    Names names;
    for (auto const& a : activities) {
        if (a.time > time_)
            continue;
        for (; next != anew.end() && next->id < a.id; ++next)
            end_all(names, next->id, next->time);
        apply(names, directory, a);
    }
    if (next != anew.end())
        end_all(names, next->id, next->time);
    return &known_.emplace(directory, std::move(names)).first->second;
}

// Whether anything was known of it, or of what is in it, by then.
Result<bool> TreeThen::was_there(ObjectId directory)
{
    auto const on = TRY(journal_.activities_on(directory));
    auto const in = TRY(journal_.activities_in(directory));
    return (!on.empty() && on.front().time <= time_) || (!in.empty() && in.front().time <= time_);
}

// The journal tells of each only its last change. Of those that had left by then the one that left last. Of
// those that had not, the one that left first afterwards: it was let go for the others. One that has come back
// counts as never let go.
Result<bool> TreeThen::was_rather(Tree const& tree, Tree const& other)
{
    if (tree.has_left || other.has_left)
        return other.has_left && (!tree.has_left || tree.root.time >= other.root.time);
    bool const is_known = TRY(was_there(tree.root.object));
    bool const is_other_known = TRY(was_there(other.root.object));
    bool const leaves_first =
        !tree.root.is_protected && (other.root.is_protected || tree.root.time < other.root.time);
    return is_known && (!is_other_known || leaves_first);
}

Result<std::map<std::string, TreeThen::Tree> const*> TreeThen::trees()
{
    if (trees_)
        return &*trees_;
    std::map<std::string, Tree> out;
    auto const changes = TRY(journal_.roots());
    for (auto const& change : changes) {
        Tree const tree{change, !change.is_protected && change.time <= time_};
        auto const [at, is_first] = out.try_emplace(change.path, tree);
        if (is_first)
            continue;
        bool const is_better = TRY(was_rather(tree, at->second));
        if (is_better)
            at->second = tree;
    }
    trees_ = std::move(out);
    return &*trees_;
}

Result<std::vector<Holder>> TreeThen::holders(std::string const& path)
{
    std::vector<Holder> none;
    auto const* trees = TRY(this->trees());
    Tree const* tree = nullptr;
    auto worth = [](Tree const& t) { return std::pair(!t.has_left, t.root.path.size()); };
    for (auto const& [at, candidate] : *trees)
        if (lies_in(path, at) && (tree == nullptr || worth(candidate) > worth(*tree)))
            tree = &candidate;
    if (tree == nullptr)
        return none;
    std::vector<Holder> out{{tree->root.object, event::ObjectKind::directory, {}, {}, {}}};
    std::string const way(way_below(path, tree->root.path));
    for (std::size_t from = 0; from < way.size();) {
        auto const end = std::min(way.find('/', from), way.size());
        out = TRY(holders_in(out, way.substr(from, end - from)));
        from = end + 1;
    }
    return out;
}

// What a folder had when it got the path, it has had there since then; what it had when it went, until then.
Result<std::vector<Holder>> TreeThen::holders_in(std::span<Holder const> directories, std::string const& name)
{
    std::vector<Holder> out;
    for (auto const& directory : directories) {
        auto const* names = TRY(names_in(directory.object));
        auto const found = names->find(name);
        if (found == names->end())
            continue;
        for (auto holder : found->second) {
            bool const came_later = directory.until && holder.since >= *directory.until;
            bool const had_gone = holder.until && *holder.until < directory.since;
            if (came_later || had_gone)
                continue;
            holder.since = std::max(holder.since, directory.since);
            if (directory.until && (!holder.until || directory.ended < holder.ended)) {
                holder.until = directory.until;
                holder.ended = directory.ended;
            }
            out.push_back(holder);
        }
    }
    return out;
}

Result<std::optional<Holder>> TreeThen::at(std::string const& path)
{
    auto const those = TRY(holders(path));
    bool const is_held = !those.empty() && !those.back().until;
    return is_held ? std::optional(those.back()) : std::nullopt;
}

Result<std::vector<event::Version>> TreeThen::versions(Holder const& holder)
{
    auto out = TRY(journal_.versions_of(holder.object));
    std::erase_if(out, [&](auto const& version) { return version.time > time_; });
    if (!holder.until)
        return out;
    auto const until = to_nanoseconds(*holder.until);
    auto const activities = TRY(journal_.activities_on(holder.object));
    auto const change = std::ranges::find_if(activities, [&](Activity const& a) {
        return a.id > holder.ended && (a.kind == ActivityKind::changed || a.kind == ActivityKind::attributes);
    });
    std::erase_if(out, [&](auto const& version) {
        auto const mtime = version.metadata.mtime_ns; // in the future it tells nothing
        bool const is_changed = (mtime > until && mtime <= to_nanoseconds(version.time))
            || (change != activities.end() && change->id.value < version.id.value);
        return version.id.value > holder.ended.value && is_changed;
    });
    return out;
}

Result<std::optional<event::Version>> TreeThen::newest(Holder const& holder)
{
    auto all = TRY(versions(holder));
    return last_of(std::move(all));
}

Result<std::optional<event::Version>> TreeThen::newest_at(std::string const& path)
{
    auto versions = TRY(journal_.versions_at(path));
    std::erase_if(versions, [&](auto const& version) { return version.time > time_; });
    return last_of(std::move(versions));
}

} // namespace tocsin::undo
