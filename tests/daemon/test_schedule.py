"""When runs are due: by interval or cron, whatever the clock on the wall does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from smugsync.daemon.profile import Timing
from smugsync.daemon.schedule import Schedule, WallWatch, shown_due, trigger_for
from tests.daemon.times import Hands

BERLIN = ZoneInfo("Europe/Berlin")


def next_times(cadence: int | str, start: datetime, count: int) -> list[datetime]:
    trigger = trigger_for(cadence, BERLIN, jitter=0)
    found: list[datetime] = []
    previous, now = None, start
    for _ in range(count):
        previous = trigger.get_next_fire_time(previous, now)
        now = previous.astimezone(UTC) + timedelta(seconds=1)
        found.append(previous)
    return found


def test_cron_goes_by_the_clock_on_the_wall_when_summer_time_begins_and_ends() -> None:
    spring = next_times("0 4 * * *", datetime(2026, 3, 28, 12, tzinfo=BERLIN), 3)
    autumn = next_times("0 4 * * *", datetime(2026, 10, 24, 12, tzinfo=BERLIN), 3)
    assert [moment.hour for moment in (*spring, *autumn)] == [4] * 6
    assert [moment.day for moment in (*spring, *autumn)] == [29, 30, 31, 25, 26, 27]


def test_an_hour_that_comes_twice_is_due_twice_and_one_that_is_skipped_loses_no_day() -> None:
    autumn = next_times("30 2 * * *", datetime(2026, 10, 24, 12, tzinfo=BERLIN), 3)
    assert [(one.day, one.fold) for one in autumn] == [(25, 0), (25, 1), (26, 0)]
    spring = next_times("30 2 * * *", datetime(2026, 3, 28, 12, tzinfo=BERLIN), 2)
    assert spring[0].astimezone(UTC) < datetime(2026, 3, 30, 2, tzinfo=UTC)
    assert spring[1].day == spring[0].day + 1


def test_sunday_is_sunday_by_name_and_by_number() -> None:
    start = datetime(2026, 11, 22, 12, tzinfo=BERLIN)  # a Sunday
    for word in ("sun", "0"):
        assert next_times(f"0 4 * * {word}", start, 1)[0].date() == datetime(2026, 11, 29).date()


def test_an_interval_is_put_off_by_a_tenth_at_most_and_never_done_early() -> None:
    trigger = trigger_for(900, BERLIN)
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    times = [trigger.get_next_fire_time(now, now) - now for _ in range(200)]
    assert timedelta(seconds=900) <= min(times)
    assert max(times) <= timedelta(seconds=990)
    assert len(set(times)) > 100


@pytest.fixture
def schedule() -> Iterator[Schedule]:
    schedule = Schedule(BERLIN)
    schedule.start()
    yield schedule
    schedule.close()


def test_what_is_due_is_asked_for(schedule: Schedule) -> None:
    asked = threading.Event()
    kinds: list[str] = []

    def ask(kind: str) -> None:
        kinds.append(kind)
        asked.set()

    schedule.plan("default", Timing(poll=1), ask)
    assert asked.wait(20)
    assert kinds[0] == "poll"


def test_what_comes_next_is_known_by_its_name(schedule: Schedule) -> None:
    schedule.plan("default", Timing(poll=3600, full="0 3 * * *", verify=None), lambda kind: None)
    schedule.plan("attic", Timing(poll=None), lambda kind: None)
    assert set(schedule.due("default")) == {"poll", "full"}
    assert schedule.due("attic") == {}
    assert schedule.due("nobody") == {}


def test_a_plan_is_replaced_and_forgotten(schedule: Schedule) -> None:
    schedule.plan("default", Timing(poll=3600, full="0 3 * * *"), lambda kind: None)
    schedule.plan("default", Timing(poll=None, full=7200), lambda kind: None)
    assert set(schedule.due("default")) == {"full"}
    schedule.forget("default")
    assert schedule.due("default") == {}


def test_who_asks_in_vain_is_asked_again(schedule: Schedule) -> None:
    """A job that raises must not end the schedule."""
    calls = threading.Semaphore(0)

    def ask(kind: str) -> None:
        calls.release()
        raise RuntimeError("nobody hears it")

    schedule.plan("default", Timing(poll=1), ask)
    assert calls.acquire(timeout=20)
    assert calls.acquire(timeout=20)


def test_after_a_jump_back_nothing_waits_for_a_time_that_has_been(schedule: Schedule) -> None:
    schedule.plan("default", Timing(poll=3600), lambda kind: None)
    job = schedule.job("default", "poll")
    job.modify(next_run_time=datetime.now(UTC) + timedelta(days=1))  # as if the clock had been ahead
    schedule.jumped(-86_400)
    assert schedule.due("default")["poll"] <= (datetime.now(UTC) + timedelta(hours=1.2)).timestamp()


def test_what_a_jump_forward_left_behind_is_asked_for_once(schedule: Schedule) -> None:
    asked: list[str] = []
    heard = threading.Event()

    def ask(kind: str) -> None:
        asked.append(kind)
        heard.set()

    schedule.plan("default", Timing(poll=3600), ask)
    schedule.job("default", "poll").modify(next_run_time=datetime.now(UTC) - timedelta(days=400))
    schedule.jumped(400 * 86_400)
    assert heard.wait(20)
    schedule.close()
    assert asked == ["poll"]


def test_what_would_begin_in_quiet_hours_is_shown_after_them() -> None:
    noon = datetime(2026, 11, 23, 12).timestamp()
    due = {"poll": noon, "full": noon + 10 * 3600}
    quiet = ((11 * 60, 13 * 60),)
    assert shown_due(due, [], quiet, noon) == {"poll": noon + 3600, "full": noon + 10 * 3600}
    assert shown_due({}, ["delta", "albums"], quiet, noon + 7200) == {"poll": noon + 7200}


def test_a_jump_of_the_clock_is_noticed_once_and_drift_is_none() -> None:
    hands = Hands()
    watch = WallWatch(hands.clocks().wall, hands.clocks().ticks)
    hands.pass_by(100_000)
    hands.jump(2)
    assert watch.look() == 0
    hands.jump(86_400)
    assert watch.look() == 86_400
    assert watch.look() == 0
    hands.jump(-3600)
    assert watch.look() == -3600
