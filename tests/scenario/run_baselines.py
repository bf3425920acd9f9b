#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the same attacks against Tocsin and against what most organisations have instead (defences.py): how many
files each lets go, gives back, at what price for the work of others, and what honest work those that can stop
somebody stop. One line a run; JSON at the end.

    run_baselines.py [--files 1000] [--folders 20] [--only S01] [--honest B04] [--defences Tocsin,...] [--json FILE]

On btrfs, since one of them needs snapshots.
"""
import argparse
import json
import os
import select
import signal
import sys
import time
from pathlib import Path

import lab
from attacks import ATTACKS
from benign import BENIGN
from defences import DEFENCES
from doer import Doer
from office import Bystander, Office, Shell, kill_who_works_in

USUAL = ("S01-ccencrypt", "S01-shred", "S01-sim-38-of-2-threads", "S02-gpg-rm", "S03-sim-4096-on-1-off-9",
         "S05-sim-mmap-none", "S10-rename-over", "S11-rm", "S14-chmod", "S16-zip")
HONEST = ("B01-git", "B02-make", "B04-unpack", "B05-mirror", "B09-archives", "B10-mogrify", "B13-gzip", "B18-cache")
LONGEST = 300  # seconds of an attack that nobody stops


def work_of_the_day(desk):
    """What a person did since the last backup."""
    for n in range(10):
        (desk / f"edit-{n}.txt").write_text("the work of this morning\n" * 20)
    (desk / "contract-of-today.txt").write_text("signed\n")


def attack(command, shell, defence):
    """(seconds until it was stopped or none, seconds until it ended or was stopped)"""
    attacker, began = shell.start(command), time.monotonic()
    try:
        while attacker.poll() is None and time.monotonic() - began < LONGEST:
            if defence.stopped():
                return time.monotonic() - began, time.monotonic() - began
            time.sleep(0.02)
        took = time.monotonic() - began
        return (took if defence.stopped() else None), took
    finally:
        defence.stop_the_rest()
        if attacker.poll() is None:
            os.killpg(attacker.pid, signal.SIGKILL)
        attacker.wait()
        kill_who_works_in(shell.office)


def run_attack(name, defence_name, original):
    result = {"attack": name, "defence": defence_name, "files": original.files, "folders": original.folders}
    with lab.one_run("baseline", result) as (work, at_end):
        filesystem = original.copy(work)
        at_end.callback(filesystem.close)
        share = filesystem.path / "share"
        office, desk = share / "office", share / "desk"
        scratch, beside = work / "scratch", filesystem.path / "beside"
        scratch.mkdir(mode=0o711)
        beside.mkdir()
        defence = DEFENCES[defence_name](share, office, work)
        at_end.callback(defence.close)
        at_end.callback(kill_who_works_in, filesystem.path)
        defence.begin()
        defence.at_night()
        work_of_the_day(desk)
        defence.before_attack()
        bystander = Bystander(str(share))
        at_end.callback(bystander.process.kill)
        time.sleep(0.3)
        shell = Shell(office, scratch, beside, original)
        result["seconds_to_stop"], ended = attack(ATTACKS[name].command, shell, defence)
        bystander.finish()
        result["damaged"] = lab.damaged(original.picture, office)
        theirs, began = lab.picture(desk), time.monotonic()
        defence.give_back()
        result["seconds_to_whole"] = ended + time.monotonic() - began
        result["not_back"] = lab.damaged(original.picture, office)
        result["differs"] = lab.differences(original.picture, lab.picture(office))[:5]
        result["work_lost"] = len(lab.differences(theirs, lab.picture(desk)))
    return result


def run_honest(name, defence_name, options):
    """Once, by root in a tree of its own; whoever stops it ends it."""
    honest = BENIGN[name]
    result = {"work": name, "defence": defence_name, "files": options.files}
    with lab.one_run("baseline", result) as (work, at_end):
        work.chmod(0o755)
        filesystem = lab.FileSystem(work, "btrfs", "6G")
        at_end.callback(filesystem.close)
        share = filesystem.path / "share"
        defence = DEFENCES[defence_name](share, share, work)
        at_end.callback(defence.close)
        doer = Doer(work, 0, share, 0, options.files)
        at_end.callback(doer.close)
        doer.prepare(honest, options.folders)
        defence.begin()
        doer.log_in(honest)
        doer.begin(1)
        until = time.monotonic() + LONGEST
        while time.monotonic() < until and not defence.stopped() and not select.select([doer.login.stdout], [], [], 0.3)[0]:
            pass
        result["stopped"] = defence.stopped()
        defence.stop_the_rest()
    return result


def tell(r):
    if "error" in r:
        print(f"FAIL {r.get('attack', r.get('work')):26} {r['defence']:16} {r['error']}", flush=True)
        return
    if "work" in r:
        print(f"     {r['work']:26} {r['defence']:16} {'stopped' if r['stopped'] else 'let do'}", flush=True)
        return
    stop = "never stopped" if r["seconds_to_stop"] is None else f"stopped after {r['seconds_to_stop']:.2f} s"
    print(f"     {r['attack']:26} {r['defence']:16} {r['damaged']:5} damaged, {stop}, {r['not_back']} not given back, "
          f"{r['work_lost']} of others' files not as they left them, whole after {r['seconds_to_whole']:.1f} s", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--folders", type=int, default=20)
    parser.add_argument("--only", default=",".join(USUAL), help="beginnings of names")
    parser.add_argument("--honest", default=",".join(HONEST), help="beginnings of names")
    parser.add_argument("--defences", default=",".join(DEFENCES))
    parser.add_argument("--json", help="write all results to this file")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    lab.private_mounts()
    names = [n for n in ATTACKS if n.startswith(tuple(options.only.split(",")))]
    defences, results = options.defences.split(","), []
    original = Office("btrfs", options.files, options.folders, subvolume=True)
    try:
        for name in names:
            for defence in defences:
                results.append(run_attack(name, defence, original))
                tell(results[-1])
        for name in (n for n in BENIGN if options.honest and n.startswith(tuple(options.honest.split(",")))):
            for defence in (d for d in defences if DEFENCES[d].can_stop):
                results.append(run_honest(name, defence, options))
                tell(results[-1])
    finally:
        original.close()
    if options.json:
        Path(options.json).write_text(json.dumps(results, indent=1))
    failed = sum("error" in r for r in results)
    print(f"{len(results) - failed} runs, {failed} failed")
    sys.exit(1 if failed or not results else 0)


main()
