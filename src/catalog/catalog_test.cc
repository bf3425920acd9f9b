// SPDX-License-Identifier: Apache-2.0
#include "tocsin/base/test.h"
#include "tocsin/catalog/catalog.h"

namespace tocsin::catalog {
namespace {

using event::ActivityKind;
using event::ObjectId;
using event::ObjectKind;
using event::Place;

class CatalogTest : public testing::Test {
protected:
    CatalogTest() { see(1, ObjectKind::directory, {{}, "/srv"}); }

    event::Activity activity(ActivityKind kind, std::uint64_t object, ObjectKind object_kind, Place place)
    {
        event::Activity a;
        a.kind = kind;
        a.object = {object};
        a.object_kind = object_kind;
        a.root = {1};
        a.place = std::move(place);
        return a;
    }
    void see(std::uint64_t object, ObjectKind kind, Place place)
    {
        auto a = activity(ActivityKind::seen, object, kind, std::move(place));
        a.metadata = event::Metadata{};
        a.metadata->size = 100;
        a.metadata->inode = object;
        catalog.apply(a, {});
    }
    void see_file(std::uint64_t object, Place place) { see(object, ObjectKind::regular, std::move(place)); }
    void remove(std::uint64_t object, Place place)
    {
        catalog.apply(activity(ActivityKind::deleted, object, ObjectKind::regular, std::move(place)), {});
    }
    void rename(std::uint64_t object, Place from, Place to, std::uint64_t displaced)
    {
        auto a = activity(ActivityKind::renamed, object, ObjectKind::regular, std::move(from));
        a.target = std::move(to);
        a.displaced = {displaced};
        catalog.apply(a, {});
    }

