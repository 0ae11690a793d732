"""DirectTransport against raw servers on loopback: what it reads, what it refuses, how it stops."""

from __future__ import annotations

import collections
import itertools
import os
import queue
import signal
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import cast

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smugsync.remote.head import CHUNK
from smugsync.remote.streaming import BORROW
from smugsync.remote.transport import DirectTransport, TransportAborted

from .servers import LONG, Peer, Script, Server, always, once, plain

BODY = os.urandom(3 * CHUNK + 12_345)
TIMEOUT = httpx.Timeout(LONG)


def client(transport: DirectTransport, timeout: httpx.Timeout = TIMEOUT) -> httpx.Client:
    return httpx.Client(transport=transport, trust_env=False, timeout=timeout)


def fetch(url: str, transport: DirectTransport | None = None, **timeouts: float) -> httpx.Response:
    with client(transport or DirectTransport(), httpx.Timeout(LONG, **timeouts)) as http:
        return http.get(url)


# -- reading -----------------------------------------------------------------------------------------


def chunked(body: bytes, size: int) -> bytes:
    parts = (body[start : start + size] for start in range(0, len(body), size))
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


HEAD = b"HTTP/1.1 200 OK\r\n"

#: What a server sends; both transports must make the same of it.
ANSWERS = {
    "length": plain(b"hello"),
    "large": plain(BODY),
    "exactly one buffer": plain(BODY[:CHUNK]),
    "empty": plain(b""),
    "no content": b"HTTP/1.1 204 No Content\r\n\r\n",
    "not modified": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n",
    "up to the end": HEAD + b"Connection: close\r\n\r\n" + BODY,
    "http/1.0": b"HTTP/1.0 200 OK\r\n\r\nold",
    "chunked": HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(BODY, 10_000),
    "chunked, large chunks": HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(BODY, 2 * CHUNK),
    "chunked with trailer": HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX-Sum: 1\r\n\r\n",
    "chunk extension": HEAD + b"Transfer-Encoding: chunked\r\n\r\n2;a=b\r\nab\r\n0\r\n\r\n",
    "continue": b"HTTP/1.1 100 Continue\r\n\r\n" + plain(b"after"),
    "early hints": b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 3 + plain(b"after"),
    "large, http/1.0": plain(BODY).replace(b"HTTP/1.1", b"HTTP/1.0"),
    "large, after early hints": b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + plain(BODY),
    "large, connection told twice": plain(BODY, "200 OK", "Connection: keep-alive", "Connection: keep-alive"),
    "large, latin-1 value": HEAD + b"Content-Length: %d\r\nX-Name: caf\xe9\r\n\r\n" % len(BODY) + BODY,
    "no reason": b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok",
    "odd reason": b"HTTP/1.1 418 I'm a teapot\r\nContent-Length: 0\r\n\r\n",
    "repeated header": plain(b"x", "200 OK", "Set-Cookie: a=1", "Set-Cookie: b=2"),
    "blank around values": plain(b"x", "200 OK", "X-A:   spaced \t", "X-B:"),
    "folded": plain(b"x", "200 OK", "X-Folded: a", "  b"),
    "latin-1 value": HEAD + b"Content-Length: 1\r\nX-Name: caf\xe9\r\n\r\nx",
    "same length twice": HEAD + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nok",
    "gzip left alone": HEAD + b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nraw",
    "server error": plain(b"oops", "500 Internal Server Error"),
    "ends early": HEAD + b"Content-Length: 10\r\n\r\nfour",
    "ends before the body": HEAD + b"Content-Length: 10\r\n\r\n",
    "ends in a chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\na\r\nfour",
    "ends between chunks": HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
    "ends in the head": HEAD + b"Content-Type: image/jpeg\r\n",
    "ends in a header line": HEAD + b"Content-Ty",
    "no answer": b"",
    "garbage": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "two lengths": HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
    "negative length": HEAD + b"Content-Length: -1\r\n\r\nabc",
    "senseless length": HEAD + b"Content-Length: 1e3\r\n\r\nabc",
    "unknown coding": HEAD + b"Transfer-Encoding: gzip\r\n\r\nabc",
    "line without colon": HEAD + b"nonsense\r\nContent-Length: 1\r\n\r\nx",
    "blank before colon": HEAD + b"Content-Length : 1\r\n\r\nx",
    "senseless chunk size": HEAD + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
    "header too long": HEAD + b"X-Long: " + b"a" * 200_000 + b"\r\n\r\n",
}


