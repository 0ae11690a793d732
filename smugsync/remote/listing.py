"""Whole listings: read page by page, with the proof that nothing is missing, at a pace the service bears."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from smugsync.remote.dialect import Page, Span

T = TypeVar("T")

#: Pages shrink no further: below this, the number of requests costs more than their size.
SMALLEST_PAGE = 25
#: An answer that takes longer than this many seconds was too big a question.
SLOW = 10.0
#: No listing has more entries (an album takes 5,000), and none grows to more than twice its first size and
#: this much more while it is read.
MOST_ENTRIES, _GROWTH = 1_000_000, 1000
#: So many pages in a row that bring nothing new, and it will never end.
_BARREN = 20
#: So many answers in time, one after the other, and the next page is twice as large again.
_STEADY = 10


class Listing(Generic[T]):
    """A listing, read page by page while it is iterated over; again from the start each time.

    Once it is exhausted, `complete` tells whether it proves the absence of what it did not show, and
    if not, `why` says in a sentence what is amiss. Entries that come twice are handed out once, those that
    are not `wanted` not at all, although they count.
    """

    def __init__(
        self,
        read: Callable[[Span], Page[T]],
        first: Span,
        key: Callable[[T], str],
        *,
        wanted: Callable[[T], bool] = lambda _: True,
    ) -> None:
        self._read = read
        self._first = first
        self._key = key
        self._wanted = wanted
        self._reset()

    def _reset(self) -> None:
        self.complete = False
        self.total: int | None = None
        self.why = "the listing was not read to its end"

    def __iter__(self) -> Iterator[tuple[T, ...]]:
        self._reset()
        seen: set[str] = set()
        totals: list[int] = []
        faults = _Faults()
        barren = 0
        span: Span | None = self._first
        while span is not None:
            page = self._read(span)
            faults.note(page.faults)
            if page.total is not None and page.total not in totals:
                totals.append(page.total)
            fresh = {self._key(item): item for item in page.items if self._key(item) not in seen}
            seen.update(fresh)
            self.total = totals[-1] if totals else None
            yield tuple(filter(self._wanted, fresh.values()))
            span = page.next
            barren = 0 if fresh else barren + 1
            if span is not None and (barren == _BARREN or span.start > _furthest(totals)):
                faults.note((f"after {len(seen)} entries there was still no end of it",))
                break
        self.why = _amiss(len(seen), totals, faults)
        self.complete = not self.why


class Pace:
    """The page size the service can bear: halved when it is slow or fails, doubled when it is steady.

    Threads share it without a lock: the worst a race does is a page of another sensible size.
    """

    def __init__(self, wish: int) -> None:
        self._wish = wish
        self._size = wish
        self._quick = 0

    @property
    def first(self) -> Span:
        return Span(1, self._wish)

    def fit(self, span: Span) -> Span:
        """`span` no larger than what can be borne, and aligned: SmugMug wants `start` = n·`count` + 1.

        One of no entries is a question about the listing, and stays.
        """
        if not span.count:
            return span
        count = min(span.count, self._size)
        while (span.start - 1) % count and count >= 2 * SMALLEST_PAGE:
            count //= 2
        return Span(span.start, count)

    def note(self, count: int, seconds: float) -> None:
        if seconds > SLOW:
            self.shrink(count)
            return
        self._quick += 1
        if self._quick >= _STEADY and self._size < self._wish:
            self._size, self._quick = min(2 * self._size, self._wish), 0

    def shrink(self, count: int) -> bool:
        """Halve pages of `count` entries; False when they are as small as they get."""
        if count // 2 < SMALLEST_PAGE:
            return False
        self._size, self._quick = min(self._size, count // 2), 0
        return True


class _Faults:
    """The first of them, and how many there are."""

    def __init__(self) -> None:
        self.first = ""
        self.count = 0

    def note(self, faults: tuple[str, ...]) -> None:
        self.first = self.first or next(iter(faults), "")
        self.count += len(faults)


def _furthest(totals: list[int]) -> int:
    return min(MOST_ENTRIES, 2 * totals[0] + _GROWTH) if totals else MOST_ENTRIES


def _amiss(seen: int, totals: list[int], faults: _Faults) -> str:
    """What keeps a listing from being complete, "" when nothing does."""
    if faults.count:
        more = f" (and {faults.count - 1} more)" if faults.count > 1 else ""
        return f"a part of the listing could not be read: {faults.first}{more}"
    if len(totals) > 1:
        return f"the listing changed while it was read: from {totals[0]} entries to {totals[-1]}"
    if totals and seen != totals[0]:
        return f"the service promised {totals[0]} entries and listed {seen}"
    return ""
