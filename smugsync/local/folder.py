"""A folder beside the mirror, from which bytes are taken and in which nothing is ever changed."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import TypeVar

from smugsync.errors import SmugsyncError, Transient
from smugsync.local import trouble
from smugsync.local.handles import READ, Root

T = TypeVar("T")


class Folder(Root):
    """Opened and read like the mirror's root; its troubles are told as its own.

    A bad sector is one file's trouble: an old disk is given up for what it has lost, not as a whole.
    """

    def explain(self, error: OSError, doing: str) -> SmugsyncError:
        if error.errno == errno.EIO:
            return Transient(f"{doing}: the disk reports an I/O error")
        return trouble.explain(error, doing, mirror=self.path, mirror_fd=self.fd, called="folder")


def glimpse(root: Root, path: str, look: Callable[[Callable[[int, int], bytes]], T]) -> T:
    """What `look` makes of a few bytes of a file; it is given a function that reads from an offset so many.

    Raises Transient, MirrorUnusable.
    """
    try:
        fd = root.open(path, READ)
        try:
            root.look_at(fd, path)
            return look(lambda offset, count: os.pread(fd, count, offset))
        finally:
            os.close(fd)
    except OSError as error:
        raise root.explain(error, f"reading {path}") from error
