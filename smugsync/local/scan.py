"""Which files are in the mirror, by what `stat` says of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from smugsync.core.model import LocalFile
from smugsync.errors import ItemError
from smugsync.local.handles import OURS, Root, print_of

#: Told a path and why it was passed over.
Skipped = Callable[[str, str], None]
#: Told a directory and why it could not be read: what is in it was *not* observed.
Unreadable = Callable[[str, ItemError], None]


def scan(
    root: Root,
    directory: str = "",
    *,
    recursive: bool = True,
    skipped: Skipped | None = None,
    unreadable: Unreadable | None = None,
    passing_by: Callable[[str], bool] = lambda name: False,
) -> Iterator[LocalFile]:
    """Every regular file below `directory`, in no particular order; nothing if it does not exist.

    Symbolic links are not followed; they, devices, sockets and names that are not UTF-8 go to
    `skipped`, once each. A directory that cannot be read raises its ItemError, unless `unreadable`
    takes it; it is never passed off as empty. Raises MirrorUnusable. What is held in memory is the
    names of directories not yet entered. What `passing_by` is true of, a name, is not looked at.
    """
    pending = [directory]
    while pending:
        here = pending.pop()
        try:
            yield from _read(root, here, pending if recursive else None, skipped, passing_by)
        except ItemError as error:
            if unreadable is None:
                raise
            unreadable(here, error)


def _read(
    root: Root,
    here: str,
    pending: list[str] | None,
    skipped: Skipped | None,
    passing_by: Callable[[str], bool],
) -> Iterator[LocalFile]:
    try:
        fd = root.open_directory(here)
    except FileNotFoundError:
        return
    try:
        yield from _read_entries(fd, f"{here}/" if here else "", pending, skipped, passing_by)
    except OSError as error:
        raise root.explain(error, f"reading the directory {here or root.path}") from error
    finally:
        os.close(fd)


def _read_entries(
    fd: int,
    prefix: str,
    pending: list[str] | None,
    skipped: Skipped | None,
    passing_by: Callable[[str], bool],
) -> Iterator[LocalFile]:
    with os.scandir(fd) as entries:
        for entry in entries:
            name = entry.name
            if name.startswith(OURS) or passing_by(name):
                continue
            if not name.isascii() and not _is_utf8(name):
                if skipped is not None:
                    skipped(prefix + os.fsencode(name).decode("utf-8", "replace"), "its name is not UTF-8")
            elif entry.is_file(follow_symlinks=False):
                try:
                    found = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                yield LocalFile(prefix + name, print_of(found.st_size, found.st_mtime_ns))
            elif entry.is_dir(follow_symlinks=False):
                if pending is not None:
                    pending.append(prefix + name)
            elif skipped is not None:
                reason = "a symbolic link" if entry.is_symlink() else "not a regular file"
                skipped(prefix + name, f"{reason}, ignored")


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
