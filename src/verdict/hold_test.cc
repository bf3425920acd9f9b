// SPDX-License-Identifier: Apache-2.0
// Whom a person is asked about, and who is stopped all the same.
#include <gtest/gtest.h>

#include "tocsin/verdict/testing/scene.h"

namespace tocsin::verdict {
namespace {

using namespace testing;
using event::IncidentState;

class HoldTest : public ::testing::Test {
protected:
    HoldTest()
    {
        letters = scene.files("/srv/private", 20, text, ".txt");
        others = scene.files("/srv/docs", 20, text, ".txt");
        loop = scene.run("bash encrypt.sh");
    }
    // gpg -c, shred -u
    void locks_away(std::string const& path)
    {
        auto const gpg = scene.run_below(loop, "gpg -c " + path);
        scene.opens(gpg, path);
        scene.creates(gpg, path + ".gpg", openpgp(next_));
        scene.ends(gpg);
        auto const shred = scene.run_below(loop, "shred -u " + path);
        scene.spoils(shred, path, ciphertext(next_++));
        auto const folder = path.substr(0, path.rfind('/'));
        scene.renames(shred, path, folder + "/000");
        scene.deletes(shred, folder + "/000");
        scene.ends(shred);
    }
    void locks_away_until_somebody_is_asked()
    {
        for (auto const& path : letters)
            if (scene.decisions.empty())
                locks_away(path);
        ASSERT_EQ(1U, scene.decisions.size());
    }

