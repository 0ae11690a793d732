"""Bytes out of sockets by a few threads at a time: as many as there are processors, and one.

A connection that waits for its server takes no processor, so there may be many. What has come is another
matter: it is decrypted, hashed and written, and more threads at it than processors only take turns at
Python's lock, and lose a twentieth to a tenth of the time by that. So a thread works in its turn, and gives
it up whenever there is nothing to be read.
"""

from __future__ import annotations

import contextlib
import math
import os
import queue
import select
import socket
import ssl
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self, cast

from smugsync.remote.tempo import Tempo

#: A slow line still shows progress: what has arrived is handed on after this long.
FLUSH_SECONDS: Final = 1.0
_NOT_YET: Final = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Turns:
    """`most` at once; threads share it. Who waits longest is next, as far as the system is fair."""

    def __init__(self, most: int | None = None) -> None:
        self._free: queue.SimpleQueue[None] = queue.SimpleQueue()
        for _ in range(most or _processors() + 1):
            self._free.put(None)

    def take(self) -> None:
        self._free.get()

    def give_up(self) -> None:
        self._free.put(None)


class Inflow:
    """What comes on `sock`, from `with` on, in turns. The socket's own time-out bounds each silence.

    The time that is spent waiting for a turn is not the peer's, and `tempo` is told so.
    """

    __slots__ = ("_flush", "_patience", "_read", "_sock", "_tempo", "_turns")

    def __init__(
        self, sock: socket.socket, turns: Turns, tempo: Tempo, *, flush: float = FLUSH_SECONDS
    ) -> None:
        self._sock, self._turns, self._tempo, self._flush = sock, turns, tempo, flush
        # For each record of TLS: what `recv_into` does there, without a call in between.
        self._read: Callable[[int, memoryview], int] | None = None
        if isinstance(sock, ssl.SSLSocket):
            self._read = cast(Callable[[int, memoryview], int], sock.read)

    def __enter__(self) -> Self:
        self._patience = self._sock.gettimeout()
        self._take_turn()
        try:
            self._sock.settimeout(0.0)
        except BaseException:
            self._turns.give_up()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._turns.give_up()
        with contextlib.suppress(OSError):  # it may be closed by now
            self._sock.settimeout(self._patience)

    def fill(self, view: memoryview) -> tuple[int, bool]:
        """Read until `view` is full, or for a while; how many bytes came, and whether it was the end.

        Raises TimeoutError if the peer is silent for too long, or the socket's own OSError.
        """
        receive, read = self._sock.recv_into, self._read
        size, room = 0, len(view)
        since = time.monotonic()
        while size < room:
            free = view[size:]
            try:
                came = receive(free) if read is None else read(room - size, free)
            except _NOT_YET as why:
                patience = self._patience
                if size:
                    patience = max(0.0, since + self._flush - time.monotonic())
                if self._comes(why, patience):
                    continue
                if size:
                    break
                raise TimeoutError("the server stopped sending") from None
            if not came:
                return size, True
            size += came
        return size, False

    def rest(self) -> None:
        """Somebody else's turn, if anybody waits for it."""
        self._turns.give_up()
        self._take_turn()

    def _comes(self, why: Exception, patience: float | None) -> bool:
        """Wait, in nobody's way, until the connection is ready; False if it takes longer."""
        self._turns.give_up()
        try:
            waiting = select.poll()
            way = select.POLLOUT if isinstance(why, ssl.SSLWantWriteError) else select.POLLIN
            waiting.register(self._sock, way)
            return bool(waiting.poll(None if patience is None else math.ceil(patience * 1000)))
        finally:
            self._take_turn()

    def _take_turn(self) -> None:
        began = time.monotonic()
        self._turns.take()
        self._tempo.excuse(time.monotonic() - began)


def _processors() -> int:
    """Those that we may use."""
    try:
        return len(os.sched_getaffinity(0))
    except (AttributeError, OSError):
        return os.cpu_count() or 1
