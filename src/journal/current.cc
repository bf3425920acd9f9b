// SPDX-License-Identifier: Apache-2.0
// What the journal is asked about objects that are there now.
#include "tocsin/journal/reading.h"
#include "tocsin/journal/sqlite_journal.h"

namespace tocsin::journal {
namespace {

// The columns of a row: one place of an object, with what is known of the object beside it.
enum Column : int {
    object,
    parent,
    name,
    place_root,
    kind,
    root,
    filesystem,
    handle_type,
    handle,
    body,
    first_body
};

event::ObjectId object_id(Query const& row, int column)
{
    return {static_cast<std::uint64_t>(row.integer(column))};
}

Result<CurrentObject> begin_object(Query const& row)
{
    CurrentObject out;
    out.object = object_id(row, Column::object);
    out.kind = static_cast<event::ObjectKind>(row.integer(Column::kind));
    out.root = {row.integer(Column::root)};
    out.key.filesystem = static_cast<std::uint64_t>(row.integer(Column::filesystem));
    out.key.handle.type = static_cast<std::int32_t>(row.integer(Column::handle_type));
    out.key.handle.bytes = to_bytes(row.blob(Column::handle));
    if (auto bytes = row.blob(Column::body); !bytes.empty())
        out.version = TRY(value_of<event::Version>(bytes));
    // Its first activity is its making, unless it was there before the guard or was moved in.
    if (auto bytes = row.blob(Column::first_body); !bytes.empty()) {
        auto first = TRY(value_of<event::Activity>(bytes));
        if (first.kind == event::ActivityKind::created) {
            out.creator = first.process;
            out.created = first.time;
            out.born_ns = first.metadata ? first.metadata->btime_ns : 0;
        }
    }
    return out;
}

event::Place place_of(Query const& row)
{
    return {object_id(row, Column::parent), row.text(Column::name)};
}

// Gathers the places of one object from rows that come ordered by object.
class Gathering {
public:
    explicit Gathering(event::RootId wanted) : wanted_(wanted) { }

    bool belongs(Query const& row) const
    {
        return current_ && current_->object == object_id(row, Column::object);
    }
    Result<void> begin(Query const& row)
    {
        current_ = TRY(begin_object(row));
        is_wanted_ = !wanted_;
        return {};
    }
    void add(Query const& row)
    {
        current_->places.push_back(place_of(row));
        is_wanted_ = is_wanted_ || row.integer(Column::place_root) == wanted_.value;
    }
    // The gathered object, where it has a place in the wanted tree.
    CurrentObject const* complete() const { return current_ && is_wanted_ ? &*current_ : nullptr; }

private:
    event::RootId wanted_;
    std::optional<CurrentObject> current_;
    bool is_wanted_ = false;
};

} // namespace

// One statement reads one state of the journal to its end; memory holds one object.
Result<void> SqliteJournal::for_each_current(
    event::RootId root, std::function<Result<void>(CurrentObject const&)> visit)
{
    auto rows = TRY(database_.query(
        "SELECT p.object, p.parent, p.name, p.root, o.kind, o.root, filesystem, handle_type, handle, v.body, "
        "f.body"
        " FROM places AS p INDEXED BY places_of_object CROSS JOIN objects AS o ON o.object = p.object"
        " LEFT JOIN records AS v ON v.seq = version"
        " LEFT JOIN records AS f ON f.seq = (SELECT min(seq) FROM activity_objects AS a WHERE a.object = "
        "p.object)"
        " ORDER BY p.object"));
    Gathering gathering(root);
    while (true) {
        bool more = TRY(rows.next());
        if (more && gathering.belongs(rows)) {
            gathering.add(rows);
            continue;
        }
        if (auto const* complete = gathering.complete())
            TRY(visit(*complete));
        if (!more)
            return {};
        TRY(gathering.begin(rows));
        gathering.add(rows);
    }
}

Result<std::optional<CurrentObject>> SqliteJournal::current(event::ObjectId id)
{
    auto rows = TRY(database_.query(
        "SELECT p.object, p.parent, p.name, p.root, o.kind, o.root, filesystem, handle_type, handle, body, "
        "NULL"
        " FROM places AS p INDEXED BY places_of_object CROSS JOIN objects AS o ON o.object = p.object"
        " LEFT JOIN records ON seq = version WHERE p.object = ?1",
        id.value));
    Gathering gathering({});
    while (true) {
        bool more = TRY(rows.next());
        if (!more)
            break;
        if (!gathering.belongs(rows))
            TRY(gathering.begin(rows));
        gathering.add(rows);
    }
    auto const* complete = gathering.complete();
    return complete != nullptr ? std::optional(*complete) : std::nullopt;
}

Result<std::optional<event::ObjectId>> SqliteJournal::object_at(event::Place const& place)
{
    auto row = TRY(database_.query(
        "SELECT object FROM places WHERE parent = ?1 AND name = ?2", place.parent.value, place.name));
    bool found = TRY(row.next());
    return found ? std::optional(object_id(row, 0)) : std::nullopt;
}

} // namespace tocsin::journal
