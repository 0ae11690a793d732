"""The emulator as one object: settings in, answers out. It knows no socket."""

from __future__ import annotations

import contextlib
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path
from typing import Any, Final

import httpx

from smugsync.emulator.account.content import Content, File
from smugsync.emulator.api import album_download
from smugsync.emulator.api.service import Api
from smugsync.emulator.api.view import View
from smugsync.emulator.control import Control
from smugsync.emulator.counters import Counters
from smugsync.emulator.faults.faults import Faults
from smugsync.emulator.hosts import by_host, media_origin, signed_origins, split_host
from smugsync.emulator.legacy.addresses import is_call, named
from smugsync.emulator.legacy.addresses import is_upload as is_older_upload
from smugsync.emulator.legacy.calls import Shared
from smugsync.emulator.legacy.numbers import Numbers
from smugsync.emulator.legacy.service import Legacy
from smugsync.emulator.legacy.sessions import Sessions
from smugsync.emulator.legacy.tokens import ADDRESSES as OLDER_SIGN_IN
from smugsync.emulator.limits import Windows
from smugsync.emulator.media import host as media_host
from smugsync.emulator.media.scaling import find_scaler
from smugsync.emulator.messages import Request, Response, html_response, json_response
from smugsync.emulator.pixelpost import files as pixelpost_files
from smugsync.emulator.pixelpost import service as pixelpost_service
from smugsync.emulator.pixelpost.service import Pixelpost, Surroundings, make_keys
from smugsync.emulator.settings import (
    Credentials,
    Settings,
    Switches,
    Viewer,
    make_credentials,
    make_login,
)
from smugsync.emulator.signin.gatekeeper import Caller, Gatekeeper
from smugsync.emulator.signin.proof import Refused
from smugsync.emulator.signin.sign_in import PREFIX as SIGN_IN
from smugsync.emulator.signin.sign_in import SignIn
from smugsync.emulator.state.opening import open_account
from smugsync.emulator.transport import make_transport
from smugsync.emulator.upload.receive import Receiver
from smugsync.emulator.upload.request import HOST as UPLOAD_HOST
from smugsync.emulator.upload.request import is_upload
from smugsync.errors import Interrupted, SmugsyncError
from smugsync.stop import Stop

NOBODY: Final = Caller(None, "")
VIEWERS: Final[tuple[Viewer, ...]] = ("owner", "other", "anonymous")


