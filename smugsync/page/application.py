"""From a request to an answer: a function of the request, the standings and the catalogues as they are."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Any, Final
from urllib.parse import parse_qs

from smugsync.core.printable import printable
from smugsync.daemon.standing import Standing
from smugsync.page import counters
from smugsync.page.access import Access
from smugsync.page.api import as_json
from smugsync.page.exposition import CONTENT_TYPE
from smugsync.page.facts import Facts, Subject
from smugsync.page.figures import figures
from smugsync.page.health import health
from smugsync.page.looking import Look
from smugsync.page.view import SCRIPT, STYLE_HASH, Wish, detail, message, overview
from smugsync.records import dataclass

_HTML, _JSON, _TEXT = "text/html; charset=utf-8", "application/json", "text/plain; charset=utf-8"
_POLICY: Final = (
    f"default-src 'none'; style-src {STYLE_HASH}; script-src 'self'; connect-src 'self'; img-src data:; "
    "form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
#: What every answer says to browsers.
HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
#: Of a query, in characters; and of the word that is looked for.
_QUERY, _WORD = 2_000, 200
_FURTHEST = 1_000_000


@dataclass(frozen=True, slots=True)
class Request:
    """`path` and `query` as they were sent, decoded; the names of `headers` in lower case."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    body: bytes
    content_type: str = _TEXT
    headers: Mapping[str, str] = field(default_factory=dict)

    def all_headers(self) -> dict[str, str]:
        return {
            **HEADERS,
            "Content-Type": self.content_type,
            "Content-Length": str(len(self.body)),
            **self.headers,
        }


class Application:
    """May be asked by several threads at once. `now` is epoch seconds."""

    def __init__(
        self,
        subjects: Sequence[Subject],
        standings: Callable[[], Sequence[Standing]],
        access: Access,
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._looks = {subject.profile: Look(subject) for subject in subjects}
        self._standings = standings
        self._access = access
        self._now = now

    def answer(self, request: Request) -> Response:
        """Never anything but a read. Paths are looked up in a table; none ever leads to a file."""
        if request.method not in ("GET", "HEAD"):
            return _said(405, "This page is only for reading.", Allow="GET, HEAD")
        if request.path == "/healthz" and not self._access.admits(request.headers):
            return self._healthz(details=False)
        if not self._access.knows(request.headers):
            return _said(
                421, "This page is not to be had under that name: use http://localhost, or set status.token."
            )
        if not self._access.admits(request.headers):
            challenge = {"WWW-Authenticate": 'Basic realm="smugsync", charset="UTF-8"'}
            page = message("Who asks?", "The password is status.token; the user name does not matter.")
            return Response(401, page.encode(), _HTML, challenge)
        match request.path:
            case "/":
                return self._page(_wish(request.query))
            case "/refresh.js":
                return Response(200, SCRIPT.encode(), "text/javascript; charset=utf-8")
            case "/healthz":
                return self._healthz(details=True)
            case "/metrics":
                return self._metrics()
            case "/api/status.json":
                return self._status(_wish(request.query))
            case _:
                page = message("Nothing here", "There is /, /healthz, /metrics and /api/status.json.")
                return Response(404, page.encode(), _HTML)

    def _page(self, wish: Wish) -> Response:
        standing = self._by_profile()
        several = len(self._looks) > 1
        if wish.profile and wish.profile not in self._looks:
            return Response(404, message("Nothing here", "There is no such profile.").encode(), _HTML)
        if several and not wish.profile:
            found = [look.facts(standing[name], albums=0) for name, look in self._looks.items()]
            return Response(200, overview(found, now=self._now()).encode(), _HTML)
        name = wish.profile or next(iter(self._looks))
        facts = self._looks[name].facts(standing[name], query=wish.query, page=wish.page)
        return Response(200, detail(facts, wish, now=self._now(), several=several).encode(), _HTML)

    def _status(self, wish: Wish) -> Response:
        standing = self._by_profile()
        if wish.profile and wish.profile not in self._looks:
            return _json(404, {"schema": 1, "error": "there is no such profile"})
        found = [
            look.facts(standing[name], query=wish.query, page=wish.page)
            for name, look in self._looks.items()
            if wish.profile in ("", name)
        ]
        return _json(200, as_json(found, now=self._now()))

    def _metrics(self) -> Response:
        standing = self._by_profile()
        found: list[tuple[Facts, counters.Counters]] = [
            (look.facts(standing[name], albums=0), counters.read(look.subject.counters))
            for name, look in self._looks.items()
        ]
        return Response(200, figures(found).encode(), CONTENT_TYPE)

    def _healthz(self, *, details: bool) -> Response:
        # Also of those that have nothing to show, since their configuration cannot be used.
        found = health(
            tuple({**self._by_profile(), **{one.profile: one for one in self._standings()}}.values())
        )
        told = found if details else {"schema": 1, "healthy": found["healthy"]}
        return _json(200 if found["healthy"] else 503, told)

    def _by_profile(self) -> dict[str, Standing]:
        """One for each profile that is shown, also before its keeper has said anything."""
        found = {one.profile: one for one in self._standings()}
        return {name: found.get(name, Standing(name)) for name in self._looks}


def _wish(query: str) -> Wish:
    """What the address asks for; what makes no sense is left out."""
    try:
        given = parse_qs(query[:_QUERY], errors="replace", max_num_fields=20)
    except ValueError:
        return Wish()
    first = {key: values[0] for key, values in given.items()}
    number = first.get("page", "1")
    page = int(number) if number.isascii() and number.isdecimal() and len(number) < 8 else 1
    return Wish(
        profile=first.get("profile", ""),
        query=first.get("q", "")[:_WORD].strip(),
        page=min(max(1, page), _FURTHEST),
    )


def _said(status: int, sentence: str, **headers: str) -> Response:
    return Response(status, f"{sentence}\n".encode(), _TEXT, headers)


def _json(status: int, value: Any) -> Response:
    return Response(status, printable(json.dumps(value, ensure_ascii=False)).encode() + b"\n", _JSON)
