"""Who asks again, how long we wait, what is signed, and what a person is told."""

from __future__ import annotations

import gzip
import json
import logging
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import httpx
import pytest

from smugsync.errors import (
    ClockSkew,
    Garbled,
    Gone,
    Interrupted,
    NotAuthorised,
    Rejected,
    SmugsyncError,
    Transient,
    Unreachable,
)
from smugsync.remote.dialect import Auth, Call, Reply
from smugsync.remote.hosts import Hosts
from smugsync.remote.sending import Counts
from smugsync.remote.session import Manners, Session
from smugsync.remote.signing import KeySigner, OAuth1Signer, Signed, Signer
from smugsync.remote.transport import TransportAborted
from smugsync.stop import Stop

API = "https://api.smugmug.com"
ASK = Call("GET", f"{API}/api/v2!authuser")
POST = Call("POST", f"{API}/api/v2/node/x!children", body=b"{}", idempotent=False)
MEDIA = Call("GET", "https://photos.smugmug.com/a.jpg", auth=Auth.NONE)
NOON = 1_700_000_000.0
DATE = "Tue, 14 Nov 2023 22:13:20 GMT"  # NOON
PAGE = b"<!DOCTYPE html><html><title>Sign in</title></html>"

Answer = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


class SmallDialect:
    """JSON or nothing, in ten lines."""

    def failure(self, reply: Reply, call: Call) -> SmugsyncError | None:
        known: dict[int, SmugsyncError] = {
            401: NotAuthorised("sign in"),
            404: Gone("gone"),
            425: ClockSkew("the time stamp is refused"),
            429: Transient("too many", float(reply.headers.get("retry-after", 0)) or None),
        }
        if reply.status in known:
            return known[reply.status]
        if reply.status >= 500:
            return Transient(f"answered {reply.status}")
        try:
            json.loads(reply.body)
        except ValueError:
            return Garbled("not JSON")
        return None


class CountingSigner:
    """Signs with a running number, and remembers what it signed."""

    def __init__(self) -> None:
        self.signed: list[tuple[str, float]] = []

    def sign(self, call: Call, url: str, *, skew: float = 0.0) -> Signed:
        self.signed.append((url, skew))
        return Signed(url, (("Authorization", f"number {len(self.signed)}"),))


class Scene:
    """A session on a scripted network, with time that passes only when somebody waits."""

    def __init__(self, *answers: Answer, signer: Signer | None = None, hosts: Hosts | None = None) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.waits: list[float] = []
        self.warnings: list[str] = []
        self.now = 0.0
        self.jump = 0.0  #: by which somebody has set the wall clock
        self.stop = Stop()
        self.signer = CountingSigner()
        self.session = Session(
            httpx.MockTransport(self.answer),
            hosts or Hosts([API, "https://upload.smugmug.com/"]),
            signer or self.signer,
            self.stop,
            warn=self.warnings.append,
            manners=Manners(
                clock=lambda: NOON + self.now + self.jump,
                ticks=lambda: self.now,
                random=lambda: 1.0,
                sleep=self.sleep,
            ),
        )

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        # A fresh copy: one answer may serve several requests.
        return copy(answer(request) if callable(answer) else answer)

    def sleep(self, seconds: float) -> None:
        self.stop.check()
        self.waits.append(seconds)
        self.now += seconds

    def ask(self, call: Call = ASK) -> Reply:
        return self.session.ask(call, SmallDialect())

    def read(self, call: Call = MEDIA, *, offset: int = 0, validator: str | None = None) -> bytes:
        with self.session.stream(call, SmallDialect(), offset=offset, validator=validator) as body:
            self.body = body
            return b"".join(bytes(view) for view in body)


def copy(response: httpx.Response) -> httpx.Response:
    return httpx.Response(response.status_code, headers=response.headers, stream=response.stream)


def ok(value: object = None, **headers: str) -> httpx.Response:
    return httpx.Response(200, json={"Response": value}, headers=headers)


def page(status: int = 200) -> httpx.Response:
    return httpx.Response(status, content=PAGE, headers={"Content-Type": "text/html"})


def to(url: str, status: int = 302) -> httpx.Response:
    return httpx.Response(status, headers={"Location": url})


def caused(exc: httpx.TransportError, cause: Exception) -> httpx.TransportError:
    exc.__cause__ = cause
    return exc


# -- asking ------------------------------------------------------------------------------------------


