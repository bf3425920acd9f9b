// SPDX-License-Identifier: Apache-2.0
#include "tocsin/undo/descent.h"

#include <algorithm>
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

} // namespace

Result<void> add_descendants(journal::Journal& journal, event::Incident& incident)
{
    auto& members = incident.actor.processes;
    if (incident.actor.kind == event::ActorKind::unknown || members.empty())
        return {};
    // A child begins no earlier than its parent.
    auto const eldest = std::ranges::min(members, {}, &ProcessKey::start_ticks).start_ticks;
    auto processes = TRY(journal.processes_since(eldest));
    std::unordered_map<ProcessKey, std::vector<ProcessKey>> children;
    for (auto const& process : processes)
        if (process.parent)
            children[process.parent].push_back(process.key);

    auto taken = TRY(spoken_for(journal));
    for (std::size_t i = 0; i < members.size(); ++i) { // the list grows while it is walked
        auto at = children.find(members[i]);
        if (at == children.end())
            continue;
        for (auto const& child : at->second)
            if (taken.insert(child).second)
                members.push_back(child);
    }
    return {};
}

} // namespace tocsin::undo
