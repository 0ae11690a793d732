"""HTTP/1.1 for httpx at the speed of the socket, and stoppable from outside.

httpx's default transport moves a TLS body one 16 KB record at a time through two event loops. This one parses
a plain head at once (`http.client` parses any other) and reads the body straight into a reused buffer: P3 and
P4 of docs/performance.md compare the two. Calls of an API and uploads reach it through `httpx.Client`; files
are asked of it directly, without a client (`sending.Sender`).

It differs from `httpx.HTTPTransport`, on purpose:

- `abort()` ends every request at once, from any thread;
- time-outs bound the *silence*, never the whole transfer: `read` is how long a read may bring nothing; only
  an answer that trickles in is given up all the same (`tempo`);
- a body that ends early is an error for every kind of framing;
- with `extensions={BORROW: True}` the body comes as memoryviews of a reused buffer, each valid until
  the next one is asked for. Without it every chunk is `bytes` of its own.
"""

from __future__ import annotations

import http.client
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable

import httpx

from smugsync.remote.answer import Answer, Unanswered, read_answer
from smugsync.remote.inflow import TURN, Turn
from smugsync.remote.sockets import Aborted, Address, Resolve, Sockets, resolve
from smugsync.remote.streaming import BORROW, Buffers, Stream
from smugsync.remote.tls import tls_context
from smugsync.remote.writing import Written, write_request

CONNECT_SECONDS = 10.0
STALL_SECONDS = 30.0
#: Shorter than the 60 to 75 s after which common servers close an idle connection.
IDLE_SECONDS = 45.0
#: What must not be sent twice uses an idle connection only if no server has had the time to tire of it
#: (Apache's shortest usual time is 5 s): a request that meets a closed one may or may not have arrived.
_FRESH_SECONDS = 2.0
_IDLE_PER_ADDRESS = 32
_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})
_PORTS = {"http": 80, "https": 443}


class TransportAborted(httpx.TransportError):
    """`abort()` was called; no request will succeed any more."""


class _Unanswered(httpx.RemoteProtocolError):
    """The peer went away before the first byte of its answer."""


