#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A real sshd whose users work on a guarded tree, from network namespaces of their own: one destroys, one saves.
The incident names the destroyer's address, which is kept out of sshd's port; its processes stay frozen, and go on over
the same connection when a person releases them. The other notices nothing, and undo gives all back.

    run_ssh.py [--fs ext4]
"""
import shutil
import subprocess
import sys
import threading
import time

import lab
import networks
import sshd

FILES = 200
CLIENTS = {"mallory": 4001, "bert": 4002}


class Saving(threading.Thread):
    """Bert saves a document all the time, each over a connection of his own."""

    def __init__(self, ssh, folder):
        super().__init__(daemon=True)
        self.ssh, self.folder, self.saved, self.problems, self.runs = ssh, folder, 0, [], True

    def run(self):
        while self.runs:
            status, said = self.ssh.client("bert", f"cat > {self.folder}/saved{self.saved}", "a document\n" * 50, 30)
            if status != 0:
                self.problems.append(said[-300:])
            self.saved += 1

    def finish(self):
        self.runs = False
        self.join(40)


def is_kept_out(ssh):
    began = time.monotonic()
    status, said = ssh.client("mallory", "true", seconds=20)
    return status not in (0, None) and "refused" in said and time.monotonic() - began < 5


def actions(host, number):
    return {action["kind"]: action for action in host.ask("incident", str(number))["actions"]}


def begin_attack(host, ssh, tree):
    """The destroyer's client, its incident and what was done about its client. Nothing for the last two: nobody saw it."""
    known = {i["id"] for i in host.ask("incidents")}
    attacker = subprocess.Popen(ssh.words("mallory", f"shred -u {tree}/plan-*"), stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=lab.die_with_parent)
    new = []

    def is_answered():
        new[:] = [i for i in host.ask("incidents") if i["id"] not in known and "cut" in actions(host, i["id"])]
        return new

    host.wait(is_answered, "nobody was cut off", 20)
    if not new:
        print(host.ask("incidents"), flush=True)
        attacker.kill()
        return attacker, None, None
    number = new[0]["id"]
    return attacker, host.ask("incident", str(number)), actions(host, number)["cut"]


def expect_undone(host, tree, before, number):
    host.ask("undo", str(number))
    found = [d for d in lab.differences(before, lab.picture(tree)) if "bert" not in d]
    host.expect(not found, f"after undo: {found[:3]}")


def cut_and_released(host, ssh, tree):
    before = lab.picture(tree)
    saving = Saving(ssh, tree / "bert")
    saving.start()
    attacker, incident, cut = begin_attack(host, ssh, tree)
    if not incident:
        return
    number, address = incident["id"], ssh.network.address("mallory")
    print(f"{lab.damaged(before, tree)} of {FILES} damaged; {cut['outcome']}", flush=True)
    host.expect(incident["state"] == "contained" and incident["actor"]["address"] == address, f"it is {incident}")
    host.expect(cut["client"] == {"address": address, "port": 22} and "stay frozen" in cut["outcome"], f"done: {cut}")
    host.expect(is_kept_out(ssh), "the attacker connects again")
    time.sleep(2)
    host.expect(attacker.poll() is None and ssh.network.connections("mallory"), "the frozen session has ended")
    host.tocsin("release", str(number))
    host.expect(not ssh.network.rules(), f"released, there are still rules: {ssh.network.rules()}")
    try:
        host.expect(attacker.wait(30) == 0, f"released, the session ended by {attacker.returncode}")
    except subprocess.TimeoutExpired:
        host.expect(False, "released, the session did not go on")
        attacker.kill()
    host.expect(ssh.client("mallory", "true")[0] == 0, "released, it cannot connect")
    saving.finish()
    host.expect(not saving.problems and saving.saved > 2, f"bert saved {saving.saved}, {saving.problems[:2]}")
    expect_undone(host, tree, before, number)
    host.expect(len(list((tree / "bert").iterdir())) == saving.saved, "what bert saved is not all there")


def not_cut(host, ssh, tree, why):
    """It is frozen all the same."""
    before = lab.picture(tree)
    attacker, incident, cut = begin_attack(host, ssh, tree)
    if not incident:
        return
    host.expect(incident["state"] == "contained", f"{why}: it is {incident['state']}")
    host.expect(cut["outcome"].startswith("failed: ") and why in cut["outcome"], f"{why}: {cut['outcome']}")
    host.expect(ssh.client("mallory", "true")[0] == 0, f"{why}: the client cannot connect")
    host.tocsin("stop", str(incident["id"]))
    attacker.wait(30)
    expect_undone(host, tree, before, incident["id"])


def without_nftables(host, ssh, tree):
    nft = shutil.which("nft")
    subprocess.run(["mount", "--bind", "/bin/false", nft], check=True)  # for this run alone
    not_cut(host, ssh, tree, "nftables")
    subprocess.run(["umount", nft], check=True)


def an_administrator(host, ssh, tree):
    host.end_guard()
    host.tocsin("protect", str(tree), "--never-cut", ssh.network.address("mallory") + "/32")
    host.expect_tree(tree, "protect again")
    not_cut(host, ssh, tree, "never cut off")


def parts(host, filesystem, work):
    if not all(map(shutil.which, ("sshd", "ssh", "ip", "ss", "nft"))):
        print("skipped: needs sshd, ssh, ip, ss and nft")
        sys.exit(77)
    work.chmod(0o755)  # its users go through it
    tree = filesystem / "tree"
    tree.mkdir()
    for number in range(FILES):
        (tree / f"plan-{number}.txt").write_text(f"document {number}\n" * 200)
    (tree / "bert").mkdir()
    for path in [tree, *tree.rglob("*")]:
        path.chmod(0o777 if path.is_dir() else 0o666)
    network = networks.Network(CLIENTS)
    ssh = sshd.Ssh(network, work, CLIENTS)
    ssh.wait_until_it_answers("bert")
    host.tocsin("protect", str(tree))
    host.expect_tree(tree, "protect")

    def end():
        ssh.close()
        network.close()

    return [*(lambda part=part: part(host, ssh, tree) for part in (cut_and_released, without_nftables, an_administrator)),
            end]


lab.run_parts("ssh", parts)
