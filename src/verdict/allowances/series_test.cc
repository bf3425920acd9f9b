// SPDX-License-Identifier: Apache-2.0
// A mail store of few large files is purged, and what only looks like it.
#include <gtest/gtest.h>

#include "tocsin/verdict/testing/scene.h"

namespace tocsin::verdict {
namespace {

using namespace testing;

Stuff mails(std::uint64_t seed)
{
    return {.type = FileType::unknown, .entropy = 4.8, .ends_well = false, .size = 500'000, .seed = seed};
}

class SeriesTest : public ::testing::Test {
protected:
    SeriesTest()
    {
        scene.files("/srv/docs", 200, text, ".txt");
        scene.folder("/srv/storage");
    }
    static std::string path_of(std::uint64_t number) { return "/srv/storage/m." + std::to_string(number); }
    // What is kept of four files makes a new one, then these go. How many went until it was stopped.
    std::size_t purges(ProcessKey who, std::function<Stuff(std::uint64_t)> const& kept)
    {
        for (std::uint64_t number = 10; number < 50; ++number)
            scene.file(path_of(number), mails(number));
        std::size_t gone = 0;
        for (std::uint64_t number = 10; number < 50 && !scene.stopped(); ++number, ++gone) {
            if (number % 4 == 2)
                scene.creates(who, path_of(100 + number), kept(100 + number));
            scene.deletes(who, path_of(number));
        }
        return gone;
    }
    Scene scene;
};

TEST_F(SeriesTest, IsPurged)
{
    scene.rights = 0600;
    purges(scene.run("doveadm purge"), mails);
    EXPECT_FALSE(scene.stopped()) << scene.reasons();
}

TEST_F(SeriesTest, IsToldWhereOthersMayReadIt)
{
    EXPECT_LE(purges(scene.run("doveadm purge"), mails), 12U);
}

TEST_F(SeriesTest, IsToldWhereAnInterpreterDoesIt)
{
    scene.rights = 0600;
    EXPECT_LE(purges(scene.run("python3 wipe.py"), mails), 12U);
}

TEST_F(SeriesTest, IsToldWhereItGoesOnAsCiphertext)
{
    scene.rights = 0600;
    EXPECT_LE(purges(scene.run("doveadm purge"), ciphertext), 12U);
}

TEST_F(SeriesTest, IsToldWhereLittleIsKept)
{
    scene.rights = 0600;
    auto little = [](std::uint64_t seed) {
        auto some = mails(seed);
        some.size = 50'000;
        return some;
    };
    EXPECT_LE(purges(scene.run("doveadm purge"), little), 12U);
}

TEST_F(SeriesTest, MakesAtMostAShareOfTheTree)
{
    scene.rights = 0600;
    for (std::uint64_t number = 1'000; number < 1'200; ++number)
        scene.file(path_of(number), mails(number));
    auto const who = scene.run("wiper");
    std::size_t gone = 0;
    for (std::uint64_t number = 1'000; number < 1'200 && !scene.stopped(); ++number, ++gone) {
        scene.creates(who, path_of(1'000 + number), mails(1'000 + number));
        scene.deletes(who, path_of(number));
    }
    EXPECT_TRUE(scene.stopped());
    EXPECT_LE(gone, 115U);
}

} // namespace
} // namespace tocsin::verdict
