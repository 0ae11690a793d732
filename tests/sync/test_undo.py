"""An undo gives former bytes their names again, and no sync takes them away."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from smugsync.catalogue import Catalogue, FileRow
from smugsync.core.model import Fingerprint
from smugsync.sync.report import Report, What
from smugsync.sync.second_thoughts.resolving import Keep, conflicts, edits
from smugsync.sync.second_thoughts.undoing import Undone
from tests.sync.second_thoughts import (
    MINE,
    Mortal,
    do,
    edited,
    everywhere,
    in_conflict,
    last_run,
    ok,
    wish_to_keep,
    wish_to_undo,
)
from tests.sync.world import DELTA, EVERYTHING, World, md5

MANY = 40


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def catalogue(world: World) -> Callable[[], Any]:
    """Opens the catalogue to look into it."""
    return lambda: closing(Catalogue.open(world.root / "state" / "catalogue.db"))


def undo(world: World, run: int = 0, **changes: Any) -> tuple[Report, Undone]:
    """Undo a run, the last one by default."""
    answers: list[Undone] = []
    report = do(world, wish_to_undo(run or last_run(world), answers), **changes)
    return report, answers[0]


def undone(world: World, run: int = 0) -> Undone:
    report, done = undo(world, run)
    ok(report)
    return done


def replaced(world: World) -> str:
    """a.jpg was 1 and was replaced by 2 in the last run; its key."""
    key = world.photo(world.album("Rome"), "a.jpg", 1)
    ok(world.sync())
    world.replace(key, 2)
    assert ok(world.sync()).counts[What.REPLACED] == 1
    return key


def trashed(world: World) -> str:
    """a.jpg was 1, is gone online, and went to the trash in the last run; b.jpg stays. The album's key."""
    world.options = replace(world.options, archive=False)
    album = world.album("Rome")
    key = world.photo(album, "a.jpg", 1)
    world.photo(album, "b.jpg", 9)
    ok(world.sync())
    world.edit("delete-photo", image=key)
    ok(world.sync())
    assert ok(world.sync(DELTA)).counts[What.TRASHED] == 1
    assert (world.files(), world.set_aside("trash")) == ({"Rome/b.jpg": md5(9)}, [md5(1)])
    return album


def row(catalogue: Callable[[], Any], path: str = MINE) -> FileRow:
    with catalogue() as ledger:
        found = ledger.file_at(path)
        assert isinstance(found, FileRow)
        return found


def quiet(world: World, expected: dict[str, str]) -> None:
    """Two more syncs change nothing, whatever they look at."""
    for scope in (DELTA, EVERYTHING):
        report = ok(world.sync(scope))
        assert (report.files_downloaded, report.counts) == (0, {})
        assert world.files() == expected


