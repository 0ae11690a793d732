"""A file on its way out over real sockets: what goes over the wire, and what comes of every bad end."""

from __future__ import annotations

import base64
import hashlib
import os
import queue
import socket
import ssl
import threading
import time
import tracemalloc
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

import httpx
import pytest
import trustme

from smugsync.core.model import Outgoing, Sent
from smugsync.errors import Doubtful, Interrupted, NotAuthorised, Rejected, Transient, Unreachable
from smugsync.remote.dialect import Content
from smugsync.remote.hosts import Hosts
from smugsync.remote.outflow import Outflow
from smugsync.remote.proxy import build_transport
from smugsync.remote.session import Manners, Session
from smugsync.remote.signing import OAuth1Signer
from smugsync.remote.smugmug_v2.dialect import SmugMugV2
from smugsync.remote.transport import DirectTransport
from smugsync.remote.uploads import Uploads
from smugsync.remote.writing import write_request
from smugsync.stop import Stop

from .conftest import serving
from .servers import LONG, Peer, Server, always, plain

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # about an unrelated module of its own
    from authlib.oauth1 import ClientAuth  # type: ignore[import-untyped]  # it ships no types

TAKEN = plain(b'{"stat":"ok","Image":{"ImageUri":"/api/v2/image/new-0"}}')
KEYS = ("key", "secret", "token", "token secret")
MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Film:
    """`size` bytes in chunks of 256 KB, all of them in one buffer."""

    size: int

    def chunks(self) -> Iterator[memoryview]:
        buffer = bytearray(256 * 1024)
        for start in range(0, self.size, len(buffer)):
            buffer[:8] = start.to_bytes(8, "big")
            yield memoryview(buffer)[: self.size - start]

    def md5(self) -> str:
        digest = hashlib.md5()
        for chunk in self.chunks():
            digest.update(chunk)
        return digest.hexdigest()


def uploads(
    server: Server,
    transport: httpx.BaseTransport | None = None,
    manners: Manners | None = None,
    up: Callable[[int], None] | None = None,
) -> tuple[Uploads, Session]:
    session = Session(
        transport or DirectTransport(),
        Hosts([server.origin]),
        OAuth1Signer(*KEYS),
        Stop(),
        manners=manners or Manners(),
        up=up,
    )
    return Uploads(SmugMugV2(server.origin, upload_url=f"{server.origin}/up/"), session), session


def send(to: Uploads, film: Content, md5: str = "0" * 32) -> Sent:
    return to.send(Outgoing("album", "Ünse Film.mp4", md5, film.size, keywords=("a", "b")), film)


def take(peer: Peer, size: int = 1 << 62) -> tuple[dict[str, str], bytes, int]:
    """One request, of its body at most `size` bytes: its header lines, MD5 and size of the body."""
    head, _, data = peer.request().partition(b"\r\n\r\n")
    if not head:
        raise ConnectionResetError("the client has left")
    lines = [line.partition(": ") for line in head.decode("ascii").split("\r\n")[1:]]
    fields = {name.lower(): value for name, _, value in lines}
    assert len(fields) == len(lines)
    digest, left = hashlib.md5(data), min(int(fields["content-length"]), size) - len(data)
    while left > 0 and (data := peer.sock.recv(min(left, MEGABYTE))):
        digest.update(data)
        left -= len(data)
    return fields, digest.digest(), int(fields["content-length"])


def test_the_request_on_the_wire() -> None:
    seen: queue.Queue[tuple[dict[str, str], bytes, int]] = queue.Queue()

    def script(peer: Peer) -> None:
        seen.put(take(peer))
        peer.send(TAKEN)

    film = Film(700_000)
    with Server(script) as server:
        to, session = uploads(server)
        assert send(to, film, film.md5()) == Sent("new", 0)
        session.close()
        fields, digest, size = seen.get(timeout=LONG)
        origin, host = server.origin, server.origin.removeprefix("http://")
    authorization = fields.pop("authorization")
    assert size == film.size
    assert digest.hex() == film.md5()
    assert server.requests[0].startswith(b"POST /up/ HTTP/1.1\r\n")
    assert fields.pop("user-agent").startswith("smugsync/")
    assert fields == {
        "host": host,
        "accept": "application/json",
        "accept-encoding": "gzip",
        "content-length": "700000",
        "content-md5": base64.b64encode(digest).decode(),
        "content-type": "video/mp4",
        "x-smug-albumuri": "/api/v2/album/album",
        "x-smug-filename": "%C3%9Cnse Film.mp4",
        "x-smug-keywords": "a; b",
        "x-smug-responsetype": "JSON",
        "x-smug-version": "v2",
    }
    given = dict(part.strip().split("=", 1) for part in authorization.removeprefix("OAuth ").split(","))
    assert set(given) == {
        "oauth_consumer_key",
        "oauth_nonce",
        "oauth_signature",
        "oauth_signature_method",
        "oauth_timestamp",
        "oauth_token",
        "oauth_version",
    }
    theirs = ClientAuth(*KEYS).get_oauth_signature(
        "POST", f"{origin}/up/", {"Content-Type": "video/mp4", "Authorization": authorization}, ""
    )
    assert unquote(given["oauth_signature"].strip('"')) == theirs


