"""The methods that make, change, sort and delete albums."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Final

from smugsync.emulator.account.look import look_into
from smugsync.emulator.account.model import Album, Image
from smugsync.emulator.account.tree import EditError
from smugsync.emulator.legacy.calls import Call, Payload
from smugsync.emulator.legacy.failures import (
    INVALID_DATA,
    INVALID_SORT_DIRECTION,
    INVALID_SORT_METHOD,
    Failure,
)
from smugsync.emulator.legacy.pictures import album_page
from smugsync.emulator.legacy.places import my_album, wanted_folder
from smugsync.emulator.legacy.settings import Wanted, wanted_settings

_SORTS: Final = ("filename", "caption", "datetime")


@contextlib.contextmanager
def editing() -> Iterator[None]:
    """An edit that is impossible is invalid data, and the message says why."""
    try:
        yield
    except EditError as error:
        raise Failure(INVALID_DATA, str(error)) from None


def create(call: Call) -> Payload:
    """With Unique, an album of that title in that place is answered instead of a second one."""
    title = call.arguments.needed("Title")
    wanted, folder = wanted_settings(call.arguments), wanted_folder(call)
    if call.version.takes_bare_keys and call.arguments.flag("Unique"):
        for node in folder.children:
            if node.album is not None and node.name == title:
                return {"Album": _new(call, node.album)}
    with editing():
        changes = {name: value for name, value in wanted.node.items() if name != "name"}
        album = call.view.account.add_album(title, parent=folder, **changes)
        _set(call, album, Wanted({}, wanted.album, wanted.shown))
    return {"Album": _new(call, album)}


def _new(call: Call, album: Album) -> dict[str, Any]:
    """Only the id in 1.2.0, then the key, from 1.3.0 on the page as well."""
    shown: dict[str, Any] = {"id": call.numbers.of_album(album)}
    if call.version.name != "1.2.0":
        shown["Key"] = album.key
    if call.version.takes_bare_keys:
        shown["URL"] = album_page(call, album)
    return shown


def change_settings(call: Call) -> Payload:
    """Settings, and the category: with that, the album moves. CategoryID 0 is *Other*."""
    album = my_album(call)
    wanted = wanted_settings(call.arguments, album)
    folder = None
    if "CategoryID" in call.arguments or call.arguments.optional_number("SubCategoryID"):
        folder = wanted_folder(call)
    moves = folder is not None and folder is not album.node.parent
    if not moves and not wanted.differs(album):
        call.nothing_changed()
        return {}
    with editing():
        if folder is not None and moves:
            call.view.account.move_node(album.node, folder)
        _set(call, album, wanted)
    return {}


def _set(call: Call, album: Album, wanted: Wanted) -> None:
    account = call.view.account
    if wanted.node:
        account.edit_node(album.node, **wanted.node)
    own = dict(wanted.album)
    if wanted.shown:
        own["shown"] = album.shown | wanted.shown
    if own:
        account.edit_album(album, **own)


def delete(call: Call) -> Payload:
    """With its images. It can be recovered through the newer API."""
    with editing():
        call.view.account.delete_node(my_album(call).node)
    return {}


def resort(call: Call) -> Payload:
    """The positions anew, once; the album is sorted by Position from then on."""
    album = my_album(call)
    by = call.arguments.text("By").strip().casefold()
    direction = call.arguments.text("Direction").strip().upper()
    if by not in _SORTS:
        raise Failure(INVALID_SORT_METHOD)
    if direction not in ("ASC", "DESC"):
        raise Failure(INVALID_SORT_DIRECTION)

    def rank(image: Image) -> tuple[str, str]:
        match by:
            case "caption":
                return image.caption, image.file_name
            case "datetime":
                return look_into(image).taken, image.file_name
        return image.file_name, image.key

    images = sorted(album.photos, key=rank, reverse=direction == "DESC")
    call.view.account.reorder(album, [image.key for image in images])
    return {}
