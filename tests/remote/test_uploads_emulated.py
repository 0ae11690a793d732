"""Files, folders and albums sent to the emulator, which refuses what the service refuses."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from smugsync.core.model import Account, Album, Outgoing, Privacy, RemoteFile, Sent
from smugsync.emulator.emulator import Emulator
from smugsync.emulator.media.pictures import make_heic, make_picture, make_video
from smugsync.emulator.settings import Settings, Switches
from smugsync.errors import Doubtful, Interrupted, NotAuthorised, Rejected, SmugsyncError, Transient
from smugsync.remote.dialect import Node
from smugsync.remote.gallery import Gallery
from smugsync.remote.hosts import Hosts
from smugsync.remote.sending import Counts
from smugsync.remote.session import Manners, Session
from smugsync.remote.signing import OAuth1Signer
from smugsync.remote.smugmug_v2.dialect import SmugMugV2
from smugsync.remote.uploads import Uploads
from smugsync.stop import Stop

ORIGIN = "http://127.0.0.1:8080"
JPEG = make_picture(7, taken=None)


@dataclass
class Pieces:
    """A file that comes in pieces of 1,000 bytes, in one buffer."""

    data: bytes
    times_read: int = 0

    @property
    def size(self) -> int:
        return len(self.data)

    def chunks(self) -> Iterator[memoryview]:
        self.times_read += 1
        buffer = bytearray(1000)
        for start in range(0, len(self.data), 1000):
            piece = self.data[start : start + 1000]
            buffer[: len(piece)] = piece
            yield memoryview(buffer)[: len(piece)]


def outgoing(album_key: str, name: str, data: bytes = JPEG, **more: Any) -> Outgoing:
    return Outgoing(album_key, name, hashlib.md5(data).hexdigest(), len(data), **more)


@dataclass
class Scene:
    """The demo account, its owner, and one empty album."""

    faults: tuple[str, ...] = ()
    switches: Switches = field(default_factory=Switches)
    stop: Stop = field(default_factory=Stop)
    warnings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.emulator = Emulator(Settings(switches=self.switches))
        keys = self.emulator.credentials
        self.session = Session(
            self.emulator.transport(),
            Hosts([ORIGIN]),
            OAuth1Signer(keys.api_key, keys.api_secret, keys.access_token, keys.access_token_secret),
            self.stop,
            manners=Manners(tries=1, sleep=lambda _: None),
            warn=self.warnings.append,
        )
        self.dialect = SmugMugV2(ORIGIN, upload_url=f"{ORIGIN}/upload/")
        self.uploads = Uploads(self.dialect, self.session, page_size=3)
        self.gallery = Gallery(self.dialect, self.session)
        self.account: Account = self.gallery.account()
        self.album = self._new_album()
        for fault in self.faults:
            self.emulator.faults.add(fault)

    def _new_album(self) -> str:
        if self.switches.permissions != "Modify":
            return next(key for key, album in self.emulator.account.albums.items() if album.photos)
        return self.uploads.make(self.account.root, "album", "New", Privacy.PRIVATE).album_key

    def send(self, name: str = "a.jpg", data: bytes = JPEG, **more: Any) -> Sent:
        return self.uploads.send(outgoing(self.album, name, data, **more), Pieces(data))

    def files(self) -> list[RemoteFile]:
        listing = self.gallery.files(Album(self.album, "", "New", "/New"))
        files = [file for page in listing for file in page]
        assert listing.complete
        return files


class TestFiles:
    def test_a_picture_arrives_as_it_is(self) -> None:
        scene = Scene()
        sent = scene.send("Grüße 100% (日本).jpg", keywords=("Café, Paris", "b;c"))
        (file,) = scene.files()
        assert (file.key, file.serial) == (sent.key, sent.serial)
        assert file.name == "Grüße 100% (日本).jpg"
        assert (file.promised.md5, file.promised.size) == (hashlib.md5(JPEG).hexdigest(), len(JPEG))
        assert file.details.keywords == ("Café, Paris", "b c")

    def test_bytes_are_told_and_counted(self) -> None:
        scene, told = Scene(), list[int]()
        before = scene.session.counts
        scene.uploads.send(outgoing(scene.album, "a.jpg"), Pieces(JPEG), progress=told.append)
        assert sum(told) == len(JPEG)
        assert set(told[:-1]) == {1000}
        assert scene.session.counts == Counts(before.api_requests + 1, before.media_requests, len(JPEG))

    def test_a_photo_is_replaced_in_place(self) -> None:
        scene = Scene()
        first, edited = scene.send(), make_picture(8, taken=None)
        second = scene.send(data=edited, replaces=first.key, serial=first.serial)
        (file,) = scene.files()
        assert (first.key, first.serial) == (second.key, 0)
        assert (file.serial, second.serial) == (1, 1)
        assert file.promised.md5 == hashlib.md5(edited).hexdigest()

    def test_what_is_converted_arrives_too(self) -> None:
        scene = Scene()
        film, heic = make_video(1, at_least=50_000), make_heic(2)
        keys = [scene.send("a.mov", film).key, scene.send("b.heic", heic).key]
        assert sorted(file.key for file in scene.files()) == sorted(keys)
        assert {file.name for file in scene.files()} == {"a.mov", "b.JPG"}

    def test_other_bytes_than_were_announced_are_not_taken(self) -> None:
        scene = Scene()
        spoiled = bytes([JPEG[0] ^ 1]) + JPEG[1:]
        with pytest.raises(Transient, match="took nothing"):
            scene.uploads.send(outgoing(scene.album, "a.jpg"), Pieces(spoiled))
        assert scene.files() == []

    def test_a_size_that_does_not_fit_is_a_mistake_of_ours(self) -> None:
        scene = Scene()
        with pytest.raises(ValueError, match="were announced"):
            scene.uploads.send(outgoing(scene.album, "a.jpg"), Pieces(JPEG[1:]))

    @pytest.mark.parametrize(
        ("name", "data", "code"),
        [("a.txt", b"hello world, this is text", 64), ("a.bmp", b"BM" + bytes(100), 6)],
    )
    def test_what_the_service_does_not_take(self, name: str, data: bytes, code: int) -> None:
        with pytest.raises(Rejected) as refused:
            Scene().send(name, data)
        assert refused.value.code == code

    def test_an_album_that_is_not_there(self) -> None:
        scene = Scene()
        with pytest.raises(Rejected, match="knows no such album"):
            scene.uploads.send(outgoing("NoSuch", "a.jpg"), Pieces(JPEG))

    def test_a_grant_to_read_does_not_send(self) -> None:
        scene = Scene(switches=Switches(permissions="Read"))
        with pytest.raises(NotAuthorised, match="does not reach far enough"):
            scene.send()

    def test_a_name_that_is_taken_has_to_be_looked_at(self) -> None:
        scene = Scene(switches=Switches(duplicates="refuse"))
        scene.send()
        with pytest.raises(Doubtful, match="409"):
            scene.send()
        assert len(scene.files()) == 1

    @pytest.mark.parametrize(
        ("fault", "kind", "arrived"),
        [
            ("504@/upload*:times=1", Doubtful, 1),
            ("reset@/upload*:times=1", Doubtful, 1),
            ("reset@/upload*:at=5,times=1", Doubtful, 1),
            ("stall@/upload*:at=-1,times=1", Doubtful, 1),
            ("truncate@/upload*:times=1", Doubtful, 1),
            ("500@/upload*:times=1", Doubtful, 0),
            ("502@/upload*:times=1", Doubtful, 0),
            ("503@/upload*:times=1,retry=3", Doubtful, 0),
            ("html@/upload*:times=1", Doubtful, 0),
            ("portal@/upload*:times=1", Doubtful, 0),
            ("empty@/upload*:times=1", Doubtful, 0),
            ("nonce_used@/upload*:times=1", Doubtful, 0),
            ("stat-fail:code=409,times=1", Doubtful, 0),
            ("stat-fail:code=5,times=1", Transient, 0),
            ("stat-fail:code=99,times=1", Transient, 0),
            ("stat-fail:code=63,times=1", Rejected, 0),
            ("html403@/upload*:times=1", Rejected, 0),
            ("429@/upload*:times=1,retry=9", Transient, 0),
        ],
    )
    def test_it_is_sent_once_whatever_comes_of_it(
        self, fault: str, kind: type[SmugsyncError], arrived: int
    ) -> None:
        scene = Scene((fault,))
        content = Pieces(JPEG)
        with pytest.raises(kind) as failed:
            scene.uploads.send(outgoing(scene.album, "a.jpg"), content)
        assert type(failed.value) is kind
        assert content.times_read == 1
        assert len(scene.files()) == arrived
        if fault.startswith("429"):
            assert isinstance(failed.value, Transient)
            assert failed.value.retry_after == 9

    def test_by_a_wrong_clock_it_is_refused_and_sent_again(self) -> None:
        scene = Scene(("skew:seconds=7200",))
        content = Pieces(JPEG)
        scene.uploads.send(outgoing(scene.album, "a.jpg"), content)
        assert (content.times_read, len(scene.files())) == (2, 1)
        assert len(scene.warnings) == 1

    def test_a_stop_ends_it_between_two_pieces(self) -> None:
        scene, stop = Scene(), Stop()

        def progress(_: int) -> None:
            stop.set()

        with pytest.raises(Interrupted):
            scene.uploads.send(outgoing(scene.album, "a.jpg"), Pieces(JPEG), stop=stop, progress=progress)
        assert scene.session.counts.bytes_sent == 1000
        assert scene.files() == []


class TestFoldersAndAlbums:
    def test_a_folder_and_an_album_in_it(self) -> None:
        scene = Scene()
        folder = scene.uploads.make(scene.account.root, "folder", "Reisen & mehr", Privacy.PRIVATE)
        assert (folder.kind, folder.name, folder.album_key) == ("folder", "Reisen & mehr", "")
        album = scene.uploads.make(folder.node_id, "album", "Ísland", Privacy.UNLISTED)
        (page,) = scene.uploads.children(folder.node_id)
        assert page == (album,)
        scene.album = album.album_key
        scene.send()
        assert len(scene.files()) == 1
        shown = scene.gallery.album(album.album_key)
        assert (shown.name, shown.node_id) == ("Ísland", album.node_id)
        assert shown.url_path == album.url_path == f"{folder.url_path}/{album.url_name}"

    def test_two_of_one_name_have_two_addresses(self) -> None:
        scene = Scene()
        twins = [scene.uploads.make(scene.account.root, "album", "Twin", Privacy.PRIVATE) for _ in range(2)]
        assert len({twin.url_path for twin in twins}) == len({twin.node_id for twin in twins}) == 2

    @pytest.mark.parametrize("privacy", list(Privacy))
    def test_who_may_see_it_is_as_asked(self, privacy: Privacy) -> None:
        scene = Scene()
        made = scene.uploads.make(scene.account.root, "album", "Seen", privacy)
        assert scene.emulator.account.albums[made.album_key].node.privacy == privacy.value

    def test_the_root_is_listed_whole(self) -> None:
        scene = Scene()
        listing = scene.uploads.children(scene.account.root)
        nodes: list[Node] = [node for page in listing for node in page]
        assert listing.complete, listing.why
        assert {node.kind for node in nodes} == {"folder", "album"}
        assert scene.album in {node.album_key for node in nodes}
        assert len(nodes) <= (listing.total or 0)

    @pytest.mark.parametrize(
        ("fault", "kind", "more"),
        [
            ("504@/api/v2/node/*:times=1", Doubtful, 1),
            ("reset@/api/v2/node/*:times=1", Doubtful, 1),
            ("500@/api/v2/node/*:times=1", Doubtful, 0),
            ("html@/api/v2/node/*:times=1", Doubtful, 0),
            ("429@/api/v2/node/*:times=1", Transient, 0),
            ("html403@/api/v2/node/*:times=1", Rejected, 0),
        ],
    )
    def test_it_is_made_once_whatever_comes_of_it(
        self, fault: str, kind: type[SmugsyncError], more: int
    ) -> None:
        scene = Scene((fault,))
        before = len(scene.emulator.account.albums)
        with pytest.raises(kind) as failed:
            scene.uploads.make(scene.account.root, "album", "New too", Privacy.PRIVATE)
        assert type(failed.value) is kind
        assert len(scene.emulator.account.albums) == before + more

    def test_nothing_is_made_in_what_is_not_there(self) -> None:
        with pytest.raises(Rejected):
            Scene().uploads.make("NoSuch", "album", "New", Privacy.PRIVATE)

    def test_a_taken_address_may_be_ours(self) -> None:
        scene = Scene()
        body = b'{"Type":"Album","Name":"New","UrlName":"New"}'
        call = replace(scene.dialect.make(scene.account.root, "album", "New", Privacy.PRIVATE), body=body)
        with pytest.raises(Doubtful, match="409"):
            scene.session.send_once(call, scene.dialect)


def test_the_limits_of_the_account() -> None:
    limits = {limit.type: limit for limit in Scene().uploads.limits(Account("demo", "root"))}
    assert limits["Image"].max_size == 500 * 1024**2
    assert "image/jpeg" in limits["Image"].mime_types
    assert limits["Video"].max_pixels is None
