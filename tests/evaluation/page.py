# SPDX-License-Identifier: Apache-2.0
"""docs/evaluation.md from what the runs left: what failed first, then tables and drawings."""
import json
import re
import statistics
import sys
import textwrap
from pathlib import Path

import drawings

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scenario"))
from attack import Outcome  # noqa: E402
from attacks import ATTACKS  # noqa: E402

KEPT = ("attack", "fs", "files", "folders", "seconds_to_freeze", "seconds_to_undo", "seconds_to_stop",
        "seconds_to_whole", "damaged", "incidents", "error", "defence", "not_back", "work_lost", "work", "stopped",
        "who", "runs", "stops", "failed", "good", "seconds")
AUTHORS = {"ordinary programs": "program", "scripts of this project": "script", "the simulator": "simulator"}
FAMILIES = {
    "S01": "in place, whole files", "S02": "new ciphertext, original deleted", "S03": "parts of files",
    "S04": "slow", "S05": "shared mappings", "S06": "io_uring", "S07": "direct and synchronous writes",
    "S08": "holes and shifts by fallocate", "S09": "truncation", "S10": "renamed over", "S11": "deletion only",
    "S12": "by other ways to the same file", "S13": "clones and copies of zeros", "S14": "rights, owners, attributes",
    "S15": "names only", "S16": "one archive, then deletion", "S18": "interpreters and one program a file",
    "S19": "services and containers", "S21": "backups first", "S22": "read and sent", "S24": "split over processes",
}


def without_place(sentence):
    """The folder that a run made says nothing."""
    return re.sub(r"/[^ ']*/tocsin-[a-z]+-\w+(/mnt)?", "", sentence)


def kept(results):
    """What of a run's results the page needs; what differed after undo as a number and two examples."""
    if isinstance(results, dict):
        return results
    out = []
    for r in results:
        differs = r.get("differs", []) + r.get("bystander_differs", [])
        out.append({**{k: r[k] for k in KEPT if r.get(k) is not None}, "differ": len(differs), "examples": differs[:2],
                    "reasons": [] if r.get("good", True) else [without_place(s) for s in r.get("reasons", [])[:3]]})
    return out


def authorship(name):
    command = ATTACKS[name].command
    if "$SIMULATOR" in command:
        return "simulator"
    return "script" if "python3" in command or "perl" in command else "program"


def was_good(r):
    if "error" in r or r["differ"]:
        return False
    outcome = ATTACKS[r["attack"]].outcome
    if outcome is Outcome.UNHARMED:
        return r["damaged"] == 0
    return r["incidents"] > 0 if outcome is Outcome.TOLD else "seconds_to_freeze" in r


def row(*cells):
    return "| " + " | ".join(str(c) for c in cells) + " |"


def table(heads, rows):
    return [row(*heads), row(*["---"] * len(heads)), *(row(*r) for r in rows), ""]


def span(values, shown=str):
    values = sorted(values)
    if not values:
        return "–"
    return shown(values[0]) if shown(values[0]) == shown(values[-1]) else f"{shown(values[0])} to {shown(values[-1])}"


def seconds(value):
    return f"{value:.2f}" if value < 10 else f"{value:.0f}"


class Results:
    """Of all stages that have any, by name."""

    def __init__(self, folder):
        self.stages = {p.stem: json.loads(p.read_text()) for p in sorted(folder.glob("*.json"))}

    def of(self, beginning):
        return [r for name, s in self.stages.items() if name.startswith(beginning) for r in s["results"]]

    def where(self, beginning):
        """A sentence: commits and loads."""
        found = [s for name, s in self.stages.items() if name.startswith(beginning)]
        loads = [load for s in found for load in (s["load_before"], s["load_after"])]
        return (f"Commit {', '.join(sorted({s['commit'] for s in found}))}, {span([s['day'] for s in found])}, "
                f"Linux {span([s['kernel'] for s in found])}, {span([s['processors'] for s in found])} processors, "
                f"load before and after {span(loads, lambda v: f'{v:.1f}')}; "
                f"{sum(s['seconds'] for s in found) / 60:.0f} minutes.")