def outcome(transport: httpx.BaseTransport, url: str) -> object:
    """What came, or the family of what went wrong."""
    with httpx.Client(transport=transport, trust_env=False, timeout=LONG) as http:
        try:
            with http.stream("GET", url) as response:
                raw = b"".join(response.iter_raw())
        except httpx.TransportError as exc:
            return "protocol" if isinstance(exc, httpx.ProtocolError) else type(exc)
        return response.status_code, response.reason_phrase, dict(response.headers), raw


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS.keys())
def test_it_reads_every_answer_as_httpx_does(answer: bytes) -> None:
    with Server(once(answer)) as server:
        assert outcome(DirectTransport(), server.origin) == outcome(httpx.HTTPTransport(), server.origin)


@settings(max_examples=15, deadline=None)
@given(size=st.integers(0, 3 * CHUNK), cuts=st.lists(st.integers(0, 3 * CHUNK), max_size=5))
def test_the_body_is_the_same_however_it_is_cut(size: int, cuts: list[int]) -> None:
    body, whole = BODY[:size], plain(BODY[:size])
    edges = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]

    def script(peer: Peer) -> None:
        peer.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer.request()
        for start, end in itertools.pairwise(edges):
            peer.send(whole[start:end])

    with Server(script) as server:
        assert fetch(server.origin).content == body


def test_a_lent_chunk_is_valid_until_the_next_one() -> None:
    with Server(once(plain(BODY))) as server, closing(DirectTransport()) as transport:
        request = httpx.Request("GET", server.origin, extensions={BORROW: True})
        response = transport.handle_request(request)
        received = b""
        before: memoryview | None = None
        for chunk in cast(Iterator[memoryview], response.iter_raw()):
            assert type(chunk) is memoryview
            if before is not None:
                with pytest.raises(ValueError, match="released"):
                    bytes(before)
            received += chunk
            before = chunk
        response.close()
    assert received == BODY


def test_it_sends_what_httpx_built() -> None:
    with Server(always(plain(b""))) as server, client(DirectTransport()) as http:
        http.get(f"{server.origin}/api/v2!authuser?_pretty&a=%2F", headers={"X-Own": "1"})
        http.post(server.origin, content=b"12345")
    first, second = server.requests
    assert first.startswith(b"GET /api/v2!authuser?_pretty&a=%2F HTTP/1.1\r\n")
    assert first.lower().count(b"\r\nhost: ") == 1
    assert b"\r\nX-Own: 1\r\n" in first
    assert b"\r\nContent-Length: 5\r\n" in second


@pytest.mark.parametrize("framing", [{"Content-Length": "10"}, {}])
def test_a_body_may_be_an_iterable(framing: dict[str, str]) -> None:
    bodies: queue.Queue[bytes] = queue.Queue()

    def script(peer: Peer) -> None:
        data, end = peer.request(), b"0123456789" if framing else b"0\r\n\r\n"
        while not data.endswith(end):
            data += peer.sock.recv(100)
        bodies.put(data.partition(b"\r\n\r\n")[2])
        peer.send(plain(b"ok"))

    def content() -> Iterator[bytes]:
        yield b"01234"
        yield b""
        yield b"56789"

    with Server(script) as server, client(DirectTransport()) as http:
        assert http.post(server.origin, content=content(), headers=framing).text == "ok"
    sent = bodies.get(timeout=LONG)
    assert sent == (b"0123456789" if framing else b"5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n")


