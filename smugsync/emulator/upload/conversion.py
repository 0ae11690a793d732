"""What the service makes of an upload before it shows it: HEIC becomes JPEG, a film becomes an MP4.

Nothing here can encode a film. What is in a container of the ISO family becomes an MP4 by its headers,
with a box more, so that it plays and is another file than the upload, as the service's re-encoded one is;
for a film in another container a stand-in is handed out.
"""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Final

from smugsync.emulator.media.pictures import make_video
from smugsync.emulator.media.scaling import Unscalable, decoding
from smugsync.emulator.upload.formats import ISO_FILMS
from smugsync.emulator.upload.replies import SYSTEM_ERROR, WRONG_FORMAT, UploadRefused
from smugsync.stop import Stop

MISSING: Final = 'HEIC is converted only after: pip install "smugsync[emulator]"'
_QUALITY: Final = 92
_CHUNK: Final = 1 << 20
_LONGEST_EXIF: Final = 65_533  # bytes that a JPEG segment holds
_NOTE: Final = b"made by the smugsync emulator"


def convert_heic(source: bytes | Path) -> bytes:
    """The JPEG, upright, with the Exif block and the colour profile of the original.

    Raises UploadRefused with code 5 if the extra is not installed, with code 6 if the picture cannot be
    decoded. Raises OSError if the file cannot be read.
    """
    try:
        from pillow_heif import open_heif  # noqa: PLC0415 - an extra, and slow to import
    except ImportError:
        raise UploadRefused(SYSTEM_ERROR, MISSING) from None
    out = io.BytesIO()
    try:
        with decoding():
            picture = open_heif(io.BytesIO(source) if isinstance(source, bytes) else source).to_pillow()
            exif = picture.info.get("exif") or b""
            picture.convert("RGB").save(
                out,
                "JPEG",
                quality=_QUALITY,
                exif=exif if len(exif) <= _LONGEST_EXIF else b"",
                icc_profile=picture.info.get("icc_profile"),
            )
    except Unscalable:
        raise UploadRefused(WRONG_FORMAT, "wrong format (the picture cannot be read)") from None
    return out.getvalue()


def make_rendition(source: bytes | Path, kind: str, *, seed: int, stop: Stop | None = None) -> bytes | Path:
    """The film to be handed out for an upload in the container `kind`; beside the upload if that is a file.

    `seed` makes stand-ins differ. Raises Interrupted after the `stop`.
    """
    if kind not in ISO_FILMS:
        return make_video(seed)
    box = struct.pack(">I", 8 + len(_NOTE)) + b"free" + _NOTE
    if isinstance(source, bytes):
        return _rebrand(source[:12]) + source[12:] + box
    made = source.with_name(f"{source.name}.mp4")
    try:
        with source.open("rb") as film, made.open("wb") as file:
            file.write(_rebrand(film.read(12)))
            while chunk := film.read(_CHUNK):
                if stop is not None:
                    stop.check()
                file.write(chunk)
            file.write(box)
    except BaseException:
        made.unlink(missing_ok=True)
        raise
    return made


def _rebrand(head: bytes) -> bytes:
    """The first twelve bytes, saying MP4 where they said QuickTime."""
    return head[:8] + b"mp42" if head[4:12] == b"ftypqt  " else head
