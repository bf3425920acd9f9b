#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The package under a real systemd, from its installation to its purge: what `systemctl` shows, how long files are
not guarded at a restart, a crash and an upgrade, and that nobody waits for a guard that hangs.

    run_package.py [--fs ext4] [--root DIR] [--deb FILE]

systemd boots in namespaces of its own (machine.py), over a view of this host's root, or of DIR: a Debian 12 that
debootstrap has made. Without --deb it packs the programs of TOCSIN_BIN with the committed rest; that needs
debhelper.
"""
import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import lab
from gap import GapWatch
from machine import ENVIRONMENT, Machine, why_not
from opener import Opener

UNIT = "tocsin.service"
WATCHDOG = 5.0  # seconds, as the unit says
TREE, VAULT, MORE = "/srv/share", "/srv/vault", "/srv/vault/more"


def skip(why):
    print("skipped: " + why)
    sys.exit(77)


def package(work):
    """The programs that were built, as a package."""
    if not shutil.which("dh"):
        skip("the package cannot be built: debhelper is not installed")
    done = subprocess.run([lab.ROOT / "packaging/build-deb", work / "deb", lab.bin_dir().parent],
                          capture_output=True, text=True, env={**os.environ, "TMPDIR": str(work)})
    if done.returncode != 0:
        raise RuntimeError("packaging/build-deb: " + done.stderr[-2000:] + done.stdout[-2000:])
    return next((work / "deb").glob("tocsin_*.deb"))


def newer(deb, work):
    """The same package with a higher version, and a unit file that says so."""
    tree = work / "newer"
    subprocess.run(["dpkg-deb", "-R", deb, tree], check=True)
    control = tree / "DEBIAN/control"
    control.write_text(control.read_text().replace("Version: ", "Version: 1:"))
    unit = tree / "lib/systemd/system" / UNIT
    unit.write_text(unit.read_text().replace("Guard of file trees", "Newer guard of file trees"))
    subprocess.run(["dpkg-deb", "-b", tree, work / "newer.deb"], check=True, stdout=subprocess.DEVNULL)
    return work / "newer.deb"


class Run:
    def __init__(self, work, options):
        self.work, self.problems = work, []
        self.deb = Path(options.deb) if options.deb else package(work)
        self.machine = Machine(work, options.root)
        self.disks = {}
        for path in (TREE, VAULT, MORE):
            place = work / Path(path).name
            place.mkdir()
            self.disks[path] = lab.FileSystem(place, options.fs, size="1G")
        self.share = self.disks[TREE]

    def prepare(self):
        self.machine.mount()
        why = self.machine.ensure_systemd()
        if why:
            skip(why)
        for own in ("var/lib/tocsin", "etc/tocsin"):  # of a guard that this host has
            shutil.rmtree(self.machine.root / own, ignore_errors=True)
        for path, disk in self.disks.items():
            place = self.machine.root / path[1:]
            place.mkdir(parents=True, exist_ok=True)
            subprocess.run(["mount", "--bind", disk.path, place], check=True)
        (self.machine.root / "packages").mkdir()
        shutil.copy(self.deb, self.machine.root / "packages/tocsin.deb")
        shutil.copy(newer(self.deb, self.work), self.machine.root / "packages/newer.deb")
        self.files = lab.make_corpus(self.share.path, 300, 10)
        why = self.machine.boot()
        if why:
            skip("systemd cannot be booted here: " + why)

    def configure(self, *paths):
        text = f'[protect]\npaths = {json.dumps(paths)}\nrepository = "{VAULT}/repository"\n'
        (self.machine.root / "etc/tocsin/tocsin.toml").write_text(text)

    def expect(self, holds, sentence):
        print("ok  " if holds else "FAIL", sentence, flush=True)
        if not holds:
            self.problems.append(sentence)

    def unit(self):
        return self.machine.properties(UNIT, "ActiveState", "SubState", "StatusText", "MainPID", "NRestarts", "Result")

    def tocsin(self, *words):
        return json.loads(self.machine.run("tocsin", *words, "--json"))

    def guards(self):
        return self.machine.processes("tocsin-guardd")

    def guards_again(self, seconds=30):
        return lab.wait_for(lambda: self.unit()["StatusText"] == "guarding", seconds)

    def open_incidents(self):
        return [i for i in self.tocsin("incidents") if i["state"] in ("observed", "contained")]

    def release_all(self):
        for incident in self.open_incidents():
            self.machine.run("tocsin", "release", str(incident["id"]))

    def gap(self, what, deed, at_gap=lambda: None, within=10.0, waits=2.0):
        """Does this, and tells how long nobody was asked before an open, and how long one waited."""
        before = self.unit()["MainPID"]
        watch = GapWatch(self.share.path, self.guards, at_gap)
        opener = Opener(self.files[0])
        watch.start()
        opener.start()
        time.sleep(0.3)
        deed()
        again = lab.wait_for(lambda: self.unit()["MainPID"] not in ("0", before) and self.guards_again(0.5))
        gaps, waited = watch.finish(), opener.finish()
        self.expect(again, f"{what}: another guard guards")
        shown = ", ".join(f"{g * 1000:.0f} ms" for g in gaps)
        self.expect(len(gaps) == 1 and gaps[0] < within, f"{what}: not guarded for {shown or 'no time'}")
        self.expect(waited < waits, f"{what}: an open waited {waited:.2f} s at most")


def installed(run):
    run.machine.run("dpkg", "-i", "/packages/tocsin.deb")
    run.expect(run.unit()["ActiveState"] == "inactive", "installed: it is not started")
    enabled = run.machine.run("systemctl", "is-enabled", UNIT, may_fail=True).strip()
    run.expect(enabled == "disabled", f"installed: the unit is {enabled}")


def without_paths(run):
    failed = run.machine.run("sh", "-c", f"systemctl start {UNIT} || echo failed", may_fail=True)
    run.expect("failed" in failed, "without paths: systemctl start fails")
    before = int(run.unit()["NRestarts"])
    time.sleep(5)
    tries = int(run.unit()["NRestarts"]) - before
    run.expect(1 <= tries <= 2, f"without paths: it tries again without haste, {tries} times in 5 s")
    run.machine.run("systemctl", "stop", UNIT)


def started(run):
    run.configure(TREE)
    began = time.monotonic()
    run.machine.run("systemctl", "enable", "--now", UNIT)
    unit = run.unit()
    run.expect(unit["ActiveState"] == "active" and unit["StatusText"] in ("capturing", "guarding"),
               f"systemctl start: ready after {time.monotonic() - began:.2f} s, '{unit['StatusText']}'")
    watch = GapWatch(run.share.path, run.guards)
    run.expect(watch.is_gated(), "systemctl start: opens wait for the guard once it is ready")
    run.expect(run.guards_again(), "systemctl status: guarding")
    shown = run.machine.run("systemctl", "--no-pager", "status", UNIT)
    run.expect('Status: "guarding"' in shown, "systemctl status shows the state")
    status = run.tocsin("status")
    run.expect(str(status["guard_pid"]) == run.unit()["MainPID"], "the unit's main process is the guard")
    run.expect(status["invariants"]["never_harms"]["holds"], "a supervisor watches it")


def reloaded(run):
    run.configure(TREE, MORE)
    before = run.unit()["MainPID"]
    done = run.machine.run("sh", "-c", f"systemctl reload {UNIT} 2>&1 || echo failed", may_fail=True)
    guarded = [tree["path"] for tree in run.tocsin("status")["protected"]]
    run.expect("failed" not in done and MORE in guarded, f"systemctl reload {done.strip()}: {guarded} are guarded")
    run.expect(run.unit()["MainPID"] == before and run.unit()["ActiveState"] == "active", "reload: the same guard goes on")


def destroyer_frozen(run):
    before = lab.picture(run.share.path)
    words = run.machine.enter("sh", "-c", f"find {TREE} -type f | while read f; do shred -u \"$f\"; done")
    shred = subprocess.Popen(words, env=ENVIRONMENT, stdin=subprocess.DEVNULL, preexec_fn=lab.die_with_parent)
    contained = lab.wait_for(lambda: any(i["state"] == "contained" for i in run.open_incidents()))
    run.expect(contained, "shred in the tree is frozen")
    lost = lab.damaged(before, run.share.path)
    run.expect(shred.poll() is None and lost < 100, f"shred stands still after {lost} of {len(before)} objects")
    number = run.open_incidents()[-1]["id"]
    run.machine.run("tocsin", "stop", number)
    run.machine.run("tocsin", "undo", number)
    shred.wait(20)
    run.expect(not lab.differences(before, lab.picture(run.share.path)), "undo gives back all of it")
    run.files = [path for path in run.files if path.exists()]


def isolated(run):
    if not (run.machine.root / "usr/sbin/nft").exists():
        print("skip isolate: nftables is not installed")
        return
    run.machine.run("ip", "link", "add", "inside", "type", "veth", "peer", "name", "outside")
    for name in ("inside", "outside"):
        run.machine.run("ip", "link", "set", name, "up")
    run.machine.run("ip", "address", "add", "10.77.0.1/24", "dev", "inside")
    answer = run.tocsin("isolate", "--for", "5m")
    run.expect(answer["isolated"] and answer["proved"], f"isolate: {answer['reason']}")
    run.expect(run.tocsin("status")["isolation"] is not None, "isolate: status says so")
    ended = run.tocsin("isolate", "--end")
    run.expect(ended["was_isolated"], "isolate --end: the host is no longer isolated")
    run.machine.run("ip", "link", "delete", "inside")


def stopped_by_signal(run):
    before = run.unit()
    opener = Opener(run.files[0])
    opener.start()
    time.sleep(0.2)
    os.kill(run.guards()[0], signal.SIGSTOP)
    time.sleep(2)
    waited = opener.finish()
    run.expect(waited < 2 and run.unit()["MainPID"] == before["MainPID"],
               f"SIGSTOP: the same guard goes on, an open waited {waited:.2f} s at most")


def killed(run):
    run.release_all()
    victim = run.files[7]

    def change():
        with open(victim, "a", encoding="utf8") as file:
            file.write("changed while nobody looked\n")

    run.gap("SIGKILL", lambda: os.kill(run.guards()[0], signal.SIGKILL), at_gap=change)
    run.expect(run.unit()["NRestarts"] != "0", "SIGKILL: systemd has started it again")
    found = [i for i in run.open_incidents() if i["actor"]["kind"] == "unknown" and i["objects_changed"] == 1]
    run.expect(len(found) == 1, "SIGKILL: what changed meanwhile is an incident of an unknown actor")
    told = [i for i in run.open_incidents() if any("was killed, or crashed" in reason for reason in i["reasons"])]
    run.expect(len(told) == 1, "SIGKILL: an incident tells of it")


def hung_with_its_supervisor(run):
    both = [run.machine.processes(name)[0] for name in ("tocsin-supervisor", "tocsin-guardd")]

    def deed():
        for pid in both:  # within a tenth of a second: each would continue the other
            os.kill(pid, signal.SIGSTOP)

    run.gap("guard and supervisor are stopped", deed, waits=WATCHDOG + 1)
    told = run.machine.run("journalctl", "--no-pager", "-u", UNIT)
    run.expect("Watchdog timeout" in told, "guard and supervisor are stopped: the watchdog ended it")


def frozen_as_a_unit(run):
    def deed():
        place = run.machine.properties(UNIT, "ControlGroup")["ControlGroup"]
        run.machine.run("sh", "-c", f"echo 1 > /sys/fs/cgroup{place}/cgroup.freeze")

    guard = run.unit()["MainPID"]
    opener = Opener(run.files[0])
    opener.start()
    time.sleep(0.3)
    deed()
    ended = lab.wait_for(lambda: run.unit()["MainPID"] != guard)
    waited = opener.finish()
    run.expect(ended and waited < WATCHDOG + 1, f"its cgroup is frozen: the watchdog ended it, an open waited {waited:.2f} s")
    run.machine.run("systemctl", "restart", UNIT)  # what the manager does between two guards is frozen as well
    run.expect(run.guards_again(), "its cgroup is frozen: systemctl restart brings it back")


def blind(run):
    repository = run.disks[VAULT].path / "repository"
    began = time.monotonic()
    repository.rename(repository.with_name("elsewhere"))
    told = lab.wait_for(lambda: run.unit()["StatusText"].startswith("blind: the repository can't be reached"))
    run.expect(told, f"the repository is gone: systemctl status says blind after {time.monotonic() - began:.2f} s")
    run.expect(run.tocsin("status")["state"] == "blind", "the repository is gone: tocsin status says blind")
    repository.with_name("elsewhere").rename(repository)
    run.expect(run.guards_again(), "the repository is there again: guarding")


def without_a_disk(run):
    run.machine.run("systemctl", "stop", UNIT)
    run.machine.run("sh", "-c", f"mkdir /srv/kept && mount --bind {MORE} /srv/kept && umount {MORE}")
    run.machine.run("systemctl", "start", UNIT)
    run.expect(lab.wait_for(lambda: run.unit()["StatusText"].startswith("blind")),
               "a tree's disk is missing: the unit is ready, and says blind")
    run.machine.run("mount", "--bind", "/srv/kept", MORE)
    run.expect(run.guards_again(), "the tree's disk is there again: guarding")


def ended_slowly(run):
    freeze = ["fsfreeze", "--freeze", run.disks[VAULT].path]
    subprocess.run(freeze, check=True)
    try:
        run.machine.run("systemctl", "stop", "--no-block", UNIT)
        time.sleep(WATCHDOG + 2)
        run.expect(run.unit()["ActiveState"] == "deactivating", "its last checkpoint takes longer than the watchdog's limit")
    finally:
        subprocess.run(["fsfreeze", "--unfreeze", run.disks[VAULT].path], check=True)
    run.expect(lab.wait_for(lambda: run.unit()["ActiveState"] == "inactive") and run.unit()["Result"] == "success",
               "a slow end is an end in order")
    run.machine.run("systemctl", "start", UNIT)
    run.expect(run.guards_again(), "it guards again")


def restarted(run):
    run.gap("systemctl restart", lambda: run.machine.run("systemctl", "restart", UNIT))
    run.expect(run.unit()["Result"] == "success", "systemctl restart: it ended in order")


def upgraded(run):
    run.release_all()
    run.gap("upgrade", lambda: run.machine.run("dpkg", "-i", "/packages/newer.deb"))
    shown = run.machine.properties(UNIT, "Description")["Description"]
    run.expect(shown.startswith("Newer"), "upgrade: the newer package's unit runs")
    run.expect(not run.open_incidents(), "upgrade: nothing changed meanwhile, so there is no incident")


def removed(run):
    versions = run.tocsin("status")["vault"]["versions"]
    run.machine.run("apt-get", "remove", "-y", "tocsin")
    run.expect(not run.guards() and not run.machine.processes("tocsin-supervisor"), "apt remove: no guard runs")
    run.expect((run.machine.root / "etc/tocsin/tocsin.toml").exists(), "apt remove: the configuration stays")
    run.machine.run("apt-get", "purge", "-y", "tocsin")
    run.expect(not (run.machine.root / "etc/tocsin").exists(), "apt purge: the configuration goes")
    links = list((run.machine.root / "etc/systemd/system").rglob(UNIT))
    run.expect(not links, "apt purge: nothing starts it any more")
    run.expect(versions >= 300 and (run.machine.root / "var/lib/tocsin/journal.db").exists(),
               "apt purge: the versions stay")


PARTS = (installed, without_paths, started, reloaded, destroyer_frozen, isolated, stopped_by_signal, killed,
         hung_with_its_supervisor, frozen_as_a_unit, blind, without_a_disk,
         ended_slowly, restarted, upgraded, removed)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fs", default="ext4")
    parser.add_argument("--root", default="/", help="a Debian's root directory; nothing is written to it")
    parser.add_argument("--deb", help="the package")
    options = parser.parse_args()
    if why_not():
        skip(why_not())
    lab.private_mounts()
    work = lab.temporary("package")
    run, done = None, 0
    try:
        run = Run(work, options)
        run.prepare()
        for part in PARTS:
            part(run)
            done += 1
    finally:
        if run:
            if (run.problems or done != len(PARTS)) and run.machine.process:
                print(run.machine.run("journalctl", "--no-pager", "-u", UNIT, may_fail=True)[-6000:])
            run.machine.close()
            for disk in run.disks.values():
                disk.close()
        shutil.rmtree(work, ignore_errors=True)
    sys.exit(1 if run.problems else 0)


if __name__ == "__main__":
    main()
