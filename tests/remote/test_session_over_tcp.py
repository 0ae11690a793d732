"""The session on our own transport, against a server that speaks real HTTP."""

from __future__ import annotations

import os
import queue
import re
import threading
from pathlib import Path

import pytest

from smugsync.errors import Interrupted, Transient, Unreachable
from smugsync.remote.dialect import Auth, Call, Reply
from smugsync.remote.hosts import Hosts
from smugsync.remote.sending import Counts
from smugsync.remote.session import Manners, Session
from smugsync.remote.signing import OAuth1Signer
from smugsync.remote.tls import tls_context
from smugsync.remote.transport import DirectTransport
from smugsync.stop import Stop

from .servers import LONG, Peer, Server, always, once, plain

PHOTO = os.urandom(1_000_000)


class AnythingGoes:
    def failure(self, reply: Reply, call: Call) -> Exception | None:
        return None if reply.status < 400 else Transient(f"answered {reply.status}")


def session(server: Server, stop: Stop | None = None, ca_file: Path | None = None) -> Session:
    return Session(
        DirectTransport(tls=tls_context(ca_file)),
        Hosts([server.origin]),
        OAuth1Signer("key", "secret", "token", "token secret"),
        stop or Stop(),
        manners=Manners(sleep=lambda _: None),
    )


def photo(server: Server) -> Call:
    return Call("GET", f"{server.origin}/photos/a.jpg", auth=Auth.NONE)


def test_questions_and_files_share_connections() -> None:
    def script(peer: Peer) -> None:
        while head := peer.request():
            start = re.search(rb"\r\nRange: bytes=(\d+)-\r\nIf-Range: \"v1\"", head)
            if b" /photos/" not in head:
                peer.send(plain(b"{}"))
            elif start is None:
                peer.send(plain(PHOTO, "200 OK", 'ETag: "v1"'))
            else:
                offset, size = int(start[1]), len(PHOTO)
                span = f"Content-Range: bytes {offset}-{size - 1}/{size}"
                peer.send(plain(PHOTO[offset:], "206 Partial Content", 'ETag: "v1"', span))

    with Server(script) as server:
        line = session(server)
        assert line.ask(Call("GET", f"{server.origin}/api/v2!authuser"), AnythingGoes()).body == b"{}"
        with line.stream(photo(server), AnythingGoes()) as body:
            assert b"".join(bytes(view) for view in body) == PHOTO
            validator = body.validator
        with line.stream(photo(server), AnythingGoes(), offset=600_000, validator=validator) as body:
            assert body.resumed
            assert b"".join(bytes(view) for view in body) == PHOTO[600_000:]
        assert line.counts == Counts(1, 2)
        line.close()
    assert server.connections == 1
    assert b"\r\nAuthorization: OAuth " in server.requests[0]
    assert all(b"Authorization" not in head for head in server.requests[1:])


def test_an_early_end_is_transient() -> None:
    cut = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + PHOTO[:300_000]
    with Server(once(cut)) as server, session(server).stream(photo(server), AnythingGoes()) as body:
        views = iter(body)
        held = len(next(views))
        with pytest.raises(Transient, match=r"127\.0\.0\.1 broke .* bytes missing"):
            next(views)
    assert held == 262_144


def test_a_refused_connection_is_unreachable() -> None:
    with Server(always(plain(b"{}"))) as server:
        pass
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1 refuses the connection"):
        session(server).ask(Call("GET", server.origin), AnythingGoes())


def test_stop_and_abort_interrupt_four_stalled_downloads() -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + PHOTO[:1000])
        peer.hang()

    stop = Stop()
    results: queue.Queue[object] = queue.Queue()
    with Server(script) as server:
        line = session(server, stop)

        def work() -> None:
            try:
                with line.stream(photo(server), AnythingGoes()) as body:
                    results.put(b"".join(bytes(view) for view in body))
            except Exception as exc:  # noqa: BLE001 - carried to the test's thread
                results.put(exc)

        threads = [threading.Thread(target=work, daemon=True) for _ in range(4)]
        for thread in threads:
            thread.start()
        for _ in threads:
            assert server.hanging.acquire(timeout=LONG)
        stop.set()
        line.abort()
        for _ in threads:
            assert isinstance(results.get(timeout=5), Interrupted)
        for thread in threads:
            thread.join(5)
        with pytest.raises(Interrupted):
            line.ask(Call("GET", server.origin), AnythingGoes())
