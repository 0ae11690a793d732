"""The media addresses: originals, smaller sizes and films, with Range.

No signature is asked for: anyone who knows the address may read it (facts 5). An address is only good
for the album's present name and the image's present revision.
"""

from __future__ import annotations

import mimetypes
import re
from email.utils import formatdate, parsedate_to_datetime
from pathlib import PurePath
from typing import Final
from urllib.parse import quote, unquote

from smugsync.emulator.account.content import Content
from smugsync.emulator.account.look import FORMATS
from smugsync.emulator.account.model import Image
from smugsync.emulator.api.sizes import VIDEO_LETTERS, media_place, scaled, token_of
from smugsync.emulator.api.view import View
from smugsync.emulator.messages import Request, Response, Span, html_response

PREFIX = "/photos/"
_ADDRESS = re.compile(
    r"/photos(?P<place>(?:/.*)?)/i-(?P<key>\w+)/(?P<serial>\d+)/(?P<token>\w+)/(?P<letters>\w+)/[^/]*\Z"
)
_RANGE = re.compile(r"bytes=([0-9]*)-([0-9]*)\Z")
_ORIGINALS: Final = ("D", "O")
_TYPES: Final = {"JPG": "image/jpeg", "PNG": "image/png", "GIF": "image/gif", "HEIC": "image/heic"}


def is_quick(path: str) -> bool:
    """Whether the bytes only have to be read: a smaller size may have to be made first."""
    found = _ADDRESS.match(unquote(path))
    return found is None or found["letters"] in (*_ORIGINALS, VIDEO_LETTERS)


def serve_media(request: Request, view: View) -> Response:
    """The file at a media address, whole or in part."""
    if request.method not in ("GET", "HEAD"):
        return html_response(405, "Method Not Allowed", "Only GET and HEAD.")
    found = _ADDRESS.match(unquote(request.path))
    image = view.account.image(found["key"]) if found else None
    if found is None or image is None:
        return _missing()
    home, letters = view.account.album(image.home), found["letters"]
    current = home is not None and found["place"] == media_place(home)
    if (
        not current
        or found["serial"] != str(image.serial)
        or found["token"] != token_of(view, image, letters)
    ):
        return _missing()
    try:
        content = _content(view, image, letters)
        if content is None:
            return html_response(403, "Forbidden", "This size is not available.")
        return send_file(request, content, image, letters)
    except OSError:
        return _missing()


def _content(view: View, image: Image, letters: str) -> Content | None:
    """What lies behind the letters; a video's original cannot be had (facts 5)."""
    if letters in _ORIGINALS:
        return None if image.is_video else image.content
    if letters == VIDEO_LETTERS:
        ready = not image.is_processing(view.account.clock()) and not image.broken
        return image.rendition if image.is_video and ready else None
    return scaled(view, image, letters)


def _type_of(image: Image, letters: str) -> str | None:
    """The Content-Type; None where the bytes decide."""
    if letters.isdigit():  # a film's width
        return "video/mp4"
    if letters not in _ORIGINALS:
        return None
    if PurePath(image.file_name).suffix.lower() in FORMATS:
        return _TYPES.get(image.format, "image/jpeg")
    return mimetypes.guess_type(image.file_name)[0] or _TYPES.get(image.format, "image/jpeg")


def _missing() -> Response:
    return html_response(404, "Not Found", "The requested photo was not found on this server.")


def send_file(request: Request, content: Content, image: Image, letters: str) -> Response:
    """The bytes of an image in the size of these letters, whole or in part. Raises OSError if the file is
    gone."""
    kind = _type_of(image, letters)
    if content.path is not None:
        content.path.stat()  # a File knows its size also once it is gone
    size = content.size
    if kind is None:  # smaller sizes are the one or the other
        kind = "image/png" if b"".join(content.read(0, 4)) == b"\x89PNG" else "image/jpeg"
    # Not the MD5: a validator must not cost a reading of the whole file before the first byte.
    etag = f'"{quote(image.key)}-{image.serial}-{size:x}"'
    modified = formatdate(image.uploaded, usegmt=True)
    headers = [
        ("Content-Type", kind),
        ("ETag", etag),
        ("Last-Modified", modified),
        ("Accept-Ranges", "bytes"),
        ("Cache-Control", "public, max-age=31536000"),
    ]
    if request.headers.get("if-none-match") == etag:
        return Response(304, tuple(headers))
    wanted = request.headers.get("range")
    span = read_range(wanted, size) if wanted and _valid(request, etag, image.uploaded) else None
    if span is None:
        return Response(200, tuple(headers), Span(content, 0, size))
    start, stop = span
    if start >= stop:
        return Response(416, (*headers, ("Content-Range", f"bytes */{size}")))
    headers.append(("Content-Range", f"bytes {start}-{stop - 1}/{size}"))
    return Response(206, tuple(headers), Span(content, start, stop))


def _valid(request: Request, etag: str, uploaded: int) -> bool:
    """Whether If-Range, if there is one, still holds."""
    condition = request.headers.get("if-range")
    if condition is None:
        return True
    if condition.startswith(('"', "W/")):
        return condition == etag
    try:
        return parsedate_to_datetime(condition).timestamp() == uploaded
    except ValueError:
        return False


def read_range(header: str, size: int) -> tuple[int, int] | None:
    """Start and stop of the bytes asked for, none of which may be there; None for a header that is to be
    ignored, as it is of another form or ends before it starts (RFC 9110, 14.1.1 and 14.2)."""
    found = _RANGE.match(header)
    if found is None or found.groups() == ("", ""):
        return None
    first, last = (_number(digits) for digits in found.groups())
    if not found[1]:
        return max(0, size - last), size
    if found[2] and last < first:
        return None
    return first, min(size, last + 1) if found[2] else size


def _number(digits: str) -> int:
    """What more digits say is beyond any file."""
    return int(digits.lstrip("0")[:19] or "0")
