"""Addresses of pictures and of pages, and the bytes behind them.

Two forms of a picture's address were seen, both below `/photos/`: `ID-O-SERIAL.jpg` (2007; before, without
the serial) and, since pictures have keys, `ID_KEY-O.jpg`. They are the same bytes as those of the newer API.
Who knows an address gets the picture, unless the switch `media-auth` wants a signature for what is private.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, unquote

from smugsync.emulator.account.content import Content
from smugsync.emulator.account.look import look_into
from smugsync.emulator.account.model import Album, Image
from smugsync.emulator.api.containers import hides_owner
from smugsync.emulator.api.sizes import original_extension, scaled, sizes_of
from smugsync.emulator.api.view import View
from smugsync.emulator.legacy.calls import ABSENT, Call
from smugsync.emulator.legacy.numbers import Numbers
from smugsync.emulator.legacy.places import BUILT_IN, OTHER, Place

#: Letters in the address and the name of the field. The first four there are of every picture.
SIZES: Final = (
    ("Ti", "Tiny"),
    ("Th", "Thumb"),
    ("S", "Small"),
    ("M", "Medium"),
    ("L", "Large"),
    ("XL", "XLarge"),
    ("X2", "X2Large"),
    ("X3", "X3Large"),
)
_ALWAYS: Final = ("Ti", "Th", "S", "M")
ORIGINAL: Final = "O"
#: Widths of films.
FILMS: Final = (320, 640, 960, 1280, 1920)

_ADDRESS: Final = re.compile(
    r"/photos/(?P<id>\d{1,18})(?:_(?P<key>\w+))?-(?P<letters>\w+?)(?:-(?P<serial>\d{1,9}))?\.(?P<type>\w+)\Z"
)


# -- addresses ---------------------------------------------------------------------------------------------


def picture_fields(call: Call, image: Image) -> dict[str, Any]:
    """Every address of the image's bytes; ABSENT for a size there is not, or not for this viewer."""
    view, there = call.view, {size.letters: size for size in sizes_of(call.view, image)}
    fields: dict[str, Any] = {}
    for letters, name in SIZES:
        size = there.get(letters)
        shown = size is not None or letters in _ALWAYS
        extension = size.extension if size else "jpg"
        fields[f"{name}URL"] = _address(call, image, letters, extension) if shown else ABSENT
    original = not image.is_video and gives_original(view, image)
    extension = original_extension(image)
    fields["OriginalURL"] = _address(call, image, ORIGINAL, extension) if original else ABSENT
    return fields


def gives_original(view: View, image: Image) -> bool:
    """Whether its OriginalURL is told: to others only where the owner lets them have it from elsewhere."""
    home = view.account.album(image.home)
    if home is None or view.switches.legacy_originals == "withheld" or not view.may_have_original(image):
        return False
    return view.owns(home.node) or bool(home.shown.get("External", True))


def film_fields(call: Call, image: Image) -> dict[str, Any]:
    """The address of a video's film under its width; of what is processed or broken there is none."""
    film = _film(call.view, image)
    if film is None:
        return {}
    width = _film_width(image)
    return {f"Video{width}URL": _address(call, image, str(width), "mp4")}


def _film_width(image: Image) -> int:
    info = look_into(image)
    edge = max(info.width, info.height) or FILMS[-1]
    return next((width for width in FILMS if width >= edge), FILMS[-1])


def _address(call: Call, image: Image, letters: str, extension: str) -> str:
    number, how = call.numbers.of_image(image), call.view.switches.legacy_urls
    if how == "version":
        how = "keyed" if call.version.has_page_urls else "serial"
    name = f"{number}_{image.key}" if how == "keyed" else str(number)
    tail = f"-{image.serial}" if how == "serial" else ""
    return f"{call.view.origin}/photos/{name}-{letters}{tail}.{extension}"


# -- pages for people --------------------------------------------------------------------------------------


def album_page(call: Call, album: Album) -> str:
    """`http://NICK.smugmug.com/Other/Foo/51343_k8W1aR`: category, subcategory, album, id and key (two of
    them, and the form, are recorded)."""
    node, place = album.node, Place.of(album.node)
    number = f"{call.numbers.of_album(album)}_{album.key}"
    if call.view.locked(node) or hides_owner(call.view, node):
        return f"http://www.smugmug.com/gallery/{number}"
    names = [place.category.url_name if place.category else BUILT_IN[OTHER]]
    names += [place.subcategory.url_name] if place.subcategory else []
    return f"http://{node.owner}.smugmug.com/{quote('/'.join([*names, node.url_name]))}/{number}"


def image_page(call: Call, album: Album, image: Image) -> dict[str, str]:
    """`AlbumURL` up to 1.2.1, then `URL` and `LightboxURL`."""
    number = call.numbers.of_image(image)
    if not call.version.has_page_urls:
        site = "www" if hides_owner(call.view, album.node) else album.node.owner
        gallery = f"http://{site}.smugmug.com/gallery/{call.numbers.of_album(album)}"
        return {"AlbumURL": f"{gallery}#{number}"}
    page = f"{album_page(call, album)}#{number}_{image.key}"
    return {"LightboxURL": f"{page}-A-LB", "URL": page}


# -- bytes -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Picture:
    """What an address leads to: the bytes of an image in the size of these letters."""

    image: Image
    content: Content
    letters: str


def is_address(path: str) -> bool:
    return _ADDRESS.match(unquote(path)) is not None


def is_quick(path: str) -> bool:
    """Whether the bytes only have to be read; a smaller size may have to be made first."""
    found = _ADDRESS.match(unquote(path))
    return found is None or found["letters"] == ORIGINAL or found["letters"].isdigit()


def image_at(numbers: Numbers, path: str) -> Image | None:
    """The image of an address, if key and serial, where they are named, are its own."""
    found = _ADDRESS.match(unquote(path))
    image = numbers.image(int(found["id"])) if found else None
    if found is None or image is None or found["key"] not in (None, image.key):
        return None
    return image if found["serial"] in (None, str(image.serial)) else None


def find_picture(view: View, numbers: Numbers, path: str) -> Picture | None:
    """None where there is no such image or no such size of it."""
    found, image = _ADDRESS.match(unquote(path)), image_at(numbers, path)
    if found is None or image is None:
        return None
    letters = found["letters"]
    if letters.isdigit():
        film = _film(view, image)
        fits = film is not None and int(letters) == _film_width(image)
        return Picture(image, film, letters) if film is not None and fits else None
    if letters == ORIGINAL:
        return None if image.is_video else Picture(image, image.content, letters)
    if letters not in dict(SIZES):
        return None
    content = scaled(view, image, letters)
    if content is None and letters in _ALWAYS:
        content = _next_best(view, image)
    return None if content is None else Picture(image, content, letters)


def _next_best(view: View, image: Image) -> Content:
    """For the sizes that every picture has: the picture itself if it is small or if nothing can be scaled
    here; what stands in for it where nobody but the owner may have that."""
    home = view.account.album(image.home)
    withheld = home is not None and home.largest_size != "Original"
    stand_in = scaled(view, image, "Th") if image.is_video or withheld else None
    return image.content if stand_in is None else stand_in


def _film(view: View, image: Image) -> Content | None:
    ready = image.is_video and not image.broken and not image.is_processing(view.account.clock())
    return image.rendition if ready else None
