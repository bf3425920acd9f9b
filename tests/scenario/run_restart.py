#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What people do while a restarted guard still compares the tree with its journal is theirs, and what moves
meanwhile keeps what the absence did to it; what a first walk had not come by when it was cut short is nobody's
making, and what is mounted in the tree is no gap in it. The walk is held by a tracer in the middle of the tree: some
folders have been listed, others not.

    run_restart.py [--fs ext4]
"""
import ctypes
import os
import shutil
import subprocess
import time
from pathlib import Path

import lab

PTRACE_DETACH, PTRACE_SYSCALL, PTRACE_SEIZE, PTRACE_INTERRUPT = 17, 24, 0x4206, 0x4207
WAIT_ALL, O_PATH = 0x40000000, 0o10000000
FOLDERS, FILLING, LISTED = 100, 40, 30


def fill(tree):
    """Folders that have the same in them: which of them the held walk has listed shows only then."""
    tree.mkdir(exist_ok=True)
    for number in range(FOLDERS):
        folder = tree / f"d{number}"
        for inner in ("D", "E", "F", "mounted"):
            (folder / inner).mkdir(parents=True)
            for name in ("doc", "plain"):
                (folder / inner / name).write_text(f"{folder.name} {inner} {name}\n" * 40)
        for name in ("keep", "moving", "gone", *(f"f{i}" for i in range(FILLING))):
            (folder / name).write_text(f"{folder.name} {name}\n" * 40)


class HeldWalk:
    """The guard's walker thread, led from system call to system call until it has listed some of the folders."""

    def __init__(self, pid, tree):
        self.thread = None
        order = [entry.name for entry in os.scandir(tree)]
        until = time.monotonic() + 20
        while self.thread is None and time.monotonic() < until:
            self.thread = next((int(t) for t in os.listdir(f"/proc/{pid}/task") if name_of(pid, t) == "walker"), None)
        lab.LIBC.ptrace(PTRACE_SEIZE, self.thread, None, None)
        lab.LIBC.ptrace(PTRACE_INTERRUPT, self.thread, None, None)
        os.waitpid(self.thread, WAIT_ALL)
        at = -1
        while at < LISTED and time.monotonic() < until:
            for _ in range(50):
                lab.LIBC.ptrace(PTRACE_SYSCALL, self.thread, None, None)
                os.waitpid(self.thread, WAIT_ALL)
            at = max((order.index(n) for n in folders_open(pid, tree) if n in order), default=-1)
        if not LISTED <= at < len(order) - LISTED:
            raise AssertionError(f"the walk was not caught in the middle of the tree: at {at} of {len(order)}")
        time.sleep(1)  # what was found so far has been compared
        self.listed = [tree / n for n in order[:at - 8] if n.startswith("d")]
        self.unlisted = [tree / n for n in order[at + 8:] if n.startswith("d")]

    def go_on(self):
        lab.LIBC.ptrace(PTRACE_DETACH, self.thread, None, None)

    def kill(self, guard):
        guard.process.kill()
        os.waitpid(self.thread, WAIT_ALL)  # its tracer has to, before the guard has ended
        guard.process.wait()


def name_of(pid, thread):
    try:
        return Path(f"/proc/{pid}/task/{thread}/comm").read_text().strip()
    except OSError:
        return ""


def folders_open(pid, tree):
    """Those open for reading: while the tree itself is listed, what is in it is opened by O_PATH."""
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            path = Path(os.readlink(f"/proc/{pid}/fd/{fd}"))
            flags = int(Path(f"/proc/{pid}/fdinfo/{fd}").read_text().split("flags:")[1].split()[0], 8)
        except OSError:
            continue
        if path.parent == tree and not flags & O_PATH:
            yield path.name


def damage(tree):
    """What the absence does, in each folder the same."""
    for folder in tree.glob("d*"):
        (folder / "D" / "doc").write_text("encrypted\n")
        (folder / "D" / "doc").rename(folder / "D" / "doc.locked")
        (folder / "D" / "plain").write_text("encrypted\n")
        (folder / "F").rename(folder / "F1")


