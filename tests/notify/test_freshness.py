"""The alarm that rings when nothing does."""

from __future__ import annotations

import pytest

from smugsync.notify.freshness import stale
from tests.notify.samples import DAY, NOW


@pytest.mark.parametrize(
    ("age", "rings"), [(0.0, False), (2.99, False), (3.0, True), (400.0, True), (-1.0, False)]
)
def test_it_rings_after_so_many_days_without_a_good_run(age: float, rings: bool) -> None:
    found = stale("default", NOW - age * DAY, since=0.0, now=NOW, days=3)
    assert (found is not None) is rings


def test_without_any_good_run_the_days_count_from_the_beginning() -> None:
    assert stale("default", None, since=NOW - 2 * DAY, now=NOW, days=3) is None
    found = stale("default", None, since=NOW - 3 * DAY, now=NOW, days=3)
    assert found is not None
    assert found.last_good is None


def test_zero_days_never_ring() -> None:
    assert stale("default", None, since=0.0, now=NOW, days=0) is None
