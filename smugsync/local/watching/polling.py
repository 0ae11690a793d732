"""Where the kernel tells nothing, directories are looked at again and again, and compared.

A directory's time changes when a name in it does, so that most looks need not read it. Bytes that are
written into a file that is there already do not show so: every file is looked at as often as that takes no
more than a fiftieth of the time, and at least every tenth look. What is remembered of a file is eight bytes.
"""

from __future__ import annotations

import os
import time
from array import array
from collections.abc import Callable, Iterable
from dataclasses import field
from typing import Final

from smugsync.errors import ItemError
from smugsync.local.handles import OURS, Root
from smugsync.local.watching.settling import Look
from smugsync.records import dataclass

_SHARE: Final = 0.02
_THOROUGH: Final = 10


@dataclass(slots=True)
class _Directory:
    """What was seen of a directory. `restless`: it changed at the last look, and its clock may be too coarse
    to show that it changed since."""

    mtime_ns: int
    inode: int
    restless: bool
    directories: tuple[str, ...] = ()
    files: array[int] = field(default_factory=lambda: array("q"))


class Poller:
    """The files below some directories, by what they looked like last. One thread uses it.

    `ignored` is asked about paths; that of a directory ends with `/`. `check` is called between directories
    and may raise.
    """

    def __init__(
        self,
        *,
        ignored: Callable[[str], bool],
        every: float,
        check: Callable[[], object] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ignored = ignored
        self._every = every
        self._check = check
        self._clock = clock
        self._seen: dict[str, _Directory] = {}
        self._thorough_for = 0.0
        self._count = 0

    @property
    def directories(self) -> int:
        """How many the last look came by."""
        return len(self._seen)

    def look(
        self,
        root: Root,
        tell: Callable[[str, Look], object],
        *,
        tops: Iterable[str] = ("",),
    ) -> None:
        """`tell` the files that are new or look otherwise than at the last look: at the first one, all.

        `tops` are directories, "" the root itself; what is below them is looked at too. Raises
        MirrorUnusable; a directory that cannot be read is passed over.
        """
        began = self._clock()
        thorough = self._thorough_for <= self._every * _SHARE or self._count % _THOROUGH == 0
        seen: dict[str, _Directory] = {}
        pending = list(tops)
        while pending:
            here = pending.pop()
            if here in seen:
                continue
            self._check()
            try:
                now = self._look_into(root, here, tell, thorough=thorough)
            except (FileNotFoundError, ItemError):
                continue
            seen[here] = now
            pending += [f"{here}/{name}" if here else name for name in now.directories]
        self._seen = seen
        self._count += 1
        if thorough:
            self._thorough_for = self._clock() - began

    def _look_into(
        self, root: Root, here: str, tell: Callable[[str, Look], object], *, thorough: bool
    ) -> _Directory:
        fd = root.open_directory(here)
        try:
            stat = os.fstat(fd)
            known = self._seen.get(here)
            changed = known is None or (known.mtime_ns, known.inode) != (stat.st_mtime_ns, stat.st_ino)
            if known is not None and not (thorough or changed or known.restless):
                return known
            directories, files = self._read(fd, f"{here}/" if here else "")
        except OSError as error:
            raise root.explain(error, f"reading the directory {here or root.path}") from error
        finally:
            os.close(fd)
        before = frozenset(known.files) if known is not None else frozenset()
        marks = array("q", (hash((path, look.size, look.mtime_ns)) for path, look in files))
        for (path, look), mark in zip(files, marks, strict=True):
            if mark not in before:
                tell(path, look)
        return _Directory(stat.st_mtime_ns, stat.st_ino, changed, directories, marks)

    def _read(self, fd: int, prefix: str) -> tuple[tuple[str, ...], list[tuple[str, Look]]]:
        directories, files = [], []
        with os.scandir(fd) as entries:
            for entry in entries:
                path = prefix + entry.name
                if entry.name.startswith(OURS) or not _is_utf8(entry.name):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    if not self._ignored(f"{path}/"):
                        directories.append(entry.name)
                elif entry.is_file(follow_symlinks=False) and not self._ignored(path):
                    try:
                        stat = entry.stat(follow_symlinks=False)
                    except FileNotFoundError:
                        continue
                    look = Look(stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
                    files.append((path, look))
        return tuple(directories), files


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