def test_an_answer() -> None:
    scene = Scene(ok(1))
    reply = scene.ask()
    assert (reply.status, reply.url) == (200, ASK.url)
    assert json.loads(reply.body) == {"Response": 1}
    assert reply.headers["content-type"] == "application/json"
    assert scene.requests[0].headers["user-agent"].startswith("smugsync/")
    assert scene.requests[0].headers["accept-encoding"] == "gzip"
    assert scene.waits == []
    assert scene.session.counts == Counts(api_requests=1)


def test_the_calls_own_headers_and_body_are_sent() -> None:
    scene = Scene(ok())
    scene.ask(Call("POST", ASK.url, (("Accept", "application/json"), ("Content-Type", "text/x")), b"body"))
    (request,) = scene.requests
    assert request.headers["accept"] == "application/json"
    assert request.headers["content-type"] == "text/x"
    assert request.content == b"body"


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.Response(500),
        httpx.Response(503),
        httpx.Response(504),
        httpx.Response(429),
        page(200),
        page(503),
        httpx.ConnectError("no"),
        httpx.ConnectTimeout("no"),
        httpx.ReadTimeout("no"),
        httpx.RemoteProtocolError("no"),
        httpx.ReadError("no"),
    ],
    ids=lambda trouble: str(trouble) or type(trouble).__name__,
)
def test_it_asks_again_and_signs_anew(trouble: Answer) -> None:
    scene = Scene(trouble, trouble, ok(1))
    assert scene.ask().status == 200
    assert [request.headers["authorization"] for request in scene.requests] == [
        "number 1",
        "number 2",
        "number 3",
    ]
    assert scene.waits == [1.0, 2.0]


@pytest.mark.parametrize("status", [401, 404])
def test_it_does_not_ask_again_where_that_is_useless(status: int) -> None:
    scene = Scene(httpx.Response(status))
    with pytest.raises((NotAuthorised, Gone)):
        scene.ask()
    assert len(scene.requests) == 1


def test_it_asks_five_times_at_most() -> None:
    scene = Scene(httpx.Response(502))
    with pytest.raises(Transient, match="answered 502"):
        scene.ask()
    assert len(scene.requests) == 5
    assert scene.waits == [1.0, 2.0, 4.0, 8.0]


def test_a_call_that_is_not_idempotent_is_sent_once() -> None:
    for trouble in (httpx.Response(504), httpx.ReadTimeout("no"), page()):
        scene = Scene(trouble)
        with pytest.raises(Transient):
            scene.ask(POST)
        assert len(scene.requests) == 1


def test_a_stop_ends_the_waiting() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        scene.stop.set()
        return httpx.Response(503)

    scene = Scene(answer)
    with pytest.raises(Interrupted):
        scene.ask()
    assert len(scene.requests) == 1


def test_an_aborted_request_is_interrupted() -> None:
    scene = Scene(TransportAborted("stopped"))
    with pytest.raises(Interrupted):
        scene.ask()
    with pytest.raises(Interrupted):
        scene.read()


def test_nothing_is_asked_after_a_stop() -> None:
    scene = Scene(ok())
    scene.stop.set()
    with pytest.raises(Interrupted):
        scene.ask()
    with pytest.raises(Interrupted):
        scene.read()
    assert scene.requests == []


def test_cookies_are_not_kept() -> None:
    scene = Scene(ok(**{"Set-Cookie": "session=1"}), ok())
    scene.ask()
    scene.ask()
    assert "cookie" not in scene.requests[1].headers


# -- what a person is told ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (
            caused(httpx.ConnectError("x"), socket.gaierror(-2, "Name or service not known")),
            "cannot be found",
        ),
        (caused(httpx.ConnectError("x"), ConnectionRefusedError()), "api.smugmug.com refuses the connection"),
        (httpx.ConnectTimeout("x"), "cannot be reached: no connection within the time-out"),
        (httpx.ReadTimeout("x"), "api.smugmug.com has stopped answering"),
        (httpx.ConnectError("[Errno 113] No route to host"), "No route to host"),
        (httpx.ProxyError("407 Proxy Authentication Required"), "the proxy on the way to api.smugmug.com"),
        (httpx.ReadError(""), "the connection to api.smugmug.com broke (ReadError)"),
        (page(), "captive portal or sign-in page"),
    ],
)
def test_unreachable_names_the_host_and_the_cause(trouble: Answer, words: str) -> None:
    scene = Scene(trouble)
    with pytest.raises(Unreachable) as caught:
        scene.ask()
    assert "api.smugmug.com" in str(caught.value)
    assert words in str(caught.value)
    assert len(scene.requests) == 5


