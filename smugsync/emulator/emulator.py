"""The emulator as one object: settings in, answers out. It knows no socket."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from email.utils import formatdate
from typing import Final

import httpx

from smugsync.emulator.account.account import Account
from smugsync.emulator.account.demo import fill_demo
from smugsync.emulator.account.library import fill_from_directory
from smugsync.emulator.account.synthetic import fill_synthetic
from smugsync.emulator.api.service import Api
from smugsync.emulator.api.view import View
from smugsync.emulator.control import Control
from smugsync.emulator.counters import Counters
from smugsync.emulator.faults.faults import Faults
from smugsync.emulator.media import host as media_host
from smugsync.emulator.messages import Delivery, Request, Response, html_response, json_response
from smugsync.emulator.settings import Credentials, Settings, Switches, Viewer, make_credentials
from smugsync.emulator.signin.gatekeeper import Caller, Gatekeeper, Refused

#: Requests in a window, and its length in seconds (facts: some 100,000 were seen to remain).
ALLOWANCE: Final = 100_000
WINDOW: Final = 3600

NOBODY: Final = Caller(None, "")
VIEWERS: Final[tuple[Viewer, ...]] = ("owner", "other", "anonymous")


class Emulator:
    """One account and everything that answers for it. `handle` may be called from several threads.

    `clock` gives epoch seconds. `origin` is where clients find this server, if that is known; otherwise
    media addresses start with the host a request was sent to.
    """

    def __init__(self, settings: Settings, *, clock: Callable[[], float] = time.time) -> None:
        self.settings = settings
        self.origin: str | None = None
        self._library = settings.library.resolve() if settings.library else None
        self.clock = clock
        self.account = Account(settings.nickname, clock=clock, seed=settings.seed)
        self._fill()
        self.turn(settings.switches)
        self.counters = Counters()
        self.faults = Faults(self.account)
        for spec in settings.faults:
            self.faults.add(spec)
        self.control = Control(self)
        self._api = Api()
        self._gatekeeper = Gatekeeper(clock=self._skewed_clock)
        self._admit_everyone()
        self._lock = threading.Lock()
        self._window = 0.0
        self._used = 0

    def _fill(self) -> None:
        settings = self.settings
        if self._library is not None:
            fill_from_directory(self.account, self._library)
        elif settings.albums is not None:
            fill_synthetic(
                self.account, albums=settings.albums, images=settings.images, size=settings.bytes_each
            )
        else:
            fill_demo(self.account)

    def _admit_everyone(self) -> None:
        """The announced application, and a token of it for each user."""
        nicknames = {"owner": self.account.nickname, "other": self.account.visitor, "anonymous": None}
        for viewer in VIEWERS:
            keys = make_credentials(self.settings, viewer)
            switches = self.switches
            self._gatekeeper.admit(keys, nicknames[viewer], switches.access, switches.permissions)

    def turn(self, switches: Switches) -> None:
        """Behave like that from now on. Tokens keep what they were granted."""
        self.switches = switches
        self.account.images_updated_delay = switches.images_updated_lag
        self.account.updated_throttle = switches.updated_throttle
        self.account.image_lag = switches.image_lag

    @property
    def credentials(self) -> Credentials:
        """Those of the viewer the settings name."""
        return self.credentials_of(self.settings.viewer)

    def credentials_of(self, viewer: Viewer) -> Credentials:
        return make_credentials(self.settings, viewer)

    def transport(self) -> httpx.MockTransport:
        """For tests of a client without a network. Delays are not slept; stalls raise ReadTimeout."""
        return httpx.MockTransport(self._handle_httpx)

    def handle(self, request: Request) -> Response:
        """The answer to one request. Everything that will go wrong with it is decided here."""
        if request.path.startswith("/_emulator"):
            return self.control.handle(request)
        faults = self.faults.strike(request)
        response = next(filter(None, (fault.instead(self.clock()) for fault in faults)), None)
        if response is None:
            response = self._route(request)
            for fault in faults:
                response = fault.afterwards(request, response)
        response = self._finish(request, response)
        self.counters.count(request, response)
        return response

    def _route(self, request: Request) -> Response:
        if request.path.startswith("/api/v2"):
            return self._answer_api(request)
        if request.path.startswith(media_host.PREFIX):
            return media_host.serve_media(request, self._view(request, NOBODY))
        return html_response(404, "Not Found", "The requested URL was not found on this server.")

    def _answer_api(self, request: Request) -> Response:
        try:
            caller = self._gatekeeper.identify(request, origins=self._origins(request))
        except Refused as refused:
            return json_response(401, {"Code": 401, "Message": refused.message})
        with self.account.lock:
            return self._api.handle(request, self._view(request, caller))

    def _finish(self, request: Request, response: Response) -> Response:
        headers = [*response.headers, ("Date", formatdate(self._skewed_clock(), usegmt=True))]
        delivery = response.delivery
        if is_api(request):
            headers += self._rate_limit(response)
            if self.settings.latency_ms:
                delivery = replace(delivery, delay=delivery.delay + self.settings.latency_ms / 1000)
        return replace(response, headers=tuple(headers), delivery=delivery)

    def _rate_limit(self, response: Response) -> Iterator[tuple[str, str]]:
        """The headers every API answer has (facts 2.7): the window opens with the first request."""
        with self._lock:
            now = self.clock()
            if now - self._window >= WINDOW:
                self._window, self._used = now, 0
            self._used += 1
            used, reset = self._used, int(self._window + WINDOW)
        if response.header("X-RateLimit-Remaining") is None:
            yield "X-RateLimit-Remaining", str(max(0, ALLOWANCE - used))
            yield "X-RateLimit-Reset", str(reset)

    def _skewed_clock(self) -> float:
        """What this server believes the time to be."""
        return self.clock() + self.faults.clock_skew

    def _view(self, request: Request, caller: Caller) -> View:
        return View(
            self.account,
            caller.user,
            self._media_origin(request),
            self.settings.media_url,
            self._library,
            caller.access,
            caller.permissions,
            self.switches,
        )

    def _media_origin(self, request: Request) -> str:
        """The host name the client used, as long as it leads here."""
        host = request.headers.get("host", "")
        if self.origin is None:
            return f"{request.scheme}://{host or 'localhost'}"
        here = self.origin.rpartition(":")[2]
        return f"{request.scheme}://{host}" if host.rpartition(":")[2] == here else self.origin

    def _origins(self, request: Request) -> list[str]:
        host = request.headers.get("host", "localhost")
        addresses = [f"{request.scheme}://{host}", f"https://{host}", f"http://{host}"]
        if self.origin:
            addresses.append(self.origin)
        return list(dict.fromkeys([*addresses, "https://api.smugmug.com"]))

    def _handle_httpx(self, request: httpx.Request) -> httpx.Response:
        response = self.handle(
            Request(
                request.method,
                request.url.raw_path.decode("ascii").partition("?")[0],
                request.url.query.decode("ascii"),
                {name.lower(): value for name, value in request.headers.items()},
                request.read(),
                request.url.scheme,
            )
        )
        length = len(response.body)
        if response.delivery.limit == -1:
            raise _failure(response.delivery, request)
        body = b"" if request.method == "HEAD" else b"".join(response.pieces())
        if response.delivery.limit is not None and len(body) < length:
            if response.delivery.then == "close":
                raise httpx.RemoteProtocolError(
                    f"peer closed connection without sending complete message body (received {len(body)}"
                    f" bytes, expected {length})",
                    request=request,
                )
            raise _failure(response.delivery, request)
        headers = [*response.headers, ("Content-Length", str(length))]
        return httpx.Response(response.status, headers=headers, stream=httpx.ByteStream(body))


def _failure(delivery: Delivery, request: httpx.Request) -> httpx.TransportError:
    match delivery.then:
        case "stall":
            return httpx.ReadTimeout("the emulator stalls", request=request)
        case "reset":
            return httpx.ReadError("[Errno 104] Connection reset by peer", request=request)
        case "close":
            message = "Server disconnected without sending a response."
            return httpx.RemoteProtocolError(message, request=request)


def is_api(request: Request) -> bool:
    return request.path.startswith("/api/v2")
