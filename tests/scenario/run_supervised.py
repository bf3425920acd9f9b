#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is done to a guard itself: it is stopped, traced, killed, and its supervisor as well. Nobody may
wait longer than the bound, and the guard has to be there again.

    run_supervised.py [--fs ext4]
    run_supervised.py --rounds 1000 [--seed N]    as many times one of them at random

All of it runs in a process namespace of its own: guards that are started again are no children of this
run, and would outlive it.
"""
import argparse
import ctypes
import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path

import lab
from opener import Opener

BOUND = 2.0  # seconds: the longest that an open may wait
TOGETHER = 12.0  # likewise, where guard and supervisor are stopped at once: then the kernel ends the guard after 10
PTRACE_SEIZE, PTRACE_INTERRUPT = 0x4206, 0x4207


class Run:
    def __init__(self, fs):
        self.problems = []
        self.work = lab.temporary("supervised")
        self.disk = lab.FileSystem(self.work, fs, size="1G")
        self.tree = self.disk.path / "share"
        self.tree.mkdir()
        self.files = lab.make_corpus(self.tree, 200, 10)
        self.guard = lab.Guard(self.work / "state", self.tree, options=("--again",))
        self.guard.wait_until_guarding()

    def expect(self, holds, sentence):
        print("ok  " if holds else "FAIL", sentence, flush=True)
        if not holds:
            self.problems.append(sentence)

    def guard_pid(self):
        return self.guard.ask("status")["guard_pid"]

    def supervisor_pid(self):
        for entry in os.listdir("/proc"):
            try:
                words = Path("/proc", entry, "stat").read_text()
            except (OSError, ValueError):
                continue
            name, rest = words[words.find("(") + 1:words.rfind(")")], words[words.rfind(")") + 2:].split()
            if name == "tocsin-supervis" and int(rest[1]) == self.guard_pid() and rest[0] != "Z":
                return int(entry)
        return None

    def trace(self, pid):
        """Stops all its threads, as a debugger does, and never lets them go on."""
        for thread in os.listdir(f"/proc/{pid}/task"):
            lab.LIBC.ptrace(PTRACE_SEIZE, int(thread), None, None)
            lab.LIBC.ptrace(PTRACE_INTERRUPT, int(thread), None, None)

    def reasons(self):
        return [reason for incident in self.guard.ask("incidents") for reason in incident["reasons"]]

    def during(self, deed, seconds):
        """The longest that an opener waited while this was done and in the seconds after it."""
        opener = Opener(self.files[0])
        opener.start()
        time.sleep(0.2)
        deed()
        time.sleep(seconds)
        waited = opener.finish()
        return waited, opener.opens

    def wait_for_another(self, pid, seconds=20):
        """The seconds until a guard with another number guards; None where there is none in time."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            try:
                status = self.guard.ask("status")
                if status["guard_pid"] != pid and status["state"] == "guarding":
                    return time.monotonic() - began
            except (OSError, RuntimeError):
                pass
            time.sleep(0.05)
        return None


def stopped(run):
    pid = run.guard_pid()
    waited, opens = run.during(lambda: os.kill(pid, signal.SIGSTOP), 3)
    run.expect(waited < BOUND and opens > 100, f"SIGSTOP: an open waited {waited:.2f} s at most ({opens} opens)")
    run.expect(run.guard_pid() == pid, "SIGSTOP: the same guard goes on")
    run.expect(lab.wait_for(lambda: any("was stopped by a signal" in r for r in run.reasons())),
               "SIGSTOP: an incident tells of it")


def stopped_all_the_time(run):
    pid = run.guard_pid()

    def deed():
        for _ in range(60):
            os.kill(pid, signal.SIGSTOP)
            time.sleep(0.05)

    waited, opens = run.during(deed, 1)
    run.expect(waited < BOUND and opens > 20, f"60 SIGSTOPs in 3 s: an open waited {waited:.2f} s at most ({opens} opens)")
    run.expect(lab.wait_for(lambda: run.guard.ask("status")["state"] == "guarding"), "60 SIGSTOPs: it guards")


def traced(run):
    pid = run.guard_pid()

    waited, _ = run.during(lambda: run.trace(pid), 3)
    run.expect(waited < BOUND, f"a tracer stops all threads: an open waited {waited:.2f} s at most")
    again = run.wait_for_another(pid)
    run.expect(again is not None, f"a tracer stops all threads: another guard guards {again or -1:.2f} s later")
    run.expect(lab.wait_for(lambda: any("hung, and was ended" in r for r in run.reasons())),
               "a tracer stops all threads: an incident tells of it")


def killed(run):
    time.sleep(10)  # one that has lived for less is started again after a pause
    pid = run.guard_pid()
    waited, _ = run.during(lambda: os.kill(pid, signal.SIGKILL), 0.1)
    run.expect(waited < BOUND, f"SIGKILL: an open waited {waited:.2f} s at most")
    again = run.wait_for_another(pid, 5)
    run.expect(again is not None, f"SIGKILL: another guard guards {again or -1:.2f} s later")
    run.expect(lab.wait_for(lambda: any("was killed, or crashed" in r for r in run.reasons())),
               "SIGKILL: an incident tells of it")
    run.expect(lab.wait_for(lambda: run.supervisor_pid() is not None), "SIGKILL: a supervisor watches the new guard")


