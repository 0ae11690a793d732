"""How many downloads run at once: as many as make the bytes come faster, and no more.

`throughput = min(link, CPU, n * size / (round trip + size / rate))`, so the best n depends on things only
a measurement knows. It begins with twice as many, and twice as many again, as long as that brings at least
a quarter more; twice as many that bring less are tried once more. From then on a quarter more are tried now
and then, and kept if they bring at least 4 % more; if they do not, a quarter fewer are tried the next time,
and kept if nothing is lost by it. What led nowhere is tried less and less often. When the service asks for
less or a line breaks, half as many go on.

Too few cost more than too many: half of the connections that a line wants bring half of it, while twice as
many cost little. So a step up is taken as soon as it is seen to bring something, and given up only after a
longer look.

Files of quite another size want another number, and are searched for on their own, beginning with the number
found last; while it still is about doublings, a search goes on with files of a new kind. When files of a kind
come again, so does the search for them.

Bytes are counted as they arrive: files that take minutes need not end to be measured.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import fmean

from smugsync.records import dataclass, replace

#: Downloads to begin with, and where the round trip is shorter than NEARBY seconds: there every connection
#: more only costs processor time.
START, START_NEARBY, NEARBY = 8, 4, 0.005
FEWEST = 2
#: One look at what has come in so many seconds; more often it is not worth while.
BEAT = 0.1
#: After the limit was changed it takes so many seconds until new connections run at their full rate.
SETTLE = 0.5
#: A measurement lasts so many seconds: of what a doubling is held against; of a doubling that is seen to
#: bring something, and of one that is not, since a disk may have been busy; and of all that is about less.
BASE, QUICK, DOUBT, WINDOW = 1.0, 0.5, 2.0, 4.0
#: Where twice as many bring so many times as much, that is seen at once, and where fewer bring so little.
CLEAR, WORSE = 1.6, 0.85
#: So many doublings that are not worth it end the doubling; so many measurements lie between the two.
DOUBLINGS, AGAIN = 2, 1
#: Twice as many are worth it, and twice as many again are tried, from the first ratio of rates on; from the
#: second on they are kept.
DOUBLED, KEPT = 1.25, 1.1
#: A trial of a quarter more is from this one on, a trial of fewer down to this one.
GAIN, LOSS = 1.04, 0.98
#: After a trial that led nowhere, so many measurements pass before the next one: the first time, and at most.
PATIENCE, LONGEST = 4, 32
#: What a request costs beside its bytes, in bytes: without it, small files would look like a slow line.
OVERHEAD = 256 << 10
#: Files are of one kind if their sizes are at most so far apart, in powers of two; and two measurements are
#: compared at once if those of their files are.
ALIKE, COMPARABLE = 1.5, 1.5
#: The kind is that of so many files begun last; of another one, so many of them are taken to be typical.
LATELY, NEWEST = 16, 4
#: Trouble that comes within so many seconds is one and the same.
TOGETHER = 2.0


def first_limit(round_trip: float | None) -> int:
    """How many downloads to begin with; `round_trip` in seconds, None = not known."""
    return START_NEARBY if round_trip is not None and round_trip < NEARBY else START


@dataclass(frozen=True, slots=True)
class Count:
    """What has come so far, in bytes and in whole files; how many downloads run at this moment.

    `scales`: of the last `LATELY` files begun, the last one last: the logarithm of their sizes to the base of
    2; of those whose size is known. Not of all that are under way: large ones are for long, and the more so
    the fewer run at once.
    """

    size: int
    files: int
    active: int
    scales: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Rate:
    """What a measurement came to: work per second, and the scale of the files that were begun last."""

    work: float
    scale: float | None

    def is_like(self, other: Rate) -> bool:
        """Were these files of much the same size?"""
        return self.scale is None or other.scale is None or abs(self.scale - other.scale) <= COMPARABLE


@dataclass(slots=True)
class Search:
    """How far the search for the best number has come, for files of one kind.

    `limit`: the best so far. `doublings`: so many may still not be worth it; at 0 it is about small
    differences. `scale`: what is typical for its files, None = nobody knows. `rest`: so many measurements
    pass before the next trial.
    """

    limit: int
    doublings: int
    scale: float | None = None
    upward: bool = True
    rest: int = 0
    patience: int = PATIENCE

    def is_for(self, scale: float) -> bool:
        """Are files of this scale of its kind?"""
        return self.scale is not None and abs(self.scale - scale) <= ALIKE

    def be_content(self, active: int) -> None:
        """So many large files are under way, and will be for long: a doubling that was not worth it is not
        tried once more; where none was judged so yet, the search goes on from there."""
        if self.doublings == DOUBLINGS:
            self.limit = active
        else:
            self.doublings, self.upward = 0, False
            self.bide()

    def bide(self) -> None:
        self.rest, self.patience = self.patience, min(LONGEST, 2 * self.patience)


class Throttle:
    """`limit` downloads may run now; never more than `ceiling`. All times are monotonic seconds."""

    def __init__(self, *, fixed: int | None = None, start: int = START, ceiling: int = 32) -> None:
        self.ceiling = fixed if fixed is not None else ceiling
        self.limit = fixed if fixed is not None else min(start, ceiling)
        self._fixed = fixed is not None
        self._search = Search(self.limit, DOUBLINGS)
        self._others: list[Search] = []  #: for files of other kinds
        self._base: Rate | None = None  #: what `_search.limit` brings, while another one is tried
        self._troubled: float | None = None
        #: the measurement going on: what had come when it began, and when that was
        self._began: tuple[Count, float] | None = None
        self._looked = 0.0
        self._settled = 0.0  #: nothing is measured before

    def watch(self, count: Callable[[], Count], now: float) -> None:
        """To be called often while downloads run."""
        if self._fixed or (self._began is not None and now - self._looked < BEAT):
            return
        self._looked, seen = now, count()
        if self._began is None:
            self._settled = max(self._settled, now + SETTLE)
            self._begin(seen, now)
            return
        if self._has_changed(seen.scales, now) or now < self._settled:
            self._begin(seen, now)
            return
        if seen.active > self.limit:  # those under way are finished first
            if now > self._settled + DOUBT and self._search.doublings:
                self._search.be_content(seen.active)
                self._base = None
                self._set(self._search.limit, now)
            self._begin(seen, now)
            return
        before, since = self._began
        passed, files, size = now - since, seen.files - before.files, seen.size - before.size
        if passed < QUICK or not size:
            return
        scale = fmean(seen.scales) if seen.scales else None
        if self._has_judged(Rate((size + OVERHEAD * files) / passed, scale), passed, now):
            self._begin(seen, now)

    def _begin(self, seen: Count, now: float) -> None:
        self._began = seen, now

    def starved(self) -> None:
        """Fewer downloads run than may: what arrives now says nothing about the limit."""
        self._began = None

    def trouble(self, now: float) -> None:
        """The service asked for less, or a line broke; what breaks together counts once."""
        if self._fixed or (self._troubled is not None and now - self._troubled < TOGETHER):
            return
        self._troubled = now
        self._set(self.limit // 2, now)
        self._base = None
        self._search = Search(self.limit, 0, self._search.scale, patience=self._search.patience)
        self._search.bide()
        self._others.clear()

    def _has_changed(self, scales: Sequence[float], now: float) -> bool:
        """Do files of another kind come than those that are searched for? Then it goes on with these."""
        if not scales:
            return False
        search, lately, newest = self._search, fmean(scales), fmean(scales[-NEWEST:])
        if search.scale is None:
            search.scale = lately
        if search.is_for(lately) or search.is_for(newest):
            return False
        known = next((one for one in self._others if one.is_for(newest)), None)
        if known is None and search.doublings:  # it is not over: it goes on with these
            search.scale = newest
            return False
        if known is not None:
            following = known
        elif self._troubled is not None:  # the service would be asked for more at once
            following = replace(search, scale=newest)
        else:
            following = Search(search.limit, DOUBLINGS, newest)
        self._others = [one for one in self._others if one is not following and not one.is_for(search.scale)]
        self._others.append(search)
        self._search, self._base = following, None
        self._set(following.limit, now)
        return True

    def _has_judged(self, rate: Rate, passed: float, now: float) -> bool:
        """Was that enough to go by? Then it has been."""
        base, search = self._base, self._search
        if base is None:
            if passed < (BASE if search.doublings else WINDOW):
                return False
            if search.rest > 0:
                search.rest -= 1
            else:
                self._try(rate, now)
            return True
        if passed < WINDOW and not rate.is_like(base):
            return False
        if search.doublings:
            return self._has_judged_double(rate, base, passed, now)
        gained, upward = rate.work / base.work, self.limit > search.limit
        if passed < WINDOW and (upward or gained >= WORSE):
            return False
        if gained >= (GAIN if upward else LOSS):
            search.patience, search.limit = PATIENCE, self.limit
            # Kept, and further that way; downward no step may lose a little more than the one before it.
            self._try(rate if upward else max(rate, base, key=lambda one: one.work), now)
        else:
            self._give_up(now)
        return True

    def _has_judged_double(self, rate: Rate, base: Rate, passed: float, now: float) -> bool:
        search, gained = self._search, rate.work / base.work
        if gained < CLEAR and passed < DOUBT:
            return False
        if gained >= DOUBLED:
            # Luck does not count: twice as many bring twice as much at most.
            most = base.work * self.limit / search.limit
            search.limit = self.limit
            self._try(Rate(min(rate.work, most), rate.scale), now)
        elif gained >= KEPT:  # the best lies between the two, or not far beyond
            search.limit, search.doublings, search.rest = self.limit, search.doublings - 1, AGAIN
            self._base = None
        else:
            self._give_up(now)
        return True

    def _try(self, rate: Rate, now: float) -> None:
        """Another limit, to be compared with `rate` under the present one."""
        search = self._search
        step = search.limit if search.doublings else max(2, search.limit // 4)
        self._base = rate
        self._set(search.limit + step if search.upward else search.limit - step, now)
        if self.limit == search.limit:  # as far as it goes this way
            self._give_up(now)

    def _give_up(self, now: float) -> None:
        search, self._base = self._search, None
        self._set(search.limit, now)
        if search.doublings and search.limit < self.ceiling:
            # Once more, a little later: the disk was busy, perhaps. Then with less than twice as many.
            search.doublings, search.rest = search.doublings - 1, AGAIN
        else:
            search.doublings, search.upward = 0, not search.upward
            search.bide()

    def _set(self, limit: int, now: float) -> None:
        limit = min(self.ceiling, max(FEWEST, limit))
        if limit != self.limit:
            self.limit, self._settled = limit, now + SETTLE
