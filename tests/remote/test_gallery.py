from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smugsync.core.model import Account, Album, Promise, RemoteFile
from smugsync.errors import Garbled, Gone, IntegrityError, Interrupted, Transient
from smugsync.remote.dialect import Call, Reply
from smugsync.remote.gallery import Body, Gallery
from smugsync.remote.smugmug_legacy.dialect import SmugMugLegacy
from smugsync.remote.smugmug_v2.dialect import SmugMugV2
from smugsync.stop import Stop
from tests.remote.doubles import FakeBody, FakeSession, MemorySink
from tests.remote.small_smugmug import Json, SmallSmugMug, error

V2 = SmugMugV2("https://api.smugmug.com")
ACCOUNT = Account("nick", "zx4Fx")
TRIP = Album("trip", "n", "Trip", "/Trip")


def service_of(count: int) -> SmallSmugMug:
    service = SmallSmugMug()
    for number in range(count):
        service.add("trip", f"p{number:03}", b"%d" % number)
    return service


def starts(session: FakeSession) -> list[tuple[int, int]]:
    queries = [parse_qs(urlsplit(call.url).query) for call in session.asked]
    return [(int(query["start"][0]), int(query["count"][0])) for query in queries if "start" in query]


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


class TestListings:
    def test_two_thousand_albums_cost_twenty_one_requests(self) -> None:
        service = SmallSmugMug(images={f"a{number}": [] for number in range(2000)})
        session = FakeSession(service)
        gallery = Gallery(V2, session)
        listing = gallery.albums(gallery.account())
        assert sum(len(page) for page in listing) == 2000
        assert listing.complete
        assert len(session.asked) == 21

    def test_listing_can_be_read_a_second_time(self) -> None:
        service = service_of(3)
        listing = Gallery(V2, FakeSession(service)).files(TRIP)
        assert sum(len(page) for page in listing) == 3
        service.images["trip"].pop()
        assert sum(len(page) for page in listing) == 2
        assert listing.complete

    def test_change_while_paging_is_noticed(self) -> None:
        service = service_of(6)
        listing = Gallery(V2, FakeSession(service), page_size=2).files(TRIP)
        for number, _page in enumerate(listing):
            if number == 0:
                del service.images["trip"][0]
        assert not listing.complete
        assert "changed while it was read" in listing.why

    def test_failure_in_the_middle_leaves_it_incomplete(self) -> None:
        service = service_of(60)

        def answer(call: Call) -> Reply:
            return error(503, "Service Unavailable") if "start=51" in call.url else service(call)

        listing = Gallery(V2, FakeSession(answer), page_size=50).files(TRIP)
        with pytest.raises(Transient):
            list(listing)
        assert not listing.complete

    def test_slow_pages_are_shrunk_for_good(self) -> None:
        service, clock = service_of(200), Clock()

        def answer(call: Call) -> Reply:
            clock.now += 20 if "count=100" in call.url else 1
            return service(call)

        session = FakeSession(answer)
        gallery = Gallery(V2, session, clock=clock)
        listing = gallery.files(TRIP)
        assert sum(len(page) for page in listing) == 200
        assert listing.complete
        assert starts(session) == [(1, 100), (101, 50), (151, 50)]

    @pytest.mark.parametrize("reply", [error(504, "Gateway Timeout"), Reply(200, {}, b'{"Code": 200}')])
    def test_page_that_fails_is_asked_for_in_halves(self, reply: Reply) -> None:
        service = service_of(60)

        def answer(call: Call) -> Reply:
            return reply if "count=100" in call.url or "count=50" in call.url else service(call)

        session = FakeSession(answer)
        listing = Gallery(V2, session).files(TRIP)
        assert sum(len(page) for page in listing) == 60
        assert listing.complete
        assert starts(session) == [(1, 100), (1, 50), (1, 25), (26, 25), (51, 25)]

    def test_a_list_without_pages_is_not_asked_for_in_halves(self) -> None:
        session = FakeSession(lambda call: error(504, "Gateway Timeout"))
        dialect = SmugMugLegacy("1.3.0", "https://legacy.test")
        with pytest.raises(Transient):
            list(Gallery(dialect, session).files(replace(TRIP, key="1_k")))
        assert len(session.asked) == 1

    def test_rate_limit_is_no_reason_for_smaller_pages(self) -> None:
        session = FakeSession(lambda call: Reply(429, {"retry-after": "60"}, b""))
        with pytest.raises(Transient):
            list(Gallery(V2, session).files(TRIP))
        assert len(session.asked) == 1

    @given(st.integers(0, 70), st.integers(1, 40), st.integers(1, 40))
    def test_every_file_is_listed_once(self, files: int, page_size: int, clamp: int) -> None:
        service = service_of(files)
        service.images.setdefault("trip", [])
        service.largest_page = clamp
        listing = Gallery(V2, FakeSession(service), page_size=page_size).files(TRIP)
        keys = [file.key for page in listing for file in page]
        assert keys == [f"p{number:03}" for number in range(files)]
        assert listing.complete


