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


def end(attacker, guard, place):
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
    kill_who_works_in(place)


def run_one(name, original, busy, with_bystander):
    work = lab.temporary("scenario")
    attack = ATTACKS[name]
    result = {"attack": name, "fs": original.kind, "files": original.files, "folders": original.folders, "busy": busy}
    hogs, guard, attacker, filesystem, bystander, below = [], None, None, None, None, None
    try:
        filesystem = original.copy(work)
        tree = filesystem.path / "share"
        office = tree / "office"
        scratch, beside = work / "scratch", filesystem.path / "beside"
        scratch.mkdir(mode=0o711)
        beside.mkdir()
        shell = Shell(office, scratch, beside, original)
        before = original.picture
        if attack.before_guard:
            shell.run(attack.before_guard)
            before = lab.picture(office)
        guard = lab.Guard(work / "state", filesystem.path if attack.whole else tree)
        guard.wait_until_guarding()
        if busy:
            hogs = [subprocess.Popen(["sh", "-c", "while :; do :; done"], preexec_fn=lab.die_with_parent) for _ in range(2)]
        bystander = Bystander(str(tree)) if with_bystander else None
        if bystander:
            time.sleep(0.3)
        below = os.open(office, os.O_PATH | os.O_DIRECTORY)  # the tree itself, whatever is laid over it
        began = time.monotonic()
        attacker = shell.start(attack.command)
        frozen_after = None
        while time.monotonic() - began < attack.seconds:
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
        result["damaged"] = lab.damaged(before, f"/proc/self/fd/{below}")
        result["incidents"] = len(incidents)
        if frozen_after is None:
            result["log"] = json.dumps({"state": guard.ask("status")["state"], "incidents": guard.ask("incidents")})
        result["reasons"] = incidents[0]["reasons"][:3] if incidents else []
        result["output"] = shell.output.read_text(errors="replace")[-300:]
        end(attacker, guard, filesystem.path)
        if attack.afterwards:
            shell.run(attack.afterwards)
        theirs = lab.picture(tree / "desk") if with_bystander else None
        result["undo"], began = [], time.monotonic()
        for incident in guard.ask("incidents"):
            report = guard.ask("undo", id=incident["id"])
            result["undo"].append({k: v for k, v in report.items() if k != "notes"})
        result["seconds_to_undo"] = time.monotonic() - began
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
        if below is not None:
            os.close(below)
        if filesystem:
            kill_who_works_in(filesystem.path)
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
