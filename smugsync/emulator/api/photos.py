"""Images as the service shows them, alone or in an album, with their sizes, renditions and metadata."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from html import escape
from pathlib import PurePath
from typing import Any, Final
from urllib.parse import quote

from smugsync.emulator.account.content import Content
from smugsync.emulator.account.look import iso, look_into, pacific_to_utc
from smugsync.emulator.account.model import Album, Image
from smugsync.emulator.api.containers import album_uri, web_uri
from smugsync.emulator.api.shape import Entity, Link, Selection
from smugsync.emulator.api.view import View
from smugsync.emulator.media.information import MediaInfo

#: Name, letters in the address, longest edge in pixels (facts 5: the 'size-letter' scheme).
SIZES: Final = (
    ("Tiny", "Ti", 100),
    ("Thumb", "Th", 150),
    ("Small", "S", 400),
    ("Medium", "M", 600),
    ("Large", "L", 800),
    ("XLarge", "XL", 1024),
    ("X2Large", "X2", 1280),
    ("X3Large", "X3", 1600),
    ("X4Large", "X4", 2048),
    ("X5Large", "X5", 2560),
    ("4K", "4K", 3840),
)
VIDEO_LETTERS: Final = "1920"
_LOOKED_UP: Final = ("DateTimeOriginal", "OriginalHeight", "OriginalWidth", "Latitude", "Longitude")
_EXTENSIONS: Final = {"JPG": "jpg", "PNG": "png", "GIF": "gif", "HEIC": "heic", "MP4": "jpg"}


def image_uri(image: Image) -> str:
    return f"/api/v2/image/{image.id}"


def token_of(view: View, image: Image) -> str:
    """The unguessable part of a media address; another one after every replacement."""
    what = f"{view.account.seed}/{image.key}/{image.serial}"
    return hashlib.blake2b(what.encode(), digest_size=20).hexdigest()


def media_uri(view: View, image: Image, letters: str, extension: str) -> str:
    """`ORIGIN/photos/Path/To/Album/i-KEY/SERIAL/TOKEN/D/Stem-D.jpg` (facts 5, with this server's origin)."""
    home = view.account.album(image.home)
    place = home.node.url_path if home else ""
    stem = PurePath(image.file_name).stem or f"i-{image.key}"
    path = f"/photos{place}/i-{image.key}/{image.serial}/{token_of(view, image)}/{letters}/"
    return view.origin + quote(path) + quote(f"{stem}-{letters}.{extension}", safe="")


def shared_uri(view: View, content: Content) -> str | None:
    """The address of a library file on the other server, if there is one."""
    if view.media_url is None or view.library is None or content.path is None:
        return None
    try:
        path = content.path.relative_to(view.library)
    except ValueError:
        return None
    return f"{view.media_url.rstrip('/')}/{quote(path.as_posix())}"


def original_uri(view: View, image: Image) -> str:
    shared = None if image.is_video else shared_uri(view, image.content)
    return shared or media_uri(view, image, "D", _EXTENSIONS.get(image.format, "jpg"))


def draw_image(view: View, image: Image, selection: Selection) -> Entity:
    """`/api/v2/image/KEY-SERIAL`"""
    home = view.account.album(image.home)
    address = f"{web_uri(view, home.node)}/i-{image.key}" if home else view.site
    return Entity(
        image_uri(image),
        "Image by key",
        _fields(view, image, selection),
        lambda: _image_links(view, image),
        address,
    )


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
            "WebUri": f"{web_uri(view, album.node)}/i-{image.key}",
        },
    )


def _fields(view: View, image: Image, selection: Selection) -> dict[str, Any]:
    home = view.account.album(image.home)
    own = home is not None and view.owns(home.node)
    wants = selection.wants
    info = look_into(image) if any(map(wants, _LOOKED_UP)) else None
    taken = pacific_to_utc(info.taken) if info and info.taken else None
    data: dict[str, Any] = {
        "Title": image.title,
        "Caption": image.caption,
        "Keywords": "; ".join(image.keywords),
        "KeywordArray": list(image.keywords),
        "Watermark": "No",
        "Latitude": image.latitude or _position(info, "GPSLatitude"),
        "Longitude": image.longitude or _position(info, "GPSLongitude"),
        "Altitude": image.altitude,
        "Hidden": image.hidden,
    }
    if wants("ThumbnailUrl"):
        data["ThumbnailUrl"] = media_uri(view, image, "Th", "jpg")
    data |= {
        "FileName": image.file_name,
        "Processing": image.processing,
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
        "LastUpdated": iso(image.updated),
        "Collectable": True,
        "IsArchive": False,
        "IsVideo": image.is_video,
        "ComponentFileTypes": {"Image": [_EXTENSIONS.get(image.format, "jpg")]} if own else [],
        "CanEdit": own,
        "CanBuy": True,
        "Protected": False,
        "EZProject": False,
        "Watermarked": False,
        "ImageKey": image.key,
        "Serial": image.serial,
    }
    if view.may_have_original(image) and not image.processing and not image.broken:
        data |= _archived(view, image, selection)
    data |= {
        "Status": "Preprocess" if image.broken else "Open",
        "SubStatus": "CanNotProcess" if image.broken else "NFS",
        "CanShare": True,
        "Comments": True,
        "ShowKeywords": True,
    }
    if wants("FormattedValues"):
        data["FormattedValues"] = {
            "Caption": {"html": escape(image.caption, quote=False), "text": image.caption},
            "FileName": {"html": escape(image.file_name, quote=False), "text": image.file_name},
        }
    data["PreferredDisplayFileExtension"] = image.format
    return data


def _position(info: MediaInfo | None, name: str) -> str:
    """Degrees as text with fourteen decimals (recorded)."""
    return f"{float(info.exif.get(name) or 0):.14f}" if info else "0.00000000000000"


def _archived(view: View, image: Image, selection: Selection) -> dict[str, Any]:
    """The trio. A video's describes neither the upload nor what can be downloaded (facts 5)."""
    data: dict[str, Any] = {}
    if selection.wants("ArchivedUri"):
        data["ArchivedUri"] = original_uri(view, image)
    if selection.wants("ArchivedSize"):
        data["ArchivedSize"] = image.content.size + (1024 if image.is_video else 0)
    if selection.wants("ArchivedMD5"):
        md5 = image.content.md5
        data["ArchivedMD5"] = md5[16:] + md5[:16] if image.is_video else md5
    return data


def _image_links(view: View, image: Image) -> Iterator[Link]:
    uri = image_uri(image)
    home = view.account.album(image.home)
    own = home is not None and view.owns(home.node)
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
    if own:
        yield "ImageAlbum", "Album", f"/api/v2/album/{image.home}"
        yield "ImageOwner", "User", f"/api/v2/user/{view.account.nickname}"
        yield "ImageAlbums", "ImageAlbums", f"{uri}!albums"
        yield "ImageDownload", "ImageDownload", f"{uri}!download"
    yield "ImageComments", "ImageComments", f"{uri}!comments"
    if own:
        yield "RotateImage", "RotateImage", f"{uri}!rotate"
        yield "ColorImage", "ColorImage", f"{uri}!color"
        yield "CopyImage", "CopyImage", f"{uri}!copy"
        yield "CropImage", "CropImage", f"{uri}!crop"
        yield "WatermarkImage", "WatermarkImage", f"{uri}!watermark"
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
    yield "AlbumImageMetadata", "AlbumImageMetadata", f"{here}!metadata"
    yield "AlbumImageShareUris", "AlbumImageShareUris", f"{here}!shareuris"
