"""What the older API says of a photo or video, in our terms.

`MD5Sum` and `Size` are those of the file as it was uploaded. `OriginalURL` serves just that, so for a photo
they promise what a download yields; but the MD5 is shown to owners only, and since late 2015 not of every
photo. A video is only to be had as a rendition, of which nothing is promised.
"""

from __future__ import annotations

import html
import re
from html.entities import html5
from pathlib import PurePosixPath
from urllib.parse import quote, urlsplit, urlunsplit

from smugsync.core.model import Details, Kind, Promise, RemoteFile
from smugsync.errors import Garbled
from smugsync.records import replace
from smugsync.remote.hosts import SERVICE_DOMAIN
from smugsync.remote.smugmug_legacy import times
from smugsync.remote.smugmug_legacy.keys import read_ref
from smugsync.remote.smugmug_v2.objects import LARGEST_FILE, PROCESSING
from smugsync.remote.wire import Fields

RESTRICTED = (
    "the original is not offered to this viewer (the album's settings Originals or External withhold it)"
)
NO_RENDITION = "SmugMug offers no rendition of this video"

#: The largest first; the third is how the documentation of 1.2.0 misprints the second.
_RENDITIONS = (
    "Video1920URL",
    "Video1280URL",
    "Video12800URL",
    "Video960URL",
    "Video640URL",
    "Video320URL",
)
_VIDEO_FORMATS = frozenset("mp4 m4v mov mpg mpeg avi wmv 3gp 3g2 mts m2ts mkv webm flv".split())
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
#: Words of one line: separated by blanks, those with blanks in them in quotation marks.
_WORD = re.compile(r'"([^"]*)"|([^\s"]+)')
_NOWHERE = re.compile(r"[+-]?0*\.?0*")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|([A-Za-z][0-9A-Za-z]{1,31}));")


def read_file(item: Fields, album_key: str) -> RemoteFile:
    """An image with its fields ("heavy"), as it is shown in the album of that key."""
    serial = item.whole("Serial") or 0
    size = _size(item)
    updated = item.text("LastUpdated")
    file = RemoteFile(
        album_key=album_key,
        key=str(read_ref(item)),
        name=_freed(item.text("FileName")),
        format=item.text("Format"),
        version=str(serial) if "Serial" in item else f"|{size or ''}",
        revision=times.utc(updated) or updated,
        serial=serial,
        processing="process" in item.prose("Status").lower(),
        uploaded=times.utc(item.prose("Date")),
        details=_details(item),
        original_size=size,
    )
    if _is_video(item, file.format):
        return _as_video(file, item)
    return _as_photo(file, Promise(item.md5("MD5Sum"), size), _address(item, "OriginalURL"))


def _freed(name: str) -> str:
    """A file's name without the HTML entities that it may come with (one client).

    Who writes them writes every `&` as one: where one stands bare (`R&D &amp; I`), nothing is to be freed.
    """
    known = [word for word in _ENTITY.findall(name) if not word or f"{word};" in html5]
    return html.unescape(name) if len(known) == name.count("&") else name


def _as_photo(file: RemoteFile, promised: Promise, source: str | None) -> RemoteFile:
    return replace(
        file,
        format=file.format or _format_of(source),
        promised=promised,
        source=source,
        withheld=PROCESSING if file.processing else "" if source else RESTRICTED,
    )


def _as_video(file: RemoteFile, item: Fields) -> RemoteFile:
    source = next(filter(None, (_address(item, name) for name in _RENDITIONS)), None)
    return replace(
        file,
        kind=Kind.VIDEO,
        format=file.format or _format_of(source),
        source=source,
        withheld=PROCESSING if file.processing else "" if source else NO_RENDITION,
    )


def _is_video(item: Fields, file_format: str) -> bool:
    """By what is offered, or its format; a viewer who is told neither is still told how long it is."""
    if file_format.lower() in _VIDEO_FORMATS or any(item.prose(name) for name in _RENDITIONS):
        return True
    return not _NOWHERE.fullmatch(item.prose("Duration"))


def _format_of(source: str | None) -> str:
    """By the extension of its address: strangers are not told a photo's format or name."""
    return "" if source is None else PurePosixPath(urlsplit(source).path).suffix[1:].upper()


def _details(item: Fields) -> Details:
    latitude = item.prose("Latitude")
    longitude = item.prose("Longitude") or item.prose("Longtitude")  # the documentation's own spelling
    if _NOWHERE.fullmatch(latitude) and _NOWHERE.fullmatch(longitude):
        latitude = longitude = ""  # the answer's way to say that it knows no place
    return Details(
        title=item.prose("Title"),
        caption=item.prose("Caption"),
        keywords=_keywords(item.prose("Keywords")),
        latitude=latitude,
        longitude=longitude,
        hidden=item.flag("Hidden"),
    )


def _keywords(line: str) -> tuple[str, ...]:
    for mark in ";,":
        if mark in line:
            return tuple(filter(None, (word.strip(' "') for word in line.split(mark))))
    return tuple(filter(None, (quoted.strip() or word for quoted, word in _WORD.findall(line))))


def _size(item: Fields) -> int | None:
    """Bytes, None where the service does not say. Raises Garbled for more than any file has."""
    size = item.whole("Size") or None
    if size is not None and size > LARGEST_FILE:
        raise Garbled(f"Size of {item.what} is {size:,} bytes, which no photo or video has")
    return size


def _address(item: Fields, name: str) -> str | None:
    """A media address, complete and encoded; None where it is withheld (missing, null or "").

    The service writes its own addresses with http; they are asked for with https. Raises Garbled for
    nonsense.
    """
    given = item.text(name)
    if not given:
        return None
    address = quote(_STRAY_PERCENT.sub("%25", given), safe=":/?#[]@!$&'()*+,;=%~")
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise Garbled(f"{name} of {item.what} is not an address") from None
    if not host or port == 0 or parts.scheme not in ("http", "https"):
        raise Garbled(f"{name} of {item.what} is not an address")
    own = host == SERVICE_DOMAIN or host.endswith(f".{SERVICE_DOMAIN}")
    if own and parts.scheme == "http" and port in (None, 80):
        parts = parts._replace(scheme="https", netloc=parts.netloc.removesuffix(":80"))
        return urlunsplit(parts)
    return address
