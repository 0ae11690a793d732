"""What every dialect must keep, whatever service it speaks to.

A dialect's test module derives a class from `DialectContract` and gives it a `scene` fixture: the
dialect and a small account that answers its calls from memory.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smugsync.core.model import Access, Account, Album, RemoteFile
from smugsync.errors import Displaced, Garbled, Gone, SmugsyncError, Transient
from smugsync.remote.dialect import Auth, Call, Dialect, FolderDialect, Reply, Span
from smugsync.remote.gallery import Gallery
from smugsync.stop import Stop
from tests.remote.doubles import FakeSession, MemorySink


@dataclass(frozen=True)
class Scene:
    """`files`: the number of files by album key, unreadable albums left out; `gone`: a file that left."""

    dialect: Dialect
    answer: Callable[[Call], Reply]
    nickname: str
    files: dict[str, int]
    gone: RemoteFile
    unreadable: frozenset[str] = field(default_factory=frozenset)

    def gallery(self, *, page_size: int = 100) -> Gallery:
        return Gallery(self.dialect, FakeSession(self.answer), page_size=page_size)


def reply(status: int, body: bytes = b"", **headers: str) -> Reply:
    return Reply(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


HTML = b"<!DOCTYPE html><html><body>Please log in to the hotel's network</body></html>"

SHAPES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                "Response Code Pages Total Start Count Album AlbumImage Image User Uris Node ImageKey "
                "AlbumKey Serial IsVideo LargestVideo Url MD5 Size Expansions stat message".split()
            )
            | st.text(max_size=4),
            inner,
            max_size=6,
        )
    ),
    max_leaves=25,
)
BODIES = st.binary(max_size=40) | SHAPES.map(lambda value: json.dumps(value).encode())


class DialectContract:
    def test_account_is_known_by_name_and_root(self, scene: Scene) -> None:
        account = scene.gallery().account()
        assert account.nickname == scene.nickname
        assert account.root

    @pytest.mark.parametrize("page_size", [1, 2, 100])
    def test_album_list_is_whole(self, scene: Scene, page_size: int) -> None:
        gallery = scene.gallery(page_size=page_size)
        listing = gallery.albums(gallery.account())
        albums = [album for page in listing for album in page]
        assert listing.complete, listing.why
        readable = {album.key for album in albums if album.access is Access.READABLE}
        assert readable == set(scene.files)
        assert {album.key for album in albums} - readable == scene.unreadable

    def test_unreadable_albums_say_why_and_look_not_empty(self, scene: Scene) -> None:
        for album in _albums(scene):
            assert (album.access is Access.UNREADABLE) == bool(album.reason)
            if album.access is Access.UNREADABLE:
                assert album.image_count is None
                assert album.cursor == ""

    @pytest.mark.parametrize("page_size", [1, 2, 100])
    def test_file_listings_are_whole(self, scene: Scene, page_size: int) -> None:
        gallery = scene.gallery(page_size=page_size)
        for album in _albums(scene):
            if album.access is Access.UNREADABLE:
                continue
            listing = gallery.files(album)
            files = [file for page in listing for file in page]
            assert listing.complete, listing.why
            assert len({file.key for file in files}) == len(files) == scene.files[album.key]
            assert {file.album_key for file in files} <= {album.key}
            assert all(file.version for file in files)

    def test_one_album_reads_as_in_the_list(self, scene: Scene) -> None:
        for album in _albums(scene):
            assert scene.gallery().album(album.key) == album

    def test_missing_album_is_gone(self, scene: Scene) -> None:
        with pytest.raises(Gone):
            scene.gallery().album("NoSuchAlbum")

    def test_look_agrees_with_the_listing(self, scene: Scene) -> None:
        for file in _files(scene):
            seen = scene.gallery().look(file)
            assert (seen.album_key, seen.key, seen.version) == (file.album_key, file.key, file.version)
            assert bool(seen.source) or bool(seen.withheld)
            if file.source:
                assert (seen.source, seen.promised) == (file.source, file.promised)

    def test_file_that_left_its_album_is_gone(self, scene: Scene) -> None:
        with pytest.raises(Gone):
            scene.gallery().look(scene.gone)

    def test_downloads_are_what_was_promised(self, scene: Scene) -> None:
        gallery = scene.gallery()
        for file in _files(scene):
            seen = gallery.look(file)
            if seen.withheld:
                continue
            sink = MemorySink()
            gallery.download(seen, sink, stop=Stop())
            assert sink.size
            assert seen.promised.size in (None, sink.size)
            assert seen.promised.md5 in (None, hashlib.md5(sink.data).hexdigest())

    def test_calls_are_ready_to_be_sent(self, scene: Scene) -> None:
        for call in _calls(scene):
            assert urlsplit(call.url).scheme in ("http", "https")
            assert call.url.isascii()
            assert call.url.isprintable()
            assert " " not in call.url
            assert call.idempotent

    def test_media_is_asked_for_unsigned(self, scene: Scene) -> None:
        call = scene.dialect.media("https://photos.example.com/a.jpg")
        assert (call.method, call.auth) == ("GET", Auth.NONE)

    @pytest.mark.parametrize("status", [500, 502, 503, 504, 429])
    @pytest.mark.parametrize("body", [b"", HTML, b"{}"], ids=["nothing", "page", "object"])
    def test_a_struggling_service_is_asked_again(self, scene: Scene, status: int, body: bytes) -> None:
        for call in _calls(scene):
            failure = scene.dialect.failure(reply(status, body, retry_after="17"), call)
            assert isinstance(failure, Transient)
            assert failure.retry_after == 17

    def test_a_web_page_is_no_answer(self, scene: Scene) -> None:
        for call in _calls(scene):
            failure = scene.dialect.failure(reply(200, HTML, content_type="text/html; charset=utf-8"), call)
            assert isinstance(failure, Garbled | Displaced)

    @pytest.mark.parametrize(
        ("status", "body"),
        [
            *((status, body) for status in (200, 401, 403, 404) for body in (b"", HTML)),
            *((204, b""), (410, HTML), (400, b"{}"), (503, HTML)),
        ],
        ids=lambda value: {b"": "nothing", HTML: "page", b"{}": "object"}.get(value, value),
    )
    def test_only_the_service_itself_says_gone(self, scene: Scene, status: int, body: bytes) -> None:
        for call in _calls(scene):
            failure = scene.dialect.failure(reply(status, body), call)
            assert failure is not None
            assert not isinstance(failure, Gone)

    @pytest.mark.parametrize("status", [401, 403, 404, 410])
    def test_a_stale_media_address_is_gone(self, scene: Scene, status: int) -> None:
        call = scene.dialect.media("https://photos.example.com/a.jpg")
        assert isinstance(scene.dialect.failure(reply(status), call), Gone)

    @pytest.mark.parametrize("status", [200, 206])
    def test_a_media_answer_is_judged_by_its_head(self, scene: Scene, status: int) -> None:
        call = scene.dialect.media("https://photos.example.com/a.jpg")
        assert scene.dialect.failure(reply(status, content_type="image/jpeg"), call) is None

    def test_nonsense_is_refused_in_our_own_words(self, scene: Scene) -> None:
        album, file = _albums(scene)[0], _files(scene)[0]
        dialect = scene.dialect

        @given(BODIES, st.sampled_from([200, 201, 400, 401, 403, 404, 500]))
        def law(body: bytes, status: int) -> None:
            answer, span = reply(status, body), Span(1, 100)
            for call in (dialect.account(), dialect.media("https://photos.example.com/a.jpg")):
                dialect.failure(answer, call)
            for read in (
                lambda: dialect.read_account(answer),
                lambda: dialect.read_albums(answer, span, Account("nick", "root")),
                lambda: dialect.read_album(answer),
                lambda: dialect.read_files(answer, span, album),
                lambda: dialect.read_look(answer, file),
                lambda: dialect.read_source(answer, file),
            ):
                with suppress(SmugsyncError):
                    read()
            if isinstance(dialect, FolderDialect):
                with suppress(SmugsyncError):
                    dialect.read_folders(answer, span)

        law()


def _albums(scene: Scene) -> list[Album]:
    gallery = scene.gallery()
    return [album for page in gallery.albums(gallery.account()) for album in page]


def _files(scene: Scene) -> list[RemoteFile]:
    readable = [album for album in _albums(scene) if album.access is Access.READABLE]
    return [file for album in readable for page in scene.gallery().files(album) for file in page]


def _calls(scene: Scene) -> list[Call]:
    """One call of each kind that speaks to the service itself."""
    dialect, span = scene.dialect, Span(1, 100)
    album, file = _albums(scene)[0], _files(scene)[0]
    account = Account(scene.nickname, "root")
    folders = [dialect.folders("root", span)] if isinstance(dialect, FolderDialect) else []
    return [
        dialect.account(),
        dialect.albums(account, span),
        dialect.album(album.key),
        dialect.files(album, span),
        *dialect.look(file),
        *folders,
    ]
