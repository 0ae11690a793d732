"""A keeper does what is asked, one run at a time, holds what stands in its way, and goes on by itself."""

from __future__ import annotations

import math
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from smugsync.daemon.holding import Cause
from smugsync.daemon.keeper import Keeper
from smugsync.daemon.profile import Timing
from smugsync.daemon.standing import Hindrance
from smugsync.daemon.wishes import Asker, Wish
from smugsync.errors import (
    Busy,
    CatalogueError,
    ConfigError,
    Interrupted,
    ItemError,
    MirrorUnusable,
    NotAuthorised,
    SmugsyncError,
    SuspiciousPlan,
    Unreachable,
    UsageError,
)
from smugsync.notify.events import Held, RunEnded
from smugsync.stop import Stop
from smugsync.sync.context import Scope
from smugsync.sync.report import Report, What
from tests.daemon.stage import Deed, Silence, Stage
from tests.e2e.command import until

DELTA, EVERYTHING = Scope("delta"), Scope("everything")


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def stops(error: SmugsyncError) -> Deed:
    return lambda report: report.stop(error)


def good(report: Report) -> None:
    """Nothing to tell."""


# -- runs --------------------------------------------------------------------------------------------


def test_a_wish_is_done_and_told(stage: Stage) -> None:
    stage.ask()
    stage.turns()
    assert stage.runs == [DELTA]
    assert stage.told() == ["RunStarted", "RunEnded"]
    ended = stage.events[-1]
    assert isinstance(ended, RunEnded)
    assert (ended.exit_code, ended.summary) == (0, "a run over delta")


def test_nothing_is_open_while_there_is_nothing_to_do(stage: Stage) -> None:
    open_in_the_run: list[bool] = []
    stage.deeds = [lambda report: open_in_the_run.append(stage.open_now)]
    stage.ask()
    stage.turns()
    assert open_in_the_run == [True]
    assert not stage.open_now
    assert stage.keeper.standing().scope == ""


def test_wishes_that_came_meanwhile_are_one_further_run(stage: Stage) -> None:
    def ask_more(report: Report) -> None:
        stage.ask()
        stage.ask("everything")

    stage.deeds = [ask_more, good]
    stage.ask()
    stage.turns()
    assert stage.runs == [DELTA, EVERYTHING]


def test_a_poll_becomes_a_look_at_everything_when_that_is_overdue(stage: Stage) -> None:
    stage.overdue = True
    stage.ask()
    stage.turns()
    assert stage.runs == [EVERYTHING]


def test_who_wants_exactly_a_delta_gets_one(stage: Stage) -> None:
    stage.overdue = True
    stage.by_person(exact=True)
    stage.turns()
    assert stage.runs == [DELTA]


def test_a_look_at_everything_that_came_to_no_good_end_is_not_repeated_at_every_poll(stage: Stage) -> None:
    stage.overdue = True  # and stays so: the run was not complete
    for _ in range(4):
        stage.ask()
        stage.turns()
        stage.hands.pass_by(900)
    assert stage.runs == [EVERYTHING, DELTA, DELTA, DELTA]
    stage.hands.pass_by(6 * 3600)
    stage.ask()
    stage.turns()
    assert stage.runs[-1] == EVERYTHING


def test_only_a_persons_run_tries_again_what_failed_before_its_time(stage: Stage) -> None:
    stage.ask()
    stage.turns()
    stage.by_person()
    stage.turns()
    assert stage.impatient == [False, True]


def test_a_person_hears_the_end_of_the_run(stage: Stage) -> None:
    stage.by_person()
    stage.turns()
    done = stage.heard[-1]
    assert (done["say"], done["exit_code"], done["lines"]) == ("done", 0, ["a run over delta"])


def test_an_album_that_does_not_exist_is_the_persons_own_trouble(stage: Stage) -> None:
    stage.deeds = [stops(UsageError("there is no album"))]
    stage.by_person("albums")
    stage.turns()
    assert stage.heard[-1]["exit_code"] == 2
    assert stage.keeper.standing().held is None


def test_what_is_missing_is_no_reason_to_hold(stage: Stage) -> None:
    stage.deeds = [lambda report: report.trouble("a.jpg", "failed", code=ItemError.exit_code)]
    stage.ask()
    stage.turns()
    standing = stage.keeper.standing()
    assert (standing.held, standing.last_exit_code, standing.last_good) == (None, 3, None)


