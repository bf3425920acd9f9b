// SPDX-License-Identifier: Apache-2.0
// Each way of destroying files that we know, and after how many files it is told.
#include <gtest/gtest.h>

#include "tocsin/verdict/testing/scene.h"

namespace tocsin::verdict {
namespace {

using namespace testing;

class AttackTest : public ::testing::Test {
protected:
    std::vector<std::string> many_folders(std::size_t folders, std::size_t each)
    {
        std::vector<std::string> all;
        for (std::size_t i = 0; i < folders; ++i) {
            auto const path = "/srv/d" + std::to_string(100 + i);
            scene.files(path, each, text, ".txt");
            auto const listed = scene.listed(path);
            all.insert(all.end(), listed.begin(), listed.end());
        }
        return all;
    }
    std::size_t files_until_stopped(std::vector<std::string> const& paths, std::string const& command)
    {
        auto const who = scene.run(command);
        return scene.until_stopped(paths, [&](auto const& path) { scene.deletes(who, path); });
    }
    event::ProcessKey actor() const { return scene.decision->incident.actor.top; }

    Scene scene;
};

// ---- deletion (S11)

TEST_F(AttackTest, RmInReaddirOrderIsToldAtTheSixthFile)
{
    scene.files("/srv/docs", 10'000, text, ".txt");
    EXPECT_LE(files_until_stopped(scene.listed("/srv/docs"), "rm -rf /srv/docs"), 7U);
    EXPECT_EQ("rm -rf /srv/docs", scene.decision->incident.actor.command);
    EXPECT_EQ("deleted 6 files in '/srv/docs' one after another, leaving none between them",
        scene.decision->findings[0].reason);
}

TEST_F(AttackTest, DeletionByNameIsToldAtTheSixthFile)
{
    auto const paths = scene.files("/srv/docs", 10'000, text, ".txt");
    EXPECT_LE(files_until_stopped(paths, "git clean -fdx"), 7U);
}

TEST_F(AttackTest, WhatItsScriptRanJustBeforeBelongsToTheActor)
{
    auto const paths = scene.files("/srv/docs", 100, text, ".txt");
    auto const script = scene.run("bash ./wipe.sh");
    auto const step = scene.run_below(script, "git init");
    scene.creates(step, "/srv/docs/HEAD", text(1));
    scene.ends(step);
    auto const beside = scene.run_below(script, "tee log");
    scene.creates(beside, "/srv/docs/log", text(2));
    auto const short_lived = scene.run_below(script, "touch stamp");
    scene.creates(short_lived, "/srv/docs/stamp", text(3));
    auto const clean = scene.run_below(script, "git clean -fdx");
    scene.ends(short_lived);
    scene.until_stopped(paths, [&](auto const& path) { scene.deletes(clean, path); });
    auto const& members = scene.decision->incident.actor.processes;
    EXPECT_EQ(1, std::ranges::count(members, step));
    EXPECT_EQ(0, std::ranges::count(members, beside)) << "it still runs, and did no harm";
    EXPECT_EQ(0, std::ranges::count(members, short_lived)) << "it ran beside the destroyer";
}

TEST_F(AttackTest, WhatAServerDidForAnotherUserJustBeforeIsNoStep)
{
    auto const paths = scene.files("/srv/docs", 100, text, ".txt");
    auto const server = scene.process(scene.shell, "/usr/sbin/smbd", "smbd -D");
    auto const alice = scene.process(server, "/usr/sbin/smbd", "smbd -D");
    scene.creates(alice, "/srv/docs/minutes.txt", text(1));
    scene.ends(alice);
    auto const mallory = scene.process(server, "/usr/sbin/smbd", "smbd -D");
    scene.until_stopped(paths, [&](auto const& path) { scene.deletes(mallory, path); });
    EXPECT_EQ(0, std::ranges::count(scene.decision->incident.actor.processes, alice));
}

TEST_F(AttackTest, DeletionInReverseIsToldAtTheSixthFile)
{
    auto paths = scene.files("/srv/docs", 10'000, text, ".txt");
    std::ranges::reverse(paths);
    EXPECT_LE(files_until_stopped(paths, "rsync -a --delete /empty/ /srv/docs/"), 7U);
}

TEST_F(AttackTest, DeletionInNoKnownOrderIsToldWithinTwelveFiles)
{
    auto const paths = scene.shuffled(scene.files("/srv/docs", 10'000, text, ".txt"));
    EXPECT_LE(files_until_stopped(paths, "rm -rf /srv/docs"), 12U);
}

TEST_F(AttackTest, DeletionOverManyFoldersIsTold)
{
    EXPECT_LE(files_until_stopped(many_folders(100, 100), "rm -rf /srv"), 7U);
}

TEST_F(AttackTest, DeletionOfFoldersWithOneFileEachIsTold)
{
    EXPECT_LE(files_until_stopped(many_folders(100, 1), "rm -rf /srv"), 7U);
}

TEST_F(AttackTest, DeletionOfFoldersWithThreeFilesEachIsTold)
{
    EXPECT_LE(files_until_stopped(many_folders(100, 3), "rm -rf /srv"), 7U);
}

TEST_F(AttackTest, DeletionOfFilesCopiedInJustBeforeIsTold)
{
    scene.folder("/srv/docs");
    auto const cp = scene.run("cp -r corpus /srv/docs");
    std::vector<std::string> paths;
    for (std::uint64_t i = 0; i < 1000; ++i) {
        paths.push_back("/srv/docs/f" + std::to_string(i));
        scene.creates(cp, paths.back(), text(i));
    }
    scene.passes(std::chrono::seconds(5));
    EXPECT_LE(files_until_stopped(scene.shuffled(paths), "rm -rf /srv/docs"), 12U);
}

TEST_F(AttackTest, OneProcessAFileEndsAtTheirStarter)
{
    auto const paths = scene.files("/srv/docs", 1'000, text, ".txt");
    auto const xargs = scene.run("xargs -P16 -n1 rm");
    auto const files = scene.until_stopped(paths, [&](auto const& path) {
        auto const rm = scene.run_below(xargs, "rm " + path);
        scene.deletes(rm, path);
        scene.ends(rm);
    });
    EXPECT_LE(files, 7U);
    EXPECT_EQ(xargs, actor());
}

TEST_F(AttackTest, SixteenWorkersEndAtTheirStarter)
{
    auto const paths = scene.shuffled(scene.files("/srv/docs", 1'000, text, ".txt"));
    auto const starter = scene.run("python3 wipe.py");
    std::vector<ProcessKey> workers;
    for (int i = 0; i < 16; ++i)
        workers.push_back(scene.run_below(starter, "python3 wipe.py"));
    std::size_t next = 0;
    auto const files =
        scene.until_stopped(paths, [&](auto const& path) { scene.deletes(workers[next++ % 16], path); });
    EXPECT_LE(files, 12U);
    EXPECT_EQ(starter, actor());
}

TEST_F(AttackTest, ADoubleForkHidesNothing)
{
    auto const paths = scene.files("/srv/docs", 1'000, text, ".txt");
    auto const starter = scene.run("python3 wipe.py");
    auto const files = scene.until_stopped(paths, [&](auto const& path) {
        auto const middle = scene.run_below(starter, "python3 wipe.py");
        auto const last = scene.run_below(middle, "python3 wipe.py");
        scene.ends(middle);
        scene.deletes(last, path);
    });
    EXPECT_LE(files, 7U);
    EXPECT_EQ(starter, actor());
}

TEST_F(AttackTest, SparesAnotherProgramUnderTheSameLogin)
{
    auto const paths = scene.files("/srv/docs", 1'000, text, ".txt");
    auto const editor = scene.run("vim notes");
    files_until_stopped(paths, "rm -rf /srv/docs");
    ASSERT_TRUE(scene.stopped());
    EXPECT_FALSE(scene.verdict.incident_of(editor));
    EXPECT_FALSE(scene.verdict.incident_of(scene.shell));
}

TEST_F(AttackTest, AChildOfTheCondemnedIsCondemned)
{
    auto const paths = scene.files("/srv/docs", 1'000, text, ".txt");
    files_until_stopped(paths, "rm -rf /srv/docs");
    auto const child = scene.run_below(actor(), "sh");
    EXPECT_EQ(scene.decision->incident.id, scene.verdict.incident_of(child));
}

TEST_F(AttackTest, StartersInUnitsOfTheirOwnAreNamedTogether)
{
    auto const paths = scene.files("/srv/docs", 1'000, text, ".txt");
    auto const files = scene.until_stopped(paths,
        [&](auto const& path) { scene.deletes(scene.process({}, "/usr/bin/rm", "rm " + path), path); });
    EXPECT_LE(files, 20U);
    EXPECT_GE(scene.decision->incident.actor.processes.size(), 10U);
}

TEST_F(AttackTest, DeletionByLotOverManyFoldersIsTold)
{
    auto const paths = scene.shuffled(many_folders(20, 30));
    EXPECT_LE(files_until_stopped(paths, "python3 wipe.py"), 24U);
}

TEST_F(AttackTest, TruncationOfManyIsTold)
{
    auto const paths = scene.files("/srv/docs", 1'000, text, ".txt");
    auto const who = scene.run("perl -e truncate");
    auto const files =
        scene.until_stopped(paths, [&](auto const& path) { scene.spoils(who, path, empty()); });
    EXPECT_LE(files, 7U);
}

TEST_F(AttackTest, MovingFilesOutIsTold)
{
    auto const paths = scene.files("/srv/docs", 1'000, text, ".txt");
    auto const who = scene.run("mv /srv/docs /mnt");
    std::size_t moved = 0;
    for (auto const& path : paths) {
        scene.renames(who, path, "/mnt/x");
        ++moved;
        if (scene.stopped())
            break;
    }
    EXPECT_LE(moved, 7U);
}

// ---- encryption in place (S01, S03, S09, S13)

TEST_F(AttackTest, EncryptionInPlaceIsToldAtTheThirdFile)
{
    auto const paths = scene.files("/srv/docs", 1'000, text, ".txt");
    auto const who = scene.run("ccencrypt -r /srv/docs");
    auto const files = scene.until_stopped(paths, [&](auto const& path) {
        scene.spoils(who, path, ciphertext(7));
        scene.renames(who, path, path + ".cpt");
    });
    EXPECT_LE(files, 3U);
}

TEST_F(AttackTest, EncryptionOfPhotographsIsTold)
{
    auto const paths = scene.files("/srv/photos", 1'000, jpeg, ".jpg");
    auto const who = scene.run("python3 lock.py");
    std::uint64_t seed = 1;
    EXPECT_LE(
        scene.until_stopped(paths, [&](auto const& p) { scene.spoils(who, p, ciphertext(++seed)); }), 5U);
}

TEST_F(AttackTest, EncryptionThatKeepsTheMagicOfPhotographsIsTold)
{
    scene.folder("/srv/photos");
    auto const who = scene.run("python3 lock.py");
    for (std::uint64_t i = 0; i < 20 && !scene.stopped(); ++i) {
        auto const path = "/srv/photos/" + std::to_string(i) + ".jpg";
        auto stuff = jpeg(i);
        scene.file(path, stuff);
        stuff.changed = 0.4;
        scene.spoils(who, path, stuff);
    }
    ASSERT_TRUE(scene.stopped());
    EXPECT_LE(scene.damage(), 9U);
}

TEST_F(AttackTest, PartialEncryptionOfTextIsTold)
{
    scene.folder("/srv/docs");
    auto const who = scene.run("python3 lock.py");
    for (std::uint64_t i = 0; i < 20 && !scene.stopped(); ++i) {
        auto const path = "/srv/docs/" + std::to_string(i);
        scene.file(path, text(i));
        scene.spoils(who, path, {.type = FileType::unknown, .entropy = 5.4, .seed = i, .changed = 0.3});
    }
    ASSERT_TRUE(scene.stopped());
    EXPECT_LE(scene.damage(), 9U);
}

TEST_F(AttackTest, FillingWithOneValueIsTold)
{
    auto const paths = scene.files("/srv/docs", 1'000, office, ".docx");
    auto const who = scene.run("shred -n0 -z");
    EXPECT_LE(scene.until_stopped(paths,
                  [&](auto const& p) {
                      scene.spoils(
                          who, p, {.type = FileType::unknown, .entropy = 0, .size = 40'000, .seed = 9});
                  }),
        5U);
}

// shred -u gives a file ever shorter names of zeros before it goes; the version that a close left
// comes at any time meanwhile.
TEST_F(AttackTest, EmptyingAndRenamingBeforeDeletingIsToldWheneverTheVersionComes)
{
    auto const paths = scene.files("/srv/docs", 1'000, office, ".docx");
    auto const who = scene.run("shred -n1 -u");
    int turn = 0;
    auto const shred = [&](std::string const& path) {
        bool const comes_late = ++turn % 2 == 0;
        auto const id = scene.id_at(path);
        scene.opens(who, path);
        if (!comes_late)
            scene.captures(who, path, id, empty());
        scene.renames(who, path, "/srv/docs/00");
        if (comes_late)
            scene.captures(who, "/srv/docs/00", id, empty());
        scene.renames(who, "/srv/docs/00", "/srv/docs/0");
        scene.deletes(who, "/srv/docs/0");
    };
    scene.until_stopped(scene.listed("/srv/docs"), shred);
    ASSERT_TRUE(scene.stopped());
    EXPECT_LE(turn, 7);
}

TEST_F(AttackTest, RandomBytesOverRandomBytesAreTold)
{
    std::uint64_t seed = 90'000;
    auto const noise = [](std::uint64_t n) {
        return Stuff{.type = FileType::unknown, .entropy = 8, .size = 40'000, .seed = n};
    };
    auto const paths = scene.files("/srv/docs", 1'000, noise, ".dat");
    auto const who = scene.run("shred -n1");
    EXPECT_LE(scene.until_stopped(paths, [&](auto const& p) { scene.spoils(who, p, noise(++seed)); }), 6U);
}

TEST_F(AttackTest, Base64OfCiphertextIsTold)
{
    auto const paths = scene.files("/srv/docs", 1'000, text, ".txt");
    auto const who = scene.run("openssl enc -a");
    std::uint64_t seed = 70'000;
    EXPECT_LE(
        scene.until_stopped(paths,
            [&](auto const& p) { scene.spoils(who, p, {.entropy = 5.98, .size = 27'000, .seed = ++seed}); }),
        5U);
}

TEST_F(AttackTest, ASlowAttackIsToldToo)
{
    auto const paths = scene.files("/srv/docs", 1'000, text, ".txt");
    auto const who = scene.run("python3 slow.py");
    std::uint64_t seed = 1;
    EXPECT_LE(scene.until_stopped(paths,
                  [&](auto const& p) {
                      scene.spoils(who, p, ciphertext(++seed));
                      scene.passes(std::chrono::seconds(60));
                  }),
        5U);
}

// ---- copies and displacement (S02, S10, S16, S18)

TEST_F(AttackTest, CiphertextBesideADeletedOriginalIsToldAtTheFourthFile)
{
    auto const paths = scene.files("/srv/docs", 1'000, text, ".txt");
    auto const script = scene.run("bash encrypt.sh");
    auto const files = scene.until_stopped(scene.shuffled(paths), [&](auto const& path) {
        auto const gpg = scene.run_below(script, "gpg -c " + path);
        scene.opens(gpg, path);
        scene.creates(gpg, path + ".gpg", openpgp(1));
        scene.ends(gpg);
        scene.deletes(scene.run_below(script, "rm " + path), path);
    });
    EXPECT_LE(files, 5U);
    EXPECT_EQ(script, actor());
    EXPECT_EQ("copy_and_delete", scene.decision->findings[0].signal);
}

TEST_F(AttackTest, AVersionThatComesLateIsStillJudged)
{
    auto const paths = scene.files("/srv/docs", 100, text, ".txt");
    auto const who = scene.run("age-all");
    std::vector<std::pair<std::string, ObjectId>> late;
    for (std::size_t i = 0; i < 8; ++i) {
        scene.opens(who, paths[i * 9]);
        late.emplace_back(paths[i * 9] + ".age", scene.begins(who, paths[i * 9] + ".age"));
        scene.deletes(who, paths[i * 9]);
    }
    EXPECT_FALSE(scene.stopped());
    for (auto const& [path, id] : late)
        scene.captures(who, path, id, ciphertext(id.value));
    EXPECT_TRUE(scene.stopped());
}

TEST_F(AttackTest, OriginalsDeletedAllAtTheEndAreTold)
{
    auto const paths = scene.files("/srv/docs", 200, text, ".txt");
    auto const script = scene.run("bash encrypt.sh");
    for (auto const& path : paths)
        scene.creates(scene.run_below(script, "age " + path), path + ".age", ciphertext(5));
    ASSERT_FALSE(scene.stopped());
    auto const rm = scene.run_below(script, "rm");
    EXPECT_LE(scene.until_stopped(paths, [&](auto const& path) { scene.deletes(rm, path); }), 5U);
}

TEST_F(AttackTest, CiphertextUnderOtherNamesIsTold)
{
    auto const paths = scene.files("/srv/docs", 1'000, text, ".txt");
    auto const who = scene.run("python3 lock.py");
    std::uint64_t seed = 1;
    auto const files = scene.until_stopped(scene.shuffled(paths), [&](auto const& path) {
        scene.opens(who, path);
        ++seed;
        scene.creates(who, "/srv/x" + std::to_string(seed), ciphertext(seed));
        scene.deletes(who, path);
    });
    EXPECT_LE(files, 6U);
}

TEST_F(AttackTest, AnArchiveOfAllAndTheirDeletionIsTold)
{
    auto const paths = scene.files("/srv/docs", 200, text, ".txt");
    auto const who = scene.run("7z a -p -sdel /srv/all.7z /srv/docs");
    for (auto const& path : paths)
        scene.opens(who, path);
    scene.creates(
        who, "/srv/all.7z", {.type = FileType::seven_zip, .entropy = 7.99, .size = 900'000, .seed = 1});
    EXPECT_LE(scene.until_stopped(paths, [&](auto const& path) { scene.deletes(who, path); }), 6U);
}

TEST_F(AttackTest, CiphertextRenamedOverTheOriginalIsTold)
{
    auto const paths = scene.files("/srv/docs", 200, text, ".txt");
    auto const who = scene.run("python3 lock.py");
    std::uint64_t seed = 1;
    auto const files = scene.until_stopped(paths, [&](auto const& path) {
        scene.creates(who, "/srv/.tmp", ciphertext(++seed));
        scene.renames(who, "/srv/.tmp", path);
    });
    ASSERT_TRUE(scene.stopped());
    EXPECT_EQ(0U, files);
    EXPECT_LE(scene.decision->findings[0].objects.size(), 5U);
    EXPECT_EQ("displacement", scene.decision->findings[0].signal);
}

TEST_F(AttackTest, UnlinkAndRecreationWithCiphertextIsTold)
{
    auto const paths = scene.files("/srv/docs", 200, text, ".txt");
    auto const who = scene.run("python3 lock.py");
    std::uint64_t seed = 1;
    auto const files = scene.until_stopped(paths, [&](auto const& path) {
        scene.deletes(who, path);
        scene.creates(who, path, ciphertext(++seed));
    });
    EXPECT_LE(files, 5U);
}

TEST_F(AttackTest, LinksToNothingInPlaceOfFilesAreTold)
{
    auto const paths = scene.files("/srv/docs", 200, text, ".txt");
    auto const who = scene.run("ln -sf /dev/null");
    auto const files = scene.until_stopped(paths, [&](auto const& path) {
        scene.deletes(who, path);
        scene.begins(who, path, ObjectKind::symlink);
    });
    EXPECT_LE(files, 5U);
}

// ---- rights and names (S14, S15)

TEST_F(AttackTest, TakingEveryRightFromManyIsTold)
{
    auto const paths = scene.files("/srv/docs", 200, text, ".txt");
    auto const who = scene.run("chmod -R 0 /srv/docs");
    std::size_t files = 0;
    for (auto const& path : paths) {
        scene.sets(who, path, [](event::Metadata& m) { m.mode = 0100000; });
        ++files;
        if (scene.stopped())
            break;
    }
    EXPECT_LE(files, 8U);
}

TEST_F(AttackTest, StrippingAccessListsFromManyIsTold)
{
    auto const paths = scene.files("/srv/docs", 200, text, ".txt");
    auto const admin = scene.process({}, "/usr/bin/setfacl", "setfacl -m");
    for (auto const& path : paths)
        scene.sets(
            admin, path, [](event::Metadata& m) { m.xattrs.push_back({"system.posix_acl_access", {}}); });
    ASSERT_FALSE(scene.stopped()) << scene.reasons();
    auto const who = scene.run("setfacl -R -b /srv/docs");
    std::size_t files = 0;
    for (auto const& path : paths) {
        scene.sets(who, path, [](event::Metadata& m) { m.xattrs.clear(); });
        ++files;
        if (scene.stopped())
            break;
    }
    EXPECT_LE(files, 5U);
}

TEST_F(AttackTest, ANewEndingOnEverythingIsTold)
{
    auto const paths = scene.files("/srv/docs", 200, text, ".txt");
    auto const who = scene.run("rename");
    std::size_t files = 0;
    for (auto const& path : paths) {
        scene.renames(who, path, path + ".locked");
        ++files;
        if (scene.stopped())
            break;
    }
    EXPECT_LE(files, 9U);
}

TEST_F(AttackTest, NamesDrawnByLotAreTold)
{
    auto const paths = scene.files("/srv/docs", 200, text, ".txt");
    auto const who = scene.run("bash shuffle-names.sh");
    std::size_t files = 0;
    for (auto const& path : paths) {
        auto const name = Sha256::of(as_bytes(path)).hex().substr(0, 12);
        scene.renames(who, path, "/srv/docs/" + name);
        ++files;
        if (scene.stopped())
            break;
    }
    EXPECT_LE(files, 10U);
}

TEST_F(AttackTest, ARenamedTopFolderIsOnlyNoted)
{
    scene.files("/srv/docs", 200, text, ".txt");
    scene.renames(scene.run("mv /srv/docs /srv/x"), "/srv/docs", "/srv/x");
    ASSERT_EQ(1U, scene.decisions.size());
    EXPECT_EQ(event::IncidentState::observed, scene.decisions[0].incident.state);
    EXPECT_EQ("renamed the folder '/srv/docs' with 200 files in it", scene.decisions[0].findings[0].reason);
}

TEST_F(AttackTest, ABystandersTrifleDoesNotMoveTheBlameToTheirStarter)
{
    auto const theirs = scene.files("/srv/others", 4, text, ".txt");
    auto const paths = scene.files("/srv/docs", 200, text, ".txt");
    auto const starter = scene.run("nightly.sh");
    auto const attacker = scene.run_below(starter, "shred -n1 docs");
    auto const bystander = scene.run_below(starter, "mv a b");
    scene.renames(bystander, theirs[0], "/srv/others/renamed.txt");
    unsigned seed = 0;
    scene.until_stopped(paths, [&](auto const& p) { scene.spoils(attacker, p, ciphertext(++seed)); });
    EXPECT_EQ(attacker, scene.decision->incident.actor.top);
    EXPECT_FALSE(scene.verdict.incident_of(bystander));
    EXPECT_FALSE(scene.verdict.incident_of(starter));
}

// ---- release

TEST_F(AttackTest, WhoWasReleasedMayGoOnWithTheSame)
{
    auto const paths = scene.files("/srv/docs", 200, text, ".txt");
    auto const who = scene.run("rm -rf /srv/docs");
    scene.until_stopped(paths, [&](auto const& path) { scene.deletes(who, path); });
    scene.verdict.release(scene.decision->incident.id);
    EXPECT_FALSE(scene.verdict.incident_of(who));
    scene.decision.reset();
    for (std::size_t i = 20; i < 200; ++i)
        scene.deletes(who, paths[i]);
    EXPECT_FALSE(scene.stopped());
}

TEST_F(AttackTest, AnOlderIncidentIsNoReasonForItsStarter)
{
    auto const paths = scene.files("/srv/a", 100, text, ".txt");
    auto const others = scene.files("/srv/b", 100, text, ".txt");
    (void)files_until_stopped(paths, "rm -r a");
    ASSERT_EQ(1U, scene.decisions.size());
    for (std::uint64_t seed = 0; auto const& path : others) { // by a process each: their starter's work
        auto const one = scene.run("openssl enc");
        scene.spoils(one, path, ciphertext(++seed));
        scene.ends(one);
        if (scene.decisions.size() > 1)
            break;
    }
    ASSERT_EQ(2U, scene.decisions.size());
    EXPECT_EQ(scene.shell, scene.decisions[1].incident.actor.top);
    auto const& older = scene.decisions[0].findings;
    for (auto const& finding : scene.decisions[1].findings)
        for (auto const& other : older)
            EXPECT_NE(other.reason, finding.reason);
}

TEST_F(AttackTest, KeepsTheIncidentsCountersUpToDate)
{
    auto const paths = scene.files("/srv/docs", 200, text, ".txt");
    auto const who = scene.run("rm -rf /srv/docs");
    for (std::size_t i = 0; i < 20; ++i)
        scene.deletes(who, paths[i]);
    ASSERT_TRUE(scene.stopped());
    auto const changed = scene.verdict.take_changed();
    ASSERT_EQ(1U, changed.size());
    EXPECT_EQ(20U, changed[0].objects_deleted);
    EXPECT_GT(changed[0].last_activity, changed[0].first_activity);
}

} // namespace
} // namespace tocsin::verdict
