// SPDX-License-Identifier: Apache-2.0
// Naming the actor: the smallest set of processes that explains the damage.
#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "tocsin/verdict/verdict.h"

namespace tocsin::verdict {
namespace {

constexpr std::size_t most_objects_in_finding = 64;
constexpr std::size_t most_members = 65'536;
constexpr std::uint64_t workers_start_within_ticks = 50; // half a second

void add_counts(event::Incident& incident, Account const& account)
{
    incident.objects_created += account.created;
    incident.objects_changed += account.changed;
    incident.objects_deleted += account.deleted;
}

// The incident's reasons are the findings' sentences.
void give_reasons(event::Incident& incident, std::vector<event::Finding>& findings)
{
    for (auto& finding : findings) {
        finding.incident = incident.id;
        incident.reasons.push_back(finding.reason);
    }
}

event::Finding finding_of_errands(std::uint64_t files, event::IncidentId incident, WallTime now)
{
    event::Finding finding;
    finding.incident = incident;
    finding.time = now;
    finding.signal = "errands";
    finding.reason = fmt::format(
        "deleted {} {} before that as if it had been asked to", files, files == 1 ? "file" : "files");
    return finding;
}

} // namespace

bool Verdict::keeps_starting_destroyers(Node const& starter, WallTime now) const
{
    auto const& account = starter.account;
    bool const is_too_fast = account.condemned_too_late >= settings_.condemned_too_late_to_climb
        && now - account.too_late_at < settings_.too_late_within;
    return is_too_fast || account.condemned_below >= settings_.condemned_below_to_climb;
}

// Those it comes from. Neither a server nor who started it answers for what the server's clients do.
std::vector<Node*> Verdict::answering_for(Node const& top) const
{
    std::vector<Node*> starters;
    for (auto* above = tree_.above(top); above != nullptr; above = tree_.above(*above)) {
        if (has_a_child_for_each_client(above->process.executable))
            break;
        starters.push_back(above);
    }
    return starters;
}

// What was condemned, of which nobody runs any more, adds to what its starters answer for.
void Verdict::note_condemned(Node const& top, bool is_too_late, WallTime now) const
{
    for (auto* starter : answering_for(top)) {
        auto& account = starter->account;
        ++account.condemned_below;
        bool const follows = now - account.too_late_at < settings_.too_late_within;
        account.condemned_too_late = is_too_late ? (follows ? account.condemned_too_late : 0) + 1 : 0;
        if (is_too_late)
            account.too_late_at = now;
    }
}

event::Actor actor_of(event::Process const& process)
{
    event::Actor actor;
    actor.kind = process.key ? event::ActorKind::process_tree : event::ActorKind::unknown;
    actor.top = process.key;
    actor.command = process.command;
    actor.cgroup = process.cgroup;
    actor.user = "#" + std::to_string(process.uid);
    return actor;
}

Node* Verdict::lowest_above_threshold(Node& leaf, WallTime now) const
{
    if (leaf.incident)
        return nullptr;
    Node* lowest = nullptr;
    for (Node* node = &leaf; node != nullptr && !node->incident; node = tree_.above(*node)) {
        node->account.fade(now, settings_);
        if (lowest == nullptr && node->account.total(settings_) >= settings_.act)
            lowest = node;
        if (lowest != nullptr && node != lowest && keeps_starting_destroyers(*node, now))
            return node;
    }
    return lowest == nullptr ? nullptr : dominant_below(*lowest, now);
}

// Other children of the same starters that did strong damage too, one program after another.
std::vector<Node*> Verdict::with_accomplices(Node& top, WallTime now) const
{
    std::vector<Node*> tops{&top};
    for (auto* below = &top; auto* above = tree_.above(*below); below = above) {
        for (auto* child : above->charged) {
            if (child == below || child->incident)
                continue;
            child->account.fade(now, settings_);
            if (child->account.hard >= settings_.hard_of_an_accomplice)
                tops.push_back(child);
        }
    }
    return tops;
}

// A server is no actor where some of its clients are: those that did a fair share of it, each in a process of its own.
// None where it is no such server, or where so many did a little that only the server can be stopped.
std::vector<Node*> Verdict::sessions_of(Node& server, WallTime now) const
{
    std::vector<Node*> sessions;
    if (!has_a_child_for_each_client(server.process.executable))
        return sessions;
    for (auto* child : server.charged) {
        child->account.fade(now, settings_);
        bool const is_session = child->process.executable == server.process.executable && !child->incident;
        if (is_session && child->account.hard >= server.account.hard * settings_.share_to_be_named)
            sessions.push_back(child);
    }
    return sessions;
}

// Where one child did nearly all of it, that child is the actor: what else its starter's children
// did only made the sum full.
Node* Verdict::dominant_below(Node& node, WallTime now) const
{
    for (auto* child : node.charged) {
        child->account.fade(now, settings_);
        if (!child->incident && child->account.hard >= node.account.hard * settings_.share_that_dominates)
            return dominant_below(*child, now);
    }
    return &node;
}

// Points go to the lowest process that explains them, which may only have started the one that
// is at work; and of its children another may be the actor.
void Verdict::strike(event::ProcessKey doer, Node& top) const
{
    auto* node = tree_.find(doer);
    if (crossed_ && node != nullptr && tree_.descends(*node, top))
        crossed_(doer);
}

std::optional<Decision> Verdict::settle(event::ProcessKey doer, WallTime now, event::Version const* arriving)
{
    std::optional<Decision> decision;
    if (auto observed = ledger_.take_observed())
        decision = observe(*observed);
    if (!ledger_.touched())
        return decision;
    for (auto const& touch : ledger_.take_touched())
        if (auto* leaf = tree_.find(touch.who); leaf != nullptr) {
            if (auto* top = lowest_above_threshold(*leaf, now); top != nullptr) {
                auto tops = sessions_of(*top, now);
                if (tops.empty())
                    tops = with_accomplices(*top, now);
                auto hold = hold_for(tops, arriving);
                if (!hold)
                    for (auto* one : tops)
                        strike(doer, *one);
                return condemn(tops, std::move(hold), now);
            }
            if (suspected_ && touch.weight == Weight::hard && leaf->account.hard >= settings_.suspect)
                suspected_();
        }
    if (ledger_.whole_set().hard < settings_.act_on_set)
        return decision;
    // Nobody explains it alone: all who gave a fair share.
    std::map<Node*, double> shares;
    double sum = 0;
    for (auto const* charge : ledger_.uncondemned_charges()) {
        auto* top = tree_.find(charge->who);
        while (top != nullptr && tree_.above(*top) != nullptr)
            top = tree_.above(*top);
        if (top == nullptr || charge->weight != Weight::hard)
            continue;
        shares[top] += charge->points;
        sum += charge->points;
    }
    std::vector<Node*> tops;
    for (auto const& [top, points] : shares)
        if (points >= sum * settings_.share_to_be_named)
            tops.push_back(top);
    if (tops.empty())
        return decision;
    return condemn(tops, {}, now);
}

std::vector<event::Finding> Verdict::findings_of(std::span<Charge const* const> charges, WallTime now)
{
    std::map<SignalId, std::vector<Charge const*>> groups;
    for (auto const* charge : charges)
        groups[charge->signal].push_back(charge);
    std::vector<event::Finding> findings;
    for (auto& signal : signals_) {
        auto group = groups.find(signal->id());
        if (group == groups.end())
            continue;
        auto& all = group->second;
        // Where there is hard evidence, the sentence speaks of that alone.
        if (std::ranges::any_of(all, [](Charge const* c) { return c->weight == Weight::hard; }))
            std::erase_if(all, [](Charge const* c) { return c->weight != Weight::hard; });
        event::Finding finding;
        finding.time = now;
        finding.signal = name_of(signal->id());
        finding.reason = signal->reason(at(now), all);
        for (auto const* charge : all) {
            finding.points += charge->points;
            if (finding.objects.size() < most_objects_in_finding)
                finding.objects.push_back(charge->object);
        }
        findings.push_back(std::move(finding));
    }
    std::ranges::sort(findings, std::greater{}, &event::Finding::points);
    return findings;
}

std::uint64_t Verdict::take_in(Open& open, Node& top, WallTime now)
{
    open.tops.push_back(top.process.key);
    ledger_.settle(top, now);
    add_members(open, top);
    add_steps_before(open, top);
    return add_errands(open, top);
}

void Verdict::join(event::IncidentId id, event::ProcessKey process, WallTime now)
{
    auto found = open_.find(id);
    auto* node = tree_.find(process);
    if (found == open_.end() || node == nullptr || node->incident)
        return;
    auto& open = found->second;
    add_counts(open.incident, node->account);
    (void)take_in(open, *node, now);
    note_condemned(*node, false, now);
    open.has_changed = true;
}

// The top, and of its descendants those that took part, were born since the damage began or with
// the first that did any (workers start together), or ended since shortly before: the first copy
// is made before the first loss, by a process that is gone when the loss shows. Who still runs,
// was there before and gave no point is another program under the same starter.
void Verdict::add_members(Open& open, Node& top)
{
    auto const since = top.account.first_serial;
    auto const ended_since = open.incident.first_activity - settings_.before_first_charge;
    std::vector<Node*> rest{&top};
    while (!rest.empty()) {
        auto* node = rest.back();
        rest.pop_back();
        auto const& account = node->account;
        bool const born_together =
            node->process.key.start_ticks + workers_start_within_ticks >= top.account.first_start_ticks;
        bool const ended_within = node->ended_at != WallTime{} && node->ended_at >= ended_since;
        bool const belongs =
            node == &top || node->serial >= since || born_together || account.hard > 0 || ended_within;
        if (!belongs)
            continue;
        if (!node->incident) {
            node->incident = open.incident.id;
            add_member(open, *node);
        }
        rest.insert(rest.end(), node->children.begin(), node->children.end());
    }
}

// Like `git init` before `git clean`.
void Verdict::add_steps_before(Open& open, Node const& top)
{
    for (auto* step : tree_.steps_before(top)) {
        if (step->incident)
            continue;
        step->incident = open.incident.id;
        add_member(open, *step);
        add_counts(open.incident, step->account);
    }
}

// What its session deleted before as if that had been asked for was the attack's beginning. Who did it is not condemned
// for that: it may be a person's mail program in the same login.
std::uint64_t Verdict::add_errands(Open& open, Node const& top)
{
    auto& incident = open.incident;
    auto const began = incident.first_activity;
    std::uint64_t files = 0;
    for (auto const* past : past_errands_.before(top, began)) {
        auto errand = past->errand;
        errand.since = std::max(errand.since, began - settings_.sweep_memory);
        auto is_known = [&](event::ProcessKey process) {
            return std::ranges::find(incident.errands, process, &event::Errand::process)
                != incident.errands.end();
        };
        if (is_known(errand.process))
            continue;
        incident.errands.push_back(errand);
        for (auto const& step : past->steps)
            if (!is_known(step))
                incident.errands.push_back({step, errand.since, errand.since});
        files += past->files;
        bool const is_counted = open.members.contains(errand.process)
            || std::ranges::find(past->line, top.process.key) != past->line.end();
        incident.objects_deleted += is_counted ? 0 : past->files;
    }
    return files;
}

void Verdict::add_member(Open& open, Node const& node)
{
    if (open.members.size() < most_members && open.members.insert(node.process.key).second)
        open.incident.actor.processes.push_back(node.process.key);
}

// Born from a condemned process after it was condemned, and now seen at work.
void Verdict::note_member(Node const& who)
{
    auto found = open_.find(who.incident);
    if (found == open_.end() || found->second.members.contains(who.process.key))
        return;
    add_member(found->second, who);
    found->second.has_changed = true;
}

Decision Verdict::condemn(std::vector<Node*> const& tops, std::optional<Hold> hold, WallTime now)
{
    Open open;
    open.hold = std::move(hold);
    auto& incident = open.incident;
    incident.id = {next_incident_++};
    incident.opened = now;
    incident.state = open.hold ? event::IncidentState::held : event::IncidentState::contained;
    incident.first_activity = now;
    incident.last_activity = now;

    std::vector<Charge const*> charges;
    for (auto* top : tops) {
        auto const below = ledger_.charges_below(*top);
        charges.insert(charges.end(), below.begin(), below.end());
        auto const& account = top->account;
        incident.score += account.total(settings_) / settings_.act;
        add_counts(incident, account);
        if (account.first_damage != WallTime{})
            incident.first_activity = std::min(incident.first_activity, account.first_damage);
    }
    incident.score = std::max(incident.score, 1.0); // a dominant child may lack a trifle
    Decision decision;
    decision.findings = findings_of(charges, now);
    give_reasons(incident, decision.findings);
    for (auto const* charge : charges)
        open.signals |= 1U << static_cast<unsigned>(charge->signal);

    auto const& first =
        *std::ranges::max_element(tops, {}, [](Node const* top) { return top->account.hard; });
    incident.actor = actor_of(first->process);
    std::uint64_t by_errands = 0;
    for (auto* top : tops)
        by_errands += take_in(open, *top, now);
    if (by_errands > 0) {
        auto finding = finding_of_errands(by_errands, incident.id, now);
        incident.reasons.push_back(finding.reason);
        decision.findings.push_back(std::move(finding));
    }
    bool const is_too_late = std::ranges::none_of(incident.actor.processes, [this](auto const& member) {
        auto const* node = tree_.find(member);
        return node != nullptr && node->ended_at == WallTime{};
    });
    for (auto* top : tops)
        note_condemned(*top, is_too_late, now);
    for (auto const& member : incident.actor.processes)
        if (auto* node = tree_.find(member); node != nullptr)
            incident.bytes_exposed += node->account.bytes_opened;
    decision.incident = incident;
    open_.emplace(incident.id, std::move(open));
    return decision;
}

Decision Verdict::observe(Observed const& observed)
{
    auto const& charge = observed.charge;
    Open open;
    auto& incident = open.incident;
    incident.id = {next_incident_++};
    incident.opened = charge.time;
    incident.state = event::IncidentState::observed;
    incident.first_activity = charge.since == WallTime{} ? charge.time : charge.since;
    incident.last_activity = charge.time;
    auto const& process = tree_.ensure(charge.who).process;
    incident.actor = actor_of(process);
    incident.actor.processes = observed.by;
    incident.objects_changed = 1;
    Decision decision;
    auto const* one = &charge;
    decision.findings = findings_of(std::span(&one, 1), charge.time);
    give_reasons(incident, decision.findings);
    decision.incident = incident;
    open_.emplace(incident.id, std::move(open));
    return decision;
}

} // namespace tocsin::verdict
