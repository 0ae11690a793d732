"""What was set aside is deleted when its time is over by two clocks, and not a moment earlier."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from smugsync.catalogue import Catalogue, RunRow
from smugsync.errors import SuspiciousPlan
from smugsync.local.shelves import stamp_of
from smugsync.local.tree import Mirror
from smugsync.sync.context import Retention, Scope
from smugsync.sync.report import Report, What
from smugsync.sync.second_thoughts.resolving import Keep
from tests.sync.crashes import WatchedWorld
from tests.sync.second_thoughts import do, wish_to_keep
from tests.sync.world import DELTA, EVERYTHING, World, content, md5

DAY = 86_400


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.options = replace(
        world.options, archive=False, retention=Retention(versions=365, trash=30, damaged=90, history=730)
    )
    world.photo(world.album("One"), "a.jpg", 1)
    assert world.sync().exit_code == 0
    return world


def shelve(world: World, shelf: str, age: float, path: str = "One/x.jpg", seed: int = 5) -> Path:
    """A file that was set aside `age` days ago."""
    stamp = stamp_of(world.clock.now - age * DAY)
    file = world.path / ".smugsync" / shelf / stamp / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content(seed))
    return file


def shelf(world: World, name: str) -> list[str]:
    home = world.path / ".smugsync" / name
    return sorted(path.relative_to(home).as_posix() for path in home.rglob("*"))


def ok(report: Report) -> Report:
    assert (report.exit_code, report.troubles) == (0, [])
    return report


def ledger(world: World) -> Catalogue:
    return world.open_catalogue(world.root / "state" / "catalogue.db")


def runs(world: World) -> list[RunRow]:
    catalogue = ledger(world)
    try:
        return catalogue.runs()
    finally:
        catalogue.close()


# -- how long --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "days"), [("versions", 365), ("trash", 30), ("damaged", 90)])
def test_every_shelf_has_its_own_time(world: World, name: str, days: int) -> None:
    old, young = shelve(world, name, days + 0.1), shelve(world, name, days - 0.9)
    report = ok(world.sync(EVERYTHING))
    assert (old.exists(), young.exists()) == (False, True)
    assert [(change.what, change.path, change.detail) for change in report.changes] == [
        (What.EXPIRED, f".smugsync/{name}", f"1 file, {len(content(5))} B, older than {days} days")
    ]


def test_one_line_tells_of_a_whole_shelf(world: World) -> None:
    for age in (31, 40, 50):
        for name in ("x.jpg", "y.jpg"):
            shelve(world, "trash", age, f"One/{name}")
    report = ok(world.sync(EVERYTHING))
    assert report.counts == {What.EXPIRED: 1}
    assert report.changes[0].detail.startswith("6 files, ")
    assert shelf(world, "trash") == []


@pytest.mark.parametrize("name", ["versions", "trash", "damaged"])
def test_what_a_person_keeps_for_good_stays(world: World, name: str) -> None:
    file = shelve(world, name, 20_000)
    ok(world.sync(EVERYTHING, retention=Retention(None, None, None, None)))
    assert file.exists()


def test_what_went_to_the_trash_lies_there_for_its_time(world: World) -> None:
    one = next(iter(world.emulator.account.albums.values()))
    world.photo(one.key, "b.jpg", 2)
    world.sync()
    world.edit("delete-photo", image=one.photos[0].key)
    for _ in range(2):
        ok(world.sync(DELTA))
    world.clock.now += 29 * DAY
    assert not ok(world.sync(EVERYTHING)).counts
    assert world.set_aside("trash") == [md5(1)]
    world.clock.now += 2 * DAY
    assert ok(world.sync(EVERYTHING)).counts == {What.EXPIRED: 1}
    assert world.set_aside("trash") == []


def test_quick_cycles_look_once_a_day(world: World) -> None:
    file = shelve(world, "trash", 29.8)
    ok(world.sync(DELTA))  # the first run has looked an hour ago
    world.clock.now += 12 * 3600
    ok(world.sync(DELTA))
    assert file.exists()
    world.clock.now += 12 * 3600
    assert ok(world.sync(DELTA)).counts == {What.EXPIRED: 1}


def test_cycle_over_named_albums_deletes_nothing(world: World) -> None:
    file = shelve(world, "trash", 400)
    ok(world.sync(Scope("albums", ("One",))))
    assert file.exists()


def test_dry_run_deletes_nothing(world: World) -> None:
    file = shelve(world, "trash", 400)
    ok(world.sync(EVERYTHING, dry_run=True))
    assert file.exists()


def test_cycle_that_is_not_complete_deletes_nothing(world: World) -> None:
    file = shelve(world, "trash", 400)
    world.fault("total@*!images")
    assert world.sync(EVERYTHING).exit_code == 3
    assert file.exists()


def test_run_that_ends_for_want_of_room_makes_some_for_the_next(tmp_path: Path) -> None:
    world = WatchedWorld(tmp_path)
    file = shelve(world, "trash", 400)
    for name in ("One", "Two", "Three"):  # listed while the first file already finds no room
        album = world.album(name)
        for seed in range(5):
            world.photo(album, f"{seed}.jpg", seed)
    report = world.sync(EVERYTHING, reserve=1 << 60)
    assert (report.exit_code, report.counts[What.EXPIRED]) == (5, 1)
    assert not file.exists()


def test_disk_that_was_exchanged_loses_nothing(world: World) -> None:
    file = shelve(world, "trash", 400)
    world.mirror_type = Exchanged
    assert world.sync(EVERYTHING).exit_code == 5
    assert file.exists()


class Exchanged(Mirror):
    def check_in_place(self) -> None:
        raise SuspiciousPlan("not the directory any more")


def test_nothing_is_deleted_while_files_are_damaged(world: World) -> None:
    file = shelve(world, "versions", 400)
    catalogue = ledger(world)
    (row,) = catalogue.files(1).values()
    with catalogue.transaction():
        catalogue.put([replace(row, damaged_at=int(world.clock.now))])
    catalogue.close()
    assert world.sync(EVERYTHING).exit_code == 3
    assert file.exists()


def test_damage_that_lasts_keeps_only_what_might_mend_it(world: World) -> None:
    one = next(iter(world.emulator.account.albums.values()))
    world.edit("delete-photo", image=one.photos[0].key)
    world.sync(EVERYTHING, archive=True)
    catalogue = ledger(world)
    (row,) = catalogue.files(1).values()
    with catalogue.transaction():
        catalogue.put([replace(row, damaged_at=int(world.clock.now))])
    catalogue.close()
    good, other = shelve(world, "versions", 400, seed=1), shelve(world, "versions", 500, seed=2)
    world.sync(EVERYTHING, archive=True)
    assert (good.exists(), other.exists()) == (True, False)


# -- by which clock --------------------------------------------------------------------------------------


def test_clock_that_jumped_ahead_deletes_nothing(world: World) -> None:
    file = shelve(world, "trash", 1)
    world.emulator.clock = _shifted(world, -400 * DAY)
    world.clock.now += 400 * DAY
    assert not world.sync(EVERYTHING).counts
    assert file.exists()


def _shifted(world: World, seconds: float) -> Callable[[], float]:
    return lambda: world.clock.now + seconds


def test_clock_that_went_back_since_the_last_run_deletes_nothing(world: World) -> None:
    file = shelve(world, "trash", 40)
    world.clock.now -= 5 * 3600
    assert not ok(world.sync(EVERYTHING)).counts
    assert file.exists()
    assert ok(world.sync(EVERYTHING)).counts == {What.EXPIRED: 1}


def test_service_that_tells_no_time_is_no_witness(world: World) -> None:
    file = shelve(world, "trash", 400)
    world.witness = False
    assert not ok(world.sync(EVERYTHING)).counts
    assert file.exists()


def test_what_is_set_aside_while_our_clock_is_wrong_has_the_services_time(world: World) -> None:
    """A NAS that wakes up in 1970 would otherwise throw away tomorrow what it sets aside today."""
    key = next(iter(world.emulator.account.albums.values())).photos[0].key
    world.replace(key, 2)
    today = world.clock.now
    world.emulator.clock = _shifted(world, today - 1000)
    world.clock.now = 1000.0
    report = world.sync(EVERYTHING)
    assert report.counts == {What.REPLACED: 1}
    (stamp,) = {path.split("/")[0] for path in shelf(world, "versions")}
    assert stamp == stamp_of(today + 3600)


# -- what it may touch -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["20250101", "notes", "20251399T000000Z", "20200101T000000Z.bak", "-1"])
def test_directory_with_another_name_is_left_alone(world: World, name: str) -> None:
    stray = world.path / ".smugsync" / "trash" / name / "x.jpg"
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"x")
    os.utime(stray, (1, 1))
    ok(world.sync(EVERYTHING))
    assert stray.exists()


def test_what_is_set_aside_by_a_clock_that_is_years_behind_lies_there_for_its_time(world: World) -> None:
    """A machine without a battery that nobody has told the time yet: a decision asks no service for it."""
    path = "One/a.jpg"
    world.write(path, 7)
    ok(world.sync(EVERYTHING))
    now, world.clock.now = world.clock.now, 864_000.0
    ok(do(world, wish_to_keep(path, Keep.ONLINE)))
    world.clock.now = now
    for _ in range(3):
        ok(world.sync(EVERYTHING))
    assert world.set_aside("versions") == [md5(7)]


def test_no_link_is_followed(world: World, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "mine.jpg").write_bytes(b"mine")
    file = shelve(world, "trash", 400)
    (file.parent / "link").symlink_to(outside)
    (file.parent / "link.jpg").symlink_to(outside / "mine.jpg")
    (world.path / ".smugsync" / "trash" / "20200101T000000Z").symlink_to(outside)
    ok(world.sync(EVERYTHING))
    assert not file.exists()
    assert (outside / "mine.jpg").read_bytes() == b"mine"


def test_shelf_that_is_a_link_is_left_alone(world: World, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    file = outside / "20200101T000000Z" / "mine.jpg"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"mine")
    (world.path / ".smugsync" / "trash").symlink_to(outside)
    assert world.sync(EVERYTHING).exit_code == 3  # told, and nothing else
    assert file.read_bytes() == b"mine"


def test_visible_files_and_their_hard_links_stay(world: World) -> None:
    file = shelve(world, "trash", 400)
    file.unlink()
    os.link(world.path / "One" / "a.jpg", file)
    ok(world.sync(EVERYTHING))
    assert world.files() == {"One/a.jpg": md5(1)}


def test_deletion_that_was_interrupted_is_finished_by_the_next_run(world: World) -> None:
    for n in range(6):
        shelve(world, "trash", 400, f"One/{n}.jpg")
    stamp = world.path / ".smugsync" / "trash" / stamp_of(world.clock.now - 400 * DAY)
    for n in range(3):  # as a process leaves it that dies in the middle
        (stamp / "One" / f"{n}.jpg").unlink()
    assert ok(world.sync(EVERYTHING)).changes[0].detail.startswith("3 files, ")
    assert shelf(world, "trash") == []


# -- the history -----------------------------------------------------------------------------------------


def test_runs_are_forgotten_after_their_time(world: World) -> None:
    ok(world.sync(EVERYTHING))
    assert len(runs(world)) == 2
    world.clock.now += 731 * DAY
    ok(world.sync(EVERYTHING))
    assert len(runs(world)) == 1


def test_run_that_was_killed_is_forgotten_too(world: World) -> None:
    catalogue = ledger(world)
    with catalogue.transaction():
        killed = catalogue.begin_run("delta", int(world.clock.now))
    catalogue.close()
    world.clock.now += 731 * DAY
    ok(world.sync(EVERYTHING))
    assert killed not in {run.id for run in runs(world)}


def test_history_that_is_kept_for_good_stays(world: World) -> None:
    world.clock.now += 20_000 * DAY
    ok(world.sync(EVERYTHING, retention=Retention(history=None)))
    assert len(runs(world)) == 2
