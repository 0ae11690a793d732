"""From a request below /api/v2 to the answer the service would send."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from smugsync.emulator.api.album_resources import ALBUM_ROUTES
from smugsync.emulator.api.deleted_resources import DELETED_ROUTES
from smugsync.emulator.api.endpoints import ENDPOINTS, Endpoint
from smugsync.emulator.api.folder_resources import FOLDER_ROUTES
from smugsync.emulator.api.image_resources import IMAGE_ROUTES
from smugsync.emulator.api.negotiation import JSON, PAGE, negotiate, write
from smugsync.emulator.api.node_resources import NODE_ROUTES
from smugsync.emulator.api.options import describe, describe_briefly, describe_write
from smugsync.emulator.api.parameters import Unfit, read_all
from smugsync.emulator.api.query import Query
from smugsync.emulator.api.routes import MESSAGES, PREFIX, ApiError, Ask, Route, match
from smugsync.emulator.api.shape import Answer, Composer, Wishes
from smugsync.emulator.api.user_resources import USER_ROUTES
from smugsync.emulator.api.view import View
from smugsync.emulator.messages import Request, Response, html_response

ROUTES: Final = USER_ROUTES + NODE_ROUTES + FOLDER_ROUTES + ALBUM_ROUTES + IMAGE_ROUTES + DELETED_ROUTES
#: A longer request line is answered by the web server in front of the API (seen with 792 image keys).
MAX_TARGET: Final = 6000

_READING: Final = ("GET", "HEAD")
#: What an override may ask for where it is no POST that is overridden (documentation: overrides).
_HARMLESS: Final = (*_READING, "OPTIONS")


@dataclass(frozen=True, slots=True)
class Api:
    """The API's behaviour that does not depend on the request."""

    def handle(self, request: Request, view: View) -> Response:
        """Answer a request whose sender is known."""
        if len(request.path) + len(request.query) > MAX_TARGET:
            return html_response(403, "Forbidden", "You don't have permission to access this resource.")
        return _Exchange(request, view).answer()


