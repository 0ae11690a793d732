"""The emulator on a real socket.

A plain ASGI application under uvicorn, whose HTTP is h11's: a well-kept server is what a 300 MB download
with Range, a client that disconnects and a hundred idle connections want. There is no framework on top,
because there would be nothing left for it to do: routes, parameters and errors belong to the emulated
service, and the core answers a request value with a response value.

API answers are made in worker threads, since the first listing of a large library hashes files; media are
streamed by the event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import struct
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from types import FrameType
from typing import Any, Final

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from smugsync.emulator.emulator import Emulator
from smugsync.emulator.messages import Request, Response
from smugsync.emulator.settings import Settings

#: How long running answers may take to end after the stop, in seconds.
GRACE: Final = 1

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


def serve(settings: Settings, *, announce: Callable[[Mapping[str, str]], None]) -> None:
    """Serve until SIGTERM or SIGINT. `announce` gets address and credentials once the socket listens.

    Raises OSError if the port is taken or the library cannot be read.
    """
    emulator = Emulator(settings)
    server = _Server(emulator, _listen(settings), announce)
    server.run_until_stopped()


@dataclass(frozen=True, slots=True)
class Running:
    """A server in a thread of this process, and the emulator behind it."""

    emulator: Emulator
    ready: Mapping[str, str]

    @property
    def url(self) -> str:
        """The origin, without a slash at its end."""
        return self.ready["api_url"]


@contextlib.contextmanager
def running(settings: Settings, *, emulator: Emulator | None = None) -> Iterator[Running]:
    """For tests: serve from a thread on a free loopback port as long as the block runs."""
    emulator = emulator or Emulator(settings)
    listening = threading.Event()
    ready: dict[str, str] = {}

    def announce(values: Mapping[str, str]) -> None:
        ready.update(values)
        listening.set()

    server = _Server(emulator, _listen(settings), announce)
    thread = threading.Thread(target=server.run_until_stopped, name="emulator", daemon=True)
    thread.start()
    try:
        if not listening.wait(10):
            raise TimeoutError("the emulator does not listen")
        yield Running(emulator, ready)
    finally:
        server.should_exit = True
        thread.join(10)


def describe_ready(emulator: Emulator, origin: str) -> dict[str, str]:
    """What a client is configured with: the line `smugsync emulator` prints."""
    credentials = emulator.credentials
    return {
        "api_url": origin,
        "oauth_url": origin,
        "upload_url": f"{origin}/upload/",
        "nickname": emulator.settings.nickname,
        "api_key": credentials.api_key,
        "api_secret": credentials.api_secret,
        "access_token": credentials.access_token,
        "access_token_secret": credentials.access_token_secret,
    }


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    return socket.create_server((settings.host, settings.port), family=family, backlog=1024)


def _reachable(host: str) -> str:
    """How a client on this machine names the address that is listened on."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - read, not bound
    return f"[{host}]" if ":" in host else host


class _Server(uvicorn.Server):
    """Uvicorn, told where to listen, to whom to say so, and to leave without raising the signal again."""

    def __init__(
        self, emulator: Emulator, listener: socket.socket, announce: Callable[[Mapping[str, str]], None]
    ) -> None:
        self._emulator = emulator
        self._listener = listener
        self._announce = announce
        self._application = _Application(emulator)
        config = uvicorn.Config(
            self._application,
            http=self._application.protocol,
            ws="none",
            lifespan="off",
            loop="asyncio",
            log_config=None,
            log_level="critical",  # broken deliveries are intended, and stdout belongs to the announcement
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=GRACE,
        )
        super().__init__(config)

    def run_until_stopped(self) -> None:
        try:
            self.run(sockets=[self._listener])
        finally:
            self._listener.close()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        host, port = self._listener.getsockname()[:2]
        origin = f"http://{_reachable(host)}:{port}"
        self._emulator.origin = origin
        self._announce(describe_ready(self._emulator, origin))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._application.closing.set()
        await super().shutdown(sockets=sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def stop(number: int, frame: FrameType | None) -> None:
            self.should_exit = True

        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class _Application:
    """ASGI on one side, `Emulator.handle` on the other."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self.closing = asyncio.Event()
        connections: dict[tuple[str, int], asyncio.Transport] = {}
        self._connections = connections

        class Protocol(H11Protocol):
            """Remembers its transport, so that a fault can drop the connection."""

            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # uvicorn's own signature
                super().connection_made(transport)
                line = transport.get_extra_info("socket")
                if line is not None:  # asyncio does so only for sockets made with an explicit protocol
                    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if self.client is not None:
                    connections[self.client] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                if self.client is not None:
                    connections.pop(self.client, None)
                super().connection_lost(exc)

        self.protocol = Protocol

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(
            scope["method"],
            scope["raw_path"].decode("latin-1"),
            scope["query_string"].decode("latin-1"),
            {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
            await _read_body(receive),
            scope["scheme"],
        )
        if request.path.startswith("/photos/"):
            response = self._emulator.handle(request)
        else:
            response = await asyncio.to_thread(self._emulator.handle, request)
        await self._deliver(request, response, scope, send)

    async def _deliver(
        self, request: Request, response: Response, scope: MutableMapping[str, Any], send: Send
    ) -> None:
        delivery, length = response.delivery, len(response.body)
        if delivery.delay:
            await self._wait(delivery.delay)
        if delivery.limit != -1:
            headers = [(n.lower().encode("latin-1"), v.encode("latin-1")) for n, v in response.headers]
            headers.append((b"content-length", str(length).encode()))
            await send({"type": "http.response.start", "status": response.status, "headers": headers})
            if request.method != "HEAD" and response.status != 304:
                async for piece in _each(response):
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
            if delivery.limit is None or delivery.limit >= length:
                await send({"type": "http.response.body", "body": b""})
                return
        if delivery.then == "stall":
            await self._wait(None)
        self._drop(scope, hard=delivery.then == "reset")

    async def _wait(self, seconds: float | None) -> None:
        """Until the time is over or the server stops."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.closing.wait(), seconds)

    def _drop(self, scope: MutableMapping[str, Any], *, hard: bool) -> None:
        """End the connection; `hard` with a reset instead of a goodbye."""
        client = scope.get("client")
        transport = self._connections.get(tuple(client)) if client else None
        if transport is None:
            return
        if hard:
            line = transport.get_extra_info("socket")
            if line is not None:
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
        else:
            transport.close()


async def _each(response: Response) -> AsyncIterator[bytes]:
    for piece in response.pieces():
        yield piece


async def _read_body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b"".join(parts)
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)
