// SPDX-License-Identifier: Apache-2.0
#include "tocsin/journal/index.h"

#include "tocsin/journal/names.h"

namespace tocsin::journal {

Result<void> Index::add(std::int64_t sequence, event::Record const& record)
{
    return std::visit([&](auto const& value) { return put(sequence, value); }, record);
}

Result<void> Index::put(std::int64_t sequence, event::RootChange const& change)
{
    return database_->run("INSERT OR REPLACE INTO roots VALUES (?1, ?2)", change.root.value, sequence);
}

Result<void> Index::put(std::int64_t sequence, event::GuardChange const&)
{
    return database_->run("INSERT INTO guard_changes VALUES (?1)", sequence);
}

Result<void> Index::put(std::int64_t sequence, event::Process const& process)
{
    return database_->run("INSERT OR REPLACE INTO processes VALUES (?1, ?2, ?3)", process.key.pid,
        process.key.start_ticks, sequence);
}

Result<void> Index::put(std::int64_t sequence, event::Version const& version)
{
    auto time = to_nanoseconds(version.time);
    auto size = counted_bytes(version);
    TRY(database_->run("INSERT INTO versions VALUES (?1, ?2, ?3, ?4, ?5)", sequence, version.object.value,
        time, size, std::to_underlying(version.occasion)));
    TRY(database_->run(
        "INSERT INTO version_paths VALUES (?1, ?2, ?3, ?4)", version.path, sequence, time, size));
    return know(*database_, version.object,
        {.key = version.key, .kind = version.kind(), .root = version.root, .version = {sequence}});
}

Result<void> Index::put(std::int64_t sequence, event::Activity const& activity)
{
    TRY(database_->run("INSERT INTO activity_objects VALUES (?1, ?2)", activity.object.value, sequence));
    // Changes in the guard's absence are nobody's, and are asked for; what a walk saw is not.
    if (activity.process || activity.kind != event::ActivityKind::seen)
        TRY(database_->run("INSERT INTO activity_processes VALUES (?1, ?2, ?3)", activity.process.pid,
            activity.process.start_ticks, sequence));
    if (names_change(activity.kind)) {
        for (auto directory : {activity.place.parent, activity.target.parent}) {
            if (directory)
                TRY(database_->run(
                    "INSERT OR IGNORE INTO activity_directories VALUES (?1, ?2)", directory.value, sequence));
        }
    }
    return apply_names(*database_, activity);
}

Result<void> Index::put(std::int64_t sequence, event::Incident const& incident)
{
    TRY(database_->run("INSERT OR REPLACE INTO incidents VALUES (?1, ?2, ?3)", incident.id.value, sequence,
        std::to_underlying(incident.state)));
    return belongs(sequence, incident.id, RecordKind::incident);
}

Result<void> Index::put(std::int64_t sequence, event::Finding const& finding)
{
    return belongs(sequence, finding.incident, RecordKind::finding);
}

Result<void> Index::put(std::int64_t sequence, event::Action const& action)
{
    return belongs(sequence, action.incident, RecordKind::action);
}

Result<void> Index::put(std::int64_t sequence, event::Executable const& executable)
{
    return belongs(sequence, executable.incident, RecordKind::executable);
}

Result<void> Index::put(std::int64_t sequence, event::Exposure const& exposure)
{
    return belongs(sequence, exposure.incident, RecordKind::exposure);
}

Result<void> Index::belongs(std::int64_t sequence, event::IncidentId incident, RecordKind kind)
{
    return database_->run("INSERT INTO incident_records VALUES (?1, ?2, ?3)", incident.value,
        std::to_underlying(kind), sequence);
}

} // namespace tocsin::journal
