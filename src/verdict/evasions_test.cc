// SPDX-License-Identifier: Apache-2.0
// Destruction made to look like honest work. All of it must be stopped.
#include <gtest/gtest.h>

#include "tocsin/verdict/testing/scene.h"

namespace tocsin::verdict {
namespace {

using namespace testing;
using std::chrono::hours;

class EvasionTest : public ::testing::Test {
protected:
    // 250 files, each a day younger than the one before; names and listing say nothing of their age.
    std::vector<std::string> files_oldest_first()
    {
        scene.folder("/srv/docs");
        std::vector<std::string> paths;
        for (std::uint64_t i = 0; i < 250; ++i) {
            paths.push_back("/srv/docs/" + std::to_string(i * 7'919 % 1'000));
            scene.file_of_age(paths.back(), text(i), hours(10'000 - 24 * static_cast<int>(i)));
        }
        scene.list_again("/srv/docs", scene.shuffled(paths));
        return paths;
    }
    Scene scene;
};

TEST_F(EvasionTest, APlaceholderThatGoesAsWellHidesNoDeletion)
{
    auto const paths = scene.files("/srv/docs", 100, text, ".txt");
    auto const who = scene.run("python3 wipe.py");
    auto const damaged = scene.paths_until_stopped(paths, [&](std::string const& path) {
        scene.deletes(who, path);
        scene.begins(who, path);
        scene.deletes(who, path);
    });
    EXPECT_LE(damaged, 8U);
}

TEST_F(EvasionTest, WhatItMakesItselfMeanwhileIsNothingThatItLeaves)
{
    scene.file("/srv/readme-1.txt", text(1));
    scene.file("/srv/readme-2.txt", text(2));
    auto const paths = scene.files("/srv/docs", 50, text, ".txt");
    auto const who = scene.run("perl wipe.pl");
    auto const maker = scene.run_below(who, "perl wipe.pl");
    scene.deletes(who, "/srv/readme-1.txt");
    scene.deletes(who, "/srv/readme-2.txt");
    scene.begins(maker, "/srv/.t0", ObjectKind::symlink);
    EXPECT_LE(scene.until_stopped(paths, [&](auto const& path) { scene.deletes(who, path); }), 9U);
}

TEST_F(EvasionTest, WhatStandsInTheFoldersAboveIsStillToCome)
{
    std::vector<std::string> paths;
    for (int i = 0; i < 20; ++i)
        paths.push_back("/srv/readme-" + std::to_string(100 + i));
    for (std::size_t i = 0; i < paths.size(); ++i)
        scene.file(paths[i], text(i));
    scene.folder("/srv/docs");
    auto const below = scene.files("/srv/docs/2014", 50, text, ".txt");
    // rm goes down into a folder where readdir shows it.
    scene.list_again("/srv", {paths[0], paths[1], "/srv/docs"});
    auto order = std::vector(paths.begin() + 2, paths.end());
    scene.list_again("/srv", order);
    auto const who = scene.run("rm -rf /srv");
    scene.deletes(who, paths[0]);
    scene.deletes(who, paths[1]);
    EXPECT_LE(scene.until_stopped(
                  scene.listed("/srv/docs/2014"), [&](auto const& path) { scene.deletes(who, path); }),
        9U);
}

TEST_F(EvasionTest, DocumentsAreNotEmptiedUnseenBecauseOthersAreLeft)
{
    auto const paths = scene.files("/srv/docs", 49, office, ".docx");
    auto const who = scene.run("perl -e truncate");
    std::size_t emptied = 0;
    for (std::size_t i = 0; i < paths.size() && !scene.stopped(); i += 7) {
        scene.spoils(who, paths[i], empty());
        ++emptied;
    }
    ASSERT_TRUE(scene.stopped());
    EXPECT_LE(emptied, 4U);
}

TEST_F(EvasionTest, AProgramForEveryFewFilesThatIsOverBeforeItIsSeenIsNoWayOut)
{
    auto const paths = scene.files("/srv/docs", 1'000, text, ".txt");
    auto const starter = scene.run("xargs -n20 perl");
    std::size_t next = 0;
    std::size_t programs = 0;
    while (!scene.condemned(starter) && next < paths.size()) {
        auto const who = scene.run_below(starter, "perl -e truncate");
        scene.ends(who); // what it did is told after its end
        ++programs;
        for (int i = 0; i < 20; ++i)
            scene.deletes(who, paths[next++]);
    }
    EXPECT_LE(programs, 3U);
}

TEST_F(EvasionTest, AnHeirThatIsGoneHidesNoDeletion)
{
    auto const paths = scene.files("/srv/docs", 100, text, ".txt");
    auto const who = scene.run("python3 wipe.py");
    for (auto const& path : paths) {
        scene.links(who, path, path + ".x");
        scene.deletes(who, path);
    }
    for (auto const& path : paths)
        scene.begins(who, path);
    for (auto const& path : paths)
        scene.deletes(who, path);
    auto const damaged =
        scene.paths_until_stopped(paths, [&](std::string const& path) { scene.deletes(who, path + ".x"); });
    EXPECT_LE(damaged, 8U);
}

TEST_F(EvasionTest, AnHeirThatIsForgottenHidesNoDeletion)
{
    auto const paths = scene.files("/srv/docs", 100, text, ".txt");
    auto const who = scene.run("python3 wipe.py");
    for (auto const& path : paths) {
        scene.links(who, path, path + ".x");
        scene.deletes(who, path);
        scene.begins(who, path);
        scene.deletes(who, path);
    }
    for (int i = 0; i < 33'000; ++i) { // more than the catalog remembers without a name
        scene.begins(who, "/srv/docs/own");
        scene.deletes(who, "/srv/docs/own");
    }
    auto const damaged =
        scene.paths_until_stopped(paths, [&](std::string const& path) { scene.deletes(who, path + ".x"); });
    EXPECT_LE(damaged, 8U);
}

TEST_F(EvasionTest, AnHeirThatWasReadAndIsGoneHidesNoDeletion)
{
    auto const paths = scene.files("/srv/docs", 100, text, ".txt");
    auto const who = scene.run("python3 wipe.py");
    for (std::uint64_t seed = 1; auto const& path : paths) { // ln f f.x; rm f; cp f.x f
        scene.links(who, path, path + ".x");
        scene.deletes(who, path);
        scene.creates(who, path, text(seed++));
    }
    for (auto const& path : paths)
        scene.deletes(who, path);
    auto const damaged =
        scene.paths_until_stopped(paths, [&](std::string const& path) { scene.deletes(who, path + ".x"); });
    EXPECT_LE(damaged, 8U);
}

TEST_F(EvasionTest, AFolderAsHeirHidesNoDeletion)
{
    auto const paths = scene.files("/srv/docs", 100, text, ".txt");
    auto const who = scene.run("python3 wipe.py");
    auto const damaged = scene.paths_until_stopped(paths, [&](std::string const& path) {
        scene.links(who, path, path + ".x");
        scene.deletes(who, path);
        scene.begins(who, path, ObjectKind::directory);
        scene.deletes(who, path + ".x");
    });
    EXPECT_LE(damaged, 8U);
}

// Placeholders that are never read: above a bound the oldest losses count.
TEST(EvasionBySettingsTest, LossesThatWaitAreBounded)
{
    Scene scene(Settings{.losses_waiting = 50});
    auto const paths = scene.files("/srv/docs", 100, text, ".txt");
    auto const who = scene.run("python3 wipe.py");
    auto const damaged = scene.paths_until_stopped(paths, [&](std::string const& path) {
        scene.deletes(who, path);
        scene.begins(who, path);
    });
    EXPECT_GT(damaged, 50U);
    EXPECT_LE(damaged, 58U);
}

TEST_F(EvasionTest, APlaceholderThatIsRenamedOverHidesNoContent)
{
    auto const paths = scene.files("/srv/docs", 100, text, ".txt");
    auto const who = scene.run("python3 lock.py");
    std::uint64_t seed = 0;
    auto const damage = scene.until_stopped(paths, [&](std::string const& path) {
        scene.creates(who, path + ".new", ciphertext(++seed));
        scene.deletes(who, path);
        scene.begins(who, path);
        scene.renames(who, path + ".new", path);
    });
    EXPECT_LE(damage, 8U);
}

TEST_F(EvasionTest, AModeSetWhileAFileIsWrittenHidesNoContent)
{
    auto const paths = scene.files("/srv/docs", 100, text, ".txt");
    auto const who = scene.run("python3 lock.py");
    std::uint64_t seed = 0;
    auto const damage = scene.until_stopped(paths, [&](std::string const& path) {
        scene.sets(who, path, [](event::Metadata& m) { m.size = 0; });
        scene.spoils(who, path, ciphertext(++seed));
    });
    EXPECT_LE(damage, 8U);
}

// The oldest first, seven of each ten by each of many processes one after another, in no order within.
TEST_F(EvasionTest, TextsWithoutTheirFirstBlockAreToldByTheFourth)
{
    auto const paths = scene.files("/srv/docs", 200, text, ".txt");
    auto const who = scene.run("fallocate -c -o 0 -l 4096");
    auto const files = scene.until_stopped(paths, [&, seed = std::uint64_t{0}](auto const& path) mutable {
        auto cut = text(++seed);
        cut.size -= 4096;
        cut.changed = 0.2;
        scene.spoils(who, path, cut);
    });
    EXPECT_LE(files, 4U);
}

TEST_F(EvasionTest, ManyShortRunsByAgeAreOneDestroyer)
{
    auto const paths = files_oldest_first();
    auto const script = scene.run("bash wipe.sh");
    for (std::size_t at = 0; at < paths.size() && !scene.stopped(); at += 10) {
        std::vector<std::string> ten(paths.begin() + static_cast<std::ptrdiff_t>(at),
            paths.begin() + static_cast<std::ptrdiff_t>(at + 10));
        auto const rm = scene.run_below(script, "rm");
        for (std::size_t spared : {9, 6, 3})
            ten.erase(ten.begin() + static_cast<std::ptrdiff_t>(spared));
        for (auto const& path : scene.shuffled(ten))
            scene.deletes(rm, path);
        scene.ends(rm);
    }
    ASSERT_TRUE(scene.stopped());
    EXPECT_LE(scene.damage(), 100U);
}

TEST_F(EvasionTest, WhoTookTheOldestMayNotTakeTheRestForIt)
{
    auto const paths = files_oldest_first();
    auto const who = scene.run("python3 wipe.py");
    for (std::size_t i = 0; i < 130; i += 2) // of the older half every second
        scene.deletes(who, paths[i]);
    ASSERT_FALSE(scene.stopped()) << "cleaning by age";
    EXPECT_LE(scene.until_stopped(scene.shuffled({paths.begin() + 130, paths.end()}),
                  [&](std::string const& path) { scene.deletes(who, path); }),
        65U + 8U); // the older ones before, then 8
}

// On a busy machine nothing of what shred does is read before it has renamed and deleted the file: the ciphertext
// beside it is found by the name that it had.
TEST_F(EvasionTest, CiphertextBesideFilesThatAreShreddedUnread)
{
    scene.files("/srv/docs", 100, text, ".txt");
    std::uint64_t seed = 0;
    scene.until_stopped(scene.listed("/srv/docs"), [&](std::string const& path) {
        scene.creates(scene.run("openssl enc"), path + ".enc", ciphertext(++seed));
        auto const shred = scene.run("shred -n1 -u");
        scene.opens(shred, path);
        scene.writes(shred, path, empty());
        scene.renames(shred, path, "/srv/docs/0000000");
        scene.renames(shred, "/srv/docs/0000000", "/srv/docs/000");
        scene.deletes(shred, "/srv/docs/000");
    });
    EXPECT_TRUE(scene.stopped());
    EXPECT_LE(scene.damage(), 4U) << scene.reasons();
}

} // namespace
} // namespace tocsin::verdict
