"""The methods of users: who they are, and everything they have as a tree."""

from __future__ import annotations

from typing import Any

from smugsync.emulator.account.model import Album, Node
from smugsync.emulator.api.containers import full_name
from smugsync.emulator.legacy.albums import album_entry, last_updated
from smugsync.emulator.legacy.calls import ABSENT, Call, Payload
from smugsync.emulator.legacy.places import (
    albums_below,
    albums_in,
    categories,
    opened_user,
    struct_of,
    sub_struct_of,
    subcategories,
    user_of,
)


def get_tree(call: Call) -> Payload:
    """Categories with their subcategories and albums. What is empty is left out where Empty is false, and of
    other people's always."""
    root = opened_user(call)
    keeps_empty = call.with_empty and call.view.owns(root) and not call.since
    shown = [_category(call, None, albums_in(call.view, root), [], keeps_empty=keeps_empty)]
    for folder in categories(call.view, root):
        subs = [_subcategory(call, sub, keeps_empty=keeps_empty) for sub in subcategories(call.view, folder)]
        found = [sub for sub in subs if sub is not None]
        albums = albums_in(call.view, folder)
        shown.append(_category(call, folder, albums, found, keeps_empty=keeps_empty))
    there = [one for one in shown if one is not None]
    return {"Categories": list(call.listed(there, "categories"))}


def _category(
    call: Call, folder: Node | None, albums: list[Album], subs: list[dict[str, Any]], *, keeps_empty: bool
) -> dict[str, Any] | None:
    listed = _albums(call, albums)
    if not (listed or subs or keeps_empty):
        return None
    fields = {**struct_of(call, folder), "SubCategories": subs or ABSENT, "Albums": listed or ABSENT}
    return _lists(call, fields)


def _subcategory(call: Call, folder: Node, *, keeps_empty: bool) -> dict[str, Any] | None:
    """With the albums of all levels below it."""
    listed = _albums(call, list(albums_below(call.view, folder)))
    if not (listed or keeps_empty):
        return None
    return _lists(call, {**sub_struct_of(call, folder), "Albums": listed or ABSENT})


def _lists(call: Call, fields: dict[str, Any]) -> dict[str, Any]:
    """What is empty is absent; where the switch says null, null, and never a text."""
    how = call.view.switches.legacy_absent
    if how == "empty":
        return {name: [] if value is ABSENT else value for name, value in fields.items()}
    return call.told(fields)


def _albums(call: Call, albums: list[Album]) -> list[dict[str, Any]]:
    now, since = call.view.account.clock(), call.since
    shown = []
    for album in albums:
        if since and last_updated(album, now) <= since:
            continue
        if call.with_empty or len(album.photos):
            shown.append(album_entry(call, album, placed=False))
    return shown


def get_info(call: Call) -> Payload:
    root = user_of(call)
    name = {"NickName": root.owner, "Name": full_name(root)}
    return {"User": {**name, "URL": f"http://{root.owner}.smugmug.com"}}


def get_display_name(call: Call) -> Payload:
    """One client of 1.2.2 knows it, not its answer."""
    root = user_of(call)
    return {"User": {"NickName": root.owner, "DisplayName": full_name(root)}}


def get_transfer_stats(call: Call) -> Payload:
    """What Month and Year had of visits: none, ever. Which fields there are is not known for certain."""
    call.arguments.number("Month")
    call.arguments.number("Year")
    root = user_of(call)
    albums = [
        {"id": call.numbers.of_album(album), "Title": album.node.name, "Bytes": 0}
        for album in albums_below(call.view, root)
    ]
    return {"Albums": list(call.listed(albums, "albums"))}


def get_stats(call: Call) -> Payload:
    """As `get_transfer_stats`, in 1.3.0."""
    month, year = call.arguments.number("Month"), call.arguments.number("Year")
    sizes = dict.fromkeys(("Bytes", "Tiny", "Small", "Medium", "Large", "Original"), 0)
    return {"User": {"NickName": user_of(call).owner, "Month": month, "Year": year, **sizes}}