    Catalog catalog;
};

TEST_F(CatalogTest, LearnsWhatAnObjectIs)
{
    see_file(3, {{1}, "link"});
    catalog.learn_kind({3}, ObjectKind::symlink);
    EXPECT_EQ(ObjectKind::symlink, catalog.find({3})->kind);
    EXPECT_EQ(0U, catalog.counts({1}).bytes);
    catalog.learn_kind({3}, ObjectKind::regular);
    EXPECT_EQ(100U, catalog.counts({1}).bytes);
}

TEST_F(CatalogTest, KnowsAnObjectByItsPlaceAndItsPath)
{
    see(2, ObjectKind::directory, {{1}, "docs"});
    see_file(3, {{2}, "a.txt"});
    EXPECT_EQ(ObjectId{3}, catalog.child({2}, "a.txt"));
    EXPECT_EQ("/srv/docs/a.txt", catalog.path_of(ObjectId{3}));
    EXPECT_EQ("/srv/docs/new", catalog.path_of(Place{{2}, "new"}));
    EXPECT_TRUE(catalog.find({3})->origin.existed);
}

TEST_F(CatalogTest, CountsObjectsDirectoriesAndBytesOfARoot)
{
    see(2, ObjectKind::directory, {{1}, "docs"});
    see_file(3, {{2}, "a"});
    see_file(4, {{2}, "b"});
    remove(4, {{2}, "b"});
    auto counts = catalog.counts({1});
    EXPECT_EQ(3U, counts.objects);
    EXPECT_EQ(2U, counts.directories);
    EXPECT_EQ(100U, counts.bytes);
}

TEST_F(CatalogTest, KeepsAnObjectUntilItsLastNameIsGone)
{
    see_file(3, {{1}, "a"});
    catalog.apply(activity(ActivityKind::linked, 3, ObjectKind::regular, {{1}, "b"}), {});
    EXPECT_EQ(2U, catalog.places_of({3}).size());
    remove(3, {{1}, "a"});
    EXPECT_EQ("/srv/b", catalog.path_of(ObjectId{3}));
    remove(3, {{1}, "b"});
    EXPECT_FALSE(catalog.find({3})->is_here());
}

// A file made in a directory before that is watched is closed before its name is found.
TEST_F(CatalogTest, WhatIsCapturedBeforeItsNameIsKnownIsNotGone)
{
    event::Version version;
    version.object = {3};
    version.root = {1};
    version.metadata.mode = S_IFREG | 0644;
    catalog.apply(version);
    EXPECT_FALSE(catalog.find({3})->is_here());
    EXPECT_FALSE(catalog.find({3})->is_gone);
    see_file(3, {{1}, "a"});
    remove(3, {{1}, "a"});
    EXPECT_TRUE(catalog.find({3})->is_gone);
    see_file(3, {{1}, "a"});
    EXPECT_FALSE(catalog.find({3})->is_gone);
}

TEST_F(CatalogTest, IsGoneAlsoWhenItIsRemovedBeforeItsNameIsKnown)
{
    event::Version version;
    version.object = {3};
    version.root = {1};
    catalog.apply(version);
    remove(3, {{1}, "a"});
    EXPECT_TRUE(catalog.find({3})->is_gone);
}

TEST_F(CatalogTest, TakesTheNameOfWhatARenameDisplaces)
{
    see_file(3, {{1}, "a"});
    see_file(4, {{1}, "b"});
    rename(3, {{1}, "a"}, {{1}, "b"}, 4);
    EXPECT_EQ(ObjectId{3}, catalog.child({1}, "b"));
    EXPECT_FALSE(catalog.child({1}, "a"));
    EXPECT_FALSE(catalog.find({4})->is_here());
}

TEST_F(CatalogTest, FollowsAnExchangeThatArrivesAsTwoRenames)
{
    see_file(3, {{1}, "a"});
    see(4, ObjectKind::directory, {{1}, "b"});
    see_file(5, {{4}, "inside"});
    rename(3, {{1}, "a"}, {{1}, "b"}, 0);
    rename(4, {{1}, "b"}, {{1}, "a"}, 0);
    EXPECT_EQ("/srv/b", catalog.path_of(ObjectId{3}));
    EXPECT_EQ("/srv/a/inside", catalog.path_of(ObjectId{5}));
}

TEST_F(CatalogTest, DropsAWholeSubtreeThatIsMovedOut)
{
    see(2, ObjectKind::directory, {{1}, "docs"});
    see(3, ObjectKind::directory, {{2}, "deep"});
    see_file(4, {{3}, "a"});
    rename(2, {{1}, "docs"}, {{}, ""}, 0);
    EXPECT_EQ(1U, catalog.counts({1}).objects);
    EXPECT_EQ(0U, catalog.counts({1}).bytes);
    EXPECT_FALSE(catalog.find({4})->is_here());
}

TEST_F(CatalogTest, RemembersWhoMadeAnObject)
{
    auto a = activity(ActivityKind::created, 3, ObjectKind::regular, {{1}, "new"});
    a.process = {100, 5};
    catalog.apply(a, {7});
    EXPECT_FALSE(catalog.find({3})->origin.existed);
    EXPECT_EQ((event::ProcessKey{100, 5}), catalog.find({3})->origin.creator);
    EXPECT_EQ(MakerId{7}, catalog.find({3})->origin.maker);
}

TEST_F(CatalogTest, TakesAVersionThatArrivesBeforeTheName)
{
    event::Version v;
    v.object = {3};
    v.root = {1};
    v.metadata.mode = 0100644;
    v.metadata.size = 7;
    v.facts.type = event::FileType::text;
    catalog.apply(v);
    catalog.apply(activity(ActivityKind::created, 3, ObjectKind::regular, {{1}, "new"}), {});
    EXPECT_TRUE(catalog.find({3})->has_version);
    EXPECT_EQ(7U, catalog.counts({1}).bytes);
}

TEST_F(CatalogTest, CountsSurvivorsInEachOrder)
{
    // Inodes run 10..14; the walk saw them as e, d, c, b, a.
    for (std::uint64_t i = 0; i < 5; ++i)
        see_file(10 + i, {{1}, std::string(1, static_cast<char>('e' - i))});
    auto const* b = catalog.link_at({{1}, "b"});
    auto const* e = catalog.link_at({{1}, "e"});
    EXPECT_EQ(3U, survivors_between(*b, Order::name, mark_of(*b), mark_of(*e), 64));
    EXPECT_EQ(3U, survivors_between(*b, Order::inode, mark_of(*e), mark_of(*b), 64));
    EXPECT_EQ(3U, survivors_between(*b, Order::walk, mark_of(*e), mark_of(*b), 64));
    EXPECT_EQ(2U, survivors_between(*b, Order::name, mark_of(*b), mark_of(*e), 2));
    EXPECT_EQ(0U, survivors_between(*b, Order::name, mark_of(*b), mark_of(*b), 64));
}

TEST_F(CatalogTest, LearnsTheOrderOfASecondListing)
{
    see_file(10, {{1}, "a"});
    see_file(11, {{1}, "b"});
    see_file(12, {{1}, "c"});
    see_file(11, {{1}, "b"});
    see_file(12, {{1}, "c"});
    see_file(10, {{1}, "a"});
    std::string order;
    catalog.for_each_child({1}, [&](Link const& link) {
        order += link.name;
        return true;
    });
    EXPECT_EQ("bca", order);
}

TEST_F(CatalogTest, ForgetsTheOldestOfManyThatAreGone)
{
    for (std::uint64_t i = 0; i < 40'000; ++i) {
        see_file(100 + i, {{1}, "x"});
        remove(100 + i, {{1}, "x"});
    }
    EXPECT_EQ(nullptr, catalog.find({100}));
    EXPECT_LT(catalog.size(), 33'000U);
}

} // namespace
} // namespace tocsin::catalog
