# SPDX-License-Identifier: Apache-2.0
"""What honest work is: a preparation and a shell command, inside $TREE.

`$SCRATCH` is a folder outside the tree and the HOME, `$FILES` how many files the run asks for, `$RUN` counts the
repetitions, `$SCENARIO` is this folder. `before_guard` runs as root before the guard starts, so that its files are
there as if for years; `work` runs under the guard."""
from dataclasses import dataclass


@dataclass
class Work:
    before_guard: str
    work: str
    needs: tuple = ()
    files: bool = True  # whether the corpus of real files is put into $TREE/files first
    as_user: bool = True  # whether a user can do it, too
    may_ask: bool = False  # no behaviour tells it from an attack: to be asked about once is right
