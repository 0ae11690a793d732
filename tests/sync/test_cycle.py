"""Whole cycles of the real engine against the emulator, one situation each."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from smugsync.errors import Busy, SuspiciousPlan, UsageError
from smugsync.sync.context import Scope
from smugsync.sync.report import What
from tests.sync.world import DELTA, EVERYTHING, World, content, md5


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_first_mirror_then_quiet(world: World) -> None:
    one, two = world.album("One"), world.album("Two")
    for i in range(5):
        world.photo(one, f"a{i}.jpg", i)
    world.photo(two, "b.jpg", 99)
    report = world.sync(DELTA)
    assert (report.exit_code, report.files_downloaded, report.files_verified) == (0, 6, 6)
    assert sorted(world.files().values()) == world.online()
    quiet = world.sync(DELTA)
    assert (quiet.exit_code, quiet.files_downloaded, quiet.albums_listed, quiet.requests) == (0, 0, 0, 2)
    full = world.sync(EVERYTHING)
    assert (full.exit_code, full.files_downloaded, full.albums_listed) == (0, 0, 2)


def test_empty_album_is_an_empty_directory(world: World) -> None:
    world.album("Nothing")
    assert world.sync().exit_code == 0
    assert (world.path / "Nothing").is_dir()


def test_replacement_keeps_the_old_bytes_as_a_version(world: World) -> None:
    album = world.album("One")
    key = world.photo(album, "a.jpg", 1)
    world.sync()
    world.replace(key, 2)
    report = world.sync(DELTA)
    assert report.counts[What.REPLACED] == 1
    assert world.files() == {"One/a.jpg": md5(2)}
    assert world.set_aside() == [md5(1)]


def test_two_changes_within_one_second_are_both_seen(world: World) -> None:
    """Time stamps tell whole seconds: the second change leaves the first one's standing."""
    album = world.album("Rome")
    photo = world.photo(album, "a.jpg", seed=1)
    world.sync(EVERYTHING)
    with world.engine() as engine:
        world.replace(photo, seed=2)
        engine.run(DELTA)
        world.clock.now -= 1  # what every edit adds
        world.replace(photo, seed=3)
    assert world.sync(DELTA).counts[What.REPLACED] == 1
    assert world.files()["Rome/a.jpg"] == md5(3)
    assert world.sync(DELTA).albums_listed == 0, "and then it is quiet again"


def test_a_caption_is_seen_by_a_full_cycle_only(world: World) -> None:
    album = world.album("One")
    key = world.photo(album, "a.jpg", 1)
    world.sync()
    world.edit("edit-photo", image=key, caption="Dawn")
    assert not world.sync(DELTA).counts[What.DETAILS]
    report = world.sync(EVERYTHING)
    assert (report.counts[What.DETAILS], report.files_downloaded) == (1, 0)


def test_deleted_online_is_kept_and_marked(world: World) -> None:
    album = world.album("One")
    key = world.photo(album, "a.jpg", 1)
    world.photo(album, "b.jpg", 2)
    world.sync()
    world.edit("delete-photo", image=key)
    report = world.sync(DELTA)
    assert (report.exit_code, report.counts[What.GONE]) == (0, 1)
    assert world.files() == {"One/a.jpg": md5(1), "One/b.jpg": md5(2)}
    assert not world.sync(EVERYTHING).counts


def test_album_rename_moves_the_directory_and_fetches_nothing(world: World) -> None:
    album = world.album("One")
    world.photo(album, "a.jpg", 1)
    world.sync()
    world.edit("rename", album=album, name="Eins", url_name="Eins")
    report = world.sync(DELTA)
    assert (report.counts[What.ALBUM_MOVED], report.files_downloaded) == (1, 0)
    assert world.files() == {"Eins/a.jpg": md5(1)}


def test_albums_that_swap_their_names(world: World) -> None:
    a, b = world.album("Ant"), world.album("Bee")
    world.photo(a, "x.jpg", 1)
    world.photo(b, "x.jpg", 2)
    world.sync()
    world.edit("rename", album=a, name="Cat", url_name="Cat")
    world.edit("rename", album=b, name="Ant", url_name="Ant")
    world.edit("rename", album=a, name="Bee", url_name="Bee")
    report = world.sync(DELTA)
    assert (report.exit_code, report.files_downloaded) == (0, 0)
    assert world.files() == {"Ant/x.jpg": md5(2), "Bee/x.jpg": md5(1)}
    assert not world.sync(EVERYTHING).counts


