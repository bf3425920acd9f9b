// SPDX-License-Identifier: Apache-2.0
// Deletions that meet only what is older than much of the rest: chance, or cleaning by age.
#include <gtest/gtest.h>

#include "tocsin/verdict/testing/scene.h"

namespace tocsin::verdict {
namespace {

using namespace testing;
using std::chrono::hours;

constexpr auto year = hours(24 * 365);

class AgesTest : public ::testing::Test {
protected:
    // 50 files as readdir gives them, the younger ones last; names say nothing of their age.
    std::vector<std::string> files(std::size_t old, hours age_of_old, hours age_of_young)
    {
        scene.folder("/srv/docs");
        std::vector<std::string> paths;
        for (std::size_t i = 0; i < 50; ++i) {
            paths.push_back("/srv/docs/" + std::to_string(100 + i * 37 % 50));
            auto const days = hours(24 * (i * 17 % 50));
            scene.file_of_age(paths.back(), text(i), (i < old ? age_of_old : age_of_young) + days);
        }
        scene.list_again("/srv/docs", paths);
        return paths;
    }
    Scene scene;
};

TEST_F(AgesTest, ARunOverAnOldFolderIsToldAlthoughItsYoungerFilesComeLast)
{
    auto const paths = files(36, 5 * year, 4 * year);
    auto const who = scene.run("rm -rf /srv/docs");
    EXPECT_LE(scene.until_stopped(paths, [&](auto const& path) { scene.deletes(who, path); }), 8U);
}

TEST_F(AgesTest, AFewNewFilesInAnOldFolderAreNoReasonToWait)
{
    auto const paths = files(36, 5 * year, 4 * year);
    scene.file("/srv/docs/100-minutes", text(100));
    scene.file("/srv/docs/149-minutes", text(101));
    auto const who = scene.run("find /srv/docs -delete");
    EXPECT_LE(scene.until_stopped(paths, [&](auto const& path) { scene.deletes(who, path); }), 8U);
}

TEST_F(AgesTest, WhatWasMadeJustNowIsNotCleanedByAge)
{
    std::vector<std::string> paths;
    for (int folder = 0; folder < 6; ++folder)
        scene.folder("/srv/d" + std::to_string(folder));
    for (int number = 0; number < 300; ++number) {
        paths.push_back("/srv/d" + std::to_string(number % 6) + "/plan-" + std::to_string(number) + ".txt");
        scene.file_of_age(paths.back(), text(static_cast<std::uint64_t>(number)),
            std::chrono::minutes(10) - std::chrono::milliseconds(number));
    }
    auto const who = scene.run("smbd"); // folder by folder in turn, the oldest first
    EXPECT_LE(scene.until_stopped(paths, [&](auto const& path) { scene.deletes(who, path); }), 14U);
}

TEST_F(AgesTest, CleaningOfWhatIsOlderThanAYearMayMeetTwentySuchFilesFirst)
{
    auto const paths = files(20, 2 * year, hours(24));
    auto const who = scene.run("find /srv/docs -mtime +365 -delete");
    for (std::size_t i = 0; i < 20; ++i)
        scene.deletes(who, paths[i]);
    EXPECT_FALSE(scene.stopped()) << scene.reasons();
}

TEST_F(AgesTest, CleaningOfWhatIsOlderThanTenYearsMayMeetSevenSuchFilesFirst)
{
    auto const paths = files(7, 11 * year, 5 * year);
    auto const who = scene.run("find /srv/docs -mtime +3650 -delete");
    for (std::size_t i = 0; i < 7; ++i)
        scene.deletes(who, paths[i]);
    EXPECT_FALSE(scene.stopped()) << scene.reasons();
}

} // namespace
} // namespace tocsin::verdict
