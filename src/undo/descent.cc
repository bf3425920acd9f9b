// SPDX-License-Identifier: Apache-2.0
#include "tocsin/undo/descent.h"

#include <limits>
#include <unordered_map>
#include <unordered_set>

#include "tocsin/event/boundary.h"
#include "tocsin/event/restraint.h"

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
    auto actions = TRY(journal.actions_of(id));
    auto last = event::last_restraint(actions);
    bool const is_released = last && last->kind == event::ActionKind::thaw;
    return is_released ? ticks_since_boot(last->time) : std::numeric_limits<std::uint64_t>::max();
}

} // namespace

Result<void> add_descendants(journal::Journal& journal, event::Incident& incident)
{
    auto& members = incident.actor.processes;
    if (!event::is_convicted(incident) || incident.opened < boot_time())
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
        auto parent = TRY(journal.process(members[i]));
        for (auto const* child : at->second) {
            bool const is_its = !parent || !event::is_apart(*child, *parent);
            if (is_its && taken.insert(child->key).second)
                members.push_back(child->key);
        }
    }
    return {};
}

} // namespace tocsin::undo
