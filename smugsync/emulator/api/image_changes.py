"""What is done to images, by PATCH, DELETE and the actions."""

from __future__ import annotations

from typing import Any

from smugsync.emulator.account.model import Album, Image
from smugsync.emulator.api.addresses import named_album
from smugsync.emulator.api.finding import ALL_FIELDS, open_album, shown_image, visible_image
from smugsync.emulator.api.image_fields import IMAGE_FIELDS
from smugsync.emulator.api.node_changes import editing, mine
from smugsync.emulator.api.photos import draw_album_image, draw_image
from smugsync.emulator.api.routes import ApiError, Ask
from smugsync.emulator.api.shape import Answer, Entity


def _my_image(ask: Ask) -> Image:
    """By its key; the revision in the address, if there is one, does not matter to a write."""
    image = visible_image(ask, ask.names[-1])
    mine(ask, _home(ask, image).node)
    return image


def _home(ask: Ask, image: Image) -> Album:
    home = ask.view.account.album(image.home)
    if home is None:
        raise ApiError(404)
    return home


def _in_my_album(ask: Ask) -> tuple[Album, Image]:
    album = open_album(ask, ask.names[0])
    image = shown_image(ask, album, ask.names[1])
    mine(ask, album.node)
    return album, image


def patch_image(ask: Ask) -> Answer:
    image = _edit(ask, _my_image(ask), None)
    return ask.answer(draw_image(ask.view, image, ALL_FIELDS))


def patch_album_image(ask: Ask) -> Answer:
    """The image is one, wherever it is shown: an edit in an album that collected it reaches its home."""
    album, image = _in_my_album(ask)
    mine(ask, _home(ask, image).node)
    image = _edit(ask, image, album)
    if album.key not in (image.home, *image.collected):
        album = _target(ask)
    return ask.answer(draw_album_image(ask.view, album, image, ALL_FIELDS))


def _edit(ask: Ask, image: Image, source: Album | None) -> Image:
    """What the table does not know is ignored (measured: FileName). AlbumUri moves it (likely)."""
    account = ask.view.account
    target = _target(ask) if ask.values.get("AlbumUri") else None
    changes: dict[str, Any] = {
        field: ask.values[name] for name, field in IMAGE_FIELDS.items() if name in ask.values
    }
    with editing():
        if target is not None:
            account.move(image, target, source)
        return account.edit(image, **changes) if changes else image


def _target(ask: Ask) -> Album:
    target = named_album(ask, ask.values["AlbumUri"])
    if target is None:
        raise ApiError(400, problems={"AlbumUri": ["There is no such album"]})
    mine(ask, target.node)
    return target


def delete_image(ask: Ask) -> Answer:
    """From every album that shows it."""
    ask.view.account.delete(_my_image(ask))
    return ask.answer(None)


def delete_album_image(ask: Ask) -> Answer:
    """From every album, or from this one alone where it was merely collected."""
    album, image = _in_my_album(ask)
    ask.view.account.delete(image, album)
    return ask.answer(None)


def _revised(ask: Ask) -> Image:
    """Another revision; its archived file is the same (recorded: it is the untouched upload)."""
    image = _my_image(ask)
    if image.is_video:
        raise ApiError(400, problems={"": ["Videos cannot be changed"]})
    return ask.view.account.revise(image)


def rotate_image(ask: Ask) -> Answer:
    """The revision changes; the sizes are not drawn anew here. The field's name is uncertain."""
    if ask.values.get("Degrees", 90) % 90:
        raise ApiError(400, problems={"Degrees": ["Only multiples of 90 are accepted"]})
    _revised(ask)
    return ask.answer(None)


def crop_image(ask: Ask) -> Answer:
    """As `rotate_image`."""
    _revised(ask)
    return ask.answer(None)


def color_image(ask: Ask) -> Answer:
    """As `rotate_image`. What the object says is not known."""
    _revised(ask)
    return ask.answer(Entity(ask.uri, ask.endpoint.description, {}))


def copy_image(ask: Ask) -> Answer:
    """A second image of the same bytes."""
    image, target = _my_image(ask), _target(ask)
    with editing():
        ask.view.account.copy(image, target)
    return ask.answer(None)


def watermark_image(ask: Ask) -> Answer:
    """There are no watermarks in an emulated account, so none can be applied."""
    _my_image(ask)
    raise ApiError(400, problems={"WatermarkUri": ["There is no such watermark"]})
