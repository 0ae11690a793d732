"""Is this file a whole picture? For services that promise nothing of its bytes, the picture itself is asked.

With Pillow (an extra) it is decoded: every row has to come out of it. A JPEG's shape is walked through first
in any case, from its first marker to its last, and without Pillow that has to do. Neither finds bytes that
were changed into others which make a picture as well: for that there is no proof but a checksum.
"""

from __future__ import annotations

import io
import os
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from enum import Enum
from importlib.util import find_spec
from typing import BinaryIO, Final, cast

from smugsync.core import media
from smugsync.core.finished import Finished, Unfinished, finished
from smugsync.core.media import HEAD, media_of
from smugsync.core.window import Read, Window
from smugsync.records import dataclass

#: More is not decoded. All of a JPEG's data are, but its rows at an eighth of their length, and one after the
#: other: this takes a few MB.
MOST_PIXELS: Final = 1_000_000_000
#: Whatever has to be in memory as a whole takes 3 or 4 bytes a pixel: progressive JPEGs, other formats.
MOST_PIXELS_WHOLE: Final = 64_000_000
#: A Huffman code of one bit for each 8 by 8 pixels is the least that any picture of a JPEG takes.
_PIXELS_PER_BYTE: Final = 512

#: What a decoder reads ahead of the last row's bytes (8 in libjpeg), and no more than a few blocks' worth.
_PADDING: Final = 64


class How(Enum):
    """What was done to find out."""

    DECODED = "every row was decoded"
    STRUCTURE = "its structure was followed to its end"


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole picture, by `how`. `why` it was not decoded, "" if it was: a sentence's end after "it"."""

    how: How
    why: str = ""


@dataclass(frozen=True, slots=True)
class Broken:
    """No whole picture. `why` goes on after "it": "it ends before its picture does"."""

    why: str


@dataclass(frozen=True, slots=True)
class Unjudged:
    """Nothing here tells: a film, or a format that is not known. `why` goes on after "it"."""

    why: str


Verdict = Whole | Broken | Unjudged

#: Decodes a picture of the format that Pillow calls so, or raises `Undecodable`, or OSError if the system
#: cannot read it.
Decoder = Callable[[BinaryIO, str], None]


class Undecodable(Exception):
    """The decoder says so, in its own words."""


class TooLarge(Exception):
    """A picture of so many pixels is not decoded."""


def examine(source: int | BinaryIO, decoder: Decoder | None, *, name: str = "") -> Verdict:
    """Look at the open file `source`, a descriptor or a binary file, from its first byte, wherever it stands.

    `decoder` is what `find_decoder` gave. Raises OSError if the file cannot be read.
    """
    read, size = _reading(source)
    if not size:
        return Broken("is empty")
    found = media_of(read(0, HEAD), name)
    if found is media.JPEG or read(0, 2) == b"\xff\xd8":
        return _examine_jpeg(read, size, decoder)
    shape = finished(read, size, name)
    if isinstance(shape, Unfinished):
        return Broken(shape.why)
    codec = None if found is None else _CODECS.get(found)
    if decoder is not None and codec is not None:
        return _decoded(decoder, _View(read, size), codec)
    if isinstance(shape, Finished) and found is not None and found.family is media.Family.PICTURE:
        return Whole(How.STRUCTURE, _undecoded(decoder, found.name))
    return Unjudged("is no picture whose end is known")


def find_decoder() -> Decoder | None:
    """Pillow, None where it is not installed."""
    return _with_pillow if find_spec("PIL") is not None else None


def _undecoded(decoder: Decoder | None, format_name: str) -> str:
    return (
        "is decoded only with Pillow" if decoder is None else f"is {format_name}, which is not decoded here"
    )


def _too_large(pixels: int, most: int) -> str:
    return f"has {pixels:,} pixels, and no more than {most:,} are decoded"


# JPEG (ITU-T T.81, annex B)

_ANY: Final = re.compile(rb"\xff[^\x00\xff]", re.DOTALL)
_BEGIN, _END, _SCAN, _TABLES = 0xD8, 0xD9, 0xDA, frozenset({0xC4, 0xC8, 0xCC})
_RESTARTS: Final = range(0xD0, 0xD8)
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - _TABLES
#: Baseline and extended sequential, by Huffman codes: rows come out while the scan is read.
_SEQUENTIAL: Final = frozenset({0xC0, 0xC1})
_HUFFMAN: Final = _SEQUENTIAL | {0xC2}
#: Reserved: no segment of a picture begins with one of them.
_RESERVED: Final = frozenset(range(0x01, 0xC0))


@dataclass(frozen=True, slots=True)
class _Shape:
    """A JPEG as its markers tell: pixels, the offset of its last marker, whether one scan holds it all."""

    pixels: int
    end: int
    one_scan: bool


class _Flawed(Exception):
    """The markers do not make a JPEG."""


def _examine_jpeg(read: Read, size: int, decoder: Decoder | None) -> Verdict:
    try:
        shape = _follow(Window(read, size))
    except _Flawed as flaw:
        return Broken(str(flaw))
    if decoder is None:
        return Whole(How.STRUCTURE, _undecoded(None, "JPEG"))
    most = MOST_PIXELS if shape.one_scan else MOST_PIXELS_WHOLE
    if shape.pixels > most:
        return Whole(How.STRUCTURE, _too_large(shape.pixels, most))
    # libjpeg makes up the rows that a scan does not hold, once it sees the last marker. It must not see it.
    view = _View(read, shape.end, _PADDING) if shape.one_scan else _View(read, size)
    return _decoded(decoder, view, "JPEG")


