// SPDX-License-Identifier: Apache-2.0
// Whom a person is asked about before anything is frozen, and when that is over.
//
// Who encrypts a private folder and shreds the originals does what a destroyer does, file by file. While it is a few
// files of one's own in one small folder, each with a copy beside it in a format that says what it is, nothing tells
// them apart: the opens of protected files wait, nothing is frozen. A destroyer goes on: by a deletion, a rename, or a
// truncation, which no open precedes, by files elsewhere, or by one file after another that it does not get. Then it
// is stopped.
#include <algorithm>
#include <fmt/format.h>

#include "tocsin/base/log.h"
#include "tocsin/verdict/verdict.h"

namespace tocsin::verdict {
namespace {

constexpr int generations = 64;
constexpr int names_looked_at = 4;
constexpr std::size_t longest_path = 200;

std::string_view name_in(std::string_view path)
{
    return path.substr(path.rfind('/') + 1);
}

// What it holds by now, also where that is only being told.
std::optional<Content> newest_content(catalog::Entry const& entry, event::Version const* arriving)
{
    if (arriving != nullptr && arriving->object == entry.id
        && arriving->occasion != event::Occasion::metadata)
        return content_of(*arriving);
    return entry.has_version ? std::optional(content_of(entry)) : std::nullopt;
}

} // namespace

// report.odt.gpg beside report.odt, made meanwhile.
bool Verdict::has_sealed_copy(Charge const& charge, event::Version const* arriving) const
{
    auto const* folder = catalog_.find(charge.folder);
    if (folder == nullptr || folder->directory == nullptr)
        return false;
    auto const name = std::string(name_in(charge.path)) + ".";
    auto const& names = folder->directory->by_name;
    auto link = names.lower_bound(name);
    for (int i = 0; i < names_looked_at && link != names.end() && link->name.starts_with(name); ++i, ++link) {
        auto const& object = *link->object;
        auto const content = newest_content(object, arriving);
        if (!object.origin.existed && content && event::is_ciphertext(content->facts.type))
            return true;
    }
    return false;
}

// An ansible vault stands where it stood: whose password opens it is told by who has the playbooks.
bool Verdict::is_sealed_by_purpose(Charge const& charge, event::Version const* arriving) const
{
    auto const* link = catalog_.link_at({charge.folder, std::string(name_in(charge.path))});
    auto const content = link == nullptr ? std::optional<Content>() : newest_content(*link->object, arriving);
    return content && says_its_purpose(*content);
}

std::optional<Verdict::Hold> Verdict::hold_for(
    std::span<Node* const> tops, event::Version const* arriving) const
{
    if (tops.size() != 1)
        return {};
    auto const& top = *tops.front();
    auto const* above = &top;
    for (int i = 0; i < generations && above != nullptr; ++i, above = tree_.above(*above))
        if (has_a_child_for_each_client(above->process.executable))
            return {}; // nobody sits before it
    Hold hold;
    std::unordered_set<event::ObjectId> vaults;
    std::unordered_set<event::ObjectId> others; // neither a vault nor with a copy
    for (auto const* charge : ledger_.charges_below(top)) {
        if (charge->weight != Weight::hard)
            continue;
        auto const* object = catalog_.find(charge->object);
        bool const is_own = object != nullptr && object->uid == top.process.uid;
        bool const is_there = !hold.folder || hold.folder == charge->folder;
        if (!is_own || !is_there)
            return {};
        hold.folder = charge->folder;
        hold.objects.insert(charge->object);
        if (is_sealed_by_purpose(*charge, arriving))
            vaults.insert(charge->object);
        else if (!has_sealed_copy(*charge, arriving))
            others.insert(charge->object);
    }
    std::erase_if(others, [&](auto const& object) { return vaults.contains(object); });
    bool const is_at_one =
        others.size() == 1 && !vaults.empty(); // shredded, and its vault is not written yet
    auto const* folder = catalog_.find(hold.folder);
    if (folder == nullptr || (!others.empty() && !is_at_one)
        || hold.objects.size() - vaults.size() > settings_.held_files)
        return {};
    auto const share =
        static_cast<double>(catalog_.counts(folder->root).objects) * settings_.share_of_errands;
    auto const most = std::max(static_cast<double>(settings_.held_folder), share);
    auto const files = catalog_.files_below(folder->id, static_cast<std::uint64_t>(most) + 1);
    return static_cast<double>(files) <= most ? std::optional(std::move(hold)) : std::nullopt;
}

// It had opened the file before it was held.
bool Verdict::was_at_it(Hold const& hold, event::IncidentId incident, event::ObjectId object) const
{
    auto const* read = reads_.last(object);
    auto const* reader = read == nullptr ? nullptr : tree_.find(read->by);
    return reader != nullptr && reader->incident == incident && !hold.refused.contains(object);
}

std::optional<Decision> Verdict::watch_held(Node& who, event::Activity const& activity)
{
    auto const found = who.incident ? open_.find(who.incident) : open_.end();
    if (found == open_.end() || !found->second.hold)
        return {};
    for (auto const object : {activity.object, activity.displaced})
        if (auto decision = watch_held(found->second, who, activity, object))
            return decision;
    return {};
}

std::optional<Decision> Verdict::watch_held(
    Open& open, Node& who, event::Activity const& activity, event::ObjectId object)
{
    using enum event::ActivityKind;
    auto const* entry = catalog_.find(object);
    if (entry == nullptr || entry->kind != event::ObjectKind::regular)
        return {};
    auto& hold = *open.hold;
    bool const is_of_others = provenance_.worth(*entry, who, activity.time) > 0;
    if (hold.objects.contains(entry->id) || !is_of_others)
        return {}; // what it was at when it was held, and what it makes itself
    bool const is_named = object == activity.object && !activity.path.empty();
    auto const path = printable(is_named ? activity.path : catalog_.path_of(entry->id), longest_path);
    bool const is_change = activity.kind != opened && activity.kind != linked;
    if (is_change && !hold.has_ended_one && was_at_it(hold, who.incident, entry->id)) {
        hold.has_ended_one = true;
        hold.objects.insert(entry->id);
        return {};
    }
    if (is_change)
        return escalate(open, fmt::format("went on while it was held, with '{}'", path), activity.time);
    if (activity.kind != opened)
        return {};
    hold.refused.insert(entry->id);
    bool const is_elsewhere =
        entry->names == nullptr || entry->names->parent == nullptr || entry->names->parent->id != hold.folder;
    if (is_elsewhere)
        return escalate(
            open, fmt::format("asked for files elsewhere while it was held: '{}'", path), activity.time);
    if (hold.refused.size() >= settings_.held_refusals)
        return escalate(open,
            fmt::format("asked for {} further files while it was held", hold.refused.size()), activity.time);
    return {};
}

Decision Verdict::escalate(Open& open, std::string sentence, WallTime now)
{
    open.hold.reset();
    open.incident.state = event::IncidentState::contained;
    open.incident.reasons.push_back(sentence);
    event::Finding finding;
    finding.incident = open.incident.id;
    finding.time = now;
    finding.signal = "hold";
    finding.reason = std::move(sentence);
    return {open.incident, {std::move(finding)}};
}

} // namespace tocsin::verdict
