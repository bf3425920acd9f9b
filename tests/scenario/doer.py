# SPDX-License-Identifier: Apache-2.0
"""Who does honest work."""
import os
import subprocess
import tempfile
import time
from pathlib import Path

import lab

# One login: it waits for the number of a run, does the work as a child, and says its exit status.
LOGIN = 'while read -r RUN; do export RUN; bash -c "$WORK" < /dev/null > /dev/null; echo $?; done'
# Root joins the control group and becomes the user.
BEGIN = """[ -z "$0" ] || echo 0 > "$0/cgroup.procs"
exec setpriv --reuid "$1" --regid "$1" --clear-groups --pdeathsig KILL bash -c "$2" """


def own_control_group(name):
    """A new one of version 2; none where the machine does not give any."""
    tops = [line.split()[1] for line in open("/proc/self/mounts") if line.split()[2] == "cgroup2"]
    if not tops or not os.access(tops[0], os.W_OK):
        return None
    group = Path(tops[0]) / name
    group.mkdir()
    return group


class Doer:
    """Who does the work: with a login, a control group (where there is version 2), a folder of the guarded tree and
    a scratch folder outside it of its own."""

    def __init__(self, place, number, tree, user, files):
        self.tree, self.scratch, self.user, self.files = tree, place / f"scratch-{number}", user, files
        self.login = None
        tree.mkdir(parents=True, exist_ok=True)
        self.scratch.mkdir()
        self.group = own_control_group(f"{place.name}-{number}")
        self.said = tempfile.TemporaryFile()

    def words(self, work):
        return {**os.environ, "TREE": str(self.tree), "SCRATCH": str(self.scratch), "HOME": str(self.scratch), "RUN": "0",
                "FILES": str(self.files), "SCENARIO": str(Path(__file__).resolve().parent), "WORK": work.work}

    def errors(self):
        self.said.seek(0)
        return self.said.read().decode(errors="replace")[-600:]

    def prepare(self, work, folders):
        if work.files:
            (self.tree / "files").mkdir()
            lab.make_corpus(self.tree / "files", self.files, folders)
        done = subprocess.run(["bash", "-c", work.before_guard or "true"], cwd=self.tree, env=self.words(work), timeout=600,
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.said)
        if done.returncode != 0:
            raise RuntimeError("preparation: " + self.errors())
        if self.user:
            subprocess.run(["chown", "-R", f"{self.user}:{self.user}", self.tree, self.scratch], check=True)

    def log_in(self, work):
        self.login = subprocess.Popen(["bash", "-c", BEGIN, self.group or "", str(self.user), LOGIN], cwd=self.tree,
                                      env=self.words(work), start_new_session=True, stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, stderr=self.said, preexec_fn=lab.die_with_parent)

    def begin(self, run):
        self.login.stdin.write(f"{run}\n".encode())
        self.login.stdin.flush()

    def close(self):
        if self.login:
            self.login.kill()
            self.login.wait()
        if self.group:  # a database or a file server in it, too
            (self.group / "cgroup.kill").write_text("1")
            for _ in range(100):
                if not (self.group / "cgroup.procs").read_text():
                    break
                time.sleep(0.05)
            self.group.rmdir()
