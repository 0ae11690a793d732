"""What is done to albums and to the images in them, by PATCH, DELETE and the actions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from smugsync.emulator.account.account import MAX_IMAGES
from smugsync.emulator.account.model import INHERITED, Album, Image
from smugsync.emulator.api.addresses import named_album_image, named_image
from smugsync.emulator.api.album_fields import ALBUM_FIELDS, NODE_FIELDS, SHOWN
from smugsync.emulator.api.albums import draw_album
from smugsync.emulator.api.finding import ALL_FIELDS, visible_album
from smugsync.emulator.api.node_changes import editing, mine, read_changes
from smugsync.emulator.api.routes import ApiError, Ask
from smugsync.emulator.api.shape import Answer

#: What an album without it does not show.
_OPTIONAL: Final = ("PrintmarkUri", "WatermarkUri", "ThemeUri", "UploadKey")


def my_album(ask: Ask) -> Album:
    """The album the address names: 404 if it does not exist for the viewer, 403 if it is not theirs."""
    album = visible_album(ask, ask.names[0])
    mine(ask, album.node)
    return album


def patch_album(ask: Ask) -> Answer:
    album = my_album(ask)
    change_album(ask, album, ask.values)
    return ask.answer(draw_album(ask.view, album, ALL_FIELDS))


def change_album(ask: Ask, album: Album, values: Mapping[str, Any]) -> None:
    """Set fields of an album: what is its node's too is set there. Raises ApiError 400 or 409, then nothing
    is changed."""
    node_changes = read_changes(ask, _of_node(ask, album, values), album.node)
    album_changes = {field: values[name] for name, field in ALBUM_FIELDS.items() if name in values}
    shown = {name: values[name] for name in (*SHOWN, *_OPTIONAL) if name in values}
    if shown:
        kept = album.shown | shown
        album_changes["shown"] = {n: v for n, v in kept.items() if n not in _OPTIONAL or v}
    account = ask.view.account
    with editing():
        if node_changes:
            account.edit_node(album.node, **node_changes)
        if album_changes:
            account.edit_album(album, **album_changes)


def _of_node(ask: Ask, album: Album, values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that are the node's as well, in the form that the node takes them in."""
    found = {name: values[name] for name in NODE_FIELDS if name in values}
    if "WorldSearchable" in found:
        found["WorldSearchable"] = INHERITED if found["WorldSearchable"] else "No"
    if "HighlightAlbumImageUri" in found:
        uri = found.pop("HighlightAlbumImageUri")
        named = named_album_image(ask, uri) if uri else None
        if uri and (named is None or named[0] is not album):
            raise ApiError(400, problems={"HighlightAlbumImageUri": ["There is no such image in the album"]})
        found["HighlightImageUri"] = uri
    return found


def delete_album(ask: Ask) -> Answer:
    """With its images; it can be recovered."""
    with editing():
        ask.view.account.delete_node(my_album(ask).node)
    return ask.answer(None)


def _done(ask: Ask) -> Answer:
    """No object (measured). A task that may take its time is accepted, and here it is over already."""
    return replace(ask.answer(None), status=202 if ask.values.get("Async") else 200)


def _named(ask: Ask, field: str, *, within: Album | None = None) -> list[tuple[Album, Image]]:
    """The viewer's own images in albums that `field` names, each once.

    What is no address of an image in an album, or of one that is not there any more, is a bad parameter
    (measured: images that had been moved away).
    """
    found: dict[tuple[str, str], tuple[Album, Image]] = {}
    problems = []
    for uri in ask.values[field]:
        named = named_album_image(ask, uri)
        if named is None or within not in (None, named[0]):
            problems.append(f"{uri} is no image in {'this' if within else 'an'} album")
        else:
            mine(ask, named[0].node)
            found[named[0].key, named[1].key] = named
    _refuse(field, problems if found or problems else ["At least one address is needed"])
    return list(found.values())


