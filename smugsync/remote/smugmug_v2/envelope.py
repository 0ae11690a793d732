"""How SmugMug's API v2 is asked, and what stands around every answer: its envelope, and a list's pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar
from urllib.parse import quote, urlencode

from smugsync.errors import Garbled
from smugsync.remote.dialect import Call, Page, Reply, Span
from smugsync.remote.wire import Fields, parse

T = TypeVar("T")

JSON = ("Accept", "application/json")


def get(origin: str, path: str, switches: Mapping[str, str], span: Span | None = None) -> Call:
    """A question. Links come as plain strings (`_verbosity=1`)."""
    paging = {"start": str(span.start), "count": str(span.count)} if span else {}
    return Call("GET", address(origin, path, {**switches, **paging}), (JSON,))


def address(origin: str, path: str, switches: Mapping[str, str]) -> str:
    query = urlencode({**switches, "_verbosity": "1"}, safe=",")
    return f"{origin}{path}?{query}"


def read_page(
    response: Fields,
    locator: str,
    span: Span,
    read: Callable[[Fields], T],
    *,
    at_once: Callable[[object], T | None] = lambda _: None,
) -> Page[T]:
    """The entries of a page and where to go on. `at_once` may be quicker than `read`, where it says anything.

    An empty list is not written as `[]`: its key is missing. The next page is reckoned from what came,
    because the service may clamp `count`, and because its own `NextPage` drops our switches.
    """
    items: list[T] = []
    faults: list[str] = []
    entries = tuple(response.entries(locator))
    for number, entry in enumerate(entries, span.start):
        if (item := at_once(entry)) is not None:
            items.append(item)
            continue
        try:
            items.append(read(Fields.of(entry, f"entry {number}")))
        except Garbled as error:
            faults.append(str(error))

    pages = response.child("Pages")
    total, start = pages.whole("Total"), pages.whole("Start")
    following = span.start + max(pages.whole("Count") or 0, len(entries))
    if total is None:
        faults.append("SmugMug did not say how many entries there are")
    elif start not in (None, span.start) and entries:
        faults.append(f"entries from {span.start} on were asked for, those from {start} on came")
    elif span.start < following <= total:
        granted = pages.whole("RequestedCount") or span.count
        return Page(tuple(items), total, Span(following, min(granted, span.count)), tuple(faults))
    return Page(tuple(items), total, None, tuple(faults))


def response_of(reply: Reply, what: str) -> Fields:
    return parse(reply, what).child("Response")


def only(reply: Reply, locator: str, what: str) -> Fields:
    response = response_of(reply, what)
    if locator not in response:
        raise Garbled(f"SmugMug's answer about {what} holds no {locator}")
    return response.child(locator)


def part(key: str) -> str:
    return quote(key, safe="")
