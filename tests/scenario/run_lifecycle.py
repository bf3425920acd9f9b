#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trees that come under protection, leave it and come back, and guards that end and start again:
each time the guard has to know every file, and what changed while nobody looked. By the command line.

    run_lifecycle.py [--fs ext4]
"""
import os
import re
import shutil
import subprocess
import time

import lab


def excluding(host, tree):
    host.tocsin("protect", str(tree), "--exclude", "*.tmp")
    host.expect_tree(tree, "protect with --exclude after the path")
    scratch, final = tree / "a.tmp", tree / "a.txt"
    scratch.write_text("written under a name that is left out\n")
    time.sleep(0.5)
    host.tocsin("versions", str(scratch), expect=1)
    scratch.rename(final)
    time.sleep(3)
    host.expect(host.ask("versions", str(final)), "no version of a file that was renamed out of the exclusion")
    final.unlink()
    (tree / "kept.tmp").write_text("left out so far\n")
    host.wait(lambda: host.ask("status")["protected"][0]["pending"] == 0, "what is left out is pending")
    host.end_guard()
    host.tocsin("protect", str(tree), "--exclude", "*.log")  # another than it was guarded with
    host.wait(lambda: host.ask("status")["state"] == "guarding", "it does not guard with another --exclude")
    host.wait(lambda: host.ask("status")["protected"][0]["pending"] == 0, "what is no longer left out is pending")
    host.expect(host.ask("versions", str(tree / "kept.tmp")), "what is no longer left out has no version")
    (tree / "left.log").write_text("left out\n")
    time.sleep(0.5)
    host.tocsin("versions", str(tree / "left.log"), expect=1)
    status = host.ask("status")["protected"][0]
    host.expect((status["pending"], status["objects"] - status["captured"]) == (0, 1), f"one is left out: {status}")
    for name in ("kept.tmp", "left.log"):
        (tree / name).unlink()


def coming_back(host, tree):
    host.tocsin("unprotect", str(tree))
    host.expect(host.ask("status")["state"] == "stopped", "the guard of no tree goes on")
    host.tocsin("protect", str(tree))
    host.expect_tree(tree, "protect again")
    host.tocsin("restore", str(tree), "--at", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 1)))
    host.expect_tree(tree, "restore of a folder")
    host.tocsin("restore", str(tree), "--at", time.strftime("%Y-%m-%d %H:%M", time.gmtime(time.time() + 3600)), expect=1)
    host.end_guard()
    host.tocsin("protect", str(tree))
    host.expect_tree(tree, "restart")
    host.expect(not host.ask("incidents"), f"incidents where nothing happened: {host.ask('incidents')}")


def absence(host, tree):
    before = lab.picture(tree)
    host.end_guard()
    files = sorted(p for p in tree.iterdir() if p.is_file() and not p.is_symlink() and p.stat().st_nlink == 1)
    files[0].unlink()
    files[1].write_bytes(os.urandom(5000))
    files[2].rename(tree / "another name")
    (tree / "new").write_text("new\n")
    host.tocsin("protect", str(tree))
    files[1].read_bytes()
    host.expect_tree(tree, "restart after changes")
    incidents = host.ask("incidents")
    host.expect(len(incidents) == 1, f"{len(incidents)} incidents of one absence")
    found = {k: incidents[0][k] for k in ("objects_changed", "objects_deleted", "objects_created")}
    host.expect(found == {"objects_changed": 2, "objects_deleted": 1, "objects_created": 1},
                f"an absence with other counts: {found}")
    host.tocsin("stop", str(incidents[0]["id"]), expect=1)  # nobody is known whom it could kill
    host.expect(host.ask("incidents") == incidents, "a stop that was refused changed the incident")
    host.tocsin("undo", str(incidents[0]["id"]))
    host.expect(not lab.differences(before, lab.picture(tree)), f"not as before: {lab.differences(before, lab.picture(tree))[:3]}")


def added_beside(host, tree, work):
    """A tree that is protected for the first time at a start that finds what the absence changed."""
    host.end_guard()
    changed = next(p for p in sorted(tree.iterdir()) if p.is_file() and not p.is_symlink() and p.stat().st_nlink == 1)
    content = changed.read_bytes()
    changed.write_bytes(b"changed while no guard ran")
    other = work / "added"
    other.mkdir()
    for number in range(20):
        (other / f"file {number}").write_text(f"of the added tree: {number}\n")
    before = lab.picture(other)
    host.tocsin("protect", str(tree), str(other))
    host.expect_tree(tree, "start with another tree")
    host.expect_tree(other, "protected at a restart")
    found = host.open_incident()
    host.tocsin("undo", str(found))
    host.expect(changed.read_bytes() == content, "an absence that was not undone")
    host.expect(not lab.differences(before, lab.picture(other)), "an undo of an absence took what was added")
    host.tocsin("unprotect", str(other))


def late_disk(host, tree, work):
    """A directory that is another one, or not there, when the guard starts."""
    other, away = work / "late", work / "mounted later"
    other.mkdir()
    (other / "kept").write_text("kept\n")
    host.tocsin("protect", str(other))
    host.tocsin("protect", str(other), str(tree))  # again: nothing to do
    host.tocsin("protect", str(tree), "--exclude", "*.other", expect=1)
    host.expect_tree(other, "a second tree")
    host.end_guard()
    other.rename(away)
    other.mkdir()  # the mount point, without its disk
    host.tocsin("protect", str(tree), str(other), expect=1)
    host.expect("is empty" in host.ask("status")["reason"], f"a disk that is late: {host.ask('status')['reason']}")
    other.rmdir()
    (away / "kept").write_text("changed before it came\n")
    away.rename(other)
    host.wait(lambda: host.ask("status")["state"] == "guarding", "a disk that came late is not guarded")
    host.expect_tree(other, "a disk that came late")
    found = host.open_incident()
    host.expect(found, "what changed before a late disk came is no incident")
    host.tocsin("undo", str(found))
    host.expect((other / "kept").read_text() == "kept\n", "what changed before a late disk came is not undone")
    for _ in range(2):  # another directory in its place: guarded as a new one, and so at the next start
        host.end_guard()
        if not away.exists():
            other.rename(away)
            other.mkdir()
            (other / "new").write_text("of another directory\n")
        host.tocsin("protect", str(tree))
        host.expect_tree(other, "another directory in the place of one that was guarded")
    host.end_guard()
    link = work / "elsewhere now"
    other.rename(link)
    other.symlink_to(link)  # its path leads elsewhere: it is neither guarded there nor forgotten
    host.tocsin("protect", str(tree), expect=1)
    host.expect("leads to" in host.ask("status")["reason"], f"a path that is a link by now: {host.ask('status')['reason']}")
    host.tocsin("unprotect", str(other))
    host.expect(host.ask("status")["state"] != "blind", "an unprotected link is still looked for")
    gone = work / "gone"
    gone.mkdir()
    host.tocsin("protect", str(gone))
    gone.rmdir()
    host.tocsin("unprotect", str(gone))
    host.end_guard()
    host.tocsin("protect", str(tree))
    host.expect([t["path"] for t in host.ask("status")["protected"]] == [str(tree)], "an unprotected tree came back")


def going_on(host, tree, work):
    """An attacker that is only observed goes on after an undo, by programs that it starts then."""
    host.end_guard()
    host.tocsin("protect", str(tree), "--respond", "observe")
    host.expect(host.ask("status")["respond"] == "observe", "status does not say that it only observes")
    before = lab.picture(tree)
    files = sorted(p for p in tree.iterdir() if p.is_file() and not p.is_symlink())
    script = work / "attack.sh"
    script.write_text("overwrite() { head -c 5000 /dev/urandom | tee \"$1\" >/dev/null; }\n"
                      + "".join(f"overwrite '{p}'\n" for p in files[:25])
                      + f"touch '{work}/half'; until [ -e '{work}/go' ]; do sleep 0.05; done\n"
                      + "".join(f"overwrite '{p}'\n" for p in files[25:]))
    attacker = subprocess.Popen(["bash", script], start_new_session=True)
    host.wait(lambda: (work / "half").exists(), "the attacker does not come half way")
    host.wait(lambda: host.open_incident(), "no incident of an attacker that is observed")
    found = host.open_incident()
    host.tocsin("undo", str(found))
    host.expect(not lab.differences(before, lab.picture(tree)), "undo of what is half done")
    host.expect(host.open_incident() is None, "an undone incident is open")
    (work / "go").touch()
    host.expect(attacker.wait(60) == 0, "the attacker did not end")
    host.wait(lambda: host.open_incident() == found, "an actor that goes on after an undo is not told of")
    host.tocsin("undo", str(found))
    host.expect(not lab.differences(before, lab.picture(tree)), f"undo of the rest: {lab.differences(before, lab.picture(tree))[:3]}")
    host.expect(host.open_incident() is None, "an incident that was undone twice is open")
    log = (host.state / "guard.log").read_text().splitlines()
    timed = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ tocsin: .")
    host.expect(all(map(timed.match, log)), f"lines without a time: {[l for l in log if not timed.match(l)][:3]}")
    for sentence in ("the guard has started (process ", "the guard has ended in order", "' is guarded, as ",
                     "' is guarded no more, as ", f"incident {found} is opened, observed: ", f"incident {found}: undo by "):
        host.expect(any(sentence in line for line in log), f"the log has no line '{sentence}'")


def moved_repository(host, tree, work):
    """Versions are never kept in an empty repository beside the one that has the others."""
    elsewhere = work / "disk" / "repository"
    host.end_guard()
    host.tocsin("protect", str(tree), "--repository", str(elsewhere), expect=1)
    host.expect(not elsewhere.parent.exists(), "a refused --repository was made")
    elsewhere.parent.mkdir()
    (host.state / "repository").rename(elsewhere)
    host.tocsin("protect", str(tree), expect=1)  # the disk that is not mounted
    host.expect(not (host.state / "repository").exists(), "an empty repository was made in the place of the old one")
    host.tocsin("protect", str(tree), "--repository", str(elsewhere))
    host.expect(host.ask("check")["ok"], "a repository that was moved is not whole")


def refused(host, tree, work):
    host.tocsin("restore", str(tree), "--at", "2026-01-01", "--to", "", expect=1)
    host.tocsin("unprotect", str(tree), str(work), expect=1)
    host.expect(len(host.ask("status")["protected"]) == 1, "unprotect dropped a tree and failed")
    host.end_guard()
    (work / "elsewhere").mkdir()
    host.tocsin("protect", str(tree), "--repository", str(work / "elsewhere"), expect=1)
    host.tocsin("protect", str(tree), "--reserve", "900T", expect=1)
    shutil.move(tree, work / "moved")
    host.tocsin("protect", str(work / "moved"), expect=1)  # it is, but the guard is blind
    host.expect("not guarded" in host.ask("status")["reason"], "a tree that is gone goes unnoticed")
    host.wait(lambda: any(r.startswith("protection is lost: a protected tree is not guarded") for i in host.ask("incidents")
                          for r in i["reasons"]), "a tree that is gone is no incident", 5)
    host.tocsin("unprotect", str(tree))
    host.expect_tree(work / "moved", "a tree that is gone was dropped")


def held_by_another(host, tree, work):
    """A start that fails leaves what is remembered as it was, and what is remembered can be taken off."""
    host.end_guard()
    remembered = [t["path"] for t in host.ask("status")["protected"]]
    one, other = work / "one", work / "parent" / "held"
    one.mkdir()
    other.mkdir(parents=True)
    (other / "file").write_text("held\n")
    elsewhere = lab.Guard(host.state.parent / "another state", other)
    try:
        elsewhere.wait_until_guarding()
        host.tocsin("protect", str(one), str(other), expect=1)
    finally:
        elsewhere.stop()
    host.expect([t["path"] for t in host.ask("status")["protected"]] == remembered,
                f"a start that failed left {host.ask('status')['protected']}")
    host.tocsin("protect", str(one), str(other))
    host.expect_tree(other, "protected when nobody holds it any more")
    host.end_guard()
    host.tocsin("protect", str(one), str(other.parent), expect=1)  # holds what is remembered
    for path in (one, other):
        host.tocsin("unprotect", str(path))
    host.tocsin("unprotect", str(other), expect=1)
    host.expect([t["path"] for t in host.ask("status")["protected"]] == remembered,
                f"without a guard unprotect left {host.ask('status')['protected']}")
    host.tocsin("protect", str(other.parent))
    host.expect_tree(other.parent, "the parent of what was taken off")
    host.tocsin("unprotect", str(other.parent))


def parts(host, filesystem, work):
    tree = filesystem / "share"
    tree.mkdir()
    lab.make_corpus(tree, 40, 1)
    inside = filesystem / "work"
    inside.mkdir()
    return [lambda: excluding(host, tree), lambda: coming_back(host, tree), lambda: absence(host, tree),
            lambda: added_beside(host, tree, inside), lambda: held_by_another(host, tree, inside),
            lambda: late_disk(host, tree, inside),
            lambda: going_on(host, tree, work), lambda: moved_repository(host, tree, work),
            lambda: refused(host, tree, inside)]


lab.run_parts("lifecycle", parts)
