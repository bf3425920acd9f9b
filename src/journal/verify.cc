// SPDX-License-Identifier: Apache-2.0
#include "tocsin/journal/verify.h"

#include <algorithm>
#include <array>

#include "tocsin/journal/index.h"
#include "tocsin/journal/schema.h"

namespace tocsin::journal {
namespace {

struct Table {
    std::string_view name;
    Sql rows; // in an order that says everything about them
};

// Secondary indexes stand for themselves: a query may be answered from them alone.
constexpr std::array tables{
    Table{"versions", "SELECT * FROM versions NOT INDEXED ORDER BY seq"},
    Table{"versions_of_object",
        "SELECT object, seq FROM versions INDEXED BY versions_of_object ORDER BY object, seq"},
    Table{"version_paths", "SELECT * FROM version_paths ORDER BY path, seq"},
    Table{"activity_objects", "SELECT * FROM activity_objects ORDER BY object, seq"},
    Table{"activity_processes", "SELECT * FROM activity_processes ORDER BY pid, start, seq"},
    Table{"activity_directories", "SELECT * FROM activity_directories ORDER BY directory, seq"},
    Table{"objects", "SELECT * FROM objects ORDER BY object"},
    Table{"places", "SELECT * FROM places NOT INDEXED ORDER BY parent, name"},
    Table{"places_of_object",
        "SELECT object, root, parent, name FROM places INDEXED BY places_of_object"
        " ORDER BY object, root, parent, name"},
    Table{"processes", "SELECT * FROM processes ORDER BY pid, start"},
    Table{"roots", "SELECT * FROM roots ORDER BY root"},
    Table{"guard_changes", "SELECT * FROM guard_changes ORDER BY seq"},
    Table{"incidents", "SELECT * FROM incidents ORDER BY id"},
    Table{"incident_records", "SELECT * FROM incident_records ORDER BY incident, kind, seq"},
};

Error corrupt(std::string what)
{
    return Error(Errc::corrupt, std::move(what));
}

std::string numbered(std::string_view word, std::int64_t number)
{
    return std::string(word) + ' ' + std::to_string(number);
}

bool id_fits(event::Record const& record, std::int64_t sequence)
{
    if (auto const* version = std::get_if<event::Version>(&record))
        return version->id.value == sequence;
    if (auto const* activity = std::get_if<event::Activity>(&record))
        return activity->id.value == sequence;
    return true;
}

// Walks the records once, link by link, and fills the indexes of `scratch` from them.
class Walk {
public:
    Walk(Query records, Database& scratch) : records_(std::move(records)), index_(scratch) { }

    Result<void> link(std::int64_t number, std::int64_t first, std::int64_t last, ByteView hash)
    {
        if (number != head_.link + 1 || first != head_.sequence + 1 || last < first)
            return corrupt(numbered("the chain breaks after link", head_.link));
        LinkHash found(head_.hash, number);
        while (head_.sequence < last)
            TRY(record(found).context(numbered("link", number)));
        head_.hash = found.finish();
        head_.link = number;
        if (!std::ranges::equal(hash, head_.hash.bytes))
            return corrupt(numbered("link", number) + " (records " + std::to_string(first) + " to "
                + std::to_string(last) + ") does not have its hash");
        return {};
    }

    // What the head must say, once all links were walked and no record is left.
    Result<Head> finish()
    {
        bool more = TRY(records_.next());
        if (more)
            return corrupt(numbered("there are records in no link: record", records_.integer(0)));
        return head_;
    }

private:
    Result<void> record(LinkHash& hash)
    {
        auto sequence = head_.sequence + 1;
        bool found = TRY(records_.next());
        if (!found || records_.integer(0) != sequence)
            return corrupt(numbered("record", sequence) + " is missing");
        auto body = records_.blob(2);
        auto record = TRY(event::decode(body).context(numbered("record", sequence)));
        if (records_.integer(1) != static_cast<std::int64_t>(record.index()) || !id_fits(record, sequence))
            return corrupt(numbered("record", sequence) + " does not say what its row says");
        hash.add(sequence, body);
        head_.sequence = sequence;
        head_.count(record);
        return index_.add(sequence, record);
    }

    Query records_;
    Index index_;
    Head head_;
};

Result<Head> walk_chain(Database& database, Database& scratch)
{
    auto records = TRY(database.query("SELECT seq, kind, body FROM records ORDER BY seq"));
    auto links = TRY(database.query("SELECT link, first, last, hash FROM chain ORDER BY link"));
    Walk walk(std::move(records), scratch);
    while (true) {
        bool more = TRY(links.next());
        if (!more)
            return walk.finish();
        TRY(walk.link(links.integer(0), links.integer(1), links.integer(2), links.blob(3)));
    }
}

Result<void> compare(Database& database, Database& scratch, Table const& table)
{
    auto found = TRY(database.query(table.rows));
    auto wanted = TRY(scratch.query(table.rows));
    while (true) {
        bool more_found = TRY(found.next());
        bool more_wanted = TRY(wanted.next());
        if (more_found != more_wanted || (more_found && !found.same_row(wanted)))
            return corrupt("the index '" + std::string(table.name) + "' does not fit the records");
        if (!more_found)
            return {};
    }
}

} // namespace

Result<void> verify_journal(Database& database)
{
    auto scratch = TRY(Database::open_scratch());
    TRY(scratch.script("PRAGMA cache_size = -32768"));
    TRY(ensure_schema(scratch, schema_steps()));
    auto filling = TRY(Transaction::begin(scratch, Transaction::Kind::write));
    auto reading = TRY(Transaction::begin(database, Transaction::Kind::read));
    auto walked = TRY(walk_chain(database, scratch));
    auto head = TRY(read_head(database));
    if (head != walked)
        return corrupt("the head names link " + std::to_string(head.link) + " and record "
            + std::to_string(head.sequence) + ", the chain ends with link " + std::to_string(walked.link)
            + " and record " + std::to_string(walked.sequence) + ", or their hashes or sums differ");
    for (auto const& table : tables)
        TRY(compare(database, scratch, table));
    return reading.commit();
}

} // namespace tocsin::journal
