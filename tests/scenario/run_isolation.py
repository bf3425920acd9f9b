#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A host with a guard and three peers in network namespaces of their own: an administrator's, an attacker's and a file
server's. Before, all reach the host and are reached. Isolated, only the administrator is: what runs with the others
stalls, and goes on afterwards. The isolation ends on demand, by itself, and by itself also when the guard was killed.

    run_isolation.py [--fs ext4]
"""
import json
import shutil
import subprocess
import sys
import time

import lab
import networks
import sshd

PEERS = ["anna", "mallory", "files"]
DISCARD = 9000
# Echoes whatever comes, over TCP on IPv4 and IPv6: in the host's place and in each peer's.
ECHO = f"""
import socket, threading
def echo(channel):
    try:
        while data := channel.recv(4096):
            channel.sendall(data)
    except OSError:
        pass
listener = socket.create_server(("::", {DISCARD}), family=socket.AF_INET6, dualstack_ipv6=True)
while True:
    threading.Thread(target=echo, args=[listener.accept()[0]], daemon=True).start()
"""
# Connects, says so, and tells of each line that it is given whether it came back within a second.
TALK = f"""
import socket, sys
channel = socket.create_connection((sys.argv[1], {DISCARD}), 3)
print("connected", flush=True)
for line in sys.stdin:
    channel.settimeout(3)
    try:
        channel.sendall(line.encode())
        got = b""
        while not got.endswith(b"\\n") or line.encode() not in got:
            got += channel.recv(4096)
        print("back", flush=True)
    except TimeoutError:
        print("silent", flush=True)