def failures(results):
    lines = ["## What failed", ""]
    for r in results.of("attacks"):
        if was_good(r):
            continue
        what = r.get("error") or (f"{r['differ']} objects not as before after undo, such as `{r['examples'][0][:120]}`"
                                  if r["differ"] else f"not frozen, {r['damaged']} damaged")
        lines.append(f"- {r['attack']} on {r['fs']}: {what}")
    for r in results.of("honest"):
        if not r["good"]:
            why = textwrap.shorten("; ".join(r["reasons"]), 200, placeholder=" …")
            lines.append(f"- honest work {r['work']}, {r['who']}: {r['stops']} stops in {r['runs']} runs, "
                         f"{r['failed']} ended with an error{': ' + why if why else ''}")
    for stage in (s["results"] for name, s in results.stages.items() if name == "hours"):
        for what in [f"stopped `{s['command']}`: {'; '.join(s['reasons'])}" for s in stage["stops"]] + stage["failed"]:
            lines.append(f"- hours of honest work: {what[:300]}".replace("\n", " "))
    for r in results.of("baselines") + results.of("speeds"):
        if "error" in r:
            lines.append(f"- {r.get('attack', r.get('work'))} beside {r['defence']}: {r['error']}")
    return lines + ([] if len(lines) > 2 else ["Nothing."]) + [""]


def attacks(results, images, where):
    every = results.of("attacks")
    if not every:
        return []
    stopped = [r for r in every if "seconds_to_freeze" in r]
    lines = ["## Attacks", "", results.where("attacks"), "",
             f"{every[0]['files']} real files in {every[0]['folders']} folders, an honest program at work beside them.",
             "Damaged: files whose content, name, rights or attributes were not as before when the actor was frozen.",
             "Identical: after undo, content, mode, owner, times, extended attributes, access lists, hard links and "
             "sparseness of all, and the honest program's work stands.", ""]
    rows = []
    for says, author in (*AUTHORS.items(), ("all", None)):
        mine = [r for r in every if author in (None, authorship(r["attack"]))]
        counts = sorted(r["damaged"] for r in mine if "seconds_to_freeze" in r)
        if counts:
            rows.append((says, len(mine), len(counts), sum(not r["differ"] and "error" not in r for r in mine),
                         f"{statistics.median(counts):g}", sum(c <= 3 for c in counts), sum(c <= 10 for c in counts), counts[-1]))
    lines += table(("attacks by", "runs", "frozen", "identical after undo", "damaged: median", "≤ 3", "≤ 10", "worst"), rows)
    draw_shares(images, stopped)
    lines += [drawings.markdown(where, "evaluation-damaged", "Share of attacks stopped within a number of files"), ""]
    rows = []
    for family, says in FAMILIES.items():
        mine = [r for r in every if r["attack"].startswith(family)]
        frozen = [r for r in mine if "seconds_to_freeze" in r]
        if mine:
            rows.append((f"{family} {says}", len(mine), len(frozen),
                         *(span([r["damaged"] for r in frozen if r["fs"] == fs]) for fs in ("ext4", "xfs", "btrfs")),
                         span([r["seconds_to_freeze"] for r in frozen], seconds),
                         span([r["seconds_to_undo"] for r in frozen if "seconds_to_undo" in r], seconds)))
    return lines + table(("family", "runs", "frozen", "damaged: ext4", "XFS", "btrfs", "seconds to the freeze",
                          "seconds to undo"), rows)


def draw_shares(images, stopped):
    blocks, plots = "", []
    for number, (says, author) in enumerate(AUTHORS.items()):
        counts = sorted(r["damaged"] for r in stopped if authorship(r["attack"]) == author)
        if counts:
            blocks += drawings.block(f"d{number}", [(max(c, 1), 100 * (n + 1) / len(counts)) for n, c in enumerate(counts)])
            plots.append(f'$d{number} with steps lw 2.5 lc rgb "{{s{number}}}" title "{says}"')
    if plots:
        drawings.draw(images, "evaluation-damaged", blocks,
                      'set logscale x\nset xrange [1:100]\nset xtics (1, 3, 10, 30, 100)\nset yrange [0:105]\nset xlabel "files damaged before the freeze"\n'
                      'set ylabel "attacks, %"\nset arrow from 3,0 to 3,105 nohead lc rgb "{faint}" dt 2\n'
                      'set arrow from 10,0 to 10,105 nohead lc rgb "{faint}" dt 2\n'
                      f'plot {", ".join(plots)}\n', key="bottom right")


def speed_of(name):
    word = name.split("-")[2]
    return None if word == "max" else int(word)


