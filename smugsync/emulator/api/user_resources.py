"""Users, and everything their links lead to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any, Final

from smugsync.emulator.account.model import Image, Node
from smugsync.emulator.account.runs import Joined, in_order
from smugsync.emulator.account.synthetic import file_names
from smugsync.emulator.api.addresses import named_album
from smugsync.emulator.api.albums import draw_album, image_count
from smugsync.emulator.api.containers import draw_folder, draw_node, draw_user, full_name
from smugsync.emulator.api.finding import ALL_FIELDS, each, nothing_listed, root_of, several
from smugsync.emulator.api.node_changes import my_root
from smugsync.emulator.api.photos import draw_image, has_position
from smugsync.emulator.api.query import positive
from smugsync.emulator.api.routes import ApiError, Ask, Handler, Route, route
from smugsync.emulator.api.searching import findable_images, says, words_of
from smugsync.emulator.api.shape import Answer, Entity

#: The service does not list more of the latest than that (chosen here).
MAX_RECENT: Final = 1000
#: How many keywords a user's top keywords are (chosen here).
MAX_KEYWORDS: Final = 100
_PHOTOS: Final = ["image/jpeg", "image/png", "image/gif", "image/heic"]
_VIDEOS: Final = ["video/mp4", "video/quicktime", "video/x-msvideo", "video/mpeg"]
#: Facts 6.3; sizes in bytes.
_UPLOAD_LIMITS: Final = (
    {"Type": "Image", "MimeTypes": _PHOTOS, "MaxSize": 500 * 1024**2, "MaxPixels": 210_000_000},
    {"Type": "Video", "MimeTypes": _VIDEOS, "MaxSize": 3 * 1024**3},
)


def _auth_user(ask: Ask) -> Answer:
    view = ask.view
    if view.user is None:
        raise ApiError(401)
    return ask.answer(draw_user(view, root_of(ask, view.user), ALL_FIELDS))


def _site_user(ask: Ask) -> Answer:
    """Whose site the request was sent to: `NICK.smugmug.com`; at any other host, the account's own."""
    account = ask.view.account
    site, dot, domain = ask.view.host.partition(".")
    root = account.root_of(site) if dot and domain.startswith("smugmug.com") else None
    return ask.answer(draw_user(ask.view, root or account.root, ALL_FIELDS))


def _users(ask: Ask) -> Answer:
    found = [ask.view.account.root_of(nickname) for nickname in ask.names[0].split(",")]
    return several(ask, [draw_user(ask.view, root, ALL_FIELDS) for root in found if root is not None])


def _root(ask: Ask) -> Node:
    return root_of(ask, ask.names[0])


def _albums(ask: Ask) -> Answer:
    """All albums in one list. `Order` as documented; by default the latest change comes first."""
    nodes = [n for n in _root(ask).walk() if n.type == "Album" and ask.view.lists_everywhere(n)]
    least = positive(ask.params.get("MinimumImages"), 0)
    nodes = [node for node in nodes if node.album and image_count(ask.view, node.album) >= least]
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
    node = ask.view.account.find(_root(ask), [part for part in path.split("/") if part])
    if node is None or not ask.view.sees(node):
        raise ApiError(404)
    if node.album is not None:
        return ask.answer(draw_album(ask.view, node.album, ALL_FIELDS), locator="Album")
    if node.is_folder:
        return ask.answer(draw_folder(ask.view, node, ALL_FIELDS), locator="Folder")
    return ask.answer(draw_node(ask.view, node, ALL_FIELDS), locator="Page")


def _assets_album(ask: Ask) -> Answer:
    """The album of the site's own files, where there is one."""
    for node in my_root(ask).walk():
        if node.type == "System Album" and node.album is not None:
            return ask.answer(draw_album(ask.view, node.album, ALL_FIELDS))
    raise ApiError(404)


# -- images of the whole account -------------------------------------------------------------------------


def _recent(ask: Ask) -> Answer:
    images = in_order(findable_images(ask.view, [_root(ask)]), _newest, backwards=True)
    return ask.answer(each(images[:MAX_RECENT], draw_image, ask))


def _newest(image: Image) -> tuple[int, int]:
    return image.uploaded, image.upload_key


def _geo(ask: Ask) -> Answer:
    """Those with a position, as far as their albums show positions to this viewer."""
    account, view = ask.view.account, ask.view

    def shown(image: Image) -> bool:
        home = account.album(image.home)
        return home is not None and (home.geography or view.owns(home.node)) and has_position(image)

    return ask.answer(each(Joined(findable_images(view, [_root(ask)], shown)), draw_image, ask))


def _search(ask: Ask) -> Answer:
    """`q` or `Text`, in titles, captions and keywords. What is popular is not known here: newest first."""
    words, kind = words_of(ask.params, "q", "Text"), ask.params.get("MediaType", "All")

    def fits(image: Image) -> bool:
        return says(image, words) and _is_kind(image, kind)

    found = findable_images(ask.view, [_root(ask)], fits)
    images = in_order(found, _newest, backwards=ask.params.get("Order") != "Oldest")
    return ask.answer(each(images, draw_image, ask))


def _is_kind(image: Image, kind: str) -> bool:
    return kind == "All" or image.is_video == (kind == "Videos")


