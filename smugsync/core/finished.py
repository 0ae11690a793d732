"""Is a media file complete, or is somebody still writing it? Its own bytes tell; nothing is decoded.

A copy that is under way, a download that broke and a film whose camera lost its power all end too early.
What comes *after* the end of a picture is no sign of that: cameras append previews, films ("motion photos")
and zeros.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from smugsync.core import media
from smugsync.core.media import HEAD, Media, media_of
from smugsync.core.window import Read, Window
from smugsync.records import dataclass


@dataclass(frozen=True, slots=True)
class Finished:
    """The file is all there, by what its format says of its end."""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """Something is missing. `why` goes on after "it": "it has no end yet"."""

    why: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """The format does not say where it ends, or is none that is known."""


Completeness = Finished | Unfinished | Unknown

_EMPTY: Final = Unfinished("is empty")
_BLANK: Final = Unfinished("begins with zeros, as a file does that is being copied")
_NO_END: Final = Unfinished("has no end yet")
_HOLLOW: Final = Unfinished("ends in zeros, as a file does whose copying broke off")

#: In a JPEG's picture data, `ff` begins a marker unless a zero (stuffing), a restart or a filler comes next.
_MARKER: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)
_SOMETHING: Final = re.compile(rb"[^\x00]", re.DOTALL)
_BEGIN, _END, _SCAN = 0xD8, 0xD9, 0xDA
#: Markers that stand alone: no length follows them.
_ALONE: Final = frozenset({0x01, _BEGIN, *range(0xD0, 0xD8)})
_PNG_END: Final = b"\0\0\0\0IEND\xae\x42\x60\x82"
#: How much padding at the end of a file is looked through for the end of the picture.
_TAIL: Final = 64 * 1024

#: Who copies may give a file its size first. So many zeros at the end of its data are none of a picture's; a
#: film may end in silence, but not for that long.
_PICTURE_ZEROS: Final = 16 * 1024
_FILM_ZEROS: Final = 1024 * 1024

#: The parts that most films and HEIC pictures consist of at the top.
_KNOWN: Final = frozenset(
    b"ftyp styp moov moof mfra mdat wide free skip pnot meta uuid pdin sidx ssix prft udta idat".split()
)
#: What nothing can be shown without: the index of a film, of a fragment or of a picture.
_INDEX: Final = frozenset({b"moov", b"moof", b"meta"})


def finished(read: Read, size: int, name: str = "") -> Completeness:
    """Judge a file of `size` bytes. Large files are read in part, most JPEGs only at both ends."""
    if not size:
        return _EMPTY
    head = read(0, HEAD)
    if not head.strip(b"\0"):
        return _BLANK
    found = media_of(head, name)
    if found is not None and head[4:8] == b"ftyp":
        return _iso(Window(read, size))
    judge = None if found is None else _JUDGES.get(found)
    return Unknown() if judge is None else judge(Window(read, size))


# JPEG (ITU-T T.81, annex B)


def _jpeg(file: Window) -> Completeness:
    """Picture after picture: several may stand in a file (CIPA DC-007), and a film behind them."""
    picture = _scan_of(file, 0)
    if picture is None:
        return Unfinished("ends before its picture begins")
    # The thumbnail in the header has an end of its own, so an end counts only after the picture began.
    tail_at = max(file.size - _TAIL, 0)
    tail = file.at(tail_at, _TAIL).rstrip(b"\0")
    if tail.endswith(b"\xff\xd9") and tail_at + len(tail) - 2 >= picture:
        return Finished()
    end = _end_of_jpeg(file, 0)
    while end is not None:
        after, end = end, file.search(_SOMETHING, end)
        if end is None:
            return Finished()
        if file.at(end, 3) == b"\xff\xd8\xff":
            end = _end_of_jpeg(file, end)
        else:
            # The length of a film's first part, four bytes, begins with zeros.
            film = next(
                (at for at in range(max(after, end - 3), end + 1) if file.at(at + 4, 4) == b"ftyp"), None
            )
            return Finished() if film is None else _iso(file, film)
    return _NO_END


def _scan_of(file: Window, at: int) -> int | None:
    """Where the picture data of the JPEG that begins `at` begin, None if the file ends before."""
    return next((end for kind, end in _segments(file, at) if kind == _SCAN), None)


def _end_of_jpeg(file: Window, at: int) -> int | None:
    """The offset after the JPEG that begins `at`, None if it has no end."""
    return next((end for kind, end in _segments(file, at) if kind == _END), None)


def _segments(file: Window, at: int) -> Iterator[tuple[int, int]]:
    """Every marker of a JPEG and the offset after its segment, until its end or that of the file."""
    while (marker := file.search(_MARKER, at)) is not None:
        kind, at = file.byte(marker + 1), marker + 2
        if kind == _END:
            yield kind, at
            return
        if kind not in _ALONE:
            length = int.from_bytes(file.at(at, 2), "big")
            if length < 2 or at + length > file.size:
                return
            at += length
        yield kind, at


# PNG (ISO/IEC 15948) and GIF (the GIF89a specification)


def _png(file: Window) -> Completeness:
    if file.at(max(file.size - len(_PNG_END), 0), len(_PNG_END)) == _PNG_END:
        return Finished()
    at = 8
    while at + 12 <= file.size:
        head = file.at(at, 12)
        if head == _PNG_END:
            return Finished()
        at += 12 + int.from_bytes(head[:4], "big")
    return _NO_END


def _gif(file: Window) -> Completeness:
    at = 13 + _colours(file.byte(10))
    while at < file.size:
        kind = file.byte(at)
        if kind == 0x3B:
            return Finished()
        if kind == 0x21:  # an extension
            at += 2
        elif kind == 0x2C:  # a picture
            at += 11 + _colours(file.byte(at + 9))
        else:
            return Unfinished("goes on with something that no GIF holds")
        while length := file.byte(at):
            at += 1 + length
        at += 1
    return _NO_END


def _colours(flags: int) -> int:
    """The bytes of a table of colours, 0 if there is none."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


