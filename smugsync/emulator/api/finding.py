"""What the handlers of all endpoints share: finding what a request names, as far as the viewer may."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from smugsync.emulator.account.model import Album, Image, Node
from smugsync.emulator.api.routes import ApiError, Ask
from smugsync.emulator.api.shape import Answer, Entity, Listing, Selection

ALL_FIELDS: Final = Selection()


def root_of(ask: Ask, nickname: str) -> Node:
    root = ask.view.account.root_of(nickname)
    if root is None:
        raise ApiError(404)
    return root


def visible_node(ask: Ask, node_id: str) -> Node:
    node = ask.view.account.node(node_id)
    if node is None or not ask.view.sees(node):
        raise ApiError(404)
    return node


def visible_album(ask: Ask, key: str) -> Album:
    album = ask.view.account.album(key)
    if album is None or not ask.view.sees(album.node):
        raise ApiError(404)
    return album


def open_album(ask: Ask, key: str) -> Album:
    """For what is inside: behind a password that is not known, it is forbidden (status uncertain)."""
    album = visible_album(ask, key)
    if ask.view.locked(album.node):
        raise ApiError(403)
    return album


def revision_of(name: str) -> tuple[str, int | None]:
    """`KEY-SERIAL` -> key and revision; the revision may be left out."""
    key, dash, serial = name.partition("-")
    if dash and not (serial.isdecimal() and len(serial) < 16):
        raise ApiError(404)
    return key, int(serial) if dash else None


def visible_image(ask: Ask, name: str) -> Image:
    """By its key alone: actions are served with and without the revision (recorded both ways)."""
    image = ask.view.account.image(revision_of(name)[0])
    if image is None or not ask.view.sees_image(image):
        raise ApiError(404)
    return image


def shown_image(ask: Ask, album: Album, name: str) -> Image:
    """An image of that album, as far as the viewer finds it there."""
    image = ask.view.account.image(revision_of(name)[0])
    if image is None or album.key not in (image.home, *image.collected):
        raise ApiError(404)
    if not ask.view.shows(image, album.node):
        raise ApiError(404)
    return image


def each(items: Sequence[Any], draw: Any, ask: Ask) -> Listing:
    return Listing(items, lambda item, selection: draw(ask.view, item, selection))


def several(ask: Ask, found: list[Entity]) -> Answer:
    """A multi-get: what exists of it, as an array."""
    if not found:
        raise ApiError(404)
    if len(ask.names[0].split(",")) == 1:
        return ask.answer(found[0])
    return ask.answer(found, kind="Objects")


def nothing_listed(ask: Ask) -> Answer:
    """A list that exists and is empty."""
    return ask.answer(Listing([], lambda item, _: item))
