#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the gate costs: an open and close of captured files, beside a bare fanotify loop that allows
at once, and beside none; and opens outside the tree on the same file system, guarded and not.
Alternated in one run; medians, and the 95 % interval of the ratio by bootstrap.

    gate.py [--pairs 30] [--fs ext4]
"""
import argparse
import json
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "scenario"))
import lab  # noqa: E402


def opens(folder, rounds=20):
    out = subprocess.run([lab.bin_dir() / "open_close", folder, str(rounds)], check=True, capture_output=True)
    return json.loads(out.stdout)


def interval(ratios):
    rng = random.Random(1)
    medians = sorted(statistics.median(rng.choices(ratios, k=len(ratios))) for _ in range(2000))
    return medians[50], medians[1949]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=30)
    parser.add_argument("--fs", default="ext4")
    options = parser.parse_args()
    lab.private_mounts()
    work = Path(tempfile.mkdtemp(prefix="tocsin-bench-", dir="/var/tmp"))
    filesystem = lab.FileSystem(work, options.fs)
    tree, outside = filesystem.path / "share", filesystem.path / "outside"
    try:
        tree.mkdir()
        outside.mkdir()
        lab.make_corpus(tree, 500, 1)
        lab.make_corpus(outside, 500, 1)
        rows = {"none": [], "bare": [], "tocsin": []}
        out_free, out_guarded = [], []
        for pair in range(options.pairs):
            for kind in (("bare", "tocsin") if pair % 2 else ("tocsin", "bare")):
                if kind == "bare":
                    rows["none"].append(opens(tree))
                    out_free.append(opens(outside, 60)["mean_us"])
                    gate = subprocess.Popen([lab.bin_dir() / "bare_gate", tree], stdout=subprocess.PIPE)
                    gate.stdout.readline()
                    rows["bare"].append(opens(tree))
                    gate.kill()
                    gate.wait()
                else:
                    guard = lab.Guard(work / "state", tree)
                    guard.wait_until_guarding()
                    opens(tree, 1)
                    rows["tocsin"].append(opens(tree))
                    out_guarded.append(opens(outside, 60)["mean_us"])
                    guard.stop()
        median = {k: {q: statistics.median(r[q] for r in v) for q in ("p50_us", "p99_us")} for k, v in rows.items()}
        for kind, values in median.items():
            print(f"{kind:7} open+close p50 {values['p50_us']:7.2f} us   p99 {values['p99_us']:7.2f} us")
        added = {k: median[k]["p50_us"] - median["none"]["p50_us"] for k in ("bare", "tocsin")}
        print(f"added at p50: bare {added['bare']:.2f} us, tocsin {added['tocsin']:.2f} us, "
              f"ratio {added['tocsin'] / added['bare']:.2f}")
        ratios = [g / f for g, f in zip(out_guarded, out_free)]
        low, high = interval(ratios)
        print(f"outside the tree: ratio {statistics.median(ratios):.4f}, 95 % interval {low:.4f} to {high:.4f}, {len(ratios)} pairs")
    finally:
        filesystem.close()
        shutil.rmtree(work, ignore_errors=True)


main()
