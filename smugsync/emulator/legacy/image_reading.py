"""The methods that show images."""

from __future__ import annotations

from typing import Any

from smugsync.emulator.account.model import Album, Image
from smugsync.emulator.legacy.albums import images_of
from smugsync.emulator.legacy.calls import Call, Payload
from smugsync.emulator.legacy.exif import exif_fields
from smugsync.emulator.legacy.images import LIGHT, image_fields, one_place, places_of, with_album
from smugsync.emulator.legacy.pictures import album_page, film_fields, image_page, picture_fields
from smugsync.emulator.legacy.places import album_of, image_of


def get(call: Call) -> Payload:
    """All images of an album at once, as the gallery shows them."""
    album, now, since = album_of(call), call.view.account.clock(), call.since
    everything = images_of(call, album)
    images = [image for image in everything if image.updated_at(now) > since] if since else everything
    call.listed(images, "images")
    shown = _shown(call, album, images)
    how = call.view.switches.legacy_images
    if how == "top" or (how == "version" and not call.version.nests_images):
        return {"Images": shown}
    count = len(images if call.view.switches.legacy_count == "listed" else everything)
    data: dict[str, Any] = {"id": call.numbers.of_album(album), **call.key(album.key), "ImageCount": count}
    data["Images"] = shown
    if call.version.takes_bare_keys:
        data["URL"] = album_page(call, album)
    return {"Album": data}


def _shown(call: Call, album: Album, images: list[Image]) -> list[dict[str, Any]]:
    """Nothing is looked up of an image that only its id is asked of."""
    if call.is_light:
        return [{"id": call.numbers.of_image(image), **call.key(image.key)} for image in images]
    places = places_of(album)
    return [call.chosen(image_fields(call, album, image, places[image.key]), LIGHT) for image in images]


def get_info(call: Call) -> Payload:
    image = image_of(call)
    album = _home(call, image)
    fields = image_fields(call, album, image, one_place(album, image))
    return {"Image": call.told(with_album(call, fields, album, album_page(call, album)))}


def get_urls(call: Call) -> Payload:
    """TemplateID decides how the page looks, and is not looked at."""
    image = image_of(call)
    album = _home(call, image)
    begin = {"id": call.numbers.of_image(image)}
    if call.version.name != "1.2.0":
        begin |= call.key(image.key)
    addresses = image_page(call, album, image) | picture_fields(call, image) | film_fields(call, image)
    return {"Image": call.told({**begin, **addresses})}


def get_exif(call: Call) -> Payload:
    """Only the id where the owner does not show what the camera wrote."""
    image = image_of(call)
    album = _home(call, image)
    begin: dict[str, Any] = {"id": call.numbers.of_image(image)}
    if call.version.name != "1.2.0":
        begin |= call.key(image.key)
    seen = call.view.owns(album.node) or album.exif
    return {"Image": {**begin, **(exif_fields(image) if seen else {})}}


def get_stats(call: Call) -> Payload:
    """As those of albums: nobody ever came."""
    image = image_of(call)
    month, year = call.arguments.number("Month"), call.arguments.number("Year")
    sizes = dict.fromkeys(("Bytes", "Tiny", "Small", "Medium", "Large", "Original"), 0)
    return {"Image": {"id": call.numbers.of_image(image), "Month": month, "Year": year, **sizes}}


def _home(call: Call, image: Image) -> Album:
    """The album that it is told to be in: its own, or for those who may not see that one another."""
    albums = [album for album in call.view.account.albums_of(image) if call.view.sees(album.node)]
    return albums[0]
