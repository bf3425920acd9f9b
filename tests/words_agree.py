#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whether --help, the man pages and the shell completions name the same verbs and options.

Usage: words_agree.py TOCSIN (the built program). --help is taken as the truth.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
MAN = ROOT / "docs/man"
COMPLETION = ROOT / "packaging/completion"


def help_of(tocsin, *verb):
    return subprocess.run([tocsin, *verb, "--help"], check=True, capture_output=True, text=True).stdout


def verbs_of(text):
    section = text.split("Subcommands:\n")[1].split("\n\n")[0]
    return re.findall(r"^  ([a-z]+) ", section, re.MULTILINE)


def options_of(text):
    """The long options at the beginning of a line, as "--help" is in "  -h,--help  Print …"."""
    return {name for line in text.splitlines() for name in re.findall(r"^  (?:-\w,)?(--[a-z-]+)", line)}


def options_in_man(page):
    text = page.read_text()
    named = re.findall(r"^\.It (Fl .*)", text, re.MULTILINE)
    return {"-" + word for item in named for word in re.findall(r"-[a-z-]{2,}", item)}


def completed_by_bash(words):
    """What the bash completion offers for the last of these words."""
    script = (
        f"source '{COMPLETION}/tocsin.bash'; compopt() {{ :; }}; "
        f"COMP_WORDS=({' '.join(repr(word) for word in words)}); COMP_CWORD={len(words) - 1}; "
        "_tocsin; printf '%s\\n' \"${COMPREPLY[@]}\""
    )
    return set(subprocess.run(["bash", "-c", script], check=True, capture_output=True, text=True).stdout.split())


def options_in_zsh(text, verb):
    """Those in the verb's branch of the case, with the common ones."""
    common = set(re.findall(r"--[a-z-]+", text.split("common=(")[1].split("\n    )")[0]))
    branches = text.split("case $words[1] in")[1].split("esac")[0]
    for labels, body in re.findall(r"^ +([a-z|* ]+)\)(.*?);;", branches, re.MULTILINE | re.DOTALL):
        if verb in labels.split(" | ") or labels.strip() == "*":
            # an option's own name follows a quote, a brace, a comma, a star or a closing bracket
            return common | {name for name in re.findall(r"['*,)}]{1,2}(--[a-z-]+)\[", body)}
    return common


def compare(where, expected, found):
    problems = [f"{where} does not name {name}" for name in sorted(expected - found)]
    return problems + [f"{where} names {name}, which there is not" for name in sorted(found - expected)]


def check_verb(tocsin, verb, zsh):
    options = options_of(help_of(tocsin, verb))
    page = MAN / f"tocsin-{verb}.1"
    if not page.exists():
        return [f"{page.name} is missing"]
    return (
        compare(page.name, options, options_in_man(page))
        + compare(f"tocsin.bash for {verb}", options, completed_by_bash(["tocsin", verb, "--"]))
        + compare(f"_tocsin for {verb}", options, options_in_zsh(zsh, verb))
    )


def check_verbs(verbs, zsh):
    offered = {word for word in completed_by_bash(["tocsin", ""]) if not word.startswith("-")}
    in_zsh = set(re.findall(r"^ +'([a-z]+):", zsh.split("verbs=(")[1].split("\n    )")[0], re.MULTILINE))
    pages = {page.stem.removeprefix("tocsin-") for page in MAN.glob("tocsin-*.1")}
    return (
        compare("tocsin.bash", set(verbs), offered)
        + compare("_tocsin", set(verbs), in_zsh)
        + compare("docs/man", set(verbs), pages)
    )


def check_man_form():
    problems = []
    for page in sorted(MAN.iterdir()):
        said = subprocess.run(["mandoc", "-Tlint", "-Wwarning", page], capture_output=True, text=True)
        problems += said.stdout.splitlines()
    return problems


def main():
    tocsin = sys.argv[1]
    zsh = (COMPLETION / "_tocsin").read_text()
    verbs = verbs_of(help_of(tocsin))
    problems = check_verbs(verbs, zsh) + check_man_form()
    for verb in verbs:
        problems += check_verb(tocsin, verb, zsh)
    print("\n".join(problems), file=sys.stderr)
    return 1 if problems or not verbs else 0


if __name__ == "__main__":
    sys.exit(main())
