// SPDX-License-Identifier: Apache-2.0
// A server that writes its store anew, and destroyers that would look like it.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tocsin/verdict/testing/scene.h"

namespace tocsin::verdict {
namespace {

using namespace testing;

Stuff table(std::uint64_t seed)
{
    return {.type = FileType::unknown, .entropy = 4.2, .ends_well = false, .size = 120'000, .seed = seed};
}
Stuff vacuumed(std::uint64_t seed) // some rows are elsewhere, the dead ones gone
{
    auto rows = table(seed);
    rows.changed = 0.3;
    rows.size = 90'000;
    return rows;
}
Stuff free_space(std::uint64_t seed)
{
    return {
        .type = FileType::unknown, .entropy = 0.03, .ends_well = false, .size = 24'576, .seed = seed + 5'000};
}

class StoreTest : public ::testing::Test {
protected:
    StoreTest()
    {
        scene.folder("/srv/base");
        scene.rights = 0600;
        for (std::uint64_t n = 0; n < count; ++n)
            scene.file(old_path(n), n % 3 == 2 ? free_space(n) : table(n));
    }
    // In no order that we know.
    static std::string old_path(std::uint64_t n)
    {
        return "/srv/base/" + std::to_string(2600 + n * 7 % count);
    }
    static std::string new_path(std::uint64_t n) { return "/srv/base/" + std::to_string(16400 + n); }
    // Each is written anew as `made` says, then emptied; all are deleted by another worker at the end.
    void rewrites(ProcessKey who, ProcessKey deleter, std::function<Stuff(std::uint64_t)> const& made)
    {
        for (std::uint64_t n = 0; n < count && !scene.stopped(); ++n) {
            scene.creates(who, new_path(n), made(n));
            scene.passes(std::chrono::milliseconds(20));
            scene.spoils(who, old_path(n), empty());
        }
        for (std::uint64_t n = 0; n < count && !scene.stopped(); ++n)
            scene.deletes(deleter, old_path(n));
    }
    void expect_in_full(ProcessKey who)
    {
        rewrites(who, who, vacuumed);
        EXPECT_TRUE(scene.stopped());
        EXPECT_LE(scene.damage(), 12U);
    }
    static constexpr std::uint64_t count = 150;
    Scene scene;
    ProcessKey server = scene.run("postgres -D /srv");
    ProcessKey worker = scene.run_below(server, "postgres -D /srv");
    ProcessKey cleaner = scene.run_below(server, "postgres -D /srv");
};

TEST_F(StoreTest, IsWrittenAnew)
{
    rewrites(worker, cleaner, vacuumed);
    EXPECT_FALSE(scene.stopped()) << scene.reasons();
}

TEST_F(StoreTest, SomeOfItInAnOrderThatSharesNothing)
{
    rewrites(worker, cleaner, [](std::uint64_t n) { return n % 9 == 0 ? table(n + 900) : vacuumed(n); });
    EXPECT_FALSE(scene.stopped()) << scene.reasons();
}

TEST_F(StoreTest, MuchOfItAreIndexesOfAboutTheSameSize)
{
    rewrites(worker, cleaner, [](std::uint64_t n) {
        auto index = table(n + 900);
        index.size = 100'000;
        return n % 9 == 0 || (n % 9 == 4 && n < 85) ? index : vacuumed(n);
    });
    EXPECT_FALSE(scene.stopped()) << scene.reasons();
}

TEST_F(StoreTest, IsWrittenAnewTwice)
{
    rewrites(worker, cleaner, vacuumed);
    for (std::uint64_t n = 0; n < count && !scene.stopped(); ++n) {
        scene.creates(cleaner, "/srv/base/" + std::to_string(30000 + n), vacuumed(n));
        scene.spoils(cleaner, new_path(n), empty());
    }
    EXPECT_FALSE(scene.stopped()) << scene.reasons();
}

TEST_F(StoreTest, CiphertextAnswersForNothing)
{
    rewrites(worker, cleaner, ciphertext);
    EXPECT_TRUE(scene.stopped());
    EXPECT_LE(scene.damage(), 36U);
}

TEST_F(StoreTest, NorDoNewFilesOfOtherData)
{
    rewrites(worker, cleaner, [](std::uint64_t n) { return table(n + 900); });
    EXPECT_TRUE(scene.stopped());
    EXPECT_LE(scene.damage(), 36U);
}

TEST_F(StoreTest, APartThatIsKeptAnswersForLittleMoreThanItself)
{
    rewrites(worker, cleaner, [](std::uint64_t n) {
        auto part = vacuumed(n);
        part.size = 40'000;
        return part;
    });
    EXPECT_TRUE(scene.stopped());
    EXPECT_LE(scene.damage(), 36U);
}

TEST_F(StoreTest, WhatAnswersForOthersIsNobodysOwn)
{
    rewrites(worker, cleaner, vacuumed);
    ASSERT_FALSE(scene.stopped()) << scene.reasons();
    auto const before = scene.damage();
    for (std::uint64_t n = 0; n < count && !scene.stopped(); ++n)
        scene.deletes(worker, new_path(n));
    EXPECT_TRUE(scene.stopped());
    EXPECT_LE(scene.damage(), before + 56);
}

TEST_F(StoreTest, AnAnswerToAnAnswerHoldsWhatTheFirstDid)
{
    auto made = [](std::uint64_t n, double changed) {
        auto rows = table(n);
        rows.changed = changed;
        return rows;
    };
    rewrites(worker, cleaner, [&](std::uint64_t n) { return made(n, 0.5); });
    ASSERT_FALSE(scene.stopped()) << scene.reasons();
    auto const before = scene.damage();
    for (std::uint64_t n = 0; n < count && !scene.stopped(); ++n) {
        scene.creates(worker, "/srv/base/" + std::to_string(30000 + n), made(n, 1.0)); // the half that is new
        scene.spoils(worker, new_path(n), empty());
    }
    EXPECT_TRUE(scene.stopped());
    EXPECT_LE(scene.damage(), before + 56);
}

TEST_F(StoreTest, NorMayItBeEncryptedLater)
{
    rewrites(worker, cleaner, vacuumed);
    ASSERT_FALSE(scene.stopped()) << scene.reasons();
    auto const before = scene.damage();
    for (std::uint64_t n = 0; n < count && !scene.stopped(); ++n)
        scene.spoils(worker, new_path(n), ciphertext(n));
    EXPECT_LE(scene.damage(), before + 4);
}

TEST_F(StoreTest, IsDropped)
{
    for (std::uint64_t n = 0; n < count && !scene.stopped(); ++n)
        scene.deletes(worker, old_path(n));
    EXPECT_LE(scene.damage(), 45U); // a third of it is blank
}

TEST_F(StoreTest, AToolOfItsUserCountsInFull)
{
    expect_in_full(scene.run_below(server, "rm -rf /srv/base"));
}

TEST_F(StoreTest, SoDoesAnInterpreterThatForks)
{
    auto const python = scene.run("python3 wipe.py");
    expect_in_full(scene.run_below(python, "python3 wipe.py"));
}

TEST_F(StoreTest, SoDoesTheProgramStartedByItself)
{
    expect_in_full(scene.run("postgres --single -D /srv"));
}

TEST_F(StoreTest, SoDoesRoot)
{
    auto root = scene.tree.find(worker)->process;
    root.uid = 0;
    scene.tree.apply(root);
    expect_in_full(worker);
}

TEST_F(StoreTest, SoDoesWhatWasClosedToOthersBefore)
{
    for (std::uint64_t n = 0; n < count; ++n) {
        scene.sets(worker, old_path(n), [](event::Metadata& m) { m.mode = S_IFREG | 0644; });
        scene.passes(std::chrono::minutes(5));
        scene.sets(worker, old_path(n), [](event::Metadata& m) { m.mode = S_IFREG | 0600; });
    }
    ASSERT_FALSE(scene.stopped()) << scene.reasons();
    scene.passes(std::chrono::minutes(30));
    expect_in_full(worker);
}

TEST_F(StoreTest, DocumentsAreNoStore)
{
    auto const paths = scene.files("/srv/docs", 100, text, ".txt");
    std::uint64_t n = 0;
    auto const files = scene.paths_until_stopped(paths, [&](std::string const& path) {
        scene.creates(worker, "/srv/docs/new-" + std::to_string(n), text(n + 900));
        ++n;
        scene.spoils(worker, path, empty());
    });
    EXPECT_LE(files, 12U);
}

TEST_F(StoreTest, WhatOthersMayReadIsNone)
{
    scene.rights = 0644;
    scene.folder("/srv/data");
    std::vector<std::string> paths;
    for (std::uint64_t n = 0; n < 60; ++n)
        scene.file(paths.emplace_back("/srv/data/" + std::to_string(100 + n * 7 % 60)), table(n));
    std::uint64_t n = 0;
    auto const files = scene.paths_until_stopped(paths, [&](std::string const& path) {
        scene.creates(worker, "/srv/data/" + std::to_string(5000 + n), vacuumed(n));
        ++n;
        scene.spoils(worker, path, empty());
    });
    EXPECT_LE(files, 12U);
}

} // namespace
} // namespace tocsin::verdict
