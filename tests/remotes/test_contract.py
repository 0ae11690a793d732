"""What every remote has to hold, whatever it is spoken to by: one suite, run for each kind and version.

`pytest tests/remotes` shows the outcome as a table. What a kind cannot do is named, and no failure.
"""

from __future__ import annotations

import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from smugsync.core.verdict import Verdict
from smugsync.emulator.account.content import Bytes
from smugsync.sync.adoption.adopting import adopt
from smugsync.sync.adoption.candidates import Place
from smugsync.sync.context import Context, Scope
from smugsync.sync.proving.audit import Wish
from smugsync.sync.proving.verification import Verification
from smugsync.sync.report import Report
from tests.remotes.worlds import KINDS, RemoteWorld
from tests.sync.test_sending import SENDING
from tests.sync.world import DELTA, EVERYTHING, content, md5

A_DAY = 86_400


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> RemoteWorld:
    return RemoteWorld(tmp_path, request.param)


def can(world: RemoteWorld, ability: str, why: str) -> None:
    if not getattr(world.kind, ability):
        pytest.skip(f"{world.kind.name}: {why}")


def filled(world: RemoteWorld, seeds: range = range(1, 6)) -> tuple[str, list[str]]:
    """An album of some photos, mirrored; its key, and theirs as the account has them."""
    album = world.album("Trip")
    photos = [world.photo(album, f"{seed}.jpg", seed) for seed in seeds]
    good(world.sync())
    assert sorted(world.files().values()) == sorted(map(md5, seeds))
    return album, photos


def good(report: Report, **expected: Any) -> Report:
    assert (report.exit_code, report.stopped, report.troubles) == (0, None, [])
    for name, value in expected.items():
        assert getattr(report, name) == value, name
    return report


class TestReading:
    def test_a_first_mirror_holds_the_very_bytes(self, world: RemoteWorld) -> None:
        filled(world)
        assert sorted(world.files().values()) == world.online()

    def test_a_second_run_is_quiet(self, world: RemoteWorld) -> None:
        filled(world)
        before = world.requests()
        good(world.sync(DELTA), files_downloaded=0)
        assert world.requests() - before <= 8

    def test_albums_lie_in_their_folders(self, world: RemoteWorld) -> None:
        can(world, "folders", "all is one album")
        travel = str(world.edit("add-folder", name="Travel")["node"])
        iceland = str(world.edit("add-folder", name="Iceland", parent=travel)["node"])
        world.photo(world.album("Summer", parent=iceland), "a.jpg", 1)
        world.photo(world.album("Top"), "b.jpg", 2)
        good(world.sync())
        assert set(world.files()) == {"Travel/Iceland/Summer/a.jpg", "Top/b.jpg"}

    def test_folders_are_called_as_people_call_them_if_you_wish(self, world: RemoteWorld) -> None:
        can(world, "folders", "all is one album")
        travel = str(world.edit("add-folder", name="Travel notes")["node"])
        iceland = str(world.edit("add-folder", name="Iceland & co", parent=travel)["node"])
        world.photo(world.album("Summer of '69", parent=iceland), "a.jpg", 1)
        good(world.sync())
        good(world.sync(layout="names"), files_downloaded=0)
        assert set(world.files()) == {"Travel notes/Iceland & co/Summer of '69/a.jpg"}

    def test_films_come_in_the_largest_rendition(self, world: RemoteWorld) -> None:
        can(world, "folders", "films are left out by this emulator's site")
        album = world.album("Trip")
        film, rendition = b"\0\0\0\x18ftypmp42" + b"upload" * 50, b"\0\0\0\x18ftypmp42" + b"rendition" * 40
        with world.emulator.account.lock:
            place = world.emulator.account.album(album)
            assert place is not None
            world.emulator.account.add_photo(place, "film.mp4", film, rendition=Bytes(rendition))
        report = world.sync()
        assert (report.exit_code, report.files_downloaded) == (0, 1)
        assert [path.read_bytes() for path in world.path.rglob("*.mp4")] == [rendition]
        good(world.sync(), files_downloaded=0)

    def test_a_new_photo_comes_with_the_next_delta(self, world: RemoteWorld) -> None:
        album, _ = filled(world)
        world.photo(album, "new.jpg", 50)
        good(world.sync(DELTA), files_downloaded=1)
        assert md5(50) in world.files().values()

    def test_a_replaced_photo_comes_and_the_old_one_is_kept(self, world: RemoteWorld) -> None:
        can(world, "replaces", "a photo never changes under its name")
        _, photos = filled(world)
        world.replace(photos[0], 50)
        good(world.sync(DELTA), files_downloaded=1)
        assert world.set_aside() == [md5(1)]

    def test_what_is_deleted_online_is_kept_and_marked(self, world: RemoteWorld) -> None:
        _, photos = filled(world)
        world.edit("delete-photo", image=photos[0])
        report = good(world.sync(DELTA))
        assert report.files_retired == 1
        assert len(world.files()) == 5
        good(world.sync(), files_retired=0, files_downloaded=0)

    def test_in_a_mirror_it_goes_to_the_trash_once_a_later_run_agrees(self, world: RemoteWorld) -> None:
        _, photos = filled(world)
        world.edit("delete-photo", image=photos[0])
        for _ in range(2):
            good(world.sync(archive=False))
        assert md5(1) not in world.files().values()
        assert world.set_aside("trash") == [md5(1)]

    def test_an_edited_caption_is_seen_by_a_full_run(self, world: RemoteWorld) -> None:
        _, photos = filled(world)
        world.edit("edit-photo", image=photos[0], caption="Light")
        report = good(world.sync(EVERYTHING), files_downloaded=0)
        assert sum(report.counts.values()) == 1

    def test_a_renamed_album_is_renamed_here_and_nothing_fetched(self, world: RemoteWorld) -> None:
        can(world, "folders", "all is one album")
        album, _ = filled(world)
        world.edit("rename", album=album, name="Journey", url_name="Journey")
        good(world.sync(DELTA), files_downloaded=0)
        assert {path.partition("/")[0] for path in world.files()} == {"Journey"}

    def test_an_album_that_is_gone_is_kept(self, world: RemoteWorld) -> None:
        can(world, "folders", "all is one album")
        album, _ = filled(world)
        world.photo(world.album("Other"), "x.jpg", 60)
        good(world.sync())
        world.edit("delete-node", album=album)
        if world.kind.is_legacy:  # no address says so: a later run has to miss it as well
            report = world.sync()
            assert (report.exit_code, report.files_retired) == (3, 0)
        assert good(world.sync()).files_retired == 5
        assert len(world.files()) == 6

    def test_a_plan_changes_nothing(self, world: RemoteWorld) -> None:
        album, _ = filled(world)
        world.photo(album, "new.jpg", 50)
        before = world.files()
        assert good(world.sync(DELTA, dry_run=True)).files_planned == 1
        assert world.files() == before
        good(world.sync(DELTA), files_downloaded=1)

    def test_a_local_loss_is_fetched_again(self, world: RemoteWorld) -> None:
        filled(world)
        (world.path / next(iter(world.files()))).unlink()
        good(world.sync(), files_downloaded=1)
        assert len(world.files()) == 5

    def test_a_person_s_edit_is_kept(self, world: RemoteWorld) -> None:
        filled(world)
        path = next(iter(world.files()))
        world.write(path, 70)
        good(world.sync(), files_downloaded=0)
        assert world.files()[path] == md5(70)


