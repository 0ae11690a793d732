"""The read side of the API: images, alone and in albums."""

from __future__ import annotations

from collections.abc import Callable

from smugsync.emulator.account.model import Image
from smugsync.emulator.api.albums import draw_album
from smugsync.emulator.api.finding import ALL_FIELDS, nothing_listed, open_album
from smugsync.emulator.api.photos import draw_album_image, draw_image
from smugsync.emulator.api.renditions import (
    draw_download,
    draw_largest_image,
    draw_largest_video,
    draw_metadata,
    draw_size_details,
    draw_sizes,
)
from smugsync.emulator.api.routes import ApiError, Ask, Route, route
from smugsync.emulator.api.shape import Answer, Entity, Listing
from smugsync.emulator.api.view import View


def _split(name: str) -> tuple[str, int | None]:
    """`KEY-SERIAL` -> key and revision; the revision may be left out."""
    key, dash, serial = name.partition("-")
    if not dash:
        return key, None
    if not serial.isdecimal():
        raise ApiError(404)
    return key, int(serial)


def _visible(ask: Ask, name: str) -> Image:
    """For actions, which are served with and without the revision (recorded both ways)."""
    image = ask.view.account.image(_split(name)[0])
    if image is None or not ask.view.sees_image(image):
        raise ApiError(404)
    return image


def _check_revision(ask: Ask, name: str, image: Image) -> None:
    """The object itself has moved to its current revision: a redirect, not a 404."""
    if _split(name)[1] != image.serial:
        raise ApiError(301, location=ask.uri.removesuffix(name) + image.id)


def _images(ask: Ask) -> Answer:
    names = ask.names[0].split(",")
    if len(names) == 1:
        image = _visible(ask, names[0])
        _check_revision(ask, names[0], image)
        return ask.answer(draw_image(ask.view, image, ALL_FIELDS))
    account = ask.view.account
    found = [account.image(_split(name)[0]) for name in names]
    seen = [draw_image(ask.view, i, ALL_FIELDS) for i in found if i and ask.view.sees_image(i)]
    if not seen:
        raise ApiError(404)
    return ask.answer(seen, kind="Objects")


def _album_image(ask: Ask) -> Answer:
    album = open_album(ask, ask.names[0])
    image = ask.view.account.image(_split(ask.names[1])[0])
    if image is None or album.key not in (image.home, *image.collected):
        raise ApiError(404)
    if not ask.view.shows(image, album.node):
        raise ApiError(404)
    _check_revision(ask, ask.names[1], image)
    return ask.answer(draw_album_image(ask.view, album, image, ALL_FIELDS))


def _detail(draw: Callable[[View, Image], Entity | None]) -> Callable[[Ask], Answer]:
    def handle(ask: Ask) -> Answer:
        entity = draw(ask.view, _visible(ask, ask.names[-1]))
        if entity is None:
            raise ApiError(404)
        return ask.answer(entity)

    return handle


def _metadata(ask: Ask) -> Answer:
    return ask.answer(draw_metadata(ask.view, _visible(ask, ask.names[-1]), ask.uri))


def _download(view: View, image: Image) -> Entity | None:
    return draw_download(view, image) if view.may_have_original(image) else None


def _albums(ask: Ask) -> Answer:
    image, view = _visible(ask, ask.names[0]), ask.view
    albums = [album for album in view.account.albums_of(image) if view.sees(album.node)]
    return ask.answer(Listing(albums, lambda album, selection: draw_album(view, album, selection)))


IMAGE_ROUTES: tuple[Route, ...] = (
    route("/image/{}", "Image", _images),
    route("/image/{}!sizes", "ImageSizes", _detail(draw_sizes)),
    route("/image/{}!sizedetails", "ImageSizeDetails", _detail(draw_size_details)),
    route("/image/{}!largestimage", "LargestImage", _detail(draw_largest_image)),
    route("/image/{}!largestvideo", "LargestVideo", _detail(draw_largest_video)),
    route("/image/{}!metadata", "ImageMetadata", _metadata),
    route("/image/{}!download", "ImageDownload", _detail(_download)),
    route("/image/{}!albums", "ImageAlbums", _albums),
    route("/image/{}!comments", "ImageComments", nothing_listed),
    route("/image/{}!regions", "Regions", nothing_listed),
    route("/image/{}!prices", "ImagePrices", nothing_listed),
    route("/album/{}/image/{}", "AlbumImage", _album_image),
    route("/album/{}/image/{}!metadata", "AlbumImageMetadata", _metadata),
)