def test_an_error_of_the_body_itself_is_passed_on() -> None:
    def content() -> Iterator[bytes]:
        yield b"01234"
        raise LookupError("the file shrank")

    with Server(always(plain(b""))) as server, client(DirectTransport()) as http:
        with pytest.raises(LookupError):
            http.post(server.origin, content=content(), headers={"Content-Length": "10"})
        assert http.get(server.origin).status_code == 200


def test_an_answer_sent_before_the_whole_request_was_taken_is_read() -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(plain(b"too large", "413 Content Too Large", "Connection: close"))
        peer.sock.shutdown(socket.SHUT_WR)
        while peer.sock.recv(1 << 20):
            pass

    with Server(script) as server, client(DirectTransport()) as http:
        assert http.post(server.origin, content=bytes(4 << 20)).status_code == 413


@pytest.mark.parametrize("header", ["a\r\nInjected: 1", "a\nb"])
def test_header_injection_is_refused(header: str) -> None:
    with Server(always(plain(b""))) as server, pytest.raises(httpx.LocalProtocolError):
        client(DirectTransport()).get(server.origin, headers={"X-A": header})
    assert server.requests == []


def test_other_schemes_are_refused() -> None:
    with pytest.raises(httpx.UnsupportedProtocol):
        fetch("ftp://127.0.0.1/")


# -- connections -------------------------------------------------------------------------------------


def test_a_connection_is_used_again() -> None:
    with Server(always(plain(BODY))) as server, client(DirectTransport()) as http:
        for _ in range(3):
            assert http.get(server.origin).content == BODY
    assert server.connections == 1


@pytest.mark.parametrize(
    "answer",
    [
        plain(b"x", "200 OK", "Connection: close"),
        b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx",
        plain(b"x") + b"more than was announced",
        plain(b"x", "200 OK", "Connection: keep-alive", "Connection: keep-alive") + b"more",
    ],
)
def test_a_connection_is_given_up_when_it_may_be_out_of_step(answer: bytes) -> None:
    with Server(always(answer)) as server, client(DirectTransport()) as http:
        assert [http.get(server.origin).content for _ in range(2)] == [b"x", b"x"]
    assert server.connections == 2


def test_a_connection_is_given_up_when_its_body_was_not_read() -> None:
    with Server(always(plain(BODY))) as server, client(DirectTransport()) as http:
        with http.stream("GET", server.origin):
            pass
        assert http.get(server.origin).content == BODY
    assert server.connections == 2


def test_an_idle_connection_expires() -> None:
    now = [0.0]
    transport = DirectTransport(idle_seconds=45, clock=lambda: now[0])
    with Server(always(plain(b"x"))) as server, client(transport) as http:
        for now[0] in (0.0, 45.0, 91.0):
            http.get(server.origin)
    assert server.connections == 2


def test_a_reader_that_takes_its_time_is_no_slow_server() -> None:
    now = [0.0]
    transport = DirectTransport(clock=lambda: now[0])
    with Server(always(plain(bytes(1_000_000)))) as server, client(transport) as http:
        size = 0
        with http.stream("GET", server.origin) as response:
            for chunk in response.iter_raw():
                size += len(chunk)
                now[0] += 3600.0
    assert size == 1_000_000


def test_a_name_that_no_host_can_have_is_not_connected_to() -> None:
    with Server(always(plain(b"x"))) as server:
        place = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", server.port))
        with client(DirectTransport(resolve=lambda host, port: [place])) as http:
            for host in (".example", f"{'a' * 64}.example"):
                with pytest.raises(httpx.ConnectError):
                    http.get(f"https://{host}/")


