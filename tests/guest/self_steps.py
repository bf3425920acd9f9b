# SPDX-License-Identifier: Apache-2.0
"""Steps of the test machine: what root can do to the guard and to what it keeps."""
import ctypes
import errno
import os
import resource
import signal
import socket
import subprocess
from pathlib import Path

import lab

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
PTRACE_ATTACH, PTRACE_SEIZE = 16, 0x4206
PIDFD_GETFD = 438
BPF, MAP_GET_NEXT_ID, MAP_GET_FD_BY_ID, READ_ONLY = 321, 12, 14, 1 << 3


def check(returned):
    if returned < 0:
        raise OSError(ctypes.get_errno(), "")


def attempt(call):
    """"ok", or the name of the error."""
    try:
        call()
    except OSError as problem:
        return errno.errorcode[problem.errno]
    return "ok"


def expect_refused(site, calls):
    for name, call in calls.items():
        outcome = attempt(call)
        site.expect(outcome == "EPERM", f"{name} is refused", outcome)


def supervisor_of(guard):
    """None while there is none."""
    for task in Path(f"/proc/{guard}/task").iterdir():
        for pid in map(int, (task / "children").read_text().split()):
            if Path(f"/proc/{pid}/comm").read_text().startswith("tocsin-supervis"):
                return pid
    return None


def against_process(pid):
    return {
        "SIGKILL": lambda: os.kill(pid, signal.SIGKILL),
        "SIGSTOP": lambda: os.kill(pid, signal.SIGSTOP),
        "SIGSEGV": lambda: os.kill(pid, signal.SIGSEGV),
        "SIGKILL to a thread": lambda: check(LIBC.syscall(234, pid, pid, signal.SIGKILL)),
        "SIGKILL by pidfd": lambda: signal.pidfd_send_signal(os.pidfd_open(pid), signal.SIGKILL),
        "PTRACE_ATTACH": lambda: check(LIBC.ptrace(PTRACE_ATTACH, pid, None, None)),
        "PTRACE_SEIZE": lambda: check(LIBC.ptrace(PTRACE_SEIZE, pid, None, None)),
        "pidfd_getfd": lambda: check(LIBC.syscall(PIDFD_GETFD, os.pidfd_open(pid), 3, 0)),
        "a limit of processor time": lambda: resource.prlimit(pid, resource.RLIMIT_CPU, (1, 1)),
        "another scheduler": lambda: os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0)),
        "another priority": lambda: os.setpriority(os.PRIO_PROCESS, pid, 19),
    }


def against_files(state, repository):
    journal = state / "journal.db"
    pack = next(p for kept in ("data", "staging") for p in (repository / kept).rglob("*") if p.is_file())
    return {
        "opening the journal for writing": lambda: os.open(journal, os.O_WRONLY),
        "truncating it in an open for reading": lambda: os.open(journal, os.O_RDONLY | os.O_TRUNC),
        "truncating it by path": lambda: os.truncate(journal, 0),
        "deleting it": lambda: os.unlink(journal),
        "renaming it": lambda: os.rename(journal, state.parent / "journal"),
        "linking it": lambda: os.link(journal, state.parent / "link"),
        "chmod of it": lambda: os.chmod(journal, 0o666),
        "deleting a pack": lambda: os.unlink(pack),
        "writing over a pack": lambda: os.open(pack, os.O_RDWR),
        "putting something over a pack": lambda: os.rename(state.parent / "other", pack),
        "a new file among them": lambda: os.open(pack.with_name("new"), os.O_CREAT | os.O_WRONLY),
        "a new directory": lambda: os.mkdir(repository / "new"),
        "an attribute": lambda: os.setxattr(pack, "user.x", b"x"),
        "renaming the state directory": lambda: os.rename(state, state.parent / "moved"),
        "mounting over it": lambda: check(LIBC.mount(b"tmpfs", bytes(state), b"tmpfs", 0, None)),
    }


def sandboxes_are_made(site, place):
    """A service manager's child gives each mount other flags: what is no mount is an error of the kernel's then, and not refused."""
    remount, bind, read_only, private, recursive = 1 << 5, 1 << 12, 1, 1 << 18, 1 << 14
    for name, flags in {"other flags for a mount": remount | bind | read_only, "its propagation": private | recursive}.items():
        outcome = attempt(lambda flags=flags: check(LIBC.mount(None, bytes(place), None, flags, None)))
        site.expect(outcome == "EINVAL", f"{name} may be asked for", outcome)


