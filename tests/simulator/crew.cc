// SPDX-License-Identifier: Apache-2.0
#include "simulator/crew.h"

#include <atomic>
#include <fcntl.h>
#include <mutex>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "simulator/handover.h"
#include "simulator/replacements.h"
#include "tocsin/base/sys.h"

namespace tocsin::simulator {
namespace {

constexpr char const* note_name = "READ-ME.txt";
constexpr std::string_view note_text =
    "A test of the guard changed the files here. Nobody wants anything of you.\n";

Result<void> leave_note(Sandbox const& sandbox, Note note, std::string const& path)
{
    if (note == Note::none || (note == Note::root && folder_of(path) != "."))
        return {};
    auto const name = note == Note::each_file ? path + "." + note_name : folder_of(path) + "/" + note_name;
    auto file = sandbox.create(note == Note::root ? note_name : name, O_WRONLY, 0644);
    if (!file.ok())
        return file.error().code() == Errc::exists ? Result<void>() : file.take_error();
    return sys::write_all(file.take().get(), as_bytes(note_text));
}

Result<Worker> hire(Attack const& attack)
{
    Worker worker{attack.sandbox, attack.budget, attack.options.change, std::nullopt, {}};
    if (attack.options.change.how == How::io_uring)
        worker.ring = TRY(Ring::create(attack.options.ring));
    return worker;
}

// Whether the attack goes on after this file.
bool count(Result<void> const& outcome, Tally& tally)
{
    if (outcome.ok()) {
        ++tally.changed;
        return true;
    }
    if (tally.failed++ == 0)
        tally.first_failure = outcome.error().message();
    return outcome.error().code() != Errc::full;
}

void add(Tally const& part, Tally& whole)
{
    if (whole.failed == 0)
        whole.first_failure = part.first_failure;
    whole.changed += part.changed;
    whole.failed += part.failed;
}

void work_alone(Attack const& attack, Pace& pace, std::atomic<std::size_t>& next, Tally& tally)
{
    auto hired = hire(attack);
    if (!hired.ok()) {
        (void)count(hired.take_error(), tally);
        return;
    }
    auto worker = hired.take();
    for (std::size_t mine; (mine = next++) < attack.victims.size();) {
        pace.wait_for_turn();
        if (!count(attack_file(worker, attack.options.names, attack.victims[mine]), tally)) {
            next = attack.victims.size();
            return;
        }
    }
}

Result<Tally> work_in_threads(Attack const& attack, Pace& pace)
{
    Tally whole;
    std::mutex mutex; // of `whole`
    std::atomic<std::size_t> next = 0;
    {
        std::vector<std::jthread> threads;
        for (unsigned i = 0; i < attack.options.threads; ++i)
            threads.emplace_back([&] {
                Tally mine;
                work_alone(attack, pace, next, mine);
                std::lock_guard const lock(mutex);
                add(mine, whole);
            });
    }
    if (attack.options.change.how == How::new_and_unlink
        && attack.options.change.deletion == Deletion::at_end) {
        for (auto const& path : attack.victims)
            (void)unlink_file(attack.sandbox, path);
    }
    return whole;
}

// What a child does for one file; its exit status.
int change_one(Attack const& attack, std::string const& path)
{
    attack.budget.arm_alarm();
    auto worker = hire(attack);
    if (!worker.ok())
        return 1;
    auto hired = worker.take();
    return attack_file(hired, attack.options.names, path).ok() ? 0 : 1;
}

// A child, or a grandchild that nobody waits for, in a session of its own.
Result<void> change_in_child(Attack const& attack, std::string const& path)
{
    pid_t const child = ::fork();
    if (child < 0)
        return Error::from_errno(errno, "fork");
    if (child == 0) {
        if (attack.options.split == Split::double_fork && (::setsid() < 0 || ::fork() != 0))
            ::_exit(0);
        ::_exit(change_one(attack, path));
    }
    int status = 0;
    if (::waitpid(child, &status, 0) < 0)
        return Error::from_errno(errno, "waitpid");
    if (status != 0)
        return Error(Errc::failed, "a child did not change '" + path + "'");
    return {};
}

Result<Tally> work_in_children(Attack const& attack, Pace& pace)
{
    Tally tally;
    for (auto const& path : attack.victims) {
        pace.wait_for_turn();
        if (!count(change_in_child(attack, path), tally))
            break;
    }
    return tally;
}

} // namespace

Result<void> attack_file(Worker& worker, Names const& names, std::string const& path)
{
    auto const renamed = path + new_ending;
    if (names.rename == Rename::before)
        TRY(rename_file(worker.sandbox, path, renamed));
    TRY(change_file(worker, names.rename == Rename::before ? renamed : path));
    if (names.rename == Rename::after)
        TRY(rename_file(worker.sandbox, path, renamed));
    return leave_note(worker.sandbox, names.note, path);
}

Result<Tally> work(Attack const& attack)
{
    attack.budget.arm_alarm();
    Pace pace(attack.options.speed, attack.options.seed);
    switch (attack.options.split) {
    case Split::threads:
        return work_in_threads(attack, pace);
    case Split::fork_per_file:
    case Split::double_fork:
        return work_in_children(attack, pace);
    case Split::reader_and_writer:
        return read_and_hand_over(attack, pace);
    }
    std::unreachable();
}

} // namespace tocsin::simulator
