"""What is asked where nothing has changed, or hardly anything."""

from __future__ import annotations

import base64
import json
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.processes import SMUGSYNC, Sample, measure
from benchmarks.scenario import Contestants, Scenario
from benchmarks.scenarios.accounts import EACH, PAGE, emulated, grow, poll, prove
from benchmarks.scenarios.shares import Take, light


def _quiet(place: Path, stack: ExitStack) -> Contestants:
    contestants: dict[str, Take] = {}
    for number in (20, 2000):
        emulator, home = emulated(place / f"{number}", stack, albums=number, images=1)
        measure([SMUGSYNC, "sync", "--quiet"], home)
        contestants[f"{number:,} albums"] = partial(poll, emulator, home, files_held=number, files_planned=0)
    return contestants


QUIET = Scenario(
    "quiet",
    "a sync that finds nothing changed, albums of one image; the baseline has one page of albums",
    _quiet,
    (
        Figure(
            "P16",
            "requests of an idle poll of 2,000 albums",
            "2,000 albums",
            "",
            "requests",
            "cost",
            2000 / PAGE + 1,
        ),
    ),
)

_CHANGED = [f"/Year-2001/Album-000{number:02d}" for number in range(20)]
_NEWS = 5  #: new photos in each of these albums
_SAME, _DELTA = "nothing has changed", "20 albums have 5 new photos each"


def _delta(place: Path, stack: ExitStack) -> Contestants:
    """The albums that change are truly mirrored; the others lie beside them: see `stage.grown`."""
    emulator, home = emulated(place / "home", stack, albums=2000, images=EACH)
    measure([SMUGSYNC, "sync", "--quiet"], home, SMUGSYNC_INCLUDE=json.dumps(_CHANGED))
    grow(home, 2000, EACH)
    prove(emulator, home, "Year-2010/Album-00999")
    keys = _keys(home, _CHANGED)
    number = 0

    def change() -> Sample:
        nonlocal number
        for key in keys:
            for _ in range(_NEWS):
                number += 1
                data = base64.b64encode(os.urandom(2000)).decode()
                emulator.edit("add-photo", album=key, file_name=f"NEW_{number:05d}.JPG", data=data)
        time.sleep(3)  # what changed within its last two seconds is looked at once more by the next poll
        return poll(emulator, home, albums_listed=len(keys), files_downloaded=len(keys) * _NEWS)

    return {_SAME: lambda: poll(emulator, home, albums_listed=0, bytes_downloaded=0), _DELTA: change}


#: The account and its album list; each album's pages; the photos.
_DELTA_REQUESTS = 1 + 2000 / PAGE + len(_CHANGED) * 3 + len(_CHANGED) * _NEWS
DELTA = Scenario(
    "delta",
    "a sync of 2,000 albums with 500,000 photos, of which hardly any has changed; the 20 albums that change "
    "were truly mirrored, the rows of the others written by the catalogue's own code, and their files are "
    "links to one small file for each album",
    _delta,
    (
        Figure("P16, 500,000", "requests of it, idle", _SAME, "", "requests", "cost", 2000 / PAGE + 1),
        Figure("delta", "requests of it, 1% changed", _DELTA, "", "requests", "cost", _DELTA_REQUESTS),
        light(_SAME),
        light(_DELTA),
    ),
    space=4.0,
)

SCENARIOS: Mapping[str, Scenario] = {one.name: one for one in (QUIET, DELTA)}


def _keys(home: Path, addresses: Sequence[str]) -> list[str]:
    """The keys of these albums."""
    listed = measure([SMUGSYNC, "ls", "--json"], home).out.splitlines()
    keys = {one["url_path"]: str(one["key"]) for one in map(json.loads, listed)}
    return [keys[address] for address in addresses]
