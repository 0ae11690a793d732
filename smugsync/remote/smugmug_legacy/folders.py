"""Categories and subcategories as folders: what lies in them, what they are called, and how they are made.

A category holds subcategories and albums, a subcategory only albums, the top only categories; an album that
is made at the top goes to category 0. No question shows what lies in one of them, so the categories are asked
for (empty and built-in ones, too), then all albums, of which those are kept that lie there. The last
clients of 1.3.0 found the questions about categories no longer there (code 17): then those that albums lie
in are all.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import NamedTuple

from smugsync.core.model import Privacy
from smugsync.errors import Garbled, Rejected
from smugsync.remote.dialect import Call, Folder, Makeable, Node, Page, Reply, Span
from smugsync.remote.smugmug_legacy.albums import OTHER, Home, Place, address_part, read_place
from smugsync.remote.smugmug_legacy.calls import Endpoint, note_of
from smugsync.remote.smugmug_legacy.envelope import answer, child, entries, label, read_entries
from smugsync.remote.smugmug_legacy.keys import read_ref
from smugsync.remote.wire import Fields

CATEGORIES, SUBCATEGORIES = "smugmug.categories.get", "smugmug.subcategories.get"
ALBUMS, TREE = "smugmug.albums.get", "smugmug.users.getTree"

#: The two halves of a folder's contents, as starts of their pages.
_FOLDERS, _ALBUMS = 1, 2


class Spot(NamedTuple):
    """A folder by its numbers: `category:33`, `subcategory:33/77`; every other id is the top."""

    category: str = ""
    sub: str = ""

    @classmethod
    def parse(cls, node_id: str) -> Spot:
        kind, _, numbers = node_id.partition(":")
        category, _, sub = numbers.partition("/")
        if kind == "category":
            return cls(category)
        return cls(category, sub) if kind == "subcategory" else cls()

    @classmethod
    def of(cls, home: Home) -> Spot:
        """Where an album lies: without a category, in category 0."""
        return cls(home.category.id or OTHER, home.sub.id)

    def __str__(self) -> str:
        if not self.category:
            return "0"
        return f"subcategory:{self.category}/{self.sub}" if self.sub else f"category:{self.category}"

    def holds(self, home: Home) -> bool:
        """Does an album lie right in it? What has no category lies both at the top and in category 0."""
        return Spot.of(home) == (self if self.category else Spot(OTHER))


class FolderQuestions:
    """What is asked about categories, and how they and albums are made.

    `word` gives a password that nobody has been told. `site_password` opens the user's site.
    """

    def __init__(
        self, endpoint: Endpoint, word: Callable[[], str] | None = None, *, site_password: str = ""
    ) -> None:
        self._endpoint = endpoint
        self._word = word or _secret_word
        self._site_password = site_password

    def _viewer(self) -> dict[str, str]:
        """Whose albums: without a name, those of the account that asks."""
        arguments = {"NickName": self._endpoint.user} if self._endpoint.user else {}
        return arguments | ({"SitePassword": self._site_password} if self._site_password else {})

    # Names, for `layout = "names"`

    def folders(self, node_id: str, span: Span) -> Call:
        """All of them at once: none of them has any below it that would not be in this answer."""
        del node_id, span
        endpoint = self._endpoint
        if endpoint.version.tree:
            return endpoint.get(TREE, self._viewer())
        return endpoint.get(ALBUMS, {**self._viewer(), "Heavy": "1"})

    def read_folders(self, reply: Reply, span: Span) -> Page[Folder]:
        del span
        document = answer(reply, "the categories")
        if "Categories" in document:
            page = read_entries(entries(document, "Categories"), _read_branch)
        else:
            page = read_entries(entries(document, "Albums"), _folders_around)
        folders = {folder.url_path: folder for found in page.items for folder in found}
        return Page(tuple(folders.values()), None, None, page.faults)

    # What lies where

    def children(self, node_id: str, span: Span) -> Call:
        spot, endpoint = Spot.parse(node_id), self._endpoint
        note = {"in": str(spot)}
        if span.start == _FOLDERS and not spot.category:
            return endpoint.get(CATEGORIES, {}, note)
        if span.start == _FOLDERS and not spot.sub:
            return endpoint.get(SUBCATEGORIES, {"CategoryID": spot.category}, note)
        return endpoint.get(ALBUMS, dict(endpoint.version.light), note)

    def read_children(self, reply: Reply, span: Span) -> Page[Node]:
        document = answer(reply, "the folder")
        spot = Spot.parse(note_of(reply).get("in", ""))
        if span.start == _FOLDERS and not spot.sub:
            name = "SubCategories" if spot.category else "Categories"
            page = read_entries(entries(document, name), lambda item: _folder_node(spot, read_place(item)))
            return Page(page.items, None, Span(_ALBUMS, span.count), page.faults)
        found = read_entries(entries(document, "Albums"), lambda item: _nodes_of(spot, item))
        return Page(tuple(node for nodes in found.items for node in nodes), None, None, found.faults)

    # Making

    def make(self, parent_node_id: str, kind: Makeable, name: str, privacy: Privacy) -> Call:
        """Raises Rejected for a folder in a subcategory, before anything is asked.

        An album is public or it is not listed. A private one is not listed and has a password besides that
        nobody knows: its owner needs none, and can look it up.
        """
        spot, endpoint = Spot.parse(parent_node_id), self._endpoint
        note = {"in": str(spot), "name": name}
        if kind == "folder":
            if spot.sub:
                raise Rejected(
                    "SmugMug's older API has categories and subcategories, and no folders in those"
                )
            if spot.category:
                arguments = {"CategoryID": spot.category, "Name": name}
                return endpoint.post("smugmug.subcategories.create", arguments, note)
            return endpoint.post("smugmug.categories.create", {"Name": name}, note)
        settings = {"Title": name, "CategoryID": spot.category or OTHER}
        if spot.sub:
            settings["SubCategoryID"] = spot.sub
        settings["Public"] = "1" if privacy is Privacy.PUBLIC else "0"
        if privacy is Privacy.PRIVATE:
            settings["Password"] = self._word()
        return endpoint.post("smugmug.albums.create", settings, note)

    def read_made(self, reply: Reply) -> Node:
        """The answer holds little more than the number of what was made; the rest is as it was asked for."""
        document, note = answer(reply, "what was made"), note_of(reply)
        spot, name = Spot.parse(note.get("in", "")), note.get("name", "")
        for kind in ("Album", "SubCategory", "Category"):
            item = child(document, kind)
            if "id" in item:
                made = read_ref(item)
                if kind == "Album":
                    return Node("album", f"album:{made.id}", name, album_key=str(made))
                return _folder_node(spot, Place(made.id, name, address_part("", name) or made.id))
        raise Garbled("SmugMug's answer tells of neither a category nor an album")


def _secret_word() -> str:
    return secrets.token_urlsafe(12)


def _folder_node(parent: Spot, place: Place) -> Node:
    if not place:
        raise Garbled("a category has no id")
    spot = Spot(parent.category, place.id) if parent.category else Spot(place.id)
    return Node("folder", str(spot), place.name, place.part)


def _nodes_of(spot: Spot, item: Fields) -> list[Node]:
    """The album, or the folder it lies in, as far as that is right in `spot`."""
    home = Home.of(item)
    nodes = [_album_node(home, item)] if spot.holds(home) else []
    if not spot.category and home.category:
        nodes.append(_folder_node(spot, home.category))
    elif spot == Spot(home.category.id) and home.sub:
        nodes.append(_folder_node(spot, home.sub))
    return nodes


def _album_node(home: Home, item: Fields) -> Node:
    ref, name, nice = read_ref(item), item.prose("Title"), item.prose("NiceName")
    path = f"{home.path(item.what)}/{address_part(nice, name) or ref}"
    return Node("album", f"album:{ref.id}", name, nice, path, str(ref))


def _folders_around(item: Fields) -> list[Folder]:
    """The folders that an album lies in, the outer one first."""
    home = Home.of(item)
    return [] if home.at_top else _folders_of(home, item.what)


def _read_branch(item: Fields) -> list[Folder]:
    """A category of the tree, and what it holds."""
    category = read_place(item)
    found: dict[str, Folder] = {}
    homes = [Home(category, read_place(Fields.of(sub, label(item)))) for sub in item.entries("SubCategories")]
    for home in homes or [Home(category, Place(""))]:
        if not home.at_top:
            found |= {folder.url_path: folder for folder in _folders_of(home, item.what)}
    return list(found.values())


def _folders_of(home: Home, what: str) -> list[Folder]:
    around = [_folder(home.outer, what)] if home.outer else []
    return [*around, _folder(home, what)]


def _folder(home: Home, what: str) -> Folder:
    place = home.sub or home.category
    return Folder(home.full_path(what), place.name, str(Spot.of(home)), has_children=False)
