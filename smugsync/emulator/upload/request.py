"""What the headers of an upload ask: where to, under which name, and with what to say about the picture."""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote, unquote_to_bytes

from smugsync.emulator.messages import Request
from smugsync.emulator.upload.replies import SYSTEM_ERROR, Form, UploadRefused

#: The service's own host for uploads, and what stands for it where the emulator has one address for all.
HOST: Final = "upload.smugmug.com"
PREFIX: Final = "/upload"
_NOT_UPLOADS: Final = ("/api/", "/services/", "/hack/", "/_emulator")
_TARGETS: Final = ("x-smug-albumuri", "x-smug-imageuri")

_ALBUM: Final = re.compile(r"(?:\S*/api/v2)?/album/(\w+)/?\Z|(\w+)\Z")
_IMAGE: Final = re.compile(r"(?:\S*/api/v2)?(?:/album/\w+)?/image/(\w+)(?:-\d+)?/?\Z|(\w+)(?:-\d+)?\Z")
_VERSIONS: Final = ("v2", "2", "2.0", "v2.0")
_TRUE: Final = ("1", "true", "yes")


def is_upload(request: Request) -> bool:
    """Whether it goes to the upload host, by any of the names that it has here.

    A client that knows a single address sends its uploads there; they are told by their target.
    """
    path, headers = request.path, request.headers
    if request.method not in ("POST", "PUT") or path.startswith(_NOT_UPLOADS):
        return False
    below = path == PREFIX or path.startswith(f"{PREFIX}/")
    return below or _host(request) == HOST or any(name in headers for name in _TARGETS)


def _host(request: Request) -> str:
    return request.headers.get("host", "").partition(":")[0].lower()


@dataclass(frozen=True, slots=True)
class Asked:
    """One upload. `album` and `image` are keys, "" where none was named; with an `image`, its bytes are
    to be replaced. `details` are fields of `Image` that headers gave. `digest` is the file's MD5 in hex.
    """

    album: str
    image: str
    name: str
    digest: str
    details: Mapping[str, Any] = field(default_factory=dict)


def read_form(headers: Mapping[str, str]) -> Form:
    """How the answer shall be written (documentation: `X-Smug-ResponseType`, `X-Smug-Pretty`)."""
    return Form.of(headers.get("x-smug-responsetype", ""), pretty=_is_true(headers.get("x-smug-pretty", "")))


def read_request(request: Request) -> Asked:
    """What is asked. Raises UploadRefused with code 5 where a needed header is missing or nonsense.

    Needed are a target and the version (documentation); `v2` and `2.0` are both in use (facts 6.1).
    """
    headers = request.headers
    if headers.get("x-smug-version", "").strip().lower() not in _VERSIONS:
        raise UploadRefused(SYSTEM_ERROR)
    album = _key(_ALBUM, headers.get("x-smug-albumuri", ""))
    image = _key(_IMAGE, headers.get("x-smug-imageuri", ""))
    if not album and not image:
        raise UploadRefused(SYSTEM_ERROR)
    return Asked(
        album,
        image,
        _file_name(request),
        _digest(headers.get("content-md5", "")),
        _details(headers),
    )


def _key(pattern: re.Pattern[str], uri: str) -> str:
    """The key in an address of any form: absolute, relative, or the key alone."""
    uri = uri.strip()
    if not uri:
        return ""
    found = pattern.match(uri)
    if found is None:
        raise UploadRefused(SYSTEM_ERROR)
    return str(next(filter(None, found.groups())))


def _file_name(request: Request) -> str:
    """From the header, else from the address; "" where neither says it."""
    if name := clean_name(_decode_percent(request.headers.get("x-smug-filename", ""))):
        return name
    path = request.path
    if path == PREFIX or path.startswith(f"{PREFIX}/"):
        path = path.removeprefix(PREFIX)
    return clean_name(unquote(path))


def clean_name(name: str) -> str:
    """The last part of a path, without control characters."""
    last = re.split(r"[/\\]", name)[-1]
    kept = "".join(c for c in last if unicodedata.category(c) not in ("Cc", "Cs", "Zl", "Zp")).strip()
    return "" if kept in (".", "..") else kept


def decode_text(value: str) -> str:
    """A header's text. Clients send UTF-8, old ones Latin-1; both arrive as Latin-1 letters."""
    try:
        raw = value.encode("latin-1")
    except UnicodeEncodeError:
        return value
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return value


def _decode_percent(value: str) -> str:
    """A file name: one client sends it percent-encoded, others as it is (facts 6.1).

    What does not come out as text is taken as it was written: `100%ee.jpg` is a name, too.
    """
    text = decode_text(value)
    try:
        return unquote_to_bytes(text).decode("utf-8")
    except UnicodeDecodeError:
        return text


def _digest(value: str) -> str:
    """`Content-MD5` in base64 as documented, or in hex as several clients send it (facts 6.1)."""
    value = value.strip()
    if not value:
        return ""
    if re.fullmatch(r"[0-9A-Fa-f]{32}", value):
        return value.lower()
    try:
        raw = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    return raw.hex() if len(raw) == 16 else "nonsense"


def _details(headers: Mapping[str, str]) -> dict[str, Any]:
    details: dict[str, Any] = {}
    for name in ("title", "caption"):
        if f"x-smug-{name}" in headers:
            details[name] = decode_text(headers[f"x-smug-{name}"]).strip()
    if "x-smug-keywords" in headers:
        text = decode_text(headers["x-smug-keywords"])
        words = (word.strip() for word in text.split(";" if ";" in text else ","))
        details["keywords"] = tuple(dict.fromkeys(filter(None, words)))
    if "x-smug-hidden" in headers:
        details["hidden"] = _is_true(headers["x-smug-hidden"])
    for name, limit in (("latitude", 90.0), ("longitude", 180.0)):
        if headers.get(f"x-smug-{name}", "").strip():
            details[name] = headers[f"x-smug-{name}"].strip()
            _number(details[name], limit)
    if headers.get("x-smug-altitude", "").strip():
        details["altitude"] = round(_number(headers["x-smug-altitude"], 1e6))
    return details


def _is_true(value: str) -> bool:
    return value.strip().lower() in _TRUE


def _number(value: str, limit: float) -> float:
    try:
        number = float(value)
    except ValueError:
        raise UploadRefused(SYSTEM_ERROR) from None
    if not -limit <= number <= limit:
        raise UploadRefused(SYSTEM_ERROR)
    return number
