"""Every recorded request is sent to the emulator, and its answer compared with the recorded one.

The recordings are one story: an empty site, three pictures, and what was asked of them. The emulator is led
through the same story: at the recorded times, with the recorded keys, challenges and nonces, and with the
bugs that the running copy had then. Steps that are not among the recordings (large uploads, and what shows
private keys) are made good by `PREPARE`. What may differ is in `DIFFERENCES`, with the reason.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from smugsync.emulator.emulator import Emulator
from smugsync.emulator.messages import Request, Response
from smugsync.emulator.settings import Settings
from tests.emulator.ask import Clock
from tests.emulator.pixelpost.client import md5, ser
from tests.emulator.pixelpost.recordings import Recording, read_all

RECORDINGS = read_all()
pytestmark = pytest.mark.skipif(not RECORDINGS, reason="the recorded answers are not at hand")

SITE = "http://127.0.0.1:18093"
PUBLIC = "6e0e1af43b6f9d3a29b3b655290239fe"
PRIVATE = "b21d48f42be29f2a7fedddb1c606697c"
COOKIE_KEY = "78633debb5019a25472ad72cc2dc9cdd"
#: id, file name, bytes, and when the file was made, in microseconds where that is known.
PICTURES = (
    ("05995850eba6a9a71db24843e06583da.jpg", 2406385, 0x660CE541FAA91),
    ("ffd96c8cea0f1a71952893ec4e4cd4a7.jpg", 300_000, 1795289152_000000),
    ("50c163dc40e9873eb13cd16c5f089f5b.jpg", 300_000, 1795289152_000000),
)
#: Which bugs the running copy had, from which recording on; and how it was served.
BUGS = ((1, "on"), (61, "on,-signed-get"), (81, "mended"))
LIFETIMES = ((1, 300), (145, 4), (201, 300))
APACHE = 201

#: Headers that are not compared, and why.
OTHER_HEADERS = {
    "host": "PHP's own server repeats it in its answers, no other does",
    "connection": "this server keeps connections open",
    "x-powered-by": "there is no PHP here",
    "server": "there is no Apache here",
}


@dataclass(frozen=True)
class Difference:
    """What of one recording cannot be the same, and why. `keep` reduces both bodies to what has to be."""

    why: str
    keep: Callable[[str], str] = field(default=lambda body: body)


def without_hmac(body: str) -> str:
    return re.sub(r'"hmac":"[0-9a-f]{32}"', '"hmac":""', body)


_UNKNOWN_NONCE = Difference(
    "the nonce before it is not among the recordings, so the request is signed anew", without_hmac
)
_NO_PICTURE = Difference("the picture is not among the recordings, only its length", lambda body: "")
SIGNED_ANEW = (16, 21, 25)
DIFFERENCES = {
    **dict.fromkeys(SIGNED_ANEW, _UNKNOWN_NONCE),
    183: _NO_PICTURE,
    204: _NO_PICTURE,
    205: _NO_PICTURE,
}


@dataclass
class Story:
    """The emulator on its way through the recordings; asked by requests alone."""

    emulator: Emulator
    clock: Clock
    nonce: str = ""  #: the one it gave last

    def tell(self, recording: Recording) -> Response:
        """Bring the emulator to that moment, and ask."""
        self.clock.now = recording.now
        self.control("switches", **behaviour(recording.number))
        if recording.number in PREPARE:
            PREPARE[recording.number](self)
        request = recording.request
        if recording.number in SIGNED_ANEW:
            request = replace(request, body=self.sign(request.body))
        planned = made_up(recording)
        self.control("pixelpost/chance", **planned)
        self.nonce = planned.get("nonce", [self.nonce])[0]
        return self.emulator.handle(request)

    def sign(self, body: bytes) -> bytes:
        """With the nonce that the emulator has, in the place of one that nobody recorded."""
        call = json.loads(body)
        call["hmac"] = md5(self.nonce, call["method"], ser(call["request"]), md5(PUBLIC, PRIVATE))
        return json.dumps(call).encode()

    def control(self, place: str, **body: Any) -> None:
        sent = json.dumps(body).encode()
        answer = self.emulator.handle(Request("POST", f"/_emulator/{place}", body=sent))
        assert answer.status == 200, answer.content()

    def add(self, filename: str, size: int = 300_000, modified: int = 0) -> None:
        """A photo as long as the recorded one, hidden as new ones are; there is nothing in it."""
        data = base64.b64encode(b"\xff\xd8\xff\xe0".ljust(size, b"\0")).decode()
        options = {"visible": False, "filename": filename, "modified": modified}
        self.control("pixelpost/add", data=data, **options)


def behaviour(number: int) -> dict[str, Any]:
    """The switches as the running copy was at that recording."""
    return {
        "upstream-bugs": last(BUGS, number),
        "pixelpost-lifetime": last(LIFETIMES, number),
        "pixelpost-validators": "on" if number >= APACHE else "off",
    }


def last(table: tuple[tuple[int, Any], ...], number: int) -> Any:
    """The value that holds from the last number that has been reached."""
    return [value for begin, value in table if begin <= number][-1]


def made_up(recording: Recording) -> dict[str, list[str]]:
    """The random texts that an answer shows."""
    found = {
        "nonce": re.search(r'"nonce":"([0-9a-f]{32})"|<nonce>([0-9a-f]{32})</nonce>', recording.body),
        "challenge": re.search(r'"challenge":"([0-9a-f]{32})"', recording.body),
        "upload": re.search(r'"id":"(up_\w{6})"', recording.body),
    }
    return {name: [next(filter(None, one.groups()))] for name, one in found.items() if one}


def sign_in_unseen(story: Story) -> None:
    """The end of the first sign-in, of which only the challenge was recorded (13)."""
    challenge, secret = "835ccc12dabde7712ebe47e1857c99ba", md5(PUBLIC, PRIVATE)
    token = md5(challenge, secret, -(-int(story.clock.now) // 300) * 300)
    request = {"challenge": challenge, "signature": md5(token, challenge, secret)}
    body = json.dumps({"method": "auth.token", "request": request}).encode()
    answer: Any = json.loads(story.emulator.handle(Request("POST", "/api/json/", body=body)).content())
    story.nonce = answer["response"]["nonce"]


def add_pictures(story: Story) -> None:
    """What was uploaded before the second session. Their dates are those of the first listing (48)."""
    for (filename, size, modified), now in zip(PICTURES, (1795289151, 1795289152, 1795289152), strict=True):
        story.clock.now = now
        story.add(filename, size, modified)
    story.clock.now = 1795289211


PREPARE: dict[int, Callable[[Story], None]] = {
    16: sign_in_unseen,
    41: add_pictures,
    141: lambda story: story.control("pixelpost/login", key=COOKIE_KEY),
    165: lambda story: story.add("bcc3ca6e5619c778e57ee5fa5b5932e5.jpg"),
    174: lambda story: story.add("7993b512392c438dd7b62972a75313d9.jpg"),
}


@pytest.fixture(scope="module")
def answers() -> Iterator[dict[str, Response]]:
    """Every answer of the emulator, by the recording's name."""
    clock = Clock(RECORDINGS[0].now)
    emulator = Emulator(Settings(albums=0, nickname="owner"), clock=clock)
    emulator.origin = SITE
    story = Story(emulator, clock)
    keys = {"public_key": PUBLIC, "private_key": PRIVATE}
    story.control("pixelpost/entities", name="mirror", grants=["read", "write"], **keys)
    yield {recording.name: story.tell(recording) for recording in RECORDINGS}
    emulator.close()


