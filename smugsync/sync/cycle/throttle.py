"""How many downloads run at once: as many as make the bytes come faster, and no more.

`throughput = min(link, CPU, n * size / (round trip + size / rate))`, so the best n depends on things only
a measurement knows. It begins with twice as many, and twice as many again, as long as that brings at least
a quarter more. From then on a quarter more are tried now and then, and kept if they bring at least 4 % more;
if they do not, a quarter fewer are tried the next time, and kept if nothing is lost by it. What led nowhere
is tried less and less often. Where files of quite another size begin to come, it all begins anew. When the
service asks for less or a line breaks, half as many go on.

Bytes are counted as they arrive: files that take minutes need not end to be measured.
"""

from __future__ import annotations

from collections.abc import Callable

from smugsync.records import dataclass

#: Downloads to begin with, and where the round trip is shorter than NEARBY seconds: there every connection
#: more only costs processor time.
START, START_NEARBY, NEARBY = 8, 4, 0.005
FEWEST = 2
#: One look at what has come in so many seconds; more often it is not worth while.
BEAT = 0.1
#: After the limit was changed it takes so many seconds until new connections run at their full rate.
SETTLE = 0.5
#: A measurement lasts so many seconds: while the limit is doubled, and later, when less is at stake and
#: smaller differences are looked for.
QUICK, WINDOW = 1.0, 4.0
#: Twice as many are worth it, and twice as many again are tried, from the first ratio of rates on; from the
#: second on they are kept.
DOUBLED, KEPT = 1.25, 1.1
#: A trial of a quarter more is from this one on, a trial of fewer down to this one.
GAIN, LOSS = 1.04, 0.98
#: After a trial that led nowhere, so many measurements pass before the next one: the first time, and at most.
PATIENCE, LONGEST = 4, 32
#: What a request costs beside its bytes, in bytes: without it, small files would look like a slow line.
OVERHEAD = 256 << 10
#: Where the size of the files is so many times another, in powers of two, measurements are not compared.
ALIKE = 2.0
#: Trouble that comes within so many seconds is one and the same.
TOGETHER = 2.0


def first_limit(round_trip: float | None) -> int:
    """How many downloads to begin with; `round_trip` in seconds, None = not known."""
    return START_NEARBY if round_trip is not None and round_trip < NEARBY else START


@dataclass(frozen=True, slots=True)
class Count:
    """What has come so far, in bytes and in whole files; how many downloads run at this moment.

    `scale`: the logarithm of their sizes to the base of 2, on average; one video among photos is no video.
    None where there are none, or nobody knows.
    """

    size: int
    files: int
    active: int
    scale: float | None


@dataclass(frozen=True, slots=True)
class Rate:
    """What a measurement came to: work per second, of files of this scale."""

    work: float
    scale: float | None

    def is_like(self, other: Rate) -> bool:
        """Were these files of much the same size?"""
        if self.scale is None or other.scale is None:
            return True
        return abs(self.scale - other.scale) <= ALIKE


@dataclass(frozen=True, slots=True)
class Trial:
    """`limit` and `rate` are those before it."""

    limit: int
    rate: Rate


class Throttle:
    """`limit` downloads may run now; never more than `ceiling`. All times are monotonic seconds."""

    def __init__(self, *, fixed: int | None = None, start: int = START, ceiling: int = 32) -> None:
        self.ceiling = fixed if fixed is not None else ceiling
        self.limit = fixed if fixed is not None else min(start, ceiling)
        self._fixed = fixed is not None
        self._doubling = True
        self._upward = True
        self._trial: Trial | None = None
        self._last: Rate | None = None
        self._rest = 0  #: measurements that pass before the next trial
        self._patience = PATIENCE
        self._troubled: float | None = None
        #: the measurement going on: what had come when it began, and when that was
        self._began: tuple[Count, float] | None = None
        self._scales, self._looks = 0.0, 0
        self._looked = 0.0
        self._settled = 0.0  #: nothing is measured before

    def watch(self, count: Callable[[], Count], now: float) -> None:
        """To be called often while downloads run."""
        if self._fixed or (self._began is not None and now - self._looked < BEAT):
            return
        self._looked, seen = now, count()
        if self._began is None:
            self._settled = max(self._settled, now + SETTLE)
            self._began = seen, now
            return
        if now < self._settled or seen.active > self.limit:  # those under way are finished first
            self._began, self._scales, self._looks = (seen, now), 0.0, 0
            return
        before, since = self._began
        if seen.scale is not None:
            self._scales += seen.scale
            self._looks += 1
        passed, files, size = now - since, seen.files - before.files, seen.size - before.size
        if passed < (QUICK if self._doubling else WINDOW) or not size:
            return
        rate = Rate((size + OVERHEAD * files) / passed, self._scales / self._looks if self._looks else None)
        self._began, self._scales, self._looks = (seen, now), 0.0, 0
        self._measured(rate, now)

    def starved(self) -> None:
        """Fewer downloads run than may: what arrives now says nothing about the limit."""
        self._began = None

    def trouble(self, now: float) -> None:
        """The service asked for less, or a line broke; what breaks together counts once."""
        if self._fixed or (self._troubled is not None and now - self._troubled < TOGETHER):
            return
        self._troubled = now
        self._doubling = False
        self._trial, self._upward = None, True
        self._bide()
        self._set(self.limit // 2, now)

    def _measured(self, rate: Rate, now: float) -> None:
        last, self._last = self._last, rate
        if last is not None and not rate.is_like(last):
            self._begin_anew(now)
            return
        if self._trial is None:
            if self._rest > 0:
                self._rest -= 1
            else:
                self._try(rate, now)
            return
        before = self._trial
        gained = rate.work / before.rate.work
        if self._doubling and gained < DOUBLED:
            if gained < KEPT:
                self._give_up(before, now)
                return
            self._doubling = False  # the best lies between the two, or not far beyond
            self._trial, self._rest = None, PATIENCE
            return
        if gained >= (GAIN if self.limit > before.limit else LOSS):
            self._patience = PATIENCE
            # Kept, and further that way; downward no step may lose a little more than the one before it.
            self._try(rate if self._upward else max(rate, before.rate, key=lambda one: one.work), now)
            return
        self._give_up(before, now)

    def _begin_anew(self, now: float) -> None:
        """Other files come than before, and want another limit, perhaps."""
        if self._trial is not None:
            self._set(self._trial.limit, now)
        self._trial = None
        if self._troubled is None:  # or the service would be asked for more at once
            self._doubling, self._upward = True, True
            self._rest, self._patience = 0, PATIENCE

    def _try(self, rate: Rate, now: float) -> None:
        """Another limit, to be compared with `rate` under the present one."""
        limit = self.limit
        step = limit if self._doubling else max(2, limit // 4)
        self._trial = Trial(limit, rate)
        self._set(limit + step if self._upward else limit - step, now)
        if self.limit == limit:  # as far as it goes this way
            self._give_up(self._trial, now)

    def _give_up(self, trial: Trial, now: float) -> None:
        self._doubling = False
        self._trial, self._upward = None, not self._upward
        self._bide()
        self._set(trial.limit, now)

    def _bide(self) -> None:
        self._rest, self._patience = self._patience, min(LONGEST, 2 * self._patience)

    def _set(self, limit: int, now: float) -> None:
        limit = min(self.ceiling, max(FEWEST, limit))
        if limit != self.limit:
            self.limit, self._settled = limit, now + SETTLE