"""


class Talk:
    """A connection that stays."""

    def __init__(self, network, place, address):
        self.process = subprocess.Popen(network.words(place, sys.executable, "-c", TALK, address), text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        preexec_fn=lab.die_with_parent)
        self.is_connected = self.process.stdout.readline() == "connected\n"

    def say(self, word):
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def close(self):
        self.process.kill()
        self.process.wait()


class Site:
    def __init__(self, host, tree, work):
        self.host, self.tree, self.work = host, tree, work
        self.network = networks.Network(PEERS)
        for number, name in enumerate(PEERS, 1):
            for place, device, end in (("server", name, 1), (name, "eth0", 2)):
                self.network.run(place, "ip", "address", "add", f"fd77:{number}::{end}/64", "dev", device, "nodad")
            self.network.run(name, "ip", "route", "add", "default", "via", self.network.server_for(name))
        self.network.run("server", "sysctl", "-qw", "net.ipv4.ip_forward=1")
        self.echoes = [subprocess.Popen(self.network.words(place, sys.executable, "-c", ECHO),
                                        preexec_fn=lab.die_with_parent) for place in ("server", *PEERS)]
        self.guard_words = self.network.words("server", lab.bin_dir() / "tocsin-guardd", "--state", host.state)
        host.state.mkdir(exist_ok=True)
        self.log = open(host.state / "guard.log", "ab")
        self.start_guard()
        self.ssh = sshd.Ssh(self.network, work, {"root": 0})
        self.ssh.wait_until_it_answers("anna", "root")

    def start_guard(self, *options):
        self.guard = subprocess.Popen([*self.guard_words, *options, self.tree], stdin=subprocess.DEVNULL,
                                      stdout=self.log, stderr=self.log, preexec_fn=lab.die_with_parent)
        until = time.monotonic() + 20
        while time.monotonic() < until and not (self.host.state / "control.sock").exists():
            time.sleep(0.05)
        self.host.expect_tree(self.tree, "start")
        if self.guard.poll() is not None:
            raise RuntimeError((self.host.state / "guard.log").read_text()[-1000:])

    def kill_guard(self):
        self.guard.kill()
        self.guard.wait()

    def isolate(self, *words, expect=0, within=()):
        """`within`: what the command line runs below, such as an environment."""
        done = subprocess.run(self.network.words("server", *within, lab.bin_dir() / "tocsin", "--state",
                                                 self.host.state, "--json", "isolate", *words),
                              capture_output=True, text=True, stdin=subprocess.DEVNULL)
        self.host.expect(done.returncode == expect, f"isolate {words}: exit {done.returncode}: {done.stderr}")
        return json.loads(done.stdout) if done.stdout else {"error": done.stderr}

    def addresses(self, name):
        number = 1 + PEERS.index(name)
        return self.network.address(name), f"fd77:{number}::2"

    def host_addresses(self, name):
        number = 1 + PEERS.index(name)
        return self.network.server_for(name), f"fd77:{number}::1"

    def forget_neighbours(self):
        """So that they have to be found again."""
        for place in ("server", *PEERS):
            self.network.run(place, "ip", "neigh", "flush", "all")

    def connects(self, place, address):
        words = self.network.words(place, sys.executable, "-c",
                                   f"import socket; socket.create_connection(({address!r}, {DISCARD}), 1)")
        return subprocess.run(words, stderr=subprocess.DEVNULL).returncode == 0

    def reached(self):
        """Who reaches the host and is reached by it, over both families."""
        return {name for name in PEERS
                if all(self.connects("server", address) for address in self.addresses(name))
                and all(self.connects(name, address) for address in self.host_addresses(name))}

    def reached_at_all(self):
        return {name for name in PEERS
                if any(self.connects("server", address) for address in self.addresses(name))
                or any(self.connects(name, address) for address in self.host_addresses(name))}

    def expect_reached(self, names, when):
        found = self.reached() if set(names) == set(PEERS) else self.reached_at_all()
        self.host.expect(found == set(names), f"{when}: reached are {sorted(found)}, not {sorted(names)}")
        if set(names) != set(PEERS):
            self.host.expect(set(names) <= self.reached(), f"{when}: {names} are not reached over both families")

    def status(self):
        return self.host.ask("status")["isolation"]

    def close(self):
        if self.guard.poll() is None:
            self.guard.terminate()
            self.guard.wait(60)
        self.ssh.close()
        for echo in self.echoes:
            echo.kill()
            echo.wait()
        self.network.close()
        self.log.close()


def isolated_and_ended(host, site):
    site.expect_reached(PEERS, "before")
    host.expect(site.connects("mallory", site.network.address("files")), "before, the host does not forward")
    host.expect(site.status() is None, f"before, the status says {site.status()}")
    with_mallory = Talk(site.network, "server", site.network.address("mallory"))
    from_mallory = Talk(site.network, "mallory", site.network.server_for("mallory"))
    with_anna = Talk(site.network, "anna", site.network.server_for("anna"))
    host.expect(with_mallory.say("one") == from_mallory.say("one") == with_anna.say("one") == "back", "no talk before")
    began = time.monotonic()
    answer = site.isolate("--allow", site.addresses("anna")[0], "--allow", "fd77:1::/64", "--for", "10m")
    print(f"isolated in {(time.monotonic() - began) * 1000:.0f} ms: {answer}", flush=True)
    host.expect(answer["proved"] and not answer["no_way_to"] and answer["asked_from"] is None, f"it says {answer}")
    host.expect(with_mallory.say("two") == "silent" and from_mallory.say("two") == "silent", "mallory's talk goes on")
    host.expect(with_anna.say("two") == "back", "anna's talk stalls")
    site.forget_neighbours()
    site.expect_reached(["anna"], "isolated")
    host.expect(not site.connects("mallory", site.network.address("files")), "isolated, the host forwards")
    host.expect(site.connects("server", "127.0.0.1") and site.connects("server", site.network.server_for("files")),
                "the host does not reach itself")
    status = site.status()
    print(f"status: {status}", flush=True)
    host.expect(status and status["until"][:15] == answer["until"][:15]
                and status["allowed"] == ["10.77.1.2", "fd77:1::/64"] and min(status["dropped"].values()) > 0,
                f"the status says {status}")
    host.expect(site.isolate("--end") == {"isolated": False, "was_isolated": True}, "it was not ended")
    site.expect_reached(PEERS, "ended")
    host.expect(with_mallory.say("three") == "back", "ended, what was stalled does not go on")
    host.expect(not site.network.rules() and site.status() is None, f"ended, there is {site.network.rules()}")
    host.expect(site.isolate("--end") == {"isolated": False, "was_isolated": False}, "ended twice")
    for talk in (with_mallory, from_mallory, with_anna):
        talk.close()


def a_port_of_a_server(host, site):
    """Only that port, and only from here to there."""
    address = site.network.address("files")
    answer = site.isolate("--allow", f"{address}:{DISCARD}")
    host.expect(answer["proved"], f"a port: {answer}")
    host.expect(site.connects("server", address), "the port that is allowed is not reached")
    host.expect(not site.connects("files", site.network.server_for("files")), "the file server reaches the host")
    site.isolate("--allow", f"{address}:445")
    host.expect(not site.connects("server", address), "another port than the allowed one is reached")
    host.expect(site.status()["allowed"] == [f"{address}:445"], "the second isolation did not replace the first")
    site.isolate("--end")


def who_asks_is_allowed(host, site):
    """sudo clears the environment of what it starts; the shell above it keeps its own."""
    anna, peers = site.network.address("anna"), f"{site.network.address('anna')} 50022 10.77.1.1 22"
    answer = site.isolate(within=["env", f"SSH_CONNECTION={peers}", "sh", "-c", "env -i \"$@\"; exit $?", "sh"])
    host.expect(answer.get("asked_from") == anna and answer["allowed"] == [anna], f"who asks: {answer}")
    host.expect(site.connects("anna", site.network.server_for("anna")), "who asks is locked out")
    site.isolate("--end")


def who_asks_over_ssh_is_allowed(host, site):
    """A real session, with no environment left that would tell of it."""
    anna, ssh = site.network.address("anna"), site.ssh
    ask = f"env -i {lab.bin_dir()}/tocsin --state {host.state} --json isolate"
    status, said = ssh.client("anna", f"{ask} --for 10m", user="root")
    host.expect(status == 0 and json.loads(said)["asked_from"] == anna, f"over SSH: {status}, {said}")
    host.expect(ssh.client("anna", "true", user="root")[0] == 0, "who asks cannot log in again")
    host.expect(ssh.client("mallory", "true", seconds=20, user="root")[0] != 0, "mallory can log in")
    status, said = ssh.client("anna", f"{ask} --end", user="root")
    host.expect(status == 0 and json.loads(said)["was_isolated"], f"ended over SSH: {status}, {said}")
    site.expect_reached(PEERS, "ended over SSH")


def ends_by_itself(host, site):
    began = time.monotonic()
    site.isolate("--for", "5s")
    while not site.connects("server", site.network.address("mallory")) and time.monotonic() < began + 15:
        time.sleep(0.01)
    lasted = time.monotonic() - began
    print(f"5 s lasted {lasted:.1f} s", flush=True)
    host.expect(5 <= lasted < 9, f"5 s lasted {lasted:.1f} s")
    host.expect(site.status() is None, f"over, the status says {site.status()}")
    site.expect_reached(PEERS, "over")
    host.wait(lambda: not site.network.rules(), "over, its table stays", 5)


def ends_without_its_guard(host, site):
    site.isolate("--for", "8s")
    site.kill_guard()
    host.expect(not site.connects("mallory", site.network.server_for("mallory")), "without its guard it is over")
    time.sleep(9)
    site.expect_reached(PEERS, "over without a guard")
    host.expect("elements" not in site.network.rules(), f"over, there is {site.network.rules()}")
    site.start_guard()
    host.wait(lambda: not site.network.rules(), "the next guard leaves the table", 10)


def is_ended_without_a_guard_or_by_the_next(host, site):
    site.isolate("--for", "10m")
    site.kill_guard()
    host.expect(site.isolate("--end")["was_isolated"], "without a guard it cannot be ended")
    site.expect_reached(PEERS, "ended without a guard")
    said = site.isolate("--for", "10m", expect=1)
    host.expect("no guard runs" in said.get("error", ""), f"isolated without a guard: {said}")
    site.start_guard("--isolation-allow", site.network.address("anna"))
    site.isolate("--for", "10m", "--allow", "10.77.1.0/24")
    site.kill_guard()
    site.start_guard()
    status = site.status()
    host.expect(status and status["allowed"] == [site.network.address("anna"), "10.77.1.0/24"], f"restarted: {status}")
    site.isolate("--end")
    site.expect_reached(PEERS, "ended by the next guard")


def rules_that_are_removed(host, site):
    """By somebody else: it is told, and they are not put back."""
    site.isolate("--for", "10m")
    site.network.run("server", "nft", "delete", "table", "inet", "tocsin_isolation")
    host.expect(site.status() is None, f"removed: {site.status()}")
    host.wait(lambda: "somebody has removed" in (host.state / "guard.log").read_text(), "nobody tells of it", 15)


def rules_that_do_not_hold(host, site):
    """Because nft was tampered with: that is found out."""
    nft, kept, changed = shutil.which("nft"), site.work / "nft", site.work / "nft-changed"
    shutil.copy(nft, kept)
    changed.write_text(f"""#!/bin/sh
