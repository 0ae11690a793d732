"""The older ways to upload: the bytes with older headers, a form, and base64 in a call.

What is asked is told to the upload host in its newer words; what becomes of a file is decided there.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from smugsync.emulator.account.model import Album, Image
from smugsync.emulator.legacy.addresses import FORM_ADDRESS, RAW_ADDRESS
from smugsync.emulator.legacy.arguments import Arguments
from smugsync.emulator.legacy.calls import Call
from smugsync.emulator.legacy.failures import (
    INVALID_PERMISSIONS,
    INVALID_SESSION,
    SYSTEM_ERROR,
    WRONG_FORMAT,
    Failure,
)
from smugsync.emulator.legacy.forms import pieces
from smugsync.emulator.legacy.pictures import image_page
from smugsync.emulator.legacy.words import split_words
from smugsync.emulator.messages import Request
from smugsync.emulator.upload.replies import ALBUM_FULL, INVALID_ALBUM, UNKNOWN_TYPE, VIDEO_TOO_SMALL
from smugsync.emulator.upload.request import decode_text

METHOD: Final = "smugmug.images.upload"
_HEX: Final = re.compile(r"[0-9A-Fa-f]{32}")
_KEY: Final = re.compile(r"/api/v2/image/(\w+)-\d+")
#: Of the newer codes, what the older are: all there is of wrong files is code 6.
_OLDER: Final[Mapping[int, tuple[int, str]]] = {
    INVALID_ALBUM: (SYSTEM_ERROR, "invalid album id"),
    UNKNOWN_TYPE: (WRONG_FORMAT, ""),
    VIDEO_TOO_SMALL: (WRONG_FORMAT, "the video is too small"),
    ALBUM_FULL: (SYSTEM_ERROR, "the album is full"),
}
#: What may be said of a picture, by its name in a call or header.
_DETAILS: Final = ("Caption", "Keywords", "Hidden", "Latitude", "Longitude", "Altitude")


@dataclass(frozen=True, slots=True)
class Sent:
    """What is said of an upload. `album` and `image` are ids, 0 where none is named; with an `image`, its
    bytes are replaced. `md5` is in hex and `size` in bytes, "" and None where they are not told."""

    album: int
    image: int
    name: str
    md5: str
    size: int | None
    details: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_headers(cls, request: Request) -> Sent:
        """Raises Failure 5 where a needed header is missing."""
        given = Arguments(
            {
                name.removeprefix("x-smug-"): decode_text(value)
                for name, value in request.headers.items()
                if name.startswith("x-smug-")
            }
        )
        digest = request.headers.get("content-md5", "").strip()
        if not digest:
            raise Failure(SYSTEM_ERROR, "Content-MD5 is missing")
        length = request.headers.get("content-length", "").strip()
        return cls(
            _id(given, "albumid"),
            _id(given, "imageid"),
            request.headers.get("x-smug-filename", ""),  # the upload host decodes it
            digest,
            int(length) if length.isdecimal() else None,
            {name: given.text(name.lower()) for name in _DETAILS if name.lower() in given},
        )

    @classmethod
    def of_arguments(cls, given: Arguments) -> Sent:
        """Of a call, or of the fields of a form."""
        return cls(
            _id(given, "AlbumID"),
            _id(given, "ImageID"),
            _as_header(given.text("FileName").replace("%", "%25")),
            given.text("MD5Sum").strip(),
            given.optional_number("ByteCount") if given.text("ByteCount").strip() else None,
            {name: given.text(name) for name in _DETAILS if name in given},
        )

    def headers(self, target: Mapping[str, str]) -> dict[str, str]:
        """The newer ones that say the same."""
        found = {"x-smug-version": "v2", "x-smug-responsetype": "JSON", **target}
        if self.name:
            found["x-smug-filename"] = self.name
        if self.md5:
            found["content-md5"] = self.md5
        for name, value in self.details.items():
            if name == "Keywords":
                found["x-smug-keywords"] = _as_header("".join(f"{word};" for word in split_words(value)))
            else:  # line ends are sent as CR
                found[f"x-smug-{name.lower()}"] = _as_header(value.replace("\r\n", "\n").replace("\r", "\n"))
        return found


def _id(given: Arguments, name: str) -> int:
    """0 where none is named, -1 for what is none."""
    text = given.text(name).strip()
    return 0 if not text else int(text) if re.fullmatch(r"[0-9]{1,18}", text) else -1


def _as_header(text: str) -> str:
    """Text as a header's letters, which are bytes of UTF-8."""
    return text.encode("utf-8", "replace").decode("latin-1")


