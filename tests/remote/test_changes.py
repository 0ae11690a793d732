"""A call that changes something is sent once; what it raises tells whether anything was done."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import formatdate

import httpx
import pytest

from smugsync.errors import ClockSkew, Doubtful, Interrupted, Rejected, Transient, Unreachable
from smugsync.remote.answer import read_head
from smugsync.remote.dialect import Auth, Call, Reply
from smugsync.remote.hosts import Hosts
from smugsync.remote.session import Manners, Session
from smugsync.remote.signing import Signed
from smugsync.stop import Stop

API, NOON = "https://api.smugmug.com", 1_700_000_000.0
UPLOAD = "https://upload.smugmug.com/"
MEDIA = Call("GET", "https://photos.smugmug.com/a.jpg", auth=Auth.NONE)


@dataclass
class File:
    data: bytes = b"x" * 100_000
    times_read: int = 0

    @property
    def size(self) -> int:
        return len(self.data)

    def chunks(self) -> Iterator[bytes]:
        self.times_read += 1
        for start in range(0, self.size, 40_000):
            yield self.data[start : start + 40_000]


class Dialect:
    def failure(self, reply: Reply, call: Call) -> Exception | None:
        if reply.status == 401:
            return ClockSkew("time stamp refused")
        return None if reply.status < 400 else Transient(f"answered {reply.status}")


class NumberingSigner:
    def __init__(self) -> None:
        self.skews: list[float] = []

    def sign(self, call: Call, url: str, *, skew: float = 0.0) -> Signed:
        self.skews.append(skew)
        return Signed(url, (("Authorization", f"number {len(self.skews)}"),))


@dataclass
class Scene:
    """A session on a scripted network, with time that passes only when somebody waits."""

    answers: list[httpx.Response | Exception]
    up: Callable[[int], None] | None = None
    down: Callable[[int], None] | None = None
    now: float = 0.0
    stop: Stop = field(default_factory=Stop)

    def __post_init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.waits: list[float] = []
        self.warnings: list[str] = []
        self.signer = NumberingSigner()
        manners = Manners(clock=lambda: NOON + self.now, ticks=lambda: self.now, sleep=self.sleep)
        self.session = Session(
            httpx.MockTransport(self.answer),
            Hosts([API, UPLOAD]),
            self.signer,
            self.stop,
            warn=self.warnings.append,
            manners=manners,
            up=self.up,
            down=self.down,
        )

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, stream=answer.stream)

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    def send(self, file: File | None = None, url: str = UPLOAD) -> Reply:
        call = Call("POST", url, (("X-Who", "we"),), file or File(), idempotent=False)
        return self.session.send_once(call, Dialect())


def ok(**headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(200, headers=named, content=json.dumps({}).encode())


def refused(**headers: str) -> httpx.Response:
    return httpx.Response(401, headers=headers)


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.ConnectError("no"),
        httpx.ConnectTimeout("no"),
        httpx.PoolTimeout("no"),
        httpx.ProxyError("no"),
        httpx.UnsupportedProtocol("no"),
        httpx.LocalProtocolError("no"),
    ],
    ids=lambda trouble: type(trouble).__name__,
)
def test_before_a_connection_nothing_is_done(trouble: Exception) -> None:
    scene = Scene([trouble])
    with pytest.raises(Transient):
        scene.send()
    assert len(scene.requests) == 1


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.WriteError("no"),
        httpx.WriteTimeout("no"),
        httpx.ReadError("no"),
        httpx.ReadTimeout("no"),
        httpx.RemoteProtocolError("no"),
        httpx.CloseError("no"),
    ],
    ids=lambda trouble: type(trouble).__name__,
)
def test_with_a_connection_it_is_open_what_was_done(trouble: Exception) -> None:
    scene = Scene([trouble])
    with pytest.raises(Doubtful):
        scene.send()
    assert len(scene.requests) == 1


def test_what_the_dialect_says_is_raised_at_once() -> None:
    scene = Scene([httpx.Response(500)])
    with pytest.raises(Transient, match="answered 500"):
        scene.send()
    assert scene.waits == []


def test_a_refused_time_stamp_is_mended() -> None:
    there = formatdate(NOON + 3600, usegmt=True)
    scene, file = Scene([refused(Date=there), ok()]), File()
    scene.send(file)
    assert scene.signer.skews == [0.0, 3600.0]
    assert [request.headers["authorization"] for request in scene.requests] == ["number 1", "number 2"]
    assert file.times_read == 2
    assert len(scene.warnings) == 1


def test_a_clock_that_cannot_be_mended_concerns_everything() -> None:
    there = formatdate(NOON + 3600, usegmt=True)
    scene = Scene([refused(Date=there), refused(Date=there), ok()])
    with pytest.raises(Unreachable, match="also by its own clock"):
        scene.send()
    assert len(scene.requests) == 2


def test_an_answer_has_longer_than_a_silence_elsewhere() -> None:
    scene = Scene([ok()])
    scene.send()
    timeout = scene.requests[0].extensions["timeout"]
    assert timeout["read"] >= 300
    assert timeout["write"] == 30
    assert timeout["connect"] == 10


def test_the_answer_to_a_question_has_not() -> None:
    scene = Scene([ok()])
    scene.session.ask(Call("GET", f"{API}/api/v2!authuser"), Dialect())
    assert scene.requests[0].extensions["timeout"]["read"] == 30


def test_the_rate_limit_holds_for_changes_too() -> None:
    limits = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(NOON + 60))}
    scene = Scene([ok(Date=formatdate(NOON, usegmt=True), **limits), ok()])
    scene.send()
    scene.send()
    assert scene.waits == [60]


def test_a_rate_limit_beyond_our_patience_sends_nothing() -> None:
    limits = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(NOON + 3600))}
    scene = Scene([ok(Date=formatdate(NOON, usegmt=True), **limits), ok()])
    scene.send()
    with pytest.raises(Unreachable, match="rate limit"):
        scene.send()
    assert len(scene.requests) == 1


def test_too_many_requests_hold_everybody() -> None:
    scene = Scene([httpx.Response(429, headers={"Retry-After": "20"}), ok()])
    with pytest.raises(Transient):
        scene.send()
    scene.send()
    assert scene.waits == [20]


@pytest.mark.parametrize("url", ["https://upload.example.net/", "https://photos.smugmug.com/", "http://x"])
def test_nothing_goes_to_a_host_that_is_not_configured(url: str) -> None:
    scene = Scene([ok()])
    with pytest.raises(Rejected):
        scene.send(url=url)
    assert scene.requests == []


def test_after_a_stop_nothing_is_sent() -> None:
    scene = Scene([ok()])
    scene.stop.set()
    with pytest.raises(Interrupted):
        scene.send()
    assert scene.requests == []


def test_a_stop_while_it_is_sent_ends_it() -> None:
    passed: list[int] = []

    def up(size: int) -> None:
        passed.append(size)
        scene.stop.set()

    scene = Scene([ok()], up=up)
    with pytest.raises(Interrupted):
        scene.send()
    assert scene.requests == []  # httpx reads the body first in these tests
    assert scene.session.counts.bytes_sent == 2 * passed[0]


def test_a_body_in_memory_can_be_sent_once_too() -> None:
    scene = Scene([ok()])
    call = Call("POST", f"{API}/api/v2/node/x!children", (), b"{}", idempotent=False)
    scene.session.send_once(call, Dialect())
    assert scene.requests[0].content == b"{}"
    assert scene.session.counts.bytes_sent == 0


def test_a_speed_limit_is_told_of_what_comes() -> None:
    came: list[int] = []
    scene = Scene([httpx.Response(200, content=b"x" * 1000)], down=came.append)
    with scene.session.stream(MEDIA, Dialect()) as body:
        assert b"".join(map(bytes, body)) == b"x" * 1000
    assert came == [1000]


def test_a_speed_limit_makes_no_host_slow() -> None:
    """A host that sends less than 1,000 bytes a second is given up, but not for our own waiting."""
    pieces = httpx.Response(200, stream=httpx.ByteStream(b"x" * 100))
    scene = Scene([pieces], down=lambda _: scene.sleep(1000))
    with scene.session.stream(MEDIA, Dialect()) as body:
        assert b"".join(map(bytes, body)) == b"x" * 100
    assert scene.waits == [1000]


def test_how_long_an_answer_took_to_begin_is_not_its_pace() -> None:
    now = 0.0
    ours, theirs = socket.socketpair()

    def answer() -> None:
        nonlocal now
        now = 500.0
        theirs.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with ours, theirs:
        ours.settimeout(20)
        later = threading.Timer(0.05, answer)
        later.start()
        head = read_head(ours, "POST", lambda: now)
        later.join()
        assert head.status == 200
        head.close()
