#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Twenty people who work in Office on one Samba share, each from a computer of its own.

    office_clients.py fill SHARE          their documents, $FILES in all
    office_clients.py save SHARE FOLDER   each saves its documents as Word does; the server's own files are in FOLDER
"""
import io
import os
import random
import sys
import threading
import zipfile
from pathlib import Path

import lab
from networks import Network
from samba import Samba

USERS = {f"user{number:02}": 4100 + number for number in range(20)}
MOST_SAVES = 50  # of each


def document(owner, number, edited=False):
    """The owner's report; edited, a few paragraphs were written anew somewhere in it."""
    rng = random.Random(f"{owner}-{number}")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as parts:
        for name in ("[Content_Types].xml", "word/document.xml", "word/styles.xml"):
            paragraphs = [rng.randrange(10**9) for _ in range(rng.randrange(100, 900))]
            if edited and name == "word/document.xml":
                at = random.randrange(len(paragraphs))
                paragraphs[at:at + 10] = [random.randrange(10**9) for _ in range(15)]
            parts.writestr(name, "".join(f"<w:t>{paragraph}</w:t>" for paragraph in paragraphs))
    return out.getvalue()


def of_each():
    return max(5, int(os.environ["FILES"]) // len(USERS))


def fill(share):
    for name, number in USERS.items():
        folder = share / name
        folder.mkdir()
        for n in range(of_each()):
            (folder / f"report-{n}.docx").write_bytes(document(name, n))
            os.chown(folder / f"report-{n}.docx", number, number)
        os.chown(folder, number, number)


def saves(name, desk):
    """What Word does: the new beside the old, the old away, the new in its place, the old gone."""
    for n in range(min(of_each(), MOST_SAVES)):
        new = desk / f"{name}-{n}.docx"
        new.write_bytes(document(name, n, edited=True))
        kept, written = f"{name}\\~WRL{n:04}.tmp", f"{name}\\~WRD{n:04}.tmp"
        yield from (f"put {new} {written}", f"rename {name}\\report-{n}.docx {kept}",
                    f"rename {written} {name}\\report-{n}.docx", f"del {kept}")


def save(share, folder):
    lab.private_mounts()
    folder.mkdir()
    network = Network(USERS)
    samba = Samba(network, folder, share, USERS)
    desk = folder / "desk"
    desk.mkdir()
    problems = []

    def work(name):
        status, said = samba.client(name, "\n".join(saves(name, desk)) + "\n", 500)
        if status != 0 or "NT_STATUS" in said:
            problems.append(f"{name}: {said[-200:]}")

    try:
        samba.wait_until_it_answers()
        people = [threading.Thread(target=work, args=(name,)) for name in USERS]
        for person in people:
            person.start()
        for person in people:
            person.join()
    finally:
        samba.close()
        network.close()
    if problems:
        sys.exit("\n".join(problems[:3]))


if sys.argv[1] == "fill":
    fill(Path(sys.argv[2]))
else:
    save(Path(sys.argv[2]).resolve(), Path(sys.argv[3]))
