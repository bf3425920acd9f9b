// SPDX-License-Identifier: Apache-2.0
// How a tree is stopped for good: a look at all processes finds its members, each new one is stopped, and
// the looks go on until two in a row found no new member and every thread of all at rest. One is
// not enough: a child that is born with a low pid behind the scan's back is only seen by the next,
// and from a tree that was at rest before a scan began, nobody is born during it.
#include "tocsin/respond/act.h"

#include <algorithm>
#include <csignal>
#include <fmt/format.h>
#include <ranges>
#include <unistd.h>
#include <unordered_map>
#include <unordered_set>

#include "tocsin/base/clock.h"
#include "tocsin/respond/at_work.h"
#include "tocsin/respond/own_cgroup.h"

namespace tocsin::respond {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t tree_limit = 32768;
constexpr std::size_t threads_at_most = 1024; // that are stopped one by one
constexpr auto quiet_limit = 1s; // since the last new member: long, for a machine with much else to do
constexpr auto whole_limit = 3s;
// So long a thread may finish what it does in the kernel before it counts as waiting there. With
// the signal pending it cannot come back to its program, but it may be in the middle of a fork.
constexpr auto kernel_limit = 25ms;
constexpr int clean_looks_wanted = 2;
constexpr std::size_t many = 64; // of them one look at all processes is quicker than one at each
constexpr std::size_t opened_at_once = 256; // of our descriptors

event::ProcessKey key_of(proc::Process const& process)
{
    return {process.pid, process.start_ticks};
}

bool is_protected(pid_t pid, bool is_kernel_thread)
{
    return pid == 1 || pid == ::getpid() || is_kernel_thread;
}

bool is_protected(proc::Process const& process)
{
    return is_protected(process.pid, process.is_kernel_thread);
}

// A leader may end before its threads do.
bool has_ended(proc::Stat const& stat)
{
    return stat.has_ended() && stat.threads <= 1;
}

std::string with_cgroups(std::string how, std::string const& cgroups)
{
    return cgroups.empty() ? how : how + " and " + cgroups;
}

std::string signal_words(std::string_view signal, std::size_t count)
{
    if (count == 0)
        return fmt::format("no process was left for {}", signal);
    return fmt::format("{} to {} process{}", signal, count, count == 1 ? "" : "es");
}

constexpr std::string_view unfinished = "; time was over before all of it was at rest, and more may be about";

} // namespace

struct Freezer::Tree {
    std::unordered_set<event::ProcessKey> known; // named by the caller or found since
    std::unordered_set<event::ProcessKey> signalled;
    std::vector<proc::Process> members; // parents before their children, as of the last look
    std::vector<event::ProcessKey> refused; // known, and protected
    bool is_complete = false; // all at rest, twice

    std::unordered_set<pid_t> pids() const
    {
        std::unordered_set<pid_t> out;
        for (auto const& member : members)
            out.insert(member.pid);
        return out;
    }
    proc::Rest rest() const
    {
        auto rest = proc::Rest::stopped;
        for (auto const& member : members)
            rest = std::max(rest, member.rest);
        return rest;
    }
    std::vector<event::ProcessKey> gone_of(std::span<event::ProcessKey const> named) const
    {
        std::unordered_set<event::ProcessKey> there(refused.begin(), refused.end());
        for (auto const& member : members)
            there.insert(key_of(member));
        std::vector<event::ProcessKey> out;
        std::ranges::copy_if(named, std::back_inserter(out), [&](auto key) { return !there.contains(key); });
        return out;
    }
};

Result<Freezer> Freezer::create(std::unique_ptr<proc::ProcessTable> table)
{
    auto dir = TRY(proc::ProcDir::open());
    auto mount = proc::cgroup_mount();
    return Freezer(std::move(dir), std::move(table), mount.ok() ? mount.take() : std::string());
}

Result<Freezer> Freezer::create()
{
    auto dir = TRY(proc::ProcDir::open());
    return create(proc::process_table_of(std::move(dir)));
}

// The pidfd comes first: if the start time read afterwards is the key's, the pidfd is its process,
// since a process that had ended before cannot come back.
Freezer::Signalled Freezer::signal(event::ProcessKey key, int number) const
{
    if (key.pid <= 1 || key.pid == ::getpid())
        return Signalled::refused;
    auto opened = PidRef::open(key.pid);
    if (!opened.ok())
        return opened.error().code() == Errc::not_found ? Signalled::gone : Signalled::refused;
    auto ref = opened.take();
    auto read = proc_.thread_stat(key.pid, key.pid);
    if (!read.ok())
        return Signalled::gone;
    auto stat = read.take();
    if (key != event::ProcessKey{stat.pid, stat.start_ticks} || has_ended(stat))
        return Signalled::gone;
    if (is_protected(stat.pid, stat.is_kernel_thread()))
        return Signalled::refused;
    auto sent = ref.signal(number);
    if (sent.ok() && number == SIGSTOP && stat.threads > 1)
        stop_threads(ref);
    if (sent.ok())
        return Signalled::yes;
    return sent.error().code() == Errc::not_found ? Signalled::gone : Signalled::refused;
}

