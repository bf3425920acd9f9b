// SPDX-License-Identifier: Apache-2.0
#include "tocsin/journal/journal.h"

#include "tocsin/base/log.h"
#include "tocsin/journal/open.h"
#include "tocsin/journal/sqlite_journal.h"
#include "tocsin/journal/verify.h"

namespace tocsin::journal {
namespace {

constexpr std::size_t record_limit_bytes = 16 * 1024 * 1024; // what decode() takes

std::string quoted(std::string const& path)
{
    return '\'' + printable(path, 256) + '\'';
}

void set_id(event::Record& record, std::int64_t id)
{
    if (auto* version = std::get_if<event::Version>(&record))
        version->id = {id};
    else if (auto* activity = std::get_if<event::Activity>(&record))
        activity->id = {id};
}

std::string directory_of(std::string const& path)
{
    auto slash = path.rfind('/');
    if (slash == std::string::npos)
        return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

} // namespace

Result<std::unique_ptr<Journal>> Journal::open(std::string const& path, Access access)
{
    return open(path, access, usual_patience);
}

Result<std::unique_ptr<Journal>> Journal::open(
    std::string const& path, Access access, std::chrono::milliseconds patience)
{
    auto database = TRY(open_database(path, access).context("open journal " + quoted(path)));
    database.set_patience(patience);
    return std::make_unique<SqliteJournal>(std::move(database));
}

Result<void> SqliteJournal::append(std::span<event::Record> records)
{
    if (records.empty())
        return {};
    auto appended = append_all(records);
    if (!appended.ok()) {
        for (auto& record : records)
            set_id(record, 0);
    }
    return std::move(appended).context("append to the journal");
}

// The head is read anew each time: another process may have appended in between.
Result<void> SqliteJournal::append_all(std::span<event::Record> records)
{
    auto transaction = TRY(Transaction::begin(database_, Transaction::Kind::write));
    auto head = TRY(read_head(database_));
    auto first = head.sequence + 1;
    ++head.link;
    LinkHash hash(head.hash, head.link);
    Index index(database_);
    std::uint64_t too_large = 0;
    for (auto& record : records) {
        set_id(record, head.sequence + 1);
        auto body = event::encode(record);
        if (body.size() > record_limit_bytes) {
            set_id(record, 0);
            ++too_large;
            continue;
        }
        ++head.sequence;
        TRY(database_.run(
            "INSERT INTO records VALUES (?1, ?2, ?3)", head.sequence, record.index(), ByteView(body)));
        TRY(index.add(head.sequence, record));
        hash.add(head.sequence, body);
        head.count(record);
    }
    if (too_large == records.size()) {
        left_out_ += too_large;
        return {};
    }
    head.hash = hash.finish();
    TRY(database_.run("INSERT INTO chain VALUES (?1, ?2, ?3, ?4)", head.link, first, head.sequence,
        ByteView(head.hash.bytes)));
    TRY(write_head(database_, head));
    TRY(transaction.commit());
    left_out_ += too_large; // of a batch that failed all records are the caller's to count
    return {};
}

Result<void> SqliteJournal::verify()
{
    return verify_journal(database_).context("verify the journal");
}

// Made under another name first, so that `path` never holds half a copy.
Result<void> SqliteJournal::copy_to(std::string const& path)
{
    auto doing = "copy the journal to " + quoted(path);
    auto there = sys::stat_at(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW);
    if (there.ok())
        return Error(Errc::exists, "something is there already").context(doing);
    auto part = path + ".part";
    (void)sys::remove_at(AT_FDCWD, part, 0).ok();
    auto file = TRY(sys::open(part, O_CREAT | O_EXCL | O_RDWR, 0600).context(doing));
    auto copied = database_.copy_to(part);
    if (copied.ok())
        copied = sys::sync(file.get());
    if (copied.ok())
        copied = sys::rename_at2(AT_FDCWD, part, AT_FDCWD, path, RENAME_NOREPLACE);
    if (!copied.ok()) {
        (void)sys::remove_at(AT_FDCWD, part, 0).ok();
        return std::move(copied).context(doing);
    }
    auto directory = TRY(sys::open(directory_of(path), O_RDONLY | O_DIRECTORY).context(doing));
    return sys::sync(directory.get()).context(doing);
}

} // namespace tocsin::journal
