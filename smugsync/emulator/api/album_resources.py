"""The addresses of albums: what they say, and which edits they take."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import unquote

from smugsync.emulator.account.look import in_album_order
from smugsync.emulator.account.model import Album, Image
from smugsync.emulator.api import album_changes as changes
from smugsync.emulator.api.addresses import scope_of
from smugsync.emulator.api.album_download import show_download, start_download
from smugsync.emulator.api.albums import draw_album
from smugsync.emulator.api.containers import web_uri
from smugsync.emulator.api.finding import (
    ALL_FIELDS,
    each,
    open_album,
    several,
    visible_album,
)
from smugsync.emulator.api.node_changes import mine
from smugsync.emulator.api.photos import draw_album_image, has_position
from smugsync.emulator.api.routes import ApiError, Ask, Route, route
from smugsync.emulator.api.searching import findable_nodes, search
from smugsync.emulator.api.shape import Answer, Entity, Listing
from smugsync.emulator.api.upload_from_uri import upload_from_uri


def _albums(ask: Ask) -> Answer:
    account = ask.view.account
    found = [account.album(key) for key in ask.names[0].split(",")]
    seen = [album for album in found if album and ask.view.sees(album.node)]
    return several(ask, [draw_album(ask.view, album, ALL_FIELDS) for album in seen])


# -- the images of an album ------------------------------------------------------------------------------


def album_images(ask: Ask, album: Album) -> Sequence[Image]:
    """What the viewer finds in the album, in its order."""
    images = in_album_order(album)
    if ask.view.owns(album.node) or not isinstance(images, list):
        return images
    return [image for image in images if not image.hidden]


def _listed(ask: Ask, album: Album, images: Sequence[Image]) -> Answer:
    view = ask.view
    return ask.answer(Listing(images, lambda image, sel: draw_album_image(view, album, image, sel)))


def _album_images(ask: Ask) -> Answer:
    """With `FileNames`, those that are called exactly so; names with a comma come percent-encoded."""
    album = open_album(ask, ask.names[0])
    images = album_images(ask, album)
    if ask.params.get("FileNames"):
        parts = ask.params["FileNames"].split(",")
        names = {*parts, *map(unquote, parts)}
        images = [image for image in images if image.file_name in names]
    return _listed(ask, album, images)


def _album_highlight(ask: Ask) -> Answer:
    """The one that was chosen, else the first."""
    album = open_album(ask, ask.names[0])
    images = album_images(ask, album)
    chosen = next((image for image in images if image.key == album.node.highlight), None)
    if album.node.highlight == "" or chosen is None:
        if not images:
            raise ApiError(404)
        chosen = images[0]
    return ask.answer(draw_album_image(ask.view, album, chosen, ALL_FIELDS))


def _album_geo(ask: Ask) -> Answer:
    """Those with a position, unless the owner does not show positions."""
    album = open_album(ask, ask.names[0])
    shown = album.geography or ask.view.owns(album.node)
    return _listed(ask, album, [i for i in album_images(ask, album) if has_position(i)] if shown else [])


def _album_nothing(ask: Ask) -> Answer:
    """A list of an album the viewer may look into; nothing is ever in it here."""
    open_album(ask, ask.names[0])
    return ask.answer(Listing([], lambda item, _: item))


def _album_grants(ask: Ask) -> Answer:
    mine(ask, visible_album(ask, ask.names[0]).node)
    return ask.answer(Listing([], lambda item, _: item))


def _album_exclusions(ask: Ask) -> Answer:
    """What such an object says beyond its address is not known."""
    open_album(ask, ask.names[0])
    return ask.answer(Entity(ask.uri, ask.endpoint.description, {}))


def _album_share(ask: Ask) -> Answer:
    album = visible_album(ask, ask.names[0])
    address = web_uri(ask.view, album.node)
    return ask.answer(Entity(ask.uri, ask.endpoint.description, {"WebUri": address, "EmbedUri": address}))


def _album_search(ask: Ask) -> Answer:
    """An empty Text finds everything (one client lists all albums this way)."""
    nodes = [node for node in findable_nodes(ask.view, scope_of(ask)) if node.type == "Album"]
    return ask.answer(each([node.album for node in search(nodes, ask.params)], draw_album, ask))


ALBUM_ROUTES: tuple[Route, ...] = (
    route("/album!search", "AlbumSearch", _album_search),
    route("/album/{}", "Album", _albums, patch=changes.patch_album, delete=changes.delete_album),
    route("/album/{}!images", "AlbumImages", _album_images, post=changes.post_images),
    route("/album/{}!highlightimage", "AlbumHighlightImage", _album_highlight),
    route("/album/{}!shareuris", "AlbumShareUris", _album_share),
    route("/album/{}!popularmedia", "AlbumPopularMedia", _album_nothing),
    route("/album/{}!geomedia", "AlbumGeoMedia", _album_geo),
    route("/album/{}!comments", "AlbumComments", _album_nothing),
    route("/album/{}!download", "AlbumDownload", show_download, post=start_download),
    route("/album/{}!prices", "AlbumPrices", _album_nothing),
    route("/album/{}!pricelistexclusions", "AlbumPricelistExclusions", _album_exclusions),
    route("/album/{}!grants", "AlbumGrants", _album_grants),
    route("/album/{}!moveimages", "MoveAlbumImages", post=changes.move_images),
    route("/album/{}!collectimages", "CollectImages", post=changes.collect_images),
    route("/album/{}!deleteimages", "DeleteAlbumImages", post=changes.delete_images),
    route("/album/{}!sortimages", "SortAlbumImages", post=changes.sort_images),
    route("/album/{}!uploadfromuri", "UploadFromUri", post=upload_from_uri),
    route("/album/{}!unlock", "UnlockAlbum", post=changes.unlock_album),
    route("/album/{}!applyalbumtemplate", "ApplyAlbumTemplate", post=changes.apply_template),
    route("/album/{}!addsamplephotos", "AddSamplePhotos", post=changes.add_sample_photos),
)
