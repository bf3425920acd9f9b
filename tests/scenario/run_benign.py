#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs honest work under a real guard and counts what it was stopped for (must be nothing), and what it was held for
(once a run, where a person has to be asked).

    run_benign.py [--fs ext4] [--files 10000] [--folders 100] [--only B01] [--runs 5] [--user 1000] [--at-once 2]

With --at-once the same work is done that many times at the same time, in folders beside each other of one guarded
tree: first by root, then by the user.
"""
import argparse
import json
import select
import shutil
import signal
import sys
import time
from pathlib import Path

import lab
from benign import BENIGN
from doer import Doer

ASKED = ("contained", "held", "stopped")


def release_who_is_stopped(guard):
    for incident in guard.ask("incidents"):
        if incident["state"] in ASKED:
            guard.ask("release", id=incident["id"])


def wait_for(doers, guard, seconds=600):
    """Lets who is stopped go on, again and again. The exit status of each; none where it did not end in time."""
    until = time.monotonic() + seconds
    statuses = {}
    while len(statuses) < len(doers) and time.monotonic() < until:
        waiting = {doer.login.stdout: doer for doer in doers if doer not in statuses}
        for stream in select.select(list(waiting), [], [], 0.3)[0]:
            statuses[waiting[stream]] = int(stream.readline() or -1)
        release_who_is_stopped(guard)
    return [statuses.get(doer) for doer in doers]


def was_frozen(guard, incident):
    return any(action["kind"] == "freeze" for action in guard.ask("incident", id=incident["id"])["actions"])


def reasons_of(incidents):
    return [f"{i['state']}, user {i['actor']['user']}, {i['actor']['command'][:70]!r}, score {i['score']:.2f}, "
            f"{i['objects_changed']} changed, {i['objects_deleted']} deleted: {'; '.join(i['reasons'])}" for i in incidents]


def doers_of(work, place, share, at_end, options):
    """Prepared and not logged in; of several each second one is a user, and each has a folder of its own."""
    users = [options.user] if options.at_once == 1 else [(0, options.user or 1000)[n % 2] for n in range(options.at_once)]
    doers = []
    for number, user in enumerate(users):
        tree = share if len(users) == 1 else share / f"of-{number}"
        doers.append(Doer(place, number, tree, user if work.as_user else 0, options.files))
        at_end.callback(doers[-1].close)
        doers[-1].prepare(work, options.folders)
    return doers


def end_guard(guard, result):
    try:
        release_who_is_stopped(guard)
        guard.stop()
    except Exception as error:
        result.setdefault("error", f"at the end: {error}")


def run_once(run, doers, guard, result):
    """Whether all of them ended in time."""
    for doer in doers:
        doer.begin(run)
    statuses = wait_for(doers, guard)
    result["runs"] += 1
    for doer, exited in zip(doers, statuses):
        if exited != 0:
            result["failed"] += 1
            status = guard.ask("status")
            result["reasons"].append(f"exit {exited}, {status['state']}, {status['protected'][0]['at_risk']} at risk: "
                                     f"{doer.errors()}")
    return None not in statuses


def run_work(work, kind, options):
    result = {"runs": 0, "stops": 0, "holds": 0, "failed": 0, "reasons": []}
    with lab.one_run("benign", result) as (place, at_end):
        place.chmod(0o755)
        filesystem = lab.FileSystem(place, kind, "6G")
        at_end.callback(filesystem.close)
        share = filesystem.path / "share"
        doers = doers_of(work, place, share, at_end, options)
        guard = lab.Guard(place / "state", share)
        at_end.callback(end_guard, guard, result)
        guard.wait_until_guarding()
        for doer in doers:
            doer.log_in(work)
        began = time.monotonic()
        for run in range(1, options.runs + 1):
            if not run_once(run, doers, guard, result):
                break
        result["seconds"] = time.monotonic() - began
        time.sleep(1)
        asked = [i for i in guard.ask("incidents") if i["state"] in (*ASKED, "released")]
        result["stops"] = sum(was_frozen(guard, i) for i in asked)
        result["holds"] = len(asked) - result["stops"]
        result["reasons"] += reasons_of(asked)
    return result


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--fs", default="ext4")
    parser.add_argument("--files", type=int, default=10000)
    parser.add_argument("--folders", type=int, default=100)
    parser.add_argument("--only", default="")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--user", type=int, default=0)
    parser.add_argument("--at-once", type=int, default=1)
    parser.add_argument("--json", help="write all results to this file")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was begun is cleared away
    lab.private_mounts()
    passed = failed = 0
    results = []
    for name, work in BENIGN.items():
        if options.only and not any(name.startswith(o) for o in options.only.split(",")):
            continue
        missing = [n for n in work.needs if not shutil.which(n)]
        if missing:
            print(f"SKIP {name}: no {', '.join(missing)} on this machine")
            continue
        if options.user and options.at_once == 1 and not work.as_user:
            print(f"SKIP {name}: no work of a user")
            continue
        for kind in options.fs.split(","):
            r = run_work(work, kind, options)
            may_be_held = r["runs"] * options.at_once if work.may_ask else 0
            good = "error" not in r and r["runs"] > 0 and r["stops"] + r["failed"] == 0 and r["holds"] <= may_be_held
            passed, failed = passed + good, failed + (not good)
            who = f"user {options.user}" if options.at_once == 1 else f"{options.at_once} at once"
            results.append({"work": name, "fs": kind, "files": options.files, "who": who, "good": good, **r})
            print(f"{'ok  ' if good else 'FAIL'} {name:14} {kind:5} {who}: {r['runs']} runs, {r['stops']} stops, {r['holds']} holds, "
                  f"{r['failed']} failed, {r.get('seconds', 0):.1f} s" + (f" [{r['error']}]" if "error" in r else ""),
                  flush=True)
            for reason in r["reasons"][:8]:
                print("        reason:", reason, flush=True)
    if options.json:
        Path(options.json).write_text(json.dumps(results, indent=1))
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


main()