class TestProving:
    def test_verify_reads_and_proves(self, world: RemoteWorld) -> None:
        filled(world)
        assert _verified(world) == {Verdict.RIGHT: 5}

    def test_verify_repairs_what_rots(self, world: RemoteWorld) -> None:
        filled(world)
        path = world.path / next(iter(world.files()))
        before = path.stat()
        path.write_bytes(path.read_bytes()[:-1] + b"?")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        _verified(world, repair=True)
        assert sorted(world.files().values()) == world.online()

    def test_files_that_are_here_already_are_adopted(self, world: RemoteWorld) -> None:
        album = world.album("Trip")
        for seed in range(1, 4):
            world.photo(album, f"{seed}.jpg", seed)
        for seed in range(1, 4):
            (world.path / f"found {seed}.jpg").write_bytes(content(seed))
        report = _adopted(world)
        if world.kind.name == "pixelpost":  # it promises nothing to recognise a file by
            assert report.files_downloaded == 3
        else:
            assert (report.files_downloaded, report.files_adopted) == (0, 3)

    def test_of_a_mirror_without_its_catalogue_only_a_persons_own_is_left(self, world: RemoteWorld) -> None:
        filled(world)
        (world.path / "mine.txt").write_text("by hand")
        for path in (world.root / "state").iterdir():
            path.unlink()
        assert _adopted(world).files_left == 1


