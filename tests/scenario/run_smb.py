#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A real smbd on a guarded share, and clients of it in network namespaces of their own: one attacks, one works.
The incident names the attacker's user and address; what the other does goes on and stands; undo gives back the rest.

    run_smb.py [--fs ext4]
"""
import os
import shutil
import subprocess
import sys
import threading
import time

import lab

FILES, FOLDERS = 300, 6
CLIENTS = {"mallory": 4001, "bert": 4002}
CONFIG = """[global]
server role = standalone server
disable netbios = yes
load printers = no
printing = bsd
private dir = {work}/private
pid directory = {work}/run
lock directory = {work}/lock
state directory = {work}/state
cache directory = {work}/cache
ncalrpc dir = {work}/ncalrpc
log file = {work}/log.%m
passdb backend = tdbsam:{work}/private/passdb.tdb
[share]
path = {share}
read only = no
create mask = 0666
"""


class Network:
    """A namespace for the server and one for each client, joined by veth; this process stays where it is."""

    def __init__(self):
        self.holders = {}
        for name in ("server", *CLIENTS):
            self.holders[name] = subprocess.Popen(["unshare", "-n", "sleep", "1000"], preexec_fn=lab.die_with_parent)
        time.sleep(0.5)
        self.run("server", "ip", "link", "set", "lo", "up")
        for number, name in enumerate(CLIENTS, 1):
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
        return f"10.77.{1 + list(CLIENTS).index(name)}.2"

    def server_for(self, name):
        return f"10.77.{1 + list(CLIENTS).index(name)}.1"

    def close(self):
        for holder in self.holders.values():
            holder.kill()


class Samba:
    def __init__(self, network, work, share):
        self.network, self.work = network, work / "samba"
        for name in ("private", "run", "lock", "state", "cache", "ncalrpc"):
            (self.work / name).mkdir(parents=True)
        self.config = self.work / "smb.conf"
        self.config.write_text(CONFIG.format(work=self.work, share=share))
        for kind, line in (("passwd", "{0}:x:{1}:{1}::/:/usr/sbin/nologin\n"), ("group", "{0}:x:{1}:\n")):
            own = self.work / kind  # seen by this run alone
            own.write_text(open(f"/etc/{kind}").read() + "".join(line.format(*each) for each in CLIENTS.items()))
            subprocess.run(["mount", "--bind", own, f"/etc/{kind}"], check=True)
        for name in CLIENTS:
            subprocess.run(["smbpasswd", "-c", self.config, "-s", "-a", name], input="secret\nsecret\n", text=True,
                           check=True, stdout=subprocess.DEVNULL)
        self.process = subprocess.Popen(network.words("server", "smbd", "-F", "--no-process-group", "-s",
                                                      self.config),
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, start_new_session=True,
                                        preexec_fn=lab.die_with_parent)  # at its end smbd ends its whole group

    def client(self, name, commands, seconds=60):
        """Its exit status and what it said; None where it did not end."""
        words = self.network.words(name, "smbclient", "-s", self.config, "-U", f"{name}%secret",
                                   f"//{self.network.server_for(name)}/share")
        try:
            done = subprocess.run(words, input=commands, text=True, capture_output=True, timeout=seconds)
        except subprocess.TimeoutExpired:
            return None, "it did not end in time"
        return done.returncode, done.stdout + done.stderr

    def wait_until_it_answers(self):
        for _ in range(100):
            if self.client("bert", "ls\n")[0] == 0:
                return
            time.sleep(0.1)
        raise AssertionError("smbd does not answer")

    def close(self):
        self.process.terminate()
        self.process.wait(10)


class Work(threading.Thread):
    """Bert saves and reads documents all the time, each over a connection of its own."""

    def __init__(self, samba, folder, content):
        super().__init__(daemon=True)
        self.samba, self.folder, self.content = samba, folder, content
        self.saved, self.problems, self.longest, self.runs = 0, [], 0.0, True

    def run(self):
        while self.runs:
            began = time.monotonic()
            status, said = self.samba.client("bert", f"put {self.content} {self.folder}\\saved{self.saved}\n", 30)
            self.longest = max(self.longest, time.monotonic() - began)
            if status != 0 or "NT_STATUS" in said:
                self.problems.append(said[-300:])
            self.saved += 1

    def finish(self):
        self.runs = False
        self.join(40)


def name_of(number):
    return f"plan-{number}{('.txt', '.csv', '.md')[number % 3]}"


def fill(share):
    for number in range(FILES):
        folder = share / f"d{number % FOLDERS}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name_of(number)).write_text(f"document {number}\n" * 200)
    (share / "bert").mkdir()
    for path in [share, *share.rglob("*")]:
        path.chmod(0o777 if path.is_dir() else 0o666)


def attacks(junk):
    names = [f"d{n % FOLDERS}\\{name_of(n)}" for n in range(FILES)]
    return {"renamed": [f"rename {name} {name}.locked" for name in names], "overwritten": [f"put {junk} {name}" for name in names],
            "deleted": [f"del {name}" for name in names]}


def attack(host, samba, share, what, commands):
    before = lab.picture(share)
    known = {i["id"] for i in host.ask("incidents")}
    work = Work(samba, "bert", samba.work / "junk")
    work.start()
    time.sleep(1)
    attacker = threading.Thread(target=samba.client, args=("mallory", "\n".join(commands) + "\n", 20), daemon=True)
    attacker.start()
    new = []

    def has_come():
        new.extend(i for i in host.ask("incidents") if i["id"] not in known and i["actor"]["address"])
        return new

    host.wait(has_come, f"{what}: no incident that names an address", 20)
    if not new:
        print(host.ask("incidents"), flush=True)
    time.sleep(2)
    work.finish()
    host.expect(not work.problems and work.saved > 2, f"{what}: bert saved {work.saved}, {work.problems[:2]}")
    print(f"{what}: {lab.damaged({p: i for p, i in before.items() if not p.startswith('bert')}, share)} of {FILES}"
          f" damaged, bert saved {work.saved}, the longest took {work.longest:.2f} s", flush=True)
    if not new:
        return
    actor = new[0]["actor"]
    told = (actor["kind"], actor["user"], actor["address"])
    address = samba.network.address("mallory")
    host.expect(told in (("session", "mallory", address), ("process_tree", "root", address)),  # smbd, for itself
                f"{what}: the actor is {told}")
    host.tocsin("stop", str(new[0]["id"]))
    attacker.join(30)
    host.ask("undo", str(new[0]["id"]))
    again = host.ask("incident", str(new[0]["id"]))["actor"]
    host.expect(again["address"] == told[2] and again["user"] == told[1], f"{what}: later the actor is {again}")
    after = lab.picture(share)
    found = [d for d in lab.differences(before, after) if "bert" not in d]
    host.expect(not found, f"{what}: {found[:3]}")
    host.expect(len(list((share / "bert").iterdir())) >= work.saved, f"{what}: what bert saved is not all there")
    shutil.rmtree(share / "bert")
    (share / "bert").mkdir()
    (share / "bert").chmod(0o777)


def parts(host, filesystem, work):
    if not all(map(shutil.which, ("smbd", "smbclient", "ip"))):
        print("skipped: needs smbd, smbclient and ip")
        sys.exit(77)
    work.chmod(0o755)  # its users go through it
    share = filesystem / "share"
    fill(share)
    network = Network()
    samba = Samba(network, work, share)
    junk = samba.work / "junk"
    junk.write_bytes(os.urandom(3000))
    samba.wait_until_it_answers()
    host.tocsin("protect", str(share))
    host.expect_tree(share, "protect")

    def end():
        samba.close()
        network.close()

    return [*(lambda what=what, commands=commands: attack(host, samba, share, what, commands)
              for what, commands in attacks(junk).items()), end]


lab.run_parts("smb", parts)