// The kernel gives a signal to one thread, mostly the first, and all others work on until that has come to run; where it
// waits in the kernel (vfork) that may be never. Whichever gets its own first stops all.
void Freezer::stop_threads(PidRef const& process) const
{
    auto threads = proc_.threads(process.pid());
    if (!threads.ok())
        return; // it has ended
    auto const all = threads.take();
    for (auto thread : std::span(all).first(std::min(all.size(), threads_at_most)))
        process.signal_thread(thread, SIGSTOP);
}

Freezer::Outcome Freezer::freeze_now(std::span<event::ProcessKey const> processes) const
{
    std::vector<event::ProcessKey> order(processes.begin(), processes.end());
    std::ranges::sort(order, [](auto a, auto b) {
        return std::pair(a.start_ticks, a.pid) > std::pair(b.start_ticks, b.pid); // newest first
    });
    Outcome out;
    for (auto key : order) {
        auto signalled = signal(key, SIGSTOP);
        auto& list = signalled == Signalled::yes ? out.frozen
            : signalled == Signalled::gone       ? out.gone
                                                 : out.left;
        list.push_back(key);
    }
    out.how = signal_words("SIGSTOP", out.frozen.size());
    return out;
}

bool Freezer::stop_if_continued(event::ProcessKey process) const
{
    return is_at_work(proc_, process) && signal(process, SIGSTOP) == Signalled::yes;
}

// As signal(), where one look at all is quicker than one at each.
void Freezer::signal_many(std::span<event::ProcessKey const> keys, int number) const
{
    if (keys.size() < many) {
        for (auto key : keys)
            (void)signal(key, number);
        return;
    }
    for (; !keys.empty(); keys = keys.subspan(std::min(keys.size(), opened_at_once))) {
        std::vector<std::pair<event::ProcessKey, PidRef>> opened;
        for (auto key : keys.first(std::min(keys.size(), opened_at_once)))
            if (auto ref = PidRef::open(key.pid); ref.ok())
                opened.emplace_back(key, ref.take());
        auto now = table_->look();
        if (!now.ok())
            return; // the next look says so
        std::unordered_set<event::ProcessKey> there;
        for (auto const& process : now.take())
            if (!is_protected(process))
                there.insert(key_of(process));
        for (auto const& [key, ref] : opened)
            if (there.contains(key))
                (void)ref.signal(number);
    }
}

// Members are the known ones that are there, and all that hang from them.
Result<void> Freezer::look(Tree& tree) const
{
    auto processes = TRY(table_->look());
    std::unordered_map<pid_t, std::vector<proc::Process>> children;
    std::vector<proc::Process> found;
    tree.refused.clear();
    for (auto const& process : processes) {
        bool const is_known = tree.known.contains(key_of(process));
        if (is_known && is_protected(process))
            tree.refused.push_back(key_of(process));
        if (is_protected(process))
            continue;
        if (is_known)
            found.push_back(process);
        else
            children[process.parent].push_back(process);
    }
    // `found` grows while we walk it: children are put behind their parents.
    for (std::size_t i = 0; i < found.size() && found.size() < tree_limit; ++i) {
        auto here = children.find(found[i].pid);
        if (here == children.end())
            continue;
        auto grown = std::move(here->second);
        children.erase(here);
        found.insert(found.end(), grown.begin(), grown.end());
    }
    for (auto const& process : found)
        tree.known.insert(key_of(process));
    tree.members = std::move(found);
    return {};
}

// True when there was one that had not been stopped before; the newest are stopped first.
bool Freezer::stop_new(Tree& tree) const
{
    std::vector<event::ProcessKey> fresh;
    for (auto const& process : tree.members | std::views::reverse)
        if (auto const key = key_of(process); tree.signalled.insert(key).second)
            fresh.push_back(key);
    signal_many(fresh, SIGSTOP);
    return !fresh.empty();
}

// Where many were stopped at once, their threads were not.
void Freezer::stop_again(Tree const& tree) const
{
    for (auto const& process : tree.members)
        if (process.rest == proc::Rest::running)
            (void)signal(key_of(process), SIGSTOP);
}

Result<Freezer::Tree> Freezer::stop_all(std::span<event::ProcessKey const> processes) const
{
    Tree tree;
    tree.known.insert(processes.begin(), processes.end());
    auto const begun = steady_now();
    auto last_found = begun;
    for (int clean_looks = 0; clean_looks < clean_looks_wanted;) {
        TRY(look(tree));
        auto found_new = stop_new(tree);
        auto now = steady_now();
        if (found_new)
            last_found = now;
        auto rest = found_new ? proc::Rest::running : tree.rest();
        if (rest == proc::Rest::stopped
            || (rest == proc::Rest::in_kernel && now - last_found > kernel_limit)) {
            ++clean_looks;
            continue;
        }
        clean_looks = 0;
        if (now - last_found > quiet_limit || now - begun > whole_limit) {
            TRY(look(tree)); // for what is true now
            return tree;
        }
        if (found_new)
            continue;
        stop_again(tree);
        (void)::usleep(2000); // what is still running needs the processor to stop
    }
    tree.is_complete = true;
    return tree;
}

