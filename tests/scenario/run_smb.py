#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A real smbd on a guarded share, and clients of it in network namespaces of their own: one attacks, the others work.
The incident names the attacker's user and address, and the session is cut: its smbd ends, and its address gets no
further, until a person releases it. What the others do goes on and stands; undo gives back the rest.

    run_smb.py [--fs ext4]
"""
import itertools
import os
import shutil
import subprocess
import sys
import threading
import time

import lab
import networks
from samba import Samba

FILES, FOLDERS = 300, 6
CLIENTS = {"mallory": 4001, "bert": 4002, "carla": 4003, "dora": 4004}
COPIES = ("carla", "dora")
COPIED = 1 << 20
NAMES = 40  # that each copies to, again and again: smbd takes the longer to make a name, the more there are
# How the attacker speaks: which share, and up to which dialect.
TONGUES = {"SMB 2.1": ("share", "SMB2_10"), "SMB 3.1.1, encrypted": ("sealed", "SMB3_11")}


class Saving(threading.Thread):
    """Bert saves a document all the time, each over a connection of its own."""

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


class Copying(threading.Thread):
    """Somebody copies files to the share, all over one connection."""

    def __init__(self, samba, name, folder, content):
        super().__init__(daemon=True)
        self.ended, self.problems, self.runs = [], [], True  # when each copy was done
        self.folder, self.name, self.content = folder, name, content
        self.process = subprocess.Popen(samba.words(name, "share", "SMB3_11"), stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                        preexec_fn=lab.die_with_parent)

    def run(self):
        while self.runs:
            self.process.stdin.write(f"put {self.content} {self.folder}\\{self.name}{len(self.ended) % NAMES}\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
            while line and "putting file" not in line and "NT_STATUS" not in line:
                line = self.process.stdout.readline()
            if "putting file" not in line:
                self.problems.append(line or "the connection has ended")
                return
            self.ended.append(time.monotonic())

    def rate(self, begin, end):
        """MiB a second, of the copies that ended between."""
        return sum(begin <= when < end for when in self.ended) * COPIED / (end - begin) / 2**20

    def finish(self):
        self.runs = False
        self.join(40)
        self.process.stdin.close()
        self.process.wait(20)


def name_of(number):
    return f"plan-{number}{('.txt', '.csv', '.md')[number % 3]}"


def fill(share):
    for number in range(FILES):
        folder = share / f"d{number % FOLDERS}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name_of(number)).write_text(f"document {number}\n" * 200)
    (share / "others").mkdir()
    for path in [share, *share.rglob("*")]:
        path.chmod(0o777 if path.is_dir() else 0o666)


def attacks(junk):
    names = [f"d{n % FOLDERS}\\{name_of(n)}" for n in range(FILES)]
    return {"renamed": [f"rename {name} {name}.locked" for name in names], "overwritten": [f"put {junk} {name}" for name in names],
            "deleted": [f"del {name}" for name in names]}


class Others:
    """All who work on the share, each time in a new folder, and what they say of it."""
    rounds = itertools.count()

    def __init__(self, samba, share):
        self.folder = share / "others" / str(next(Others.rounds))
        self.folder.mkdir()
        self.folder.chmod(0o777)
        to = f"others\\{self.folder.name}"
        self.saving = Saving(samba, to, samba.work / "junk")
        self.copying = [Copying(samba, name, to, samba.work / "large") for name in COPIES]
        for thread in (self.saving, *self.copying):
            thread.start()

    def rate(self, begin, end):
        return sum(each.rate(begin, end) for each in self.copying)

    def finish(self, host, what):
        for thread in (self.saving, *self.copying):
            thread.finish()
        problems = [p for each in (self.saving, *self.copying) for p in each.problems]
        host.expect(not problems and self.saving.saved > 2, f"{what}: bert saved {self.saving.saved}, {problems[:2]}")
        self.made = self.saving.saved + sum(min(len(each.ended), NAMES) for each in self.copying)

    def are_all_there(self):
        return len(list(self.folder.iterdir())) >= self.made


rates = []  # MiB/s before, during and after each attack
MEASURED = 4  # seconds: before the attack, from its beginning, and after that


def attack(host, samba, share, what, commands, tongue):
    """The incident's number; None where there is none."""
    known = {i["id"] for i in host.ask("incidents")}
    others = Others(samba, share)
    second = samba.idle("mallory", TONGUES[tongue])
    time.sleep(1 + MEASURED)
    began = time.monotonic()
    attacker = threading.Thread(target=samba.client, daemon=True,
                                args=("mallory", "\n".join(commands) + "\n", 20, TONGUES[tongue]))
    attacker.start()
    new = []

    def is_cut():
        new[:] = [i for i in host.ask("incidents") if i["id"] not in known and i["actor"]["address"]]
        return new and any(a["kind"] == "cut" for a in host.ask("incident", str(new[0]["id"]))["actions"])

    time.sleep(0.5)  # asking takes the others' processor
    host.wait(is_cut, f"{what}: nobody was cut off", 20)
    attacker.join(5)
    host.expect(not attacker.is_alive(), f"{what}: the attacker's connection goes on")
    time.sleep(max(0.0, began + MEASURED - time.monotonic()))
    time.sleep(MEASURED)
    before, during, after = (others.rate(began + n * MEASURED, began + (n + 1) * MEASURED) for n in (-1, 0, 1))
    rates.append((before, during, after))
    others.finish(host, what)
    host.expect(not samba.network.connections("mallory"), f"{what}: a second session of the attacker's is still connected")
    second.kill()
    second.wait()
    host.expect(during > before / 4, f"{what}: the others copied {before:.0f} MiB/s before and {during:.0f} during")
    print(f"{what}: bert saved {others.saving.saved}, the longest took {others.saving.longest:.2f} s; "
          f"two copied {before:.0f} MiB/s before, {during:.0f} during ({100 * during / max(before, 1):.0f} %), "
          f"{after:.0f} after", 
          flush=True)
    if not new:
        print(host.ask("incidents"), flush=True)
    return (new[0]["id"] if new else None), others


