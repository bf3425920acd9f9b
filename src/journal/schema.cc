// SPDX-License-Identifier: Apache-2.0
#include "tocsin/journal/schema.h"

#include <array>

namespace tocsin::journal {
namespace {

// `records` and `chain` are the truth. Every other table is an index or a view of them, which
// verify() makes again and compares. 64-bit object ids stand as SQLite's signed integers.
constexpr Step first_step = R"sql(
CREATE TABLE records (
    seq INTEGER PRIMARY KEY, -- from 1, no gaps; also the id of a version or an activity
    kind INTEGER NOT NULL,   -- the record's tag, which is also the second byte of its body
    body BLOB NOT NULL       -- docs/formats/record.md
) STRICT;
CREATE TABLE chain (
    link INTEGER PRIMARY KEY, -- from 1, no gaps: one append
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    hash BLOB NOT NULL
) STRICT;
CREATE TABLE head (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    link INTEGER NOT NULL,
    last INTEGER NOT NULL,
    hash BLOB NOT NULL,
    versions INTEGER NOT NULL,
    version_bytes INTEGER NOT NULL,
    activities INTEGER NOT NULL
) STRICT;
INSERT INTO head VALUES (1, 0, 0, zeroblob(32), 0, 0, 0);

CREATE TABLE versions (
    seq INTEGER PRIMARY KEY,
    object INTEGER NOT NULL,
    time INTEGER NOT NULL,
    size INTEGER NOT NULL,
    occasion INTEGER NOT NULL
) STRICT;
CREATE INDEX versions_of_object ON versions (object);
CREATE TABLE version_paths (
    path TEXT NOT NULL,
    seq INTEGER NOT NULL,
    time INTEGER NOT NULL,
    size INTEGER NOT NULL,
    PRIMARY KEY (path, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE activity_objects (
    object INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (object, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE activity_processes (
    pid INTEGER NOT NULL, start INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (pid, start, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE activity_directories (
    directory INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (directory, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE objects (
    object INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    root INTEGER NOT NULL,
    filesystem INTEGER NOT NULL,
    handle_type INTEGER NOT NULL,
    handle BLOB NOT NULL,
    version INTEGER NOT NULL -- the newest; 0: none yet
) STRICT;
CREATE TABLE places (
    parent INTEGER NOT NULL,
    name TEXT NOT NULL,
    object INTEGER NOT NULL,
    root INTEGER NOT NULL,
    PRIMARY KEY (parent, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX places_of_object ON places (object, root);

CREATE TABLE processes (
    pid INTEGER NOT NULL, start INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (pid, start)
) STRICT, WITHOUT ROWID;
CREATE TABLE roots (root INTEGER PRIMARY KEY, seq INTEGER NOT NULL) STRICT;
CREATE TABLE guard_changes (seq INTEGER PRIMARY KEY) STRICT;
CREATE TABLE incidents (id INTEGER PRIMARY KEY, seq INTEGER NOT NULL, state INTEGER NOT NULL) STRICT;
CREATE TABLE incident_records (
    incident INTEGER NOT NULL, kind INTEGER NOT NULL, seq INTEGER NOT NULL,
    PRIMARY KEY (incident, kind, seq)
) STRICT, WITHOUT ROWID;
)sql";

constexpr std::array steps_of_this_program{first_step};

struct Identity {
    std::int64_t application = 0;
    std::int64_t version = 0;
    bool empty = false;
};

Result<Identity> identity_of(Database& database)
{
    Identity out;
    out.application = TRY(database.number("PRAGMA application_id"));
    out.version = TRY(database.number("PRAGMA user_version"));
    auto tables = TRY(database.number("SELECT count(*) FROM sqlite_schema"));
    out.empty = tables == 0 && out.application == 0 && out.version == 0;
    return out;
}

// What holds for every file that is not empty, whether it may be written or not.
Result<void> check_identity(Identity const& found, std::span<Step const> steps)
{
    if (found.application != application_id || found.version < 1)
        return Error(Errc::corrupt, "the database is no journal");
    if (found.version > static_cast<std::int64_t>(steps.size()))
        return Error(Errc::unsupported,
            "the journal has schema version " + std::to_string(found.version)
                + ", this program knows versions up to " + std::to_string(steps.size()));
    return {};
}

} // namespace

std::span<Step const> schema_steps()
{
    return steps_of_this_program;
}

Result<void> ensure_schema(Database& database, std::span<Step const> steps)
{
    auto transaction = TRY(Transaction::begin(database, Transaction::Kind::write));
    auto found = TRY(identity_of(database));
    if (found.empty)
        TRY(database.script("PRAGMA application_id = " + std::to_string(application_id)));
    else
        TRY(check_identity(found, steps));
    if (found.version == static_cast<std::int64_t>(steps.size()))
        return {};
    for (auto step : steps.subspan(static_cast<std::size_t>(found.version)))
        TRY(database.script(step));
    TRY(database.script("PRAGMA user_version = " + std::to_string(steps.size())));
    return transaction.commit();
}

Result<void> check_schema(Database& database, std::span<Step const> steps)
{
    auto found = TRY(identity_of(database));
    if (found.empty)
        return Error(Errc::corrupt, "the database is empty");
    TRY(check_identity(found, steps));
    if (found.version < static_cast<std::int64_t>(steps.size()))
        return Error(Errc::unsupported,
            "the journal has the older schema version " + std::to_string(found.version)
                + "; the guard brings it up to date when it starts");
    return {};
}

} // namespace tocsin::journal
