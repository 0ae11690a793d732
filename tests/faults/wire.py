"""The line between the command and the account: a proxy that spoils one answer.

It passes one exchange per connection on to the emulator, and makes addresses in answers lead to itself, so
that photos come through it as well.
"""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from smugsync.emulator.counters import route_of
from tests.remote.servers import Peer, Server

_HEAD_END = b"\r\n\r\n"
_LONGER_THAN_ANYBODY_WAITS = 120.0
_LENGTH = re.compile(rb"(?im)^content-length: *(\d+)\r$")


@dataclass(frozen=True, slots=True)
class Request:
    """The `number`-th request (from 1) to a route: `/api/v2/album/*!images 2`."""

    route: str
    number: int

    def __str__(self) -> str:
        return f"{self.route} {self.number}"

    @classmethod
    def parse(cls, text: str) -> Request:
        route, _, number = text.rpartition(" ")
        return cls(route, int(number))

    @property
    def step(self) -> str:
        if self.is_media:
            return "photo"
        for ending, step in (("!images", "listing"), ("!albums", "albums"), ("!authuser", "account")):
            if self.route.endswith(ending):
                return step
        return "account" if "/user" in self.route else "look"

    @property
    def kind(self) -> str:
        return self.route

    @property
    def is_media(self) -> bool:
        return self.route.startswith("/photos/")


#: The steps in the order of a run: who we are, the list of albums, one album, one photo's address, its bytes.
STEPS = ("account", "albums", "listing", "look", "photo")


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer: the status line and headers, each with its line end, and the body."""

    head: bytes
    body: bytes

    @property
    def whole(self) -> bytes:
        return self.head + b"\r\n" + self.body

    def claiming(self, length: int) -> Answer:
        """The same, with another Content-Length."""
        return Answer(_LENGTH.sub(b"Content-Length: %d\r" % length, self.head), self.body)


Spoil = Callable[[Peer, Answer], None]


class Wire:
    """`origin` is where the command is to ask; `requests` what it has asked since `arm`."""

    def __init__(self, upstream: str) -> None:
        self._upstream = urlsplit(upstream)
        self._server = Server(self._play)
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._armed: tuple[Request, Spoil, int] | None = None
        self.requests: list[Request] = []
        self.struck = 0

    @property
    def origin(self) -> str:
        return self._server.origin

    def arm(self, where: Request | None = None, spoil: Spoil | None = None, *, times: int = 1) -> None:
        """Count from the beginning, and spoil the answer to one request, or to `times` in a row."""
        with self._lock:
            self._counts.clear()
            self.requests = []
            self.struck = 0
            self._armed = (where, spoil, times) if where and spoil else None

    def _asked(self, head: bytes) -> Spoil | None:
        """What is to become of the answer to this question; None: nothing."""
        path = head.split(b" ", 2)[1].decode("latin-1").partition("?")[0]
        with self._lock:
            route = route_of(path)
            self._counts[route] += 1
            number = self._counts[route]
            self.requests.append(Request(route, number))
            if self._armed is None:
                return None
            where, spoil, times = self._armed
            if route != where.route or not where.number <= number < where.number + times:
                return None
            self.struck += 1
            return spoil

    def _play(self, peer: Peer) -> None:
        question = peer.request()
        if not question:
            return
        spoil = self._asked(question)
        answer = self._ask(question)
        if spoil is None:
            peer.send(answer.whole)
        else:
            spoil(peer, answer)

    def _ask(self, question: bytes) -> Answer:
        """The emulator's answer, uncompressed, leading here."""
        lines = question.removesuffix(_HEAD_END).split(b"\r\n")
        kept = [line for line in lines if not line.lower().startswith((b"connection:", b"accept-encoding:"))]
        plain = b"\r\n".join([*kept, b"Connection: close", b"", b""])
        with socket.create_connection((self._upstream.hostname, self._upstream.port)) as upstream:
            upstream.sendall(plain)
            received = b"".join(iter(lambda: upstream.recv(1 << 18), b""))
        head, _, body = received.partition(_HEAD_END)
        answer = Answer(head + b"\r\n", body)
        if b"application/json" in head:
            there, here = self._upstream.netloc.encode(), urlsplit(self.origin).netloc.encode()
            body = body.replace(there, here)
            answer = Answer(answer.head, body).claiming(len(body))
        return answer


@contextlib.contextmanager
def wire(upstream: str) -> Iterator[Wire]:
    """A `Wire` that listens."""
    line = Wire(upstream)
    with line._server:
        yield line


# -- what becomes of an answer ---------------------------------------------------------------------


def reset_before(peer: Peer, answer: Answer) -> None:
    peer.reset()


def reset_within(peer: Peer, answer: Answer) -> None:
    peer.send(answer.whole[: len(answer.head) + len(answer.body) // 2])
    peer.reset()


def closed_before(peer: Peer, answer: Answer) -> None:
    """The other side has gone, politely."""


def cut(peer: Peer, answer: Answer) -> None:
    """Half of the body, then a polite end."""
    peer.send(answer.whole[: len(answer.head) + len(answer.body) // 2])


def silent_before(peer: Peer, answer: Answer) -> None:
    """The question is taken, and nothing comes until the client gives up."""
    with contextlib.suppress(OSError):
        peer.sock.settimeout(_LONGER_THAN_ANYBODY_WAITS)
        peer.sock.recv(1)


def silent_within(peer: Peer, answer: Answer) -> None:
    peer.send(answer.whole[: len(answer.head) + len(answer.body) // 2])
    silent_before(peer, answer)


def flipped(peer: Peer, answer: Answer) -> None:
    """One bit of the body is wrong."""
    middle = len(answer.body) // 2
    wrong = bytes([answer.body[middle] ^ 1]) if answer.body else b""
    peer.send(Answer(answer.head, answer.body[:middle] + wrong + answer.body[middle + 1 :]).whole)


def short_and_content(peer: Peer, answer: Answer) -> None:
    """Half of the body, and a Content-Length that says that this is all: JSON that is cut in the middle."""
    half = answer.body[: len(answer.body) // 2]
    peer.send(Answer(answer.head, half).claiming(len(half)).whole)


def claims_more(peer: Peer, answer: Answer) -> None:
    peer.send(answer.claiming(len(answer.body) + 100).whole)


def claims_less(peer: Peer, answer: Answer) -> None:
    peer.send(answer.claiming(max(len(answer.body) - 100, 0)).whole)


def endless(peer: Peer, answer: Answer) -> None:
    """More than was promised, without a length."""
    head = _LENGTH.sub(b"X-Length: none\r", answer.head)
    peer.send(Answer(head, answer.body + b"\0" * 300_000).whole)


def no_http(peer: Peer, answer: Answer) -> None:
    peer.send(b"\x16\x03\x01 this is not HTTP at all\r\n\r\n")


def says(status: str, body: str = "", *headers: str) -> Spoil:
    """Another answer in its place."""

    def spoil(peer: Peer, answer: Answer) -> None:
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body.encode())}", *headers, "", ""]
        peer.send("\r\n".join(lines).encode() + body.encode())

    return spoil


def page(status: str, *headers: str) -> Spoil:
    """A web page in its place."""
    html = "<!DOCTYPE html><html><head><title>Back soon</title></head><body>Back soon.</body></html>"
    return says(status, html, "Content-Type: text/html; charset=utf-8", *headers)


def json_of(status: str, body: str, *headers: str) -> Spoil:
    return says(status, body, "Content-Type: application/json", *headers)
