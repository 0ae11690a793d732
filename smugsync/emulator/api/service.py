"""From a request below /api/v2 to the JSON the service would send."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from smugsync.emulator.api.album_resources import ALBUM_ROUTES
from smugsync.emulator.api.endpoints import Endpoint
from smugsync.emulator.api.image_resources import IMAGE_ROUTES
from smugsync.emulator.api.node_resources import NODE_ROUTES
from smugsync.emulator.api.options import describe, describe_briefly, describe_write
from smugsync.emulator.api.parameters import Unfit, read_all
from smugsync.emulator.api.routes import MESSAGES, PREFIX, ApiError, Ask, Route, match
from smugsync.emulator.api.shape import Answer, Composer, Wishes, shown, with_query
from smugsync.emulator.api.user_resources import USER_ROUTES
from smugsync.emulator.api.view import View
from smugsync.emulator.messages import Request, Response, html_response, json_response

_ALL_ROUTES: Final = USER_ROUTES + NODE_ROUTES + ALBUM_ROUTES + IMAGE_ROUTES
#: A longer request line is answered by the web server in front of the API (seen with 792 image keys).
MAX_TARGET: Final = 8000

JSON_TYPES: Final = ("application/json", "text/json", "application/*")


@dataclass(frozen=True, slots=True)
class Api:
    """The API's behaviour that does not depend on the request."""

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
            return _encode(body["Code"], body, kind, pretty=wishes.pretty)
        except ApiError as error:
            return self._refuse(error, request, found[0] if found else None, view, wishes)

    def _answer(
        self,
        request: Request,
        found: tuple[Route, tuple[str, ...]],
        view: View,
        asked: tuple[list[tuple[str, str]], Wishes],
    ) -> dict[str, Any]:
        (route, names), (query, wishes) = found, asked
        method, endpoint = _method(request), route.endpoint
        if method == "OPTIONS":
            options = describe(endpoint, request.path, {}, route.methods, every=True)
            return {"Options": options, "Code": 200, "Message": "Ok"}
        handler = route.handlers.get("GET" if method == "HEAD" else method)
        if handler is None:
            raise ApiError(405)
        _check_grant(endpoint, method, view)
        ask = Ask(view, endpoint, request.path, names, dict(query))
        writes = method not in ("GET", "HEAD")
        if writes:
            ask = _with_body(ask, request, method)
        answer = handler(ask)
        composer = Composer(wishes, lambda uri, args: _follow(view, uri, args))
        response = composer.response(answer, [] if writes else query, max_count=view.switches.max_count)
        body: dict[str, Any] = {}
        if wishes.verbosity == 3:
            asked_for = [(n, v) for n, v in shown(query) if n != "_verbosity"]
            uri = with_query(request.path, asked_for)
            body["Request"] = {"Version": "v2", "Method": method, "Uri": uri}
        if writes and wishes.verbosity > 1:
            body["Options"] = describe_write(endpoint, method, _values(endpoint, method, ask, response))
        elif wishes.verbosity == 3:
            body["Options"] = describe(endpoint, request.path, response, route.methods)
        elif wishes.verbosity == 2 and endpoint.parameters:
            body["Options"] = describe_briefly(endpoint)
        body |= {"Response": response, "Code": answer.status, "Message": MESSAGES[answer.status]}
        if composer.expansions:
            body["Expansions"] = composer.expansions
        return body

    def _refuse(
        self, error: ApiError, request: Request, route: Route | None, view: View, wishes: Wishes
    ) -> Response:
        """The recorded error bodies: the envelope without an object; 401 without any `Response`.

        A write that is refused repeats the table of its fields.
        """
        body: dict[str, Any] = {}
        status = error.status if error.location is None else view.switches.redirect_status
        method = _method(request)
        if route is not None and status != 401:
            if method in ("POST", "PATCH") and method in route.handlers and wishes.verbosity > 1:
                given = {str(name): value for name, value in _read_body(request).items()}
                body["Options"] = describe_write(route.endpoint, method, given, error.problems)
            place = {"Uri": with_query(request.path, shown(request.params))}
            if route.endpoint.locator:
                place |= {"Locator": route.endpoint.locator, "LocatorType": route.endpoint.kind}
            if wishes.verbosity > 1:
                place |= {"UriDescription": route.endpoint.description, "EndpointType": route.endpoint.name}
            body["Response"] = place
        message = error.message if status in (400, 401, 403) else MESSAGES.get(status, error.message)
        body |= {"Code": status, "Message": message}
        response = json_response(status, body, pretty=wishes.pretty)
        if status == 405 and route is not None:
            return Response(405, (*response.headers, ("Allow", ", ".join(route.methods))), response.body)
        if error.location is None:
            return response
        kept = [(n, v) for n, v in request.params if not n.startswith("oauth_")]
        location = f"{request.scheme}://{request.headers.get('host', 'api.smugmug.com')}"
        headers = (*response.headers, ("Location", location + with_query(error.location, kept)))
        return Response(status, headers, response.body)


#: What a refusal for want of a grant says (documentation: OAuth FAQ).
NOT_GRANTED: Final = "The user has not granted the required permissions"
_LEVELS: Final = ("Read", "Add", "Modify")


def _check_grant(endpoint: Endpoint, method: str, view: View) -> None:
    """Whether the user let the application do this."""
    if method in ("GET", "HEAD"):
        return
    if view.user is None:
        raise ApiError(401)
    if _LEVELS.index(view.permissions) < _LEVELS.index(endpoint.suffices(method)):
        raise ApiError(view.switches.grant_status, NOT_GRANTED)


def _with_body(ask: Ask, request: Request, method: str) -> Ask:
    try:
        given = request.fields
    except ValueError:
        raise ApiError(400) from None
    try:
        values = read_all(ask.endpoint.takes(method), given, whole=method == "POST")
    except Unfit as unfit:
        raise ApiError(400, problems=unfit.problems) from None
    return replace(ask, values=values, given=given)


def _read_body(request: Request) -> Mapping[str, Any]:
    try:
        return request.fields
    except ValueError:
        return {}


def _values(endpoint: Endpoint, method: str, ask: Ask, response: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as they are now: from the object that came of it, else as they were given."""
    came = response.get(endpoint.locator)
    now = came if isinstance(came, dict) else {}
    names = [parameter.name for parameter in endpoint.takes(method)]
    return {name: now.get(name, ask.values.get(name)) for name in names if name in now or name in ask.values}


def _follow(view: View, uri: str, args: Mapping[str, Any]) -> Answer | None:
    """The answer an expansion stands for; None where it cannot be expanded."""
    found = match(_ALL_ROUTES, uri)
    if found is None:
        return None
    route, names = found
    handler = route.handlers.get("GET")
    if handler is None:
        return None
    try:
        return handler(
            Ask(view, route.endpoint, uri, names, {str(name): str(value) for name, value in args.items()})
        )
    except ApiError:
        return None


def _method(request: Request) -> str:
    """`_method` overrides a POST, and only a POST (documentation: overrides)."""
    wanted = dict(request.params).get("_method", "").upper()
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
