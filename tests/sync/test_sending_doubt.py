"""Uploads whose answer never came, where names, kinds or later events could mislead: each ends as itself."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from smugsync.catalogue import Catalogue
from smugsync.core.lifecycle import State
from smugsync.emulator.settings import Settings, Switches
from tests.sync.test_sending import ASSETS, SENDING, albums, md5, mirrored, row
from tests.sync.world import DELTA, World

ALONE = replace(SENDING, parallel=1)
#: An empty box at the end of an MP4 or HEIC file: other bytes, the same picture.
BOX = b"\0\0\0\x10free" + b"edit" * 2


@pytest.fixture
def world(tmp_path: Path) -> World:
    return mirrored(World(tmp_path, settings=Settings(albums=0, switches=Switches(small_videos="accept"))))


def put(world: World, path: str, more: bytes = b"") -> None:
    """A film or a HEIC picture, by the extension of `path`, finished a second later than anything before."""
    source = ASSETS / ("clip.mp4" if path.endswith("mp4") else "still.heic")
    (world.path / path).write_bytes(source.read_bytes() + more)
    world.clock.now += 1
    os.utime(world.path / path, (world.clock.now, world.clock.now))


def upload_states(world: World) -> list[State]:
    catalogue = Catalogue.open(world.root / "state" / "catalogue.db")
    try:
        return [one.state for one in catalogue.uploads()]
    finally:
        catalogue.close()


class TestFilesOfOneStem:
    @pytest.mark.parametrize("parallel", [1, 2])
    def test_a_live_photos_halves_are_not_taken_for_each_other(self, world: World, parallel: int) -> None:
        world.options = replace(world.options, sending=replace(SENDING, parallel=parallel))
        put(world, "Rome/IMG_1.heic")
        put(world, "Rome/IMG_1.mp4")
        world.fault("504@/upload*:times=2")
        for _ in range(5):
            last = world.sync(DELTA)
        assert (last.exit_code, last.files_in_doubt, len(world.online())) == (0, 0, 3)
        assert (row(world, "IMG_1.heic").kind, row(world, "IMG_1.mp4").kind) == ("photo", "video")
        assert sorted(world.files()) == ["Rome/IMG_1.heic", "Rome/IMG_1.mp4", "Rome/old.jpg"]

    def test_a_photo_that_never_arrived_is_not_taken_for_a_film_of_its_name(self, world: World) -> None:
        put(world, "Rome/IMG_1.mp4")
        world.write("Rome/IMG_1.jpg", 5)
        world.fault("504@/upload*:times=1")
        world.fault("500@/upload*:times=1")
        for _ in range(6):
            world.sync(DELTA, sending=ALONE)
        assert md5(5) in world.online()
        assert len(world.online()) == 3

    @pytest.mark.parametrize("name", ["IMG_1.JPG", "img_1.jpg", "IMG_1.jpeg"])
    def test_a_heic_that_never_arrived_is_not_taken_for_the_jpeg_beside_it(
        self, world: World, name: str
    ) -> None:
        put(world, "Rome/IMG_1.heic")
        world.fault("500@/upload*:times=1")
        world.sync(DELTA, sending=ALONE)
        world.write(f"Rome/{name}", 5)
        world.photo(albums(world)[0], name, 5)  # another program was faster
        for _ in range(5):
            last = world.sync(DELTA, sending=ALONE)
        assert (last.exit_code, last.files_in_doubt, len(world.online())) == (0, 0, 3)
        assert row(world, name).held_md5 == md5(5)
        assert row(world, "IMG_1.heic").evidence == "converted"


class TestEditsOfWhatTheServiceRewrites:
    @pytest.mark.parametrize("name", ["still.heic", "clip.mp4"])
    def test_that_arrived_unanswered_are_no_conflict(self, world: World, name: str) -> None:
        world.options = replace(world.options, sending=replace(SENDING, replace=True))
        put(world, f"Rome/{name}")
        world.sync(DELTA)
        put(world, f"Rome/{name}", BOX)
        before = world.files()
        world.fault("504@/upload*:times=1")
        for _ in range(4):
            last = world.sync(DELTA)
        assert (last.exit_code, last.files_in_doubt, last.files_local) == (0, 0, 0)
        assert world.files() == before
        assert row(world, name).held_md5 == before[f"Rome/{name}"]


class TestWhatHappensMeanwhile:
    def test_uploads_that_are_switched_off_leave_no_copy(self, world: World) -> None:
        put(world, "Rome/IMG_1.heic")
        world.fault("504@/upload*:times=1")
        world.sync(DELTA)
        off = world.sync(sending=None)
        assert (off.files_in_doubt, off.files_downloaded) == (0, 0)
        for _ in range(3):
            world.sync()
        assert len(world.online()) == 2
        assert sorted(world.files()) == ["Rome/IMG_1.heic", "Rome/old.jpg"]

    def test_a_folder_that_is_renamed_sends_nothing_twice(self, world: World) -> None:
        world.write("Fresh/a.jpg", 5)
        world.fault("504@/upload*:times=1")
        world.sync(DELTA)
        (world.path / "Fresh").rename(world.path / "Fresher")
        told = world.sync(DELTA)
        assert any("whose folder is not here" in trouble.reason for trouble in told.troubles)
        for _ in range(3):
            last = world.sync()
        assert (last.exit_code, last.files_in_doubt) == (0, 0)
        assert world.online() == sorted([md5(1), md5(5)])

    def test_an_album_that_is_deleted_online_ends_the_doubt(self, world: World) -> None:
        album = world.album("Oslo")
        world.photo(album, "o.jpg", 4)
        world.sync()
        world.write("Oslo/new.jpg", 2)
        world.fault("reset@/upload*:times=1")
        world.sync(DELTA)
        world.edit("delete-node", album=album)
        world.sync()
        told = world.sync()
        assert ["is gone online" in trouble.reason for trouble in told.troubles] == [True]
        assert told.files_in_doubt == 0
        (world.path / "Oslo" / "new.jpg").unlink()
        assert world.sync().exit_code == 0

    def test_what_is_refused_in_words_that_tell_nothing_is_sent_less_and_less_often(
        self, world: World
    ) -> None:
        world.write("Rome/new.jpg", 2)
        world.fault("stat-fail@/upload*:times=99,code=409")
        for _ in range(4):
            world.sync(DELTA)
        last = world.sync(DELTA)
        assert last.exit_code == 3
        assert upload_states(world) == [State.QUARANTINED]
        before = world.requests()
        world.clock.now -= 3500  # soon after
        world.sync(DELTA)
        assert upload_states(world) == [State.QUARANTINED]
        assert world.requests() - before < 10
