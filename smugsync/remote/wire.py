"""Reading what came over the wire: JSON of uncertain types, the heads of answers, their first words.

Nothing a service sends is trusted to have the type its documentation gives. `Fields` hands out
values of the type asked for or raises `Garbled`; it copes with what PHP makes of JSON: numbers as
strings, empty maps as `[]`, lists with holes as objects.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import islice

from smugsync.errors import Garbled
from smugsync.remote.dialect import Reply

#: What SQLite can hold; nothing a service counts comes near it.
LARGEST = 2**63 - 1
#: SmugMug takes captions and descriptions of 65,535 characters; every other text is far shorter.
LONGEST_TEXT = 65_536
#: A page of 200 entries with every field there is holds 30,000 values. Parsed, each takes up to 200 bytes of
#: memory, an empty list's three characters too.
MOST_VALUES = 200_000
MD5 = re.compile(r"[0-9a-fA-F]{32}")
_QUERY = re.compile(r"\?[^\s\"'<>]+")
#: A string of JSON, ended or not, or what stands before a value. Always linear: nothing is tried twice.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.?)*+"?|[\[{,]', re.DOTALL)


class Fields:
    """One JSON object, read field by field. `what` names it in error messages."""

    __slots__ = ("_values", "what")

    def __init__(self, values: Mapping[str, object], what: str) -> None:
        self._values = values
        self.what = what

    @classmethod
    def of(cls, value: object, what: str) -> Fields:
        """`value` as an object; `[]` is how PHP writes an empty one. Raises Garbled."""
        if isinstance(value, dict):
            return cls(value, what)
        if value == [] and isinstance(value, list):
            return cls({}, what)
        raise Garbled(f"{what} is {_kind(value)} where an object was expected")

    def __contains__(self, name: str) -> bool:
        return self._values.get(name) is not None

    def is_text(self, name: str) -> bool:
        return isinstance(self._values.get(name), str)

    def text(self, name: str) -> str:
        """A string; "" when absent. A number is written out; anything else raises Garbled."""
        value = self._values.get(name)
        if isinstance(value, str):
            if len(value) > LONGEST_TEXT:
                raise Garbled(f"{name} of {self.what} is {len(value):,} characters long")
            return value if value.isascii() else _mend(value)
        if value is None:
            return ""
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        raise self._wrong(name, "text")

    def key(self, name: str) -> str:
        """A string that identifies something: never absent, never empty, only printable characters."""
        value = self.text(name)
        if not value or not value.isprintable() or "\ufffd" in value:
            raise self._wrong(name, "a key")
        return value

    def prose(self, name: str) -> str:
        """What people wrote. No reason to refuse a photo: what is not text reads as "", too much is cut."""
        value = self._values.get(name)
        if isinstance(value, str):
            cut = value[:LONGEST_TEXT]
            return cut if cut.isascii() else _mend(cut)
        return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""

    def words(self, name: str) -> tuple[str, ...] | None:
        """A list of strings as people wrote them, None when absent or not a list."""
        value = self._values.get(name)
        if not isinstance(value, list):
            return None
        return tuple(_mend(word[:LONGEST_TEXT]) for word in value if isinstance(word, str) and word)

    def all_words(self) -> Iterator[str]:
        """The strings of all lists in it."""
        for name in self._values:
            yield from self.words(name) or ()

    def whole(self, name: str) -> int | None:
        """A whole number of at least 0, as a number or as its digits; None when absent or empty."""
        value = self._values.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST:
            return value
        raise self._wrong(name, "a whole number")

    def flag(self, name: str) -> bool:
        """Yes or no, also as 0, 1 or their names; False when absent."""
        value = self._values.get(name)
        if isinstance(value, bool):
            return value
        if isinstance(value, str):
            value = {"true": True, "1": True, "false": False, "0": False, "": False}.get(value.lower(), value)
        if value is None or (isinstance(value, int) and value in (0, 1)):
            return bool(value)
        raise self._wrong(name, "yes or no")

    def md5(self, name: str) -> str | None:
        """32 hex digits in lower case; None when absent or empty."""
        value = self.text(name)
        if value and not MD5.fullmatch(value):
            raise self._wrong(name, "an MD5")
        return value.lower() or None

    def child(self, name: str) -> Fields:
        """The object under `name`; an empty one when absent."""
        value = self._values.get(name)
        return Fields({}, name) if value is None else Fields.of(value, f"{name} of {self.what}")

    def entries(self, name: str) -> Iterator[object]:
        """The entries of the list under `name`, none when absent. Raises Garbled for what is no list."""
        value = self._values.get(name)
        if isinstance(value, dict) and all(key.isdigit() for key in value):
            return iter(value.values())
        if value is None or isinstance(value, list):
            return iter(value or ())
        raise self._wrong(name, "a list")

    def _wrong(self, name: str, wanted: str) -> Garbled:
        return Garbled(f"{name} of {self.what} is {_kind(self._values.get(name))} and not {wanted}")


def parse(reply: Reply, what: str) -> Fields:
    """The JSON object of an answer. Raises Garbled, with the first words of what came instead."""
    if _is_swollen(reply.body):
        raise Garbled(f"the answer to {what} holds more values than any page", excerpt(reply.body))
    try:
        value = json.loads(reply.body)
    except (ValueError, RecursionError):
        raise Garbled(f"the answer to {what} is not JSON", excerpt(reply.body)) from None
    return Fields.of(value, what)


def is_html(reply: Reply) -> bool:
    """Did a web page come where data was asked for?"""
    return "html" in reply.headers.get("content-type", "").lower() or is_markup(reply)


def is_markup(reply: Reply) -> bool:
    """Does the answer begin like a web page, whatever it is called? Some services call their data HTML."""
    return reply.body[:200].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def is_picture(head: bytes | memoryview) -> bool:
    """Do these first bytes begin a JPEG, a PNG or a GIF?"""
    return bytes(head[:8]).startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8"))


def excerpt(body: bytes, length: int = 120) -> str:
    """The first words of an answer, printable and without query strings, which may hold credentials."""
    words = " ".join(body[: 8 * length].decode("utf-8", "replace").split())
    shown = "".join(char if char.isprintable() else "\ufffd" for char in _QUERY.sub("?…", words))
    return shown if len(shown) <= length else shown[: length - 1] + "…"


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait as `Retry-After` names them (RFC 9110 §10.2.3), None when it does not.

    A date is held against the answer's own `Date`: the service's clock, not ours.
    """
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit() and len(value) < 10:
        return float(value)
    then, now = _http_date(value), _http_date(headers.get("date", ""))
    if then is None or now is None:
        return None
    return max(0.0, (then - now).total_seconds())


def _is_swollen(body: bytes) -> bool:
    """Whether JSON holds more than MOST_VALUES values, told without making them."""
    if len(body) <= MOST_VALUES or sum(body.count(mark) for mark in (b",", b"[", b"{")) <= MOST_VALUES:
        return False
    values = (found for found in _TOKEN.finditer(body) if body[found.start()] != ord('"'))
    return next(islice(values, MOST_VALUES, None), None) is not None


def _http_date(value: str) -> datetime | None:
    try:
        parsed = parsedate_to_datetime(value)
    except ValueError:
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def _mend(text: str) -> str:
    """JSON may carry half a surrogate pair, which no file name and no database takes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "a truth value", type(None): "missing"}
    return names.get(type(value), "a number")
