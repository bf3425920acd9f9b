// SPDX-License-Identifier: Apache-2.0
#include "tocsin/undo/made_early.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

#include "tocsin/event/restraint.h"

namespace tocsin::undo {

using event::Activity;
using event::ActivityKind;
using event::Incident;

namespace {

constexpr std::chrono::minutes young{10};

Result<bool> is_own_program(journal::Journal& journal, event::ProcessKey key)
{
    auto const program = TRY(journal.process(key));
    if (!program)
        return false;
    auto const starter = TRY(journal.process(program->parent));
    return starter && (starter->executable != program->executable || starter->command != program->command);
}

// When a person last released one of its processes, of whatever incident, before it did the damage.
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
            if (action.kind == event::ActionKind::thaw && !event::has_failed(action)
                && action.time < incident.first_activity)
                out = std::max(out, action.time);
    }
    return out;
}

// From when on what it made was for the damage; none: from the damage on.
Result<std::optional<WallTime>> made_since(journal::Journal& journal, Incident const& incident)
{
    std::optional<WallTime> none;
    if (!event::is_convicted(incident) || incident.actor.processes.empty() || incident.opened < boot_time())
        return none;
    bool const is_own = TRY(is_own_program(journal, incident.actor.top));
    auto const oldest = std::ranges::min(incident.actor.processes, {}, &event::ProcessKey::start_ticks);
    auto const born = time_of_ticks(oldest.start_ticks);
    if (!is_own || born + young < incident.first_activity)
        return none;
    auto const released = TRY(last_release(journal, incident));
    return std::optional(std::max(born, released));
}

// Follows the names that the actor gave and took. What it made, and put where another's object had stood, is a
// save: that stays, and what it replaced is not missed.
class Names {
public:
    void see(Activity const& activity)
    {
        using enum ActivityKind;
        bool const is_new = activity.kind == created
            || (activity.kind == renamed && !activity.place.parent && !home_.contains(activity.object));
        if (is_new)
            made_.insert(activity.object);
        if (activity.kind == deleted || (activity.kind == renamed && activity.place.parent))
            leave(activity.object, activity.place, activity.kind == deleted || !activity.target.parent);
        if (activity.kind == created || activity.kind == linked)
            arrive(activity.object, activity.place, {});
        if (activity.kind == renamed && activity.target.parent)
            arrive(activity.object, activity.target, activity.displaced);
    }

    std::unordered_set<event::ObjectId> made_or_missed() const
    {
        auto out = made_;
        for (auto const& object : missed_)
            if (!saved_.contains(home_.at(object)))
                out.insert(object);
        return out;
    }

private:
    void leave(event::ObjectId object, event::Place const& place, bool is_gone)
    {
        if (made_.contains(object)) {
            standing_.erase(place);
            return;
        }
        home_.try_emplace(object, place);
        left_.insert(place);
        if (auto at = standing_.find(place); at != standing_.end()) // the other half of an exchange
            save(at->second, place);
        if (is_gone)
            missed_.insert(object);
    }

    void arrive(event::ObjectId object, event::Place const& place, event::ObjectId displaced)
    {
        missed_.erase(object);
        if (!made_.contains(object))
            return;
        standing_[place] = object;
        if (left_.contains(place) || (displaced && !made_.contains(displaced)))
            save(object, place);
    }

    void save(event::ObjectId object, event::Place const& place)
    {
        made_.erase(object);
        saved_.insert(place);
    }

    std::unordered_set<event::ObjectId> made_;
    std::map<event::Place, event::ObjectId> standing_; // of those made
    std::unordered_map<event::ObjectId, event::Place> home_; // of others' that left: where they stood first
    std::set<event::Place> left_; // by others' objects
    std::set<event::Place> saved_;
    std::unordered_set<event::ObjectId> missed_; // others' that are deleted, or out of the trees
};

} // namespace

Result<std::unordered_set<event::ObjectId>> made_early(journal::Journal& journal, Incident const& incident)
{
    Names names;
    auto const since = TRY(made_since(journal, incident));
    if (!since)
        return names.made_or_missed();
    auto const activities = TRY(journal.activities_by(incident.actor.processes, *since));
    for (auto const& activity : activities)
        if (activity.time < incident.first_activity)
            names.see(activity);
    return names.made_or_missed();
}

} // namespace tocsin::undo
