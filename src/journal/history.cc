// SPDX-License-Identifier: Apache-2.0
// What the journal is asked about paths over time: a tree as it was, and what takes room.
#include <algorithm>

#include "tocsin/journal/reading.h"
#include "tocsin/journal/sqlite_journal.h"

namespace tocsin::journal {
namespace {

constexpr std::chrono::nanoseconds day = std::chrono::hours(24);
constexpr std::chrono::nanoseconds least_age = std::chrono::minutes(1); // below it a rate says nothing
constexpr std::size_t largest_count = 10;

using Growth = Journal::Growth;

Result<std::uint64_t> bytes_a_day(Database& database, WallTime now)
{
    auto row = TRY(database.query("SELECT coalesce(sum(size) FILTER (WHERE occasion IN (2, 3, 4)"
                                  " AND time > ?1 AND time <= ?2), 0), coalesce(min(time), ?2) FROM versions",
        to_nanoseconds(now - day), to_nanoseconds(now)));
    TRY(row.next());
    auto bytes = static_cast<double>(row.integer(0));
    auto age = std::clamp(now - from_nanoseconds(row.integer(1)), least_age, day);
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

// The newest version, no later than a time, of the path at which the rows stand.
class Newest {
public:
    explicit Newest(WallTime limit) : limit_(to_nanoseconds(limit)) { }

    bool belongs(std::string const& path) const { return path == path_; }
    void begin(std::string path)
    {
        path_ = std::move(path);
        found_ = {};
    }
    void add(std::int64_t sequence, std::int64_t time)
    {
        if (time <= limit_ && (!found_ || time >= time_)) {
            found_ = {sequence};
            time_ = time;
        }
    }
    event::VersionId found() const { return found_; }

private:
    std::int64_t limit_;
    std::string path_;
    event::VersionId found_;
    std::int64_t time_ = 0;
};

} // namespace

Result<std::vector<event::Version>> SqliteJournal::versions_below(std::string const& path, WallTime time)
{
    auto stem = path;
    while (stem.ends_with('/'))
        stem.pop_back();
    std::vector<event::Version> out;
    auto itself = TRY(database_.query(
        "SELECT path, seq, time FROM version_paths WHERE path = ?1 ORDER BY seq", stem.empty() ? "/" : stem));
    TRY(newest_below(std::move(itself), time, out));
    auto below = TRY(database_.query(
        "SELECT path, seq, time FROM version_paths WHERE path > ?1 AND path < ?2 ORDER BY path, seq",
        stem + '/', stem + '0')); // '0' is what follows '/'
    TRY(newest_below(std::move(below), time, out));
    return out;
}

Result<void> SqliteJournal::newest_below(Query rows, WallTime time, std::vector<event::Version>& out)
{
    Newest newest(time);
    while (true) {
        bool more = TRY(rows.next());
        auto path = more ? rows.text(0) : std::string();
        if (!newest.belongs(path) || !more) {
            auto found = TRY(version(newest.found()));
            if (found)
                out.push_back(std::move(*found));
            if (!more)
                return {};
            newest.begin(std::move(path));
        }
        newest.add(rows.integer(1), rows.integer(2));
    }
}

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
