from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smugsync.remote.dialect import Page, Span
from smugsync.remote.listing import SMALLEST_PAGE, Listing, Pace


def listing(*pages: Page[str]) -> Listing[str]:
    """A listing whose page number n is asked for by the span that starts at n."""
    linked = [
        Page(page.items, page.total, Span(number + 1, 1) if number < len(pages) else None, page.faults)
        for number, page in enumerate(pages, 1)
    ]
    return Listing(lambda span: linked[span.start - 1], Span(1, 1), str)


def read(found: Listing[str]) -> list[str]:
    return [item for page in found for item in page]


def test_all_promised_entries_make_it_complete() -> None:
    found = listing(Page(("a", "b"), 3), Page(("c",), 3))
    assert not found.complete
    assert read(found) == ["a", "b", "c"]
    assert (found.complete, found.total, found.why) == (True, 3, "")


def test_entries_that_nobody_wants_count() -> None:
    page = Page(("a", "-", "b"), 3)
    found = Listing(lambda span: page, Span(1, 3), str, wanted=str.isalpha)
    assert read(found) == ["a", "b"]
    assert found.complete


def test_nothing_promised_and_nothing_listed_is_complete() -> None:
    found = listing(Page((), 0))
    assert read(found) == []
    assert found.complete


def test_service_that_names_no_total_is_taken_at_its_word() -> None:
    found = listing(Page(("a",)), Page(("b",)))
    read(found)
    assert (found.complete, found.total) == (True, None)


@pytest.mark.parametrize(
    ("pages", "why"),
    [
        ((Page(("a",), 34),), "the service promised 34 entries and listed 1"),
        ((Page(("a", "b"), 3), Page(("b",), 3)), "the service promised 3 entries and listed 2"),
        ((Page(("a", "b"), 1),), "the service promised 1 entries and listed 2"),
        ((Page(("a",), 2), Page(("b",), 3)), "changed while it was read: from 2 entries to 3"),
        ((Page(("a",), 1, faults=("entry 2 is a list",)),), "could not be read: entry 2 is a list"),
        ((Page(("a",), 1, faults=("x", "y", "z")),), "x (and 2 more)"),
    ],
)
def test_why_it_is_not_complete(pages: Iterable[Page[str]], why: str) -> None:
    found = listing(*pages)
    read(found)
    assert not found.complete
    assert why in found.why


def test_entries_that_come_twice_are_handed_out_once() -> None:
    found = listing(Page(("a", "b", "a"), 2), Page(("b",), 2))
    assert read(found) == ["a", "b"]
    assert found.complete


def test_listing_left_early_proves_nothing() -> None:
    found = listing(Page(("a",), 2), Page(("b",), 2))
    assert read(found) == ["a", "b"]
    for _page in found:
        break
    assert not found.complete
    assert "not read to its end" in found.why


@given(st.integers(1, 500), st.integers(0, 2000), st.lists(st.floats(0, 60), max_size=40))
def test_pages_stay_between_the_smallest_and_the_wish(wish: int, start: int, seconds: list[float]) -> None:
    pace = Pace(wish)
    for duration in seconds:
        span = pace.fit(Span(start + 1, wish))
        assert span.start == start + 1
        assert min(wish, SMALLEST_PAGE) <= span.count <= wish
        pace.note(span.count, duration)


def test_slow_pages_are_halved_and_quick_ones_grow_again() -> None:
    pace = Pace(100)
    pace.note(100, 10.5)
    assert pace.fit(Span(1, 100)) == Span(1, 50)
    pace.note(50, 11)
    pace.note(25, 60)
    assert pace.fit(Span(1, 100)) == Span(1, 25)
    for _ in range(20):
        pace.note(25, 0.3)
    assert pace.fit(Span(1, 100)) == Span(1, 100)


def test_pages_start_where_their_size_divides() -> None:
    assert Pace(100).fit(Span(151, 100)) == Span(151, 50)
    assert Pace(100).fit(Span(126, 100)) == Span(126, 25)
    assert Pace(100).fit(Span(31, 30)) == Span(31, 30)
