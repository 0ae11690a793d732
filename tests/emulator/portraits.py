"""Accounts as plain values: every field of every object, in order. Written without the state file's codec."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from smugsync.emulator.account.account import Account
from smugsync.emulator.account.look import look_into
from smugsync.emulator.account.model import Album, Image, Node

#: What belongs to the process, or is set anew by every run's switches; and what is worked out anew.
PASSING = {
    *("clock", "lock", "changes", "_unlocked"),
    *("images_updated_delay", "updated_throttle", "image_lag", "images_move_albums"),
}
CACHES = {"in_order"}


def portray(account: Account) -> dict[str, Any]:
    """Everything there is to know of an account. Two accounts are equal if their portraits are."""
    now = account.clock()
    for album in (*account.albums.values(), *account.bin.albums.values()):
        album.images_updated_at(now)  # what is due by now has happened, whether somebody looked or not
        # What was deleted for good is only dropped from a deleted album when that is recovered.
        album.photos = [one for one in album.photos if one.key in account._images | account.bin.images]
    for image in (*account._images.values(), *account.bin.images.values()):
        look_into(image)
    shown = {name: _plain(value) for name, value in vars(account).items() if name not in PASSING}
    things = {
        name: {key: _fields(thing) for key, thing in shelf.items()}
        for name, shelf in _shelves(account).items()
    }
    return {"attributes": shown, "orders": {name: list(shelf) for name, shelf in things.items()}, **things}


def _shelves(account: Account) -> dict[str, Mapping[str, Any]]:
    return {
        "nodes": account.nodes,
        "albums": account.albums,
        "images": account._images,
        "deleted nodes": account.bin.nodes,
        "deleted albums": account.bin.albums,
        "deleted images": account.bin.images,
    }


def _fields(thing: Any) -> dict[str, Any]:
    return {one.name: _plain(getattr(thing, one.name)) for one in fields(thing) if one.name not in CACHES}


def _plain(value: Any) -> Any:
    if isinstance(value, Node):
        return "node", value.id
    if isinstance(value, Album | Image):
        return type(value).__name__, value.key
    if is_dataclass(value):
        return type(value).__name__, _fields(value)
    if hasattr(value, "md5"):
        return "content", value.size, value.md5
    if isinstance(value, Mapping):
        return "mapping", [(name, _plain(one)) for name, one in value.items()]
    if isinstance(value, list | tuple):
        return type(value).__name__, [_plain(one) for one in value]
    if isinstance(value, set | frozenset):
        return "set", sorted(map(repr, value))
    assert value is None or isinstance(value, str | int | float), value
    return value