    Scene scene;
    std::vector<std::string> letters;
    std::vector<std::string> others;
    ProcessKey loop;
    std::uint64_t next_ = 1;
};

TEST_F(HoldTest, WhoSealsAFewOfItsOwnFilesInOneFolderIsAskedAbout)
{
    locks_away_until_somebody_is_asked();
    EXPECT_EQ(IncidentState::held, scene.decisions[0].incident.state);
    EXPECT_TRUE(scene.condemned(loop));
    EXPECT_FALSE(scene.stopped());
}

// On a busy machine what shred does is read by nobody before the file is gone.
TEST_F(HoldTest, WhoSealsFilesThatAreShreddedUnreadIsAskedAbout)
{
    for (auto const& path : letters) {
        if (!scene.decisions.empty())
            break;
        scene.creates(scene.run_below(loop, "gpg -c " + path), path + ".gpg", openpgp(next_++));
        auto const shred = scene.run_below(loop, "shred -u " + path);
        scene.opens(shred, path);
        scene.writes(shred, path, empty());
        scene.renames(shred, path, "/srv/private/0000000");
        scene.renames(shred, "/srv/private/0000000", "/srv/private/000");
        scene.deletes(shred, "/srv/private/000");
        scene.ends(shred);
    }
    ASSERT_EQ(1U, scene.decisions.size());
    EXPECT_EQ(IncidentState::held, scene.decisions[0].incident.state) << scene.reasons();
}

// It is read once, empty, when it has its second name already.
TEST_F(HoldTest, WhoSealsFilesThatAreReadWhenTheyHaveAnotherNameIsAskedAbout)
{
    for (auto const& path : letters) {
        if (!scene.decisions.empty())
            break;
        scene.creates(scene.run_below(loop, "gpg -c " + path), path + ".gpg", openpgp(next_++));
        auto const shred = scene.run_below(loop, "shred -u " + path);
        scene.opens(shred, path);
        scene.renames(shred, path, "/srv/private/0000000");
        scene.captures(shred, "/srv/private/0000000", scene.id_at("/srv/private/0000000"), empty());
        if (scene.decisions.empty())
            scene.deletes(shred, "/srv/private/0000000");
        scene.ends(shred);
    }
    ASSERT_EQ(1U, scene.decisions.size());
    EXPECT_EQ(IncidentState::held, scene.decisions[0].incident.state) << scene.reasons();
}

// The random bytes that shred leaves are read when the file is gone.
TEST_F(HoldTest, WhoSealsFilesThatAreReadWhenTheyAreGoneIsAskedAbout)
{
    for (auto const& path : letters) {
        if (!scene.decisions.empty())
            break;
        scene.creates(scene.run_below(loop, "gpg -c " + path), path + ".gpg", openpgp(next_++));
        auto const shred = scene.run_below(loop, "shred -u " + path);
        scene.opens(shred, path);
        auto const letter = scene.id_at(path);
        scene.renames(shred, path, "/srv/private/0000000");
        scene.deletes(shred, "/srv/private/0000000");
        if (scene.decisions.empty())
            scene.tell(scene.version(shred, path, letter, ciphertext(next_), event::Occasion::close));
        scene.ends(shred);
    }
    ASSERT_EQ(1U, scene.decisions.size());
    EXPECT_EQ(IncidentState::held, scene.decisions[0].incident.state) << scene.reasons();
}

// What gpg wrote is read when the letter is gone: that is when it is judged.
TEST_F(HoldTest, WhoseCopiesAreReadLastIsAskedAbout)
{
    for (auto const& path : letters) {
        if (!scene.decisions.empty())
            break;
        auto const gpg = scene.run_below(loop, "gpg -c " + path);
        auto const copy = scene.begins(gpg, path + ".gpg");
        auto const shred = scene.run_below(loop, "shred -u " + path);
        scene.renames(shred, path, "/srv/private/0000000");
        scene.deletes(shred, "/srv/private/0000000");
        scene.captures(gpg, path + ".gpg", copy, openpgp(next_++));
        scene.ends(shred);
    }
    ASSERT_EQ(1U, scene.decisions.size());
    EXPECT_EQ(IncidentState::held, scene.decisions[0].incident.state) << scene.reasons();
}

TEST_F(HoldTest, WhatItWasAtMayBeEnded)
{
    for (std::size_t i = 0; i < 2; ++i)
        locks_away(letters[i]);
    auto const gpg = scene.run_below(loop, "gpg -c");
    scene.creates(gpg, letters[2] + ".gpg", openpgp(90));
    auto const shred = scene.run_below(loop, "shred -u");
    scene.spoils(shred, letters[2], ciphertext(91));
    ASSERT_EQ(1U, scene.decisions.size());
    scene.renames(shred, letters[2], "/srv/private/000");
    scene.deletes(shred, "/srv/private/000");
    EXPECT_EQ(1U, scene.decisions.size());
}

TEST_F(HoldTest, OneMoreThatItHadOpenedBeforeMayBeEnded)
{
    scene.opens(loop, letters[15]);
    scene.opens(loop, letters[16]);
    locks_away_until_somebody_is_asked();
    scene.renames(loop, letters[15], "/srv/private/000");
    scene.deletes(loop, "/srv/private/000");
    EXPECT_FALSE(scene.stopped());
    scene.deletes(loop, letters[16]);
    EXPECT_TRUE(scene.stopped());
}

TEST_F(HoldTest, WhoGoesOnByADeletionIsStopped)
{
    locks_away_until_somebody_is_asked();
    scene.deletes(scene.run_below(loop, "rm"), letters[15]);
    ASSERT_TRUE(scene.stopped());
    EXPECT_EQ(scene.decisions[0].incident.id, scene.decision->incident.id);
    EXPECT_TRUE(scene.decision->incident.reasons.back().starts_with("went on while it was held"));
}

TEST_F(HoldTest, WhoPutsItsOwnFileInThePlaceOfAnotherIsStopped)
{
    locks_away_until_somebody_is_asked();
    scene.creates(loop, "/srv/private/junk", text(99));
    scene.renames(loop, "/srv/private/junk", letters[15]);
    EXPECT_TRUE(scene.stopped());
}

TEST_F(HoldTest, WhoEmptiesFilesByTheirPathIsStopped)
{
    locks_away_until_somebody_is_asked();
    scene.writes(scene.run_below(loop, "truncate -s 0"), letters[15], empty());
    EXPECT_TRUE(scene.stopped());
}

TEST_F(HoldTest, WhoTakesTheRightsFromFilesIsStopped)
{
    locks_away_until_somebody_is_asked();
    scene.sets(loop, letters[15], [](event::Metadata& m) { m.mode = 0100000; });
    EXPECT_TRUE(scene.stopped());
}

TEST_F(HoldTest, WhoAsksForFilesElsewhereIsStopped)
{
    locks_away_until_somebody_is_asked();
    scene.opens(scene.run_below(loop, "gpg"), others[3]);
    EXPECT_TRUE(scene.stopped());
}

TEST_F(HoldTest, WhoAsksForOneFileAfterAnotherIsStopped)
{
    locks_away_until_somebody_is_asked();
    for (std::size_t i = 10; i < 12; ++i)
        scene.opens(scene.run_below(loop, "gpg"), letters[i]);
    EXPECT_FALSE(scene.stopped());
    scene.opens(scene.run_below(loop, "gpg"), letters[12]);
    EXPECT_TRUE(scene.stopped());
}

TEST_F(HoldTest, ReleasedItMayGoOn)
{
    locks_away_until_somebody_is_asked();
    scene.verdict.release(scene.decisions[0].incident.id);
    for (std::size_t i = 5; i < letters.size(); ++i)
        locks_away(letters[i]);
    EXPECT_EQ(1U, scene.decisions.size());
}

TEST_F(HoldTest, AfterARestartNothingMoreMayGo)
{
    locks_away_until_somebody_is_asked();
    Verdict after(scene.catalog, scene.tree, {});
    after.resume(scene.decisions[0].incident);
    auto const decision = after.consider(scene.activity(ActivityKind::deleted, loop, others[3]));
    ASSERT_TRUE(decision.has_value());
    EXPECT_EQ(IncidentState::contained, decision->incident.state);
}

TEST_F(HoldTest, WhoPutsManyFilesIntoVaultsIsAskedAbout)
{
    auto const ansible = scene.run("python3 ansible-vault encrypt");
    for (std::size_t i = 0; i < letters.size() && scene.decisions.empty(); ++i) {
        scene.opens(ansible, letters[i]);
        auto const shred = scene.run_below(ansible, "shred");
        scene.spoils(shred, letters[i], ciphertext(i));
        if (!scene.decisions.empty())
            break;
        scene.deletes(ansible, letters[i]);
        scene.creates(ansible, letters[i],
            {.type = FileType::ansible_vault, .entropy = 4.0, .size = 40'000, .seed = i});
    }
    ASSERT_EQ(1U, scene.decisions.size());
    EXPECT_EQ(IncidentState::held, scene.decisions[0].incident.state) << scene.reasons();
}

TEST_F(HoldTest, FilesInTwoFoldersAreAnAttack)
{
    locks_away(letters[0]);
    locks_away(others[0]);
    locks_away(letters[1]);
    EXPECT_TRUE(scene.stopped());
}

TEST_F(HoldTest, WithoutACopyThatSaysWhatItIsItIsAnAttack)
{
    for (std::size_t i = 0; i < 3; ++i)
        scene.spoils(scene.run_below(loop, "shred"), letters[i], ciphertext(i));
    EXPECT_TRUE(scene.stopped());
}

TEST_F(HoldTest, ALargeFolderIsNotOnesPrivateLetters)
{
    auto const many = scene.files("/srv/many", 200, text, ".txt");
    for (std::size_t i = 0; i < 3; ++i)
        locks_away(many[i]);
    EXPECT_TRUE(scene.stopped());
}

TEST_F(HoldTest, OthersFilesAreNotOnesOwn)
{
    for (std::size_t i = 0; i < 3; ++i)
        scene.sets(scene.shell, letters[i], [](event::Metadata& m) { m.uid = 1001; });
    for (std::size_t i = 0; i < 3; ++i)
        locks_away(letters[i]);
    EXPECT_TRUE(scene.stopped());
}

} // namespace
} // namespace tocsin::verdict