def restart(host, tree, filesystem_is_tree):
    fill(tree)
    guard = lab.Guard(host.state, tree)
    guard.wait_until_guarding()
    guard.stop()
    damage(tree)
    hidden = tree / "d0" / "mounted"
    subprocess.run(["mount", "-t", "tmpfs", "none", hidden], check=True)
    guard = lab.Guard(host.state, tree)
    walk = HeldWalk(guard.process.pid, tree)
    old, new = walk.listed, walk.unlisted
    made = new[0] / "made"
    made.mkdir()
    (made / "work").write_text("a person's\n")
    (made / "link").symlink_to("work")
    (old[0] / "keep").rename(new[1] / "kept")
    (new[2] / "D").rename(old[1] / "D2")
    (new[3] / "moving").rename(old[2] / "moved")
    (new[4] / "F1").rename(new[4] / "F2")
    shutil.rmtree(old[3] / "E")
    if filesystem_is_tree:  # else nobody can tell it from the absence's
        (new[5] / "gone").unlink()
    walk.go_on()
    guard.wait_until_guarding()
    incidents = guard.ask("incidents")
    counts = [(i["objects_created"], i["objects_deleted"]) for i in incidents]
    host.expect(counts == [(0, 0)], f"created and deleted by the absence: {counts}, not [(0, 0)]")
    report = host.ask("undo", str(incidents[0]["id"]))
    host.expect(report["failed"] == 0, f"undo of the absence: {report}")
    for path, text in ((made / "work", "a person's\n"), (made / "link", "a person's\n"),
                       (new[1] / "kept", f"{old[0].name} keep\n" * 40),
                       (old[2] / "moved", f"{new[3].name} moving\n" * 40),
                       *((old[1] / "D2" / n, f"{new[2].name} D {n}\n" * 40) for n in ("doc", "plain")),
                       *((new[6] / "D" / n, f"{new[6].name} D {n}\n" * 40) for n in ("doc", "plain"))):
        host.expect(path.exists() and path.read_text() == text, f"{path} is not what it was")
    for path in (old[0] / "keep", new[3] / "moving", new[2] / "D", old[3] / "E", old[1] / "D2" / "doc.locked",
                 new[4] / "F1"):
        host.expect(not path.exists(), f"{path} is there")
    host.expect((new[4] / "F").exists() != (new[4] / "F2").exists(), "the folder that was renamed twice has not one name")
    guard.wait_until_guarding()
    guard.stop()
    subprocess.run(["umount", hidden], check=True)
    guard = lab.Guard(host.state, tree)
    guard.wait_until_guarding()
    new_ones = [i["reasons"] for i in guard.ask("incidents")[1:]]
    host.expect(not new_ones, f"a further restart tells {new_ones}, and nothing had changed")
    guard.stop()


def cut_short(host, tree):
    """A guard that is killed in its first walk: what it had not come by was there."""
    fill(tree)
    before = lab.picture(tree)
    guard = lab.Guard(host.state, tree)
    HeldWalk(guard.process.pid, tree).kill(guard)
    guard = lab.Guard(host.state, tree)
    guard.wait_until_guarding()
    told = [(i["id"], i["reasons"]) for i in guard.ask("incidents")]
    host.expect(not told, f"after a walk that was cut short: {told}")
    guard.stop()
    guard = absence_after(host, tree, "once the tree was known")
    host.ask("undo", str(guard.ask("incidents")[0]["id"]))
    left = lab.differences(before, lab.picture(tree), ignore=("mtime",))
    host.expect(not left, f"undo of what was made in the absence: {left[:3]}")
    guard.stop()


def absence_after(host, tree, when):
    """One file is made while no guard runs: whose it is was known before."""
    (tree / "d0" / "new").write_text("made while nobody looked\n")
    guard = lab.Guard(host.state, tree)
    guard.wait_until_guarding()
    counts = [(i["objects_created"], i["objects_deleted"]) for i in guard.ask("incidents")]
    host.expect(counts == [(1, 0)], f"created and deleted {when}: {counts}")
    return guard


def foreign_mount(host, tree):
    """What has no handles is mounted in the tree: no gap in the walk, for it is another file system."""
    fill(tree)
    for name in ("foreign", "upper", "lower"):
        (tree / name).mkdir()
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", f"lowerdir={tree}/upper:{tree}/lower", tree / "foreign"],
                   check=True)
    guard = lab.Guard(host.state, tree)
    guard.wait_until_guarding()
    guard.stop()
    absence_after(host, tree, "beside a mount").stop()
    subprocess.run(["umount", tree / "foreign"], check=True)


def parts(host, filesystem, work):
    lab.LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]

    def folder():
        restart(host, filesystem / "share", False)

    def whole():
        host.state = work / "state-of-all"
        shutil.rmtree(filesystem / "share")
        restart(host, filesystem, True)

    def known_in_part():
        host.state = work / "state-of-part"
        cut_short(host, filesystem / "other")

    def beside_a_mount():
        host.state = work / "state-of-mount"
        foreign_mount(host, filesystem / "third")

    return [folder, whole, known_in_part, beside_a_mount]


lab.run_parts("restart", parts)
