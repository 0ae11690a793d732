"""How many downloads run at once: as many as make the bytes come faster, and no more.

Additive increase while two more connections bring at least 8 % more bytes per second, one step back when
they do not, and half as many when the service asks for less or the line breaks. `throughput =
min(link, CPU, n * size / (round trip + size / rate))`, so the best n depends on things only a
measurement knows.
"""

from __future__ import annotations

#: One measurement lasts this long, in seconds: several small photos, a good part of a large one.
WINDOW = 2.0
GAIN = 1.08


class Throttle:
    """`limit` downloads may run now; never more than `ceiling`. All times are monotonic seconds."""

    def __init__(self, *, fixed: int | None = None, start: int = 8, ceiling: int = 32) -> None:
        self.limit = fixed if fixed is not None else start
        self.ceiling = fixed if fixed is not None else ceiling
        self._fixed = fixed is not None
        self._bytes = 0
        self._since: float | None = None
        self._rate = 0.0
        self._step = 2

    def moved(self, size: int, now: float) -> None:
        """`size` bytes of a file have arrived in full."""
        if self._since is None:
            self._since = now
        self._bytes += size
        self.tick(now)

    def tick(self, now: float) -> None:
        """Close a measurement whose time is over."""
        if self._fixed or self._since is None or now - self._since < WINDOW:
            return
        rate = self._bytes / (now - self._since)
        if rate > self._rate * GAIN:
            self._step = 2
        elif rate < self._rate / GAIN:
            self._step = -1
        else:
            self._step = 0
        if self._rate and self._bytes:
            self.limit = min(self.ceiling, max(2, self.limit + self._step))
        self._rate, self._bytes, self._since = rate, 0, now

    def trouble(self, now: float) -> None:
        """The service asked for less, or a line broke."""
        if self._fixed or (self._since is not None and now - self._since < WINDOW / 4):
            return
        self.limit = max(2, self.limit // 2)
        self._rate, self._bytes, self._since = 0.0, 0, now
