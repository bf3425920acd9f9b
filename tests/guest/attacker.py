# SPDX-License-Identifier: Apache-2.0
"""A program that overwrites the files of a folder until it is refused, then tries all that needs no open.

    attacker.py FOLDER

Prints "itself: OPERATION: OUTCOME" for each, where the outcome is "ok" or the name of the error, then the same of a
child, and so again at each line that it reads. It works in FOLDER alone, which the test made.
"""
import errno
import os
import sys
from pathlib import Path


def overwrite(folder):
    for path in sorted(folder.glob("victim-*")):
        with open(path, "r+b") as file:
            file.write(os.urandom(path.stat().st_size))


def attempts(folder):
    one, other = folder / "left-1", folder / "left-2"
    return {
        "unlink": lambda: os.unlink(one),
        "rename": lambda: os.rename(one, folder / "left-1.locked"),
        "rename over": lambda: os.rename(other, one),
        "rename out": lambda: os.rename(one, folder.parent / "outside" / "taken"),
        "link": lambda: os.link(one, folder / "left-1.link"),
        "link out": lambda: os.link(one, folder.parent / "outside" / "link"),
        "rmdir": lambda: os.rmdir(folder / "empty"),
        "mkdir": lambda: os.mkdir(folder / "new"),
        "symlink": lambda: os.symlink("x", folder / "new-link"),
        "mknod": lambda: os.mknod(folder / "new-pipe", 0o600 | 0o010000),
        "create": lambda: os.close(os.open(folder / "READ-ME", os.O_CREAT | os.O_WRONLY)),
        "chmod": lambda: os.chmod(one, 0),
        "chown": lambda: os.chown(one, 1, 1),
        "utime": lambda: os.utime(one, (1, 1)),
        "truncate": lambda: os.truncate(one, 0),
        "setxattr": lambda: os.setxattr(one, "user.x", b"x"),
        "removexattr": lambda: os.removexattr(one, "user.kept"),
        "outside": lambda: (folder.parent / "outside/made").touch() or os.unlink(folder.parent / "outside/made"),
    }


def try_all(folder, who):
    for name, attempt in attempts(folder).items():
        try:
            attempt()
            print(who, name, "ok", sep=": ")
        except OSError as problem:
            print(who, name, errno.errorcode[problem.errno], sep=": ")
    print(who, "over", "ok", sep=": ", flush=True)


def main():
    folder = Path(sys.argv[1])
    while True:
        try:
            overwrite(folder)
        except OSError:
            pass
        try_all(folder, "itself")
        if (child := os.fork()) == 0:
            try_all(folder, "child")
            os._exit(0)
        os.waitpid(child, 0)
        if not sys.stdin.readline():
            return


main()