class TestReplaced:
    def test_former_bytes_have_their_name_again(self, world: World) -> None:
        replaced(world)
        assert undone(world) == Undone(back=1)
        assert world.files() == {MINE: md5(1)}
        assert world.set_aside() == [md5(2)]
        quiet(world, {MINE: md5(1)})

    def test_is_a_decision_and_no_open_question(self, world: World, catalogue: Callable[[], Any]) -> None:
        replaced(world)
        undone(world)
        quiet(world, {MINE: md5(1)})
        assert row(catalogue).local_md5 == row(catalogue).kept_md5 == md5(1)
        with catalogue() as ledger:
            assert list(edits(ledger)) == []

    def test_next_version_comes_beside_it(self, world: World) -> None:
        key = replaced(world)
        undone(world)
        world.replace(key, 3)
        assert ok(world.sync()).counts[What.CONFLICT] == 1
        assert world.files()[MINE] == md5(1)
        assert sorted(world.files().values()) == sorted([md5(1), md5(3)])

    def test_keeping_online_takes_it_back_without_a_download(self, world: World) -> None:
        replaced(world)
        undone(world)
        ok(do(world, wish_to_keep(MINE, Keep.ONLINE)))
        assert world.files() == {MINE: md5(2)}
        assert world.set_aside() == [md5(1)]
        quiet(world, {MINE: md5(2)})

    def test_keeping_online_works_for_what_is_gone_online_meanwhile(self, world: World) -> None:
        key = replaced(world)
        undone(world)
        world.edit("delete-photo", image=key)
        ok(world.sync())
        ok(do(world, wish_to_keep(MINE, Keep.ONLINE)))
        assert world.files() == {MINE: md5(2)}

    def test_undone_twice_is_undone_once(self, world: World) -> None:
        replaced(world)
        run = last_run(world)
        undone(world, run)
        assert undone(world, run) == Undone(before=1)
        quiet(world, {MINE: md5(1)})

    def test_undone_undo_brings_the_new_bytes_back(self, world: World, catalogue: Callable[[], Any]) -> None:
        replaced(world)
        undone(world)
        assert undone(world) == Undone(back=1)
        assert world.files() == {MINE: md5(2)}
        assert row(catalogue).local_md5 is None
        quiet(world, {MINE: md5(2)})

    def test_undone_again_after_that_it_is_undone_again(self, world: World) -> None:
        replaced(world)
        run = last_run(world)
        for _ in range(2):
            undone(world, run)
            assert world.files() == {MINE: md5(1)}
            undone(world)
            assert world.files() == {MINE: md5(2)}
        assert undone(world, run) == Undone(back=1)
        assert undone(world, run) == Undone(before=1)
        quiet(world, {MINE: md5(1)})

    def test_edit_made_since_keeps_the_name(self, world: World) -> None:
        replaced(world)
        world.write(MINE, 5)
        assert undone(world) == Undone(back=1)
        files = world.files()
        (beside,) = files.keys() - {MINE}
        assert beside.startswith("Rome/a (restored 2025-06-15 ")
        assert (files[MINE], files[beside]) == (md5(5), md5(1))
        assert ok(world.sync()).counts == {What.EDITED: 1}
        quiet(world, files)

    def test_name_that_is_free_is_taken(self, world: World) -> None:
        replaced(world)
        (world.path / MINE).unlink()
        assert undone(world) == Undone(back=1)
        quiet(world, {MINE: md5(1)})

    def test_follows_a_photo_whose_album_was_renamed(
        self, world: World, catalogue: Callable[[], Any]
    ) -> None:
        replaced(world)
        run = last_run(world)
        with catalogue() as ledger:
            (album,) = ledger.albums()
        world.edit("rename", album=album.key, url_name="Roma")
        ok(world.sync())
        assert undone(world, run) == Undone(back=1)
        quiet(world, {"Roma/a.jpg": md5(1)})

    def test_follows_a_file_that_was_renamed_here(self, world: World) -> None:
        replaced(world)
        run = last_run(world)
        (world.path / MINE).rename(world.path / "Rome/nicer.jpg")
        ok(world.sync())
        assert undone(world, run) == Undone(back=1)
        quiet(world, {"Rome/nicer.jpg": md5(1)})

    def test_bytes_that_are_there_already_are_left_alone(self, world: World) -> None:
        key = replaced(world)
        run = last_run(world)
        world.replace(key, 1)
        ok(world.sync())
        assert undone(world, run) == Undone(before=1)
        assert world.files() == {MINE: md5(1)}

    def test_same_time_does_not_pass_for_damage(self, world: World, catalogue: Callable[[], Any]) -> None:
        """What a camera took keeps its time when it is replaced: both versions have the same."""
        replaced(world)
        before = row(catalogue).mtime_ns or 0
        (former,) = (world.path / ".smugsync" / "versions").rglob("a.jpg")
        os.utime(former, ns=(before, before))
        undone(world)
        after, found = row(catalogue), (world.path / MINE).stat()
        assert after.edited() == Fingerprint(found.st_size, found.st_mtime_ns)
        assert found.st_mtime_ns == before + 2_000_000_000
        world.replace(after.key, 7)
        assert ok(world.sync()).counts[What.CONFLICT] == 1

    def test_expired_bytes_are_named_and_the_rest_is_done(self, world: World) -> None:
        album = world.album("Rome")
        keys = [world.photo(album, name, seed) for name, seed in (("a.jpg", 1), ("b.jpg", 2))]
        ok(world.sync())
        for key, seed in zip(keys, (3, 4), strict=True):
            world.replace(key, seed)
        ok(world.sync())
        next((world.path / ".smugsync/versions").rglob("a.jpg")).unlink()
        report, done = undo(world)
        assert (report.exit_code, done) == (3, Undone(back=1, lost=[MINE]))
        assert [trouble.path for trouble in report.troubles] == [MINE]
        quiet(world, {MINE: md5(3), "Rome/b.jpg": md5(2)})

    def test_dry_run_changes_nothing(self, world: World, catalogue: Callable[[], Any]) -> None:
        replaced(world)
        before = row(catalogue)
        report, done = undo(world, dry_run=True)
        assert (report.exit_code, done, report.counts[What.PUT_BACK]) == (0, Undone(back=1), 1)
        assert (world.files(), world.set_aside(), row(catalogue)) == ({MINE: md5(2)}, [md5(1)], before)

    def test_new_photos_stay(self, world: World) -> None:
        world.photo(world.album("Rome"), "a.jpg", 1)
        ok(world.sync())
        assert undone(world) == Undone()
        quiet(world, {MINE: md5(1)})

    def test_damaged_bytes_do_not_come_back(self, world: World, catalogue: Callable[[], Any]) -> None:
        world.photo(world.album("Rome"), "a.jpg", 1)
        ok(world.sync())
        target = world.path / MINE
        stat = target.stat()
        target.write_bytes(bytes(stat.st_size))
        os.utime(target, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        with catalogue() as ledger:
            bad = ledger.file_at(MINE)
            with ledger.transaction():
                ledger.put([replace(missing_row(bad), damaged_at=1)])
        assert ok(world.sync()).counts[What.REPAIRED] == 1
        assert undone(world) == Undone(damaged=1)
        assert world.files() == {MINE: md5(1)}


def missing_row(known: FileRow) -> FileRow:
    from smugsync.core.lifecycle import Event  # noqa: PLC0415 - for this one row

    return known.on(Event.DAMAGE)


class TestTrashed:
    def test_comes_back_and_stays(self, world: World, catalogue: Callable[[], Any]) -> None:
        trashed(world)
        assert undone(world) == Undone(back=1)
        with catalogue() as ledger:
            assert ledger.count_local() == {"kept": 1}
        quiet(world, {MINE: md5(1), "Rome/b.jpg": md5(9)})
        assert world.set_aside("trash") == []

    def test_undone_twice_is_undone_once(self, world: World) -> None:
        trashed(world)
        run = last_run(world)
        undone(world, run)
        assert undone(world, run) == Undone(before=1)

    def test_undone_undo_puts_it_into_the_trash_again(self, world: World) -> None:
        trashed(world)
        undone(world)
        assert undone(world) == Undone(removed=1)
        assert world.files() == {"Rome/b.jpg": md5(9)}
        assert world.set_aside("trash") == [md5(1)]
        assert undone(world) == Undone(back=1)
        quiet(world, {MINE: md5(1), "Rome/b.jpg": md5(9)})

    def test_file_that_was_changed_since_stays(self, world: World) -> None:
        trashed(world)
        undone(world)
        world.write(MINE, 4)
        report, done = undo(world)
        assert (report.exit_code, done) == (3, Undone())
        assert world.files()[MINE] == md5(4)

    def test_name_taken_by_a_person_is_left_to_them(self, world: World) -> None:
        trashed(world)
        world.write(MINE, 4)
        undone(world)
        files = world.files()
        (beside,) = files.keys() - {MINE, "Rome/b.jpg"}
        assert beside.startswith("Rome/a (restored ")
        assert (files[MINE], files[beside]) == (md5(4), md5(1))
        quiet(world, files)

    def test_name_taken_by_another_photo_is_left_to_it(self, world: World) -> None:
        album = trashed(world)
        run = last_run(world)
        world.photo(album, "a.jpg", 6)
        ok(world.sync())
        undone(world, run)
        files = world.files()
        (beside,) = files.keys() - {MINE, "Rome/b.jpg"}
        assert (files[MINE], files[beside]) == (md5(6), md5(1))
        quiet(world, files)

    def test_photo_that_is_online_again_is_there_already(self, world: World) -> None:
        album = trashed(world)
        run = last_run(world)
        world.photo(album, "a.jpg", 1)
        ok(world.sync())
        done = undone(world, run)
        assert done == Undone(before=1)
        quiet(world, {MINE: md5(1), "Rome/b.jpg": md5(9)})

    def test_whole_album_comes_back(self, world: World) -> None:
        world.options = replace(world.options, archive=False, accept_loss=True)
        album = world.album("Rome")
        world.photo(album, "a.jpg", 1)
        world.photo(world.album("Best"), "b.jpg", 2)
        ok(world.sync())
        world.edit("delete-node", album=album)
        ok(world.sync())
        ok(world.sync())
        assert world.files() == {"Best/b.jpg": md5(2)}
        assert undone(world) == Undone(back=1)
        quiet(world, {MINE: md5(1), "Best/b.jpg": md5(2)})


class TestDecisions:
    def test_conflict_decided_for_local_is_open_again(
        self, world: World, catalogue: Callable[[], Any]
    ) -> None:
        online = in_conflict(world)
        ok(do(world, wish_to_keep(MINE, Keep.LOCAL)))
        undone(world)
        assert world.files() == {MINE: md5(2), online: md5(3)}
        with catalogue() as ledger:
            assert [one.online for one in conflicts(ledger)] == [online]
        quiet(world, {MINE: md5(2), online: md5(3)})

    def test_conflict_decided_for_online_gives_the_local_file_its_name(self, world: World) -> None:
        in_conflict(world)
        ok(do(world, wish_to_keep(MINE, Keep.ONLINE)))
        undone(world)
        assert world.files() == {MINE: md5(2)}
        assert world.set_aside() == [md5(3)]
        quiet(world, {MINE: md5(2)})

    def test_edit_that_was_to_stay_is_asked_about_again(
        self, world: World, catalogue: Callable[[], Any]
    ) -> None:
        edited(world)
        ok(do(world, wish_to_keep(MINE, Keep.LOCAL)))
        run = last_run(world)
        assert undone(world, run) == Undone(asked=1)
        with catalogue() as ledger:
            assert len(list(edits(ledger))) == 1
        assert undone(world, run) == Undone()
        quiet(world, {MINE: md5(2)})

    def test_two_halves_that_were_to_stay_are_a_conflict_again(
        self, world: World, catalogue: Callable[[], Any]
    ) -> None:
        online = in_conflict(world)
        ok(do(world, wish_to_keep(MINE, Keep.BOTH)))
        assert undone(world) == Undone(asked=1)
        with catalogue() as ledger:
            assert [(one.local, one.online) for one in conflicts(ledger)] == [(MINE, online)]
        quiet(world, {MINE: md5(2), online: md5(3)})

    def test_edit_that_got_another_name_keeps_it(self, world: World) -> None:
        edited(world)
        ok(do(world, wish_to_keep(MINE, Keep.BOTH)))
        run = last_run(world)
        ok(world.sync(DELTA))
        files = world.files()
        assert undone(world, run) == Undone()
        quiet(world, files)

    def test_edit_given_up_comes_back(self, world: World) -> None:
        edited(world)
        ok(do(world, wish_to_keep(MINE, Keep.ONLINE)))
        undone(world)
        quiet(world, {MINE: md5(2)})

    def test_edit_given_up_comes_back_after_the_fetch(self, world: World) -> None:
        edited(world)
        ok(do(world, wish_to_keep(MINE, Keep.ONLINE)))
        run = last_run(world)
        ok(world.sync(DELTA))
        undone(world, run)
        assert world.set_aside() == [md5(1)]
        quiet(world, {MINE: md5(2)})


@pytest.mark.parametrize("prepare", [replaced, trashed])
@pytest.mark.parametrize("again", [True, False], ids=["asked-again", "a-sync-follows"])
def test_killed_at_any_moment_nothing_is_lost(
    tmp_path: Path, prepare: Callable[[World], str], *, again: bool
) -> None:
    both = {md5(1), md5(2)} if prepare is replaced else {md5(1), md5(9)}
    for moment in range(1, MANY):
        world = Mortal(tmp_path / str(moment))
        prepare(world)
        run = last_run(world)
        if not world.kill(*wish_to_undo(run), at=moment):
            assert moment > 3
            return
        assert everywhere(world) >= both
        if again:
            done = undone(world, run)
            assert (done.back + done.before, done.lost) == (1, [])
            assert world.files()[MINE] == md5(1)
        ok(world.sync(DELTA))
        assert everywhere(world) >= both
        quiet(world, world.files())
        if prepare is trashed and MINE in world.files():
            with closing(Catalogue.open(world.state / "catalogue.db")) as ledger:
                assert ledger.count_local() == {"kept": 1}
    pytest.fail("it never came to its end")
