"""A person looks through the shelves, takes something back, or empties them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from smugsync.catalogue import Catalogue
from smugsync.errors import SuspiciousPlan
from smugsync.local.shelves import Shelves
from smugsync.local.versions import Shelf
from smugsync.sync.context import Context, Scope
from smugsync.sync.report import Report, What
from smugsync.sync.second_thoughts.restoring import Back, Came
from smugsync.sync.second_thoughts.shelving import Kept, empty, look_through, named, of_run, restore
from tests.sync.second_thoughts import MINE, ok
from tests.sync.world import DELTA, EVERYTHING, World, content, md5


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def work(world: World, body: Callable[[Context], None]) -> Report:
    with world.engine() as engine:
        return engine.work(Scope("trash"), body)


def shelved(world: World) -> list[Kept]:
    found: list[Kept] = []
    ok(work(world, lambda ctx: found.extend(look_through(ctx.catalogue, Shelves(ctx.mirror.root)))))
    return found


def bring_back(world: World, choose: Callable[[list[Kept]], list[Kept]]) -> tuple[Report, list[Back]]:
    back: list[Back] = []

    def body(context: Context) -> None:
        kept = look_through(context.catalogue, Shelves(context.mirror.root))
        back.extend(restore(context, choose(kept)))

    return work(world, body), back


def clear(world: World, *shelves: Shelf) -> Report:
    def body(context: Context) -> None:
        there = Shelves(context.mirror.root)
        empty(context, there, [stamp for shelf in shelves for stamp in there.stamps(shelf)])

    return work(world, body)


@contextmanager
def ledger(world: World) -> Iterator[Catalogue]:
    catalogue = Catalogue.open(world.root / "state" / "catalogue.db")
    try:
        yield catalogue
    finally:
        catalogue.close()


def replaced_twice(world: World) -> str:
    """a.jpg is 3; 1 and 2 are versions. Its key."""
    key = world.photo(world.album("Rome"), "a.jpg", 1)
    ok(world.sync())
    for seed in (2, 3):
        world.replace(key, seed)
        ok(world.sync())
    return key


def quiet(world: World, expected: dict[str, str]) -> None:
    for scope in (DELTA, EVERYTHING):
        report = ok(world.sync(scope))
        assert (report.files_downloaded, report.counts) == (0, {})
        assert world.files() == expected


class TestLookingThrough:
    def test_says_why_and_since_which_run(self, world: World) -> None:
        replaced_twice(world)
        found = shelved(world)
        assert [one.why for one in found] == [What.REPLACED.value] * 2
        assert [one.run for one in found] == [2, 3]

    def test_without_a_catalogue_the_disk_says_what_it_can(self, world: World) -> None:
        replaced_twice(world)
        with world.open_mirror(world.path) as mirror:
            found = look_through(None, Shelves(mirror.root))
        assert [(one.entry.path, one.why, one.run) for one in found] == [
            (MINE, "replaced by other bytes", None),
            (MINE, "replaced by other bytes", None),
        ]

    def test_name_means_the_newest(self, world: World) -> None:
        replaced_twice(world)
        found = shelved(world)
        assert named(found, MINE) == found[1:]

    def test_time_chooses_another(self, world: World) -> None:
        replaced_twice(world)
        found = shelved(world)
        assert named(found, MINE, at=found[0].entry.stamp) == found[:1]

    def test_place_means_what_lies_there(self, world: World) -> None:
        replaced_twice(world)
        found = shelved(world)
        assert named(found, found[0].entry.where) == found[:1]

    def test_directory_means_the_newest_of_each_name(self, world: World) -> None:
        replaced_twice(world)
        found = shelved(world)
        assert named(found, "Rome") == found[1:]
        assert named(found, "Rom") == []

    def test_run_means_what_it_set_aside(self, world: World) -> None:
        replaced_twice(world)
        found = shelved(world)
        with ledger(world) as catalogue:
            assert of_run(catalogue, found, 2) == found[:1]
            assert of_run(catalogue, found, 1) == []


class TestRestoring:
    def test_version_comes_back_and_stays(self, world: World) -> None:
        replaced_twice(world)
        report, back = bring_back(world, lambda kept: named(kept, MINE))
        ok(report)
        assert [one.how for one in back] == [Came.AS_EDIT]
        assert sorted(world.set_aside()) == sorted([md5(1), md5(3)])
        quiet(world, {MINE: md5(2)})

    def test_any_version_may_come_back(self, world: World) -> None:
        replaced_twice(world)
        ok(bring_back(world, lambda kept: kept[:1])[0])
        ok(bring_back(world, lambda kept: named(kept, MINE))[0])
        quiet(world, {MINE: md5(3)})

    def test_works_where_the_history_is_forgotten(self, world: World) -> None:
        replaced_twice(world)
        with ledger(world) as catalogue, catalogue.transaction():
            catalogue.forget_runs(before=int(world.clock.now) + 10)
        ok(world.sync())
        ok(bring_back(world, lambda kept: named(kept, MINE))[0])
        quiet(world, {MINE: md5(2)})

    def test_works_where_the_catalogue_is_lost(self, world: World) -> None:
        replaced_twice(world)
        for file in (world.root / "state").glob("catalogue.db*"):
            file.unlink()
        ok(bring_back(world, lambda kept: [])[0])
        (world.path / MINE).unlink()
        report, back = bring_back(world, lambda kept: named(kept, MINE))
        ok(report)
        assert [one.how for one in back] == [Came.AS_OWN]
        assert world.files() == {MINE: md5(2)}

    def test_what_is_under_its_name_already_is_left_alone(self, world: World) -> None:
        key = replaced_twice(world)
        world.replace(key, 1)
        ok(world.sync())
        report, back = bring_back(world, lambda kept: kept[:1])
        ok(report)
        assert [one.how for one in back] == [Came.THERE]
        quiet(world, {MINE: md5(1)})

    def test_good_copy_mends_a_damaged_file(self, world: World) -> None:
        replaced_twice(world)
        good = Path(world.path, ".smugsync/versions/20250101T000000Z", MINE)
        good.parent.mkdir(parents=True)
        good.write_bytes(content(3))
        damage(world)
        report, back = bring_back(world, lambda kept: named(kept, MINE, at="20250101T000000Z"))
        ok(report)
        assert [one.how for one in back] == [Came.AS_HELD]
        assert len(world.set_aside("damaged")) == 1
        with ledger(world) as catalogue:
            assert catalogue.count_damaged() == 0
        quiet(world, {MINE: md5(3)})

    def test_damaged_bytes_come_back_beside_the_good_ones(self, world: World) -> None:
        world.photo(world.album("Rome"), "a.jpg", 1)
        ok(world.sync())
        bad = Path(world.path, ".smugsync/damaged/20250101T000000Z", MINE)
        bad.parent.mkdir(parents=True)
        bad.write_bytes(b"rotten")
        report, back = bring_back(world, lambda kept: kept)
        ok(report)
        assert [one.how for one in back] == [Came.BESIDE]
        assert world.files()[MINE] == md5(1)


def damage(world: World) -> None:
    """MINE has rotted, and that is known."""
    target = world.path / MINE
    stat = target.stat()
    target.write_bytes(bytes(stat.st_size))
    os.utime(target, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    with ledger(world) as catalogue:
        row = catalogue.file_at(MINE)
        assert row is not None
        with catalogue.transaction():
            catalogue.put([replace(row, damaged_at=1)])


class TestEmptying:
    def test_deletes_one_shelf_for_good(self, world: World) -> None:
        replaced_twice(world)
        other = Path(world.path, ".smugsync/damaged/20250101T000000Z", MINE)
        other.parent.mkdir(parents=True)
        other.write_bytes(b"rotten")
        report = ok(clear(world, Shelf.VERSIONS))
        size = len(content(1)) + len(content(2))
        assert [(one.what, one.path) for one in report.changes] == [(What.EMPTIED, ".smugsync/versions")]
        assert report.changes[0].detail == f"2 files, {size / 1000:.1f} kB"
        assert (world.set_aside(), len(world.set_aside("damaged"))) == ([], 1)
        assert world.files() == {MINE: md5(3)}

    def test_is_refused_where_a_good_copy_of_damage_lies(self, world: World) -> None:
        replaced_twice(world)
        good = Path(world.path, ".smugsync/versions/20250101T000000Z", MINE)
        good.parent.mkdir(parents=True)
        good.write_bytes(content(3))
        damage(world)
        report = clear(world, Shelf.VERSIONS)
        assert isinstance(report.stopped, SuspiciousPlan)
        assert (report.exit_code, good.relative_to(world.path).as_posix() in str(report.stopped)) == (5, True)
        assert sorted(world.set_aside()) == sorted(map(md5, (1, 2, 3)))

    def test_is_not_refused_where_nothing_there_mends_the_damage(self, world: World) -> None:
        replaced_twice(world)
        damage(world)
        ok(clear(world, Shelf.VERSIONS))
        assert world.set_aside() == []

    def test_damage_elsewhere_is_no_verdict_on_the_wish(self, world: World) -> None:
        replaced_twice(world)
        damage(world)
        report, _ = bring_back(world, lambda kept: [])
        assert report.exit_code == 0
