"""The query of a request, and the pages of a list that it chooses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, unquote_plus

#: What no answer repeats.
_CREDENTIALS: Final = ("APIKey",)
#: `Response.Uri` was seen with `_pretty` and `_verbosity`, and without the `_expand` of the request.
_NOT_ECHOED: Final = ("_expand",)
_SAFE: Final = "/,!:;@*'()~"


@dataclass(frozen=True, slots=True)
class Query:
    """Name, value and the whole as the client spelt it, in the client's order."""

    parts: tuple[tuple[str, str, str], ...] = ()

    @classmethod
    def read(cls, text: str) -> Query:
        """Of what stands behind the `?`."""
        parts = []
        for sent in text.split("&"):
            name, _, value = sent.partition("=")
            if sent:
                parts.append((unquote_plus(name), unquote_plus(value), sent))
        return cls(tuple(parts))

    @classmethod
    def make(cls, values: Iterable[tuple[str, str]]) -> Query:
        return cls(tuple((n, v, f"{quote(n, safe='')}={quote(v, safe=_SAFE)}") for n, v in values))

    @property
    def params(self) -> dict[str, str]:
        """The last value of each name."""
        return {name: value for name, value, _ in self.parts}

    @property
    def shown(self) -> Query:
        """What of it an answer may repeat: not the credentials."""
        kept = (p for p in self.parts if not p[0].startswith("oauth_") and p[0] not in _CREDENTIALS)
        return Query(tuple(kept))

    @property
    def echoed(self) -> Query:
        """What `Response.Uri` repeats."""
        return self.shown.without(_NOT_ECHOED)

    @property
    def signed(self) -> Query:
        """What is left when the parameters of one signature are taken away."""
        return Query(tuple(part for part in self.parts if not part[0].startswith("oauth_")))

    def without(self, names: Iterable[str]) -> Query:
        unwanted = set(names)
        return Query(tuple(part for part in self.parts if part[0] not in unwanted))

    def behind(self, uri: str) -> str:
        """The address with this query."""
        return uri + "?" + "&".join(sent for _, _, sent in self.parts) if self.parts else uri


@dataclass(frozen=True, slots=True)
class Page:
    """A place in a listing: `start` counts from one."""

    start: int
    count: int

    @classmethod
    def of(cls, params: Mapping[str, Any], *, default: int, maximum: int) -> Page:
        """The page asked for; a count beyond `maximum` is clamped, nonsense counts as not given."""
        count = positive(params.get("count"), default)
        return cls(positive(params.get("start"), 1), min(count, maximum))

    def describe(self, uri: str, query: Query, *, number: int, total: int, filters: bool) -> dict[str, Any]:
        """`Pages` as recorded: explicit parameters keep their order and spelling, defaults come as start,
        count. `filters` carries `_filter` and `_filteruri` along."""

        def address(start: int) -> str:
            return Query(tuple(self._at(start, query, filters))).behind(uri)

        last = (max(0, total - 1) // self.count) * self.count + 1
        pages: dict[str, Any] = {
            "Total": total,
            "Start": self.start,
            "Count": number,
            "RequestedCount": self.count,
            "FirstPage": address(1),
            "LastPage": address(last),
        }
        if self.start > 1:
            pages["PrevPage"] = address(max(1, self.start - self.count))
        if self.start + self.count <= total:
            pages["NextPage"] = address(self.start + self.count)
        if (self.start - 1) % self.count:
            pages["Misaligned"] = True
        return pages

    def _at(self, start: int, query: Query, filters: bool) -> Iterator[tuple[str, str, str]]:
        values = {"start": str(start), "count": str(self.count)}
        for part in query.shown.parts:
            name = part[0]
            if name in values:
                yield from Query.make([(name, values.pop(name))]).parts
            elif name not in ("start", "count") and (
                not name.startswith("_") or (filters and name in ("_filter", "_filteruri"))
            ):
                yield part
        yield from Query.make(values.items()).parts


def positive(given: object, default: int) -> int:
    """A positive number; anything else counts as not given."""
    text = str(given)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 and int(text) else default
