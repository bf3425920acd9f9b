# SPDX-License-Identifier: Apache-2.0
"""Process 1 of the test machine: mounts what a system has, runs the steps that it was told, turns the machine off.

It stands for the service manager: what it sends comes from process 1. Each step is a process of its own, so that
none of them is.
"""
import ctypes
import os
import sys
import traceback

MOUNTS = [("proc", "proc", "/proc"), ("sysfs", "sys", "/sys"), ("devtmpfs", "dev", "/dev"), ("tmpfs", "run", "/run"),
          ("tmpfs", "tmp", "/tmp"), ("cgroup2", "cgroup2", "/sys/fs/cgroup"), ("securityfs", "securityfs", "/sys/kernel/security"),
          ("bpf", "bpf", "/sys/fs/bpf"), ("ext4", "/dev/nvme1n1", "/srv"), ("ext4", "/dev/nvme2n1", "/var/lib")]
LIBC = ctypes.CDLL(None, use_errno=True)
RB_POWER_OFF = 0x4321FEDC


def main():
    os.environ.update(PATH="/usr/bin:/usr/sbin", HOME="/root", TOCSIN_BIN="/opt/bin", PYTHONDONTWRITEBYTECODE="1")
    for kind, device, place in MOUNTS:
        if LIBC.mount(device.encode(), place.encode(), kind.encode(), 0, None) != 0:
            print(f"FAIL mount {place}: {os.strerror(ctypes.get_errno())}", flush=True)
    sys.path[:0] = ["/opt/tests/guest", "/opt/tests/scenario"]
    import steps
    steps.run(sys.argv[1:])


try:
    main()
except BaseException:
    print("FAIL", traceback.format_exc().replace("\n", " | "), flush=True)
os.sync()
LIBC.reboot(RB_POWER_OFF)