def test_a_photo_moved_to_another_album_moves_here_too(world: World) -> None:
    a, b = world.album("Ant"), world.album("Bee")
    key = world.photo(a, "x.jpg", 1)
    world.photo(a, "y.jpg", 2)
    world.sync()
    world.edit("move-photo", image=key, to=b)
    report = world.sync(DELTA)
    assert (report.exit_code, report.counts[What.MOVED], report.files_downloaded) == (0, 1, 0)
    assert world.files() == {"Ant/y.jpg": md5(2), "Bee/x.jpg": md5(1)}
    assert not world.sync(EVERYTHING).counts


def test_an_album_deleted_online_is_kept(world: World) -> None:
    album = world.album("One")
    world.album("Two")
    world.photo(album, "a.jpg", 1)
    world.sync()
    world.edit("delete-node", album=album)
    report = world.sync(DELTA)
    assert (report.exit_code, report.counts[What.ALBUM_GONE], report.counts[What.GONE]) == (0, 1, 1)
    assert world.files() == {"One/a.jpg": md5(1)}
    assert not world.sync(EVERYTHING).counts


def test_an_account_that_lists_nothing_is_not_believed(world: World) -> None:
    album = world.album("One")
    world.photo(album, "a.jpg", 1)
    world.sync()
    world.edit("delete-node", album=album)
    report = world.sync()
    assert report.exit_code == SuspiciousPlan.exit_code
    assert not report.counts[What.GONE]


def test_a_local_loss_is_fetched_again(world: World) -> None:
    album = world.album("One")
    world.photo(album, "a.jpg", 1)
    world.sync()
    (world.path / "One" / "a.jpg").unlink()
    report = world.sync()
    assert report.counts[What.RESTORED] == 1
    assert world.files() == {"One/a.jpg": md5(1)}


def test_a_local_edit_is_kept(world: World) -> None:
    album = world.album("One")
    world.photo(album, "a.jpg", 1)
    world.sync()
    world.write("One/a.jpg", 7)
    report = world.sync()
    assert (report.exit_code, report.counts[What.EDITED]) == (0, 1)
    assert world.files() == {"One/a.jpg": md5(7)}
    assert not world.sync().counts  # known by now


def test_both_changed_both_are_kept(world: World) -> None:
    album = world.album("One")
    key = world.photo(album, "a.jpg", 1)
    world.sync()
    world.write("One/a.jpg", 7)
    world.replace(key, 2)
    report = world.sync()
    assert report.counts[What.CONFLICT] == 1
    files = world.files()
    assert files.pop("One/a.jpg") == md5(7)
    ((name, found),) = files.items()
    assert (found, name.startswith("One/a (online ")) == (md5(2), True)
    assert not world.sync().counts


def test_an_edit_known_before_the_remote_change_is_a_conflict_too(world: World) -> None:
    album = world.album("One")
    key = world.photo(album, "a.jpg", 1)
    world.sync()
    world.write("One/a.jpg", 7)
    world.sync()
    world.replace(key, 2)
    assert world.sync().counts[What.CONFLICT] == 1
    assert sorted(world.files().values()) == sorted([md5(7), md5(2)])


def test_what_another_tool_left_is_adopted(world: World) -> None:
    album = world.album("One")
    world.photo(album, "a.jpg", 1)
    world.photo(album, "b.jpg", 2)
    (world.path / "One").mkdir()
    (world.path / "One" / "a.jpg").write_bytes(content(1))
    (world.path / "One" / "b.jpg").write_bytes(content(50))
    report = world.sync()
    assert (report.files_adopted, report.files_downloaded, report.counts[What.CONFLICT]) == (1, 1, 1)
    assert sorted(world.files().values()) == sorted([md5(1), md5(2), md5(50)])
    assert not world.sync().counts


def test_a_touched_file_is_not_fetched(world: World) -> None:
    album = world.album("One")
    world.photo(album, "a.jpg", 1)
    world.sync()
    os.utime(world.path / "One" / "a.jpg", (1, 1))
    report = world.sync()
    assert (report.exit_code, report.files_downloaded, dict(report.counts)) == (0, 0, {})


def test_a_file_renamed_here_is_followed(world: World) -> None:
    album = world.album("One")
    world.photo(album, "a.jpg", 1)
    world.sync()
    (world.path / "One" / "a.jpg").rename(world.path / "One" / "best.jpg")
    report = world.sync()
    assert (report.files_downloaded, report.counts[What.MOVED]) == (0, 1)
    assert world.files() == {"One/best.jpg": md5(1)}
    assert not world.sync().counts


