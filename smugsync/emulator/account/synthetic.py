"""An account of any size that is made while it is read: two thousand albums of 250 images take no memory.

Keys are numbers in disguise: an image's key says which album and which place it belongs to, so that no
table of images is needed. Only an album that is edited is turned into a list.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, overload

from smugsync.emulator.account.account import Account
from smugsync.emulator.account.content import Noise
from smugsync.emulator.account.model import Album, Image
from smugsync.emulator.account.names import ALPHABET, spell, unspell
from smugsync.emulator.media.information import MediaInfo

_KEYS: Final = len(ALPHABET) ** 7
#: Odd and no multiple of 3, so that it has an inverse modulo 48 ** 7: scatters the keys.
_FACTOR: Final = 314_159_265_359
_INVERSE: Final = pow(_FACTOR, -1, _KEYS)
_FOLDER_SIZE: Final = 100  #: albums per folder
_BEGIN: Final = datetime(2001, 1, 1)  # a camera's clock has no zone
_EPOCH: Final = 1_500_000_000


class SyntheticImages(Sequence[Image]):
    """The images of album number `index`; equal arguments give equal images, never the same object."""

    def __init__(self, key: str, index: int, count: int, *, size: int, offset: int) -> None:
        self._key = key
        self._index = index
        self._count = count
        self._size = size
        self._offset = offset

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, at: int) -> Image: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Image]: ...
    def __getitem__(self, at: int | slice) -> Image | Sequence[Image]:
        if isinstance(at, slice):
            return [self._make(place) for place in range(*at.indices(self._count))]
        if not -self._count <= at < self._count:
            raise IndexError(at)
        return self._make(at % self._count)

    def _make(self, place: int) -> Image:
        number = self._offset + self._index * self._count + place
        key = spell(number * _FACTOR % _KEYS, 7)
        taken = (_BEGIN + timedelta(minutes=number)).isoformat()
        uploaded = _EPOCH + self._index * 600 + place
        return Image(
            key=key,
            home=self._key,
            file_name=f"IMG_{self._index:04d}_{place:05d}.JPG",
            content=Noise(key, self._size),
            format="JPG",
            uploaded=uploaded,
            upload_key=9_000_000_000 + number,
            updated=uploaded + 3,
            picture=MediaInfo("JPG", 6000, 4000, taken),
        )


def fill_synthetic(account: Account, *, albums: int, images: int, size: int) -> None:
    """Put `albums` albums of `images` images of `size` bytes each into the account."""
    offset = account.seed * 1_000_003 + 1
    made: list[Album] = []
    folder = account.root
    for index in range(albums):
        if index % _FOLDER_SIZE == 0:
            folder = account.add_folder(f"Year {2001 + index // _FOLDER_SIZE}")
        album = account.add_album(f"Album {index:05d}", parent=folder)
        album.photos = SyntheticImages(album.key, index, images, size=size, offset=offset)
        album.node.added = album.node.modified = album.images_updated = _EPOCH + index * 600 + images
        made.append(album)
    account.adopt_lazily(_decoder(made, images, offset))


def _decoder(albums: Sequence[Album], images: int, offset: int) -> Callable[[str], Image | None]:
    def decode(key: str) -> Image | None:
        number = unspell(key) if len(key) == 7 else None
        if number is None or images == 0:
            return None
        index, place = divmod(number * _INVERSE % _KEYS - offset, images)
        if not 0 <= index < len(albums):
            return None
        photos = albums[index].photos
        return photos[place] if isinstance(photos, SyntheticImages) else None

    return decode
