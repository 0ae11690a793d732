"""One watch over a directory, from when it stands until it breaks: by the kernel's messages, by looking."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from smugsync.local import mounts
from smugsync.local.handles import OURS, Root
from smugsync.local.syscalls import device_of
from smugsync.local.watching.kernel import KernelWatch
from smugsync.local.watching.limits import explain_limit
from smugsync.local.watching.polling import Poller
from smugsync.local.watching.settling import Look
from smugsync.local.watching.ways import Way

#: What tells one directory from another under the same path.
_Identity = tuple[object, ...]


class Watch:
    """Made, begun once, and closed. `touched` is called by the library's thread and by `look`.

    `ignored` is asked about paths relative to what is watched; that of a directory ends with `/`. `alarm` is
    called when `broken` has something to tell; `check` between directories, and may raise.
    """

    def __init__(
        self,
        way: Way,
        *,
        every: float,
        touched: Callable[[str, Look | None], object],
        ignored: Callable[[str], bool],
        alarm: Callable[[], object] = lambda: None,
        check: Callable[[], object] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.way = way
        self._every = every
        self._touched = touched
        self._ignored = ignored
        self._alarm = alarm
        self._check = check
        self._clock = clock
        self._kernel: KernelWatch | None = None
        self._poller: Poller | None = None
        self._due = 0.0
        self._identity: _Identity = ()
        self._mounts: set[str] = set()

    def begin(self, root: Root) -> None:
        """What happens from now on is seen; how things are now is no news. Raises MirrorUnusable, and
        OSError where there is nothing to watch."""
        self._identity = _identity(root)
        self._mounts = _mounted(root.path)
        if self.way.kernel:
            try:
                self._kernel = self._listen(root.path)
            except OSError as error:
                why = explain_limit(error.errno or 0)
                self.way = Way(kernel=False, polled=("",), label="inotify refused", why=why, final=False)
        if self.way.polled or self.unwatched:
            self._poller = self._new_poller()
            self._look_with(self._poller, root, lambda path, look: None)

    def close(self) -> None:
        """End its threads; may be called twice."""
        if self._kernel is not None:
            self._kernel.close()

    # How it is

    def is_of(self, root: Root) -> bool:
        """Is it still this directory that is watched?"""
        return _identity(root) == self._identity

    def broken(self) -> str:
        """Why something may escape it from now on, as a clause; "" as long as nothing does."""
        if self._kernel is not None and (trouble := self._kernel.trouble):
            return trouble
        return ""

    def outdated(self, path: Path) -> str:
        """What has changed in the tree at `path` that a new watch would be better for; "" if nothing."""
        if self._kernel is not None and self._kernel.moved:
            return "directories were moved"
        return "a disk was mounted or unmounted in it" if _mounted(path) != self._mounts else ""

    @property
    def unwatched(self) -> int:
        """How many directories the kernel would not watch; they are looked at."""
        return 0 if self._kernel is None else self._kernel.unwatched

    @property
    def complete(self) -> bool:
        """False if a new watch might see more: a limit raised since, or a directory unlocked."""
        return self._kernel is None or self._kernel.complete

    @property
    def standing(self) -> str:
        polling, label = f"polling every {self._every:g} s", self.way.label
        if not self.way.kernel:
            return f"{polling} ({label})" if label else polling
        if self.unwatched:
            return f"inotify, {polling} for {_directories(self.unwatched)}"
        return f"inotify, {polling} for {label}" if self.way.polled else "inotify"

    def describe(self) -> str:
        polling, kernel = f"polling every {self._every:g} s", self._kernel
        if not self.way.kernel or kernel is None:
            return f"{polling}: {self.way.why}"
        watching = f"the kernel tells of changes in {_directories(kernel.watched)} (inotify)"
        if refused := kernel.refused:
            total = kernel.watched + len(refused)
            whys = (explain_limit(code, directories=total) for code in sorted({*refused.values()}))
            return f"{watching}, {polling} for {len(refused):,} more: {'; '.join(whys)}"
        if self.way.polled:
            return f"{watching}, {polling} for {', '.join(self.way.polled)}: {self.way.why}"
        return watching

    # Looking

    @property
    def due(self) -> float | None:
        """When to look; None: the kernel tells of everything."""
        if self._poller is None and not self.unwatched:
            return None
        return self._due

    def look(self, root: Root) -> None:
        """Look where the kernel does not tell, if it is time to. Raises MirrorUnusable."""
        if (due := self.due) is None or self._clock() < due:
            return
        # Directories that were refused since are new to it, and all that is in them is told.
        self._poller = self._poller or self._new_poller()
        self._look_with(self._poller, root, self._touched)

    def _look_with(self, poller: Poller, root: Root, tell: Callable[[str, Look], object]) -> None:
        # What is made inside a directory that is not watched is not known to the kernel either.
        refused = self._kernel.refused if self._kernel is not None else {}
        poller.look(root, tell, tops=(*self.way.polled, *refused))
        self._due = self._clock() + self._every

    def _new_poller(self) -> Poller:
        return Poller(ignored=self._ignored, every=self._every, check=self._check, clock=self._clock)

    def _listen(self, path: Path) -> KernelWatch:
        kernel = KernelWatch(
            path, touched=self._hear, unwanted=self._ignored, alarm=self._alarm, check=self._check
        )
        kernel.open()
        return kernel

    def _hear(self, path: str) -> None:
        if not self._ignored(path):
            self._touched(path, None)


def is_ours(path: str) -> bool:
    """Is this, or does it lie in, what smugsync keeps inside a mirror?"""
    return path.startswith(OURS) or f"/{OURS}" in path


def _identity(root: Root) -> _Identity:
    found = os.fstat(root.fd)
    return found.st_dev, found.st_ino, device_of(root.fd)


def _mounted(path: Path) -> set[str]:
    return mounts.beneath(path, mounts.read_mounts())


def _directories(count: int) -> str:
    return f"{count:,} director{'y' if count == 1 else 'ies'}"
