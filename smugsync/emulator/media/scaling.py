"""Scaled copies of pictures, made by Pillow where that is installed and kept as long as there is room."""

from __future__ import annotations

import io
import struct
import threading
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final, Literal

from smugsync.emulator.account.content import Bytes, Content, open_content

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

#: Bytes of scaled copies that are kept; those that were looked at longest ago go first.
ROOM: Final = 64 << 20
#: Pixels of the largest picture that is scaled: where Pillow itself begins to warn.
MOST_PIXELS: Final = 89_000_000
_QUALITY: Final = 85
#: What Pillow's readers raise on bytes that nobody meant.
_BROKEN: Final = (
    *(ArithmeticError, AssertionError, AttributeError, EOFError, LookupError, MemoryError, RuntimeError),
    *(SyntaxError, TypeError, ValueError, struct.error, zlib.error),
)

Encoding = Literal["jpg", "png"]


class Unscalable(Exception):
    """What should be a picture cannot be decoded."""


class Scaler:
    """Makes copies. `formats` are those it can read, by the names of `MediaInfo`. Safe with threads."""

    def __init__(self, formats: frozenset[str], *, room: int = ROOM) -> None:
        self.formats = formats
        self._room = room
        self._held: OrderedDict[str, Bytes] = OrderedDict()
        self._lock = threading.Lock()

    def held(self, name: str) -> Content | None:
        """The copy of that name, if it was made and is still there."""
        with self._lock:
            found = self._held.get(name)
            if found is not None:
                self._held.move_to_end(name)
            return found

    def make(
        self, name: str, content: Content, size: tuple[int, int], encoding: Encoding, *, crop: bool
    ) -> Content:
        """The upright picture in `size` pixels; what does not fit its shape is cropped if `crop`.

        Raises Unscalable, and OSError if the file cannot be read.
        """
        made = self.held(name)
        if made is None:
            made = self._keep(name, Bytes(_scale(content, size, encoding, crop=crop)))
        return made

    def _keep(self, name: str, made: Bytes) -> Bytes:
        with self._lock:
            self._held[name] = made
            while sum(one.size for one in self._held.values()) > self._room and len(self._held) > 1:
                self._held.popitem(last=False)
        return made


def find_scaler() -> Scaler | None:
    """One that can do what is installed; None without Pillow."""
    if find_spec("PIL") is None:
        return None
    heic = frozenset({"HEIC"}) if find_spec("pillow_heif") is not None else frozenset()
    return Scaler(frozenset({"JPG", "PNG", "GIF", "WEBP", "TIFF", "BMP"}) | heic)


@contextmanager
def decoding() -> Iterator[None]:
    """Around what a library does with bytes of others: raises Unscalable for those it cannot decode, and
    OSError only if the system cannot read them."""
    from PIL.Image import DecompressionBombError  # noqa: PLC0415 - slow, and an extra

    try:
        yield
    except OSError as error:
        if error.errno is not None:
            raise
        raise Unscalable(str(error)) from None  # Pillow's own, UnidentifiedImageError among them
    except (DecompressionBombError, *_BROKEN) as error:
        raise Unscalable(str(error)) from None


def _scale(content: Content, size: tuple[int, int], encoding: Encoding, *, crop: bool) -> bytes:
    from PIL import Image, ImageFile, ImageOps  # noqa: PLC0415 - slow, and an extra

    ImageFile.LOAD_TRUNCATED_IMAGES = True  # what is there of a picture is shown
    _read_heic_too()
    with open_content(content) as file, decoding(), Image.open(file) as picture:
        picture.draft("RGB", (2 * max(size), 2 * max(size)))  # JPEG: decode no more than is needed
        upright: Picture = ImageOps.exif_transpose(picture)
        plain = upright.convert("RGBA" if encoding == "png" else "RGB")
        shrink: Callable[[Picture, tuple[int, int]], Picture] = ImageOps.fit if crop else _resize
        out = io.BytesIO()
        shrink(plain, size).save(out, "PNG" if encoding == "png" else "JPEG", quality=_QUALITY)
        return out.getvalue()


def _resize(picture: Picture, size: tuple[int, int]) -> Picture:
    return picture.resize(size)


def _read_heic_too() -> None:
    if find_spec("pillow_heif") is not None:
        from pillow_heif import register_heif_opener  # noqa: PLC0415 - likewise

        register_heif_opener()
