"""Users, nodes and folders as the service shows them: every field, in the recorded order."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from html import escape
from typing import Any
from urllib.parse import quote

from smugsync.emulator.account.look import iso
from smugsync.emulator.account.model import Album, Node
from smugsync.emulator.account.usage import usage_of
from smugsync.emulator.api.shape import Entity, Link, Selection
from smugsync.emulator.api.view import View
from smugsync.emulator.api.words import join_keywords

_USER_LINKS: tuple[Link, ...] = (
    ("BioImage", "BioImage", "!bioimage"),
    ("CoverImage", "CoverImage", "!coverimage"),
    ("UserProfile", "UserProfile", "!profile"),
    ("Node", "Node", ""),
    ("Folder", "Folder", ""),
    ("Features", "Features", "!features"),
    ("SiteSettings", "SiteSettings", "!sitesettings"),
    ("UserAlbums", "UserAlbums", "!albums"),
    ("UserCollections", "UserCollections", "!collections"),
    ("UserGeoMedia", "UserGeoMedia", "!geomedia"),
    ("UserPopularMedia", "UserPopularMedia", "!popularmedia"),
    ("UserFeaturedAlbums", "UserFeaturedAlbums", "!featuredalbums"),
    ("UserRecentImages", "UserRecentImages", "!recentimages"),
    ("UserImageSearch", "UserImageSearch", "!imagesearch"),
    ("UserTopKeywords", "UserTopKeywords", "!topkeywords"),
    ("UrlPathLookup", "UrlPathLookup", "!urlpathlookup"),
)
_OWN_USER_LINKS: tuple[Link, ...] = (
    ("UserAlbumTemplates", "UserAlbumTemplates", "!albumtemplates"),
    ("UserAssetsAlbum", "UserAssetsAlbum", "!assetsalbum"),
    ("UserContacts", "UserContacts", "!contacts"),
    ("UserCoupons", "UserCoupons", "!coupons"),
    ("UserDeletedAlbums", "UserDeletedAlbums", "!deletedalbums"),
    ("UserDeletedFolders", "UserDeletedFolders", "!deletedfolders"),
    ("UserDeletedPages", "UserDeletedPages", "!deletedpages"),
    ("UserGrants", "UserGrants", "!grants"),
    ("UserGuideStates", "UserGuideStates", "!guides"),
    ("UserHideGuides", "UserHideGuides", "!hideguides"),
    ("UserLatestQuickNews", "UserLatestQuickNews", "!latestquicknews"),
    ("UserPrintmarks", "UserPrintmarks", "!printmarks"),
    ("UserTasks", "UserTasks", "!tasks"),
    ("UserUploadLimits", "UserUploadLimits", "!uploadlimits"),
    ("UserWatermarks", "UserWatermarks", "!watermarks"),
    ("DuplicateImageSearch", "DuplicateImageSearch", "!duplicateimagesearch"),
)


def node_uri(node: Node) -> str:
    return f"/api/v2/node/{node.id}"


def album_uri(album: Album) -> str:
    return f"/api/v2/album/{album.key}"


def folder_uri(node: Node) -> str:
    return quote(f"/api/v2/folder/user/{node.owner}{node.url_path}")


def image_link(view: View, key: str) -> str | None:
    """The address of an image that was chosen for something, while it exists."""
    image = view.account.image(key) if key else None
    return None if image is None else f"/api/v2/image/{image.id}"


def hides_owner(view: View, node: Node) -> bool:
    """Whether the viewer must not learn whose it is."""
    return node.hide_owner and not view.owns(node)


def web_uri(view: View, node: Node) -> str:
    """Where people look at it, always on the owner's site (recorded).

    What is not public has its id at the end, and folders on the way that are not public themselves are
    left out: that explains both forms that were recorded. Behind a password, and where the owner is hidden,
    the place is not told at all (recorded).
    """
    site = f"https://{node.owner}.smugmug.com"
    if node.parent is None or node.is_folder:
        return site + quote(node.url_path)
    if view.locked(node) or hides_owner(view, node):
        return f"https://www.smugmug.com/gallery/n-{node.id}"
    if node.effective_privacy == "Public":
        return site + quote(node.url_path)
    way = [above.url_name for above in node.ancestry if above.parent and above.privacy == "Public"]
    names = [*reversed(way), *([] if node.privacy == "Public" else [node.url_name])]
    return site + quote("".join(f"/{name}" for name in names)) + f"/n-{node.id}"


def draw_user(view: View, root: Node, selection: Selection) -> Entity:
    """The user whose root node is `root`."""
    own, nickname = view.owns(root), root.owner
    data: dict[str, Any] = {}
    if own:
        data |= {
            "AccountStatus": "Active",
            "FirstName": nickname.title()[:20],
            "FriendsView": False,
            "ImageCount": sum(len(node.album.photos) for node in root.walk() if node.album),
            "IsGettingStarted": False,
            "IsTrial": False,
            "IsTrialExpired": False,
            "LastName": "Example",
        }
    data["NickName"] = nickname
    if own:
        data["SortBy"] = "LastUpdated"
    data["ViewPassHint"] = ""
    if own:
        data |= {"ViewPassword": "", "Domain": "", "DomainOnly": ""}
    data |= {"RefTag": _ref_tag(nickname), "Name": full_name(root)}
    if own:
        data["Plan"] = "Portfolio"
        if selection.wants("TotalAccountSize") or selection.wants("TotalUploadedSize"):
            size = str(usage_of(root.walk()).size)
            data |= {"TotalAccountSize": size, "TotalUploadedSize": size}
    data["QuickShare"] = True
    base = f"/api/v2/user/{nickname}"

    def links() -> Iterator[Link]:
        for name, endpoint, action in _USER_LINKS + (_OWN_USER_LINKS if own else ()):
            places = {"Node": node_uri(root), "Folder": folder_uri(root)}
            yield name, endpoint, places.get(name, base + action)
        if view.locked(root):
            yield "UnlockUser", "UnlockUser", f"{base}!unlock"

    tail = {"ResponseLevel": "Full" if own else "Public"}
    return Entity(base, "User By Nickname", data, links, f"https://{nickname}.smugmug.com", tail)


def full_name(root: Node) -> str:
    """The name a user shows."""
    return root.owner.replace("-", " ").title()


def _ref_tag(nickname: str) -> str:
    """Thirteen capitals and digits, part of an affiliate's address (recorded form)."""
    return base64.b32encode(hashlib.sha256(nickname.encode()).digest()).decode()[:13]