def is_kept_out(samba, tongue):
    began = time.monotonic()
    status, said = samba.client("mallory", "ls\n", 20, TONGUES[tongue])
    return status not in (0, None) and "REFUSED" in said and time.monotonic() - began < 5


def expect_cut(host, samba, what, number, tongue):
    incident = host.ask("incident", str(number))
    address = samba.network.address("mallory")
    actor = incident["actor"]
    told = (actor["kind"], actor["user"], actor["address"])
    host.expect(told in (("session", "mallory", address), ("process_tree", "root", address)),  # smbd, for itself
                f"{what}: the actor is {told}")
    host.expect(incident["state"] == "contained", f"{what}: it is {incident['state']}")
    cut = [a for a in incident["actions"] if a["kind"] == "cut"]
    host.expect([a["client"] for a in cut] == [{"address": address, "port": 445}] and "has ended" in cut[0]["outcome"],
                f"{what}: what was done: {incident['actions']}")
    times = {a["kind"]: a["time"] for a in incident["actions"]}
    print(f"{what}: {told}, opened {incident['opened'][17:23]}, "
          + ", ".join(f"{kind} {when[17:23]}" for kind, when in times.items()) + f": {cut[0]['outcome']}", flush=True)
    host.expect(not samba.stopped(), f"{what}: an smbd stands still: {samba.stopped()}")
    host.expect(is_kept_out(samba, tongue), f"{what}: the attacker connects again")


def start_again(host, samba, share, what):
    """The guard, after somebody has loaded rules of his own: it keeps out again whom it kept out."""
    host.end_guard()
    subprocess.run(samba.network.words("server", "nft", "flush", "ruleset"), check=True)
    host.expect(samba.client("mallory", "ls\n", 20)[0] == 0, f"{what}: without rules, it cannot connect")
    host.tocsin("protect", str(share))
    host.expect_tree(share, "protect again")


def attack_and_back(host, samba, share, what, commands, tongue):
    what = f"{what}, {tongue}"
    before = lab.picture(share)
    number, others = attack(host, samba, share, what, commands, tongue)
    kept = {p: i for p, i in before.items() if not p.startswith("others")}
    print(f"{what}: {lab.damaged(kept, share)} of {FILES} damaged", flush=True)
    if number is None:
        return
    expect_cut(host, samba, what, number, tongue)
    host.tocsin("stop", str(number))
    report = host.ask("undo", str(number))
    host.expect(any(n["what"] == "client" for n in report["notes"]), f"{what}: undo does not say who stays out")
    host.expect(is_kept_out(samba, tongue), f"{what}: the attacker connects again after stop and undo")
    found = [d for d in lab.differences(before, lab.picture(share)) if "others" not in d]
    host.expect(not found, f"{what}: {found[:3]}")
    host.expect(others.are_all_there(), f"{what}: what the others saved is not all there")
    if what.startswith("renamed"):
        start_again(host, samba, share, what)
        host.expect(is_kept_out(samba, tongue), f"{what}: the attacker connects again after a restart")
    host.tocsin("release", str(number))
    host.expect(samba.client("mallory", "ls\n", 20, TONGUES[tongue])[0] == 0, f"{what}: released, it cannot connect")
    rules = samba.network.rules()
    host.expect(not rules, f"{what}: released, there are still rules: {rules}")


