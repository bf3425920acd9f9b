// SPDX-License-Identifier: Apache-2.0
#include "tocsin/journal/sqlite.h"

#include <algorithm>
#include <sqlite3.h>
#include <thread>

namespace tocsin::journal {
namespace {

// As sqlite3_busy_timeout(), but it asks each millisecond: who writes again and again leaves short gaps.
// The first argument is the number itself, no address. Asks are counted, so the wait is a little longer.
int ask_again(void* at_most_ms, int asked)
{
    if (asked >= static_cast<int>(reinterpret_cast<std::intptr_t>(at_most_ms)))
        return 0;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return 1;
}

Errc code_of(int result)
{
    switch (result & 0xff) {
    case SQLITE_FULL:
        return Errc::full;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
    case SQLITE_CONSTRAINT: // a row is there already that only we could have written
    case SQLITE_MISMATCH:
        return Errc::corrupt;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return Errc::again;
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return Errc::denied;
    case SQLITE_TOOBIG:
        return Errc::invalid;
    default:
        return Errc::failed;
    }
}

Error error_of(sqlite3* connection, int result)
{
    int primary = result & 0xff;
    int number = connection != nullptr ? sqlite3_system_errno(connection) : 0;
    if ((primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN) && number != 0)
        return Error::from_errno(number, sqlite3_errstr(result));
    std::string_view words = connection != nullptr ? sqlite3_errmsg(connection) : sqlite3_errstr(result);
    return Error(code_of(result), "SQLite: " + std::string(words));
}

// A path as SQLite's URI form takes it: with what has a meaning there escaped.
std::string uri_of(std::string const& path, std::string_view query)
{
    std::string out = "file:";
    for (char c : path) {
        if (c == '%' || c == '?' || c == '#')
            out += '%' + to_hex(as_bytes(std::string_view(&c, 1)));
        else
            out += c;
    }
    return out.append(query);
}

} // namespace

Query::Query(Query&& other) noexcept
    : connection_(other.connection_)
    , statement_(std::exchange(other.statement_, nullptr))
    , in_use_(std::exchange(other.in_use_, nullptr))
    , bind_error_(other.bind_error_)
{
}

Query::~Query()
{
    if (statement_ == nullptr)
        return;
    if (in_use_ == nullptr) {
        (void)sqlite3_finalize(statement_);
        return;
    }
    (void)sqlite3_reset(statement_); // repeats the error of the last step, which was returned then
    (void)sqlite3_clear_bindings(statement_);
    *in_use_ = false;
}

Result<bool> Query::next()
{
    if (bind_error_ != SQLITE_OK)
        return error_of(nullptr, bind_error_).context("bind a value");
    int result = sqlite3_step(statement_);
    if (result == SQLITE_ROW)
        return true;
    if (result == SQLITE_DONE)
        return false;
    return error_of(connection_, result);
}

std::int64_t Query::integer(int column) const
{
    return sqlite3_column_int64(statement_, column);
}

ByteView Query::blob(int column) const
{
    auto const* data = static_cast<std::byte const*>(sqlite3_column_blob(statement_, column));
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::string Query::text(int column) const
{
    return std::string(as_text(blob(column))); // as it was bound: names need not be UTF-8
}

bool Query::same_row(Query const& other) const
{
    int columns = sqlite3_column_count(statement_);
    if (columns != sqlite3_column_count(other.statement_))
        return false;
    for (int i = 0; i < columns; ++i) {
        if (sqlite3_column_type(statement_, i) != sqlite3_column_type(other.statement_, i))
            return false;
        if (!std::ranges::equal(blob(i), other.blob(i))) // of a number: its digits
            return false;
    }
    return true;
}

void Query::bind_integer(int position, std::int64_t value)
{
    bind_error_ |= sqlite3_bind_int64(statement_, position, value);
}

void Query::bind_text(int position, std::string_view value, Lifetime lifetime)
{
    auto const* data = value.data() == nullptr ? "" : value.data(); // null would bind NULL
    bind_error_ |= sqlite3_bind_text64(statement_, position, data, value.size(),
        lifetime == Lifetime::borrowed ? SQLITE_STATIC : SQLITE_TRANSIENT, SQLITE_UTF8);
}

void Query::bind_blob(int position, ByteView value, Lifetime lifetime)
{
    if (value.empty()) {
        bind_error_ |= sqlite3_bind_zeroblob(statement_, position, 0);
        return;
    }
    bind_error_ |= sqlite3_bind_blob64(statement_, position, value.data(), value.size(),
        lifetime == Lifetime::borrowed ? SQLITE_STATIC : SQLITE_TRANSIENT);
}

void Database::Close::operator()(sqlite3* connection) const
{
    (void)sqlite3_close(connection);
}

void Database::Finalize::operator()(sqlite3_stmt* statement) const
{
    (void)sqlite3_finalize(statement);
}

Database::Database(std::unique_ptr<sqlite3, Close> connection) : connection_(std::move(connection)) { }
Database::Database(Database&& other) noexcept = default;
Database::~Database() = default;

Result<Database> Database::open_with(std::string const& name, int flags)
{
    sqlite3* raw = nullptr;
    int result = sqlite3_open_v2(name.c_str(), &raw, flags | SQLITE_OPEN_NOMUTEX, nullptr);
    std::unique_ptr<sqlite3, Close> connection(raw); // there even after most errors
    if (result != SQLITE_OK)
        return error_of(raw, result);
    (void)sqlite3_extended_result_codes(raw, 1);
    // The file may come from elsewhere: its schema gets no say beyond tables and indexes.
    (void)sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    (void)sqlite3_db_config(raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    (void)sqlite3_db_config(raw, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
    (void)sqlite3_db_config(raw, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
    Database database(std::move(connection));
    database.set_patience(usual_patience);
    return database;
}

void Database::set_patience(std::chrono::milliseconds at_most)
{
    auto* const ms = reinterpret_cast<void*>(static_cast<std::intptr_t>(at_most.count()));
    (void)sqlite3_busy_handler(connection_.get(), ask_again, ms);
}

Result<Database> Database::open(std::string const& path, Mode mode)
{
    if (path.empty() || path.contains('\0'))
        return Error(Errc::invalid, "a database needs a path");
    auto plain = path.starts_with('/') ? path : "./" + path; // never ":memory:" or a URI
    switch (mode) {
    case Mode::create: {
        auto database = TRY(open_with(plain, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE));
        if (sqlite3_db_readonly(database.connection_.get(), "main") != 0) // SQLite opened what it could
            return Error(Errc::denied, "the database can only be read");
        return database;
    }
    case Mode::read:
        return open_with(plain, SQLITE_OPEN_READONLY);
    case Mode::read_immutable:
        return open_with(uri_of(plain, "?immutable=1"), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
    }
    return Error(Errc::invalid, "no such way to open a database");
}

Result<Database> Database::open_scratch()
{
    return open_with("", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
}

Result<void> Database::script(std::string const& sql)
{
    int result = sqlite3_exec(connection_.get(), sql.c_str(), nullptr, nullptr, nullptr);
    if (result != SQLITE_OK)
        return error_of(connection_.get(), result);
    return {};
}

Result<std::unique_ptr<sqlite3_stmt, Database::Finalize>> Database::prepare(char const* sql)
{
    sqlite3_stmt* raw = nullptr;
    int result = sqlite3_prepare_v3(connection_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
    if (result != SQLITE_OK)
        return error_of(connection_.get(), result);
    return std::unique_ptr<sqlite3_stmt, Finalize>(raw);
}

Result<Query> Database::borrow(Sql sql)
{
    auto& kept = kept_[sql.text()];
    if (kept.in_use) {
        auto own = TRY(prepare(sql.text()));
        return Query(connection_.get(), own.release(), nullptr);
    }
    if (!kept.statement)
        kept.statement = TRY(prepare(sql.text()));
    kept.in_use = true;
    return Query(connection_.get(), kept.statement.get(), &kept.in_use);
}

Result<std::int64_t> Database::number(Sql sql)
{
    auto row = TRY(query(sql));
    bool found = TRY(row.next());
    if (!found)
        return Error(Errc::not_found, "no row");
    return row.integer(0);
}

Result<void> Database::copy_to(std::string const& path)
{
    auto target = TRY(open(path, Mode::create));
    auto* raw = target.connection_.get();
    TRY(target.script("PRAGMA synchronous = OFF"));
    auto* backup = sqlite3_backup_init(raw, "main", connection_.get(), "main");
    if (backup == nullptr)
        return error_of(raw, sqlite3_errcode(raw));
    int stepped = sqlite3_backup_step(backup, -1); // in one piece: what is written meanwhile waits
    int finished = sqlite3_backup_finish(backup);
    if (stepped == SQLITE_DONE)
        return {};
    return error_of(finished != SQLITE_OK ? raw : nullptr, stepped);
}

Result<Transaction> Transaction::begin(Database& database, Kind kind)
{
    if (kind == Kind::write)
        TRY(database.run("BEGIN IMMEDIATE"));
    else
        TRY(database.run("BEGIN"));
    return Transaction(database);
}

Transaction::~Transaction()
{
    // After some errors SQLite has rolled back by itself.
    if (database_ != nullptr && sqlite3_get_autocommit(database_->connection_.get()) == 0)
        (void)database_->run("ROLLBACK").ok();
}

Result<void> Transaction::commit()
{
    TRY(database_->run("COMMIT"));
    database_ = nullptr;
    return {};
}

} // namespace tocsin::journal
