"""The sizes an image is shown in, and the addresses of the bytes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePath
from typing import Final
from urllib.parse import quote

from smugsync.emulator.account.content import Bytes, Content, Noise
from smugsync.emulator.account.look import look_into
from smugsync.emulator.account.model import Album, Image
from smugsync.emulator.api.view import View
from smugsync.emulator.media.information import MediaInfo
from smugsync.emulator.media.pictures import LANDSCAPES, landscape_pixels, make_picture
from smugsync.emulator.media.scaling import MOST_PIXELS, Encoding, Unscalable

#: Name, letters in the address, longest edge in pixels (facts 5: the 'size-letter' scheme).
SIZES: Final = (
    ("Tiny", "Ti", 100),
    ("Thumb", "Th", 150),
    ("Small", "S", 400),
    ("Medium", "M", 600),
    ("Large", "L", 800),
    ("XLarge", "XL", 1024),
    ("X2Large", "X2", 1280),
    ("X3Large", "X3", 1600),
    ("X4Large", "X4", 2048),
    ("X5Large", "X5", 2560),
    ("4K", "4K", 3840),
    ("5K", "5K", 5120),
)
_RANK: Final = {name: rank for rank, (name, _, _) in enumerate(SIZES)} | {"Original": len(SIZES)}
_SQUARE: Final = ("Tiny", "Thumb")  # 100 x 100 and 150 x 150 of a wide picture (recorded)
_CHEAP: Final = 2_000_000  # pixels of a picture whose sizes are made at once
VIDEO_LETTERS: Final = "1920"
_ORIGINAL_LETTERS: Final = ("D", "O")
_EXTENSIONS: Final[Mapping[str, str]] = {"JPG": "jpg", "PNG": "png", "GIF": "gif", "HEIC": "heic"}


@dataclass(frozen=True, slots=True)
class Size:
    """One size of one image, as wide and high as it will be."""

    name: str
    letters: str
    width: int
    height: int
    extension: str


@dataclass(frozen=True, slots=True)
class _Still:
    """The picture that sizes are made of, upright."""

    content: Content
    width: int
    height: int
    encoding: Encoding


def token_of(view: View, image: Image, letters: str) -> str:
    """The unguessable part of a media address; another one after every replacement.

    That of an original is another than that of what is shown (recorded), so that none leads to the other.
    """
    kind = "original" if letters in _ORIGINAL_LETTERS else "shown"
    what = f"{view.account.seed}/{image.key}/{image.serial}/{kind}"
    return hashlib.blake2b(what.encode(), digest_size=20).hexdigest()


#: What stands for the path of an album whose names are not shown (recorded for unlisted albums).
NO_PLACE: Final = "/photos"


def media_place(home: Album | None) -> str:
    """The part of a media address that follows the album's address."""
    public = home is not None and home.node.effective_privacy == "Public"
    return home.node.url_path if home is not None and public else NO_PLACE


def media_uri(view: View, image: Image, letters: str, extension: str) -> str:
    """`ORIGIN/photos/Path/To/Album/i-KEY/SERIAL/TOKEN/D/Stem-D.jpg` (facts 5, with this server's origin).

    The names of an album that is not public do not show: `.../photos/i-KEY/SERIAL/TOKEN/D/i-KEY-D.jpg`.
    """
    home = view.account.album(image.home)
    place = media_place(home)
    stem = PurePath(image.file_name).stem if place != NO_PLACE else ""
    stem = stem or f"i-{image.key}"
    path = f"/photos{place}/i-{image.key}/{image.serial}/{token_of(view, image, letters)}/{letters}/"
    return view.origin + quote(path) + quote(f"{stem}-{letters}.{extension}", safe="")


def shared_uri(view: View, content: Content) -> str | None:
    """The address of a library file on the other server, if there is one."""
    if view.media_url is None or view.library is None or content.path is None:
        return None
    try:
        path = content.path.relative_to(view.library)
    except ValueError:
        return None
    return f"{view.media_url.rstrip('/')}/{quote(os.fsencode(path))}"


def original_uri(view: View, image: Image) -> str:
    shared = None if image.is_video else shared_uri(view, image.content)
    return shared or media_uri(view, image, "D", original_extension(image))


