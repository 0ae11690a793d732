"""A service that can leave out what has not changed is asked for that, and believed as far as it adds up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import pytest

from smugsync.core.model import Album, RemoteFile
from smugsync.errors import Gone, Rejected, SmugsyncError
from smugsync.remote.dialect import Call, Page, Proof, Reply, Span
from smugsync.remote.gallery import Gallery
from smugsync.remote.session import Session
from smugsync.remote.smugmug_v2.dialect import SmugMugV2
from tests.sync.world import DELTA, EVERYTHING, ORIGIN, World, md5


@dataclass
class Heard:
    """What a telling service was asked, album by album: `since`, or None for a whole listing."""

    asked: list[str | None] = field(default_factory=list)
    refuses: bool = False
    told: int = 0  #: photos that listings of changes have shown


class Telling(SmugMugV2):
    """A service that tells changes by the stamps of the photos, and where no address proves anything."""

    proof = Proof.COUNT

    def __init__(
        self, heard: Heard, changed_since: Callable[[str, str], bool], counted: Callable[[], object]
    ) -> None:
        super().__init__(ORIGIN)
        self._heard, self._changed_since, self._counted = heard, changed_since, counted
        self._since = ""

    def album(self, key: str) -> Call:
        self._counted()
        return super().album(key)

    def files(self, album: Album, span: Span) -> Call:
        self._heard.asked.append(None)
        return super().files(album, span)

    def changes(self, album: Album, since: str, span: Span) -> Call | None:
        self._since = since
        call = super().files(album, span)
        return replace(call, url=f"{call.url}&changes=1")

    def read_changes(self, reply: Reply, span: Span, album: Album) -> Page[RemoteFile]:
        self._heard.asked.append(self._since)
        page = super().read_files(reply, span, album)
        items = tuple(file for file in page.items if self._changed_since(file.key, self._since))
        self._heard.told += len(items)
        return Page(items, None, page.next, page.faults)

    def failure(self, reply: Reply, call: Call) -> SmugsyncError | None:
        if self._heard.refuses and call.url.endswith("&changes=1"):
            return Rejected("the service wants to list all")
        found = super().failure(reply, call)
        return Rejected(str(found)) if isinstance(found, Gone) and not call.auth.is_media else found


class TellingWorld(World):
    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.heard = Heard()
        self.when_counted: Callable[[], object] = lambda: None

    def open_gallery(self, session: Session) -> Gallery:
        return Gallery(Telling(self.heard, self._has_changed, self._count), session)

    def _count(self) -> None:
        self.when_counted, happen = lambda: None, self.when_counted
        happen()

    def _has_changed(self, key: str, since: str) -> bool:
        image = self.emulator.account.image(key)
        assert image is not None
        return image.updated_at(self.clock()) > max(_epoch(text) for text in since.split("|")[:2])

    def asks(self) -> list[str | None]:
        """What was asked since the last time."""
        found, self.heard.asked = self.heard.asked, []
        return found


def _epoch(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.fixture
def world(tmp_path: Path) -> TellingWorld:
    return TellingWorld(tmp_path)


def filled(world: TellingWorld) -> tuple[str, list[str]]:
    """An album of five photos, mirrored."""
    album = world.album("Trip")
    photos = [world.photo(album, f"{n}.jpg", n) for n in range(5)]
    assert world.sync().exit_code == 0
    assert world.asks() == [None]
    return album, photos


def test_only_what_is_new_is_listed_in_a_delta(world: TellingWorld) -> None:
    album, photos = filled(world)
    world.photo(album, "new.jpg", 50)
    world.replace(photos[0], 51)
    report = world.sync(DELTA)
    assert (report.exit_code, report.files_downloaded, world.heard.told) == (0, 2, 2)
    (since,) = world.asks()
    assert since
    assert sorted(world.files().values()) == sorted([*map(md5, (1, 2, 3, 4)), md5(50), md5(51)])
    world.sync(DELTA)
    assert world.asks() == []


def test_a_deletion_shows_in_the_count_and_has_all_listed(world: TellingWorld) -> None:
    album, photos = filled(world)
    world.photo(album, "new.jpg", 50)
    world.edit("delete-photo", image=photos[1])
    report = world.sync(DELTA)
    first, *rest = world.asks()
    assert first
    assert rest == [None, None]  # the whole, and the second look that proves it
    assert (report.exit_code, report.files_downloaded, report.files_retired) == (0, 1, 1)
    assert len(world.files()) == 6
    assert world.sync(DELTA).exit_code == 0
    assert world.asks() == []


def test_one_deleted_and_one_moved_in_with_old_stamps_is_seen_by_a_full_cycle(world: TellingWorld) -> None:
    _, photos = filled(world)
    world.edit("delete-photo", image=photos[1])
    assert world.sync(EVERYTHING).files_retired == 1
    assert world.asks() == [None, None]


def test_a_service_that_refuses_is_asked_for_all_and_not_asked_again(world: TellingWorld) -> None:
    album, _ = filled(world)
    other = world.album("Other")
    world.photo(other, "o.jpg", 60)
    world.sync()
    world.asks()
    world.heard.refuses = True
    for name, where in (("x.jpg", album), ("y.jpg", other)):
        world.photo(where, name, len(name) + ord(name[0]))
    report = world.sync(DELTA, lanes=1)
    assert (report.exit_code, report.files_downloaded) == (0, 2)
    assert world.asks() == [None, None]


def test_what_is_planned_still_has_its_album_listed_whole(world: TellingWorld) -> None:
    album, _ = filled(world)
    world.photo(album, "new.jpg", 50)
    world.fault("503@/photos/*")
    assert world.sync(DELTA).exit_code == 3
    world.asks()
    world.calm()
    assert world.sync(DELTA).files_downloaded == 1
    assert world.asks() == [None]


def test_an_absence_is_not_proven_by_a_count_that_moves(world: TellingWorld) -> None:
    """Between the second listing and the album's own count a photo comes: it has to be asked again."""
    album, photos = filled(world)
    world.edit("delete-photo", image=photos[0])
    world.when_counted = lambda: world.photo(album, "new.jpg", 50)
    report = world.sync()
    assert (report.exit_code, report.files_retired) == (3, 0)
    assert [trouble.reason for trouble in report.troubles] == [
        "1 file is no longer listed, but not proven gone"
    ]
    assert world.sync().files_retired == 1


def test_an_album_is_gone_when_no_list_shows_it_and_none_answers(world: TellingWorld) -> None:
    album, _ = filled(world)
    world.photo(world.album("Other"), "o.jpg", 60)
    world.sync()
    world.edit("delete-node", album=album)
    report = world.sync()
    assert (report.exit_code, report.files_retired) == (3, 0)  # it may come back
    assert world.sync().files_retired == 5
    assert len(world.files()) == 6
