"""Answers without measure: each ends with a sentence, in bounded memory, time and number of requests."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from smugsync.emulator.messages import Request, Response, json_response
from smugsync.errors import Garbled, Transient, Unreachable
from smugsync.local.handles import Root
from smugsync.local.tree import Mirror
from smugsync.remote.dialect import Call, Reply
from smugsync.remote.gallery import Gallery
from smugsync.remote.hosts import Hosts
from smugsync.remote.listing import Listing
from smugsync.remote.session import Manners, Session
from smugsync.remote.signing import OAuth1Signer
from smugsync.remote.smugmug_v2.dialect import SmugMugV2
from smugsync.remote.transport import DirectTransport
from smugsync.remote.wire import parse
from smugsync.stop import Stop
from smugsync.sync.report import Report
from tests.e2e.command import Command
from tests.remote.servers import Script, Server
from tests.security.bombs import ANSWERS, CHUNKED, FILES, HEAD, HEADS, MEDIA, forever, sends
from tests.security.liar import LyingWorld, rewriting, telling
from tests.sync.world import ORIGIN, md5


class Hurried:
    """A clock on which an hour passes whenever somebody looks."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 3600.0
        return self.now


def ask(
    script: Script,
    *,
    clock: Callable[[], float] = time.monotonic,
    ticks: Callable[[], float] = time.monotonic,
) -> Reply:
    """One question, and what comes of the answer. `clock` is the transport's, `ticks` the session's."""
    manners = Manners(tries=2, sleep=lambda _: None, ticks=ticks)
    transport = DirectTransport(clock=clock)
    with Server(script) as server:
        session = Session(transport, Hosts([server.origin]), None, Stop(), manners=manners)
        try:
            return session.ask(Call("GET", f"{server.origin}/api/v2!authuser"), SmugMugV2(server.origin))
        finally:
            session.close()


# Answers of the API


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_ends_though_it_is(answer: str) -> None:
    script, told = ANSWERS[answer]
    with pytest.raises(Garbled) as caught:
        parse(ask(script), "the account")
    assert told in str(caught.value)


@pytest.mark.parametrize("answer", HEADS)
def test_an_answer_ends_though_it_has(answer: str) -> None:
    with pytest.raises((Unreachable, Garbled, Transient)) as caught:
        ask(HEADS[answer])
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


TRICKLES = {
    "header": sends(HEAD + b"X-Slow: ", forever(b"s")),
    "body": sends(HEAD + b"Content-Length: 1000000\r\n", forever(b" ")),
    "body-without-length": sends(HEAD, forever(b" ")),
    "chunks": sends(CHUNKED, forever(b"1\r\n \r\n")),
}


@pytest.mark.parametrize("part", TRICKLES)
def test_an_answer_is_given_up_that_trickles_in_its(part: str) -> None:
    """Each read brings something, so that no time-out of silence ever strikes. (Where the first of them
    brings more of a header's line than a line may have, that is told.)"""
    clock = Hurried()
    with pytest.raises((Unreachable, Transient), match=r"slow|stopped answering|reading header line"):
        ask(TRICKLES[part], clock=clock)
    assert clock.now < 100 * 3600  # in two tries


def test_an_account_that_trickles_in_is_not_asked_for_without_its_albums() -> None:
    manners = Manners(tries=2, sleep=lambda _: None)
    with Server(TRICKLES["body"]) as server:
        hosts = Hosts([server.origin])
        session = Session(DirectTransport(clock=Hurried()), hosts, None, Stop(), manners=manners)
        with pytest.raises((Unreachable, Transient), match=r"slow|stopped answering"):
            Gallery(SmugMugV2(server.origin), session).account(albums=3)
        session.close()
        assert len(server.requests) == 2


@pytest.mark.parametrize("part", ["body", "body-without-length", "chunks"])
def test_whatever_the_transport_an_answer_is_given_up_that_trickles_in_its(part: str) -> None:
    """Behind a proxy it is another transport, which knows no such limit."""
    clock = Hurried()
    with pytest.raises((Unreachable, Transient), match="too slowly"):
        ask(TRICKLES[part], ticks=clock)
    assert clock.now < 100 * 3600


#: A small process that runs another and notes the most memory that it took, in kB.
MEASURED = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[2:])
with open(sys.argv[1], "w") as note:
    note.write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(code)
