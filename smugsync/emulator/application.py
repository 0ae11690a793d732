"""HTTP on one side, `Emulator.handle` on the other: reading requests, delivering answers, breaking off.

A plain ASGI application. There is no framework on top, because there would be nothing left for it to do:
routes, parameters and errors belong to the emulated service, and the core answers a request value with a
response value.

API answers are made in worker threads, since the first listing of a large library hashes files, and so are
smaller pictures; media are streamed by the event loop. Uploads and smaller pictures have threads of their
own, so that nobody waits behind a few large ones for a listing.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from smugsync.emulator.emulator import Emulator, is_media
from smugsync.emulator.legacy.addresses import is_upload as is_older_upload
from smugsync.emulator.legacy.heads import as_sent, mended
from smugsync.emulator.legacy.pictures import is_quick as is_quick_picture
from smugsync.emulator.media import host as media_host
from smugsync.emulator.messages import Request, Response, html_response
from smugsync.emulator.pixelpost import files as pixelpost_files
from smugsync.emulator.upload.request import is_upload
from smugsync.emulator.upload.spooling import Bodies, ClientLeft, Receive, TooLarge

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Scope = MutableMapping[str, Any]

#: How many uploads are received at once, and how many smaller pictures made; more wait for their turn.
_UPLOADS: Final = 4
_PICTURES: Final = 2
#: How long a client may take to answer a goodbye, once the server stops, in seconds.
_GOODBYE: Final = 0.2


class Application:
    """Answers for one emulator. `protocol` is what the server makes of each connection.

    Once `closing` is set, nothing waits any more.
    """

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self.closing = asyncio.Event()
        self.bodies = Bodies()
        self._uploads = ThreadPoolExecutor(_UPLOADS, "uploads")
        self._pictures = ThreadPoolExecutor(_PICTURES, "pictures")
        connections: dict[tuple[str, int], asyncio.Transport] = {}
        self._connections = connections

        class Protocol(H11Protocol):
            """Remembers its transport, so that a fault can drop the connection."""

            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # uvicorn's own signature
                super().connection_made(transport)
                self.line = transport.get_extra_info("socket")
                if self.line is not None:  # asyncio does so only for sockets made with an explicit protocol
                    self.line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if self.client is not None:
                    connections[self.client] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                if self.client is not None:
                    connections.pop(self.client, None)
                super().connection_lost(exc)

            def data_received(self, data: bytes) -> None:
                begins = self.conn.their_state is h11.IDLE and not self.conn.trailing_data[0]
                super().data_received(mended(data) if begins else data)

            def shutdown(self) -> None:
                super().shutdown()
                # Over TLS, asyncio would wait half a minute for the client's goodbye.
                self.loop.call_later(_GOODBYE, self._leave)

            def _leave(self) -> None:
                if not self.transport.is_closing():
                    return
                with contextlib.suppress(AttributeError):  # closed twice: some Pythons lost the way to it
                    self.transport.abort()
                with contextlib.suppress(OSError):
                    if self.line is not None:
                        self.line.shutdown(socket.SHUT_RDWR)

        self.protocol = Protocol

    def close(self) -> None:
        """Wait for what is under way, and let go of the rest."""
        for threads in (self._uploads, self._pictures):
            threads.shutdown(cancel_futures=True)
        self.bodies.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(
            scope["method"],
            _origin_form(scope["raw_path"].decode("latin-1")),
            scope["query_string"].decode("latin-1"),
            {name.decode("latin-1"): as_sent(value.decode("latin-1")) for name, value in scope["headers"]},
            scheme=scope["scheme"],
        )
        try:
            request = await self._with_body(request, receive)
            media = is_media(request)
            made = pixelpost_files.owns(request.path)  # of these, some have to be made first
            quick = media_host.is_quick(request.path) and is_quick_picture(request.path)
            if media and quick and not made:
                response = self._emulator.handle(request)
            else:
                usual = self._uploads if _uploads(request) else None
                threads = self._pictures if media else usual
                loop = asyncio.get_running_loop()
                response = await loop.run_in_executor(threads, self._emulator.handle, request)
        except ClientLeft:
            return  # half a request is none: what it would have done is not done
        except TooLarge:
            response = html_response(413, "Request Entity Too Large", "The body is too large.")
        except OSError:
            response = html_response(500, "Internal Server Error", "There is no room for the body.")
        finally:
            if request.upload is not None:
                request.upload.unlink(missing_ok=True)
        await self._deliver(request, response, scope, send)

    async def _with_body(self, request: Request, receive: Receive) -> Request:
        announced = request.headers.get("content-length", "")
        length = int(announced) if announced.isdecimal() else 0
        body = await self.bodies.read(receive, upload=_uploads(request), announced=length)
        return replace(request, body=body) if isinstance(body, bytes) else replace(request, upload=body)

    async def _deliver(self, request: Request, response: Response, scope: Scope, send: Send) -> None:
        delivery, length = response.delivery, len(response.body)
        if delivery.delay:
            await self._wait(delivery.delay)
        if delivery.limit != -1:
            headers = [(n.lower().encode("latin-1"), v.encode("latin-1")) for n, v in response.headers]
            headers.append((b"content-length", str(length).encode()))
            await send({"type": "http.response.start", "status": response.status, "headers": headers})
            bodiless = request.method == "HEAD" or response.status == 304
            if not bodiless and not await self._send_body(response, scope, send):
                return
            if delivery.limit is None or delivery.limit >= length:
                await send({"type": "http.response.body", "body": b""})
                return
        if delivery.then == "stall":
            await self._wait(None)
        self._drop(scope, hard=delivery.then == "reset")

    async def _send_body(self, response: Response, scope: Scope, send: Send) -> bool:
        """Whether somebody listened to the end. What cannot be read any more ends the connection."""
        try:
            for piece in response.pieces():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
                await asyncio.sleep(0)  # a fast reader must not keep others from their turn
                transport = self._transport(scope)
                if transport is None or transport.is_closing():
                    return False
        except OSError:
            self._drop(scope, hard=False)
            return False
        return True

    async def _wait(self, seconds: float | None) -> None:
        """Until the time is over or the server stops."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.closing.wait(), seconds)

    def _transport(self, scope: Scope) -> asyncio.Transport | None:
        client = scope.get("client")
        return self._connections.get(tuple(client)) if client else None

    def _drop(self, scope: Scope, *, hard: bool) -> None:
        """End the connection; `hard` with a reset instead of a goodbye."""
        transport = self._transport(scope)
        if transport is None:
            return
        if hard:
            line = transport.get_extra_info("socket")
            if line is not None:
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
        else:
            transport.close()


def _uploads(request: Request) -> bool:
    """Whether the body is a file, in the newer or the older way."""
    return is_upload(request) or is_older_upload(request)


def _origin_form(target: str) -> str:
    """The path of a target that names its host, as clients send it to a proxy (RFC 9112, 3.2.2)."""
    scheme, separator, rest = target.partition("://")
    if not separator or scheme.lower() not in ("http", "https"):
        return target
    return "/" + rest.partition("/")[2]
