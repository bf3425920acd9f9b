# SPDX-License-Identifier: Apache-2.0
"""A Debian that systemd has booted, in namespaces of its own: what is installed, started and broken in it ends with it.

Its root is a view of this host's (or of another root, such as debootstrap makes): what is written there is
written to a disk of its own. It has its own processes, mounts, control groups and network, and no services but
those of sysinit.target.
"""
import os
import signal
import subprocess
import time
from pathlib import Path

import lab

DEVICES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9), "tty": (5, 0)}
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": "/root", "container": "other",
               "DEBIAN_FRONTEND": "noninteractive"}
# In the new namespaces, before systemd: what belongs to them must be mounted from inside.
BOOT = """
mount -t proc proc proc && mount -t sysfs -o ro sysfs sys && mount -t cgroup2 cgroup2 sys/fs/cgroup || exit 1
cd . && pivot_root . mnt 2>/dev/null && umount -l mnt
exec chroot . /lib/systemd/systemd --unit=basic.target --log-target=journal --show-status=no
"""


def why_not():
    """A sentence on why no machine can be made here; empty where it can."""
    if os.geteuid() != 0:
        return "needs root"
    if "cgroup2" not in Path("/proc/filesystems").read_text():
        return "the kernel has no cgroup v2"
    if not Path("/etc/debian_version").exists():
        return "this host is no Debian"
    return ""


class Machine:
    """REQUIRES: private_mounts() was called. `work` holds its disk."""

    def __init__(self, work, root="/"):
        self.work, self.lower = Path(work), root
        self.root = self.work / "root"
        self.process, self.cgroup = None, None
        self.disk_work = self.work / "disk"
        for folder in (self.root, self.disk_work):
            folder.mkdir()
        self.disk = lab.FileSystem(self.disk_work, "ext4", size="8G")

    def mount(self):
        upper, scratch = self.disk.path / "upper", self.disk.path / "scratch"
        upper.mkdir()
        scratch.mkdir()
        where = f"lowerdir={self.lower},upperdir={upper},workdir={scratch}"
        subprocess.run(["mount", "-t", "overlay", "-o", where, "overlay", self.root], check=True)
        (self.root / "etc/fstab").write_text("")
        (self.root / "etc/hostname").write_text("machine\n")
        (self.root / "etc/machine-id").write_text("")
        (self.root / "usr/sbin/policy-rc.d").unlink(missing_ok=True)  # would keep packages from their services
        for folder, kind in (("dev", "tmpfs"), ("run", "tmpfs"), ("tmp", "tmpfs")):
            (self.root / folder).mkdir(exist_ok=True)
            subprocess.run(["mount", "-t", kind, "-o", "mode=755", kind, self.root / folder], check=True)
        for name, (major, minor) in DEVICES.items():
            os.mknod(self.root / "dev" / name, 0o020666, os.makedev(major, minor))
            os.chmod(self.root / "dev" / name, 0o666)
        for folder in ("pts", "shm"):
            (self.root / "dev" / folder).mkdir()
        subprocess.run(["mount", "-t", "devpts", "-o", "newinstance,ptmxmode=666", "devpts", self.root / "dev/pts"],
                       check=True)
        os.symlink("pts/ptmx", self.root / "dev/ptmx")
        for number, name in enumerate(("stdin", "stdout", "stderr")):
            os.symlink(f"/proc/self/fd/{number}", self.root / "dev" / name)
        os.symlink("/proc/self/fd", self.root / "dev/fd")

    def ensure_systemd(self):
        """Empty; or why there is none, nor can it be installed."""
        if (self.root / "lib/systemd/systemd").exists():
            return ""
        (self.root / "proc").mkdir(exist_ok=True)
        (self.root / "etc/resolv.conf").unlink(missing_ok=True)
        (self.root / "etc/resolv.conf").write_text(Path("/etc/resolv.conf").read_text())
        for words in (["update"], ["install", "-y", "--no-install-recommends", "systemd-sysv"]):
            done = subprocess.run(["chroot", self.root, "apt-get", *words], env=ENVIRONMENT, capture_output=True,
                                  text=True, stdin=subprocess.DEVNULL)
            if done.returncode != 0:
                return "systemd is not there, and apt-get does not bring it: " + done.stderr.strip()[-200:]
        return ""

    def boot(self, seconds=60):
        """Empty; or why it did not boot."""
        mounted = self.work / "cgroup"
        mounted.mkdir()
        subprocess.run(["mount", "-t", "cgroup2", "cgroup2", mounted], check=True)
        self.cgroup = mounted / f"tocsin-test-{os.getpid()}"
        self.cgroup.mkdir()

        def enter():
            lab.die_with_parent()
            (self.cgroup / "cgroup.procs").write_text("0")

        words = ["unshare", "--pid", "--mount", "--cgroup", "--uts", "--ipc", "--net", "--fork", "--kill-child",
                 "--propagation", "unchanged", "sh", "-c", BOOT]
        self.process = subprocess.Popen(words, cwd=self.root, env=ENVIRONMENT, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, preexec_fn=enter)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.process.poll() is not None:
                return "it ended: " + self.process.stderr.read().strip()
            if self.init() and self.run("systemctl", "is-system-running", may_fail=True).strip() in ("running", "degraded"):
                return ""
            time.sleep(0.2)
        return "it was not up in time"

    def init(self):
        """The process that is 1 in there; None."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(children[0]) if children else None

    def enter(self, *words):
        """The command line that does this in there."""
        return ["nsenter", "--target", str(self.init()), "--mount", "--pid", "--uts", "--ipc", "--cgroup", "--net",
                "--root", "--wd", *map(str, words)]

    def run(self, *words, may_fail=False, seconds=120):
        done = subprocess.run(self.enter(*words), env=ENVIRONMENT, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=seconds)
        if done.returncode != 0 and not may_fail:
            raise RuntimeError(f"{' '.join(map(str, words))}: exit {done.returncode}: {done.stderr}{done.stdout}")
        return done.stdout

    def properties(self, unit, *names):
        lines = self.run("systemctl", "show", unit, *(f"--property={n}" for n in names)).splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def processes(self, name):
        """Those of this program in there, by their numbers out here."""
        mine = os.readlink(f"/proc/{self.init()}/ns/pid")
        found = []
        for entry in filter(str.isdigit, os.listdir("/proc")):
            try:
                if Path("/proc", entry, "comm").read_text().strip() == name[:15] \
                        and os.readlink(f"/proc/{entry}/ns/pid") == mine:
                    found.append(int(entry))
            except OSError:
                pass
        return found

    def close(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)  # with unshare goes process 1, and with that all others
            self.process.wait()
        if self.cgroup is not None:
            self.remove_cgroups()
        for folder in (self.root, self.work / "cgroup"):
            subprocess.run(["umount", "-R", "-l", folder], check=False, stderr=subprocess.DEVNULL)
        self.disk.close()

    def remove_cgroups(self):
        until = time.monotonic() + 10  # for the last process to be gone
        while self.cgroup.exists() and time.monotonic() < until:
            for folder in sorted((p for p in [self.cgroup, *self.cgroup.rglob("*")] if p.is_dir()), reverse=True):
                try:
                    folder.rmdir()
                except OSError:
                    break
            time.sleep(0.05)