def test_one_question_that_is_too_much_does_not_make_the_host_unreachable() -> None:
    scene = Scene(ok(), httpx.ReadTimeout("no"))
    scene.ask()
    with pytest.raises(Transient, match="has stopped answering"):
        scene.ask()


def test_an_untrusted_certificate_is_not_asked_for_again() -> None:
    refused = ssl.SSLCertVerificationError(1, "certificate verify failed")
    refused.verify_code, refused.verify_message = 20, "unable to get local issuer certificate"
    for ask in (Scene.ask, Scene.read):
        scene = Scene(caused(httpx.ConnectError("x"), refused))
        with pytest.raises(Unreachable, match=r"remote\.ca_file"):
            ask(scene)
        assert len(scene.requests) == 1


# -- rate limits -------------------------------------------------------------------------------------


def test_retry_after_is_obeyed() -> None:
    scene = Scene(httpx.Response(429, headers={"Retry-After": "120"}), ok())
    assert scene.ask().status == 200
    assert scene.waits == [120.0]


def test_one_refusal_makes_everybody_wait() -> None:
    scene = Scene(httpx.Response(429, headers={"Retry-After": "120"}), ok())
    with pytest.raises(Transient):
        scene.ask(POST)
    assert scene.session.budget.delay() == 120.0
    scene.ask()
    assert scene.waits == [120.0]


def test_patience_ends() -> None:
    scene = Scene(httpx.Response(429, headers={"Retry-After": "3600"}))
    with pytest.raises(Unreachable, match=r"rate limit: api\.smugmug\.com wants us to wait for 60 minutes"):
        scene.ask()
    assert scene.waits == []


def test_patience_is_for_all_waits_together() -> None:
    scene = Scene(httpx.Response(429, headers={"Retry-After": "400"}))
    with pytest.raises(Unreachable, match="rate limit"):
        scene.ask()
    assert scene.waits == [400.0, 400.0]


def test_the_window_is_read_from_each_answer_by_the_services_clock() -> None:
    limits = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(NOON) + 30), "Date": DATE}
    scene = Scene(ok(**limits), ok())
    scene.now = 86_400.0  # our clock is a day off
    scene.ask()
    assert scene.session.budget.remaining == 0
    scene.ask()
    assert scene.waits == [30.0]


# -- the clock ---------------------------------------------------------------------------------------


def test_a_wrong_clock_is_corrected_once_and_told() -> None:
    scene = Scene(httpx.Response(425, headers={"Date": DATE}), ok())
    scene.now = 86_400.0
    assert scene.ask().status == 200
    assert [skew for _, skew in scene.signer.signed] == [0.0, -86_400.0]
    assert scene.waits == [0.0]
    (warning,) = scene.warnings
    assert "24 hours ahead of the time of api.smugmug.com" in warning
    scene.ask()
    assert scene.signer.signed[-1][1] == -86_400.0


def test_a_refused_time_stamp_was_not_applied() -> None:
    scene = Scene(httpx.Response(425, headers={"Date": DATE}), ok())
    assert scene.ask(POST).status == 200


def test_services_clock_goes_on_from_its_last_good_answer() -> None:
    scene = Scene(ok(Date=DATE), httpx.Response(404, headers={"Date": "Thu, 01 Jan 1970 00:00:00 GMT"}))
    assert scene.session.service_time() is None
    scene.now = 86_400.0  # our clock is a day off
    scene.ask()
    scene.now += 60.0
    assert scene.session.service_time() == NOON + 60.0
    with pytest.raises(Gone):
        scene.ask()
    assert scene.session.service_time() == NOON + 60.0


def test_services_clock_does_not_jump_with_ours() -> None:
    scene = Scene(ok(Date=DATE))
    scene.ask()
    scene.jump = 400 * 86_400.0
    assert scene.session.service_time() == NOON


@pytest.mark.parametrize("headers", [{}, {"Date": "soon"}])
def test_services_clock_is_unknown_where_its_last_answer_does_not_say(headers: dict[str, str]) -> None:
    scene = Scene(ok(Date=DATE), ok(**headers))
    scene.ask()
    scene.ask()
    assert scene.session.service_time() is None


