#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is read and sent to another host is told once for each way, and what serves others is not.

    run_exposure.py [--fs ext4]

The other host is a network namespace behind a veth pair. Both go with this run.
"""
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import lab

FILES = 120
MOVED = "TOCSIN_IN_A_NETWORK_OF_ITS_OWN"
PEER = '''until ip address add 10.99.0.2/24 dev peer0 2> /dev/null; do sleep 0.05; done; ip link set peer0 up
nc -lk -p 4000 > /dev/null & exec nc -lk -p 4001 > /dev/null'''


def start(script, **more):
    return subprocess.Popen(["bash", "-c", script], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL, preexec_fn=lab.die_with_parent, start_new_session=True, **more)


def network():
    peer = subprocess.Popen(["unshare", "--net", "--pid", "--fork", "--kill-child", "bash", "-c", PEER],
                            preexec_fn=lab.die_with_parent)
    own = os.readlink("/proc/self/ns/net")
    lab.wait_for(lambda: os.readlink(f"/proc/{peer.pid}/ns/net") != own, 10)
    for line in (f"link add here0 type veth peer name peer0 netns {peer.pid}", "address add 10.99.0.1/24 dev here0",
                 "link set here0 up", "link set lo up"):
        subprocess.run(["ip", *line.split()], check=True)
    lab.wait_for(lambda: subprocess.run(["nc", "-z", "10.99.0.2", "4001"], check=False).returncode == 0, 10)
    return peer


class Sender:
    def __init__(self, host, tree, peer):
        self.host, self.tree, self.peer = host, tree, peer

    def does(self, script, incidents, what):
        """In a session of its own, as a job of cron is."""
        start(f"{script}; :", cwd=self.tree).wait(60)
        time.sleep(3)
        found = self.host.ask("incidents")
        self.host.expect(len(found) == incidents, f"{what}: {len(found)} incidents instead of {incidents}")
        return found

    def serves(self):
        server = start("tar c . | nc -N -l -p 5000; :", cwd=self.tree)
        time.sleep(1)
        subprocess.run(["nsenter", "--net", "--target", str(self.peer.pid), "nc", "-d", "10.99.0.1", "5000"],
                       stdout=subprocess.DEVNULL, check=True)
        server.wait(60)


def is_hashed(executables, program):
    """By its digest; where its path is another one here (a chroot), or it lies on an overlay, a reason is enough."""
    here = os.path.realpath(shutil.which(program))
    told = next((e for e in executables if Path(e["path"]).name == program), None)
    if told is None:
        return False
    layers = subprocess.run(["stat", "-f", "-c", "%T", here], capture_output=True, text=True, check=True).stdout
    if told["sha256"] is None and (told["path"] != here or layers.startswith("overlay")):
        return bool(told["why_not"])
    return told["sha256"] == hashlib.sha256(Path(here).read_bytes()).hexdigest()


def check(host, tree, peer):
    backup = "tar c . | nc -N 10.99.0.2 4000"
    sender = Sender(host, tree, peer)
    sender.does("sha256sum f* | nc -N 10.99.0.2 4000", 0, "digests that are sent")
    sender.does("nc -z 10.99.0.2 4000; tar c . | nc -N 127.0.0.1 4000", 0, "a peer on this host")
    sender.serves()
    sender.does("true", 0, "a server")
    first = sender.does(backup, 1, "a backup")
    if not first:
        return
    host.expect(first[0]["state"] == "observed" and first[0]["bytes_exposed"] >= FILES * 20_000, str(first[0]))
    sender.does(backup, 1, "the same backup again")
    host.tocsin("release", "1")
    sender.does(backup, 1, "a backup that was released")
    host.end_guard()
    host.tocsin("protect", str(tree))
    host.expect_tree(tree, "after a restart")
    sender.does(backup, 1, "a backup that was released, after a restart")
    sender.does(backup.replace("4000", "4001"), 2, "another destination")
    incident = host.ask("incident", "1")
    host.expect(is_hashed(incident["executables"], "tar"), f"the digest of tar: {incident['executables']}")
    sent = incident["exposures"][-1]
    host.expect((sent["address"], sent["port"], sent["transport"]) == ("10.99.0.2", 4000, "tcp"), str(sent))
    host.expect(sent["files"] == FILES and sent["bytes_sent"] > FILES * 20_000, str(sent))


def parts(host, filesystem, work):
    tree = filesystem / "share"
    tree.mkdir()
    for number in range(FILES):
        (tree / f"f{number}").write_bytes(os.urandom(20_000))
    peer = network()
    host.tocsin("protect", str(tree))
    host.expect_tree(tree, "at first")

    def end():
        peer.kill()
        peer.wait()

    return [lambda: check(host, tree, peer), end]


def in_own_network():
    """Starts this run again in a network namespace of its own, once."""
    if os.geteuid() != 0 or not shutil.which("nc") or not shutil.which("ip"):
        print("needs root, nc and ip")
        sys.exit(77)
    if MOVED not in os.environ:
        os.environ[MOVED] = "yes"
        os.execvp("unshare", ["unshare", "--net", sys.executable, *sys.argv])


in_own_network()
lab.run_parts("exposure", parts)
