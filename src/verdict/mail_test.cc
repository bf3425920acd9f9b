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

} // namespace
} // namespace tocsin::verdict
