// SPDX-License-Identifier: Apache-2.0
// journal/sqlite_journal.h -- the one implementation of Journal; nobody outside the module includes it.
#pragma once

#include "tocsin/journal/index.h"
#include "tocsin/journal/journal.h"

namespace tocsin::journal {

class SqliteJournal final : public Journal {
public:
    explicit SqliteJournal(Database database) : database_(std::move(database)) { }

    Result<void> append(std::span<event::Record> records) override;
    std::uint64_t left_out() const override { return left_out_; }
    Result<void> verify() override;
    Result<void> copy_to(std::string const& path) override;

    Result<std::vector<event::RootChange>> roots() override;
    Result<std::vector<event::GuardChange>> guard_changes() override;
    Result<void> for_each_current(
        event::RootId root, std::function<Result<void>(CurrentObject const&)> visit) override;
    Result<std::optional<CurrentObject>> current(event::ObjectId object) override;
    Result<std::optional<event::ObjectId>> object_at(event::Place const& place) override;
    Result<std::vector<event::Version>> versions_of(event::ObjectId object) override;
    Result<std::vector<event::Version>> versions_at(std::string const& path) override;
    Result<std::optional<event::Version>> version(event::VersionId id) override;
    Result<void> for_each_version(std::function<Result<void>(event::Version const&)> visit) override;
    Result<std::vector<event::Activity>> activities_by(
        std::span<event::ProcessKey const> processes, WallTime from) override;
    Result<std::vector<event::Activity>> activities_on(event::ObjectId object) override;
    Result<std::vector<event::Activity>> activities_in(event::ObjectId directory) override;
    Result<std::optional<event::Process>> process(event::ProcessKey key) override;
    Result<std::vector<event::Process>> processes_since(std::uint64_t start_ticks) override;
    Result<std::vector<event::Incident>> incidents() override;
    Result<std::optional<event::Incident>> incident(event::IncidentId id) override;
    Result<std::vector<event::Finding>> findings_of(event::IncidentId id) override;
    Result<std::vector<event::Action>> actions_of(event::IncidentId id) override;
    Result<std::vector<event::Executable>> executables_of(event::IncidentId id) override;
    Result<std::vector<event::Exposure>> exposures_of(event::IncidentId id) override;
    Result<Totals> totals() override;
    Result<Growth> growth(WallTime now) override;

private:
    Result<void> append_all(std::span<event::Record> records);
    Database database_;
    std::uint64_t left_out_ = 0;
};

} // namespace tocsin::journal
