#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who continues a frozen process, by `fg` or SIGCONT: it is stopped again within few files, and the incident says so.

    run_continued.py [--fs ext4]
"""
import os
import signal
import subprocess
import time

import lab

FILES = 3_000
MORE_AT_MOST = 150  # files that one who was continued gets further


def fill(folder):
    folder.mkdir()
    for number in range(FILES):
        (folder / f"file-{number:04}").write_text(f"{folder.name} {number}\n" * 20)


class Attack:
    """On a flat folder of its own, by a login of its own."""

    def __init__(self, host, tree, name):
        self.host, self.folder = host, tree / name
        self.before = lab.picture(self.folder)

    def by(self, *command):
        """Starts it, and waits until it is contained: the incident's number."""
        known = {i["id"] for i in self.host.ask("incidents")}
        self.process = subprocess.Popen(command, cwd=self.folder, start_new_session=True, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, preexec_fn=lab.die_with_parent)
        found = []

        def is_contained():
            found[:] = [i for i in self.host.ask("incidents") if i["id"] not in known and i["state"] == "contained"]
            return found

        self.host.wait(is_contained, f"not contained: {command}")
        return found[-1]["id"] if found else None

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
    host.wait(lambda: attack.process.poll() is not None, "its shell has not ended")
    attack.undone(number)


def is_let_go(host, tree):
    """A release is nobody's going on."""
    attack = Attack(host, tree, "released")
    number = attack.by("bash", "-c", "rm -rf file-*; exit 0")
    if number is None:
        return
    host.tocsin("release", str(number))
    host.wait(lambda: attack.process.poll() is not None, "who was released does not come to its end")
    host.expect(attack.left() == 0 and times_it_went_on(host, number) == 0, "who was released was stopped again")


def parts(host, filesystem, _work):
    tree = filesystem / "continued"
    tree.mkdir()
    for name in ("continued", "released"):
        fill(tree / name)
    host.tocsin("protect", str(tree))
    host.expect_tree(tree, "protect")
    return [lambda: goes_on(host, tree), lambda: is_let_go(host, tree)]


lab.run_parts("continued", parts)
