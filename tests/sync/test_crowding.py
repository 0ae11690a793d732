"""Many albums that want one directory: each gets one, and the effort grows with their number alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from smugsync.catalogue import Catalogue
from smugsync.core.model import Album
from smugsync.progress import Silent
from smugsync.stop import Stop
from smugsync.sync.context import Context, Layout, Options
from smugsync.sync.cycle.albums import AlbumPlanner
from smugsync.sync.report import Report
from tests.sync.world import EVERYTHING, World


class Counting(Catalogue):
    """Counts how often it is asked whether a directory is taken."""

    asked = 0

    def directory_taken(self, folded: str, *, besides: int = 0) -> bool:
        self.asked += 1
        return super().directory_taken(folded, besides=besides)


@contextmanager
def ledger(world: World) -> Iterator[Counting]:
    catalogue = Counting.open(world.root / "state" / "catalogue.db")
    try:
        yield catalogue
    finally:
        catalogue.close()


def place(world: World, catalogue: Catalogue, albums: tuple[Album, ...], layout: Layout) -> None:
    """What a run over everything does with the album list."""
    with catalogue.transaction():
        run = catalogue.begin_run("everything", 1)
    with world.open_mirror(world.path) as mirror, world.gallery() as gallery:
        context = Context(
            catalogue=catalogue,
            gallery=gallery,
            mirror=mirror,
            options=Options(layout=layout),
            progress=Silent(),
            stop=Stop(),
            now=world.clock,
            scope=EVERYTHING,
            run=run,
            report=Report(),
            stamp="20261121T214700Z",
        )
        planner = AlbumPlanner(context)
        planner.prepare()
        assert len([*planner.take(albums), *planner.finish(complete=True)]) == len(albums)
        assert context.report.troubles == []


def directories(catalogue: Catalogue) -> set[str]:
    return {row.directory for row in catalogue.albums()}


@pytest.mark.parametrize("known", [False, True], ids=["new", "renamed"])
def test_albums_of_one_name_are_placed_with_a_few_questions_each(tmp_path: Path, *, known: bool) -> None:
    world, number = World(tmp_path), 60
    albums = tuple(Album(f"K{n}", f"N{n}", "Trip", f"/Trip-{n}", "", image_count=0) for n in range(number))
    with ledger(world) as catalogue:
        if known:
            place(world, catalogue, albums, "url-path")
        catalogue.asked = 0
        place(world, catalogue, albums, "names")
        assert directories(catalogue) == {"Trip", *(f"Trip_K{n}" for n in range(1, number))}
        assert catalogue.asked <= 8 * number


def test_albums_that_trade_names_in_pairs_all_get_them(tmp_path: Path) -> None:
    world, number = World(tmp_path), 20
    albums = [Album(f"K{n}", f"N{n}", f"{n}", f"/Trip-{n}", "", image_count=0) for n in range(number)]
    traded = tuple(
        Album(f"K{n}", f"N{n}", f"{n}", f"/Trip-{n + 1 - 2 * (n % 2)}", "", image_count=0)
        for n in range(number)
    )
    with ledger(world) as catalogue:
        place(world, catalogue, tuple(albums), "url-path")
        place(world, catalogue, traded, "url-path")
        found = {row.key: row.directory for row in catalogue.albums()}
    assert found == {f"K{n}": f"Trip-{n + 1 - 2 * (n % 2)}" for n in range(number)}