def draw_node(view: View, node: Node, _: Selection) -> Entity:
    own = view.owns(node)
    data: dict[str, Any] = {}
    if own and (cover := image_link(view, node.cover)):
        data["CoverImageUri"] = cover
    data["Description"] = node.description
    if own:
        data["HideOwner"] = node.hide_owner
    if own and (highlight := image_link(view, node.highlight)):
        data["HighlightImageUri"] = highlight
    data |= {"Name": node.name, "Keywords": list(node.keywords)}
    if own:
        data["Password"] = node.password
    data["PasswordHint"] = node.password_hint
    if own:
        data["Privacy"] = node.privacy
    data |= {"SecurityType": node.security, "ShowCoverImage": node.show_cover}
    if own:
        data["SmugSearchable"] = node.smug_searchable
    data |= {
        "SortDirection": node.sort_direction,
        "SortMethod": node.sort_method,
        "Type": node.type,
        "UrlName": node.url_name,
    }
    if own:
        data["WorldSearchable"] = node.world_searchable
    data |= {"DateAdded": iso(node.added), "DateModified": iso(node.modified)}
    if own:
        data["EffectivePrivacy"] = node.effective_privacy
    data |= {
        "EffectiveSecurityType": node.effective_security,
        "FormattedValues": {
            "Name": {"html": escape(node.name, quote=False)},
            "Description": {"html": escape(node.description, quote=False), "text": node.description},
        },
        "HasChildren": any(view.lists(child) for child in node.children),
        "IsRoot": node.parent is None,
        "NodeID": node.id,
    }
    if node.parent is not None:
        data["SortIndex"] = node.sort_index
    data["UrlPath"] = node.url_path or "/"
    return Entity(
        node_uri(node),
        "Node with the given id.",
        data,
        lambda: _node_links(view, node),
        web_uri(view, node),
        {"ResponseLevel": view.level(node)},
    )


