"""What a keeper does while it cannot go on: how long it waits, who is told, what may be done all the same."""

from __future__ import annotations

import pytest

from smugsync.daemon.holding import Cause, Holding
from tests.daemon.times import Hands


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def holding(hands: Hands) -> Holding:
    clocks = hands.clocks()
    return Holding(clock=clocks.wall, ticks=clocks.ticks, chance=clocks.chance)


def pause_of(holding: Holding, hands: Hands) -> float:
    assert holding.hold is not None
    return holding.hold.retry_at - hands.ticks


def test_the_pause_doubles_from_thirty_seconds_to_a_quarter_of_an_hour(
    holding: Holding, hands: Hands
) -> None:
    pauses = []
    for _ in range(8):
        holding.trip("offline", "no network")
        pauses.append(pause_of(holding, hands))
    assert pauses == [30, 60, 120, 240, 480, 900, 900, 900]


def test_chance_makes_a_pause_longer_by_a_quarter_at_most(hands: Hands) -> None:
    clocks = hands.clocks()
    holding = Holding(clock=clocks.wall, ticks=clocks.ticks, chance=lambda: 0.999)
    holding.trip("offline", "no network")
    assert 30 < pause_of(holding, hands) < 37.5


@pytest.mark.parametrize(("cause", "pause"), [("unmounted", 30), ("busy", 5), ("unauthorised", 3600)])
def test_some_causes_are_looked_for_at_a_steady_pace(
    holding: Holding, hands: Hands, cause: Cause, pause: float
) -> None:
    for _ in range(5):
        holding.trip(cause, "why")
    assert pause_of(holding, hands) == pause


def test_the_service_may_want_a_longer_pause(holding: Holding, hands: Hands) -> None:
    holding.trip("offline", "rate limit", patience=600)
    assert pause_of(holding, hands) == 600


def test_a_cause_is_told_once_however_often_it_is_met(holding: Holding) -> None:
    assert holding.trip("offline", "no network")
    assert not holding.trip("offline", "no network")
    assert holding.trip("unauthorised", "no token")
    assert not holding.trip("offline", "no network")


def test_when_it_is_over_the_next_one_is_news_again(holding: Holding) -> None:
    holding.trip("offline", "no network")
    hold = holding.clear()
    assert hold is not None
    assert hold.is_told
    assert holding.clear() is None
    assert holding.trip("offline", "no network")


def test_it_is_held_since_the_first_cause(holding: Holding, hands: Hands) -> None:
    began = hands.wall
    holding.trip("offline", "no network")
    hands.pass_by(100)
    holding.trip("unmounted", "no disk")
    assert holding.hold is not None
    assert (holding.hold.cause, holding.hold.since) == ("unmounted", began)


def test_nobody_is_told_that_another_command_is_at_work(holding: Holding) -> None:
    assert not holding.trip("busy", "process 7 is at work")
    hold = holding.clear()
    assert hold is not None
    assert not hold.is_told


def test_nothing_begins_before_the_pause_is_over(holding: Holding, hands: Hands) -> None:
    holding.trip("full", "no room")
    assert not holding.may(offline=False)
    assert not holding.may(offline=True)
    hands.pass_by(30)
    assert holding.may(offline=False)


def test_files_are_read_while_only_the_service_cannot_be_asked(holding: Holding) -> None:
    holding.trip("offline", "no network")
    assert holding.may(offline=True)
    assert not holding.concerns(offline=True)
    assert holding.concerns(offline=False)


def test_a_jump_of_the_clock_on_the_wall_neither_ends_nor_prolongs_a_pause(
    holding: Holding, hands: Hands
) -> None:
    holding.trip("offline", "no network")
    hands.jump(400 * 86_400)
    assert not holding.may(offline=False)
    hands.jump(-800 * 86_400)
    hands.pass_by(30)
    assert holding.may(offline=False)


def test_reason_to_hope_makes_the_next_try_due(holding: Holding) -> None:
    holding.trip("offline", "no network")
    holding.hurry()
    assert holding.may(offline=False)
    assert holding.hold is not None


def test_people_see_the_next_try_by_the_clock_on_the_wall(holding: Holding, hands: Hands) -> None:
    assert holding.shown() is None
    holding.trip("offline", "no network")
    hands.pass_by(10)
    shown = holding.shown()
    assert shown is not None
    assert shown.retry_at == hands.wall + 20
