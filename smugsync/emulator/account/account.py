"""The account's state and everything that can be done to it.

Every edit moves the time stamps the way the service was seen to move them:

==============================  ===========  =================  ===================
edit                            image        ImagesLastUpdated  album's LastUpdated
==============================  ===========  =================  ===================
upload                          yes, later   yes, delayed       yes, throttled
title, caption, keywords, ...   yes          no                 no
replace (Serial goes up)        yes, later   yes, delayed       no, uncertain
rotate, crop, colour (Serial)   yes          yes, delayed       no, uncertain
delete, move, collect, reorder  no           yes, delayed       no, uncertain
rename or settings              no           no                 yes
==============================  ===========  =================  ===================

`ImageCount` moves at once. Lag, delay and throttle are off (`image_lag`, `images_updated_delay`,
`updated_throttle`, in seconds) unless switched on. Where it is uncertain whether an album's LastUpdated
moves, `images_move_albums` decides. Renaming a folder moves no album's stamps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from smugsync.emulator.account.content import Bytes, Content
from smugsync.emulator.account.holdings import Holdings, Taken
from smugsync.emulator.account.look import format_of
from smugsync.emulator.account.model import Album, Image, Node
from smugsync.emulator.account.tree import EditError

MAX_IMAGES: Final = 5000  #: in an album (facts 6.3)
#: What a copy of an image has from it.
_COPIED: Final = (
    *("format", "picture", "rendition", "ready_at", "broken"),
    *("title", "caption", "keywords", "hidden", "watermark", "latitude", "longitude", "altitude"),
)

__all__ = ["MAX_IMAGES", "Account", "EditError"]


class Account(Holdings):
    """The places, what is in them, and what is done to albums and images."""

    def __init__(self, nickname: str, *, clock: Callable[[], float], seed: int = 0) -> None:
        super().__init__(nickname, clock=clock, seed=seed)
        self.updated_throttle: float = 0
        self.image_lag: float = 0
        self._unlocked: set[tuple[str, str, str]] = set()

    def add_photo(self, album: Album, file_name: str, content: Content | bytes, **settings: Any) -> Image:
        """An upload. `settings` are fields of Image: title, caption, keywords, picture, rendition ...

        A video without a `rendition` gets its own bytes as one. Raises EditError if the album is full.
        """
        with self.lock:
            self._check_room(album)
            now, number = self.now(), self._next_number()
            image = Image(
                key=self._fresh("image", 7, Taken(self), settings.pop("identity", None)),
                home=album.key,
                file_name=file_name,
                content=Bytes(content) if isinstance(content, bytes) else content,
                format=format_of(file_name),
                uploaded=now,
                updated=now,
                settled=now + int(self.image_lag),
                upload_key=9_000_000_000 + number,
            )
            for name, value in settings.items():
                setattr(image, name, value)
            if image.is_video and image.rendition is None:
                image.rendition = image.content
            self._own(album).append(image)
            self._images[image.key] = image
            if now - album.node.modified >= self.updated_throttle:
                self.stamp(album.node)
            self.mark(image)
            self._move_images_updated(album)
            return image

    def replace(self, image: Image, content: Content | bytes, **settings: Any) -> Image:
        """Other bytes in the same place: key, name, caption and position stay, the Serial goes up.

        `settings` are fields of Image that are given anew: format, rendition, title ...
        """
        with self.lock:
            image = self._owned(image)
            new = Bytes(content) if isinstance(content, bytes) else content
            image.content, image.serial, image.picture = new, image.serial + 1, None
            image.ready_at, image.rendition = 0, None
            for name, value in settings.items():
                setattr(image, name, value)
            if image.is_video and image.rendition is None:
                image.rendition = new
            image.updated = self.now()
            image.settled = image.updated + int(self.image_lag)
            self.mark(image)
            self._touch(*self.albums_of(image))
            return image

    def revise(self, image: Image) -> Image:
        """Another look of the same original: rotated, cropped, coloured. The Serial goes up, the archived
        file stays (facts 4.3: it may)."""
        with self.lock:
            image = self._owned(image)
            image.serial, image.updated = image.serial + 1, self.now()
            self.mark(image)
            self._touch(*self.albums_of(image))
            return image

    def copy(self, image: Image, target: Album) -> Image:
        """A second image of the same bytes, with a key of its own."""
        settings = {name: getattr(image, name) for name in _COPIED}
        return self.add_photo(target, image.file_name, image.content, **settings)

    def edit(self, image: Image, **changes: Any) -> Image:
        """`changes` are fields of Image: title, caption, keywords, hidden, processing ..."""
        with self.lock:
            image = self._owned(image)
            for name, value in changes.items():
                setattr(image, name, value)
            image.updated = self.now()
            self.mark(image)
            for album in self.albums_of(image):
                album.in_order = None
            return image

    def delete(self, image: Image, album: Album | None = None) -> None:
        """Everywhere; or, where `album` merely collected it, only there."""
        with self.lock:
            image = self._owned(image)
            if album is None or album.key == image.home:
                self._forget(image)
            else:
                if album.key not in image.collected:
                    raise EditError("the album does not show this image")
                image.collected.remove(album.key)
                self._own(album).remove(image)
                self.mark(image)
                self._touch(album)

    def move(self, image: Image, target: Album, source: Album | None = None) -> None:
        """Into another album, which becomes its home. A no-op while it is processing (measured).

        From a `source` that merely collected it, only the link moves.
        """
        with self.lock:
            image = self._owned(image)
            source = source or self.albums[image.home]
            if image.is_processing(self.clock()) or source is target:
                return
            if source.key != image.home and source.key not in image.collected:
                raise EditError("the album does not show this image")
            if target.key not in (image.home, *image.collected):
                self._check_room(target)
                self._own(target).append(image)
            self._own(source).remove(image)
            if source.key == image.home:
                image.home = target.key
            else:
                image.collected.remove(source.key)
                image.collected.append(target.key)
            image.collected = [key for key in dict.fromkeys(image.collected) if key != image.home]
            self.mark(image)
            self._touch(source, target)

    def collect(self, image: Image, target: Album) -> None:
        """Show it in another album as well; the same image, not a copy."""
        with self.lock:
            image = self._owned(image)
            if target.key == image.home or target.key in image.collected:
                raise EditError("the album shows this image already")
            self._check_room(target)
            image.collected.append(target.key)
            self._own(target).append(image)
            self.mark(image)
            self._touch(target)

    def reorder(self, album: Album, keys: Sequence[str]) -> None:
        """Sort by hand: `keys` first, in that order, then the rest as it was."""
        with self.lock:
            place = {key: at for at, key in enumerate(keys)}
            self._own(album).sort(key=lambda image: place.get(image.key, len(place)))
            album.sort_method, album.sort_direction = "Position", "Ascending"
            self._touch(album)

    def edit_album(self, album: Album, **changes: Any) -> None:
        """`changes` are fields of Album: sort_method, largest_size, exif ... Position sorts ascending
        (recorded)."""
        with self.lock:
            for name, value in changes.items():
                setattr(album, name, value)
            if album.sort_method == "Position":
                album.sort_direction = "Ascending"
            album.in_order = None
            self.mark(album)
            self.stamp(album.node)

    def pack(self, album: Album) -> None:
        """Somebody asks for the whole album as a download; that is no change of the album."""
        with self.lock:
            album.packed = self.now()
            self.mark(album)

    def unlock(self, caller: str, node: Node, password: str) -> bool:
        """Open what lies behind a password to `caller`; whether the password was right.

        It is forgotten when the password changes, and when the process ends.
        """
        with self.lock:
            holder = node.guarded_by
            if holder is None:
                return True
            if holder.security != "Password" or holder.password != password:
                return False
            self._unlocked.add((caller, holder.id, password))
            return True

    def is_unlocked(self, caller: str, node: Node) -> bool:
        """Whether `caller` gave the password that guards the node, or none does."""
        holder = node.guarded_by
        return holder is None or (caller, holder.id, holder.password) in self._unlocked

    def bump(self, album: Album) -> None:
        """Move `ImagesLastUpdated` without any cause, as the service's housekeeping does."""
        with self.lock:
            self._move_images_updated(album)
            if album.images_updated_at(self.clock()) >= self.now():
                album.images_updated += 1

    def _check_room(self, album: Album) -> None:
        if len(album.photos) >= MAX_IMAGES:
            raise EditError(f"an album holds at most {MAX_IMAGES} images")
