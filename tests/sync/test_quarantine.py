"""The same wrong bytes again and again: a photo rests for longer each time, and is never forgotten."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from smugsync.catalogue import FileRow
from smugsync.core.lifecycle import State
from smugsync.sync.context import Scope
from tests.sync.world import DELTA, EVERYTHING, World, md5

DAY = 86_400


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Oslo/o.jpg is mirrored; the service sends one wrong bit in Rome/a.jpg, always the same."""
    world = World(tmp_path)
    world.photo(world.album("Oslo"), "o.jpg", 7)
    assert world.sync().exit_code == 0
    world.photo(world.album("Rome"), "a.jpg", 1)
    world.fault("corrupt@/photos/*")
    assert world.sync().exit_code == 3
    return world


def photo(world: World) -> FileRow:
    with closing(world.open_catalogue(world.root / "state" / "catalogue.db")) as catalogue:
        rows = [row for album in catalogue.albums() for row in catalogue.files(album.id).values()]
    return next(row for row in rows if row.name == "a.jpg")


def asks(world: World, scope: Scope) -> bool:
    """Does such a run ask for the photo's bytes? It ends with 3 in any case."""
    before = world.emulator.counters.media_requests
    assert world.sync(scope).exit_code == 3
    return world.emulator.counters.media_requests > before


def test_begins_when_the_same_wrong_bytes_came_three_times(world: World) -> None:
    assert (photo(world).state, photo(world).strikes) == (State.QUARANTINED, 1)


def test_quick_runs_leave_it_alone_until_its_time_has_come(world: World) -> None:
    due = photo(world).retry_at
    assert due is not None
    world.clock.now = due - 3600 - 2  # a run begins an hour later
    assert not asks(world, DELTA)
    assert asks(world, DELTA)


def test_rests_twice_as_long_each_time_and_never_for_more_than_32_days(world: World) -> None:
    rests = []
    for _ in range(8):
        row = photo(world)
        assert row.retry_at is not None
        rests.append(round((row.retry_at - world.clock.now) / DAY))
        world.clock.now = row.retry_at
        assert asks(world, DELTA)
    assert rests == [1, 2, 4, 8, 16, 32, 32, 32]


@pytest.mark.parametrize("scope", [EVERYTHING, Scope("albums", ("Rome",))], ids=["full", "its album"])
def test_person_may_ask_for_it_at_any_time(world: World, scope: Scope) -> None:
    assert asks(world, scope)


def test_run_that_looks_elsewhere_is_not_partial_for_it(world: World) -> None:
    assert world.sync(Scope("albums", ("Oslo",))).exit_code == 0


def test_new_version_ends_it_at_once(world: World) -> None:
    world.calm()
    world.replace(photo(world).key, 2)
    assert world.sync(DELTA).exit_code == 0
    assert world.files()["Rome/a.jpg"] == md5(2)
    assert photo(world).strikes == 0


def test_right_bytes_end_it_for_good(world: World) -> None:
    world.calm()
    assert world.sync(EVERYTHING).exit_code == 0
    row = photo(world)
    assert (row.state, row.strikes, row.retry_at) == (State.COMMITTED, 0, None)


def test_nothing_wrong_is_ever_shown(world: World) -> None:
    assert asks(world, EVERYTHING)
    assert world.files() == {"Oslo/o.jpg": md5(7)}
