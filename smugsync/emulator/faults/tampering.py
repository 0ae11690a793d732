"""What faults do to answers and to the account behind them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

from smugsync.emulator.account.account import Account
from smugsync.emulator.account.content import Noise
from smugsync.emulator.account.look import format_of, in_album_order
from smugsync.emulator.api.routes import MESSAGES
from smugsync.emulator.messages import Request

_ALBUM: Final = re.compile(r"/api/v2/album/(\w+)!images")
_DIGITS: Final = 18
_STUCK: Final = {"Processing": True, "Status": "Preprocess", "SubStatus": ""}
_FILM: Final = "VideoSize"
_TRIO: Final = ("ArchivedUri", "ArchivedSize", "ArchivedMD5")


def page_size(request: Request) -> int:
    """The `count` a request asks for, 0 if it names none."""
    text = dict(request.params).get("count", "")
    return int(text[:_DIGITS]) if text.isascii() and text.isdigit() else 0


def edit_listed_album(request: Request, account: Account, what: str) -> None:
    """Add an image to the album whose images are being listed, or delete the first one of it."""
    found = _ALBUM.match(request.path)
    album = account.album(found[1]) if found else None
    if album is None:
        return
    if what == "add":
        number = len(album.photos)
        account.add_photo(album, f"0-ADDED-{number:04d}.JPG", Noise(f"{album.key}/{number}", 2000))
    elif images := in_album_order(album):
        account.delete(images[0], album)


def drop_archived(body: Any, _: int) -> None:
    for image in _images(body):
        for name in _TRIO:
            image.pop(name, None)


def repeat_names(body: Any, _: int) -> None:
    named = [image for image in _images(body) if "FileName" in image]
    for image in named[1:]:
        image["FileName"] = named[0]["FileName"]


def stick_videos(body: Any, _: int) -> None:
    """As the service shows a video that is processing: no film of it can be had anywhere."""
    for image in _images(body):
        if image.get("IsVideo"):
            image |= {name: value for name, value in _STUCK.items() if name in image}
            for name in _TRIO:
                image.pop(name, None)
    expansions, shown = body.get("Expansions") or {}, body.get("Response", {})
    for uri in [uri for uri, part in expansions.items() if _leads_to_a_film(part)]:
        del expansions[uri]
    if not expansions:
        body.pop("Expansions", None)
    for part in (shown, *expansions.values()):
        details = part.get("ImageSizeDetails", {})
        for name in [name for name in details if name.startswith(_FILM)]:
            del details[name]
        if "UsableSizes" in details:
            details["UsableSizes"] = [name for name in details["UsableSizes"] if not name.startswith(_FILM)]
    if _leads_to_a_film(shown):
        shown.pop(shown["Locator"])
        body.pop("Options", None)
        shown.pop("Timing", None)
        body["Code"], body["Message"] = 404, MESSAGES[404]


def _leads_to_a_film(part: Any) -> bool:
    """Whether it is a `LargestVideo`, or an `ImageDownload` whose file is a video."""
    locator = part.get("Locator")
    if locator == "LargestVideo":
        return locator in part
    return locator == "ImageDownload" and format_of(part.get(locator, {}).get("Url", "")) == "MP4"


def overstate_total(body: Any, by: int) -> None:
    pages = body.get("Response", {}).get("Pages")
    if pages is not None:
        pages["Total"] += by


def swap_equals(body: Any, times: int) -> None:
    """Every other time, images of one name on a page change places."""
    if times % 2 == 0:
        return
    images = list(_images(body))
    for first, second in pairwise(images):
        if first.get("FileName") == second.get("FileName"):
            kept = dict(first)
            first.clear()
            first.update(second)
            second.clear()
            second.update(kept)


def empty_metadata(body: Any, _: int) -> None:
    """Expanded metadata of a fresh upload, as if it had none."""
    for part in (body.get("Expansions") or {}).values():
        shown = part.get("ImageMetadata", {})
        shown |= {name: "" for name, value in shown.items() if isinstance(value, str) and name[:3] != "Uri"}


def add_source_files(body: Any, _: int) -> None:
    for image in _images(body):
        if image.get("ComponentFileTypes") and not image.get("IsVideo"):
            image["ComponentFileTypes"] = {**image["ComponentFileTypes"], "Raw": ["CR2"]}


def _images(body: Any) -> Iterator[dict[str, Any]]:
    """Every Image and AlbumImage in an answer, expansions included."""
    for part in (body.get("Response", {}), *(body.get("Expansions") or {}).values()):
        for locator in ("AlbumImage", "Image"):
            shown = part.get(locator)
            yield from [shown] if isinstance(shown, dict) else shown or []
