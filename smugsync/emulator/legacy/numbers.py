"""The numeric ids of the older APIs: each stands for a user, a category, an album or an image, for good.

An id depends on the key alone, but for the few whose place another had taken; so that those stay too, an id
is kept with what it stands for. A synthetic account's images are numbered as they are made, so that no table
of them is needed. With the switch `legacy-ids` at `large`, the ids of images are beyond 2^31, as in the later
years of the service.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Any, Final

from smugsync.emulator.account.account import Account
from smugsync.emulator.account.model import Album, Image, Node
from smugsync.emulator.account.synthetic import FIRST_NUMBER, key_of_number
from smugsync.emulator.switches import Switches

#: What is added to the ids of images where they are to be large.
LARGE: Final = 1 << 33
#: The first id of each kind and the one after the last, of the length that was seen.
_USERS: Final = (100_000, 1_000_000)
_FOLDERS: Final = (1_000, 1_000_000)
_ALBUMS: Final = (1_000_000, 100_000_000)
_IMAGES: Final = (100_000_000, FIRST_NUMBER)


class Numbers:
    """Ids of one account, and the way back. To be used under the account's lock."""

    def __init__(self, account: Account, switches: Callable[[], Switches]) -> None:
        self._account = account
        self._switches = switches
        self._albums: dict[int, str] | None = None  #: keys by id, once somebody asked
        self._images: dict[int, str] = {}
        self._folders: dict[int, str] = {}

    # -- from a thing to its id ----------------------------------------------------------------------

    def of_user(self, root: Node) -> int:
        return self._of(root, root.owner, _USERS, self._folders, root.id)

    def of_folder(self, folder: Node) -> int:
        return self._of(folder, folder.id, _FOLDERS, self._folders, folder.id)

    def of_album(self, album: Album) -> int:
        return self._of(album, album.key, _ALBUMS, self._known_albums(), album.key)

    def of_image(self, image: Image) -> int:
        self._known_albums()
        number = self._of(image, image.key, _IMAGES, self._images, image.key)
        return number + LARGE if self._switches().legacy_ids == "large" else number

    def _of(
        self, thing: Node | Album | Image, text: str, room: tuple[int, int], taken: dict[int, str], key: str
    ) -> int:
        if thing.number == 0:
            low, high = room
            digest = hashlib.blake2b(f"{self._account.seed}/{text}".encode("utf-8", "replace")).digest()
            number = low + int.from_bytes(digest[:8]) % (high - low)
            while taken.get(number, key) != key:
                number = low + (number + 1 - low) % (high - low)
            thing.number = number
            self._account.mark(thing)
        taken.setdefault(thing.number, key)
        return thing.number

    # -- and back ------------------------------------------------------------------------------------

    def user(self, number: int) -> Node | None:
        return next((root for root in self._account.roots if self.of_user(root) == number), None)

    def album(self, number: int) -> Album | None:
        key = self._known_albums().get(number)
        return None if key is None else self._account.album(key)

    def image(self, number: int) -> Image | None:
        self._known_albums()
        if number >= LARGE:
            number -= LARGE
        key = self._images.get(number)
        if key is None and number >= FIRST_NUMBER:
            key = key_of_number(number)
        image = None if key is None else self._account.image(key)
        return image if image is not None and image.number == number else None

    def _known_albums(self) -> dict[int, str]:
        """With everything that there is numbered, in the order of keys: so the same account has the same ids
        wherever one begins to ask."""
        if self._albums is None:
            self._albums = {}
            account = self._account
            self._number(account.nodes.values(), lambda node: node.id, self._number_node)
            for albums in (account.bin.albums, account.albums):
                self._number(albums.values(), lambda album: album.key, self.of_album)
            for album in account.albums.values():
                if isinstance(album.photos, list):
                    self._number(album.photos, lambda image: image.key, self.of_image)
            self._number(account.bin.images.values(), lambda image: image.key, self.of_image)
        return self._albums

    def _number_node(self, node: Node) -> None:
        if node.is_folder and node.parent is not None:
            self.of_folder(node)

    @staticmethod
    def _number(things: Iterable[Any], key: Callable[[Any], str], number: Callable[[Any], object]) -> None:
        """Those first that have their numbers already."""
        for thing in sorted(things, key=lambda thing: (thing.number == 0, key(thing))):
            number(thing)
