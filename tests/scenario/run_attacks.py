#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs destroyers against a real guard and says what each cost. One line an attack; JSON at the end.

    run_attacks.py [--fs ext4,xfs,btrfs] [--files 10000] [--folders 1,100] [--busy] [--only S11] [--runs 1]
    run_attacks.py --list
"""
import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import lab
from attack import Outcome
from attacks import ATTACKS
from office import Bystander, Office, Shell, kill_who_works_in


class Run:
    """One attack on a copy of an office, under a guard; what came of it goes into `result`."""

    def __init__(self, attack, original, work, at_end, result):
        self.attack, self.at_end, self.result, self.state = attack, at_end, result, work / "state"
        filesystem = original.copy(work)
        at_end.callback(filesystem.close)
        self.place, self.tree = filesystem.path, filesystem.path / "share"
        self.office, self.desk = self.tree / "office", self.tree / "desk"
        scratch, beside = work / "scratch", self.place / "beside"
        scratch.mkdir(mode=0o711)
        beside.mkdir()
        self.shell = Shell(self.office, scratch, beside, original)
        self.before = original.picture
        if attack.before_guard:
            self.shell.run(attack.before_guard)
            self.before = lab.picture(self.office)
        self.guard = lab.Guard(self.state, self.place if attack.whole else self.tree)
        at_end.callback(self.end_guard)
        at_end.callback(kill_who_works_in, self.place)
        self.guard.wait_until_guarding()

    def end_guard(self):
        try:
            self.guard.stop()
        except Exception as error:
            self.result.setdefault("error", f"at the end: {error}")
        if "error" in self.result or os.environ.get("TOCSIN_SHOW_LOG"):
            self.result["log"] = (self.state / "guard.log").read_text()[-1500:]

    def begin_bystander(self):
        bystander = Bystander(str(self.tree))
        self.at_end.callback(bystander.process.kill)
        time.sleep(0.3)
        return bystander

    def until_frozen(self, attacker, began):
        """Its incidents, and the seconds until one was contained; none where the attack ended before."""
        while time.monotonic() - began < self.attack.seconds:
            incidents = [i for i in self.guard.ask("incidents") if i["state"] == "contained"]
            if incidents:
                return incidents, time.monotonic() - began
            if attacker.poll() is not None:
                time.sleep(1)
                return self.guard.ask("incidents"), None
            time.sleep(0.02)
        return [], None

    def attacked(self, busy, with_bystander):
        hogs = [hog(self.at_end) for _ in range(2 if busy else 0)]
        bystander = self.begin_bystander() if with_bystander else None
        below = os.open(self.office, os.O_PATH | os.O_DIRECTORY)  # the tree itself, whatever is laid over it
        self.at_end.callback(os.close, below)
        began = time.monotonic()
        attacker = self.shell.start(self.attack.command)
        self.at_end.callback(end_session_of, attacker)
        incidents, frozen_after = self.until_frozen(attacker, began)
        time.sleep(0.5)
        for each in hogs:
            each.kill()
        if bystander:
            self.result["bystander_exit"] = bystander.finish()
        self.result["seconds_to_freeze"] = frozen_after
        self.result["damaged"] = lab.damaged(self.before, f"/proc/self/fd/{below}")
        self.result["incidents"] = len(incidents)
        if frozen_after is None:
            self.result["log"] = json.dumps({"state": self.guard.ask("status")["state"],
                                             "incidents": self.guard.ask("incidents")})
        self.result["reasons"] = incidents[0]["reasons"][:3] if incidents else []
        self.result["output"] = self.shell.output.read_text(errors="replace")[-300:]
        self.end_attack(attacker)

    def end_attack(self, attacker):
        """Whatever of it is left, frozen or not."""
        for incident in self.guard.ask("incidents"):
            if incident["state"] == "contained":
                self.guard.ask("stop", id=incident["id"])
        try:
            os.killpg(attacker.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        attacker.wait()
        subprocess.run(["pkill", "-KILL", "-s", str(attacker.pid)], check=False)
        kill_who_works_in(self.place)
        if self.attack.afterwards:
            self.shell.run(self.attack.afterwards)

    def undone(self, with_bystander):
        theirs = lab.picture(self.desk) if with_bystander else None
        self.result["undo"], began = [], time.monotonic()
        for incident in self.guard.ask("incidents"):
            report = self.guard.ask("undo", id=incident["id"])
            self.result["undo"].append({k: v for k, v in report.items() if k != "notes"})
        self.result["seconds_to_undo"] = time.monotonic() - began
        after = lab.picture(self.office)
        if with_bystander:
            self.result["bystander_differs"] = lab.differences(theirs, lab.picture(self.desk))
        self.result["differs"] = lab.differences(self.before, after)
        self.result["status"] = self.guard.ask("status")["state"]


def end_session_of(attacker):
    if attacker.poll() is None:
        os.killpg(attacker.pid, signal.SIGKILL)
        attacker.wait()


def hog(at_end):
    """Keeps a processor busy."""
    process = subprocess.Popen(["sh", "-c", "while :; do :; done"], preexec_fn=lab.die_with_parent)
    at_end.callback(process.wait)
    at_end.callback(process.kill)
    return process


def run_one(name, original, busy, with_bystander):
    result = {"attack": name, "fs": original.kind, "files": original.files, "folders": original.folders, "busy": busy}
    with lab.one_run("scenario", result) as (work, at_end):
        run = Run(ATTACKS[name], original, work, at_end, result)
        run.attacked(busy, with_bystander)
        run.undone(with_bystander)
    return result


def is_good(result, worst):
    if "error" in result or result["differs"] or result.get("bystander_differs"):
        return False
    if ATTACKS[result["attack"]].outcome is Outcome.UNHARMED:
        return result["damaged"] == 0
    if ATTACKS[result["attack"]].outcome is Outcome.TOLD:
        return result["incidents"] > 0
    # How soon is a matter of the machine's load (worst 0: any number), but frozen it must be.
    return result["seconds_to_freeze"] is not None and (worst == 0 or result["damaged"] <= worst)


def missing(attack):
    """The first program that the attack needs and that is not here."""
    for program in attack.needs:
        if not (shutil.which(program) or (lab.bin_dir() / program).exists()):
            return program
    return None


def chosen(options, kind):
    for name, attack in ATTACKS.items():
        if options.only and not any(name.startswith(o) for o in options.only.split(",")):
            continue
        if options.without and any(o in name for o in options.without.split(",")) or kind not in attack.fs:
            continue
        if missing(attack):
            print(f"SKIP {name}: no {missing(attack)} on this machine")
            continue
        yield name


def tell(r, worst):
    good = is_good(r, worst)
    freeze = r.get("seconds_to_freeze")
    print(f"{'ok  ' if good else 'FAIL'} {r['attack']:32} {r['fs']:5} {r['folders']:3} folders: "
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
    if r.get("output"):
        print("        output:", r["output"])
    if "log" in r:
        print("        log:", r["log"][-1500:])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--fs", default="ext4")
    parser.add_argument("--files", type=int, default=10000)
    parser.add_argument("--folders", default="1")
    parser.add_argument("--busy", action="store_true")
    parser.add_argument("--bystander", action="store_true")
    parser.add_argument("--only", default="", help="beginnings of names")
    parser.add_argument("--without", default="", help="parts of names")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--worst", type=int, default=50, help="files damaged at most; 0: any number")
    parser.add_argument("--json", help="write all results to this file")
    parser.add_argument("--list", action="store_true", help="names and commands of the attacks, and nothing else")
    options = parser.parse_args()
    if options.list:
        for name, attack in ATTACKS.items():
            print(name, attack.command, sep="\t")
        return
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # what is to be cleaned up is
    lab.private_mounts()
    results = []
    for kind in options.fs.split(","):
        for folders in map(int, options.folders.split(",")):
            original = Office(kind, options.files, folders)
            try:
                for name in chosen(options, kind):
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
