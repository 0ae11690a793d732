"""How far the run under way is, read from any thread; and whether anything moves at all."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from smugsync.daemon.standing import Way
from smugsync.progress import Tally

#: The rate is taken over so many seconds.
_WINDOW = 15.0


class Gauge(Tally):
    """The progress of one run. `note` gets the lines that people should see, `told` the way, once a second.

    `beat` is when the run's own thread was last seen (monotonic s), `moves` counts whatever was reported.
    """

    def __init__(
        self,
        *,
        note: Callable[[str], None] = lambda line: None,
        told: Callable[[Way], None] = lambda way: None,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._note, self._told, self._ticks = note, told, ticks
        self._seen: deque[tuple[float, int]] = deque()
        self._due = 0.0
        self.beat = ticks()
        self.moves = 0

    def start(self, phase: str) -> None:
        super().start(phase)
        self.moves += 1

    def albums(self, done: int, total: int) -> None:
        super().albums(done, total)
        self.moves += 1

    def plan(self, files: int, size: int) -> None:
        super().plan(files, size)
        self.moves += 1

    def begin(self, name: str, size: int | None) -> None:
        super().begin(name, size)
        self.moves += 1

    def advance(self, name: str, size: int) -> None:
        super().advance(name, size)
        self.moves += 1

    def end(self, name: str, *, ok: bool) -> None:
        super().end(name, ok=ok)
        self.moves += 1

    def refresh(self) -> None:
        for line in self.take_notes():
            self._note(line)
        now = self.beat = self._ticks()
        if now < self._due:
            return
        self._due = now + 1.0
        self._seen.append((now, self.bytes_done))
        while len(self._seen) > 2 and now - self._seen[1][0] >= _WINDOW:
            self._seen.popleft()
        self._told(self.way())

    def close(self) -> None:
        for line in self.take_notes():
            self._note(line)

    def way(self) -> Way:
        """From any thread."""
        seen = list(self._seen)
        rate = 0.0
        if len(seen) > 1 and seen[-1][0] > seen[0][0]:
            rate = max(0, seen[-1][1] - seen[0][1]) / (seen[-1][0] - seen[0][0])
        return Way(
            self.phase,
            self.albums_done,
            self.albums_total,
            self.files_done,
            self.files_total,
            self.bytes_done,
            self.bytes_total,
            rate,
        )
