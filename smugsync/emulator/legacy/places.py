"""Categories and subcategories, out of the account's folders, and what a call names.

A folder in the root is a category, a folder in it a subcategory. Albums right in the root belong to the
category *Other*, which is everybody's. This API has no levels below: what lies deeper is shown in the
subcategory above it, so that nobody who copies an account by this API misses an album.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from smugsync.emulator.account.model import Album, Image, Node
from smugsync.emulator.api.view import View
from smugsync.emulator.legacy.calls import Call
from smugsync.emulator.legacy.failures import (
    INVALID_ALBUM,
    INVALID_DATA,
    INVALID_SESSION,
    INVALID_USER,
    Failure,
)

OTHER: Final = 0
#: Categories that are everybody's and need no folder: 0 and 33 are recorded, the others are told of by two
#: clients, and there were more. An album in one of them lies in a folder of that name, but for *Other*.
BUILT_IN: Final[Mapping[int, str]] = {
    OTHER: "Other",
    41: "Airplanes",
    1: "Animals",
    25: "Aquariums",
    2: "Architecture",
    3: "Art",
    43: "Arts and Crafts",
    11: "Events",
    33: "Vacation",
}
_NUMBERS: Final = {name.casefold(): number for number, name in BUILT_IN.items()}


@dataclass(frozen=True, slots=True)
class Place:
    """Where an album is: its category and subcategory, None for *Other* and for none."""

    category: Node | None
    subcategory: Node | None

    @classmethod
    def of(cls, node: Node) -> Place:
        way = [
            above for above in reversed([*node.ancestry]) if above.parent is not None and above is not node
        ]
        return cls(way[0] if way else None, way[1] if len(way) > 1 else None)


def category_id(call: Call, folder: Node | None) -> int:
    """A folder that is called like a built-in category is that category, the first of them."""
    if folder is None:
        return OTHER
    number = _NUMBERS.get(folder.name.casefold(), OTHER)
    if number != OTHER and folder is _named(folder.parent, folder.name):
        return number
    return call.numbers.of_folder(folder)


def _named(root: Node | None, name: str) -> Node | None:
    children = root.children if root is not None else ()
    return next((n for n in children if n.is_folder and n.name.casefold() == name.casefold()), None)


def struct_of(call: Call, folder: Node | None, *, label: str = "Name", named: bool = True) -> dict[str, Any]:
    """`{"id": 33, "Name": "Vacation"}`; from 1.2.2 on with the kind."""
    shown: dict[str, Any] = {"id": category_id(call, folder)}
    if named:
        shown[label] = BUILT_IN[OTHER] if folder is None else folder.name
        if call.version.takes_bare_keys:
            shown["NiceName"] = BUILT_IN[OTHER] if folder is None else folder.url_name
            shown["Type"] = "SmugMug" if shown["id"] in BUILT_IN else "User"
    return shown


def sub_struct_of(call: Call, folder: Node, *, label: str = "Name") -> dict[str, Any]:
    shown: dict[str, Any] = {"id": call.numbers.of_folder(folder), label: folder.name}
    if call.version.takes_bare_keys:
        shown["NiceName"] = folder.url_name
    return shown


# -- what there is -----------------------------------------------------------------------------------------


def categories(view: View, root: Node) -> list[Node]:
    return [node for node in root.children if node.type == "Folder" and view.lists_everywhere(node)]


def subcategories(view: View, category: Node) -> list[Node]:
    return categories(view, category)


def albums_below(view: View, node: Node) -> Iterator[Album]:
    """As the newer API lists a user's albums: what is public, and to its owner everything."""
    for one in node.walk():
        if one.type == "Album" and one.album is not None and view.lists_everywhere(one):
            yield one.album


def albums_in(view: View, folder: Node) -> list[Album]:
    """Those right in a category, or in the root."""
    return [
        node.album
        for node in folder.children
        if node.type == "Album" and node.album is not None and view.lists_everywhere(node)
    ]


# -- what a call names ---------------------------------------------------------------------------------------


def user_of(call: Call) -> Node:
    """The user that NickName names, else the caller. Failure 4 for nobody."""
    nickname = call.arguments.text("NickName").strip() or call.view.user or ""
    root = call.view.account.root_of(nickname)
    if root is None:
        raise Failure(INVALID_USER)
    return root


def my_root(call: Call) -> Node:
    """The caller's own; Failure 3 for nobody in particular (recorded)."""
    root = call.view.account.root_of(call.view.user or "")
    if root is None:
        raise Failure(INVALID_SESSION)
    return root


