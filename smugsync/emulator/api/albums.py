"""Albums as the service shows them: to their owner, to others, and to those who lack the password."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from smugsync.emulator.account.look import iso
from smugsync.emulator.account.model import Album
from smugsync.emulator.api.album_fields import SHOWN
from smugsync.emulator.api.containers import album_uri, folder_uri, node_uri, web_uri
from smugsync.emulator.api.shape import Entity, Link, Selection
from smugsync.emulator.api.view import View
from smugsync.emulator.api.words import join_keywords


def draw_album(view: View, album: Album, _: Selection) -> Entity:
    node = album.node
    locked = view.locked(node)
    return Entity(
        album_uri(album),
        "Album by key",
        _locked_album(album) if locked else _open_album(view, album),
        lambda: _locked_album_links(album) if locked else _album_links(view, album),
        web_uri(view, node),
        {"ResponseLevel": view.level(node)},
    )


def _locked_album(album: Album) -> dict[str, Any]:
    """What is told without the password (recorded): no counts, no times, no images."""
    node = album.node
    return {
        "NiceName": node.url_name,
        "UrlName": node.url_name,
        "Title": node.name,
        "Name": node.name,
        "AllowDownloads": False,
        "PasswordHint": node.password_hint,
        "SecurityType": node.effective_security,
        "AlbumKey": album.key,
        "NodeID": node.id,
        "UrlPath": node.url_path,
        "CanShare": False,
        "HasDownloadPassword": False,
    }


def _open_album(view: View, album: Album) -> dict[str, Any]:
    data = _whole_album(view, album)
    if view.owns(album.node):
        return data
    return {name: value for name, value in data.items() if name in _PUBLIC}


#: What others see (recorded), in whatever place it has in the whole.
_PUBLIC: Final = frozenset(
    """