@pytest.mark.parametrize("headers", [{}, {"Date": "soon"}])
def test_a_service_that_does_not_say_the_time(headers: dict[str, str]) -> None:
    scene = Scene(httpx.Response(425, headers=headers))
    with pytest.raises(Unreachable, match="set this computer's clock"):
        scene.ask()
    assert len(scene.requests) == 1


def test_a_clock_that_cannot_be_satisfied() -> None:
    scene = Scene(httpx.Response(425, headers={"Date": DATE}))
    with pytest.raises(Unreachable, match="also by its own clock"):
        scene.ask()
    assert len(scene.requests) == 5


# -- size and encoding -------------------------------------------------------------------------------


def test_gzip_is_unpacked() -> None:
    body = gzip.compress(b'{"a": 1}')
    scene = Scene(httpx.Response(200, content=body, headers={"Content-Encoding": "gzip"}))
    assert scene.ask().body == b'{"a": 1}'


@pytest.mark.parametrize(
    ("content", "coding"),
    [
        (gzip.compress(bytes(17 << 20)), "gzip"),
        (bytes(17 << 20), "identity"),
        (b"not gzip at all", "gzip"),
        (b"{}", "br"),
    ],
    ids=["bomb", "too large", "damaged", "unasked"],
)
def test_what_we_are_not_ready_to_hold(content: bytes, coding: str) -> None:
    scene = Scene(httpx.Response(200, content=b"", headers={"Content-Encoding": coding}))
    scene.answers = [
        httpx.Response(200, headers={"Content-Encoding": coding}, stream=httpx.ByteStream(content))
    ]
    with pytest.raises(Garbled):
        scene.ask()


def test_an_answer_may_be_as_long_as_its_call_says() -> None:
    long = b'"' + b" " * (17 << 20) + b'"'
    assert Scene(httpx.Response(200, content=long)).ask(replace(ASK, most=18 << 20)).body == long


def test_a_packed_answer_that_ends_early_is_asked_for_again() -> None:
    cut = httpx.Response(
        200, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(gzip.compress(b'{"a": 1}')[:-9])
    )
    assert Scene(cut, ok()).ask().status == 200


# -- redirects ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("target", ["/api/v2/image/x-0", f"{API}/api/v2/image/x-0#part"])
def test_a_redirect_is_followed_and_signed_anew(status: int, target: str) -> None:
    scene = Scene(to(target, status), ok())
    scene.ask()
    assert [url for url, _ in scene.signer.signed] == [ASK.url, f"{API}/api/v2/image/x-0"]
    assert scene.requests[1].headers["authorization"] == "number 2"
    assert scene.session.counts.api_requests == 2


def test_credentials_do_not_follow_to_other_hosts() -> None:
    scene = Scene(to("https://photos.smugmug.com/x"), ok())
    scene.ask()
    assert "authorization" not in scene.requests[1].headers


def test_the_api_does_not_redirect_elsewhere() -> None:
    scene = Scene(to("http://portal.example/login?from=api"))
    with pytest.raises(Unreachable, match=r"captive portal.*portal\.example"):
        scene.ask()
    assert len(scene.requests) == 1


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/a.jpg",
        "file:///etc/passwd",
        "https://127.0.0.1/a",
        "http://photos.smugmug.com/a",
    ],
)
def test_media_do_not_redirect_elsewhere(target: str) -> None:
    scene = Scene(to(target))
    with pytest.raises(Rejected):
        scene.read()
    assert len(scene.requests) == 1


def test_a_circle_of_redirects_ends() -> None:
    scene = Scene(to("/again"))
    with pytest.raises(Garbled, match="redirects more than 5 times"):
        scene.ask()
    assert len(scene.requests) == 6


def test_a_redirect_to_nonsense() -> None:
    with pytest.raises(Unreachable, match="location header"):
        Scene(to("https://[::zz]/")).ask()


@pytest.mark.parametrize("url", ["https://[::zz]/", "https://a:port/", "not an address", ""])
def test_an_address_that_makes_no_sense(url: str) -> None:
    scene = Scene(media())
    with pytest.raises(Rejected):
        scene.read(Call("GET", url, auth=Auth.NONE))
    assert scene.requests == []