def speeds(results, images, where):
    every = [r for r in results.of("speeds") if "error" not in r]
    if not every:
        return []
    names = list(dict.fromkeys(r["defence"] for r in every))
    cell = {(speed_of(r["attack"]), r["defence"]): r["damaged"] for r in every}
    asked = sorted({s for s, _ in cell if s}) + [s for s in (None,) if any(s is None for s, _ in cell)]
    rows = [(s or "as fast as it goes", *(cell.get((s, n), "–") for n in names), round(s * 0.52) if s else "") for s in asked]
    points = {n: [(s, cell[s, n]) for s in asked if s and (s, n) in cell] for n in names}
    blocks = "".join(drawings.block(f"d{n}", points[name]) for n, name in enumerate(names))
    plots = [f'$d{n} with linespoints lw 2.5 pt 7 ps 0.7 lc rgb "{{s{n}}}" title "{name}"' for n, name in enumerate(names)]
    plots.append('x * 0.52 with lines lw 2 dt 2 lc rgb "{s2}" title "a decision after 0.52 s"')
    drawings.draw(images, "evaluation-speed", blocks,
                  'set logscale xy\nset xrange [6:*]\nset yrange [1:3000]\nset xlabel "files a second"\n'
                  'set ylabel "files damaged before the stop"\n' + f'plot {", ".join(plots)}\n')
    return ["## Speed", "", results.where("speeds"), "",
            "Files encrypted in place, by the simulator in one thread.",
            "The last column is what a decision costs that takes 0.52 s, as Minerva's (2025) does.", "",
            *table(("files a second", *(f"{n}: damaged" for n in names), "0.52 s"), rows),
            drawings.markdown(where, "evaluation-speed", "Files damaged against the attacker's speed"), ""]


def baselines(results, images, where):
    every = [r for r in results.of("baselines") if "error" not in r]
    runs = [r for r in every if "attack" in r]
    if not runs:
        return []
    names = list(dict.fromkeys(r["defence"] for r in runs))
    attacked = list(dict.fromkeys(r["attack"] for r in runs))
    cell = {(r["attack"], r["defence"]): r for r in runs}

    def shown(r):
        if r is None:
            return "–"
        return f"{r['damaged']} · {r['not_back']} · {r['work_lost']} · {r['seconds_to_whole']:.1f} s"

    lines = ["## Beside what most have", "", results.where("baselines"), "",
             f"{runs[0]['files']} files in {runs[0]['folders']} folders on btrfs; a person had worked since the night, and goes on.",
             "Each cell: files damaged · of them not given back · objects of that person's that were not as left · seconds "
             "from the attack's start until all was back that comes back.",
             "The backup is restic's of the night, restored over an emptied folder; the snapshot is the last one before the "
             "attack, which is known here without looking for it; the detector kills and keeps nothing.", "",
             *table(("attack", *names), [(a, *(shown(cell.get((a, n))) for n in names)) for a in attacked])]
    rows = [(n, span([cell[a, n]["damaged"] for a in attacked if (a, n) in cell]),
             sum(cell[a, n]["not_back"] for a in attacked if (a, n) in cell),
             sum(cell[a, n]["work_lost"] for a in attacked if (a, n) in cell)) for n in names]
    lines += table(("together", "damaged", "not given back", "of others' work not as left"), rows)
    draw_whole(images, attacked, names, cell)
    lines += [drawings.markdown(where, "evaluation-whole", "Seconds until all is back, by attack and defence; where not "
                                "all came back there is no bar"), ""]
    lines += ["A snapshot gives back all of the attacked files as well, and sooner than a backup. It takes what others "
              "did since with it, it must be known which one is good, and nothing stops the attacker.", ""]
    honest = [r for r in every if "work" in r]
    works = list(dict.fromkeys(r["work"] for r in honest))
    stops = {(r["work"], r["defence"]): "stopped" if r["stopped"] else "let do" for r in honest}
    who = [n for n in names if any(n == d for _, d in stops)]
    if works:
        lines += ["Honest work beside those that can stop somebody:", "",
                  *table(("work", *who), [(w, *(stops.get((w, n), "–") for n in who)) for w in works])]
    return lines


def draw_whole(images, attacked, names, cell):
    def height(found):
        return max(found["seconds_to_whole"], 0.05) if found and not found["not_back"] else "NaN"

    names = [n for n in names if any(height(cell.get((a, n))) != "NaN" for a in attacked)]
    rows = [(f'"{a}"', *(height(cell.get((a, n))) for n in names)) for a in attacked]
    plots = [f'$d using {n + 2}:xtic(1) with histograms fs solid 1 border rgb "{{s{n}}}" lc rgb "{{s{n}}}" title "{name}"'
             for n, name in enumerate(names)]
    drawings.draw(images, "evaluation-whole", drawings.block("d", rows),
                  'set style histogram clustered gap 1\nset logscale y\nset yrange [0.03:*]\nset xtics rotate by -35\n'
                  'set ylabel "seconds until all is back"\nset rmargin 8\n' + f'plot {", ".join(plots)}\n', height=460,
                  key="outside top center horizontal")


