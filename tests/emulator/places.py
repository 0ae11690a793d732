"""Short ways to albums and images for tests of the API's writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from smugsync.emulator.account.model import Album, Image
from smugsync.emulator.media.pictures import make_picture
from tests.emulator.ask import Client


def album_named(client: Client, name: str) -> Album:
    return next(a for a in client.emulator.account.albums.values() if a.node.name == name)


def new_album(client: Client, name: str, *names: str, parent: str = "") -> Album:
    """An album with a photo for each name, in a folder called `parent` or in the root."""
    account = client.emulator.account
    place = account.find(account.root, [parent]) if parent else None
    album = account.add_album(name, parent=place)
    for number, file_name in enumerate(names):
        account.add_photo(album, file_name, make_picture(number, taken=f"2020-06-0{number % 9 + 1}T12:00:00"))
    return album


def uri(album: Album, image: Image | None = None) -> str:
    """Of an album, or of an image in it."""
    return f"/api/v2/album/{album.key}" + (f"/image/{image.id}" if image else "")


def uris(album: Album) -> list[str]:
    """Of all images in it, in upload order."""
    return [uri(album, image) for image in album.photos]


def file_names(client: Client, album: Album) -> list[str]:
    """As the API lists them."""
    return [image["FileName"] for image in client.all(f"{uri(album)}!images", "AlbumImage")]


def shown(client: Client, album: Album) -> dict[str, Any]:
    found: dict[str, Any] = client.get(uri(album))["Response"]["Album"]
    return found


def patch(client: Client, target: str, **fields: Any) -> dict[str, Any]:
    """A PATCH that must succeed; the object in its answer."""
    response = client.write(target, fields, "PATCH")
    body = response.json()
    assert isinstance(body, dict)
    assert (response.status, body["Code"], body["Message"]) == (200, 200, "Ok"), body
    found: dict[str, Any] = body["Response"][body["Response"]["Locator"]]
    return found


def act(client: Client, target: str, **fields: Any) -> dict[str, Any]:
    """A POST of an action that must succeed and show no object (measured)."""
    response = client.write(target, fields)
    body = response.json()
    assert isinstance(body, dict)
    assert (response.status, body["Code"], body["Message"]) == (200, 200, "Ok"), body
    assert body["Response"].get("Locator") is None
    return body


def refused(client: Client, target: str, method: str = "POST", **fields: Any) -> tuple[int, set[str]]:
    """The status of a write that must fail, and the fields that have problems."""
    response = client.write(target, fields, method)
    assert response.status >= 400
    body = response.json()
    assert isinstance(body, dict)
    table: Sequence[dict[str, Any]] = body.get("Options", {}).get("Parameters", {}).get(method, [])
    return response.status, {entry["Name"] for entry in table if entry.get("Problems")}