class _Exchange:
    """One request and what it wants."""

    def __init__(self, request: Request, view: View) -> None:
        self.request = request
        self.view = view
        self.query = Query.read(request.query)
        self.params = self.query.params
        self.method = request.method
        self.kind = negotiate(request.headers.get("accept"), self.params.get("_accept"))
        self.wishes = Wishes(verbosity=3 if self.kind == PAGE else 2)
        found = match(ROUTES, request.path)
        self.route: Route | None = found[0] if found else None
        self.names: tuple[str, ...] = found[1] if found else ()

    def answer(self) -> Response:
        try:
            self._read_wishes()
            body = self._body()
            return self._write(body["Code"], body)
        except ApiError as error:
            return self._refuse(error)

    def _read_wishes(self) -> None:
        try:
            self.wishes = Wishes.of(self.params, talkative=self.kind == PAGE)
        except ValueError:
            raise ApiError(400) from None
        if self.kind is None:
            raise ApiError(406)
        wanted = self.params.get("_method", "").upper() or self.method
        if wanted not in (self.method, *_HARMLESS) and self.method != "POST":
            raise ApiError(405)
        self.method = wanted

    def _body(self) -> dict[str, Any]:
        request, method, route = self.request, self.method, self.route
        if request.path in (PREFIX, PREFIX + "/", PREFIX + "/user"):
            if method not in _HARMLESS:
                raise ApiError(405)
            return {"Response": self._nobody(), "Code": 200, "Message": "Ok"}
        if route is None:
            raise ApiError(404)
        endpoint = route.endpoint
        if method == "OPTIONS":
            options = describe(endpoint, request.path, route.methods)
            return {"Options": options, "Code": 200, "Message": "Ok"}
        handler = route.handlers.get("GET" if method == "HEAD" else method)
        if handler is None:
            raise ApiError(405)
        _check_grant(endpoint, method, self.view)
        ask = Ask(self.view, endpoint, request.path, self.names, self.params)
        if method not in _READING:
            ask = _with_body(ask, request, method)
        return self._compose(handler(ask), ask)

    def _nobody(self) -> dict[str, Any]:
        """What an address answers that names no object: its place, and no more (`/user`: confirmed)."""
        if self.request.path.endswith("/user"):
            return self._place(ENDPOINTS["User"])
        return {"Uri": self.query.echoed.behind(self.request.path)}

    def _place(self, endpoint: Endpoint) -> dict[str, Any]:
        """An envelope without its object."""
        place = {"Uri": self.query.echoed.behind(self.request.path)}
        if endpoint.locator:
            place |= {"Locator": endpoint.locator, "LocatorType": endpoint.kind}
        if self.wishes.verbosity > 1:
            place |= {"UriDescription": endpoint.description, "EndpointType": endpoint.name}
        return place

    def _compose(self, answer: Answer, ask: Ask) -> dict[str, Any]:
        switches = self.view.switches
        composer = Composer(self.wishes, self._follow, switches.max_count, switches.page_links == "filters")
        response = composer.response(answer, Query() if answer.status == 201 else self.query)
        body = self._requested()
        options = self._options(ask, response)
        if options:
            body["Options"] = options
        body |= {"Response": response, "Code": answer.status, "Message": MESSAGES[answer.status]}
        if composer.expansions:
            body["Expansions"] = composer.expansions
        return body

    def _requested(self) -> dict[str, Any]:
        """What verbosity 3 begins with."""
        if self.wishes.verbosity < 3:
            return {}
        uri = self.query.shown.behind(self.request.path)
        return {"Request": {"Version": "v2", "Method": self.method, "Uri": uri}}

    def _options(self, ask: Ask, response: Mapping[str, Any]) -> dict[str, Any]:
        """The block beside an answer: none at verbosity 1; from 2, what can be given; at 3, everything."""
        endpoint, verbosity, method = ask.endpoint, self.wishes.verbosity, self.method
        if verbosity == 1 or self.route is None:
            return {}
        if method in _READING:
            if verbosity == 3:
                return describe(endpoint, ask.uri, self.route.methods, params=self.params)
            return describe_briefly(endpoint, self.params) if endpoint.parameters else {}
        brief = describe_write(endpoint, method, _values(endpoint, method, ask, response))
        return brief if verbosity == 2 else describe(endpoint, ask.uri, self.route.methods) | brief

    def _refuse(self, error: ApiError) -> Response:
        """The recorded error bodies: the envelope without an object; 401 without any `Response`.

        A write that is refused repeats the table of its fields.
        """
        route, wishes, status = self.route, self.wishes, error.status
        body: dict[str, Any] = {}
        if error.location is not None:
            status = self.view.switches.redirect_status
        if route is not None and status != 401:
            body |= self._requested()
            if self.method in ("POST", "PATCH") and self.method in route.handlers and wishes.verbosity > 1:
                given = _read_body(self.request)
                body["Options"] = describe_write(route.endpoint, self.method, given, error.problems)
            body["Response"] = self._place(route.endpoint)
        message = error.message if status in (400, 401, 403) else MESSAGES.get(status, error.message)
        response = self._write(status, body | {"Code": status, "Message": message})
        more: list[tuple[str, str]] = []
        if status == 405 and route is not None:
            more.append(("Allow", ", ".join(route.methods)))
        if error.location is not None:
            more.append(("Location", self.view.origin + self.query.signed.behind(error.location)))
        return replace(response, headers=(*response.headers, *more))

    def _write(self, status: int, body: dict[str, Any]) -> Response:
        key = self.params.get("APIKey")
        return write(status, body, self.kind or JSON, pretty=self.wishes.pretty, key=key)

    def _follow(self, uri: str, args: Mapping[str, Any]) -> Answer | None:
        """The answer an expansion stands for; None where it cannot be expanded."""
        found = match(ROUTES, uri)
        handler = found[0].handlers.get("GET") if found else None
        if found is None or handler is None:
            return None
        params = {str(name): str(value) for name, value in args.items()}
        try:
            return handler(Ask(self.view, found[0].endpoint, uri, found[1], params))
        except ApiError:
            return None


#: What a refusal for want of a grant says (documentation: OAuth FAQ).
NOT_GRANTED: Final = "The user has not granted the required permissions"


def _check_grant(endpoint: Endpoint, method: str, view: View) -> None:
    """Whether the user let the application do this."""
    if method in _READING:
        return
    needed = endpoint.suffices(method)
    if view.user is None and needed != "Read":
        raise ApiError(401)
    if not view.may(needed):
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
