"""What stands around every answer: `{"stat": "ok", "method": …, …}`, or `{"stat": "fail", "code": 15, …}`.

There are no pages: a list comes as a whole. Lists may be missing or null instead of empty.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import TypeVar

from smugsync.errors import Garbled
from smugsync.remote.dialect import Page, Reply
from smugsync.remote.wire import Fields, excerpt

T = TypeVar("T")

#: An album of 5,000 photos with every field they have holds 250,000 values, and comes in one piece.
MOST_VALUES = 1_000_000

#: A string of JSON, ended or not. Always linear: nothing is tried twice.
_STRING = re.compile(rb'"(?:[^"\\]++|\\.?)*+"?', re.DOTALL)

SESSION_OVER, SYSTEM_ERROR, EMPTY_SET, NO_METHOD, UNCHANGED = 3, 5, 15, 17, 21


def answer(reply: Reply, what: str) -> Fields:
    """The object of an answer. Raises Garbled, with the first words of what came instead.

    Answers are UTF-8. A few bytes that are not, in some old caption, are no reason to do without the album:
    each becomes U+FFFD, which no key may hold.
    """
    if _count(reply.body) > MOST_VALUES and _count(_STRING.sub(b"", reply.body)) > MOST_VALUES:
        raise Garbled(f"the answer to {what} holds more values than any album", excerpt(reply.body))
    try:
        value = json.loads(_text(reply.body))
    except (ValueError, RecursionError):
        raise Garbled(f"the answer to {what} is not JSON", excerpt(reply.body)) from None
    return Fields.of(value, what)


def _count(body: bytes) -> int:
    """At most so many values are in it; the commas of captions count, too, as long as they are there."""
    return sum(body.count(mark) for mark in (b",", b"[", b"{"))


def _text(body: bytes) -> str:
    return body.decode("utf-8-sig", "replace")


def entries(document: Fields, name: str) -> Iterable[object]:
    """The list `name`, empty where the answer says that there is nothing: an empty set, or no such question
    (which only those get this far that can be done without). Raises Garbled where nobody said so."""
    is_none = document.text("stat") == "fail" and document.whole("code") in (EMPTY_SET, NO_METHOD)
    if name not in document and not is_none:
        raise Garbled(f"SmugMug's answer to {document.what} holds no {name}")
    return document.entries(name)


def is_empty_set(fields: Fields) -> bool:
    """`empty set - no images found`: what most versions say instead of an empty list."""
    return fields.text("stat") == "fail" and fields.whole("code") == EMPTY_SET


def child(fields: Fields, name: str) -> Fields:
    """A struct; an empty one for whatever else stands for "none" (`""`, `0`, `false`, null, absence)."""
    try:
        return fields.child(name)
    except Garbled:
        return Fields.of({}, f"{name} of {fields.what}")


def read_entries(entries: Iterable[object], read: Callable[[Fields], T], total: int | None = None) -> Page[T]:
    """All entries of a list; what cannot be read of them is named."""
    items: list[T] = []
    faults: list[str] = []
    for number, entry in enumerate(entries, 1):
        try:
            items.append(read(Fields.of(entry, f"entry {number}")))
        except Garbled as error:
            faults.append(str(error))
    return Page(tuple(items), total, None, tuple(faults))


def label(item: Fields) -> str:
    """What a category is called: by `Name`, and in parts of 1.2.0 by `Title` (recorded)."""
    return item.prose("Name") or item.prose("Title")
