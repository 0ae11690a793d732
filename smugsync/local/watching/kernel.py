"""The kernel tells of changes: inotify(7) through watchdog, with what the library keeps to itself made known.

It is silent about directories it could not watch, messages the kernel dropped, disks that were unmounted, and
threads of its own that died. Here each is counted or told, so that somebody can look for himself.
"""

from __future__ import annotations

import errno
import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from watchdog.events import (
    DirCreatedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers.api import BaseObserver
from watchdog.observers.inotify import InotifyEmitter
from watchdog.observers.inotify_c import (
    CallbackId,
    InotifyConstants,
    InotifyEvent,
    InotifyFD,
    Mask,
    WatchCallback,
    WatchDescriptor,
)
from watchdog.utils import BaseThread

#: What a directory answers that vanished, or became something else, before it could be watched.
_VANISHED: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})
#: What may not be watched may not be read either, so that looking is no help.
_FORBIDDEN: Final = frozenset({errno.EACCES, errno.EPERM})
#: Without a filter the library listens for accesses too, and is kept busy by its own reading. A file that is
#: written to is told of when it is closed.
_HEARD: Final[list[type[FileSystemEvent]]] = [
    FileClosedEvent,
    FileCreatedEvent,
    FileMovedEvent,
    DirCreatedEvent,
    DirMovedEvent,
]


#: Its threads end within a second or two. One that has not by then is left behind, with its handles.
_ENDING: Final = 10.0

_log = logging.getLogger("smugsync.local.watching")

# What the library has to say is told by `trouble`; as it ends, it complains about its own threads.
logging.getLogger("watchdog").setLevel(logging.CRITICAL)


class KernelWatch:
    """A directory and all below it. Made, opened once, and closed; its threads call `touched` and `alarm`.

    `touched` gets the path of a file, relative to what is watched, and must not raise. `unwanted` is asked
    about directories (`"Travel/@eaDir/"`), which are then not watched, nor what is in them. `alarm` is
    called when `trouble` has something to tell; `check` between directories while it opens, and may raise.
    """

    def __init__(
        self,
        path: Path,
        *,
        touched: Callable[[str], object],
        unwanted: Callable[[str], bool] = lambda directory: False,
        alarm: Callable[[], object] = lambda: None,
        check: Callable[[], object] = lambda: None,
    ) -> None:
        #: Watching a symbolic link would watch the link.
        self._path = os.path.realpath(path)
        self._touched = touched
        self._unwanted = unwanted
        self._alarm = alarm
        self._check = check
        self._opener = 0
        self._descriptor: _Descriptor | None = None
        self._observer: BaseObserver | None = None

    def open(self) -> None:
        """Watch from now on: when this returns, every directory is watched that can be.

        Raises OSError: ENOSPC or EMFILE at the kernel's limits, or because there is no such directory.
        """
        self._opener = threading.get_ident()
        self._descriptor = _Descriptor(self._directory, self._passes_by, self._alarm)
        self._descriptor.start()
        try:
            self._observer = BaseObserver(InotifyEmitter, inotify_fd=self._descriptor)
            handler = _Handler(self._file)
            self._observer.schedule(handler, self._path, recursive=True, event_filter=_HEARD)
            self._observer.start()
        except BaseException:
            self._observer = None
            self.close()
            raise
        self._opener = 0

    def close(self) -> None:
        """End its threads; may be called twice."""
        for thread in (self._observer, self._descriptor):
            if thread is not None:
                _stop(thread)
        for thread in (self._observer, self._descriptor):
            if thread is not None and thread.ident is not None:
                thread.join(_ENDING)
        if self._descriptor is not None and not self._descriptor.is_alive():
            self._descriptor.release()
        self._observer = self._descriptor = None

    @property
    def trouble(self) -> str:
        """Why it cannot be relied on any more, as a clause; "" while it can."""
        if self._descriptor is None or self._observer is None:
            return "it is closed"
        if self._descriptor.trouble:
            return self._descriptor.trouble
        threads = (self._descriptor, self._observer, *self._observer.emitters)
        return "" if all(thread.is_alive() for thread in threads) else "what listens to the kernel has ended"

    @property
    def moved(self) -> bool:
        """Whether a directory was moved. The library follows it, but where several moves come quickly one
        after the other it loses directories inside without a word."""
        return self._descriptor is not None and self._descriptor.moved

    @property
    def watched(self) -> int:
        """How many directories are watched."""
        return 0 if self._descriptor is None else self._descriptor.watched

    @property
    def unwatched(self) -> int:
        """How many directories the kernel would not watch."""
        return 0 if self._descriptor is None else self._descriptor.unwatched

    @property
    def complete(self) -> bool:
        """Whether every directory is watched. Some may have been locked, or too many, when it was opened."""
        return self._descriptor is not None and not (self.unwatched or self._descriptor.forbidden)

    @property
    def refused(self) -> dict[str, int]:
        """The directories that are not watched, and the errno of each."""
        return {} if self._descriptor is None else self._descriptor.refused

    def _passes_by(self, directory: str) -> bool:
        if threading.get_ident() == self._opener:  # the reader works at the same time, and must not end
            self._check()
        return self._unwanted(directory)

    def _directory(self, path: bytes) -> str | None:
        """Relative to what is watched, "" for that itself; None: its name is not UTF-8."""
        return self._relative(os.fsdecode(path))

    def _file(self, path: str) -> None:
        if relative := self._relative(path):
            self._touched(relative)

    def _relative(self, path: str) -> str | None:
        try:
            path.encode()
        except UnicodeEncodeError:
            return None
        return path[len(self._path) :].lstrip("/")


