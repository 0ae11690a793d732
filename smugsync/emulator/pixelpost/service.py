"""The site as one object: an HTTP request in, the answer out."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from typing import Any, Final

from smugsync.emulator.account.account import Account
from smugsync.emulator.account.content import Content
from smugsync.emulator.media.scaling import Scaler
from smugsync.emulator.messages import Request, Response
from smugsync.emulator.pixelpost import bridge, envelope, files
from smugsync.emulator.pixelpost.bridge import Bridge
from smugsync.emulator.pixelpost.bugs import read_bugs
from smugsync.emulator.pixelpost.chance import Chance
from smugsync.emulator.pixelpost.entities import Entities, Entity, Grant, read_grants
from smugsync.emulator.pixelpost.envelope import Call, Failed, Format, Oops
from smugsync.emulator.pixelpost.methods import METHODS, Context, run, unauthorized
from smugsync.emulator.pixelpost.php import Value, read_query
from smugsync.emulator.pixelpost.sessions import Session, Sessions
from smugsync.emulator.pixelpost.site import Site
from smugsync.emulator.pixelpost.uploading import Uploads
from smugsync.emulator.state.keeper import Keeper
from smugsync.emulator.switches import Switches
from smugsync.errors import SmugsyncError

PREFIX: Final = "/api"
_NOTE: Final = "pixelpost"


@dataclass(frozen=True, slots=True)
class Keys:
    """What the announced client signs in with, and the administrator's login."""

    public_key: str
    private_key: str = field(repr=False)
    user: str
    password: str = field(repr=False)