class TestTrouble:
    @pytest.mark.parametrize("fault", ["503", "html", "reset", "429"])
    def test_what_passes_is_got_over(self, world: RemoteWorld, fault: str) -> None:
        album, _ = filled(world)
        world.photo(album, "new.jpg", 50)
        world.fault(f"{fault}@{world.questions}:times=2")
        good(world.sync(), files_downloaded=1)

    @pytest.mark.parametrize("fault", ["truncate", "corrupt"])
    def test_wrong_bytes_are_never_visible(self, world: RemoteWorld, fault: str) -> None:
        if fault == "corrupt" and world.kind.name == "pixelpost":
            pytest.skip("pixelpost: bytes that make another whole picture cannot be told from the right ones")
        album, _ = filled(world)
        world.photo(album, "new.jpg", 50)
        world.fault(f"{fault}@/photos/*")
        world.sync()
        assert set(world.files().values()) <= set(world.online())
        world.calm()
        world.clock.now += A_DAY
        assert world.sync().exit_code == 0
        assert sorted(world.files().values()) == world.online()

    def test_an_empty_answer_loses_nothing(self, world: RemoteWorld) -> None:
        filled(world)
        before = world.files()
        for fault in ("html", "empty", "html403", "nonce_used"):
            world.fault(f"{fault}@{world.questions}")
            assert world.sync(archive=False).exit_code != 0
            world.calm()
            assert world.files() == before
        good(world.sync(archive=False), files_downloaded=0)


class TestSending:
    def test_a_new_file_goes_up_once(self, world: RemoteWorld) -> None:
        can(world, "uploads", "read-only")
        filled(world)
        _send(world, "Trip/mine.jpg", 80)
        assert world.online().count(md5(80)) == 1
        good(world.sync(sending=SENDING), files_downloaded=0, files_sent=0)

    def test_a_new_folder_becomes_an_album(self, world: RemoteWorld) -> None:
        can(world, "uploads", "read-only")
        filled(world)
        _send(world, "Travel/Iceland/mine.jpg", 80)
        assert md5(80) in world.online()
        good(world.sync(sending=SENDING), files_downloaded=0, files_sent=0)
        assert "Travel/Iceland/mine.jpg" in world.files()

    def test_what_a_watcher_saw_goes_up_by_itself(self, world: RemoteWorld) -> None:
        """Only its album is asked for, and by that it is neither moved nor renamed."""
        can(world, "uploads", "read-only")
        travel = str(world.edit("add-folder", name="Travel notes")["node"])
        iceland = str(world.edit("add-folder", name="Iceland & co", parent=travel)["node"])
        world.photo(world.album("Summer of '69", parent=iceland), "a.jpg", 1)
        good(world.sync(sending=SENDING))
        (path,) = world.files()
        seen = f"{path.rpartition('/')[0]}/seen.jpg"
        world.write(seen, 80)
        good(world.sync(Scope("paths", paths=(seen,)), sending=SENDING), files_sent=1)
        assert sorted(world.files()) == sorted([path, seen])
        assert world.online().count(md5(80)) == 1
        good(world.sync(sending=SENDING), files_downloaded=0, files_sent=0)
        assert sorted(world.files()) == sorted([path, seen])

    def test_what_may_have_arrived_is_not_sent_twice(self, world: RemoteWorld) -> None:
        can(world, "uploads", "read-only")
        filled(world)
        good(world.sync(sending=SENDING))
        world.write("Trip/mine.jpg", 80)
        world.fault("504@/upload*:times=1")
        world.sync(sending=SENDING)
        for _ in range(3):
            world.sync(sending=SENDING)
        assert world.online().count(md5(80)) == 1
        good(world.sync(sending=SENDING), files_downloaded=0, files_sent=0)

    def test_an_edit_replaces_the_photo_in_place(self, world: RemoteWorld) -> None:
        can(world, "uploads", "read-only")
        filled(world)
        sending = replace(SENDING, replace=True)
        good(world.sync(sending=sending))
        world.write("Trip/1.jpg", 81)
        for _ in range(2):
            good(world.sync(sending=sending))
        online = world.online()
        assert md5(81) in online
        assert md5(1) not in online
        assert len(online) == 5
        assert world.set_aside() == [md5(1)]


def _send(world: RemoteWorld, path: str, seed: int) -> None:
    good(world.sync(sending=SENDING))
    world.write(path, seed)
    good(world.sync(sending=SENDING), files_sent=1)


def _verified(world: RemoteWorld, *, repair: bool = False) -> dict[Verdict, int]:
    with world.engine() as engine:
        work = Verification(Wish(share=Fraction(1)), fetch=engine.fetch if repair else None)
        report = engine.work(Scope("repair" if repair else "verify"), work)
    assert report.stopped is None
    assert work.audit is not None
    return {verdict: n for verdict, n in work.audit.found.verdicts.items() if n}


def _adopted(world: RemoteWorld) -> Report:
    with world.engine() as engine:

        def body(context: Context) -> None:
            adopt(context, engine.cycle, Place(context.mirror, ""))

        return good(engine.work(Scope("everything", detail="adopt"), body))
