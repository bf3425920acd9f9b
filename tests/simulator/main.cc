// SPDX-License-Identifier: Apache-2.0
// tocsin_simulator -- changes the files of a marked test directory as destroyers do, within rails.
//
// Its rails and parameters: README.md beside this file.
#include <algorithm>
#include <csignal>
#include <fmt/format.h>
#include <random>
#include <sys/prctl.h>

#include "simulator/crew.h"
#include "simulator/manifest.h"
#include "tocsin/base/sys.h"

namespace {

using namespace tocsin;
using namespace tocsin::simulator;

constexpr std::size_t most_manifest_bytes = 64 * 1024 * 1024;

Result<void> print_manifest(Sandbox const& sandbox)
{
    auto const manifest = TRY(take_manifest(sandbox));
    return sys::write_all(STDOUT_FILENO, as_bytes(manifest));
}

Result<std::vector<std::string>> victims_from_input(Options const& options)
{
    Bytes text;
    Bytes piece(64 * 1024);
    for (;;) {
        auto const count = TRY(sys::read_some(STDIN_FILENO, piece));
        if (count == 0)
            break;
        if (text.size() + count > most_manifest_bytes)
            return Error(Errc::full, "the manifest is too long");
        text.insert(text.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(count));
    }
    auto victims = TRY(paths_in(as_text(text), options.token));
    if (options.order == Order::random)
        std::ranges::shuffle(victims, std::mt19937_64(options.seed));
    return victims;
}

Result<void> attack(Sandbox const& sandbox, Options const& options)
{
    auto victims = TRY(victims_from_input(options));
    auto budget = TRY(Budget::create(options.limits));
    auto const tally = TRY(work(Attack{sandbox, budget, options, std::move(victims)}));
    fmt::print("changed {}, failed {}{}{}\n", tally.changed, tally.failed, tally.failed > 0 ? ": " : "",
        tally.first_failure);
    return {};
}

Result<void> run(Options const& options)
{
    auto const sandbox = TRY(Sandbox::enter(options.directory, options.token));
    return options.command == Command::manifest ? print_manifest(sandbox) : attack(sandbox, options);
}

} // namespace

int main(int argc, char** argv)
{
    (void)std::signal(SIGPIPE, SIG_IGN);
    // It gains no privilege, and ends with whoever started it.
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || ::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        return 1;
    auto const parsed = parse(argc, argv);
    if (parsed.exit_status)
        return *parsed.exit_status;
    auto const done = run(parsed.options);
    if (done.ok())
        return 0;
    fmt::print(stderr, "tocsin_simulator: {}\n", done.error().message());
    return 1;
}
