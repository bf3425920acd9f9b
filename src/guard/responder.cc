// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/responder.h"

#include <algorithm>
#include <fmt/format.h>
#include <pthread.h>

#include "tocsin/base/log.h"
#include "tocsin/event/restraint.h"
#include "tocsin/respond/client_filter.h"
#include "tocsin/sensor/process_table.h"

namespace tocsin::guard {
namespace {

constexpr std::size_t tasks_at_most = 10'000;
constexpr std::size_t sessions_at_most = 64; // of an incident, which are cut
constexpr std::size_t taken_down_at_most = 4'096;
constexpr std::size_t looked_above_at_once = 64; // whose parents are noted in the deciding thread
constexpr std::size_t ending_at_most = 4'096;

std::vector<pid_t> pids_of(std::span<event::ProcessKey const> processes)
{
    std::vector<pid_t> out;
    for (auto const& process : processes) {
        if (process)
            out.push_back(process.pid);
    }
    return out;
}

} // namespace

Result<std::unique_ptr<Responder>> Responder::create(respond::Policy policy, respond::NeverCut never_cut)
{
    auto quick = TRY(respond::Freezer::create()); // for the few that it knows
    auto table = TRY(sensor::open_process_table());
    auto thorough = TRY(respond::Freezer::create(std::move(table)));
    auto proc = TRY(proc::ProcDir::open());
    return std::unique_ptr<Responder>(
        new Responder(policy, std::move(never_cut), std::move(quick), std::move(thorough), std::move(proc)));
}

Responder::Responder(respond::Policy policy, respond::NeverCut never_cut, respond::Freezer quick,
    respond::Freezer thorough, proc::ProcDir proc)
    : policy_(policy)
    , never_cut_(std::move(never_cut))
    , quick_(std::move(quick))
    , thorough_(std::move(thorough))
    , parents_(std::move(proc))
    , tasks_(tasks_at_most)
{
}

Responder::~Responder()
{
    stop();
}

void Responder::stop()
{
    tasks_.close();
    if (thread_.joinable())
        thread_.join();
}

void Responder::deny(std::span<event::ProcessKey const> processes)
{
    keeper_->deny(pids_of(processes));
    denial_->condemn(processes);
}

void Responder::allow(std::span<event::ProcessKey const> processes)
{
    keeper_->allow(pids_of(processes));
    denial_->pardon(processes);
}

// Their numbers may be others' by now. Whom they made is denied on.
void Responder::forget(std::span<event::ProcessKey const> gone)
{
    keeper_->allow(pids_of(gone));
    denial_->ended(gone);
}

void Responder::connect(Keeper& keeper, Denial& denial, Done done, Found found)
{
    keeper_ = &keeper;
    denial_ = &denial;
    done_ = std::move(done);
    found_ = std::move(found);
    thread_ = std::jthread([this] { run(); });
}

void Responder::halt(event::ProcessKey process)
{
    if (policy_ == respond::Policy::observe)
        return;
    (void)quick_.freeze_now(std::span(&process, 1));
    parents_.froze(std::span(&process, 1)); // at once: its parent may stop itself for it
    deny(std::span(&process, 1));
}

void Responder::contain(event::IncidentId id, std::span<event::ProcessKey const> running,
    std::vector<event::ProcessKey> processes)
{
    (void)quick_.freeze_now(running);
    parents_.froze(running.first(std::min(running.size(), looked_above_at_once)));
    deny(running);
    (void)tasks_.put(Deed{event::ActionKind::freeze, id, std::move(processes), "policy"});
}

void Responder::hold(event::IncidentId id, std::span<event::ProcessKey const> running)
{
    keeper_->ask(pids_of(running));
    (void)tasks_.put(Deed{event::ActionKind::hold, id, {running.begin(), running.end()}, "policy"});
}

void Responder::hold_child(event::ProcessKey process)
{
    keeper_->ask(pids_of(std::span(&process, 1)));
}

void Responder::contain_child(event::ProcessKey process)
{
    (void)quick_.freeze_now(std::span(&process, 1));
    deny(std::span(&process, 1));
}

bool Responder::stop_again(event::ProcessKey process)
{
    {
        std::lock_guard lock(ending_mutex_);
        if (ending_.contains(process))
            return false;
    }
    return quick_.stop_if_continued(process);
}

void Responder::contain_again(event::IncidentId id, event::ProcessKey went_on,
    std::span<event::ProcessKey const> running, std::vector<event::ProcessKey> processes)
{
    (void)quick_.freeze_now(running);
    (void)tasks_.put(Deed{event::ActionKind::freeze, id, std::move(processes), "policy", went_on});
}

void Responder::ended(pid_t process)
{
    keeper_->allow(std::span(&process, 1));
}

Result<void> Responder::has_room() const
{
    if (tasks_.size() < tasks_at_most)
        return {};
    return Error(Errc::again, "what was asked for before is still being carried out; ask again");
}

void Responder::release(event::IncidentId id, std::vector<event::ProcessKey> processes, std::string by)
{
    allow(processes);
    (void)tasks_.put(Deed{event::ActionKind::thaw, id, std::move(processes), std::move(by)});
}

bool Responder::kill(event::IncidentId id, std::vector<event::ProcessKey> processes, std::string by)
{
    return tasks_.put(Deed{event::ActionKind::kill, id, std::move(processes), std::move(by)})
        == Put::accepted;
}

void Responder::run()
{
    ::pthread_setname_np(::pthread_self(), "responder");
    while (auto task = tasks_.take())
        std::visit([this](auto const& wanted) { carry_out(wanted); }, *task);
}

void Responder::look_for_client(event::IncidentId id, std::vector<event::ProcessKey> line,
    std::vector<event::ProcessKey> processes, OnceFound then)
{
    (void)tasks_.put(Search{id, std::move(line), std::move(processes), then});
}

void Responder::readmit(event::IncidentId id, event::ClientAddress client, std::string by)
{
    (void)tasks_.put(Readmission{id, std::move(client), std::move(by)});
}

void Responder::renew_cut(event::ClientAddress client)
{
    (void)tasks_.put(Renewal{std::move(client)});
}

void Responder::carry_out(Renewal const& renewal)
{
    auto done = respond::keep_out(renewal.client);
    if (!done.ok() && done.error().code() != Errc::not_found) // else its network is gone, and the way with it
        log_line(Severity::error,
            fmt::format("{} is not kept out of port {} any more: {}", renewal.client.address,
                renewal.client.port, done.error().message()));
}

void Responder::carry_out(Search const& search)
{
    auto const client = client_of(search.line);
    if (!client)
        return;
    found_(search.id, *client);
    if (search.then != OnceFound::cut)
        return;
    cut(search.id, *client);
    auto const others =
        std::span(search.processes).first(std::min(search.processes.size(), sessions_at_most));
    for (auto const& process : others) {
        if (process == client->server)
            continue;
        if (auto const other = client_of(std::span(&process, 1)))
            cut(search.id, *other);
    }
}

// Of whom an earlier cut has taken the connection no connection tells any more.
std::optional<sensor::RemoteClient> Responder::client_of(std::span<event::ProcessKey const> line) const
{
    if (auto connected = sensor::remote_client_of(line))
        return connected;
    for (auto const& process : line)
        if (auto const at = taken_down_.find(process); at != taken_down_.end())
            return at->second;
    return {};
}

void Responder::note_ending(event::ProcessKey process)
{
    std::lock_guard lock(ending_mutex_);
    if (ending_.size() >= ending_at_most)
        ending_.clear(); // nearly all of them have ended
    ending_.insert(process);
}

void Responder::note_taken_down(
    event::ClientAddress const& client, std::span<respond::Session const> sessions)
{
    if (taken_down_.size() + sessions.size() > taken_down_at_most)
        taken_down_.clear(); // nearly all of them have ended
    for (auto const& session : sessions)
        taken_down_.emplace(session.process, sensor::RemoteClient{client, session.process, session.user});
}

void Responder::cut(event::IncidentId id, sensor::RemoteClient const& client)
{
    auto outcome = never_cut_.holds(client.at.address)
        ? Error(Errc::denied, client.at.address + " is never cut off; its session stays frozen")
        : respond::cut_off(client.at, client.server, client.uid,
              [this](event::ProcessKey process) { note_ending(process); });
    event::Action action;
    action.incident = id;
    action.kind = event::ActionKind::cut;
    action.by = "policy";
    action.processes = {client.server}; // the one that was found comes first
    action.client = client.at;
    if (outcome.ok()) {
        auto done = outcome.take();
        forget(done.ended);
        action.processes.insert(action.processes.end(), done.of_user.begin(), done.of_user.end());
        note_taken_down(client.at, done.other_sessions);
        action.outcome = std::move(done.how);
    } else {
        action.outcome = event::outcome_of_failure(outcome.error().message());
    }
    tell(std::move(action));
}

void Responder::carry_out(Readmission const& readmission)
{
    auto outcome = respond::admit(readmission.client);
    event::Action action;
    action.incident = readmission.id;
    action.kind = event::ActionKind::readmit;
    action.by = readmission.by;
    action.client = readmission.client;
    auto const& [address, port, network] = readmission.client;
    if (!outcome.ok())
        action.outcome = event::outcome_of_failure(outcome.error().message());
    else if (outcome.take() == respond::Admitted::yes)
        action.outcome = fmt::format("{} may use port {} again", address, port);
    else
        action.outcome = fmt::format("{} was not kept out of port {} any more", address, port);
    tell(std::move(action));
}

void Responder::carry_out(Bell const& bell)
{
    bell->set_value();
}

bool Responder::wait_until_done(std::chrono::seconds at_most)
{
    auto bell = std::make_shared<std::promise<void>>();
    auto rung = bell->get_future();
    return tasks_.put(bell) == Put::accepted && rung.wait_for(at_most) == std::future_status::ready;
}

void Responder::carry_out(Deed const& deed)
{
    switch (deed.kind) {
    case event::ActionKind::freeze: {
        auto outcome = thorough_.freeze(deed.processes);
        if (outcome.ok()) {
            auto done = outcome.take();
            forget(done.gone);
            parents_.froze(done.frozen);
            deny(done.frozen); // those that it found besides
            if (deed.went_on)
                done.how = fmt::format("process {} went on; {} again", deed.went_on.pid, done.how);
            tell(deed, event::ActionKind::freeze, std::move(done));
        } else {
            tell(deed, event::ActionKind::freeze, outcome.take_error());
        }
        break;
    }
    case event::ActionKind::hold: {
        respond::Freezer::Outcome outcome;
        outcome.frozen = deed.processes;
        outcome.how =
            fmt::format("opens of protected files by {} processes, and by what they start, wait for a person",
                deed.processes.size());
        tell(deed, event::ActionKind::hold, std::move(outcome));
        break;
    }
    case event::ActionKind::thaw:
        finish(deed, thorough_.thaw(deed.processes));
        break;
    case event::ActionKind::kill:
        finish(deed, thorough_.kill(deed.processes));
        break;
    default:
        break;
    }
}

// Neither the actor's processes nor their children, nor whoever gets their numbers next, are
// denied any longer.
void Responder::finish(Deed const& deed, Result<respond::Freezer::Outcome> outcome)
{
    allow(deed.processes);
    if (!outcome.ok())
        return tell(deed, deed.kind, outcome.take_error());
    auto done = outcome.take();
    for (auto const* list : {&done.frozen, &done.gone, &done.left})
        allow(*list);
    auto over = deed.processes;
    for (auto const* list : {&done.frozen, &done.gone})
        over.insert(over.end(), list->begin(), list->end());
    for (auto const& process : done.left)
        std::erase(over, process);
    if (auto const continued = parents_.let_go(over); !continued.empty())
        done.how += fmt::format(
            ", and SIGCONT to {}, which had stopped because of that", fmt::join(pids_of(continued), " and "));
    tell(deed, deed.kind, std::move(done));
}

void Responder::tell(Deed const& deed, event::ActionKind kind, Result<respond::Freezer::Outcome> outcome)
{
    event::Action action;
    action.incident = deed.id;
    action.kind = kind;
    action.by = deed.by;
    if (outcome.ok()) {
        auto done = outcome.take();
        action.processes = std::move(done.frozen);
        action.outcome = std::move(done.how);
    } else {
        action.processes = deed.processes;
        action.outcome = event::outcome_of_failure(outcome.error().message());
    }
    tell(std::move(action));
}

void Responder::tell(event::Action action)
{
    action.time = wall_now();
    log_line(Severity::warning,
        fmt::format("incident {}: {} by {}: {}", action.incident.value, name_of(action.kind), action.by,
            action.outcome));
    done_(std::move(action));
}

} // namespace tocsin::guard
