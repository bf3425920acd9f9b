#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Hours of mixed honest work under one guard: nobody is stopped, no open runs into its bound, and neither memory nor
descriptors grow without end.

    run_hours.py [--hours 8] [--files 500] [--fs ext4] [--seed 1] [--json FILE]

Two logins at a time do works of the catalogue, in random order, with pauses; every half a minute the guard is looked at.
"""
import argparse
import json
import os
import random
import select
import shutil
import signal
import sys
import time
from pathlib import Path

import lab
from benign import BENIGN
from doer import Doer

# What can be repeated as often as one likes in one folder.
WORKS = ("B01-rebase", "B02-make", "B04-unpack", "B05-mirror", "B09-archives", "B13-gzip", "B14-logrotate", "B17-sqlite",
         "B18-rights", "B24-samba", "B26-scan", "B28-sparse")
AT_ONCE, LOOK_EVERY, WORK_SECONDS = 2, 30, 600


def memory_of(pid):
    """Resident, in bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Watch:
    """Looks at the guard every half a minute, and tells."""

    def __init__(self, guard):
        self.guard, self.began, self.looks, self.stops, self.known = guard, time.monotonic(), [], [], set()

    def look(self):
        at = time.monotonic() - self.began
        for incident in self.guard.ask("incidents"):
            if incident["state"] in ("contained", "held", "stopped"):
                self.guard.ask("release", id=incident["id"])
            if incident["id"] not in self.known:  # also of who was gone before it could be stopped
                self.known.add(incident["id"])
                self.stops.append({"at": round(at), "command": incident["actor"]["command"], "reasons": incident["reasons"]})
                print("STOP", self.stops[-1], flush=True)
        if self.looks and at - self.looks[-1]["at"] < LOOK_EVERY:
            return
        status, pid = self.guard.ask("status"), self.guard.process.pid
        self.looks.append({"at": round(at), "memory": memory_of(pid), "descriptors": len(os.listdir(f"/proc/{pid}/fd")),
                           "timeouts": status["gate"]["timeouts"], "opens": status["gate"]["opens"], "state": status["state"],
                           "versions": status["vault"]["versions"], "at_risk": status["protected"][0]["at_risk"]})
        if len(self.looks) % 20 == 1:
            print(f"{at / 3600:5.2f} h: {self.looks[-1]}", flush=True)


def work(doers, watch, hours, rng):
    """Counts of what was done and what failed, by work."""
    done, failed, busy, runs, rest = {}, [], {}, dict.fromkeys(doers, 0), 0
    until = time.monotonic() + hours * 3600
    while time.monotonic() < until or busy:
        free = [name for name in doers if name not in busy]
        if len(busy) < AT_ONCE and time.monotonic() >= rest and time.monotonic() < until:
            name = rng.choice(free)
            runs[name] += 1
            busy[name] = time.monotonic()
            doers[name].begin(runs[name])
            rest = time.monotonic() + rng.uniform(0, 4)
        watch.look()
        streams = {doers[name].login.stdout: name for name in busy}
        for stream in select.select(list(streams), [], [], 0.3)[0]:
            name = streams[stream]
            status = int(stream.readline() or -1)
            done[name] = done.get(name, 0) + 1
            if status != 0:
                failed.append(f"{name}, run {runs[name]}: exit status {status}: {doers[name].errors()}")
                print("FAIL", failed[-1], flush=True)
            del busy[name]
        late = [name for name, began in busy.items() if time.monotonic() - began > WORK_SECONDS]
        if late:
            raise RuntimeError(f"no end within {WORK_SECONDS} s: {', '.join(late)}")
    return done, failed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--hours", type=float, default=8)
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--fs", default="ext4")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", help="write all results to this file")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was begun is cleared away
    lab.private_mounts()
    place = lab.temporary("hours")
    place.chmod(0o755)
    doers, guard, filesystem = {}, None, None
    try:
        filesystem = lab.FileSystem(place, options.fs, "24G")
        share = filesystem.path / "share"
        for number, name in enumerate(n for n in WORKS if all(map(shutil.which, BENIGN[n].needs))):
            user = 1000 if BENIGN[name].as_user and number % 2 else 0
            doers[name] = Doer(place, number, share / f"of-{number}", user, options.files)
            doers[name].prepare(BENIGN[name], 20)
        guard = lab.Guard(place / "state", share)
        guard.wait_until_guarding()
        for name, doer in doers.items():
            doer.log_in(BENIGN[name])
        watch = Watch(guard)
        done, failed = work(doers, watch, options.hours, random.Random(options.seed))
        watch.look()
    finally:
        if guard:
            guard.stop()
        for doer in doers.values():
            doer.close()
        if filesystem:
            filesystem.close()
        shutil.rmtree(place, ignore_errors=True)
    looks = watch.looks
    if options.json:
        Path(options.json).write_text(json.dumps({"hours": options.hours, "done": done, "failed": failed, "stops": watch.stops,
                                                  "looks": looks}, indent=1))
    last = looks[len(looks) * 3 // 4:]
    print(f"{sum(done.values())} works, {len(failed)} failed, {len(watch.stops)} stops, {looks[-1]['timeouts']} opens ran into "
          f"their bound of {looks[-1]['opens']}; memory {looks[0]['memory'] >> 20} MiB at first, "
          f"{max(x['memory'] for x in looks) >> 20} at most, {sum(x['memory'] for x in last) // len(last) >> 20} in the last "
          f"quarter; descriptors {looks[0]['descriptors']} and {looks[-1]['descriptors']}; {looks[-1]['versions']} versions")
    sys.exit(1 if failed or watch.stops or looks[-1]["timeouts"] or looks[-1]["at_risk"] else 0)


main()