class Emulator:
    """One account and everything that answers for it. `handle` may be called from several threads.

    `clock` gives epoch seconds. `origin` is where clients find this server, if that is known; otherwise
    media addresses start with the host a request was sent to.
    """

    def __init__(
        self, settings: Settings, *, clock: Callable[[], float] = time.time, stop: Stop | None = None
    ) -> None:
        """After the `stop`, nothing is begun that takes long.

        Raises ValueError for a fault nobody knows, OSError for a directory that cannot be read, and a
        SmugsyncError for a state file that cannot be used.
        """
        self.origin: str | None = None
        self.clock = clock
        self._stop = stop
        opened = open_account(settings, clock, stop)
        self.settings = opened.settings
        self.account = opened.account
        self.keeper = opened.keeper
        try:
            self._begin(opened.tokens)
        except BaseException:
            self.keeper.close()
            raise

    def _begin(self, tokens: Mapping[str, Any] | None) -> None:
        self.counters = Counters()
        self.faults = Faults(self.account)
        self.turn(self.settings.switches)
        for spec in self.settings.faults:
            self.faults.add(spec)
        self.control = Control(self)
        self._api = Api()
        self._receiver = Receiver(self.keep, self.keeper.drop, stop=self._stop)
        self._scaler = find_scaler()
        self.gatekeeper = Gatekeeper(clock=self._skewed_clock, switches=lambda: self.switches)
        self._sign_in = SignIn(
            self.gatekeeper,
            clock=self._skewed_clock,
            switches=lambda: self.switches,
            users=self._nicknames,
        )
        self._admit_everyone()
        if tokens is not None:
            self.gatekeeper.load(tokens)
        self._windows = Windows(self.clock)
        self.legacy = self._make_legacy()
        keys = make_keys(self.settings.seed, self.settings.nickname)
        around = Surroundings(
            self.account, self._skewed_clock, lambda: self.switches, self.keep, self._scaler
        )
        self.pixelpost = Pixelpost(keys, around)
        self.pixelpost.load(self.keeper)

    def _make_legacy(self) -> Legacy:
        """The older APIs, of the same account."""
        shared = Shared(
            self.account,
            Numbers(self.account, lambda: self.switches),
            Sessions(self._skewed_clock, lambda: self.switches),
            self.gatekeeper,
            self._sign_in.pending,
            lambda nickname: make_login(self.settings, nickname),
            self._receiver.receive,
            lambda request: signed_origins(request, self.origin),
        )
        return Legacy(shared, view=self._view, switches=lambda: self.switches)

    def _admit_everyone(self) -> None:
        """The announced application, and a token of it for each user."""
        nicknames = {"owner": self.account.nickname, "other": self.account.visitor, "anonymous": None}
        for viewer in VIEWERS:
            keys = make_credentials(self.settings, viewer)
            switches = self.switches
            self.gatekeeper.admit(keys, nicknames[viewer], switches.access, switches.permissions)

    def turn(self, switches: Switches) -> None:
        """Behave like that from now on. Tokens keep what they were granted."""
        self.switches = switches
        self.faults.lag_otherwise(switches.images_updated_lag)
        self.account.updated_throttle = switches.updated_throttle
        self.account.image_lag = switches.image_lag
        self.account.images_move_albums = switches.album_updated == "images"

    def _nicknames(self) -> list[str]:
        """Of everybody who may sign in, the viewer of the settings first."""
        users = [root.owner for root in self.account.roots]
        likely = self.account.visitor if self.settings.viewer == "other" else self.account.nickname
        return sorted(users, key=lambda user: user != likely)

    @property
    def credentials(self) -> Credentials:
        """Those of the viewer the settings name."""
        return self.credentials_of(self.settings.viewer)

    def credentials_of(self, viewer: Viewer) -> Credentials:
        return make_credentials(self.settings, viewer)

    def transport(self) -> httpx.MockTransport:
        """For tests of a client without a network. Delays are not slept; stalls raise ReadTimeout."""
        return make_transport(self.handle)

    def handle(self, request: Request) -> Response:
        """The answer to one request. Everything that will go wrong with it is decided here, but for what
        nobody thought of: that is answered with 500, and told on stderr."""
        request = by_host(request)
        inside = request.path.startswith("/_emulator")
        try:
            response = self._saved(request, self.control.handle(request)) if inside else self._answer(request)
        except Interrupted:
            response = json_response(503, {"Code": 503, "Message": "Service Unavailable"})
        except Exception:  # noqa: BLE001 - it is told, and the next request is answered
            traceback.print_exc()
            response = json_response(500, {"Code": 500, "Message": "Internal Server Error"})
        if not inside:
            response = self._finish(request, response)
            self.counters.count(named(request), response)
        return response

    def _answer(self, request: Request) -> Response:
        faults = self.faults.strike(named(request))
        response = next(filter(None, (fault.instead(self.clock()) for fault in faults)), None)
        if response is not None:
            code = next((fault.code for fault in faults if fault.code is not None), None)
            response = (None if code is None else self.legacy.fail(request, code)) or response
        if response is None:
            response = self._route(request)
            if not is_media(request):  # which change nothing, and wait for nobody
                response = self._saved(request, response)
            for fault in faults:
                response = fault.afterwards(request, response)
        return response

    def keep(self, upload: bytes | Path) -> Content:
        """What an upload becomes: its bytes, or the file at a path, which is moved away.

        May take long: not to be called under the account's lock. Raises OSError if there is no room.
        """
        return self.keeper.keep(upload)

    def close(self) -> None:
        """Write down what is left to, and let go of files and of what was kept for this run only.

        Raises a SmugsyncError if the state file cannot be written.
        """
        try:
            self._save()
        finally:
            self.keeper.close()

    def _save(self) -> None:
        """Raises a SmugsyncError if the state file cannot be written."""
        self.keeper.save(self.account, self.gatekeeper)
        self.pixelpost.save(self.keeper)

    def _saved(self, request: Request, response: Response) -> Response:
        """The response, once a restart would not lose what led to it; else an error.

        Reads are answered all the same. What could not be saved holds as long as this process does, and is
        tried again with every request: a client that repeats a write after the error finds it done, and
        may do it twice.
        """
        try:
            self._save()
        except SmugsyncError as error:
            if request.method in ("GET", "HEAD") and not request.path.startswith(SIGN_IN):
                return response
            return json_response(500, {"Code": 500, "Message": str(error)})
        return response

    def _route(self, request: Request) -> Response:
        if is_older_upload(request):
            return self.legacy.take_upload(request)
        if is_call(request) or request.path in OLDER_SIGN_IN:
            return self.legacy.answer(request)
        if is_upload(request):
            return self._take_upload(request)
        if request.path.startswith("/api/v2"):
            return self._answer_api(request)
        if request.path.startswith(SIGN_IN):
            return self._sign_in.handle(request, origins=signed_origins(request, self.origin))
        if request.path.startswith(album_download.PREFIX):
            return album_download.serve_download(request, self._view(request, NOBODY))
        if pixelpost_service.owns(request.path):
            return self.pixelpost.handle(request, self._site_url(request))
        if pixelpost_files.owns(request.path):
            return self.pixelpost.serve_file(request)
        if self.legacy.serves(request.path):
            return self.legacy.serve_picture(request)
        if request.path.startswith(media_host.PREFIX):
            return media_host.serve_media(request, self._view(request, NOBODY))
        return html_response(404, "Not Found", "The requested URL was not found on this server.")

    def _answer_api(self, request: Request) -> Response:
        refused = self._windows.refuse(request, self.switches.allowance)
        if refused is not None:
            return refused
        try:
            caller = self.gatekeeper.identify(request, origins=signed_origins(request, self.origin))
        except Refused as error:
            return json_response(401, {"Code": 401, "Message": error.message})
        view = self._view(request, caller)
        if request.method in ("GET", "HEAD"):
            # Nobody waits while files are hashed: drawn without, then again.
            unhashed: list[File] = []
            with self.account.lock:
                response = self._api.handle(request, replace(view, unhashed=unhashed))
            if not unhashed:
                return response
            for file in unhashed:
                with contextlib.suppress(OSError):  # it is gone
                    _ = file.md5
        with self.account.lock:
            return self._api.handle(request, view)

    def _take_upload(self, request: Request) -> Response:
        """The upload host wants the signature in the header, and none over the body (facts 1.3)."""
        origins = [*signed_origins(request, self.origin), f"https://{UPLOAD_HOST}"]
        try:
            caller = self.gatekeeper.identify(request, origins=origins, header_only=True)
        except Refused as refused:
            return json_response(401, {"Code": 401, "Message": refused.message})
        return self._receiver.receive(request, self._view(request, caller))

    def _finish(self, request: Request, response: Response) -> Response:
        headers = [*response.headers, ("Date", formatdate(self._skewed_clock(), usegmt=True))]
        delivery = response.delivery
        if is_api(request):
            limits = self._windows.headers(request, self.switches.allowance)
            headers += limits if response.header("X-RateLimit-Remaining") is None else []
        older = is_call(request) or pixelpost_service.owns(request.path)
        if self.settings.latency_ms and (is_api(request) or older):
            delivery = replace(delivery, delay=delivery.delay + self.settings.latency_ms / 1000)
        return replace(response, headers=tuple(headers), delivery=delivery)

    def _site_url(self, request: Request) -> str:
        """Pixelpost's site has one address, whatever name a client knows it by (recorded); but where this
        server listens to every address, none of them is its own."""
        own = self.origin if self.settings.host not in ("0.0.0.0", "::") else None  # noqa: S104 - read, not bound
        return (own or media_origin(request, self.origin)) + "/"

    def _skewed_clock(self) -> float:
        """What this server believes the time to be."""
        return self.clock() + self.faults.clock_skew

    def _view(self, request: Request, caller: Caller) -> View:
        return View(
            self.account,
            caller.user,
            media_origin(request, self.origin),
            self.settings.media_url,
            self.settings.library,
            caller.access,
            caller.permissions,
            self.switches,
            f"{caller.api_key}/{caller.user or ''}",
            self._scaler,
            split_host(request.headers.get("host", ""), request.scheme)[0],
        )


def is_media(request: Request) -> bool:
    """Whether it asks for the bytes of a picture; older uploads have addresses below the same prefix."""
    return request.path.startswith(media_host.PREFIX) and not is_older_upload(request)


def is_api(request: Request) -> bool:
    return request.path.startswith("/api/v2")
