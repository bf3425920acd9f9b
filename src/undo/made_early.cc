// SPDX-License-Identifier: Apache-2.0
#include "tocsin/undo/made_early.h"

#include <algorithm>
#include <set>

#include "tocsin/event/restraint.h"

namespace tocsin::undo {

using event::Activity;
using event::ActivityKind;
using event::Incident;

namespace {

constexpr std::chrono::milliseconds tick{10}; // of ProcessKey::start_ticks
constexpr std::chrono::minutes young{10};

Result<bool> is_own_program(journal::Journal& journal, event::ProcessKey key)
{
    auto const program = TRY(journal.process(key));
    if (!program)
        return false;
    auto const starter = TRY(journal.process(program->parent));
    return starter && (starter->executable != program->executable || starter->command != program->command);
}

// When a person last released one of its processes, of whatever incident.
Result<WallTime> last_release(journal::Journal& journal, Incident const& incident)
{
    WallTime out{};
    auto const incidents = TRY(journal.incidents());
    std::set<event::ProcessKey> const its(incident.actor.processes.begin(), incident.actor.processes.end());
    for (auto const& other : incidents) {
        if (std::ranges::none_of(other.actor.processes, [&](auto key) { return its.contains(key); }))
            continue;
        auto const actions = TRY(journal.actions_of(other.id));
        for (auto const& action : actions)
            if (action.kind == event::ActionKind::thaw && !event::has_failed(action))
                out = std::max(out, action.time);
    }
    return out;
}

// Follows what is made, and the names that were not free: what comes to stand there is a save.
class Making {
public:
    void see(Activity const& activity)
    {
        bool const is_its = made_.contains(activity.object);
        if (activity.kind == ActivityKind::created && !taken_.contains(activity.place))
            made_.insert(activity.object);
        else if (activity.kind == ActivityKind::deleted && !is_its)
            taken_.insert(activity.place);
        else if (activity.kind == ActivityKind::renamed && !is_its)
            taken_.insert(activity.place);
        else if (activity.kind == ActivityKind::renamed && is_save(activity))
            made_.erase(activity.object);
    }
    std::unordered_set<event::ObjectId> take() { return std::move(made_); }

private:
    bool is_save(Activity const& renamed) const
    {
        return taken_.contains(renamed.target) || (renamed.displaced && !made_.contains(renamed.displaced));
    }

    std::unordered_set<event::ObjectId> made_;
    std::set<event::Place> taken_;
};

} // namespace

Result<std::unordered_set<event::ObjectId>> made_early(journal::Journal& journal, Incident const& incident)
{
    std::unordered_set<event::ObjectId> none;
    bool const is_convicted = incident.score >= 1 && incident.actor.kind != event::ActorKind::unknown;
    if (!is_convicted || incident.actor.processes.empty())
        return none;
    bool const is_own = TRY(is_own_program(journal, incident.actor.top));
    if (!is_own)
        return none;
    auto const oldest = std::ranges::min(incident.actor.processes, {}, &event::ProcessKey::start_ticks);
    auto const born = boot_time() + tick * static_cast<std::int64_t>(oldest.start_ticks);
    if (born + young < incident.first_activity)
        return none;
    auto const released = TRY(last_release(journal, incident));
    auto const since = std::max(born, released);
    if (since >= incident.first_activity)
        return none;
    auto const activities = TRY(journal.activities_by(incident.actor.processes, since));
    Making making;
    for (auto const& activity : activities)
        if (activity.time < incident.first_activity)
            making.see(activity);
    return making.take();
}

} // namespace tocsin::undo
