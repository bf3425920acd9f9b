# SPDX-License-Identifier: Apache-2.0
"""What is tried in the test machine: each step is a function of this module, in a process of its own.

A step says "ok ..." or "FAIL ..." of each thing that it looks at. The guard of a step has tree and state of its own.
"""
import json
import os
import platform
import signal
import subprocess
import sys
import threading
import time
import traceback
from pathlib import Path

import lab
import self_steps
import truncation_steps

HERE = Path(__file__).resolve().parent
FILES = 120


def run(names):
    print("kernel", platform.release(), Path("/sys/kernel/security/lsm").read_text(), flush=True)
    for name, step in STEPS.items():
        if not names or name in names:
            run_one(name, step)
    print("end of steps", flush=True)


def run_one(name, step):
    """In a child. Meanwhile process 1 sends what the child asks it to."""
    asked, ask = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            step(Site(name, ask))
        except BaseException:
            print("FAIL", name, traceback.format_exc().replace("\n", " | "), flush=True)
        os._exit(0)
    os.close(ask)
    with os.fdopen(asked) as lines:
        for line in lines:
            pid, number = map(int, line.split())
            os.kill(pid, number)
    os.waitpid(child, 0)


class Site:
    """A tree with files, a folder outside of it on the same file system, a state directory, a guard."""

    def __init__(self, name, ask):
        self.name = name
        self.ask = ask
        self.tree = Path("/srv", name, "tree")
        self.outside = Path("/srv", name, "outside")
        self.state = Path("/var/lib", name)
        self.tree.mkdir(parents=True)
        self.outside.mkdir()
        self.guard = None

    def start(self, *options):
        began = time.monotonic()
        self.guard = lab.Guard(self.state, self.tree, options=options, defended=True)
        self.guard.wait_until_guarding()
        print(f"note {self.name}: guarding after {time.monotonic() - began:.1f} s", flush=True)

    def signal_from_process_1(self, pid, number):
        os.write(self.ask, f"{pid} {number}\n".encode())

    def holds(self, name):
        return self.tocsin("status")["invariants"][name]

    def tocsin(self, *words):
        done = subprocess.run(["/opt/bin/tocsin", "--state", self.state, *map(str, words), "--json"], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{words}: {done.stderr}")
        return json.loads(done.stdout)

    def expect(self, holds, sentence, found=""):
        print("ok  " if holds else "FAIL", self.name + ":", sentence, "" if holds else f"({found})", flush=True)

    def close(self):
        if self.guard:
            self.guard.stop()


class Attacker:
    """attacker.py on a folder, and what it says. Somebody else continues it, and all that it makes, again and again."""

    def __init__(self, folder):
        self.process = subprocess.Popen([sys.executable, "-B", HERE / "attacker.py", folder], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
        self.ends = threading.Event()
        self.friend = threading.Thread(target=self._continue, daemon=True)

    def is_stopped(self):
        return lab.state_of(self.process.pid) == "T"

    def _continue(self):
        while not self.ends.wait(0.1):
            os.killpg(self.process.pid, signal.SIGCONT)

    def go_on(self):
        self.friend.start()

    def answers(self, who, seconds=60):
        """{operation: "ok" or the error}, once it has tried all as `who`."""
        out, watch = {}, threading.Timer(seconds, self.process.kill)
        watch.start()
        for line in self.process.stdout:
            says, operation, outcome = line.strip().split(": ")
            if says == who and operation == "over":
                break
            if says == who:
                out[operation] = outcome
        watch.cancel()
        return out

    def again(self):
        self.process.stdin.write("again\n")
        self.process.stdin.flush()

    def close(self):
        self.ends.set()
        self.process.kill()
        self.process.wait()


def fill(site):
    lab.make_corpus(site.tree, FILES, 1)
    for number, path in enumerate(sorted(p for p in site.tree.iterdir() if p.is_file() and not p.is_symlink())):
        if number < FILES // 2 and path.lstat().st_nlink == 1 and path.name != "sparse.img":
            path.rename(path.with_name("victim-" + path.name))
    for name in ("left-1", "left-2"):
        (site.tree / name).write_text("what is left\n" * 100)
        os.setxattr(site.tree / name, "user.kept", b"kept")
    (site.tree / "empty").mkdir()


def condemned(site):
    """Who is condemned, and goes on nevertheless, changes nothing any more; its children neither."""
    fill(site)
    site.start()
    before = lab.picture(site.tree)
    held = site.holds("condemned_change_nothing")
    site.expect(held["holds"], "the kernel denies", held)
    attacker = Attacker(site.tree)
    site.expect(lab.wait_for(attacker.is_stopped, 60), "the attacker is stopped")
    attacker.go_on()
    for who in ("itself", "child"):
        answers = attacker.answers(who)
        inside = {k: v for k, v in answers.items() if k != "outside"}
        site.expect(len(inside) == 17 and set(inside.values()) == {"EPERM"}, f"all is denied to {who}", inside)
        site.expect(answers.get("outside") == "ok", f"outside of the tree nothing is denied to {who}", answers)
    site.expect(" 0 times" not in site.holds("condemned_change_nothing")["reason"], "denials are counted")
    incident = site.tocsin("incidents")[-1]["id"]
    site.tocsin("undo", incident)
    left = lab.differences(before, lab.picture(site.tree))
    site.expect(not left, "undone identically", left[:5])
    site.tocsin("release", incident)
    attacker.again()
    answers = attacker.answers("itself")
    site.expect(answers.get("unlink") == "ok", "who is released may go on", answers)
    attacker.close()
    site.close()


def kernel_tests(site):
    """Tests of the engines that the developer's kernel skips."""
    program = Path("/opt/bin/tocsin_sensor_root_test")
    if not program.exists():
        print("skip", site.name + ": tocsin_sensor_root_test is not built", flush=True)
        return
    subprocess.run(["busybox", "insmod", "/opt/loop.ko"], check=False)
    done = subprocess.run([program, "--gtest_filter=*CondemnedGate*/0:*TruncationGate*/0"],
                          capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        print("note", site.name + ":", line, flush=True)
    said = done.stdout + done.stderr
    site.expect(done.returncode == 0 and "SKIPPED" not in said and "from 2 test suites ran" in said, "all pass", said[-2000:])


STEPS = {"kernel_tests": kernel_tests, "condemned": condemned, **self_steps.STEPS, **truncation_steps.STEPS}
