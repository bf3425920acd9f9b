// SPDX-License-Identifier: Apache-2.0
// Honest work that looks like destruction. None of it may be stopped.
#include <map>

#include <gtest/gtest.h>

#include "tocsin/verdict/testing/scene.h"

namespace tocsin::verdict {
namespace {

using namespace testing;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class BenignTest : public ::testing::Test {
protected:
    void TearDown() override { EXPECT_FALSE(scene.stopped()) << scene.reasons(); }
    Scene scene;
};

TEST_F(BenignTest, SavingDocumentsByEmptyingThemFirst)
{
    scene.folder("/srv/docs");
    auto const who = scene.run("editor");
    for (std::uint64_t i = 0; i < 50; ++i) {
        auto const path = "/srv/docs/" + std::to_string(i) + ".docx";
        auto stuff = office(i);
        scene.file(path, stuff);
        scene.spoils(who, path, empty());
        stuff.changed = 0.2;
        stuff.size += 17;
        scene.spoils(who, path, stuff);
    }
}

TEST_F(BenignTest, GitRemovesWhatGitWrote)
{
    scene.folder("/srv/repo");
    auto const clone = scene.run("git clone");
    for (std::uint64_t i = 0; i < 500; ++i)
        scene.creates(clone, "/srv/repo/f" + std::to_string(1000 + i), text(i));
    scene.ends(clone);
    for (int round = 0; round < 20; ++round) {
        scene.passes(seconds(10));
        auto const checkout = scene.run("git checkout HEAD~" + std::to_string(round));
        for (std::uint64_t i = 0; i < 200; ++i)
            scene.deletes(checkout, "/srv/repo/f" + std::to_string(1000 + i));
        for (std::uint64_t i = 0; i < 200; ++i)
            scene.creates(checkout, "/srv/repo/f" + std::to_string(1000 + i), text(i + 10'000));
        scene.ends(checkout);
    }
}

TEST_F(BenignTest, GitChecksOutInARepositoryThatWasThereBefore)
{
    scene.folder("/srv/repo");
    scene.folder("/srv/repo/.git");
    scene.folder("/srv/repo/.git/objects");
    auto const paths = scene.files("/srv/repo/src", 300, text, ".c");
    auto const git = scene.run("git checkout old");
    scene.begins(git, "/srv/repo/.git/index.lock");
    for (auto const& path : paths)
        scene.deletes(git, path);
}

TEST_F(BenignTest, GitPacksLooseObjectsThatWereThereBefore)
{
    for (auto const* folder :
        {"/srv/repo", "/srv/repo/.git", "/srv/repo/.git/objects", "/srv/repo/.git/objects/pack"})
        scene.folder(folder);
    std::vector<std::string> loose;
    for (int i = 10; i < 60; ++i) {
        auto const folder = "/srv/repo/.git/objects/" + std::to_string(i);
        auto const paths = scene.files(
            folder, 4,
            [](std::uint64_t s) { return Stuff{.type = FileType::zlib, .entropy = 7.5, .seed = s}; }, "");
        loose.insert(loose.end(), paths.begin(), paths.end());
    }
    auto const gc = scene.run("git gc --prune=now");
    scene.creates(gc, "/srv/repo/.git/objects/pack/tmp_pack_x",
        {.type = FileType::git_pack, .entropy = 7.9, .seed = 1});
    for (auto const& path : loose)
        scene.deletes(gc, path);
}

TEST_F(BenignTest, ConfigureMakesAndRemovesItsTests)
{
    scene.folder("/srv/build");
    auto const configure = scene.run("sh ./configure");
    for (std::uint64_t i = 0; i < 200; ++i) {
        scene.creates(configure, "/srv/build/conftest.c", text(i));
        auto const cc = scene.run_below(configure, "gcc conftest.c");
        scene.creates(scene.run_below(cc, "as"), "/srv/build/conftest.o", elf(i));
        scene.creates(scene.run_below(cc, "ld"), "/srv/build/conftest", elf(i));
        scene.creates(configure, "/srv/build/conftest.err", text(i + 5000));
        scene.passes(std::chrono::milliseconds(200));
        auto const rm = scene.run_below(configure, "rm -f conftest*");
        for (auto const* name : {"conftest", "conftest.c", "conftest.err", "conftest.o"})
            scene.deletes(rm, std::string("/srv/build/") + name);
    }
}

TEST_F(BenignTest, MakeCleanRemovesWhatMakeBuilt)
{
    auto const sources = scene.files("/srv/build", 200, text, ".c");
    auto const make = scene.run("make -j4");
    std::vector<std::string> built;
    for (auto const& source : sources) {
        auto const base = source.substr(0, source.size() - 2);
        auto const cc = scene.run_below(make, "gcc -c " + source);
        scene.creates(scene.run_below(cc, "as"), base + ".o", elf(1));
        scene.creates(scene.run_below(cc, "cc1"), base + ".d", text(2));
        built.push_back(base + ".o");
        built.push_back(base + ".d");
    }
    scene.ends(make);
    scene.passes(hours(1));
    auto const clean = scene.run("make clean");
    auto const rm = scene.run_below(scene.run_below(clean, "sh -c rm"), "rm -f");
    for (auto const& path : built)
        scene.deletes(rm, path);
}

TEST_F(BenignTest, MakeCleanRemovesObjectsThatWereThereBefore)
{
    auto const objects = scene.files("/srv/build", 500, elf, ".o");
    auto const rm = scene.run_below(scene.run("make clean"), "rm -f");
    for (auto const& path : objects)
        scene.deletes(rm, path);
}

TEST_F(BenignTest, DpkgPutsThePackagesFilesBack)
{
    auto const paths = scene.files("/srv/usr", 300, text, ".txt");
    auto const dpkg = scene.run_below(scene.run("apt-get install --reinstall"), "dpkg --unpack");
    std::uint64_t seed = 1;
    for (auto const& path : paths) {
        scene.creates(dpkg, path + ".dpkg-new", text(seed++));
        scene.links(dpkg, path, path + ".dpkg-tmp");
        scene.renames(dpkg, path + ".dpkg-new", path);
    }
    for (auto const& path : paths)
        scene.deletes(dpkg, path + ".dpkg-tmp");
}

TEST_F(BenignTest, TarUnlinksAndMakesAnew)
{
    auto const paths = scene.files("/srv/docs", 300, text, ".txt");
    auto const tar = scene.run("tar xf docs.tar");
    std::uint64_t seed = 1;
    for (auto const& path : paths) {
        scene.deletes(tar, path);
        scene.creates(tar, path, text(seed++));
    }
}

TEST_F(BenignTest, TarUnlinksAndMakesAnewAndVersionsComeLate)
{
    auto const paths = scene.files("/srv/docs", 200, office, ".odt");
    auto const tar = scene.run("tar xf docs.tar");
    std::vector<ObjectId> made;
    for (auto const& path : paths) {
        scene.deletes(tar, path);
        made.push_back(scene.begins(tar, path));
    }
    for (std::size_t i = 0; i < paths.size(); ++i)
        scene.captures(tar, paths[i], made[i], office(i + 1));
}

TEST_F(BenignTest, UnzipOverwritesWithAnOlderState)
{
    auto const paths = scene.files("/srv/docs", 300, text, ".txt");
    auto const unzip = scene.run("unzip -o docs.zip");
    std::uint64_t seed = 1;
    for (auto const& path : paths) {
        auto older = text(seed++);
        older.changed = 0.4;
        scene.overwrites(unzip, path, older);
    }
}

TEST_F(BenignTest, RsyncKeepsAMirrorThatItMade)
{
    scene.folder("/srv/mirror");
    auto const first = scene.run("rsync -a --delete src/ /srv/mirror/");
    for (std::uint64_t i = 0; i < 400; ++i) {
        auto const name = "/srv/mirror/f" + std::to_string(1000 + i);
        scene.creates(first, "/srv/mirror/.f" + std::to_string(i), text(i));
        scene.renames(first, "/srv/mirror/.f" + std::to_string(i), name);
    }
    scene.passes(hours(1));
    auto const second = scene.run("rsync -a --delete src/ /srv/mirror/");
    for (std::uint64_t i = 0; i < 100; ++i)
        scene.deletes(second, "/srv/mirror/f" + std::to_string(1000 + i));
}

TEST_F(BenignTest, RsyncKeepsAMirrorThatWasThereBefore)
{
    auto const paths = scene.files("/srv/mirror", 2'000, text, ".txt");
    auto const rsync = scene.run("rsync -a --delete src/ /srv/mirror/");
    std::mt19937 lot(5);
    for (auto const& path : paths)
        if (lot() % 4 == 0)
            scene.deletes(rsync, path);
}

class KeepingAMirror : public BenignTest, public ::testing::WithParamInterface<unsigned> { };

TEST_P(KeepingAMirror, TakesAThirdFromManySmallFolders)
{
    std::mt19937 lot(GetParam());
    auto const rsync = scene.run("rsync -a --delete src/ /srv/");
    for (int d = 0; d < 100; ++d)
        for (auto const& path : scene.files("/srv/m" + std::to_string(d), 10, text, ".txt"))
            if (lot() % 3 == 0)
                scene.deletes(rsync, path);
}
// Up again from each folder, to the rest of what is beside it.
TEST_P(KeepingAMirror, TakesAThirdFromFilesBesideFolders)
{
    std::mt19937 lot(GetParam());
    auto const find = scene.run("find /srv -name '*.bak' -delete");
    for (int d = 0; d < 20; ++d) {
        auto const top = "/srv/m" + std::to_string(d);
        auto const beside = scene.files(top, 12, text, ".txt");
        for (std::size_t i = 0; i < beside.size(); ++i) {
            if (lot() % 3 == 0)
                scene.deletes(find, beside[i]);
            if (i % 4 != 3)
                continue;
            for (auto const& path : scene.files(top + "/" + std::to_string(i), 12, text, ".txt"))
                if (lot() % 3 == 0)
                    scene.deletes(find, path);
        }
    }
}
INSTANTIATE_TEST_SUITE_P(Seeds, KeepingAMirror, ::testing::Range(1U, 11U));

TEST_F(BenignTest, MogrifyResizesPhotographsInPlace)
{
    auto const paths = scene.files("/srv/photos", 300, jpeg, ".jpg");
    auto const mogrify = scene.run("mogrify -resize 50% *.jpg");
    std::uint64_t seed = 50'000;
    for (auto const& path : paths) {
        auto smaller = jpeg(++seed);
        smaller.size = 150'000;
        scene.overwrites(mogrify, path, smaller);
    }
}

TEST_F(BenignTest, MogrifyKeepsTheOldOneAsideMeanwhile)
{
    auto const paths = scene.files("/srv/photos", 300, jpeg, ".jpg");
    auto const mogrify = scene.run("mogrify -resize 50% *.jpg");
    std::uint64_t seed = 50'000;
    for (auto const& path : paths) {
        scene.opens(mogrify, path);
        scene.renames(mogrify, path, path + "~");
        auto smaller = jpeg(++seed);
        smaller.size = 150'000;
        scene.creates(mogrify, path, smaller);
        scene.deletes(mogrify, path + "~");
    }
}

TEST_F(BenignTest, GzipPutsEachFileIntoAContainer)
{
    auto const paths = scene.files("/srv/docs", 300, text, ".txt");
    auto const gzip = scene.run("gzip -r /srv/docs");
    for (auto const& path : scene.listed("/srv/docs")) {
        scene.opens(gzip, path);
        scene.creates(gzip, path + ".gz", gzip_of(text(1)));
        scene.deletes(gzip, path);
    }
}

TEST_F(BenignTest, GzipIsFasterThanTheCapture)
{
    auto const paths = scene.files("/srv/docs", 300, text, ".txt");
    auto const gzip = scene.run("gzip -r /srv/docs");
    std::vector<std::pair<std::string, ObjectId>> late;
    for (auto const& path : paths) {
        scene.opens(gzip, path);
        late.emplace_back(path + ".gz", scene.begins(gzip, path + ".gz"));
        scene.deletes(gzip, path);
        if (late.size() > 100) {
            scene.captures(gzip, late.front().first, late.front().second, gzip_of(text(1)));
            late.erase(late.begin());
        }
    }
}

TEST_F(BenignTest, GunzipTakesThemOutAgain)
{
    auto const paths =
        scene.files("/srv/docs", 300, [](std::uint64_t s) { return gzip_of(text(s)); }, ".txt.gz");
    auto const gunzip = scene.run("gunzip -r /srv/docs");
    std::uint64_t seed = 1;
    for (auto const& path : paths) {
        scene.opens(gunzip, path);
        scene.creates(gunzip, path.substr(0, path.size() - 3), text(seed++));
        scene.deletes(gunzip, path);
    }
}

TEST_F(BenignTest, FindCleansOldFilesFromACache)
{
    scene.folder("/srv/cache");
    auto const paths = scene.files("/srv/cache/app", 500, jpeg, ".jpg");
    auto const find = scene.run("find /srv/cache -mtime +30 -delete");
    for (auto const& path : paths)
        scene.deletes(find, path);
}

class CleaningByAge : public BenignTest, public ::testing::WithParamInterface<unsigned> { };

TEST_P(CleaningByAge, SkipsWhatIsNewer)
{
    std::mt19937 lot(GetParam());
    std::vector<std::string> old;
    for (int d = 0; d < 20; ++d) {
        auto const folder = "/srv/spool" + std::to_string(d);
        scene.folder(folder);
        std::vector<std::string> all;
        std::set<std::string> aged;
        for (int i = 0; i < 100; ++i) {
            auto const path = folder + "/" + std::to_string(1000 + i);
            all.push_back(path);
            bool const is_old = lot() % 2 == 0;
            if (is_old)
                aged.insert(path);
            scene.file_of_age(
                path, text(lot()), (is_old ? hours(24 * 60) : hours(24)) + seconds(lot() % 10'000));
        }
        std::ranges::shuffle(all, lot);
        scene.list_again(folder, all);
        for (auto const& path : all)
            if (aged.contains(path))
                old.push_back(path);
    }
    auto const find = scene.run("find /srv -mtime +30 -delete");
    for (auto const& path : old)
        scene.deletes(find, path);
}
// Each run takes what is a week younger than what the one before took.
TEST_P(CleaningByAge, RunAfterRunUntilLittleIsLeft)
{
    std::mt19937 lot(GetParam());
    std::map<std::string, int> ages; // in days, by path
    std::vector<std::string> folders;
    for (int d = 0; d < 10; ++d) {
        auto const& folder = folders.emplace_back("/srv/cache" + std::to_string(d));
        scene.folder(folder);
        std::vector<std::string> all;
        for (int i = 0; i < 100; ++i) {
            auto const& path = all.emplace_back(folder + "/" + std::to_string(1000 + i));
            auto const days = ages[path] = static_cast<int>(lot() % 60);
            scene.file_of_age(path, text(lot()), hours(24 * days + 1));
        }
        scene.list_again(folder, scene.shuffled(all));
    }
    auto const cron = scene.run("sh clean.sh");
    for (int days = 55; days > 10; days -= 8) {
        auto const find = scene.run_below(cron, "find /srv -mtime +" + std::to_string(days) + " -delete");
        for (auto const& folder : folders)
            for (auto const& path : scene.listed(folder))
                if (ages.at(path) > days)
                    scene.deletes(find, path);
        scene.ends(find);
        scene.passes(minutes(1));
    }
}
INSTANTIATE_TEST_SUITE_P(Seeds, CleaningByAge, ::testing::Range(1U, 21U));

TEST_F(BenignTest, AnOfficeSuiteSavesAgainAndAgain)
{
    scene.folder("/srv/docs");
    auto const soffice = scene.run("soffice");
    for (std::uint64_t i = 0; i < 30; ++i) {
        auto const path = "/srv/docs/letter" + std::to_string(i) + ".odt";
        scene.file(path, office(i));
        scene.creates(soffice, "/srv/docs/lu123.tmp", office(i + 500));
        scene.renames(soffice, path, path + ".bak");
        scene.renames(soffice, "/srv/docs/lu123.tmp", path);
        scene.deletes(soffice, path + ".bak");
    }
}

TEST_F(BenignTest, AnEditorSavesThroughATemporaryFile)
{
    auto const paths = scene.files("/srv/docs", 50, text, ".txt");
    auto const sed = scene.run("sed -i s/a/b/ *.txt");
    std::uint64_t seed = 1;
    for (auto const& path : paths) {
        auto edited = text(seed++);
        edited.changed = 0.1;
        scene.creates(sed, "/srv/docs/sedXYZ", edited);
        scene.renames(sed, "/srv/docs/sedXYZ", path);
    }
}

// What took the place of the saved file is gone by then as well, for another save.
TEST_F(BenignTest, BackupsOfWhatWasEditedTwiceAreRemoved)
{
    auto const paths = scene.files("/srv/docs", 50, text, ".txt");
    auto const edit = [&](ProcessKey sed, bool keeps, double changed) {
        for (std::uint64_t seed = 1; auto const& path : paths) {
            auto edited = text(seed++);
            edited.changed = changed;
            scene.creates(sed, "/srv/docs/sedXYZ", edited);
            if (keeps)
                scene.renames(sed, path, path + ".bak");
            scene.renames(sed, "/srv/docs/sedXYZ", path);
        }
    };
    edit(scene.run("sed -i.bak s/a/b/ *.txt"), true, 0.1);
    edit(scene.run("sed -i s/c/d/ *.txt"), false, 0.2);
    auto const rm = scene.run("rm -- *.bak");
    for (auto const& path : paths)
        scene.deletes(rm, path + ".bak");
}

TEST_F(BenignTest, LogrotateCopiesThenTruncates)
{
    auto const logs = scene.files("/srv/log", 100, text, ".log");
    auto const logrotate = scene.run("logrotate -f");
    std::uint64_t seed = 1;
    for (auto const& log : logs) {
        scene.creates(logrotate, log + ".1", text(seed++));
        scene.overwrites(logrotate, log, empty());
    }
}

TEST_F(BenignTest, SqliteMakesAndRemovesItsJournal)
{
    scene.file("/srv/app.db", {.type = FileType::sqlite, .entropy = 5, .size = 1 << 20, .seed = 1});
    auto const app = scene.run("sqlite3 app.db");
    for (std::uint64_t i = 0; i < 200; ++i) {
        scene.creates(app, "/srv/app.db-journal", {.type = FileType::unknown, .entropy = 4, .seed = i});
        scene.overwrites(app, "/srv/app.db",
            {.type = FileType::sqlite, .entropy = 5, .size = 1 << 20, .seed = 1, .changed = 0.1});
        scene.deletes(app, "/srv/app.db-journal");
        scene.passes(seconds(5));
    }
}

TEST_F(BenignTest, APhotographerRenamesAThousandPictures)
{
    auto const paths = scene.files("/srv/photos", 1'000, jpeg, ".jpg");
    auto const rename = scene.run("rename");
    int number = 0;
    for (auto const& path : paths)
        scene.renames(rename, path, "/srv/photos/2026-holiday-" + std::to_string(++number) + ".jpg");
}

TEST_F(BenignTest, AnAdministratorTidiesRightsOfAThousandFiles)
{
    auto const paths = scene.files("/srv/docs", 1'000, text, ".txt");
    auto const chmod = scene.run("chmod -R g-w /srv/docs");
    for (auto const& path : paths)
        scene.sets(chmod, path, [](event::Metadata& m) { m.mode = 0100640; });
}

// Many within one tick of the kernel's clock have one time.
TEST_F(BenignTest, ADeveloperTouchesAllSources)
{
    auto const paths = scene.files("/srv/project", 500, text, ".c");
    auto const who = scene.run("touch");
    for (std::size_t n = 0; n < paths.size(); ++n)
        scene.sets(
            who, paths[n], [time = to_nanoseconds(scene.now)](event::Metadata& m) { m.mtime_ns = time; });
    EXPECT_FALSE(scene.stopped()) << scene.reasons();
}

TEST_F(BenignTest, APersonDeletesThreeFilesNowAndThen)
{
    auto const paths = scene.files("/srv/docs", 100, text, ".txt");
    for (std::size_t i = 0; i < 3; ++i)
        scene.deletes(scene.run("rm"), paths[i]);
    for (std::size_t i = 10; i < 100; i += 9) {
        scene.passes(minutes(10));
        scene.deletes(scene.run("rm"), paths[i]);
    }
}

TEST_F(BenignTest, ABackupReadsAllAndSomebodyDeletesSomething)
{
    auto const paths = scene.files("/srv/docs", 300, text, ".txt");
    scene.folder("/srv/repo");
    auto const script = scene.run("python3 nightly.py");
    auto const restic = scene.run_below(script, "restic backup");
    for (auto const& path : paths)
        scene.opens(restic, path);
    for (std::uint64_t i = 0; i < 20; ++i)
        scene.creates(restic, "/srv/repo/" + std::to_string(i), ciphertext(i));
    auto const rsync = scene.run_below(script, "rsync -a --delete src /srv/docs");
    for (std::size_t i = 0; i < paths.size(); i += 4)
        scene.deletes(rsync, paths[i]);
}

TEST_F(BenignTest, ResticPrunesItsOwnPacks)
{
    scene.folder("/srv/repo");
    auto const backup = scene.run("restic backup");
    std::vector<std::string> packs;
    for (std::uint64_t i = 0; i < 100; ++i) {
        packs.push_back("/srv/repo/" + Sha256::of(as_bytes(std::to_string(i))).hex());
        scene.creates(backup, packs.back(), ciphertext(i));
    }
    scene.passes(hours(2));
    auto const prune = scene.run("restic forget --prune");
    for (std::size_t i = 0; i < 50; ++i)
        scene.deletes(prune, packs[i]);
}

TEST_F(BenignTest, AFewFilesAreEncryptedForAPlaybook)
{
    auto const paths = scene.files("/srv/ansible", 6, text, ".yml");
    auto const vault = scene.run("ansible-vault encrypt");
    for (std::uint64_t seed = 3; auto const& path : paths)
        scene.overwrites(
            vault, path, {.type = FileType::ansible_vault, .entropy = 4.0, .size = 40'000, .seed = seed++});
}

// Where an inode's number is used again at once, what is made looks like a reading of what stood there.
TEST_F(BenignTest, UnpackingOverWhatIsThereReadsNothing)
{
    auto const paths = scene.files("/srv/docs", 200, [](std::uint64_t) { return office(7); }, ".zip");
    auto const tar = scene.run("tar xf docs.tar");
    scene.creates(tar, "/srv/docs/new.zip", office(1'000));
    for (std::size_t i = 0; i < paths.size(); ++i) {
        if (i % 3 == 0)
            scene.opens(tar, paths[i]);
        scene.deletes(tar, paths[i]);
        scene.creates(tar, paths[i], office(7));
    }
}

TEST_F(BenignTest, UnpackingMakesSymlinksAnew)
{
    scene.folder("/srv/tree");
    for (int i = 0; i < 50; ++i)
        scene.symlink("/srv/tree/link" + std::to_string(i));
    auto const tar = scene.run("tar xf tree.tar");
    for (int i = 0; i < 50; ++i) {
        auto const path = "/srv/tree/link" + std::to_string(i);
        scene.deletes(tar, path);
        scene.begins(tar, path, ObjectKind::symlink);
    }
}

TEST_F(BenignTest, AReportIsMadeAnewAndFilledLater)
{
    auto const paths = scene.files("/srv/reports", 20, text, ".csv");
    auto const script = scene.run("sh reports.sh");
    std::uint64_t seed = 0;
    for (auto const& path : paths) {
        scene.deletes(script, path);
        auto const report = scene.begins(script, path);
        scene.captures(script, path, report, empty());
        scene.passes(seconds(5));
        scene.captures(script, path, report, text(900 + ++seed));
    }
}

TEST_F(BenignTest, TheSecondRunOfAMirrorBeginsAnew)
{
    auto const paths = scene.files("/srv/mirror", 100, text, ".txt");
    auto const cron = scene.run("sh mirror.sh");
    for (std::size_t run = 0; run < 5; ++run) {
        auto const rsync = scene.run_below(cron, "rsync -a --delete source/ /srv/mirror");
        for (std::size_t i = 0; i < 30; ++i)
            scene.sets(rsync, paths[3 * i + 1], [&](event::Metadata& m) { m.mtime_ns += 1 + run; });
        for (std::size_t i = 0; i < 6; ++i)
            scene.deletes(rsync, paths[15 * i + 3 * run]);
        scene.ends(rsync);
        scene.passes(minutes(1));
    }
}

} // namespace
} // namespace tocsin::verdict
