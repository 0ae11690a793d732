"""Bytes are taken in turns, and nobody who waits for a server keeps others from working."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest
import trustme

from smugsync.remote.inflow import Inflow, Turns
from smugsync.remote.tempo import Tempo

PATIENCE = 10.0  #: seconds that another thread may take


class Line:
    """A connection within this process; `near` is ours."""

    def __init__(self, timeout: float | None) -> None:
        self.near, self.far = socket.socketpair()
        self.near.settimeout(timeout)

    def close(self) -> None:
        self.near.close()
        self.far.close()


@pytest.fixture
def line() -> Iterator[Line]:
    with closing(Line(PATIENCE)) as made:
        yield made


def tempo() -> Tempo:
    return Tempo(lambda: 0.0)


def test_what_is_there_is_taken_at_once(line: Line) -> None:
    line.far.sendall(b"abcdef")
    view = memoryview(bytearray(4))
    with Inflow(line.near, Turns(1), tempo()) as inflow:
        assert inflow.fill(view) == (4, False)
        assert view.tobytes() == b"abcd"


def test_what_comes_late_is_waited_for_until_there_is_enough(line: Line) -> None:
    view = memoryview(bytearray(6))
    later = threading.Timer(0.05, line.far.sendall, [b"def"])
    line.far.sendall(b"abc")
    with Inflow(line.near, Turns(1), tempo()) as inflow:
        later.start()
        came, ended = inflow.fill(view)
    later.join()
    assert (view[:came].tobytes(), ended) == (b"abcdef", False)


def test_the_end_is_told_with_what_came_before_it(line: Line) -> None:
    line.far.sendall(b"abc")
    line.far.close()
    view = memoryview(bytearray(6))
    with Inflow(line.near, Turns(1), tempo()) as inflow:
        assert inflow.fill(view) == (3, True)


def test_silence_ends_by_the_time_out_of_the_socket() -> None:
    with (
        closing(Line(0.01)) as silent,
        Inflow(silent.near, Turns(1), tempo()) as inflow,
        pytest.raises(TimeoutError, match="stopped sending"),
    ):
        inflow.fill(memoryview(bytearray(4)))


def test_what_has_come_on_a_slow_line_is_handed_on(line: Line) -> None:
    line.far.sendall(b"ab")
    with Inflow(line.near, Turns(1), tempo(), flush=0.01) as inflow:
        assert inflow.fill(memoryview(bytearray(4))) == (2, False)


def test_the_socket_has_its_time_out_again_afterwards(line: Line) -> None:
    with Inflow(line.near, Turns(1), tempo()):
        assert line.near.gettimeout() == 0.0
    assert line.near.gettimeout() == PATIENCE


def test_a_turn_is_free_again_after_trouble(line: Line) -> None:
    turns = Turns(1)
    line.near.close()
    for _ in range(2):  # a second one would wait for ever
        with pytest.raises(OSError), Inflow(line.near, turns, tempo()):  # noqa: PT011 -- EBADF, by any name
            pass


def test_who_waits_for_a_server_keeps_nobody_from_working(line: Line) -> None:
    """With one turn for both: the first waits for its server, the second has all that it needs."""
    turns, done = Turns(1), threading.Event()
    view = memoryview(bytearray(3))

    def wait() -> None:
        with Inflow(line.near, turns, tempo()) as inflow:
            inflow.fill(view)
        done.set()

    waiting = threading.Thread(target=wait)
    waiting.start()
    with closing(Line(PATIENCE)) as busy:
        busy.far.sendall(b"xyz")
        with Inflow(busy.near, turns, tempo()) as inflow:
            assert inflow.fill(memoryview(bytearray(3))) == (3, False)
    assert not done.is_set()
    line.far.sendall(b"abc")
    waiting.join(PATIENCE)
    assert (done.is_set(), view.tobytes()) == (True, b"abc")


def test_no_more_work_at_once_than_there_are_turns() -> None:
    turns, most = Turns(2), 2
    lock, working, seen = threading.Lock(), [0], [0]

    def work() -> None:
        with closing(Line(PATIENCE)) as mine:
            mine.far.sendall(bytes(40))
            with Inflow(mine.near, turns, tempo()) as inflow:
                for _ in range(10):
                    inflow.fill(memoryview(bytearray(4)))
                    with lock:
                        working[0] += 1
                        seen[0] = max(seen[0], working[0])
                    with lock:
                        working[0] -= 1
                    inflow.rest()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert 1 <= seen[0] <= most


def test_waiting_for_a_turn_is_not_held_against_the_server(line: Line) -> None:
    told: list[float] = []

    class Told(Tempo):
        def excuse(self, seconds: float) -> None:
            told.append(seconds)

    with Inflow(line.near, Turns(1), Told(lambda: 0.0)) as inflow:
        inflow.rest()
    assert len(told) == 2
    assert min(told) >= 0


def test_records_of_tls_are_put_together() -> None:
    authority = trustme.CA()
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(server)
    authority.configure_trust(client)
    near, far = socket.socketpair()
    for one in (near, far):
        one.settimeout(PATIENCE)
    sent = bytes(range(256)) * 400  # seven records

    def serve() -> None:
        with server.wrap_socket(far, server_side=True) as there:
            there.sendall(sent)
            there.recv(1)

    serving = threading.Thread(target=serve)
    serving.start()
    with client.wrap_socket(near, server_hostname="localhost") as here:
        view = memoryview(bytearray(len(sent)))
        with Inflow(here, Turns(1), tempo()) as inflow:
            assert inflow.fill(view) == (len(sent), False)
        assert view.tobytes() == sent
        here.sendall(b"!")
    serving.join(PATIENCE)
    assert not serving.is_alive()
