"""Files that have come and wait for their names, while the rows beside them have their turn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from smugsync.errors import Transient
from smugsync.local.handles import Root
from smugsync.local.placement import Durability, Placed, Placement, place
from tests.sync.crashes import OneThread
from tests.sync.law import read_ledger
from tests.sync.world import DELTA, World

NEW, OLD = 24, 30
SEEDS = range(12)


class Refusing:
    """A disk on which each file of album C gets its name only when it is asked for a second time."""

    def __init__(self) -> None:
        self.refused: list[str] = []

    def __call__(
        self, root: Root, placements: Sequence[Placement], /, *, durability: Durability
    ) -> list[Placed | Exception]:
        found: list[Placed | Exception] = []
        for one in placements:
            if one.path.startswith("C/") and one.path not in self.refused:
                self.refused.append(one.path)
                one.part.discard()
                found.append(Transient("not now"))
            else:
                found += place(root, [one], durability=durability)
        return found


def prepared(root: Path) -> tuple[World, str, list[str]]:
    """An album that was mirrored, an empty one beside it, and the keys of the photos of the first."""
    world = World(root)
    album = world.album("A")
    keys = [world.photo(album, f"a{number}.jpg", number) for number in range(OLD)]
    world.sync()
    return world, world.album("C"), keys


def collect(world: World, keys: Sequence[str]) -> None:
    """They are released late in a run, when it is sure that they have not moved."""
    album = world.album("B")
    for key in keys:
        world.edit("collect-photo", image=key, to=album)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_gets_no_name_waits_for_the_next_run(tmp_path: Path, seed: int) -> None:
    """It was fetched once more at once, and its row said that it had failed, although it was there."""
    world, album, keys = prepared(tmp_path)
    for number in range(NEW):
        world.photo(album, f"c{number}.jpg", 100 + number)
    collect(world, keys)
    world.crew, world.place = OneThread(seed), Refusing()
    world.sync(DELTA)
    rows = read_ledger(world.root / "state").rows
    assert [row for row in rows if row.state == "failed" and row.held is not None] == []
    assert not any(path.startswith("C/") for path in world.files())
