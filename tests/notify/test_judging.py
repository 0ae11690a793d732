"""Who is told what, and that nothing is told twice."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from smugsync.errors import NotAuthorised
from smugsync.notify.events import Event, RunEnded, Stale
from smugsync.notify.judging import judge
from smugsync.notify.messages import Beat, Message, Notice
from smugsync.notify.told import Told
from smugsync.sync.report import Report
from tests.notify.samples import DAY, NOW, began, ended, held, recovered


def told(*events: Event, since: Told | None = None) -> list[Message]:
    """What is sent for `events`, one after the other."""
    state, sent = since or Told(), []
    for event in events:
        state, messages = judge(event, state)
        sent += messages
    return sent


def beats(messages: Sequence[Message]) -> list[str]:
    return [one.signal for one in messages if isinstance(one, Beat)]


def notices(messages: Sequence[Message]) -> list[tuple[str, str]]:
    return [(one.kind, one.cause) for one in messages if isinstance(one, Notice)]


def test_a_good_run_beats_at_its_start_and_its_end_and_tells_nobody() -> None:
    sent = told(began(), ended())
    assert beats(sent) == ["start", "success"]
    assert notices(sent) == []


def test_the_beat_carries_the_summary() -> None:
    assert [one.body for one in told(ended()) if isinstance(one, Beat)] == [
        "the summary of a run that ended with 0"
    ]


def test_the_beat_of_a_run_that_was_ended_early_begins_with_the_cause() -> None:
    (beat,) = [one for one in told(ended(75, error="no route to host")) if isinstance(one, Beat)]
    assert beat.body == "no route to host\nthe summary of a run that ended with 75"


def test_a_run_that_nobody_asked_for_does_not_beat() -> None:
    assert told(began(asked=False), ended(asked=False)) == []


@pytest.mark.parametrize("code", [1, 2, 3, 5, 75, 77, 78])
def test_every_bad_end_beats_fail(code: int) -> None:
    assert beats(told(began(), ended(code))) == ["start", "fail"]


@pytest.mark.parametrize("code", [11, 130, 143])
def test_what_a_person_ended_and_what_another_run_was_in_the_way_of_is_silent(code: int) -> None:
    assert told(ended(code)) == []


def test_the_first_failed_run_is_told_and_the_same_again_is_not() -> None:
    run = ended(3, failed=2, troubles=("a.jpg", "b.jpg"))
    assert notices(told(run, run, run)) == [("failed", "failed")]


def test_damage_that_a_verification_told_of_is_told_by_no_sync_again() -> None:
    sent = told(
        ended(3, "verify", damaged=1), ended(3, "delta", damaged=1), ended(0, "repair"), ended(0, "delta")
    )
    assert [kind for kind, _ in notices(sent)] == ["damaged", "recovered"]


def test_a_new_failure_among_old_ones_is_told() -> None:
    sent = told(
        ended(3, failed=1, troubles=("a.jpg",)),
        ended(3, failed=1, troubles=("b.jpg",)),
    )
    assert len(notices(sent)) == 2


def test_more_failures_than_are_named_are_told() -> None:
    sent = told(ended(3, failed=300, troubles=("a.jpg",)), ended(3, failed=301, troubles=("a.jpg",)))
    assert len(notices(sent)) == 2


def test_fewer_failures_and_then_the_old_ones_again_are_nothing_new() -> None:
    full = ended(3, "everything", failed=2, troubles=("a.jpg", "b.jpg"))
    delta = ended(3, failed=1, troubles=())
    assert len(notices(told(full, delta, full))) == 1


def test_a_good_run_ends_it_and_says_so_once() -> None:
    bad, good = ended(3, failed=1, troubles=("a.jpg",)), ended()
    assert notices(told(bad, good, good)) == [("failed", "failed"), ("recovered", "recovered")]
    assert len(notices(told(bad, good, bad))) == 3


def test_a_good_run_over_one_album_ends_nothing() -> None:
    bad = ended(3, failed=1, troubles=("a.jpg",))
    assert notices(told(bad, ended(0, "albums /Rome"), bad)) == [("failed", "failed")]


def test_a_good_sync_does_not_end_what_a_verify_found() -> None:
    verify = ended(3, "verify", troubles=("a.jpg",))
    assert notices(told(verify, ended(0, "delta"), verify)) == [("failed", "failed")]


def test_damage_is_told_when_it_grows() -> None:
    sent = told(*(ended(3, "verify", damaged=n) for n in (1, 1, 2, 1)))
    assert notices(sent) == [("damaged", "damaged"), ("damaged", "damaged")]


def test_a_hold_is_told_once_per_cause_and_once_that_it_is_over() -> None:
    sent = told(held(), held(), held("offline"), recovered("offline"), recovered("offline"))
    assert notices(sent) == [("held", "guarded"), ("held", "offline"), ("recovered", "offline")]
    assert beats(sent) == ["fail", "fail"]


def test_the_run_that_met_a_hold_and_the_hold_are_one_thing() -> None:
    sent = told(ended(5, error="too much is gone"), held("guarded"))
    assert notices(sent) == [("held", "guarded")]
    assert beats(sent) == ["fail"]


def test_a_full_disk_is_what_a_run_that_ended_with_5_may_have_met() -> None:
    assert len(notices(told(ended(5, error="too little room"), held("full"), recovered("full")))) == 2


def test_a_hold_of_another_cause_than_the_run_met_is_told() -> None:
    assert len(notices(told(ended(75, error="no network"), held("unauthorised")))) == 2


def test_tries_during_a_hold_do_not_beat_and_a_good_run_does() -> None:
    sent = told(held("offline"), began(), ended(75), began(), ended(75), ended(0))
    assert beats(sent) == ["fail", "success"]


def test_commands_that_run_once_beat_each_time_and_tell_once() -> None:
    sent = told(began(), ended(77), began(), ended(77), began(), ended(0))
    assert beats(sent) == ["start", "fail", "start", "fail", "start", "success"]
    assert notices(sent) == [("held", "unauthorised"), ("recovered", "recovered")]


def test_nothing_recovers_that_was_never_told() -> None:
    assert told(recovered()) == []


def test_staleness_is_told_again_only_when_it_has_lasted_twice_as_long() -> None:
    last_good = NOW - 3 * DAY
    looks = [Stale("default", last_good, last_good + days * DAY) for days in (3, 3.1, 5.9, 6, 11, 12)]
    assert len(notices(told(*looks))) == 3


def test_staleness_without_any_good_run_is_told_again_after_a_week() -> None:
    looks = [Stale("default", None, NOW + days * DAY) for days in (0, 1, 6, 7, 8)]
    assert len(notices(told(*looks))) == 2


def test_a_good_run_ends_the_staleness() -> None:
    last_good = NOW - 3 * DAY
    sent = told(Stale("default", last_good, NOW), ended(0), Stale("default", NOW, NOW + 3 * DAY))
    assert [kind for kind, _ in notices(sent)] == ["stale", "recovered", "stale"]


def test_what_is_told_of_a_run_is_what_its_report_says() -> None:
    report = Report(files_failed=2, files_unsent=1, files_damaged=1)
    report.trouble("Rome/a.jpg", "the connection broke off")
    run = RunEnded("default", "delta", NOW, report.exit_code, "", report.as_json())
    (notice,) = [one for one in told(run) if isinstance(one, Notice)]
    assert "1 photo newly found damaged" in notice.text
    assert "3 photos could not be fetched or sent" in notice.text
    assert "Rome/a.jpg: the connection broke off" in notice.text


def test_what_ended_a_run_early_is_what_its_report_says() -> None:
    report = Report()
    report.stop(NotAuthorised("not signed in to SmugMug: run `smugsync auth login`"))
    run = RunEnded("default", "delta", NOW, report.exit_code, "", report.as_json())
    (notice,) = [one for one in told(run) if isinstance(one, Notice)]
    assert notice.text == "not signed in to SmugMug: run `smugsync auth login`"
