"""Where nothing is promised of a file, the server is asked now and then whether it is still the same."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from smugsync.catalogue import Catalogue, FileRow
from smugsync.core.model import Album, Promise, RemoteFile
from smugsync.core.verdict import Verdict
from smugsync.remote.dialect import Page, Reply, Source, Span
from smugsync.remote.gallery import Gallery
from smugsync.remote.session import Session
from smugsync.remote.smugmug_v2.dialect import SmugMugV2
from smugsync.sync.cycle.second_look import EVERY
from smugsync.sync.report import What
from tests.sync.test_audit import opened, rot, told, verify
from tests.sync.world import DELTA, ORIGIN, World, content, md5


class Mute(SmugMugV2):
    """A service that promises nothing, and has no word for a file's version."""

    def read_files(self, reply: Reply, span: Span, album: Album) -> Page[RemoteFile]:
        page = super().read_files(reply, span, album)
        return replace(page, items=tuple(map(_mute, page.items)))

    def read_look(self, reply: Reply, file: RemoteFile) -> Source:
        source = super().read_look(reply, file)
        return replace(source, file=_mute(source.file))

    def read_source(self, reply: Reply, file: RemoteFile) -> RemoteFile:
        return _mute(super().read_source(reply, file))


def _mute(file: RemoteFile) -> RemoteFile:
    return replace(file, promised=Promise(), version="same", revision="same")


class MuteWorld(World):
    def open_gallery(self, session: Session) -> Gallery:
        return Gallery(Mute(ORIGIN), session)

    def rows(self) -> list[FileRow]:
        catalogue = Catalogue.open(self.root / "state" / "catalogue.db")
        try:
            return list(catalogue.files(1).values())
        finally:
            catalogue.close()

    def media(self) -> int:
        return self.emulator.counters.media_requests


@pytest.fixture
def world(tmp_path: Path) -> MuteWorld:
    world = MuteWorld(tmp_path)
    album = world.album("Trip")
    for seed in (1, 2):
        world.photo(album, f"{seed}.jpg", seed)
    assert world.sync().exit_code == 0
    return world


def test_what_the_server_names_the_bytes_by_is_recorded(world: MuteWorld) -> None:
    assert all(row.validator and row.evidence == "self" for row in world.rows())


def test_our_own_digest_is_recorded_and_that_the_picture_was_decoded(world: MuteWorld) -> None:
    digests = {hashlib.sha256(content(seed)).hexdigest() for seed in (1, 2)}
    assert {(row.held_sha256, row.inspected) for row in world.rows()} == {(one, "decoded") for one in digests}


def test_our_own_digest_is_what_verify_compares(world: MuteWorld) -> None:
    """An MD5 can be forged, and here nothing else stands for the bytes."""
    assert verify(world).verdicts == {Verdict.RIGHT: 2}
    with opened(world) as catalogue, catalogue.transaction():
        row = next(iter(catalogue.files(1).values()))
        catalogue.put([replace(row, held_sha256="0" * 64)])
    assert verify(world).verdicts == {Verdict.RIGHT: 1, Verdict.DAMAGED: 1}


def test_nobody_is_asked_before_its_time_nor_by_a_delta(world: MuteWorld) -> None:
    before = world.media()
    assert world.sync().exit_code == 0
    world.clock.now += EVERY
    world.sync(DELTA)
    assert world.media() == before


def test_what_is_the_same_is_not_fetched_and_rests_again(world: MuteWorld) -> None:
    world.clock.now += EVERY
    before = world.media()
    report = world.sync()
    assert (report.exit_code, report.files_downloaded) == (0, 0)
    assert world.media() == before + 2
    world.sync()
    assert world.media() == before + 2


def test_what_is_another_file_now_is_fetched_and_the_old_one_kept(world: MuteWorld) -> None:
    photo = next(image["image"] for image in world.tree()["children"][0]["images"])
    world.replace(photo, 50)
    assert world.sync().files_downloaded == 0
    world.clock.now += EVERY
    report = world.sync()
    assert (report.exit_code, report.files_downloaded) == (0, 1)
    assert md5(50) in world.files().values()
    assert world.set_aside() == [md5(1)]
    assert world.sync().files_downloaded == 0


def test_the_same_bytes_under_another_name_are_no_news(world: MuteWorld) -> None:
    """A site that was copied to another disk names all of its files anew."""
    with opened(world) as catalogue, catalogue.transaction():
        catalogue.put([replace(row, validator='"of the old disk"') for row in catalogue.files(1).values()])
    world.clock.now += EVERY
    report = world.sync()
    assert (report.exit_code, report.files_downloaded, dict(report.counts)) == (0, 2, {})
    assert world.set_aside() == []
    assert all(row.validator not in ("", '"of the old disk"') for row in world.rows())


@pytest.mark.parametrize("lost", ["damaged", "missing"])
def test_a_repair_with_other_bytes_is_not_called_one(world: MuteWorld, lost: str) -> None:
    photo = next(image["image"] for image in world.tree()["children"][0]["images"])
    path = world.path / "Trip/1.jpg"
    rot(path) if lost == "damaged" else path.unlink()
    rot(world.path / "Trip/2.jpg")
    world.replace(photo, 50)
    outcome = verify(world, repair=True)
    assert outcome.work.mending is not None
    assert (outcome.work.mending.mended, outcome.work.mending.replaced) == (1, 1)
    assert world.files()["Trip/1.jpg"] == md5(50)
    words = told(outcome)
    assert words.startswith("/photos: 1 file was mended; 1 file is what lies online now, and not what was")
    assert "and are here now:\n  Trip/1.jpg" in words
    assert "mended:\n  Trip/2.jpg" in words
    assert outcome.report.counts[What.REPLACED] == 1


def test_a_person_s_edit_is_no_reason_to_fetch(world: MuteWorld) -> None:
    world.write("Trip/1.jpg", 60)
    world.clock.now += EVERY
    report = world.sync()
    assert (report.exit_code, report.files_downloaded) == (0, 0)
    assert world.files()["Trip/1.jpg"] == md5(60)


@pytest.mark.parametrize("fault", ["503@/photos/*", "html@/photos/*", "reset@/photos/*"])
def test_where_nothing_can_be_found_out_nothing_happens(world: MuteWorld, fault: str) -> None:
    world.clock.now += EVERY
    world.fault(fault)
    report = world.sync()
    assert (report.exit_code, report.files_downloaded, dict(report.counts)) == (0, 0, {})
    world.calm()
    before = world.media()
    world.sync()
    assert world.media() == before + 2
