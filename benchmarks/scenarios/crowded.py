"""Many in one place: photos in an album, albums in a folder."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from benchmarks.processes import SMUGSYNC, Emulator, measure
from benchmarks.scenario import Contestants, Scenario
from benchmarks.scenarios.accounts import planning, unmirrored
from benchmarks.scenarios.shares import AMOUNT, Share, flat
from benchmarks.stage.files import empty

_WIDE, _NARROW = "1 album of 5,000", "10 albums of 500"
_FOLDER, _SMALL_FOLDER = "a folder of 5,000 albums", "a folder of 500"


def _crowded(place: Path, stack: ExitStack) -> Contestants:
    share = Share()
    one = unmirrored(place / "one", stack, 1, 1)
    contestants = {"plan, 1": share.one(planning(*one, 1))}
    for name, albums, images in ((_NARROW, 10, 500), (_WIDE, 1, 5000)):
        fresh = unmirrored(place / f"{albums}", stack, albums, images)
        contestants[name] = share.many(planning(*fresh, albums * images), albums * images)
    for name, albums in ((_SMALL_FOLDER, 500), (_FOLDER, 5000)):
        library = place / f"library-{albums}"
        for number in range(albums):
            album = library / "Folder" / f"Album-{number:04d}"
            album.mkdir(parents=True)
            (album / "a.jpg").write_bytes(b"%d" % number)
        home = empty(place / f"home-{albums}")
        emulator = Emulator(home, stack, str(library))
        emulator.configure(home)
        measure([SMUGSYNC, "plan", "--quiet"], home)  # the emulator reads its files once
        contestants[name] = share.many(planning(emulator, home, albums), albums)
    return contestants


CROWDED = Scenario(
    "crowded",
    "plans of many photos in one album, and of many albums in one folder",
    _crowded,
    (
        flat("wide album", "CPU per photo in an album of 5,000, to albums of 500", _WIDE, _NARROW),
        flat("wide folder", "CPU per album in a folder of 5,000, to one of 500", _FOLDER, _SMALL_FOLDER),
    ),
    amount=f"{AMOUNT} each",
    long=True,
)

SCENARIOS: Mapping[str, Scenario] = {CROWDED.name: CROWDED}
