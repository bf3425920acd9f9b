// SPDX-License-Identifier: Apache-2.0
// Honest work of whole programs, as far as the verdict sees it. None of it may be stopped.
#include <gtest/gtest.h>

#include "tocsin/verdict/testing/scene.h"

namespace tocsin::verdict {
namespace {

using namespace testing;

class ProgramTest : public ::testing::Test {
protected:
    void TearDown() override { EXPECT_FALSE(scene.stopped()) << scene.reasons(); }
    Scene scene;
};

TEST_F(ProgramTest, RsyncWritesInPlaceAndSetsTheTimesOfASource)
{
    auto const paths = scene.files("/srv/docs", 60, text, ".txt");
    auto const rsync = scene.run("rsync -a --inplace source/ /srv/docs");
    for (std::uint64_t seed = 1; auto const& path : paths) {
        auto edited = text(seed++);
        edited.changed = 0.2;
        scene.writes(rsync, path, edited);
        scene.sets(rsync, path, [](event::Metadata& m) { m.mtime_ns = 1'700'000'000'000'000'000; });
    }
}

// What only looks like it.

TEST(NoProgramTest, OneTimeForAllIsToldWhereAnotherWroteThem)
{
    Scene scene;
    auto const paths = scene.files("/srv/docs", 60, text, ".txt");
    auto const editor = scene.run("vim");
    auto const who = scene.run("touch -t 200001010000");
    auto const touched = scene.paths_until_stopped(paths, [&](std::string const& path) {
        scene.writes(editor, path, text(1));
        scene.sets(who, path, [](event::Metadata& m) { m.mtime_ns = 946'684'800'000'000'000; });
    });
    EXPECT_LE(touched, 20U);
}

} // namespace
} // namespace tocsin::verdict
