// SPDX-License-Identifier: Apache-2.0
// Real sockets: this process sends from one network namespace to a peer in another, over a veth pair.
#include "tocsin/sensor/sent_bytes.h"

#include <arpa/inet.h>
#include <array>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <sched.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "tocsin/base/proc.h"
#include "tocsin/base/test.h"
#include "tocsin/base/unique_fd.h"

namespace tocsin::sensor {
namespace {

constexpr std::uint16_t peer_port = 4000;
constexpr std::size_t some_bytes = 100'000;

// A child in a network namespace of its own takes what comes at the port, and sends `answer` bytes back.
// Both ends of the pair go with the namespaces.
class Peer {
public:
    Peer()
    {
        int ready[2];
        int go[2];
        if (::unshare(CLONE_NEWNET) != 0 || ::pipe2(ready, O_CLOEXEC) != 0 || ::pipe2(go, O_CLOEXEC) != 0)
            return;
        pid_ = ::fork();
        if (pid_ == 0)
            serve(ready[1], go[0]);
        char byte = 0;
        (void)::close(ready[1]);
        (void)::close(go[0]);
        UniqueFd const ready_fd(ready[0]);
        UniqueFd const go_fd(go[1]);
        if (::read(ready_fd.get(), &byte, 1) != 1) // its namespace is made
            return;
        auto const make = "set -e; ip link set lo up; ip link add tocsin0 type veth peer name tocsin1 netns "
            + std::to_string(pid_)
            + "; ip addr add 10.99.0.1/24 dev tocsin0; ip -6 addr add fd99::1/64 dev tocsin0 nodad;"
              " ip link set tocsin0 up";
        is_up_ = std::system(make.c_str()) == 0 && ::write(go_fd.get(), "g", 1) == 1
            && ::read(ready_fd.get(), &byte, 1) == 1;
    }
    ~Peer()
    {
        if (pid_ <= 0)
            return;
        (void)::kill(pid_, SIGKILL);
        (void)::waitpid(pid_, nullptr, 0);
    }
    Peer(Peer const&) = delete;
    Peer& operator=(Peer const&) = delete;

    bool is_up() const { return is_up_; }
    pid_t pid() const { return pid_; }

private:
    [[noreturn]] static void serve(int ready, int go)
    {
        char byte = 0;
        if (::unshare(CLONE_NEWNET) != 0 || ::write(ready, "n", 1) != 1 || ::read(go, &byte, 1) != 1)
            ::_exit(1);
        if (std::system(
                "set -e; ip addr add 10.99.0.2/24 dev tocsin1; ip -6 addr add fd99::2/64 dev tocsin1 nodad;"
                " ip link set tocsin1 up")
            != 0)
            ::_exit(1);
        int const listener = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0); // IPv4 as well
        sockaddr_in6 at{};
        at.sin6_family = AF_INET6;
        at.sin6_port = htons(peer_port);
        if (::bind(listener, reinterpret_cast<sockaddr*>(&at), sizeof(at)) != 0 || ::listen(listener, 8) != 0)
            ::_exit(1);
        (void)!::write(ready, "l", 1);
        std::array<char, 65536> ignored;
        for (;;) {
            int const client = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
            while (::read(client, ignored.data(), ignored.size()) > 0) { }
            (void)::close(client);
        }
    }

    pid_t pid_ = 0;
    bool is_up_ = false;
};

struct To {
    sockaddr_storage address{};
    socklen_t size = 0;
    int family = 0;
};

To to(char const* address, std::uint16_t port)
{
    To out;
    out.family = std::string_view(address).contains(':') ? AF_INET6 : AF_INET;
    out.address.ss_family = static_cast<sa_family_t>(out.family);
    auto* v4 = reinterpret_cast<sockaddr_in*>(&out.address);
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&out.address);
    v4->sin_port = htons(port); // where sin6_port lies, too
    (void)::inet_pton(out.family, address,
        out.family == AF_INET ? static_cast<void*>(&v4->sin_addr) : static_cast<void*>(&v6->sin6_addr));
    out.size = out.family == AF_INET ? sizeof(*v4) : sizeof(*v6);
    return out;
}

class SentBytesTest : public testing::Test {
protected:
    void SetUp() override
    {
        if (::geteuid() != 0)
            GTEST_SKIP() << "needs root";
        peer_.emplace();
        ASSERT_TRUE(peer_->is_up());
        auto opened = open_sent_bytes();
        if (!opened.ok())
            GTEST_SKIP() << opened.error().message();
        sensor_ = opened.take();
    }

    UniqueFd connect(char const* address)
    {
        auto const peer = to(address, peer_port);
        UniqueFd fd(::socket(peer.family, SOCK_STREAM | SOCK_CLOEXEC, 0));
        EXPECT_EQ(0, ::connect(fd.get(), reinterpret_cast<sockaddr const*>(&peer.address), peer.size))
            << std::strerror(errno);
        return fd;
    }
    void send(UniqueFd const& fd)
    {
        std::vector<char> const data(some_bytes);
        EXPECT_EQ(static_cast<ssize_t>(data.size()), ::send(fd.get(), data.data(), data.size(), 0));
    }
    // What this process has sent.
    std::vector<Sent> own()
    {
        auto all = sensor_->take().take();
        std::erase_if(all, [](Sent const& sent) { return sent.process.pid != ::getpid(); });
        return all;
    }
    void expect_one(char const* address, std::uint64_t bytes, Transport transport, Opened opened)
    {
        auto const sent = own();
        ASSERT_EQ(1U, sent.size());
        EXPECT_EQ(address, sent.front().address);
        EXPECT_EQ(peer_port, sent.front().port);
        EXPECT_EQ(bytes, sent.front().bytes);
        EXPECT_EQ(transport, sent.front().transport);
        EXPECT_EQ(opened, sent.front().opened);
    }