def compared(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {name: value for name, value in headers if name not in OTHER_HEADERS}


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda recording: recording.name)
def test_the_answer_is_the_recorded_one(recording: Recording, answers: dict[str, Response]) -> None:
    response = answers[recording.name]
    given = {name.lower(): value for name, value in response.headers}
    if "content-length" in recording.headers:  # it is added to every answer on its way out
        given["content-length"] = str(len(response.body))
    assert response.status == recording.status
    assert given == compared(recording.headers.items())
    if recording.request.method != "HEAD":
        keep = DIFFERENCES[recording.number].keep if recording.number in DIFFERENCES else str
        assert keep(response.content().decode("utf-8", "replace")) == keep(recording.body)


@pytest.mark.parametrize("recording", [one for one in RECORDINGS if one.binary], ids=lambda one: one.name)
def test_a_picture_is_as_long_as_the_recorded_one(recording: Recording, answers: dict[str, Response]) -> None:
    assert len(answers[recording.name].body) == recording.binary


def test_every_difference_is_one(answers: dict[str, Response]) -> None:
    """What is permitted and does not happen hides what may happen later."""
    same = [
        one.name
        for one in RECORDINGS
        if one.number in DIFFERENCES and answers[one.name].content() == one.body.encode()
    ]
    assert not same
