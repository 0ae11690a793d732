"""The page over TCP: bounded, quiet, gone when the daemon goes."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

import httpx
import pytest

from smugsync.daemon.standing import Standing
from smugsync.page.facts import Subject
from smugsync.page.server import ANSWERS, CONNECTIONS, LARGEST, shown
from smugsync.secret import Secret
from tests.e2e.command import until
from tests.page.account import standing
from tests.page.asking import TOKEN


@contextlib.contextmanager
def served(
    subject: Subject, *, token: str | None = None, standings: Sequence[Standing] | None = None
) -> Iterator[str]:
    secret = None if token is None else Secret(token)
    told = [standing()] if standings is None else standings
    with shown("127.0.0.1:0", [subject], lambda: told, token=secret) as address:
        assert address is not None
        yield address


def test_the_page_is_served(subject: Subject) -> None:
    with served(subject) as address, httpx.Client() as client:
        response = client.get(address)
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        assert "Mirror of" in response.text
        assert "server" not in response.headers


def test_head_has_the_headers_and_no_body(subject: Subject) -> None:
    with served(subject) as address, httpx.Client() as client:
        response = client.head(address)
        assert response.content == b""
        assert int(response.headers["content-length"]) > 1_000


def test_prometheus_and_browsers_get_in_with_the_token(subject: Subject) -> None:
    with served(subject, token=TOKEN) as address, httpx.Client() as client:
        assert client.get(address).status_code == 401
        assert client.get(address, auth=("me", TOKEN)).status_code == 200
        assert (
            client.get(f"{address}metrics", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
        )
        assert client.get(f"{address}healthz").json() == {"schema": 1, "healthy": True}


def test_nothing_listens_any_more_when_the_block_ends(subject: Subject) -> None:
    with served(subject) as address:
        parts = urlsplit(address)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((parts.hostname, parts.port), timeout=5)
    assert not [one for one in threading.enumerate() if one.name == "page"]


def test_a_port_in_use_is_a_sentence_and_everything_else_goes_on(
    subject: Subject, caplog: pytest.LogCaptureFixture
) -> None:
    with served(subject) as address:
        taken = f"127.0.0.1:{urlsplit(address).port}"
        with shown(taken, [subject], lambda: [standing()]) as second:
            assert second is None
    (record,) = caplog.records
    assert taken in record.getMessage()
    assert "Address already in use" in record.getMessage()
    assert "everything else goes on" in record.getMessage()


@pytest.mark.parametrize("listen", ["203.0.113.7:8765", "no-such-host.invalid:8765", "a..b:80"])
def test_an_address_that_is_not_ours_is_a_sentence(
    subject: Subject, listen: str, caplog: pytest.LogCaptureFixture
) -> None:
    with shown(listen, [subject], lambda: [standing()]) as address:
        assert address is None
    assert len(caplog.records) == 1


@pytest.mark.parametrize(
    ("listen", "asked"), [("localhost:0", "127.0.0.1"), ("[::1]:0", "[::1]"), ("[::]:0", "127.0.0.1")]
)
def test_it_listens_where_people_ask(subject: Subject, listen: str, asked: str) -> None:
    token = Secret(TOKEN)
    with shown(listen, [subject], lambda: [standing()], token=token) as address, httpx.Client() as client:
        if address is None:
            pytest.skip("there is no IPv6 here")
        port = urlsplit(address).port
        assert client.get(f"http://{asked}:{port}/", auth=("me", TOKEN)).status_code == 200


def test_a_short_token_is_warned_of_and_not_shown(subject: Subject, caplog: pytest.LogCaptureFixture) -> None:
    with served(subject, token="abcd"):
        pass
    assert "short enough to be guessed" in caplog.text
    assert "abcd" not in caplog.text


def ask_raw(address: str, data: bytes) -> bytes:
    """What comes back for these very bytes."""
    parts = urlsplit(address)
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as line:
        line.sendall(data)
        answer = b""
        with contextlib.suppress(ConnectionError):
            while chunk := line.recv(65_536):
                answer += chunk
        return answer


@pytest.mark.parametrize(
    "data",
    [
        b"GET /" + b"a" * (LARGEST * 20) + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * (LARGEST * 20) + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 40 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n",
    ],
)
def test_what_is_no_sound_request_gets_no_page(subject: Subject, data: bytes) -> None:
    with served(subject) as address, httpx.Client() as client:
        answer = ask_raw(address, data)
        assert b" 200 " not in answer.split(b"\r\n")[0]
        assert b"dana" not in answer
        assert client.get(address).status_code == 200


def test_who_connects_and_says_nothing_is_hung_up_on(subject: Subject) -> None:
    with shown("127.0.0.1:0", [subject], lambda: [standing()], lifetime=0.1) as address:
        parts = urlsplit(address or "")
        with socket.create_connection((parts.hostname, parts.port), timeout=20) as line:
            line.sendall(b"GET / HTTP/1.1\r\nHost:")
            with contextlib.suppress(ConnectionError):
                assert line.recv(1) == b""


def test_connections_are_bounded(subject: Subject) -> None:
    with served(subject) as address, contextlib.ExitStack() as lines:
        parts = urlsplit(address)
        for _ in range(CONNECTIONS):
            lines.enter_context(socket.create_connection((parts.hostname, parts.port), timeout=20))
        request = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        until(lambda: ask_raw(address, request).startswith(b"HTTP/1.1 503 "))


def test_a_body_is_not_read(subject: Subject) -> None:
    with served(subject) as address:
        head = (
            b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000000\r\nConnection: close\r\n\r\n"
        )
        assert b" 405 " in ask_raw(address, head).split(b"\r\n")[0]


def test_a_daemon_that_is_slow_to_answer_holds_up_neither_others_nor_the_end(subject: Subject) -> None:
    let_go, asked = threading.Event(), threading.Semaphore(0)

    def slow() -> list[Standing]:
        asked.release()
        let_go.wait(60)
        return [standing()]

    began = time.monotonic()
    with shown("127.0.0.1:0", [subject], slow) as address, contextlib.ExitStack() as lines:
        assert address is not None
        parts = urlsplit(address)
        for _ in range(ANSWERS):
            line = lines.enter_context(socket.create_connection((parts.hostname, parts.port), timeout=20))
            line.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert asked.acquire(timeout=20)
        assert ask_raw(address, b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").startswith(
            b"HTTP/1.1 503 "
        )
    assert time.monotonic() - began < 20
    let_go.set()


def test_a_bug_of_the_page_is_a_line_in_the_log(subject: Subject, caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> list[Standing]:
        raise RuntimeError("odd")

    with shown("127.0.0.1:0", [subject], broken) as address, httpx.Client() as client:
        assert client.get(address or "").status_code == 500
    errors = [one.getMessage() for one in caplog.records if one.levelno >= logging.ERROR]
    assert errors == ["the status page failed: RuntimeError: odd"]
