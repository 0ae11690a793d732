"""Renaming inside the mirror: never over something, durable, and finished after a crash.

What a single rename cannot do (another case on a filesystem that folds it, a directory into its own
child or over its own parent) goes through a temporary name that follows from the two names: asking
for the same move again after a crash finds it and finishes.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import unicodedata
from collections.abc import Iterator, Sequence

from smugsync.errors import SmugsyncError, Transient
from smugsync.local.handles import OURS, Root, exists, split
from smugsync.local.scan import scan
from smugsync.local.syscalls import fsync_directory


def move(root: Root, old: str, new: str) -> None:
    """Move a file or a directory; parents of `new` are made. Both directories are durable afterwards.

    Raises Transient (`new` is taken, `old` has vanished), MirrorUnusable; ValueError for hostile paths.
    """
    if old == new:
        return
    try:
        if _needs_two_steps(old, new):
            between = temporary_name(old, new)
            with _directory(root, split(between)[0]) as fd:
                begun = exists(fd, split(between)[1])
            if not begun:
                _rename(root, old, between)
            _finish(root, old, between, new)
        else:
            _rename(root, old, new)
    except FileNotFoundError as error:
        raise Transient(f"{old} cannot be moved to {new}: it is not there any more") from error
    except OSError as error:
        raise root.explain(error, f"moving {old} to {new}") from error


def move_directory(root: Root, old: str, new: str) -> None:
    """`move` for an announced rename, which may be asked for again after a crash at any moment.

    That it is done already shows by `old` being gone, or holding no file of its own where `new` lies
    inside it, while `new` is there. Raises as `move` does.
    """
    if _is_inside(new, old) and is_there(root, new):
        if any(scan(root, old, recursive=False)):
            raise Transient(f"{old} cannot be moved to {new}: that directory exists already")
        return
    try:
        move(root, old, new)
    except Transient:
        if is_there(root, old) or not is_there(root, new):
            raise


def move_files(
    root: Root, old_directory: str, new_directory: str, names: Sequence[tuple[str, str]]
) -> list[SmugsyncError | None]:
    """Move files (their names there and then here) to another directory, never over something; all of them
    are durable afterwards, for one fsync of each directory. What kept each from moving, None if nothing did.

    Raises Transient (a directory cannot be entered), MirrorUnusable; then some may have moved.
    """
    failures: list[SmugsyncError | None] = []
    try:
        with (
            _directory(root, old_directory) as source,
            _directory(root, new_directory, create=True) as target,
        ):
            failures += [_try_rename(root, source, old, target, new) for old, new in names]
            fsync_directory(target)
            fsync_directory(source)
    except FileNotFoundError as error:
        raise Transient(f"{old_directory} is not there any more") from error
    except OSError as error:
        raise root.explain(error, f"moving files from {old_directory} to {new_directory}") from error
    return failures


def _try_rename(root: Root, source_fd: int, old: str, target_fd: int, new: str) -> SmugsyncError | None:
    try:
        root.rename_noreplace(source_fd, old, target_fd, new)
    except OSError as error:
        failure = root.explain(error, f"moving {old} to {new}")
        if isinstance(failure, Transient):
            return failure
        raise failure from error
    return None


def temporary_name(old: str, new: str) -> str:
    """The path a two-step move goes through: beside whichever of the two lies higher up."""
    directory = min(split(old)[0], split(new)[0], key=len)
    name = f"{OURS}-{hashlib.md5(f'{old}/{new}'.encode(), usedforsecurity=False).hexdigest()}"
    return f"{directory}/{name}" if directory else name


def remove_empty(root: Root, directory: str) -> None:
    """Remove `directory` and then its parents, as long as they are empty; never the root, never ours.

    Raises Transient, MirrorUnusable.
    """
    while directory:
        parent, name = split(directory)
        if name.startswith(OURS):
            return
        try:
            with _directory(root, parent) as fd:
                os.rmdir(name, dir_fd=fd)
        except FileNotFoundError:
            pass  # somebody was faster
        except OSError as error:
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.EBUSY):  # EBUSY: a mount point
                return
            raise root.explain(error, f"removing the empty directory {directory}") from error
        directory = parent


def _needs_two_steps(old: str, new: str) -> bool:
    return _fold(old) == _fold(new) or _is_inside(new, old) or _is_inside(old, new)


def _is_inside(path: str, directory: str) -> bool:
    return _fold(path).startswith(_fold(directory) + "/")


def _fold(path: str) -> str:
    """What a filesystem that ignores case and normal forms may take for equal."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKD", path).casefold())


def _finish(root: Root, old: str, between: str, new: str) -> None:
    try:
        if _is_inside(old, new):
            remove_empty(root, split(old)[0])
        _rename(root, between, new)
    except Exception:
        # Take the first step back, so that a refused move leaves things as they were.
        with contextlib.suppress(OSError, SmugsyncError):
            if _is_inside(new, old):
                remove_empty(root, split(new)[0])
            _rename(root, between, old)
        raise


def _rename(root: Root, old: str, new: str) -> None:
    """One rename, never over something, and one fsync per directory. Raises OSError too."""
    (old_directory, old_name), (new_directory, new_name) = split(old), split(new)
    with _directory(root, old_directory) as source, _directory(root, new_directory, create=True) as target:
        root.rename_noreplace(source, old_name, target, new_name)
        fsync_directory(target)
        if old_directory != new_directory:
            fsync_directory(source)


def is_there(root: Root, path: str) -> bool:
    """Whether `path` is a directory. Raises Transient, MirrorUnusable."""
    try:
        os.close(root.open_directory(path))
    except FileNotFoundError:
        return False
    return True


@contextlib.contextmanager
def _directory(root: Root, path: str, *, create: bool = False) -> Iterator[int]:
    fd = root.open_directory(path, create=create)
    try:
        yield fd
    finally:
        os.close(fd)
