"""Whatever a host puts into an answer's head: it ends in an error of ours, and nothing stays open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import httpx
from hypothesis import example, given, settings
from hypothesis import strategies as st

from smugsync.errors import SmugsyncError
from smugsync.remote.dialect import Auth, Call
from smugsync.remote.hosts import Hosts
from smugsync.remote.session import Manners, Session
from smugsync.remote.transport import DirectTransport
from smugsync.stop import Stop
from tests.remote.servers import Server, always
from tests.remote.test_session import ASK, MEDIA, Scene, SmallDialect

HOSTS = st.sampled_from(
    [
        b"photos.smugmug.com",
        "①②⑦.⓪.⓪.①".encode(),
        "photos.smugmug.com／evil.example".encode(),
        b"\xff.smugmug.com",
        b"xn--a.smugmug.com",
        b"[::1]",
        b"[::zz]",
        b"a" * 300 + b".smugmug.com",
        b"",
        b"photos.smugmug.com:99999999999",
        b"photos.smugmug.com:-1",
    ]
)
TARGETS = st.one_of(
    st.binary(max_size=40),
    st.builds(
        lambda scheme, host, path: scheme + host + path,
        st.sampled_from([b"https://", b"http://", b"//", b"HTTPS:", b"file://", b""]),
        HOSTS | st.binary(max_size=12),
        st.sampled_from([b"", b"/", b"/a.jpg?b#c"]) | st.binary(max_size=12),
    ),
)


class Watched(httpx.SyncByteStream):
    """A body of which it is known whether it was closed."""

    def __init__(self, opened: list[Watched]) -> None:
        opened.append(self)
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        yield b"{}"

    def close(self) -> None:
        self.closed = True


@given(target=TARGETS, call=st.sampled_from([MEDIA, ASK]), status=st.sampled_from([301, 302, 303, 307, 308]))
@example(target="https://①②⑦.⓪.⓪.①/a.jpg".encode(), call=MEDIA, status=302)
@example(target=b"https://\xff.smugmug.com/a.jpg", call=MEDIA, status=302)
@settings(deadline=None)
def test_a_redirect_leads_to_the_service_or_ends_in_an_error_of_ours(
    target: bytes, call: Call, status: int
) -> None:
    opened: list[Watched] = []

    def answer(request: httpx.Request) -> httpx.Response:
        headers = [] if opened else [(b"Location", target)]
        return httpx.Response(200 if opened else status, headers=headers, stream=Watched(opened))

    scene = Scene(answer)
    with suppress(SmugsyncError):
        if call is MEDIA:
            scene.read(call)
        else:
            scene.ask(call)
    assert all(stream.closed for stream in opened)
    for request in scene.requests:
        assert request.url.scheme == "https"
        assert request.url.raw_host.endswith(b".smugmug.com")


LINES = st.tuples(
    st.sampled_from(
        b"Location ETag Last-Modified Content-Length Content-Range Content-Type Content-Encoding Connection "
        b"Transfer-Encoding Set-Cookie Date X".split()
    )
    | st.binary(max_size=6),
    st.binary(max_size=24) | st.sampled_from([b"0", b"5", b"-1", b"9" * 30, b"chunked", b"bytes 0-4/5"]),
)
STATUSES = st.sampled_from(b"200 OK,206 Part,302 Found,100 Go on,204,416 No,999 \xff".split(b","))


@given(
    status=STATUSES | st.binary(max_size=8),
    lines=st.lists(LINES, max_size=4),
    body=st.binary(max_size=40),
    is_media=st.booleans(),
)
@settings(max_examples=30, deadline=None)
def test_a_head_of_any_bytes_ends_in_an_answer_or_an_error_of_ours(
    status: bytes, lines: list[tuple[bytes, bytes]], body: bytes, *, is_media: bool
) -> None:
    """A socket that stays open warns as it is collected, and a warning is an error."""
    head = b"".join(b"%b: %b\r\n" % line for line in lines)
    with Server(always(b"HTTP/1.1 %b\r\n%b\r\n%b" % (status, head, body))) as server:
        manners = Manners(tries=1, stall=0.02, sleep=lambda _: None)
        session = Session(DirectTransport(), Hosts([server.origin]), None, Stop(), manners=manners)
        call = Call("GET", f"{server.origin}/a", auth=Auth.NONE if is_media else Auth.ACCOUNT)
        with suppress(SmugsyncError):
            if is_media:
                with session.stream(call, SmallDialect()) as answer:
                    b"".join(bytes(view) for view in answer)
            else:
                session.ask(call, SmallDialect())
        session.close()
