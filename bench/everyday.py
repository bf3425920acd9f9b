#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a guard costs everyday work: unpacking 20,000 files (as they are, and compressed by xz as a source release
is), `git status` over them, compiling a project by `make -j2`, and dbench with 4 clients, in a guarded tree and in
the same one unguarded. Alternated; medians of the times, and of the guard's processor time while the work runs:
that differs less where the machine has other work.

    everyday.py [--pairs 5] [--fs ext4] [--files 20000] [--seconds 15] [--json FILE]
"""
import argparse
import json
import os
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
    """Seconds the command takes; what is dirty is written out before and not counted."""
    subprocess.run(["sync", "-f", cwd], check=True)
    began = time.monotonic()
    subprocess.run(command, cwd=cwd, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - began


def untar(tree, archive):
    """Seconds."""
    return timed(["tar", "xf", archive], tree)


def project(tree):
    """200 C files of 40 functions each, as `make` compiles them."""
    folder = tree / "project"
    folder.mkdir()
    for n in range(200):
        functions = "".join(f"int f{n}_{i}(int x) {{ return x * {i} + printf(\"%d\", x); }}\n" for i in range(40))
        (folder / f"unit{n}.c").write_text("#include <stdio.h>\n#include <stdlib.h>\n" + functions)
    (folder / "Makefile").write_text("all: lib.a\nlib.a: $(patsubst %.c,%.o,$(wildcard *.c))\n\tar rcs $@ $^\n"
                                     "%.o: %.c\n\tgcc -O1 -MMD -c $< -o $@\n")


def make(tree):
    return timed(["make", "-s", "-j2"], tree / "project")


def git_status(tree):
    """Seconds, the median of five after one that refreshes git's index."""
    command = ["git", "status", "--short"]
    timed(command, tree / "repository")
    return statistics.median(timed(command, tree / "repository") for _ in range(5))


def dbench(tree, seconds):
    """Seconds a GB."""
    out = subprocess.run(["dbench", "-D", tree, "-t", str(seconds), "4"], check=True,
                         capture_output=True, text=True)
    return 1000 / float(re.search(r"Throughput ([0-9.]+) MB/sec", out.stdout)[1])


def repository(tree, archive):
    folder = tree / "repository"
    folder.mkdir()
    subprocess.run(["tar", "xf", archive], cwd=folder, check=True)
    git = ["git", "-c", "gc.auto=0", "-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "all"]):
        subprocess.run([*git, *command], cwd=folder, check=True, stdout=subprocess.DEVNULL)


PREPARED = {"git status": repository, "make -j2": lambda tree, archive: project(tree)}


def processor_seconds(process):
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measured(name, run, work, tree, archive, is_guarded):
    """One run in a tree of its own: its figure, and the guard's processor time meanwhile. Ends the benchmark where the
    guard took it for an attack."""
    tree.mkdir()
    if name in PREPARED:
        PREPARED[name](tree, archive)  # before the guard: no part of what is measured
    guard = lab.Guard(work / "state", tree) if is_guarded else None
    if guard:
        guard.wait_until_guarding()
        # Right after the start it makes its first checkpoint, of what there is: the next is 15 minutes later.
        lab.wait_for(lambda: any((work / "state" / "repository" / "snapshots").iterdir()), 5)
    before = processor_seconds(guard.process) if guard else 0
    figure = run(tree)
    taken = 0
    if guard:
        taken = processor_seconds(guard.process) - before
        stops = [i for i in guard.ask("incidents") if i["state"] == "contained"]
        guard.stop()
        if stops:
            raise SystemExit(f"{name} was taken for an attack: {stops}")
        shutil.rmtree(work / "state")
    shutil.rmtree(tree)
    return figure, taken


def tell(name, free, guarded, taken):
    unit = "s/GB" if name == "dbench 4" else "s"
    ratios = [g / f for g, f in zip(guarded, free)]
    print(f"{name:10} free {statistics.median(free):8.3f} {unit}   "
          f"guarded {statistics.median(guarded):8.3f} {unit}   "
          f"ratio {statistics.median(ratios):.2f} (worst of {len(ratios)} pairs {max(ratios):.2f})   "
          f"guard {statistics.median(taken):.2f} s")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--fs", default="ext4")
    parser.add_argument("--files", type=int, default=20000)
    parser.add_argument("--seconds", type=int, default=15)
    parser.add_argument("--json", help="write all figures to this file: seconds, of dbench seconds a GB")
    options = parser.parse_args()
    lab.private_mounts()
    work = Path(tempfile.mkdtemp(prefix="tocsin-bench-", dir="/var/tmp"))
    filesystem = lab.FileSystem(work, options.fs, "16G")
    archive = work / "files.tar"
    works = {"untar": lambda tree: untar(tree, archive),
             "untar .xz": lambda tree: untar(tree, archive.with_suffix(".tar.xz")),
             "git status": git_status, "make -j2": make}
    if shutil.which("dbench"):
        works["dbench 4"] = lambda tree: dbench(tree, options.seconds)
    else:
        print("dbench is not installed: left out")
    figures = {name: {"free": [], "guarded": [], "taken": []} for name in works}
    try:
        corpus = filesystem.path / "corpus"
        corpus.mkdir()
        lab.make_corpus(corpus, options.files, 200)
        subprocess.run(["tar", "cf", archive, "-C", corpus, "."], check=True)
        subprocess.run(["xz", "-k", archive], check=True)
        shutil.rmtree(corpus)
        for pair in range(options.pairs):
            for kind in (("free", "guarded") if pair % 2 else ("guarded", "free")):
                for name, run in works.items():
                    figure, taken = measured(name, run, work, filesystem.path / "share", archive, kind == "guarded")
                    figures[name][kind].append(figure)
                    if kind == "guarded":
                        figures[name]["taken"].append(taken)
        for name, kinds in figures.items():
            tell(name, **kinds)
        if options.json:
            Path(options.json).write_text(json.dumps(figures, indent=1))
    finally:
        filesystem.close()
        shutil.rmtree(work, ignore_errors=True)


main()
