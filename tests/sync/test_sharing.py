"""A photo that sits in several albums is fetched once and stored once, and still is a file in each."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from smugsync.sync.report import Report, What
from tests.sync.world import DELTA, World, content, md5


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def collected(world: World) -> str:
    """One photo in the albums Rome and Best; its key."""
    rome, best = world.album("Rome"), world.album("Best")
    key = world.photo(rome, "a.jpg", 1)
    world.edit("collect-photo", image=key, to=best)
    return key


def inodes(world: World) -> set[int]:
    return {(world.path / path).stat().st_ino for path in ("Rome/a.jpg", "Best/a.jpg")}


def ok(report: Report) -> Report:
    assert (report.exit_code, report.troubles) == (0, [])
    return report


def test_it_is_downloaded_once(world: World) -> None:
    collected(world)
    report = ok(world.sync())
    assert (report.files_downloaded, report.files_shared) == (1, 1)
    assert world.files() == {"Rome/a.jpg": md5(1), "Best/a.jpg": md5(1)}


def test_by_hard_link_where_the_disk_has_no_reflinks(world: World) -> None:
    collected(world)
    ok(world.sync())
    if len(inodes(world)) == 2:
        pytest.skip("this file system has reflinks")
    assert len(inodes(world)) == 1


@pytest.mark.parametrize("links", ["none", "reflink"])
def test_never_by_hard_link_where_a_person_wants_none(world: World, links: str) -> None:
    collected(world)
    report = ok(world.sync(links=links))
    assert (report.files_downloaded, report.files_shared) == (1, 1)
    assert len(inodes(world)) == 2
    assert world.files() == {"Rome/a.jpg": md5(1), "Best/a.jpg": md5(1)}


def test_photo_collected_later_is_not_fetched_again(world: World) -> None:
    rome, best = world.album("Rome"), world.album("Best")
    key = world.photo(rome, "a.jpg", 1)
    ok(world.sync())
    world.edit("collect-photo", image=key, to=best)
    report = ok(world.sync(DELTA))
    assert (report.files_downloaded, report.files_shared) == (0, 1)
    assert world.files() == {"Rome/a.jpg": md5(1), "Best/a.jpg": md5(1)}


def test_new_version_comes_once_for_both_and_both_old_ones_are_kept(world: World) -> None:
    key = collected(world)
    ok(world.sync())
    world.replace(key, 2)
    report = ok(world.sync())
    assert (report.files_downloaded, report.files_shared) == (1, 1)
    assert world.files() == {"Rome/a.jpg": md5(2), "Best/a.jpg": md5(2)}
    assert world.set_aside() == [md5(1), md5(1)]


def test_editor_that_saves_a_new_file_breaks_the_link_and_only_that_one_differs(world: World) -> None:
    collected(world)
    ok(world.sync())
    (world.path / "Best/a.jpg").unlink()
    world.write("Best/a.jpg", 7)
    report = ok(world.sync())
    assert [change.path for change in report.changes if change.what is What.EDITED] == ["Best/a.jpg"]
    assert world.files() == {"Rome/a.jpg": md5(1), "Best/a.jpg": md5(7)}


def test_editor_that_writes_in_place_is_noticed_under_both_names(world: World) -> None:
    collected(world)
    ok(world.sync())
    if len(inodes(world)) == 2:
        pytest.skip("this file system has reflinks: no name can change the other")
    world.write("Best/a.jpg", 7)
    report = ok(world.sync())
    edited = sorted(change.path for change in report.changes if change.what is What.EDITED)
    assert edited == ["Best/a.jpg", "Rome/a.jpg"]
    ok(world.sync())
    assert world.files() == {"Rome/a.jpg": md5(7), "Best/a.jpg": md5(7)}


def test_source_that_was_edited_is_not_passed_on(world: World) -> None:
    rome, best = world.album("Rome"), world.album("Best")
    key = world.photo(rome, "a.jpg", 1)
    ok(world.sync())
    world.write("Rome/a.jpg", 7)
    world.edit("collect-photo", image=key, to=best)
    report = ok(world.sync())
    assert (report.files_downloaded, report.files_shared) == (1, 0)
    assert world.files() == {"Rome/a.jpg": md5(7), "Best/a.jpg": md5(1)}


def test_source_that_rotted_is_found_out_by_a_copy_and_fetched_instead(world: World) -> None:
    rome, best = world.album("Rome"), world.album("Best")
    key = world.photo(rome, "a.jpg", 1)
    ok(world.sync())
    path = world.path / "Rome/a.jpg"
    before = path.stat()
    path.write_bytes(content(1).replace(b"\xff\xd8", b"\xff\xd7"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    world.edit("collect-photo", image=key, to=best)
    report = world.sync(links="none")
    assert (report.files_downloaded, report.files_shared) == (1, 0)
    assert world.files()["Best/a.jpg"] == md5(1)


def test_photo_deleted_in_one_album_stays_in_the_other(world: World) -> None:
    collected(world)
    ok(world.sync())
    (world.path / "Rome/a.jpg").unlink()
    report = ok(world.sync())
    assert (report.files_downloaded, report.files_shared) == (0, 1)
    assert world.files() == {"Rome/a.jpg": md5(1), "Best/a.jpg": md5(1)}


def test_failed_download_lets_the_others_try(world: World) -> None:
    collected(world)
    world.fault("corrupt@/photos/*:times=3")
    report = world.sync()
    assert report.exit_code == 3
    world.calm()
    ok(world.sync())
    assert world.files() == {"Rome/a.jpg": md5(1), "Best/a.jpg": md5(1)}


def test_journal_tells_where_the_bytes_came_from(world: World) -> None:
    collected(world)
    ok(world.sync())
    catalogue = world.open_catalogue(world.root / "state" / "catalogue.db")
    details = sorted(change.detail for change in catalogue.changes() if change.what == "new")
    catalogue.close()
    assert details[0] == ""
    assert details[1] in {f"{how} of {path}" for how in ("hard link", "reflink") for path in world.files()}
