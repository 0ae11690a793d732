"""Checksum lists as `sha256sum -c` and `md5sum -c` read them, and those that the catalogue knows already."""

from __future__ import annotations

from collections.abc import Iterable

from smugsync.catalogue import Catalogue, FileRow, join
from smugsync.core.model import Fingerprint
from smugsync.errors import ItemError
from smugsync.local.tree import Mirror
from smugsync.stop import Stop

#: What GNU coreutils write for characters that would break a line; such a line begins with a backslash.
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r"})


def listed(sums: Iterable[tuple[str, str]]) -> bytes:
    """The list for (path, digest in hex): sorted by the paths' bytes, so that it can be compared."""
    return b"".join(_line(path, digest) for path, digest in sorted(sums, key=lambda one: one[0].encode()))


def _line(path: str, digest: str) -> bytes:
    name = f"./{path}" if path == "-" else path  # which would be the standard input
    escaped = name.translate(_ESCAPES)
    mark = "" if escaped == name else "\\"
    return f"{mark}{digest}  {escaped}\n".encode()


def known_md5s(
    catalogue: Catalogue, mirror: Mirror, albums: Iterable[int] | None, stop: Stop
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """MD5s of held files that `stat` shows as they were when those were taken, nothing being read.

    Returns (path, MD5) of these, and (path, why not) of the others. Raises MirrorUnusable, Interrupted.
    """
    sums: list[tuple[str, str]] = []
    troubles: list[tuple[str, str]] = []
    chosen = None if albums is None else set(albums)
    for album in catalogue.albums():
        if chosen is not None and album.id not in chosen:
            continue
        for row in catalogue.files(album.id).values():
            stop.check()
            if row.held_md5 is None:
                continue
            path = join(album.directory, row.name)
            try:
                digest = _known_md5(row, mirror.fingerprint(path))
            except ItemError as error:
                troubles.append((path, str(error)))
            else:
                sums.append((path, digest))
    return sums, troubles


def _known_md5(row: FileRow, found: Fingerprint | None) -> str:
    """Raises ItemError where none is known."""
    if found is None:
        raise ItemError("it is not here")
    if row.damaged_at is not None:
        raise ItemError("it is known to be damaged")
    if row.local_md5 is not None and found == row.edited():
        return row.local_md5
    if row.held_md5 is None or found != Fingerprint(row.held_size or 0, row.mtime_ns or 0):
        raise ItemError("it was changed since it was last read: `smugsync verify` reads it")
    return row.held_md5
