"""An album that could not be listed is asked for again by the next run, whatever its time stamps say."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sync.world import DELTA, EVERYTHING, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.mark.parametrize("fault", ["503@*!images", "total@*!images", "html@*!images"])
def test_a_delta_looks_again_into_an_album_whose_last_look_failed(world: World, fault: str) -> None:
    album = world.album("Trip")
    world.photo(album, "a.jpg", 1)
    world.sync()
    world.clock.now += 3600  # its cursor proves something by now
    world.sync()
    assert world.sync(DELTA).albums_listed == 0
    world.fault(fault)
    assert world.sync(EVERYTHING).exit_code == 3
    world.calm()
    assert world.sync(DELTA).albums_listed == 1
    assert world.sync(DELTA).albums_listed == 0