def original_extension(image: Image) -> str:
    return _EXTENSIONS.get(image.format, "jpg")


def thumbnail_uri(view: View, image: Image) -> str:
    """Always of something: of the original where no smaller picture can be made, and of a picture that
    stands in for it where the original is not for this viewer."""
    still = _still_of(view, image)
    if still is None and not image.is_video and view.may_have_original(image):
        return original_uri(view, image)
    return media_uri(view, image, "Th", still.encoding if still else "jpg")


def sizes_of(view: View, image: Image) -> list[Size]:
    """Each size that this viewer may see: smaller than the picture, and no larger than the owner allows.

    The original comes last. Without Pillow, and of what it cannot read, it is alone.
    """
    sizes: list[Size] = []
    still, home = _still_of(view, image), view.account.album(image.home)
    limit = len(SIZES)
    if home is not None and not view.owns(home.node):
        limit = _RANK.get(home.largest_size, limit)
    if still is not None:
        sizes += [size for size in _below(still) if _RANK[size.name] <= limit]
    if not image.is_video and view.may_have_original(image):
        info = look_into(image)
        sizes.append(Size("Original", "O", info.width, info.height, original_extension(image)))
    return sizes


def _below(still: _Still) -> list[Size]:
    longest, shortest = max(still.width, still.height), min(still.width, still.height)
    sizes = []
    for name, letters, edge in SIZES:
        if name in _SQUARE:
            side = min(edge, shortest)
            sizes.append(Size(name, letters, side, side, still.encoding))
        elif edge < longest:
            width, height = (max(1, round(pixels * edge / longest)) for pixels in (still.width, still.height))
            sizes.append(Size(name, letters, width, height, still.encoding))
    return sizes


def scaled(view: View, image: Image, letters: str) -> Content | None:
    """The bytes of a size, made if they are not there yet; None if there is no such size of this image."""
    still = _still_of(view, image)
    size = next((size for size in _below(still) if size.letters == letters), None) if still else None
    if still is None or size is None or view.scaler is None:
        return _stand_in(image) if letters == "Th" else None
    try:
        return view.scaler.make(
            _name(image, letters),
            still.content,
            (size.width, size.height),
            still.encoding,
            crop=size.name in _SQUARE,
        )
    except (Unscalable, OSError):
        return _stand_in(image) if letters == "Th" else None


def known_length(view: View, image: Image, size: Size) -> int | None:
    """Bytes of a size, None as long as it was not made: the service makes them when they are first looked
    at (recorded: one without a `Size`). What costs next to nothing is made at once."""
    if size.name == "Original":
        return image.content.size
    held = view.scaler.held(_name(image, size.letters)) if view.scaler else None
    still = _still_of(view, image)
    if held is None and still is not None and still.width * still.height <= _CHEAP:
        held = scaled(view, image, size.letters)
    return held.size if held is not None else None


def _name(image: Image, letters: str) -> str:
    return f"{image.key}-{image.serial}/{letters}"


def _still_of(view: View, image: Image) -> _Still | None:
    """None where nothing can be made of it."""
    if view.scaler is None or isinstance(image.content, Noise):
        return None
    if image.is_video:
        width, height = landscape_pixels(_scene(image))
        return _Still(_stand_in(image), width, height, "jpg")
    info = look_into(image)
    if info.format not in view.scaler.formats or not 0 < info.width * info.height <= MOST_PIXELS:
        return None
    width, height = _upright(info)
    return _Still(image.content, width, height, "png" if info.format in ("PNG", "GIF") else "jpg")


def _upright(info: MediaInfo) -> tuple[int, int]:
    """Width and height after what Exif's Orientation says."""
    turned = info.exif.get("Orientation", "1") in ("5", "6", "7", "8")
    return (info.height, info.width) if turned else (info.width, info.height)


def _scene(image: Image) -> int:
    return image.upload_key % LANDSCAPES


def _stand_in(image: Image) -> Content:
    """A picture for what has none that could be shown: no frame of a film can be decoded here."""
    return _landscape(_scene(image))


@lru_cache(maxsize=LANDSCAPES)
def _landscape(scene: int) -> Content:
    return Bytes(make_picture(scene, taken=None))
