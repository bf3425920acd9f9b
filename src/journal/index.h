// SPDX-License-Identifier: Apache-2.0
// journal/index.h -- from a record to the rows by which it is found again.
//
// The tables that it fills are a pure function of the records in order: verify() fills them
// again elsewhere and compares.
// Borrows: the database. Threads: as its database.
#pragma once

#include "tocsin/journal/chain.h"

namespace tocsin::journal {

class Index {
public:
    explicit Index(Database& database) : database_(&database) { }

    // Within the caller's transaction; on error the caller rolls back.
    Result<void> add(std::int64_t sequence, event::Record const& record);

private:
    Result<void> put(std::int64_t sequence, event::RootChange const& change);
    Result<void> put(std::int64_t sequence, event::GuardChange const& change);
    Result<void> put(std::int64_t sequence, event::Process const& process);
    Result<void> put(std::int64_t sequence, event::Version const& version);
    Result<void> put(std::int64_t sequence, event::Activity const& activity);
    Result<void> put(std::int64_t sequence, event::Incident const& incident);
    Result<void> put(std::int64_t sequence, event::Finding const& finding);
    Result<void> put(std::int64_t sequence, event::Executable const& executable);
    Result<void> put(std::int64_t sequence, event::Exposure const& exposure);
    Result<void> put(std::int64_t sequence, event::Action const& action);
    Result<void> belongs(std::int64_t sequence, event::IncidentId incident, RecordKind kind);

    Database* database_;
};

} // namespace tocsin::journal
