"""upload.*: files that come in pieces of base64; and what photo.add makes of one.

The application never keeps what was uploaded: it decodes the picture and stores a JPEG of its own, of
quality 90, upright or not as its pixels lie, with nothing in it but the remark of its library (recorded).
Without Pillow, a JPEG is kept as it came, and other formats are refused.
"""

from __future__ import annotations

import base64
import binascii
import io
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Final

from smugsync.emulator.media.information import describe
from smugsync.emulator.media.octets import Octets
from smugsync.emulator.media.scaling import MOST_PIXELS, Unscalable, decoding
from smugsync.emulator.pixelpost.chance import Fresh
from smugsync.emulator.pixelpost.envelope import Failed
from smugsync.emulator.pixelpost.php import Value, int_of

#: min(memory_limit, post_max_size) of the recorded server, in bytes.
MAX_SIZE: Final = 64 << 20
TYPES: Final = ("image/jpeg", "image/png", "image/gif", "image/bmp")
#: The longer side of a resized picture; what is smaller cannot be resized, and is refused.
RESIZED: Final = 500
THUMB: Final = 150
QUALITY: Final = 90
#: Uploads under way that are remembered, in memory; the oldest are forgotten.
_MOST: Final = 8
#: Where the files of uploads seem to lie.
_DIRECTORY: Final = "/srv/pixelpost/private/tmp/"
_REMARK: Final = b"CREATOR: gd-jpeg v1.0 (using IJG JPEG v62), quality = 90\n"


@dataclass(slots=True)
class _Upload:
    size: int
    chunks: int
    pieces: dict[int, bytes] = field(default_factory=dict)
    whole: bytes | None = None


class Uploads:
    """The uploads under way, by their ids."""

    def __init__(self, fresh: Fresh) -> None:
        self._fresh = fresh
        self._uploads: dict[str, _Upload] = {}

    def begin(self, size: Value, kind: Value, chunks: Value) -> str:
        """The id. Raises Failed."""
        if kind not in TYPES:
            raise _not_valid("type")
        if not 0 < int_of(size) <= MAX_SIZE:
            raise _not_valid("size")
        if int_of(chunks) < 1:
            raise _not_valid("chunks")
        name = self._fresh("upload")
        while len(self._uploads) >= _MOST:
            del self._uploads[next(iter(self._uploads))]
        self._uploads[name] = _Upload(int_of(size), int_of(chunks))
        return name

    def send(self, name: Value, chunk: Value, data: Value) -> None:
        """One piece; they are counted from 1. Raises Failed."""
        upload, number = self._find(name), int_of(chunk)
        if not 1 <= number <= upload.chunks:
            raise _not_valid("chunk")
        try:
            text = "".join(data.split()) if isinstance(data, str) else ""  # it may come in lines
            piece = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise _not_valid("data") from None
        others = sum(len(one) for at, one in upload.pieces.items() if at != number)
        if not piece or others + len(piece) > upload.size:
            raise _not_valid("data")
        upload.pieces[number] = piece

    def end(self, name: Value) -> str:
        """The path of the file on the server. Raises Failed if it has not come whole."""
        upload = self._find(name)
        whole = b"".join(piece for _, piece in sorted(upload.pieces.items()))
        if len(whole) != upload.size:
            raise _not_valid("size")
        upload.whole = whole
        return f"{_DIRECTORY}{name}"

    def take(self, path: Value) -> bytes:
        """The uploaded file of that path, which is gone then. Raises Failed."""
        name = str(path).removeprefix(_DIRECTORY)
        upload = self._uploads.get(name)
        if upload is None or upload.whole is None or not str(path).startswith(_DIRECTORY):
            raise _missing("file", path)
        del self._uploads[name]
        return upload.whole

    def _find(self, name: Value) -> _Upload:
        upload = self._uploads.get(name) if isinstance(name, str) else None
        if upload is None:
            raise _missing("id", name)
        return upload


def make_original(data: bytes) -> bytes:
    """The JPEG that photo.add stores. Raises Failed for what is no picture, or too small a one."""
    if find_spec("PIL") is None:
        info = describe(Octets.of(data), "")
        _check_size(info.width, info.height)
        if not data.startswith(b"\xff\xd8\xff"):
            raise _unworkable()
        return data
    try:
        return _encode(data)
    except (Unscalable, OSError):
        raise _unworkable() from None


def _encode(data: bytes) -> bytes:
    from PIL import Image  # noqa: PLC0415 - slow, and an extra

    with decoding(), Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "GIF", "BMP")) as picture:
        _check_size(*picture.size)
        out = io.BytesIO()
        picture.convert("RGB").save(out, "JPEG", quality=QUALITY, comment=_REMARK)
        return out.getvalue()


def _check_size(width: int, height: int) -> None:
    if max(width, height) < RESIZED or width * height > MOST_PIXELS:
        raise _unworkable()


def _unworkable() -> Failed:
    """Recorded for a picture that is smaller than the resized one would be."""
    return Failed("internal_error", "can't work on the uploaded photo.")


def _not_valid(name: str) -> Failed:
    return Failed("bad_data", f"The specified `{name}` is not valid.")


def _missing(name: str, value: Value) -> Failed:
    return Failed("bad_data", f"The specified `{name}` with value `{value}` does not exist.")