def test_twins_and_hostile_names(world: World) -> None:
    album = world.album("One")
    for seed, name in enumerate(["a.jpg", "a.jpg", "A.JPG", "../../x.jpg", "CON.jpg", "", ".smugsync"]):
        world.photo(album, name, seed)
    assert world.sync().exit_code == 0
    assert sorted(world.files().values()) == world.online()
    assert not world.sync().counts


def test_wrong_bytes_are_never_visible(world: World) -> None:
    album = world.album("One")
    world.photo(album, "a.jpg", 1)
    world.fault("corrupt@/photos/*")
    report = world.sync()
    assert (report.exit_code, report.files_failed, world.files()) == (3, 1, {})
    world.calm()
    assert world.sync().exit_code == 0
    assert world.files() == {"One/a.jpg": md5(1)}


@pytest.mark.parametrize("fault", ["truncate", "reset", "empty@/photos/*", "503@/photos/*", "html@/photos/*"])
def test_a_fault_that_passes_is_got_over(world: World, fault: str) -> None:
    album = world.album("One")
    world.photo(album, "a.jpg", 1)
    world.fault(f"{fault}:times=1")
    report = world.sync()
    assert (report.exit_code, report.files_downloaded) == (0, 1)


@pytest.mark.parametrize("fault", ["429@/api/*:retry=2", "500@/api/*", "nonce_used@/api/*", "empty@/api/*"])
def test_the_api_is_asked_again(world: World, fault: str) -> None:
    album = world.album("One")
    world.photo(album, "a.jpg", 1)
    world.fault(fault + (",times=2" if ":" in fault else ":times=2"))
    assert world.sync().exit_code == 0


def test_an_incomplete_listing_proves_no_absence(world: World) -> None:
    album = world.album("One")
    key = world.photo(album, "a.jpg", 1)
    world.photo(album, "b.jpg", 2)
    world.sync()
    world.edit("delete-photo", image=key)
    world.fault("total@*!images")
    report = world.sync()
    assert (report.exit_code, report.counts[What.GONE]) == (3, 0)
    world.calm()
    assert world.sync(DELTA).counts[What.GONE] == 1


def test_processing_comes_later(world: World) -> None:
    album = world.album("One")
    key = world.photo(album, "a.jpg", 1, processing=True)
    report = world.sync()
    assert (report.exit_code, report.files_withheld, world.files()) == (0, 1, {})
    world.emulator.account.image(key).processing = False  # type: ignore[union-attr]
    assert world.sync(DELTA).files_downloaded == 1


def test_an_album_by_name(world: World) -> None:
    one, two = world.album("One"), world.album("Two")
    world.photo(one, "a.jpg", 1)
    world.photo(two, "b.jpg", 2)
    assert world.sync(Scope("albums", ("tWO",))).files_downloaded == 1
    assert world.files() == {"Two/b.jpg": md5(2)}
    missing = world.sync(Scope("albums", ("Twos",)))
    assert isinstance(missing.stopped, UsageError)
    assert "'/Two'" in str(missing.stopped)


def test_files_that_belong_to_nobody_online_are_known_and_left_alone(world: World) -> None:
    album = world.album("One")
    world.photo(album, "a.jpg", 1)
    world.write("One/mine.jpg", 8)
    world.write("Elsewhere/Deep/mine.jpg", 9)
    report = world.sync()
    assert (report.exit_code, report.files_local) == (0, 2)
    (world.path / "Elsewhere" / "Deep" / "mine.jpg").unlink()
    assert world.sync().files_local == 1
    assert world.files() == {"One/a.jpg": md5(1), "One/mine.jpg": md5(8)}


def test_dry_run_changes_nothing(world: World) -> None:
    album = world.album("One")
    world.photo(album, "a.jpg", 1)
    report = world.sync(dry_run=True)
    assert (report.files_planned, report.files_downloaded, world.files()) == (1, 0, {})


def test_dry_run_of_a_rename_plans_no_fetch(world: World) -> None:
    album = world.album("One")
    world.photo(album, "a.jpg", 1)
    world.sync()
    world.edit("rename", album=album, name="Eins", url_name="Eins")
    report = world.sync(DELTA, dry_run=True)
    assert (report.counts[What.ALBUM_MOVED], report.files_planned) == (1, 0)
    assert world.files() == {"One/a.jpg": md5(1)}


def test_an_unmounted_mirror_is_refused(world: World) -> None:
    album = world.album("One")
    world.photo(album, "a.jpg", 1)
    world.sync()
    (world.path / ".smugsync" / "mirror.json").unlink()
    report = world.sync()
    assert isinstance(report.stopped, SuspiciousPlan)
    assert report.exit_code == 5
    assert Busy.exit_code == 11
