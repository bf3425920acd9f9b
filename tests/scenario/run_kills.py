#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills the guard with SIGKILL at random moments under load, over and over, and looks each time:
openers go on within the bound, a restart comes up and names what changed meanwhile, everything
that was captured can still be given back; now and then restic reads every byte. The load rewrites
and removes files of its own: it must never be frozen, whatever the guard forgot by being killed.

    run_kills.py [--kills 1000] [--fs ext4] [--files 300] [--check-every 50]
"""
import argparse
import hashlib
import multiprocessing
import os
import random
import shutil
import subprocess
import sys
import time

import lab


class Load(multiprocessing.Process):
    """Rewrites, makes and removes files all the time; notes how long each open took. A process of its
    own: frozen by mistake, it must not take the test along."""

    def __init__(self, tree, seed):
        super().__init__(daemon=True)
        self.tree, self.rng = tree, random.Random(seed)
        self.slowest = multiprocessing.Value("d", 0.0)
        self.written = multiprocessing.Value("q", 0)

    def run(self):
        lab.die_with_parent()
        while True:
            path = self.tree / f"load-{self.rng.randrange(200)}.txt"
            began = time.monotonic()
            with open(path, "a") as file:
                self.slowest.value = max(self.slowest.value, time.monotonic() - began)
                file.write(f"line {self.written.value}\n" * self.rng.randrange(1, 50))
            self.written.value += 1
            if self.rng.random() < 0.05:
                os.unlink(path)
            time.sleep(0.002)


def restic(repository, password, *arguments):
    return subprocess.run(["restic", "-r", repository, "--password-file", password, "--no-cache", *arguments], capture_output=True, text=True)


def not_restored(guard, known, target, rng):
    """Gives back a few of the known files into an empty directory; sentences about what differs."""
    for path in rng.sample(sorted(known), 5):
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        version = next((v["version"] for v in guard.ask("versions", path=path) if v["sha256"] == known[path]), None)
        if version is None:
            continue  # told already
        guard.ask("restore", paths=[path], version=version, to=str(target))
        found = [f for f in target.rglob("*") if f.is_file()]
        if len(found) != 1 or hashlib.sha256(found[0].read_bytes()).hexdigest() != known[path]:
            yield f"version {version} of {path} came back as {[str(f) for f in found]}"


class Trial:
    """A guard over `tree` that is killed again and again, beside a load; sentences about what was not as it should be."""

    def __init__(self, state, tree, options):
        self.state, self.tree, self.options, self.problems = state, tree, options, []
        self.rng = random.Random(options.seed)
        self.load = None
        self.guard = lab.Guard(state, tree)

    def begin(self):
        self.guard.wait_until_guarding()
        self.known = {}  # (path, sha256) that a status of `guarding` has promised
        for path in sorted(self.tree.iterdir())[:50]:
            if path.is_file() and not path.is_symlink():
                self.known[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
        self.load = Load(self.tree, self.options.seed)
        self.load.start()

    def kill(self, number):
        """Whether to go on."""
        time.sleep(self.rng.uniform(0.0, 0.25))
        self.guard.kill()
        self.load.slowest.value = 0.0
        time.sleep(0.02)
        self.guard = lab.Guard(self.state, self.tree)
        try:
            self.guard.wait_until_guarding(60)
        except RuntimeError as error:
            return self.ends(number, str(error))
        if self.load.slowest.value > 2.2:
            self.problems.append(f"kill {number}: an open took {self.load.slowest.value:.2f} s")
        stopped = [i["id"] for i in self.guard.ask("incidents") if i["state"] != "observed"]
        if stopped:
            return self.ends(number, f"incidents {stopped} froze the load")
        if not self.load.is_alive():
            return self.ends(number, "the load ended")
        return True

    def ends(self, number, problem):
        self.problems.append(f"kill {number}: {problem}")
        return False

    def look(self, number, back):
        """At what is kept, by the guard and by restic; `back` is a folder for what is given back."""
        found = []
        for path, digest in self.known.items():
            versions = self.guard.ask("versions", path=path)
            if digest not in [v["sha256"] for v in versions]:
                found.append(f"the version of {path} is gone")
        checked = self.guard.ask("check", read_data=False)
        if not checked["ok"]:
            found.append(f"check: {str(checked)[:400]}")
        found += not_restored(self.guard, self.known, back, self.rng)
        self.guard.kill()
        outcome = restic(self.state / "repository", self.state / "repository-password", "check", "--read-data")
        if outcome.returncode != 0:
            found.append(f"restic check: {(outcome.stderr + outcome.stdout)[-400:]}")
        self.problems += [f"kill {number}: {problem}" for problem in found]
        self.guard = lab.Guard(self.state, self.tree)
        self.guard.wait_until_guarding(60)
        incidents = self.guard.ask("incidents")
        print(f"{number} kills: {len(self.problems)} problems, {len(incidents)} incidents, "
              f"{self.load.written.value} writes by the load, check: {str(checked)[:80]}", flush=True)

    def close(self):
        if self.load:
            self.load.kill()
            self.load.join()
        self.guard.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--fs", default="ext4")
    parser.add_argument("--files", type=int, default=300)
    parser.add_argument("--check-every", type=int, default=50)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    lab.private_mounts()
    print(f"seed {options.seed}")
    work = lab.temporary("kills")
    filesystem = lab.FileSystem(work, options.fs)
    tree = filesystem.path / "share"
    tree.mkdir()
    lab.make_corpus(tree, options.files, 1)
    trial = None
    try:
        trial = Trial(work / "state", tree, options)
        trial.begin()
        for number in range(1, options.kills + 1):
            if not trial.kill(number):
                break
            if number % options.check_every == 0 or number == options.kills:
                trial.look(number, work / "back")
    finally:
        if trial:
            trial.close()
        filesystem.close()
        shutil.rmtree(work, ignore_errors=True)
    for problem in trial.problems[:10]:
        print(problem)
    print(f"{options.kills - len(trial.problems)} passed, {len(trial.problems)} failed")
    sys.exit(1 if trial.problems else 0)


main()
