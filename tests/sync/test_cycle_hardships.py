"""Situations in which a mirror once went wrong, or could: one test each, with the real engine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from smugsync.errors import Unreachable, UsageError
from smugsync.sync.context import Scope
from smugsync.sync.report import What
from tests.sync.world import DELTA, World, content, md5


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def _plan_without_fetching(world: World, album: str, names: str = "ab") -> list[str]:
    """Photos that a run has listed and could not fetch."""
    keys = [world.photo(album, f"{name}.jpg", ord(name)) for name in names]
    world.fault("503@/photos/*")
    world.sync()
    world.calm()
    return keys


def test_a_link_where_a_photo_was_is_that_photos_trouble_alone(world: World) -> None:
    one, two = world.album("One"), world.album("Two")
    world.photo(one, "a.jpg", 1)
    world.sync()
    (world.path / "One" / "a.jpg").unlink()
    (world.path / "One" / "a.jpg").symlink_to("/etc/hostname")
    world.photo(two, "b.jpg", 2)
    report = world.sync()
    assert (report.exit_code, report.files_downloaded) == (3, 1)
    assert (world.path / "One" / "a.jpg").is_symlink()


def test_gone_online_and_a_link_here(world: World) -> None:
    one = world.album("One")
    keys = [world.photo(one, f"{i}.jpg", i) for i in range(3)]
    world.sync()
    (world.path / "One" / "0.jpg").unlink()
    (world.path / "One" / "0.jpg").symlink_to("/etc/hostname")
    for key in keys[:2]:
        world.edit("delete-photo", image=key)
    report = world.sync()
    assert (report.exit_code, report.counts[What.GONE]) == (3, 1)


def test_a_name_given_up_here_and_taken_online(world: World) -> None:
    one = world.album("One")
    world.photo(one, "a.jpg", 1)
    world.sync()
    (world.path / "One" / "a.jpg").rename(world.path / "One" / "best.jpg")
    world.photo(one, "a.jpg", 2)
    report = world.sync()
    assert (report.exit_code, report.counts[What.MOVED], report.files_downloaded) == (0, 1, 1)
    assert sorted(world.files().values()) == world.online()
    assert not world.sync().counts


def test_a_renamed_album_does_not_carry_its_successors_folder_away(world: World) -> None:
    ant = world.album("Ant")
    world.photo(ant, "a.jpg", 1)
    world.sync()
    world.edit("rename", album=ant, name="Bee", url_name="Bee")
    folder = world.edit("add-folder", name="Ant")["node"]
    cat = world.album("Cat", parent=folder)
    world.photo(cat, "c.jpg", 2)
    report = world.sync(DELTA)
    assert (report.exit_code, report.counts[What.ALBUM_MOVED]) == (0, 1)
    assert world.files() == {"Bee/a.jpg": md5(1), "Ant/Cat/c.jpg": md5(2)}
    assert not world.sync().counts


def test_an_album_takes_the_name_that_an_emptied_folder_had(world: World) -> None:
    zoo = world.edit("add-folder", name="Zoo")["node"]
    inner = world.album("X", parent=zoo)
    world.photo(inner, "x.jpg", 1)
    other = world.album("A")
    world.photo(other, "a.jpg", 2)
    world.sync()
    world.edit("move-node", album=inner)
    world.edit("delete-node", node=zoo)
    world.sync(DELTA)
    world.edit("rename", album=other, name="Zoo", url_name="Zoo")
    assert world.sync(DELTA).exit_code == 0
    assert world.files() == {"X/x.jpg": md5(1), "Zoo/a.jpg": md5(2)}


def test_a_renamed_empty_album_whose_directory_is_gone(world: World) -> None:
    one = world.album("One")
    world.sync()
    (world.path / "One").rmdir()
    world.edit("rename", album=one, name="Two", url_name="Two")
    assert world.sync(DELTA).exit_code == 0
    assert (world.path / "Two").is_dir()


def test_a_second_listing_that_is_cut_short_proves_nothing(world: World) -> None:
    one = world.album("One")
    key = world.photo(one, "a.jpg", 1)
    world.photo(one, "b.jpg", 2)
    world.sync()
    world.edit("delete-photo", image=key)
    world.fault("total@*!images:after=1")
    report = world.sync(DELTA)
    assert (report.exit_code, report.counts[What.GONE]) == (3, 0)
    world.calm()
    assert world.sync(DELTA).counts[What.GONE] == 1


def test_replaced_and_still_processing_is_asked_after_until_it_is_there(world: World) -> None:
    one = world.album("One")
    key = world.photo(one, "a.jpg", 1)
    world.sync()
    world.replace(key, 2)
    image = world.emulator.account.image(key)
    assert image is not None
    image.processing = True
    assert world.sync(DELTA).files_downloaded == 0
    image.processing = False
    assert world.sync(DELTA).counts[What.REPLACED] == 1
    assert world.files() == {"One/a.jpg": md5(2)}


def test_naming_an_album_fetches_nothing_of_others(world: World) -> None:
    one, two = world.album("One"), world.album("Two")
    _plan_without_fetching(world, one)
    world.photo(two, "c.jpg", 3)
    report = world.sync(Scope("albums", ("Two",)))
    assert (report.exit_code, world.files()) == (0, {"Two/c.jpg": md5(3)})


def test_an_excluded_album_is_neither_fetched_nor_complained_about(world: World) -> None:
    one = world.album("One")
    _plan_without_fetching(world, one)
    report = world.sync(selects=lambda path: path != "/One")
    assert (report.exit_code, report.files_failed, world.files()) == (0, 0, {})


def test_an_album_with_a_password_is_still_its_owners(world: World) -> None:
    one = world.album("One")
    world.photo(one, "kept.jpg", 9)
    world.sync()
    _plan_without_fetching(world, one)
    world.edit("set-privacy", album=one, password="secret")
    assert world.sync().exit_code == 0
    assert sorted(world.files().values()) == world.online()


def test_an_album_that_is_cut_off_the_list_is_not_a_typing_error(world: World) -> None:
    for name in ("One", "Two", "Three"):
        world.photo(world.album(name), "a.jpg", 1)
    world.fault("total@*!albums")
    report = world.sync(Scope("albums", ("Nowhere",)))
    assert isinstance(report.stopped, Unreachable)
    world.calm()
    assert isinstance(world.sync(Scope("albums", ("Nowhere",))).stopped, UsageError)


def test_album_and_folder_of_one_name_share_no_directory(world: World) -> None:
    world.options = replace(world.options, layout="names")
    folder = world.edit("add-folder", name="Ant", url_name="Ants")["node"]
    inner = world.album("x", parent=folder)
    world.photo(inner, "x.jpg", 1)
    ant = world.album("Ant", url_name="Ant")
    world.photo(ant, "a.jpg", 2)
    assert world.sync().exit_code == 0
    world.edit("rename", album=ant, name="Bee")
    assert world.sync().exit_code == 0
    assert world.files() == {"Ant/x/x.jpg": md5(1), "Bee/a.jpg": md5(2)}
    assert not world.sync().counts


def test_folders_names_that_are_missing_once_rename_nothing(world: World) -> None:
    world.options = replace(world.options, layout="names")
    folder = world.edit("add-folder", name="My Travels", url_name="T")["node"]
    world.photo(world.album("Iceland", parent=folder), "a.jpg", 1)
    world.sync()
    world.fault("500@*!children")
    assert world.sync().exit_code == 3
    world.calm()
    assert world.files() == {"My Travels/Iceland/a.jpg": md5(1)}
    assert not world.sync().counts


def test_some_files_that_never_arrive_do_not_keep_others_back(world: World) -> None:
    one, two = world.album("One"), world.album("Two")
    for i in range(30):
        world.photo(one, f"{i}.jpg", i)
    world.photo(two, "b.jpg", 99)
    world.fault("503@/photos/One/*")
    report = world.sync()
    assert (report.exit_code, report.files_failed, report.files_downloaded) == (3, 30, 1)


def test_a_video_that_returns_without_a_promise_is_settled_by_the_one_it_had(world: World) -> None:
    one, two = world.album("One"), world.album("Two")
    world.photo(one, "a.jpg", 1)
    key = world.photo(one, "a2.jpg", 2)
    world.sync()
    world.edit("move-photo", image=key, to=two)
    world.sync()
    (world.path / "Two" / "a2.jpg").rename(world.path / "Two" / "x.jpg")
    (world.path / "Two" / "a2.jpg").write_bytes(content(2))
    assert world.sync().exit_code == 0
    assert not world.sync().counts


def test_gone_and_back_while_it_is_processed(world: World) -> None:
    one = world.album("One")
    world.photo(one, "b.jpg", 2)
    key = world.photo(one, "a.jpg", 1)
    world.sync()
    world.edit("move-photo", image=key, to=world.album("Elsewhere"))
    world.sync(selects=lambda path: path == "/One")
    (world.path / "One" / "a.jpg").rename(world.root / "taken-away.jpg")
    world.edit("move-photo", image=key, to=one)
    image = world.emulator.account.image(key)
    assert image is not None
    image.processing = True
    world.sync(DELTA)
    image.processing = False
    world.sync(DELTA)
    assert md5(1) in world.files().values()


def test_replaced_without_a_time_stamp_and_still_processing(world: World) -> None:
    one = world.album("One")
    key = world.photo(one, "a.jpg", 1)
    world.sync()
    image = world.emulator.account.image(key)
    assert image is not None
    image.processing = True
    world.sync()
    before = world.emulator.account.album(one)
    assert before is not None
    stamps = before.images_updated
    world.replace(key, 2)
    before.images_updated = stamps
    world.sync(DELTA)
    image = world.emulator.account.image(key)
    assert image is not None
    image.processing = False
    world.sync(DELTA)
    assert world.files() == {"One/a.jpg": md5(2)}


def test_a_plan_looks_where_the_files_still_lie(world: World) -> None:
    one, two = world.album("One"), world.album("Two")
    gone, moved = world.photo(one, "a.jpg", 1), world.photo(one, "b.jpg", 2)
    world.photo(one, "c.jpg", 3)
    world.sync()
    world.edit("rename", album=one, name="Uno", url_name="Uno")
    world.edit("delete-photo", image=gone)
    world.edit("move-photo", image=moved, to=two)
    planned = world.sync(DELTA, dry_run=True)
    assert (planned.counts[What.GONE], planned.counts[What.MOVED], planned.files_planned) == (1, 1, 0)


def test_a_swap_of_which_one_half_was_asked_for(world: World) -> None:
    a, b = world.album("Ant"), world.album("Bee")
    world.photo(a, "x.jpg", 1)
    world.photo(b, "x.jpg", 2)
    world.sync()
    world.edit("rename", album=a, name="Cat", url_name="Cat")
    world.edit("rename", album=b, name="Ant", url_name="Ant")
    world.edit("rename", album=a, name="Bee", url_name="Bee")
    world.sync(Scope("albums", ("Bee",)))
    assert world.sync().exit_code == 0
    assert world.files() == {"Ant/x.jpg": md5(2), "Bee/x.jpg": md5(1)}


def test_a_directory_that_only_looks_like_an_albums_is_a_persons(world: World) -> None:
    one = world.album("One")
    world.photo(one, "a.jpg", 1)
    world.sync()
    world.write("one/a.jpg", 5)
    assert world.sync().files_local == 1


def test_an_address_that_changes_while_folders_have_no_names(world: World) -> None:
    world.options = replace(world.options, layout="names")
    folder = world.edit("add-folder", name="My Trip", url_name="T")["node"]
    album = world.album("Day", parent=folder)
    world.photo(album, "a.jpg", 1)
    world.sync()
    world.edit("rename", album=album, name="Day One", url_name="Day-One")
    world.fault("500@*!children")
    assert world.sync().exit_code == 3
    assert world.files() == {"My Trip/Day/a.jpg": md5(1)}
    world.calm()
    assert world.sync().exit_code == 0
    assert world.files() == {"My Trip/Day One/a.jpg": md5(1)}
