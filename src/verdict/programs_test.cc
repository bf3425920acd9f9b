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

TEST_F(ProgramTest, BorgRepacksARepositoryThatWasThereBefore)
{
    auto const segments = scene.files("/srv/borg", 60, ciphertext, "");
    auto const borg = scene.run("borg compact");
    scene.creates(borg, "/srv/borg/g1", ciphertext(900));
    for (std::size_t i = 0; i < segments.size(); i += 6) {
        scene.opens(borg, segments[i]);
        scene.creates(borg, "/srv/borg/h" + std::to_string(i), ciphertext(1'000 + i));
        scene.deletes(borg, segments[i]);
    }
}

// Nearly all of what was there before: compaction writes what is left of each segment into new ones first.
TEST_F(ProgramTest, BorgCompactsAllOfARepositoryThatWasThereBefore)
{
    scene.files("/srv/docs", 300, text, ".txt");
    auto const segments = scene.files("/srv/borg", 60, ciphertext, "");
    auto const marks = scene.files(
        "/srv/borg", 20,
        [](std::uint64_t seed) {
            return Stuff{.type = FileType::unknown, .entropy = 2, .size = 17, .seed = seed};
        },
        ".mark");
    auto const borg = scene.run("borg compact");
    for (std::size_t i = 0; i < 20; ++i) {
        scene.opens(borg, segments[i * 3]);
        scene.creates(borg, "/srv/borg/h" + std::to_string(i), ciphertext(1'000 + i));
    }
    for (auto const& path : segments)
        scene.deletes(borg, path);
    for (auto const& path : marks) {
        scene.opens(borg, path);
        scene.deletes(borg, path);
    }
}

TEST_F(ProgramTest, ResticPrunesPacksEachInAFolderOfItsOwn)
{
    scene.files("/srv/docs", 300, text, ".txt");
    auto const snapshots = scene.shuffled(scene.files("/srv/snapshots", 14, ciphertext, ""));
    std::vector<std::string> packs;
    for (int n = 10; n < 60; ++n)
        packs.push_back(scene.files("/srv/" + std::to_string(n), 1, ciphertext, "")[0]);
    auto const restic = scene.run("restic forget --keep-last 5 --prune");
    scene.creates(restic, "/srv/lock", {.type = FileType::unknown, .entropy = 6.4, .size = 150, .seed = 7});
    for (std::size_t i = 0; i < 9; ++i)
        scene.deletes(restic, snapshots[i]);
    scene.folder("/srv/index");
    scene.creates(restic, "/srv/index/new", ciphertext(9'000));
    for (auto const& pack : packs)
        scene.deletes(restic, pack);
}

TEST_F(ProgramTest, Bzip2GivesBackWhatLookedEncryptedBefore)
{
    scene.folder("/srv/keys");
    std::vector<std::string> keys;
    for (std::uint64_t n = 0; n < 3; ++n)
        scene.file(keys.emplace_back("/srv/keys/" + std::to_string(n) + ".key"), ciphertext(n));
    auto const bzip2 = scene.run("bzip2 -r /srv/keys");
    for (std::uint64_t n = 0; n < keys.size(); ++n) {
        scene.opens(bzip2, keys[n]);
        scene.creates(bzip2, keys[n] + ".bz2",
            {.type = FileType::bzip2, .entropy = 7.9F, .size = 5'000, .seed = 50 + n});
        scene.deletes(bzip2, keys[n]);
    }
    scene.passes(std::chrono::minutes(5));
    auto const bunzip2 = scene.run("bunzip2 -r /srv/keys");
    for (std::uint64_t n = 0; n < keys.size(); ++n) {
        scene.opens(bunzip2, keys[n] + ".bz2");
        scene.creates(bunzip2, keys[n], ciphertext(n));
        scene.deletes(bunzip2, keys[n] + ".bz2");
    }
}

TEST_F(ProgramTest, ResticForgetsSnapshotsThatWereThereBefore)
{
    auto const snapshots = scene.shuffled(scene.files("/srv/snapshots", 40, ciphertext, ""));
    auto const restic = scene.run("restic forget --keep-last 31 --prune");
    for (std::size_t i = 0; i < 9; ++i) {
        scene.opens(restic, snapshots[i]);
        scene.sets(restic, snapshots[i], [](event::Metadata& m) { m.mode = 0100644 | 0200; });
        scene.deletes(restic, snapshots[i]);
    }
}

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

TEST_F(ProgramTest, NpmMakesItsPackagesAnew)
{
    scene.folder("/srv/app");
    scene.file("/srv/app/package.json", text(1));
    scene.folder("/srv/app/node_modules");
    auto const npm = scene.run("npm ci");
    for (int package = 0; package < 40; ++package) {
        auto const folder = "/srv/app/node_modules/p" + std::to_string(package);
        for (auto const& path : scene.files(folder, 2, text, ".js"))
            scene.deletes(npm, path);
    }
}

class VaultTest : public ProgramTest, public ::testing::WithParamInterface<std::uint64_t> {
protected:
    static Stuff vault_of(std::uint64_t seed)
    {
        return {.type = FileType::ansible_vault, .entropy = 4.0, .size = 40'000, .seed = seed};
    }
    // shred is another program, the deletion and the new file are the caller's. What shred left is read
    // before the deletion, after it, or last of all.
    void replaces(ProcessKey who, std::string const& path, Stuff const& stuff)
    {
        scene.opens(who, path);
        auto const shred = scene.run_below(who, "shred " + path);
        auto const old = scene.id_at(path);
        auto const turn = next_ % 3;
        auto const shredded = scene.version(shred, path, old, ciphertext(next_++), event::Occasion::close);
        auto const is_read = [&](std::uint64_t in_turn) {
            if (turn == in_turn)
                scene.tell(shredded);
        };
        is_read(0);
        scene.ends(shred);
        scene.deletes(who, path);
        auto const made = scene.begins(who, path);
        is_read(1);
        scene.captures(who, path, made, stuff);
        is_read(2);
        scene.passes(std::chrono::milliseconds(50));
    }
    std::uint64_t next_ = 5'000;
};

TEST_P(VaultTest, AnsibleShredsWhatItEncryptsAndDecrypts)
{
    auto const paths = scene.files("/srv/vars", GetParam(), text, ".yml");
    for (int round = 0; round < 2; ++round) {
        auto const encrypt = scene.run("ansible-vault encrypt");
        for (std::uint64_t seed = 1; auto const& path : paths)
            replaces(encrypt, path, vault_of(seed++));
        auto const decrypt = scene.run("ansible-vault decrypt");
        for (std::uint64_t seed = 1; auto const& path : paths)
            replaces(decrypt, path, text(seed++));
    }
}
INSTANTIATE_TEST_SUITE_P(Files, VaultTest, ::testing::Values(1, 3, 6));

// What only looks like it.

TEST(NoProgramTest, APackageListThatIsLaidBesideFilesGivesNoneOfThemAway)
{
    Scene scene;
    scene.folder("/srv/home");
    auto const paths = scene.files("/srv/home/node_modules", 60, text, ".txt");
    auto const who = scene.run("wipe");
    scene.creates(who, "/srv/home/package.json", text(7));
    auto const damaged =
        scene.paths_until_stopped(paths, [&](std::string const& path) { scene.deletes(who, path); });
    EXPECT_LE(damaged, 8U);
}

TEST(NoProgramTest, ARepositoryThatAStrangerDeletesIsTold)
{
    Scene scene;
    auto const packs = scene.files("/srv/repo", 60, ciphertext, "");
    auto const restic = scene.run("restic forget --prune");
    scene.creates(restic, "/srv/repo/index", ciphertext(900));
    auto const damaged = scene.paths_until_stopped(packs, [&](std::string const& path) {
        scene.opens(restic, path);
        scene.deletes(restic, path);
    });
    EXPECT_LE(damaged, 24U);
}

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
    EXPECT_LE(touched, 8U);
}

TEST(NoProgramTest, AllOfARepositoryOfBackupsIsTold)
{
    Scene scene;
    scene.files("/srv/docs", 300, text, ".txt");
    auto paths = scene.files("/srv/snapshots", 5, ciphertext, "");
    for (int n = 10; n < 60; ++n)
        paths.push_back(scene.files("/srv/" + std::to_string(n), 1, ciphertext, "")[0]);
    auto const who = scene.run("restic forget --prune all");
    scene.creates(who, "/srv/lock", {.type = FileType::unknown, .entropy = 6.4, .size = 150, .seed = 7});
    EXPECT_LE(scene.paths_until_stopped(paths, [&](auto const& path) { scene.deletes(who, path); }), 16U);
}

TEST(NoProgramTest, ARepositoryOfWhichOneInTwelveStaysIsTold)
{
    Scene scene;
    scene.files("/srv/docs", 600, text, ".txt");
    auto const packs = scene.files("/srv/repo", 120, ciphertext, "");
    auto const who = scene.run("python3 wipe.py");
    scene.creates(who, "/srv/note", text(1));
    std::size_t gone = 0;
    for (std::size_t i = 0; i < packs.size() && !scene.stopped(); ++i)
        if (i % 12 != 0) {
            scene.deletes(who, packs[i]);
            ++gone;
        }
    EXPECT_TRUE(scene.stopped());
    EXPECT_LE(gone, 48U);
}

TEST(NoProgramTest, ARepositoryIsNotPrunedWithoutEnd)
{
    Scene scene;
    scene.files("/srv/docs", 100, text, ".txt");
    auto const kept = scene.files("/srv/kept", 5, ciphertext, "");
    auto const paths = scene.files("/srv/packs", 300, ciphertext, "");
    auto const who = scene.run("python3 wipe.py");
    scene.creates(who, "/srv/note", text(1));
    scene.deletes(who, kept[0]);
    EXPECT_LE(scene.paths_until_stopped(paths, [&](auto const& path) { scene.deletes(who, path); }), 125U);
}

// fallocate, and cryptsetup some seconds later, where the machine is busy.
TEST_F(ProgramTest, ContainersThatAreMadeOfZerosMayBeFilled)
{
    scene.files("/srv/docs", 100, text, ".txt");
    auto const loop = scene.run("bash make-safes.sh");
    for (std::uint64_t n = 0; n < 5; ++n) {
        auto const path = "/srv/docs/new-" + std::to_string(n) + ".luks";
        scene.creates(scene.run_below(loop, "fallocate -l 48M"), path, blank());
        scene.passes(std::chrono::seconds(5));
        scene.overwrites(scene.run_below(loop, "cryptsetup luksFormat"), path,
            {.type = FileType::luks, .entropy = 0.1, .ends_well = false, .size = blank().size, .seed = n});
    }
    EXPECT_FALSE(scene.stopped()) << scene.reasons();
}

TEST(NoProgramTest, WhoFillsFilesWithZerosBeforeTheyAreEncryptedIsTold)
{
    Scene scene;
    auto const paths = scene.files("/srv/docs", 60, text, ".txt");
    auto const who = scene.run("lock");
    auto const damaged =
        scene.paths_until_stopped(paths, [&, seed = std::uint64_t{0}](auto const& path) mutable {
            scene.overwrites(who, path, blank());
            scene.overwrites(who, path, ciphertext(++seed));
        });
    EXPECT_LE(damaged, 3U);
}

TEST(NoProgramTest, CiphertextOfNobodysInPlaceOfWhatWasShreddedIsTold)
{
    Scene scene;
    auto const paths = scene.files("/srv/vars", 60, text, ".yml");
    auto const who = scene.run("lock");
    auto const damaged =
        scene.paths_until_stopped(paths, [&, seed = std::uint64_t{0}](auto const& path) mutable {
            scene.overwrites(who, path, ciphertext(++seed));
            scene.deletes(who, path);
            scene.creates(who, path, ciphertext(seed + 500));
        });
    EXPECT_LE(damaged, 3U);
}

TEST(NoProgramTest, AVaultOfEveryFileIsTold)
{
    Scene scene;
    auto const paths = scene.files("/srv/vars", 60, text, ".yml");
    auto const who = scene.run("ansible-vault encrypt");
    auto const damaged =
        scene.paths_until_stopped(paths, [&, seed = std::uint64_t{0}](auto const& path) mutable {
            scene.overwrites(who, path, ciphertext(++seed));
            scene.deletes(who, path);
            scene.creates(
                who, path, {.type = FileType::ansible_vault, .entropy = 4.0, .size = 40'000, .seed = seed});
        });
    EXPECT_LE(damaged, 13U);
}

} // namespace
} // namespace tocsin::verdict
