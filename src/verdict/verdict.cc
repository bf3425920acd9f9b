// SPDX-License-Identifier: Apache-2.0
#include "tocsin/verdict/verdict.h"

#include <algorithm>

#include "tocsin/verdict/signals/archive_and_delete.h"
#include "tocsin/verdict/signals/copy_and_delete.h"
#include "tocsin/verdict/signals/displacement.h"
#include "tocsin/verdict/signals/emptied.h"
#include "tocsin/verdict/signals/exchange.h"
#include "tocsin/verdict/signals/folder_rename.h"
#include "tocsin/verdict/signals/notes.h"
#include "tocsin/verdict/signals/overwrite.h"
#include "tocsin/verdict/signals/renames.h"
#include "tocsin/verdict/signals/rights.h"
#include "tocsin/verdict/signals/same_content.h"
#include "tocsin/verdict/signals/sweep.h"

namespace tocsin::verdict {
namespace {

constexpr std::size_t places_remembered = 4'096;

// The narrower evidence is asked first: a loss counts once.
std::vector<std::unique_ptr<Signal>> all_signals()
{
    std::vector<std::unique_ptr<Signal>> signals;
    signals.push_back(std::make_unique<SameContent>()); // both look at successions and leave them to others
    signals.push_back(std::make_unique<Exchange>());
    signals.push_back(std::make_unique<Overwrite>());
    signals.push_back(std::make_unique<Displacement>());
    signals.push_back(std::make_unique<CopyAndDelete>());
    signals.push_back(std::make_unique<ArchiveAndDelete>());
    signals.push_back(std::make_unique<Emptied>());
    signals.push_back(std::make_unique<Sweep>());
    signals.push_back(std::make_unique<Rights>());
    signals.push_back(std::make_unique<Renames>());
    signals.push_back(std::make_unique<Notes>());
    signals.push_back(std::make_unique<FolderRename>());
    return signals;
}

} // namespace

Verdict::Verdict(catalog::Catalog const& catalog, ProcessTree& tree, Settings settings)
    : catalog_(catalog)
    , tree_(tree)
    , settings_(settings)
    , ledger_(tree, settings_)
    , provenance_(catalog, tree, settings_)
    , past_errands_(tree, settings_)
    , signals_(all_signals())
    , lost_(places_remembered)
    , left_(places_remembered)
    , moved_(places_remembered)
{
}

Verdict::~Verdict() = default;

Case Verdict::at(WallTime now)
{
    return {catalog_, tree_, ledger_, reads_, provenance_, past_errands_, private_files_, young_files_,
        settings_, now};
}

void Verdict::count(Node& who, event::Activity const& activity)
{
    using enum event::ActivityKind;
    auto counter = [&](auto& counts) -> std::uint64_t* {
        switch (activity.kind) {
        case created:
        case linked:
            return &counts.created;
        case deleted:
            return &counts.deleted;
        case closed:
        case renamed:
        case attributes:
            return &counts.changed;
        case seen:
        case opened:
        case changed:
            return nullptr;
        }
        return nullptr;
    };
    bool const is_change = activity.kind == closed || activity.kind == renamed || activity.kind == attributes;
    if (is_change && std::exchange(who.account.last_changed, activity.object) == activity.object)
        return; // objects are counted, not what is done to each: shred renames one sixteen times
    for (Node* node = &who; node != nullptr; node = tree_.above(*node))
        if (auto* value = counter(node->account); value != nullptr)
            ++*value;
    if (!who.incident)
        return;
    auto found = open_.find(who.incident);
    if (found == open_.end())
        return;
    auto& incident = found->second.incident;
    incident.last_activity = activity.time;
    incident.objects_created += activity.kind == created || activity.kind == linked ? 1 : 0;
    incident.objects_deleted += activity.kind == deleted ? 1 : 0;
    incident.objects_changed += is_change ? 1 : 0;
    found->second.has_changed = true;
}

void Verdict::note_open(Node& who, event::Activity const& opened)
{
    if (!reads_.note(opened))
        return;
    auto const* entry = catalog_.find(opened.object);
    if (entry == nullptr || entry->kind != event::ObjectKind::regular)
        return;
    ++who.account.objects_opened;
    who.account.bytes_opened += entry->size;
    if (!who.incident)
        return;
    if (auto found = open_.find(who.incident); found != open_.end()) {
        found->second.incident.bytes_exposed += entry->size;
        found->second.has_changed = true;
    }
}

std::optional<Decision> Verdict::consider(event::Activity const& activity)
{
    using enum event::ActivityKind;
    if (activity.kind == seen)
        return {};
    auto& who = tree_.ensure(activity.process);
    if (activity.kind == opened) {
        note_open(who, activity);
        return watch_held(who, activity);
    }
    count(who, activity);
    if (who.incident) {
        note_member(who);
        return watch_held(who, activity);
    }
    auto const now = at(activity.time);
    for (auto& signal : signals_)
        signal->on_activity(now, activity);
    private_files_.note(catalog_, activity);
    young_files_.note(catalog_, activity);
    switch (activity.kind) {
    case created:
        provenance_.note_created(activity);
        on_named(now, activity, activity.place);
        break;
    case linked:
        on_named(now, activity, activity.place);
        break;
    case renamed:
        on_renamed(now, activity);
        break;
    case deleted:
        on_deleted(now, activity);
        break;
    case changed:
        note_filling(activity);
        break;
    case seen:
    case opened:
    case closed:
    case attributes:
        break;
    }
    return settle(activity.process, activity.time, nullptr);
}

void Verdict::note_found(event::Activity const& found)
{
    if (found.object_kind != event::ObjectKind::directory)
        young_files_.made(found.root, found.time);
}

std::optional<Decision> Verdict::consider(event::Version const& version)
{
    using enum event::Occasion;
    if (version.occasion == walk || version.occasion == absence || version.occasion == undo)
        return {};
    auto& who = tree_.ensure(version.writer);
    auto const now = at(version.time);
    if (who.incident)
        note_member(who);
    else
        for (auto& signal : signals_)
            signal->on_version(now, version);
    if (version.occasion != metadata)
        on_content(now, version);
    return settle(version.writer, version.time, &version);
}

event::IncidentId Verdict::incident_of(event::ProcessKey process) const
{
    auto* node = tree_.find(process);
    return node == nullptr ? event::IncidentId{} : node->incident;
}

void Verdict::resume(event::Incident const& incident)
{
    if (open_.contains(incident.id))
        return;
    Open open;
    open.incident = incident;
    open.signals = ~0U;
    if (incident.state == event::IncidentState::held)
        open.hold = Hold(); // what it may go on with is not known any more: nothing
    for (auto const& key : incident.actor.processes) {
        open.members.insert(key);
        auto* node = tree_.find(key);
        if (node == nullptr || node->ended_at != WallTime{})
            continue; // what it had started on the way is not the actor for that
        open.tops.push_back(key);
        for (auto const& below : tree_.subtree(key))
            if (auto& member = tree_.ensure(below); !member.incident)
                member.incident = incident.id;
    }
    open_.emplace(incident.id, std::move(open));
}

void Verdict::release(event::IncidentId id)
{
    auto found = open_.find(id);
    if (found == open_.end())
        return;
    auto& open = found->second;
    for (auto const& key : open.tops)
        for (auto const& member : tree_.subtree(key)) {
            auto* node = tree_.find(member);
            if (node == nullptr || node->incident != id)
                continue;
            node->incident = {};
            node->pardoned |= open.signals;
            node->account.hard = 0;
            node->account.soft = 0;
            node->account.first_damage = {};
        }
    for (auto const& key : open.tops)
        if (auto* top = tree_.find(key); top != nullptr)
            for (auto* starter : answering_for(*top))
                starter->account.condemned_below -= starter->account.condemned_below > 0 ? 1 : 0;
    past_errands_.forget(open.incident.errands);
    open.incident.state = event::IncidentState::released;
    open.hold.reset();
    open.has_changed = true;
}

bool Verdict::is_alive(event::IncidentId id) const
{
    auto found = open_.find(id);
    if (found == open_.end())
        return false;
    return std::ranges::any_of(found->second.tops, [&](auto const& top) {
        return std::ranges::any_of(tree_.subtree(top), [&](auto const& key) {
            auto const* node = tree_.find(key);
            return node != nullptr && node->incident == id && node->ended_at == WallTime{};
        });
    });
}

void Verdict::close(event::IncidentId id)
{
    open_.erase(id);
}

std::vector<event::Incident> Verdict::take_changed()
{
    std::vector<event::Incident> out;
    for (auto& [id, open] : open_)
        if (std::exchange(open.has_changed, false))
            out.push_back(open.incident);
    std::ranges::sort(out, {}, &event::Incident::id);
    return out;
}

} // namespace tocsin::verdict
