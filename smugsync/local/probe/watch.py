"""Does the kernel tell us of changes here? A file is written, and the message about it waited for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from watchdog.events import FileCreatedEvent, FileMovedEvent, FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

#: A message takes a millisecond, and seconds on a machine that is starting, or busy with its disk.
PATIENCE = 10.0
_SLICE = 0.2


class _Waiting(FileSystemEventHandler):
    def __init__(self, name: str) -> None:
        self._name = name
        self.heard = threading.Event()

    def on_any_event(self, event: FileSystemEvent) -> None:
        if Path(str(event.src_path)).name == self._name:
            self.heard.set()


def hear(
    directory: Path,
    name: str,
    write: Callable[[], object],
    *,
    patience: float = PATIENCE,
    clock: Callable[[], float] = time.monotonic,
    check: Callable[[], object] = lambda: None,
) -> float | None:
    """Seconds until a file `name`, which `write` makes in `directory`, was reported; None if it was not
    within `patience` after it was there.

    Raises OSError: ENOSPC or EMFILE at the kernel's limits of watches and of watchers, and what `write`
    raises, and `check`, which is called while it waits.
    """
    handler = _Waiting(name)
    observer = Observer()
    # Without a filter the library listens for accesses too, and is kept busy by its own reading.
    observer.schedule(handler, str(directory), event_filter=[FileCreatedEvent, FileMovedEvent])
    observer.start()
    try:
        write()
        began = clock()
        while not handler.heard.wait(_SLICE):
            check()
            if clock() - began >= patience:
                return None
        return clock() - began
    finally:
        observer.stop()
        observer.join(patience)
