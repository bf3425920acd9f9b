#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The drill as people run it: passes, and leaves nothing behind however it ends.

Needs root and loop devices; exit status 77 without them. TOCSIN_BIN names the built programs.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

import lab


def make_sample(folder):
    """Text that differs from file to file, in a few folders."""
    for i in range(120):
        path = folder / f"folder-{i % 4}" / f"report-{i}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{i}: line {line} of a report about item {i * line}\n" for line in range(300)))


def command(work, sample, *more):
    return [lab.bin_dir() / "tocsin", "drill", sample, "--work", work, *more]


def mounts_below(work):
    return [line for line in pathlib.Path("/proc/self/mounts").read_text().splitlines() if f" {work}/" in line]


def check_passes(work, sample):
    done = subprocess.run(
        command(work, sample, "--only", "rm", "--only", "shred", "--json"), capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["pass"] and [s["name"] for s in result["scenarios"]] == ["shred", "rm"], result
    for scenario in result["scenarios"]:
        assert scenario["files"] == 120 and scenario["identical"] and scenario["files_lost"] == 0, scenario
        assert 0 < scenario["touched"] < 120 and scenario["seconds_to_freeze"] is not None, scenario


def check_interrupted(work, sample):
    running = subprocess.Popen(command(work, sample), stderr=subprocess.PIPE, text=True)
    assert lab.wait_for(lambda: mounts_below(work), 60), "the drill mounted nothing"
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=120)
    assert running.returncode == 1 and "SIGINT" in said, said


def check_killed(work, sample):
    running = subprocess.Popen(command(work, sample), stderr=subprocess.DEVNULL)
    assert lab.wait_for(lambda: mounts_below(work), 60), "the drill mounted nothing"
    running.kill()
    running.wait()
    assert list(work.glob("tocsin-drill-*")), "there is nothing to clean up"
    check_passes(work, sample)


def root_is_mounted():
    """Not so below a chroot, whose root is a directory of somebody else's file system."""
    with open("/proc/self/mountinfo") as mounts:
        return any(line.split()[4] == "/" for line in mounts)


def main():
    if os.geteuid() != 0 or not os.path.exists("/dev/loop-control") or not root_is_mounted():
        print("needs root, loop devices, and a root directory that is a mount point (no chroot)", file=sys.stderr)
        return 77
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="tocsin-run-drill-") as folder:
        work = pathlib.Path(folder).resolve()
        sample = work / "sample"
        make_sample(sample)
        for check in (check_passes, check_interrupted, check_killed):
            check(work, sample)
            assert lab.wait_for(lambda: not mounts_below(work), 10), mounts_below(work)
            left = list(work.glob("tocsin-drill-*"))
            assert not left, f"{check.__name__} left {left}"
            print(f"{check.__name__}: good")
    return 0


if __name__ == "__main__":
    sys.exit(main())
