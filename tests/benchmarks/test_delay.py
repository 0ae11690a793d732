"""The line with a round trip: nothing is lost on it, and nothing arrives before its time."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from benchmarks.stage.servers import delayed


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@contextmanager
def answering(answer: bytes, connections: int) -> Iterator[str]:
    """A server that reads until its client has said all, and then says its own; HOST:PORT."""
    heard: list[bytes] = []

    def serve() -> None:
        for _ in range(connections):
            sock, _ = listener.accept()
            with sock:
                while piece := sock.recv(65536):
                    heard.append(piece)
                sock.sendall(hashlib.md5(b"".join(heard)).digest() + answer)
                heard.clear()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}"
        finally:
            thread.join(10)
    assert not thread.is_alive()


def ask(host: str, question: bytes) -> tuple[bytes, float]:
    """The whole answer, and how many seconds it took."""
    address, _, port = host.rpartition(":")
    began = time.monotonic()
    with socket.create_connection((address, int(port)), timeout=20) as sock:
        sock.sendall(question)
        sock.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: sock.recv(65536), b""))
    return answer, time.monotonic() - began


def test_carries_every_byte_both_ways(tmp_path: Path, stack: ExitStack) -> None:
    question, answer = os.urandom(5_000_000), os.urandom(12_000_000)  # more than may be on its way
    with answering(answer, 1) as target:
        _, host = delayed(tmp_path, stack, target, 20)
        came, _ = ask(host, question)
    assert came == hashlib.md5(question).digest() + answer


def test_takes_a_round_trip_for_the_handshake_and_one_for_the_answer(
    tmp_path: Path, stack: ExitStack
) -> None:
    with answering(b"!", 1) as target:
        _, host = delayed(tmp_path, stack, target, 100)
        _, seconds = ask(host, b"?")
    assert 0.2 <= seconds < 2


def test_connections_do_not_wait_for_each_other(tmp_path: Path, stack: ExitStack) -> None:
    with answering(b"!" * 1000, 20) as target:
        _, host = delayed(tmp_path, stack, target, 100)
        threads = [threading.Thread(target=ask, args=(host, b"?")) for _ in range(20)]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert time.monotonic() - began < 2  # one after the other it would be 4


def test_keeps_each_connection_to_its_rate(tmp_path: Path, stack: ExitStack) -> None:
    with answering(bytes(1_000_000), 1) as target:
        _, host = delayed(tmp_path, stack, target, 0, rate=2_000_000)
        _, seconds = ask(host, b"?")
    assert 0.45 <= seconds < 2


def test_a_small_answer_has_the_same_rate_as_a_large_one(tmp_path: Path, stack: ExitStack) -> None:
    with answering(bytes(50_000), 1) as target:
        _, host = delayed(tmp_path, stack, target, 0, rate=100_000)
        _, seconds = ask(host, b"?")
    assert 0.4 <= seconds < 2


def test_no_answer_begins_faster_than_that(tmp_path: Path, stack: ExitStack) -> None:
    """However many come with a pause in between: no pause is saved up for the next."""
    with answering(bytes(20_000), 8) as target:
        _, host = delayed(tmp_path, stack, target, 0, rate=100_000)
        assert all(ask(host, b"?")[1] >= 0.2 for _ in range(8))


def test_notes_who_said_something_and_on_which_connection(tmp_path: Path, stack: ExitStack) -> None:
    note = tmp_path / "spoken"
    with answering(b"!", 2) as target:
        _, host = delayed(tmp_path, stack, target, 20, note=note)
        began = time.monotonic()
        ask(host, b"?")
        ask(host, b"?")
    lines = [line.split() for line in note.read_text().splitlines()]
    assert [rest for _, *rest in lines] == [
        ["0", "client"],
        ["0", "server"],
        ["1", "client"],
        ["1", "server"],
    ]
    times = [float(when) for when, *_ in lines]
    assert began <= times[0] <= times[1] <= times[2] <= times[3] <= time.monotonic()


def test_a_target_that_is_not_there_ends_the_connection(tmp_path: Path, stack: ExitStack) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        gone = f"127.0.0.1:{server.getsockname()[1]}"
    _, host = delayed(tmp_path, stack, gone, 0)
    address, _, port = host.rpartition(":")
    with socket.create_connection((address, int(port)), timeout=10) as sock:
        assert sock.recv(1) == b""
