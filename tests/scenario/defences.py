# SPDX-License-Identifier: Apache-2.0
"""What can stand between an attacker and an office: Tocsin, and what most organisations have instead.

Each is used in this order: begin(), while all is well; at_night(), before the work of the day; before_attack(), after
it; stopped(), asked again and again during the attack; give_back(), once it was stopped or ended.
"""
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import lab

HERE = Path(__file__).resolve().parent
RESTIC = {"RESTIC_PASSWORD": "evaluation", "RESTIC_CACHE_DIR": "/dev/null"}


def run(*words, **more):
    return subprocess.run([str(w) for w in words], check=True, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, **more).stdout


class Defence:
    """`office` is the attacked folder, `share` the folder around it, `work` a folder of another file system."""

    can_stop = False

    def __init__(self, share, office, work):
        self.share, self.office, self.work = share, office, work

    def begin(self):
        pass

    def at_night(self):
        pass

    def before_attack(self):
        pass

    def stopped(self):
        return False

    def stop_the_rest(self):
        pass

    def give_back(self):
        pass

    def close(self):
        pass


class Tocsin(Defence):
    name, can_stop = "Tocsin", True
    guard = None

    def begin(self):
        self.guard = lab.Guard(self.work / "state", self.share)
        self.guard.wait_until_guarding()

    def contained(self):
        return [i["id"] for i in self.guard.ask("incidents") if i["state"] == "contained"]

    def stopped(self):
        return bool(self.contained())

    def stop_the_rest(self):
        for incident in self.contained():
            self.guard.ask("stop", id=incident)

    def give_back(self):
        for incident in self.guard.ask("incidents"):
            self.guard.ask("undo", id=incident["id"])

    def close(self):
        if self.guard:
            self.guard.stop()


class NightlyBackup(Defence):
    """restic at night. The office is emptied and restored: nobody can say which files are whole."""
    name = "nightly backup"

    def at_night(self):
        self.environment = {**os.environ, **RESTIC, "RESTIC_REPOSITORY": str(self.work / "repository")}
        run("restic", "init", "--no-cache", env=self.environment)
        run("restic", "backup", "--no-cache", self.share, env=self.environment)

    def give_back(self):
        for each in self.share.iterdir():
            shutil.rmtree(each)
        run("restic", "restore", "latest", "--no-cache", "--target", "/", env=self.environment)


class Snapshots(Defence):
    """A snapshot of btrfs every 60 seconds. The last one before the attack is put in place; which one that is, nobody
    has to find out here, and it is as fresh as it can be."""
    name = "btrfs snapshots"

    def before_attack(self):
        run("btrfs", "subvolume", "snapshot", "-r", self.share, self.share.parent / "last")

    def give_back(self):
        # The folder stays, so that who works in it finds what was given back.
        for each in self.share.iterdir():
            shutil.rmtree(each)
        run("cp", "-a", "--reflink=always", f"{self.share.parent / 'last'}/.", self.share)


class EntropyDetector(Defence):
    """A detector by entropy and rate alone, which keeps nothing (entropy_detector.py)."""
    name, can_stop = "entropy and rate", True
    process, killed = None, False

    def begin(self):
        self.process = subprocess.Popen([sys.executable, HERE / "entropy_detector.py", self.share.parent],
                                        stdout=subprocess.PIPE, start_new_session=True,
                                        preexec_fn=lab.die_with_parent)
        if self.process.stdout.readline() != b"watching\n":
            raise RuntimeError("the detector did not start")
        os.set_blocking(self.process.stdout.fileno(), False)

    def stopped(self):
        self.killed = self.killed or bool(self.process.stdout.read())
        return self.killed

    def close(self):
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()


DEFENCES = {d.name: d for d in (Tocsin, NightlyBackup, Snapshots, EntropyDetector)}
