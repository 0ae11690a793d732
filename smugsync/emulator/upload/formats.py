"""Which files the service takes, decided by what is in them and never by their names (facts 6.2, 6.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from smugsync.emulator.media.information import MediaInfo, describe, recognise
from smugsync.emulator.media.octets import Octets
from smugsync.emulator.upload.replies import (
    SYSTEM_ERROR,
    UNKNOWN_TYPE,
    VIDEO_TOO_SMALL,
    WRONG_FORMAT,
    UploadRefused,
)

PHOTOS: Final = frozenset({"JPG", "PNG", "GIF", "HEIC"})
#: Films the emulator can hand out as they are, give or take a box, and those it can only stand in for.
ISO_FILMS: Final = frozenset({"MP4", "MOV", "3GP"})
OTHER_FILMS: Final = frozenset({"AVI", "MKV", "WEBM", "MPG", "MTS", "WMV"})
#: Only for accounts with the add-on for raw files (facts 6.1; BMP was measured).
SOURCES: Final = frozenset({"TIFF", "BMP", "PSD", "ORF", "RW2", "RAF", "CR3"})

SMALL_VIDEO: Final = 40_000  #: bytes; what is no larger is an unknown file type (measured)
SMALL_EDGE: Final = 128  #: pixels of the longer edge (there is a limit; which, is not known)


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes and pixels of a photo, bytes and seconds of a film: the most there may be (facts 6.3: likely)."""

    photo: int = 500 << 20
    pixels: int = 210_000_000
    video: int = 3 << 30
    seconds: float = 20 * 60
    small: bool = False  #: whether films may be small


def judge(window: Octets, limits: Limits) -> MediaInfo:
    """What the file is. Raises UploadRefused if the service would not take it.

    A photo's header must be readable; that the picture behind it is complete is not looked at. Which code
    a file gets that is too large is not known: 6 here.
    """
    found = recognise(window)
    if found in PHOTOS:
        info = describe(window, "")
        if not info.width or not info.height:
            raise UploadRefused(WRONG_FORMAT, "wrong format (the picture cannot be read)")
        if len(window) > limits.photo:
            raise _too_large("a photo", limits.photo)
        if info.width * info.height > limits.pixels:
            raise UploadRefused(WRONG_FORMAT, f"wrong format (a photo has at most {limits.pixels} pixels)")
        return info
    if found in ISO_FILMS | OTHER_FILMS:
        return _judge_film(window, limits)
    if len(window) == 0:
        raise UploadRefused(SYSTEM_ERROR)
    raise UploadRefused(WRONG_FORMAT if found in SOURCES else UNKNOWN_TYPE)


def _judge_film(window: Octets, limits: Limits) -> MediaInfo:
    info = describe(window, "")
    if len(window) <= SMALL_VIDEO and not limits.small:
        raise UploadRefused(UNKNOWN_TYPE)
    if 0 < max(info.width, info.height) < SMALL_EDGE and not limits.small:
        raise UploadRefused(VIDEO_TOO_SMALL)
    if len(window) > limits.video:
        raise _too_large("a video", limits.video)
    if info.duration > limits.seconds:
        raise UploadRefused(WRONG_FORMAT, f"wrong format (a video lasts at most {limits.seconds:g} seconds)")
    return info


def _too_large(what: str, limit: int) -> UploadRefused:
    return UploadRefused(WRONG_FORMAT, f"wrong format ({what} has at most {limit} bytes)")
