// SPDX-License-Identifier: Apache-2.0
// Records and their bytes, and the rules about values that several modules share.
#include "tocsin/base/test.h"
#include "tocsin/event/record.h"
#include "tocsin/event/restraint.h"

namespace tocsin::event {
namespace {

Version a_version()
{
    Version v;
    v.object = {42};
    v.key = {7, {1, to_bytes(as_bytes("handle"))}};
    v.root = {1};
    v.time = from_nanoseconds(1'795'507'481'000'000'001);
    v.occasion = Occasion::close;
    v.writer = {1234, 5678};
    v.path = "/srv/a b";
    v.metadata.mode = 0100640;
    v.metadata.size = 5;
    v.metadata.mtime_ns = -1;
    v.metadata.xattrs = {{"user.x", to_bytes(as_bytes("y"))}};
    v.content = {Sha256::of(as_bytes("hello"))};
    v.digest = v.content[0];
    v.extents = {{0, 4096}};
    v.facts = {FileType::text, 3.5F, true, 0, {}};
    return v;
}

TEST(Record, ReadsBackWhatWasWritten)
{
    Record record = a_version();
    EXPECT_EQ(record, decode(encode(record)).take());
    Activity renamed;
    renamed.kind = ActivityKind::renamed;
    renamed.place = {{1}, "a"};
    renamed.metadata = Metadata{};
    record = renamed;
    EXPECT_EQ(record, decode(encode(record)).take());
}

TEST(Record, KeepsEvidence)
{
    Executable executable{{3}, from_nanoseconds(7), "/usr/bin/age", Sha256::of(as_bytes("age")), {}};
    Record record = executable;
    EXPECT_EQ(record, decode(encode(record)).take());
    executable.digest.reset();
    executable.why_not = "it is larger than 256 MiB";
    record = executable;
    EXPECT_EQ(record, decode(encode(record)).take());
    record =
        Exposure{{3}, from_nanoseconds(7), "/usr/bin/nc", "/", "10.0.0.2", 4000, true, 487, 30'000, 29'000};
    EXPECT_EQ(record, decode(encode(record)).take());
}

TEST(Record, RefusesEveryTruncation)
{
    auto bytes = encode(a_version());
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_FALSE(decode(ByteView(bytes).first(size)).ok()) << "cut at " << size;
}

TEST(Record, RefusesWhatFollowsIt)
{
    auto bytes = encode(a_version());
    bytes.push_back(std::byte{0});
    EXPECT_ERRC(Errc::corrupt, decode(bytes));
}

TEST(Record, RefusesAnUnknownVersion)
{
    auto bytes = encode(a_version());
    bytes[0] = std::byte{99};
    EXPECT_ERRC(Errc::unsupported, decode(bytes));
}

TEST(Object, HasTheSameIdForTheSameHandleOnly)
{
    ObjectKey key{7, {1, to_bytes(as_bytes("handle"))}};
    auto other = key;
    other.handle.type = 2;
    EXPECT_EQ(id_of(key), id_of(key));
    EXPECT_NE(id_of(key), id_of(other));
}

TEST(Similarity, IsTheSharedPartOfTheUnion)
{
    Sketch a, b;
    for (std::uint32_t i = 0; i < a.size(); ++i)
        a[i] = i, b[i] = i + 8;
    EXPECT_EQ(1.0, similarity(a, a));
    EXPECT_EQ(0.5, similarity(a, b));
    Sketch none;
    none.fill(0xffffffff);
    EXPECT_EQ(0.0, similarity(none, none));
    EXPECT_EQ(0.0, similarity(a, none));
}

TEST(Metadata, TellsRightsFromTimes)
{
    Metadata a;
    a.mode = 0100600;
    auto b = a;
    b.mtime_ns = 5;
    EXPECT_TRUE(same_rights(a, b));
    b.mode = 0100000;
    EXPECT_FALSE(same_rights(a, b));
}

Action an_action(ActionKind kind, std::string outcome)
{
    Action out;
    out.kind = kind;
    out.outcome = std::move(outcome);
    return out;
}

TEST(Activity, TakesAndGivesANameWithinTheTreesOnly)
{
    Place const here{ObjectId{1}, "here"};
    Place const there{ObjectId{2}, "there"};
    auto names_of = [](ActivityKind kind, Place place, Place target) {
        Activity activity;
        activity.kind = kind;
        activity.place = std::move(place);
        activity.target = std::move(target);
        auto copy_of = [](Place const* named) { return named != nullptr ? *named : Place{}; };
        return std::pair(copy_of(place_taken(activity)), copy_of(place_given(activity)));
    };
    EXPECT_EQ(std::pair(Place{}, here), names_of(ActivityKind::linked, here, {}));
    EXPECT_EQ(std::pair(here, Place{}), names_of(ActivityKind::deleted, here, {}));
    EXPECT_EQ(std::pair(here, there), names_of(ActivityKind::renamed, here, there));
    EXPECT_EQ(std::pair(here, Place{}), names_of(ActivityKind::renamed, here, {})); // out of the trees
    EXPECT_EQ(std::pair(Place{}, there), names_of(ActivityKind::renamed, {}, there)); // into them
    EXPECT_EQ(std::pair(Place{}, Place{}), names_of(ActivityKind::changed, here, {}));
}

TEST(Record, OfAnActionHasTheVersionThatItsFieldsNeed)
{
    auto action = an_action(ActionKind::freeze, "SIGSTOP to 1 process");
    EXPECT_EQ(1, std::to_integer<int>(encode(action).front()));
    action.client = ClientAddress{"10.0.0.2", 445, 4'026'531'840};
    auto const bytes = encode(action);
    EXPECT_EQ(2, std::to_integer<int>(bytes.front()));
    EXPECT_EQ(Record(action), decode(bytes).take());
}

TEST(Record, OfAnIncidentHasTheVersionThatItsFieldsNeed)
{
    Incident incident;
    incident.id = {7};
    EXPECT_EQ(1, std::to_integer<int>(encode(incident).front()));
    incident.errands = {{{50, 1}, from_nanoseconds(1), from_nanoseconds(2)}};
    auto const bytes = encode(incident);
    EXPECT_EQ(4, std::to_integer<int>(bytes.front()));
    EXPECT_EQ(Record(incident), decode(bytes).take());
}

TEST(Record, OfATreeHasTheVersionThatItsFieldsNeed)
{
    RootChange tree{.root = {1}, .path = "/srv", .is_protected = true};
    EXPECT_EQ(1, std::to_integer<int>(encode(tree).front()));
    tree.is_partly_known = true;
    auto const bytes = encode(tree);
    EXPECT_EQ(5, std::to_integer<int>(bytes.front()));
    EXPECT_EQ(Record(tree), decode(bytes).take());
}

TEST(CutClient, IsKeptOutUntilItIsReadmitted)
{
    auto cut = an_action(ActionKind::cut, "10.0.0.2 is kept out of port 445");
    cut.client = ClientAddress{"10.0.0.2", 445, 1};
    std::vector actions{cut, an_action(ActionKind::readmit, outcome_of_failure("nftables"))};
    actions.back().client = cut.client;
    EXPECT_EQ(std::vector{*cut.client}, cut_clients(actions));
    actions.push_back(an_action(ActionKind::readmit, "10.0.0.2 may use port 445 again"));
    actions.back().client = cut.client;
    EXPECT_TRUE(cut_clients(actions).empty());
}

TEST(CutClient, IsNobodyWhereTheCutFailed)
{
    auto cut = an_action(ActionKind::cut, outcome_of_failure("nftables"));
    cut.client = ClientAddress{"10.0.0.2", 445, 1};
    EXPECT_TRUE(cut_clients(std::span(&cut, 1)).empty());
}

TEST(Restraint, IsTheLastThatWasDoneAndNotWhatFailed)
{
    std::vector const actions{an_action(ActionKind::freeze, "SIGSTOP to 1 process"),
        an_action(ActionKind::deny, "its opens"),
        an_action(ActionKind::kill, outcome_of_failure("No such process"))};

    EXPECT_TRUE(has_failed(actions.back()));
    EXPECT_FALSE(has_failed(actions.front()));
    ASSERT_TRUE(last_restraint(actions).has_value());
    EXPECT_EQ(ActionKind::freeze, last_restraint(actions)->kind);
    EXPECT_FALSE(last_restraint({}).has_value());
}

} // namespace
} // namespace tocsin::event
