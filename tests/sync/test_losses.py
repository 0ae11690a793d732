"""What is gone online: marked in an archive, moved to the trash by a mirror, never lost by either."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from smugsync.catalogue import ChangeRow
from smugsync.sync.context import Scope
from smugsync.sync.report import Report, What
from tests.sync.crashes import WatchedWorld
from tests.sync.law import read_ledger
from tests.sync.world import DELTA, EVERYTHING, World, content, md5

MODES = pytest.mark.parametrize("archive", [True, False], ids=["archive", "mirror"])


@pytest.fixture
def archive(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def mirror(tmp_path: Path) -> World:
    return following(World(tmp_path))


@pytest.fixture
def watched(tmp_path: Path) -> WatchedWorld:
    world = WatchedWorld(tmp_path)
    world.options = replace(world.options, archive=False)
    return world


def following(world: World) -> World:
    world.options = replace(world.options, archive=False)
    return world


def one_of_two(world: World) -> str:
    """An album One with a.jpg and b.jpg, mirrored; the key of a.jpg."""
    album = world.album("One")
    key = world.photo(album, "a.jpg", 1)
    world.photo(album, "b.jpg", 2)
    assert world.sync().exit_code == 0
    return key


def ok(report: Report) -> Report:
    assert (report.exit_code, report.troubles) == (0, [])
    return report


def states(world: World) -> dict[str, str]:
    """What the catalogue records: path -> state."""
    return {row.path: row.state for row in read_ledger(world.root / "state").rows}


def local_files(world: World) -> dict[str, str]:
    """Files that belong to nobody online: path -> why."""
    with closing(sqlite3.connect(world.root / "state" / "catalogue.db")) as db:
        return dict(db.execute("SELECT path, why FROM local_file"))


def journal(world: World, what: What) -> list[ChangeRow]:
    catalogue = world.open_catalogue(world.root / "state" / "catalogue.db")
    try:
        return [change for change in catalogue.changes() if change.what == what.name.lower()]
    finally:
        catalogue.close()


def sync_after(world: World, seconds: float, scope: Scope = DELTA) -> Report:
    world.clock.now += seconds - 3600  # `World.sync` lets an hour pass
    return world.sync(scope)


# -- an archive ------------------------------------------------------------------------------------------


def test_archive_marks_whatever_is_proven_gone_however_much_it_is(archive: World) -> None:
    album = archive.album("One")
    keys = [archive.photo(album, f"{n}.jpg", n) for n in range(30)]
    archive.photo(album, "last.jpg", 99)
    archive.sync()
    before = archive.files()
    for key in keys:
        archive.edit("delete-photo", image=key)
    report = ok(archive.sync(DELTA))
    assert (report.counts[What.GONE], report.files_retired) == (30, 30)
    assert archive.files() == before
    assert not ok(archive.sync(DELTA)).counts
    assert archive.set_aside("trash") == []


@MODES
def test_photo_that_returns_is_committed_again_and_not_fetched(tmp_path: Path, archive: bool) -> None:
    world = World(tmp_path)
    world.options = replace(world.options, archive=archive)
    one, two = world.album("One"), world.album("Two")
    key = world.photo(one, "a.jpg", 1)
    world.photo(one, "b.jpg", 2)
    world.sync()
    world.edit("move-photo", image=key, to=two)
    chosen = lambda path: path != "/Two"  # noqa: E731 -- so that it looks gone
    assert world.sync(DELTA, selects=chosen).counts[What.GONE] == 1
    assert states(world)["One/a.jpg"] == "retired"
    world.edit("move-photo", image=key, to=one)
    report = ok(world.sync(DELTA, selects=chosen))
    assert (report.counts[What.RETURNED], report.files_downloaded) == (1, 0)
    assert states(world)["One/a.jpg"] == "committed"


def test_edited_file_of_a_photo_that_is_gone_stays_and_is_marked(archive: World) -> None:
    key = one_of_two(archive)
    archive.write("One/a.jpg", 7)
    archive.edit("delete-photo", image=key)
    assert ok(archive.sync(DELTA)).counts[What.GONE] == 1
    assert archive.files()["One/a.jpg"] == md5(7)
    assert states(archive)["One/a.jpg"] == "retired"
    assert not ok(archive.sync(EVERYTHING)).counts


@MODES
def test_file_that_is_gone_on_both_sides_is_forgotten(tmp_path: Path, archive: bool) -> None:
    world = World(tmp_path)
    world.options = replace(world.options, archive=archive)
    key = one_of_two(world)
    (world.path / "One" / "a.jpg").unlink()
    world.edit("delete-photo", image=key)
    assert ok(world.sync(DELTA)).counts == {What.FORGOTTEN: 1}
    assert states(world).keys() == {"One/b.jpg"}


def test_files_of_an_album_that_is_gone_are_forgotten_when_a_person_deletes_them(archive: World) -> None:
    album = archive.album("One")
    archive.photo(album, "a.jpg", 1)
    archive.photo(album, "b.jpg", 2)
    archive.album("Two")
    archive.sync()
    archive.edit("delete-node", album=album)
    ok(archive.sync())
    (archive.path / "One" / "a.jpg").unlink()
    ok(archive.sync(EVERYTHING))
    assert states(archive) == {"One/b.jpg": "retired"}


# -- a mirror --------------------------------------------------------------------------------------------


def test_first_proof_only_marks(mirror: World) -> None:
    key = one_of_two(mirror)
    mirror.edit("delete-photo", image=key)
    report = ok(mirror.sync(DELTA))
    assert report.counts == {What.GONE: 1}
    assert mirror.files() == {"One/a.jpg": md5(1), "One/b.jpg": md5(2)}
    assert states(mirror)["One/a.jpg"] == "retired"


def test_second_proof_moves_the_file_to_the_trash_and_forgets_it(mirror: World) -> None:
    key = one_of_two(mirror)
    mirror.edit("delete-photo", image=key)
    mirror.sync(DELTA)
    report = ok(mirror.sync(DELTA))
    assert report.counts == {What.TRASHED: 1}
    assert mirror.files() == {"One/b.jpg": md5(2)}
    assert mirror.set_aside("trash") == [md5(1)]
    assert states(mirror) == {"One/b.jpg": "committed"}
    assert not ok(mirror.sync(EVERYTHING)).counts


def test_journal_tells_where_it_lies_now(mirror: World) -> None:
    key = one_of_two(mirror)
    mirror.edit("delete-photo", image=key)
    mirror.sync(DELTA)
    mirror.sync(DELTA)
    (change,) = journal(mirror, What.TRASHED)
    assert (change.path, change.key) == ("One/a.jpg", key)
    assert change.was.startswith(".smugsync/trash/2025")
    assert change.was.endswith("Z/One/a.jpg")
    assert (mirror.path / change.was).read_bytes() == content(1)


@pytest.mark.parametrize("scope", [DELTA, EVERYTHING], ids=str)
@pytest.mark.parametrize(("seconds", "left"), [(60, 3), (590, 3), (660, 1)])
def test_ten_minutes_lie_between_the_two_proofs(mirror: World, seconds: int, left: int, scope: Scope) -> None:
    key = one_of_two(mirror)
    other = mirror.album("Two")
    mirror.photo(other, "c.jpg", 3)
    mirror.sync()
    mirror.edit("delete-photo", image=key)
    mirror.edit("delete-node", album=other)
    ok(mirror.sync(DELTA))
    ok(sync_after(mirror, seconds, scope))
    assert len(mirror.files()) == left


def test_deltas_come_back_by_themselves_until_it_has_left(mirror: World) -> None:
    key = one_of_two(mirror)
    mirror.edit("delete-photo", image=key)
    ok(mirror.sync(DELTA))
    assert ok(sync_after(mirror, 60)).albums_listed == 0
    assert ok(sync_after(mirror, 900)).albums_listed == 1
    assert ok(mirror.sync(DELTA)).albums_listed == 0


@pytest.mark.parametrize(
    "fault",
    [
        "total@*!images",
        "total@*!images:after=1",
        "503@*!images",
        "500@*-0",
        "html@*-0",
        "empty@*-0",
        "429@*-0:retry=2",
    ],
)
def test_second_proof_that_fails_leaves_it_marked(mirror: World, fault: str) -> None:
    key = one_of_two(mirror)
    mirror.edit("delete-photo", image=key)
    ok(mirror.sync(DELTA))
    mirror.fault(fault)
    report = mirror.sync(DELTA)
    assert report.exit_code in (3, 75)
    assert len(mirror.files()) == 2
    mirror.calm()
    assert ok(mirror.sync(DELTA)).counts == {What.TRASHED: 1}


def test_edited_file_is_never_trashed_but_becomes_the_persons_own(mirror: World) -> None:
    key = one_of_two(mirror)
    mirror.edit("delete-photo", image=key)
    mirror.sync(DELTA)
    mirror.write("One/a.jpg", 7)
    report = ok(mirror.sync(DELTA))
    assert report.counts == {What.KEPT: 1}
    assert mirror.files() == {"One/a.jpg": md5(7), "One/b.jpg": md5(2)}
    assert local_files(mirror) == {"One/a.jpg": "kept"}
    assert states(mirror).keys() == {"One/b.jpg"}
    assert mirror.set_aside("trash") == []
    for scope in (DELTA, EVERYTHING):  # told once
        assert not ok(mirror.sync(scope)).counts
    assert local_files(mirror) == {"One/a.jpg": "kept"}


def test_edit_that_was_known_before_the_photo_went_is_kept_too(mirror: World) -> None:
    key = one_of_two(mirror)
    mirror.write("One/a.jpg", 7)
    assert mirror.sync().counts == {What.EDITED: 1}
    mirror.edit("delete-photo", image=key)
    mirror.sync(DELTA)
    assert ok(mirror.sync(DELTA)).counts == {What.KEPT: 1}
    assert mirror.files()["One/a.jpg"] == md5(7)


def test_file_that_was_only_touched_goes_to_the_trash(mirror: World) -> None:
    key = one_of_two(mirror)
    mirror.edit("delete-photo", image=key)
    mirror.sync(DELTA)
    os.utime(mirror.path / "One" / "a.jpg", (1, 1))
    assert ok(mirror.sync(DELTA)).counts == {What.TRASHED: 1}
    assert mirror.set_aside("trash") == [md5(1)]


def test_rotten_file_goes_to_the_trash(mirror: World) -> None:
    key = one_of_two(mirror)
    mirror.edit("delete-photo", image=key)
    mirror.sync(DELTA)
    path = mirror.path / "One" / "a.jpg"
    before = path.stat()
    path.write_bytes(content(1).replace(b"\xff\xd8", b"\xff\xd7"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert ok(mirror.sync(DELTA)).counts == {What.TRASHED: 1}


def test_marked_file_that_a_person_deletes_is_forgotten(mirror: World) -> None:
    key = one_of_two(mirror)
    mirror.edit("delete-photo", image=key)
    mirror.sync(DELTA)
    (mirror.path / "One" / "a.jpg").unlink()
    assert not ok(mirror.sync(DELTA)).counts[What.TRASHED]
    assert states(mirror).keys() == {"One/b.jpg"}


def test_what_cannot_be_looked_at_is_not_absent_and_not_touched(mirror: World) -> None:
    key = one_of_two(mirror)
    mirror.edit("delete-photo", image=key)
    mirror.sync(DELTA)
    photo = mirror.path / "One" / "a.jpg"
    aside = photo.rename(mirror.root / "aside.jpg")
    photo.symlink_to(aside)
    report = mirror.sync(DELTA)
    assert (report.exit_code, report.counts) == (3, {})
    assert photo.is_symlink()
    assert states(mirror)["One/a.jpg"] == "retired"
    aside.replace(photo)
    assert ok(mirror.sync(DELTA)).counts == {What.TRASHED: 1}


def test_photo_that_returns_after_its_file_went_to_the_trash_is_simply_new(mirror: World) -> None:
    one, two = mirror.album("One"), mirror.album("Two")
    key = mirror.photo(one, "a.jpg", 1)
    mirror.photo(one, "b.jpg", 2)
    mirror.sync()
    mirror.edit("move-photo", image=key, to=two)
    for _ in range(2):
        mirror.sync(DELTA, selects=lambda path: path != "/Two")
    assert mirror.files() == {"One/b.jpg": md5(2)}
    mirror.edit("move-photo", image=key, to=one)
    report = ok(mirror.sync(DELTA))
    assert report.counts == {What.NEW: 1}
    assert mirror.files() == {"One/a.jpg": md5(1), "One/b.jpg": md5(2)}


def test_photo_that_moved_is_no_loss(mirror: World) -> None:
    one, two = mirror.album("One"), mirror.album("Two")
    keys = [mirror.photo(one, f"{n}.jpg", n) for n in range(4)]
    mirror.sync()
    for key in keys:
        mirror.edit("move-photo", image=key, to=two)
    report = ok(mirror.sync(DELTA))
    assert (report.counts, report.files_downloaded) == ({What.MOVED: 4}, 0)
    ok(mirror.sync(DELTA))
    assert sorted(mirror.files()) == [f"Two/{n}.jpg" for n in range(4)]
    assert mirror.set_aside("trash") == []


def test_move_of_which_the_other_half_was_seen_late_is_still_a_move(mirror: World) -> None:
    one, two = mirror.album("One"), mirror.album("Two")
    keys = [mirror.photo(one, f"{n}.jpg", n) for n in range(4)]
    mirror.sync()
    for key in keys:
        mirror.edit("move-photo", image=key, to=two)
    mirror.fault(f"503@*/{two}!images")
    assert mirror.sync(DELTA).counts == {What.GONE: 4}
    mirror.calm()
    report = ok(mirror.sync(DELTA))
    assert (report.counts, report.files_downloaded) == ({What.MOVED: 4}, 0)
    assert sorted(mirror.files()) == [f"Two/{n}.jpg" for n in range(4)]


def test_photo_that_moved_stays_until_it_has_come_where_it_went(mirror: World) -> None:
    key = one_of_two(mirror)
    target = mirror.album("Two")
    mirror.fault("503@/photos/*")
    (mirror.path / "Two").write_bytes(b"a file of a person's where the album's directory should be")
    mirror.edit("move-photo", image=key, to=target)
    for _ in range(3):
        mirror.sync()
    assert mirror.files()["One/a.jpg"] == md5(1)
    (mirror.path / "Two").unlink()
    mirror.calm()
    for _ in range(3):
        mirror.sync()
    assert sorted(mirror.files()) == ["One/b.jpg", "Two/a.jpg"]


def test_mark_from_a_time_to_come_is_one_of_now(mirror: World) -> None:
    key = one_of_two(mirror)
    mirror.edit("delete-photo", image=key)
    now, mirror.clock.now = mirror.clock.now, mirror.clock.now + 1e8
    mirror.sync(DELTA)
    mirror.clock.now = now
    for _ in range(2):
        mirror.sync(DELTA)
    assert mirror.set_aside("trash") == [md5(1)]


def test_album_that_is_gone_leaves_with_its_directory(mirror: World) -> None:
    mirror.album("Anchor")
    folder = mirror.edit("add-folder", name="Trips")["node"]
    album = mirror.album("Rome", parent=folder)
    mirror.photo(album, "a.jpg", 1)
    mirror.photo(album, "b.jpg", 2)
    mirror.sync()
    mirror.edit("delete-node", node=folder)
    assert ok(mirror.sync(DELTA)).counts == {What.GONE: 2, What.ALBUM_GONE: 1}
    assert (mirror.path / "Trips" / "Rome").is_dir()
    assert ok(mirror.sync(DELTA)).counts == {What.TRASHED: 2, What.ALBUM_REMOVED: 1}
    assert not (mirror.path / "Trips").exists()
    assert mirror.set_aside("trash") == sorted([md5(1), md5(2)])
    assert read_ledger(mirror.root / "state").albums.keys() != {album}
    assert states(mirror) == {}
    quiet = ok(mirror.sync(DELTA))
    assert (quiet.counts, quiet.requests) == ({}, 2)


def test_album_that_was_empty_leaves_too(mirror: World) -> None:
    mirror.album("Anchor")
    album = mirror.album("Rome")
    mirror.sync()
    mirror.edit("delete-node", album=album)
    mirror.sync(DELTA)
    assert ok(mirror.sync(DELTA)).counts == {What.ALBUM_REMOVED: 1}
    assert not (mirror.path / "Rome").exists()


def test_album_that_holds_a_persons_own_files_leaves_without_them(mirror: World) -> None:
    mirror.album("Anchor")
    album = mirror.album("Rome")
    mirror.photo(album, "a.jpg", 1)
    mirror.write("Rome/mine.jpg", 9)
    mirror.sync()
    mirror.edit("delete-node", album=album)
    mirror.sync(DELTA)
    assert ok(mirror.sync(DELTA)).counts == {What.TRASHED: 1, What.ALBUM_REMOVED: 1}
    assert mirror.files() == {"Rome/mine.jpg": md5(9)}
    ok(mirror.sync(EVERYTHING))
    assert local_files(mirror) == {"Rome/mine.jpg": "local"}


def test_album_that_takes_the_place_of_one_that_left_gets_its_directory(mirror: World) -> None:
    mirror.album("Anchor")
    album = mirror.album("Rome")
    mirror.photo(album, "a.jpg", 1)
    mirror.sync()
    mirror.edit("delete-node", album=album)
    for _ in range(2):
        mirror.sync(DELTA)
    mirror.photo(mirror.album("Rome"), "a.jpg", 2)
    ok(mirror.sync(DELTA))
    assert mirror.files() == {"Rome/a.jpg": md5(2)}


@MODES
def test_file_of_a_gone_album_that_could_not_be_looked_at_is_asked_after_again(
    tmp_path: Path, archive: bool
) -> None:
    world = World(tmp_path)
    world.options = replace(world.options, archive=archive)
    world.album("Anchor")
    album = world.album("Rome")
    world.photo(album, "a.jpg", 1)
    world.sync()
    photo = world.path / "Rome" / "a.jpg"
    aside = photo.rename(world.root / "aside.jpg")
    photo.symlink_to(aside)
    world.edit("delete-node", album=album)
    assert world.sync(DELTA).exit_code == 3
    aside.replace(photo)
    assert ok(world.sync(DELTA)).counts == {What.GONE: 1}
    assert states(world) == {"Rome/a.jpg": "retired"}


def test_other_name_of_a_hard_linked_photo_survives(mirror: World) -> None:
    rome, best = mirror.album("Rome"), mirror.album("Best")
    key = mirror.photo(rome, "a.jpg", 1)
    mirror.photo(rome, "b.jpg", 2)
    mirror.edit("collect-photo", image=key, to=best)
    assert mirror.sync().files_shared == 1
    twins = {(mirror.path / path).stat().st_ino for path in ("Rome/a.jpg", "Best/a.jpg")}
    if len(twins) == 2:
        pytest.skip("this file system has reflinks: there are no twins")
    mirror.edit("delete-photo", image=key, album=best)
    mirror.sync(DELTA)
    assert ok(mirror.sync(DELTA)).counts == {What.TRASHED: 1}
    assert mirror.files() == {"Rome/a.jpg": md5(1), "Rome/b.jpg": md5(2)}
    assert mirror.set_aside("trash") == [md5(1)]
    assert not ok(mirror.sync(EVERYTHING)).counts


def test_local_half_of_a_conflict_is_kept_when_the_photo_is_gone(mirror: World) -> None:
    key = one_of_two(mirror)
    mirror.write("One/a.jpg", 7)
    mirror.replace(key, 3)
    assert mirror.sync().counts[What.CONFLICT] == 1
    assert local_files(mirror) == {"One/a.jpg": "diverged"}
    mirror.edit("delete-photo", image=key)
    for _ in range(2):
        ok(mirror.sync(DELTA))
    assert mirror.files() == {"One/a.jpg": md5(7), "One/b.jpg": md5(2)}
    assert local_files(mirror) == {"One/a.jpg": "kept"}
    assert mirror.set_aside("trash") == [md5(3)]


def test_dry_run_says_what_would_go_and_moves_nothing(mirror: World) -> None:
    key = one_of_two(mirror)
    mirror.edit("delete-photo", image=key)
    mirror.sync(DELTA)
    report = ok(mirror.sync(DELTA, dry_run=True))
    assert [(c.what, c.path) for c in report.changes] == [(What.TRASHED, "One/a.jpg")]
    assert len(mirror.files()) == 2


# -- the mode changes ------------------------------------------------------------------------------------


def test_mirror_that_was_an_archive_lets_go_what_was_marked_long_ago(archive: World) -> None:
    key = one_of_two(archive)
    archive.edit("delete-photo", image=key)
    archive.sync(DELTA)
    assert len(archive.files()) == 2
    report = ok(following(archive).sync(DELTA))
    assert report.counts == {What.TRASHED: 1}
    assert archive.files() == {"One/b.jpg": md5(2)}


def test_archive_that_was_a_mirror_keeps_what_is_marked_and_brings_nothing_back(mirror: World) -> None:
    album = mirror.album("One")
    gone, going = mirror.photo(album, "a.jpg", 1), mirror.photo(album, "b.jpg", 2)
    mirror.photo(album, "c.jpg", 3)
    mirror.sync()
    mirror.edit("delete-photo", image=gone)
    for _ in range(2):
        mirror.sync(DELTA)
    mirror.edit("delete-photo", image=going)
    mirror.sync(DELTA)
    mirror.options = replace(mirror.options, archive=True)
    for scope in (DELTA, EVERYTHING, EVERYTHING):
        assert not ok(mirror.sync(scope)).counts
    assert mirror.files() == {"One/b.jpg": md5(2), "One/c.jpg": md5(3)}
    assert mirror.set_aside("trash") == [md5(1)]


# -- at the wrong moment ---------------------------------------------------------------------------------


def label_of(world: WatchedWorld, beginning: str) -> int:
    """The number of the moment whose label begins so, in the last run."""
    return next(n for n, label in enumerate(world.moments.labels, 1) if label.startswith(beginning))


def marked(world: WatchedWorld) -> None:
    """a.jpg is marked as gone, and the next cycle will move it."""
    key = one_of_two(world)
    world.edit("delete-photo", image=key)
    world.sync(DELTA)


@pytest.mark.parametrize("after", ["about to move One/a.jpg", "moved One/a.jpg"])
def test_killed_at_the_move(tmp_path: Path, after: str) -> None:
    rehearsal, world = (WatchedWorld(tmp_path / name) for name in ("rehearsal", "world"))
    for one in (rehearsal, world):
        one.options = replace(one.options, archive=False)
        marked(one)
    rehearsal.watch(DELTA)
    moment = label_of(rehearsal, after)
    assert world.watch(DELTA, killed_at=moment) is None
    assert world.moments.labels[moment - 1].startswith(after)
    ok(world.sync(DELTA))
    assert world.files() == {"One/b.jpg": md5(2)}
    assert world.set_aside("trash") == [md5(1)]
    assert states(world).keys() == {"One/b.jpg"}
    assert not ok(world.sync(EVERYTHING)).counts


def test_file_that_is_saved_in_the_moment_it_is_moved_comes_back(watched: WatchedWorld) -> None:
    marked(watched)

    def save(number: int, label: str) -> None:
        if label.startswith("about to move One/a.jpg to .smugsync/trash"):
            watched.write("One/a.jpg", 7)

    report = watched.watch(DELTA, save)
    assert report is not None
    assert (report.exit_code, report.counts) == (3, {})
    assert watched.files()["One/a.jpg"] == md5(7)
    assert watched.set_aside("trash") == []
    assert ok(watched.sync(DELTA)).counts == {What.KEPT: 1}


def test_album_keeps_its_place_when_the_one_it_was_to_replace_leaves_a_persons_files(mirror: World) -> None:
    """It was to be renamed on every run, and could not be."""
    mirror.album("Anchor")
    first, second = mirror.album("Ant"), mirror.album("Bee")
    mirror.photo(first, "a.jpg", 1)
    mirror.photo(second, "b.jpg", 2)
    mirror.write("Ant/mine.jpg", 9)
    mirror.sync()
    mirror.edit("delete-node", album=first)
    mirror.edit("rename", album=second, name="Ant", url_name="Ant")
    for _ in range(3):
        ok(mirror.sync())
    assert mirror.files() == {"Ant/mine.jpg": md5(9), f"Ant_{second}/b.jpg": md5(2)}
    assert not ok(mirror.sync()).counts


@MODES
def test_edited_file_of_a_photo_that_moved_stays_where_it_is(tmp_path: Path, archive: bool) -> None:
    world = World(tmp_path)
    world.options = replace(world.options, archive=archive)
    key = one_of_two(world)
    world.write("One/a.jpg", 7)
    world.edit("move-photo", image=key, to=world.album("Two"))
    report = ok(world.sync(DELTA))
    assert (report.counts[What.GONE], report.counts[What.MOVED], report.files_downloaded) == (1, 0, 1)
    ok(world.sync(DELTA))
    assert world.files() == {"One/a.jpg": md5(7), "One/b.jpg": md5(2), "Two/a.jpg": md5(1)}
    assert local_files(world) == ({} if archive else {"One/a.jpg": "kept"})