def honest(results):
    every = results.of("honest")
    if not every:
        return []
    columns = list(dict.fromkeys((r["who"], r["files"]) for r in every))
    cell = {(r["work"], r["who"], r["files"]): r for r in every}

    def shown(r):
        if r is None:
            return "–"
        return "error" if "error" in r else f"{r['stops']} / {r['runs']}" + (" *" if not r["good"] else "")

    works = list(dict.fromkeys(r["work"] for r in every))
    good = sum(r["good"] for r in every)
    return ["## Honest work", "", results.where("honest"), "",
            f"Stops / runs; {good} of {len(every)} as they should be, the others marked * and named above.", "",
            *table(("work", *(f"{who}, {files} files" for who, files in columns)),
                   [(w, *(shown(cell.get((w, *c))) for c in columns)) for w in works])]


def hours(results, images, where):
    stage = results.stages.get("hours")
    if not stage:
        return []
    r = stage["results"]
    looks = r["looks"]
    drawings.draw(images, "evaluation-hours", drawings.block("d", [(x["at"] / 3600, x["memory"] / 2**20) for x in looks]),
                  'set yrange [0:*]\nset xlabel "hours"\nset ylabel "memory, MiB"\nset key off\n'
                  'plot $d with lines lw 2 lc rgb "{s0}"\n', height=260)
    done = ", ".join(f"{name} {count}" for name, count in sorted(r["done"].items()))
    stops = [f"- after {s['at']} s, `{s['command']}`: {'; '.join(s['reasons'])}" for s in r["stops"]]
    return ["## Hours of mixed honest work", "", results.where("hours"), "",
            f"{r['hours']:g} hours under one guard, two works at a time: {sum(r['done'].values())} works ({done}).",
            f"{len(r['stops'])} stops, {len(r['failed'])} works failed, {looks[-1]['timeouts']} of {looks[-1]['opens']} opens "
            f"ran into their bound of 2 s; descriptors {looks[0]['descriptors']} at first and {looks[-1]['descriptors']} at last; "
            f"{looks[-1]['versions']} versions.", "", *stops, *([""] if stops else []),
            drawings.markdown(where, "evaluation-hours", "The guard's memory over the hours"), ""]


def everyday(results, images, where):
    stage = results.stages.get("everyday")
    if not stage:
        return []
    rows, bars = [], []
    for name, kinds in stage["results"].items():
        ratios = [g / f for g, f in zip(kinds["guarded"], kinds["free"])]
        unit = "s/GB" if name == "dbench 4" else "s"
        rows.append((name, *(f"{statistics.median(kinds[k]):.3g} {unit}" for k in ("free", "guarded")),
                     f"{statistics.median(ratios):.2f}", span(ratios, lambda v: f"{v:.2f}")))
        bars.append((f'"{name}"', statistics.median(ratios), min(ratios), max(ratios)))
    drawings.draw(images, "evaluation-everyday", drawings.block("d", bars),
                  'set boxwidth 0.6\nset yrange [0:*]\nset ylabel "time guarded ÷ time unguarded"\nset key off\n'
                  'set arrow from graph 0,first 1.1 to graph 1,first 1.1 nohead lc rgb "{s1}" lw 2 dt 2 front\n'
                  'plot $d using 0:2:xtic(1) with boxes fs solid 0.9 noborder lc rgb "{s0}", '
                  '$d using 0:3:(0):($4-$3) with vectors heads size graph 0.01,90 lw 2 lc rgb "{ink}"\n')
    return ["## Everyday work", "", results.where("everyday"), "",
            f"Guarded and unguarded alternated, {len(ratios)} pairs, ext4; ratio: the median of pairs. The line is the aim, 1.1.", "",
            *table(("work", "unguarded", "guarded", "ratio", "least and most"), rows),
            drawings.markdown(where, "evaluation-everyday", "Time guarded over time unguarded"), ""]


def write(folder, to):
    """From the results of `folder`; drawings go to images/ beside the page `to`."""
    results, images = Results(folder), to.parent / "images"
    images.mkdir(exist_ok=True)
    lines = ["# Evaluation", "",
             "Made by [tests/evaluation](../tests/evaluation/README.md) from the results in [evaluation/](evaluation/); "
             "not written by hand.",
             "What was measured otherwise, and how figures came to be what they are, is in [measurements](measurements.md).",
             "", *failures(results), *attacks(results, images, "images"), *speeds(results, images, "images"),
             *baselines(results, images, "images"), *honest(results), *hours(results, images, "images"), *everyday(results, images, "images")]
    to.write_text("\n".join(lines).rstrip() + "\n")
