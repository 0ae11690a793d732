"""How many downloads run at once: as many as make the bytes come faster, and no more.

`throughput = min(link, CPU, n * size / (round trip + size / rate))`, so the best n depends on things only
a measurement knows. A quarter more connections are tried, and kept if they bring at least 4 % more; if
they do not, a quarter fewer are tried, and kept if nothing is lost by it. When the service asks for less
or a line breaks, half as many go on.
"""

from __future__ import annotations

#: One measurement lasts this long at least, in seconds; so many rounds of files, and whole ones, because
#: large files tend to arrive all together; and so many files (or so many seconds), as sizes differ.
WINDOW = 2.0
ROUNDS = 2
FILES = 64
LONG = 20.0
#: A trial of more is worth it from this ratio of rates on, a trial of less down to this one.
GAIN = 1.04
LOSS = 0.98
#: After a trial that led nowhere, so many measurements pass before the next one.
PATIENCE = 4
FEWEST = 2
#: What a request costs beside its bytes, in bytes: without it, small files would look like a slow line.
OVERHEAD = 256 << 10


#: Downloads to begin with, and where the round trip is shorter than NEARBY seconds: there every connection
#: more only costs processor time.
START, START_NEARBY, NEARBY = 8, 4, 0.005


def first_limit(round_trip: float | None) -> int:
    """How many downloads to begin with; `round_trip` in seconds, None = not known."""
    return START_NEARBY if round_trip is not None and round_trip < NEARBY else START


class Throttle:
    """`limit` downloads may run now; never more than `ceiling`. All times are monotonic seconds."""

    def __init__(self, *, fixed: int | None = None, start: int = START, ceiling: int = 32) -> None:
        self.ceiling = fixed if fixed is not None else ceiling
        self.limit = fixed if fixed is not None else min(start, ceiling)
        self._fixed = fixed is not None
        #: the measurement going on: since when, what came, of how many files
        self._since: float | None = None
        self._bytes = 0
        self._files = 0
        #: files still to arrive that were begun under another limit: they measure nothing
        self._settling = 0
        #: the trial going on: the limit and the rate before it
        self._trial: tuple[int, float] | None = None
        self._upward = True
        self._rest = 0
        self._troubled: float | None = None

    def moved(self, size: int, now: float) -> None:
        """A file of `size` bytes has arrived in full."""
        if self._fixed:
            return
        if self._settling > 0:
            self._settling -= 1
            return
        if self._since is None:  # the clock starts as a file ends, and stops as one ends
            self._since = now
            return
        self._bytes += size + OVERHEAD
        self._files += 1
        passed = now - self._since
        rounds, odd = divmod(self._files, self.limit)
        enough = self._files >= FILES or passed >= LONG
        if enough and passed >= WINDOW and rounds >= ROUNDS and not odd:
            self._measured(self._bytes / passed)
            self._restart()

    def starved(self) -> None:
        """Fewer downloads run than may: what arrives now says nothing about the limit."""
        self._restart()

    def trouble(self, now: float) -> None:
        """The service asked for less, or a line broke; what breaks together counts once."""
        if self._fixed or (self._troubled is not None and now - self._troubled < WINDOW):
            return
        self._troubled = now
        self._trial, self._rest = None, PATIENCE
        self._set(self.limit // 2)
        self._restart()

    def _measured(self, rate: float) -> None:
        if self._trial is None:
            if self._rest > 0:
                self._rest -= 1
                return
            self._try(rate)
            return
        limit, before = self._trial
        if rate >= before * (GAIN if self.limit > limit else LOSS):
            self._try(rate)  # kept, and further that way
            return
        self._trial, self._upward, self._rest = None, not self._upward, PATIENCE
        self._set(limit)

    def _try(self, rate: float) -> None:
        """Another limit, to be compared with `rate` under the present one."""
        limit = self.limit
        step = max(2, limit // 4)
        self._set(limit + step if self._upward else limit - step)
        self._trial = (limit, rate)
        if self.limit == limit:  # as far as it goes this way
            self._trial, self._upward, self._rest = None, not self._upward, PATIENCE

    def _set(self, limit: int) -> None:
        self._settling = self.limit
        self.limit = min(self.ceiling, max(FEWEST, limit))

    def _restart(self) -> None:
        self._since, self._bytes, self._files = None, 0, 0
