// SPDX-License-Identifier: Apache-2.0
// A program's numbered state, and series that only look so; what is shredded after it was replaced.
#include <gtest/gtest.h>

#include "tocsin/verdict/testing/scene.h"

namespace tocsin::verdict {
namespace {

using namespace testing;

Stuff state(std::uint64_t seed)
{
    return {.type = FileType::unknown, .entropy = 5.8, .ends_well = false, .size = 300, .seed = seed};
}
std::string path_of(std::string const& stem, std::uint64_t number)
{
    return "/srv/repo/" + stem + "." + std::to_string(number);
}

class GenerationTest : public ::testing::Test {
protected:
    GenerationTest() { scene.folder("/srv/repo"); }
    Scene scene;
};

TEST_F(GenerationTest, TheStateOfABackupIsWrittenAnewByEachCommand)
{
    for (auto const* stem : {"hints", "integrity", "state"})
        scene.file(path_of(stem, 64), state(64));
    for (std::uint64_t number = 65; number < 90; ++number) {
        auto const borg = scene.run("python3 /usr/bin/borg prune");
        for (auto const* stem : {"hints", "integrity", "state"})
            scene.opens(borg, path_of(stem, number - 1));
        scene.creates(borg, "/srv/repo/pack-" + std::to_string(number), ciphertext(number));
        for (auto const* stem : {"hints", "integrity", "state"}) {
            scene.creates(borg, path_of(stem, number) + ".tmp", state(number));
            scene.renames(borg, path_of(stem, number) + ".tmp", path_of(stem, number));
            scene.deletes(borg, path_of(stem, number - 1));
        }
        scene.passes(std::chrono::seconds(4));
    }
    EXPECT_FALSE(scene.stopped()) << scene.reasons();
}

TEST_F(GenerationTest, ASeriesIsNone)
{
    for (std::uint64_t number = 1; number <= 60; ++number)
        scene.file(path_of("scan", number), state(number));
    auto const who = scene.run("wiper");
    std::size_t files = 0;
    for (std::uint64_t number = 1; number <= 60 && !scene.stopped(); ++number, ++files) {
        scene.creates(who, path_of("scan", 1'000 + number), state(1'000 + number));
        scene.deletes(who, path_of("scan", number));
    }
    EXPECT_LE(files, 12U);
}

TEST_F(GenerationTest, FewAreCoveredWhateverTheNextOnesHold)
{
    auto const who = scene.run("wiper");
    for (std::uint64_t n = 1; n <= 60; ++n)
        scene.file(path_of("state-" + std::to_string(n), 41), state(n));
    std::size_t files = 0;
    for (std::uint64_t n = 1; n <= 60 && !scene.stopped(); ++n, ++files) {
        auto const stem = "state-" + std::to_string(n);
        scene.creates(who, path_of(stem, 45), state(900 + n));
        scene.deletes(who, path_of(stem, 41));
    }
    EXPECT_LE(files, 20U);
}

TEST_F(GenerationTest, NothingElseIsBroughtUnderAStemThatIsCovered)
{
    std::vector<std::string> paths;
    for (std::uint64_t n = 1; n <= 60; ++n)
        scene.file(paths.emplace_back("/srv/" + std::to_string(n) + ".raw"), state(n));
    auto const who = scene.run("wiper");
    scene.folder("/srv/junk");
    std::size_t files = 0;
    for (std::uint64_t number = 1; auto const& path : paths) {
        if (scene.stopped())
            break;
        scene.renames(who, path, path_of("x", number));
        scene.creates(who, path_of("x", number + 1), state(900 + number));
        scene.deletes(who, path_of("x", number));
        scene.renames(who, path_of("x", number + 1), "/srv/junk/x." + std::to_string(number + 1));
        number += 2;
        ++files;
    }
    EXPECT_LE(files, 20U);
}

TEST_F(GenerationTest, WhatFollowedIsNotItsMakersOwn)
{
    auto const who = scene.run("wiper");
    std::size_t followers = 0;
    for (std::uint64_t hour = 0; hour < 10 && !scene.stopped(); ++hour) {
        for (std::uint64_t n = 0; n < 8 && !scene.stopped(); ++n) {
            auto const stem = "state-" + std::to_string(hour * 8 + n);
            scene.file(path_of(stem, 41), state(hour * 8 + n));
            scene.creates(who, path_of(stem, 45), state(900 + hour * 8 + n));
            scene.deletes(who, path_of(stem, 41));
            scene.deletes(who, path_of(stem, 45));
            ++followers;
        }
        scene.passes(std::chrono::minutes(61));
    }
    EXPECT_LE(followers, 30U);
}

TEST_F(GenerationTest, NoDocumentIsOne)
{
    std::size_t files = 0;
    auto const who = scene.run("wiper");
    for (std::uint64_t n = 1; n <= 60; ++n)
        scene.file(path_of("paper-" + std::to_string(n), 1), jpeg(n));
    for (std::uint64_t n = 1; n <= 60 && !scene.stopped(); ++n, ++files) {
        auto const stem = "paper-" + std::to_string(n);
        scene.creates(who, path_of(stem, 2), state(n));
        scene.deletes(who, path_of(stem, 1));
    }
    EXPECT_LE(files, 8U);
}

TEST_F(GenerationTest, WhatWasReplacedMayBeShredded)
{
    auto const paths = scene.files("/srv/config", 20, text, ".conf");
    for (std::uint64_t n = 0; n < paths.size(); ++n) {
        auto const borg = scene.run("python3 /usr/bin/borg check");
        auto const id = scene.id_at(paths[n]);
        scene.links(borg, paths[n], paths[n] + ".old");
        scene.creates(borg, paths[n] + ".tmp", text(n + 1));
        scene.renames(borg, paths[n] + ".tmp", paths[n]);
        scene.deletes(borg, paths[n] + ".old");
        scene.tell(scene.version(borg, paths[n] + ".old", id, ciphertext(n), event::Occasion::close));
    }
    EXPECT_FALSE(scene.stopped()) << scene.reasons();
}

TEST_F(GenerationTest, ButNotWhereSomethingElseStandsInItsPlace)
{
    auto const paths = scene.files("/srv/config", 20, text, ".conf");
    auto const who = scene.run("wiper");
    std::size_t n = 0;
    for (; n < paths.size() && !scene.stopped(); ++n) {
        auto const id = scene.id_at(paths[n]);
        scene.links(who, paths[n], paths[n] + ".old");
        scene.creates(who, paths[n] + ".tmp", text(n + 900));
        scene.renames(who, paths[n] + ".tmp", paths[n]);
        scene.captures(who, paths[n] + ".old", id, ciphertext(n));
    }
    EXPECT_LE(n, 5U);
}

} // namespace
} // namespace tocsin::verdict
