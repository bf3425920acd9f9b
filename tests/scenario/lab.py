# SPDX-License-Identifier: Apache-2.0
"""A file system of its own, a guard on it, and exact before-and-after pictures of a tree.

Everything happens in a mount namespace of this process, on a loop device that clears itself:
whatever kills the run takes mount, device and marks with it. Attacks run only inside the mount.
"""
import argparse
import contextlib
import ctypes
import errno
import hashlib
import json
import os
import random
import select
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CLONE_NEWNS = 0x00020000
MS_REC, MS_PRIVATE = 0x4000, 1 << 18
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)


def die_with_parent():
    """For a child, before its exec: whatever kills the run kills the child too."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def private_mounts():
    """From here on, mounts are this process's own and end with it."""
    # Below a chroot "/" is no mount point (EINVAL): then mounts may be seen outside, until they end.
    if LIBC.unshare(CLONE_NEWNS) != 0 or (LIBC.mount(None, b"/", None, MS_REC | MS_PRIVATE, None) != 0
                                          and ctypes.get_errno() != errno.EINVAL):
        print("skipped: needs root, to make mounts of its own")
        sys.exit(77)


class FileSystem:
    """ext4, xfs or btrfs on a loop device below `work`: empty, or a copy of the image `like`."""

    def __init__(self, work, kind, size="3G", like=None):
        self.path = Path(work) / "mnt"
        self.path.mkdir()
        self.image = Path(work) / "image"
        if like:
            subprocess.run(["cp", "--sparse=always", like, self.image], check=True)
        else:
            subprocess.run(["truncate", "-s", size, self.image], check=True)
            flags = ["-q", "-F"] if kind == "ext4" else ["-f"]
            subprocess.run([f"mkfs.{kind}", *flags, self.image], check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["mount", "-o", "loop", self.image, self.path], check=True)

    def close(self):
        subprocess.run(["umount", "-l", self.path], check=False)

    def detach(self):
        """Unmounts once all is written: the image can be copied from then on."""
        subprocess.run(["umount", self.path], check=True)


def temporary(purpose):
    """A new folder that says what it is for."""
    return Path(tempfile.mkdtemp(prefix=f"tocsin-{purpose}-", dir=os.environ.get("TMPDIR", "/var/tmp")))


@contextlib.contextmanager
def one_run(purpose, result):
    """A folder, and a stack of what is ended before it goes. What fails is told in `result`, and the next run goes on.
    TOCSIN_KEEP in the environment keeps the folder."""
    work = temporary(purpose)
    with contextlib.ExitStack() as at_end:
        if not os.environ.get("TOCSIN_KEEP"):
            at_end.callback(shutil.rmtree, work, ignore_errors=True)
        try:
            yield work, at_end
        except Exception as error:
            result["error"] = f"{type(error).__name__}: {error}"


def real_files(seed):
    """Files of this machine as a corpus: texts, programs, images, archives, documents."""
    places = ["/usr/share/doc", "/usr/lib/python3", "/usr/share/perl", "/usr/include", "/usr/share/fonts",
              "/usr/share/icons", "/usr/share/pixmaps", "/usr/lib/python3.11", "/usr/share/man",
              "/usr/share/zoneinfo", "/usr/share/i18n", "/usr/share/vim", "/usr/lib/x86_64-linux-gnu"]
    found = []
    for place in places:
        for folder, _, names in os.walk(place):
            for name in names:
                path = os.path.join(folder, name)
                try:
                    status = os.lstat(path)
                except OSError:
                    continue
                if stat.S_ISREG(status.st_mode) and 64 <= status.st_size <= 300_000:
                    found.append(path)
    found.sort()
    random.Random(seed).shuffle(found)
    return found


def make_corpus(tree, count, folders, seed=1):
    """`count` real files: in one flat folder (folders=1) or spread evenly, with the oddities of a share."""
    rng = random.Random(seed)
    sources = real_files(seed)
    names = ["report", "invoice", "minutes", "budget", "photo", "contract", "draft", "plan", "letter", "notes"]
    made = []
    for number in range(count):
        folder = tree if folders == 1 else tree / f"folder-{number % folders:03}"
        folder.mkdir(parents=True, exist_ok=True)
        source = sources[number % len(sources)]
        suffix = "".join(Path(source).suffixes[-1:]) or ".txt"
        path = folder / f"{rng.choice(names)}-{number:05}{suffix}"
        shutil.copyfile(source, path)
        os.chmod(path, rng.choice([0o644, 0o640, 0o600, 0o755, 0o664]))
        if number % 7 == 0:
            os.chown(path, 1000 + number % 5, 1000)
        when = 1_600_000_000_000_000_000 + rng.randrange(10**17)
        os.utime(path, ns=(when, when))
        made.append(path)
    decorate(made)
    for folder, _, _ in os.walk(tree):
        os.utime(folder, ns=(1_650_000_000_123_456_789, 1_650_000_000_123_456_789))
    return made


