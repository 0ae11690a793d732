"""An account of any size that is made while it is read: two thousand albums of 250 images take no memory.

Keys are numbers in disguise: an image's key says which album and which place it belongs to, so that no
table of images is needed. Only an album that is edited is turned into a list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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
#: The first id that an image of a synthetic account has in the older APIs; others have smaller ones.
FIRST_NUMBER: Final = 1 << 30
_FOLDER_SIZE: Final = 100  #: albums per folder
_BEGIN: Final = datetime(2001, 1, 1)  # a camera's clock has no zone
_EPOCH: Final = 1_500_000_000
_PAUSE: Final = 600  #: seconds from the first upload of an album to that of the next, if that is enough


class SyntheticImages(Sequence[Image]):
    """The images of album number `index`; equal arguments give equal images, never the same object.

    They are alike in everything but names and times, and in the order of their uploads; no album's uploads
    overlap with another's.
    """

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

    def file_name(self, place: int) -> str:
        return f"IMG_{self._index:04d}_{place:05d}.JPG"

    def _make(self, place: int) -> Image:
        number = self._offset + self._index * self._count + place
        key = spell(number * _FACTOR % _KEYS, 7)
        taken = (_BEGIN + timedelta(minutes=number)).isoformat()
        uploaded = _begin_of(self._index, self._count) + place
        return Image(
            key=key,
            home=self._key,
            file_name=self.file_name(place),
            content=Noise(key, self._size),
            format="JPG",
            uploaded=uploaded,
            upload_key=9_000_000_000 + number,
            updated=uploaded + 3,
            picture=MediaInfo("JPG", 6000, 4000, taken),
            number=FIRST_NUMBER + number,
        )


def key_of_number(number: int) -> str:
    """The key of a synthetic account's image, by its id in the older APIs."""
    return spell((number - FIRST_NUMBER) * _FACTOR % _KEYS, 7)


def file_names(photos: Sequence[Image]) -> Iterator[str]:
    """Those of all these images; none is made for it."""
    if isinstance(photos, SyntheticImages):
        return map(photos.file_name, range(len(photos)))
    return (image.file_name for image in photos)


def _begin_of(index: int, images: int) -> int:
    """When the first image of album number `index` was uploaded."""
    return _EPOCH + index * max(_PAUSE, images)


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
        album.images_updated = _begin_of(index, images) + images
        album.node.added = album.node.modified = album.images_updated
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
