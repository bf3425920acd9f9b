// SPDX-License-Identifier: Apache-2.0
// undo/testing/fake_journal.h -- a journal in memory, for the tests of undo only.
//
// Answers as docs of journal/journal.h say; nothing is chained or durable.
#pragma once

#include <algorithm>
#include <map>

#include "tocsin/journal/journal.h"

namespace tocsin::undo {

class FakeJournal : public journal::Journal {
public:
    Result<void> append(std::span<event::Record> records) override
    {
        for (auto& record : records) {
            ++last_;
            if (auto* version = std::get_if<event::Version>(&record)) {
                version->id = {last_};
                versions_of_[version->object].push_back(*version);
                know(version->object, version->key, version->kind(), version->root);
            } else if (auto* activity = std::get_if<event::Activity>(&record)) {
                activity->id = {last_};
                apply(*activity);
            } else if (auto* root = std::get_if<event::RootChange>(&record))
                roots_[root->root] = *root;
            else if (auto* incident = std::get_if<event::Incident>(&record))
                incidents_[incident->id] = *incident;
            else if (auto* process = std::get_if<event::Process>(&record)) {
                std::erase_if(processes_, [&](auto const& known) { return known.key == process->key; });
                processes_.push_back(*process);
            } else if (auto* action = std::get_if<event::Action>(&record))
                actions_.push_back(*action);
        }
        return {};
    }

    Result<std::vector<event::RootChange>> roots() override
    {
        std::vector<event::RootChange> out;
        for (auto const& [root, change] : roots_)
            out.push_back(change);
        return out;
    }
    Result<std::vector<event::GuardChange>> guard_changes() override
    {
        return std::vector<event::GuardChange>{};
    }

    Result<void> for_each_current(
        event::RootId root, std::function<Result<void>(journal::CurrentObject const&)> visit) override
    {
        for (auto const& [object, known] : objects_) {
            auto found = TRY(current(object));
            if (found && !found->places.empty() && (!root || found->root == root))
                TRY(visit(*found));
        }
        return {};
    }

    Result<std::optional<journal::CurrentObject>> current(event::ObjectId object) override
    {
        auto known = objects_.find(object);
        if (known == objects_.end())
            return std::optional<journal::CurrentObject>{};
        auto out = known->second;
        out.object = object;
        auto versions = versions_of_.find(object);
        if (versions != versions_of_.end())
            out.version = versions->second.back();
        for (auto const& [place, owner] : places_)
            if (owner == object && places_by_object_[object] > 0)
                out.places.push_back(place);
        return std::optional(out);
    }

    Result<std::optional<event::ObjectId>> object_at(event::Place const& place) override
    {
        auto at = places_.find(place);
        return at == places_.end() ? std::optional<event::ObjectId>{} : std::optional(at->second);
    }

    Result<std::vector<event::Version>> versions_of(event::ObjectId object) override
    {
        auto at = versions_of_.find(object);
        return at == versions_of_.end() ? std::vector<event::Version>{} : at->second;
    }
    Result<std::vector<event::Version>> versions_at(std::string const& path) override
    {
        return where([&](event::Version const& v) { return v.path == path; });
    }
    Result<std::optional<event::Version>> version(event::VersionId id) override
    {
        auto found = where([&](event::Version const& v) { return v.id == id; });
        return found.empty() ? std::optional<event::Version>{} : std::optional(found.front());
    }
    Result<void> for_each_version(std::function<Result<void>(event::Version const&)> visit) override
    {
        for (auto const& v : where([](event::Version const&) { return true; }))
            TRY(visit(v));
        return {};
    }

    Result<std::vector<event::Activity>> activities_by(
        std::span<event::ProcessKey const> processes, WallTime from) override
    {
        std::vector<event::Activity> out;
        for (auto const& a : activities_)
            if (a.time >= from && std::ranges::find(processes, a.process) != processes.end())
                out.push_back(a);
        return out;
    }
    Result<std::vector<event::Activity>> activities_on(event::ObjectId object) override
    {
        return listed(on_object_[object]);
    }
    Result<std::vector<event::Activity>> activities_in(event::ObjectId directory) override
    {
        return listed(in_directory_[directory]);
    }

