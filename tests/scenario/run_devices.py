#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Nobody writes to the device below a protected tree, or to a loop device over a protected file, but in a
maintenance window; whoever reads, and whoever uses another device, is not disturbed.

    run_devices.py [--fs ext4]
"""
import ctypes
import errno
import fcntl
import os
import stat
import struct
import subprocess
import sys
import time
from pathlib import Path

import lab

SYS_OPENAT2 = 437
AT_FDCWD = -100
LOOP_SET_FD, LOOP_CLR_FD, LOOP_CTL_GET_FREE = 0x4C00, 0x4C01, 0x4C82


def run(*words):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=60,
                          stdin=subprocess.DEVNULL)


def open_by_openat2(path, flags):
    how = ctypes.create_string_buffer(struct.pack("QQQ", flags, 0, 0), 24)
    fd = lab.LIBC.syscall(SYS_OPENAT2, AT_FDCWD, os.fsencode(path), how, 24)
    if fd < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return fd


def error_of_open(path, flags=os.O_RDWR, by=os.open):
    """0 where it could be opened, else the errno."""
    try:
        os.close(by(path, flags))
        return 0
    except OSError as problem:
        return problem.errno


def attach_by_own_descriptor(file):
    """The descriptor of a loop device, open since before the file was attached to it."""
    with open("/dev/loop-control", "rb") as control:
        while True:
            loop = os.open(f"/dev/loop{fcntl.ioctl(control, LOOP_CTL_GET_FREE)}", os.O_RDWR)
            try:
                fcntl.ioctl(loop, LOOP_SET_FD, file)
                return loop
            except OSError as problem:
                os.close(loop)
                if problem.errno != errno.EBUSY:  # somebody else has taken it meanwhile
                    raise


def attach(image):
    done = run("losetup", "--find", "--show", image)
    return done.stdout.strip() if done.returncode == 0 else sys.exit(f"losetup: {done.stderr}")


class Case:
    def __init__(self, host, filesystem, work):
        self.host, self.filesystem, self.work = host, filesystem, work
        self.image = work / "image"
        self.device = run("losetup", "--noheadings", "--output", "NAME", "--associated",
                          self.image).stdout.split()[0]
        self.kind = run("findmnt", "-no", "FSTYPE", filesystem).stdout.strip()
        self.tree = filesystem / "office"
        self.tree.mkdir()
        lab.make_corpus(self.tree, 60, 4)
        self.victim = self.tree / "victim.img"
        self.victim.write_bytes(os.urandom(4 << 20))
        os.sync()
        self.before = lab.picture(self.tree)
        host.tocsin("protect", self.tree)
        host.expect_tree(self.tree, "protect")

    def expect_untouched(self, when):
        for sentence in lab.differences(self.before, lab.picture(self.tree)):
            self.host.expect(False, f"{when}: {sentence}")

    def line(self):
        return self.host.ask("status")["invariants"]["block_devices_are_guarded"]

    def writers_are_refused(self):
        device, expect = self.device, self.host.expect
        head = Path(device).open("rb").read(4096)
        for words in (["mkfs.ext4", "-q", "-F", "-F", device], ["mkfs.xfs", "-f", device], ["wipefs", "-a", device],
                      ["blkdiscard", "-f", device], ["blkdiscard", "-z", device],
                      ["dd", "if=/dev/zero", f"of={device}", "bs=4096", "count=8", "conv=notrunc"],
                      ["shred", "-n1", device], ["losetup", "--find", "--show", device]):
            done = run(*words)
            expect(done.returncode != 0, f"{' '.join(words)} was let through: {done.stdout}")
        for name, by in (("open", os.open), ("openat2", open_by_openat2)):
            for flags in (os.O_RDWR, os.O_WRONLY, os.O_RDWR | os.O_EXCL):
                found = error_of_open(device, flags, by)
                expect(found == errno.EPERM, f"{name} with {flags:o}: {errno.errorcode.get(found, found)}")
        another = self.work / "node"
        os.mknod(another, 0o600 | stat.S_IFBLK, os.stat(device).st_rdev)
        expect(error_of_open(another) == errno.EPERM, "another node of the device was let through")
        another.unlink()
        expect(Path(device).open("rb").read(4096) == head, "the device's head has changed")
        self.expect_untouched("after writers")
        line = self.line()
        expect(line["holds"] and Path(device).name in line["reason"], f"status: {line}")

    def readers_pass(self):
        device = self.device
        for words in (["dd", f"if={device}", "of=/dev/null", "bs=1M", "count=8"], ["blkid", "-p", device],
                      ["lsblk", device], ["losetup", device], ["blockdev", "--getsize64", device],
                      ["fstrim", self.filesystem], ["mount", "-o", "remount", self.filesystem]):
            done = run(*words)
            self.host.expect(done.returncode == 0, f"{' '.join(map(str, words))}: {done.stderr}")
        self.host.expect(error_of_open(device, os.O_RDONLY, open_by_openat2) == 0, "openat2 for reading")

    def refusals_are_told(self):
        self.host.wait(lambda: self.told("shred"), "no incident names shred")
        for command in ("mkfs", "wipefs", "blkdiscard", "dd", "shred"):
            found = self.told(command)
            self.host.expect(found, f"no incident names {command}")
            for one in found:
                self.host.expect(one["state"] == "observed" and one["actor"]["user"] in ("root", "#0")
                                 and Path(self.device).name in one["reasons"][0], f"{command}: {one}")
        known = len(self.host.ask("incidents"))
        for _ in range(200):
            error_of_open(self.device)
        time.sleep(0.3)
        self.host.expect(len(self.host.ask("incidents")) <= known + 1, "each refusal became an incident")

    def told(self, command):
        return [i for i in self.host.ask("incidents") if command in i["actor"]["command"] and i["reasons"]
                and "device" in i["reasons"][0]]

    def loop_over_a_protected_file(self):
        expect = self.host.expect
        elsewhere = self.work / "elsewhere"
        elsewhere.mkdir()
        run("mount", "--bind", self.tree, elsewhere)
        for name in (self.victim, elsewhere / self.victim.name):
            loop = attach(name)
            try:
                # Some tenths of a millisecond after it is attached; on a busy machine some milliseconds.
                self.host.wait(lambda loop=loop: error_of_open(loop) != 0, f"{name}'s loop is not refused")
                done = run("dd", "if=/dev/zero", f"of={loop}", "bs=4096", "count=8", "conv=notrunc")
                expect(done.returncode != 0 and "not permitted" in done.stderr, f"dd to {name}'s loop: {done}")
                expect(run("mkfs.ext4", "-q", "-F", loop).returncode != 0, f"mkfs on the loop device of {name}")
                expect(run("dd", f"if={loop}", "of=/dev/null").returncode == 0, "reading the loop device")
            finally:
                run("losetup", "--detach", loop)
            self.host.wait(lambda loop=loop: error_of_open(loop) == 0, "a loop device that is free again is refused")
        self.host.wait(lambda: run("umount", elsewhere).returncode == 0, "the bind mount stays busy")  # a capture ends
        self.expect_untouched("after loop devices over the victim")

    def loop_by_its_own_descriptor(self):
        """Who attaches the file can write by the descriptor that he has: what it held before is kept."""
        before = self.victim.read_bytes()
        backing = os.open(self.victim, os.O_RDWR)
        loop = attach_by_own_descriptor(backing)
        os.close(backing)
        os.write(loop, bytes(65536))
        os.fsync(loop)
        fcntl.ioctl(loop, LOOP_CLR_FD)
        os.close(loop)
        self.host.wait(lambda: len(self.host.ask("versions", self.victim)) > 1, "the change became no version")
        versions = self.host.ask("versions", self.victim)
        self.host.tocsin("restore", self.victim, "--version", str(min(v["version"] for v in versions)))
        self.host.expect(self.victim.read_bytes() == before, "what the file held before is lost")
        self.host.expect_tree(self.tree, "restore")
        self.before = lab.picture(self.tree)

    def other_devices_are_free(self):
        image = self.work / "other"
        place = self.work / "other-mnt"
        place.mkdir()
        with image.open("wb") as file:
            file.truncate(64 << 20)
        loop = attach(image)
        try:
            for words in (["mkfs.ext4", "-q", "-F", loop], ["mount", loop, place], ["umount", place],
                          ["tune2fs", "-L", "other", loop], ["wipefs", "-a", loop]):
                done = run(*words)
                self.host.expect(done.returncode == 0, f"{' '.join(map(str, words))}: {done.stderr}")
        finally:
            run("umount", place)
            run("losetup", "--detach", loop)

    def second_device_of_a_btrfs(self):
        if self.kind != "btrfs":
            return
        image = self.work / "second-image"
        with image.open("wb") as file:
            file.truncate(512 << 20)
        loop = attach(image)
        try:
            done = run("btrfs", "device", "add", loop, self.filesystem)
            self.host.expect(done.returncode == 0, f"btrfs device add: {done.stderr}")
            self.host.wait(lambda: error_of_open(loop) == errno.EPERM, "a second device is not guarded", 4)
            self.host.expect(error_of_open(self.device) == errno.EPERM, "the first device is free")
            done = run("btrfs", "device", "remove", loop, self.filesystem)
            self.host.expect(done.returncode == 0, f"btrfs device remove: {done.stderr}")
            self.host.wait(lambda: error_of_open(loop) == 0, "a device that was removed is guarded", 4)
        finally:
            run("losetup", "--detach", loop)

    def maintenance(self):
        host, device = self.host, self.device
        status = host.ask("protect", "--allow-device-writes", "60s")
        host.expect(not status["invariants"]["block_devices_are_guarded"]["holds"], "an open window is not told")
        host.expect(error_of_open(device) == 0, "writing is refused in a window")
        if self.kind == "ext4":
            done = run("tune2fs", "-L", "kept", device)
            host.expect(done.returncode == 0, f"tune2fs in a window: {done.stderr}")
        host.tocsin("protect", "--allow-device-writes", "0")
        host.expect(error_of_open(device) == errno.EPERM, "writing is allowed after the window was closed")
        host.tocsin("protect", "--allow-device-writes", "1s")
        host.wait(lambda: error_of_open(device) == errno.EPERM, "a window does not close by itself", 5)
        for wrong in ("soon", "25h", "-1s"):
            host.tocsin("protect", f"--allow-device-writes={wrong}", expect=1 if wrong == "25h" else 2)
        self.expect_untouched("after maintenance")

    def killed_and_started_again(self):
        guard = self.host.ask("status")["guard_pid"]
        os.kill(guard, 9)
        self.host.wait(lambda: self.is_guarding_again(guard), "the guard is not started again", 30)
        self.host.expect(error_of_open(self.device) == errno.EPERM, "writing is allowed after a restart")

    def is_guarding_again(self, before):
        done = subprocess.run([lab.bin_dir() / "tocsin", "--state", self.host.state, "status", "--json"],
                              capture_output=True, text=True)
        return done.returncode == 0 and '"guarding"' in done.stdout and f'"guard_pid":{before},' not in done.stdout

    def free_when_nothing_is_protected(self):
        second = self.filesystem / "second"
        second.mkdir()
        self.host.tocsin("protect", second)
        self.host.tocsin("unprotect", self.tree)
        self.host.expect(error_of_open(self.device) == errno.EPERM, "another tree lies on the device")
        self.host.tocsin("unprotect", second)
        self.host.wait(lambda: self.host.ask("status")["state"] == "stopped", "the guard has not ended")
        self.host.expect(error_of_open(self.device) == 0, "writing is refused after the guard has ended")
        self.expect_untouched("at the end")

    def the_file_system_stands(self):
        self.host.wait(lambda: run("umount", self.filesystem).returncode == 0, "the file system stays busy")
        self.host.wait(lambda: not run("losetup", "--associated", self.image).stdout, "its device stays attached")
        check = {"ext4": ["e2fsck", "-fn", self.image], "xfs": ["xfs_repair", "-n", "-f", self.image],
                 "btrfs": ["btrfs", "check", "--readonly", self.image]}[self.kind]
        done = run(*check)
        self.host.expect(done.returncode == 0, f"{check[0]}: {done.stdout[-500:]}{done.stderr[-500:]}")

    def identity(self):
        return [run("blkid", "-p", "-o", "value", "-s", tag, self.image).stdout.strip() for tag in ("TYPE", "UUID")]

    def headers_come_back(self):
        """What wipes the head of the device leaves the data: the repository has the head."""
        name = Path(self.device).name
        known = self.identity()
        with open(self.image, "r+b") as device:
            device.write(bytes(1 << 20))
        self.host.expect(run("blkid", "-p", self.image).stdout == "", "the head is not wiped")
        back = self.work / "back"
        done = run("restic", "-r", self.host.state / "repository", "--password-file",
                   self.host.state / "repository-password", "--no-cache", "restore", "latest", "--include",
                   "/.tocsin/devices", "--target", back)
        self.host.expect(done.returncode == 0, f"restic restore: {done.stderr}")
        kept = sorted((back / ".tocsin/devices").glob(f"{name}.at-*"))
        self.host.expect(len(kept) == 2, f"kept are {kept}")
        for part in kept:
            offset = int(part.name.split(".at-")[1])
            run("dd", f"if={part}", f"of={self.image}", "bs=64K", "oflag=seek_bytes", f"seek={offset}", "conv=notrunc")
        self.host.expect(known and self.identity() == known, f"{known} became {self.identity()}")
        if self.kind == "ext4":
            done = run("e2fsck", "-fy", self.image)
            self.host.expect(done.returncode in (0, 1), f"e2fsck: {done.stdout[-500:]}")
            run("mount", "-o", "loop", self.image, self.filesystem)
            self.expect_untouched("after the head was wiped and put back")
            run("umount", self.filesystem)


def parts(host, filesystem, work):
    case = Case(host, filesystem, work)
    if not case.line()["holds"]:
        print("skipped: " + case.line()["reason"])
        host.close()
        run("umount", "-l", filesystem)
        sys.exit(77)
    return [case.writers_are_refused, case.readers_pass, case.refusals_are_told, case.loop_over_a_protected_file,
            case.loop_by_its_own_descriptor, case.other_devices_are_free, case.second_device_of_a_btrfs,
            case.maintenance, case.killed_and_started_again, case.free_when_nothing_is_protected,
            case.the_file_system_stands, case.headers_come_back]


lab.run_parts("devices", parts)
