#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a guard costs everyday work: unpacking 20,000 files, `git status` over them, and dbench with
4 clients, in a guarded tree and in the same one unguarded. Alternated; medians of the times.

    everyday.py [--pairs 5] [--fs ext4] [--files 20000] [--seconds 15]
"""
import argparse
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "scenario"))
import lab  # noqa: E402


def timed(command, cwd):
    subprocess.run(["sync"], check=True)
    began = time.monotonic()
    subprocess.run(command, cwd=cwd, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - began


def untar(tree, archive):
    return timed(["tar", "xf", archive], tree)


def git_status(tree):
    timed(["git", "status", "--short"], tree / "repository")
    return statistics.median(timed(["git", "status", "--short"], tree / "repository") for _ in range(5))


def dbench(tree, seconds):
    """Seconds a gigabyte."""
    out = subprocess.run(["dbench", "-D", tree, "-t", str(seconds), "4"], check=True, capture_output=True, text=True)
    return 1000 / float(re.search(r"Throughput ([0-9.]+) MB/sec", out.stdout)[1])


def repository(tree, archive):
    folder = tree / "repository"
    folder.mkdir()
    subprocess.run(["tar", "xf", archive], cwd=folder, check=True)
    git = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "all"]):
        subprocess.run([*git, *command], cwd=folder, check=True, stdout=subprocess.DEVNULL)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--fs", default="ext4")
    parser.add_argument("--files", type=int, default=20000)
    parser.add_argument("--seconds", type=int, default=15)
    options = parser.parse_args()
    works = {"untar": lambda tree: untar(tree, archive), "git status": git_status}
    if shutil.which("dbench"):
        works["dbench 4"] = lambda tree: dbench(tree, options.seconds)
    else:
        print("dbench is not installed: left out")
    lab.private_mounts()
    work = Path(tempfile.mkdtemp(prefix="tocsin-bench-", dir="/var/tmp"))
    filesystem = lab.FileSystem(work, options.fs, "16G")
    archive = work / "files.tar"
    times = {name: {"free": [], "guarded": []} for name in works}
    try:
        corpus = filesystem.path / "corpus"
        corpus.mkdir()
        lab.make_corpus(corpus, options.files, 200)
        subprocess.run(["tar", "cf", archive, "-C", corpus, "."], check=True)
        shutil.rmtree(corpus)
        for pair in range(options.pairs):
            for kind in (("free", "guarded") if pair % 2 else ("guarded", "free")):
                for name, run in works.items():
                    tree = filesystem.path / "share"
                    tree.mkdir()
                    if name == "git status":
                        repository(tree, archive)
                    guard = lab.Guard(work / "state", tree) if kind == "guarded" else None
                    if guard:
                        guard.wait_until_guarding()
                    times[name][kind].append(run(tree))
                    if guard:
                        stops = [i for i in guard.ask("incidents") if i["state"] == "contained"]
                        assert not stops, stops
                        guard.stop()
                        shutil.rmtree(work / "state")
                    shutil.rmtree(tree)
        for name, kinds in times.items():
            free, guarded = (statistics.median(kinds[k]) for k in ("free", "guarded"))
            ratios = [g / f for g, f in zip(kinds["guarded"], kinds["free"])]
            print(f"{name:10} free {free:8.3f} s   guarded {guarded:8.3f} s   ratio {statistics.median(ratios):.2f} "
                  f"(worst pair {max(ratios):.2f}, {options.pairs} pairs)" + (" a GB" if name == "dbench 4" else ""))
    finally:
        filesystem.close()
        shutil.rmtree(work, ignore_errors=True)


main()
