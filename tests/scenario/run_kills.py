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
    rng = random.Random(options.seed)
    work = lab.temporary("kills")
    filesystem = lab.FileSystem(work, options.fs)
    tree = filesystem.path / "share"
    tree.mkdir()
    lab.make_corpus(tree, options.files, 1)
    state = work / "state"
    problems, load, guard = [], None, None
    try:
        guard = lab.Guard(state, tree)
        guard.wait_until_guarding()
        known = {}  # (path, sha256) that a status of `guarding` has promised
        for path in sorted(tree.iterdir())[:50]:
            if path.is_file() and not path.is_symlink():
                known[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
        load = Load(tree, options.seed)
        load.start()
        for kill in range(1, options.kills + 1):
            time.sleep(rng.uniform(0.0, 0.25))
            guard.kill()
            load.slowest.value = 0.0
            time.sleep(0.02)
            guard = lab.Guard(state, tree)
            try:
                guard.wait_until_guarding(60)
            except RuntimeError as error:
                problems.append(f"kill {kill}: {error}")
                break
            if load.slowest.value > 2.2:
                problems.append(f"kill {kill}: an open took {load.slowest.value:.2f} s")
            stopped = [i["id"] for i in guard.ask("incidents") if i["state"] != "observed"]
            if stopped:
                problems.append(f"kill {kill}: incidents {stopped} froze the load")
                break
            if not load.is_alive():
                problems.append(f"kill {kill}: the load ended")
                break
            if kill % options.check_every == 0 or kill == options.kills:
                for path, digest in known.items():
                    versions = guard.ask("versions", path=path)
                    if digest not in [v["sha256"] for v in versions]:
                        problems.append(f"kill {kill}: the version of {path} is gone")
                checked = guard.ask("check", read_data=False)
                if not checked["ok"]:
                    problems.append(f"kill {kill}: check: {str(checked)[:400]}")
                problems += [f"kill {kill}: {problem}" for problem in not_restored(guard, known, work / "back", rng)]
                guard.kill()
                outcome = restic(state / "repository", state / "repository-password", "check", "--read-data")
                if outcome.returncode != 0:
                    problems.append(f"kill {kill}: restic check: {(outcome.stderr + outcome.stdout)[-400:]}")
                guard = lab.Guard(state, tree)
                guard.wait_until_guarding(60)
                incidents = guard.ask("incidents")
                print(f"{kill} kills: {len(problems)} problems, {len(incidents)} incidents, "
                      f"{load.written.value} writes by the load, check: {str(checked)[:80]}", flush=True)
    finally:
        if load:
            load.kill()
            load.join()
        if guard:
            guard.stop()
        filesystem.close()
        shutil.rmtree(work, ignore_errors=True)
    for problem in problems[:10]:
        print(problem)
    print(f"{options.kills - len(problems)} passed, {len(problems)} failed")
    sys.exit(1 if problems else 0)


main()
