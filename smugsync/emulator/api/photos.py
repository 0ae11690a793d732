"""Images as the service shows them, alone or in an album, with their sizes, renditions and metadata."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from smugsync.emulator.account.look import iso, look_into, pacific_to_utc
from smugsync.emulator.account.model import Album, Image
from smugsync.emulator.api.containers import album_uri, web_uri
from smugsync.emulator.api.image_fields import degrees
from smugsync.emulator.api.shape import Entity, Link, Selection
from smugsync.emulator.api.sizes import original_extension, original_uri, thumbnail_uri
from smugsync.emulator.api.view import View
from smugsync.emulator.api.words import join_keywords
from smugsync.emulator.media.information import MediaInfo

_LOOKED_UP: Final = (
    "DateTimeOriginal",
    "OriginalHeight",
    "OriginalWidth",
    "Latitude",
    "Longitude",
    "Altitude",
)


def image_uri(image: Image) -> str:
    return f"/api/v2/image/{image.id}"


def draw_image(view: View, image: Image, selection: Selection) -> Entity:
    """`/api/v2/image/KEY-SERIAL`"""
    home = view.account.album(image.home)
    return Entity(
        image_uri(image),
        "Image by key",
        _fields(view, image, selection),
        lambda: _image_links(view, image),
        image_web_uri(view, home, image) if home and view.owns(home.node) else None,  # recorded so
    )


def image_web_uri(view: View, album: Album, image: Image) -> str:
    """Where people look at an image that `album` shows: in the album it belongs to, also where another
    collected it (facts 7), unless the viewer must not learn of that one."""
    home = view.account.album(image.home)
    if home is None or not view.lists_everywhere(home.node):
        home = album
    return f"{web_uri(view, home.node)}/i-{image.key}"


def draw_album_image(view: View, album: Album, image: Image, selection: Selection) -> Entity:
    """`/api/v2/album/KEY/image/KEY-SERIAL`"""
    data = _fields(view, image, selection)
    data["AlbumKey"] = album.key
    return Entity(
        f"{album_uri(album)}/image/{image.id}",
        "Image from album",
        data,
        lambda: _album_image_links(view, album, image),
        tail={
            "Movable": True,
            "Origin": "Album" if image.home == album.key else "Collected",
            "WebUri": image_web_uri(view, album, image),
        },
    )


@dataclass(frozen=True, slots=True)
class _Rules:
    """What the image's own album lets this viewer see of it."""

    own: bool = False
    exif: bool = False
    geography: bool = False
    share: bool = False
    comments: bool = False
    protected: bool = False
    watermark: bool = False  #: of images that leave it to their album

    @classmethod
    def of(cls, view: View, image: Image) -> _Rules:
        home = view.account.album(image.home)
        if home is None:
            return cls()
        own = view.owns(home.node)
        return cls(
            own,
            own or home.exif,
            own or home.geography,
            home.share,
            home.comments,
            home.protected,
            bool(home.shown.get("Watermark", False)),
        )


def _fields(view: View, image: Image, selection: Selection) -> dict[str, Any]:
    rules, now, wants = _Rules.of(view, image), view.account.clock(), selection.wants
    info = look_into(image) if any(map(wants, _LOOKED_UP)) else None
    taken = pacific_to_utc(info.taken) if info and info.taken and rules.exif else None
    processing = image.is_processing(now)
    data: dict[str, Any] = {
        "Title": image.title,
        "Caption": image.caption,
        "Keywords": join_keywords(image.keywords),
        "KeywordArray": list(image.keywords),
        "Watermark": image.watermark,
        **_position(image, info if rules.geography else None, hidden=not rules.geography),
        "Hidden": image.hidden,
    }
    if wants("ThumbnailUrl"):
        data["ThumbnailUrl"] = thumbnail_uri(view, image)
    data |= {
        "FileName": image.file_name,
        "Processing": processing,
        "UploadKey": str(image.upload_key),
        "Date": iso(image.uploaded),
        "DateTimeUploaded": iso(image.uploaded),
    }
    if taken:
        data["DateTimeOriginal"] = taken
    data |= {
        "Format": image.format,
        "OriginalHeight": info.height if info else 0,
        "OriginalWidth": info.width if info else 0,
    }
    if wants("OriginalSize"):
        data["OriginalSize"] = image.content.size
    data |= {
        "LastUpdated": iso(image.updated_at(now)),
        "Collectable": rules.own or rules.share,
        "IsArchive": False,
        "IsVideo": image.is_video,
        "ComponentFileTypes": {"Image": [original_extension(image)]} if rules.own else [],
        "CanEdit": rules.own,
        "CanBuy": True,
        "Protected": rules.protected,
        "EZProject": False,
        "Watermarked": image.watermark == "Yes" or (image.watermark != "No" and rules.watermark),
        "ImageKey": image.key,
        "Serial": image.serial,
    }
    if view.may_have_original(image) and not processing and not image.broken:
        data |= _archived(view, image, selection)
    data |= {
        "Status": "Preprocess" if image.broken or processing else "Open",
        "SubStatus": "CanNotProcess" if image.broken else "" if processing else "NFS",
        "CanShare": rules.share,
        "Comments": rules.comments,
        "ShowKeywords": True,
    }
    if wants("FormattedValues"):
        data["FormattedValues"] = {
            "Caption": {"html": escape(image.caption, quote=False), "text": image.caption},
            "FileName": {"html": escape(image.file_name, quote=False), "text": image.file_name},
        }
    data["PreferredDisplayFileExtension"] = image.format
    return data


