"""The methods that change, place, collect and delete images, and those by which images come."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from smugsync.emulator.account.content import Bytes, Content
from smugsync.emulator.account.look import inspect_content
from smugsync.emulator.account.model import Image
from smugsync.emulator.api.sizes import original_extension
from smugsync.emulator.legacy.album_changes import editing
from smugsync.emulator.legacy.arguments import Arguments
from smugsync.emulator.legacy.calls import Call, Payload
from smugsync.emulator.legacy.failures import (
    INVALID_DATA,
    INVALID_PERMISSIONS,
    SYSTEM_ERROR,
    WRONG_FORMAT,
    Failure,
)
from smugsync.emulator.legacy.pictures import find_picture
from smugsync.emulator.legacy.places import image_of, my_album, my_image
from smugsync.emulator.legacy.uploading import Sent, describe_upload, store
from smugsync.emulator.legacy.words import split_words
from smugsync.emulator.media import host
from smugsync.emulator.messages import Request, Span
from smugsync.emulator.upload.request import clean_name

#: Uploads in a call were refused there from September 2009 on (two sources).
_NO_UPLOADS: Final = "api.smugmug.com"

_FIELDS: Final[Mapping[str, Callable[[Arguments, str], tuple[str, Any]]]] = {
    "Title": lambda given, name: ("title", given.text(name)),
    "Caption": lambda given, name: ("caption", given.text(name)),
    "Keywords": lambda given, name: ("keywords", split_words(given.text(name))),
    "FileName": lambda given, name: ("file_name", clean_name(given.text(name))),
    "Hidden": lambda given, name: ("hidden", given.flag(name)),
    "Latitude": lambda given, name: ("latitude", _degrees(given, name, 90)),
    "Longitude": lambda given, name: ("longitude", _degrees(given, name, 180)),
    "Altitude": lambda given, name: ("altitude", round(given.decimal(name, 1e6))),
}
_POSITIONS: Final = ("Latitude", "Longitude", "Altitude")


def _degrees(given: Arguments, name: str, limit: float) -> str:
    number = given.decimal(name, limit)
    return f"{number:.14f}" if number else ""


def change_settings(call: Call) -> Payload:
    """AlbumID moves the image."""
    image, account = my_image(call), call.view.account
    changes = dict(
        read(call.arguments, name)
        for name, read in _FIELDS.items()
        if name in call.arguments and (name not in _POSITIONS or call.version.has_positions)
    )
    changes = {name: value for name, value in changes.items() if getattr(image, name) != value}
    target = my_album(call) if call.arguments.text("AlbumID").strip() else None
    moves = target is not None and target.key != image.home
    if not changes and not moves:
        call.nothing_changed()
        return {}
    with editing():
        if target is not None and moves:
            account.move(image, target)
        if changes:
            account.edit(image, **changes)
    return {}


def change_position(call: Call) -> Payload:
    """To that place from one, the others in their order; the album is sorted by Position then."""
    image, place = my_image(call), call.arguments.number("Position")
    album = call.view.account.album(image.home)
    if place < 1 or album is None:
        raise Failure(INVALID_DATA, "Position")
    keys = [one.key for one in album.photos if one.key != image.key]
    keys.insert(place - 1, image.key)
    call.view.account.reorder(album, keys)
    return {}


def delete(call: Call) -> Payload:
    """Everywhere; from 1.3.0 on, with the AlbumID of an album that merely collected it, only there."""
    image = my_image(call)
    named = call.version.takes_bare_keys and call.arguments.text("AlbumID").strip()
    with editing():
        call.view.account.delete(image, my_album(call) if named else None)
    return {}


def collect(call: Call) -> Payload:
    """Also other people's images, as far as they let them be shared."""
    target = my_album(call)
    image = image_of(call)
    home = call.view.account.album(image.home)
    if home is None or not (call.view.is_mine(home.node) or home.share):
        raise Failure(INVALID_PERMISSIONS)
    if target.key in (image.home, *image.collected):
        call.nothing_changed()
        return {}
    with editing():
        call.view.account.collect(image, target)
    return {}


def rotate(call: Call) -> Payload:
    """The serial goes up; the file stays as it was uploaded, and its MD5 with it."""
    if call.arguments.optional_number("Degrees", 90) % 90:
        raise Failure(INVALID_DATA, "Degrees")
    call.arguments.flag("Flip")
    return _revise(call)


def crop(call: Call) -> Payload:
    """As `rotate`."""
    image = my_image(call)
    box = [call.arguments.number(name) for name in ("Width", "Height", "X", "Y")]
    if min(box) < 0 or 0 in box[:2]:
        raise Failure(INVALID_DATA, "Width, Height, X, Y")
    return _revise(call, image)


def zoom_thumbnail(call: Call) -> Payload:
    """As `rotate`."""
    return _revise(call)


def _revise(call: Call, image: Image | None = None) -> Payload:
    image = image or my_image(call)
    if image.is_video:
        raise Failure(INVALID_DATA, "a video")
    call.view.account.revise(image)
    return {}


# -- how images come ---------------------------------------------------------------------------------------


def upload(call: Call) -> Payload:
    """The bytes in base64, by POST, and not to the host that refuses them."""
    if call.request.method != "POST":
        raise Failure(SYSTEM_ERROR, "uploads are sent by POST")
    if call.view.host == _NO_UPLOADS:
        raise Failure(SYSTEM_ERROR, "uploads are sent to upload.smugmug.com")
    given = call.arguments
    try:
        data = base64.b64decode("".join(given.needed("Data").split()).replace(" ", "+"), validate=True)
    except (binascii.Error, ValueError):
        raise Failure(WRONG_FORMAT, "Data is no base64") from None
    image = store(call, Sent.of_arguments(given), Request("POST", "/upload/", "", {}, data))
    return {"Image": describe_upload(call, image)}


def upload_from_url(call: Call) -> Payload:
    """From an address of this server alone: a test server fetches no others. 1.2.0 tells no id (recorded)."""
    given, account = call.arguments, call.view.account
    album, address = my_album(call), given.needed("URL")
    content = _find(call, address)
    size = given.optional_number("ByteCount", content.size)
    if size != content.size or given.text("MD5Sum", content.md5).lower() != content.md5:
        raise Failure(SYSTEM_ERROR, "the file has another size or MD5")
    name = clean_name(given.text("FileName") or unquote(urlsplit(address).path))
    info = inspect_content(content, name)
    settings: dict[str, Any] = dict(
        read(given, field) for field, read in _FIELDS.items() if field in given and field != "FileName"
    )
    settings["format"] = "MP4" if info.is_video else info.format
    with editing():
        image = account.add_photo(album, name, content, **settings)
        if not name:
            account.edit(image, file_name=f"i-{image.key}.{original_extension(image)}")
    if call.version.name == "1.2.0":
        return {"result": None}
    return {"Image": describe_upload(call, image)}


def _find(call: Call, address: str) -> Content:
    nothing = Failure(INVALID_DATA, "only files of this server itself are taken, and there is none")
    try:
        whole, here = urlsplit(address), urlsplit(call.view.origin)
    except ValueError:
        raise nothing from None
    if (whole.scheme, whole.netloc) != (here.scheme, here.netloc):
        raise nothing
    picture = find_picture(call.view, call.numbers, whole.path)
    if picture is not None:
        return picture.content
    response = host.serve_media(Request("GET", whole.path), call.view)
    if response.status != 200:
        raise nothing
    body = response.body
    return body.content if isinstance(body, Span) else Bytes(body)