def test_what_a_guard_withheld_in_a_complete_run_is_no_reason_to_hold(stage: Stage) -> None:
    stage.deeds = [lambda report: report.trouble("Iceland", "withheld", code=SuspiciousPlan.exit_code)]
    stage.ask()
    stage.turns()
    assert stage.keeper.standing().held is None


@pytest.mark.parametrize(("kind", "counts"), [("delta", True), ("everything", True), ("verify", False)])
def test_a_good_run_is_one_that_looked_at_the_account(stage: Stage, kind: str, counts: bool) -> None:
    stage.ask(kind)
    stage.turns()
    assert (stage.keeper.standing().last_good == stage.hands.wall) is counts


def test_a_verification_that_used_up_its_time_goes_on_after_what_else_is_due(stage: Stage) -> None:
    def long(report: Report) -> None:
        report.seconds = 600.0
        stage.ask()

    stage.deeds = [long, good]
    stage.ask("verify")
    stage.turns()
    assert [scope.kind for scope in stage.runs] == ["verify", "delta", "verify"]


# -- quiet hours, the service's patience -----------------------------------------------------------


def test_in_quiet_hours_nothing_begins_by_itself_and_once_they_are_over_it_does(stage: Stage) -> None:
    now = stage.hands.clocks().local()
    minute = now.hour * 60 + now.minute
    quiet = ((minute - 10) % 1440, (minute + 20) % 1440)
    stage.keeper.adopt(stage.profile(timing=Timing(quiet=(quiet,))))
    stage.ask()
    stage.ask()
    stage.ask("paths", Asker.WATCHER)
    stage.turns()
    assert stage.runs == []
    stage.by_person()
    stage.turns()
    assert stage.runs == [DELTA]  # and the poll that waited is done with it
    stage.hands.pass_by(20 * 60)
    stage.turns()
    assert [scope.kind for scope in stage.runs] == ["delta", "paths"]


def test_the_next_poll_waits_for_the_services_window_and_a_person_does_not(stage: Stage) -> None:
    stage.ask()
    stage.turns()
    stage.delay = 300.0
    stage.ask()
    stage.turns()
    assert stage.runs == [DELTA]
    stage.ask("verify")  # asks nothing of the service
    stage.turns()
    assert [scope.kind for scope in stage.runs] == ["delta", "verify"]
    stage.by_person()
    stage.turns()
    assert [scope.kind for scope in stage.runs] == ["delta", "verify", "delta"]


# -- held --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (Unreachable("no network"), "offline"),
        (NotAuthorised("sign in"), "unauthorised"),
        (CatalogueError("damaged"), "broken"),
        (MirrorUnusable("read-only"), "broken"),
        (ConfigError("a file"), "misconfigured"),
        (Busy("process 7"), "busy"),
        (SmugsyncError("what is this"), "broken"),
    ],
)
@pytest.mark.parametrize("opening", [True, False], ids=["at the opening", "in the run"])
def test_what_ends_a_run_is_held(stage: Stage, error: SmugsyncError, cause: Cause, opening: bool) -> None:
    stage.opening = error if opening else None
    stage.deeds = [stops(error), good]
    stage.ask()
    stage.turns()
    held = stage.keeper.standing().held
    assert held is not None
    assert (held.cause, held.why) == (cause, str(error))


def test_it_is_tried_again_when_the_pause_is_over_and_told_once(stage: Stage) -> None:
    stage.deeds = [stops(Unreachable("no network")), stops(Unreachable("no network")), good]
    stage.ask()
    stage.turns()
    assert stage.runs == [DELTA]
    stage.hands.pass_by(30)
    stage.turns()
    stage.hands.pass_by(59)
    stage.turns()
    assert stage.runs == [DELTA, DELTA]
    stage.hands.pass_by(1)
    stage.turns()
    assert stage.runs == [DELTA] * 3
    told = [one for one in stage.told() if not one.startswith("Run")]
    assert told == ["Held offline", "Recovered offline"]
    assert stage.keeper.standing().held is None


def test_a_disk_that_is_not_there_makes_no_history(stage: Stage) -> None:
    (stage.root / "mirror" / ".smugsync" / "mirror.json").unlink()
    stage.check = SuspiciousPlan("no marker")
    stage.ask()
    for _ in range(10):
        stage.turns()
        stage.hands.pass_by(30)
    assert stage.runs == []
    assert stage.told() == ["Held unmounted"]
    stage.check = None
    stage.turns()
    assert stage.told() == ["Held unmounted", "RunStarted", "RunEnded", "Recovered unmounted"]