    std::optional<Peer> peer_;
    std::unique_ptr<SentBytes> sensor_;
};

TEST_F(SentBytesTest, CountsWhatASocketHasTaken)
{
    auto const fd = connect("10.99.0.2");
    send(fd);
    send(fd);
    expect_one("10.99.0.2", 2 * some_bytes, Transport::tcp, Opened::by_sender);
    EXPECT_TRUE(own().empty()); // taken
}

TEST_F(SentBytesTest, CountsOverIpv6)
{
    send(connect("fd99::2"));
    expect_one("fd99::2", some_bytes, Transport::tcp, Opened::by_sender);
}

TEST_F(SentBytesTest, CallsAMappedAddressByItsIpv4Name)
{
    send(connect("::ffff:10.99.0.2"));
    expect_one("10.99.0.2", some_bytes, Transport::tcp, Opened::by_sender);
}

TEST_F(SentBytesTest, CountsSendfile)
{
    UniqueFd const file(::memfd_create("some", MFD_CLOEXEC));
    ASSERT_EQ(0, ::ftruncate(file.get(), some_bytes));
    for (auto const* address : {"10.99.0.2", "fd99::2"}) {
        auto const fd = connect(address);
        off_t offset = 0;
        while (offset < static_cast<off_t>(some_bytes))
            ASSERT_GT(
                ::sendfile(fd.get(), file.get(), &offset, some_bytes - static_cast<std::size_t>(offset)), 0);
        expect_one(address, some_bytes, Transport::tcp, Opened::by_sender);
    }
}

TEST_F(SentBytesTest, CountsDatagramsWithAndWithoutAConnection)
{
    std::array<char, 1000> const data{};
    for (auto const* address : {"10.99.0.2", "fd99::2", "::ffff:10.99.0.2"}) {
        auto const peer = to(address, peer_port);
        auto const* name = reinterpret_cast<sockaddr const*>(&peer.address);
        UniqueFd const fd(::socket(peer.family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        ASSERT_EQ(1000, ::sendto(fd.get(), data.data(), data.size(), 0, name, peer.size));
        ASSERT_EQ(0, ::connect(fd.get(), name, peer.size));
        auto sent_again = ::send(fd.get(), data.data(), data.size(), 0);
        if (sent_again < 0) // the answer to the first: nobody listens
            sent_again = ::send(fd.get(), data.data(), data.size(), 0);
        ASSERT_EQ(1000, sent_again);
        auto const* known = std::string_view(address).starts_with("::ffff") ? "10.99.0.2" : address;
        auto const sent = own();
        ASSERT_EQ(1U, sent.size());
        EXPECT_EQ(known, sent.front().address);
        EXPECT_EQ(Transport::udp, sent.front().transport);
        EXPECT_EQ(2000U, sent.front().bytes);
        EXPECT_EQ(Opened::by_sender, sent.front().opened);
    }
}

TEST_F(SentBytesTest, KnowsAnAcceptedConnection)
{
    UniqueFd const listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    auto const here = to("10.99.0.1", peer_port);
    ASSERT_EQ(0, ::bind(listener.get(), reinterpret_cast<sockaddr const*>(&here.address), here.size));
    ASSERT_EQ(0, ::listen(listener.get(), 1));
    std::jthread client([this] { // from the peer's namespace
        auto const theirs = "/proc/" + std::to_string(peer_->pid()) + "/ns/net";
        UniqueFd const space(::open(theirs.c_str(), O_RDONLY | O_CLOEXEC));
        ASSERT_EQ(0, ::setns(space.get(), CLONE_NEWNET));
        auto const server = to("10.99.0.1", peer_port);
        UniqueFd const fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        ASSERT_EQ(0, ::connect(fd.get(), reinterpret_cast<sockaddr const*>(&server.address), server.size));
        std::array<char, 65536> ignored;
        while (::read(fd.get(), ignored.data(), ignored.size()) > 0) { }
    });
    UniqueFd accepted(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    ASSERT_TRUE(accepted);
    send(accepted);
    accepted.reset();
    client.join();
    auto const sent = own();
    ASSERT_EQ(1U, sent.size());
    EXPECT_EQ("10.99.0.2", sent.front().address);
    EXPECT_EQ(some_bytes, sent.front().bytes);
    EXPECT_EQ(Opened::by_peer, sent.front().opened);
}

TEST_F(SentBytesTest, DoesNotCountWhatStaysHere)
{
    UniqueFd const listener(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    auto const here = to("::", peer_port);
    ASSERT_EQ(0, ::bind(listener.get(), reinterpret_cast<sockaddr const*>(&here.address), here.size));
    ASSERT_EQ(0, ::listen(listener.get(), 8));
    std::array<char, 1000> const data{};
    for (auto const* address : {"127.0.0.1", "::1", "10.99.0.1", "fd99::1", "::ffff:127.0.0.1"}) {
        auto const fd = connect(address);
        EXPECT_EQ(1000, ::send(fd.get(), data.data(), data.size(), 0)) << address;
        EXPECT_TRUE(own().empty()) << address;
    }
}

TEST_F(SentBytesTest, NamesTheProcessByItsKey)
{
    send(connect("10.99.0.2"));
    auto const sent = own();
    ASSERT_EQ(1U, sent.size());
    EXPECT_EQ(
        proc::ProcDir::open().take().stat(::getpid()).take().start_ticks, sent.front().process.start_ticks);
}

} // namespace
} // namespace tocsin::sensor