    Result<std::optional<event::Process>> process(event::ProcessKey key) override
    {
        auto at = std::ranges::find(processes_, key, &event::Process::key);
        return at == processes_.end() ? std::optional<event::Process>{} : std::optional(*at);
    }
    Result<std::vector<event::Process>> processes_since(std::uint64_t start_ticks) override
    {
        auto out = processes_;
        std::erase_if(out, [&](auto const& process) { return process.key.start_ticks < start_ticks; });
        return out;
    }
    Result<std::vector<event::Incident>> incidents() override
    {
        std::vector<event::Incident> out;
        for (auto const& [id, incident] : incidents_)
            out.push_back(incident);
        return out;
    }
    Result<std::optional<event::Incident>> incident(event::IncidentId id) override
    {
        auto at = incidents_.find(id);
        return at == incidents_.end() ? std::optional<event::Incident>{} : std::optional(at->second);
    }
    Result<std::vector<event::Finding>> findings_of(event::IncidentId) override
    {
        return std::vector<event::Finding>{};
    }
    Result<std::vector<event::Action>> actions_of(event::IncidentId id) override
    {
        auto out = actions_;
        std::erase_if(out, [&](auto const& action) { return action.incident != id; });
        return out;
    }
    Result<std::vector<event::Executable>> executables_of(event::IncidentId) override
    {
        return std::vector<event::Executable>{};
    }
    Result<std::vector<event::Exposure>> exposures_of(event::IncidentId) override
    {
        return std::vector<event::Exposure>{};
    }
    Result<Totals> totals() override { return Totals{}; }
    Result<Growth> growth(WallTime) override { return Growth{}; }
    Result<void> verify() override { return {}; }
    Result<void> copy_to(std::string const&) override
    {
        return Error(Errc::unsupported, "a journal in memory has no file");
    }

private:
    void know(event::ObjectId object, event::ObjectKey const& key, event::ObjectKind kind, event::RootId root)
    {
        auto& known = objects_[object];
        if (!key.handle.bytes.empty())
            known.key = key;
        if (kind != event::ObjectKind::other)
            known.kind = kind;
        if (root)
            known.root = root;
    }

    void give(event::Place const& place, event::ObjectId object)
    {
        take(place, {});
        places_[place] = object;
        ++places_by_object_[object];
    }
    void take(event::Place const& place, event::ObjectId only)
    {
        auto at = places_.find(place);
        if (at == places_.end() || (only && at->second != only))
            return;
        --places_by_object_[at->second];
        places_.erase(at);
    }

    void apply(event::Activity const& a)
    {
        auto index = activities_.size();
        activities_.push_back(a);
        on_object_[a.object].push_back(index);
        know(a.object, a.key, a.object_kind, a.root);
        auto const* taken = event::place_taken(a);
        auto const* given = event::place_given(a);
        if (taken != nullptr) {
            in_directory_[taken->parent].push_back(index);
            take(*taken, a.object);
        }
        if (given != nullptr) {
            if (taken == nullptr || taken->parent != given->parent)
                in_directory_[given->parent].push_back(index);
            give(*given, a.object);
        }
    }

    std::vector<event::Activity> listed(std::vector<std::size_t> const& indices) const
    {
        std::vector<event::Activity> out;
        for (auto i : indices)
            out.push_back(activities_[i]);
        return out;
    }

    template <typename Test>
    std::vector<event::Version> where(Test test) const
    {
        std::vector<event::Version> out;
        for (auto const& [object, versions] : versions_of_)
            std::ranges::copy_if(versions, std::back_inserter(out), test);
        std::ranges::sort(out, {}, &event::Version::id);
        return out;
    }

    std::int64_t last_ = 0;
    std::vector<event::Process> processes_;
    std::vector<event::Action> actions_;
    std::map<event::RootId, event::RootChange> roots_;
    std::vector<event::Activity> activities_;
    std::map<event::ObjectId, std::vector<event::Version>> versions_of_;
    std::map<event::ObjectId, journal::CurrentObject> objects_;
    std::map<event::Place, event::ObjectId> places_;
    std::map<event::ObjectId, int> places_by_object_;
    std::map<event::ObjectId, std::vector<std::size_t>> on_object_;
    std::map<event::ObjectId, std::vector<std::size_t>> in_directory_;
    std::map<event::IncidentId, event::Incident> incidents_;
};

} // namespace tocsin::undo
