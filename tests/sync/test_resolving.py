"""A person decides about a conflict or an edit: what they want stays, nothing is lost, nobody asks twice."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from smugsync.catalogue import Catalogue, FileRow
from smugsync.core.lifecycle import State
from smugsync.errors import Transient, UsageError
from smugsync.local.tree import Mirror
from smugsync.local.versions import Shelf, alternatives
from smugsync.sync.report import Report, What
from smugsync.sync.second_thoughts.resolving import Conflict, Edit, Keep, conflicts, edits, find
from tests.sync.second_thoughts import (
    MINE,
    Mortal,
    do,
    edited,
    everywhere,
    in_conflict,
    ok,
    wish_to_keep,
)
from tests.sync.world import DELTA, EVERYTHING, World, content, md5

LOCAL, ONLINE, BOTH = Keep
#: More moments than any decision has.
MANY = 40


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def catalogue(world: World) -> Callable[[], Any]:
    """Opens the catalogue to look into it."""
    return lambda: closing(Catalogue.open(world.root / "state" / "catalogue.db"))


def decide(world: World, path: str, keep: Keep) -> Report:
    return do(world, wish_to_keep(path, keep))


def refused(report: Report) -> str:
    assert isinstance(report.stopped, UsageError)
    assert report.exit_code == 2
    return str(report.stopped)


def row(catalogue: Callable[[], Any]) -> FileRow:
    with catalogue() as ledger:
        (album,) = ledger.albums()
        (found,) = ledger.files(album.id).values()
        assert isinstance(found, FileRow)
        return found


def asked(catalogue: Callable[[], Any]) -> list[Conflict | Edit]:
    """What is open."""
    with catalogue() as ledger:
        return [*conflicts(ledger), *edits(ledger)]


def quiet(world: World, expected: dict[str, str]) -> None:
    """Two more syncs change nothing, whatever they look at."""
    for scope in (DELTA, EVERYTHING):
        report = ok(world.sync(scope))
        assert (report.files_downloaded, report.counts) == (0, {})
        assert world.files() == expected


class TestConflict:
    def test_is_open_until_somebody_decides(self, world: World, catalogue: Callable[[], Any]) -> None:
        online = in_conflict(world)
        ok(world.sync())
        assert asked(catalogue) == [Conflict(MINE, online, row(catalogue).id)]

    def test_may_be_named_by_either_half(self, world: World, catalogue: Callable[[], Any]) -> None:
        online = in_conflict(world)
        with catalogue() as ledger:
            assert find(ledger, online) == find(ledger, MINE) != None  # noqa: E711 - a chain

    def test_local_keeps_the_local_file_alone(self, world: World, catalogue: Callable[[], Any]) -> None:
        in_conflict(world)
        ok(decide(world, MINE, LOCAL))
        assert world.files() == {MINE: md5(2)}
        assert world.set_aside() == [md5(3)]
        assert asked(catalogue) == []
        quiet(world, {MINE: md5(2)})

    def test_online_gives_the_online_version_the_name(
        self, world: World, catalogue: Callable[[], Any]
    ) -> None:
        online = in_conflict(world)
        ok(decide(world, online, ONLINE))
        assert world.files() == {MINE: md5(3)}
        assert world.set_aside() == [md5(2)]
        assert asked(catalogue) == []
        assert row(catalogue).local_md5 is None
        quiet(world, {MINE: md5(3)})

    def test_both_makes_the_local_file_a_persons_own(
        self, world: World, catalogue: Callable[[], Any]
    ) -> None:
        online = in_conflict(world)
        ok(decide(world, MINE, BOTH))
        assert world.set_aside() == []
        assert asked(catalogue) == []
        with catalogue() as ledger:
            assert ledger.count_local() == {"kept": 1}
        quiet(world, {MINE: md5(2), online: md5(3)})

    def test_next_version_is_a_conflict_again(self, world: World, catalogue: Callable[[], Any]) -> None:
        in_conflict(world)
        ok(decide(world, MINE, LOCAL))
        world.replace(row(catalogue).key, 4)
        report = ok(world.sync())
        assert report.counts[What.CONFLICT] == 1
        assert sorted(world.files().values()) == sorted([md5(2), md5(4)])
        assert len(asked(catalogue)) == 1

    def test_next_version_replaces_the_online_one(self, world: World, catalogue: Callable[[], Any]) -> None:
        in_conflict(world)
        ok(decide(world, MINE, ONLINE))
        world.replace(row(catalogue).key, 4)
        assert ok(world.sync()).counts[What.REPLACED] == 1
        assert world.files() == {MINE: md5(4)}

    @pytest.mark.parametrize("keep", Keep)
    def test_local_file_that_changed_again_is_what_counts(self, world: World, keep: Keep) -> None:
        in_conflict(world)
        world.write(MINE, 5)
        ok(decide(world, MINE, keep))
        there = {*world.files().values(), *world.set_aside()}
        assert there == {md5(5), md5(3)}

    @pytest.mark.parametrize("keep", Keep)
    def test_edit_of_the_online_half_is_not_lost(self, world: World, keep: Keep) -> None:
        online = in_conflict(world)
        world.write(online, 6)
        ok(decide(world, MINE, keep))
        ok(world.sync())
        assert {md5(2), md5(6)} <= {*world.files().values(), *world.set_aside()}
        if keep is LOCAL:
            assert world.files() == {MINE: md5(2), online: md5(6)}

    def test_without_the_local_file_only_online_can_be_kept(
        self, world: World, catalogue: Callable[[], Any]
    ) -> None:
        in_conflict(world)
        (world.path / MINE).unlink()
        for keep in (LOCAL, BOTH):
            assert "is not here any more" in refused(decide(world, MINE, keep))
        ok(decide(world, MINE, ONLINE))
        assert world.files() == {MINE: md5(3)}
        assert asked(catalogue) == []

    def test_without_the_online_half_it_is_fetched_again(self, world: World) -> None:
        online = in_conflict(world)
        (world.path / online).unlink()
        ok(decide(world, MINE, ONLINE))
        assert world.files() == {}
        assert world.set_aside() == [md5(2)]
        assert ok(world.sync(DELTA)).files_downloaded == 1
        assert world.files() == {MINE: md5(3)}

    def test_online_version_that_never_came_cannot_be_set_aside(self, world: World) -> None:
        world.write(MINE, 2)
        world.photo(world.album("Rome"), "a.jpg", 3)
        world.fault("503@/photos/*")
        world.sync()
        assert world.files() == {MINE: md5(2)}
        assert "not fetched yet" in refused(decide(world, MINE, LOCAL))
        ok(decide(world, MINE, ONLINE))
        world.calm()
        ok(world.sync())
        assert world.files() == {MINE: md5(3)}
        assert world.set_aside() == [md5(2)]

    def test_online_version_that_has_not_come_yet_cannot_be_set_aside(self, world: World) -> None:
        key = world.photo(world.album("Rome"), "a.jpg", 1)
        ok(world.sync())
        world.write(MINE, 2)
        world.replace(key, 3)
        world.fault("503@/photos/*")
        world.sync()
        assert "not fetched yet" in refused(decide(world, MINE, LOCAL))

    def test_whose_online_half_nobody_remembers_leaves_the_local_file(
        self, world: World, catalogue: Callable[[], Any]
    ) -> None:
        """As the first versions recorded it."""
        online = in_conflict(world)
        with catalogue() as ledger:
            known = ledger.local_file(MINE)
            with ledger.transaction():
                ledger.put_local(MINE, known.fingerprint, why="diverged")
        assert asked(catalogue) == [Conflict(MINE, None, None)]
        assert "not beside it any more" in refused(decide(world, MINE, ONLINE))
        ok(decide(world, MINE, LOCAL))
        assert asked(catalogue) == []
        quiet(world, {MINE: md5(2), online: md5(3)})

    def test_of_a_photo_that_moved_away_is_none_any_more(
        self, world: World, catalogue: Callable[[], Any]
    ) -> None:
        in_conflict(world)
        world.edit("move-photo", image=row(catalogue).key, to=world.album("Best"))
        ok(world.sync())
        assert world.files()[MINE] == md5(2)
        assert asked(catalogue) == []
        with catalogue() as ledger:
            assert ledger.count_local() == {"kept": 1}

    def test_follows_a_renamed_album(self, world: World, catalogue: Callable[[], Any]) -> None:
        online = in_conflict(world)
        with catalogue() as ledger:
            (album,) = ledger.albums()
        world.edit("rename", album=album.key, url_name="Roma")
        ok(world.sync())
        assert world.files().keys() == {"Roma/a.jpg", online.replace("Rome", "Roma")}
        ok(decide(world, "Roma/a.jpg", ONLINE))
        quiet(world, {"Roma/a.jpg": md5(3)})

    def test_second_conflict_of_the_same_photo_is_settled_with_the_first(
        self, world: World, catalogue: Callable[[], Any]
    ) -> None:
        online = in_conflict(world)
        world.write(online, 7)
        world.replace(row(catalogue).key, 8)
        ok(world.sync())
        assert len(asked(catalogue)) == 2
        with catalogue() as ledger, pytest.raises(UsageError, match="name one of them"):
            find(ledger, f"Rome/{row(catalogue).name}")
        ok(decide(world, MINE, LOCAL))
        assert asked(catalogue) == []
        assert world.files() == {MINE: md5(2), online: md5(7)}
        assert world.set_aside() == [md5(8)]
        quiet(world, {MINE: md5(2), online: md5(7)})

    def test_name_that_another_photo_has_by_now_is_not_taken(
        self, world: World, catalogue: Callable[[], Any]
    ) -> None:
        in_conflict(world)
        with catalogue() as ledger:
            (album,) = ledger.albums()
            (known,) = ledger.files(album.id).values()
            with ledger.transaction():
                ledger.put([replace(known, id=0, key="other", name="A.JPG", name_folded="a.jpg")])
        for keep in (LOCAL, ONLINE):
            assert "another photo" in refused(decide(world, MINE, keep))
        assert len(world.files()) == 2


class Editor(Mirror):
    """Somebody saves a file just before it is set aside."""

    def keep_version(self, path: str, stamp: str, shelf: Shelf = Shelf.VERSIONS) -> str:
        (self.root.path / path).write_bytes(content(4))
        return super().keep_version(path, stamp, shelf)


class EditedWorld(World):
    busy = False

    def open_mirror(self, path: Path) -> Mirror:
        return Editor.open(path) if self.busy else super().open_mirror(path)


@pytest.mark.parametrize("prepare", [in_conflict, edited])
def test_file_saved_in_the_very_moment_stays_under_its_name(
    tmp_path: Path, prepare: Callable[[World], str]
) -> None:
    world = EditedWorld(tmp_path)
    prepare(world)
    others = {path: found for path, found in world.files().items() if path != MINE}
    world.busy = True
    report = decide(world, MINE, ONLINE)
    assert (report.exit_code, isinstance(report.stopped, Transient)) == (3, True)
    assert (world.files(), world.set_aside()) == ({**others, MINE: md5(4)}, [])
    world.busy = False
    ok(world.sync())
    assert world.files() == {**others, MINE: md5(4)}


class TestEdit:
    def test_is_open_until_somebody_decides(self, world: World, catalogue: Callable[[], Any]) -> None:
        edited(world)
        assert asked(catalogue) == [Edit(MINE, row(catalogue).id)]
        with catalogue() as ledger:
            assert ledger.count_open_edits() == 1

    def test_local_is_remembered(self, world: World, catalogue: Callable[[], Any]) -> None:
        edited(world)
        ok(decide(world, MINE, LOCAL))
        assert asked(catalogue) == []
        quiet(world, {MINE: md5(2)})
        assert asked(catalogue) == []

    def test_decision_is_about_these_bytes(self, world: World, catalogue: Callable[[], Any]) -> None:
        edited(world)
        ok(decide(world, MINE, LOCAL))
        world.write(MINE, 3)
        ok(world.sync())
        assert asked(catalogue) == [Edit(MINE, row(catalogue).id)]

    def test_online_is_fetched_by_the_next_sync(self, world: World, catalogue: Callable[[], Any]) -> None:
        edited(world)
        ok(decide(world, MINE, ONLINE))
        assert world.files() == {}
        assert world.set_aside() == [md5(2)]
        assert ok(world.sync(DELTA)).files_downloaded == 1
        assert asked(catalogue) == []
        quiet(world, {MINE: md5(1)})

    def test_both_renames_the_edit(self, world: World, catalogue: Callable[[], Any]) -> None:
        edited(world)
        ok(decide(world, MINE, BOTH))
        ((name, found),) = world.files().items()
        assert name.startswith("Rome/a (edited 2025-06-15 ")
        assert found == md5(2)
        ok(world.sync(DELTA))
        assert asked(catalogue) == []
        quiet(world, {MINE: md5(1), name: md5(2)})
        with catalogue() as ledger:
            assert ledger.count_local() == {"kept": 1}

    def test_that_no_sync_has_seen_yet_can_be_decided(
        self, world: World, catalogue: Callable[[], Any]
    ) -> None:
        world.photo(world.album("Rome"), "a.jpg", 1)
        ok(world.sync())
        world.write(MINE, 2)
        ok(decide(world, MINE, LOCAL))
        assert ok(world.sync()).counts[What.EDITED] == 0
        assert asked(catalogue) == []
        assert world.files() == {MINE: md5(2)}

    @pytest.mark.parametrize("nth", [0, 1])
    def test_former_bytes_on_a_shelf_spare_the_download(self, world: World, nth: int) -> None:
        """Also those that found their name taken there, by another version of the same second."""
        edited(world)
        name = next(islice(alternatives("a.jpg"), nth, None))
        kept = world.path / ".smugsync" / "versions" / "20250101T000000Z" / "Rome" / name
        ok(decide(world, MINE, LOCAL))
        kept.parent.mkdir(parents=True)
        kept.write_bytes(content(1))
        ok(decide(world, MINE, ONLINE))
        assert world.files() == {MINE: md5(1)}
        assert world.set_aside() == [md5(2)]
        quiet(world, {MINE: md5(1)})

    def test_of_a_photo_gone_online_is_all_there_is(self, world: World, catalogue: Callable[[], Any]) -> None:
        key = edited(world)
        world.edit("delete-photo", image=key)
        ok(world.sync())
        assert row(catalogue).state is State.RETIRED
        for keep in (ONLINE, BOTH):
            assert "gone online" in refused(decide(world, MINE, keep))
        assert world.files()[MINE] == md5(2)

    def test_untouched_file_is_no_question(self, world: World) -> None:
        world.photo(world.album("Rome"), "a.jpg", 1)
        ok(world.sync())
        for keep in Keep:
            assert "as it is online" in refused(decide(world, MINE, keep))
        assert world.files() == {MINE: md5(1)}

    def test_damage_is_no_edit(self, world: World) -> None:
        world.photo(world.album("Rome"), "a.jpg", 1)
        ok(world.sync())
        target = world.path / MINE
        stat = target.stat()
        target.write_bytes(bytes(stat.st_size))
        os.utime(target, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        for keep in Keep:
            assert "damaged" in refused(decide(world, MINE, keep))

    def test_missing_file_is_no_edit(self, world: World) -> None:
        edited(world)
        (world.path / MINE).unlink()
        for keep in Keep:
            assert "not here any more" in refused(decide(world, MINE, keep))


class TestNothingToDecide:
    def test_about_a_persons_own_file(self, world: World, catalogue: Callable[[], Any]) -> None:
        world.write("Rome/mine.jpg", 4)
        world.photo(world.album("Rome"), "a.jpg", 1)
        ok(world.sync())
        with catalogue() as ledger:
            assert find(ledger, "Rome/mine.jpg") is None

    def test_about_what_nobody_knows(self, world: World, catalogue: Callable[[], Any]) -> None:
        ok(world.sync())
        with catalogue() as ledger:
            assert find(ledger, "Rome/none.jpg") is None
            assert find(ledger, "nowhere") is None


#: What a decision leads to: the MD5 under the name, and those of all visible files.
OUTCOMES: dict[tuple[Callable[[World], str], Keep], tuple[int, set[int]]] = {
    (in_conflict, LOCAL): (2, {2}),
    (in_conflict, ONLINE): (3, {3}),
    (in_conflict, BOTH): (2, {2, 3}),
    (edited, LOCAL): (2, {2}),
    (edited, ONLINE): (1, {1}),
    (edited, BOTH): (1, {1, 2}),
}


def deaths(root: Path, prepare: Callable[[World], str], keep: Keep) -> Iterator[Mortal]:
    """Worlds in which a decision was cut short, one for each moment it has."""
    for moment in range(1, MANY):
        world = Mortal(root / str(moment))
        prepare(world)
        if not world.kill(*wish_to_keep(MINE, keep), at=moment):
            assert moment > 3
            return
        yield world
    pytest.fail("it never came to its end")


@pytest.mark.parametrize(("prepare", "keep"), OUTCOMES)
def test_killed_at_any_moment_it_can_be_asked_again(
    tmp_path: Path, prepare: Callable[[World], str], keep: Keep
) -> None:
    under_the_name, visible = OUTCOMES[prepare, keep]
    for world in deaths(tmp_path, prepare, keep):
        report = do(world, wish_to_keep(MINE, keep))
        assert report.exit_code in (0, 2), report.troubles  # 2: it was done already
        ok(world.sync(DELTA))
        assert world.files()[MINE] == md5(under_the_name)
        assert {*world.files().values()} == set(map(md5, visible))
        quiet(world, world.files())


@pytest.mark.parametrize(("prepare", "keep"), OUTCOMES)
def test_killed_at_any_moment_nothing_is_lost(
    tmp_path: Path, prepare: Callable[[World], str], keep: Keep
) -> None:
    both_sides = {md5(2), md5(3)} if prepare is in_conflict else {md5(2)}
    for world in deaths(tmp_path, prepare, keep):
        assert everywhere(world) >= both_sides
        ok(world.sync(DELTA))
        assert everywhere(world) >= both_sides
        quiet(world, world.files())
