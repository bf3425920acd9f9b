// SPDX-License-Identifier: Apache-2.0
// journal/sqlite.h -- SQLite with our errors, statements that are kept, and transactions that roll back.
//
// Owns: a Database owns its connection and every statement prepared on it.
// Borrows: a Query and a Transaction must not outlive their Database.
// Threads: one at a time (the connection has no mutex).
// Errors: `full` no space, `corrupt` no database or a damaged one, `again` somebody else writes,
// `denied` missing right, `not_found` no such file, `failed` anything else.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "tocsin/base/bytes.h"
#include "tocsin/base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace tocsin::journal {

// SQL that is a string literal: its address names the kept statement, so it must never change.
class Sql {
public:
    consteval Sql(char const* text) : text_(text) { } // NOLINT: a literal is what this stands for
    constexpr char const* text() const { return text_; }

private:
    char const* text_;
};

// A statement with its values bound, stepped row by row. Back at its start when it goes away.
class Query {
public:
    Query(Query&& other) noexcept;
    Query& operator=(Query&&) = delete;
    ~Query();

    // True while there is a row. Columns count from 0.
    Result<bool> next();

    std::int64_t integer(int column) const;
    ByteView blob(int column) const; // borrowed until next()
    std::string text(int column) const;

    // Whether the rows at which both stand have the same columns.
    bool same_row(Query const& other) const;

private:
    friend class Database;
    enum class Lifetime { borrowed, copied };

    Query(sqlite3* connection, sqlite3_stmt* statement, bool* in_use)
        : connection_(connection), statement_(statement), in_use_(in_use)
    {
    }
    void bind_integer(int position, std::int64_t value);
    void bind_text(int position, std::string_view value, Lifetime lifetime);
    void bind_blob(int position, ByteView value, Lifetime lifetime);

    template <typename T>
    void bind(int position, T const& value, Lifetime lifetime)
    {
        if constexpr (std::integral<T>)
            bind_integer(position, static_cast<std::int64_t>(value)); // 64 bits are kept as they are
        else if constexpr (std::convertible_to<T const&, std::string_view>)
            bind_text(position, value, lifetime);
        else
            bind_blob(position, value, lifetime);
    }
    template <typename... Values>
    void bind_all([[maybe_unused]] Lifetime lifetime, Values const&... values)
    {
        [[maybe_unused]] int position = 0;
        (bind(++position, values, lifetime), ...);
    }

    sqlite3* connection_;
    sqlite3_stmt* statement_;
    bool* in_use_; // of the kept statement; null where this one is finalized at the end
    int bind_error_ = 0;
};

inline constexpr std::chrono::milliseconds usual_patience{2000};

class Database {
public:
    enum class Mode {
        create, // read and write; made where it is not there
        read, // the file must be there
        read_immutable, // for media that nobody can write: no locks, no shared memory
    };
    static Result<Database> open(std::string const& path, Mode mode);
    Database(Database&& other) noexcept;
    Database& operator=(Database&&) = delete;
    ~Database();

    // How long a statement asks again while another connection writes; usual_patience unless told.
    void set_patience(std::chrono::milliseconds at_most);

    // A private database in a temporary file that SQLite removes by itself.
    static Result<Database> open_scratch();

    // Several statements, nothing bound, no rows wanted. Not kept.
    Result<void> script(std::string const& sql);

    // One statement without rows.
    template <typename... Values>
    Result<void> run(Sql sql, Values const&... values)
    {
        auto query = TRY(borrow(sql));
        query.bind_all(Query::Lifetime::borrowed, values...);
        TRY(query.next());
        return {};
    }
    template <typename... Values>
    Result<Query> query(Sql sql, Values const&... values)
    {
        auto query = TRY(borrow(sql));
        query.bind_all(Query::Lifetime::copied, values...);
        return query;
    }
    // The first column of the first row; `not_found` without one.
    Result<std::int64_t> number(Sql sql);

    // A consistent copy of everything into `path`, which must not hold a database yet.
    Result<void> copy_to(std::string const& path);

private:
    friend class Transaction;
    struct Close {
        void operator()(sqlite3* connection) const;
    };
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };
    struct Kept {
        std::unique_ptr<sqlite3_stmt, Finalize> statement;
        bool in_use = false;
    };

    explicit Database(std::unique_ptr<sqlite3, Close> connection);
    static Result<Database> open_with(std::string const& name, int flags);
    Result<std::unique_ptr<sqlite3_stmt, Finalize>> prepare(char const* sql);
    // The kept statement, or one of its own where that is in use further out.
    Result<Query> borrow(Sql sql);

    std::unique_ptr<sqlite3, Close> connection_;
    std::unordered_map<char const*, Kept> kept_; // after the connection: finalized first
};

// Everything until commit(), or nothing.
class Transaction {
public:
    enum class Kind { read, write };
    static Result<Transaction> begin(Database& database, Kind kind);
    Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) { }
    Transaction& operator=(Transaction&&) = delete;
    ~Transaction();

    Result<void> commit();

private:
    explicit Transaction(Database& database) : database_(&database) { }
    Database* database_;
};

} // namespace tocsin::journal
