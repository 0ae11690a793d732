"""Images as the older APIs show them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from html import escape
from typing import Any, Final

from smugsync.emulator.account.look import look_into
from smugsync.emulator.account.model import Album, Image
from smugsync.emulator.api.view import View
from smugsync.emulator.api.words import join_keywords
from smugsync.emulator.legacy.calls import ABSENT, Call
from smugsync.emulator.legacy.pictures import film_fields, image_page, picture_fields
from smugsync.emulator.legacy.times import wall

LIGHT: Final = ("id", "Key")


def places_of(album: Album) -> dict[str, int]:
    """The Position of every image, by key: the order without any sort method, from one."""
    return {image.key: number for number, image in enumerate(album.photos, 1)}


def image_fields(call: Call, album: Album, image: Image, position: int) -> dict[str, Any]:
    """All that the viewer is told of an image in `album`, in the recorded order."""
    view, version = call.view, call.version
    home = view.account.album(image.home) or album
    own, now = view.owns(home.node), view.account.clock()
    info = look_into(image)
    fields: dict[str, Any] = {"id": call.numbers.of_image(image), **call.key(image.key)}
    if call.has_key and not version.nests_images:
        fields["Album"] = {"id": call.numbers.of_album(album), **call.key(album.key)}
    fields["FileName"] = _file_name(view, image) if own else ABSENT
    if version.has_titles:
        fields["Title"] = image.title
    fields |= {
        "Caption": image.caption,
        "Keywords": join_keywords(image.keywords),
        "Position": position,
        "Date": wall(image.uploaded) if own else ABSENT,
        "Format": image.format if own or not version.has_titles else ABSENT,
        "Serial": image.serial,
        "Watermark": _watermark(call, image),
    }
    if call.has_key:
        fields["Hidden"] = image.hidden
    fields |= {
        "Size": image.content.size,
        "Width": info.width,
        "Height": info.height,
        "MD5Sum": _md5(view, image) if own else ABSENT,
        "LastUpdated": wall(image.updated_at(now)),
        **(_position(call, image) if own or home.geography else {}),
    }
    if image.is_video:
        fields["Duration"] = round(info.duration, 3) if version.has_titles else round(info.duration)
    if version.has_titles:
        waits = image.is_processing(now) or image.broken
        fields["Status"] = "Processing" if waits else "Open"
        if image.home != album.key:
            fields["Type"] = "Collected"
    fields |= image_page(call, album, image) | picture_fields(call, image) | film_fields(call, image)
    if not call.has_key:
        fields["Album"] = {"id": call.numbers.of_album(album)}
    return fields


def with_album(call: Call, fields: dict[str, Any], album: Album, page: str) -> dict[str, Any]:
    """With the album second, as images.getInfo has it; from 1.3.0 on with its page."""
    shown: dict[str, Any] = {"id": call.numbers.of_album(album), **call.key(album.key)}
    if call.version.has_titles:
        shown["URL"] = page
    others = {name: value for name, value in fields.items() if name not in ("id", "Key", "Album")}
    begin: dict[str, Any] = {name: fields[name] for name in ("id", "Key") if name in fields}
    return {**begin, "Album": shown, **others}


def one_place(album: Album, image: Image) -> int:
    """The Position of one image."""
    photos: Sequence[Image] = album.photos
    return next((number for number, one in enumerate(photos, 1) if one.key == image.key), 0)


def _md5(view: View, image: Image) -> Any:
    """Of the file as it was uploaded, also of a video's. As the switch has it, some or all have none (one
    client saw it of some from 2015 on)."""
    share = view.switches.legacy_digests
    if (
        share == "none"
        or (share == "photos" and image.is_video)
        or (share == "half" and hashlib.md5(image.key.encode()).digest()[0] & 1)
    ):
        return ABSENT
    md5 = view.md5(image.content)
    return ABSENT if md5 is None else md5


def _file_name(view: View, image: Image) -> str:
    return escape(image.file_name) if view.switches.legacy_names == "html" else image.file_name


def _watermark(call: Call, image: Image) -> Any:
    marked = image.watermark == "Yes"
    return marked if call.version.flags_watermarks else str(int(marked))


def _position(call: Call, image: Image) -> dict[str, Any]:
    """Text up to 1.2.2, then numbers. What was set goes before what the camera wrote; what nobody knows is
    absent."""
    exif = look_into(image).exif
    found: dict[str, str] = {
        "Latitude": image.latitude or exif.get("GPSLatitude", ""),
        "Longitude": image.longitude or exif.get("GPSLongitude", ""),
        "Altitude": str(image.altitude or "") or exif.get("GPSAltitude", ""),
    }
    known = {name: float(text) for name, text in found.items() if text and float(text)}
    if "Latitude" not in known and "Longitude" not in known:
        known = {name: value for name, value in known.items() if name == "Altitude"}
    if call.version.has_titles:
        return {name: int(value) if name == "Altitude" else value for name, value in known.items()}
    return {name: f"{int(value) if name == 'Altitude' else value}" for name, value in known.items()}
