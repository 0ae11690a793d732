"""Bytes out of sockets by a few threads at a time: as many as there are processors, and one.

A connection that waits for its server takes no processor, so there may be many. What has come is another
matter: it is decrypted, hashed and written, and more threads at it than processors only take turns at
Python's lock, and lose a twentieth to a tenth of the time by that. So a thread works in its turn, and gives
it up whenever there is nothing to be read.
"""

from __future__ import annotations

import math
import os
import queue
import select
import socket
import ssl
import time
from collections.abc import Callable
from typing import Final, cast

#: A slow line still shows progress: what has arrived is handed on after this long.
FLUSH_SECONDS: Final = 1.0
#: The request extension that holds the turn of an answer. What has none waits for nobody.
TURN: Final = "smugsync.turn"
#: More threads than there are ever.
_EVERYBODY: Final = 1024
NOT_YET: Final = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Turns:
    """So many at once; threads share it. Who waits longest is next, as far as the system is fair."""

    def __init__(self, most: int | None = None) -> None:
        self.free: queue.SimpleQueue[None] = queue.SimpleQueue()
        for _ in range(most or _processors() + 1):
            self.free.put(None)

    def open_up(self) -> None:
        """Whoever waits or will wait has a turn: everything is to end."""
        for _ in range(_EVERYBODY):
            self.free.put(None)


class Turn:
    """One file's turn among `turns`; without them it is always its turn. Of one thread."""

    __slots__ = ("_held", "_turns", "waited")

    def __init__(self, turns: Turns | None = None) -> None:
        self._turns = turns
        self._held = turns is None
        self.waited = 0.0  #: seconds, in all

    def take(self) -> None:
        if self._held or self._turns is None:
            return
        try:
            self._turns.free.get_nowait()
        except queue.Empty:
            began = time.monotonic()
            self._turns.free.get()
            self.waited += time.monotonic() - began
        self._held = True

    def give_up(self) -> None:
        """Nothing, if it is not held."""
        if self._held and self._turns is not None:
            self._held = False
            self._turns.free.put(None)


class Inflow:
    """What comes on `sock`, in turns, from now on; the socket does not block afterwards.

    `patience` bounds how long nothing may come, in seconds, None = for ever; waiting for a turn is no part of
    it.
    """

    __slots__ = ("_flush", "_patience", "_read", "_sock", "_turn")

    def __init__(
        self, sock: socket.socket, turn: Turn, patience: float | None, *, flush: float = FLUSH_SECONDS
    ) -> None:
        self._sock, self._turn, self._patience, self._flush = sock, turn, patience, flush
        # For each record of TLS: what `recv_into` does there, without a call in between.
        self._read: Callable[[int, memoryview], int] | None = None
        if isinstance(sock, ssl.SSLSocket):
            self._read = cast(Callable[[int, memoryview], int], sock.read)
        if sock.gettimeout() != 0.0:
            sock.settimeout(0.0)

    def fill(self, view: memoryview) -> tuple[int, bool]:
        """Read until `view` is full, or for a while; how many bytes came, and whether it was the end.

        Raises TimeoutError if nothing comes for too long, or the socket's own OSError.
        """
        receive, read, turn = self._sock.recv_into, self._read, self._turn
        turn.take()
        size, room = 0, len(view)
        began = time.monotonic() - turn.waited
        while size < room:
            free = view[size:]
            try:
                came = receive(free) if read is None else read(room - size, free)
            except NOT_YET as why:
                # Of TLS nothing has come before a record is whole, be it byte by byte.
                patience = self._flush if size else self._patience
                left = None if patience is None else began + turn.waited + patience - time.monotonic()
                if (left is None or left > 0) and self._comes(why, left):
                    continue
                if size:
                    break
                raise TimeoutError("the server stopped sending") from None
            if not came:
                return size, True
            size += came
        return size, False

    def rest(self) -> None:
        """It is somebody else's turn, if anybody waits for it. To be called at the end in any case."""
        self._turn.give_up()

    def _comes(self, why: Exception, patience: float | None) -> bool:
        """Wait, in nobody's way, until the connection is ready; False if it takes longer."""
        self._turn.give_up()
        try:
            return is_ready(self._sock, patience, writing=isinstance(why, ssl.SSLWantWriteError))
        finally:
            self._turn.take()


def is_ready(sock: socket.socket, patience: float | None, *, writing: bool = False) -> bool:
    """Wait until `sock` may be read, or written to; False if it takes more than `patience` seconds."""
    waiting = select.poll()
    waiting.register(sock, select.POLLOUT if writing else select.POLLIN)
    return bool(waiting.poll(None if patience is None else math.ceil(patience * 1000)))


def _processors() -> int:
    """Those that we may use."""
    try:
        return len(os.sched_getaffinity(0))
    except (AttributeError, OSError):
        return os.cpu_count() or 1
