# SPDX-License-Identifier: Apache-2.0
"""A server and its clients in network namespaces of their own, and users that only this run knows."""
import atexit
import os
import signal
import subprocess
import time

import lab


class Network:
    """A namespace for the server and one for each client, joined by veth; this process stays where it is."""

    def __init__(self, clients):
        self.holders, self.clients = {}, list(clients)
        atexit.register(self.close)
        for name in ("server", *clients):
            self.holders[name] = subprocess.Popen(["unshare", "-n", "sleep", "1000"], preexec_fn=lab.die_with_parent)
        time.sleep(0.5)
        self.run("server", "ip", "link", "set", "lo", "up")
        for number, name in enumerate(clients, 1):
            self.run("server", "ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns",
                     str(self.holders[name].pid))
            for place, device, host in (("server", name, 1), (name, "eth0", 2)):
                self.run(place, "ip", "address", "add", f"10.77.{number}.{host}/24", "dev", device)
                self.run(place, "ip", "link", "set", device, "up")

    def words(self, place, *words):
        return ["nsenter", "-t", str(self.holders[place].pid), "-n", *words]

    def run(self, place, *words):
        subprocess.run(self.words(place, *words), check=True)

    def address(self, name):
        return f"10.77.{1 + self.clients.index(name)}.2"

    def server_for(self, name):
        return f"10.77.{1 + self.clients.index(name)}.1"

    def rules(self):
        """Those of the server's nftables."""
        return subprocess.run(self.words("server", "nft", "list", "ruleset"), capture_output=True, text=True).stdout

    def connections(self, name):
        """Of a client to the server."""
        found = subprocess.run(self.words("server", "ss", "-tnH", "state", "established", "dst", self.address(name)),
                               capture_output=True, text=True)
        return found.stdout.splitlines()

    def close(self):
        """With all that lives in them, also what a guard has stopped."""
        for name, holder in self.holders.items():
            for process in self.processes(name) if holder.poll() is None else []:
                if process != holder.pid:
                    os.kill(process, signal.SIGKILL)
            holder.kill()
            holder.wait()

    def processes(self, name):
        own = os.readlink(f"/proc/{self.holders[name].pid}/ns/net")
        found = []
        for process in filter(str.isdigit, os.listdir("/proc")):
            try:
                if os.readlink(f"/proc/{process}/ns/net") == own:
                    found.append(int(process))
            except OSError:
                pass  # it has ended
        return found


def add_users(work, users):
    """`users`: numbers by name. Seen by this run alone, which has its own mounts."""
    for kind, line in (("passwd", "{0}:x:{1}:{1}::/:/bin/sh\n"), ("group", "{0}:x:{1}:\n")):
        own = work / kind
        own.write_text(open(f"/etc/{kind}").read() + "".join(line.format(*each) for each in users.items()))
        subprocess.run(["mount", "--bind", own, f"/etc/{kind}"], check=True)
