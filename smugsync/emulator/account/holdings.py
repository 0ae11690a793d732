"""The images of an account: found by key, held by their albums, put away with a deleted album."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from smugsync.emulator.account.model import Album, Image
from smugsync.emulator.account.tree import EditError, Tree


class Taken:
    """The keys images have or had, also those of images that are only made when asked for."""

    def __init__(self, account: Holdings) -> None:
        self._account = account

    def __contains__(self, key: object) -> bool:
        return key in self._account.bin.images or self._account.image(str(key)) is not None


class Holdings(Tree):
    """The places and the images in them. What is done to images is in `account`."""

    def __init__(self, nickname: str, *, clock: Callable[[], float], seed: int = 0) -> None:
        super().__init__(nickname, clock=clock, seed=seed)
        self.images_updated_delay: float = 0
        self.images_move_albums = False
        self._images: dict[str, Image] = {}
        self._lazily: Callable[[str], Image | None] | None = None

    def image(self, key: str) -> Image | None:
        image = self._images.get(key)
        if image is None and self._lazily is not None:
            image = self._lazily(key)
        return image if image is not None and image.home in self.albums else None

    def albums_of(self, image: Image) -> list[Album]:
        """The albums that show the image, its home first."""
        keys = [image.home, *image.collected]
        return [self.albums[key] for key in keys if key in self.albums]

    def all_images(self) -> Iterator[Image]:
        """Every image once. Makes them all; for small accounts."""
        for album in list(self.albums.values()):
            yield from (image for image in album.photos if image.home == album.key)

    def adopt_lazily(self, make: Callable[[str], Image | None]) -> None:
        """Images that exist only when asked for: `make` gives the image of a key, or None."""
        self._lazily = make

    def _discard(self, album: Album) -> None:
        for image in album.photos if isinstance(album.photos, list) else ():
            if image.home == album.key:
                for other in self.albums_of(image):
                    self._own(other).remove(image)
                    self._touch(other)
                self.bin.images[image.key] = image
                self._images.pop(image.key, None)
                self.mark(image)
            elif image.home in self.albums:
                image.collected.remove(album.key)
                self.mark(image)

    def _bring_back(self, album: Album) -> None:
        if not isinstance(album.photos, list):
            return
        for image in album.photos:
            if image.home != album.key:
                continue
            self._images[image.key] = self.bin.images.pop(image.key, image)
            for key in image.collected:
                if key in self.albums and image not in self.albums[key].photos:
                    self._own(self.albums[key]).append(image)
                    self._touch(self.albums[key])
            self.mark(image)
        for image in [image for image in album.photos if image.home != album.key]:
            if self.image(image.key) is None:
                self._own(album).remove(image)
            elif album.key not in image.collected:
                image.collected.append(album.key)
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
        """Something about its images: `ImagesLastUpdated` moves, now or later."""
        for album in albums:
            self._move_images_updated(album)
            if self.images_move_albums:
                self.stamp(album.node)

    def _move_images_updated(self, *albums: Album) -> None:
        now = self.now()
        self.mark(*albums)
        for album in albums:
            album.in_order = None
            if self.images_updated_delay:
                album.pending.append(int(now + self.images_updated_delay))
            else:
                album.images_updated, album.pending = now, []
