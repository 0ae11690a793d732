"""From a request below /api/v2 to the JSON the service would send."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from smugsync.emulator.album_resources import ALBUM_ROUTES
from smugsync.emulator.image_resources import IMAGE_ROUTES
from smugsync.emulator.messages import Request, Response, html_response, json_response
from smugsync.emulator.node_resources import NODE_ROUTES
from smugsync.emulator.options import describe, describe_briefly
from smugsync.emulator.routes import MESSAGES, PREFIX, ApiError, Ask, Route, match
from smugsync.emulator.shape import Answer, Composer, Wishes, shown, with_query
from smugsync.emulator.user_resources import USER_ROUTES
from smugsync.emulator.view import View

_ALL_ROUTES: Final = USER_ROUTES + NODE_ROUTES + ALBUM_ROUTES + IMAGE_ROUTES
#: A longer request line is answered by the web server in front of the API (seen with 792 image keys).
MAX_TARGET: Final = 8000

JSON_TYPES: Final = ("application/json", "text/json", "application/*")


@dataclass(frozen=True, slots=True)
class Api:
    """The API's behaviour that does not depend on the request."""

    max_count: int = 1000
    redirect_status: int = 301

    def handle(self, request: Request, view: View) -> Response:
        """Answer a request whose sender is known."""
        if len(request.path) + len(request.query) > MAX_TARGET:
            return html_response(403, "Forbidden", "You don't have permission to access this resource.")
        query = request.params
        params = dict(query)
        found = match(_ALL_ROUTES, request.path)
        try:
            wishes = Wishes.of(params)
        except ValueError:
            return json_response(400, {"Code": 400, "Message": MESSAGES[400]})
        try:
            kind = _negotiate(request.headers.get("accept"), params.get("_accept"))
            if request.path in (PREFIX, PREFIX + "/", PREFIX + "/user"):
                body: dict[str, Any] = {"Response": {"Uri": request.path}, "Code": 200, "Message": "Ok"}
            elif found is None:
                raise ApiError(404)
            else:
                body = self._answer(request, found, view, (query, wishes))
            return _encode(200, body, kind, pretty=wishes.pretty)
        except ApiError as error:
            return self._refuse(error, request, found[0] if found else None, wishes)

    def _answer(
        self,
        request: Request,
        found: tuple[Route, tuple[str, ...]],
        view: View,
        asked: tuple[list[tuple[str, str]], Wishes],
    ) -> dict[str, Any]:
        (route, names), (query, wishes) = found, asked
        method = _method(request, dict(query))
        if method == "OPTIONS":
            return {"Options": describe(route.endpoint, request.path, {}), "Code": 200, "Message": "Ok"}
        if method not in ("GET", "HEAD"):
            raise ApiError(405)
        answer = route.handler(Ask(view, route.endpoint, request.path, names, dict(query)))
        composer = Composer(wishes, lambda uri, args: _follow(view, uri, args))
        response = composer.response(answer, query, max_count=self.max_count)
        body: dict[str, Any] = {}
        if wishes.verbosity == 3:
            asked_for = [(n, v) for n, v in shown(query) if n != "_verbosity"]
            uri = with_query(request.path, asked_for)
            body["Request"] = {"Version": "v2", "Method": method, "Uri": uri}
            body["Options"] = describe(route.endpoint, request.path, response)
        elif wishes.verbosity == 2 and route.endpoint.parameters:
            body["Options"] = describe_briefly(route.endpoint)
        body |= {"Response": response, "Code": 200, "Message": "Ok"}
        if composer.expansions:
            body["Expansions"] = composer.expansions
        return body

    def _refuse(self, error: ApiError, request: Request, route: Route | None, wishes: Wishes) -> Response:
        """The recorded error bodies: the envelope without an object; 401 without any `Response`."""
        body: dict[str, Any] = {}
        status = error.status if error.location is None else self.redirect_status
        if route is not None and status != 401:
            place = {"Uri": with_query(request.path, shown(request.params))}
            if route.endpoint.locator:
                place |= {"Locator": route.endpoint.locator, "LocatorType": route.endpoint.kind}
            body["Response"] = place
        body |= {"Code": status, "Message": MESSAGES.get(status, error.message)}
        response = json_response(status, body, pretty=wishes.pretty)
        if error.location is None:
            return response
        kept = [(n, v) for n, v in request.params if not n.startswith("oauth_")]
        location = f"{request.scheme}://{request.headers.get('host', 'api.smugmug.com')}"
        headers = (*response.headers, ("Location", location + with_query(error.location, kept)))
        return Response(status, headers, response.body)


def _follow(view: View, uri: str, args: Mapping[str, Any]) -> Answer | None:
    """The answer an expansion stands for; None where it cannot be expanded."""
    found = match(_ALL_ROUTES, uri)
    if found is None:
        return None
    route, names = found
    try:
        return route.handler(
            Ask(view, route.endpoint, uri, names, {str(name): str(value) for name, value in args.items()})
        )
    except ApiError:
        return None


def _method(request: Request, params: Mapping[str, str]) -> str:
    """`_method` overrides a POST, and only a POST (documentation: overrides)."""
    wanted = params.get("_method", "").upper()
    return wanted if request.method == "POST" and wanted else request.method


def _negotiate(accept: str | None, override: str | None) -> str:
    """`json` or `html`. Without a wish for JSON the service shows its browser for people.

    The other types it offers (serialised PHP, MessagePack, CSV) are refused here.
    """
    wanted: Sequence[str] = [_type(part) for part in (override or accept or "*/*").split(",")]
    if any(part in JSON_TYPES for part in wanted):
        return "json"
    if any(part in ("text/html", "text/*", "*/*") for part in wanted):
        return "html"
    raise ApiError(406)


def _type(part: str) -> str:
    return part.split(";", maxsplit=1)[0].strip().lower()


def _encode(status: int, body: dict[str, Any], kind: str, *, pretty: bool) -> Response:
    if kind == "json":
        return json_response(status, body, pretty=pretty)
    text = json_response(status, body, pretty=True).content().decode()
    safe = text.replace("&", "&amp;").replace("<", "&lt;")
    hint = "Send <code>Accept: application/json</code> for JSON."
    return html_response(status, "Live API Browser", f"{hint}</p><pre>{safe}</pre><p>")
