// SPDX-License-Identifier: Apache-2.0
// Which object has which name, after each kind of activity.
#include "tocsin/journal/testing/records.h"

namespace tocsin::journal::test {
namespace {

class Names : public JournalFixture { };

constexpr std::uint64_t directory_a = 10, directory_b = 11, file_a = 20, file_b = 21;
Place const name_a{{directory_a}, "a"};
Place const name_b{{directory_a}, "b"};

TEST_F(Names, AreGivenBySeenCreatedAndLinked)
{
    append({placed(ActivityKind::seen, file_a, name_a), placed(ActivityKind::created, file_b, name_b),
        placed(ActivityKind::linked, file_b, {{directory_b}, "c"})});
    EXPECT_EQ(file_a, object_at(name_a));
    auto found = journal->current({file_b}).take();
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ((std::vector<Place>{name_b, {{directory_b}, "c"}}), found->places);
}

TEST_F(Names, OfARootHaveNoParent)
{
    append({placed(ActivityKind::seen, directory_a, {{}, "/srv"})});
    EXPECT_EQ(directory_a, object_at({{}, "/srv"}));
}

TEST_F(Names, MoveWithARename)
{
    append({placed(ActivityKind::created, file_a, name_a), renamed(file_a, name_a, name_b, 0)});
    EXPECT_EQ(0U, object_at(name_a));
    EXPECT_EQ(file_a, object_at(name_b));
}

TEST_F(Names, AreLostByWhatARenameDisplaces)
{
    append({placed(ActivityKind::created, file_a, name_a), placed(ActivityKind::created, file_b, name_b),
        renamed(file_a, name_a, name_b, file_b)});
    EXPECT_EQ(file_a, object_at(name_b));
    EXPECT_FALSE(journal->current({file_b}).take().has_value());
}

TEST_F(Names, OfALinkedObjectStayWhenARenameDisplacesOne)
{
    append({placed(ActivityKind::created, file_a, name_a), placed(ActivityKind::created, file_b, name_b),
        placed(ActivityKind::linked, file_b, {{directory_b}, "b"}), renamed(file_a, name_a, name_b, file_b)});
    EXPECT_EQ((std::vector<Place>{{{directory_b}, "b"}}), journal->current({file_b}).take()->places);
}

TEST_F(Names, ChangeOwnersInAnExchange)
{
    append({placed(ActivityKind::created, file_a, name_a), placed(ActivityKind::created, file_b, name_b)});
    append({renamed(file_a, name_a, name_b, 0), renamed(file_b, name_b, name_a, 0)});
    EXPECT_EQ(file_b, object_at(name_a));
    EXPECT_EQ(file_a, object_at(name_b));
}

TEST_F(Names, ChangeOwnersInAnExchangeOverTwoAppendsThatNamesWhatIsDisplaced)
{
    append({placed(ActivityKind::created, file_a, name_a), placed(ActivityKind::created, file_b, name_b)});
    append({renamed(file_a, name_a, name_b, file_b)});
    append({renamed(file_b, name_b, name_a, file_a)});
    EXPECT_EQ(file_b, object_at(name_a));
    EXPECT_EQ(file_a, object_at(name_b));
}

TEST_F(Names, AreGoneWhenTheObjectMovesOutOfTheTrees)
{
    append({placed(ActivityKind::created, file_a, name_a), renamed(file_a, name_a, {{}, "elsewhere"}, 0)});
    EXPECT_FALSE(journal->current({file_a}).take().has_value());
    EXPECT_EQ(0U, object_at({{}, "elsewhere"}));
}

TEST_F(Names, BelowADirectoryAreGoneWithIt)
{
    append({placed(ActivityKind::created, directory_b, name_b),
        placed(ActivityKind::created, file_a, {{directory_b}, "inside"}),
        placed(ActivityKind::created, file_b, name_a),
        placed(ActivityKind::linked, file_b, {{directory_b}, "too"}),
        renamed(directory_b, name_b, {{}, "elsewhere"}, 0)});
    EXPECT_FALSE(journal->current({file_a}).take().has_value());
    EXPECT_EQ((std::vector<Place>{name_a}), journal->current({file_b}).take()->places);
}

TEST_F(Names, AppearWhenTheObjectMovesIn)
{
    append({renamed(file_a, {}, name_a, 0)});
    EXPECT_EQ(file_a, object_at(name_a));
}

TEST_F(Names, GoWithADeletion)
{
    append({placed(ActivityKind::created, file_a, name_a), placed(ActivityKind::linked, file_a, name_b),
        placed(ActivityKind::deleted, file_a, name_a)});
    EXPECT_EQ((std::vector<Place>{name_b}), journal->current({file_a}).take()->places);
    append({placed(ActivityKind::deleted, file_a, name_b)});
    EXPECT_FALSE(journal->current({file_a}).take().has_value());
}

TEST_F(Names, StayWithANewOwnerWhenTheOldOneIsDeletedLate)
{
    append({placed(ActivityKind::created, file_a, name_a), placed(ActivityKind::created, file_b, name_a),
        placed(ActivityKind::deleted, file_a, name_a)});
    EXPECT_EQ(file_b, object_at(name_a));
}

TEST_F(Names, GoWithTheDeletionOfAnUnknownObject)
{
    append({placed(ActivityKind::created, file_a, name_a), placed(ActivityKind::deleted, 0, name_a)});
    EXPECT_EQ(0U, object_at(name_a));
}

struct Quiet {
    char const* name;
    ActivityKind kind;
};
class QuietKinds : public JournalFixture, public testing::WithParamInterface<Quiet> { };

TEST_P(QuietKinds, ChangeNoNames)
{
    append({placed(ActivityKind::created, file_a, name_a), placed(GetParam().kind, file_b, name_a)});
    EXPECT_EQ(file_a, object_at(name_a));
    EXPECT_FALSE(journal->current({file_b}).take().has_value());
}

INSTANTIATE_TEST_SUITE_P(Names, QuietKinds,
    testing::Values(Quiet{"opened", ActivityKind::opened}, Quiet{"changed", ActivityKind::changed},
        Quiet{"closed", ActivityKind::closed}, Quiet{"attributes", ActivityKind::attributes}),
    [](auto const& tested) { return std::string(tested.param.name); });

TEST_F(Names, NeedNotBeUtf8)
{
    Place const odd{{directory_a}, "\xff\xfe"};
    append({placed(ActivityKind::created, file_a, odd)});
    EXPECT_EQ(odd, journal->current({file_a}).take()->places.at(0));
}

TEST_F(Names, BringBackWhatWasKnownOfTheObject)
{
    auto created = placed(ActivityKind::created, file_a, name_a);
    created.key = {7, {1, to_bytes(as_bytes("handle"))}};
    append({created, version(file_a, "/srv/a", 5, 1), placed(ActivityKind::deleted, file_a, name_a)});
    append({renamed(file_a, {}, name_b, 0)});
    auto found = journal->current({file_a}).take();
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(created.key, found->key);
    EXPECT_EQ(event::ObjectKind::regular, found->kind);
    EXPECT_EQ("/srv/a", found->version->path);
}

std::vector<std::uint64_t> objects_of(Journal& journal, std::int64_t root)
{
    std::vector<std::uint64_t> out;
    EXPECT_OK(journal.for_each_current({root}, [&](CurrentObject const& object) -> Result<void> {
        out.push_back(object.object.value);
        return {};
    }));
    return out;
}

TEST_F(Names, AreVisitedObjectByObjectAndTreeByTree)
{
    auto other = placed(ActivityKind::seen, file_b, {{directory_b}, "x"});
    other.root = {2};
    append({placed(ActivityKind::seen, file_a, name_a), placed(ActivityKind::linked, file_a, name_b), other,
        activity(ActivityKind::opened, 99)});
    EXPECT_EQ((std::vector<std::uint64_t>{file_a, file_b}), objects_of(*journal, 0));
    EXPECT_EQ((std::vector<std::uint64_t>{file_a}), objects_of(*journal, 1));
    EXPECT_EQ((std::vector<std::uint64_t>{file_b}), objects_of(*journal, 2));
}

TEST_F(Names, StopBeingVisitedAtTheFirstError)
{
    append({placed(ActivityKind::seen, file_a, name_a), placed(ActivityKind::seen, file_b, name_b)});
    int visited = 0;
    EXPECT_ERRC(Errc::denied, journal->for_each_current({}, [&](CurrentObject const&) -> Result<void> {
        ++visited;
        return Error(Errc::denied, "enough");
    }));
    EXPECT_EQ(1, visited);
}

TEST_F(Names, MayBeAskedForWhileTheyAreVisited)
{
    append({placed(ActivityKind::seen, file_a, name_a), placed(ActivityKind::seen, file_b, name_b)});
    std::size_t inner = 0;
    EXPECT_OK(journal->for_each_current({}, [&](CurrentObject const& object) -> Result<void> {
        EXPECT_TRUE(journal->current(object.object).take().has_value());
        inner += objects_of(*journal, 0).size();
        return {};
    }));
    EXPECT_EQ(4U, inner);
}

} // namespace
} // namespace tocsin::journal::test
