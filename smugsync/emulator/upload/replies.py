"""What the upload host answers, in the forms that it offers.

JSON is what every client of today asks for. The documentation calls the others deprecated and says that
one of them is the default, not which: it is taken to be REST here. The elements of REST and the faults are
those of the service's older interface.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from xml.sax.saxutils import quoteattr
from xmlrpc.client import Fault, dumps

from smugsync.emulator.messages import Response

METHOD: Final = "smugmug.images.upload"

SYSTEM_ERROR: Final = 5
WRONG_FORMAT: Final = 6
INVALID_ALBUM: Final = 9
ALBUM_FULL: Final = 63
UNKNOWN_TYPE: Final = 64
VIDEO_TOO_SMALL: Final = 72
CONFLICT: Final = 409

#: Codes 5, 6, 64 and 72 were seen; 9 and 63 are from the older documentation (facts 6.2).
MESSAGES: Final[Mapping[int, str]] = {
    SYSTEM_ERROR: "system error",
    WRONG_FORMAT: "wrong format (RAW uploads require the Source add-on)",
    INVALID_ALBUM: "invalid album",
    ALBUM_FULL: "album full",
    UNKNOWN_TYPE: "unknown file type",
    VIDEO_TOO_SMALL: "video too small",
    CONFLICT: "an image with that file name exists in the album",
}


class UploadRefused(Exception):
    """`stat: fail`. The HTTP status is 200 nevertheless, except for a conflict (facts 6.2)."""

    def __init__(self, code: int, message: str = "") -> None:
        self.code = code
        self.message = message or MESSAGES.get(code, MESSAGES[SYSTEM_ERROR])
        super().__init__(f"{code}: {self.message}")


@dataclass(frozen=True, slots=True)
class Form:
    """How an answer is written."""

    kind: str
    pretty: bool = False

    @classmethod
    def of(cls, name: str, *, pretty: bool = False) -> Form:
        kind = name.strip().upper()
        return cls(kind if kind in ("JSON", "PHP", "XML-RPC") else "REST", pretty)

    def success(self, image: Mapping[str, Any]) -> Response:
        """`image` has the recorded keys: `ImageUri`, `AlbumImageUri`, `URL`, `StatusImageReplaceUri`."""
        value = {"Image": dict(image), "method": METHOD, "stat": "ok"}
        if self.kind == "REST":
            attributes = " ".join(f"{name}={quoteattr(text or '')}" for name, text in image.items())
            return _xml(200, _rsp("ok", f"<Image {attributes}/>"))
        if self.kind == "XML-RPC":
            return _xml(200, dumps((value,), methodresponse=True, allow_none=True))
        return self._encode(200, value)

    def failure(self, refused: UploadRefused) -> Response:
        status = 409 if refused.code == CONFLICT else 200
        if self.kind == "REST":
            error = f'<err code="{refused.code}" msg={quoteattr(refused.message)}/>'
            return _xml(status, _rsp("fail", error))
        if self.kind == "XML-RPC":
            return _xml(status, dumps(Fault(refused.code, refused.message), methodresponse=True))
        value = {"stat": "fail", "method": METHOD, "code": refused.code, "message": refused.message}
        return self._encode(status, value)

    def _encode(self, status: int, value: Mapping[str, Any]) -> Response:
        if self.kind == "PHP":
            return Response(status, (("Content-Type", "text/plain; charset=utf-8"),), _serialise(value))
        text = json.dumps(value, ensure_ascii=False, indent=4 if self.pretty else None)
        return Response(status, (("Content-Type", "application/json; charset=utf-8"),), text.encode())


def _rsp(stat: str, inside: str) -> str:
    return f'<rsp stat="{stat}"><method>{METHOD}</method>{inside}</rsp>'


def _xml(status: int, text: str) -> Response:
    head = "" if text.startswith("<?xml") else '<?xml version="1.0" encoding="utf-8"?>\n'
    return Response(status, (("Content-Type", "text/xml; charset=utf-8"),), (head + text).encode())


def _serialise(value: object) -> bytes:
    """PHP's `serialize()` of what an answer consists of; lengths are in bytes."""
    if isinstance(value, Mapping):
        inside = b"".join(_serialise(key) + _serialise(item) for key, item in value.items())
        return b"a:%d:{%s}" % (len(value), inside)
    if value is None:
        return b"N;"
    if isinstance(value, int):
        return b"i:%d;" % value
    text = str(value).encode()
    return b's:%d:"%s";' % (len(text), text)
