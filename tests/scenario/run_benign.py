#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs honest work under a real guard and counts what it was stopped or held for (must be nothing).

    run_benign.py [--fs ext4] [--files 10000] [--folders 100] [--only B01] [--runs 5] [--user 1000]
"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import lab
from benign import BENIGN


def shell(command, tree, scratch, run, user):
    environment = {**os.environ, "TREE": str(tree), "SCRATCH": str(scratch), "RUN": str(run),
                   "HOME": str(scratch)}
    options = {"user": user, "group": user, "extra_groups": []} if user else {}
    return subprocess.Popen(["bash", "-c", command], cwd=tree, env=environment, start_new_session=True,
                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                            **options)


def run_work(name, work, kind, files, folders, runs, user):
    place = Path(tempfile.mkdtemp(prefix="tocsin-benign-", dir=os.environ.get("TMPDIR", "/var/tmp")))
    os.chmod(place, 0o755)
    result = {"work": name, "fs": kind, "user": user or 0, "runs": 0, "stops": 0, "failed": 0, "reasons": []}
    guard = filesystem = process = None
    try:
        filesystem = lab.FileSystem(place, kind, "4G")
        tree = filesystem.path / "share"
        tree.mkdir()
        scratch = place / "scratch"
        scratch.mkdir()
        if work.files:
            (tree / "files").mkdir()
            lab.make_corpus(tree / "files", files, folders)
        prepared = shell(work.before_guard or "true", tree, scratch, 0, None)
        _, errors = prepared.communicate(timeout=600)
        if prepared.returncode != 0:
            raise RuntimeError("preparation: " + errors.decode()[-300:])
        if user:
            subprocess.run(["chown", "-R", f"{user}:{user}", tree, scratch], check=True)
        guard = lab.Guard(place / "state", tree)
        guard.wait_until_guarding()
        for run in range(1, runs + 1):
            began = time.monotonic()
            process = shell(work.work, tree, scratch, run, user)
            while True:
                try:
                    _, errors = process.communicate(timeout=0.5)
                    break
                except subprocess.TimeoutExpired:
                    stops = [i for i in guard.ask("incidents")
                             if i["state"] in ("contained", "held", "stopped")]
                    if stops or time.monotonic() - began > 600:
                        result["reasons"] += [r for i in stops for r in i["reasons"]][:4]
                        for incident in stops:
                            guard.ask("release", id=incident["id"])
            result["runs"] += 1
            if process.returncode != 0:
                result["failed"] += 1
                status = guard.ask("status")
                result["reasons"].append(f"exit {process.returncode}, {status['state']}, {status['protected'][0]['at_risk']} "
                                         f"at risk: {errors.decode()[:600]}")
        time.sleep(1)
        result["stops"] = sum(i["state"] in ("contained", "held", "stopped", "released")
                              for i in guard.ask("incidents"))
        result["observed"] = len(guard.ask("incidents"))
        result["state"] = guard.ask("status")["state"]
    except Exception as error:
        result["error"] = f"{type(error).__name__}: {error}"
    finally:
        if process and process.poll() is None:
            process.kill()
            process.wait()
        if guard:
            try:
                guard.stop()
            except Exception as error:
                result.setdefault("error", f"at the end: {error}")
        if filesystem:
            filesystem.close()
        shutil.rmtree(place, ignore_errors=True)
    return result


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--fs", default="ext4")
    parser.add_argument("--files", type=int, default=10000)
    parser.add_argument("--folders", type=int, default=100)
    parser.add_argument("--only", default="")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--user", type=int, default=0)
    options = parser.parse_args()
    lab.private_mounts()
    passed = failed = 0
    for name, work in BENIGN.items():
        if options.only and not any(name.startswith(o) for o in options.only.split(",")):
            continue
        missing = [n for n in work.needs if not shutil.which(n)]
        if missing:
            print(f"SKIP {name}: no {', '.join(missing)} on this machine")
            continue
        for kind in options.fs.split(","):
            r = run_work(name, work, kind, options.files, options.folders, options.runs, options.user)
            good = "error" not in r and r["runs"] > 0 and r["stops"] == 0 and r["failed"] == 0
            passed, failed = passed + good, failed + (not good)
            print(f"{'ok  ' if good else 'FAIL'} {name:14} {kind:5} user {r['user']}: {r['runs']} runs, "
                  f"{r['stops']} stops, {r['failed']} failed" + (f" [{r['error']}]" if "error" in r else ""),
                  flush=True)
            for reason in ([] if good else r["reasons"][:5]):
                print("        reason:", reason)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


main()
