// SPDX-License-Identifier: Apache-2.0
#include "tocsin/journal/names.h"

#include <utility>

namespace tocsin::journal {
namespace {

using event::ActivityKind;
using event::ObjectId;
using event::Place;

// A root of a protected tree has no parent but a name; nothing at all is no place.
bool is_place(Place const& place)
{
    return place.parent || !place.name.empty();
}

// The name belongs to `object` from now on, whoever had it before.
Result<void> give(Database& database, Place const& place, ObjectId object, event::RootId root)
{
    return database.run("INSERT INTO places VALUES (?1, ?2, ?3, ?4) ON CONFLICT (parent, name)"
                        " DO UPDATE SET object = excluded.object, root = excluded.root",
        place.parent.value, place.name, object.value, root.value);
}

// Only from the object that lost it: an exchange of two names arrives as two renames, and by
// the second the first name has its new owner already. Object 0: whoever has it.
Result<void> take(Database& database, Place const& place, ObjectId object)
{
    return database.run("DELETE FROM places WHERE parent = ?1 AND name = ?2 AND (object = ?3 OR ?3 = 0)",
        place.parent.value, place.name, object.value);
}

// What was in a directory that left the trees has left with it.
Result<void> take_below(Database& database, ObjectId directory)
{
    return database.run("WITH RECURSIVE below(object) AS (VALUES (?1)"
                        " UNION SELECT places.object FROM places JOIN below ON places.parent = below.object)"
                        " DELETE FROM places WHERE parent IN below",
        directory.value);
}

Result<void> apply_rename(Database& database, event::Activity const& activity)
{
    if (is_place(activity.place))
        TRY(take(database, activity.place, activity.object));
    if (!activity.target.parent)
        return take_below(database, activity.object);
    return give(database, activity.target, activity.object, activity.root);
}

} // namespace

bool names_change(ActivityKind kind)
{
    switch (kind) {
    case ActivityKind::seen:
    case ActivityKind::created:
    case ActivityKind::linked:
    case ActivityKind::renamed:
    case ActivityKind::deleted:
        return true;
    case ActivityKind::opened:
    case ActivityKind::changed:
    case ActivityKind::closed:
    case ActivityKind::attributes:
        break;
    }
    return false;
}

Result<void> apply_names(Database& database, event::Activity const& activity)
{
    bool gives = names_change(activity.kind) && activity.kind != ActivityKind::deleted;
    if (activity.object && (gives || !activity.key.handle.bytes.empty()))
        TRY(know(database, activity.object,
            {.key = activity.key, .kind = activity.object_kind, .root = activity.root, .version = {}}));
    if (activity.kind == ActivityKind::renamed)
        return apply_rename(database, activity);
    if (!is_place(activity.place))
        return {};
    if (activity.kind == ActivityKind::deleted)
        return take(database, activity.place, activity.object);
    if (gives)
        return give(database, activity.place, activity.object, activity.root);
    return {};
}

Result<void> know(Database& database, ObjectId object, Knowledge const& news)
{
    // The condition keeps a page clean where there is nothing new.
    return database.run(
        "INSERT INTO objects VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (object) DO UPDATE SET"
        " kind = iif(?2 <> 4, ?2, kind), root = iif(?3 <> 0, ?3, root),"
        " filesystem = iif(length(?6) > 0, ?4, filesystem),"
        " handle_type = iif(length(?6) > 0, ?5, handle_type),"
        " handle = iif(length(?6) > 0, ?6, handle), version = max(version, ?7)"
        " WHERE ?7 > version OR (?2 <> 4 AND ?2 <> kind) OR (?3 <> 0 AND ?3 <> root)"
        " OR (length(?6) > 0 AND (?6 <> handle OR ?4 <> filesystem OR ?5 <> handle_type))",
        object.value, std::to_underlying(news.kind), news.root.value, news.key.filesystem,
        news.key.handle.type, news.key.handle.bytes, news.version.value);
}

} // namespace tocsin::journal
