#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What stood before an attack is what undo gives back: also what people set without writing, what they did
while no guard ran, and what a program has written to a file that it keeps open.

    run_before.py [--fs ext4]
"""
import os
import time

import lab
from attacked import Attacked, Person, fill


def set_before(attacked, person):
    """Times and owners that honest people set before an attack, also those of links, are as they set them."""
    tree = attacked.tree
    person.does(f"(cd '{tree}' && touch -h -d 2020-01-26 f3 f4 link full/dangling && "
                "chown -h 1000:1000 f4 link full/dangling)")
    attacked.before = lab.picture(tree)
    time.sleep(1)
    attacked.undo(attacked.attack("shred -n1 f*; sleep 1"), "contents where times had been set")
    attacked.undo(attacked.attack("rm -rf link full f*"), "links whose owners and times had been set")


def moved_in_absence(attacked):
    """Folders and files that were renamed while no guard ran, also over others and in a ring, are known by their
    new names, and go back."""
    host, tree, before = attacked.host, attacked.tree, attacked.before
    known = {i["id"] for i in host.ask("incidents")}
    host.end_guard()
    for old, new in (("full", "passing"), ("empty", "full"), ("passing", "empty"), ("f1", "f2"), ("f3", "moved")):
        (tree / old).rename(tree / new)
    (tree / "f10").rename(tree / "f10.locked")  # of each the other name stays
    (tree / "f11").unlink()
    (tree / "f13").rename(tree / "f12")
    host.tocsin("protect", str(tree))
    host.expect_tree(tree, "restart after folders were renamed")
    absence = [i["id"] for i in host.ask("incidents") if i["id"] not in known]
    host.expect(len(absence) == 1, f"{len(absence)} incidents of one absence")
    attacked.before = lab.picture(tree)
    for script in ("shred -n1 empty/f*; sleep 1", "rm -rf empty/deep empty/f* empty/same*"):
        attacked.undo(attacked.attack(script), f"{script}, in a folder that got the name of another in an absence")
    attacked.before = before
    host.ask("undo", str(absence[0]))
    attacked.expect_as_before(tree, "what was renamed in an absence")


def moved_while_it_walks(host, tree, person):
    """Moves and saves while a new guard compares the tree with the journal: nothing is told gone that stands."""
    many = tree / "many"
    for number in range(3000):
        folder = many / f"d{number % 30}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"f{number // 30}").write_text(f"{number}\n")
    host.expect_tree(tree, "many files")
    known = {i["id"] for i in host.ask("incidents")}
    host.end_guard()
    person.does(f"(cd '{many}'; end=$((SECONDS + 4)); while [ $SECONDS -lt $end ]; do mv d0/f0 d29/x; mv d29/x d0/f0; "
                "mv d29/f1 d0/y; mv d0/y d29/f1; mv d1 moved; mv moved d1; echo new > d5/tmp; mv d5/tmp d5/f1; done) &")
    host.tocsin("protect", str(tree))
    time.sleep(5)
    host.expect_tree(tree, "moves while it walks")
    new = [i for i in host.ask("incidents") if i["id"] not in known]
    host.expect(sum(i["objects_deleted"] for i in new) <= 1, f"what stands is told deleted: {new}")


def kept_open(attacked, person):
    """A log that is never closed comes back with the lines that it had, not as it was when it was last closed."""
    log = attacked.tree / "f7"
    person.does(f"exec 5>>'{log}'; for i in {{1..40}}; do echo line $i >&5; sleep 0.1; done")
    time.sleep(1)
    lines = log.read_text()
    number = attacked.attack("shred -n1 f*; sleep 1")
    attacked.host.tocsin("stop", str(number))
    report = attacked.host.ask("undo", str(number))
    attacked.host.expect(log.read_text() == lines and "line 40" in lines, f"the log lost lines: {report['notes'][:3]}")
    person.leaves()


def parts(host, filesystem, work):
    tree = filesystem / "before"
    fill(tree)
    for number in (10, 11, 12):
        os.link(tree / f"f{number}", tree / "full" / f"same{number}")
    os.utime(tree / "full", (1_700_000_000, 1_700_000_000))
    person = Person(work)
    host.tocsin("protect", str(tree))
    host.expect_tree(tree, "protect")
    attacked = Attacked(host, tree)
    return [lambda: set_before(attacked, person), lambda: moved_in_absence(attacked),
            lambda: moved_while_it_walks(host, tree, person), lambda: kept_open(attacked, person)]


lab.run_parts("before", parts)
