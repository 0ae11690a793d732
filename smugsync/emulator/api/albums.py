"""Albums as the service shows them: to their owner, to others, and to those who lack the password."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from smugsync.emulator.account.look import iso
from smugsync.emulator.account.model import Album
from smugsync.emulator.api.containers import album_uri, folder_uri, node_uri, web_uri
from smugsync.emulator.api.shape import Entity, Link, Selection
from smugsync.emulator.api.view import View


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
    node, own = album.node, view.owns(album.node)
    data: dict[str, Any] = {
        "NiceName": node.url_name,
        "UrlName": node.url_name,
        "Title": node.name,
        "Name": node.name,
    }
    if own:
        data["TemplateUri"] = "/api/v2/template/17"
    data["AllowDownloads"] = album.allow_downloads
    if own:
        data |= {"Backprinting": "", "BoutiquePackaging": "Inherit from User", "CanRank": True}
        data |= {"Clean": False, "Comments": True}
    data["Description"] = node.description
    if own:
        data["DownloadPassword"] = ""
    data |= {"EXIF": True, "External": True}
    if own:
        data["FamilyEdit"] = False
    data["Filenames"] = False
    if own:
        data["FriendEdit"] = False
    data["Geography"] = True
    if own:
        data |= {"Header": "Custom", "HideOwner": False, "InterceptShipping": "Inherit from User"}
    data["Keywords"] = "; ".join(node.keywords)
    if own:
        data |= {"LargestSize": album.largest_size, "PackagingBranding": True, "Password": node.password}
    data["PasswordHint"] = node.password_hint
    if own:
        data |= {"Printable": True, "Privacy": node.privacy, "ProofDays": 0, "ProofDigital": False}
    data["Protected"] = album.largest_size != "Original"
    if own:
        data |= {"Share": True, "Slideshow": True, "SmugSearchable": "Inherit from User"}
    data |= {"SortDirection": album.sort_direction, "SortMethod": album.sort_method}
    if own:
        data |= {"SquareThumbs": True, "Watermark": False, "WorldSearchable": True}
    data |= {
        "SecurityType": node.security,
        "CommerceLightbox": False,
        "AlbumKey": album.key,
        "CanBuy": True,
        "CanFavorite": False,
    }
    if own:
        data["Date"] = iso(node.added)
    data |= {
        "LastUpdated": iso(node.modified),
        "ImagesLastUpdated": iso(album.images_updated_at(view.account.clock())),
        "NodeID": node.id,
    }
    if own:
        data |= {"OriginalSizes": 0, "TotalSizes": 0}  # recorded so until the service computed them
    data |= {
        "ImageCount": len(album.photos),
        "UrlPath": node.url_path,
        "CanShare": True,
        "HasDownloadPassword": False,
        "Packages": False,
    }
    return data


def _locked_album_links(album: Album) -> Iterator[Link]:
    uri, node = album_uri(album), album.node
    yield "AlbumShareUris", "AlbumShareUris", f"{uri}!shareuris"
    yield "Node", "Node", node_uri(node)
    yield "NodeCoverImage", "NodeCoverImage", f"{node_uri(node)}!cover"
    yield "HighlightImage", "HighlightImage", f"/api/v2/highlight/node/{node.id}"
    yield "UnlockAlbum", "UnlockAlbum", f"{uri}!unlock"


def _album_links(view: View, album: Album) -> Iterator[Link]:
    uri, node = album_uri(album), album.node
    folder = folder_uri(node.parent) if node.parent else ""
    yield "AlbumShareUris", "AlbumShareUris", f"{uri}!shareuris"
    yield "Node", "Node", node_uri(node)
    yield "NodeCoverImage", "NodeCoverImage", f"{node_uri(node)}!cover"
    yield "User", "User", f"/api/v2/user/{node.owner}"
    yield "Folder", "Folder", folder
    yield "ParentFolders", "ParentFolders", f"{folder}!parents"
    yield "HighlightImage", "HighlightImage", f"/api/v2/highlight/node/{node.id}"
    if not view.owns(node):
        yield "AddSamplePhotos", "AddSamplePhotos", f"{uri}!addsamplephotos"
    yield "AlbumHighlightImage", "AlbumHighlightImage", f"{uri}!highlightimage"
    yield "AlbumImages", "AlbumImages", f"{uri}!images"
    yield "AlbumPopularMedia", "AlbumPopularMedia", f"{uri}!popularmedia"
    yield "AlbumGeoMedia", "AlbumGeoMedia", f"{uri}!geomedia"
    yield "AlbumComments", "AlbumComments", f"{uri}!comments"
    if view.owns(node):
        yield "MoveAlbumImages", "MoveAlbumImages", f"{uri}!moveimages"
        yield "CollectImages", "CollectImages", f"{uri}!collectimages"
        yield "ApplyAlbumTemplate", "ApplyAlbumTemplate", f"{uri}!applyalbumtemplate"
        yield "DeleteAlbumImages", "DeleteAlbumImages", f"{uri}!deleteimages"
        yield "UploadFromUri", "UploadFromUri", f"{uri}!uploadfromuri"
        yield "AlbumGrants", "AlbumGrants", f"{uri}!grants"
    if album.allow_downloads:
        yield "AlbumDownload", "AlbumDownload", f"{uri}!download"
    yield "AlbumPrices", "AlbumPrices", f"{uri}!prices"
    yield "AlbumPricelistExclusions", "AlbumPricelistExclusions", f"{uri}!pricelistexclusions"
