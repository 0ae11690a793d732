"""What is read at once means what it means to `http.client`; what is not plain is left to it."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from smugsync.remote.answer import body_length, headers, read_answer, read_head
from smugsync.remote.head import CHUNK, LONGEST, Head, plain

PATIENCE = 10.0  #: seconds that an answer may take
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"

_TOKEN = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_VALUE = st.text(st.sampled_from([*map(chr, [9, *range(0x20, 0x7F), *range(0x80, 0x100)])]), max_size=20)
_NAME = st.one_of(
    st.text(st.sampled_from([*_TOKEN]), min_size=1, max_size=12),
    st.sampled_from(["Connection", "From", "Content-Type", "ETag", "Set-Cookie", "Transfer-Encoding"]),
)
_SPACE = st.sampled_from(["", " ", "\t", "  "])
_LINE = st.builds("{}:{}{}{}".format, _NAME, _SPACE, _VALUE, _SPACE)
_LENGTHS = st.builds(
    "{}:{}{}{}".format,
    st.sampled_from(["Content-Length", "content-length", "CONTENT-LENGTH"]),
    _SPACE,
    st.integers(0, 10**17),
    _SPACE,
)
_CONNECTION = st.sampled_from(
    ["Connection: close", "connection:Keep-Alive", "Connection: TE, Close", "X-A: b"]
)
_REASON = st.text(st.sampled_from([*map(chr, [9, *range(0x20, 0x7F)])]), max_size=12)
_STATUS = st.integers(200, 599)

#: What a server might write that is nearly a head.
_ODD = st.sampled_from(
    [
        *("Content-Length: 7", "Content-Length: +7", "Content-Length: 7, 7", "Content-Length:"),
        *("Content-Length: 0x7", "Content-Length : 7", "Transfer-Encoding: chunked", "Connection: close"),
        *(" folded", "\tfolded", "no colon", ": no name", "From somebody", "HTTP/1.1 200 OK"),
        *("X-A: b\rX-B: c", "X-A: b\nX-B: c", "X-A: b\0c", "X-A: b\x0bc", "X-A: b\x85c", "X\xe9: a"),
        *("X-A: b\r", "", "\n", "\r"),
    ]
)


def write(status: object, reason: str, lines: list[str], version: str = "HTTP/1.1") -> bytes:
    first = f"{version} {status} {reason}" if reason else f"{version} {status}"
    return "\r\n".join([first, *lines, "", ""]).encode("latin-1")


def by_http_client(data: bytes) -> tuple[int, bytes, list[tuple[bytes, bytes]], int | None, bool]:
    """Status, reason, headers, length, and whether the connection lasts."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(data)
        theirs.shutdown(socket.SHUT_WR)
        head = read_head(ours, "GET")
        try:
            return (
                head.status,
                head.reason.encode("latin-1"),
                headers(head),
                body_length(head, "GET"),
                not head.will_close,
            )
        finally:
            head.close()


def as_read(head: Head) -> tuple[int, bytes, list[tuple[bytes, bytes]], int | None, bool]:
    return head.status, head.reason, head.headers, head.length, head.lasts


@settings(max_examples=300, deadline=None)
@given(_STATUS, _REASON, st.lists(st.one_of(_LINE, _ODD, _LENGTHS, _CONNECTION), max_size=6), _LENGTHS)
@example(200, "", ["X-A: b\r\n folded"], "Content-Length: 1")
@example(200, "OK", ["From: me", "Connection: close", "X-Empty:"], "Content-Length: 1")
def test_whatever_is_taken_means_the_same_to_http_client(
    status: int, reason: str, lines: list[str], length: str
) -> None:
    data = write(status, reason, [*lines, length]) + b"body"
    head = plain(data, len(data))
    if head is not None:
        assert as_read(head) == by_http_client(data)
        assert data[head.size :] == b"body"


