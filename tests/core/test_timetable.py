"""Quiet hours, the speed of the moment, and days of the week, by the clock on the wall."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smugsync.core.timetable import Limit, is_quiet, named_weekdays, quiet_ends, rate_at

MONDAY = datetime(2026, 11, 23)
DAYTIME = ((8 * 60, 18 * 60),)
NIGHT = ((22 * 60, 6 * 60),)


def at(hour: int, minute: int = 0, day: int = 0) -> datetime:
    return MONDAY + timedelta(days=day, hours=hour, minutes=minute)


@pytest.mark.parametrize(
    ("moment", "quiet"), [(at(7, 59), False), (at(8), True), (at(17, 59), True), (at(18), False)]
)
def test_a_span_holds_from_its_first_minute_to_before_its_last(moment: datetime, quiet: bool) -> None:
    assert is_quiet(DAYTIME, moment) is quiet


@pytest.mark.parametrize(
    ("moment", "quiet"),
    [(at(21, 59), False), (at(22), True), (at(0), True), (at(5, 59), True), (at(6), False)],
)
def test_a_span_may_pass_midnight(moment: datetime, quiet: bool) -> None:
    assert is_quiet(NIGHT, moment) is quiet


def test_without_spans_it_is_never_quiet() -> None:
    assert not is_quiet((), at(3))
    assert quiet_ends((), at(3)) == at(3)


def test_quiet_ends_on_the_next_day_after_midnight_was_passed() -> None:
    assert quiet_ends(NIGHT, at(23, 30)) == at(6, day=1)
    assert quiet_ends(NIGHT, at(5, 30)) == at(6)


def test_spans_that_touch_end_together() -> None:
    assert quiet_ends(((60, 120), (120, 180)), at(1, 30)) == at(3)


def test_where_every_minute_is_quiet_it_is_looked_again_a_day_later() -> None:
    assert quiet_ends(((0, 0),), at(5)) == at(5, day=1)
    assert quiet_ends(((0, 720), (720, 0)), at(5)) >= at(5, day=1)


@given(
    st.lists(st.tuples(st.integers(0, 1439), st.integers(0, 1439)), max_size=4),
    st.integers(0, 7 * 1440 - 1),
)
def test_when_quiet_ends_it_is_not_quiet_and_was_so_until_then(
    spans: list[tuple[int, int]], minutes: int
) -> None:
    moment = MONDAY + timedelta(minutes=minutes)
    end = quiet_ends(spans, moment)
    if end - moment >= timedelta(days=1):
        return  # there is no end
    assert not is_quiet(spans, end)
    before = moment
    while before < end:
        assert is_quiet(spans, before)
        before += timedelta(minutes=1)


def test_the_limit_that_began_last_holds() -> None:
    limits = [Limit(8 * 60, 1, 2), Limit(23 * 60, None, 3)]
    assert rate_at(limits, at(8)) == (1, 2)
    assert rate_at(limits, at(22, 59)) == (1, 2)
    assert rate_at(limits, at(23)) == (None, 3)


def test_the_last_limit_of_the_week_holds_until_the_first_one() -> None:
    assert rate_at([Limit(8 * 60, 1, 2), Limit(6 * 1440, 5, 6)], at(7, 59)) == (5, 6)


def test_without_a_timetable_there_is_no_limit() -> None:
    assert rate_at([], at(8)) == (None, None)


@pytest.mark.parametrize(
    ("given_days", "named"),
    [
        ("*", "*"),
        ("0", "sun"),
        ("1", "mon"),
        ("sun", "sun"),
        ("7", "sun"),
        ("1-5", "mon,tue,wed,thu,fri"),
        ("mon-fri", "mon,tue,wed,thu,fri"),
        ("6,0", "sun,sat"),
        ("sat-mon", "sun,mon,sat"),
        ("*/2", "sun,tue,thu,sat"),
        ("1-7", "sun,mon,tue,wed,thu,fri,sat"),
        ("1/3", "mon,thu"),
    ],
)
def test_days_of_the_week_are_counted_as_cron_counts_them(given_days: str, named: str) -> None:
    assert named_weekdays(f"0 4 * * {given_days}") == f"0 4 * * {named}"


@pytest.mark.parametrize("expression", ["0 4 * *", "0 4 * * 8", "0 4 * * noday", "0 4 * * 1/0"])
def test_what_is_no_expression_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match=r"five fields|day of the week|step"):
        named_weekdays(expression)
