#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A person who encrypts a private folder and shreds the originals is asked about: nothing is frozen, the next file has
to wait. What an answer does, what none does, and that a restart, `stop` and `undo` know of it.

    run_held.py [--fs ext4]
"""
import atexit
import os
import signal
import subprocess
import time

import lab

LETTERS = 12
SEAL = """export GNUPGHOME="$1"; for letter in "$0"/letter-*.txt; do
gpg -q --batch --pinentry-mode loopback --s2k-count 65536 --passphrase secret -c "$letter" 2>/dev/null && shred -u "$letter" || exit 7; sleep 0.4; done"""


def end_all(person):
    """The whole group: what it was at may be frozen."""
    if person.returncode is None:
        os.killpg(person.pid, signal.SIGKILL)
        person.wait()


class Home:
    """A guarded folder of letters, and who puts them under lock and key."""

    def __init__(self, host, place):
        self.host, self.tree, self.keys = host, place / "tree", place / "keys"
        self.keys.mkdir(mode=0o700)
        (self.tree / "office").mkdir(parents=True)
        text = open("/usr/share/common-licenses/GPL-3").read()
        for n in range(60):
            (self.tree / "office" / f"plan-{n}.txt").write_text(text[n * 100:])
        for part in ("released", "unanswered", "stopped", "restarted"):
            (self.tree / part).mkdir()
            for n in range(LETTERS):
                (self.tree / part / f"letter-{n:02}.txt").write_text(f"letter {n}\n" + text[n * 500:n * 500 + 9000])

    def guard(self):
        self.host.tocsin("protect", str(self.tree))
        self.host.expect_tree(self.tree, "the start")

    def begin(self, folder):
        """Who seals the letters of a folder, once a person is asked; the incident."""
        self.private = self.tree / folder
        self.before = lab.picture(self.tree)
        known = {i["id"] for i in self.host.ask("incidents")}
        person = subprocess.Popen(["bash", "-c", SEAL, str(self.private), str(self.keys)], stdin=subprocess.DEVNULL, start_new_session=True,
                                  preexec_fn=lab.die_with_parent)
        atexit.register(end_all, person)
        found = []

        def is_held():
            found[:] = [i for i in self.host.ask("incidents") if i["id"] not in known and i["state"] != "observed"]
            return found
        self.host.wait(is_held, "nobody is asked about the letters")
        incident = found[0] if found else {"id": 0, "state": "none", "actor": {"pids": []}}
        self.host.expect(incident["state"] == "held", f"it is {incident}")
        return person, incident["id"]

    def state(self, number):
        return next((i["state"] for i in self.host.ask("incidents") if i["id"] == number), "none")

    def released(self):
        person, number = self.begin("released")
        self.host.expect(self.host.ask("status")["incidents_open"] >= 1, "status counts nobody who is held")
        kinds = [a["kind"] for a in self.host.ask("incident", str(number))["actions"]]
        self.host.expect(kinds == ["hold"], f"held: {kinds}")
        self.host.tocsin("release", str(number))
        self.host.expect(person.wait(60) == 0, f"released, the work ended with {person.returncode}")
        self.host.expect(self.state(number) == "released", f"released, it is {self.state(number)}")
        self.host.expect(len(list(self.private.glob("*.gpg"))) == LETTERS, "released, not all was sealed")

    def unanswered(self):
        person, number = self.begin("unanswered")
        began = time.monotonic()
        self.host.expect(person.wait(20) == 7, f"nobody answered, the work ended with {person.returncode}")
        self.host.expect(time.monotonic() - began < 4, "it waited for longer than the bound")
        left = len(list(self.private.glob("*.txt")))
        self.host.expect(left >= LETTERS - 6, f"{left} letters are left")
        self.host.expect(self.state(number) == "held", f"nobody answered, it is {self.state(number)}")
        self.host.tocsin("undo", str(number))
        self.host.expect(lab.damaged(self.before, self.tree) == 0, "undo did not give the letters back")

    def stopped(self):
        person, number = self.begin("stopped")
        self.host.tocsin("stop", str(number))
        self.host.wait(lambda: self.state(number) == "stopped", "stop did not end it")
        self.host.expect(person.wait(20) != 0, "stopped, the work ended well")
        self.host.tocsin("undo", str(number))
        self.host.expect(lab.damaged(self.before, self.tree) == 0, "undo did not give the letters back")

    def restarted(self):
        person, number = self.begin("restarted")
        self.host.end_guard()
        self.guard()
        self.host.expect(self.state(number) in ("held", "contained"), f"after a restart it is {self.state(number)}")
        end_all(person)
        self.host.tocsin("release", str(number))


def parts(host, place, work):
    home = Home(host, place)
    return [home.guard, home.released, home.unanswered, home.stopped, home.restarted, host.end_guard]


lab.run_parts("held", parts)
