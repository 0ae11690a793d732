"""The boxes of the ISO base media format (ISO/IEC 14496-12), which MP4, QuickTime and HEIC share.

Two questions are answered: what a film says of itself (`read_film`), and which picture and which Exif
block a HEIC file holds (`read_still`). Both are total: a broken structure yields what was found before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

from smugsync.emulator.media.octets import Octets

_MOST_BOXES = 1024  # per level; a real film has a few dozen, fragments aside
_MOST_TRACKS = 16
_EPOCH = datetime(1904, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Film:
    """`duration` in seconds; times are UTC as `YYYY-MM-DDTHH:MM:SS`, codecs four letters; "" unknown."""

    width: int = 0
    height: int = 0
    duration: float = 0.0
    created: str = ""
    modified: str = ""
    video: str = ""
    audio: str = ""


@dataclass(frozen=True, slots=True)
class Still:
    """The primary picture's pixels before `irot`, after `clap`, and its Exif block: a TIFF structure."""

    width: int
    height: int
    exif: Octets


def boxes(window: Octets) -> Iterator[tuple[bytes, Octets]]:
    """Type and body of each box in `window`. A size of 0 means: to the end; 1: 64 bits follow."""
    at = 0
    for _ in range(_MOST_BOXES):
        kind = window.take(at + 4, 4)
        if len(kind) < 4:
            return
        size, header = window.number(at, 4), 8
        if size == 1:
            size, header = window.number(at + 8, 8), 16
        elif size == 0:
            size = len(window) - at
        if size < header:
            return
        yield kind, window.part(at + header, at + size)
        at += size


def find(window: Octets, *path: bytes) -> Octets:
    """The body of the first box at `path`, an empty window where there is none."""
    for step in path:
        window = next((body for kind, body in boxes(window) if kind == step), window.part(0, 0))
    return window


def read_film(window: Octets) -> Film:
    """Duration and times from `mvhd`, pixels from the largest `tkhd` (audio tracks have none)."""
    movie = find(window, b"moov")
    header = find(movie, b"mvhd")
    wide = header.number(0, 1) == 1  # version 1: times and durations of 64 bits
    created, modified, scale, length = (
        (header.number(4, 8), header.number(12, 8), header.number(20, 4), header.number(24, 8))
        if wide
        else (header.number(4, 4), header.number(8, 4), header.number(12, 4), header.number(16, 4))
    )
    if length == (1 << (64 if wide else 32)) - 1:  # the standard's "unknown"
        length = 0
    tracks = list(islice((body for kind, body in boxes(movie) if kind == b"trak"), _MOST_TRACKS))
    width, height = max((_track_size(find(track, b"tkhd")) for track in tracks), default=(0, 0))
    codecs = dict(map(_codec, reversed(tracks)))  # the first track of a kind counts
    return Film(
        width,
        height,
        round(length / scale, 3) if scale else 0.0,
        _moment(created),
        _moment(modified),
        codecs.get(b"vide", ""),
        codecs.get(b"soun", ""),
    )


def _codec(track: Octets) -> tuple[bytes, str]:
    """What a track holds, and how it is coded: the kind from `hdlr`, the first entry of `stsd`."""
    media = find(track, b"mdia")
    code = find(media, b"minf", b"stbl", b"stsd").take(12, 4)
    text = code.decode("latin-1").strip()
    return find(media, b"hdlr").take(8, 4), text if text.isprintable() and len(code) == 4 else ""


def _track_size(header: Octets) -> tuple[int, int]:
    at = 88 if header.number(0, 1) == 1 else 76
    return header.number(at, 4) >> 16, header.number(at + 4, 4) >> 16  # 16.16 fixed point


def _moment(seconds: int) -> str:
    """Seconds since 1904, UTC. Zero is what writers put that know no time."""
    if not 0 < seconds < 1 << 33:
        return ""
    return (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")


def read_still(window: Octets) -> Still:
    """The primary item of a HEIC or AVIF file (ISO/IEC 23008-12)."""
    meta = find(window, b"meta").part(4)
    primary = find(meta, b"pitm")
    wanted = primary.number(4, 2 if primary.number(0, 1) == 0 else 4)
    properties = list(boxes(find(meta, b"iprp", b"ipco")))
    width = height = 0
    for index in _associated(find(meta, b"iprp", b"ipma"), wanted):
        for kind, body in properties[index - 1 : index]:
            if kind == b"ispe":
                width, height = body.number(4, 4), body.number(8, 4)
            elif kind == b"clap":  # the coded picture is cropped: widths that the coder rounded up
                width, height = _ratio(body, 0) or width, _ratio(body, 8) or height
    return Still(width, height, _exif(window, meta))


def _ratio(window: Octets, at: int) -> int:
    bottom = window.number(at + 4, 4)
    return window.number(at, 4) // bottom if bottom else 0


def _associated(table: Octets, wanted: int) -> list[int]:
    """The one-based property indices of an item, from `ipma`."""
    item_width = 2 if table.number(0, 1) < 1 else 4
    wide = table.number(3, 1) & 1
    at = 8
    for _ in range(min(table.number(4, 4), _MOST_BOXES)):
        item, count = table.number(at, item_width), table.number(at + item_width, 1)
        at += item_width + 1
        if item == wanted:
            width, mask = (2, 0x7FFF) if wide else (1, 0x7F)  # the top bit says "essential"
            found = (table.number(at + index * width, width) & mask for index in range(count))
            return [index for index in found if index]
        at += count * (2 if wide else 1)
    return []


def _exif(window: Octets, meta: Octets) -> Octets:
    """The TIFF structure of the Exif item, behind its own four-byte offset."""
    item = next((number for number, kind in _items(find(meta, b"iinf")) if kind == b"Exif"), 0)
    start, length, in_meta = _location(find(meta, b"iloc"), item) if item else (0, 0, False)
    block = (find(meta, b"idat") if in_meta else window).part(start, start + length)
    return block.part(4 + block.number(0, 4))


def _items(info: Octets) -> Iterator[tuple[int, bytes]]:
    """Number and type of each item, from `iinf`; entries older than version 2 have no type."""
    for kind, entry in boxes(info.part(6 if info.number(0, 1) == 0 else 8)):
        version = entry.number(0, 1)
        if kind == b"infe" and version >= 2:
            width = 2 if version == 2 else 4
            yield entry.number(4, width), entry.take(4 + width + 2, 4)


def _location(table: Octets, wanted: int) -> tuple[int, int, bool]:
    """Offset and length of an item's first extent, and whether they count within `idat`; from `iloc`."""
    version = table.number(0, 1)
    sizes = table.number(4, 2)
    offset_width, length_width, base_width = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    index_width = sizes & 15 if version else 0
    item_width = 2 if version < 2 else 4
    count = table.number(6, item_width)
    at = 6 + item_width
    for _ in range(min(count, _MOST_BOXES)):
        item = table.number(at, item_width)
        at += item_width
        method = 0
        if version:
            method = table.number(at, 2) & 15
            at += 2
        base = table.number(at + 2, base_width)
        at += 2 + base_width
        extents = table.number(at, 2)
        at += 2
        if item == wanted and extents and method < 2:
            at += index_width
            offset = table.number(at, offset_width)
            return base + offset, table.number(at + offset_width, length_width), method == 1
        at += extents * (index_width + offset_width + length_width)
    return 0, 0, False
