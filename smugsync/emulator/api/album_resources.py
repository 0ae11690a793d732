"""The read side of the API: albums and their listings."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import unquote

from smugsync.emulator.account.look import in_album_order
from smugsync.emulator.account.model import Album, Image
from smugsync.emulator.api.albums import draw_album
from smugsync.emulator.api.containers import web_uri
from smugsync.emulator.api.finding import (
    ALL_FIELDS,
    each,
    nothing_listed,
    open_album,
    several,
    visible_album,
)
from smugsync.emulator.api.photos import draw_album_image
from smugsync.emulator.api.routes import ApiError, Ask, Route, route
from smugsync.emulator.api.shape import Answer, Entity, Listing


def _albums(ask: Ask) -> Answer:
    account = ask.view.account
    found = [account.album(key) for key in ask.names[0].split(",")]
    seen = [album for album in found if album and ask.view.sees(album.node)]
    return several(ask, [draw_album(ask.view, album, ALL_FIELDS) for album in seen])


def album_images(ask: Ask, album: Album) -> Sequence[Image]:
    """What the viewer finds in the album, in its order."""
    images = in_album_order(album)
    if ask.view.owns(album.node) or not isinstance(images, list):
        return images
    return [image for image in images if not image.hidden]


def _album_images(ask: Ask) -> Answer:
    album = open_album(ask, ask.names[0])
    images = album_images(ask, album)
    if ask.params.get("FileNames"):
        parts = ask.params["FileNames"].split(",")
        names = {*parts, *map(unquote, parts)}
        images = [image for image in images if image.file_name in names]
    view = ask.view
    return ask.answer(Listing(images, lambda image, sel: draw_album_image(view, album, image, sel)))


def _album_highlight(ask: Ask) -> Answer:
    album = open_album(ask, ask.names[0])
    images = album_images(ask, album)
    if not images:
        raise ApiError(404)
    return ask.answer(draw_album_image(ask.view, album, images[0], ALL_FIELDS))


def _album_share(ask: Ask) -> Answer:
    album = visible_album(ask, ask.names[0])
    address = web_uri(ask.view, album.node)
    return ask.answer(Entity(ask.uri, ask.endpoint.description, {"WebUri": address, "EmbedUri": address}))


def _album_search(ask: Ask) -> Answer:
    """An empty Text finds everything (one client lists all albums this way)."""
    text = ask.params.get("Text", "").casefold()
    nodes = [n for n in ask.view.account.root.walk() if n.type == "Album" and ask.view.lists_everywhere(n)]
    albums = [n.album for n in nodes if text in f"{n.name} {n.description} {n.url_path}".casefold()]
    return ask.answer(each(albums, draw_album, ask))


ALBUM_ROUTES: tuple[Route, ...] = (
    route("/album!search", "AlbumSearch", _album_search),
    route("/album/{}", "Album", _albums),
    route("/album/{}!images", "AlbumImages", _album_images),
    route("/album/{}!highlightimage", "AlbumHighlightImage", _album_highlight),
    route("/album/{}!shareuris", "AlbumShareUris", _album_share),
    route("/album/{}!popularmedia", "AlbumPopularMedia", nothing_listed),
    route("/album/{}!geomedia", "AlbumGeoMedia", nothing_listed),
    route("/album/{}!comments", "AlbumComments", nothing_listed),
    route("/album/{}!download", "AlbumDownload", nothing_listed),
    route("/album/{}!prices", "AlbumPrices", nothing_listed),
    route("/album/{}!grants", "AlbumGrants", nothing_listed),
)
