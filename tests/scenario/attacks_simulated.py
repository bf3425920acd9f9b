# SPDX-License-Identifier: Apache-2.0
"""Attacks at a given speed and of a given shape, by the bounded simulator (tests/simulator/README.md).

Speeds, units and parts are those of published analyses: 396 files/s the fastest, 38 the median, 8 the slowest.
"""
from attack import simulate


def _in_place():
    for speed in ("38", "400", "max"):
        for threads in (1, 2, 50):
            yield f"S01-sim-{speed}-of-{threads}-threads", \
                simulate(f"--files-per-second {speed} --threads {threads} --rename after")
    for speed in ("100", "1000"):
        yield f"S01-sim-{speed}-of-1-threads", simulate(f"--files-per-second {speed} --rename after")
    yield "S01-sim-8", simulate("--files-per-second 8 --rename never", seconds=60)
    yield "S01-sim-rename-before", simulate("--files-per-second 400 --rename before")
    yield "S01-sim-notes-in-folders", simulate("--files-per-second 38 --note each-folder --rename after")
    yield "S01-sim-note-at-root", simulate("--files-per-second 38 --note root --order random")
    yield "S01-sim-512", simulate("--unit 512 --files-per-second 400 --order random")
    yield "S01-sim-4m-zeros", simulate("--unit 4194304 --transform zeros --order random")


def _intermittent():
    for unit in ("16", "4096", "65536", "1048576"):
        yield f"S03-sim-{unit}-on-1-off-1", simulate(f"--unit {unit} --on-off 1:1 --keep-magic --files-per-second 400")
        yield f"S03-sim-{unit}-on-1-off-9", simulate(f"--unit {unit} --on-off 1:9 --keep-magic --files-per-second 400")
        yield f"S03-sim-{unit}-head", simulate(f"--unit {unit} --head-only --keep-magic --files-per-second 400")


SIMULATED = {
    **dict(_in_place()),
    "S01-sim-looked-at": simulate("--look-again --files-per-second 400"),
    "S01-sim-open-kept": simulate("--let-go at-end --files-per-second 400"),
    "S02-sim-at-once": simulate("--how new-and-unlink --files-per-second 400"),
    "S02-sim-at-end": simulate("--how new-and-unlink --delete at-end --files-per-second max"),
    "S02-sim-notes": simulate("--how new-and-unlink --threads 50 --note each-file"),
    **dict(_intermittent()),
    "S04-sim-2-seconds": simulate("--interval 2 --jitter 0.5 --order random", seconds=120),
    "S04-sim-5-seconds": simulate("--interval 5 --jitter 0.5 --order random", seconds=120),
    "S05-sim-mmap-none": simulate("--how mmap-none"),
    "S05-sim-mmap-async": simulate("--how mmap-async --files-per-second 400"),
    "S05-sim-mmap-sync": simulate("--how mmap-sync --files-per-second 400"),
    "S05-sim-mmap-50-threads": simulate("--how mmap-none --threads 50 --on-off 1:1 --unit 4096"),
    "S05-sim-mmap-kept": simulate("--how mmap-none --let-go at-end --files-per-second 400"),
    "S05-sim-mmap-looked-at": simulate("--how mmap-none --look-again --files-per-second 400"),
    "S06-sim-write": simulate("--how io_uring"),
    "S06-sim-write-sqpoll": simulate("--how io_uring --ring-sqpoll"),
    "S06-sim-write-fixed-files": simulate("--how io_uring --ring-fixed-files"),
    "S06-sim-write-sqpoll-fixed-files": simulate("--how io_uring --ring-sqpoll --ring-fixed-files --rename after"),
    "S06-sim-truncate": simulate("--how io_uring --ring-does truncate"),
    "S06-sim-unlink": simulate("--how io_uring --ring-does unlink"),
    "S06-sim-unlink-sqpoll": simulate("--how io_uring --ring-does unlink --ring-sqpoll --order random"),
    "S06-sim-rename": simulate("--how io_uring --ring-does rename"),
    "S06-sim-rename-sqpoll": simulate("--how io_uring --ring-does rename --ring-sqpoll --order random"),
    "S07-sim-direct": simulate("--how direct"),
    "S07-sim-direct-50-threads": simulate("--how direct --threads 50 --files-per-second 400 --order random"),
    "S08-sim-punch-4k-of-8k": simulate("--how punch --unit 4096 --on-off 1:1 --order random"),
    "S09-sim-truncate-regrow": simulate("--how truncate-regrow"),
    "S10-sim-temp-and-rename": simulate("--how temp-and-rename --files-per-second 400"),
    "S10-sim-across-folders": simulate("--how temp-and-rename --temp-in root --order random"),
    "S10-sim-exchange": simulate("--how exchange"),
    "S13-sim-clone-zeros": simulate("--how clone-zeros", fs=("xfs", "btrfs")),
    "S13-sim-copy-zeros": simulate("--how copy-zeros --order random"),
    "S24-sim-fork-a-file": simulate("--fork-per-file --files-per-second 400 --order random"),
    "S24-sim-double-fork": simulate("--double-fork --files-per-second 38 --order random"),
    "S24-sim-double-fork-unlink": simulate("--double-fork --how new-and-unlink --files-per-second 400"),
    "S24-sim-reader-and-writer": simulate("--reader-writer-by-socket --files-per-second 400"),
    "S24-sim-reader-and-writer-in-part": simulate("--reader-writer-by-socket --unit 4096 --on-off 1:9 --keep-magic"),
}
