"""The addresses of images, alone and in albums: what they say, and which edits they take."""

from __future__ import annotations

from collections.abc import Callable

from smugsync.emulator.account.model import Image
from smugsync.emulator.account.runs import Joined, in_order
from smugsync.emulator.api import image_changes as changes
from smugsync.emulator.api.addresses import scope_of
from smugsync.emulator.api.albums import draw_album
from smugsync.emulator.api.finding import (
    ALL_FIELDS,
    each,
    open_album,
    revision_of,
    shown_image,
    visible_image,
)
from smugsync.emulator.api.metadata import draw_metadata
from smugsync.emulator.api.photos import draw_album_image, draw_image, image_web_uri, may_see_metadata
from smugsync.emulator.api.renditions import (
    draw_download,
    draw_largest_image,
    draw_largest_video,
    draw_size_details,
    draw_sizes,
)
from smugsync.emulator.api.routes import ApiError, Ask, Route, route
from smugsync.emulator.api.searching import findable_images, says, words_of
from smugsync.emulator.api.shape import Answer, Entity, Listing
from smugsync.emulator.api.view import View


def _check_revision(ask: Ask, name: str, image: Image) -> None:
    """The object itself has moved to its current revision: a redirect, not a 404."""
    if revision_of(name)[1] != image.serial:
        raise ApiError(301, location=ask.uri.removesuffix(name) + image.id)


def _images(ask: Ask) -> Answer:
    names = ask.names[0].split(",")
    if len(names) == 1:
        image = visible_image(ask, names[0])
        _check_revision(ask, names[0], image)
        return ask.answer(draw_image(ask.view, image, ALL_FIELDS))
    account, view = ask.view.account, ask.view
    found = [account.image(revision_of(name)[0]) for name in names]
    seen = [draw_image(view, image, ALL_FIELDS) for image in found if image and view.sees_image(image)]
    if not seen:
        raise ApiError(404)
    return ask.answer(seen, kind="Objects")


def _album_images(ask: Ask) -> Answer:
    album, view = open_album(ask, ask.names[0]), ask.view
    names = ask.names[1].split(",")
    if len(names) == 1:
        image = shown_image(ask, album, names[0])
        _check_revision(ask, names[0], image)
        return ask.answer(draw_album_image(view, album, image, ALL_FIELDS))
    found = [view.account.image(revision_of(name)[0]) for name in names]
    here = [i for i in found if i and album.key in (i.home, *i.collected) and view.shows(i, album.node)]
    if not here:
        raise ApiError(404)
    return ask.answer([draw_album_image(view, album, i, ALL_FIELDS) for i in here], kind="Objects")


def _detail(draw: Callable[[View, Image], Entity | None]) -> Callable[[Ask], Answer]:
    def handle(ask: Ask) -> Answer:
        entity = draw(ask.view, visible_image(ask, ask.names[-1]))
        if entity is None:
            raise ApiError(404)
        return ask.answer(entity)

    return handle


def _largest(draw: Callable[[View, Image, str], Entity | None]) -> Callable[[Ask], Answer]:
    """The largest size, or the largest that `MaxSize` allows."""
    return lambda ask: _detail(lambda view, image: draw(view, image, ask.params.get("MaxSize", "")))(ask)


def _metadata(ask: Ask) -> Answer:
    """Refused where its link is missing, because the owner does not show it (status uncertain)."""
    image = visible_image(ask, ask.names[-1])
    if not may_see_metadata(ask.view, image):
        raise ApiError(403)
    return ask.answer(draw_metadata(ask.view, image, ask.uri))


def _download(view: View, image: Image) -> Entity | None:
    return draw_download(view, image) if view.may_have_original(image) else None


def _albums(ask: Ask) -> Answer:
    """Those that the viewer may find: an unlisted album is told to nobody who does not know it (likely)."""
    image, view = visible_image(ask, ask.names[0]), ask.view
    albums = [album for album in view.account.albums_of(image) if view.lists_everywhere(album.node)]
    return ask.answer(each(albums, draw_album, ask))