class TestFolders:
    def folder(self, node: str, path: str, **changes: object) -> Json:
        return {"NodeID": node, "UrlPath": path, "Name": node.upper(), "Type": "Folder", **changes}

    def test_tree_is_walked_to_its_leaves(self) -> None:
        folders = {
            "zx4Fx": [self.folder("a", "/A"), self.folder("b", "/B", HasChildren=False)],
            "a": [self.folder("c", "/A/C"), self.folder("s", "/A/S", Type="System Folder")],
            "c": [],
        }
        session = FakeSession(SmallSmugMug(folders=folders))
        found = Gallery(V2, session).folders(ACCOUNT)
        assert [(folder.url_path, folder.name) for folder in found.items] == [
            ("/A", "A"),
            ("/B", "B"),
            ("/A/C", "C"),
        ]
        assert found.complete
        assert len(session.asked) == 3

    def test_circle_ends(self) -> None:
        folders = {"zx4Fx": [self.folder("a", "/A")], "a": [self.folder("a", "/A")]}
        assert len(Gallery(V2, FakeSession(SmallSmugMug(folders=folders))).folders(ACCOUNT).items) == 1

    def test_unreadable_entry_makes_names_incomplete(self) -> None:
        folders = {"zx4Fx": [self.folder("a", "/A", NodeID=[])]}
        found = Gallery(V2, FakeSession(SmallSmugMug(folders=folders))).folders(ACCOUNT)
        assert not found.complete
        assert "NodeID" in found.why


class TestLook:
    def first(self, service: SmallSmugMug) -> RemoteFile:
        (page,) = Gallery(V2, FakeSession(service)).files(TRIP)
        return page[0]

    def test_replaced_photo_is_found_under_its_new_serial(self) -> None:
        service = service_of(1)
        file = self.first(service)
        service.images["trip"].clear()
        service.add("trip", "p000", b"better", Serial=1)
        seen = Gallery(V2, FakeSession(service)).look(file)
        assert (seen.serial, seen.promised.size) == (1, 6)
        assert seen.version != file.version

    def test_moved_photo_is_gone_from_its_album(self) -> None:
        service = service_of(1)
        file = self.first(service)
        service.images = {"trip": [], "other": service.images["trip"]}
        with pytest.raises(Gone):
            Gallery(V2, FakeSession(service)).look(file)

    @pytest.mark.parametrize("status", [401, 403, 500, 503])
    def test_nothing_but_404_is_gone(self, status: int) -> None:
        file = self.first(service_of(1))
        with pytest.raises(Exception, match=r".+") as caught:
            Gallery(V2, FakeSession(lambda call: error(status, "no"))).look(file)
        assert not isinstance(caught.value, Gone)

    def test_video_without_a_rendition_is_withheld_and_not_gone(self) -> None:
        service = SmallSmugMug(expands=False)
        service.add_video("trip", "v0", b"a video")
        file = self.first(service)
        assert Gallery(V2, FakeSession(service)).look(file).source
        service.renditions.clear()
        seen = Gallery(V2, FakeSession(service)).look(file)
        assert seen.source is None
        assert "no downloadable rendition" in seen.withheld


BYTES = bytes(range(256)) * 4
FILE = RemoteFile(
    album_key="trip",
    key="p",
    name="P.JPG",
    source="https://photos.smugmug.com/p.jpg",
    promised=Promise(hashlib.md5(BYTES).hexdigest(), len(BYTES)),
)


@dataclass
class MediaHost:
    """Serves `body`; whether it can resume, cuts the line or lies about lengths is switched."""

    body: bytes = BYTES
    etag: str | None = '"1"'
    ranges: bool = True
    cut: int | None = None
    tells_length: bool = True

    def __call__(self, call: Call, offset: int, validator: str | None) -> Body:
        resumed = bool(self.ranges and offset and validator == self.etag)
        rest = self.body[offset if resumed else 0 :]
        sent = rest[: self.cut] if self.cut is not None else rest
        chunks = tuple(sent[start : start + 100] for start in range(0, len(sent), 100))
        length, total = (len(rest), len(self.body)) if self.tells_length else (None, None)
        return FakeBody(chunks, length, total, resumed, self.etag)


def download(host: MediaHost, sink: MemorySink, file: RemoteFile = FILE) -> FakeSession:
    session = FakeSession(lambda call: error(404, ""), media=host)
    Gallery(V2, session).download(file, sink, stop=Stop())
    return session


