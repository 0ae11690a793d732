"""A photo as nearly all of them are listed, read at a sixth of what it costs to read any field of any type.

What is odd in the least is left to `objects.read_file`, which says the same of all that is read here.
"""

from __future__ import annotations

import re
from functools import lru_cache
from operator import itemgetter
from typing import Any

from smugsync.core.model import Details, Kind, Promise, RemoteFile
from smugsync.remote.smugmug_v2.objects import (
    LARGEST_FILE,
    PLAIN_ADDRESS,
    PROCESSING,
    RESTRICTED,
    camera_time,
    source_files,
    utc_time,
)
from smugsync.remote.wire import LARGEST, LONGEST_TEXT, MD5, Fields

#: The fields that are read, and the types that JSON may give them here.
_TEXTS = (
    "ImageKey",
    "FileName",
    "Format",
    "LastUpdated",
    "ArchivedMD5",
    "ArchivedUri",
    "Date",
    "DateTimeUploaded",
    "DateTimeOriginal",
    "Title",
    "Caption",
    "Keywords",
    "Latitude",
    "Longitude",
)
_FLAGS = ("IsVideo", "Processing", "Hidden")
_NUMBERS = ("Serial", "ArchivedSize", "OriginalSize")
_OTHERS = {"KeywordArray": list, "ComponentFileTypes": (list, dict), "Uris": (list, dict)}
_NAMES = (*_TEXTS, *_FLAGS, *_NUMBERS, *_OTHERS)
_all = itemgetter(*_NAMES)
_texts = itemgetter(slice(len(_TEXTS)))
_TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2})(:[0-5][0-9]:[0-5][0-9])\+00:00")
_PHOTO = Kind.PHOTO


def read_photo(item: object, album_key: str) -> RemoteFile | None:
    """An AlbumImage; None where it is not the usual one, which says nothing against it."""
    if type(item) is not dict:
        return None
    try:
        values: tuple[Any, ...] = _all(item)
    except KeyError:
        values = tuple(map(item.get, _NAMES))
    if not _are_usual(tuple(map(type, values))):
        return None
    (
        key,
        name,
        file_format,
        revision,
        md5,
        source,
        date,
        uploaded,
        taken,
        title,
        caption,
        keywords,
        latitude,
        longitude,
        is_video,
        processing,
        hidden,
        serial,
        size,
        original_size,
        words,
        components,
        links,
    ) = values
    if is_video or (links and (type(links) is list or links.get("LargestVideo") is not None)):
        return None
    text = "".join(filter(None, _texts(values)))
    if words:
        if not all(words) or any(type(word) is not str for word in words):
            return None
        text += "".join(words)
    elif words is None and keywords:
        return None
    if len(text) > LONGEST_TEXT or not (text.isascii() or _is_whole(text)):
        return None
    if not (key and key.isprintable() and "\ufffd" not in key):
        return None
    if (md5 and not MD5.fullmatch(md5)) or (source and not PLAIN_ADDRESS.fullmatch(source)):
        return None
    if not (0 <= (serial or 0) <= LARGEST and 0 <= (size or 0) <= LARGEST_FILE):
        return None
    if not 0 <= (original_size or 0) <= LARGEST_FILE:
        return None
    serial, md5, source = serial or 0, md5.lower() if md5 else None, source or None
    return RemoteFile(
        album_key,
        key,
        name or "",
        file_format or "",
        _PHOTO,
        f"{serial}|{md5 or ''}|{size or ''}",
        revision or "",
        serial,
        Promise(md5, size or None),
        source,
        PROCESSING if processing else "" if source else RESTRICTED,
        processing or False,
        _camera_time(taken or ""),
        _utc_time(uploaded or date or ""),
        Details(
            title or "", caption or "", tuple(words or ()), latitude or "", longitude or "", hidden or False
        ),
        source_files(Fields(item, ""), file_format.lower()) if components and file_format else "",
        original_size or None,
    )


@lru_cache(256)
def _are_usual(kinds: tuple[type, ...]) -> bool:
    """Has each of the fields the type that it should have, or none?"""
    wanted = (*[str] * len(_TEXTS), *[bool] * len(_FLAGS), *[int] * len(_NUMBERS), *_OTHERS.values())
    nothing = type(None)
    return all(
        kind is nothing or (kind in want if isinstance(want, tuple) else kind is want)
        for kind, want in zip(kinds, wanted, strict=True)
    )


def _is_whole(text: str) -> bool:
    """Is there no half of a surrogate pair in it?"""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _camera_time(timestamp: str) -> str:
    """As `camera_time`, which is only asked once for photos of the same hour."""
    if (usual := _TIME.fullmatch(timestamp)) is not None and (hour := _camera_hour(usual[1])):
        return hour + usual[2]
    return camera_time(timestamp)


def _utc_time(timestamp: str) -> str:
    """As `utc_time`, which writes a time as the service does."""
    usual = _TIME.fullmatch(timestamp)
    return timestamp if usual is not None and _is_hour(usual[1]) else utc_time(timestamp)


@lru_cache(1024)
def _camera_hour(hour: str) -> str:
    """`hour` (`2019-08-04T18`, UTC) by the camera's clock; "" where that is not whole hours behind all of it.

    So it was before 1883, and in 1948, when clocks were moved at one minute past two.
    """
    first, last = (camera_time(f"{hour}:{rest}+00:00") for rest in ("00:00", "59:59"))
    return first[:-6] if first.endswith(":00:00") and last == f"{first[:-6]}:59:59" else ""


@lru_cache(1024)
def _is_hour(hour: str) -> bool:
    return bool(utc_time(f"{hour}:00:00+00:00"))
