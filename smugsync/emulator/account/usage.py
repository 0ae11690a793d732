"""How much is in a part of an account: what users and folders say of their size."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from smugsync.emulator.account.model import Album, Image, Node


@dataclass(slots=True)
class Usage:
    """Counts, and sizes in bytes. What an album merely collected is counted apart, as dynamic."""

    folders: int = 0
    albums: int = 0
    pages: int = 0
    media: int = 0
    size: int = 0
    dynamic: int = 0
    dynamic_size: int = 0


def usage_of(nodes: Iterable[Node]) -> Usage:
    """Of these nodes themselves, without what lies below them."""
    usage = Usage()
    for node in nodes:
        usage.folders += node.is_folder
        usage.pages += node.type in ("Page", "System Page")
        if node.album is not None:
            usage.albums += 1
            _add(usage, node.album)
    return usage


def _add(usage: Usage, album: Album) -> None:
    """Images that are made when asked for have one size, and none is collected."""
    photos = album.photos
    if not isinstance(photos, list):
        usage.media += len(photos)
        usage.size += _size(photos[0]) * len(photos) if len(photos) else 0
        return
    for image in photos:
        if image.home == album.key:
            usage.media += 1
            usage.size += _size(image)
        else:
            usage.dynamic += 1
            usage.dynamic_size += _size(image)


def _size(image: Image) -> int:
    try:
        return image.content.size
    except OSError:  # a library's file that is gone
        return 0
