# SPDX-License-Identifier: Apache-2.0
"""Overwrites the files named on standard input, each opened by its handle while no path of it is cached.

    find . -type f -print0 | by_handle.py FOLDER_OF_THE_SAME_FILE_SYSTEM
"""
import ctypes
import os
import sys
import time

LIBC = ctypes.CDLL(None, use_errno=True)
MOST_BYTES = 128


class Handle(ctypes.Structure):
    _fields_ = [("bytes", ctypes.c_uint), ("type", ctypes.c_int), ("value", ctypes.c_ubyte * MOST_BYTES)]


def handle_of(path):
    handle, mount = Handle(bytes=MOST_BYTES), ctypes.c_int()
    if LIBC.name_to_handle_at(-100, path, ctypes.byref(handle), ctypes.byref(mount), 0) != 0:
        raise OSError(ctypes.get_errno(), "name_to_handle_at")
    return handle


handles = [handle_of(path) for path in sys.stdin.buffer.read().split(b"\0") if path]
anywhere = os.open(sys.argv[1], os.O_RDONLY | os.O_DIRECTORY)
os.sync()
with open("/proc/sys/vm/drop_caches", "w") as caches:
    caches.write("2")
time.sleep(0.2)
for handle in handles:
    file = LIBC.open_by_handle_at(anywhere, ctypes.byref(handle), os.O_RDWR)
    if file < 0:
        raise OSError(ctypes.get_errno(), "open_by_handle_at")
    os.pwrite(file, os.urandom(os.fstat(file).st_size), 0)
    os.close(file)