def _refuse(field: str, problems: list[str]) -> None:
    if problems:
        raise ApiError(400, problems={field: problems})


def move_images(ask: Ask) -> Answer:
    """All of them or none. One that is still processing stays where it is, without an error (measured)."""
    target, named = my_album(ask), _named(ask, "MoveUris")
    _check_room(target, [image for album, image in named if album is not target], "MoveUris")
    for album, image in named:
        ask.view.account.move(image, target, album)
    return _done(ask)


def collect_images(ask: Ask) -> Answer:
    """Also images of other people, as far as they let them be shared; what the album shows stays as it is."""
    target, view = my_album(ask), ask.view
    problems: list[str] = []
    found: dict[str, Image] = {}
    for uri in ask.values["CollectUris"]:
        image = named_image(ask, uri)
        home = view.account.album(image.home) if image else None
        if image is None or home is None:
            problems.append(f"{uri} is no image")
            continue
        if not view.is_mine(home.node) and not home.share:
            raise ApiError(403)
        found[image.key] = image
    _refuse("CollectUris", problems if found or problems else ["At least one address is needed"])
    new = [image for image in found.values() if target.key not in (image.home, *image.collected)]
    _check_room(target, new, "CollectUris")
    for image in new:
        view.account.collect(image, target)
    return _done(ask)


def _check_room(target: Album, images: list[Image], field: str) -> None:
    shown = {image.key for image in target.photos} if images else set()
    if len(shown | {image.key for image in images}) > MAX_IMAGES:
        _refuse(field, [f"An album holds at most {MAX_IMAGES} images"])


def delete_images(ask: Ask) -> Answer:
    """As DELETE of each: what the album merely collected only leaves it."""
    album = my_album(ask)
    for _, image in _named(ask, "DeleteUris", within=album):
        ask.view.account.delete(image, album)
    return _done(ask)


def sort_images(ask: Ask) -> Answer:
    """By hand. What is named comes first, in its order; with `Uri`, before or after that image.

    How the service takes this is uncertain; that sorting by hand goes with SortMethod Position is recorded.
    """
    album, account = my_album(ask), ask.view.account
    field = "MoveUris" if "MoveUris" in ask.values else "Uris"
    if field not in ask.values:
        raise ApiError(400, problems={"MoveUris": ["Required parameter is missing"]})
    keys = [image.key for _, image in _named(ask, field, within=album)]
    order = keys
    if ask.values.get("Uri"):
        pivot = named_album_image(ask, ask.values["Uri"])
        if pivot is None or pivot[0] is not album or pivot[1].key in keys:
            raise ApiError(400, problems={"Uri": ["There is no such other image in the album"]})
        others = [image.key for image in album.photos if image.key not in keys]
        at = others.index(pivot[1].key) + (ask.values.get("MoveLocation", "After") == "After")
        order = others[:at] + keys + others[at:]
    account.reorder(album, order)
    return ask.answer(None)


def unlock_album(ask: Ask) -> Answer:
    """The right password opens the album to this application and user (that it is tied to them is
    uncertain, as is the status of a wrong one)."""
    album = visible_album(ask, ask.names[0])
    if not ask.view.account.unlock(ask.view.caller, album.node, ask.values["Password"]):
        raise ApiError(403, problems={"Password": ["The password is wrong"]})
    return ask.answer(None)


def apply_template(ask: Ask) -> Answer:
    """There are no templates in an emulated account, so none can be applied."""
    my_album(ask)
    raise ApiError(400, problems={"AlbumTemplateUri": ["There is no such album template"]})


def add_sample_photos(ask: Ask) -> Answer:
    """Offered to everybody but the owner (recorded), who may not do it."""
    visible_album(ask, ask.names[0])
    raise ApiError(403)


def post_images(ask: Ask) -> Answer:
    """Offered (recorded), but what it takes is not known."""
    my_album(ask)
    raise ApiError(400)
