"""What the stateful test has found, shrunk to the steps that matter: replayed first, and always."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from smugsync.sync.report import What
from tests.sync.crashes import WatchedWorld
from tests.sync.law import differences, dump, read_ledger
from tests.sync.world import DELTA, EVERYTHING, content, md5


@pytest.fixture
def world(tmp_path: Path) -> WatchedWorld:
    return WatchedWorld(tmp_path)


def test_a_case_twin_of_a_photo_is_a_file_of_its_own(world: WatchedWorld) -> None:
    """It was taken for the photo under another spelling, on a file system that has no such thing."""
    album = world.album("One")
    world.photo(album, "A.JPG", 1)
    world.sync()
    world.write("One/a.jpg", 2)
    world.sync()
    assert read_ledger(world.state).local.keys() == {"One/a.jpg"}
    assert not differences(world)


def test_a_file_under_the_name_of_a_photo_that_cannot_be_had_is_known(world: WatchedWorld) -> None:
    """A row that holds nothing accounted for a person's file."""
    album = world.album("One")
    world.photo(album, "a.jpg", 1, processing=True)
    world.write("One/a.jpg", 2)
    world.sync()
    assert read_ledger(world.state).local.keys() == {"One/a.jpg"}
    assert not differences(world)


def test_both_sides_of_a_conflict_are_known_for_what_they_are(world: WatchedWorld) -> None:
    album = world.album("One")
    world.write("One/a.jpg", 2)
    key = world.photo(album, "a.jpg", 1, processing=True)
    world.sync()
    world.edit("edit-photo", image=key, processing=False)
    assert world.sync().counts[What.CONFLICT] == 1
    assert sorted(world.files().values()) == sorted([md5(1), md5(2)])
    assert not differences(world)


def test_two_albums_of_one_name_stay_where_they_are(world: WatchedWorld) -> None:
    """The second one's directory was renamed to and fro on every run."""
    world.options = replace(world.options, layout="names")
    for seed in (1, 2):
        world.photo(world.album("Ant"), "a.jpg", seed)
    world.sync()
    before = world.files()
    for scope in (DELTA, EVERYTHING):
        assert not world.sync(scope).counts
    assert world.files() == before


def test_a_new_photo_with_the_name_that_a_rename_here_has_freed(world: WatchedWorld) -> None:
    """Both names were written in one transaction, in the order in which the database refuses them."""
    album = world.album("One")
    world.photo(album, "a.jpg", 1)
    world.sync()
    (world.path / "One" / "a.jpg").rename(world.path / "One" / "best.jpg")
    world.photo(album, "a.jpg", 2)
    for _ in range(2):
        assert world.sync().exit_code == 0
    assert sorted(world.files().values()) == sorted([md5(1), md5(2)])
    assert (world.path / "One" / "best.jpg").read_bytes() == content(1)
    assert not differences(world)


def test_killed_between_a_directory_rename_and_its_record(world: WatchedWorld) -> None:
    """The next process asked for the same rename again, failed, and took that for "not renamed"."""
    album = world.album("One")
    world.photo(album, "a.jpg", 1)
    world.sync()
    world.edit("rename", album=album, name="Two", url_name="Two")
    world.watch(DELTA)
    moved = world.moments.labels.index("moved the directory One to Two") + 1
    world.edit("rename", album=album, name="Six", url_name="Six")
    assert world.watch(DELTA, killed_at=moved) is None
    assert world.moments.labels[-1] == "moved the directory Two to Six"
    report = world.sync(DELTA)
    assert (report.exit_code, report.files_downloaded) == (0, 0)
    assert world.files() == {"Six/a.jpg": md5(1)}
    assert not differences(world)


def test_a_directory_that_a_person_removed_is_no_obstacle_to_its_rename(world: WatchedWorld) -> None:
    """An empty album's directory never came back, so its rename failed on every run."""
    album = world.album("One")
    world.sync()
    (world.path / "One").rmdir()
    world.edit("rename", album=album, name="Two", url_name="Two")
    assert world.sync().exit_code == 0
    assert not world.sync().counts
    assert (world.path / "Two").is_dir()


def test_an_album_in_a_folder_with_the_name_of_an_album_that_is_gone(world: WatchedWorld) -> None:
    """No name below that directory was free, however long one was looked for."""
    world.photo(world.album("Bee"), "b.jpg", 1)
    gone = world.album("Ant")
    world.photo(gone, "a.jpg", 2)
    world.sync()
    world.edit("delete-node", album=gone)
    folder = world.edit("add-folder", name="Ant")["node"]
    world.photo(world.album("Cat", parent=folder), "c.jpg", 3)
    assert world.sync().exit_code == 0
    assert sorted(world.files().values()) == sorted(map(md5, (1, 2, 3)))
    assert not world.sync().counts
    assert not differences(world)


def test_an_edit_that_a_person_takes_back_is_forgotten(world: WatchedWorld) -> None:
    """The row went on saying that the file differs from what is online."""
    world.photo(world.album("One"), "a.jpg", 1)
    world.sync()
    file = world.path / "One" / "a.jpg"
    original = file.rename(world.root / "kept.jpg")
    world.write("One/a.jpg", 2)
    assert world.sync().counts[What.EDITED] == 1
    original.replace(file)
    assert world.sync().exit_code == 0
    assert not differences(world)


def test_lost_here_while_it_is_processed_online_is_recorded_once(world: WatchedWorld) -> None:
    """Its album's cursor was left out by the first cycle and stored by the second."""
    key = world.photo(world.album("One"), "a.jpg", 1)
    world.sync()
    world.edit("edit-photo", image=key, processing=True)
    (world.path / "One" / "a.jpg").unlink()
    world.sync()
    before = dump(world.state)
    assert not world.sync(EVERYTHING).counts
    assert dump(world.state) == before
    world.edit("edit-photo", image=key, processing=False)
    world.clock.now += 300
    assert world.sync(DELTA).counts == {What.RESTORED: 1}
