// SPDX-License-Identifier: Apache-2.0
// A guard and its watchdog before a service manager that is a socket of this process.
#include "tocsin/supervise/service_manager.h"

#include <cstdlib>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tocsin/base/test.h"
#include "tocsin/supervise/watchdog.h"

namespace tocsin::supervise {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr SteadyTime start{std::chrono::hours(1)};

class ServiceManagerTest : public testing::Test {
protected:
    ServiceManagerTest() : name_("@tocsin-test-" + std::to_string(::getpid()))
    {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        name_.copy(address.sun_path + 1, name_.size() - 1, 1);
        auto const size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size());
        socket_ = UniqueFd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        EXPECT_EQ(0, ::bind(socket_.get(), reinterpret_cast<sockaddr const*>(&address), size));
    }

    // What has come since the last call.
    std::vector<std::string> heard() const
    {
        std::vector<std::string> out;
        std::string buffer(4096, '\0');
        for (ssize_t size = 0; (size = ::recv(socket_.get(), buffer.data(), buffer.size(), 0)) >= 0;)
            out.push_back(buffer.substr(0, static_cast<std::size_t>(size)));
        return out;
    }

    ServiceManager manager(std::chrono::microseconds watchdog) const
    {
        return ServiceManager({name_, watchdog});
    }

    std::string name_;
    UniqueFd socket_;
};

TEST_F(ServiceManagerTest, TellsWhatAServiceManagerUnderstands)
{
    auto to = manager(0us);
    EXPECT_TRUE(to.ready("capturing"));
    EXPECT_TRUE(to.status("blind: the disk is full"));
    EXPECT_TRUE(to.beat());
    EXPECT_TRUE(to.stopping());
    EXPECT_THAT(heard(),
        ElementsAre("READY=1\nSTATUS=capturing", "STATUS=blind: the disk is full", "WATCHDOG=1",
            HasSubstr("STOPPING=1\nSTATUS=")));
}

TEST_F(ServiceManagerTest, MakesOneLineOfAStatus)
{
    EXPECT_TRUE(manager(0us).status("blind: '/srv/a\nMAINPID=1' is not there"));
    EXPECT_THAT(heard(), ElementsAre("STATUS=blind: '/srv/a?MAINPID=1' is not there"));
}

TEST_F(ServiceManagerTest, DoesNotWaitForOneThatReadsNothing)
{
    auto to = manager(0us);
    int sent = 0;
    while (sent < 100'000 && to.beat())
        ++sent;
    EXPECT_LT(sent, 100'000);
    EXPECT_THAT(heard(), Not(IsEmpty()));
    EXPECT_TRUE(to.beat());
}

TEST_F(ServiceManagerTest, SaysNothingWhereNobodyListens)
{
    EXPECT_TRUE(ServiceManager({}).ready("capturing"));
    EXPECT_FALSE(ServiceManager({"", 5s}).watchdog());
    EXPECT_FALSE(ServiceManager({"relative", 5s}).watchdog());
    EXPECT_FALSE(ServiceManager({std::string(200, '/'), 5s}).watchdog());
}

TEST_F(ServiceManagerTest, TakesItsPlaceFromTheEnvironment)
{
    ::setenv("NOTIFY_SOCKET", name_.c_str(), 1);
    ::setenv("WATCHDOG_USEC", "5000000", 1);
    ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
    auto const taken = ServiceManager::take_environment();
    EXPECT_EQ(name_, taken.socket);
    EXPECT_EQ(5s, taken.watchdog);
    EXPECT_EQ(nullptr, std::getenv("NOTIFY_SOCKET"));
    EXPECT_TRUE(ServiceManager::take_environment().socket.empty());
}

TEST_F(ServiceManagerTest, LeavesTheWatchdogOfAnotherProcessAlone)
{
    ::setenv("WATCHDOG_USEC", "5000000", 1);
    ::setenv("WATCHDOG_PID", "1", 1);
    EXPECT_EQ(0us, ServiceManager::take_environment().watchdog);
}

TEST_F(ServiceManagerTest, WatchdogBeatsSeveralTimesWithinTheLimit)
{
    auto pulse = Pulse::create().take();
    auto to = manager(800ms);
    Watchdog watchdog(pulse, to);
    for (auto now = start; now < start + 800ms; now += 10ms) {
        pulse.beat(Organ::gate);
        pulse.beat(Organ::deadlines);
        watchdog.look(now);
    }
    EXPECT_EQ(8U, heard().size());
}

TEST_F(ServiceManagerTest, WatchdogDoesNotBeatWhileOneOrganHangs)
{
    auto pulse = Pulse::create().take();
    auto to = manager(800ms);
    Watchdog watchdog(pulse, to);
    pulse.beat(Organ::gate);
    pulse.beat(Organ::deadlines);
    watchdog.look(start);
    for (auto now = start; now < start + 2s; now += 10ms) {
        pulse.beat(Organ::deadlines);
        watchdog.look(now);
    }
    EXPECT_THAT(heard(), ElementsAre("WATCHDOG=1"));
    pulse.beat(Organ::gate);
    watchdog.look(start + 2s);
    EXPECT_THAT(heard(), ElementsAre("WATCHDOG=1"));
}

TEST_F(ServiceManagerTest, WatchdogBeatsForOrgansThatRest)
{
    auto pulse = Pulse::create().take();
    auto to = manager(800ms);
    Watchdog watchdog(pulse, to);
    watchdog.look(start);
    watchdog.look(start + 1s);
    EXPECT_EQ(2U, heard().size());
}

TEST_F(ServiceManagerTest, WatchdogIsSilentWhereNobodyWatches)
{
    auto pulse = Pulse::create().take();
    auto to = manager(0us);
    Watchdog(pulse, to).look(start);
    EXPECT_THAT(heard(), IsEmpty());
}

} // namespace
} // namespace tocsin::supervise
