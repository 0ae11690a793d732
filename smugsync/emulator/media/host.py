"""The media addresses: originals, scaled sizes and videos, with Range.

No signature is asked for: anyone who knows the address may read it (facts 5). An address is only good
for the album's present name and the image's present revision. Scaled sizes are the original's bytes here.
"""

from __future__ import annotations

import mimetypes
import re
from email.utils import formatdate, parsedate_to_datetime
from urllib.parse import quote, unquote

from smugsync.emulator.account.content import Content
from smugsync.emulator.account.model import Image
from smugsync.emulator.api.photos import VIDEO_LETTERS, token_of
from smugsync.emulator.api.view import View
from smugsync.emulator.messages import Request, Response, Span, html_response

PREFIX = "/photos/"
_ADDRESS = re.compile(
    r"/photos(?P<place>(?:/.*)?)/i-(?P<key>\w+)/(?P<serial>\d+)/(?P<token>\w+)/(?P<letters>\w+)/[^/]*\Z"
)
_RANGE = re.compile(r"bytes=(\d*)-(\d*)\Z")


def serve_media(request: Request, view: View) -> Response:
    """The file at a media address, whole or in part."""
    if request.method not in ("GET", "HEAD"):
        return html_response(405, "Method Not Allowed", "Only GET and HEAD.")
    found = _ADDRESS.match(unquote(request.path))
    image = view.account.image(found["key"]) if found else None
    if found is None or image is None:
        return _missing()
    home = view.account.album(image.home)
    current = home is not None and found["place"] == home.node.url_path
    if not current or int(found["serial"]) != image.serial or found["token"] != token_of(view, image):
        return _missing()
    content = _content(image, found["letters"])
    if content is None:
        return html_response(403, "Forbidden", "This size is not available.")
    try:
        return _send(request, content, image)
    except OSError:
        return _missing()


def _content(image: Image, letters: str) -> Content | None:
    """What lies behind the letters; a video's original cannot be had (facts 5)."""
    if not image.is_video:
        return image.content
    if letters == VIDEO_LETTERS and not image.processing and not image.broken:
        return image.rendition
    return None


def _missing() -> Response:
    return html_response(404, "Not Found", "The requested photo was not found on this server.")


def _send(request: Request, content: Content, image: Image) -> Response:
    size = content.size
    # Not the MD5: a validator must not cost a reading of the whole file before the first byte.
    etag = f'"{quote(image.key)}-{image.serial}-{size:x}"'
    modified = formatdate(image.uploaded, usegmt=True)
    kind = "video/mp4" if image.is_video else mimetypes.guess_type(image.file_name)[0] or "image/jpeg"
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
    span = _span(wanted, size) if wanted and _valid(request, etag, image.uploaded) else (0, size)
    if span is None:
        return Response(416, (*headers, ("Content-Range", f"bytes */{size}")))
    start, stop = span
    partial = (
        wanted is not None and _RANGE.match(wanted) is not None and _valid(request, etag, image.uploaded)
    )
    if partial:
        headers.append(("Content-Range", f"bytes {start}-{stop - 1}/{size}"))
    return Response(206 if partial else 200, tuple(headers), Span(content, start, stop))


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


def _span(header: str, size: int) -> tuple[int, int] | None:
    """The bytes asked for; the whole file for a header of another form; None if there are no such bytes."""
    found = _RANGE.match(header)
    if found is None or found.groups() == ("", ""):
        return 0, size
    first, last = found.groups()
    if not first:
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), min(size, int(last) + 1) if last else size
    return (start, stop) if start < stop else None
