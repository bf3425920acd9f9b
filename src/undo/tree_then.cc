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

} // namespace

Result<TreeThen::Names const*> TreeThen::names_in(ObjectId directory)
{
    auto known = known_.find(directory);
    if (known != known_.end())
        return &known->second;
    auto activities = TRY(journal_.activities_in(directory));
    Names names;
    for (auto const& a : activities)
        if (a.time <= time_)
            apply(names, directory, a);
    return &known_.emplace(directory, std::move(names)).first->second;
}

Result<std::vector<TreeThen::Tree> const*> TreeThen::trees()
{
    if (trees_)
        return &*trees_;
    std::map<event::RootId, Tree> by_root;
    auto changes = TRY(journal_.roots());
    for (auto const& change : changes)
        if (change.time <= time_ || !by_root.contains(change.root))
            by_root[change.root] = {change.path, change.object, change.excludes};
    trees_.emplace();
    for (auto& [root, tree] : by_root)
        trees_->push_back(std::move(tree));
    return &*trees_;
}

Result<std::vector<Holder>> TreeThen::holders(std::string const& path)
{
    std::vector<Holder> none;
    auto const* trees = TRY(this->trees());
    Tree const* tree = nullptr;
    for (auto const& candidate : *trees)
        if (lies_in(path, candidate.path) && (tree == nullptr || candidate.path.size() > tree->path.size()))
            tree = &candidate;
    if (tree == nullptr)
        return none;
    std::vector<Holder> out{{tree->object, {}}};
    std::string const way(way_below(path, tree->path));
    for (std::size_t from = 0; from < way.size();) {
        auto const end = std::min(way.find('/', from), way.size());
        auto const directory = out.back();
        auto const* names = TRY(names_in(directory.object));
        auto const found = names->find(way.substr(from, end - from));
        if (found == names->end())
            return none;
        out = found->second;
        if (directory.until) // what a folder had when it left, it had until then
            for (auto& holder : out)
                holder.until = std::min(holder.until.value_or(*directory.until), *directory.until);
        from = end + 1;
    }
    return out;
}

Result<std::optional<ObjectId>> TreeThen::at(std::string const& path)
{
    auto const those = TRY(holders(path));
    bool const is_held = !those.empty() && !those.back().until;
    return is_held ? std::optional(those.back().object) : std::nullopt;
}

Result<std::optional<event::Version>> TreeThen::newest(ObjectId object)
{
    auto versions = TRY(journal_.versions_of(object));
    std::optional<event::Version> out;
    for (auto& version : versions)
        if (version.time <= time_)
            out = std::move(version);
    return out;
}

} // namespace tocsin::undo
