"""What goes up by itself is what a person has put here while uploads were on, and nothing else."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from smugsync.core.model import Fingerprint, LocalFile
from smugsync.emulator.settings import Settings, Switches
from smugsync.errors import Transient
from smugsync.sync.context import Route
from smugsync.sync.sending import limits
from tests.sync.test_sending import SENDING, albums, md5, mirrored, row, sent
from tests.sync.world import DELTA, EVERYTHING, World, content


@pytest.fixture
def world(tmp_path: Path) -> World:
    return mirrored(World(tmp_path))


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    """A drop folder with one photo."""
    folder = tmp_path / "drop"
    folder.mkdir()
    (folder / "dropped.jpg").write_bytes(content(2))
    return folder


class TestWhileUploadsAreOff:
    def test_what_comes_is_old_even_if_no_run_saw_it(self, world: World) -> None:
        world.write("Rome/new.jpg", 2)
        world.write("Other/new.jpg", 3)
        world.sync(DELTA, sending=None)
        assert world.sync(DELTA).files_sent == world.sync().files_sent == 0
        assert world.online() == [md5(1)]

    def test_what_came_before_stays_new(self, world: World) -> None:
        world.write("Rome/new.jpg", 2)
        world.fault("stat-fail@/upload*:times=1,code=5")
        world.sync(DELTA)
        world.sync(DELTA, sending=None)
        assert world.sync(DELTA).files_sent == 1

    def test_what_comes_afterwards_is_new(self, world: World) -> None:
        world.sync(DELTA, sending=None)
        world.sync(DELTA)
        world.write("Rome/new.jpg", 2)
        assert sent(world.sync(DELTA)) == ["Rome/new.jpg"]


class TestRenaming:
    @pytest.fixture
    def world(self, tmp_path: Path) -> World:
        """With files that were here before uploads were on."""
        world = World(tmp_path)
        world.options = replace(world.options, sending=SENDING)
        world.photo(world.album("Rome"), "old.jpg", 1)
        world.write("Private/mine.jpg", 2)
        world.write("Rome/mine.jpg", 3)
        world.sync()
        return world

    def test_an_old_file_does_not_make_it_new(self, world: World) -> None:
        (world.path / "Rome" / "mine.jpg").rename(world.path / "Rome" / "other.jpg")
        assert world.sync(DELTA).files_sent == world.sync().files_sent == 0

    @pytest.mark.parametrize("scope", [DELTA, EVERYTHING])
    def test_a_directory_does_not_make_its_files_new(self, world: World, scope: object) -> None:
        (world.path / "Private").rename(world.path / "Private 2")
        assert world.sync(scope).files_sent == world.sync().files_sent == 0  # type: ignore[arg-type]
        assert [child["name"] for child in world.tree()["children"]] == ["Rome"]

    def test_an_albums_directory_does_not_send_its_photos_again(self, world: World) -> None:
        (world.path / "Rome").rename(world.path / "Roma")
        first = world.sync(DELTA)
        assert (first.exit_code, first.files_sent) == (0, 0)
        assert ["holds photos of the album Rome" in one.reason for one in first.troubles] == [True]
        for _ in range(2):
            world.sync()
        assert world.online() == [md5(1)]
        assert world.files()["Roma/old.jpg"] == world.files()["Rome/old.jpg"] == md5(1)

    def test_a_folder_of_albums_does_not_send_their_photos_again(self, world: World) -> None:
        folder = world.edit("add-folder", name="Travel")["node"]
        world.photo(world.album("Oslo", folder=folder), "o.jpg", 4)
        world.sync()
        before = world.online()
        oslo = next(path for path in world.files() if path.endswith("o.jpg"))
        top = oslo.partition("/")[0]
        (world.path / top).rename(world.path / "Renamed")
        world.sync()
        assert world.online() == before

    def test_a_new_file_leaves_it_new(self, world: World) -> None:
        world.write("Fresh/a.jpg", 5)
        world.sync(DELTA, sending=replace(SENDING, create=None))
        (world.path / "Fresh").rename(world.path / "Fresher")
        assert sent(world.sync(DELTA)) == ["Fresher/a.jpg"]

    def test_a_file_into_an_albums_directory_sends_it(self, world: World) -> None:
        (world.path / "Private" / "mine.jpg").rename(world.path / "Rome" / "moved.jpg")
        assert sent(world.sync(DELTA)) == ["Rome/moved.jpg"]

    def test_an_edit_of_a_photo_that_was_deleted_online_does_not_send_it(self, world: World) -> None:
        key = world.photo(albums(world)[0], "x.jpg", 5)
        world.sync()
        world.write("Rome/x.jpg", 6)
        world.sync()
        world.edit("delete-photo", image=key)
        world.sync()
        (world.path / "Rome" / "x.jpg").rename(world.path / "Rome" / "y.jpg")
        for _ in range(2):
            world.sync()
        assert world.online() == [md5(1)]

    def test_the_local_half_of_a_conflict_does_not_send_it(self, world: World) -> None:
        world.write("Rome/old.jpg", 7)
        world.replace(row(world, "old.jpg").key, 8)
        world.sync()
        (world.path / "Rome" / "old.jpg").rename(world.path / "Rome" / "renamed.jpg")
        for _ in range(2):
            world.sync()
        assert world.online() == [md5(8)]


def test_what_was_deleted_on_both_sides_is_not_sent_when_it_comes_back(world: World) -> None:
    key = world.photo(albums(world)[0], "x.jpg", 5)
    world.sync()
    file = world.path / "Rome" / "x.jpg"
    data = file.read_bytes()
    file.unlink()
    world.edit("delete-photo", image=key)
    world.sync()
    file.write_bytes(data)
    for _ in range(2):
        world.sync()
    assert world.online() == [md5(1)]


class TestDropFolders:
    def test_are_emptied_and_sent_by_the_very_first_run(self, tmp_path: Path, drop: Path) -> None:
        world = World(tmp_path)
        world.album("Rome")
        world.options = replace(world.options, sending=replace(SENDING, routes=(Route(drop, "/Rome"),)))
        for _ in range(2):
            world.sync()
        assert world.online() == [md5(2)]

    def test_of_an_excluded_album_keep_what_is_in_them(self, world: World, drop: Path) -> None:
        world.photo(world.album("Oslo"), "o.jpg", 4)
        world.sync()
        sending = replace(SENDING, routes=(Route(drop, "/Oslo"),))
        report = world.sync(sending=sending, selects=lambda path: path != "/Oslo")
        assert report.exit_code == 3
        assert ["is excluded" in trouble.reason for trouble in report.troubles] == [True]
        assert [file.name for file in drop.iterdir()] == ["dropped.jpg"]

    def test_of_an_album_that_is_gone_online_keep_what_is_in_them(self, world: World, drop: Path) -> None:
        album = world.album("Oslo")
        world.photo(album, "o.jpg", 4)
        world.sync()
        world.edit("delete-node", album=album)
        world.sync()
        report = world.sync(sending=replace(SENDING, routes=(Route(drop, "/Oslo"),)))
        assert ["is gone online" in trouble.reason for trouble in report.troubles] == [True]
        assert [file.name for file in drop.iterdir()] == ["dropped.jpg"]

    @pytest.mark.parametrize("name", ["dropped.jpg", "old.jpg"])
    def test_that_give_the_same_photo_again_make_no_copies(self, world: World, drop: Path, name: str) -> None:
        """A run may be killed before the file leaves, and a folder may forbid that it does."""
        world.options = replace(world.options, sending=replace(SENDING, routes=(Route(drop, "/Rome"),)))
        (drop / "dropped.jpg").unlink()
        for _ in range(3):
            (drop / name).write_bytes(content(2))
            world.sync(DELTA)
        assert sorted(world.files().values()) == world.online() == sorted([md5(1), md5(2)])
        assert list(drop.iterdir()) == []


class TestNamesThatSomeFileSystemsTakeForOne:
    @pytest.mark.parametrize("other", ["Rome/A.JPG", "rome/a.jpg"])
    @pytest.mark.parametrize("fault", ["", "504@/upload*:times=1"])
    def test_only_one_of_two_new_files_goes_up_and_the_other_is_told(
        self, world: World, other: str, fault: str
    ) -> None:
        world.write("Rome/a.jpg", 2)
        world.write(other, 3)
        if fault:
            world.fault(fault)
        for _ in range(4):
            last = world.sync(DELTA)
        assert (last.exit_code, last.files_in_doubt, len(world.online())) == (3, 0, 2)
        assert ["rename it" in trouble.reason for trouble in last.troubles] == [True]

    def test_an_upload_in_doubt_gets_another_where_a_photo_has_its_own_by_now(self, world: World) -> None:
        world.write("Rome/new.jpg", 2)
        world.fault("504@/upload*:times=1")
        world.sync(DELTA)
        world.photo(albums(world)[0], "NEW.jpg", 9)
        for _ in range(2):
            world.sync()
        assert world.online() == sorted([md5(1), md5(2), md5(9)])
        assert set(world.files().values()) == set(world.online())
        assert world.sync().files_downloaded == 0


@pytest.mark.parametrize("seconds", [-(10**9), 0, 4 * 10**9, 2**40])
def test_whatever_time_a_file_bears_it_goes_up(world: World, seconds: int) -> None:
    world.write("Rome/a.jpg", 2)
    os.utime(world.path / "Rome" / "a.jpg", (seconds, seconds))
    assert sent(world.sync(DELTA)) == ["Rome/a.jpg"]
    again = world.sync()
    assert (again.exit_code, again.files_sent, again.files_downloaded) == (0, 0, 0)


def test_a_folder_that_bears_the_title_of_an_excluded_album_is_not_sent_to_it(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.photo(world.album("Secret Stuff", url_name="Hidden"), "s.jpg", 4)
    world.options = replace(world.options, sending=SENDING, selects=lambda path: path != "/Hidden")
    world.sync()
    world.write("Secret Stuff/mine.jpg", 2)
    report = world.sync()
    assert ["is excluded" in trouble.reason for trouble in report.troubles] == [True]
    assert world.online() == [md5(4)]
    assert list(world.files()) == ["Secret Stuff/mine.jpg"]


@pytest.mark.parametrize("path", ["Rome/new.jpg", "New/new.jpg"])
def test_a_grant_that_only_reads_is_told_after_everything_was_fetched(tmp_path: Path, path: str) -> None:
    world = mirrored(World(tmp_path, settings=Settings(albums=0, switches=Switches(permissions="Read"))))
    world.write(path, 2)
    oslo = world.album("Oslo")
    for seed in range(40, 60):
        world.photo(oslo, f"{seed}.jpg", seed)
    report = world.sync()
    assert (report.exit_code, report.files_downloaded, report.files_sent) == (77, 20, 0)
    assert report.stopped is not None
    assert "auth login --write" in str(report.stopped)
    assert world.sync().files_in_doubt == 0


def test_a_full_album_takes_more_once_it_has_room() -> None:
    file = LocalFile("Rome/a.jpg", Fingerprint(1, 0))
    with pytest.raises(Transient, match="holds 5,000 photos"):
        limits.Limits().check(file, limits.MOST_PHOTOS)
