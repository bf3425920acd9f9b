// SPDX-License-Identifier: Apache-2.0
// What programs do to a Maildir, and what only looks like it.
#include <gtest/gtest.h>

#include "tocsin/verdict/testing/scene.h"

namespace tocsin::verdict {
namespace {

using namespace testing;

class MailTest : public ::testing::Test {
protected:
    MailTest()
    {
        for (auto const* folder : {"/srv/mail", "/srv/mail/cur", "/srv/mail/new", "/srv/mail/tmp"})
            scene.folder(folder);
    }
    std::vector<std::string> mails(std::string const& folder, std::size_t count, std::string const& flags)
    {
        return scene.files(folder, count, text, ".M7P9.host,S=5123" + flags);
    }
    static std::string name_of(std::string const& path) { return path.substr(path.rfind('/') + 1); }

    Scene scene;
};

TEST_F(MailTest, NewMailIsLookedAt)
{
    auto const dovecot = scene.run("doveadm fetch");
    for (auto const& path : mails("/srv/mail/new", 100, ""))
        scene.renames(dovecot, path, "/srv/mail/cur/" + name_of(path) + ":2,");
    EXPECT_FALSE(scene.stopped()) << scene.reasons();
}

TEST_F(MailTest, AllIsMarkedAsRead)
{
    auto const dovecot = scene.run("doveadm flags add");
    for (auto const& path : mails("/srv/mail/cur", 100, ":2,"))
        scene.renames(dovecot, path, path + "S");
    EXPECT_FALSE(scene.stopped()) << scene.reasons();
}

TEST_F(MailTest, WhatOnlyEndsInFlagsIsAnEndingInAnyOtherFolder)
{
    auto const who = scene.run("rename");
    auto const files = scene.paths_until_stopped(scene.files("/srv/docs", 100, text, ".txt"),
        [&](std::string const& path) { scene.renames(who, path, path + ":2,S"); });
    EXPECT_LE(files, 9U);
}

TEST_F(MailTest, AnotherEndingIsStrangeInAMaildirToo)
{
    auto const who = scene.run("rename");
    auto const files = scene.paths_until_stopped(mails("/srv/mail/cur", 100, ":2,S"),
        [&](std::string const& path) { scene.renames(who, path, path + ".locked"); });
    EXPECT_LE(files, 9U);
}

// Delivered one each day, the newest today; `count` of them, oldest first.
class OldMailTest : public MailTest {
protected:
    OldMailTest()
    {
        auto const today = std::chrono::floor<std::chrono::seconds>(scene.now.time_since_epoch());
        for (int n = 0; n < count; ++n) {
            auto const age = std::chrono::days(count - n);
            paths.push_back("/srv/mail/cur/" + std::to_string((today - age).count()) + ".M7P9.host:2,S");
            scene.file_of_age(paths.back(), text(static_cast<std::uint64_t>(n)), age);
        }
        scene.files("/srv/docs", 200, text, ".txt");
    }
    std::size_t expunges(ProcessKey who, std::string const& log)
    {
        scene.creates(who, log, text(5'000));
        return scene.paths_until_stopped(paths, [&](std::string const& path) { scene.deletes(who, path); });
    }
    static constexpr int count = 300;
    std::vector<std::string> paths;
};

TEST_F(OldMailTest, TheOldestAreExpunged)
{
    auto const dovecot = scene.run("doveadm expunge");
    scene.creates(dovecot, "/srv/mail/dovecot.index.log", text(5'000));
    for (std::size_t n = 0; n < 70; ++n)
        scene.deletes(dovecot, paths[n]);
    EXPECT_FALSE(scene.stopped()) << scene.reasons();
}

TEST_F(OldMailTest, AQuarterOfAFolderAtMost)
{
    EXPECT_LE(expunges(scene.run("doveadm expunge"), "/srv/mail/dovecot.index.log"), 100U);
}

TEST_F(OldMailTest, AlsoWhereMoreMailsAreLaidBesideThem)
{
    auto const who = scene.run("doveadm expunge");
    for (int n = 0; n < 2'000; ++n)
        scene.creates(who, "/srv/mail/cur/" + std::to_string(2'000'000'000 + n) + ".M7P9.host:2,S", empty());
    EXPECT_LE(expunges(who, "/srv/mail/dovecot.index.log"), 100U);
}

TEST_F(OldMailTest, AQuarterAlsoOverTheHour)
{
    auto const who = scene.run("doveadm expunge");
    scene.creates(who, "/srv/mail/dovecot.index.log", text(5'000));
    std::size_t n = 0;
    for (; n < 60; ++n)
        scene.deletes(who, paths[n]);
    scene.passes(std::chrono::minutes(59));
    for (; n < 70; ++n)
        scene.deletes(who, paths[n]);
    scene.passes(std::chrono::minutes(2));
    for (; n < paths.size() && !scene.stopped(); ++n)
        scene.deletes(who, paths[n]);
    EXPECT_LE(n, 120U); // with the tenth that any expunge may take
}

TEST_F(OldMailTest, NoInterpreterTakesMoreThanATenth)
{
    EXPECT_LE(expunges(scene.run("python3 wipe.py"), "/srv/mail/log"), 75U);
}

TEST_F(OldMailTest, NorDoesWhoOnlyDeletes)
{
    auto const rm = scene.run("rm -r cur");
    EXPECT_LE(
        scene.paths_until_stopped(paths, [&](std::string const& path) { scene.deletes(rm, path); }), 30U);
}

TEST_F(OldMailTest, NorInAnotherOrder)
{
    paths = scene.shuffled(paths);
    EXPECT_LE(expunges(scene.run("doveadm expunge"), "/srv/mail/dovecot.index.log"), 75U);
}

} // namespace
} // namespace tocsin::verdict
