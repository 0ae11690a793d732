"""The page on a socket: uvicorn in a thread of its own, bounded in every way."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator, MutableMapping, Sequence
from concurrent.futures import Future
from typing import Any, Final

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from smugsync.daemon.standing import Standing
from smugsync.page.access import Access
from smugsync.page.application import Application, Request, Response
from smugsync.page.facts import Subject
from smugsync.secret import Secret

#: Connections at once, and answers that are being made at once.
CONNECTIONS: Final = 32
ANSWERS: Final = 4
#: How long a connection lives at most, and how long an answer may take, in seconds.
LIFETIME: Final = 60.0
PATIENCE: Final = 20.0
#: Of a request line with its headers that come in pieces, in bytes; a piece has 64 kB at most.
LARGEST: Final = 16_384
#: Tokens shorter than this can be found by trying.
SHORTEST_TOKEN: Final = 16

_LOG = logging.getLogger(__name__)
_Scope = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Scope]]
_Send = Callable[[_Scope], Awaitable[None]]


@contextlib.contextmanager
def shown(
    listen: str,
    subjects: Sequence[Subject],
    standings: Callable[[], Sequence[Standing]],
    *,
    token: Secret | None = None,
    lifetime: float = LIFETIME,
) -> Iterator[str | None]:
    """Show `subjects` at `listen` (HOST:PORT) as long as the block runs; gives the page's address.

    Where nothing can listen there, a warning says why, the address is None and everything else goes on.
    """
    host, _, port = listen.rpartition(":")
    host = host.strip("[]")
    try:
        listener = _listener(host, int(port))
    except OSError as error:
        _LOG.warning(
            "there is no status page: %s cannot be listened on (%s); everything else goes on. Set "
            "status.listen to another address or port",
            listen,
            error.strerror or "no such address",
        )
        yield None
        return
    if token is not None and len(token.reveal()) < SHORTEST_TOKEN:
        _LOG.warning("status.token is short enough to be guessed: `openssl rand -hex 16` prints a better one")
    application = Application(subjects, standings, Access(host, token))
    with contextlib.closing(listener):
        server = _Server(_Gate(application).serve, lifetime)
        thread = threading.Thread(target=server.run, args=([listener],), name="page", daemon=True)
        thread.start()
        try:
            yield _address(listener)
        finally:
            server.should_exit = True
            thread.join(2.0)


def _listener(host: str, port: int) -> socket.socket:
    """Raises OSError."""
    try:
        found = {one[0] for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except UnicodeError as error:  # a host name that cannot be one
        raise OSError(str(error)) from error
    # `localhost` is both, and people type 127.0.0.1; `::` means every address, of either kind.
    family = socket.AF_INET if socket.AF_INET in found else socket.AF_INET6
    both = host == "::" and socket.has_dualstack_ipv6()
    return socket.create_server((host, port), family=family, backlog=CONNECTIONS, dualstack_ipv6=both)


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _impatient(lifetime: float) -> type[H11Protocol]:
    """Who connects and says nothing, or reads nothing, takes nobody's place for longer than `lifetime` s."""

    class Impatient(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._end = self.loop.call_later(lifetime, transport.abort)

        def connection_lost(self, exc: Exception | None) -> None:
            self._end.cancel()
            super().connection_lost(exc)

    return Impatient


class _Server(uvicorn.Server):
    def __init__(self, serve: Callable[[_Scope, _Receive, _Send], Awaitable[None]], lifetime: float) -> None:
        super().__init__(
            uvicorn.Config(
                serve,
                http=_impatient(lifetime),
                ws="none",
                lifespan="off",
                loop="asyncio",
                interface="asgi3",
                log_config=None,
                log_level="critical",
                access_log=False,
                server_header=False,
                proxy_headers=False,
                limit_concurrency=CONNECTIONS,
                timeout_keep_alive=5,
                timeout_graceful_shutdown=0,
                h11_max_incomplete_event_size=LARGEST,
            )
        )

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the daemon's business."""
        yield


class _Gate:
    """ASGI around the application, whose answers are made in threads: a disk that hangs stops nobody else.

    They are threads that may be left behind; there are at most `ANSWERS` of them, whoever comes then is told
    to come back.
    """

    def __init__(self, application: Application) -> None:
        self._application = application
        self._free = threading.Semaphore(ANSWERS)

    async def serve(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        del receive  # whatever somebody sends along is not read
        headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}
        query = scope["query_string"].decode("latin-1")
        request = Request(scope["method"], scope["path"], query, headers)
        response = await self._answer(request)
        shown_headers = [
            (key.lower().encode(), value.encode("latin-1")) for key, value in response.all_headers().items()
        ]
        await send({"type": "http.response.start", "status": response.status, "headers": shown_headers})
        body = b"" if request.method == "HEAD" else response.body
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, request: Request) -> Response:
        if not self._free.acquire(blocking=False):
            return Response(503, b"Too many ask at once.\n", headers={"Retry-After": "5"})
        made: Future[Response] = Future()
        thread = threading.Thread(target=self._make, args=(request, made), name="page-answer", daemon=True)
        thread.start()
        try:
            return await asyncio.wait_for(asyncio.wrap_future(made), PATIENCE)
        except TimeoutError:
            return Response(503, b"This takes too long: is a disk slow?\n", headers={"Retry-After": "30"})

    def _make(self, request: Request, made: Future[Response]) -> None:
        if not made.set_running_or_notify_cancel():
            self._free.release()
            return
        try:
            response = self._application.answer(request)
        except Exception as error:  # noqa: BLE001 - a bug of the page is none of the daemon's
            _LOG.error("the status page failed: %s: %s", type(error).__name__, error)
            response = Response(500, b"The page could not be made; the log says why.\n")
        finally:
            self._free.release()
        made.set_result(response)