def album_of(call: Call) -> Album:
    """The album that the call names, to be looked into. Failure 4 without its password."""
    if call.version.needs_keys:
        call.arguments.needed("AlbumKey")
    album = _album(call)
    check_password(call, album.node)
    return album


def _album(call: Call) -> Album:
    """Failure 9 where there is none for this viewer (one client was told 5), 4 for a wrong key."""
    number, key = call.arguments.number("AlbumID"), call.arguments.text("AlbumKey").strip()
    album = call.numbers.album(number)
    if album is None or not call.view.sees(album.node):
        raise Failure(call.view.switches.legacy_gone)
    if key and key != album.key:
        raise Failure(INVALID_USER, "AlbumKey")
    return album


def opened_user(call: Call) -> Node:
    """The user whose things are to be listed. Failure 4 without the SitePassword, where there is one."""
    root = user_of(call)
    check_password(call, root)
    return root


def is_open(call: Call, node: Node) -> bool:
    """Whether what is inside may be seen: the account's password comes as SitePassword, others as Password,
    with every call."""
    guard = node.guarded_by
    if guard is None or not call.view.locked(node):
        return True
    given = call.arguments.text("SitePassword" if guard.parent is None else "Password")
    return guard.security == "Password" and given == guard.password


def check_password(call: Call, node: Node) -> None:
    """Failure 4 where a password is missing or wrong."""
    if not is_open(call, node):
        raise Failure(INVALID_USER, "password")


def image_of(call: Call) -> Image:
    """The image that the call names, to be looked at."""
    if call.version.needs_keys:
        call.arguments.needed("ImageKey")
    return _image(call)


def _image(call: Call) -> Image:
    """Failure 4 where there is none for this viewer, its key is wrong, or a password is missing."""
    number, key = call.arguments.number("ImageID"), call.arguments.text("ImageKey").strip()
    image = call.numbers.image(number)
    home = call.view.account.album(image.home) if image is not None else None
    if image is None or home is None or (key and key != image.key):
        raise Failure(INVALID_USER, "ImageID")
    shown = [album for album in call.view.account.albums_of(image) if call.view.sees(album.node)]
    shown = [album for album in shown if call.view.shows(image, album.node)]
    if not shown:
        raise Failure(INVALID_USER, "ImageID")
    if all(call.view.locked(album.node) for album in shown):
        check_password(call, shown[0].node)
    return image


def my_album(call: Call) -> Album:
    """The album that the call names, to be changed; the key need not be told. Failure 9 for somebody
    else's."""
    album = _album(call)
    if not call.view.is_mine(album.node):
        raise Failure(INVALID_ALBUM)
    return album


def my_image(call: Call) -> Image:
    image = _image(call)
    home = call.view.account.album(image.home)
    if home is None or not call.view.is_mine(home.node):
        raise Failure(INVALID_USER, "ImageID")
    return image


def my_category(call: Call) -> Node | None:
    """The folder of a category, None for one that is built in and has none yet. Failure 16 where there is no
    such category."""
    number, root = call.arguments.number("CategoryID"), my_root(call)
    if number in BUILT_IN:
        return None if number == OTHER else _named(root, BUILT_IN[number])
    found = next((n for n in root.children if n.is_folder and category_id(call, n) == number), None)
    if found is None:
        raise Failure(INVALID_DATA, "no such category")
    return found


def my_subcategory(call: Call) -> Node:
    number, root = call.arguments.number("SubCategoryID"), my_root(call)
    for category in root.children:
        for folder in category.children:
            if folder.is_folder and call.numbers.of_folder(folder) == number:
                return folder
    raise Failure(INVALID_DATA, "no such subcategory")


def wanted_folder(call: Call) -> Node:
    """Where CategoryID and SubCategoryID put an album: a folder is made for a built-in category that has
    none. A subcategory of another category is refused with 16."""
    root = my_root(call)
    if call.arguments.optional_number("SubCategoryID"):
        folder = my_subcategory(call)
        given = call.arguments.text("CategoryID").strip()
        if (
            given
            and folder.parent is not None
            and call.arguments.number("CategoryID") != category_id(call, folder.parent)
        ):
            raise Failure(INVALID_DATA, "the subcategory is in another category")
        return folder
    number = call.arguments.optional_number("CategoryID")
    if number == OTHER:
        return root
    return my_category(call) or call.view.account.add_folder(BUILT_IN[number], parent=root)
