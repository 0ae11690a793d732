"""Looking into files: what is in a picture, when it was taken, and in which order an album shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import PurePath
from typing import Final
from zoneinfo import ZoneInfo

from smugsync.emulator.account.content import Content, Noise, open_content
from smugsync.emulator.account.model import Album, Image
from smugsync.emulator.media.information import MediaInfo, describe
from smugsync.emulator.media.octets import Octets

#: The zone the service takes camera times to be in (facts: vendor statement and measured).
PACIFIC: Final = ZoneInfo("America/Los_Angeles")

_KEPT: Final = ("GPSLatitude", "GPSLongitude", "GPSAltitude", "Orientation")

FORMATS: Final = {
    ".jpg": "JPG",
    ".jpeg": "JPG",
    ".png": "PNG",
    ".gif": "GIF",
    ".heic": "HEIC",
    ".heif": "HEIC",
    ".mp4": "MP4",
    ".m4v": "MP4",
    ".mov": "MP4",
    ".avi": "MP4",
    ".mpg": "MP4",
    ".mpeg": "MP4",
    ".mts": "MP4",
    ".3gp": "MP4",
    ".wmv": "MP4",
}


def format_of(file_name: str) -> str:
    """The `Format` of a file by its extension; every video is an MP4 once it was processed."""
    return FORMATS.get(PurePath(file_name).suffix.lower(), "JPG")


def look_into(image: Image) -> MediaInfo:
    """What is in the image; looked up once and kept until the file is replaced.

    Of the Exif tags only the position is kept: a large library would fill the memory with the others.
    """
    if image.picture is None:
        info = examine(image)
        position = {name: value for name, value in info.exif.items() if name in _KEPT}
        image.picture = replace(info, exif=position)
    return image.picture


def examine(image: Image) -> MediaInfo:
    """The same with all Exif tags, read anew."""
    content = image.rendition or image.content
    if isinstance(content, Noise) and image.picture is not None:
        return image.picture
    return inspect_content(content, image.file_name)


def inspect_content(content: Content, file_name: str) -> MediaInfo:
    """What is in a file of that name; of bytes that are made up or gone, only what the name says."""
    if isinstance(content, Noise):
        return MediaInfo(format_of(file_name))
    try:
        with open_content(content) as file:
            return describe(Octets.of_file(file, content.size), file_name)
    except OSError:
        return MediaInfo(format_of(file_name))


@lru_cache(maxsize=4096)
def pacific_to_utc(taken: str) -> str | None:
    """A camera's wall clock as the service prints it: taken for Pacific time, shown as UTC.

    `2019-08-04T11:28:12` -> `2019-08-04T18:28:12+00:00` (recorded). None if it is no time at all.
    """
    text = taken.strip()
    if len(text) >= 10 and text[4] == ":" and text[7] == ":":
        text = f"{text[:4]}-{text[5:7]}-{text[8:]}"
    try:
        naive = datetime.fromisoformat(text).replace(tzinfo=None, microsecond=0)
        return naive.replace(tzinfo=PACIFIC).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=65536)
def iso(seconds: int) -> str:
    """`2020-04-28T23:38:55+00:00`"""
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def in_album_order(album: Album) -> Sequence[Image]:
    """The images as the album lists them: by its SortMethod, undated first, ties by FileName."""
    if album.in_order is None:
        if not isinstance(album.photos, list):
            return album.photos  # made in order
        images = list(album.photos)
        method = album.sort_method
        if method == "Caption":
            images.sort(key=lambda image: (image.caption, image.file_name))
        elif method == "Filename":
            images.sort(key=lambda image: image.file_name)
        elif method == "Date Uploaded":
            images.sort(key=lambda image: (image.uploaded, image.upload_key))
        elif method == "Date Modified":
            images.sort(key=lambda image: (max(image.updated, image.settled), image.file_name))
        elif method == "Date Taken":
            images.sort(key=lambda image: (look_into(image).taken, image.file_name))
        if album.sort_direction == "Descending" and method != "Position":
            images.reverse()
        album.in_order = images
    return album.in_order