def _follow(file: Window) -> _Shape:
    """Every marker from the first to the last. Raises _Flawed."""
    if file.at(0, 2) != b"\xff\xd8":
        raise _Flawed("does not begin as a JPEG does")
    frame, pixels, scans, restarts = 0, 0, 0, 0
    for kind, at in _markers(file):
        if kind in _RESTARTS:
            if not scans or kind - _RESTARTS.start != restarts % 8:
                raise _Flawed("lacks a part in the middle: its restart markers are out of order")
            restarts += 1
        elif kind == _END:
            if not scans:
                raise _Flawed("ends before its picture begins")
            if frame in _HUFFMAN and pixels > file.size * _PIXELS_PER_BYTE:
                raise _Flawed(f"has {file.size:,} bytes, too few for the {pixels:,} pixels it claims to have")
            return _Shape(pixels, at - 2, frame in _SEQUENTIAL and scans == 1)
        elif kind == _BEGIN or kind in _RESERVED:
            raise _Flawed("holds a marker that stands in no picture")
        elif kind in _FRAMES:
            height, width = struct.unpack(">HH", file.at(at + 3, 4).ljust(4, b"\0"))
            if not width:
                raise _Flawed("is no pixel wide")
            frame, pixels = kind, width * max(height, 1)
        elif kind == _SCAN:
            if not frame:
                raise _Flawed("has picture data and does not say of what size")
            scans, restarts = scans + 1, 0
    raise _Flawed("ends before its picture does")


def _markers(file: Window) -> Iterator[tuple[int, int]]:
    """Each marker after the first and the offset behind its two bytes, until the picture or the file ends."""
    at = 2
    while (found := file.search(_ANY, at)) is not None:
        kind, at = file.at(found + 1, 1)[0], found + 2
        yield kind, at
        if kind == _END:
            return
        if kind not in _RESTARTS:
            length = int.from_bytes(file.at(at, 2), "big")
            if length < 2 or at + length > file.size:
                raise _Flawed("ends within its header" if at + length > file.size else "has a broken header")
            at += length


# Decoding

_CODECS: Final = {
    media.PNG: "PNG",
    media.GIF: "GIF",
    media.WEBP: "WEBP",
    media.TIFF: "TIFF",
    media.BMP: "BMP",
}
#: What Pillow lets out of a decoder besides OSError when bytes make no sense.
_NONSENSE: Final = (
    *(SyntaxError, ValueError, TypeError, LookupError, EOFError, ArithmeticError, AttributeError),
    *(AssertionError, RuntimeError, NotImplementedError, struct.error, zlib.error, MemoryError, Warning),
)


def _decoded(decoder: Decoder, view: _View, codec: str) -> Verdict:
    undone = ""
    try:
        decoder(cast(BinaryIO, view), codec)
    except TooLarge as error:
        return Whole(How.STRUCTURE, str(error))
    except Undecodable as error:
        undone = str(error)
    if (
        codec == "JPEG" and view.is_dry
    ):  # looked at here, since Pillow can be told, for all threads, to let it pass
        return Broken("ends before its last row does")
    return Broken(f"cannot be decoded: {undone}") if undone else Whole(How.DECODED)


def _with_pillow(file: BinaryIO, codec: str) -> None:
    """A `Decoder`. Nothing of Pillow's own state is touched: other threads may use it."""
    from PIL import Image, JpegImagePlugin  # noqa: PLC0415 - slow, and an extra

    try:
        if codec == "JPEG":  # opened by itself, since Pillow warns of sizes that are none here
            with JpegImagePlugin.JpegImageFile(file) as jpeg:
                jpeg.draft("L", (1, 1))
                jpeg.load()
            return
        Image.init()
        factory, _ = Image.OPEN[codec]
        with factory(file, "") as picture:
            if (pixels := picture.width * picture.height) > MOST_PIXELS_WHOLE:
                raise TooLarge(_too_large(pixels, MOST_PIXELS_WHOLE))
            picture.load()
    except OSError as error:
        if error.errno is not None:  # the system's; Pillow's own have none
            raise
        raise Undecodable(str(error)) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise TooLarge(str(error)) from None
    except _NONSENSE as error:
        raise Undecodable(str(error) or type(error).__name__) from None


class _View(io.RawIOBase):
    """A file up to `end`, with so many zeros behind it."""

    def __init__(self, read: Read, end: int, padding: int = 0) -> None:
        self._read, self._end, self._size = read, end, end + padding
        self._at = 0
        self.is_dry = False  #: more was asked for than there is

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(base + offset, 0)
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        count = max(min(len(buffer), self._size - self._at), 0)
        there = max(min(count, self._end - self._at), 0)
        data = self._read(self._at, there) if there else b""
        if len(data) == there:
            data = data.ljust(count, b"\0")
        buffer[: len(data)] = data
        self._at += len(data)
        self.is_dry = self.is_dry or (not data and len(buffer) > 0)
        return len(data)


def _reading(source: int | BinaryIO) -> tuple[Read, int]:
    """How to read a file at any offset, and its size. A descriptor's own position stays where it is."""
    if isinstance(source, int):
        fd = source
        return lambda offset, count: _pread(fd, offset, count), os.fstat(fd).st_size
    file = source
    size = file.seek(0, os.SEEK_END)

    def read(offset: int, count: int) -> bytes:
        file.seek(offset)
        return file.read(count)

    return read, size


def _pread(fd: int, offset: int, count: int) -> bytes:
    """So many bytes; fewer only at the end of the file."""
    pieces: list[bytes] = []
    while count and (piece := os.pread(fd, count, offset)):
        pieces.append(piece)
        offset, count = offset + len(piece), count - len(piece)
    return b"".join(pieces)
