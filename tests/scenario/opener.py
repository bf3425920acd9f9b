# SPDX-License-Identifier: Apache-2.0
"""Somebody who opens a guarded file all the time: how long it has to wait."""
import threading
import time


class Opener(threading.Thread):
    """Opens a guarded file again and again; remembers the longest wait, the one under way too."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.path, self.longest, self.opens, self.began, self.runs = path, 0.0, 0, None, True

    def run(self):
        while self.runs:
            self.began = time.monotonic()
            with open(self.path, "rb") as file:
                file.read(1)
            self.longest = max(self.longest, time.monotonic() - self.began)
            self.began = None
            self.opens += 1
            time.sleep(0.002)

    def finish(self):
        self.runs = False
        self.join(5)
        began = self.began
        return max(self.longest, time.monotonic() - began if began else 0.0)
