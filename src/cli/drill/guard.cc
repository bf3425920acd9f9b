// SPDX-License-Identifier: Apache-2.0
#include "tocsin/cli/drill/guard.h"

#include <thread>

#include "tocsin/answers/socket.h"
#include "tocsin/base/clock.h"
#include "tocsin/base/sys.h"
#include "tocsin/cli/fields.h"
#include "tocsin/cli/guard/launch.h"

namespace tocsin::cli {

namespace {

constexpr std::chrono::milliseconds between_looks{20};
constexpr std::chrono::minutes capture_limit{10};
constexpr std::chrono::seconds end_limit{15};

} // namespace

Result<DrillGuard> DrillGuard::start(std::string const& program, Arena const& arena, Interrupts& interrupts)
{
    TRY(sys::make_dirs(arena.state(), 0700));
    auto log = TRY(sys::open(arena.log(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0600));
    auto words = guard_arguments({.state_dir = arena.state(), .respond = "freeze", .paths = {arena.tree()}});
    words.insert(words.begin(), program);
    auto child =
        TRY(Child::start({std::move(words), Namespaces::shared, log.get(), nullptr, nullptr}, interrupts));
    DrillGuard guard(std::move(child), arena.state());
    TRY(guard.wait_until_guarding(arena.log(), interrupts).context("the drill's guard"));
    return guard;
}

Result<void> DrillGuard::wait_until_guarding(std::string const& log, Interrupts& interrupts)
{
    auto deadline = steady_now() + capture_limit;
    while (steady_now() < deadline) {
        TRY(interrupts.check());
        if (child_.ended())
            return Error(Errc::failed, "it ended before it guarded: " + last_words(log, 0));
        auto status = ask("status", {});
        if (status.ok()) {
            auto value = status.take();
            auto state = Fields(value).text("state");
            if (state == "guarding")
                return {};
            if (state == "blind")
                return Error(Errc::failed, "it is blind: " + Fields(value).text("reason"));
        }
        std::this_thread::sleep_for(between_looks);
    }
    return Error(Errc::again, "it did not finish capturing in time");
}

DrillGuard::~DrillGuard()
{
    child_.signal(SIGTERM);
    auto deadline = steady_now() + end_limit;
    while (!child_.ended() && steady_now() < deadline)
        std::this_thread::sleep_for(between_looks);
    child_.kill();
}

Result<json::value> DrillGuard::ask(std::string_view verb, json::object args) const
{
    auto client = TRY(answers::ControlClient::connect(state_));
    return client.ask(
        {std::string(verb), std::move(args), std::string(drill_user)}, [](answers::Progress const&) { });
}

} // namespace tocsin::cli
