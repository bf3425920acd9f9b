#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The first capture of many real files, and the undo of an attack that overwrote the first MiB of
each and renamed it, beside `cp -a` and beside restic's backup and restore of the same tree in the same run.
Repositories lie on the host's disk, the tree on a loop device; caches are warm for all.

    first_and_back.py [--files 100000] [--fs ext4] [--rounds 1]
"""
import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "scenario"))
import lab  # noqa: E402

DESTROY = """
import os, sys
key = os.urandom(1 << 20)
for folder, _, names in os.walk(sys.argv[1]):
    for name in names:
        path = os.path.join(folder, name)
        if os.path.islink(path):
            continue
        size = os.path.getsize(path)
        with open(path, "r+b") as file:
            file.write(key[:min(size, 1 << 20)])
        os.rename(path, path + ".locked")
"""


def timed(command, **options):
    """Seconds the command takes, until all of it is on the disk."""
    began = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **options)
    subprocess.run(["sync"], check=True)
    return time.monotonic() - began


def one_round(work, filesystem, tree, before):
    times = {}
    environment = {**os.environ, "RESTIC_PASSWORD": "x", "RESTIC_REPOSITORY": str(work / "restic"),
                   "RESTIC_CACHE_DIR": str(work / "cache")}
    subprocess.run(["restic", "init", "-q"], check=True, env=environment)
    times["restic backup"] = timed(["restic", "backup", "-q", tree], env=environment)
    copy = filesystem.path / "copy"
    times["cp -a"] = timed(["cp", "-a", tree, copy])
    shutil.rmtree(copy)

    began = time.monotonic()
    guard = lab.Guard(work / "state", tree, options=["--respond", "observe"])
    guard.wait_until_guarding(1800)
    times["first capture"] = time.monotonic() - began
    times["the attack"] = timed([sys.executable, "-c", DESTROY, tree])
    incident = guard.ask("incidents")[0]["id"]
    began = time.monotonic()
    report = guard.ask("undo", id=incident)
    subprocess.run(["sync"], check=True)
    times["undo"] = time.monotonic() - began
    print({k: report[k] for k in ("restored", "renamed_back", "verified", "failed")}, flush=True)
    different = lab.differences(before, lab.picture(tree))
    guard.stop()
    if different or report["failed"]:
        raise SystemExit("\n  ".join([f"{len(different)} differ after undo", *different[:5]]))
    print("all as before after undo", flush=True)

    back = filesystem.path / "back"
    times["restic restore"] = timed(["restic", "restore", "latest", "-q", "--target", back], env=environment)
    for folder in (back, work / "restic", work / "cache", work / "state"):
        shutil.rmtree(folder, ignore_errors=True)
    return times


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=100000)
    parser.add_argument("--fs", default="ext4")
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    lab.private_mounts()
    work = Path(tempfile.mkdtemp(prefix="tocsin-bench-", dir="/var/tmp"))
    filesystem = lab.FileSystem(work, options.fs, "24G")
    tree = filesystem.path / "share"
    try:
        tree.mkdir()
        lab.make_corpus(tree, options.files, max(1, options.files // 100))
        before = lab.picture(tree)
        size = sum(item.get("size", 0) for item in before.values()) / 1e6
        count = sum("sha256" in item for item in before.values())
        print(f"{count} files, {size:.0f} MB", flush=True)
        rounds = [one_round(work, filesystem, tree, before) for _ in range(options.rounds)]
        for name in rounds[0]:
            seconds = statistics.median(times[name] for times in rounds)
            print(f"{name:15} {seconds:8.1f} s {count / seconds:9.0f} files/s {size / seconds:8.1f} MB/s")
    finally:
        filesystem.close()
        shutil.rmtree(work, ignore_errors=True)


main()