def names_below(folder):
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if p.parent.name not in ("locks", "staging")}


def left_alone(site):
    """A guard that people have started: root neither stops nor traces it, nor harms what it keeps."""
    (site.tree / "file").write_text("kept\n" * 1000)
    site.start()
    repository = site.state / "repository"
    (site.state.parent / "other").write_text("x")
    held = site.holds("guard_is_left_alone")
    site.expect(held["holds"], "the kernel guards it", held)
    guard = site.guard.process.pid
    expect_refused(site, against_process(guard))
    site.expect(attempt(lambda: os.kill(guard, 0)) == "ok", "whether it runs may be asked")
    expect_refused(site, {f"{name} to the supervisor": call for name, call in
                          against_process(supervisor_of(guard)).items() if name.startswith("SIG")})
    expect_refused(site, against_files(site.state, repository))
    sandboxes_are_made(site, repository)
    before = names_below(repository)
    subprocess.run(["rm", "-rf", repository], stderr=subprocess.DEVNULL, check=False)
    missing = before - names_below(repository)
    site.expect(len(before) > 4 and not missing, "rm -rf of the repository removes nothing", missing)
    tables_are_refused(site)
    reading_is_allowed(site, repository)
    told = [i for i in site.tocsin("incidents") if "send signal 9 to the guard" in str(i["reasons"])]
    site.expect(len(told) == 1, "an incident tells who tried", told)
    another_supervisor(site, guard)
    os.kill(guard, signal.SIGTERM)
    site.expect(site.guard.process.wait(60) == 0, "SIGTERM ends it in order")
    subprocess.run(["rm", "-rf", site.state], check=False)
    site.expect(not site.state.exists(), "nothing of it outlives the guard")


def bpf(command, *numbers):
    attributes = (ctypes.c_uint32 * 32)(*numbers)
    got = LIBC.syscall(BPF, command, attributes, ctypes.sizeof(attributes))
    check(got)
    return attributes, got


def tables_are_refused(site):
    """A descriptor of one of the guard's tables: none to write by, one to read by."""
    ids, last = [], 0
    while attempt(lambda: bpf(MAP_GET_NEXT_ID, last)) == "ok":
        last = bpf(MAP_GET_NEXT_ID, last)[0][1]
        ids.append(last)
    refused = [i for i in ids if attempt(lambda: bpf(MAP_GET_FD_BY_ID, i)) == "EPERM"]
    site.expect(len(refused) >= 10, "changing a table is refused", ids)
    readable = [i for i in refused if attempt(lambda: bpf(MAP_GET_FD_BY_ID, i, 0, READ_ONLY)) == "ok"]
    site.expect(readable == refused, "reading a table is not", readable)


def reading_is_allowed(site, repository):
    os.environ["RESTIC_PASSWORD_FILE"] = str(site.state / "repository-password")
    done = subprocess.run(["restic", "--no-cache", "-r", repository, "snapshots"], capture_output=True, text=True, check=False)
    site.expect(done.returncode == 0, "restic reads the repository", done.stderr)
    for words in (["incidents"], ["versions", site.tree / "file"], ["check"]):
        site.tocsin(*words)
    site.expect(True, "the command line reads")


def another_supervisor(site, guard):
    before = supervisor_of(guard)
    site.signal_from_process_1(before, signal.SIGKILL)
    site.expect(lab.wait_for(lambda: supervisor_of(guard) not in (before, None), 30), "process 1 may kill; another one is started")
    lab.wait_for(lambda: False, 1)
    outcome = attempt(lambda: os.kill(supervisor_of(guard), signal.SIGKILL))
    site.expect(outcome == "EPERM", "the new one is guarded", outcome)


def managed(site):
    """A guard that a service manager has started: nobody else ends it."""
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    channel.bind("/run/notify")
    os.environ["NOTIFY_SOCKET"] = "/run/notify"
    (site.tree / "file").write_text("kept\n" * 1000)
    site.start()
    del os.environ["NOTIFY_SOCKET"]
    guard = site.guard.process.pid
    expect_refused(site, {"SIGTERM": lambda: os.kill(guard, signal.SIGTERM), "SIGINT": lambda: os.kill(guard, signal.SIGINT)})
    site.signal_from_process_1(guard, signal.SIGTERM)
    site.expect(site.guard.process.wait(60) == 0, "process 1 ends it in order")


STEPS = {"left_alone": left_alone, "managed": managed}