NiceName UrlName Title Name AllowDownloads Description EXIF External Filenames Geography Keywords PasswordHint
Protected SortDirection SortMethod SecurityType CommerceLightbox AlbumKey CanBuy CanFavorite LastUpdated
ImagesLastUpdated NodeID ImageCount UrlPath CanShare HasDownloadPassword Packages""".split()
)


def _whole_album(view: View, album: Album) -> dict[str, Any]:
    """All an owner sees, in the recorded order."""
    node, shown = album.node, {**SHOWN, **album.shown}

    def as_set(*names: str) -> dict[str, Any]:
        return {name: shown[name] for name in names if name in shown}

    data: dict[str, Any] = {
        "NiceName": node.url_name,
        "UrlName": node.url_name,
        "Title": node.name,
        "Name": node.name,
        **as_set("PrintmarkUri", "WatermarkUri", "ThemeUri", "TemplateUri"),
        "AllowDownloads": album.allow_downloads,
        **as_set("Backprinting", "BoutiquePackaging", "CanRank", "Clean"),
        "Comments": album.comments,
        "Description": node.description,
    }
    if album.download_password:
        data["DownloadPassword"] = album.download_password
    data |= {
        "EXIF": album.exif,
        **as_set("External", "FamilyEdit", "Filenames", "FriendEdit"),
        "Geography": album.geography,
        **as_set("Header"),
        "HideOwner": node.hide_owner,
        **as_set("InterceptShipping"),
        "Keywords": join_keywords(node.keywords),
        "LargestSize": album.largest_size,
        **as_set("PackagingBranding"),
        "Password": node.password,
        "PasswordHint": node.password_hint,
        **as_set("Printable"),
        "Privacy": node.privacy,
        **as_set("ProofDays", "ProofDigital"),
        "Protected": album.protected,
        "Share": album.share,
        **as_set("Slideshow"),
        "SmugSearchable": node.smug_searchable,
        "SortDirection": album.sort_direction,
        "SortMethod": album.sort_method,
        **as_set("SquareThumbs", "UploadKey", "Watermark"),
        "WorldSearchable": node.world_searchable != "No",
        "SecurityType": node.security,
        "CommerceLightbox": False,
        **as_set("MaxPhotoDownloadSize"),
    }
    highlight = view.account.image(node.highlight) if node.highlight else None
    if highlight is not None and album.key in (highlight.home, *highlight.collected):
        data["HighlightAlbumImageUri"] = f"{album_uri(album)}/image/{highlight.id}"
    return data | {
        "AlbumKey": album.key,
        "CanBuy": True,
        "CanFavorite": False,
        "Date": iso(node.added),
        "LastUpdated": iso(node.modified),
        "ImagesLastUpdated": iso(album.images_updated_at(view.account.clock())),
        "NodeID": node.id,
        "OriginalSizes": 0,  # recorded so until the service computed them
        "TotalSizes": 0,
        "ImageCount": image_count(view, album),
        "UrlPath": node.url_path,
        "CanShare": album.share,
        "HasDownloadPassword": bool(album.download_password),
        "Packages": False,
    }


def image_count(view: View, album: Album) -> int:
    """How many images the album's list has for this viewer: what is hidden does not count for others
    (uncertain)."""
    photos = album.photos
    if view.owns(album.node) or not isinstance(photos, list):
        return len(photos)
    return sum(view.shows(image, album.node) for image in photos)


def _locked_album_links(album: Album) -> Iterator[Link]:
    uri, node = album_uri(album), album.node
    yield "AlbumShareUris", "AlbumShareUris", f"{uri}!shareuris"
    yield "Node", "Node", node_uri(node)
    yield "NodeCoverImage", "NodeCoverImage", f"{node_uri(node)}!cover"
    yield "HighlightImage", "HighlightImage", f"/api/v2/highlight/node/{node.id}"
    yield "UnlockAlbum", "UnlockAlbum", f"{uri}!unlock"


def _album_links(view: View, album: Album) -> Iterator[Link]:
    """Which there are depends on settings: recorded for comments, positions, downloads and hidden owners."""
    uri, node, own = album_uri(album), album.node, view.owns(album.node)
    yield "AlbumShareUris", "AlbumShareUris", f"{uri}!shareuris"
    yield "Node", "Node", node_uri(node)
    yield "NodeCoverImage", "NodeCoverImage", f"{node_uri(node)}!cover"
    if node.parent is not None and (own or not node.hide_owner):
        folder = folder_uri(node.parent)
        yield "User", "User", f"/api/v2/user/{node.owner}"
        yield "Folder", "Folder", folder
        yield "ParentFolders", "ParentFolders", f"{folder}!parents"
    yield "HighlightImage", "HighlightImage", f"/api/v2/highlight/node/{node.id}"
    if not own:
        yield "AddSamplePhotos", "AddSamplePhotos", f"{uri}!addsamplephotos"
    yield "AlbumHighlightImage", "AlbumHighlightImage", f"{uri}!highlightimage"
    yield "AlbumImages", "AlbumImages", f"{uri}!images"
    yield "AlbumPopularMedia", "AlbumPopularMedia", f"{uri}!popularmedia"
    if own or album.geography:
        yield "AlbumGeoMedia", "AlbumGeoMedia", f"{uri}!geomedia"
    if album.comments:
        yield "AlbumComments", "AlbumComments", f"{uri}!comments"
    if own:
        yield "MoveAlbumImages", "MoveAlbumImages", f"{uri}!moveimages"
        yield "CollectImages", "CollectImages", f"{uri}!collectimages"
        yield "ApplyAlbumTemplate", "ApplyAlbumTemplate", f"{uri}!applyalbumtemplate"
        yield "DeleteAlbumImages", "DeleteAlbumImages", f"{uri}!deleteimages"
        yield "UploadFromUri", "UploadFromUri", f"{uri}!uploadfromuri"
        yield "AlbumGrants", "AlbumGrants", f"{uri}!grants"
    if own or album.allow_downloads:
        yield "AlbumDownload", "AlbumDownload", f"{uri}!download"
    yield "AlbumPrices", "AlbumPrices", f"{uri}!prices"
    yield "AlbumPricelistExclusions", "AlbumPricelistExclusions", f"{uri}!pricelistexclusions"
