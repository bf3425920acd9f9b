// SPDX-License-Identifier: Apache-2.0
// What takes room.
#include <algorithm>

#include "tocsin/journal/reading.h"
#include "tocsin/journal/sqlite_journal.h"

namespace tocsin::journal {
namespace {

constexpr std::chrono::nanoseconds day = std::chrono::hours(24);
constexpr std::chrono::nanoseconds least_age = std::chrono::hours(1); // below it a rate says nothing
constexpr std::size_t largest_count = 10;

using Growth = Journal::Growth;

Result<std::uint64_t> bytes_a_day(Database& database, WallTime now)
{
    auto row = TRY(database.query("SELECT coalesce(sum(size) FILTER (WHERE occasion IN (2, 3, 4)"
                                  " AND time > ?1 AND time <= ?2), 0), coalesce(min(time), ?2) FROM versions",
        to_nanoseconds(now - day), to_nanoseconds(now)));
    TRY(row.next());
    auto const bytes = static_cast<double>(row.integer(0));
    auto const known_for = now - from_nanoseconds(row.integer(1));
    if (known_for < least_age)
        return std::uint64_t{0};
    auto const age = std::min(known_for, day);
    return static_cast<std::uint64_t>(
        bytes * (static_cast<double>(day.count()) / static_cast<double>(age.count())));
}

// Keeps the largest, largest first.
void offer(std::vector<std::pair<std::string, std::uint64_t>>& largest, std::string path, std::uint64_t bytes)
{
    auto place = std::ranges::find_if(largest, [&](auto const& entry) { return entry.second < bytes; });
    if (bytes == 0 || (place == largest.end() && largest.size() == largest_count))
        return;
    largest.emplace(place, std::move(path), bytes);
    if (largest.size() > largest_count)
        largest.pop_back();
}

} // namespace

Result<Growth> SqliteJournal::growth(WallTime now)
{
    Growth out;
    out.bytes_a_day = TRY(bytes_a_day(database_, now));
    auto rows = TRY(database_.query("SELECT path, sum(size) FROM version_paths GROUP BY path"));
    while (true) {
        bool more = TRY(rows.next());
        if (!more)
            return out;
        offer(out.largest, rows.text(0), static_cast<std::uint64_t>(rows.integer(1)));
    }
}

} // namespace tocsin::journal
