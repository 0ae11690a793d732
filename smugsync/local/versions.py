"""Where bytes go that must leave their name but not be lost."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from itertools import count

from smugsync.local.handles import OURS, split

_NAME_BYTES = 255  # NAME_MAX of every filesystem worth mirroring to


class Shelf(StrEnum):
    """The directories of `.smugsync/` that hold what was set aside."""

    VERSIONS = "versions"  #: replaced by a newer version
    TRASH = "trash"  #: gone online, in `mode = "mirror"`
    DAMAGED = "damaged"  #: bytes that changed under an unchanged time


def shelf_path(path: str, stamp: str, shelf: Shelf = Shelf.VERSIONS) -> str:
    """Where the bytes of `path` go: `.smugsync/versions/STAMP/PATH`. `stamp` is one path component.

    A run's losses lie together under its time, in the shape of the mirror: easy to look through, to
    put back by hand, and to expire by deleting a directory.
    """
    candidate = f"{OURS}/{shelf}/{stamp}/{path}"
    if "/" in stamp:
        raise ValueError(f"not one path component: {stamp!r}")
    split(candidate)
    return candidate


def alternatives(name: str) -> Iterator[str]:
    """`a.jpg`, `a (2).jpg`, `a (3).jpg`, ... each at most 255 bytes long."""
    yield name
    stem, dot, extension = name.rpartition(".")
    if not stem:
        stem, dot, extension = name, "", ""
    for number in count(2):
        tail = f" ({number}){dot}{extension}"
        room = _NAME_BYTES - len(tail.encode("utf-8", "surrogateescape"))
        yield stem.encode("utf-8", "surrogateescape")[: max(room, 1)].decode("utf-8", "ignore") + tail
