"""The account's places, folders, albums and pages in one tree, and every edit of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from smugsync.emulator.account.model import Album, Node, NodeType, Privacy
from smugsync.emulator.account.names import derive_url_name, make_unique
from smugsync.emulator.account.places import Bin, Changes, EditError, Either, NameTaken, Places, names_in

__all__ = ["MAX_DEPTH", "Bin", "Changes", "EditError", "NameTaken", "Tree"]

MAX_DEPTH: Final = 5  #: levels of folders (facts 7)


class Tree(Places):
    """One user's nodes and albums, and those of a few other people beside them."""

    def add_folder(self, name: str, *, parent: Node | None = None, **settings: Any) -> Node:
        """A new folder, in the root unless `parent` says otherwise. `settings` are fields of Node.

        Keys are numbered, unless the setting `identity` names something they shall depend on instead. An
        UrlName that is taken is made unique; with `unique=False`, NameTaken is raised.
        Raises EditError below the fifth level (facts: five levels of folders).
        """
        with self.lock:
            parent = parent or self.root
            if parent.depth >= MAX_DEPTH:
                raise EditError(f"folders are nested at most {MAX_DEPTH} deep")
            return self._add_node("Folder", name, parent, {"show_cover": False, **settings})

    def add_page(
        self, name: str, *, parent: Node | None = None, system: bool = False, **settings: Any
    ) -> Node:
        """A new page; otherwise as `add_folder`."""
        with self.lock:
            return self._add_node("System Page" if system else "Page", name, parent or self.root, settings)

    def add_album(
        self, name: str, *, parent: Node | None = None, node_type: NodeType = "Album", **settings: Any
    ) -> Album:
        """A new, empty album; otherwise as `add_folder`, at any level."""
        with self.lock:
            settings = {"sort_method": "DateModified", "sort_direction": "Descending", **settings}
            identity = settings.get("identity")
            node = self._add_node(node_type, name, parent or self.root, settings)
            album = Album(
                self._fresh("album", 6, Either(self.albums, self.bin.albums), identity),
                node,
                [],
                images_updated=node.added,
            )
            node.album = album
            self.albums[album.key] = album
            self.mark(album)
            return album

    def edit_node(self, node: Node, **changes: Any) -> None:
        """`changes` are fields of Node. The address (`url_name`) does not follow the name by itself.

        Raises NameTaken if a sibling has that UrlName, EditError for an address of the root.
        """
        with self.lock:
            if (url_name := changes.get("url_name")) is not None:
                if node.parent is None:
                    raise EditError("the root has no address of its own")
                if url_name.casefold() in names_in(node.parent, without=[node]):
                    raise NameTaken(f"a sibling is called {url_name} already")
            for name, value in changes.items():
                setattr(node, name, value)
            self.stamp(node)

    def rename(self, node: Node, *, name: str | None = None, url_name: str | None = None) -> None:
        """Another name, another address or both. Raises NameTaken if a sibling has that UrlName."""
        changes = {"name": name, "url_name": url_name if node.parent else None}
        self.edit_node(node, **{field: value for field, value in changes.items() if value is not None})

    def set_privacy(self, node: Node, privacy: Privacy, *, password: str | None = None) -> None:
        """`password` "" takes a password away, None leaves it as it is."""
        changes: dict[str, Any] = {"privacy": privacy}
        if password is not None:
            changes |= {"password": password, "security": "Password" if password else "None"}
        self.edit_node(node, **changes)

    def stamp(self, node: Node, now: int | None = None) -> None:
        """Move `DateModified`, and that of the folder the node lies in: recorded folders have the stamp of
        the album in them that changed last. The root's stands still (recorded)."""
        node.modified = self.now() if now is None else now
        self.mark(node)
        if node.parent is not None and node.parent.parent is not None:
            node.parent.modified = node.modified
            self.mark(node.parent)

    def move_node(self, node: Node, parent: Node) -> None:
        self.move_nodes([node], parent)

    def move_nodes(self, nodes: Sequence[Node], parent: Node) -> None:
        """Put all of them into another folder, or none.

        Raises NameTaken if two would have one UrlName there, EditError if a node cannot be there.
        """
        with self.lock:
            moved = list(dict.fromkeys(nodes))
            taken = names_in(parent, without=moved)
            for node in moved:
                if not parent.is_folder or node.parent is None or node.owner != parent.owner:
                    raise EditError("it cannot be moved there")
                if parent in node.walk():
                    raise EditError("a folder cannot be moved into itself")
                if parent.depth + node.height > MAX_DEPTH:
                    raise EditError(f"folders are nested at most {MAX_DEPTH} deep")
                if node.url_name.casefold() in taken:
                    raise NameTaken(f"{node.url_name} exists there already")
                taken.add(node.url_name.casefold())
            for node in moved:
                if node.parent is not None and node.parent is not parent:
                    self._put(node, parent)

    def _put(self, node: Node, parent: Node) -> None:
        if node.parent is not None and node in node.parent.children:
            node.parent.children.remove(node)
            self.mark(node.parent)
        node.parent = parent
        parent.children.append(node)
        self.mark(parent)
        self.stamp(node)

    def delete_node(self, node: Node) -> None:
        """An album with its images, wherever they were collected, or a folder with everything in it.

        It can be recovered. Raises EditError for the root.
        """
        with self.lock:
            if node.parent is None:
                raise EditError("the root cannot be deleted")
            node.parent.children.remove(node)
            self.mark(node.parent)
            node.deleted = self.now()
            albums = []
            for below in node.walk():
                self.bin.nodes[below.id] = self.nodes.pop(below.id)
                if below.album is not None:
                    self.bin.albums[below.album.key] = self.albums.pop(below.album.key)
                    albums.append(below.album)
                self.mark(below)
            for album in albums:
                self._discard(album)
            self.mark(*albums)

    def recover(self, node: Node) -> None:
        """Bring back what was deleted: to its folder, or to the closest place above that still exists and
        has room for its levels. Its UrlName is made unique there.

        Raises EditError if the node was not deleted itself.
        """
        with self.lock:
            if node.id not in self.bin.nodes or not node.deleted:
                raise EditError("it was not deleted")
            above = list(node.ancestry)[1:]
            fits = (n for n in above if n.id in self.nodes and n.depth + node.height <= MAX_DEPTH)
            parent = next(fits, above[-1])
            node.deleted = 0
            node.url_name = make_unique(node.url_name, names_in(parent))
            albums = []
            for below in node.walk():
                self.nodes[below.id] = self.bin.nodes.pop(below.id)
                if below.album is not None:
                    self.albums[below.album.key] = self.bin.albums.pop(below.album.key)
                    albums.append(below.album)
                self.mark(below)
            self._put(node, parent)
            for album in albums:
                self._bring_back(album)
            self.mark(*albums)

    def _discard(self, album: Album) -> None:
        """Take the images of a deleted album out of the account; it keeps them."""

    def _bring_back(self, album: Album) -> None:
        """The opposite, for those that still exist."""

    def _add_node(self, node_type: NodeType, name: str, parent: Node, settings: dict[str, Any]) -> Node:
        now, number = self.now(), self._next_number()
        taken = names_in(parent)
        url_name = settings.pop("url_name", None) or derive_url_name(name)
        if not settings.pop("unique", True) and url_name.casefold() in taken:
            raise NameTaken(f"a sibling is called {url_name} already")
        node = Node(
            id=self._fresh("node", 6, Either(self.nodes, self.bin.nodes), settings.pop("identity", None)),
            type=node_type,
            name=name,
            url_name=make_unique(url_name, taken),
            owner=parent.owner,
            added=now,
            modified=now,
            parent=parent,
            **{"sort_index": number, **settings},
        )
        parent.children.append(node)
        self.nodes[node.id] = node
        self.mark(parent)
        self.stamp(node, now)
        return node