def store(call: Call, sent: Sent, request: Request) -> Image:
    """The image that came of the file in the request's body. Raises Failure."""
    if call.view.user is None:
        raise Failure(INVALID_SESSION)
    if not call.view.may("Modify" if sent.image else "Add"):
        raise Failure(INVALID_PERMISSIONS)
    target = _target(call, sent)
    names = ["content-length"]
    if request.headers and call.arguments.values:  # in a form, beside its fields
        names.append("content-type")
    else:
        _check_whole(call, sent, request)
    kept = {name: request.headers[name] for name in names if name in request.headers}
    response = call.shared.receive(replace(request, headers=kept | sent.headers(target)), call.view)
    answer: dict[str, Any] = json.loads(response.content())
    if answer.get("stat") != "ok":
        raise _older(answer)
    found = _KEY.fullmatch(answer["Image"]["ImageUri"])
    image = call.view.account.image(found[1]) if found else None
    if image is None:  # deleted in this moment
        raise Failure(SYSTEM_ERROR)
    return image


def _older(answer: Mapping[str, Any]) -> Failure:
    code = int(answer.get("code", SYSTEM_ERROR))
    if code in _OLDER:
        return Failure(*_OLDER[code])
    return Failure(code, message=str(answer.get("message", "")))


def _target(call: Call, sent: Sent) -> dict[str, str]:
    """The caller's album, or image, in the newer words."""
    view, headers = call.view, {}
    with view.account.lock:
        if sent.image:
            image = call.numbers.image(sent.image)
            home = view.account.album(image.home) if image else None
            if image is None or home is None or not view.is_mine(home.node):
                raise Failure(SYSTEM_ERROR, "invalid image id")
            headers["x-smug-imageuri"] = f"/api/v2/image/{image.key}"
        if sent.album or not sent.image:
            album: Album | None = call.numbers.album(sent.album)
            if album is None or not view.is_mine(album.node):
                raise Failure(SYSTEM_ERROR, "invalid album id")
            headers["x-smug-albumuri"] = f"/api/v2/album/{album.key}"
    return headers


def _check_whole(call: Call, sent: Sent, request: Request) -> None:
    """Whether the body is what was announced: an incomplete file is told with both sizes and digests."""
    digest, size = hashlib.md5(usedforsecurity=False), 0
    for piece in pieces(request):
        digest.update(piece)
        size += len(piece)
    if (sent.size in (None, size)) and (not sent.md5 or sent.md5.lower() == digest.hexdigest()):
        if size:
            return
        raise Failure(SYSTEM_ERROR, "the file is empty")
    told = f"ByteCount given: {size if sent.size is None else sent.size}, ByteCount received: {size}"
    given = sent.md5 if _HEX.fullmatch(sent.md5) else "none in hex"
    told += f", MD5Sum given: {given}, MD5Sum received: {digest.hexdigest()}"
    raise Failure(call.view.switches.mismatch_code, told, message="incomplete file")


def describe_upload(call: Call, image: Image) -> dict[str, Any]:
    """The id alone in 1.2.0 (recorded), then the key, from 1.3.0 on the page (recorded)."""
    with call.view.account.lock:
        shown: dict[str, Any] = {"id": call.numbers.of_image(image)}
        if call.version.name != "1.2.0":
            shown["Key"] = image.key
        album = call.view.account.album(image.home)
        if call.version.has_titles and album is not None:
            shown["URL"] = image_page(call, album, image)["URL"]
        return shown


def reads_form(request: Request) -> bool:
    """Whether everything is in the form, the session too."""
    return request.path == FORM_ADDRESS


def place_of(request: Request) -> str:
    """The address, without what is no file name."""
    return "/upload/" if request.path in (FORM_ADDRESS, RAW_ADDRESS) else request.path
