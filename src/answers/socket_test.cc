// SPDX-License-Identifier: Apache-2.0
#include "tocsin/answers/socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <thread>

#include "tocsin/base/sys.h"
#include "tocsin/base/test.h"

namespace tocsin::answers {
namespace {

void no_progress(Progress const&) { }

// Listens in a directory of its own and answers one connection in a thread.
class SocketTest : public testing::Test {
protected:
    void serve_with(Handler handler)
    {
        listener_ = listen_control(dir_.path()).take();
        thread_ = std::jthread([this, handler = std::move(handler)] {
            UniqueFd connection(::accept(listener_.get(), nullptr, nullptr));
            served_ = serve(connection.get(), handler).ok();
        });
    }
    void end() { thread_.join(); }

    test::TempDir dir_;
    UniqueFd listener_;
    std::jthread thread_;
    bool served_ = false;
};

TEST_F(SocketTest, AsksAndIsAnswered)
{
    serve_with([](Request const& request, ProgressSink const&) -> Result<json::value> {
        return json::value{{"asked", request.verb}, {"by", request.user}};
    });
    {
        auto client = ControlClient::connect(dir_.path()).take();
        auto answer = client.ask({"status", {}, "anna"}, no_progress).take();
        EXPECT_EQ((json::value{{"asked", "status"}, {"by", "anna"}}), answer);
    }
    end();
    EXPECT_TRUE(served_);
}

TEST_F(SocketTest, ShowsProgressBeforeTheResult)
{
    serve_with([](Request const&, ProgressSink const& sink) -> Result<json::value> {
        sink({1, 2, 0, "one"});
        sink({2, 2, 0, "two"});
        return json::value("done");
    });
    std::vector<std::string> seen;
    auto client = ControlClient::connect(dir_.path()).take();
    auto answer =
        client.ask({"undo", {}, ""}, [&](Progress const& progress) { seen.push_back(progress.what); });
    EXPECT_EQ(json::value("done"), answer.take());
    EXPECT_EQ((std::vector<std::string>{"one", "two"}), seen);
}

TEST_F(SocketTest, GivesTheGuardsRefusalWithItsCode)
{
    serve_with([](Request const&, ProgressSink const&) -> Result<json::value> {
        return Error(Errc::not_found, "there is no incident 9");
    });
    auto client = ControlClient::connect(dir_.path()).take();
    auto answer = client.ask({"incident", {{"id", 9}}, ""}, no_progress);
    EXPECT_ERRC(Errc::not_found, answer);
    EXPECT_EQ("there is no incident 9", answer.error().message());
}

TEST_F(SocketTest, AnswersSeveralRequestsOfOneConnection)
{
    int count = 0;
    serve_with(
        [&](Request const&, ProgressSink const&) -> Result<json::value> { return json::value(++count); });
    auto client = ControlClient::connect(dir_.path()).take();
    EXPECT_EQ(json::value(1), client.ask({"a", {}, ""}, no_progress).take());
    EXPECT_EQ(json::value(2), client.ask({"b", {}, ""}, no_progress).take());
}

TEST_F(SocketTest, CarriesAnAnswerLargerThanTheSocketsBuffer)
{
    std::string large(std::size_t{5} << 20, 'x');
    serve_with(
        [&](Request const&, ProgressSink const&) -> Result<json::value> { return json::value(large); });
    auto client = ControlClient::connect(dir_.path()).take();
    auto answer = client.ask({"incident", {}, ""}, no_progress).take();
    EXPECT_EQ(large.size(), answer.as_string().size());
}

TEST_F(SocketTest, EndsAConnectionThatSpeaksAnotherLanguage)
{
    serve_with([](Request const&, ProgressSink const&) -> Result<json::value> { return json::value(1); });
    auto client = ControlClient::connect(dir_.path()).take();
    EXPECT_ERRC(Errc::corrupt, client.ask({"", {}, ""}, no_progress));
    end();
    EXPECT_FALSE(served_);
}

TEST_F(SocketTest, SaysThatTheGuardEnded)
{
    listener_ = listen_control(dir_.path()).take();
    auto client = ControlClient::connect(dir_.path()).take();
    UniqueFd(::accept(listener_.get(), nullptr, nullptr)).reset();
    EXPECT_FALSE(client.ask({"status", {}, ""}, no_progress).ok());
}

TEST_F(SocketTest, SaysThatNobodyListens)
{
    EXPECT_ERRC(Errc::not_found, ControlClient::connect(dir_.path()));
    EXPECT_ERRC(Errc::not_found, ControlClient::connect(dir_ / "missing"));
    listener_ = listen_control(dir_.path()).take();
    listener_.reset(); // a guard that died leaves its socket behind
    EXPECT_ERRC(Errc::not_found, ControlClient::connect(dir_.path()));
    EXPECT_OK(listen_control(dir_.path()));
}

TEST_F(SocketTest, LetsNobodyElseIn)
{
    listener_ = listen_control(dir_.path()).take();
    auto socket = sys::stat_at(AT_FDCWD, dir_ / "control.sock", 0).take();
    EXPECT_EQ(0600, socket.stx_mode & 07777);
}

TEST_F(SocketTest, WorksBelowALongPath)
{
    auto deep = dir_ / std::string(120, 'd');
    ASSERT_OK(sys::make_dirs(deep, 0700));
    auto listener = listen_control(deep);
    ASSERT_OK(listener);
    EXPECT_OK(ControlClient::connect(deep));
}

} // namespace
} // namespace tocsin::answers