class TestDownload:
    def test_bytes_arrive(self) -> None:
        sink, told = MemorySink(), list[int]()
        session = FakeSession(lambda call: error(404, ""), media=MediaHost())
        received = Gallery(V2, session).download(FILE, sink, stop=Stop(), progress=told.append)
        assert sink.data == BYTES
        assert (received.size, received.transferred) == (len(BYTES), len(BYTES))
        assert sum(told) == len(BYTES)
        assert sink.validator == '"1"'

    @given(st.integers(0, len(BYTES)))
    def test_broken_line_is_continued(self, cut: int) -> None:
        sink = MemorySink()
        if cut < len(BYTES):
            with pytest.raises(Transient, match="the line broke"):
                download(MediaHost(cut=cut), sink)
        else:
            download(MediaHost(cut=cut), sink)
        assert sink.size == cut
        session = download(MediaHost(), sink)
        assert sink.data == BYTES
        assert [(offset, tag) for _, offset, tag in session.streamed] == (
            [] if cut == len(BYTES) else [(cut, '"1"' if cut else None)]
        )

    @pytest.mark.parametrize("host", [MediaHost(ranges=False), MediaHost(etag='"2"')])
    def test_resume_answered_by_the_whole_starts_over(self, host: MediaHost) -> None:
        sink = MemorySink(bytearray(b"old beginning"), '"1"')
        download(host, sink)
        assert sink.data == BYTES
        assert (sink.restarts, sink.validator) == (1, host.etag)

    def test_part_without_a_validator_is_not_continued(self) -> None:
        sink = MemorySink(bytearray(BYTES[:100]))
        session = download(MediaHost(), sink)
        assert session.streamed == [(FILE.source, 0, None)]
        assert sink.data == BYTES

    def test_part_longer_than_promised_starts_over(self) -> None:
        sink = MemorySink(bytearray(BYTES + b"!"), '"1"')
        download(MediaHost(), sink)
        assert sink.data == BYTES

    def test_whole_part_is_not_fetched_again(self) -> None:
        sink = MemorySink(bytearray(BYTES))
        assert download(MediaHost(), sink).streamed == []

    def test_whole_part_without_a_promised_md5_proves_nothing(self) -> None:
        file = replace(FILE, promised=Promise(None, len(BYTES)))
        sink = MemorySink(bytearray(BYTES), '"1"')
        assert len(download(MediaHost(), sink, file).streamed) == 1

    @pytest.mark.parametrize("tells_length", [True, False])
    @pytest.mark.parametrize("body", [BYTES + b"!", BYTES[:-1]])
    def test_other_size_than_promised_is_refused(self, body: bytes, tells_length: bool) -> None:
        sink = MemorySink()
        with pytest.raises(IntegrityError) as caught:
            download(MediaHost(body=body, tells_length=tells_length), sink)
        assert caught.value.promised == "1,024 bytes"
        assert sink.size <= len(BYTES)

    def test_endless_body_is_stopped_at_the_promise(self) -> None:
        @dataclass
        class Endless(FakeBody):
            def __iter__(self) -> Iterator[memoryview]:
                while True:
                    yield memoryview(b"x" * 100)

        sink = MemorySink()
        session = FakeSession(lambda call: error(404, ""), media=lambda *_: Endless(()))
        with pytest.raises(IntegrityError):
            Gallery(V2, session).download(FILE, sink, stop=Stop())
        assert sink.size <= len(BYTES)

    def test_nothing_promised_takes_what_comes(self) -> None:
        sink = MemorySink()
        download(MediaHost(tells_length=False), sink, replace(FILE, promised=Promise()))
        assert sink.data == BYTES

    def test_stop_is_obeyed_between_chunks(self) -> None:
        stop, sink = Stop(), MemorySink()
        session = FakeSession(lambda call: error(404, ""), media=MediaHost())

        def progress(count: int) -> None:
            stop.set()

        with pytest.raises(Interrupted):
            Gallery(V2, session).download(FILE, sink, stop=stop, progress=progress)
        assert sink.size == 100

    def test_stale_address_is_gone_for_the_caller_to_look_again(self) -> None:
        session = FakeSession(lambda call: Reply(403, {}, b""))
        with pytest.raises(Gone, match="address"):
            Gallery(V2, session).download(FILE, MemorySink(), stop=Stop())

    def test_web_page_in_place_of_the_file_is_refused(self) -> None:
        session = FakeSession(lambda call: Reply(200, {"content-type": "text/html"}, b"<html>"))
        with pytest.raises(Garbled):
            Gallery(V2, session).download(FILE, MemorySink(), stop=Stop())

    def test_file_without_an_address_must_be_looked_at_first(self) -> None:
        with pytest.raises(ValueError, match="look"):
            download(MediaHost(), MemorySink(), replace(FILE, source=None))
