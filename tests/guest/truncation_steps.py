# SPDX-License-Identifier: Apache-2.0
"""Steps of the test machine: truncation by path, on a kernel that asks nobody before it."""
import hashlib
import os
import subprocess
import sys
import time

import lab

OWN, THERE = 6, 4  # few enough to be nobody's attack
TRUNCATE_ALL = """
import os, sys, time
for name in sorted(os.listdir(sys.argv[1])):
    path = os.path.join(sys.argv[1], name)
    if os.path.isfile(path) and not os.path.islink(path):
        os.truncate(path, 0)
time.sleep(60)
"""


def truncate_patiently(path):
    """As a program does that knows signals: how often it was interrupted."""
    for tries in range(10_000):
        try:
            os.truncate(path, 0)
            return tries
        except InterruptedError:
            time.sleep(0.001)
    raise TimeoutError(path)


def after_a_close(site):
    """What a close left is kept, also where a truncation by path follows at once."""
    for number in range(THERE):
        (site.tree / f"there-{number}").write_bytes(os.urandom(20_000))
    site.start()
    held = site.holds("truncation_by_path_waits")
    site.expect(held["holds"], "the kernel refuses", held)
    left, interrupted, longest = {}, 0, 0.0
    for number in range(OWN + THERE):
        path = site.tree / (f"own-{number}" if number < OWN else f"there-{number - OWN}")
        content = os.urandom(20_000)
        path.write_bytes(content)
        left[path] = hashlib.sha256(content).hexdigest()
        began = time.monotonic()
        interrupted += truncate_patiently(path) > 0
        longest = max(longest, time.monotonic() - began)
    print(f"note {site.name}: {interrupted} of {len(left)} had to try again, for {longest:.2f} s at most", flush=True)
    site.expect(interrupted > 0, "some came too early")
    missing = [p.name for p, sha in left.items() if sha not in [v["sha256"] for v in site.tocsin("versions", p)]]
    site.expect(not missing, "each is kept", missing)
    held = site.holds("truncation_by_path_waits")
    site.expect(held["holds"], "none was let go", held)
    honest_truncations(site)
    site.close()


def honest_truncations(site):
    path = site.tree / "honest"
    with open(path, "wb") as file:
        file.write(b"x" * 5000)
        file.flush()
        file.truncate(100)
        os.truncate(path, 50)
    site.expect(path.stat().st_size == 50, "who has a file open may truncate it")
    os.truncate(path, 5000)
    site.expect(path.stat().st_size == 5000, "a file may be made longer")


def attack_by_path(site):
    """Files that are emptied by path: told, stopped, and given back."""
    lab.make_corpus(site.tree, 120, 1)
    site.start()
    before = lab.picture(site.tree)
    attacker = subprocess.Popen([sys.executable, "-B", "-c", TRUNCATE_ALL, site.tree])
    site.expect(lab.wait_for(lambda: site.tocsin("incidents"), 60), "it is an incident")
    site.expect(lab.wait_for(lambda: lab.state_of(attacker.pid) == "T", 60), "it was stopped")
    emptied = sum(p.stat().st_size == 0 for p in site.tree.iterdir() if p.is_file())
    print(f"note {site.name}: {emptied} of 120 were emptied", flush=True)
    site.tocsin("undo", site.tocsin("incidents")[-1]["id"])
    left = lab.differences(before, lab.picture(site.tree))
    site.expect(not left, "undone identically", left[:5])
    attacker.kill()
    attacker.wait()
    site.close()


STEPS = {"after_a_close": after_a_close, "attack_by_path": attack_by_path}
