// SPDX-License-Identifier: Apache-2.0
#include "tocsin/journal/chain.h"

#include <algorithm>
#include <limits>

namespace tocsin::journal {
namespace {

template <RecordKind kind, typename T>
constexpr bool stands_for =
    std::is_same_v<std::variant_alternative_t<static_cast<std::size_t>(kind), event::Record>, T>;

static_assert(stands_for<RecordKind::root_change, event::RootChange>);
static_assert(stands_for<RecordKind::guard_change, event::GuardChange>);
static_assert(stands_for<RecordKind::process, event::Process>);
static_assert(stands_for<RecordKind::version, event::Version>);
static_assert(stands_for<RecordKind::activity, event::Activity>);
static_assert(stands_for<RecordKind::incident, event::Incident>);
static_assert(stands_for<RecordKind::finding, event::Finding>);
static_assert(stands_for<RecordKind::action, event::Action>);
static_assert(stands_for<RecordKind::executable, event::Executable>);
static_assert(stands_for<RecordKind::exposure, event::Exposure>);
static_assert(std::variant_size_v<event::Record> == 10);

} // namespace

std::int64_t counted_bytes(event::Version const& version)
{
    if (version.kind() == event::ObjectKind::directory)
        return 0;
    constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max() >> 16; // sums stay in range
    return static_cast<std::int64_t>(std::min(version.metadata.size, most));
}

void Head::count(event::Record const& record)
{
    if (auto const* version = std::get_if<event::Version>(&record)) {
        ++versions;
        version_bytes += counted_bytes(*version);
    } else if (kind_of(record) == RecordKind::activity) {
        ++activities;
    }
}

Result<Head> read_head(Database& database)
{
    auto row = TRY(database.query(
        "SELECT link, last, hash, versions, version_bytes, activities FROM head WHERE one = 1"));
    bool found = TRY(row.next());
    Head head;
    if (!found || row.blob(2).size() != head.hash.bytes.size())
        return Error(Errc::corrupt, "the journal's head is missing");
    head.link = row.integer(0);
    head.sequence = row.integer(1);
    std::ranges::copy(row.blob(2), head.hash.bytes.begin());
    head.versions = row.integer(3);
    head.version_bytes = row.integer(4);
    head.activities = row.integer(5);
    return head;
}

Result<void> write_head(Database& database, Head const& head)
{
    return database.run("UPDATE head SET link = ?1, last = ?2, hash = ?3, versions = ?4, version_bytes = ?5,"
                        " activities = ?6 WHERE one = 1",
        head.link, head.sequence, head.hash.bytes, head.versions, head.version_bytes, head.activities);
}

LinkHash::LinkHash(Sha256 const& previous, std::int64_t link)
{
    ByteWriter start;
    start.raw(previous.bytes);
    start.fixed(static_cast<std::uint64_t>(link));
    stream_.update(start.bytes());
}

void LinkHash::add(std::int64_t sequence, ByteView body)
{
    std::array<std::uint64_t, 2> const frame{static_cast<std::uint64_t>(sequence), body.size()};
    stream_.update(std::as_bytes(std::span(frame))); // little-endian, as bytes.h asserts
    stream_.update(body);
}

} // namespace tocsin::journal