Result<Freezer::Outcome> Freezer::freeze(std::span<event::ProcessKey const> processes) const
{
    (void)freeze_now(processes); // before the first look, which takes a while
    auto tree = TRY(stop_all(processes).context("freeze"));
    Outcome out;
    std::size_t in_kernel = 0;
    for (auto const& process : tree.members) {
        in_kernel += process.rest == proc::Rest::in_kernel ? 1 : 0;
        bool const runs_on = process.rest == proc::Rest::running && !tree.is_complete;
        (runs_on ? out.left : out.frozen).push_back(key_of(process));
    }
    out.left.insert(out.left.end(), tree.refused.begin(), tree.refused.end());
    out.gone = tree.gone_of(processes);
    out.how = signal_words("SIGSTOP", out.frozen.size());
    if (in_kernel > 0)
        out.how += fmt::format(" ({} wait in the kernel and stop on their return)", in_kernel);
    out.how = with_cgroups(std::move(out.how), freeze_own_cgroups(tree));
    if (!tree.is_complete)
        out.how += unfinished;
    return out;
}

Result<Freezer::Outcome> Freezer::thaw(std::span<event::ProcessKey const> processes) const
{
    Tree tree;
    tree.known.insert(processes.begin(), processes.end());
    TRY(look(tree).context("thaw"));
    Outcome out;
    for (auto i = tree.members.size(); i-- > 0;) { // a parent that waits sees its children at work
        auto key = key_of(tree.members[i]);
        auto signalled = signal(key, SIGCONT);
        if (signalled == Signalled::yes)
            out.frozen.push_back(key);
        else if (signalled == Signalled::refused)
            out.left.push_back(key);
    }
    out.left.insert(out.left.end(), tree.refused.begin(), tree.refused.end());
    out.gone = tree.gone_of(processes);
    out.how = with_cgroups(signal_words("SIGCONT", out.frozen.size()), thaw_own_cgroups(tree));
    return out;
}

Result<Freezer::Outcome> Freezer::kill(std::span<event::ProcessKey const> processes) const
{
    (void)freeze_now(processes);
    auto tree = TRY(stop_all(processes).context("kill"));
    Outcome out;
    out.gone = tree.gone_of(processes);
    std::vector<event::ProcessKey> killed;
    // Children first: a stopped process group that loses its last parent outside is sent SIGHUP
    // and SIGCONT by the kernel, and who ignores the one would run by the other.
    for (auto i = tree.members.size(); i-- > 0;) {
        auto key = key_of(tree.members[i]);
        if (signal(key, SIGKILL) == Signalled::yes)
            killed.push_back(key);
    }
    // A process is gone, or a zombie, some microseconds later; one that waits in the kernel later.
    auto const deadline = steady_now() + quiet_limit;
    do {
        (void)::usleep(500);
        TRY(look(tree).context("kill"));
    } while (!tree.members.empty() && steady_now() < deadline);

    std::unordered_set<event::ProcessKey> alive;
    for (auto const& process : tree.members)
        alive.insert(key_of(process));
    std::ranges::copy_if(
        killed, std::back_inserter(out.frozen), [&](auto key) { return !alive.contains(key); });
    out.left.assign(alive.begin(), alive.end());
    out.left.insert(out.left.end(), tree.refused.begin(), tree.refused.end());
    out.how = signal_words("SIGKILL", killed.size());
    if (!tree.is_complete)
        out.how += unfinished;
    return out;
}

std::vector<std::string> Freezer::own_cgroups(Tree const& tree) const
{
    std::unordered_set<std::string> candidates;
    for (auto const& process : tree.members) {
        auto path = proc_.cgroup_path(process.pid);
        if (path.ok())
            candidates.insert(path.take());
    }
    std::vector<std::string> out;
    auto const pids = tree.pids();
    for (auto const& path : candidates) {
        auto only = holds_only(cgroup_mount_, path, pids);
        if (only.ok() && only.take())
            out.push_back(path);
    }
    std::ranges::sort(out);
    return out;
}

// The signal has stopped them already: a cgroup that cannot be frozen only makes it weaker.
std::string Freezer::freeze_own_cgroups(Tree const& tree) const
{
    std::string out;
    for (auto const& path : own_cgroups(tree)) {
        if (ask_state(cgroup_mount_, path, CgroupState::frozen).ok())
            out += fmt::format("{}cgroup.freeze of '{}'", out.empty() ? "" : ", ", path);
    }
    return out;
}

std::string Freezer::thaw_own_cgroups(Tree const& tree) const
{
    std::string out;
    for (auto const& path : own_cgroups(tree)) {
        auto state = asked_state(cgroup_mount_, path);
        if (state.ok() && state.take() == CgroupState::frozen
            && ask_state(cgroup_mount_, path, CgroupState::running).ok())
            out += fmt::format("{}thaw of cgroup '{}'", out.empty() ? "" : ", ", path);
    }
    return out;
}

} // namespace tocsin::respond
