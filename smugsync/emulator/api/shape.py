"""The form of an answer: which fields, which links, which expansions, which page, how talkative.

Nothing here knows what an album is. Resources hand over `Entity` and `Listing` values; this module turns
them into the JSON the service sends for the `_verbosity`, `_filter`, `_filteruri`, `_shorturis`,
`_expand` and `_config` of the request (facts: documentation pages "overrides", "filters", "expansions",
"paging", and recorded answers).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from smugsync.emulator.api.endpoints import ENDPOINTS, Endpoint, link

#: Parameters that the service does not repeat in links: it was seen to drop `_verbosity`.
_NOT_CARRIED: Final = ("_verbosity",)
#: What a filter never removes (documentation: every object has these).
_ALWAYS: Final = ("Uri", "WebUri", "UriDescription", "Uris", "ResponseLevel")

#: Name of the entry in `Uris`, name of the endpoint it points to, address.
Link = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Selection:
    """What the client wants to see of each object; None means everything."""

    fields: frozenset[str] | None = None
    links: frozenset[str] | None = None
    expand: Mapping[str, Selection] = field(default_factory=dict)
    args: tuple[Mapping[str, Any], ...] = ({},)

    def wants(self, name: str) -> bool:
        """For fields that are dear to compute."""
        return self.fields is None or name in self.fields

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Selection:
        """One level of `_config`: filter, filteruri, expand, args or multiargs."""
        expand = config.get("expand")
        if isinstance(expand, list):
            expand = {str(name): {} for name in expand}
        many = config.get("multiargs")
        return cls(
            fields=_names(config.get("filter")),
            links=_names(config.get("filteruri")),
            expand={
                name: cls.from_config(below if isinstance(below, dict) else {})
                for name, below in (expand or {}).items()
            },
            args=tuple(many) if isinstance(many, list) and many else (config.get("args") or {},),
        )


EVERYTHING: Final = Selection()


def _names(value: object) -> frozenset[str] | None:
    if value is None:
        return None
    parts = value if isinstance(value, list) else str(value).split(",")
    return frozenset(str(part).strip() for part in parts if str(part).strip())


@dataclass(frozen=True, slots=True)
class Wishes:
    """The underscore parameters of a request."""

    verbosity: int = 2
    short: bool = False
    pretty: bool = False
    selection: Selection = EVERYTHING

    @classmethod
    def of(cls, params: Mapping[str, str]) -> Wishes:
        """Raises ValueError for a `_config` that is no JSON object. Unknown parameters are ignored."""
        selection = EVERYTHING
        if "_config" in params:
            config = json.loads(params["_config"])
            if not isinstance(config, dict):
                raise ValueError("_config is not an object")
            selection = Selection.from_config(config)
        fields, links = _names(params.get("_filter")), _names(params.get("_filteruri"))
        expand = dict.fromkeys(sorted(_names(params.get("_expand")) or ()), EVERYTHING)
        verbosity = int(params["_verbosity"]) if params.get("_verbosity") in ("1", "2", "3") else 2
        return cls(
            verbosity=verbosity,
            short="_shorturis" in params or verbosity == 1,
            pretty="_pretty" in params,
            selection=Selection(
                fields if fields is not None else selection.fields,
                links if links is not None else selection.links,
                {**selection.expand, **expand},
            ),
        )


@dataclass(slots=True)
class Entity:
    """One object. `data` and `tail` stand around its address and links, in the recorded order."""

    uri: str
    description: str
    data: dict[str, Any]
    links: Callable[[], Iterable[Link]] | None = None
    web_uri: str | None = None
    tail: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Listing:
    """Many objects, drawn only when their page is asked for. `surplus` is what `Total` overstates."""

    items: Sequence[Any]
    draw: Callable[[Any, Selection], Entity]
    surplus: int = 0


#: One object, a paged list, a few objects without pages, or plain rows; None: an answer without an object.
Payload = Entity | Listing | Sequence[Entity] | list[dict[str, Any]] | None


@dataclass(slots=True)
class Answer:
    """What an endpoint answers. `uri` has no query."""

    endpoint: Endpoint
    uri: str
    payload: Payload
    locator: str | None = None  #: where the endpoint's own is a choice of several
    kind: str | None = None  #: Objects, where one address names several
    status: int = 200


@dataclass(slots=True)
class Composer:
    """Composes the `Response` of one request, and its `Expansions` on the way."""

    wishes: Wishes
    follow: Callable[[str, Mapping[str, Any]], Answer | None]
    expansions: dict[str, Any] = field(default_factory=dict)

    def response(self, answer: Answer, query: Sequence[tuple[str, str]], *, max_count: int) -> dict[str, Any]:
        """The `Response` object of the main answer."""
        result = self._object(answer, shown(query), self.wishes.selection, max_count)
        if self.wishes.verbosity == 3:
            result["Timing"] = {"Total": {"time": 0.05, "cycles": 1, "objects": 0}}
        return result

    def _object(
        self, answer: Answer, query: Sequence[tuple[str, str]], selection: Selection, max_count: int
    ) -> dict[str, Any]:
        endpoint, payload = answer.endpoint, answer.payload
        locator = answer.locator or endpoint.locator
        result: dict[str, Any] = {"Uri": with_query(answer.uri, query)}
        if locator:
            result["Locator"] = locator
            result["LocatorType"] = answer.kind or endpoint.kind
        pages: dict[str, Any] | None = None
        if isinstance(payload, Entity):
            result[locator] = self._draw(payload, selection)
        elif isinstance(payload, Listing):
            page = Page.of(query, default=endpoint.page, maximum=max_count)
            items = payload.items[page.start - 1 : page.start - 1 + page.count]
            if items:
                result[locator] = [self._draw(payload.draw(item, selection), selection) for item in items]
            total = len(payload.items) + payload.surplus
            pages = page.links(answer.uri, query, number=len(items), total=total)
        elif payload:
            result[locator] = [self._draw(p, selection) if isinstance(p, Entity) else p for p in payload]
        if self.wishes.verbosity > 1:
            result["UriDescription"] = endpoint.description
            result["EndpointType"] = endpoint.name
            if endpoint.doc:
                result["DocUri"] = endpoint.doc
        if pages is not None:
            result["Pages"] = pages
        return result

    def _draw(self, entity: Entity, selection: Selection) -> dict[str, Any]:
        wanted = selection.fields
        if wanted is None:
            drawn = entity.data
        else:
            drawn = {name: value for name, value in entity.data.items() if name in wanted}
        drawn["Uri"] = entity.uri
        if entity.web_uri is not None:
            drawn["WebUri"] = entity.web_uri
        if self.wishes.verbosity > 1:
            drawn["UriDescription"] = entity.description
        if entity.links is not None:
            self._draw_links(drawn, entity.links, selection)
        for name, value in entity.tail.items():
            if wanted is None or name in wanted or name in _ALWAYS:
                drawn[name] = value
        return drawn

    def _draw_links(
        self, drawn: dict[str, Any], links: Callable[[], Iterable[Link]], selection: Selection
    ) -> None:
        hidden = selection.links is not None and not selection.links
        if hidden and not selection.expand:
            return
        offered = list(links())
        for name, _, uri in offered:
            if name in selection.expand:
                self._expand(uri, selection.expand[name])
        if hidden:
            return
        chosen = [entry for entry in offered if selection.links is None or entry[0] in selection.links]
        if self.wishes.short:
            drawn["Uris"] = {name: uri for name, _, uri in chosen}
        else:
            drawn["Uris"] = {
                name: link(ENDPOINTS[endpoint], uri, expanded=name in selection.expand)
                for name, endpoint, uri in chosen
            }

    def _expand(self, uri: str, selection: Selection) -> None:
        """Add what stands at `uri`, once; what cannot be had is left out, as the service does."""
        for args in selection.args:
            query = [(str(name), str(value)) for name, value in args.items()]
            address = with_query(uri, query) if len(selection.args) > 1 else uri
            if address in self.expansions:
                continue
            answer = self.follow(uri, args)
            if answer is None:
                continue
            self.expansions[address] = {}  # holds its place: expansions may point to each other
            self.expansions[address] = self._object(answer, query, selection, 1000)


@dataclass(frozen=True, slots=True)
class Page:
    """A place in a listing: `start` counts from one."""

    start: int
    count: int

    @classmethod
    def of(cls, query: Iterable[tuple[str, str]], *, default: int, maximum: int) -> Page:
        """The page asked for; a count beyond `maximum` is clamped, nonsense counts as not given."""
        params = dict(query)
        count = _number(params.get("count"), default)
        return cls(_number(params.get("start"), 1), min(count, maximum))

    def links(self, uri: str, query: Sequence[tuple[str, str]], *, number: int, total: int) -> dict[str, Any]:
        """`Pages` as recorded: explicit parameters keep their order, defaults come as start, count."""

        def address(start: int) -> str:
            values = {"start": str(start), "count": str(self.count)}
            kept = [(n, values.pop(n, v)) for n, v in query if n not in _NOT_CARRIED]
            return with_query(uri, [*kept, *values.items()])

        last = (max(0, total - 1) // self.count) * self.count + 1
        pages: dict[str, Any] = {
            "Total": total,
            "Start": self.start,
            "Count": number,
            "RequestedCount": self.count,
            "FirstPage": address(1),
            "LastPage": address(last),
        }
        if self.start + self.count <= total:
            pages["NextPage"] = address(self.start + self.count)
        if self.start > 1:
            pages["PrevPage"] = address(max(1, self.start - self.count))
        if (self.start - 1) % self.count:
            pages["Misaligned"] = True
        return pages


def _number(text: str | None, default: int) -> int:
    """A positive number; anything else counts as not given."""
    return int(text) if text and text.isascii() and text.isdigit() and int(text) > 0 else default


def shown(query: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """What of a query may be repeated in an answer: not the credentials."""
    return [(name, value) for name, value in query if not name.startswith("oauth_") and name != "APIKey"]


def with_query(uri: str, query: Sequence[tuple[str, str]]) -> str:
    if not query:
        return uri
    return uri + "?" + "&".join(f"{quote(n)}={quote(v, safe=_QUERY_SAFE)}" for n, v in query)


_QUERY_SAFE: Final = "/,!:;@*'()~"