# MP4, QuickTime, 3GP, HEIC, AVIF, CR3 (ISO/IEC 14496-12), and RIFF


def _iso(file: Window, at: int = 0) -> Completeness:
    """Whole are those that hold an index and data, no part of which goes beyond the end of the file.

    What follows them need not be parts: some cameras append notes of their own.
    """
    kinds: set[bytes] = set()
    data, data_end = 0, 0
    while at + 8 <= file.size:
        head = file.at(at, 16)
        kind, length, least = head[4:8], int.from_bytes(head[:4], "big"), 8
        if length == 1:
            length, least = int.from_bytes(head[8:16], "big"), 16
        elif length == 0 and kind in _KNOWN:  # up to the end of the file
            length = file.size - at
        if length < least or at + length > file.size:
            if kind in _KNOWN:
                return Unfinished(f"ends within its part `{kind.decode()}`")
            break
        kinds.add(kind)
        if kind == b"mdat":
            data, data_end = length - least, at + length
        at += length
    if _INDEX.isdisjoint(kinds):
        return Unfinished("has no index yet, which cameras write last")
    if b"mdat" not in kinds:
        return Unfinished("has an index and no pictures yet")
    zeros = _PICTURE_ZEROS if b"moov" not in kinds and b"moof" not in kinds else _FILM_ZEROS
    return _HOLLOW if data >= zeros and _is_blank(file, data_end, zeros) else Finished()


def _is_blank(file: Window, end: int, count: int) -> bool:
    """Whether there is nothing but zeros in the `count` bytes before `end`."""
    return not file.at(end - count, count).strip(b"\0")


def _riff(file: Window) -> Completeness:
    """AVI films of more than a GiB consist of several parts, the later ones called `AVIX` (OpenDML)."""
    at = 0
    while file.at(at, 4) == b"RIFF":
        length = int.from_bytes(file.at(at + 4, 4), "little")
        if not length:
            return Unfinished("does not say its length yet, which is written last")
        at += 8 + length
        if at > file.size:
            return Unfinished("is shorter than its header says")
        at += at & 1
    is_picture = file.at(8, 4) == b"WEBP" and file.size > _PICTURE_ZEROS
    return _HOLLOW if is_picture and _is_blank(file, file.size, _PICTURE_ZEROS) else Finished()


_JUDGES: Final[dict[Media, Callable[[Window], Completeness]]] = {
    media.JPEG: _jpeg,
    media.PNG: _png,
    media.GIF: _gif,
    media.AVI: _riff,
    media.WEBP: _riff,
    **dict.fromkeys((media.MP4, media.MOV, media.THREE_GP, media.HEIC, media.AVIF), _iso),
}
