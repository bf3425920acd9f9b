#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs destroyers against a real guard and says what each cost. One line an attack; JSON at the end.

    run_attacks.py [--fs ext4,xfs,btrfs] [--files 10000] [--folders 1,100] [--busy] [--only S11] [--runs 1]
"""
import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import lab
from attacks import ATTACKS, NEEDS


def start(command, tree, scratch):
    environment = {**os.environ, "TREE": str(tree), "SCRATCH": str(scratch)}
    return subprocess.Popen(["bash", "-c", command], cwd=tree, env=environment, start_new_session=True,
                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                            preexec_fn=lab.die_with_parent)


def end(attacker, guard):
    """Whatever of the attack is left, frozen or not."""
    for incident in guard.ask("incidents"):
        if incident["state"] == "contained":
            guard.ask("stop", id=incident["id"])
    try:
        os.killpg(attacker.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    attacker.wait()
    subprocess.run(["pkill", "-KILL", "-s", str(attacker.pid)], check=False)


class Bystander:
    """Honest work beside the attack, by another program: edits, renames, deletes and makes files."""

    SCRIPT = r'''
import os, sys, time
tree = sys.argv[1]
mine = os.path.join(tree, "desk")
for n in range(200):
    with open(os.path.join(mine, "edit-%d.txt" % (n % 10)), "a") as f: f.write("line %d\n" % n)
    if n == 20: os.rename(os.path.join(mine, "rename-me.txt"), os.path.join(mine, "renamed.txt"))
    if n == 30: os.unlink(os.path.join(mine, "delete-me.txt"))
    if n % 20 == 0: open(os.path.join(mine, "new-%d.txt" % n), "w").write("new\n")
    time.sleep(0.01)
'''

    @staticmethod
    def prepare(tree):
        mine = tree / "desk"
        mine.mkdir()
        for n in range(10):
            (mine / f"edit-{n}.txt").write_text("begin\n")
        (mine / "rename-me.txt").write_text("rename\n")
        (mine / "delete-me.txt").write_text("delete\n")

    def __init__(self, tree):
        self.process = subprocess.Popen([sys.executable, "-c", self.SCRIPT, tree], start_new_session=True,
                                        preexec_fn=lab.die_with_parent)

    def finish(self):
        return self.process.wait(60)


def temporary(purpose):
    return Path(tempfile.mkdtemp(prefix=f"tocsin-{purpose}-", dir=os.environ.get("TMPDIR", "/var/tmp")))


class Office:
    """A file system with the files that attacks work on, made once and copied for each of them."""

    def __init__(self, kind, files, folders):
        self.kind, self.files, self.folders = kind, files, folders
        self.work = temporary("office")
        self.filesystem = lab.FileSystem(self.work, kind)
        tree = self.filesystem.path / "share"
        office = tree / "office"  # where the attack works; the bystander has a desk beside it
        office.mkdir(parents=True)
        lab.make_corpus(office, files, folders)
        Bystander.prepare(tree)
        self.picture = lab.picture(office)
        self.filesystem.detach()

    def copy(self, work):
        return lab.FileSystem(work, self.kind, like=self.filesystem.image)

    def close(self):
        shutil.rmtree(self.work)


def run_one(name, original, busy, with_bystander):
    work = temporary("scenario")
    result = {"attack": name, "fs": original.kind, "files": original.files, "folders": original.folders, "busy": busy}
    hogs, guard, attacker, filesystem, bystander = [], None, None, None, None
    try:
        filesystem = original.copy(work)
        tree = filesystem.path / "share"
        office = tree / "office"
        guard = lab.Guard(work / "state", tree)
        guard.wait_until_guarding()
        before = original.picture
        scratch = work / "scratch"
        scratch.mkdir(mode=0o700)
        if busy:
            hogs = [subprocess.Popen(["sh", "-c", "while :; do :; done"], preexec_fn=lab.die_with_parent) for _ in range(2)]
        bystander = Bystander(str(tree)) if with_bystander else None
        if bystander:
            time.sleep(0.3)
        began = time.monotonic()
        attacker = start(ATTACKS[name], office, scratch)
        frozen_after = None
        while time.monotonic() - began < 400:  # ten thousand programs one after another take a while
            incidents = [i for i in guard.ask("incidents") if i["state"] == "contained"]
            if incidents:
                frozen_after = time.monotonic() - began
                break
            if attacker.poll() is not None:
                time.sleep(1)
                incidents = guard.ask("incidents")
                break
            time.sleep(0.02)
        time.sleep(0.5)
        while hogs:
            hog = hogs.pop()
            hog.kill()
            hog.wait()
        if bystander:
            result["bystander_exit"] = bystander.finish()
        result["seconds_to_freeze"] = frozen_after
        result["damaged"] = lab.damaged(before, office)
        result["incidents"] = len(incidents)
        if frozen_after is None:
            result["log"] = json.dumps({"status": guard.ask("status"), "incidents": guard.ask("incidents")})
        result["reasons"] = incidents[0]["reasons"][:2] if incidents else []
        end(attacker, guard)
        theirs = lab.picture(tree / "desk") if with_bystander else None
        result["undo"] = []
        for incident in guard.ask("incidents"):
            report = guard.ask("undo", id=incident["id"])
            result["undo"].append({k: v for k, v in report.items() if k != "notes"})
        after = lab.picture(office)
        if with_bystander:
            result["bystander_differs"] = lab.differences(theirs, lab.picture(tree / "desk"))
        result["differs"] = lab.differences(before, after)
        result["status"] = guard.ask("status")["state"]
    except Exception as error:  # told, and the next attack goes on
        result["error"] = f"{type(error).__name__}: {error}"
    finally:
        for hog in hogs:
            hog.kill()
        if attacker and attacker.poll() is None:
            os.killpg(attacker.pid, signal.SIGKILL)
            attacker.wait()
        if bystander and bystander.process.poll() is None:
            bystander.process.kill()
        if guard:
            try:
                guard.stop()
            except Exception as error:
                result.setdefault("error", f"at the end: {error}")
            if "error" in result or os.environ.get("TOCSIN_SHOW_LOG"):
                result["log"] = (work / "state" / "guard.log").read_text()[-1500:]
        if filesystem:
            filesystem.close()
        if not os.environ.get("TOCSIN_KEEP"):
            shutil.rmtree(work, ignore_errors=True)
    return result


def is_good(result, worst):
    if "error" in result or result["differs"] or result.get("bystander_differs"):
        return False
    # How soon is a matter of the machine's load (worst 0: any number), but frozen it must be.
    return result["seconds_to_freeze"] is not None and (worst == 0 or result["damaged"] <= worst)


def chosen(only):
    for name in ATTACKS:
        if only and not any(name.startswith(o) for o in only.split(",")):
            continue
        if name in NEEDS and not shutil.which(NEEDS[name]):
            print(f"SKIP {name}: no {NEEDS[name]} on this machine")
            continue
        yield name


def tell(r, worst):
    good = is_good(r, worst)
    freeze = r.get("seconds_to_freeze")
    print(f"{'ok  ' if good else 'FAIL'} {r['attack']:24} {r['fs']:5} {r['folders']:3} folders: "
          f"{r.get('damaged', '?')} damaged, frozen after "
          f"{f'{freeze:.2f} s' if freeze is not None else 'never'}, "
          f"{len(r.get('differs', []))} differ after undo"
          + (f" [{r['error']}]" if "error" in r else ""), flush=True)
    if good:
        return
    for line in (r.get("differs", []) + r.get("bystander_differs", []))[:6]:
        print("       ", line)
    for line in r.get("reasons", []):
        print("        reason:", line)
    if "log" in r:
        print("        log:", r["log"][-1500:])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--fs", default="ext4")
    parser.add_argument("--files", type=int, default=10000)
    parser.add_argument("--folders", default="1")
    parser.add_argument("--busy", action="store_true")
    parser.add_argument("--bystander", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--worst", type=int, default=50, help="files damaged at most; 0: any number")
    parser.add_argument("--json", help="write all results to this file")
    options = parser.parse_args()
    lab.private_mounts()
    results = []
    for kind in options.fs.split(","):
        for folders in map(int, options.folders.split(",")):
            original = Office(kind, options.files, folders)
            try:
                for name in chosen(options.only):
                    for _ in range(options.runs):
                        results.append(run_one(name, original, options.busy, options.bystander))
                        tell(results[-1], options.worst)
            finally:
                original.close()
    if options.json:
        Path(options.json).write_text(json.dumps(results, indent=1))
    counts = sorted(r["damaged"] for r in results if "damaged" in r)
    if counts:
        print(f"damaged: median {counts[len(counts) // 2]}, worst {counts[-1]} of {len(counts)} runs")
    failed = sum(not is_good(r, options.worst) for r in results)
    print(f"{len(results) - failed} passed, {failed} failed")
    sys.exit(1 if failed or not results else 0)


main()
