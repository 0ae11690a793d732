"""The account's state and everything that can be done to it.

Every edit moves the time stamps the way the service was seen to move them:

==============================  ===========  =================  ===================
edit                            image        ImagesLastUpdated  album's LastUpdated
==============================  ===========  =================  ===================
upload                          yes          yes, delayed       yes, throttled
title, caption, keywords, ...   yes          no                 no
replace (Serial goes up)        yes          yes, delayed       no
delete, move, collect, reorder  no           yes, delayed       no
rename or settings              no           no                 yes
==============================  ===========  =================  ===================

`ImageCount` moves at once. Delay and throttle are off (`images_updated_delay`, `updated_throttle`, in
seconds) unless switched on. Renaming a folder moves no album's stamps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from smugsync.emulator.account.content import Bytes, Content
from smugsync.emulator.account.look import format_of
from smugsync.emulator.account.model import Album, Image, Node
from smugsync.emulator.account.tree import EditError, Tree

MAX_IMAGES: Final = 5000  #: in an album (facts 6.3)

__all__ = ["MAX_IMAGES", "Account", "EditError"]


class _Taken:
    """The keys images have, also those of images that are only made when asked for."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def __contains__(self, key: object) -> bool:
        return self._account.image(str(key)) is not None


class Account(Tree):
    """The places and what is in them."""

    def __init__(self, nickname: str, *, clock: Callable[[], float], seed: int = 0) -> None:
        super().__init__(nickname, clock=clock, seed=seed)
        self.images_updated_delay: float = 0
        self.updated_throttle: float = 0
        self.image_lag: float = 0
        self._images: dict[str, Image] = {}
        self._lazily: Callable[[str], Image | None] | None = None

    def image(self, key: str) -> Image | None:
        image = self._images.get(key)
        if image is None and self._lazily is not None:
            image = self._lazily(key)
        return image

    def albums_of(self, image: Image) -> list[Album]:
        """The albums that show the image, its home first."""
        keys = [image.home, *image.collected]
        return [self.albums[key] for key in keys if key in self.albums]

    def all_images(self) -> Iterator[Image]:
        """Every image once. Makes them all; for small accounts."""
        for album in list(self.albums.values()):
            yield from (image for image in album.photos if image.home == album.key)

    def add_photo(self, album: Album, file_name: str, content: Content | bytes, **settings: Any) -> Image:
        """An upload. `settings` are fields of Image: title, caption, keywords, picture, rendition ...

        A video without a `rendition` gets its own bytes as one. Raises EditError if the album is full.
        """
        with self.lock:
            photos = self._own(album)
            if len(photos) >= MAX_IMAGES:
                raise EditError(f"an album holds at most {MAX_IMAGES} images")
            now, number = self.now(), next(self._numbers)
            image = Image(
                key=self._fresh("image", 7, _Taken(self), settings.pop("identity", None)),
                home=album.key,
                file_name=file_name,
                content=Bytes(content) if isinstance(content, bytes) else content,
                format=format_of(file_name),
                uploaded=now,
                updated=now + int(self.image_lag),
                upload_key=9_000_000_000 + number,
            )
            for name, value in settings.items():
                setattr(image, name, value)
            if image.is_video and image.rendition is None:
                image.rendition = image.content
            photos.append(image)
            self._images[image.key] = image
            if now - album.node.modified >= self.updated_throttle:
                album.node.modified = now
            self.mark(image, album.node)
            self._touch(album)
            return image

    def replace(self, image: Image, content: Content | bytes) -> Image:
        """Other bytes in the same place: key, name, caption and position stay, the Serial goes up."""
        with self.lock:
            image = self._owned(image)
            new = Bytes(content) if isinstance(content, bytes) else content
            image.content, image.serial, image.picture = new, image.serial + 1, None
            image.rendition = new if image.is_video else None
            image.updated = self.now()
            self.mark(image)
            self._touch(*self.albums_of(image))
            return image

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

    def move(self, image: Image, target: Album) -> None:
        """Into another album, which becomes its home. A no-op while it is processing (measured)."""
        with self.lock:
            image = self._owned(image)
            source = self.albums[image.home]
            if image.processing or source is target:
                return
            self._own(source).remove(image)
            if target.key in image.collected:
                image.collected.remove(target.key)
            else:
                self._own(target).append(image)
            image.home = target.key
            self.mark(image)
            self._touch(source, target)

    def collect(self, image: Image, target: Album) -> None:
        """Show it in another album as well; the same image, not a copy."""
        with self.lock:
            image = self._owned(image)
            if target.key == image.home or target.key in image.collected:
                raise EditError("the album shows this image already")
            image.collected.append(target.key)
            self._own(target).append(image)
            self.mark(image)
            self._touch(target)

    def reorder(self, album: Album, keys: Sequence[str]) -> None:
        """Sort by hand: `keys` first, in that order, then the rest as it was."""
        with self.lock:
            place = {key: at for at, key in enumerate(keys)}
            self._own(album).sort(key=lambda image: place.get(image.key, len(place)))
            album.sort_method = "Position"
            self._touch(album)

    def bump(self, album: Album) -> None:
        """Move `ImagesLastUpdated` without any cause, as the service's housekeeping does."""
        with self.lock:
            self._touch(album)
            if album.images_updated_at(self.clock()) >= self.now():
                album.images_updated += 1

    def adopt_lazily(self, make: Callable[[str], Image | None]) -> None:
        """Images that exist only when asked for: `make` gives the image of a key, or None."""
        self._lazily = make

    def delete_node(self, node: Node) -> None:
        """A folder with everything in it, or an album with its images, wherever they were collected."""
        with self.lock:
            if node.parent is None:
                raise EditError("the root cannot be deleted")
            node.parent.children.remove(node)
            self.mark(node.parent)
            for below in list(node.walk()):
                self.mark(below)
                del self.nodes[below.id]
                if below.album is None:
                    continue
                self.mark(below.album)
                del self.albums[below.album.key]
                photos, below.album.photos = below.album.photos, []
                for image in photos if isinstance(photos, list) else ():
                    if image.home == below.album.key:
                        self._forget(image)
                    else:
                        image.collected.remove(below.album.key)
                        self.mark(image)

    def _own(self, album: Album) -> list[Image]:
        """The album's photos as a list that can be edited; from now on they are kept."""
        if not isinstance(album.photos, list):
            album.photos = list(album.photos)
            self._images.update((image.key, image) for image in album.photos)
        album.in_order = None
        return album.photos

    def _owned(self, image: Image) -> Image:
        """The one instance of the image that edits reach."""
        home = self.albums.get(image.home)
        if home is None:
            raise EditError("there is no such image")
        self._own(home)
        kept = self._images.get(image.key)
        if kept is None:
            raise EditError("there is no such image")
        return kept

    def _forget(self, image: Image) -> None:
        for album in self.albums_of(image):
            self._own(album).remove(image)
            self._touch(album)
        self._images.pop(image.key, None)
        self.mark(image)

    def _touch(self, *albums: Album) -> None:
        now = self.now()
        self.mark(*albums)
        for album in albums:
            album.in_order = None
            if self.images_updated_delay:
                album.pending.append(int(now + self.images_updated_delay))
            else:
                album.images_updated, album.pending = now, []
