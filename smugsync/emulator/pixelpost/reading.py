"""Which photos are asked for, in which order, and which of their fields: photo.list, get and count."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from smugsync.emulator.pixelpost.envelope import Failed
from smugsync.emulator.pixelpost.php import Value, int_of, is_empty
from smugsync.emulator.pixelpost.site import Photo

#: In the order in which they stand in an answer, whatever order they were asked for in (recorded).
URLS: Final[Mapping[str, str]] = {
    "original-url": "original",
    "resized-url": "resized",
    "thumb-url": "thumb",
}
_FIELDS: Final[Mapping[str, Callable[[Photo], Value]]] = {
    "id": lambda photo: photo.id,
    "filename": lambda photo: photo.filename,
    "title": lambda photo: photo.title,
    "description": lambda photo: photo.description,
    "publish-date": lambda photo: show_date(photo.published),
    "visible": lambda photo: photo.visible,
}
#: What a sort compares; texts as SQLite's BINARY does. The first two are all that is honoured upstream.
_KEYS: Final[Mapping[str, Callable[[Photo], Any]]] = {
    "publish-date": lambda photo: photo.published,
    "title": lambda photo: photo.title.encode("utf-8", "replace"),
    "id": lambda photo: photo.id,
    "filename": lambda photo: photo.filename,
    "description": lambda photo: photo.description.encode("utf-8", "replace"),
    "visible": lambda photo: photo.visible,
}
_HONOURED: Final = ("publish-date", "title")
_RFC3339: Final = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(Z|([+-])(\d{2}):?(\d{2}))", re.ASCII
)


def unknown() -> Failed:
    """What any exception is that the application did not expect."""
    return Failed("unknown", "Unknown error.")


def show_date(seconds: int) -> str:
    """`2011-05-12T09:12:54+00:00`"""
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def read_date(value: Value) -> int | None:
    """Epoch seconds of an RFC 3339 date, None for anything else. As in PHP, the 31st of a shorter month is
    a day of the next one."""
    found = _RFC3339.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(found[number]) for number in range(1, 7))
    if not (year and 1 <= month <= 12 and 1 <= day <= 31 and hour <= 24 and minute < 60 and second < 60):
        return None
    offset = timedelta()
    if found[8]:
        offset = timedelta(hours=int(found[9]), minutes=int(found[10])) * (1 if found[8] == "+" else -1)
    try:
        whole = datetime(year, month, 1, tzinfo=UTC) + timedelta(
            days=day - 1, hours=hour, minutes=minute, seconds=second
        )
        return int((whole - offset).timestamp())
    except OverflowError:
        return None


def check_date(value: Value, name: str, bugs: frozenset[str]) -> int:
    """Epoch seconds. Raises Failed.

    Upstream the check is inverted: it refuses what is valid, and what is not fails later.
    """
    date = read_date(value)
    if "interval" in bugs and date is None and not is_empty(value):
        raise unknown()
    if "interval" in bugs or date is None:
        raise Failed("bad_data", f"The specified `{name}` is not valid : invalid RFC3339 date.")
    return date


def wanted_fields(fields: Value) -> list[str]:
    """The known ones among those asked for; the addresses last. Raises Failed if there is none."""
    if not isinstance(fields, (list, dict)):
        raise unknown()
    named = list(fields.values()) if isinstance(fields, dict) else fields
    asked = dict.fromkeys(name for name in named if isinstance(name, str))
    found = [name for name in asked if name in _FIELDS] + [name for name in URLS if name in asked]
    if not found:
        raise unknown()  # the statement that is made of it is none
    return found


def show(photo: Photo, fields: Sequence[str], site_url: str) -> dict[str, Value]:
    return {
        name: _FIELDS[name](photo) if name in _FIELDS else f"{site_url}photos/{URLS[name]}/{photo.filename}"
        for name in fields
    }


def choose(photos: Sequence[Photo], request: Mapping[str, Value], bugs: frozenset[str]) -> list[Photo]:
    """Those that pass the filter, in the order of their ids. Raises Failed."""
    filters = request.get("filter")
    chosen = list(photos)
    if not isinstance(filters, dict):
        return chosen
    visible = filters.get("visible")
    if visible is not None:
        wanted = _visible(visible, bugs)
        chosen = [photo for photo in chosen if photo.visible == wanted]
    interval = filters.get("publish-date-interval")
    if interval is not None:
        start, end = _interval(interval, bugs)
        chosen = [photo for photo in chosen if start <= photo.published <= end]
    return chosen


def _visible(value: Value, bugs: frozenset[str]) -> int:
    if "true" not in bugs and isinstance(value, str) and value.casefold() in ("true", "false"):
        return int(value.casefold() == "true")
    return int_of(value)


def _interval(interval: Value, bugs: frozenset[str]) -> tuple[int, int]:
    """An interval without one of its ends is told that its start is wrong (recorded)."""
    ends = interval if isinstance(interval, dict) else {}
    if any(is_empty(ends.get(name)) for name in ("start", "end")):
        raise Failed("bad_data", "The specified `start` is not valid : invalid RFC3339 date.")
    return check_date(ends["start"], "start", bugs), check_date(ends["end"], "end", bugs)


def arrange(photos: Sequence[Photo], sort: Value, bugs: frozenset[str]) -> list[Photo]:
    """By the keys in the order given; what is equal in all of them in the order of the ids."""
    arranged = list(photos)
    for name, direction in reversed(list(sort.items()) if isinstance(sort, dict) else []):
        if name in _HONOURED or (name in _KEYS and "sort" not in bugs):
            arranged = _sorted(arranged, _KEYS[name], upward=direction == "asc")
    return arranged


def _sorted(photos: list[Photo], key: Callable[[Photo], Any], *, upward: bool) -> list[Photo]:
    if upward:
        return sorted(photos, key=key)
    return sorted(photos, key=key, reverse=True)  # stable both ways


def page_of(photos: Sequence[Photo], pager: Value, method: str) -> Sequence[Photo]:
    """Raises Failed if a part of the pager is missing. There is no largest page."""
    if pager is None:
        return photos
    parts = pager if isinstance(pager, dict) else {}
    for name in ("page", "max-per-page"):
        if parts.get(name) is None:
            raise Failed("bad_request", f"`{method}` method requires a `pager::{name}` field.")
    size = int_of(parts["max-per-page"])
    start = max(0, (int_of(parts["page"]) - 1) * size)
    return photos[start:] if size < 0 else photos[start : start + size]
