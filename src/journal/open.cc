// SPDX-License-Identifier: Apache-2.0
#include "tocsin/journal/open.h"

#include "tocsin/journal/schema.h"

namespace tocsin::journal {
namespace {

// The journal tells what everybody on the host did: for its owner alone. SQLite gives the files
// beside it the same mode. Only a file that was not there is opened: closing a second descriptor
// of a database would drop the locks that this process holds on it.
Result<void> create_private(std::string const& path)
{
    auto file = sys::open(path, O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW, 0600);
    if (!file.ok() && file.error().code() != Errc::exists)
        return file.take_error();
    return {};
}

Result<Database> open_to_write(std::string const& path)
{
    TRY(create_private(path));
    auto database = TRY(Database::open(path, Database::Mode::create));
    // The page size is fixed by the first table. Commits wait for no disk; checkpoints do.
    TRY(database.script("PRAGMA page_size = 4096"));
    TRY(database.script("PRAGMA journal_mode = WAL"));
    TRY(database.script("PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = OFF; PRAGMA cache_size = -32768;"
                        "PRAGMA wal_autocheckpoint = 8192; PRAGMA journal_size_limit = 67108864"));
    TRY(ensure_schema(database, schema_steps()));
    return database;
}

Result<void> prepare_to_read(Database& database)
{
    TRY(database.script("PRAGMA cache_size = -16384"));
    return check_schema(database, schema_steps());
}

Result<bool> has_wal(std::string const& path)
{
    auto found = sys::stat_at(AT_FDCWD, path + "-wal", 0);
    if (found.ok())
        return found.take().stx_size > 0;
    if (found.error().code() == Errc::not_found)
        return false;
    return found.take_error();
}

// Whether SQLite missed a file beside the database and could not make it.
bool lacks_shared_memory(Error const& error)
{
    return error.code() == Errc::denied || error.code() == Errc::not_found;
}

// A reader needs shared memory beside the file. Where none can be made (a read-only medium) a
// journal that was closed in order can still be read: nobody can be writing to it.
Result<Database> open_to_read(std::string const& path)
{
    auto database = TRY(Database::open(path, Database::Mode::read)); // `not_found` only from here
    auto prepared = prepare_to_read(database);
    if (prepared.ok())
        return database;
    if (!lacks_shared_memory(prepared.error()))
        return prepared.take_error();
    bool unfinished = TRY(has_wal(path));
    if (unfinished)
        return Error(Errc::denied, "it was not closed in order and nothing can be written beside it");
    auto immutable = TRY(Database::open(path, Database::Mode::read_immutable));
    TRY(prepare_to_read(immutable));
    return immutable;
}

} // namespace

Result<Database> open_database(std::string const& path, Access access)
{
    return access == Access::read_write ? open_to_write(path) : open_to_read(path);
}

} // namespace tocsin::journal