def decorate(made):
    """Extended attributes, an ACL, hard links, symlinks and a sparse file."""
    for path in made[::50]:
        os.setxattr(path, "user.origin", f"scan {path.name}".encode())
    for path in made[::97]:
        subprocess.run(["setfacl", "-m", "u:1001:r--", path], check=False)
    if len(made) > 20:
        folder = made[0].parent
        os.link(made[3], folder / "second-name-of-3")
        os.symlink(made[4].name, folder / "link-to-4")
        with open(folder / "sparse.img", "wb") as sparse:
            sparse.seek(4_000_000)
            sparse.write(b"the end")


def picture(tree):
    """All that can be known of each object below `tree`, by relative path."""
    out = {}
    groups = {}
    for folder, folders, names in os.walk(tree):
        for name in [*folders, *names, "."]:
            if name == "." and Path(folder) != Path(tree):
                continue
            path = os.path.normpath(os.path.join(folder, name))
            status = os.lstat(path)
            item = {"mode": status.st_mode, "uid": status.st_uid, "gid": status.st_gid,
                    "mtime": status.st_mtime_ns}
            if stat.S_ISLNK(status.st_mode):
                item["target"] = os.readlink(path)
            else:
                item["xattrs"] = {k: os.getxattr(path, k).hex() for k in sorted(os.listxattr(path))}
            if stat.S_ISREG(status.st_mode):
                with open(path, "rb") as file:
                    item["sha256"] = hashlib.file_digest(file, "sha256").hexdigest()
                item["size"] = status.st_size
                item["sparse"] = status.st_blocks * 512 < status.st_size - 4096
                if status.st_nlink > 1:
                    groups.setdefault(status.st_ino, []).append(os.path.relpath(path, tree))
            out[os.path.relpath(path, tree)] = item
    for paths in groups.values():
        for path in paths:
            out[path]["links"] = sorted(paths)
    return out


def differences(before, after, ignore=()):
    """Sentences; none when the trees are identical. `ignore`: keys of items not compared."""
    out = []
    for path in sorted(before.keys() | after.keys()):
        if path not in after:
            out.append(f"missing: {path}")
        elif path not in before:
            out.append(f"extra: {path}")
        else:
            keys = {k for k in before[path].keys() | after[path].keys()
                    if k not in ignore and before[path].get(k) != after[path].get(k)}
            if keys:
                shown = ", ".join(f"{k} {before[path].get(k)!r} -> {after[path].get(k)!r}"[:120] for k in sorted(keys))
                out.append(f"differs: {path}: {shown}")
    return out


def damaged(before, tree):
    """How many files of the picture have lost their content, their name or their rights."""
    count = 0
    for path, item in before.items():
        full = os.path.join(tree, path)
        try:
            status = os.lstat(full)
        except OSError:
            count += 1
            continue
        if stat.S_ISDIR(item["mode"]):
            continue
        same = (status.st_mode, status.st_uid, status.st_gid) == (item["mode"], item["uid"], item["gid"])
        if same and "size" in item:
            same = status.st_size == item["size"] and status.st_mtime_ns == item["mtime"]
            if not same:
                with open(full, "rb") as file:
                    same = hashlib.file_digest(file, "sha256").hexdigest() == item["sha256"] \
                        and status.st_mtime_ns == item["mtime"]
        if same and stat.S_ISREG(item["mode"]):
            same = {k: os.getxattr(full, k).hex() for k in sorted(os.listxattr(full))} == item["xattrs"]
        count += not same
    return count


def bin_dir():
    return Path(os.environ.get("TOCSIN_BIN", ROOT / "build" / "release" / "bin"))


