"""`python -m benchmarks.stage.delay HOST:PORT MILLISECONDS [BYTES [FILE]]`: a long line, for TCP on loopback.

Whatever comes is held for half of the round trip in either direction, and goes on at BYTES a second for
each connection, if given, on its way back. The kernel answers an opening handshake at once, so the first
that a client says is held for the round trip that it was spared. Nothing is lost on the way, and nothing else
bounds the rate but this process itself: one thread, whose buffers are used again. Prints where it listens.
FILE gets a line for each piece that comes: when (monotonic seconds), on which connection, and from whom
(`client`, `server`).
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import select
import socket
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

#: Bytes that may be on their way in one direction of a connection: the window of a long line.
_WINDOW = 4 << 20
_PIECE = 128 << 10
#: A paced piece lasts so many seconds, so that what arrives does not come in bursts.
_BEAT = 0.01


@dataclass(slots=True, eq=False)
class Way:
    """One direction of a connection. `due`: of the last piece (monotonic seconds)."""

    source: socket.socket
    target: socket.socket
    delay: float
    rate: float
    due: float = 0.0
    held: int = 0  #: bytes that are on their way
    ready: deque[memoryview] = field(default_factory=deque)  #: which should have gone already
    finished: bool = False  #: nothing more will come
    closed: bool = False
    deaf: bool = False  #: its source is not polled any more
    told: str = ""  #: what a note says of its pieces: the connection, and who sent them
    back: Way = field(init=False)

    @property
    def piece(self) -> int:
        return min(_PIECE, max(4096, int(self.rate * _BEAT))) if self.rate else _PIECE


class Line:
    """All connections, carried by one thread. `delay` in seconds, one way; `rate` 0 is none."""

    def __init__(self, target: tuple[str, int], delay: float, rate: float, note: Path | None = None) -> None:
        self._note = note.open("w", buffering=1) if note else None
        self._target, self._delay, self._rate = target, delay, rate
        self._connections = itertools.count()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._poll = select.epoll()
        self._poll.register(self._listener, select.EPOLLIN)
        self._by_source: dict[int, Way] = {}
        self._by_target: dict[int, Way] = {}
        self._coming: list[tuple[float, int, Way, memoryview]] = []  #: a heap by when it is due
        self._number = itertools.count()
        self._spare: list[memoryview] = []

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def serve(self) -> None:
        while True:
            for number, event in self._wait():
                if number == self._listener.fileno():
                    self._accept()
                    continue
                if event & (select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR):
                    self._read(number)
                if event & select.EPOLLOUT and (way := self._by_target.get(number)):
                    self._write(way)
            self._release(time.monotonic())

    def _wait(self) -> list[tuple[int, int]]:
        """By `select` on the poll itself, which counts in microseconds where epoll counts in milliseconds."""
        until = max(0.0, self._coming[0][0] - time.monotonic()) if self._coming else None
        select.select([self._poll], (), (), until)
        return self._poll.poll(0)

    def _accept(self) -> None:
        here, _ = self._listener.accept()
        try:
            there = socket.create_connection(self._target)
        except OSError:
            here.close()
            return
        connection = next(self._connections)
        due = time.monotonic() + 3 * self._delay
        out = Way(here, there, self._delay, 0.0, due=due, told=f"{connection} client")
        back = Way(there, here, self._delay, self._rate, told=f"{connection} server")
        out.back, back.back = back, out
        for way in (out, back):
            way.source.setblocking(False)
            way.source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._by_source[way.source.fileno()] = self._by_target[way.target.fileno()] = way
            self._poll.register(way.source, 0)
        for way in (out, back):
            self._watch(way.source)

    def _watch(self, sock: socket.socket) -> None:
        """Poll a socket for what is wanted of it now."""
        reading, writing = self._by_source[sock.fileno()], self._by_target[sock.fileno()]
        if reading.deaf:
            return
        wish = 0
        if not reading.finished and reading.held < _WINDOW:
            wish |= select.EPOLLIN
        if writing.ready:
            wish |= select.EPOLLOUT
        self._poll.modify(sock, wish)

    def _read(self, number: int) -> None:
        way = self._by_source.get(number)
        if way is None:
            return
        if way.finished:  # a poll tells of an end again and again; what is on its way arrives all the same
            self._poll.unregister(way.source)
            way.deaf = True
            return
        buffer = self._spare.pop() if self._spare else memoryview(bytearray(_PIECE))
        try:
            size = way.source.recv_into(buffer, way.piece)
        except BlockingIOError:
            self._spare.append(buffer)
            return
        except OSError:
            size = 0
        if size and self._note is not None:
            self._note.write(f"{time.monotonic():.6f} {way.told}\n")
        way.held += size
        way.finished = not size
        way.due = max(time.monotonic() + way.delay, way.due) + (size / way.rate if way.rate else 0.0)
        heapq.heappush(self._coming, (way.due, next(self._number), way, buffer[:size]))
        if way.finished or way.held >= _WINDOW:
            self._watch(way.source)

    def _release(self, now: float) -> None:
        """What is due goes on."""
        while self._coming and self._coming[0][0] <= now:
            _, _, way, view = heapq.heappop(self._coming)
            if way.closed:
                self._reuse(view)
                continue
            way.ready.append(view)
            if len(way.ready) == 1:
                self._write(way)

    def _write(self, way: Way) -> None:
        full = way.held >= _WINDOW
        while way.ready and not way.closed:
            view = way.ready[0]
            if not len(view):
                with contextlib.suppress(OSError):  # an empty piece is the end
                    way.target.shutdown(socket.SHUT_WR)
                way.ready.popleft()
                self._end(way, half=True)
                return
            try:
                sent = way.target.send(view)
            except BlockingIOError:
                break
            except OSError:
                self._end(way)
                return
            way.held -= sent
            if sent < len(view):
                way.ready[0] = view[sent:]
                break
            way.ready.popleft()
            self._reuse(view)
        self._watch(way.target)
        if full and way.held < _WINDOW:
            self._watch(way.source)

    def _reuse(self, view: memoryview) -> None:
        whole = view.obj
        view.release()
        if isinstance(whole, bytearray):
            self._spare.append(memoryview(whole))

    def _end(self, way: Way, *, half: bool = False) -> None:
        """This direction is over; the connection is, once the other one is too."""
        way.closed, other = True, way.back
        if half and not other.closed:
            return
        other.closed = True
        for sock in (way.source, way.target):
            reading = self._by_source.pop(sock.fileno())
            del self._by_target[sock.fileno()]
            if not reading.deaf:
                self._poll.unregister(sock)
            sock.close()


if __name__ == "__main__":
    _host, _, _port = sys.argv[1].rpartition(":")
    _rate = float(sys.argv[3]) if len(sys.argv) > 3 else 0.0
    _note = Path(sys.argv[4]) if len(sys.argv) > 4 else None
    _line = Line((_host, int(_port)), float(sys.argv[2]) / 2000, _rate, _note)
    print(_line.address, flush=True)
    _line.serve()
