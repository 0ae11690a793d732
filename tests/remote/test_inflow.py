"""Bytes are taken in turns, and nobody who waits for a server keeps others from working."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from smugsync.remote.inflow import Inflow, Turn, Turns

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


@contextmanager
def taking(
    sock: socket.socket, turns: Turns | None = None, *, patience: float | None = PATIENCE, flush: float = 1.0
) -> Iterator[Inflow]:
    with closing_inflow(Inflow(sock, Turn(turns or Turns(1)), patience, flush=flush)) as inflow:
        yield inflow


@contextmanager
def closing_inflow(inflow: Inflow) -> Iterator[Inflow]:
    try:
        yield inflow
    finally:
        inflow.rest()


def test_what_is_there_is_taken_at_once(line: Line) -> None:
    line.far.sendall(b"abcdef")
    view = memoryview(bytearray(4))
    with taking(line.near) as inflow:
        assert inflow.fill(view) == (4, False)
        assert view.tobytes() == b"abcd"


def test_what_comes_late_is_waited_for_until_there_is_enough(line: Line) -> None:
    view = memoryview(bytearray(6))
    later = threading.Timer(0.05, line.far.sendall, [b"def"])
    line.far.sendall(b"abc")
    with taking(line.near) as inflow:
        later.start()
        came, ended = inflow.fill(view)
    later.join()
    assert (view[:came].tobytes(), ended) == (b"abcdef", False)


def test_the_end_is_told_with_what_came_before_it(line: Line) -> None:
    line.far.sendall(b"abc")
    line.far.close()
    view = memoryview(bytearray(6))
    with taking(line.near) as inflow:
        assert inflow.fill(view) == (3, True)


def test_silence_ends(line: Line) -> None:
    with taking(line.near, patience=0.01) as inflow, pytest.raises(TimeoutError, match="stopped sending"):
        inflow.fill(memoryview(bytearray(4)))


def test_what_has_come_on_a_slow_line_is_handed_on(line: Line) -> None:
    line.far.sendall(b"ab")
    with taking(line.near, flush=0.01) as inflow:
        assert inflow.fill(memoryview(bytearray(4))) == (2, False)


def test_the_socket_does_not_block_any_more(line: Line) -> None:
    with taking(line.near):
        assert line.near.gettimeout() == 0.0
    assert line.near.gettimeout() == 0.0


def test_a_turn_is_free_again_after_trouble(line: Line) -> None:
    turns = Turns(1)
    for _ in range(2):  # a second one would wait for ever
        with pytest.raises(TimeoutError), taking(line.near, turns, patience=0.01) as inflow:
            inflow.fill(memoryview(bytearray(1)))


def test_the_end_may_be_told_twice_and_gives_one_turn_back(line: Line) -> None:
    turns = Turns(1)
    turn = Turn(turns)
    inflow = Inflow(line.near, turn, PATIENCE)
    turn.take()
    inflow.rest()
    inflow.rest()
    turn.give_up()
    turns.free.get_nowait()
    assert turns.free.empty()


def test_everybody_has_a_turn_when_all_is_to_end() -> None:
    turns, done = Turns(1), threading.Event()
    Turn(turns).take()

    def wait() -> None:
        Turn(turns).take()
        done.set()

    waiting = threading.Thread(target=wait)
    waiting.start()
    turns.open_up()
    waiting.join(PATIENCE)
    assert done.is_set()


def test_without_turns_nobody_waits() -> None:
    one, other = Turn(), Turn()
    one.take()
    other.take()
    assert (one.waited, other.waited) == (0.0, 0.0)


def test_who_waits_for_a_server_keeps_nobody_from_working(line: Line) -> None:
    """With one turn for both: the first waits for its server, the second has all that it needs."""
    turns, done = Turns(1), threading.Event()
    view = memoryview(bytearray(3))

    def wait() -> None:
        with taking(line.near, turns) as inflow:
            inflow.fill(view)
        done.set()

    waiting = threading.Thread(target=wait)
    waiting.start()
    with closing(Line(PATIENCE)) as busy:
        busy.far.sendall(b"xyz")
        with taking(busy.near, turns) as inflow:
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
            with taking(mine.near, turns) as inflow:
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


def test_the_time_spent_waiting_for_a_turn_is_counted() -> None:
    turns = Turns(1)
    busy, next_one = Turn(turns), Turn(turns)
    busy.take()
    waiting = threading.Thread(target=next_one.take)
    waiting.start()
    waiting.join(0.02)
    busy.give_up()
    waiting.join(PATIENCE)
    assert 0.01 < next_one.waited < PATIENCE


def test_a_record_of_tls_that_comes_byte_by_byte_is_no_news(
    server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    """The patience is for something that can be read; else one byte before it ends would do, for ever."""
    near, far = socket.socketpair()
    near.settimeout(PATIENCE)
    far.settimeout(PATIENCE)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    there = server_tls.wrap_bio(incoming, outgoing, server_side=True)
    given_up = threading.Event()

    def serve() -> None:
        with far:
            while True:
                try:
                    there.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    far.sendall(outgoing.read())
                    incoming.write(far.recv(65536))
            far.sendall(outgoing.read())
            there.write(bytes(16000))
            record = outgoing.read()
            for at in range(len(record)):
                if given_up.wait(0.02):
                    return
                far.sendall(record[at : at + 1])

    serving = threading.Thread(target=serve)
    serving.start()
    with client_tls.wrap_socket(near, server_hostname="localhost") as here:
        with taking(here, patience=0.2) as inflow, pytest.raises(TimeoutError):
            inflow.fill(memoryview(bytearray(16000)))
        given_up.set()
        serving.join(PATIENCE)
    assert not serving.is_alive()


def test_records_of_tls_are_put_together(server_tls: ssl.SSLContext, client_tls: ssl.SSLContext) -> None:
    near, far = socket.socketpair()
    for one in (near, far):
        one.settimeout(PATIENCE)
    sent = bytes(range(256)) * 400  # seven records

    def serve() -> None:
        with server_tls.wrap_socket(far, server_side=True) as there:
            there.sendall(sent)
            there.recv(1)

    serving = threading.Thread(target=serve)
    serving.start()
    with client_tls.wrap_socket(near, server_hostname="localhost") as here:
        view = memoryview(bytearray(len(sent)))
        with taking(here) as inflow:
            assert inflow.fill(view) == (len(sent), False)
        assert view.tobytes() == sent
        here.sendall(b"!")
    serving.join(PATIENCE)
    assert not serving.is_alive()
