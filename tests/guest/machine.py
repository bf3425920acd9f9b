# SPDX-License-Identifier: Apache-2.0
"""A machine of its own with Debian's stock kernel, under qemu without KVM, that runs one program and ends.

Its root is an ext4 image made of this host's files (the host is the same Debian), never mounted here. What the
program prints on the serial console comes back line by line. Nothing of it is left once `close()` is over.
"""
import os
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "scenario"))
import lab  # noqa: E402

KERNEL_PLACES = [os.environ.get("TOCSIN_GUEST_KERNEL", ""), "/var/cache/tocsin-guest", "/"]
PYTHON = Path("/usr/bin/python3.11")
PROGRAMS = ["/usr/bin/busybox", "/usr/bin/bash", "/usr/bin/rm", "/usr/bin/mkdir", "/usr/bin/mv", "/usr/bin/chmod", "/usr/bin/truncate",
            "/usr/bin/mount", "/usr/bin/umount", "/usr/bin/kill", "/usr/bin/setfacl", "/usr/bin/setfattr", "/usr/bin/cp",
            "/usr/sbin/mkfs.ext4", "/usr/bin/restic"]
BUILT = ["tocsin", "tocsin-guardd", "tocsin-supervisor", "tocsin_sensor_root_test"]
ROOT_SIZE, TREE_SIZE = "1G", "512M"
KERNEL_WORDS = "console=ttyS0 quiet panic=-1 mitigations=off root=/dev/nvme0n1 rw rootwait rootfstype=ext4 init=/usr/bin/python3"


def find_kernel():
    """The newest stock kernel that is unpacked somewhere; None. It has NVMe and ext4 built in, so that no module is needed."""
    for place in filter(None, KERNEL_PLACES):
        for image in sorted(Path(place, "boot").glob("vmlinuz-*-cloud-amd64"), reverse=True):
            return image
    return None


def fetch_kernel():
    """From Debian's archive into /var/cache/tocsin-guest, unpacked and not installed."""
    place = Path(KERNEL_PLACES[1])
    shown = subprocess.run(["apt-cache", "depends", "linux-image-cloud-amd64"], capture_output=True, text=True, check=True)
    package = re.search(r"Depends: (linux-image-\S+)", shown.stdout).group(1)
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        subprocess.run(["apt-get", "-qq", "download", package], cwd=folder, check=True, stderr=subprocess.DEVNULL)
        place.mkdir(parents=True, exist_ok=True)
        subprocess.run(["dpkg", "-x", *Path(folder).glob("*.deb"), place], check=True)


def why_none():
    """Empty where such a machine can be started."""
    if not shutil.which("qemu-system-x86_64"):
        return "needs qemu-system-x86"
    if not PYTHON.exists() or not shutil.which("mke2fs"):
        return "needs Debian 12's python3 and e2fsprogs, which the machine is made of"
    if not find_kernel():
        return "needs Debian's cloud kernel, unpacked: 'run_guest.py --fetch' gets it, or name it in TOCSIN_GUEST_KERNEL"
    return ""


def libraries_of(program):
    """What ldd finds for it."""
    shown = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    return set(re.findall(r"(/\S+) \(0x", shown))


def copy_into(root, path, at=None):
    """A file of this host and its libraries, at the same paths (or at `at`)."""
    path = Path(path)
    for one in [path, *map(Path, libraries_of(path))]:
        target = root / str(at if at and one == path else one).lstrip("/")
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(one, target)


def lay_out_root(root):
    """All that the machine has: Python, some commands, the guard's programs, the tests."""
    for folder in ("bin", "sbin", "lib", "lib64"):
        (root / "usr" / folder).mkdir(parents=True, exist_ok=True)
        (root / folder).symlink_to("usr/" + folder)
    for folder in ("proc", "sys", "dev", "run", "tmp", "srv", "var/lib", "var/tmp", "etc", "root"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\n")
    for program in [*PROGRAMS, PYTHON, *(lab.bin_dir() / name for name in BUILT)]:
        if Path(program).exists():
            copy_into(root, program, at=Path("/opt/bin", program.name) if Path(program).parent == lab.bin_dir() else None)
    (root / "usr/bin/sh").symlink_to("bash")
    (root / "usr/bin/python3").symlink_to("python3.11")
    library = Path("/usr/lib/python3.11")
    shutil.copytree(library, root / "usr/lib/python3.11", symlinks=False, ignore_dangling_symlinks=True,
                    ignore=shutil.ignore_patterns("test", "idlelib", "lib2to3", "ensurepip", "dist-packages", "*.opt-?.pyc"))
    for extension in (library / "lib-dynload").glob("*.so"):
        for needed in libraries_of(extension):
            copy_into(root, needed)
    shutil.copytree(HERE, root / "opt/tests/guest", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(HERE.parent / "scenario", root / "opt/tests/scenario", ignore=shutil.ignore_patterns("__pycache__"))


class Machine:
    """Three disks: the root, the protected tree's, the state's."""

    def __init__(self, work, kernel):
        self.work = Path(work)
        self.process = None
        self.kernel = kernel
        root = self.work / "files"
        root.mkdir()
        lay_out_root(root)
        loop = kernel.parent.parent / "lib/modules" / kernel.name.removeprefix("vmlinuz-") / "kernel/drivers/block/loop.ko"
        if loop.exists():
            shutil.copy(loop, root / "opt")
        self._make_disk("root", ROOT_SIZE, "-d", root)
        shutil.rmtree(root)
        for name in ("tree", "state"):
            self._make_disk(name, TREE_SIZE)

    def _make_disk(self, name, size, *options):
        subprocess.run(["mke2fs", "-q", "-t", "ext4", *options, self.work / name, size], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def run(self, words, seconds):
        """Lines of the console until the machine ends, or time is over (then a last line says so)."""
        disks = [word for name in ("root", "tree", "state") for word in
                 ("-drive", f"file={self.work / name},if=none,id={name},format=raw,cache=unsafe",
                  "-device", f"nvme,serial={name},drive={name}")]
        self.process = subprocess.Popen(
            ["qemu-system-x86_64", "-accel", "tcg,thread=multi", "-smp", "2", "-m", "1024", "-cpu", "max", "-nodefaults",
             "-display", "none", "-no-reboot", "-serial", "stdio", "-kernel", self.kernel,
             "-append", f"{KERNEL_WORDS} -- {' '.join(['/opt/tests/guest/init.py', *words])}", *disks],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, preexec_fn=lab.die_with_parent)
        until, rest = time.monotonic() + seconds, b""
        while time.monotonic() < until:
            if not select.select([self.process.stdout], [], [], 1)[0]:
                continue
            read = os.read(self.process.stdout.fileno(), 65536)
            if not read:
                return
            *whole, rest = (rest + read).split(b"\n")
            for line in whole:
                yield line.decode(errors="replace").rstrip("\r")
        yield f"FAIL the machine did not end within {seconds} s"

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
