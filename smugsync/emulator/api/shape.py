"""The form of an answer: which fields, which links, which expansions, which page, how talkative.

Nothing here knows what an album is. Resources hand over `Entity` and `Listing` values; this module turns
them into the JSON the service sends for the wishes of the request (facts: documentation pages
"overrides", "filters", "expansions", "config", "paging", and recorded answers).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from smugsync.emulator.api.endpoints import ENDPOINTS, SINGLE_ARGS, Endpoint, link
from smugsync.emulator.api.query import Page, Query
from smugsync.emulator.api.wishes import EVERYTHING, Selection, Wishes

__all__ = ["EVERYTHING", "Answer", "Composer", "Entity", "Link", "Listing", "Payload", "Selection", "Wishes"]

#: What a filter never removes (documentation: every object has these).
_ALWAYS: Final = ("Uri", "WebUri", "UriDescription", "Uris", "ResponseLevel")

#: Name of the entry in `Uris`, name of the endpoint it points to, address.
Link = tuple[str, str, str]


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
    """Composes the `Response` of one request, and its `Expansions` on the way.

    `follow` gives the answer that stands at an address, or None. `max_count` is the largest page;
    `filters` says whether page links carry the filters of the request.
    """

    wishes: Wishes
    follow: Callable[[str, Mapping[str, Any]], Answer | None]
    max_count: int = 1000
    filters: bool = False
    expansions: dict[str, Any] = field(default_factory=dict)

    def response(self, answer: Answer, query: Query) -> dict[str, Any]:
        """The `Response` object of the main answer."""
        result = self._object(answer, query, self.wishes.selection)
        if self.wishes.verbosity == 3:
            result["Timing"] = {"Total": {"time": 0.05, "cycles": 1, "objects": 0}}
        return result

    def _object(self, answer: Answer, query: Query, selection: Selection) -> dict[str, Any]:
        endpoint, payload = answer.endpoint, answer.payload
        locator = answer.locator or endpoint.locator
        result: dict[str, Any] = {"Uri": query.echoed.behind(answer.uri)}
        if locator:
            result["Locator"] = locator
            result["LocatorType"] = answer.kind or endpoint.kind
        pages: dict[str, Any] | None = None
        if isinstance(payload, Entity):
            result[locator] = self._draw(payload, selection)
        elif isinstance(payload, Listing):
            page = Page.of(query.params, default=endpoint.page, maximum=self.max_count)
            items = payload.items[page.start - 1 : page.start - 1 + page.count]
            if items:
                result[locator] = [self._draw(payload.draw(item, selection), selection) for item in items]
            total = len(payload.items) + payload.surplus
            pages = page.describe(answer.uri, query, number=len(items), total=total, filters=self.filters)
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
        found: dict[str, dict[str, Any]] = {}
        for name, endpoint, uri in offered:
            if name in selection.expand:
                found[name] = self._expand(ENDPOINTS[endpoint], uri, selection.expand[name])
        if hidden:
            return
        drawn["Uris"] = {
            name: self._link(ENDPOINTS[endpoint], uri, found.get(name))
            for name, endpoint, uri in offered
            if selection.links is None or name in selection.links
        }

    def _link(self, endpoint: Endpoint, uri: str, expanded: dict[str, Any] | None) -> Any:
        inline = expanded if self.wishes.inline else None
        if self.wishes.short and not inline:
            return uri
        entry: dict[str, Any] = (
            {"Uri": uri} if self.wishes.verbosity == 1 else link(endpoint, uri, expanded=expanded is not None)
        )
        return entry | {n: v for n, v in (inline or {}).items() if n not in ("Uri", "DocUri")}

    def _expand(self, endpoint: Endpoint, uri: str, selection: Selection) -> dict[str, Any]:
        """Add what stands at `uri`, once; what cannot be had is left out, as the service does.

        Returns it as well, for the answer that has it in the link.
        """
        several = len(selection.args) > 1
        if several and SINGLE_ARGS in endpoint.notes:
            return {}
        found: dict[str, Any] = {}
        for args in selection.args:
            query = Query.make((str(name), str(value)) for name, value in args.items())
            address = query.behind(uri) if several else uri
            if address in self.expansions:
                continue
            answer = self.follow(uri, args)
            if answer is None:
                continue
            if not self.wishes.inline:
                self.expansions[address] = {}  # holds its place: expansions may point to each other
            found = self._object(answer, query, selection)
            if not self.wishes.inline:
                self.expansions[address] = found
        return found
