// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/incidents.h"

#include <algorithm>
#include <fmt/format.h>
#include <ranges>

#include "tocsin/event/restraint.h"
#include "tocsin/respond/network.h"

namespace tocsin::guard {

using event::ActionKind;
using event::IncidentState;

namespace {

constexpr std::size_t generations_at_most = 64;
constexpr std::chrono::seconds told_again_after{1}; // that an actor went on

std::uint64_t deeds_of(event::Incident const& incident)
{
    return incident.objects_changed + incident.objects_deleted + incident.objects_created;
}

} // namespace

void Incidents::recall(event::Incident const& incident)
{
    incidents_[incident.id] = incident;
    parts_.verdict.set_next_incident(next_id());
}

void Incidents::resume(WallTime boot)
{
    bool const only_observes = parts_.responder.policy() == respond::Policy::observe;
    for (auto const& [id, incident] : incidents_) {
        bool const is_undone = incident.state == IncidentState::undone;
        auto resumed = incident;
        if (auto const before = before_undo_.find(id); is_undone && before != before_undo_.end())
            resumed.state = before->second;
        bool const is_asked = resumed.state == IncidentState::held;
        bool const is_restrained = is_asked || resumed.state == IncidentState::contained;
        bool const goes_on = is_undone && (only_observes || is_restrained);
        if ((!is_restrained && !goes_on) || incident.opened < boot || (is_undone && living(id) == 0)
            || (is_asked && only_observes && !is_undone))
            continue;
        parts_.verdict.resume(resumed);
        if (goes_on)
            undone_alive_[id] = is_restrained ? resumed.state : IncidentState::observed;
        if (is_asked && !only_observes) {
            hold(incident);
            continue;
        }
        if (!only_observes)
            contain_all(incident);
        if (incident.actor.address.empty() || !cut_.contains(id))
            look_for_client(incident, only_observes ? Responder::OnceFound::name : Responder::OnceFound::cut);
    }
    before_undo_.clear();
    if (!only_observes)
        renew_cuts(boot);
}

// Of the networks of before a boot only the host's has its number again for certain.
void Incidents::renew_cuts(WallTime boot)
{
    for (auto const& [id, clients] : cut_)
        for (auto const& client : clients)
            if (incidents_[id].opened >= boot || client.network == respond::own_network())
                parts_.responder.renew_cut(client);
}

void Incidents::recall_cut(event::IncidentId id, std::vector<event::ClientAddress> clients)
{
    if (!clients.empty())
        cut_[id] = std::move(clients);
}

event::IncidentId Incidents::next_id() const
{
    return {incidents_.empty() ? 1 : incidents_.rbegin()->first.value + 1};
}

void Incidents::open(verdict::Decision const& decision)
{
    if (incidents_.contains(decision.incident.id))
        return escalate(decision);
    auto incident = decision.incident;
    incident.first_activity -= verdict::Settings{}.before_first_charge;
    auto wanted = std::exchange(incident.state, IncidentState::observed);
    auto actions = wanted == IncidentState::contained ? respond::plan(incident, parts_.responder.policy())
                                                      : std::vector<ActionKind>{};
    auto has = [&](ActionKind kind) { return std::ranges::find(actions, kind) != actions.end(); };
    if (has(ActionKind::freeze))
        contain(incident);
    if (wanted == IncidentState::held && parts_.responder.policy() != respond::Policy::observe)
        hold(incident);
    look_for_client(incident, // before the connection is gone
        has(ActionKind::cut) ? Responder::OnceFound::cut : Responder::OnceFound::name);
    if (has(ActionKind::kill))
        kill(incident.id, incident.actor.processes, "policy");
    incidents_[incident.id] = incident;
    introduce(incident);
    note_executables(incident);
    parts_.batch.add(std::move(incident));
    for (auto const& finding : decision.findings)
        parts_.batch.add(finding);
}

// It was held, and went on.
void Incidents::escalate(verdict::Decision const& decision)
{
    auto& incident = incidents_[decision.incident.id];
    incident.reasons = decision.incident.reasons;
    incident.actor.processes = decision.incident.actor.processes;
    asked_.erase(incident.id);
    auto wanted = incident;
    wanted.state = IncidentState::observed;
    auto const actions = respond::plan(wanted, parts_.responder.policy());
    if (std::ranges::find(actions, ActionKind::freeze) != actions.end())
        contain_all(incident); // its children have gone on as well
    if (std::ranges::find(actions, ActionKind::kill) != actions.end())
        kill(incident.id, all_of(incident), "policy");
    introduce(incident);
    parts_.batch.add(incident);
    for (auto const& finding : decision.findings)
        parts_.batch.add(finding);
}

void Incidents::hold(event::Incident const& incident)
{
    asked_.insert(incident.id);
    parts_.responder.hold(incident.id, living_of(incident));
}

void Incidents::open(event::Incident incident)
{
    (void)open_numbered(std::move(incident));
}

event::IncidentId Incidents::open_numbered(event::Incident incident)
{
    incident.id = next_id();
    parts_.verdict.set_next_incident({incident.id.value + 1});
    incidents_[incident.id] = incident;
    note_executables(incident);
    auto const id = incident.id;
    parts_.batch.add(std::move(incident));
    return id;
}

void Incidents::note_refusal(event::Process const& process, std::string const& sentence)
{
    auto const* node = parts_.processes.find(process.key);
    event::Incident incident;
    incident.opened = incident.first_activity = incident.last_activity = wall_now();
    incident.actor = verdict::actor_of(node == nullptr ? process : node->process);
    if (process.key)
        incident.actor.processes = {process.key};
    incident.reasons = {sentence};
    introduce(incident);
    open(std::move(incident));
}

void Incidents::look_for_client(event::Incident const& incident, Responder::OnceFound then)
{
    auto process = incident.actor.top;
    std::vector<event::ProcessKey> line;
    while (process && line.size() < generations_at_most) {
        line.push_back(process);
        auto const* node = parts_.processes.find(process);
        process = node == nullptr ? event::ProcessKey{} : node->process.parent;
    }
    parts_.responder.look_for_client(incident.id, std::move(line), incident.actor.processes, then);
}

void Incidents::name_client(event::IncidentId id, sensor::RemoteClient const& client)
{
    auto const at = incidents_.find(id);
    if (at == incidents_.end())
        return;
    auto& actor = at->second.actor;
    actor.address = client.at.address;
    // A process for each client: who works there is its user, not the server's.
    if (client.server == actor.top && client.uid != 0) {
        actor.kind = event::ActorKind::session;
        actor.user = "#" + std::to_string(client.uid);
    }
    parts_.batch.add(at->second);
}

std::vector<event::ProcessKey> Incidents::running_of(event::Incident const& incident) const
{
    std::vector<event::ProcessKey> running;
    for (auto key : incident.actor.processes) {
        auto const* node = parts_.processes.find(key);
        if (key && node != nullptr && node->ended_at == WallTime{})
            running.push_back(key);
    }
    return running;
}

// The tree knows them by their birth: also whose parent has ended since.
std::vector<event::ProcessKey> Incidents::living_of(event::Incident const& incident) const
{
    std::unordered_set<event::ProcessKey> seen;
    std::vector<event::ProcessKey> living;
    for (auto const& key : incident.actor.processes) {
        if (seen.contains(key))
            continue; // and all below it
        for (auto const& below : parts_.processes.subtree(key)) {
            auto const* node = parts_.processes.find(below);
            bool const is_its = below == key || node->incident == incident.id;
            if (seen.insert(below).second && is_its && node->ended_at == WallTime{})
                living.push_back(below);
        }
    }
    return living;
}

std::vector<event::ProcessKey> Incidents::all_of(event::Incident const& incident) const
{
    auto all = incident.actor.processes;
    std::unordered_set<event::ProcessKey> const named(all.begin(), all.end());
    std::ranges::copy_if(living_of(incident), std::back_inserter(all),
        [&](auto const& process) { return !named.contains(process); });
    return all;
}

bool Incidents::is_in_another(event::ProcessKey process, event::IncidentId id) const
{
    auto const* node = parts_.processes.find(process);
    return node != nullptr && node->incident && node->incident != id;
}

// Of a script's ten thousand programs nearly all have ended: looking for them would cost the
// time in which the others go on.
void Incidents::contain(event::Incident const& incident)
{
    contained_.insert(incident.id);
    parts_.responder.contain(incident.id, running_of(incident), incident.actor.processes);
}

void Incidents::contain_all(event::Incident const& incident)
{
    contained_.insert(incident.id);
    parts_.responder.contain(incident.id, living_of(incident), all_of(incident));
}

void Incidents::record_progress()
{
    for (auto const& now : parts_.verdict.take_changed()) {
        auto at = incidents_.find(now.id);
        if (at == incidents_.end())
            continue;
        auto updated = now;
        updated.state = at->second.state; // ours to say
        updated.first_activity = at->second.first_activity;
        updated.actor.kind = at->second.actor.kind; // and as what its client was found to be
        updated.actor.user = at->second.actor.user;
        updated.actor.address = at->second.actor.address;
        reopen_if_it_goes_on(at->second, updated);
        if (updated == at->second)
            continue;
        introduce(updated);
        at->second = updated;
        parts_.batch.add(std::move(updated));
    }
}

void Incidents::reopen_if_it_goes_on(event::Incident const& before, event::Incident& now)
{
    auto undone = undone_alive_.find(now.id);
    if (undone == undone_alive_.end() || now.state != IncidentState::undone
        || deeds_of(now) == deeds_of(before))
        return;
    now.state = undone->second;
    undone_alive_.erase(undone);
}

void Incidents::born(event::Process const& child)
{
    auto const id = parts_.verdict.incident_of(child.parent);
    if (contained_.contains(id))
        parts_.responder.contain_child(child.key);
    else if (asked_.contains(id))
        parts_.responder.hold_child(child.key);
    else
        parts_.responder.ended(
            child.key.pid); // who had this number before, should its end not have been told
}

// What it did before the freeze is heard of until after it, while it stands still; and before the freeze is carried out
// it has not gone on.
void Incidents::acts(event::ProcessKey process)
{
    if (contained_.empty())
        return;
    auto const id = parts_.verdict.incident_of(process);
    if (!contained_.contains(id) || being_killed_.contains(id) || !parts_.responder.stop_again(process))
        return;
    auto const& incident = incidents_[id];
    bool const was_frozen =
        incident.state == IncidentState::contained || incident.state == IncidentState::undone;
    auto const now = steady_now();
    auto& told = went_on_[id];
    if (!was_frozen || now - told < told_again_after)
        return;
    told = now;
    parts_.responder.contain_again(id, process, running_of(incident), all_of(incident));
}

void Incidents::ended(event::ProcessKey process)
{
    parts_.responder.ended(process.pid);
}

void Incidents::introduce(event::Incident const& incident)
{
    for (auto const& process : incident.actor.processes)
        parts_.book.introduce(process, parts_.batch);
    for (auto const& errand : incident.errands)
        parts_.book.introduce(errand.process, parts_.batch);
}

// One process for each program, one that runs where there is any.
void Incidents::note_executables(event::Incident const& incident)
{
    std::map<std::string, std::pair<event::ProcessKey, bool>> found; // by path; whether it runs
    for (auto const& key : incident.actor.processes) {
        auto const* node = parts_.processes.find(key);
        if (node == nullptr || node->process.executable.empty())
            continue;
        bool const runs = node->ended_at == WallTime{};
        auto const at = found.find(node->process.executable);
        if (at != found.end())
            at->second = at->second.second ? at->second : std::pair{key, runs};
        else if (found.size() < programs_of_an_incident)
            found.emplace(node->process.executable, std::pair{key, runs});
    }
    std::vector<Ran> programs;
    for (auto const& [path, process] : found)
        programs.push_back({process.first, path});
    parts_.executables.note(incident.id, std::move(programs));
}

Result<event::Incident*> Incidents::find(event::IncidentId id)
{
    auto at = incidents_.find(id);
    if (at == incidents_.end())
        return Error(Errc::not_found, fmt::format("there is no incident {}", id.value));
    return &at->second;
}

void Incidents::change_state(event::IncidentId id, IncidentState state)
{
    auto& incident = incidents_[id];
    if (incident.state == state)
        return;
    incident.state = state;
    if (state != IncidentState::contained && state != IncidentState::undone)
        contained_.erase(id); // an undo leaves its processes as they are
    parts_.batch.add(incident);
}

Result<void> Incidents::release(event::IncidentId id, std::string const& by)
{
    auto const* incident = TRY(find(id));
    TRY(parts_.responder.has_room());
    if (event::is_convicted(*incident)) // one that only tells what was seen is no reason to pardon anything
        parts_.verdict.resume(*incident); // where a restart has forgotten it
    auto processes = all_of(*incident);
    parts_.verdict.release(id); // pardoned first: what it does from now on is looked at anew
    std::erase_if(processes, [&](auto const& process) { return is_in_another(process, id); });
    contained_.erase(id);
    asked_.erase(id);
    parts_.responder.release(id, std::move(processes), by);
    for (auto const& client : kept_out(id))
        readmit(id, client, by);
    return {};
}

// Whom another incident keeps out, too, stays out.
void Incidents::readmit(event::IncidentId id, event::ClientAddress const& client, std::string const& by)
{
    auto const other = std::ranges::find_if(cut_, [&](auto const& item) {
        return item.first != id && std::ranges::find(item.second, client) != item.second.end();
    });
    if (other == cut_.end())
        return parts_.responder.readmit(id, client, by);
    event::Action action;
    action.incident = id;
    action.time = wall_now();
    action.kind = ActionKind::readmit;
    action.by = by;
    action.outcome = fmt::format("{} stays out of port {}, until incident {} is released", client.address,
        client.port, other->first.value);
    action.client = client;
    acted(std::move(action));
}

Result<void> Incidents::stop(event::IncidentId id, std::string const& by)
{
    auto const* incident = TRY(find(id));
    TRY(parts_.responder.has_room());
    kill(id, all_of(*incident), by);
    return {};
}

void Incidents::kill(event::IncidentId id, std::vector<event::ProcessKey> processes, std::string const& by)
{
    if (parts_.responder.kill(id, std::move(processes), by))
        being_killed_.insert(id);
}

std::size_t Incidents::living(event::IncidentId id) const
{
    auto at = incidents_.find(id);
    return at == incidents_.end() ? 0 : running_of(at->second).size();
}

std::vector<event::ClientAddress> Incidents::kept_out(event::IncidentId id) const
{
    auto const at = cut_.find(id);
    return at == cut_.end() ? std::vector<event::ClientAddress>{} : at->second;
}

// Or one that was kept out may come in again.
void Incidents::cut(event::Action const& done)
{
    auto const id = done.incident;
    auto& clients = cut_[id];
    std::erase(clients, *done.client);
    if (done.kind == ActionKind::cut)
        clients.push_back(*done.client);
    if (clients.empty())
        cut_.erase(id);
    if (done.kind != ActionKind::cut)
        return;
    for (auto const& session : done.processes | std::views::drop(1)) // the same user's from there
        parts_.verdict.join(id, session, wall_now());
    if (!contained_.contains(id)) // a person has released it meanwhile
        readmit(id, *done.client, "policy");
}

std::uint64_t Incidents::deeds(event::IncidentId id)
{
    record_progress(); // the verdict may know of more than we do
    auto at = incidents_.find(id);
    return at == incidents_.end() ? 0 : deeds_of(at->second);
}

bool Incidents::record_undo(event::IncidentId id, std::string const& by, std::string outcome, Whole whole,
    std::optional<std::uint64_t> deeds_before)
{
    event::Action action;
    action.incident = id;
    action.time = wall_now();
    action.kind = ActionKind::undo;
    action.by = by;
    action.outcome = std::move(outcome);
    parts_.batch.add(std::move(action));
    if (whole == Whole::no || deeds(id) != deeds_before)
        return false; // another undo takes back what is left
    auto const before = incidents_[id].state;
    if (!parts_.verdict.is_alive(id))
        parts_.verdict.close(id);
    else if (before != IncidentState::undone)
        undone_alive_[id] = before;
    change_state(id, IncidentState::undone);
    return true;
}

void Incidents::acted(event::Action action)
{
    auto const id = action.incident;
    auto const kind = action.kind;
    bool const has_failed = event::has_failed(action);
    bool const found_any = !action.processes.empty();
    if (!has_failed && action.client)
        cut(action);
    parts_.batch.add(std::move(action));
    if (kind == ActionKind::kill)
        being_killed_.erase(id);
    if (has_failed)
        return;
    bool const contains = kind == ActionKind::cut || (kind == ActionKind::freeze && found_any);
    if (contains && contained_.contains(id)) {
        if (incidents_[id].state != IncidentState::undone)
            change_state(id, IncidentState::contained);
    } else if (kind == ActionKind::hold && asked_.contains(id)) {
        if (incidents_[id].state != IncidentState::undone)
            change_state(id, IncidentState::held);
    } else if (kind == ActionKind::thaw) {
        auto const state = incidents_[id].state; // of one that is ended and undone nobody is let go
        if (found_any || (state != IncidentState::undone && state != IncidentState::stopped))
            change_state(id, IncidentState::released);
    } else if (kind == ActionKind::kill) {
        record_progress(); // the last it did, before it is forgotten
        parts_.verdict.close(id);
        contained_.erase(id);
        asked_.erase(id);
        if (incidents_[id].state != IncidentState::undone) // what it did is taken back already
            change_state(id, IncidentState::stopped);
    }
}

} // namespace tocsin::guard
