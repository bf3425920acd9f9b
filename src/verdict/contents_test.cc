// SPDX-License-Identifier: Apache-2.0
// Files whose contents gave way to others that look honest, each by itself; and honest work that is near to it.
#include <gtest/gtest.h>

#include "tocsin/verdict/testing/scene.h"

namespace tocsin::verdict {
namespace {

using namespace testing;

Stuff fake_jpeg(std::uint64_t seed)
{
    return {.type = FileType::jpeg,
        .entropy = 7.99,
        .ends_well = false,
        .size = 20'020,
        .seed = seed + 4'000'000};
}
Stuff gzip(std::uint64_t seed)
{
    return {.type = FileType::gzip,
        .entropy = 7.9,
        .ends_well = false,
        .size = 5'000,
        .unpacked_size = 9'000,
        .seed = seed};
}
Stuff cut(Stuff stuff)
{
    stuff.size -= 64;
    stuff.ends_well = false;
    stuff.unpacked_size += 77;
    stuff.changed = 0.1;
    return stuff;
}
Stuff mixed(std::uint64_t seed)
{
    return seed % 3 == 0 ? text(seed) : seed % 3 == 1 ? gzip(seed) : jpeg(seed);
}

class ContentsTest : public ::testing::Test {
protected:
    std::size_t spoilt(
        std::vector<std::string> const& paths, std::function<Stuff(std::uint64_t)> const& becomes)
    {
        auto const who = scene.run("python3 x.py");
        std::uint64_t number = 1;
        return scene.until_stopped(
            paths, [&](std::string const& path) { scene.spoils(who, path, becomes(number++)); });
    }
    // Each read, written anew beside it under a further ending, and deleted.
    std::size_t converted(std::vector<std::string> const& paths, std::string const& ending,
        std::function<Stuff(std::uint64_t)> const& becomes)
    {
        auto const who = scene.run("python3 x.py");
        std::uint64_t number = 1;
        return scene.until_stopped(paths, [&](std::string const& path) {
            scene.opens(who, path);
            scene.creates(who, path + ending, becomes(number++));
            scene.deletes(who, path);
        });
    }
    // A folder of 25 files, out of the tree.
    void moves_away(ProcessKey who, int number)
    {
        auto const folder = "/srv/folder" + std::to_string(number);
        scene.files(folder, 25, text, ".txt");
        scene.renames(who, folder, "/elsewhere" + std::to_string(number));
    }
    Scene scene;
};

// Older versions by number move up; they never move down in the same breath.
TEST_F(ContentsTest, NeighboursThatChangeContentsAreStopped)
{
    std::vector<Stuff> held;
    auto const paths =
        scene.files("/srv/docs", 100, [&](std::uint64_t n) { return held.emplace_back(text(n)); }, ".txt");
    auto const who = scene.run("python3 x.py");
    for (std::size_t n = 0; n < paths.size() && !scene.stopped(); n += 2) {
        scene.spoils(who, paths[n], held[n + 1]);
        scene.spoils(who, paths[n + 1], held[n]);
    }
    EXPECT_TRUE(scene.stopped());
    EXPECT_LE(scene.damage(), 12U);
}

TEST_F(ContentsTest, OneTextInAllFilesIsStopped)
{
    EXPECT_LE(
        spoilt(scene.files("/srv/docs", 100, text, ".txt"), [](std::uint64_t) { return text(9'999); }), 8U);
}

TEST_F(ContentsTest, OneTextInFilesOfAllKindsIsStopped)
{
    EXPECT_LE(
        spoilt(scene.files("/srv/docs", 100, mixed, ".x"), [](std::uint64_t) { return text(9'999); }), 7U);
}

TEST_F(ContentsTest, OnePictureUnderAllNamesIsStopped)
{
    auto const paths = scene.files("/srv/photos", 100, jpeg, ".jpg");
    auto const who = scene.run("cp --remove-destination");
    auto const damaged = scene.until_stopped(paths, [&](std::string const& path) {
        scene.deletes(who, path);
        scene.creates(who, path, jpeg(9'999));
    });
    EXPECT_LE(damaged, 8U);
}

TEST_F(ContentsTest, OneTextInFilesThatWereAlikeIsStoppedLater)
{
    auto const paths = scene.files(
        "/srv/docs", 100,
        [](std::uint64_t seed) { return Stuff{.size = 20'000 + seed, .seed = 7, .changed = 0.4}; }, ".txt");
    EXPECT_LE(spoilt(paths, [](std::uint64_t) { return text(9'999); }), 60U);
}

TEST_F(ContentsTest, ATemplateOverAFewFilesIsLeftAlone)
{
    EXPECT_EQ(SIZE_MAX,
        spoilt(scene.files("/srv/docs", 4, text, ".txt"), [](std::uint64_t) { return text(9'999); }));
}

TEST_F(ContentsTest, ANewLicenceInAllFoldersIsLeftAlone)
{
    auto const who = scene.run("cp LICENSE");
    for (std::uint64_t i = 0; i < 100; ++i) {
        auto const folder = "/srv/part" + std::to_string(i);
        scene.folder(folder);
        scene.file(folder + "/LICENSE", {.seed = i % 9, .changed = 0.2});
        scene.file(folder + "/NOTICE", {.size = 10'000 + i, .seed = 77, .changed = 0.2});
    }
    for (std::uint64_t i = 0; i < 100; ++i) {
        auto const folder = "/srv/part" + std::to_string(i);
        scene.overwrites(who, folder + "/NOTICE", {.size = 12'000, .seed = 77, .changed = 0.4});
    }
    EXPECT_FALSE(scene.stopped()) << scene.reasons();
}

TEST_F(ContentsTest, SomeOfManyPagesThatAreMadeAnewAreEqual)
{
    auto const paths = scene.files("/srv/docs", 300, text, ".html");
    EXPECT_EQ(SIZE_MAX,
        spoilt(paths, [](std::uint64_t number) { return text(number % 5 == 0 ? 9'999 : 10'000 + number); }));
}

TEST_F(ContentsTest, LogsThatWereEmptiedAreFilledByTheirWriter)
{
    auto const paths = scene.files("/srv/logs", 20, text, ".log");
    auto const rotate = scene.run("logrotate");
    auto const writer = scene.run("logger");
    for (auto const& path : paths) {
        scene.creates(rotate, path + ".1", text(std::stoull(path.substr(path.size() - 9, 5)) + 1));
        scene.overwrites(rotate, path, empty());
        scene.overwrites(writer, path, text(9'999));
    }
    EXPECT_FALSE(scene.stopped()) << scene.reasons();
}

TEST_F(ContentsTest, EqualFilesAreChangedAlikeAndBack)
{
    auto const paths =
        scene.files("/srv/docs", 100, [](std::uint64_t seed) { return text(seed % 4); }, ".txt");
    auto const who = scene.run("unix2dos");
    for (std::uint64_t const version : {0, 1, 0, 2, 3})
        for (std::uint64_t seed = 1; auto const& path : paths)
            scene.overwrites(who, path, {.seed = seed++ % 4, .changed = 0.1 * static_cast<double>(version)});
    EXPECT_FALSE(scene.stopped()) << scene.reasons();
}

TEST_F(ContentsTest, PairsThatChangedTheirContentsAreStopped)
{
    auto const who = scene.run("python3 x.py");
    auto const paths = scene.files("/srv/docs", 100, [](std::uint64_t seed) { return text(seed); }, ".txt");
    auto const count = scene.until_stopped(paths, [&](std::string const& path) {
        auto const number = static_cast<std::uint64_t>(std::ranges::find(paths, path) - paths.begin());
        // With who stands fifty files further on.
        scene.spoils(who, path, text((number + 50) % 100 + 1));
        if (number < 50)
            scene.spoils(who, paths[number + 50], text(number + 1));
    });
    EXPECT_LE(count, 8U);
}

TEST_F(ContentsTest, ContentsThatWereHandedOnAreStopped)
{
    auto const paths = scene.shuffled(scene.files("/srv/docs", 100, text, ".txt"));
    auto number_of = [](std::string const& path) { return std::stoull(path.substr(path.size() - 9, 5)) + 1; };
    auto const who = scene.run("python3 x.py");
    std::size_t next = 0;
    auto const count = scene.until_stopped(paths, [&](std::string const& path) {
        next = (next + 1) % paths.size();
        scene.spoils(who, path, text(number_of(paths[next])));
    });
    EXPECT_LE(count, 10U);
}

TEST_F(ContentsTest, CopiesOfTheVersionBeforeAreKeptBesideEachFile)
{
    auto const paths = scene.files("/srv/docs", 50, text, ".txt");
    for (std::uint64_t i = 0; i < 50; ++i)
        scene.file(paths[i] + ".bak", text(i + 2'000));
    auto const who = scene.run("python3 save.py");
    for (std::uint64_t i = 0; i < 50; ++i) {
        scene.overwrites(who, paths[i] + ".bak", text(i + 1));
        scene.overwrites(who, paths[i], text(i + 3'000));
    }
    EXPECT_FALSE(scene.stopped()) << scene.reasons();
}

TEST_F(ContentsTest, OlderOnesMoveUpByNumber)
{
    scene.folder("/srv/logs");
    for (std::uint64_t i = 0; i <= 40; ++i)
        scene.file("/srv/logs/dump." + std::to_string(i) + ".sql", text(i));
    auto const who = scene.run("cp dump.1.sql dump.2.sql");
    for (std::uint64_t i = 40; i > 0; --i)
        scene.overwrites(who, "/srv/logs/dump." + std::to_string(i) + ".sql", text(i - 1));
    EXPECT_FALSE(scene.stopped()) << scene.reasons();
}

TEST_F(ContentsTest, ASecondTreeFollowsTheFirst)
{
    auto const next = scene.files("/srv/next", 100, text, ".html");
    auto const live = scene.files("/srv/live", 100, text, ".html");
    auto const who = scene.run("rsync -a");
    for (std::uint64_t i = 0; i < 100; ++i)
        scene.overwrites(who, live[i], text(i + 1));
    for (std::uint64_t i = 0; i < 100; ++i)
        scene.overwrites(who, next[i], text(i + 5'000));
    EXPECT_FALSE(scene.stopped()) << scene.reasons();
}

TEST_F(ContentsTest, CiphertextBehindTheHeadOfAPictureIsStopped)
{
    EXPECT_LE(spoilt(scene.files("/srv/docs", 100, text, ".txt"), fake_jpeg), 5U);
}

TEST_F(ContentsTest, CopiesBehindTheHeadOfAPictureAreStopped)
{
    auto const paths = scene.files("/srv/docs", 100, mixed, ".txt");
    EXPECT_LE(converted(paths, ".jpg",
                  [](std::uint64_t number) {
                      return number % 2 == 0 ? fake_jpeg(number) : jpeg(number + 100'000);
                  }),
        12U);
}

TEST_F(ContentsTest, CiphertextBehindTheHeadOfAProgramIsStopped)
{
    EXPECT_LE(spoilt(scene.files("/srv/docs", 100, mixed, ".x"),
                  [](std::uint64_t seed) {
                      return Stuff{.type = FileType::elf, .entropy = 7.99, .seed = seed + 5'000'000};
                  }),
        5U);
}

// A length that the head or the end of a packed stream tells is believed where it can be true.
TEST_F(ContentsTest, CiphertextBehindTheHeadOfAPackerIsStopped)
{
    auto const paths = scene.files("/srv/docs", 100, text, ".txt");
    EXPECT_LE(converted(paths, ".gz",
                  [](std::uint64_t number) {
                      auto packed = gzip(9'000 + number);
                      packed.size = 20'018;
                      packed.unpacked_size = number % 2 == 0 ? 20'000 : 3'000'000'000;
                      return packed;
                  }),
        12U);
}

TEST_F(ContentsTest, CiphertextOfTheLengthThatWasPackedIsStopped)
{
    auto const paths = scene.files("/srv/docs", 100, gzip, ".gz");
    EXPECT_LE(spoilt(paths,
                  [](std::uint64_t number) {
                      auto secret = ciphertext(number);
                      secret.size = 9'000;
                      return secret;
                  }),
        4U);
}

TEST_F(ContentsTest, WhatCannotBePackedIsPackedAndUnpacked)
{
    auto const paths = scene.files("/srv/docs", 100, ciphertext, ".key");
    auto const who = scene.run("gzip -r");
    for (std::uint64_t seed = 1; auto const& path : paths) {
        auto packed = gzip(seed++);
        packed.size = 20'050;
        packed.ends_well = true;
        packed.unpacked_size = 20'016;
        scene.opens(who, path);
        scene.creates(who, path + ".gz", packed);
        scene.deletes(who, path);
    }
    EXPECT_FALSE(scene.stopped()) << scene.reasons();
}

TEST_F(ContentsTest, PicturesThatBecomeTextsAreStopped)
{
    EXPECT_LE(spoilt(scene.files("/srv/photos", 100, jpeg, ".jpg"), text), 8U);
}

TEST_F(ContentsTest, PackedFilesWithoutTheirEndsAreStopped)
{
    auto const paths = scene.files("/srv/docs", 100, gzip, ".gz");
    EXPECT_LE(spoilt(paths, [](std::uint64_t number) { return cut(gzip(number)); }), 8U);
}

TEST_F(ContentsTest, TextsThatEndWithinALineAreStopped)
{
    auto const paths = scene.files("/srv/docs", 100, text, ".txt");
    EXPECT_LE(spoilt(paths, [](std::uint64_t number) { return cut(text(number)); }), 13U);
}

TEST_F(ContentsTest, AFormatterMayTakeTheLastEndOfLine)
{
    auto const paths = scene.files("/srv/source", 200, text, ".cs");
    EXPECT_EQ(SIZE_MAX, spoilt(paths, [](std::uint64_t number) {
        auto formatted = text(number);
        formatted.size -= 2;
        formatted.ends_well = false;
        formatted.changed = 0.2;
        return formatted;
    }));
}

TEST_F(ContentsTest, AFormatterMayShortenAllFiles)
{
    auto const paths = scene.files("/srv/source", 200, text, ".js");
    EXPECT_EQ(SIZE_MAX, spoilt(paths, [](std::uint64_t number) {
        auto formatted = text(number);
        formatted.size -= 900;
        formatted.changed = 0.5;
        return formatted;
    }));
}

TEST_F(ContentsTest, PointersAreFilledWithWhatTheyPointTo)
{
    auto const paths = scene.files(
        "/srv/work", 200, [](std::uint64_t seed) { return Stuff{.size = 130, .seed = seed}; }, ".psd");
    EXPECT_EQ(SIZE_MAX, spoilt(paths, jpeg));
}

TEST_F(ContentsTest, PicturesAreSavedInAnotherFormat)
{
    auto const paths = scene.files("/srv/photos", 200, jpeg, ".img");
    EXPECT_EQ(SIZE_MAX, spoilt(paths, [](std::uint64_t seed) {
        return Stuff{.type = FileType::png, .entropy = 7.9, .size = 900'000, .seed = seed};
    }));
}

TEST_F(ContentsTest, ManySmallFoldersThatLeaveAreTold)
{
    auto const mv = scene.run("mv");
    for (int i = 0; i < 20; ++i)
        moves_away(mv, i);
    EXPECT_FALSE(scene.stopped());
    ASSERT_EQ(1U, scene.decisions.size());
    EXPECT_EQ(event::IncidentState::observed, scene.decisions[0].incident.state);
    EXPECT_TRUE(scene.reasons().contains("moved 4 folders away")) << scene.reasons();
}

TEST_F(ContentsTest, ManySmallFoldersThatLeaveByAProgramEachAreTold)
{
    auto const shell = scene.run("bash");
    for (int i = 0; i < 8; ++i) {
        auto const mv = scene.run_below(shell, "mv");
        moves_away(mv, i);
        scene.ends(mv);
    }
    ASSERT_EQ(2U, scene.decisions.size());
    EXPECT_EQ(4U, scene.decisions[0].incident.actor.processes.size());
}

TEST_F(ContentsTest, AFewSmallFoldersThatLeaveAreNot)
{
    auto const mv = scene.run("mv");
    for (int i = 0; i < 3; ++i)
        moves_away(mv, i);
    EXPECT_TRUE(scene.decisions.empty());
}

} // namespace
} // namespace tocsin::verdict