@settings(max_examples=100, deadline=None)
@given(
    _STATUS.filter(lambda status: status not in {204, 304}),
    _REASON,
    st.lists(
        _LINE.filter(lambda line: line.partition(":")[0].lower() not in {"connection", "transfer-encoding"}),
        max_size=6,
    ),
    _LENGTHS,
    _CONNECTION,
)
def test_every_plain_head_is_taken(
    status: int, reason: str, lines: list[str], length: str, connection: str
) -> None:
    data = write(status, reason, [*lines, length, connection])
    head = plain(data, len(data))
    assert head is not None
    assert as_read(head) == by_http_client(data)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(
            write(200, "OK", ["Content-Length: 5", "Content-Length: 5"]), id="two lengths that agree"
        ),
        pytest.param(write(200, "OK", ["Content-Length: 5", "content-length: 6"]), id="two lengths"),
        pytest.param(write(200, "OK", ["Content-Length: 5, 5"]), id="a list of lengths"),
        pytest.param(write(200, "OK", ["Content-Length: -5"]), id="a negative length"),
        pytest.param(write(200, "OK", ["Content-Length: 5_0"]), id="a length as Python writes it"),
        pytest.param(write(200, "OK", ["Content-Length: \xb2"]), id="a digit that is none of ASCII"),
        pytest.param(write(200, "OK", ["Content-Length: " + "9" * 19]), id="a length beyond reason"),
        pytest.param(write(200, "OK", ["Content-Length:"]), id="an empty length"),
        pytest.param(write(200, "OK", ["X-A: b"]), id="no length"),
        pytest.param(write(200, "OK", []), id="no header at all"),
        pytest.param(
            write(200, "OK", ["Content-Length: 5", "Transfer-Encoding: chunked"]), id="a length and chunks"
        ),
        pytest.param(
            write(200, "OK", ["Content-Length: 5", "Transfer-Encoding : chunked"]),
            id="a blank before the colon",
        ),
        pytest.param(write(200, "OK", ["Content-Length: 5", "X-A: b", " c"]), id="a folded line"),
        pytest.param(write(200, "OK", [" X-A: b", "Content-Length: 5"]), id="a first line that is folded"),
        pytest.param(write(200, "OK", ["X-A: b\nContent-Length: 6", "Content-Length: 5"]), id="a bare LF"),
        pytest.param(write(200, "OK", ["X-A: b\rContent-Length: 6", "Content-Length: 5"]), id="a bare CR"),
        pytest.param(write(200, "OK", ["X-A: b\0", "Content-Length: 5"]), id="a NUL"),
        pytest.param(write(200, "OK", ["nonsense", "Content-Length: 5"]), id="a line without a colon"),
        pytest.param(write(200, "OK", [": b", "Content-Length: 5"]), id="an empty name"),
        pytest.param(
            write(200, "OK", ["Connection: keep-alive", "Connection: close", "Content-Length: 5"]),
            id="two Connection lines",
        ),
        pytest.param(write(200, "OK", ["Content-Length: 5"], "HTTP/1.0"), id="HTTP/1.0"),
        pytest.param(write(200, "OK", ["Content-Length: 5"], "HTTP/2"), id="HTTP/2"),
        pytest.param(write(200, "OK", ["Content-Length: 5"], "http/1.1"), id="a protocol in small letters"),
        pytest.param(write(100, "Continue", ["Content-Length: 5"]), id="an interim answer"),
        pytest.param(write(101, "Switching", ["Content-Length: 5"]), id="another protocol"),
        pytest.param(write(204, "No Content", ["Content-Length: 5"]), id="no content"),
        pytest.param(write(304, "Not Modified", ["Content-Length: 5"]), id="not modified"),
        pytest.param(write(600, "?", ["Content-Length: 5"]), id="a status that there is not"),
        pytest.param(write("20", "OK", ["Content-Length: 5"]), id="a status of two digits"),
        pytest.param(PLAIN.replace(b"1 200", b"1  200"), id="two blanks before the status"),
        pytest.param(PLAIN.replace(b"OK\r\n", b"OK\n"), id="a status line that ends in LF"),
        pytest.param(b"\r\n" + PLAIN, id="an empty line before it"),
        pytest.param(PLAIN[:-1], id="its end is missing"),
        pytest.param(PLAIN[:-2], id="its last line is missing"),
        pytest.param(b"", id="nothing"),
        pytest.param(
            write(200, "OK", [*(f"X-{n}: a" for n in range(99)), "Content-Length: 5"]), id="100 lines"
        ),
        pytest.param(write(200, "OK", ["X-A: " + "a" * LONGEST, "Content-Length: 5"]), id="a long line"),
    ],
)
def test_what_is_not_plain_is_left_to_http_client(data: bytes) -> None:
    assert plain(data, len(data)) is None