def test_only_get_follows_redirects() -> None:
    scene = Scene(httpx.Response(302, headers={"Location": "/api/v2/x"}, content=b"no JSON"))
    with pytest.raises(Garbled):
        scene.ask(POST)
    assert len(scene.requests) == 1


@pytest.mark.parametrize("url", ["https://photos.smugmug.com/api", "https://api.smugmug.com:8443/api"])
def test_credentials_are_sent_to_configured_origins_only(url: str) -> None:
    scene = Scene(ok())
    with pytest.raises(Rejected):
        scene.ask(Call("GET", url))
    assert scene.requests == []


def test_the_key_is_no_part_of_the_reply() -> None:
    scene = Scene(ok(), signer=KeySigner("KEY"))
    assert "KEY" not in scene.ask().url
    assert scene.requests[0].url.params["APIKey"] == "KEY"


def test_no_log_line_holds_credentials(caplog: pytest.LogCaptureFixture) -> None:
    signers: list[Signer] = [
        KeySigner("CANARY"),
        OAuth1Signer("CANARY", "CANARY", "CANARY", "CANARY", nonce=lambda: "CANARY"),
    ]
    with caplog.at_level(logging.DEBUG):
        for signer in signers:
            Scene(httpx.Response(503), ok(), signer=signer).ask()
    assert "CANARY" not in caplog.text


# -- media -------------------------------------------------------------------------------------------

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 10


def media(content: bytes = JPEG, /, status: int = 200, **headers: str) -> httpx.Response:
    return part(content, headers, status)


def part(content: bytes, headers: dict[str, str], status: int = 206) -> httpx.Response:
    return httpx.Response(status, content=content, headers={"Content-Type": "image/jpeg", **headers})


def test_a_file() -> None:
    scene = Scene(media(ETag='"abc"'))
    assert scene.read() == JPEG
    body = scene.body
    assert (body.status, body.length, body.total, body.resumed) == (200, len(JPEG), len(JPEG), False)
    assert (body.validator, body.content_type) == ('"abc"', "image/jpeg")
    (request,) = scene.requests
    assert request.headers["accept-encoding"] == "identity"
    assert "authorization" not in request.headers
    assert "range" not in request.headers
    assert scene.session.counts == Counts(media_requests=1)


@pytest.mark.parametrize(
    ("headers", "validator"),
    [
        ({"ETag": '"a"', "Last-Modified": DATE}, '"a"'),
        ({"ETag": 'W/"a"', "Last-Modified": DATE}, DATE),
        ({"ETag": 'W/"a"'}, None),
        ({}, None),
    ],
)
def test_only_a_strong_validator_can_resume(headers: dict[str, str], validator: str | None) -> None:
    scene = Scene(part(JPEG, headers, 200))
    scene.read()
    assert scene.body.validator == validator


@pytest.mark.parametrize("etag", [b'"\xe9"', b'"\xc3\xa9"', b'"a\x7fb"', b'"a\tb"'])
def test_what_could_not_be_sent_back_as_it_came_is_no_validator(etag: bytes) -> None:
    scene = Scene(httpx.Response(200, headers=[(b"ETag", etag), (b"Last-Modified", etag)], content=JPEG))
    scene.read()
    assert scene.body.validator is None


def ranges(request: httpx.Request) -> httpx.Response:
    """A media host that keeps the rules of RFC 9110, section 14."""
    if request.headers.get("range") and request.headers.get("if-range") == '"a"':
        start = int(request.headers["range"].removeprefix("bytes=").removesuffix("-"))
        if start >= len(JPEG):
            return httpx.Response(416, headers={"Content-Range": f"bytes */{len(JPEG)}"})
        span = f"bytes {start}-{len(JPEG) - 1}/{len(JPEG)}"
        return part(JPEG[start:], {"Content-Range": span, "ETag": '"a"'})
    return media(ETag='"a"')


def test_a_file_is_resumed() -> None:
    scene = Scene(ranges)
    assert scene.read(offset=100, validator='"a"') == JPEG[100:]
    assert (scene.body.resumed, scene.body.length, scene.body.total) == (True, len(JPEG) - 100, len(JPEG))


