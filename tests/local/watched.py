"""A watcher with ears: what it reports is collected, and waited for."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from smugsync.local.handles import Root
from smugsync.local.marker import Marker
from smugsync.local.tree import Mirror
from smugsync.local.watching.reports import Changed, Lost, Rescan, WatchReport
from smugsync.local.watching.watcher import Watcher
from smugsync.local.watching.ways import Way

#: Longer than any report may take; a test that reaches it has failed.
PATIENCE = 30.0
KERNEL = Way(kernel=True)
POLLING = Way(kernel=False, polled=("",), label="NFS", why="NFS shows no changes made by other machines")


def mirror(path: Path) -> Path:
    """A directory with a marker."""
    Mirror.create(path, Marker("m", "a")).close()
    return path


class Watched:
    """A running watcher. Its first Rescan has been taken when the `with` begins."""

    def __init__(self, path: Path, *, way: Way = KERNEL, stable: float = 0.05, **arguments: Any) -> None:
        self.path = path
        self.reports: queue.Queue[WatchReport] = queue.Queue()
        self.told: set[str] = set()
        self.changes = self.rescans = 0
        self.lost: list[str] = []
        self.watcher = Watcher(
            path, deliver=self.reports.put, stable=stable, way=lambda root: way, **arguments
        )

    def __enter__(self) -> Watched:
        self.watcher.start()
        self.until(lambda: self.rescans == 1)
        return self

    def __exit__(self, *_: object) -> None:
        self.watcher.close()

    def until(self, good: Callable[[], bool]) -> None:
        """Take reports until `good`."""
        due = time.monotonic() + PATIENCE
        while not good():
            left = due - time.monotonic()
            assert left > 0, f"told {sorted(self.told)[:20]}, {self.rescans} rescans, lost {self.lost}"
            try:
                self._take(self.reports.get(timeout=min(left, 0.2)))
            except queue.Empty:
                continue

    def until_told(self, *paths: str) -> None:
        self.until(lambda: self.told.issuperset(paths))

    def _take(self, report: WatchReport) -> None:
        match report:
            case Changed(paths):
                assert len(set(paths)) == len(paths)
                self.changes += 1
                self.told.update(paths)
            case Rescan():
                self.rescans += 1
            case Lost(why):
                self.lost.append(why)


class Stepped:
    """A watcher without a thread, whose clock is moved by hand. `way` may be changed at any time; an
    exception there is raised."""

    def __init__(self, path: Path, *, way: Way = POLLING, stable: float = 5.0, **arguments: Any) -> None:
        self.time = 1000.0
        self.reports: list[WatchReport] = []
        self.looks: list[Root] = []
        self.way: Way | Exception = way
        self.ahead = 0.0  #: of the files' clock, by which ours goes
        self.watcher = Watcher(
            path,
            deliver=self.reports.append,
            stable=stable,
            clock=lambda: self.time,
            now=lambda: time.time() + self.ahead,
            way=self._choose,
            **arguments,
        )

    def _choose(self, root: Root) -> Way:
        if isinstance(self.way, Exception):
            raise self.way
        return self.way

    def __enter__(self) -> Stepped:
        return self

    def __exit__(self, *_: object) -> None:
        self.watcher.close()

    def pass_by(self, seconds: float) -> list[WatchReport]:
        """Let time pass, doing what is due whenever it is; what was reported."""
        end = self.time + seconds
        while True:
            pause = self.watcher.step()
            if self.time + pause > end:
                break
            self.time += max(pause, 0.001)
        self.time = end
        self.watcher.step()
        found, self.reports[:] = list(self.reports), []
        return found
