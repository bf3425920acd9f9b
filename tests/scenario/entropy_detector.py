#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A detector as many are built: it looks at how random closed files are and how fast files go, and kills. It keeps
nothing. Guards are compared with it (run_baselines.py).

    entropy_detector.py MOUNT

The whole file system is watched by fanotify. A session that closes 10 files of more than 7.5 bits a
byte, or deletes or renames 20 names, within 10 seconds is killed, and one line says so.
"""
import collections
import ctypes
import math
import os
import select
import signal
import struct
import sys
import time

FAN_CLASS_NOTIF, FAN_UNLIMITED_QUEUE, FAN_REPORT_DFID_NAME = 0x0, 0x10, 0x0C00
FAN_CLOSE_WRITE, FAN_MOVED_FROM, FAN_DELETE = 0x8, 0x40, 0x200
FAN_MARK_ADD, FAN_MARK_FILESYSTEM = 0x1, 0x100
METADATA = struct.Struct("=IBBHQii")  # fanotify_event_metadata: length, version, reserved, its size, mask, fd, pid
AT_FDCWD = -100
LIBC = ctypes.CDLL(None, use_errno=True)

WINDOW, SEALED_FILES, LOST_NAMES, BITS_A_BYTE = 10.0, 10, 20, 7.5


def watch(folder, flags, mask):
    group = LIBC.fanotify_init(FAN_CLASS_NOTIF | FAN_UNLIMITED_QUEUE | flags, os.O_RDONLY | os.O_LARGEFILE)
    marked = group >= 0 and LIBC.fanotify_mark(group, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, ctypes.c_uint64(mask),
                                               AT_FDCWD, os.fsencode(folder)) == 0
    if not marked:
        raise SystemExit(f"fanotify: {os.strerror(ctypes.get_errno())}")
    return group


def events(group):
    """(file descriptor, pid) of each that one read gives."""
    data = os.read(group, 65536)
    while data:
        length, _, _, _, _, descriptor, pid = METADATA.unpack_from(data)
        yield descriptor, pid
        data = data[length:]


def bits_a_byte(descriptor):
    """Shannon's entropy of the first 64 KiB."""
    data = os.pread(descriptor, 65536, 0)
    counts = collections.Counter(data).values()
    return -sum(n / len(data) * math.log2(n / len(data)) for n in counts) if data else 0.0


class Sessions:
    """What each session did within the last seconds."""

    def __init__(self):
        self.done = collections.defaultdict(collections.deque)

    def count(self, pid, what, limit):
        try:
            session = os.getsid(pid)
        except ProcessLookupError:
            return
        times, now = self.done[session, what], time.monotonic()
        times.append(now)
        while times[0] < now - WINDOW:
            times.popleft()
        if len(times) >= limit and session != os.getsid(0):
            kill(session)
            print(f"killed session {session}: {limit} {what}", flush=True)
            times.clear()


def kill(session):
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.getsid(int(process)) == session:
                os.kill(int(process), signal.SIGKILL)
        except ProcessLookupError:
            continue


def main():
    closed = watch(sys.argv[1], 0, FAN_CLOSE_WRITE)
    lost = watch(sys.argv[1], FAN_REPORT_DFID_NAME, FAN_DELETE | FAN_MOVED_FROM)
    sessions = Sessions()
    print("watching", flush=True)
    while True:
        for group in select.select([closed, lost], [], [])[0]:
            for descriptor, pid in events(group):
                if group == lost:
                    sessions.count(pid, "names lost", LOST_NAMES)
                    continue
                if bits_a_byte(descriptor) > BITS_A_BYTE:
                    sessions.count(pid, "sealed files", SEALED_FILES)
                os.close(descriptor)


main()