@pytest.mark.parametrize(
    ("offset", "validator", "requests"),
    [
        (100, '"old"', 1),  # replaced meanwhile: the host sends all of it
        (100, None, 1),  # nothing to hold it to: all of it is asked for
        (10**6, '"a"', 2),  # shorter than what is held: 416
    ],
)
def test_a_file_that_cannot_be_resumed_starts_over(offset: int, validator: str | None, requests: int) -> None:
    scene = Scene(ranges)
    assert scene.read(offset=offset, validator=validator) == JPEG
    assert not scene.body.resumed
    assert len(scene.requests) == requests


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Range": f"bytes 50-{len(JPEG) - 1}/{len(JPEG)}", "ETag": '"a"'},
        {"Content-Range": "bytes */5", "ETag": '"a"'},
        {"ETag": '"a"'},
        {"Content-Range": f"bytes 100-{len(JPEG) - 1}/{len(JPEG)}", "ETag": '"b"'},
        {"Content-Type": "multipart/byteranges; boundary=x"},
    ],
)
def test_another_range_than_the_one_asked_for_is_not_used(headers: dict[str, str]) -> None:
    scene = Scene(part(JPEG[100:], headers), media())
    assert scene.read(offset=100, validator='"a"') == JPEG
    assert not scene.body.resumed


def test_a_part_where_the_whole_was_asked_for() -> None:
    with pytest.raises(Garbled, match="a part of the file"):
        Scene(part(JPEG[:10], {"Content-Range": f"bytes 0-9/{len(JPEG)}"})).read()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (page(), Garbled),
        (httpx.Response(200, content=b"\n <!doctype HTML><p>Maintenance"), Garbled),
        (httpx.Response(200, content=b"<html>", headers={"Content-Type": "image/jpeg"}), Garbled),
        (httpx.Response(200, content=b""), Transient),
        (httpx.Response(404), Gone),
        (httpx.Response(503), Transient),
        (httpx.Response(403, content=b"{}"), Transient),  # the dialect has no opinion
        (httpx.ConnectError("no"), Transient),
        (httpx.ReadTimeout("no"), Transient),
    ],
)
def test_what_is_not_a_file(answer: Answer, error: type[Exception]) -> None:
    scene = Scene(answer)
    with pytest.raises(error):
        scene.read()
    assert len(scene.requests) == 1
    assert scene.waits == []


def test_a_packed_file_was_not_asked_for() -> None:
    packed = httpx.Response(
        200, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(gzip.compress(JPEG))
    )
    with pytest.raises(Garbled, match="encoding"):
        Scene(packed).read()


def test_an_svg_is_no_web_page() -> None:
    assert Scene(httpx.Response(200, content=b"<svg></svg>")).read() == b"<svg></svg>"


class Chunks(httpx.SyncByteStream):
    def __init__(self, chunks: Callable[[], Iterator[bytes]]) -> None:
        self._chunks = chunks
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks()

    def close(self) -> None:
        self.closed = True


def test_a_file_that_breaks_off() -> None:
    def chunks() -> Iterator[bytes]:
        yield JPEG
        raise httpx.RemoteProtocolError("5 bytes missing")

    with pytest.raises(Transient, match=r"photos\.smugmug\.com broke \(5 bytes missing\)"):
        Scene(lambda _: httpx.Response(200, stream=Chunks(chunks))).read()


def test_a_trickle_is_given_up() -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(100):
            scene.now += 20
            yield b"drop"

    scene = Scene(lambda _: httpx.Response(200, stream=Chunks(chunks)))
    with pytest.raises(Transient, match="too slowly"):
        scene.read()
    assert scene.now <= 100


def test_a_slow_line_is_not_given_up() -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(100):
            scene.now += 20
            yield bytes(40_000)

    scene = Scene(lambda _: httpx.Response(200, stream=Chunks(chunks)))
    assert len(scene.read()) == 4_000_000


def test_leaving_early_closes_the_answer() -> None:
    stream = Chunks(lambda: iter([JPEG, JPEG]))
    scene = Scene(lambda _: httpx.Response(200, stream=stream))
    with scene.session.stream(MEDIA, SmallDialect()) as body:
        next(iter(body))
    assert stream.closed


@contextmanager
def raising() -> Iterator[None]:
    with pytest.raises(LookupError):
        yield


def test_an_error_of_the_reader_passes_unchanged() -> None:
    scene = Scene(media())
    with raising(), scene.session.stream(MEDIA, SmallDialect()):
        raise LookupError("the disk")


def test_media_may_need_the_accounts_credentials() -> None:
    scene = Scene(media())
    scene.read(Call("GET", f"{API}/media/a.jpg"))
    assert scene.requests[0].headers["authorization"] == "number 1"
