// SPDX-License-Identifier: Apache-2.0
#include "tocsin/undo/made_early.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "tocsin/event/restraint.h"
#include "tocsin/undo/names_at.h"

namespace tocsin::undo {

using event::Activity;
using event::ActivityKind;
using event::Incident;
using event::ObjectId;
using event::Place;

namespace {

constexpr std::chrono::minutes young{10};

enum class Deeds { all, deletions };

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

// From when on what it did was for the damage; none: from the damage on.
Result<std::optional<WallTime>> suspect_since(journal::Journal& journal, Incident const& incident)
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

// Follows the names that the actor gave and took.
class Names {
public:
    void see(Activity const& activity)
    {
        using enum ActivityKind;
        bool const is_move_in = activity.kind == renamed && !activity.place.parent;
        if (activity.kind == created || (is_move_in && !others_.contains(activity.object)))
            made_.insert(activity.object);
        if (activity.kind == deleted || (activity.kind == renamed && !is_move_in))
            go(activity.object, activity.place);
        if (activity.displaced)
            go(activity.displaced, activity.target);
        if (activity.kind == created || activity.kind == linked)
            standing_[activity.place] = activity.object;
        if (activity.kind == renamed && activity.target.parent)
            standing_[activity.target] = activity.object;
    }

    // What it made, but for that which stands in the end where another's object had stood: that is a save.
    std::unordered_set<ObjectId> made() const
    {
        auto out = made_;
        for (auto const& [place, object] : standing_)
            if (before_.contains(place))
                out.erase(object);
        return out;
    }

    // Others' objects in whose place nothing stands in the end. They may have further names.
    std::vector<ObjectId> lost() const
    {
        std::vector<ObjectId> out;
        for (auto const& [place, object] : before_)
            if (!standing_.contains(place))
                out.push_back(object);
        return out;
    }

private:
    void go(ObjectId object, Place const& place)
    {
        auto const at = standing_.find(place);
        bool const was_put_there = at != standing_.end() && at->second == object;
        if (was_put_there)
            standing_.erase(at);
        if (was_put_there || made_.contains(object))
            return;
        before_.try_emplace(place, object);
        others_.insert(object);
    }

    std::unordered_set<ObjectId> made_;
    std::unordered_set<ObjectId> others_; // that it moved or took away
    std::map<Place, ObjectId> before_; // who stood there when the actor first took the name
    std::map<Place, ObjectId> standing_; // whom the actor put there
};

// Others' objects that are gone, and where it is young what it made.
Result<Early> early_by(journal::Journal& journal, std::span<event::ProcessKey const> processes,
    WallTime since, WallTime until, Deeds deeds)
{
    Early out{since, {}};
    auto const activities = TRY(journal.activities_by(processes, since));
    Names names;
    for (auto const& activity : activities)
        if (activity.time < until)
            names.see(activity);
    if (deeds == Deeds::all)
        out.objects = names.made();
    for (auto object : names.lost()) {
        auto const its = TRY(journal.activities_on(object));
        if (names_at(its, until, std::identity{}).empty())
            out.objects.insert(object);
    }
    return out;
}

Result<Early> early_by_errand(
    journal::Journal& journal, Incident const& incident, event::Errand const& errand)
{
    bool const is_own = TRY(is_own_program(journal, errand.process));
    auto const born = time_of_ticks(errand.process.start_ticks);
    bool const is_young =
        is_own && incident.opened >= boot_time() && born <= errand.since && born + young >= errand.since;
    return early_by(journal, std::span(&errand.process, 1), is_young ? born : errand.since,
        errand.until + std::chrono::nanoseconds(1), is_young ? Deeds::all : Deeds::deletions);
}

} // namespace

Result<MadeEarly> made_early(journal::Journal& journal, Incident const& incident)
{
    MadeEarly out;
    for (auto const& errand : incident.errands)
        if (event::is_convicted(incident)) {
            auto by_it = TRY(early_by_errand(journal, incident, errand));
            out.errands.emplace(errand.process, std::move(by_it));
        }
    auto const since = TRY(suspect_since(journal, incident));
    if (!since)
        return out;
    auto by_actor =
        TRY(early_by(journal, incident.actor.processes, *since, incident.first_activity, Deeds::all));
    out.since = by_actor.since;
    out.objects = std::move(by_actor.objects);
    return out;
}

} // namespace tocsin::undo
