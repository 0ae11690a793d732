"""The read side of the API: users, nodes, folders and albums (images are in `image_resources`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

from smugsync.emulator.containers import (
    album_uri,
    draw_album,
    draw_folder,
    draw_node,
    draw_user,
    folder_uri,
    web_uri,
)
from smugsync.emulator.look import in_album_order
from smugsync.emulator.model import Album, Image, Node
from smugsync.emulator.photos import draw_album_image, draw_image
from smugsync.emulator.routes import ApiError, Ask, Route, route
from smugsync.emulator.shape import Answer, Entity, Listing, Selection
from smugsync.emulator.view import View

# -- finding ------------------------------------------------------------------------------------------


def root_of(ask: Ask, nickname: str) -> Node:
    root = ask.view.account.root_of(nickname)
    if root is None:
        raise ApiError(404)
    return root


def visible_node(ask: Ask, node_id: str) -> Node:
    node = ask.view.account.node(node_id)
    if node is None or not ask.view.sees(node):
        raise ApiError(404)
    return node


def visible_album(ask: Ask, key: str) -> Album:
    album = ask.view.account.album(key)
    if album is None or not ask.view.sees(album.node):
        raise ApiError(404)
    return album


def open_album(ask: Ask, key: str) -> Album:
    """For what is inside: behind a password that is not known, it is forbidden (status uncertain)."""
    album = visible_album(ask, key)
    if ask.view.locked(album.node):
        raise ApiError(403)
    return album


def _folder(ask: Ask) -> Node:
    """The folder of `folder/user/NICK/Path` or `folder/id/ID`."""
    if len(ask.names) == 1:
        node: Node | None = visible_node(ask, ask.names[0])
    else:
        names = [part for part in ask.names[1].split("/") if part]
        node = ask.view.account.find(root_of(ask, ask.names[0]), names)
    if node is None or not node.is_folder or not ask.view.sees(node):
        raise ApiError(404)
    return node


def _each(items: Sequence[Any], draw: Any, ask: Ask) -> Listing:
    return Listing(items, lambda item, selection: draw(ask.view, item, selection))


def _several(ask: Ask, found: list[Entity]) -> Answer:
    """A multi-get: what exists of it, as an array."""
    if not found:
        raise ApiError(404)
    if len(ask.names[0].split(",")) == 1:
        return ask.answer(found[0])
    return ask.answer(found, kind="Objects")


_ALL = Selection()

# -- users --------------------------------------------------------------------------------------------


def _auth_user(ask: Ask) -> Answer:
    view = ask.view
    if view.viewer == "anonymous":
        raise ApiError(401)
    root = view.account.root if view.viewer == "owner" else view.account.visitor_root
    return ask.answer(draw_user(view, root, _ALL))


def _user(ask: Ask) -> Answer:
    return ask.answer(draw_user(ask.view, root_of(ask, ask.names[0]), _ALL))


def _user_albums(ask: Ask) -> Answer:
    """All albums in one list. `Order` as documented; by default the latest change comes first."""
    root = root_of(ask, ask.names[0])
    nodes = [n for n in root.walk() if n.type == "Album" and ask.view.lists_everywhere(n)]
    order = ask.params.get("Order", "Album Settings")
    if order.startswith("Date Added"):
        nodes.sort(key=lambda node: node.added)
    elif order != "Position":
        nodes.sort(key=lambda node: node.modified)
    if order == "Album Settings" or order.endswith("(Descending)"):
        nodes.reverse()
    return ask.answer(_each([node.album for node in nodes], draw_album, ask))


def _url_path_lookup(ask: Ask) -> Answer:
    path = ask.params.get("urlpath", "/")
    names = [part for part in path.split("/") if part]
    node = ask.view.account.find(root_of(ask, ask.names[0]), names)
    if node is None or not ask.view.sees(node):
        raise ApiError(404)
    if node.album is not None:
        return ask.answer(draw_album(ask.view, node.album, _ALL), locator="Album")
    if node.is_folder:
        return ask.answer(draw_folder(ask.view, node, _ALL), locator="Folder")
    return ask.answer(draw_node(ask.view, node, _ALL), locator="Page")


def _of_user(**data: Any) -> Any:
    """A small object that belongs to a user and says the same for every user."""

    def handle(ask: Ask) -> Answer:
        root_of(ask, ask.names[0])
        return ask.answer(Entity(ask.uri, ask.endpoint.description, dict(data)))

    return handle


def _upload_limits(ask: Ask) -> Answer:
    """The limits the service publishes, in the form its own client library reads them."""
    root_of(ask, ask.names[0])
    photo = ["image/jpeg", "image/png", "image/gif", "image/heic"]
    limits = [
        {"Type": "Image", "MimeTypes": photo, "MaxSize": 500 * 1024**2, "MaxPixels": 210_000_000},
        {"Type": "Video", "MimeTypes": ["video/mp4", "video/quicktime"], "MaxSize": 3 * 1024**3},
    ]
    return ask.answer(limits)


def _recent_images(ask: Ask) -> Answer:
    root = root_of(ask, ask.names[0])
    images = [
        image
        for node in root.walk()
        if node.album and ask.view.lists_everywhere(node) and not ask.view.locked(node)
        for image in node.album.photos
        if image.home == node.album.key and ask.view.shows(image, node)
    ]
    images.sort(key=lambda image: image.uploaded, reverse=True)
    return ask.answer(_each(images[:1000], draw_image, ask))


def nothing_listed(ask: Ask) -> Answer:
    """A list that exists and is empty."""
    return ask.answer(Listing([], lambda item, _: item))


def _nothing_of_user(ask: Ask) -> Answer:
    root_of(ask, ask.names[0])
    return nothing_listed(ask)


def not_there(ask: Ask) -> Answer:
    """An object that may be missing, and is."""
    raise ApiError(404)


# -- nodes --------------------------------------------------------------------------------------------


def _nodes(ask: Ask) -> Answer:
    account = ask.view.account
    found = [account.node(node_id) for node_id in ask.names[0].split(",")]
    return _several(ask, [draw_node(ask.view, n, _ALL) for n in found if n and ask.view.sees(n)])


def _children(ask: Ask) -> Answer:
    """Folders come before albums, whatever their SortIndex (recorded)."""
    node = visible_node(ask, ask.names[0])
    if ask.view.locked(node):
        raise ApiError(403)
    wanted = ask.params.get("Type", "All")
    if wanted not in ("", "All"):
        types = {"System Album"} if wanted == "System Album" else set(wanted.replace(",", " ").split())
    else:
        types = None
    children = [c for c in node.children if ask.view.lists(c) and (types is None or c.type in types)]
    method = ask.params.get("SortMethod", "Organizer")
    descending = ask.params.get("SortDirection", "Ascending") == "Descending"
    if method == "Organizer":
        method = {"SortIndex": "SortIndex"}.get(node.sort_method, node.sort_method)
        descending = descending != (node.sort_direction == "Descending")
    keys = {
        "DateAdded": lambda child: child.added,
        "DateModified": lambda child: child.modified,
        "Name": lambda child: child.name.casefold(),
    }
    children.sort(key=lambda child: child.sort_index)
    children.sort(key=keys.get(method, lambda child: child.sort_index), reverse=descending)
    children.sort(key=lambda child: not child.is_folder)
    return ask.answer(_each(children, draw_node, ask))


def _parent(ask: Ask) -> Answer:
    parent = visible_node(ask, ask.names[0]).parent
    if parent is None:
        raise ApiError(404)
    return ask.answer(draw_node(ask.view, parent, _ALL))


def _parents(ask: Ask) -> Answer:
    return ask.answer(_each(list(visible_node(ask, ask.names[0]).ancestry), draw_node, ask))


def first_image(view: View, node: Node) -> tuple[Album, Image] | None:
    """The highlight: the first image anywhere below the node that this viewer may see."""
    for below in node.walk():
        if below.album is None or not view.sees(below) or view.locked(below):
            continue
        if not view.owns(below) and below is not node and not view.lists_everywhere(below):
            continue
        if len(below.album.photos) == 0:
            continue
        image = next((i for i in in_album_order(below.album) if view.shows(i, below)), None)
        if image is not None:
            return below.album, image
    return None


def _highlight(ask: Ask) -> Answer:
    found = first_image(ask.view, visible_node(ask, ask.names[0]))
    if found is None:
        raise ApiError(404)
    return ask.answer(draw_image(ask.view, found[1], _ALL))


# -- folders (the older interface to the same tree) ------------------------------------------------------


def _the_folder(ask: Ask) -> Answer:
    return ask.answer(draw_folder(ask.view, _folder(ask), _ALL))


def _folder_parent(ask: Ask) -> Answer:
    parent = _folder(ask).parent
    if parent is None:
        raise ApiError(404)
    return ask.answer(draw_folder(ask.view, parent, _ALL))


def _folder_parents(ask: Ask) -> Answer:
    return ask.answer(_each(list(_folder(ask).ancestry), draw_folder, ask))


def _folder_folders(ask: Ask) -> Answer:
    folders = [c for c in _folder(ask).children if c.type == "Folder" and ask.view.lists(c)]
    return ask.answer(_each(folders, draw_folder, ask))


def _folder_albums(ask: Ask) -> Answer:
    children = _folder(ask).children
    albums = [c.album for c in children if c.type == "Album" and ask.view.lists(c)]
    return ask.answer(_each(albums, draw_album, ask))


def _folder_pages(ask: Ask) -> Answer:
    pages = [c for c in _folder(ask).children if c.type == "Page" and ask.view.lists(c)]
    return ask.answer(_each(pages, draw_node, ask))


def _folder_list(ask: Ask) -> Answer:
    below = [n for n in _folder(ask).walk() if n.type == "Folder" and ask.view.lists_everywhere(n)]
    return ask.answer([_entry(ask, node, "FolderUri", folder_uri(node)) for node in below])


def _album_list(ask: Ask) -> Answer:
    below = [n for n in _folder(ask).walk() if n.type == "Album" and ask.view.lists_everywhere(n)]
    return ask.answer([_entry(ask, n, "AlbumUri", album_uri(n.album)) for n in below if n.album])


def _entry(ask: Ask, node: Node, name: str, uri: str) -> dict[str, Any]:
    place = {"Name": node.name, "UrlName": node.url_name, "UrlPath": node.url_path, "NodeID": node.id}
    return {**place, "WebUri": web_uri(ask.view, node), name: uri, "Uri": uri}


def _folder_size(ask: Ask) -> Answer:
    below = [n for n in _folder(ask).walk() if ask.view.lists_everywhere(n)]
    albums = [n.album for n in below if n.album]
    data = {
        "FolderCount": sum(n.type == "Folder" for n in below) - 1,
        "AlbumCount": len(albums),
        "PageCount": sum(n.type == "Page" for n in below),
        "MediaCount": sum(len(album.photos) for album in albums),
        "MediaSize": 0,
        "DynamicMediaCount": 0,
        "DynamicMediaSize": 0,
    }
    return ask.answer(Entity(ask.uri, ask.endpoint.description, data))


# -- albums -------------------------------------------------------------------------------------------


def _albums(ask: Ask) -> Answer:
    account = ask.view.account
    found = [account.album(key) for key in ask.names[0].split(",")]
    seen = [album for album in found if album and ask.view.sees(album.node)]
    return _several(ask, [draw_album(ask.view, album, _ALL) for album in seen])


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
    return ask.answer(draw_album_image(ask.view, album, images[0], _ALL))


def _album_share(ask: Ask) -> Answer:
    album = visible_album(ask, ask.names[0])
    address = web_uri(ask.view, album.node)
    return ask.answer(Entity(ask.uri, ask.endpoint.description, {"WebUri": address, "EmbedUri": address}))


def _album_search(ask: Ask) -> Answer:
    """An empty Text finds everything (one client lists all albums this way)."""
    text = ask.params.get("Text", "").casefold()
    nodes = [n for n in ask.view.account.root.walk() if n.type == "Album" and ask.view.lists_everywhere(n)]
    albums = [n.album for n in nodes if text in f"{n.name} {n.description} {n.url_path}".casefold()]
    return ask.answer(_each(albums, draw_album, ask))


def _node_search(ask: Ask) -> Answer:
    text = ask.params.get("Text", "").casefold()
    nodes = [n for n in ask.view.account.root.walk() if n.parent and ask.view.lists_everywhere(n)]
    found = [n for n in nodes if text in f"{n.name} {n.description}".casefold()]
    return ask.answer(_each(found, draw_node, ask))


_FOLDER_ACTIONS = (
    ("", "", _the_folder),
    ("!parent", "ParentFolder", _folder_parent),
    ("!parents", "ParentFolders", _folder_parents),
    ("!folders", "Folders", _folder_folders),
    ("!albums", "FolderAlbums", _folder_albums),
    ("!pages", "FolderPages", _folder_pages),
    ("!folderlist", "FolderList", _folder_list),
    ("!albumlist", "AlbumList", _album_list),
    ("!size", "Size", _folder_size),
    ("!search", "FolderSearch", nothing_listed),
    ("!highlightimage", "FolderHighlightImage", not_there),
)

ROUTES: tuple[Route, ...] = (
    route("!authuser", "AuthUser", _auth_user),
    route("/user/{}", "User", _user),
    route("/user/{}!albums", "UserAlbums", _user_albums),
    route("/user/{}!featuredalbums", "UserFeaturedAlbums", _nothing_of_user),
    route("/user/{}!urlpathlookup", "UrlPathLookup", _url_path_lookup),
    route("/user/{}!features", "Features", _of_user(Video=True, VideoPersonal=False, RightClick=True)),
    route("/user/{}!profile", "UserProfile", _of_user(DisplayName="", BioText="", ContactEmail="")),
    route("/user/{}!sitesettings", "SiteSettings", _of_user(SiteTitle="")),
    route("/user/{}!topkeywords", "UserTopKeywords", _of_user(KeyWords=[])),
    route("/user/{}!uploadlimits", "UserUploadLimits", _upload_limits),
    route("/user/{}!recentimages", "UserRecentImages", _recent_images),
    *(
        route(f"/user/{{}}!{action}", endpoint, _nothing_of_user)
        for action, endpoint in (
            ("popularmedia", "UserPopularMedia"),
            ("geomedia", "UserGeoMedia"),
            ("imagesearch", "UserImageSearch"),
            ("collections", "UserCollections"),
            ("albumtemplates", "UserAlbumTemplates"),
            ("tasks", "UserTasks"),
            ("watermarks", "UserWatermarks"),
            ("deletedalbums", "UserDeletedAlbums"),
            ("deletedfolders", "UserDeletedFolders"),
            ("deletedpages", "UserDeletedPages"),
        )
    ),
    route("/user/{}!bioimage", "BioImage", not_there),
    route("/user/{}!coverimage", "CoverImage", not_there),
    route("/node!search", "NodeSearch", _node_search),
    route("/node/{}", "Node", _nodes),
    route("/node/{}!children", "ChildNodes", _children),
    route("/node/{}!parent", "ParentNode", _parent),
    route("/node/{}!parents", "ParentNodes", _parents),
    route("/node/{}!cover", "NodeCoverImage", _highlight),
    route("/node/{}!comments", "NodeComments", nothing_listed),
    route("/node/{}!grants", "NodeGrants", nothing_listed),
    route("/highlight/node/{}", "HighlightImage", _highlight),
    *(route(f"/folder/id/{{}}{a}", e or "FolderByID", h) for a, e, h in _FOLDER_ACTIONS),
    *(route(f"/folder/user/{{}}{{*}}{a}", e or "Folder", h) for a, e, h in _FOLDER_ACTIONS),
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