def test_a_large_film_takes_no_memory() -> None:
    digests: queue.Queue[bytes] = queue.Queue()

    def script(peer: Peer) -> None:
        digests.put(take(peer)[1])
        peer.send(TAKEN)

    film = Film(64 * MEGABYTE)
    with Server(script) as server:
        to, session = uploads(server)
        tracemalloc.start()
        try:
            send(to, film)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert session.counts.bytes_sent == film.size
        session.close()
    assert digests.get(timeout=LONG).hex() == film.md5()
    assert peak < 4 * MEGABYTE  # both ends of it


EARLY = {
    413: (plain(b"{}", "413 Content Too Large"), Rejected),
    401: (
        plain(b'{"Code":401,"Message":"oauth_problem=token_rejected"}', "401 Unauthorized"),
        NotAuthorised,
    ),
    429: (plain(b"", "429 Too Many Requests", "Retry-After: 60"), Transient),
    503: (plain(b"", "503 Service Unavailable"), Doubtful),
}


@pytest.mark.parametrize("way", ["plain", "tls"])
@pytest.mark.parametrize("status", EARLY)
@pytest.mark.parametrize("then", ["hangs", "reads on"])
def test_a_refusal_that_comes_early_is_understood(
    status: int, then: str, way: str, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    answer, kind = EARLY[status]

    def script(peer: Peer) -> None:
        take(peer, 300_000)
        peer.send(answer)
        if then == "hangs":
            peer.hang()
        else:
            while peer.sock.recv(MEGABYTE):
                pass

    with Server(script, tls=server_tls if way == "tls" else None) as server:
        to, session = uploads(server, DirectTransport(tls=client_tls))
        with pytest.raises(kind) as failed:
            send(to, Film(100 * MEGABYTE))
        assert type(failed.value) is kind
        assert session.counts.bytes_sent < 100 * MEGABYTE
        session.close()


@pytest.mark.parametrize("status", EARLY)
def test_a_refusal_before_a_reset_is_understood_or_leaves_it_open(status: int) -> None:
    answer, kind = EARLY[status]

    def script(peer: Peer) -> None:
        take(peer, 300_000)
        peer.send(answer)
        peer.reset()

    with Server(script) as server:
        to, session = uploads(server)
        with pytest.raises((kind, Doubtful)):
            send(to, Film(100 * MEGABYTE))
        session.close()


def test_an_early_success_needs_the_whole_file() -> None:
    """Nobody does that; but what is half sent must not count as sent."""

    def script(peer: Peer) -> None:
        fields, _, _ = take(peer, 300_000)
        peer.send(TAKEN)
        left = int(fields["content-length"]) - 300_000
        while left > 0 and (data := peer.sock.recv(MEGABYTE)):
            left -= len(data)

    with Server(script) as server:
        to, session = uploads(server)
        send(to, Film(3 * MEGABYTE))
        assert session.counts.bytes_sent == 3 * MEGABYTE
        session.close()


def silent(peer: Peer) -> None:
    take(peer)
    peer.hang()


def deaf(peer: Peer) -> None:
    take(peer, 100_000)
    peer.hang()


def half(peer: Peer) -> None:
    take(peer, 2 * MEGABYTE)
    peer.reset()


def wordless(peer: Peer) -> None:
    take(peer)


def broken_off(peer: Peer) -> None:
    take(peer)
    peer.send(TAKEN[:-5])


def packed_badly(peer: Peer) -> None:
    take(peer)
    peer.send(plain(b"xxxx", "200 OK", "Content-Encoding: gzip"))


@pytest.mark.parametrize("script", [silent, deaf, half, wordless, broken_off, packed_badly])
def test_a_bad_end_leaves_it_open_what_was_done(script: Callable[[Peer], None]) -> None:
    manners = Manners(stall=0.3, answer=0.3)
    with Server(script) as server:
        to, session = uploads(server, manners=manners)
        with pytest.raises(Doubtful) as failed:
            send(to, Film(20 * MEGABYTE))
        assert "127.0.0.1" in str(failed.value)
        session.close()
    assert len(server.requests) == 1


def test_without_a_connection_nothing_was_done() -> None:
    with Server(always(TAKEN)) as server:
        pass
    to, _ = uploads(server)
    with pytest.raises(Transient, match="refuses the connection"):
        send(to, Film(10))


def test_an_untrusted_host_is_sent_nothing(server_tls: ssl.SSLContext) -> None:
    with Server(always(TAKEN), tls=server_tls) as server:
        to, _ = uploads(server)
        with pytest.raises(Unreachable, match="unknown authority"):
            send(to, Film(10))
    assert server.requests == []


def test_little_waits_in_the_kernel() -> None:
    """Or the answer would be waited for while megabytes have yet to go."""
    headers = {"Content-Length": "3"}
    request = httpx.Request("POST", "http://h/", headers=headers, stream=Outflow(Film(3)))
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as ours,
    ):
        assert write_request(ours, request, LONG).whole
        assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT) == MEGABYTE


