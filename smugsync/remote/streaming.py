"""The body of an answer, moved from the socket into a reused buffer in large pieces."""

from __future__ import annotations

import http.client
import io
import socket
import time
from collections.abc import Callable, Iterator
from typing import cast

import httpx

from smugsync.remote.answer import Answer, remainder
from smugsync.remote.head import CHUNK, LONGEST
from smugsync.remote.inflow import Inflow, Turn
from smugsync.remote.tempo import Tempo

#: The request extension that asks for lent chunks.
BORROW = "smugsync.borrow"

Failed = Callable[[Exception, type[httpx.TransportError]], httpx.TransportError]


class Buffers:
    """Buffers for a chunk and a head before it, lent to one answer after the other. Threads may share it."""

    def __init__(self) -> None:
        self._idle: list[bytearray] = []

    def take(self) -> bytearray:
        try:
            return self._idle.pop()
        except IndexError:
            return bytearray(LONGEST + CHUNK)

    def give_back(self, buffer: bytearray) -> None:
        self._idle.append(buffer)


class Stream(httpx.SyncByteStream):
    """The body of one response; it holds the connection, and a buffer, until it is closed.

    `buffer` came from `buffers`, and `answer` was read into it; the rest is taken in its `turn`, and may keep
    us waiting for `patience` seconds at a time, None = for ever. With
    `borrow` each chunk is a memoryview that is released when the next one is asked for, so that a late reader
    fails loudly. `failed` makes httpx's exception of another one; `release` takes the connection back and is
    told whether it is in step: the whole body was read, and nothing more. By `clock`, monotonic seconds, a
    body is given up that trickles in.
    """

    def __init__(
        self,
        sock: socket.socket,
        answer: Answer,
        buffer: bytearray,
        buffers: Buffers,
        turn: Turn,
        *,
        patience: float | None,
        borrow: bool,
        failed: Failed,
        release: Callable[[bool], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sock = sock
        self._answer = answer
        self._buffer: bytearray | None = buffer
        self._buffers = buffers
        self._turn = turn
        self._patience = patience
        self._borrow = borrow
        self._failed = failed
        self._release = release
        self._clock = clock
        self._complete = answer.length == 0
        self._in_step = answer.lasts and not (self._complete and answer.came[1])
        self._closed = self._reading = False

    def __iter__(self) -> Iterator[bytes]:
        buffer = self._buffer
        if self._complete or buffer is None:
            return
        self._reading = True
        whole = memoryview(buffer)
        try:
            length = self._answer.length
            chunks = self._framed(whole) if length is None else self._counted(whole, length)
            for view in chunks:
                if self._borrow:
                    with view:
                        yield cast(bytes, view)
                else:
                    yield bytes(view)
        except TimeoutError as exc:
            raise self._failed(exc, httpx.ReadTimeout) from exc
        except http.client.IncompleteRead as exc:
            early = http.client.HTTPException("the server ended the answer early, inside a chunk")
            raise self._failed(early, httpx.RemoteProtocolError) from exc
        except http.client.HTTPException as exc:
            raise self._failed(exc, httpx.RemoteProtocolError) from exc
        except OSError as exc:
            raise self._failed(exc, httpx.ReadError) from exc
        finally:
            self._reading = False
            self._return_buffer()

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        # A reader that is given up in the middle would be ended only when it is collected.
        self._turn.give_up()
        if not self._reading:  # else a chunk of it may be in somebody's hands still
            self._return_buffer()
        if self._answer.reader is not None:
            self._answer.reader.close()
        self._release(self._complete and self._in_step)

    def _return_buffer(self) -> None:
        buffer, self._buffer = self._buffer, None
        if buffer is not None:
            self._buffers.give_back(buffer)

    def _counted(self, whole: memoryview, left: int) -> Iterator[memoryview]:
        """Fill the buffer straight from the socket; what is in it, each time."""
        begin, size = self._answer.came
        ended = False
        if self._answer.reader is not None:
            # What came with the head lies in http.client's reader: this empties it, or waits for the first
            # bytes. (Into a larger space, `readinto1` would wait for more although it has some.)
            size = self._answer.reader.fp.readinto1(whole[: io.DEFAULT_BUFFER_SIZE])
            ended = not size
            rest = remainder(self._answer.reader)
            whole[size : size + len(rest)] = rest
            size += len(rest)
        if size > left:
            size, self._in_step = left, False  # more than was announced
        left -= size
        tempo = Tempo(self._clock)
        turn, inflow = self._turn, Inflow(self._sock, self._turn, self._patience)
        try:
            while True:
                waited = turn.waited
                turn.take()
                room = max(0, min(CHUNK - size, left))
                if room and not ended:
                    came, ended = inflow.fill(whole[begin + size : begin + size + room])
                    size += came
                    left -= came
                if ended:
                    raise http.client.HTTPException(
                        f"the server ended the answer early, {left} bytes missing"
                    )
                self._complete = not left
                tempo.excuse(turn.waited - waited)
                if tempo.is_too_slow(size) and left:
                    raise TimeoutError("the server sends too slowly")
                lent = self._clock()
                yield whole[begin : begin + size]
                if self._complete:
                    return
                tempo.excuse(self._clock() - lent)
                inflow.rest()
                begin = size = 0
        finally:
            inflow.rest()

    def _framed(self, whole: memoryview) -> Iterator[memoryview]:
        """Chunked, or up to the end of the connection: `http.client` knows the framing."""
        reader = cast(http.client.HTTPResponse, self._answer.reader)
        while size := reader.readinto(whole[:CHUNK]):
            yield whole[:size]
        self._complete = True
