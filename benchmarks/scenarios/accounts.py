"""Synthetic accounts, mirrors of them that took no days to make, and commands whose summaries are checked."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from pathlib import Path

from benchmarks.processes import ROOT, SMUGSYNC, Emulator, Sample, checked, measure
from benchmarks.scenarios.shares import Take
from benchmarks.stage.files import empty

PAGE = 100  #: entries of a listing's page
EACH = 250  #: photos in an album
FIRST = "/Year-2001/Album-00000"


def emulated(home: Path, stack: ExitStack, *, albums: int, images: int) -> tuple[Emulator, Path]:
    """A synthetic account, and a home that is configured for it."""
    emulator = Emulator(empty(home), stack, "--albums", str(albums), "--images", str(images))
    emulator.configure(home)
    return emulator, home


def unmirrored(home: Path, stack: ExitStack, albums: int, images: int) -> tuple[Emulator, Path]:
    """An account of which no sync knows anything; its home has been looked at once."""
    emulator, home = emulated(home, stack, albums=albums, images=images)
    measure([SMUGSYNC, "status"], home)
    return emulator, home


def mirrored(home: Path, stack: ExitStack, albums: int) -> tuple[Emulator, Path]:
    """An account that is mirrored already: an album of it truly."""
    emulator, home = emulated(home, stack, albums=albums, images=EACH)
    measure([SMUGSYNC, "sync", "--quiet"], home, SMUGSYNC_INCLUDE=json.dumps([FIRST]))
    grow(home, albums, EACH)
    prove(emulator, home, f"Year-2001/Album-{min(albums, 100) - 1:05d}")
    return emulator, home


def grow(home: Path, albums: int, images: int, *state: str) -> None:
    """See `stage.grown`."""
    command = [sys.executable, "-m", "benchmarks.stage.grown", str(home), str(albums), str(images), *state]
    measure(command, home, PYTHONPATH=str(ROOT))


def prove(emulator: Emulator, home: Path, album: str) -> None:
    """One of the albums that no sync has fetched: a sync that lists it has nothing to say about it."""
    sample = measure([SMUGSYNC, "sync", album, "--json"], home, count=emulator.requests)
    checked(sample, files=EACH, files_planned=0, changes=[], troubles=[])


def planning(emulator: Emulator, home: Path, photos: int) -> Take:
    return lambda: checked(
        measure([SMUGSYNC, "plan", "--json"], home, [emulator.pid], count=emulator.requests),
        files_planned=photos,
    )


def comparing(emulator: Emulator, home: Path, photos: int) -> Take:
    """Everything is listed and compared with what is known, and nothing has changed."""
    return lambda: checked(
        measure([SMUGSYNC, "sync", "--full", "--json"], home, [emulator.pid], count=emulator.requests),
        scope="everything",
        complete=True,
        files_held=photos,
        files_planned=0,
        bytes_downloaded=0,
        troubles=[],
    )


def asking(home: Path, *command: str, **expected: object) -> Take:
    return lambda: checked(measure([SMUGSYNC, *command, "--json"], home), **expected)


def poll(emulator: Emulator, home: Path, **expected: object) -> Sample:
    """A sync that asks for what has changed."""
    sample = measure([SMUGSYNC, "sync", "--json"], home, [emulator.pid], count=emulator.requests)
    return checked(sample, scope="delta", complete=True, **expected)
