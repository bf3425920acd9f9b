// SPDX-License-Identifier: Apache-2.0
// Data taken away, and honest work that looks like it.
#include "tocsin/base/test.h"
#include "tocsin/verdict/exposure.h"

namespace tocsin::verdict {
namespace {

constexpr std::uint64_t file_bytes = 20'000;
constexpr std::uint64_t all_files = 500;

class ExposureTest : public testing::Test {
protected:
    event::ProcessKey process(event::ProcessKey parent, std::string const& executable, bool is_login)
    {
        event::Process made;
        made.key = {next_pid_, static_cast<std::uint64_t>(next_pid_)};
        ++next_pid_;
        made.parent = parent;
        made.session = is_login ? made.key.pid : session_;
        session_ = made.session;
        made.cgroup_id = is_login ? static_cast<std::uint64_t>(made.key.pid) : cgroup_;
        cgroup_ = made.cgroup_id;
        made.cgroup = "/login";
        made.executable = "/usr/bin/" + executable;
        tree_.apply(made);
        return made.key;
    }
    event::ProcessKey login() { return process({1, 1}, "bash", true); }
    event::ProcessKey run(event::ProcessKey parent, std::string const& executable)
    {
        return process(parent, executable, false);
    }

    void reads(event::ProcessKey who, std::uint64_t files)
    {
        for (std::uint64_t file = 1; file <= files; ++file)
            exposure_.read(job_of(tree_, who), {file}, file_bytes, now_);
    }
    void sends(event::ProcessKey who, std::uint64_t bytes, std::uint16_t port)
    {
        exposure_.sent(job_of(tree_, who), tree_.find(who)->process, {"10.0.0.2", port, false}, bytes, now_);
    }
    std::vector<Exposed> told()
    {
        now_ += std::chrono::seconds(1);
        return exposure_.take_exposed(all_files, now_);
    }

    ProcessTree tree_{{2, 2}};
    Exposure exposure_;
    WallTime now_ = from_nanoseconds(1'795'000'000'000'000'000);
    int next_pid_ = 100;
    int session_ = 0;
    std::uint64_t cgroup_ = 0;
};

TEST_F(ExposureTest, CountsAllThatIsSentToManyPeersAndRemembersAThousand)
{
    auto const who = run(login(), "python3");
    reads(who, 100);
    for (std::uint16_t port = 1; port <= 20'000; ++port)
        sends(who, 100, port);
    auto const exposed = told();
    ASSERT_EQ(1U, exposed.size());
    EXPECT_EQ(2'000'000U, exposed[0].bytes_sent);
    EXPECT_LE(exposed[0].peers, 1'025U);
}

TEST_F(ExposureTest, TellsOfAPipelineThatReadsAllAndSends)
{
    auto const shell = login();
    auto const tar = run(shell, "tar");
    auto const nc = run(shell, "nc");
    reads(tar, 487);
    sends(nc, 9'000'000, 4000);
    auto const found = told();
    ASSERT_EQ(1U, found.size());
    EXPECT_EQ(shell, found.front().top);
    EXPECT_EQ(487U, found.front().files);
    EXPECT_EQ("read 487 of 500 protected files (9740 kB) and sent 9000 kB to 10.0.0.2:4000 over TCP, by "
              "/usr/bin/nc",
        reason_of(found.front()));
}

TEST_F(ExposureTest, TellsOfFilesPackedOneByOneByProcessesOfTheirOwn)
{
    auto const shell = login();
    auto const nc = run(shell, "nc");
    for (std::uint64_t file = 1; file <= 60; ++file) {
        exposure_.read(job_of(tree_, run(shell, "age")), {file}, file_bytes, now_);
        sends(nc, 7'000, 4000);
    }
    EXPECT_EQ(60U, told().at(0).files);
}

TEST_F(ExposureTest, TellsOfWhatWasStagedAndSentLater)
{
    auto const shell = login();
    auto const packer = run(shell, "7z");
    reads(packer, 500);
    tree_.exited(packer, now_);
    now_ += std::chrono::hours(5);
    sends(run(shell, "curl"), 5'000'000, 443);
    EXPECT_EQ(1U, told().size());
}

TEST_F(ExposureTest, JoinsThroughAScriptAlsoWhatLeftItsSession)
{
    auto const shell = login();
    auto const tar = run(shell, "tar");
    session_ = 7777;
    auto const sender = run(shell, "nc");
    reads(tar, 500);
    sends(sender, 5'000'000, 4000);
    EXPECT_EQ(1U, told().size());
}

TEST_F(ExposureTest, SaysNothingOfOneLoginForWhatAnotherRead)
{
    auto const reader = run(login(), "clamscan");
    reads(reader, 500);
    sends(run(login(), "curl"), 50'000'000, 443);
    EXPECT_TRUE(told().empty());
}

TEST_F(ExposureTest, SaysNothingOfWhoReadsAllAndSendsLittle)
{
    auto const shell = login();
    reads(run(shell, "sha256sum"), 500);
    sends(run(shell, "ssh"), 200'000, 22); // a twentieth of what was read would be 500,000
    EXPECT_TRUE(told().empty());
}

TEST_F(ExposureTest, SaysNothingOfWhoSendsAFewFiles)
{
    auto const mail = run(login(), "thunderbird");
    reads(mail, 12);
    sends(mail, 12 * file_bytes, 465);
    EXPECT_TRUE(told().empty());
}

TEST_F(ExposureTest, TellsAgainOnlyOfWhatHasGrownOrComeToRest)
{
    auto const restic = run(login(), "restic");
    reads(restic, 500);
    sends(restic, 1'000'000, 443);
    EXPECT_EQ(1U, told().size());
    sends(restic, 100'000, 443); // of 11,000,000
    EXPECT_TRUE(told().empty());
    auto const at_rest = told();
    ASSERT_EQ(1U, at_rest.size());
    EXPECT_EQ(1'100'000U, at_rest.front().bytes_sent);
    EXPECT_TRUE(told().empty());
    sends(restic, 4'000'000, 443);
    EXPECT_EQ(1U, told().size());
}

TEST_F(ExposureTest, ForgetsWhatIsADayOld)
{
    auto const shell = login();
    reads(run(shell, "7z"), 500);
    now_ += std::chrono::hours(25);
    sends(run(shell, "curl"), 5'000'000, 443);
    EXPECT_TRUE(told().empty());
}

TEST_F(ExposureTest, NamesWhoSentMostAndHowManyOthersThereWere)
{
    auto const sender = run(login(), "rclone");
    reads(sender, 500);
    sends(sender, 600'000, 8080);
    sends(sender, 900'000, 443);
    auto const found = told();
    ASSERT_EQ(1U, found.size());
    EXPECT_EQ(443, found.front().peer.port);
    EXPECT_EQ(2U, found.front().peers);
}

} // namespace
} // namespace tocsin::verdict
