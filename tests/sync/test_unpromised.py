"""A person's file lies in the place of a photo of whose bytes nothing is promised: only they can tell."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from smugsync.core.model import Album, Promise, RemoteFile
from smugsync.remote.dialect import Page, Reply, Span
from smugsync.remote.gallery import Gallery
from smugsync.remote.session import Session
from smugsync.remote.smugmug_v2.dialect import SmugMugV2
from tests.sync.test_audit import opened
from tests.sync.world import ORIGIN, World, content, md5


class Mute(SmugMugV2):
    """A service that promises no more than a size, or nothing."""

    def __init__(self, *, sizes: bool) -> None:
        super().__init__(ORIGIN)
        self._sizes = sizes

    def read_files(self, reply: Reply, span: Span, album: Album) -> Page[RemoteFile]:
        page = super().read_files(reply, span, album)
        return replace(page, items=tuple(self._muted(file) for file in page.items))

    def _muted(self, file: RemoteFile) -> RemoteFile:
        return replace(file, promised=Promise(None, file.promised.size if self._sizes else None))


class MuteWorld(World):
    sizes = False

    def open_gallery(self, session: Session) -> Gallery:
        return Gallery(Mute(sizes=self.sizes), session)


@pytest.fixture(params=[False, True], ids=["nothing is promised", "a size is promised"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> MuteWorld:
    world = MuteWorld(tmp_path)
    world.sizes = request.param
    world.photo(world.album("Trip"), "a.jpg", 1)
    return world


def test_the_very_same_is_adopted_and_lies_here_once(world: MuteWorld) -> None:
    world.write("Trip/a.jpg", 1)
    report = world.sync()
    assert (report.exit_code, report.files_adopted, report.files_downloaded) == (0, 0, 1)
    assert world.files() == {"Trip/a.jpg": md5(1)}
    with opened(world) as catalogue:
        (row,) = catalogue.files(1).values()
    if not world.sizes:  # what was found out of the bytes is kept, as if they had been placed
        assert (row.evidence, row.inspected, bool(row.validator)) == ("self", "decoded", True)
        assert row.held_sha256 == hashlib.sha256(content(1)).hexdigest()
    report = world.sync()
    assert (report.exit_code, report.files_downloaded, dict(report.counts)) == (0, 0, {})


def test_another_one_keeps_its_name_and_the_photo_lies_beside_it(world: MuteWorld) -> None:
    world.write("Trip/a.jpg", 8)  # of the same length
    report = world.sync()
    assert (report.exit_code, report.files_downloaded) == (0, 1)
    assert world.files().pop("Trip/a.jpg") == md5(8)
    assert sorted(world.files().values()) == sorted([md5(1), md5(8)])
    media = world.emulator.counters.media_requests
    assert media == 1
    assert world.sync().files_downloaded == 0


def test_nothing_is_left_in_staging(world: MuteWorld) -> None:
    world.write("Trip/a.jpg", 1)
    world.sync()
    assert list((world.path / ".smugsync" / "tmp").iterdir()) == []
