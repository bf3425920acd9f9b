#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Attacks on what an undo has just put back: it has to be known again at once, and by its own names, or
the next attack is not seen, or not undone. Each part attacks, stops and undoes at once, and compares.

    run_again.py [--fs ext4]
"""
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import lab
from attacked import Attacked, fill


def one_after_another(again):
    for script in ("rm -rf pipe link empty full f*", "chmod 000 pipe empty f*", "rm -rf full empty",
                   "chmod -R 000 full f* empty", "rm -rf f*", "chmod 000 f*", "rm -rf f*", "chown 99 f*",
                   "rm -rf f*", "for f in f*; do head -c 3000 /dev/urandom > $f; done"):
        again.undo(again.attack(script), script)


def known_by_its_names(again, work):
    host, tree = again.host, again.tree
    again.undo(again.attack("rm -rf pipe link empty full f*"), "everything removed")
    host.expect_tree(tree, "put back")
    host.tocsin("restore", str(tree), "--at", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 1)),
                "--to", str(work / "copy"))
    again.expect_as_before(next((work / "copy").rglob(tree.name)), "restore --to of what was put back")
    known = len(host.ask("incidents"))
    host.end_guard()
    host.tocsin("protect", str(tree))
    host.expect_tree(tree, "restart after an undo")
    host.expect(len(host.ask("incidents")) == known, f"an undo looks like an absence: {host.ask('incidents')[-1]['reasons']}")


def after_a_restart(again):
    number = again.attack("rm -rf full")
    again.host.end_guard()
    again.host.tocsin("protect", str(again.tree))
    again.host.expect_tree(again.tree, "restart in an attack")
    again.undo(number, "undo after a restart")


def ended_and_undone(again):
    number = again.attack("rm -rf f*")
    again.undo(number, "an incident that is released later")
    again.host.tocsin("release", str(number))
    state = next(i["state"] for i in again.host.ask("incidents") if i["id"] == number)
    again.host.expect(state == "undone", f"release of who is gone makes an undone incident {state}")


def another_gets_its_number(again):
    """Nobody is denied for the number of who was frozen and is gone."""
    last = Path("/proc/sys/kernel/ns_last_pid")
    if not last.exists():
        print("left out: this kernel lets nobody choose a process's number")
        return
    host, tree = again.host, again.tree
    number = again.attack("perl -e 'unlink glob \"f*\"; sleep 30'")
    host.wait(lambda: any(i["id"] == number and i["state"] == "contained" for i in host.ask("incidents")), "not frozen")
    frozen = [p for i in host.ask("incidents") if i["id"] == number for p in i["actor"]["pids"]]
    for pid in frozen:
        os.kill(pid, signal.SIGKILL)
    while any(os.path.exists(f"/proc/{pid}") for pid in frozen):
        subprocess.run(["sleep", "0.1"], check=True)  # the module waits for its children when it begins another
    tried = sum(opens_with_number(last, pid, tree / "full" / "f1", host) for pid in frozen for _ in range(20))
    host.expect(tried > 0, f"nobody could be given one of the numbers {frozen}")
    again.undo(number, "who was frozen and killed")


def opens_with_number(last, pid, path, host):
    """Whether a process got that number; what it opens must not be denied."""
    last.write_text(str(pid - 1))
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if os.getpid() != pid or path.read_bytes() else 1)
        except OSError:
            os._exit(1)
    status = os.waitpid(child, 0)[1]
    host.expect(status == 0, f"the next process {pid} is denied an open")
    return child == pid


def made_long_before(again):
    """What a destroyer made before its first damage is its own as well."""
    again.undo(again.attack("perl -e 'open F, \">loot\"; print F \"all of it\" x 1000; close F; sleep 12; "
                            "unlink glob \"f*\"; sleep 1'", 20), "an archive, and deletion later")


def by_another(again, work):
    """Who writes to a damaged file, and attacks when the first attack is undone, brings no damage back."""
    host, tree = again.host, again.tree
    first = again.attack("for f in f*; do head -c 3000 /dev/urandom > $f; done")
    flag = work / "go on"
    known = {i["id"] for i in host.ask("incidents")}
    second = subprocess.Popen(["perl", "-e", f"""$| = 1; open F, ">>{tree}/f0"; select F; $| = 1; print F "more";
        select undef, undef, undef, 0.05 until -e "{flag}"; print F "and more"; close F;
        unlink glob "{tree}/full/f*"; sleep 1"""], start_new_session=True)
    time.sleep(0.5)
    host.tocsin("stop", str(first))
    host.ask("undo", str(first))
    in_use = tree / "f0.still-in-use"
    host.expect(in_use.exists(), "what another has open is not kept")
    flag.touch()
    host.wait(lambda: any(i["id"] not in known for i in host.ask("incidents")), "no incident of the second")
    number = max(i["id"] for i in host.ask("incidents"))
    host.tocsin("stop", str(number))
    second.wait()
    host.ask("undo", str(number))
    in_use.unlink()
    os.utime(tree, (1_700_000_000, 1_700_000_000))
    again.expect_as_before(tree, "undo of who wrote to a damaged file")
    time.sleep(0.5)
    again.undo(again.attack("rm -rf full f*"), "everything removed, after that")


def moved_out(host, filesystem):
    """A folder that leaves the tree takes what is in it along."""
    tree, elsewhere = filesystem / "share", filesystem / "elsewhere"
    elsewhere.mkdir()
    (tree / "docs" / "sub").mkdir(parents=True)
    for number in range(280):
        (tree / "docs" / ("sub" if number % 2 else "") / f"d{number}").write_text(f"document {number}\n" * 20)
    host.tocsin("protect", str(tree))
    host.expect_tree(tree, "a tree that a folder will leave")
    again = Attacked(host, tree)
    for script in (f"mv docs '{elsewhere}/taken'",
                   f"""perl -e 'chmod 0700, "docs/sub"; rename "docs/sub", "docs/called";
                       rename "docs", "{elsewhere}/again"; sleep 1'""",
                   f"""perl -e 'mkdir "stash"; rename "docs", "stash/docs"; rename "stash", "{elsewhere}/stashed";
                       sleep 1'""",
                   f"""perl -e 'rename "docs", "{elsewhere}/some"; rename "{elsewhere}/some/d0", "copy";
                       rename "{elsewhere}/some/sub", "sub"; sleep 1'""",
                   f"""perl -e 'rename "docs", "{elsewhere}/back"; rename "{elsewhere}/back", "docs";
                       unlink glob "docs/sub/*"; sleep 1'"""):
        number = again.attack(script)
        if number is not None:
            time.sleep(0.5)
            host.ask("undo", str(number))
            again.expect_as_before(tree, f"undo of: {script}")
    shutil.rmtree(elsewhere)  # outside of the tree: nobody's business
    known = len(host.ask("incidents"))
    host.end_guard()
    host.tocsin("protect", str(tree))
    host.expect_tree(tree, "restart after a folder was moved out")
    host.expect(len(host.ask("incidents")) == known, f"what had left looks deleted: {host.ask('incidents')[-1]['reasons']}")


def parts(host, filesystem, work):
    tree = filesystem / "again"
    fill(tree)
    host.tocsin("protect", str(tree))
    host.expect_tree(tree, "protect")
    again = Attacked(host, tree)
    return [lambda: after_a_restart(again), lambda: one_after_another(again),
            lambda: known_by_its_names(again, work), lambda: after_a_restart(again),
            lambda: ended_and_undone(again), lambda: another_gets_its_number(again), lambda: made_long_before(again), lambda: by_another(again, work),
            lambda: moved_out(host, filesystem)]


lab.run_parts("again", parts)
