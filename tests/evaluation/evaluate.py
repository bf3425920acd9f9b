#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the evaluation: runs every attack and honest work of the catalogue against a real guard, and beside what
others have, keeps what came out, and writes docs/evaluation.md with its drawings from it. As root; hours.

    evaluate.py [--only attacks,honest] [--quick]     runs what has no results yet, then writes the page
    evaluate.py --again attacks-xfs                   the same, and this once more
    evaluate.py --page                                only writes the page

Results are JSON, one file a stage, in docs/evaluation/; each names its commit and the load it was made at. A stage
that was ended begins anew. --quick runs small sets, into build/evaluation.
"""
import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import page

ROOT = Path(__file__).resolve().parents[2]
SPEEDS = "S01-sim-8,S01-sim-38-of-1,S01-sim-100,S01-sim-400-of-1,S01-sim-1000,S01-sim-max-of-1"


@dataclass(frozen=True)
class Stage:
    script: str  # below the root; takes --json
    words: tuple
    quick: tuple  # in place of `words`


def stages():
    for fs in ("ext4", "xfs", "btrfs"):
        usual = ("--fs", fs, "--folders", "20", "--bystander", "--worst", "0")
        yield f"attacks-{fs}", Stage("tests/scenario/run_attacks.py", ("--files", "1000", *usual),
                                     ("--files", "200", "--only", "S01-shred,S03-sim-4096-on,S11-rm-rf", *usual))
    yield "baselines", Stage("tests/scenario/run_baselines.py", ("--files", "1000"),
                             ("--files", "200", "--only", "S01-shred,S11-rm-rf", "--honest", "B13-gzip,B04-unpack"))
    guards = ("--honest", "", "--defences", "Tocsin,entropy and rate", "--only", SPEEDS)
    yield "speeds", Stage("tests/scenario/run_baselines.py", ("--files", "2000", *guards), ("--files", "200", *guards))
    few = ("--files", "200", "--runs", "1", "--only", "B04,B05-mirror,B13-gzip")
    for who, words in {"root": (), "user": ("--user", "1000"), "two": ("--at-once", "2")}.items():
        yield f"honest-{who}", Stage("tests/scenario/run_benign.py", ("--files", "10000", "--runs", "1", *words),
                                     (*few, *words))
    yield "hours", Stage("tests/scenario/run_hours.py", ("--hours", "8"), ("--hours", "0.02", "--files", "100"))
    yield "everyday", Stage("bench/everyday.py", ("--pairs", "5"), ("--pairs", "1", "--files", "2000", "--seconds", "2"))


def commit():
    def git(*words):
        return subprocess.run(["git", "-C", ROOT, *words], capture_output=True, text=True, check=True).stdout.strip()
    changed = git("status", "--porcelain", "--untracked-files=no", "--", "src", "app", "bpf")
    return git("rev-parse", "--short", "HEAD") + (" with changes" if changed else "")


def run(stage, words, to):
    made = Path(tempfile.mkstemp(prefix="tocsin-evaluation-", suffix=".json")[1])
    facts = {"commit": commit(), "day": time.strftime("%Y-%m-%d"), "kernel": platform.release(),
             "processors": os.cpu_count(), "load_before": os.getloadavg()[0]}
    began = time.monotonic()
    try:
        subprocess.run([sys.executable, ROOT / stage.script, *words, "--json", made], cwd=ROOT, check=False,
                       env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
        if made.stat().st_size == 0:
            raise SystemExit(f"{stage.script} ended without results")
        facts |= {"load_after": os.getloadavg()[0], "seconds": round(time.monotonic() - began),
                  "results": page.kept(json.loads(made.read_text()))}
        to.write_text(json.dumps(facts, indent=0) + "\n")
    finally:
        made.unlink()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="", help="beginnings of stages")
    parser.add_argument("--again", default="", help="beginnings of stages")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--page", action="store_true")
    options = parser.parse_args()
    results = ROOT / ("build/evaluation" if options.quick else "docs/evaluation")
    results.mkdir(parents=True, exist_ok=True)
    for name, stage in stages() if not options.page else ():
        to = results / f"{name}.json"
        again = options.again and name.startswith(tuple(options.again.split(",")))
        if not name.startswith(tuple(options.only.split(","))) or (to.exists() and not again):
            continue
        print(f"== {name}", flush=True)
        run(stage, stage.quick if options.quick else stage.words, to)
    where = results / "evaluation.md" if options.quick else ROOT / "docs" / "evaluation.md"
    page.write(results, where)
    print(f"wrote {where}")


main()
