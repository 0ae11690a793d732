"""The pictures of the account as photos of a Pixelpost site.

They are the account's JPEGs, every album, each once, in the order they were uploaded; a file is a JPEG if
it begins as one, and what is none is left out (so is what a synthetic account makes up). Title, description
and visibility are those of the image (title, caption, not hidden), both ways: one library has two sites.
What an image does not have is kept here: its id and its publish date.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from smugsync.emulator.account.account import MAX_IMAGES, Account
from smugsync.emulator.account.content import Content, Noise
from smugsync.emulator.account.model import Image
from smugsync.emulator.pixelpost.signing import digest

#: Where photos are put that are added here.
ALBUM: Final = "Pixelpost"
_START: Final = b"\xff\xd8\xff"


@dataclass(slots=True)
class _Record:
    """What is kept of a photo. `name` and `modified` are empty unless somebody chose them."""

    id: int
    serial: int
    published: int
    name: str = ""
    modified: int = 0


@dataclass(slots=True)
class Photo:
    """One picture of the site. `published` is in epoch seconds.

    What is made up of its file name depends on the `site` and the image; `name` and `time` are what somebody
    chose instead.
    """

    id: int
    published: int
    image: Image
    site: str
    name: str = ""
    time: int = 0

    @property
    def filename(self) -> str:
        """Another one with every replacement: files never change under their names."""
        return self.name or digest(f"{self.site}/{self.image.id}/pixelpost") + ".jpg"

    @property
    def title(self) -> str:
        return self.image.title

    @property
    def description(self) -> str:
        return self.image.caption

    @property
    def visible(self) -> bool:
        return not self.image.hidden

    @property
    def modified(self) -> int:
        """When the file was written, in microseconds. Raises OSError if it is gone."""
        path = self.image.content.path
        if self.time or path is None:
            return self.time or self.image.uploaded * 1_000_000
        return path.stat().st_mtime_ns // 1000


class Site:
    """The photos of one account. `reuses_ids` tells whether an id may be given a second time."""

    def __init__(self, account: Account, *, reuses_ids: Callable[[], bool]) -> None:
        self._account = account
        self._reuses_ids = reuses_ids
        self._site = f"{account.seed}/{account.nickname}"
        self._records: dict[str, _Record] = {}
        self._last_id = 0
        self._kinds: dict[str, tuple[Content, bool]] = {}  #: by key: whether the content is a JPEG
        self._names: dict[str, str] = {}  #: keys by file names
        self.changed = 0

    # -- looking -----------------------------------------------------------------------------------

    def photos(self) -> list[Photo]:
        """All of them, in the order of their ids."""
        while True:
            with self._account.lock:
                unread = self._unread()
                if not unread:
                    return self._known_photos()
            read = {key: (content, _is_jpeg(content)) for key, content in unread.items()}  # nobody waits
            with self._account.lock:
                self._kinds |= read

    def _known_photos(self) -> list[Photo]:
        images = {image.key: image for image in self._images()}
        if len(self._kinds) > len(images):
            self._kinds = {key: kind for key, kind in self._kinds.items() if key in images}
        images = {key: image for key, image in images.items() if self._kinds[key][1]}
        if images.keys() != self._records.keys():
            self._renumber(images)
        photos = [self._photo(images[key], record) for key, record in self._records.items()]
        return sorted(photos, key=lambda photo: photo.id)

    def find(self, number: int) -> Photo | None:
        return next((photo for photo in self.photos() if photo.id == number), None)

    def named(self, filename: str) -> Photo | None:
        """The photo whose files have that name."""
        with self._account.lock:
            key = self._names.get(filename, "")
            image, record = self._account.image(key), self._records.get(key)
            if image is not None and record is not None:
                photo = self._photo(image, record)
                if photo.filename == filename:
                    return photo
        photos = {photo.filename: photo for photo in self.photos()}
        self._names = {name: photo.image.key for name, photo in photos.items()}
        return photos.get(filename)

    def _images(self) -> Iterator[Image]:
        for node in self._account.root.walk():
            album = node.album
            if album is not None and isinstance(album.photos, list):
                yield from (image for image in album.photos if image.home == album.key and not image.is_video)

    def _unread(self) -> dict[str, Content]:
        """By key, the files nobody has looked into yet."""
        return {
            image.key: image.content
            for image in self._images()
            if (known := self._kinds.get(image.key)) is None or known[0] is not image.content
        }

    def _renumber(self, images: dict[str, Image]) -> None:
        """Forget what is gone, and number what is new."""
        gone = [key for key in self._records if key not in images]
        for key in gone:
            del self._records[key]
        new = sorted(images.keys() - self._records.keys(), key=lambda key: images[key].upload_key)
        last = max((record.id for record in self._records.values()), default=0)
        if not self._reuses_ids():
            last = max(last, self._last_id)
        for key in new:
            last += 1
            self._records[key] = _Record(last, images[key].serial, images[key].uploaded)
        self._last_id = max(self._last_id, last)
        self.changed += 1

    def _photo(self, image: Image, record: _Record) -> Photo:
        photo = Photo(record.id, record.published, image, self._site)
        if record.serial == image.serial:
            photo.name, photo.time = record.name, record.modified
        return photo

    # -- changing ----------------------------------------------------------------------------------

    def add(self, content: Content) -> Photo:
        """A new photo, hidden and without a title, in an album that is made for such.

        Raises ValueError for a `content` that is no JPEG, and EditError if there is no room for an album.
        """
        with self._account.lock:
            children = self._account.root.children
            own = [node.album for node in children if node.album is not None and node.name == ALBUM]
            with_room = (album for album in own if len(album.photos) < MAX_IMAGES)
            album = next(with_room, None) or self._account.add_album(ALBUM)
            image = self._account.add_photo(album, "", content, hidden=True)
            photo = next((one for one in self.photos() if one.image.key == image.key), None)
            if photo is None:
                self._account.delete(image)
                raise ValueError("only a JPEG can be a photo here")
            self._account.edit(image, file_name=photo.filename)
            return photo

    def edit(self, photo: Photo, **changes: Any) -> None:
        """`title`, `description`, `visible`, `published` (epoch seconds), and what only tests choose:
        `filename` and `modified` (microseconds), which last until the image is replaced."""
        with self._account.lock:
            record = self._records[photo.image.key]
            fields = {"title": "title", "description": "caption"}
            edited = {fields[name]: value for name, value in changes.items() if name in fields}
            if "visible" in changes:
                edited["hidden"] = not changes["visible"]
            if edited:
                self._account.edit(photo.image, **edited)
            record.published = changes.get("published", record.published)
            if record.serial != photo.image.serial:
                record.serial, record.name, record.modified = photo.image.serial, "", 0
            record.name = changes.get("filename", record.name)
            record.modified = changes.get("modified", record.modified)
            self.changed += 1

    def delete(self, photo: Photo) -> None:
        with self._account.lock:
            self._account.delete(photo.image)

    # -- keeping -----------------------------------------------------------------------------------

    def dump(self) -> dict[str, Any]:
        with self._account.lock:
            rows = [
                [key, one.id, one.serial, one.published, one.name, one.modified]
                for key, one in self._records.items()
            ]
            return {"last_id": self._last_id, "photos": rows}

    def load(self, dumped: dict[str, Any]) -> None:
        """Raises ValueError, TypeError or LookupError for what `dump` never made."""
        self._records = {str(key): _Record(*row) for key, *row in dumped["photos"]}
        self._last_id = int(dumped["last_id"])


def _is_jpeg(content: Content) -> bool:
    if isinstance(content, Noise):
        return False
    with contextlib.suppress(OSError):  # it is gone
        return b"".join(content.read(0, len(_START))) == _START
    return False
