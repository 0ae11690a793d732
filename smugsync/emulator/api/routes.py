"""What a request for an API address asks: its kind, its ids, its action."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from smugsync.emulator.api.endpoints import ENDPOINTS, Endpoint
from smugsync.emulator.api.shape import Answer, Entity, Payload
from smugsync.emulator.api.view import View

PREFIX = "/api/v2"


class ApiError(Exception):
    """An answer that is no success. `location` makes it a redirect; `problems` says what is wrong with
    which field of the request."""

    def __init__(
        self,
        status: int,
        message: str = "",
        *,
        location: str | None = None,
        problems: Mapping[str, list[str]] | None = None,
    ) -> None:
        self.status = status
        self.message = message or MESSAGES.get(status, "Error")
        self.location = location
        self.problems = problems or {}
        super().__init__(self.message)


MESSAGES = {
    200: "Ok",
    201: "Created",
    202: "Accepted",
    301: "Moved Permanently",
    302: "Found",
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
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
    """A question to one endpoint. `uri` is the path as sent; `names` are the ids or path parts in it.

    `params` is the query. `values` are the fields of a write that the endpoint takes, in their own types;
    `given` is all that the body said.
    """

    view: View
    endpoint: Endpoint
    uri: str
    names: tuple[str, ...]
    params: Mapping[str, str]
    values: Mapping[str, Any] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)

    def answer(self, payload: Payload, *, locator: str | None = None, kind: str | None = None) -> Answer:
        return Answer(self.endpoint, self.uri, payload, locator, kind)

    def created(self, endpoint: str, payload: Entity) -> Answer:
        """201 with the new object, under the object's own address (recorded)."""
        return Answer(ENDPOINTS[endpoint], payload.uri, payload, status=201)


Handler = Callable[[Ask], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """One address form. `names` in `pattern` become the ids; the table is read from the top."""

    pattern: re.Pattern[str]
    endpoint: Endpoint
    handlers: Mapping[str, Handler]  #: by method

    @property
    def methods(self) -> tuple[str, ...]:
        """What the address answers to, in the recorded order."""
        order = ("GET", "PATCH", "POST", "DELETE")
        return ("OPTIONS", *(method for method in order if method in self.handlers))


def route(
    pattern: str,
    endpoint: str,
    get: Handler | None = None,
    *,
    post: Handler | None = None,
    patch: Handler | None = None,
    delete: Handler | None = None,
) -> Route:
    """`pattern` is a path below /api/v2 where `{}` stands for an id and `{*}` for a path."""
    escaped = re.escape(pattern).replace(r"\{\}", "([^/!]+)").replace(r"\{\*\}", "((?:/[^/!]+)*)")
    given = {"GET": get, "POST": post, "PATCH": patch, "DELETE": delete}
    handlers = {method: handler for method, handler in given.items() if handler is not None}
    return Route(re.compile(escaped + r"\Z"), ENDPOINTS[endpoint], handlers)


def match(routes: tuple[Route, ...], path: str) -> tuple[Route, tuple[str, ...]] | None:
    """The route of a path as sent; ids come decoded."""
    if not path.startswith(PREFIX):
        return None
    rest = unquote(path[len(PREFIX) :])
    for candidate in routes:
        if found := candidate.pattern.match(rest):
            return candidate, found.groups()
    return None