def stopped_together(run):
    pid, supervisor = run.guard_pid(), run.supervisor_pid()

    def deed():
        os.kill(supervisor, signal.SIGSTOP)
        os.kill(pid, signal.SIGSTOP)

    waited, _ = run.during(deed, TOGETHER + 1)
    run.expect(waited < TOGETHER, f"both are stopped at once: an open waited {waited:.2f} s at most")
    os.kill(supervisor, signal.SIGCONT)
    again = run.wait_for_another(pid)
    run.expect(again is not None, f"both are stopped at once: another guard guards {again or -1:.2f} s after the supervisor goes on")
    run.expect(lab.wait_for(lambda: run.supervisor_pid() is not None), "both are stopped at once: a supervisor watches the new guard")


def supervisor_attacked(run):
    pid = run.guard_pid()
    first = run.supervisor_pid()
    os.kill(first, signal.SIGKILL)
    run.expect(lab.wait_for(lambda: run.supervisor_pid() not in (None, first)), "the supervisor is killed: another watches")
    second = run.supervisor_pid()
    os.kill(second, signal.SIGSTOP)
    time.sleep(0.4)
    waited, _ = run.during(lambda: os.kill(pid, signal.SIGSTOP), 3)
    run.expect(waited < BOUND, f"the supervisor and then the guard are stopped: an open waited {waited:.2f} s at most")
    second = run.supervisor_pid()
    run.trace(second)
    time.sleep(0.4)
    waited, _ = run.during(lambda: os.kill(pid, signal.SIGSTOP), 3)
    run.expect(waited < BOUND, f"the supervisor is traced and then the guard stopped: an open waited {waited:.2f} s at most")
    run.expect(run.supervisor_pid() not in (None, second), "the supervisor is traced: another watches")
    run.expect(run.guard_pid() == pid, "the supervisor is attacked: the same guard goes on")


def ended(run):
    pid, supervisor = run.guard_pid(), run.supervisor_pid()
    os.kill(pid, signal.SIGTERM)
    gone = lab.wait_for(lambda: not Path(f"/proc/{supervisor}").exists() or "zombie" in Path(f"/proc/{supervisor}/status").read_text())
    run.expect(gone, "SIGTERM: guard and supervisor end")
    time.sleep(1)
    try:
        run.guard.ask("status")
        run.expect(False, "SIGTERM: a guard still answers")
    except OSError:
        run.expect(True, "SIGTERM: no guard is started again")


def let_be(run):
    """Until it guards as it should: another guard begins only some seconds after one that did not live long."""
    def is_whole():
        try:
            return run.guard.ask("status")["state"] == "guarding" and run.supervisor_pid() is not None
        except (OSError, RuntimeError):
            return False

    return lab.wait_for(is_whole, 60)


def write_much(run):
    for number in range(200):
        (run.tree / f"flood-{number % 50}").write_bytes(os.urandom(20_000))


def at_random(run, rounds, rng):
    """Each time on a guard that is whole; the longest waits, by what was done."""
    def stop_both():
        os.kill(run.supervisor_pid(), signal.SIGSTOP)
        time.sleep(0.4)  # both at once make those wait for 10 s where no service manager watches (docs/limitations.md)
        os.kill(run.guard_pid(), signal.SIGSTOP)

    def flood_and_stop():
        write_much(run)
        os.kill(run.guard_pid(), signal.SIGSTOP)

    deeds = {"SIGSTOP": lambda: os.kill(run.guard_pid(), signal.SIGSTOP),
             "SIGSTOP in a flood of writes": flood_and_stop,
             "the supervisor's SIGKILL": lambda: os.kill(run.supervisor_pid(), signal.SIGKILL),
             "SIGSTOP of the supervisor, then of the guard": stop_both,
             "a tracer": lambda: run.trace(run.guard_pid()),
             "SIGKILL": lambda: os.kill(run.guard_pid(), signal.SIGKILL)}
    often = (6, 3, 4, 1, 1, 1)  # after the last three a new guard has to begin, which takes its time
    waits = {name: [] for name in deeds}
    for number in range(1, rounds + 1):
        name = rng.choices(list(deeds), often)[0]
        waits[name].append(run.during(deeds[name], rng.uniform(0.2, 1.5))[0])
        if not let_be(run):
            run.expect(False, f"round {number}, {name}: no guard guards a minute later")
            break
        if waits[name][-1] >= BOUND:
            run.expect(False, f"round {number}, {name}: an open waited {waits[name][-1]:.2f} s")
        if number % 50 == 0:
            print(f"{number} rounds, longest wait {max(map(max, filter(None, waits.values()))):.2f} s", flush=True)
    for name, each in waits.items():
        if each:
            print(f"{name}: {len(each)} times, an open waited {sorted(each)[len(each) // 2]:.2f} s (median), {max(each):.2f} s at most")
    run.expect(not run.problems, f"{sum(map(len, waits.values()))} rounds")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fs", default="ext4")
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if os.geteuid() != 0:
        print("skipped: needs root")
        sys.exit(77)
    if not options.inside:
        # Below a chroot "/" is no mount point, and can't be made private: private_mounts() does what it can.
        os.execvp("unshare", ["unshare", "--mount", "--propagation", "unchanged", "--pid", "--fork",
                              "--kill-child", "--mount-proc", sys.executable, *sys.argv, "--inside"])
    lab.private_mounts()
    lab.LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]
    run = Run(options.fs)
    try:
        if options.rounds:
            print(f"seed {options.seed}")
            at_random(run, options.rounds, random.Random(options.seed))
        for part in () if options.rounds else (stopped, stopped_all_the_time, traced, killed, stopped_together, supervisor_attacked, ended):
            part(run)
    finally:
        print((run.guard.state / "guard.log").read_text()[-3000:])
        run.disk.close()
        shutil.rmtree(run.work, ignore_errors=True)
    sys.exit(1 if run.problems else 0)


if __name__ == "__main__":
    main()