"""


@pytest.mark.parametrize("answer", ["a-gigabyte-in-gzip", "five-million-lists", "a-body-without-end"])
def test_the_command_stays_small_though_it_is_sent(tmp_path: Path, answer: str) -> None:
    command, note = Command(tmp_path), tmp_path / "memory"
    with Server(ANSWERS[answer][0]) as server:
        places = f"--api-url {server.origin} --oauth-url {server.origin} --mirror {command.mirror}"
        keys = (
            "--api-key key-one --api-secret key-two --access-token key-three --access-token-secret key-four"
        )
        assert command.run("init", "--no-input", *places.split(), *keys.split()).code == 0
        command.prefix = (sys.executable, "-c", MEASURED, str(note))
        result = command.run("sync")
    assert result.code == 75, result
    assert int(note.read_text()) < 150_000


# Listings


def growing(document: dict[str, Any], kind: str, key: str, *, fresh: bool) -> None:
    """A page that is full, of a listing that is always a thousand entries longer than what was read."""
    pages, entries = document["Response"].get("Pages"), document["Response"].get(kind)
    if pages is None or not entries:
        return
    start, count = pages["Start"], pages["RequestedCount"]
    numbers = range(start, start + count) if fresh else range(count)
    document["Response"][kind] = [{**entries[0], key: f"k{number}"} for number in numbers]
    pages |= {"Total": start + 1000, "Count": count}


def unending(kind: str, key: str, *, fresh: bool) -> Callable[[Request, Response], Response]:
    """The first page is repeated, whatever page is asked for."""
    first: dict[str, Response] = {}

    def lie(request: Request, response: Response) -> Response:
        asked = dict(request.params)
        if not request.path.endswith(("!images", "!albums")) or "start" not in asked:
            return response
        page = first.setdefault(request.path, response)
        start, count = int(asked["start"]), int(asked["count"])

        def change(document: dict[str, Any]) -> None:
            document["Response"]["Pages"] |= {"Start": start, "RequestedCount": count}
            growing(document, kind, key, fresh=fresh)

        return rewriting(change)(request, page)

    return lie


@pytest.fixture
def world(tmp_path: Path) -> LyingWorld:
    world = LyingWorld(tmp_path)
    world.photo(world.album("Good"), "good.jpg", 1)
    return world


@pytest.mark.parametrize("fresh", [True, False], ids=["of-new-entries", "of-the-same-entries"])
@pytest.mark.parametrize(("kind", "key"), [("AlbumImage", "ImageKey"), ("Album", "AlbumKey")])
def test_a_listing_ends_that_grows_while_it_is_read(
    world: LyingWorld, kind: str, key: str, *, fresh: bool
) -> None:
    world.liar.lies = [unending(kind, key, fresh=fresh)]
    session = world._session(Stop())
    gallery = world.open_gallery(session)
    account = gallery.account()
    listing: Listing[Any] = gallery.albums(account)
    if kind == "AlbumImage":
        ((album,),) = list(listing)
        listing = gallery.files(album)
    assert sum(len(page) for page in listing) < 4000
    assert not listing.complete
    assert "there was still no end of it" in listing.why
    assert session.counts.api_requests < 60


def test_a_sync_ends_though_an_album_does_not(world: LyingWorld) -> None:
    world.liar.lies = [unending("AlbumImage", "ImageKey", fresh=True)]
    report = world.sync(dry_run=True)
    assert (report.exit_code, report.complete) == (3, False)


def test_pages_of_nothing_end(world: LyingWorld) -> None:
    def change(document: dict[str, Any]) -> None:
        if "Pages" in document["Response"]:
            document["Response"].pop("AlbumImage", None)
            document["Response"]["Pages"] |= {"Total": 2**62, "Count": 1}

    world.liar.lies = [rewriting(change)]
    report = world.sync()
    assert report.exit_code == 3
    assert report.requests < 100


def test_a_tree_of_folders_ends(world: LyingWorld) -> None:
    deeper = iter(range(1, 10_000))

    def lie(request: Request, response: Response) -> Response:
        if not request.path.startswith("/api/v2/node/"):
            return response
        node = {
            "NodeID": f"n{next(deeper)}",
            "Name": "x",
            "UrlPath": "/X",
            "Type": "Folder",
            "HasChildren": True,
        }
        return json_response(
            200, {"Response": {"Node": [node], "Pages": {"Total": 1, "Start": 1, "Count": 1}}}
        )

    world.liar.lies = [lie]
    report = world.sync(layout="names")
    assert report.exit_code == 3
    assert "still no end of them" in " ".join(one.reason for one in report.troubles)
    assert report.requests < 60
    assert world.files() == {"Good/good.jpg": md5(1)}


@pytest.mark.parametrize("size", [2**36 + 1, 2**62, 2**63, 2**64, -1])
def test_a_size_that_no_file_has_is_one_entrys_trouble(world: LyingWorld, size: int) -> None:
    bad = world.photo(world.album("Bad"), "bad.jpg", 2)

    def change(document: dict[str, Any]) -> None:
        images = document["Response"].get("AlbumImage", [])
        for item in [images] if isinstance(images, dict) else images:
            if item["ImageKey"] == bad:
                item["ArchivedSize"] = size

    world.liar.lies = [rewriting(change)]
    report = world.sync()
    assert report.exit_code == 3
    assert world.files() == {"Good/good.jpg": md5(1)}


# Media


class Narrow(Mirror):
    """A mirror on a disk of 100 MB."""

    def free_bytes(self) -> int:
        parts = self.root.path / ".smugsync" / "tmp"
        taken = 0
        for part in parts.glob("*.part"):
            with contextlib.suppress(FileNotFoundError):  # given up in this moment
                taken += part.stat().st_size
        return 100_000_000 - taken


class MediaWorld(LyingWorld):
    """The photos of album "Bad" come from a server that plays a script."""

    def __init__(self, root: Path, server: Server) -> None:
        super().__init__(root)
        self.photo(self.album("Good"), "good.jpg", 1)
        self.bad = self.photo(self.album("Bad"), "bad.jpg", 2)
        self.server = server
        self.liar.lies.append(self._divert)

    def open_mirror(self, path: Path) -> Mirror:
        return Narrow(Root(path))

    def _divert(self, request: Request, response: Response) -> Response:
        def change(document: dict[str, Any]) -> None:
            images = document["Response"].get("AlbumImage", [])
            for item in [images] if isinstance(images, dict) else images:
                if item["ImageKey"] == self.bad:
                    item["ArchivedUri"] = f"{self.server.origin}/bad.jpg"

        return rewriting(change)(request, response)

    def _session(self, stop: Stop) -> Session:
        keys = self.emulator.credentials
        signer = OAuth1Signer(
            keys.api_key, keys.api_secret, keys.access_token, keys.access_token_secret, clock=self.clock
        )
        manners = Manners(clock=self.clock, ticks=self.clock, random=lambda: 0.5, sleep=self._pass_time)
        hosts = Hosts([ORIGIN], media_hosts=[f"127.0.0.1:{self.server.port}"])
        return Session(_Two(self), hosts, signer, stop, manners=manners)

    def sync_bad(self, told: str) -> Report:
        """A sync in which the bad photo fails, `told` being a part of the reason, and the good one comes."""
        report = self.sync(reserve=50_000_000)
        assert (report.exit_code, self.files()) == (3, {"Good/good.jpg": md5(1)})
        assert [told in one.reason for one in report.troubles] == [True], report.troubles
        assert not list((self.path / ".smugsync" / "tmp").iterdir())
        return report


class _Two(httpx.BaseTransport):
    """The service in memory, its media host over TCP."""

    def __init__(self, world: MediaWorld) -> None:
        self._port = world.server.port
        self._inside, self._outside = world.liar.transport(), DirectTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        transport = self._outside if request.url.port == self._port else self._inside
        return transport.handle_request(request)

    def close(self) -> None:
        self._outside.close()


@pytest.mark.parametrize("answer", FILES)
def test_a_download_ends_though_it_is(tmp_path: Path, answer: str) -> None:
    script, told = FILES[answer]
    with Server(script) as server:
        MediaWorld(tmp_path, server).sync_bad(told)


def test_a_download_without_promise_or_end_leaves_the_reserve_alone(tmp_path: Path) -> None:
    with Server(sends(MEDIA, forever(b"photo"))) as server:
        world = MediaWorld(tmp_path, server)
        world.liar.lies.append(telling("AlbumImage", ArchivedSize=None, ArchivedMD5=None))
        report = world.sync_bad("no size was promised")
    came = int(report.troubles[0].reason.replace(",", "").split(" bytes")[0].split()[-1])
    assert 50_000_000 < came < 50_000_000 + (32 << 20)


@pytest.mark.parametrize("watch", ["transport", "session"])
@pytest.mark.parametrize(
    "framing",
    [b"Content-Length: 1000000\r\n", b"", b"Transfer-Encoding: chunked\r\n"],
    ids=["length", "end", "chunks"],
)
def test_a_download_that_trickles_in_is_given_up(framing: bytes, watch: str) -> None:
    clock = Hurried()
    piece = b"1\r\np\r\n" if b"chunked" in framing else b"p"
    with Server(sends(MEDIA + framing, forever(piece))) as server:
        ticks, watching = (time.monotonic, clock) if watch == "transport" else (clock, time.monotonic)
        manners = Manners(ticks=ticks, sleep=lambda _: None)
        transport = DirectTransport(clock=watching)
        session = Session(transport, Hosts([server.origin]), None, Stop(), manners=manners)
        dialect = SmugMugV2(server.origin)
        with (
            pytest.raises(Transient, match=r"slow|stopped answering"),
            session.stream(dialect.media(f"{server.origin}/a.jpg"), dialect) as body,
        ):
            for _ in body:
                pass
        session.close()
    assert clock.now < 100 * 3600