def test_a_connection_that_the_server_closed_while_idle_is_not_used() -> None:
    closed = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(plain(b"x"))
        peer.sock.shutdown(socket.SHUT_RDWR)
        closed.set()

    with Server(script) as server, client(DirectTransport()) as http:
        for _ in range(2):
            closed.clear()
            assert http.post(server.origin, content=b"").text == "x"
            assert closed.wait(LONG)
    assert server.connections == 2


def closes_on_the_second_request(how: Callable[[Peer], None]) -> Script:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(plain(b"%d" % peer.number))
        if peer.number == 1:
            peer.request()
            how(peer)
        elif peer.request():
            peer.send(plain(b"%d" % peer.number))

    return script


def leave(peer: Peer) -> None:
    peer.sock.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("how", [leave, Peer.reset])
def test_a_stale_connection_is_replaced_once_for_an_idempotent_request(how: Callable[[Peer], None]) -> None:
    with Server(closes_on_the_second_request(how)) as server, client(DirectTransport()) as http:
        assert [http.get(server.origin).text for _ in range(2)] == ["1", "2"]
    assert len(server.requests) == 3


def test_a_stale_connection_is_not_replaced_for_other_requests() -> None:
    with Server(closes_on_the_second_request(leave)) as server, client(DirectTransport()) as http:
        http.get(server.origin)
        with pytest.raises(httpx.RemoteProtocolError):
            http.post(server.origin, content=b"once only")
    assert server.connections == 1


def test_nothing_is_sent_again_once_the_answer_has_begun() -> None:
    def begins(peer: Peer) -> None:
        peer.send(b"HTTP/1.1 200 OK\r\nConte")
        leave(peer)

    with Server(closes_on_the_second_request(begins)) as server, client(DirectTransport()) as http:
        http.get(server.origin)
        with pytest.raises(httpx.RemoteProtocolError):
            http.get(server.origin)
    assert server.connections == 1


def test_a_fresh_connection_that_fails_is_not_tried_again() -> None:
    with Server(once(b"")) as server, pytest.raises(httpx.RemoteProtocolError):
        fetch(server.origin)
    assert server.connections == 1


def test_threads_share_the_transport() -> None:
    failures: queue.Queue[BaseException | None] = queue.Queue()

    with Server(always(plain(BODY))) as server, client(DirectTransport()) as http:

        def work() -> None:
            try:
                for _ in range(5):
                    assert http.get(server.origin).content == BODY
            except BaseException as exc:  # noqa: BLE001 - carried to the test's thread
                failures.put(exc)
            else:
                failures.put(None)

        threads = [threading.Thread(target=work, daemon=True) for _ in range(4)]
        for thread in threads:
            thread.start()
        assert [failures.get(timeout=LONG) for _ in threads] == [None] * 4
    assert server.connections <= 4


# -- what can go wrong -------------------------------------------------------------------------------


def test_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(httpx.ConnectError) as caught:
        fetch(f"http://127.0.0.1:{port}/")
    assert isinstance(caught.value.__cause__, ConnectionRefusedError)


def test_no_such_host() -> None:
    def resolve(host: str, port: int) -> list[tuple[object, ...]]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.raises(httpx.ConnectError) as caught:
        fetch("http://nowhere.invalid/", DirectTransport(resolve=resolve))
    assert isinstance(caught.value.__cause__, socket.gaierror)


def test_a_name_that_cannot_be_encoded() -> None:
    def resolve(host: str, port: int) -> list[tuple[object, ...]]:
        return list(socket.getaddrinfo("x" * 70 + ".invalid", port))

    with pytest.raises(httpx.ConnectError):
        fetch("http://nowhere.invalid/", DirectTransport(resolve=resolve))


def test_a_name_look_up_has_the_connect_time_out() -> None:
    over = threading.Event()

    def resolve(host: str, port: int) -> list[tuple[object, ...]]:
        over.wait(LONG)
        return []

    with pytest.raises(httpx.ConnectTimeout):
        fetch("http://slow.invalid/", DirectTransport(resolve=resolve), connect=0.05)
    over.set()