[ "$1" = -f ] || exec {kept} "$@"
sed 's/counter drop/counter accept/' | {kept} "$@"
""")
    changed.chmod(0o755)
    subprocess.run(["mount", "--bind", changed, nft], check=True)  # for this run alone
    try:
        answer = site.isolate(expect=1)
        host.expect(answer.get("proved") is False and "went out" in answer["reason"], f"it says {answer}")
    finally:
        subprocess.run(["umount", nft], check=True)
    site.isolate("--end")


def a_host_that_reaches_nobody_else(host, site):
    """All that it could try is allowed: nothing is proved, and that is said. With a way to the world it is."""
    words = ["--allow", "10.77.0.0/16", "--allow", "fd77::/16", "--allow", "fe80::/10", "--allow", "203.0.113.9"]
    answer = site.isolate(*words, expect=1)
    host.expect(answer["no_way_to"] == ["203.0.113.9"], f"no way to 203.0.113.9: {answer}")
    host.expect(answer["proved"] is False and "nothing could be tried" in answer["reason"], f"no proof: {answer}")
    host.expect(site.status() is not None, "without a proof it is lifted")
    site.network.run("server", "ip", "route", "add", "default", "via", site.network.address("anna"))
    answer = site.isolate(*words)
    host.expect(answer["proved"] and answer["reason"].endswith(" 192.0.2.1") and not answer["no_way_to"],
                f"with a default route: {answer}")
    site.isolate("--end")


def wrong_usage(host, site):
    for words in (["--allow", "0.0.0.0/0"], ["--allow", "10.0.0.5; flush ruleset"], ["--for", "25h"], ["--for", "0"],
                  ["--end", "--for", "1h"]):
        site.isolate(*words, expect=2)


def without_nftables(host, site):
    nft = "/usr/sbin/nft"
    hidden = host.state / "no-nft"
    subprocess.run(["mount", "-t", "tmpfs", "none", "/usr/sbin"], check=True)  # for this run alone; the guard's, too
    try:
        said = site.isolate(expect=1)
        host.expect("nftables (/usr/sbin/nft) is not there" in said.get("error", ""), f"without {nft}: {said} {hidden}")
    finally:
        subprocess.run(["umount", "/usr/sbin"], check=True)


def parts(host, filesystem, work):
    if not all(map(shutil.which, ("ip", "nft", "nsenter", "ssh", "sshd", "sysctl"))):
        print("skipped: needs ip, nft, nsenter, ssh, sshd and sysctl")
        sys.exit(77)
    tree = filesystem / "tree"
    tree.mkdir()
    (tree / "plan.txt").write_text("a document\n")
    site = Site(host, tree, work)
    return [*(lambda part=part: part(host, site) for part in
              (isolated_and_ended, a_port_of_a_server, who_asks_is_allowed, who_asks_over_ssh_is_allowed, ends_by_itself,
               ends_without_its_guard, is_ended_without_a_guard_or_by_the_next, rules_that_are_removed,
               rules_that_do_not_hold, a_host_that_reaches_nobody_else, wrong_usage, without_nftables)),
            site.close]


lab.run_parts("isolation", parts)
