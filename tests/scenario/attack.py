# SPDX-License-Identifier: Apache-2.0
"""What a destroyer is made of. All its commands are for the shell and run inside the tree.

`$TREE` is the tree, `$SCRATCH` a folder of another file system, `$BESIDE` one of the tree's own file system that
no guard watches. `$SIMULATOR`, `$TOKEN` and `$MANIFEST` are for simulate().
"""
from dataclasses import dataclass
from enum import Enum

FILES = 'find . -type f ! -name ".*"'
EACH = f'{FILES} -print0 | while IFS= read -r -d "" f; do'  # … "$f"; done


class Outcome(Enum):
    FROZEN = "frozen"  # before much is damaged, and all is back after undo
    TOLD = "told"  # an incident, nothing is frozen, and all is back after undo
    UNHARMED = "unharmed"  # nothing in the tree is changed, whatever the guard says


@dataclass(frozen=True)
class Attack:
    command: str
    needs: tuple = ()
    before_guard: str = ""  # makes what stood there before the guard
    afterwards: str = ""  # takes away what was laid over the tree, before the tree is compared
    fs: tuple = ("ext4", "xfs", "btrfs")
    outcome: Outcome = Outcome.FROZEN
    whole: bool = False  # guarded is the whole file system, not a folder of it (docs/limitations.md says why)
    seconds: int = 400  # so long an answer is waited for


def simulate(words, **more):
    """By the bounded simulator (tests/simulator/README.md)."""
    return Attack(f'"$SIMULATOR" attack . --token "$TOKEN" {words} < "$MANIFEST"', ("tocsin_simulator",), **more)
