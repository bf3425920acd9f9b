// SPDX-License-Identifier: Apache-2.0
#include "tocsin/undo/descent.h"

#include <limits>
#include <optional>
#include <unordered_map>
#include <unordered_set>

namespace tocsin::undo {

using event::ProcessKey;

namespace {

// Those of the other incidents; ours as well, so that none is added twice.
Result<std::unordered_set<ProcessKey>> spoken_for(journal::Journal& journal)
{
    std::unordered_set<ProcessKey> out;
    auto incidents = TRY(journal.incidents());
    for (auto const& incident : incidents)
        out.insert(incident.actor.processes.begin(), incident.actor.processes.end());
    return out;
}

// Ticks since boot at which children began to be somebody else's: a person released the actor, and has
// not thought better of it.
Result<std::uint64_t> released_at(journal::Journal& journal, event::IncidentId id)
{
    std::optional<WallTime> at;
    auto actions = TRY(journal.actions_of(id));
    for (auto const& action : actions) {
        if (action.kind == event::ActionKind::thaw)
            at = action.time;
        else if (action.kind == event::ActionKind::freeze || action.kind == event::ActionKind::kill)
            at.reset();
    }
    return at ? ticks_since_boot(*at) : std::numeric_limits<std::uint64_t>::max();
}

// As verdict's ProcessTree has it: another session and another cgroup are another actor.
bool is_apart(event::Process const& child, event::Process const* parent)
{
    return parent != nullptr && parent->cgroup_id != 0 && child.cgroup_id != 0
        && parent->cgroup_id != child.cgroup_id && parent->session != child.session;
}

} // namespace

Result<void> add_descendants(journal::Journal& journal, event::Incident& incident)
{
    auto& members = incident.actor.processes;
    if (incident.actor.kind == event::ActorKind::unknown || incident.score < 1
        || incident.opened < boot_time())
        return {};
    auto const from = ticks_since_boot(incident.opened);
    auto const until = TRY(released_at(journal, incident.id));
    auto processes = TRY(journal.processes_since(from));
    std::unordered_map<ProcessKey, std::vector<event::Process const*>> children;
    for (auto const& process : processes)
        if (process.parent && process.key.start_ticks <= until)
            children[process.parent].push_back(&process);
    auto taken = TRY(spoken_for(journal));
    for (std::size_t i = 0; i < members.size(); ++i) { // the list grows while it is walked
        auto at = children.find(members[i]);
        if (at == children.end())
            continue;
        auto own = TRY(journal.process(members[i]));
        for (auto const* child : at->second)
            if (!is_apart(*child, own ? &*own : nullptr) && taken.insert(child->key).second)
                members.push_back(child->key);
    }
    return {};
}

} // namespace tocsin::undo
