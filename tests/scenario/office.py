# SPDX-License-Identifier: Apache-2.0
"""The place of an attack: an office full of files on a file system of its own, who attacks it, and who works beside."""
import os
import secrets
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import lab

SIMULATOR = "tocsin_simulator"


class Shell:
    """Runs an attack's commands in the tree, as attack.py says. Their output goes to `scratch`/output."""

    def __init__(self, office, scratch, beside, original):
        self.office, self.output = office, scratch / "output"
        self.environment = {**os.environ, "TREE": str(office), "SCRATCH": str(scratch), "BESIDE": str(beside),
                            "SIMULATOR": str(lab.bin_dir() / SIMULATOR), "TOKEN": original.token,
                            "MANIFEST": str(original.manifest)}

    def start(self, command):
        with open(self.output, "ab") as output:
            return subprocess.Popen(["bash", "-c", command], cwd=self.office, env=self.environment,
                                    start_new_session=True, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                    preexec_fn=lab.die_with_parent)

    def run(self, command):
        status = self.start(command).wait(300)
        if status != 0:
            raise RuntimeError(f"exit status {status} of: {command}")


def kill_who_works_in(place):
    """What left the attack's session works on in its tree: by that it is found."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(process / "cwd").startswith(str(place)):
                os.kill(int(process.name), signal.SIGKILL)
        except OSError:
            continue


class Bystander:
    """Honest work beside the attack, by another program: edits, renames, deletes and makes files."""

    SCRIPT = r'''
import os, sys, time
tree = sys.argv[1]
mine = os.path.join(tree, "desk")
for n in range(200):
    with open(os.path.join(mine, "edit-%d.txt" % (n % 10)), "a") as f: f.write("line %d\n" % n)
    if n == 20: os.rename(os.path.join(mine, "rename-me.txt"), os.path.join(mine, "renamed.txt"))
    if n == 30: os.unlink(os.path.join(mine, "delete-me.txt"))
    if n % 20 == 0: open(os.path.join(mine, "new-%d.txt" % n), "w").write("new\n")
    time.sleep(0.01)
'''

    @staticmethod
    def prepare(tree):
        mine = tree / "desk"
        mine.mkdir()
        for n in range(10):
            (mine / f"edit-{n}.txt").write_text("begin\n")
        (mine / "rename-me.txt").write_text("rename\n")
        (mine / "delete-me.txt").write_text("delete\n")

    def __init__(self, tree):
        self.process = subprocess.Popen([sys.executable, "-c", self.SCRIPT, tree], start_new_session=True,
                                        preexec_fn=lab.die_with_parent)

    def finish(self):
        return self.process.wait(60)


class Office:
    """A file system with the files that attacks work on, made once and copied for each of them."""

    def __init__(self, kind, files, folders, subvolume=False):
        """`subvolume`: what is guarded is a subvolume of btrfs, of which snapshots can be made."""
        self.kind, self.files, self.folders = kind, files, folders
        self.work = lab.temporary("office")
        self.filesystem = lab.FileSystem(self.work, kind)
        tree = self.filesystem.path / "share"
        office = tree / "office"  # where the attack works; the bystander has a desk beside it
        if subvolume:
            subprocess.run(["btrfs", "-q", "subvolume", "create", tree], check=True)
        office.mkdir(parents=True)
        lab.make_corpus(office, files, folders)
        Bystander.prepare(tree)
        self.mark(office)
        self.picture = lab.picture(office)
        self.filesystem.detach()

    def mark(self, office):
        """For the simulator, which works in no other folder."""
        self.token, self.manifest = secrets.token_hex(32), self.work / "manifest"
        (office / ".tocsin-simulation").write_text(self.token + "\n")
        if (lab.bin_dir() / SIMULATOR).exists():
            with open(self.manifest, "wb") as manifest:
                subprocess.run([lab.bin_dir() / SIMULATOR, "manifest", office, "--token", self.token],
                               stdout=manifest, check=True)

    def copy(self, work):
        return lab.FileSystem(work, self.kind, like=self.filesystem.image)

    def close(self):
        shutil.rmtree(self.work)