def _duplicates(ask: Ask) -> Answer:
    """Images with one file name, in one album (`AlbumUri`) or all; without `FileName`, of every name that
    occurs more than once there. How the service finds them is uncertain."""
    root = my_root(ask)
    album = named_album(ask, ask.params["AlbumUri"]) if ask.params.get("AlbumUri") else None
    if album is None and ask.params.get("AlbumUri"):
        raise ApiError(400, problems={"AlbumUri": ["There is no such album"]})
    runs = list(findable_images(ask.view, [root if album is None else album.node]))
    wanted = ask.params.get("FileName")
    names = Counter(chain.from_iterable(map(file_names, runs)))
    found = [
        run[place]
        for run in runs
        for place, name in enumerate(file_names(run))
        if (name == wanted if wanted else names[name] > 1)
    ]
    return ask.answer(each(found, draw_image, ask))


def _top_keywords(ask: Ask) -> Answer:
    """The most frequent first."""
    images = Joined(findable_images(ask.view, [_root(ask)], lambda image: bool(image.keywords)))
    counts = Counter(keyword for image in images for keyword in image.keywords)
    keywords = [keyword for keyword, _ in counts.most_common(MAX_KEYWORDS)]
    return ask.answer(Entity(ask.uri, ask.endpoint.description, {"KeyWords": keywords}))


# -- small things that say the same for every user -------------------------------------------------------


def _object(describe: Callable[[Node], Mapping[str, Any]], find: Callable[[Ask], Node] = _root) -> Handler:
    def handle(ask: Ask) -> Answer:
        return ask.answer(Entity(ask.uri, ask.endpoint.description, dict(describe(find(ask)))))

    return handle


def _nothing(find: Callable[[Ask], Node]) -> Handler:
    """A list of things an emulated account has none of."""

    def handle(ask: Ask) -> Answer:
        find(ask)
        return nothing_listed(ask)

    return handle


def _missing(ask: Ask) -> Answer:
    """An image that nobody chose."""
    _root(ask)
    raise ApiError(404)


def _features(_: Node) -> dict[str, Any]:
    return {"Video": True, "VideoPersonal": False, "RightClick": True}


def _profile(root: Node) -> dict[str, Any]:
    return {"DisplayName": full_name(root), "BioText": "", "ContactEmail": ""}


def _site_settings(root: Node) -> dict[str, Any]:
    return {"SiteTitle": full_name(root)}


def _guides(_: Node) -> dict[str, Any]:
    return {}


def _upload_limits(ask: Ask) -> Answer:
    my_root(ask)
    return ask.answer([dict(limit) for limit in _UPLOAD_LIMITS])


def _news(ask: Ask) -> Answer:
    my_root(ask)
    return ask.answer([])


def _unlock(ask: Ask) -> Answer:
    """The right password opens the whole site to this application and user (by analogy with albums)."""
    root = _root(ask)
    if not ask.view.account.unlock(ask.view.caller, root, ask.values["Password"]):
        raise ApiError(403, problems={"Password": ["The password is wrong"]})
    return ask.answer(None)


_PUBLIC: Final[tuple[tuple[str, str, Handler], ...]] = (
    ("albums", "UserAlbums", _albums),
    ("urlpathlookup", "UrlPathLookup", _url_path_lookup),
    ("features", "Features", _object(_features)),
    ("profile", "UserProfile", _object(_profile)),
    ("sitesettings", "SiteSettings", _object(_site_settings)),
    ("bioimage", "BioImage", _missing),
    ("coverimage", "CoverImage", _missing),
    ("topkeywords", "UserTopKeywords", _top_keywords),
    ("recentimages", "UserRecentImages", _recent),
    ("geomedia", "UserGeoMedia", _geo),
    ("imagesearch", "UserImageSearch", _search),
    ("popularmedia", "UserPopularMedia", _nothing(_root)),
    ("featuredalbums", "UserFeaturedAlbums", _nothing(_root)),
    ("collections", "UserCollections", _nothing(_root)),
)
_OWN: Final[tuple[tuple[str, str, Handler], ...]] = (
    ("duplicateimagesearch", "DuplicateImageSearch", _duplicates),
    ("assetsalbum", "UserAssetsAlbum", _assets_album),
    ("uploadlimits", "UserUploadLimits", _upload_limits),
    ("latestquicknews", "UserLatestQuickNews", _news),
    ("guides", "UserGuideStates", _object(_guides, my_root)),
    ("hideguides", "UserHideGuides", _object(_guides, my_root)),
    ("albumtemplates", "UserAlbumTemplates", _nothing(my_root)),
    ("tasks", "UserTasks", _nothing(my_root)),
    ("watermarks", "UserWatermarks", _nothing(my_root)),
    ("printmarks", "UserPrintmarks", _nothing(my_root)),
    ("contacts", "UserContacts", _nothing(my_root)),
    ("coupons", "UserCoupons", _nothing(my_root)),
    ("grants", "UserGrants", _nothing(my_root)),
)

USER_ROUTES: tuple[Route, ...] = (
    route("!authuser", "AuthUser", _auth_user),
    route("!siteuser", "SiteUser", _site_user),
    route("/!siteuser", "SiteUser", _site_user),
    route("/user/{}", "User", _users),
    *(route(f"/user/{{}}!{action}", endpoint, handler) for action, endpoint, handler in _PUBLIC + _OWN),
    route("/user/{}!unlock", "UnlockUser", post=_unlock),
)
