# SPDX-License-Identifier: Apache-2.0
"""When nobody asks a guard before the files of a file system are opened: seen from outside, by its marks."""
import os
import threading
import time
from pathlib import Path

FAN_OPEN_PERM = 0x10000


class GapWatch(threading.Thread):
    """Looks every 2 ms; `at_gap` is done at the beginning of each gap. `guards` gives the process ids of guards."""

    def __init__(self, filesystem, guards, at_gap=lambda: None):
        super().__init__(daemon=True)
        self.guards, self.at_gap = guards, at_gap
        device = os.stat(filesystem).st_dev
        self.mark = f"fanotify sdev:{os.major(device) << 20 | os.minor(device):x} "
        self.group, self.gaps, self.began, self.runs = None, [], None, True

    def is_gated(self):
        if self.group and self.holds(self.group):
            return True
        self.group = next((g for pid in self.guards() for g in self.groups(pid) if self.holds(g)), None)
        return self.group is not None

    def groups(self, pid):
        try:
            return [f"/proc/{pid}/fdinfo/{fd}" for fd in os.listdir(f"/proc/{pid}/fd")
                    if "fanotify" in os.readlink(f"/proc/{pid}/fd/{fd}")]
        except OSError:
            return []

    def holds(self, group):
        try:
            lines = Path(group).read_text().splitlines()
        except OSError:
            return False
        masks = [line.split(" mask:")[1].split()[0] for line in lines if line.startswith(self.mark)]
        return any(int(mask, 16) & FAN_OPEN_PERM for mask in masks)

    def run(self):
        while self.runs:
            gated, now = self.is_gated(), time.monotonic()
            if not gated and self.began is None:
                self.began = now
                self.at_gap()
            elif gated and self.began is not None:
                self.gaps.append(now - self.began)
                self.began = None
            time.sleep(0.002)

    def finish(self):
        """The seconds of each gap; one that is not over counts until now."""
        self.runs = False
        self.join()
        return self.gaps + ([time.monotonic() - self.began] if self.began is not None else [])
