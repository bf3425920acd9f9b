// SPDX-License-Identifier: Apache-2.0
#include "tocsin/undo/tree_then.h"

#include <algorithm>

#include "tocsin/base/path.h"
#include "tocsin/undo/plan.h"

namespace tocsin::undo {
namespace {

using event::Activity;
using event::ActivityKind;
using event::ObjectId;
using Holder = TreeThen::Holder;

void give(TreeThen::Names& names, std::string const& name, Activity const& by)
{
    if (name.starts_with(fresh_prefix) || name.starts_with(parked_prefix))
        return;
    auto& holders = names[name];
    if (!holders.empty() && holders.back().object == by.object && !holders.back().until)
        return; // told twice
    if (!holders.empty() && !holders.back().until)
        holders.back().until = by.time;
    holders.push_back({by.object, {}});
}

// Of an exchange the other half may have the name by now.
void take(TreeThen::Names& names, std::string const& name, Activity const& by)
{
    auto at = names.find(name);
    if (at != names.end() && at->second.back().object == by.object && !at->second.back().until)
        at->second.back().until = by.time;
}

void end_all(TreeThen::Names& names, WallTime time)
{
    for (auto& [name, holders] : names)
        if (!holders.back().until)
            holders.back().until = time;
}

void apply(TreeThen::Names& names, ObjectId directory, Activity const& a)
{
    using enum ActivityKind;
    bool const gives = a.kind == seen || a.kind == created || a.kind == linked;
    bool const takes = a.kind == renamed || a.kind == deleted;
    if (takes && a.place.parent == directory)
        take(names, a.place.name, a);
    if (gives && a.place.parent == directory)
        give(names, a.place.name, a);
    if (a.kind == renamed && a.target.parent == directory)
        give(names, a.target.name, a);
}

std::optional<event::Version> newest_of(std::vector<event::Version> versions, WallTime end)
{
    std::optional<event::Version> out;
    for (auto& version : versions)
        if (version.time <= end)
            out = std::move(version);
    return out;
}

} // namespace

// When it left the trees, or was found again after it had left with a folder above: nobody told what became of
// the names in it, and those that are there are told again.
Result<std::vector<Activity>> TreeThen::listings_anew(ObjectId directory)
{
    using enum ActivityKind;
    std::vector<Activity> out;
    bool was_named = false;
    auto const activities = TRY(journal_.activities_on(directory));
    for (auto const& a : activities) {
        bool const has_left = a.kind == renamed && !a.target.parent;
        bool const is_found_again = was_named && (a.kind == seen || a.kind == created);
        if (a.time <= time_ && (has_left || is_found_again))
            out.push_back(a);
        was_named = true;
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
            end_all(names, next->time);
        apply(names, directory, a);
    }
    if (next != anew.end())
        end_all(names, next->time);
    return &known_.emplace(directory, std::move(names)).first->second;
}

// Of those that had left by then the last; of those that had not, the first, which the others came after.
Result<std::map<std::string, TreeThen::Tree> const*> TreeThen::trees()
{
    if (trees_)
        return &*trees_;
    trees_.emplace();
    auto const changes = TRY(journal_.roots());
    for (auto const& change : changes) {
        bool const has_left = !change.is_protected && change.time <= time_;
        auto& known = (*trees_)[change.path];
        if (!known.root || known.has_left)
            known = {change.root, change.path, change.object, change.excludes, has_left};
    }
    return &*trees_;
}

Result<std::vector<Holder>> TreeThen::holders(std::string const& path)
{
    std::vector<Holder> none;
    auto const* trees = TRY(this->trees());
    Tree const* tree = nullptr;
    auto worth = [](Tree const& t) { return std::pair(!t.has_left, t.path.size()); };
    for (auto const& [at, candidate] : *trees)
        if (lies_in(path, at) && (tree == nullptr || worth(candidate) > worth(*tree)))
            tree = &candidate;
    if (tree == nullptr)
        return none;
    std::vector<Holder> out{{tree->object, {}}};
    std::string const way(way_below(path, tree->path));
    for (std::size_t from = 0; from < way.size();) {
        auto const end = std::min(way.find('/', from), way.size());
        out = TRY(holders_in(out, way.substr(from, end - from)));
        from = end + 1;
    }
    return out;
}

// What a folder had when it went, it had until then.
Result<std::vector<Holder>> TreeThen::holders_in(std::span<Holder const> directories, std::string const& name)
{
    std::vector<Holder> out;
    for (auto const& directory : directories) {
        auto const* names = TRY(names_in(directory.object));
        auto const found = names->find(name);
        if (found == names->end())
            continue;
        for (auto holder : found->second) {
            if (directory.until)
                holder.until = std::min(holder.until.value_or(*directory.until), *directory.until);
            out.push_back(holder);
        }
    }
    return out;
}

Result<std::optional<ObjectId>> TreeThen::at(std::string const& path)
{
    auto const those = TRY(holders(path));
    bool const is_held = !those.empty() && !those.back().until;
    return is_held ? std::optional(those.back().object) : std::nullopt;
}

Result<std::optional<event::Version>> TreeThen::newest(ObjectId object, std::optional<WallTime> until)
{
    auto versions = TRY(journal_.versions_of(object));
    return newest_of(std::move(versions), std::min(time_, until.value_or(time_)));
}

Result<std::optional<event::Version>> TreeThen::newest_at(std::string const& path)
{
    auto versions = TRY(journal_.versions_at(path));
    return newest_of(std::move(versions), time_);
}

} // namespace tocsin::undo
