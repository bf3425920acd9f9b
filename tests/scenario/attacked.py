# SPDX-License-Identifier: Apache-2.0
"""A small tree with one of everything, attacked, given back and compared.

The guard sees the script that attacks as a destroyer as well, after some fifteen attacks of the same process:
more of them belong into another script.
"""
import os
import subprocess

import lab

FILES = 20


def fill(tree):
    tree.mkdir()
    deep = tree / "full" / "deep"
    deep.mkdir(parents=True)
    (tree / "empty").mkdir()
    for number in range(FILES):
        for folder in (tree, tree / "full", deep):
            (folder / f"f{number}").write_text(f"{folder.name} {number}\n" * 50)
    os.mkfifo(tree / "pipe")
    os.symlink("f1", tree / "link")
    os.symlink("nowhere", tree / "full" / "dangling")
    (tree / "full").chmod(0o2775)
    (tree / "empty").chmod(0o700)
    subprocess.run(["setfacl", "-d", "-m", "u:1000:rwx", tree / "full"], check=True)
    for folder in (deep, tree / "full", tree / "empty", tree):
        os.utime(folder, (1_700_000_000, 1_700_000_000))


class Attacked:
    def __init__(self, host, tree):
        self.host, self.tree, self.before = host, tree, lab.picture(tree)

    def attack(self, script, seconds=10):
        """The incident's number; None where none came."""
        known = {i["id"] for i in self.host.ask("incidents")}
        subprocess.Popen(["bash", "-c", f"cd '{self.tree}'; {script}"], start_new_session=True,
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        new = []

        def has_come():
            new.extend(i["id"] for i in self.host.ask("incidents") if i["id"] not in known)
            return new

        self.host.wait(has_come, f"no incident of: {script}", seconds)
        return new[-1] if new else None

    def undo(self, number, what):
        if number is None:
            return
        self.host.tocsin("stop", str(number))
        report = self.host.ask("undo", str(number))
        made = report["restored"] + report["recreated"] + report["renamed_back"]
        self.host.expect(report["verified"] >= made, f"{what}: {made} put back, {report['verified']} verified")
        self.host.expect(not report["notes"], f"{what}: {report['notes'][:3]}")
        self.expect_as_before(self.tree, what)

    def expect_as_before(self, tree, what):
        found = lab.differences(self.before, lab.picture(tree))
        self.host.expect(not found, f"{what}: {found[:3]}")


class Person:
    """A login of its own, there before the guard: what it does is not the attacking script's."""

    def __init__(self, work):
        self.asked, self.answered = work / "asked", work / "answered"
        for pipe in (self.asked, self.answered):
            os.mkfifo(pipe)
        subprocess.run(["setsid", "-f", "bash", "-c", f"exec 3<>'{self.asked}' 4<>'{self.answered}'; "
                        "while read -t 120 -r line <&3; do eval \"$line\"; echo $? >&4; done"], check=True)

    def does(self, script):
        self.asked.write_text(script + "\n")
        with self.answered.open() as answer:
            if answer.readline().strip() != "0":
                raise AssertionError(f"failed: {script}")

    def leaves(self):
        self.asked.write_text("exit\n")