def _position(image: Image, info: MediaInfo | None, *, hidden: bool) -> dict[str, Any]:
    """Degrees as text, the altitude in whole metres (recorded).

    What was set goes before what the camera wrote.
    """
    exif = info.exif if info else {}
    latitude, longitude, altitude = image.latitude, image.longitude, image.altitude
    if hidden:
        latitude = longitude = ""
        altitude = 0
    elif not altitude:
        altitude = max(0, int(float(exif.get("GPSAltitude") or 0)))
    return {
        "Latitude": degrees(latitude or exif.get("GPSLatitude") or 0),
        "Longitude": degrees(longitude or exif.get("GPSLongitude") or 0),
        "Altitude": altitude,
    }


def has_position(image: Image) -> bool:
    """Whether it is on the map, by its owner or by the camera."""
    place = _position(image, look_into(image), hidden=False)
    return any(float(place[name]) for name in ("Latitude", "Longitude"))


def _archived(view: View, image: Image, selection: Selection) -> dict[str, Any]:
    """The trio. A video's describes neither the upload nor what can be downloaded (facts 5).

    Of a file that was lost before anybody hashed it, nothing.
    """
    md5: str | None = ""
    if selection.wants("ArchivedMD5"):
        md5 = _unlike(image) if image.is_video else view.md5(image.content)
    if md5 is None:
        return {}
    data: dict[str, Any] = {}
    if selection.wants("ArchivedUri"):
        data["ArchivedUri"] = original_uri(view, image)
    if selection.wants("ArchivedSize"):
        data["ArchivedSize"] = image.content.size + (1024 if image.is_video else 0)
    if selection.wants("ArchivedMD5"):
        data["ArchivedMD5"] = md5
    return data


def _unlike(image: Image) -> str:
    """An MD5 that is none of any file's, and costs no look into the file."""
    return hashlib.md5(f"{image.id}/{image.content.size}".encode(), usedforsecurity=False).hexdigest()


def _image_links(view: View, image: Image) -> Iterator[Link]:
    uri = image_uri(image)
    home, rules = view.account.album(image.home), _Rules.of(view, image)
    yield "LargestImage", "LargestImage", f"{uri}!largestimage"
    if image.is_video:
        yield "LargestVideo", "LargestVideo", f"{uri}!largestvideo"
        yield "EmbedVideo", "EmbedVideo", f"/api/v2/video/{image.id}!embed"
        yield "CSMILVideo", "CSMILVideo", f"/api/v2/video/{image.id}!csmil"
    yield "ImageSizes", "ImageSizes", f"{uri}!sizes"
    yield "ImageSizeDetails", "ImageSizeDetails", f"{uri}!sizedetails"
    yield "PointOfInterest", "PointOfInterest", f"{uri}!pointofinterest"
    yield "PointOfInterestCrops", "PointOfInterestCrops", f"{uri}!poicrops"
    yield "Regions", "Regions", f"{uri}!regions"
    if home is not None and rules.own:
        yield "ImageAlbum", "Album", album_uri(home)
        yield "ImageOwner", "User", f"/api/v2/user/{home.node.owner}"
        yield "ImageAlbums", "ImageAlbums", f"{uri}!albums"
        yield "ImageDownload", "ImageDownload", f"{uri}!download"
    yield "ImageComments", "ImageComments", f"{uri}!comments"
    if rules.own:
        yield "RotateImage", "RotateImage", f"{uri}!rotate"
        yield "ColorImage", "ColorImage", f"{uri}!color"
        yield "CopyImage", "CopyImage", f"{uri}!copy"
        yield "CropImage", "CropImage", f"{uri}!crop"
        yield "WatermarkImage", "WatermarkImage", f"{uri}!watermark"
    if rules.exif:
        yield "ImageMetadata", "ImageMetadata", f"{uri}!metadata"
    yield "ImagePrices", "ImagePrices", f"{uri}!prices"
    yield "ImagePricelistExclusions", "ImagePricelistExclusions", f"{uri}!pricelistexclusions"


def _album_image_links(view: View, album: Album, image: Image) -> Iterator[Link]:
    yield from _image_links(view, image)
    here = f"{album_uri(album)}/image/{image.id}"
    yield "Album", "Album", album_uri(album)
    yield "Image", "Image", image_uri(image)
    yield (
        "AlbumImagePricelistExclusions",
        "AlbumImagePricelistExclusions",
        f"{here}!pricelistexclusions",
    )
    if may_see_metadata(view, image):
        yield "AlbumImageMetadata", "AlbumImageMetadata", f"{here}!metadata"
    yield "AlbumImageShareUris", "AlbumImageShareUris", f"{here}!shareuris"


def may_see_metadata(view: View, image: Image) -> bool:
    """Whether the owner shows what the camera wrote (recorded: then the links to it are there)."""
    return _Rules.of(view, image).exif