def wait_for(what, seconds=20):
    """Whether it came true in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if what():
            return True
        time.sleep(0.05)
    return False


def state_of(pid):
    """Of a process, as ps shows it: R, S, T for stopped."""
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


class Guard:
    """A guard of this run's own, asked over its control socket as the command line asks."""

    def __init__(self, state, *paths, options=(), defended=False):
        self.state = Path(state)
        self.state.mkdir(exist_ok=True)
        self.log = open(self.state / "guard.log", "ab")
        if not defended:  # else a kernel with LSM programs lets no run kill its guard
            options = ["--undefended", *options]
        self.process = subprocess.Popen([bin_dir() / "tocsin-guardd", "--state", self.state, *options, *paths],
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                                        preexec_fn=die_with_parent)

    def ask(self, verb, **args):
        with socket.socket(socket.AF_UNIX) as channel:
            channel.connect(str(self.state / "control.sock"))
            channel.sendall(json.dumps({"verb": verb, "args": args, "user": "root"}).encode() + b"\n")
            with channel.makefile("rb") as lines:
                for line in lines:
                    answer = json.loads(line)
                    if "result" in answer:
                        return answer["result"]
                    if "error" in answer:
                        raise RuntimeError(answer["error"])
        raise RuntimeError("the guard did not answer")

    def wait_until_guarding(self, seconds=300):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError("the guard ended: " + (self.state / "guard.log").read_text()[-2000:])
            try:
                status = self.ask("status")
                if status["state"] == "guarding" and not any(t["pending"] for t in status["protected"]):
                    return status
                if status["state"] == "blind":
                    raise RuntimeError("the guard is blind: " + status["reason"])
            except (FileNotFoundError, ConnectionRefusedError):
                pass
            time.sleep(0.05)
        raise RuntimeError("the guard is not guarding in time")

    def open_incidents(self):
        return [i for i in self.ask("incidents") if i["state"] not in ("undone", "closed")]

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.kill()
                raise
        self.log.close()


class Host:
    """One state directory and what an administrator types about it. `work` holds it."""

    def __init__(self, work):
        self.state = work / "state"
        self.problems = []

    def tocsin(self, *words, expect=0):
        done = subprocess.run([bin_dir() / "tocsin", "--state", self.state, *words], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL)
        self.expect(done.returncode == expect, f"{' '.join(map(str, words))}: exit {done.returncode}: {done.stderr}")
        return done.stdout

    def ask(self, *words):
        return json.loads(self.tocsin(*words, "--json"))

    def expect(self, holds, sentence):
        if not holds:
            self.problems.append(sentence)
            print("FAIL", sentence, flush=True)

    def expect_tree(self, tree, when):
        """All that find sees is known and captured."""
        there = len({p.lstat().st_ino for p in [tree, *tree.rglob("*")]})
        for _ in range(100):
            status = self.ask("status")
            row = next((t for t in status["protected"] if t["path"] == str(tree)), None)
            if row and status["state"] == "guarding" and row["captured"] == there:
                break
            time.sleep(0.1)
        self.expect(row is not None and row["captured"] == there and row["pending"] == 0,
                    f"{when}: {there} objects are there, status says {row} and {status['state']}")

    def open_incident(self):
        """The newest that asks for a decision; None."""
        found = [i["id"] for i in self.ask("incidents") if i["state"] in ("observed", "contained")]
        return found[-1] if found else None

    def wait(self, what, sentence, seconds=20):
        if not wait_for(what, seconds):
            self.expect(False, sentence)

    def end_guard(self):
        found = subprocess.run(["pgrep", "-f", f"tocsin-guardd --state {self.state} "], capture_output=True, text=True)
        for pid in map(int, found.stdout.split()):
            process = os.pidfd_open(pid)
            signal.pidfd_send_signal(process, signal.SIGTERM)
            ended, _, _ = select.select([process], [], [], 30)
            os.close(process)
            self.expect(ended, "the guard did not end on SIGTERM")

    def close(self):
        subprocess.run(["pkill", "-KILL", "-f", f" --state {self.state} "], check=False)  # its supervisor, too


def run_parts(name, parts):
    """The command line of a scenario: parts(host, filesystem, work) gives its parts, each a call without
    arguments, done in order on a file system and a host of their own. Ends the process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--fs", default="ext4")
    options = parser.parse_args()
    private_mounts()
    work = temporary(name)
    filesystem = FileSystem(work, options.fs)
    host = Host(work)
    wanted, done = 1, 0
    try:
        every = parts(host, filesystem.path, work)
        wanted = len(every)
        for part in every:
            part()
            done += 1
        host.end_guard()
    finally:
        host.close()
        filesystem.close()
        shutil.rmtree(work, ignore_errors=True)
    print(f"{done} parts, {len(host.problems)} failed")
    sys.exit(1 if host.problems or done != wanted else 0)
