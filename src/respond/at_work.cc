// SPDX-License-Identifier: Apache-2.0
#include "tocsin/respond/at_work.h"

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdint>

namespace tocsin::respond {
namespace {

constexpr std::size_t status_limit = 4'096;
constexpr std::size_t threads_looked_at = 16;

// The name, which its process chooses, has no line end of its own here.
std::string_view value_of(std::string_view status, std::string_view name)
{
    auto const at = status.find(name);
    if (at == std::string_view::npos)
        return {};
    auto const rest = status.substr(at + name.size());
    return rest.substr(0, rest.find('\n'));
}

bool holds_an_end(std::string_view pending)
{
    auto const bit = [](int number) { return std::uint64_t{1} << (number - 1); };
    std::uint64_t signals = 0;
    (void)std::from_chars(pending.data(), pending.data() + pending.size(), signals, 16);
    return (signals & (bit(SIGSTOP) | bit(SIGKILL))) != 0;
}

} // namespace

bool is_at_work(std::string_view status)
{
    auto const state = value_of(status, "\nState:\t").substr(0, 1);
    bool const is_still = state.empty() || state == "T" || state == "t" || state == "Z" || state == "X";
    return !is_still && !holds_an_end(value_of(status, "\nSigPnd:\t"))
        && !holds_an_end(value_of(status, "\nShdPnd:\t"));
}

bool is_at_work(proc::ProcDir const& proc, event::ProcessKey process)
{
    auto directory = proc.open_process(process.pid);
    if (!directory.ok())
        return false;
    auto const fd = directory.take();
    auto text_of = [&](std::string const& name) {
        auto status = proc::read_start(fd.get(), name.c_str(), status_limit);
        return status.ok() ? status.take() : std::string();
    };
    auto const status = text_of("status");
    if (!value_of(status, "\nState:\t").starts_with('Z'))
        return is_at_work(status);
    auto threads = proc.threads(process.pid); // the first has ended, and others may go on
    auto ids = threads.ok() ? threads.take() : std::vector<pid_t>{};
    ids.resize(std::min(ids.size(), threads_looked_at)); // what stops one stops all
    return std::ranges::any_of(
        ids, [&](pid_t id) { return is_at_work(text_of("task/" + std::to_string(id) + "/status")); });
}

} // namespace tocsin::respond
