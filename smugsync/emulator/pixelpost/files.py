"""`/photos/{original,resized,thumb}/NAME`: plain files, for everybody who knows the name, hidden photos too.

With validators as Apache and the application's own `.htaccess` send them, or bare, as `php -S` does.
"""

from __future__ import annotations

import re
from email.utils import formatdate, parsedate_to_datetime
from typing import Final

from smugsync.emulator.account.content import Content, Noise
from smugsync.emulator.account.look import look_into
from smugsync.emulator.account.model import Image
from smugsync.emulator.media.host import read_range
from smugsync.emulator.media.scaling import MOST_PIXELS, Scaler, Unscalable
from smugsync.emulator.messages import Request, Response, Span
from smugsync.emulator.pixelpost.envelope import HTML
from smugsync.emulator.pixelpost.site import Site
from smugsync.emulator.pixelpost.uploading import RESIZED, THUMB

_ADDRESS: Final = re.compile(r"/photos/(?P<size>original|resized|thumb)/(?P<name>[^/]*)")
#: What the `.htaccess` says of pictures, in seconds.
_MAX_AGE: Final = 3600
_TURNED: Final = ("5", "6", "7", "8")
#: Recorded: Apache's own page.
_NOT_FOUND: Final = """\
<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN" "http://www.w3.org/TR/html4/strict.dtd">
<html><head>
<title>404 Not Found</title>
</head><body>
<h1>Not Found</h1>
<p>The requested URL was not found on this server.</p>
</body></html>
"""


def owns(path: str) -> bool:
    """Whether the address is one of this site; other media have their `i-KEY` in it."""
    return _ADDRESS.fullmatch(path) is not None


def serve(request: Request, site: Site, *, validators: bool, now: float, scaler: Scaler | None) -> Response:
    """The file, whole or in part. `now` is in epoch seconds; without a scaler there are originals alone."""
    found = _ADDRESS.fullmatch(request.path)
    photo = site.named(found["name"]) if found else None
    if found is None or photo is None:
        return _missing(validators=validators)
    if request.method not in ("GET", "HEAD"):
        return Response(405, (("Content-Type", HTML), ("Allow", "GET, HEAD")))
    try:
        content = _content(photo.image, found["size"], scaler)
        if content is None:
            return _missing(validators=validators)
        if content.path is not None:
            content.path.stat()  # a file that is gone still has its size
        if not validators:
            return Response(200, (("Content-Type", "image/jpeg"),), Span(content, 0, content.size))
        return _validated(request, content, photo.modified, now)
    except OSError:
        return _missing(validators=validators)


def _content(image: Image, size: str, scaler: Scaler | None) -> Content | None:
    """None where a size cannot be made. Raises OSError if the file cannot be read."""
    if size == "original":
        return image.content
    info = look_into(image)
    width, height = info.width, info.height
    if scaler is None or isinstance(image.content, Noise) or not 0 < width * height <= MOST_PIXELS:
        return None
    if info.exif.get("Orientation", "1") in _TURNED:
        width, height = height, width
    if size == "thumb":
        target = (min(THUMB, width, height),) * 2
    else:
        longest = max(width, height)
        edge = min(RESIZED, longest)
        target = max(1, round(width * edge / longest)), max(1, round(height * edge / longest))
    try:
        name = f"{image.id}/pixelpost/{size}"
        return scaler.make(name, image.content, target, "jpg", crop=size == "thumb")
    except Unscalable:
        return None


def _validated(request: Request, content: Content, modified: int, now: float) -> Response:
    """`modified` is in microseconds: the tag shows all of them, the date the whole seconds."""
    seconds, size = modified // 1_000_000, content.size
    etag = f'"{size:x}-{modified:x}"'
    headers = [
        ("Last-Modified", formatdate(seconds, usegmt=True)),
        ("ETag", etag),
        ("Accept-Ranges", "bytes"),
        ("Cache-Control", f"max-age={_MAX_AGE}"),
        ("Expires", formatdate(int(now) + _MAX_AGE, usegmt=True)),
    ]
    if _is_known(request, etag, seconds):
        return Response(304, tuple(headers))
    wanted = request.headers.get("range")
    span = read_range(wanted, size) if wanted and _holds(request, etag, seconds) else None
    if span is None:
        return Response(200, (*headers, ("Content-Type", "image/jpeg")), Span(content, 0, size))
    start, stop = span
    if start >= stop:
        return Response(416, (*headers, ("Content-Range", f"bytes */{size}"), ("Content-Type", HTML)))
    headers += [("Content-Range", f"bytes {start}-{stop - 1}/{size}"), ("Content-Type", "image/jpeg")]
    return Response(206, tuple(headers), Span(content, start, stop))


def _is_known(request: Request, etag: str, modified: int) -> bool:
    """Whether the client has it; a tag goes before a date (RFC 9110, 13.2.2)."""
    tags = request.headers.get("if-none-match")
    if tags is not None:
        known = [tag.strip().removeprefix("W/") for tag in tags.split(",")]
        return "*" in known or etag in known
    since = _date(request.headers.get("if-modified-since"))
    return since is not None and modified <= since


def _holds(request: Request, etag: str, modified: int) -> bool:
    """Whether If-Range, if there is one, still holds."""
    condition = request.headers.get("if-range")
    if condition is None:
        return True
    return condition == etag if condition.startswith(('"', "W/")) else _date(condition) == modified


def _date(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return int(parsedate_to_datetime(text).timestamp())
    except (ValueError, OverflowError):
        return None


def _missing(*, validators: bool) -> Response:
    """Apache's page, or one of the application, which stands behind every address of `php -S`."""
    if validators:
        kind = (("Content-Type", "text/html; charset=iso-8859-1"),)
        return Response(404, kind, _NOT_FOUND.encode())
    return Response(404, (("Content-Type", HTML),), b"<!DOCTYPE html>\n<title>Not Found</title>\n")
