// SPDX-License-Identifier: Apache-2.0
#include "tocsin/cli/guard/wait.h"

#include <thread>

#include "tocsin/cli/fields.h"

namespace tocsin::cli {

namespace {

constexpr std::chrono::milliseconds between_looks{100};

answers::Progress progress_of(Fields const& status)
{
    answers::Progress progress;
    progress.what = "capturing";
    for (auto const& item : status.list("protected")) {
        Fields tree(item);
        progress.done += tree.number("captured");
        progress.total += tree.number("objects");
        progress.bytes += tree.number("bytes");
    }
    return progress;
}

} // namespace

Result<json::value> wait_until_guarding(Session& session)
{
    for (;;) {
        auto status = TRY(session.ask("status", {}));
        Fields fields(status);
        if (fields.text("state") == "stopped")
            return Error(
                Errc::failed, "the guard ended while it captured; see guard.log in the state directory");
        if (fields.text("state") != "capturing") {
            session.console().end_progress();
            return status;
        }
        session.console().show(progress_of(fields));
        std::this_thread::sleep_for(between_looks);
    }
}

} // namespace tocsin::cli