def _nothing(ask: Ask) -> Answer:
    """A list of an image; nothing is ever in it here."""
    visible_image(ask, ask.names[-1])
    if ask.endpoint.kind == "List":
        return ask.answer([])
    return ask.answer(Listing([], lambda item, _: item))


def _bare(ask: Ask) -> Answer:
    """An object of an image; what it says beyond its address is not known."""
    visible_image(ask, ask.names[-1])
    return ask.answer(Entity(ask.uri, ask.endpoint.description, {}))


def _of_video(ask: Ask) -> Answer:
    if not visible_image(ask, ask.names[0]).is_video:
        raise ApiError(404)
    return _bare(ask)


def _in_album(handler: Callable[[Ask], Answer]) -> Callable[[Ask], Answer]:
    """For an image only as far as that album shows it."""

    def handle(ask: Ask) -> Answer:
        shown_image(ask, open_album(ask, ask.names[0]), ask.names[1])
        return handler(ask)

    return handle


def _share(ask: Ask) -> Answer:
    album = open_album(ask, ask.names[0])
    address = image_web_uri(ask.view, album, shown_image(ask, album, ask.names[1]))
    return ask.answer(Entity(ask.uri, ask.endpoint.description, {"WebUri": address, "EmbedUri": address}))


def _image_search(ask: Ask) -> Answer:
    """In titles, captions and keywords, not in file names (measured)."""
    words = words_of(ask.params)
    found = findable_images(ask.view, scope_of(ask), lambda image: says(image, words))
    if ask.params.get("SortMethod") != "LastUpdated":
        return ask.answer(each(Joined(found), draw_image, ask))
    descending = ask.params.get("SortDirection", "Descending") != "Ascending"
    images = in_order(found, lambda image: (image.updated, image.upload_key), backwards=descending)
    return ask.answer(each(images, draw_image, ask))


IMAGE_ROUTES: tuple[Route, ...] = (
    route("/image!search", "ImageSearch", _image_search),
    route("/image/{}", "Image", _images, patch=changes.patch_image, delete=changes.delete_image),
    route("/image/{}!sizes", "ImageSizes", _detail(draw_sizes)),
    route("/image/{}!sizedetails", "ImageSizeDetails", _detail(draw_size_details)),
    route("/image/{}!largestimage", "LargestImage", _largest(draw_largest_image)),
    route("/image/{}!largestvideo", "LargestVideo", _largest(draw_largest_video)),
    route("/image/{}!metadata", "ImageMetadata", _metadata),
    route("/image/{}!download", "ImageDownload", _detail(_download)),
    route("/image/{}!albums", "ImageAlbums", _albums),
    route("/image/{}!comments", "ImageComments", _nothing),
    route("/image/{}!regions", "Regions", _nothing),
    route("/image/{}!prices", "ImagePrices", _nothing),
    route("/image/{}!poicrops", "PointOfInterestCrops", _nothing),
    route("/image/{}!pointofinterest", "PointOfInterest", _bare),
    route("/image/{}!pricelistexclusions", "ImagePricelistExclusions", _bare),
    route("/image/{}!rotate", "RotateImage", post=changes.rotate_image),
    route("/image/{}!color", "ColorImage", post=changes.color_image),
    route("/image/{}!copy", "CopyImage", post=changes.copy_image),
    route("/image/{}!crop", "CropImage", post=changes.crop_image),
    route("/image/{}!watermark", "WatermarkImage", post=changes.watermark_image),
    route("/video/{}!embed", "EmbedVideo", _of_video),
    route("/video/{}!csmil", "CSMILVideo", _of_video),
    route(
        "/album/{}/image/{}",
        "AlbumImage",
        _album_images,
        patch=changes.patch_album_image,
        delete=changes.delete_album_image,
    ),
    route("/album/{}/image/{}!metadata", "AlbumImageMetadata", _in_album(_metadata)),
    route("/album/{}/image/{}!shareuris", "AlbumImageShareUris", _share),
    route("/album/{}/image/{}!pricelistexclusions", "AlbumImagePricelistExclusions", _in_album(_bare)),
)