def test_99_lines_are_plain() -> None:
    data = write(200, "OK", [*(f"X-{n}: a" for n in range(98)), "Content-Length: 5"])
    head = plain(data, len(data))
    assert head is not None
    assert as_read(head) == by_http_client(data)


def test_only_what_came_is_looked_at() -> None:
    buffer = bytearray(PLAIN + b"what the answer before it left here\r\n\r\n")
    assert plain(buffer, len(PLAIN) - 1) is None
    assert plain(buffer, len(PLAIN)) is not None


@pytest.mark.parametrize("blocking", [True, False])
@pytest.mark.parametrize("cut", range(1, len(PLAIN) + 6))
def test_an_answer_may_come_in_two_pieces(cut: int, blocking: bool) -> None:
    """Datagrams: what is sent as two is received as two."""
    ours, theirs = socket.socketpair(type=socket.SOCK_DGRAM)
    with ours, theirs:
        ours.setblocking(blocking)
        whole = PLAIN + b"hello"
        theirs.send(whole[:cut])
        theirs.send(whole[cut:])
        buffer = bytearray(LONGEST + CHUNK)
        answer = read_answer(ours, "GET", buffer, PATIENCE)
        assert (answer.status, answer.length, answer.lasts) == (200, 5, True)
        assert answer.headers == [(b"Content-Length", b"5")]
        begin, size = answer.came
        if answer.reader is None:
            assert cut >= len(PLAIN)
            assert bytes(buffer[begin : begin + size]) == whole[len(PLAIN) : cut]
        else:
            assert cut < len(PLAIN)
            assert answer.reader.read() == b"hello"


@pytest.mark.parametrize("timeout", [0.0, PATIENCE])
def test_a_server_that_does_not_answer_is_given_up(timeout: float) -> None:
    """The socket may block or not when it is read; what counts is our patience."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(timeout)
        with pytest.raises(TimeoutError):
            read_answer(ours, "GET", bytearray(LONGEST + CHUNK), 0.01)


def test_an_answer_over_tls_is_waited_for_in_pieces(
    server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    """On a socket that does not block, after one answer; what was decrypted already is not waited for."""
    near, far = socket.socketpair()
    for one in (near, far):
        one.settimeout(PATIENCE)

    def serve() -> None:
        with server_tls.wrap_socket(far, server_side=True) as there:
            there.recv(1)
            there.sendall(PLAIN)
            there.recv(1)

    serving = threading.Thread(target=serve)
    serving.start()
    with client_tls.wrap_socket(near, server_hostname="localhost") as here:
        here.settimeout(0.0)
        here.send(b"?")
        answer = read_answer(here, "GET", bytearray(LONGEST + CHUNK), PATIENCE)
        assert (answer.status, answer.length, here.gettimeout()) == (200, 5, 0.0)
        here.send(b"!")
    serving.join(PATIENCE)
    assert not serving.is_alive()


def test_the_answer_to_head_has_no_body() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(PLAIN)
        answer = read_answer(ours, "HEAD", bytearray(LONGEST + CHUNK), PATIENCE)
        assert answer.length == 0
        assert answer.reader is not None
        answer.reader.close()


@pytest.mark.parametrize(
    "data",
    [
        write(200, "OK", ["Content-Length: 5", "Content-Length: 6"]),
        write(200, "OK", ["Content-Length: 5", "Transfer-Encoding: gzip, chunked"]),
        write(200, "OK", ["Content-Length: 5", "Transfer-Encoding : chunked"]),
        write(200, "OK", ["Content-Length: 5", "X-A\0: b"]),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(data: bytes) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(data + b"hello!")
        with pytest.raises(http.client.HTTPException):
            read_answer(ours, "GET", bytearray(LONGEST + CHUNK), PATIENCE)