def _stop(thread: BaseThread) -> None:
    try:
        thread.stop()
    except Exception as error:  # noqa: BLE001 - its books on directories that were moved may not agree
        _log.warning(f"a watch ended with an unexpected {type(error).__name__}: {error}")


class _Handler(FileSystemEventHandler):
    """Hands paths over, and does nothing else: an exception here would end the thread that calls it."""

    def __init__(self, touched: Callable[[str], None]) -> None:
        self._file = touched

    def dispatch(self, event: FileSystemEvent) -> None:
        if not event.is_directory:  # the files in a new directory have messages of their own
            self._file(os.fsdecode(event.dest_path or event.src_path))


class _Descriptor(InotifyFD):
    """The library's reader of messages, overheard."""

    def __init__(
        self,
        directory: Callable[[bytes], str | None],
        unwanted: Callable[[str], bool],
        alarm: Callable[[], object],
    ) -> None:
        super().__init__()
        self._directory = directory
        self._unwanted = unwanted
        self._alarm = alarm
        self._told = threading.Lock()
        self._watches: set[WatchDescriptor] = set()
        self._refused: dict[str, int] = {}
        self._resources_closed = False
        self.trouble = ""
        self.forbidden = False
        self.moved = False

    @property
    def watched(self) -> int:
        return len(self._watches)

    @property
    def unwatched(self) -> int:
        return len(self._refused)

    @property
    def refused(self) -> dict[str, int]:
        with self._told:
            return dict(self._refused)

    def add_callback(
        self, path: bytes, mask: Mask, callback: WatchCallback, id_: CallbackId
    ) -> WatchDescriptor:
        """The caller goes on after an OSError unless it is about the topmost directory."""
        relative = self._directory(path)
        if relative is None or (relative and self._unwanted(f"{relative}/")):
            raise OSError(errno.ENOENT, "not wanted")
        try:
            found = super().add_callback(path, mask, callback, id_)
        except OSError as error:
            self._refuse(relative, error.errno or errno.EIO)
            raise
        with self._told:
            self._watches.add(found)
            self._refused.pop(relative, None)
        return found

    def _add_callback(
        self, path: bytes, mask: Mask, callback: WatchCallback, id_: CallbackId
    ) -> WatchDescriptor:
        """As the library's, but a new directory that is come by twice, which happens, is no matter for a
        warning; and a lack of permission, which it lets pass, is one."""
        watch = self._get_or_create_watch(path, mask)
        if watch.wd == -1:
            del self._watch_for_wd[watch.wd]
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        watch.callbacks[id_] = callback
        return watch.wd

    def handle_event(self, event: InotifyEvent) -> None:
        if event.is_queue_overflow:
            # The library would build all its watches anew; whoever is told does so in a moment.
            self._tell("the kernel dropped messages, because too much happened at once")
            return
        if event.mask & InotifyConstants.IN_UNMOUNT:
            self._tell("a disk was unmounted")
        if event.is_directory and event.is_moved_to:
            self.moved = True
        if event.is_ignored:
            with self._told:
                self._watches.discard(event.wd)
        super().handle_event(event)

    def run(self) -> None:
        try:
            super().run()
        finally:
            self._alarm()

    def release(self) -> None:
        """Close its handles, once nobody uses them; stopped before it read anything, it leaves them open."""
        self._close_resources()

    def _close_resources(self) -> None:
        if not self._resources_closed:
            self._resources_closed = True
            super()._close_resources()

    def _refuse(self, directory: str, code: int) -> None:
        with self._told:
            if code in _FORBIDDEN:
                self.forbidden = True
            elif code not in _VANISHED:
                self._refused[directory] = code

    def _tell(self, trouble: str) -> None:
        self.trouble = self.trouble or trouble
        self._alarm()
