"""How albums and photos are known: by a number and, since February 2008, by a word that goes with it.

Both are needed to ask (1.3.0 insists on it), so a key of ours is `ID_KEY`, and `ID` alone where the service
gives no word. The word is the key of API v2: AlbumKey and ImageKey.
"""

from __future__ import annotations

from typing import NamedTuple

from smugsync.errors import Garbled
from smugsync.remote.wire import Fields


class Ref(NamedTuple):
    """`id` in digits, `key` the word, "" = none."""

    id: str
    key: str

    def __str__(self) -> str:
        return f"{self.id}_{self.key}" if self.key else self.id

    def means(self, other: Ref) -> bool:
        """The same thing, as far as both are told."""
        return self.id == other.id and (not self.key or not other.key or self.key == other.key)


def read_ref(item: Fields) -> Ref:
    """The `id` and `Key` of an object. Raises Garbled where there is no id."""
    number = item.whole("id")
    if number is None:
        raise Garbled(f"{item.what} has no id")
    return Ref(str(number), item.key("Key") if item.text("Key") else "")


def parse_ref(key: str) -> Ref:
    number, _, word = key.partition("_")
    return Ref(number, word)
