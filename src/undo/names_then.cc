// SPDX-License-Identifier: Apache-2.0
#include "tocsin/undo/names_then.h"

#include "tocsin/undo/plan.h"
#include "tocsin/undo/tree.h"

namespace tocsin::undo {
namespace {

using event::ActivityKind;

void give(NamesThen::Names& names, std::string const& path, event::ActivityId by)
{
    auto name = split(path).name;
    if (path.empty() || name.starts_with(fresh_prefix) || name.starts_with(parked_prefix))
        return;
    names.given[path] = by;
    names.taken.erase(path);
}

void take(NamesThen::Names& names, std::string const& path)
{
    names.given.erase(path);
    names.taken.insert(path);
}

void apply(NamesThen::Names& names, event::Activity const& a)
{
    switch (a.kind) {
    case ActivityKind::seen:
    case ActivityKind::created:
    case ActivityKind::linked:
        return give(names, a.path, a.id);
    case ActivityKind::renamed:
        take(names, a.path);
        return give(names, a.target_path, a.id);
    case ActivityKind::deleted:
        return take(names, a.path);
    case ActivityKind::changed:
    case ActivityKind::attributes:
    case ActivityKind::opened:
    case ActivityKind::closed:
        return;
    }
}

} // namespace

Result<NamesThen::Names const*> NamesThen::of(event::ObjectId object)
{
    auto known = known_.find(object);
    if (known != known_.end())
        return &known->second;
    auto activities = TRY(journal_.activities_on(object));
    Names names;
    for (auto const& a : activities)
        if (a.time <= time_)
            apply(names, a);
    return &known_.emplace(object, std::move(names)).first->second;
}

Result<bool> NamesThen::had(event::ObjectId object, std::string const& path)
{
    auto const* names = TRY(of(object));
    return names->given.contains(path) || !names->taken.contains(path);
}

Result<std::optional<event::Version>> NamesThen::newest(event::ObjectId object)
{
    auto versions = TRY(journal_.versions_of(object));
    std::optional<event::Version> out;
    for (auto& version : versions)
        if (version.time <= time_)
            out = std::move(version);
    return out;
}

} // namespace tocsin::undo
