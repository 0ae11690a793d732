"""The body of an answer, moved from the socket into a reused buffer in large pieces."""

from __future__ import annotations

import http.client
import io
import socket
import time
from collections.abc import Callable, Iterator
from typing import cast

import httpx

#: The request extension that asks for lent chunks.
BORROW = "smugsync.borrow"
CHUNK = 256 * 1024
#: A slow line still shows progress: what has arrived is handed on after this long.
_FLUSH_SECONDS = 1.0

Failed = Callable[[Exception, type[httpx.TransportError]], httpx.TransportError]


class Stream(httpx.SyncByteStream):
    """The body of one response; it holds the connection until it is closed.

    `length` is in bytes, None where `head` knows the framing. With `borrow` each chunk is a memoryview
    that is released when the next one is asked for, so that a late reader fails loudly. `failed` makes
    httpx's exception of another one; `release` takes the connection back and is told whether it is in
    step: the whole body was read, and nothing more.
    """

    def __init__(
        self,
        sock: socket.socket,
        head: http.client.HTTPResponse,
        length: int | None,
        *,
        buffers: list[bytearray],
        borrow: bool,
        failed: Failed,
        release: Callable[[bool], None],
    ) -> None:
        self._sock = sock
        self._head = head
        self._length = length
        self._buffers = buffers
        self._borrow = borrow
        self._failed = failed
        self._release = release
        self._complete = length == 0
        self._in_step = not head.will_close
        self._closed = False

    def __iter__(self) -> Iterator[bytes]:
        if self._complete or self._closed:
            return
        try:
            buffer = self._buffers.pop()
        except IndexError:
            buffer = bytearray(CHUNK)
        whole = memoryview(buffer)
        try:
            sizes = self._framed(whole) if self._length is None else self._counted(whole, self._length)
            for size in sizes:
                if self._borrow:
                    with whole[:size] as view:
                        yield cast(bytes, view)
                else:
                    yield bytes(whole[:size])
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
            self._buffers.append(buffer)

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._head.close()
        self._release(self._complete and self._in_step)

    def _counted(self, whole: memoryview, left: int) -> Iterator[int]:
        """Fill the buffer straight from the socket; the number of bytes in it, each time."""
        # What came with the head lies in http.client's reader: this empties it, or waits for the first bytes.
        # (Into a larger space, `readinto1` would wait for more although it has some.)
        size = self._head.fp.readinto1(whole[: io.DEFAULT_BUFFER_SIZE])
        ended = not size
        if size > left:
            size, self._in_step = left, False  # more than was announced
        left -= size
        receive, clock = self._sock.recv_into, time.monotonic
        while True:
            since = clock()
            while left and size < CHUNK and not ended and clock() - since < _FLUSH_SECONDS:
                got = receive(whole[size : size + min(CHUNK - size, left)])
                size += got
                left -= got
                ended = not got
            if ended:
                raise http.client.HTTPException(f"the server ended the answer early, {left} bytes missing")
            self._complete = not left
            yield size
            if self._complete:
                return
            size = 0

    def _framed(self, whole: memoryview) -> Iterator[int]:
        """Chunked, or up to the end of the connection: `http.client` knows the framing."""
        while size := self._head.readinto(whole):
            yield size
        self._complete = True