def _node_links(view: View, node: Node) -> Iterator[Link]:
    uri = node_uri(node)
    if node.album is not None:
        yield "Album", "Album", album_uri(node.album)
    elif node.is_folder:
        yield "FolderByID", "FolderByID", f"/api/v2/folder/id/{node.id}"
    if not hides_owner(view, node):
        if node.parent is not None:
            yield "ParentNode", "ParentNode", f"{uri}!parent"
        yield "ParentNodes", "ParentNodes", f"{uri}!parents"
        yield "User", "User", f"/api/v2/user/{node.owner}"
    yield "NodeCoverImage", "NodeCoverImage", f"{uri}!cover"
    yield "HighlightImage", "HighlightImage", f"/api/v2/highlight/node/{node.id}"
    yield "NodeComments", "NodeComments", f"{uri}!comments"
    if node.is_folder:
        yield "ChildNodes", "ChildNodes", f"{uri}!children"
    if view.owns(node):
        if node.is_folder:
            yield "MoveNodes", "MoveNodes", f"{uri}!movenodes"
        yield "NodeGrants", "NodeGrants", f"{uri}!grants"


def draw_folder(view: View, node: Node, _: Selection) -> Entity:
    own = view.owns(node)
    data: dict[str, Any] = {"Name": node.name, "UrlName": node.url_name, "SecurityType": node.security}
    if own:
        data |= {"Privacy": node.privacy, "Password": node.password}
        data |= {"SmugSearchable": node.smug_searchable, "WorldSearchable": node.world_searchable}
        if highlight := image_link(view, node.highlight):
            data["HighlightImageUri"] = highlight
    data |= {
        "SortMethod": node.sort_method,
        "SortDirection": node.sort_direction,
        "Description": node.description,
        "Keywords": join_keywords(node.keywords),
        "PasswordHint": node.password_hint,
        "DateAdded": iso(node.added),
        "DateModified": iso(node.modified),
        "UrlPath": node.url_path,
        "NodeID": node.id,
        "IsEmpty": not any(view.lists(child) for child in node.children),
    }
    return Entity(
        folder_uri(node),
        "A folder or legacy (sub)category by UrlPath",
        data,
        lambda: _folder_links(node),
        web_uri(view, node),
        {"ResponseLevel": view.level(node)},
    )


def _folder_links(node: Node) -> Iterator[Link]:
    uri = folder_uri(node)
    yield "FolderByID", "FolderByID", f"/api/v2/folder/id/{node.id}"
    yield "Node", "Node", node_uri(node)
    yield "User", "User", f"/api/v2/user/{node.owner}"
    if node.parent is not None:
        yield "ParentFolders", "ParentFolders", f"{folder_uri(node.parent)}!parents"
        yield "ParentFolder", "ParentFolder", f"{uri}!parent"
    yield "HighlightImage", "HighlightImage", f"/api/v2/highlight/node/{node.id}"
    yield "FolderHighlightImage", "FolderHighlightImage", f"{uri}!highlightimage"
    yield "Folders", "Folders", f"{uri}!folders"
    yield "FolderList", "FolderList", f"{uri}!folderlist"
    yield "FolderAlbums", "FolderAlbums", f"{uri}!albums"
    yield "AlbumList", "AlbumList", f"{uri}!albumlist"
    yield "FolderSearch", "FolderSearch", f"{uri}!search"
    yield "FolderPages", "FolderPages", f"{uri}!pages"
    yield "Size", "Size", f"{uri}!size"