def test_the_addresses_of_a_name_are_tried_in_order() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = listener.getsockname()[1]
    with Server(once(plain(b"here"))) as server:

        def resolve(host: str, port: int) -> list[tuple[object, ...]]:
            kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
            return [(*kind, ("127.0.0.1", closed)), (*kind, ("127.0.0.1", server.port))]

        assert fetch("http://two.invalid/", DirectTransport(resolve=resolve)).text == "here"


def test_ipv6() -> None:
    try:
        server = Server(once(plain(b"six")), host="::1")
    except OSError as exc:
        pytest.skip(f"no IPv6 here: {exc}")
    with server:
        assert fetch(server.origin).text == "six"


def test_silence_in_place_of_an_answer() -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.hang()

    with Server(script) as server, pytest.raises(httpx.ReadTimeout):
        fetch(server.origin, read=0.05)


@pytest.mark.parametrize(
    "head", [b"Content-Length: 10\r\n\r\nfour", b"Transfer-Encoding: chunked\r\n\r\na\r\nfour"]
)
def test_silence_inside_the_body(head: bytes) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(HEAD + head)
        peer.hang()

    with Server(script) as server, pytest.raises(httpx.ReadTimeout):
        fetch(server.origin, read=0.05)


def test_a_peer_that_takes_nothing() -> None:
    http = client(DirectTransport(), httpx.Timeout(LONG, write=0.05))
    with Server(Peer.hang) as server, pytest.raises(httpx.WriteTimeout):
        http.post(server.origin, content=bytes(64 << 20))


