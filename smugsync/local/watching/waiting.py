"""What was touched and has not come to rest: paths, each due when nothing was heard of it for a while."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Final

from smugsync.local.watching.settling import Look
from smugsync.records import dataclass

#: With more paths than this, looking at everything is less work than looking at each.
MOST: Final = 20_000
#: A place that never comes to rest is looked at nevertheless, so often.
PATIENCE: Final = 60.0


@dataclass(frozen=True, slots=True)
class Touched:
    """`look` is how the file looked when it was touched, None if nobody looked."""

    path: str
    look: Look | None = None


class Waiting:
    """Paths that were touched, until they are due. Any thread may touch; times are of a clock that only goes
    forward, in seconds."""

    def __init__(
        self,
        stable: float,
        *,
        clock: Callable[[], float],
        most: int = MOST,
        patience: float = PATIENCE,
    ) -> None:
        self._stable, self._clock = stable, clock
        self._most, self._patience = most, patience
        self._lock = threading.Lock()
        self._paths: dict[str, tuple[float, Look | None]] = {}
        #: Why everything has to be looked at, since when, and when something was touched last.
        self._why = ""
        self._since = self._last = 0.0

    def __len__(self) -> int:
        return len(self._paths)

    def touch(self, path: str, look: Look | None = None) -> None:
        """Something happened to the file at `path`."""
        with self._lock:
            now = self._clock()
            if self._why:
                self._last = now
            elif len(self._paths) >= self._most and path not in self._paths:
                self._ask_for_everything(f"more than {self._most:,} files changed at once", now)
            else:
                self._paths[path] = (now + self._stable, look)

    def touch_everything(self, why: str) -> None:
        """Something may have happened anywhere."""
        with self._lock:
            self._ask_for_everything(why, self._clock())

    def defer(self, path: str, seconds: float, look: Look | None) -> None:
        """The file was due and is not ready: ask again in `seconds`, unless it is touched meanwhile."""
        with self._lock:
            if not self._why:
                self._paths.setdefault(path, (self._clock() + seconds, look))

    def due(self) -> list[Touched]:
        """What has come to rest since, once each; it is forgotten here."""
        with self._lock:
            now = self._clock()
            ready = [Touched(path, look) for path, (due, look) in self._paths.items() if due <= now]
            for each in ready:
                del self._paths[each.path]
            return ready

    def due_everything(self) -> str:
        """Why everything is to be looked at now, "" if it is not."""
        with self._lock:
            now = self._clock()
            if not self._why or now < self._moment():
                return ""
            why, self._why = self._why, ""
            if now < self._last + self._stable:  # it goes on: look again afterwards
                self._why, self._since = why, now
            return why

    def forget(self) -> None:
        """Everything will be looked at anyway."""
        with self._lock:
            self._paths.clear()
            self._why = ""

    def soonest(self) -> float | None:
        """The moment when something is due; None: nothing waits."""
        with self._lock:
            moments: Iterable[float] = (due for due, _ in self._paths.values())
            return self._moment() if self._why else min(moments, default=None)

    def _ask_for_everything(self, why: str, now: float) -> None:
        if not self._why:
            self._why, self._since = why, now
        self._last = now
        self._paths.clear()

    def _moment(self) -> float:
        return min(self._last + self._stable, self._since + self._patience)