@pytest.mark.parametrize("way", ["plain", "tls"])
def test_a_slow_line_is_no_silent_one(
    way: str, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    """In all it takes longer than any silence may, and so does the kernel to tell of room again."""

    def script(peer: Peer) -> None:
        for _ in range(20):
            for _ in range(4):
                peer.sock.recv(16 * 1024)
            peer.server.over.wait(0.1)
        while peer.sock.recv(MEGABYTE):
            pass

    with Server(script, tls=server_tls if way == "tls" else None) as server:
        to, session = uploads(server, DirectTransport(tls=client_tls), Manners(stall=0.6, answer=0.1))
        with pytest.raises(Doubtful, match="has stopped answering"):
            send(to, Film(20 * MEGABYTE))
        assert session.counts.bytes_sent == 20 * MEGABYTE
        session.close()


def tunnelled(script: Callable[[Peer], None], tls: ssl.SSLContext) -> Callable[[Peer], None]:
    """A proxy that plays the host at the other end as well."""

    def proxy(peer: Peer) -> None:
        assert peer.request().startswith(b"CONNECT upload.example.net:443 HTTP/1.1\r\n")
        peer.send(b"HTTP/1.1 200 Connected\r\n\r\n")
        with tls.wrap_socket(peer.sock, server_side=True) as peer.sock:
            script(peer)

    return proxy


@pytest.mark.parametrize("way", ["plain", "tls", "proxy", "tunnel"])
@pytest.mark.parametrize("script", [silent, deaf])
def test_abort_ends_it_at_once(
    script: Callable[[Peer], None],
    way: str,
    authority: trustme.CA,
    server_tls: ssl.SSLContext,
    client_tls: ssl.SSLContext,
) -> None:
    stop = Stop()
    results: queue.Queue[object] = queue.Queue()
    if way == "tunnel":
        script = tunnelled(script, serving(authority.issue_cert("upload.example.net")))
    with Server(script, tls=server_tls if way == "tls" else None) as server:
        origin = {"proxy": "http://upload.example.net", "tunnel": "https://upload.example.net"}.get(
            way, server.origin
        )
        proxies = {"http": server.origin, "https": server.origin} if way in ("proxy", "tunnel") else {}
        session = Session(
            build_transport(client_tls, proxies=proxies),
            Hosts([origin], allow_http=True),
            OAuth1Signer(*KEYS),
            stop,
        )
        to = Uploads(SmugMugV2(origin, upload_url=f"{origin}/up/"), session)

        def work() -> None:
            try:
                results.put(send(to, Film(20 * MEGABYTE)))
            except Exception as exc:  # noqa: BLE001 - carried to the test's thread
                results.put(exc)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        assert server.hanging.acquire(timeout=LONG)
        stop.set()
        began = time.monotonic()
        session.abort()
        assert isinstance(results.get(timeout=LONG), Interrupted)
        assert time.monotonic() - began < 1
        thread.join(LONG)
        session.close()


@pytest.mark.parametrize(
    "early", [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 102 x\r\nA: b\r\n\r\n", b"HT"]
)
def test_what_is_no_answer_yet_stops_nothing(early: bytes) -> None:
    def script(peer: Peer) -> None:
        _, _, size = take(peer, 300_000)
        peer.send(early)
        left = size - 300_000
        while left > 0 and (data := peer.sock.recv(MEGABYTE)):
            left -= len(data)
        peer.send(TAKEN.removeprefix(early))

    with Server(script) as server:
        to, session = uploads(server)
        assert send(to, Film(3 * MEGABYTE)) == Sent("new", 0)
        session.close()


def test_an_answer_in_another_language_is_none() -> None:
    def script(peer: Peer) -> None:
        take(peer, 300_000)
        peer.send(b"SSH-2.0-x\r\n")
        peer.hang()

    with Server(script) as server:
        to, session = uploads(server)
        with pytest.raises(Doubtful):
            send(to, Film(100 * MEGABYTE))
        session.close()


def test_it_goes_through_a_proxy(client_tls: ssl.SSLContext) -> None:
    digests: queue.Queue[bytes] = queue.Queue()

    def script(peer: Peer) -> None:
        digests.put(take(peer)[1])
        peer.send(TAKEN)

    film, origin = Film(3 * MEGABYTE), "http://upload.example.net"
    with Server(script) as proxy:
        transport = build_transport(client_tls, proxies={"http": proxy.origin})
        session = Session(transport, Hosts([origin], allow_http=True), OAuth1Signer(*KEYS), Stop())
        send(Uploads(SmugMugV2(origin, upload_url=f"{origin}/up/"), session), film)
        assert session.counts.bytes_sent == film.size
        session.close()
    assert proxy.requests[0].startswith(
        b"POST http://upload.example.net/up/ HTTP/1.1\r\nHost: upload.example.net\r\n"
    )
    assert digests.get(timeout=LONG).hex() == film.md5()


@pytest.mark.parametrize("there", ["/there", "http://[::zz]/", "http://x.xn--a/", "file:///etc/passwd"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_it_is_never_sent_elsewhere(status: int, there: str) -> None:
    def script(peer: Peer) -> None:
        take(peer)
        peer.send(plain(b"", f"{status} x", f"Location: {there}"))
        peer.hang()

    with Server(script) as server:
        to, session = uploads(server)
        with pytest.raises(Doubtful):
            send(to, Film(1000))
        session.close()
    assert len(server.requests) == 1


@pytest.mark.parametrize(("pause", "connections"), [(1.0, 1), (3.0, 2)])
def test_only_a_fresh_connection_is_used_again(pause: float, connections: int) -> None:
    """A server may close an idle one at the very moment that a request is on its way to it."""
    now = 0.0

    def script(peer: Peer) -> None:
        while True:
            take(peer)
            peer.send(TAKEN)

    with Server(script) as server:
        to, session = uploads(server, DirectTransport(clock=lambda: now))
        send(to, Film(1000))
        now += pause
        send(to, Film(1000))
        session.close()
    assert server.connections == connections


@pytest.mark.parametrize("size", [0, 1])
def test_small_files(size: int) -> None:
    def script(peer: Peer) -> None:
        take(peer)
        peer.send(TAKEN)

    with Server(script) as server:
        to, session = uploads(server)
        send(to, Film(size))
        session.close()


def test_a_speed_limit_is_kept_in_small_pieces() -> None:
    def script(peer: Peer) -> None:
        take(peer)
        peer.send(TAKEN)

    passed: list[int] = []
    with Server(script) as server:
        to, session = uploads(server, up=passed.append)
        send(to, Film(300_000))
        session.close()
    assert sum(passed) == 300_000
    assert max(passed) == 16 * 1024


class Spoiled:
    """A file that is not what it was said to be, or that the disk does not give back."""

    size = 500_000

    def __init__(self, comes: int, error: Exception | None = None) -> None:
        self.comes, self.error = comes, error
        self.closed = False

    def chunks(self) -> Iterator[bytes]:
        try:
            yield os.urandom(self.comes)
            if self.error:
                raise self.error
        finally:
            self.closed = True


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        (Spoiled(100_000), Transient),
        (Spoiled(600_000), Transient),
        (Spoiled(100_000, OSError(5, "Input/output error")), OSError),
        (Spoiled(100_000, Transient("the file changed")), Transient),
    ],
    ids=["shorter", "longer", "unreadable", "changed"],
)
def test_a_file_that_fails_us_was_not_sent(file: Spoiled, kind: type[Exception]) -> None:
    with Server(wordless) as server:
        to, session = uploads(server)
        with pytest.raises(kind) as failed:
            send(to, file)
        assert type(failed.value) is kind
        assert file.closed
        session.close()
