#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The guard on Debian's stock kernel, in a machine of its own: what only the BPF LSM gives, and what holds without
pre-content events. Some minutes, since nothing but the processor is emulated, and that slowly."""
import argparse
import shutil
import signal
import sys

sys.dont_write_bytecode = True
import machine  # noqa: E402
import lab  # noqa: E402  (machine.py says where it is)

SECONDS = 900


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fetch", action="store_true", help="get the kernel from Debian's archive first")
    parser.add_argument("--verbose", action="store_true", help="show all of the console")
    parser.add_argument("step", nargs="*", help="only these")
    options = parser.parse_args()
    if options.fetch and not machine.find_kernel():
        machine.fetch_kernel()
    if reason := machine.why_none():
        print("skipped:", reason)
        sys.exit(77)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # cleans up
    work = lab.temporary("guest")
    guest, failed, ended = None, 0, False
    try:
        guest = machine.Machine(work, machine.find_kernel())
        for line in guest.run(options.step, SECONDS):
            failed += line.startswith("FAIL")
            ended |= line.startswith("end of steps")
            if options.verbose or line.startswith(("ok", "FAIL", "skip", "kernel", "end of steps")):
                print(line, flush=True)
    finally:
        if guest:
            guest.close()
        shutil.rmtree(work, ignore_errors=True)
    sys.exit(0 if ended and not failed else 1)


if __name__ == "__main__":
    main()