def test_a_bug_is_held_too(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    def bug(report: Report) -> None:
        raise ZeroDivisionError("division by zero")

    stage.deeds = [bug, good]
    stage.ask()
    stage.turns()
    held = stage.keeper.standing().held
    assert held is not None
    assert held.cause == "broken"
    assert "ZeroDivisionError" in caplog.text
    assert stage.told() == ["RunStarted", "RunEnded", "Held broken"]
    stage.hands.pass_by(30)
    stage.turns()
    assert stage.keeper.standing().held is None


def test_a_person_who_asks_is_answered_at_once_though_it_is_held(stage: Stage) -> None:
    stage.opening = Unreachable("no network")
    stage.ask()
    stage.turns()
    stage.by_person()
    stage.turns()
    assert (stage.heard[-1]["say"], stage.heard[-1]["exit_code"]) == ("refused", 75)
    assert stage.heard[-1]["error"] == "no network"


def test_files_are_read_while_the_service_cannot_be_asked_and_that_ends_no_hold(stage: Stage) -> None:
    stage.deeds = [stops(Unreachable("no network")), good]
    stage.ask()
    stage.turns()
    stage.ask("verify")
    stage.turns()
    assert [scope.kind for scope in stage.runs] == ["delta", "verify"]
    held = stage.keeper.standing().held
    assert held is not None
    assert held.cause == "offline"


def test_files_are_read_while_nobody_is_signed_in(stage: Stage) -> None:
    stage.opening = NotAuthorised("sign in")
    stage.ask()
    stage.ask("verify")
    stage.turns()
    assert [scope.kind for scope in stage.runs] == ["verify"]
    assert stage.keeper.hold_cause == "unauthorised"


def test_when_the_way_to_the_service_is_back_it_is_tried_at_once(stage: Stage) -> None:
    stage.deeds = [stops(Unreachable("no network"))] * 6 + [good]
    stage.ask()
    for _ in range(6):
        stage.turns()
        stage.reachable = False
        stage.hands.pass_by(480)
        stage.turns()
    stage.deeds = [good]
    runs = len(stage.runs)
    stage.reachable = True
    stage.hands.pass_by(30)  # far less than the pause
    stage.turns()
    assert len(stage.runs) == runs + 1
    assert stage.keeper.standing().held is None


def test_a_service_that_is_reachable_and_does_not_answer_is_given_its_pause(stage: Stage) -> None:
    stage.deeds = [stops(Unreachable("rate limit"))]
    stage.ask()
    stage.turns()
    for _ in range(120):  # an hour
        stage.hands.pass_by(30)
        stage.turns()
    assert len(stage.runs) < 12
    assert stage.knocks > 50


def test_other_settings_are_tried_at_once(stage: Stage) -> None:
    stage.opening = NotAuthorised("sign in")
    stage.ask()
    stage.turns()
    stage.opening = None
    stage.turns()
    assert stage.runs == []
    stage.keeper.adopt(stage.profile(settings=1))
    stage.turns()
    assert stage.runs == [DELTA]


# -- pause, and standing aside -----------------------------------------------------------------------


def test_while_paused_nothing_begins_but_what_a_person_asks_for(stage: Stage) -> None:
    stage.keeper.pause(math.inf)
    stage.ask()
    stage.turns()
    assert stage.runs == []
    assert stage.keeper.standing().paused
    stage.by_person("albums")
    stage.turns()
    assert [scope.kind for scope in stage.runs] == ["albums"]
    stage.keeper.resume()
    stage.turns()
    assert [scope.kind for scope in stage.runs] == ["albums", "delta"]


def test_a_pause_for_a_while_ends_by_itself(stage: Stage) -> None:
    stage.keeper.pause(stage.hands.wall + 3600)
    stage.ask()
    stage.turns()
    stage.hands.pass_by(3600)
    stage.turns()
    assert stage.runs == [DELTA]
    assert not stage.keeper.standing().paused


def test_a_pause_ends_the_run_that_is_under_way_and_it_goes_on_afterwards(stage: Stage) -> None:
    def interrupted(report: Report) -> None:
        stage.keeper.pause(math.inf)
        report.stop(Interrupted("stopped on request"))

    stage.deeds = [interrupted, good]
    stage.ask()
    stage.turns()
    assert stage.aborted == 1
    assert stage.runs == [DELTA]
    assert stage.keeper.standing().held is None
    stage.keeper.resume()
    stage.turns()
    assert stage.runs == [DELTA, DELTA]


def test_nothing_begins_while_another_command_is_alone_nor_right_after(stage: Stage) -> None:
    with stage.keeper.standing_aside(lambda scope: None, Stop()):
        stage.by_person()
        stage.turns()
        assert stage.runs == []
    stage.turns()
    assert stage.runs == []  # it may need the lock once more
    stage.hands.pass_by(2)
    stage.turns()
    assert stage.runs == [DELTA]


def test_who_wants_to_be_alone_waits_for_the_end_of_the_run(stage: Stage) -> None:
    waited_for: list[str] = []
    granted: list[bool] = []

    def alone() -> None:
        with stage.keeper.standing_aside(waited_for.append, Stop()):
            granted.append(stage.open_now)

    thread = threading.Thread(target=alone)
    waiting = threading.Event()

    def run(report: Report) -> None:
        thread.start()
        while not waited_for:
            waiting.wait(0.01)
        assert not granted

    stage.deeds = [run]
    stage.ask()
    stage.turns()
    thread.join(10)
    assert waited_for == ["delta"]
    assert granted == [False]


# -- its thread --------------------------------------------------------------------------------------


@pytest.fixture
def living(stage: Stage) -> Any:
    started: list[Stage] = []

    def start(**changes: Any) -> Stage:
        stage.keeper.profile = stage.profile(**changes)
        stage.keeper.start()
        assert stage.keeper.settled.wait(10)
        started.append(stage)
        return stage

    yield start
    for one in started:
        one.keeper.end(signal.SIGTERM)
        assert one.keeper.join(10)


def test_the_first_poll_is_at_the_start(living: Callable[..., Stage]) -> None:
    done = threading.Event()

    def words(report: Report) -> list[str]:
        done.set()
        return []

    stage = living(timing=Timing(), words=words)
    assert done.wait(10)
    assert stage.runs == [DELTA]


def test_a_profile_without_polls_does_not_begin_with_one(living: Callable[..., Stage]) -> None:
    stage = living(timing=Timing(poll=None))
    assert stage.keeper.inbox.waiting() == ()


def test_a_pause_outlasts_the_process(stage: Stage, tmp_path: Path) -> None:
    stage.keeper.pause(math.inf)
    after = Stage(tmp_path)
    after.keeper.start()
    assert after.keeper.settled.wait(10)
    assert after.keeper.standing().paused
    after.keeper.end(signal.SIGTERM)
    assert after.keeper.join(10)
    assert after.runs == []


def test_a_profile_that_another_daemon_keeps_is_left_alone_as_long_as_it_does(
    living: Callable[..., Stage],
) -> None:
    free = threading.Event()

    @contextmanager
    def claim() -> Iterator[None]:
        if not free.is_set():
            raise Busy("a daemon, process 7, keeps it")
        yield

    stage = living(claim=claim)
    assert "process 7" in str(stage.keeper.refused)
    assert not (stage.root / "state" / "control.sock").exists()
    free.set()
    stage.hands.pass_by(5)
    stage.keeper.inbox.wake()
    until(lambda: bool(stage.runs))
    assert str(stage.keeper.refused) == "None"
    assert stage.told()[0] == "RunStarted", "nobody is told of somebody else's daemon"


def test_a_state_directory_that_cannot_be_used_is_held(living: Callable[..., Stage]) -> None:
    def claim() -> Any:
        raise MirrorUnusable("the state directory cannot be used")

    stage = living(claim=claim)
    held = stage.keeper.standing().held
    assert held is not None
    assert held.cause == "broken"


def test_a_bug_in_the_keeper_itself_is_held_and_it_begins_anew(living: Callable[..., Stage]) -> None:
    tries: list[int] = []

    def watch(ask: Any) -> Any:
        tries.append(1)
        if len(tries) == 1:
            raise ZeroDivisionError
        return Silence()

    stage = living(watch=watch)
    until(lambda: stage.keeper.hold_cause == "broken")
    stage.hands.pass_by(60)
    stage.keeper.inbox.wake()
    until(lambda: bool(stage.runs))
    assert stage.keeper.hold_cause == ""


def test_who_stops_it_ends_the_run_that_is_under_way(stage: Stage) -> None:
    begun, ended = threading.Event(), threading.Event()

    def run(report: Report) -> None:
        begun.set()
        assert ended.wait(10)

    stage.deeds = [run]
    stage.keeper.start()
    assert begun.wait(10)
    stage.keeper.end(signal.SIGTERM)
    assert stage.aborted == 1
    ended.set()
    assert stage.keeper.join(10)


def test_a_run_that_hangs_makes_it_unwell(stage: Stage) -> None:
    def hang(report: Report) -> None:
        assert stage.keeper.is_well()
        stage.hands.pass_by(899)
        assert stage.keeper.is_well()
        stage.hands.pass_by(2)
        assert not stage.keeper.is_well()

    stage.deeds = [hang]
    stage.ask()
    stage.turns()
    assert stage.keeper.is_well()


def test_the_log_has_a_line_for_a_run_that_did_something(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "smugsync.daemon")
    stage.deeds = [lambda report: report.note(What.NEW, "Iceland/a.jpg"), good]
    stage.ask()
    stage.turns()
    stage.ask()
    stage.turns()
    assert [record.message for record in caplog.records] == ["default: delta: 1 new, in 0 s"]


def test_the_log_tells_the_same_trouble_once(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    stage.deeds = [lambda report: report.trouble("a.jpg", "never arrives")]
    for _ in range(3):
        stage.ask()
        stage.turns()
    assert len([record for record in caplog.records if "never arrives" in record.message]) == 1


def test_a_look_at_single_files_makes_no_old_trouble_news(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    def trouble(report: Report) -> None:
        report.trouble("a.jpg", "never arrives")

    stage.deeds = [trouble, good, trouble, lambda report: report.trouble("b.jpg", "is too large"), trouble]
    for kind in ("delta", "paths", "delta", "paths", "delta"):
        stage.ask(kind)
        stage.turns()
    told = [record.message for record in caplog.records]
    assert len([line for line in told if "never arrives" in line]) == 1
    assert len([line for line in told if "is too large" in line]) == 1
    assert len(told) == 4, "each with the line of its run"


def test_a_trouble_that_comes_again_after_all_was_well_is_told_again(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    def trouble(report: Report) -> None:
        report.trouble("a.jpg", "never arrives")

    stage.deeds = [trouble, good, trouble]
    for _ in range(3):
        stage.ask()
        stage.turns()
    assert len([record for record in caplog.records if "never arrives" in record.message]) == 2


def test_a_watcher_is_started_asked_and_closed(stage: Stage) -> None:
    watcher = Silence()
    stage.keeper.profile = stage.profile(watch=lambda ask: watcher, timing=Timing(poll=None))
    stage.keeper.start()
    assert stage.keeper.settled.wait(10)
    stage.keeper.end(signal.SIGTERM)
    assert stage.keeper.join(10)
    assert watcher.life == ["start", "close"]


def test_our_own_downloads_make_no_run(stage: Stage) -> None:
    stage.settled = True
    stage.keeper.saw(Scope("paths", paths=("a.jpg",)))
    stage.turns()
    assert (stage.runs, stage.events) == ([], [])
    assert stage.keeper.standing().waiting == 0


def test_what_the_watcher_saw_waits_with_its_number(stage: Stage) -> None:
    stage.keeper.pause(math.inf)
    stage.keeper.saw(Scope("paths", paths=("a.jpg", "b.jpg")))
    assert stage.keeper.standing().waiting == 2
    stage.keeper.resume()
    stage.turns()
    ended = [one for one in stage.events if isinstance(one, RunEnded)]
    assert [one.asked for one in ended] == [False]


def test_the_log_advises_commands_for_the_profile(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    stage.keeper = Keeper(stage.profile(name="attic"), emit=stage.events.append, clocks=stage.hands.clocks())
    stage.opening = NotAuthorised("run `smugsync auth login`")
    stage.ask()
    stage.turns()
    assert "`smugsync auth login --profile attic`" in caplog.text
    assert "--profile" not in (stage.keeper.standing().held or Hindrance("", "--profile", 0, 0)).why


def test_a_hold_says_why_in_one_sentence(stage: Stage) -> None:
    stage.opening = ConfigError(["one thing", "another thing"])
    stage.ask()
    stage.turns()
    held = next(one for one in stage.events if isinstance(one, Held))
    assert held.why == "one thing; another thing"


def test_what_was_held_is_not_lost_when_it_was_a_person_who_asked(stage: Stage) -> None:
    stage.opening = Unreachable("no network")
    stage.by_person("everything")
    stage.turns()
    assert stage.keeper.inbox.waiting() == (Wish(EVERYTHING, Asker.SCHEDULE),)
    assert replace(stage.keeper.inbox.waiting()[0], asker=Asker.PERSON).by_person
