// SPDX-License-Identifier: Apache-2.0
// What the journal is asked about versions, activities, processes and incidents.
#include <algorithm>

#include "tocsin/journal/chain.h"
#include "tocsin/journal/reading.h"
#include "tocsin/journal/sqlite_journal.h"

namespace tocsin::journal {

using event::Activity;
using event::Version;

namespace {

template <typename T>
Result<std::vector<T>> records_of(Database& database, event::IncidentId id, RecordKind kind)
{
    auto rows = TRY(database.query("SELECT body FROM incident_records AS i JOIN records USING (seq)"
                                   " WHERE incident = ?1 AND i.kind = ?2 ORDER BY seq",
        id.value, std::to_underlying(kind)));
    return all_of<T>(std::move(rows));
}

} // namespace

Result<std::vector<event::RootChange>> SqliteJournal::roots()
{
    auto rows = TRY(database_.query("SELECT body FROM roots JOIN records USING (seq) ORDER BY root"));
    return all_of<event::RootChange>(std::move(rows));
}

Result<std::vector<event::GuardChange>> SqliteJournal::guard_changes()
{
    auto rows = TRY(database_.query("SELECT body FROM guard_changes JOIN records USING (seq) ORDER BY seq"));
    return all_of<event::GuardChange>(std::move(rows));
}

Result<std::vector<Version>> SqliteJournal::versions_of(event::ObjectId object)
{
    auto rows = TRY(database_.query(
        "SELECT body FROM versions JOIN records USING (seq) WHERE object = ?1 ORDER BY seq", object.value));
    return all_of<Version>(std::move(rows));
}

Result<std::vector<Version>> SqliteJournal::versions_at(std::string const& path)
{
    auto rows = TRY(database_.query(
        "SELECT body FROM version_paths JOIN records USING (seq) WHERE path = ?1 ORDER BY seq", path));
    return all_of<Version>(std::move(rows));
}

Result<std::optional<Version>> SqliteJournal::version(event::VersionId id)
{
    auto rows = TRY(database_.query("SELECT body FROM records WHERE seq = ?1 AND kind = 3", id.value));
    return first_of<Version>(std::move(rows));
}

Result<void> SqliteJournal::for_each_version(std::function<Result<void>(Version const&)> visit)
{
    auto rows = TRY(database_.query("SELECT body FROM versions JOIN records USING (seq) ORDER BY seq"));
    while (true) {
        bool more = TRY(rows.next());
        if (!more)
            return {};
        auto version = TRY(value_of<Version>(rows.blob(0)));
        TRY(visit(version));
    }
}

Result<std::vector<Activity>> SqliteJournal::activities_by(
    std::span<event::ProcessKey const> processes, WallTime from)
{
    std::vector<Activity> out;
    for (auto const& process : processes) {
        auto rows = TRY(database_.query("SELECT body FROM activity_processes JOIN records USING (seq)"
                                        " WHERE pid = ?1 AND start = ?2 ORDER BY seq",
            process.pid, process.start_ticks));
        auto found = TRY(all_of<Activity>(std::move(rows)));
        std::erase_if(found, [&](auto const& activity) { return activity.time < from; });
        std::ranges::move(found, std::back_inserter(out));
    }
    std::ranges::sort(out, {}, &Activity::id);
    auto again = std::ranges::unique(out, {}, &Activity::id); // of a process that was named twice
    out.erase(again.begin(), again.end());
    return out;
}

Result<std::vector<Activity>> SqliteJournal::activities_on(event::ObjectId object)
{
    auto rows = TRY(database_.query(
        "SELECT body FROM activity_objects JOIN records USING (seq) WHERE object = ?1 ORDER BY seq",
        object.value));
    return all_of<Activity>(std::move(rows));
}

Result<std::vector<Activity>> SqliteJournal::activities_in(event::ObjectId directory)
{
    auto rows = TRY(database_.query("SELECT body FROM activity_directories JOIN records USING (seq)"
                                    " WHERE directory = ?1 ORDER BY seq",
        directory.value));
    return all_of<Activity>(std::move(rows));
}

Result<std::optional<event::Process>> SqliteJournal::process(event::ProcessKey key)
{
    auto rows = TRY(
        database_.query("SELECT body FROM processes JOIN records USING (seq) WHERE pid = ?1 AND start = ?2",
            key.pid, key.start_ticks));
    return first_of<event::Process>(std::move(rows));
}

Result<std::vector<event::Process>> SqliteJournal::processes_since(std::uint64_t start_ticks)
{
    auto rows = TRY(database_.query(
        "SELECT body FROM processes JOIN records USING (seq) WHERE start >= ?1", start_ticks));
    return all_of<event::Process>(std::move(rows));
}

Result<std::vector<event::Incident>> SqliteJournal::incidents()
{
    auto rows = TRY(database_.query("SELECT body FROM incidents JOIN records USING (seq) ORDER BY id"));
    return all_of<event::Incident>(std::move(rows));
}

Result<std::optional<event::Incident>> SqliteJournal::incident(event::IncidentId id)
{
    auto rows =
        TRY(database_.query("SELECT body FROM incidents JOIN records USING (seq) WHERE id = ?1", id.value));
    return first_of<event::Incident>(std::move(rows));
}

Result<std::vector<event::Finding>> SqliteJournal::findings_of(event::IncidentId id)
{
    return records_of<event::Finding>(database_, id, RecordKind::finding);
}

Result<std::vector<event::Action>> SqliteJournal::actions_of(event::IncidentId id)
{
    return records_of<event::Action>(database_, id, RecordKind::action);
}

Result<std::vector<event::Executable>> SqliteJournal::executables_of(event::IncidentId id)
{
    return records_of<event::Executable>(database_, id, RecordKind::executable);
}

Result<std::vector<event::Exposure>> SqliteJournal::exposures_of(event::IncidentId id)
{
    return records_of<event::Exposure>(database_, id, RecordKind::exposure);
}

Result<Journal::Totals> SqliteJournal::totals()
{
    auto reading = TRY(Transaction::begin(database_, Transaction::Kind::read));
    auto head = TRY(read_head(database_));
    auto open = TRY(database_.number("SELECT count(*) FROM incidents WHERE state IN (1, 2, 3)"));
    TRY(reading.commit());
    return Totals{
        .versions = static_cast<std::uint64_t>(head.versions),
        .version_bytes = static_cast<std::uint64_t>(head.version_bytes),
        .activities = static_cast<std::uint64_t>(head.activities),
        .incidents_open = static_cast<std::uint64_t>(open),
    };
}

} // namespace tocsin::journal
