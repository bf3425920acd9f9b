// SPDX-License-Identifier: Apache-2.0
// journal/testing/records.h -- the small language in which the journal's tests tell what happened.
#pragma once

#include "tocsin/base/test.h"
#include "tocsin/journal/journal.h"

namespace tocsin::journal::test {

using event::Activity;
using event::ActivityKind;
using event::ObjectId;
using event::Place;
using event::Record;
using event::Version;

inline WallTime at_second(std::int64_t second)
{
    return from_nanoseconds(1'795'000'000'000'000'000 + second * 1'000'000'000);
}

inline Activity activity(ActivityKind kind, std::uint64_t object)
{
    Activity out;
    out.kind = kind;
    out.object = {object};
    out.object_kind = event::ObjectKind::regular;
    out.root = {1};
    out.time = at_second(0);
    out.process = {100, 7};
    return out;
}

inline Activity placed(ActivityKind kind, std::uint64_t object, Place place)
{
    auto out = activity(kind, object);
    out.place = std::move(place);
    return out;
}

inline Activity renamed(std::uint64_t object, Place from, Place to, std::uint64_t displaced)
{
    auto out = placed(ActivityKind::renamed, object, std::move(from));
    out.target = std::move(to);
    out.displaced = {displaced};
    return out;
}

inline Version version(std::uint64_t object, std::string path, std::uint64_t size, std::int64_t second)
{
    Version out;
    out.object = {object};
    out.root = {1};
    out.path = std::move(path);
    out.metadata.mode = 0100644;
    out.metadata.size = size;
    out.time = at_second(second);
    out.occasion = event::Occasion::close;
    return out;
}

inline event::Incident incident(std::int64_t id, event::IncidentState state)
{
    event::Incident out;
    out.id = {id};
    out.state = state;
    return out;
}

// A journal in a directory of its own. Each append must succeed.
class JournalFixture : public testing::Test {
protected:
    void SetUp() override { reopen(); }

    void reopen()
    {
        journal.reset();
        auto opened = Journal::open(path(), Access::read_write);
        ASSERT_OK(opened);
        journal = opened.take();
    }
    // The records as they were after the append: with their ids.
    std::vector<Record> append(std::vector<Record> records)
    {
        EXPECT_OK(journal->append(records));
        return records;
    }
    std::string path() const { return directory / "journal.db"; }

    // The object at a place as a number; 0 where there is none.
    std::uint64_t object_at(Place const& place)
    {
        auto found = journal->object_at(place).take();
        return found ? found->value : 0;
    }

    tocsin::test::TempDir directory;
    std::unique_ptr<Journal> journal;
};

} // namespace tocsin::journal::test