def make_keys(seed: int, nickname: str) -> Keys:
    """The same in every run with the same seed and nickname."""

    def derive(purpose: str, length: int) -> str:
        return hashlib.sha256(f"{seed}/{nickname}/pixelpost {purpose}".encode()).hexdigest()[:length]

    return Keys(derive("public key", 32), derive("private key", 32), nickname, derive("password", 12))


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the site has of the emulator around it. `clock` gives epoch seconds.

    `keep` makes a content of uploaded bytes, and may take long.
    """

    account: Account
    clock: Callable[[], float]
    switches: Callable[[], Switches]
    keep: Callable[[bytes], Content]
    scaler: Scaler | None = None


class Pixelpost:
    """One site. `handle` and `serve_file` may be called from several threads."""

    def __init__(self, keys: Keys, around: Surroundings) -> None:
        self._around = around
        self.chance = Chance()
        self.entities = Entities(Entity(keys.public_key, keys.private_key, "announced", keys.user))
        self.sessions = Sessions(
            self.entities,
            clock=around.clock,
            lifetime=lambda: around.switches().pixelpost_lifetime,
            fresh=self.chance,
        )
        self.site = Site(around.account, reuses_ids=lambda: "ids" in self.bugs)
        self.bridge = Bridge(bridge.Account(keys.user, keys.password), clock=around.clock, fresh=self.chance)
        self._uploads = Uploads(self.chance)
        self.lock = threading.RLock()  #: one call after the other: nonces are a chain
        self._saved = 0

    @property
    def bugs(self) -> frozenset[str]:
        """Those that are switched on."""
        return read_bugs(self._around.switches().upstream_bugs)

    # -- files and pages -----------------------------------------------------------------------------

    def serve_file(self, request: Request) -> Response:
        around = self._around
        return files.serve(
            request,
            self.site,
            validators=around.switches().pixelpost_validators == "on",
            now=around.clock(),
            scaler=around.scaler,
        )

    def handle(self, request: Request, site_url: str) -> Response:
        """An API request, or one to the administration (see `owns`). `site_url` ends with a slash."""
        path = request.path
        with self.lock:
            if path == bridge.LOGIN:
                return self.bridge.log_in(request, f"{site_url}admin/")
            if is_below(path, bridge.PREFIX):
                admitted = self.bridge.admits(request)
                response = self._answer(request, path.removeprefix(bridge.PREFIX), site_url, admitted)
            else:
                response = self._answer(request, path.removeprefix(PREFIX), site_url, None)
        if self._around.switches().pixelpost_validators == "off":
            return response
        now = formatdate(self._around.clock(), usegmt=True)
        extra = (("Cache-Control", "max-age=0"), ("Expires", now))
        return replace(response, headers=(*response.headers, *extra))

    def _answer(self, request: Request, path: str, site_url: str, admitted: bool | None) -> Response:
        """`admitted` says whether somebody is logged in, None where nobody has to be."""
        codec, *parts = [part for part in path.split("/") if part] or [""]
        if codec not in ("get", "json", "xml"):
            return _bad_format(site_url)
        if codec == "get" and (len(parts) < 2 or parts[1] not in ("json", "xml")):
            return _bad_format(site_url)
        form: Format = "xml" if (parts[1] if codec == "get" else codec) == "xml" else "json"
        digits = "digits" in self.bugs
        try:
            if codec == "get" and admitted is not None:
                raise Oops
            call = _read(request, codec, parts)
            answer = self._process(call, codec, site_url, admitted)
            return envelope.respond(answer, form, digits=digits)
        except Failed as error:
            return envelope.respond(envelope.failure(error), form, digits=digits)
        except Oops:
            return envelope.page(envelope.OOPS)

    def _process(self, call: Call, codec: str, site_url: str, admitted: bool | None) -> dict[str, Value]:
        """Raises Failed and Oops. What fails leaves the nonce as it was (recorded)."""
        bugs = self.bugs
        method = METHODS.get(call.method)
        if method is None:
            raise Failed("bad_method", f"The requested method '{call.method}' is unsupported.")
        if codec == "xml" and "xml-requests" in bugs:
            raise Oops
        session = self.sessions.identify(call) if admitted is None else None
        if codec == "get" and session is not None and "signed-get" in bugs:
            raise Oops
        if method.grant is not None and not (admitted or self._may(session, method.grant)):
            raise unauthorized(call.method)
        if not call.is_object and "page" in bugs:
            raise Oops
        request = call.request if isinstance(call.request, dict) else {}
        response = run(self._context(bugs, site_url, session), call.method, method, request)
        answer: dict[str, Value] = {"status": "valid", "response": response}
        if session is not None:
            answer |= self.sessions.countersign(session, response)
        return answer

    def _may(self, session: Session | None, grant: Grant) -> bool:
        if grant == "read" and self._around.switches().anonymous_read == "on":
            return True
        if session is None:
            return False
        if grant in session.entity.grants:
            return True
        announced = read_grants(self._around.switches().pixelpost_grants.split(","))
        return session.entity is self.entities.announced and grant in announced

    def _context(self, bugs: frozenset[str], site_url: str, session: Session | None) -> Context:
        around = self._around
        return Context(
            site=self.site,
            sessions=self.sessions,
            entities=self.entities,
            uploads=self._uploads,
            fresh=self.chance,
            keep=around.keep,
            bugs=bugs,
            site_url=site_url,
            session=session,
        )

    # -- keeping -----------------------------------------------------------------------------------

    @property
    def _changed(self) -> int:
        return self.site.changed + self.entities.changed

    def save(self, keeper: Keeper) -> None:
        """Write down what the account does not hold, if it has changed. Raises SmugsyncError."""
        if self._changed == self._saved:
            return
        with self.lock:
            changed = self._changed
            parts: dict[str, Any] = {**self.site.dump(), "entities": self.entities.dump()}
            keeper.write_note(_NOTE, json.dumps(parts, separators=(",", ":")))
            self._saved = changed

    def load(self, keeper: Keeper) -> None:
        """Raises SmugsyncError."""
        text = keeper.read_note(_NOTE)
        if text is None:
            return
        try:
            parts = json.loads(text)
            self.site.load(parts)
            self.entities.load(parts["entities"])
        except (ValueError, TypeError, LookupError) as error:
            raise SmugsyncError(
                "what the state file says of the Pixelpost site cannot be read: restore a copy, or start"
                " with another file."
            ) from error


def is_below(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(f"{prefix}/")


def owns(path: str) -> bool:
    """Whether an address that is no other part's belongs to the site's API or its administration."""
    return is_below(path, PREFIX) or is_below(path, bridge.PREFIX) or path == bridge.LOGIN


def _read(request: Request, codec: str, parts: list[str]) -> Call:
    """Raises Failed."""
    if codec == "json":
        return envelope.read_json_call(request.body)
    if codec == "xml":
        return envelope.read_xml_call(request.body)
    form = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    sent = request.body.decode("latin-1") if form and request.body else request.query
    return envelope.read_get_call(parts[0], parts[2:], read_query(sent))


def _bad_format(site_url: str) -> Response:
    """Recorded, with its line break at the end."""
    addresses = "".join(f"- {site_url}api/{codec}/\n" for codec in ("json", "xml", "get"))
    return envelope.page(f"ERROR: Bad url format, please use:\n{addresses}")