class DirectTransport(httpx.BaseTransport):
    """A transport, with `httpx.Client` or without; any number of threads may share it.

    Raises httpx's own exceptions: ConnectError, ConnectTimeout, ReadError, ReadTimeout, WriteError,
    WriteTimeout, RemoteProtocolError (the peer broke the rules or ended early), LocalProtocolError,
    UnsupportedProtocol, and TransportAborted. The cause is chained. An idempotent request that meets a
    kept-alive connection which the server has meanwhile closed is sent once more on a fresh one.
    """

    def __init__(
        self,
        *,
        tls: ssl.SSLContext | None = None,
        idle_seconds: float = IDLE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        resolve: Resolve = resolve,
    ) -> None:
        self._sockets = Sockets(tls or tls_context(), resolve=resolve)
        self._idle_seconds = idle_seconds
        self._clock = clock
        self._lock = threading.RLock()
        self._idle: dict[Address, list[tuple[float, socket.socket]]] = {}
        self._buffers = Buffers()
        self._closed = False

    @property
    def round_trip(self) -> float | None:
        """The quickest connect so far, in seconds: one round trip. None before the first."""
        return self._sockets.round_trip

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        address = _address(request)
        idempotent = request.method in _IDEMPOTENT
        kept = self._take(
            address, self._idle_seconds if idempotent else min(_FRESH_SECONDS, self._idle_seconds)
        )
        if kept is not None:
            try:
                return self._exchange(kept, request, address)
            except _Unanswered:
                if not idempotent or not isinstance(request.stream, httpx.ByteStream):
                    raise
        return self._exchange(self._open(address, request), request, address)

    def abort(self) -> None:
        """End every request now and for ever: connects, handshakes, reads and writes return at once."""
        self._sockets.abort()

    def close(self) -> None:
        """Close the idle connections; those in use are closed by their responses."""
        with self._lock:
            self._closed = True
            idle = [sock for kept in self._idle.values() for _, sock in kept]
            self._idle.clear()
        for sock in idle:
            self._sockets.close(sock)

    # -- connections ---------------------------------------------------------------------------------

    def _open(self, address: Address, request: httpx.Request) -> socket.socket:
        try:
            return self._sockets.open(address, _timeout(request, "connect", CONNECT_SECONDS))
        except TimeoutError as exc:
            raise self._ended(exc, request, httpx.ConnectTimeout) from exc
        except OSError as exc:
            raise self._ended(exc, request, httpx.ConnectError) from exc

    def _take(self, address: Address, idle_seconds: float) -> socket.socket | None:
        """The connection used last, if it is young enough and the server has not spoken or left since."""
        while True:
            with self._lock:
                kept = self._idle.get(address)
                if not kept:
                    return None
                since, sock = kept.pop()
            if self._clock() - since <= idle_seconds and not _has_input(sock):
                return sock
            self._sockets.close(sock)

    def _release(self, address: Address, sock: socket.socket, *, in_step: bool) -> None:
        """Take a connection back; keep it if the next answer on it can only be the next request's."""
        now = self._clock()
        gone = [] if in_step else [sock]
        with self._lock:
            if in_step and not (self._closed or self._sockets.aborted):
                self._idle.setdefault(address, []).append((now, sock))
            elif in_step:
                gone.append(sock)
            for kept in self._idle.values():  # those used last are at the end
                while kept and (len(kept) > _IDLE_PER_ADDRESS or now - kept[0][0] > self._idle_seconds):
                    gone.append(kept.pop(0)[1])
        for old in gone:
            self._sockets.close(old)

    def _ended(
        self, exc: Exception, request: httpx.Request, kind: type[httpx.TransportError]
    ) -> httpx.TransportError:
        if self._sockets.aborted or isinstance(exc, Aborted):
            return TransportAborted("stopped on request", request=request)
        return kind(str(exc) or type(exc).__name__, request=request)

    # -- one exchange --------------------------------------------------------------------------------

    def _exchange(self, sock: socket.socket, request: httpx.Request, address: Address) -> httpx.Response:
        written = Written(whole=False)
        buffer = self._buffers.take()
        try:
            written = self._send(sock, request)
            answer = self._receive(sock, request, buffer, written.early)
        except BaseException as exc:
            self._buffers.give_back(buffer)
            self._sockets.close(sock)
            if written.broken is not None and not isinstance(exc, _Unanswered):
                raise self._ended(written.broken, request, httpx.WriteError) from written.broken
            raise
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=Stream(
                sock,
                answer,
                buffer,
                self._buffers,
                request.extensions.get(TURN) or Turn(),
                patience=_timeout(request, "read", STALL_SECONDS),
                borrow=bool(request.extensions.get(BORROW)),
                failed=lambda exc, kind: self._ended(exc, request, kind),
                release=lambda in_step: self._release(address, sock, in_step=in_step and written.whole),
                clock=self._clock,
            ),
            extensions={"http_version": answer.version, "reason_phrase": answer.reason},
        )

    def _send(self, sock: socket.socket, request: httpx.Request) -> Written:
        try:
            return write_request(sock, request, _timeout(request, "write", STALL_SECONDS))
        except TimeoutError as exc:
            raise self._ended(exc, request, httpx.WriteTimeout) from exc

    def _receive(
        self, sock: socket.socket, request: httpx.Request, buffer: bytearray, early: bytes
    ) -> Answer:
        timeout = _timeout(request, "read", STALL_SECONDS)
        try:
            return read_answer(sock, request.method, buffer, timeout, clock=self._clock, early=early)
        except TimeoutError as exc:
            raise self._ended(exc, request, httpx.ReadTimeout) from exc
        except Unanswered as exc:
            raise self._ended(exc, request, _Unanswered) from exc
        except (http.client.HTTPException, UnicodeError) as exc:
            raise self._ended(exc, request, httpx.RemoteProtocolError) from exc
        except OSError as exc:
            raise self._ended(exc, request, httpx.ReadError) from exc


def _address(request: httpx.Request) -> Address:
    url = request.url
    if url.scheme not in _PORTS or not url.host:
        raise httpx.UnsupportedProtocol(
            "only http:// and https:// addresses are spoken here", request=request
        )
    return Address(url.scheme, url.raw_host.decode("ascii").strip("[]"), url.port or _PORTS[url.scheme])


def _timeout(request: httpx.Request, which: str, default: float) -> float | None:
    """Seconds, None for no limit: what `httpx.Timeout` put into the request, else ours."""
    given = request.extensions.get("timeout") or {}
    value = given.get(which, default)
    return None if value is None else float(value)


def _has_input(sock: socket.socket) -> bool:
    """Whether an idle connection is readable, which can only mean that it ended or is out of step."""
    waiting = select.poll()
    waiting.register(sock, select.POLLIN | select.POLLRDHUP)
    return bool(waiting.poll(0))
