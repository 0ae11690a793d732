"""The read side of the API: users."""

from __future__ import annotations

from typing import Any

from smugsync.emulator.api.albums import draw_album
from smugsync.emulator.api.containers import draw_folder, draw_node, draw_user
from smugsync.emulator.api.finding import (
    ALL_FIELDS,
    each,
    not_there,
    nothing_listed,
    root_of,
)
from smugsync.emulator.api.photos import draw_image
from smugsync.emulator.api.routes import ApiError, Ask, Route, route
from smugsync.emulator.api.shape import Answer, Entity


def _auth_user(ask: Ask) -> Answer:
    view = ask.view
    if view.user is None:
        raise ApiError(401)
    return ask.answer(draw_user(view, root_of(ask, view.user), ALL_FIELDS))


def _user(ask: Ask) -> Answer:
    return ask.answer(draw_user(ask.view, root_of(ask, ask.names[0]), ALL_FIELDS))


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
    return ask.answer(each([node.album for node in nodes], draw_album, ask))


def _url_path_lookup(ask: Ask) -> Answer:
    path = ask.params.get("urlpath", "/")
    names = [part for part in path.split("/") if part]
    node = ask.view.account.find(root_of(ask, ask.names[0]), names)
    if node is None or not ask.view.sees(node):
        raise ApiError(404)
    if node.album is not None:
        return ask.answer(draw_album(ask.view, node.album, ALL_FIELDS), locator="Album")
    if node.is_folder:
        return ask.answer(draw_folder(ask.view, node, ALL_FIELDS), locator="Folder")
    return ask.answer(draw_node(ask.view, node, ALL_FIELDS), locator="Page")


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
    return ask.answer(each(images[:1000], draw_image, ask))


def _nothing_of_user(ask: Ask) -> Answer:
    root_of(ask, ask.names[0])
    return nothing_listed(ask)


USER_ROUTES: tuple[Route, ...] = (
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
)
