// SPDX-License-Identifier: Apache-2.0
#include "tocsin/cli/guard/launch.h"

#include "tocsin/base/sys.h"
#include "tocsin/base/test.h"

namespace tocsin::cli {
namespace {

TEST(Launch, TellsTheGuardWhatWasSaid)
{
    GuardOptions options{"/state", "freeze", {"*.tmp", "*.o"}, "/mnt/repository", 1024, {"/srv/a", "/srv/b"}};
    options.never_cut = {"10.0.0.5"};
    options.isolation_allow = {"10.0.0.9:22"};
    EXPECT_EQ((std::vector<std::string>{"--state", "/state", "--respond", "freeze", "--exclude", "*.tmp",
                  "--exclude", "*.o", "--never-cut", "10.0.0.5", "--isolation-allow", "10.0.0.9:22",
                  "--repository", "/mnt/repository", "--reserve", "1024", "/srv/a", "/srv/b"}),
        guard_arguments(options));
}

TEST(Launch, GivesTheGuardsOwnReasonWhenItDoesNotStart)
{
    test::TempDir dir;
    auto program = dir / "guard";
    {
        auto script = sys::open(program, O_CREAT | O_WRONLY, 0700).take();
        ASSERT_OK(sys::write_all(script.get(),
            as_bytes("#!/bin/sh\necho '2026-11-24 08:04:41Z tocsin: the disk is full' >&2\nexit 1\n")));
    }
    auto started =
        start_guard(program, {dir / "state", "freeze", {}, {}, {}, {"/srv"}}, std::chrono::seconds(10));
    EXPECT_ERRC(Errc::failed, started);
    EXPECT_EQ("the guard did not start: the disk is full", started.error().message());
}

TEST(Launch, EndsAGuardThatStaysSilent)
{
    test::TempDir dir;
    auto program = dir / "guard";
    {
        auto script = sys::open(program, O_CREAT | O_WRONLY, 0700).take();
        ASSERT_OK(sys::write_all(script.get(), as_bytes("#!/bin/sh\nexec sleep 60\n")));
    }
    EXPECT_ERRC(Errc::again,
        start_guard(program, {dir / "state", "freeze", {}, {}, {}, {}}, std::chrono::milliseconds(1)));
}

} // namespace
} // namespace tocsin::cli
