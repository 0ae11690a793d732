"""Notices say the cause and what to type next."""

from __future__ import annotations

from dataclasses import replace

import pytest

from smugsync.notify import words
from smugsync.notify.events import Recovered, Stale
from tests.notify.samples import DAY, NOW, ended, held


@pytest.mark.parametrize(
    "cause",
    ["offline", "unauthorised", "unmounted", "foreign", "full", "guarded", "misconfigured", "broken", "odd"],
)
def test_a_hold_carries_its_reason_and_a_command(cause: str) -> None:
    notice = words.held(held(cause))
    assert "213 photos are gone" in notice.text
    assert notice.command.startswith("smugsync ")
    assert notice.title.startswith("smugsync: ")
    assert notice.body.endswith(f"Next: {notice.command}")


def test_of_another_profile_title_and_commands_name_it() -> None:
    notice = words.held(held(profile="studio"))
    assert notice.title.startswith("smugsync studio: ")
    assert "`smugsync sync --accept-loss --profile studio`" in notice.text
    assert notice.command == "smugsync status --profile studio"


def test_failures_are_counted_and_three_are_named() -> None:
    notice = words.failed(ended(3, failed=40, troubles=tuple(f"{n}.jpg" for n in range(40))), damaged=0)
    assert notice.title == "smugsync: 40 photos failed"
    assert [f"{n}.jpg" in notice.text for n in range(4)] == [True, True, True, False]
    assert "and 37 more" in notice.text
    assert "the connection broke off" in notice.text


def test_damage_says_how_it_is_mended() -> None:
    notice = words.failed(ended(3, "verify", damaged=2), damaged=2)
    assert "2 photos newly found damaged" in notice.text
    assert notice.command == "smugsync verify --repair"
    assert notice.urgency == "high"


def test_an_end_by_error_quotes_the_error() -> None:
    notice = words.ended(
        ended(77, error="not signed in to SmugMug: run `smugsync auth login`"), "unauthorised"
    )
    assert "not signed in to SmugMug" in notice.text
    assert notice.command == "smugsync auth login"
    assert notice.exit_code == 77


def test_who_signs_in_by_password_is_led_to_no_browser() -> None:
    notice = words.ended(ended(77, error="check `remote.email` and `remote.password`"), "unauthorised")
    assert notice.command == "smugsync auth status"


def test_a_recovery_says_how_long_it_lasted() -> None:
    assert "2 h" in words.recovered(Recovered("default", "offline", NOW - 7_200, NOW)).text


def test_staleness_says_for_how_long() -> None:
    assert words.stale(Stale("default", NOW - 4.5 * DAY, NOW)).title == "smugsync: no good run for 4 days"
    assert "no run was good yet" in words.stale(Stale("default", None, NOW)).title


def test_a_long_reason_is_cut() -> None:
    assert len(words.held(replace(held(), why="x" * 5_000)).text) < 700
