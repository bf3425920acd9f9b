// SPDX-License-Identifier: Apache-2.0
#include "tocsin/cli/asker.h"

#include <cstdlib>
#include <unistd.h>

#include "tocsin/answers/direct.h"
#include "tocsin/answers/socket.h"
#include "tocsin/base/user.h"
#include "tocsin/cli/words.h"

namespace tocsin::cli {

Result<json::value> StateAsker::ask(answers::Request const& request, answers::ProgressSink const& sink)
{
    auto state_dir = TRY(absolute_path(state_dir_));
    auto guard = answers::ControlClient::connect(state_dir);
    if (guard.ok()) {
        auto client = guard.take();
        return client.ask(request, sink);
    }
    if (guard.error().code() == Errc::denied && ::geteuid() != 0)
        return Error(Errc::denied, "this needs root: '" + state_dir + "' is open to root alone");
    if (guard.error().code() != Errc::not_found)
        return guard.take_error();
    return answers::answer_without_guard(state_dir, request, sink);
}

std::string invoking_user()
{
    if (auto const* by_sudo = std::getenv("SUDO_USER"); by_sudo != nullptr && *by_sudo != '\0')
        return by_sudo;
    return user_name(::getuid());
}

} // namespace tocsin::cli
