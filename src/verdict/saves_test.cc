// SPDX-License-Identifier: Apache-2.0
// How programs save, call by call: what they put in the place of the old file is read late.
#include <gtest/gtest.h>

#include "tocsin/verdict/testing/scene.h"

namespace tocsin::verdict {
namespace {

using namespace testing;
using std::chrono::milliseconds;

class SaveTest : public ::testing::Test {
protected:
    struct Put { // in the place of another, and not read since
        std::string path;
        ObjectId object;
    };
    // Made, closed, and filled by who opens it again. That it was empty is known before or only afterwards.
    enum class Read { at_once, after_it_was_filled };
    Put puts(std::string const& path, Stuff const& stuff, Read read)
    {
        auto const temporary = path + ".new";
        auto const object = scene.begins(who, temporary);
        auto const first = scene.version(who, temporary, object, empty(), event::Occasion::close);
        if (read == Read::at_once)
            scene.tell(first);
        scene.passes(milliseconds(20));
        scene.writes(who, temporary, stuff);
        if (read == Read::after_it_was_filled)
            scene.tell(first);
        scene.renames(who, temporary, path);
        scene.opens(who, path);
        return {path, object};
    }
    void put_all(Read read)
    {
        auto const paths = scene.files("/srv/papers", 200, text, ".txt");
        std::vector<Put> open;
        std::uint64_t seed = 0;
        for (auto const& path : paths) {
            auto saved = text(++seed);
            saved.changed = 0.2;
            open.push_back(puts(path, saved, read));
        }
        EXPECT_FALSE(scene.stopped()) << scene.reasons();
        for (std::uint64_t i = 0; i < open.size(); ++i) {
            auto saved = text(i + 1);
            saved.changed = 0.2;
            scene.captures(who, open[i].path, open[i].object, saved);
        }
        EXPECT_FALSE(scene.stopped()) << scene.reasons();
    }

    Scene scene;
    ProcessKey who = scene.run("soffice --headless");
};

TEST_F(SaveTest, WhatIsPutInPlaceAndOpenedAgainIsNotTheEmptyFileThatItWas)
{
    put_all(Read::at_once);
}

TEST_F(SaveTest, NorWhereItsEmptinessIsToldLast)
{
    put_all(Read::after_it_was_filled);
}

// A disk image is made in its size, of zeros, closed, and then opened again and filled.
TEST_F(SaveTest, WhatIsPutInPlaceIsNotTheZerosThatItWas)
{
    auto image = [](std::uint64_t seed) {
        return Stuff{.type = FileType::unknown, .entropy = 4, .seed = seed};
    };
    auto const paths = scene.files("/srv/disks", 100, image, ".img");
    Stuff const zeros{.type = FileType::unknown, .entropy = 0};
    std::uint64_t seed = 0;
    for (auto const& path : paths) {
        auto const temporary = path + ".new";
        auto const object = scene.begins(who, temporary);
        scene.captures(who, temporary, object, zeros);
        scene.passes(milliseconds(20));
        auto stuff = image(++seed);
        scene.writes(who, temporary, stuff);
        scene.renames(who, temporary, path);
        scene.captures(who, path, object, stuff);
    }
    EXPECT_FALSE(scene.stopped()) << scene.reasons();
}

// cpio and tar put files in the place of equal ones. Each is read before the last event of its making was looked at,
// and once more by nobody.
TEST_F(SaveTest, WhatWasUnpackedOverItselfMayBeReplacedOnceMoreMuchLater)
{
    auto const paths = scene.files("/srv/papers", 30, [](auto) { return text(1); }, ".txt");
    for (int run = 0; run < 4; ++run) {
        auto const cpio = scene.run("cpio -idu --quiet");
        for (auto const& path : paths) {
            scene.deletes(cpio, path);
            auto const object = scene.begins(cpio, path);
            auto const read = scene.version(cpio, path, object, text(1), event::Occasion::close);
            scene.passes(milliseconds(1));
            scene.writes(cpio, path, text(1));
            scene.tell(read);
        }
        scene.ends(cpio);
        scene.passes(std::chrono::minutes(18));
    }
    EXPECT_FALSE(scene.stopped()) << scene.reasons();
}

TEST_F(SaveTest, AFileThatStaysEmptyIsALossAtOnce)
{
    auto const paths = scene.files("/srv/papers", 100, text, ".txt");
    auto const damaged = scene.paths_until_stopped(
        paths, [&](std::string const& path) { puts(path, empty(), Read::at_once); });
    EXPECT_LE(damaged, 8U);
}

TEST_F(SaveTest, AFileThatIsFilledAndEmptiedAgainIsALossWhenItIsRead)
{
    auto const paths = scene.files("/srv/papers", 100, text, ".txt");
    auto const damaged = scene.paths_until_stopped(paths, [&](std::string const& path) {
        auto const put = puts(path, text(1), Read::at_once);
        scene.captures(who, put.path, put.object, empty());
    });
    EXPECT_LE(damaged, 8U);
}

TEST_F(SaveTest, CiphertextThatIsPutInPlaceAndReadLateIsToldByTheFourth)
{
    auto const paths = scene.files("/srv/papers", 100, text, ".txt");
    std::uint64_t seed = 0;
    auto const damaged = scene.paths_until_stopped(paths, [&](std::string const& path) {
        auto const put = puts(path, ciphertext(++seed), Read::after_it_was_filled);
        scene.captures(who, put.path, put.object, ciphertext(seed));
    });
    EXPECT_LE(damaged, 4U);
}

} // namespace
} // namespace tocsin::verdict
