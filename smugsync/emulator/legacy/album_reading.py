"""The methods that show albums."""

from __future__ import annotations

from smugsync.emulator.legacy.albums import album_entry, album_fields, bare_place, last_updated
from smugsync.emulator.legacy.calls import Call, Payload
from smugsync.emulator.legacy.places import album_of, albums_below, opened_user


def get(call: Call) -> Payload:
    """All of a user's albums at once: this API knows no pages."""
    now, since = call.view.account.clock(), call.since
    albums = [
        album
        for album in albums_below(call.view, opened_user(call))
        if (call.with_empty or len(album.photos)) and (not since or last_updated(album, now) > since)
    ]
    shown = [album_entry(call, album) for album in albums]
    return {"Albums": list(call.listed(shown, "albums"))}


def get_info(call: Call) -> Payload:
    album = album_of(call)
    fields = album_fields(call, album)
    if call.version.name == "1.2.0":
        bare = bare_place(call, album)
        names = [name for name in fields if name not in bare]
        if call.view.owns(album.node):
            fields = {"id": fields["id"], **call.key(album.key), **bare, **{n: fields[n] for n in names}}
        else:  # recorded in this order
            fields = {**{name: fields[name] for name in names}, **bare}
    return {"Album": call.told(fields)}


def get_stats(call: Call) -> Payload:
    """What Month and Year had of visits: none, ever. Which fields there are is not known for certain."""
    album = album_of(call)
    month, year = call.arguments.number("Month"), call.arguments.number("Year")
    sizes = dict.fromkeys(("Bytes", "Tiny", "Small", "Medium", "Large", "Original"), 0)
    return {"Album": {"id": call.numbers.of_album(album), "Month": month, "Year": year, **sizes}}
