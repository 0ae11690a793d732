"""What a request for an API address asks: its kind, its ids, its action."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from smugsync.emulator.endpoints import ENDPOINTS, Endpoint
from smugsync.emulator.shape import Answer, Payload
from smugsync.emulator.view import View

PREFIX = "/api/v2"


class ApiError(Exception):
    """An answer that is no success. `location` makes it a redirect."""

    def __init__(self, status: int, message: str = "", *, location: str | None = None) -> None:
        self.status = status
        self.message = message or MESSAGES.get(status, "Error")
        self.location = location
        super().__init__(self.message)


MESSAGES = {
    200: "Ok",
    301: "Moved Permanently",
    302: "Found",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    409: "Conflict",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


@dataclass(frozen=True, slots=True)
class Ask:
    """A question to one endpoint. `uri` is the path as sent; `names` are the ids or path parts in it."""

    view: View
    endpoint: Endpoint
    uri: str
    names: tuple[str, ...]
    params: Mapping[str, str]

    def answer(self, payload: Payload, *, locator: str | None = None, kind: str | None = None) -> Answer:
        return Answer(self.endpoint, self.uri, payload, locator, kind)


Handler = Callable[[Ask], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """One address form. `names` in `pattern` become the ids; the table is read from the top."""

    pattern: re.Pattern[str]
    endpoint: Endpoint
    handler: Handler


def route(pattern: str, endpoint: str, handler: Handler) -> Route:
    """`pattern` is a path below /api/v2 where `{}` stands for an id and `{*}` for a path."""
    escaped = re.escape(pattern).replace(r"\{\}", "([^/!]+)").replace(r"\{\*\}", "((?:/[^/!]+)*)")
    return Route(re.compile(escaped + r"\Z"), ENDPOINTS[endpoint], handler)


def match(routes: tuple[Route, ...], path: str) -> tuple[Route, tuple[str, ...]] | None:
    """The route of a path as sent; ids come decoded."""
    if not path.startswith(PREFIX):
        return None
    rest = unquote(path[len(PREFIX) :])
    for candidate in routes:
        if found := candidate.pattern.match(rest):
            return candidate, found.groups()
    return None
