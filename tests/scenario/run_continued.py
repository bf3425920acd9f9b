#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who continues a frozen process, by `fg` or SIGCONT: it is stopped again within few files, and the incident says so.
And who stops itself because its child was frozen (su, sudo): a person's decision about that one lets it go on, too.

    run_continued.py [--fs ext4]
"""
import fcntl
import os
import shutil
import signal
import subprocess
import termios
import time

import lab

FILES = 2_000
RM = "exec rm -rf file-*"  # what su and sudo have started is stopped itself
TURNS_BY_POLICY = 3
MORE_AT_MOST = 150  # files that one who was continued gets further


def fill(folder):
    folder.mkdir()
    for number in range(FILES):
        (folder / f"file-{number:04}").write_text(f"{folder.name} {number}\n" * 20)


def at_a_prompt():
    """For a child, before its exec: its standard input is its terminal."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    lab.die_with_parent()


class Attack:
    """On a flat folder of its own, by a login of its own."""

    def __init__(self, host, tree, name):
        self.host, self.folder = host, tree / name
        self.before = lab.picture(self.folder)

    def begins(self, *command):
        """On a terminal of its own."""
        self.known = {i["id"] for i in self.host.ask("incidents")}
        self.screen, terminal = os.openpty()
        self.process = subprocess.Popen(command, cwd=self.folder, start_new_session=True, stdin=terminal,
                                        stdout=terminal, stderr=terminal, preexec_fn=at_a_prompt)
        os.close(terminal)

    def comes_to(self, state):
        """Waits for its incident: its number."""
        found = []

        def has_come():
            found[:] = [i for i in self.host.ask("incidents") if i["id"] not in self.known and i["state"] == state]
            return found

        self.host.wait(has_come, f"not {state}: {self.process.args}")
        return found[-1]["id"] if found else None

    def by(self, *command):
        self.begins(*command)
        return self.comes_to("contained")

    def ends(self, what):
        self.host.wait(lambda: self.process.poll() is not None, f"{what}: {self.process.args[0]} has not ended")
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.screen)

    def is_stopped(self):
        return self.process.poll() is None and lab.state_of(self.process.pid) == "T"

    def left(self):
        return len(os.listdir(self.folder))

    def undone(self, number):
        self.host.ask("undo", str(number))
        found = lab.differences(self.before, lab.picture(self.folder), ignore=("mtime",))
        self.host.expect(not found, f"undo: {found[:3]}")


def times_it_went_on(host, number):
    return sum("went on" in a["outcome"] for a in host.ask("incident", str(number))["actions"] if a["kind"] == "freeze")


def frozen_of(host, number):
    return [p for p in host.ask("incident", str(number))["actor"]["pids"] if os.path.exists(f"/proc/{p}")]


def goes_on(host, tree):
    attack = Attack(host, tree, "continued")
    number = attack.by("bash", "-c", "rm -rf file-*; exit 0")
    if number is None:
        return
    host.expect(times_it_went_on(host, number) == 0, "what was done before the freeze is told as going on")
    for turn in (1, 2):
        left = attack.left()
        os.killpg(attack.process.pid, signal.SIGCONT)  # what `fg` does
        host.wait(lambda: times_it_went_on(host, number) >= turn, f"turn {turn}: not told that it went on")
        host.expect(all(lab.state_of(p) == "T" for p in frozen_of(host, number)), f"turn {turn}: not stopped again")
        print(f"continued: {left} files were left, then {attack.left()}")
        host.expect(left - attack.left() <= MORE_AT_MOST, f"turn {turn}: {left} files were left, then {attack.left()}")
        time.sleep(1.1)  # it is told once a second
    host.expect(times_it_went_on(host, number) == 2, f"told {times_it_went_on(host, number)} times of two")
    host.tocsin("stop", str(number))
    attack.ends("stop")
    attack.undone(number)


def is_let_go(host, tree):
    """A release is nobody's going on."""
    attack = Attack(host, tree, "released")
    number = attack.by("bash", "-c", "rm -rf file-*; exit 0")
    if number is None:
        return
    host.tocsin("release", str(number))
    attack.ends("release")
    host.expect(attack.left() == 0 and times_it_went_on(host, number) == 0, "who was released was stopped again")


STARTERS = {"su": ("su", "root", "-c", RM), "su-pty": ("su", "--pty", "root", "-c", RM), "sudo": ("sudo", "sh", "-c", RM)}
DECISIONS = ("release", "stop")


def starts_and_stops(host, tree, starter, decision):
    """Of the real ones; each stops itself when what it has started is frozen."""
    attack = Attack(host, tree, f"{starter}-{decision}")
    number = attack.by(*STARTERS[starter])
    if number is None:
        return
    host.wait(attack.is_stopped, f"{starter} does not stop itself: this asks nothing")
    host.tocsin(decision, str(number))
    attack.ends(decision)
    done = host.ask("incident", str(number))["actions"][-1]["outcome"]
    host.expect(f"SIGCONT to {attack.process.pid}, which had stopped because of that" in done, f"{starter}: {done}")
    host.expect(decision == "stop" or attack.left() == 0, f"{starter}: who was released has left {attack.left()} files")


def was_stopped_before(host, tree):
    """By its user, with ^Z: that is nothing that a release takes back."""
    attack = Attack(host, tree, "stopped-before")
    attack.begins("su", "root", "-c", f"sleep 1.5; {RM}")
    time.sleep(0.5)
    attack.process.send_signal(signal.SIGSTOP)
    number = attack.comes_to("contained")
    if number is not None:
        host.tocsin("release", str(number))
        host.wait(lambda: attack.left() == 0, "who was released does not go on")
        time.sleep(1)
        host.expect(attack.is_stopped(), "who was stopped before the freeze was continued")
    attack.process.send_signal(signal.SIGCONT)
    attack.ends("a user's own SIGCONT")


def by_policy(host, tree):
    """What was frozen is killed within milliseconds: its starter may stop itself after that."""
    host.end_guard()
    host.tocsin("protect", str(tree), "--respond", "stop")
    host.expect_tree(tree, "protect with --respond stop")
    for turn in range(TURNS_BY_POLICY):
        attack = Attack(host, tree, f"policy-{turn}")
        attack.begins(*STARTERS["su"])
        attack.comes_to("stopped")
        attack.ends("--respond stop")


def parts(host, filesystem, _work):
    tree = filesystem / "continued"
    tree.mkdir()
    starters = [name for name, command in STARTERS.items() if shutil.which(command[0])]
    for name in STARTERS.keys() - starters:
        print(f"left out: {name} is not installed here")
    asked = [(starter, decision) for starter in starters for decision in DECISIONS]
    for name in ("continued", "released", "stopped-before", *(f"{s}-{d}" for s, d in asked),
                 *(f"policy-{turn}" for turn in range(TURNS_BY_POLICY))):
        fill(tree / name)
    host.tocsin("protect", str(tree))
    host.expect_tree(tree, "protect")
    every = [lambda: goes_on(host, tree), lambda: is_let_go(host, tree)]
    every += [lambda s=s, d=d: starts_and_stops(host, tree, s, d) for s, d in asked]
    return [*every, lambda: was_stopped_before(host, tree), lambda: by_policy(host, tree)]


lab.run_parts("continued", parts)