def test_slow_is_not_silent() -> None:
    """A transfer may take many times the stall time-out as long as bytes keep coming."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(20):
            over.wait(0.02)
            peer.send(b"1\r\nx\r\n")
        peer.send(b"0\r\n\r\n")

    over = threading.Event()
    with Server(script) as server:
        assert fetch(server.origin, read=0.3).text == "x" * 20


def test_a_reset_inside_the_body() -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(HEAD + b"Content-Length: 10\r\n\r\nfour")
        read.wait(LONG)
        peer.reset()

    read = threading.Event()
    http = client(DirectTransport())
    with Server(script) as server, http.stream("GET", server.origin) as response:
        read.set()
        with pytest.raises(httpx.TransportError):
            response.read()


def test_an_early_end_says_how_much_is_missing() -> None:
    answer = HEAD + b"Content-Length: 10\r\n\r\nfour"
    with Server(once(answer)) as server, pytest.raises(httpx.RemoteProtocolError, match="6 bytes missing"):
        fetch(server.origin)


def test_nothing_but_interim_answers() -> None:
    hints = once(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100)
    with Server(hints) as server, pytest.raises(httpx.RemoteProtocolError):
        fetch(server.origin)


# -- stopping ----------------------------------------------------------------------------------------


def blocked(transport: DirectTransport, url: str) -> tuple[threading.Thread, queue.Queue[object]]:
    """A thread that waits for `url`, and where it will leave what it got."""
    results: queue.Queue[object] = queue.Queue()

    def work() -> None:
        try:
            results.put(client(transport).get(url))
        except Exception as exc:  # noqa: BLE001 - carried to the test's thread
            results.put(exc)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread, results


def assert_aborted(waiting: list[tuple[threading.Thread, queue.Queue[object]]]) -> None:
    for thread, results in waiting:
        assert isinstance(results.get(timeout=5), TransportAborted)
        thread.join(5)
        assert not thread.is_alive()


def stalls(peer: Peer) -> None:
    peer.request()
    peer.send(HEAD + b"Content-Length: 1000000\r\n\r\n" + bytes(1000))
    peer.hang()


def stalls_late(peer: Peer) -> None:
    peer.request()
    peer.send(HEAD + b"Content-Length: 10000000\r\n\r\n" + BODY)
    peer.hang()


def stalls_in_a_chunk(peer: Peer) -> None:
    peer.request()
    peer.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\nffff\r\n" + bytes(1000))
    peer.hang()


def stalls_before_the_answer(peer: Peer) -> None:
    peer.request()
    peer.hang()


@pytest.mark.parametrize("script", [stalls, stalls_in_a_chunk, stalls_before_the_answer])
@pytest.mark.parametrize("is_tls", [False, True], ids=["http", "https"])
def test_abort_ends_stalled_reads(
    script: Script, is_tls: bool, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    transport = DirectTransport(tls=client_tls)
    with Server(script, tls=server_tls if is_tls else None) as server:
        waiting = [blocked(transport, server.origin) for _ in range(4)]
        for _ in waiting:
            assert server.hanging.acquire(timeout=LONG)
        transport.abort()
        assert_aborted(waiting)
        with pytest.raises(TransportAborted):
            fetch(server.origin, transport)
    transport.close()


def test_abort_ends_a_handshake(client_tls: ssl.SSLContext) -> None:
    transport = DirectTransport(tls=client_tls)
    with Server(Peer.hang) as server:
        waiting = [blocked(transport, server.origin.replace("http:", "https:"))]
        assert server.hanging.acquire(timeout=LONG)
        transport.abort()
        assert_aborted(waiting)


def test_abort_ends_a_write() -> None:
    transport = DirectTransport()
    results: queue.Queue[object] = queue.Queue()

    def work() -> None:
        try:
            results.put(client(transport).post(server.origin, content=bytes(64 << 20)))
        except Exception as exc:  # noqa: BLE001 - carried to the test's thread
            results.put(exc)

    with Server(Peer.hang) as server:
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        assert server.hanging.acquire(timeout=LONG)
        transport.abort()
        assert_aborted([(thread, results)])


def test_abort_ends_a_connect() -> None:
    """A full backlog leaves the next connection waiting for an answer to its SYN."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        where = listener.getsockname()
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(where)
        begun = threading.Event()

        def resolve(host: str, port: int) -> list[tuple[object, ...]]:
            begun.set()
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", where)]

        transport = DirectTransport(resolve=resolve)
        waiting = [blocked(transport, "http://full.invalid/")]
        assert begun.wait(LONG)
        transport.abort()
        assert_aborted(waiting)
        for filler in fillers:
            filler.close()


def test_abort_leaves_a_name_look_up_behind() -> None:
    begun, over = threading.Event(), threading.Event()

    def resolve(host: str, port: int) -> list[tuple[object, ...]]:
        begun.set()
        over.wait(LONG)
        return []

    transport = DirectTransport(resolve=resolve)
    waiting = [blocked(transport, "http://slow.invalid/")]
    assert begun.wait(LONG)
    transport.abort()
    assert_aborted(waiting)
    over.set()


def test_abort_ends_a_body_that_is_being_read(client_tls: ssl.SSLContext, server_tls: ssl.SSLContext) -> None:
    transport = DirectTransport(tls=client_tls)
    http = client(transport)
    with Server(stalls_late, tls=server_tls) as server, http.stream("GET", server.origin) as response:
        chunks = response.iter_raw()
        next(chunks)
        transport.abort()
        with pytest.raises(TransportAborted):
            collections.deque(chunks)


def test_abort_may_come_from_a_signal_handler() -> None:
    """The handler runs in the very thread that is blocked, between two of its instructions."""
    transport = DirectTransport()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(HEAD + b"Content-Length: 1000000\r\n\r\n")
        os.kill(os.getpid(), signal.SIGUSR1)
        peer.hang()

    before = signal.signal(signal.SIGUSR1, lambda *_: transport.abort())
    try:
        with Server(script) as server, pytest.raises(TransportAborted):
            fetch(server.origin, transport)
    finally:
        signal.signal(signal.SIGUSR1, before)