SESSIONS = 6


def by_many_sessions(host, samba, share, what, commands):
    """At once, each with a share of the work: all of them end, and what each did belongs to an incident."""
    what = f"{what} by {SESSIONS} sessions"
    before = lab.picture(share)
    known = {i["id"] for i in host.ask("incidents")}
    others = Others(samba, share)
    time.sleep(1)
    attackers = [threading.Thread(target=samba.client, daemon=True,
                                  args=("mallory", "\n".join(commands[n::SESSIONS]) + "\n", 20))
                 for n in range(SESSIONS)]
    for each in attackers:
        each.start()
    for each in attackers:
        each.join(25)
    time.sleep(1)
    others.finish(host, what)
    new = [i for i in host.ask("incidents") if i["id"] not in known and i["score"] >= 1]
    kept = {p: i for p, i in before.items() if not p.startswith("others")}
    print(f"{what}: {lab.damaged(kept, share)} of {FILES} damaged, {len(new)} incidents", flush=True)
    host.expect(new and not samba.stopped(), f"{what}: still there: {samba.stopped()}")
    left = samba.network.connections("mallory")  # that smbd was only letting in: blocked like the others
    host.expect(len(left) < 2, f"{what}: still connected: {left}")
    host.expect(is_kept_out(samba, "SMB 2.1"), f"{what}: the attacker connects again")
    for incident in sorted(new, key=lambda i: -i["id"]):
        host.ask("undo", str(incident["id"]))
    found = [d for d in lab.differences(before, lab.picture(share)) if "others" not in d and not is_folder_time(d)]
    if any(i["actor"]["user"] == "root" and i["actor"]["address"] for i in new):  # whose the others are is not known
        print(f"{what}: smbd served a session as root: {len(found)} differences", flush=True)
    else:
        host.expect(not found, f"{what}: {found[:3]}")
    host.expect(others.are_all_there(), f"{what}: what the others saved is not all there")
    for incident in new:
        host.tocsin("release", str(incident["id"]))
    host.expect(samba.client("mallory", "ls\n", 20)[0] == 0 and not samba.network.rules(),
                f"{what}: released, it cannot connect, or there are still rules: {samba.network.rules()}")


def is_folder_time(difference):
    """Of a folder in which two incidents changed something, whose undo leaves the time of the last."""
    return difference.startswith("differs: ") and "." not in difference.split(":")[1] and "mtime" in difference


def parts(host, filesystem, work):
    if not all(map(shutil.which, ("smbd", "smbclient", "ip", "ss", "nft"))):
        print("skipped: needs smbd, smbclient, ip, ss and nft")
        sys.exit(77)
    work.chmod(0o755)  # its users go through it
    share = filesystem / "share"
    fill(share)
    network = networks.Network(CLIENTS)
    samba = Samba(network, work, share, CLIENTS)
    junk = samba.work / "junk"
    junk.write_bytes(os.urandom(3000))
    (samba.work / "large").write_bytes(os.urandom(COPIED))
    samba.wait_until_it_answers()
    host.tocsin("protect", str(share))
    host.expect_tree(share, "protect")

    def end():
        before, during, after = (sum(each) / len(rates) for each in zip(*rates))
        print(f"on average {before:.0f} MiB/s before the attacks, {during:.0f} during ({100 * during / before:.0f} %), "
              f"{after:.0f} after", flush=True)
        samba.close()
        network.close()

    wanted = [(what, commands, tongue) for what, commands in attacks(junk).items() for tongue in TONGUES]
    many = [(what, attacks(junk)[what]) for what in ("renamed", "overwritten")]
    return [*(lambda each=each: attack_and_back(host, samba, share, *each) for each in wanted),
            *(lambda each=each: by_many_sessions(host, samba, share, *each) for each in many), end]


lab.run_parts("smb", parts)
