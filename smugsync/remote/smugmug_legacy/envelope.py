"""What stands around every answer: `{"stat": "ok", "method": …, …}`, or `{"stat": "fail", "code": 15, …}`.

There are no pages: a list comes as a whole. Lists may be missing or null instead of empty.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import TypeVar

from smugsync.errors import Garbled
from smugsync.remote.dialect import Page, Reply
from smugsync.remote.wire import Fields, excerpt

T = TypeVar("T")

#: An album of 5,000 photos with every field they have holds 250,000 values, and comes in one piece.
MOST_VALUES = 1_000_000

SESSION_OVER, SYSTEM_ERROR, EMPTY_SET, NO_METHOD, UNCHANGED = 3, 5, 15, 17, 21


def answer(reply: Reply, what: str) -> Fields:
    """The object of an answer. Raises Garbled, with the first words of what came instead."""
    if sum(reply.body.count(mark) for mark in (b",", b"[", b"{")) > MOST_VALUES:
        raise Garbled(f"the answer to {what} holds more values than any album", excerpt(reply.body))
    try:
        value = json.loads(reply.body)
    except (ValueError, RecursionError):
        raise Garbled(f"the answer to {what} is not JSON", excerpt(reply.body)) from None
    return Fields.of(value, what)


def entries(document: Fields, name: str) -> Iterable[object]:
    """The list `name`, empty where the answer says that there is nothing. Raises Garbled where it does not
    hold that list at all: then nobody said so."""
    if document.text("stat") == "ok" and name not in document:
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
