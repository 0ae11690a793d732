"""The gauge, the vitals, the note of a pause, the causes of errors, and what the service manager hears."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from smugsync.daemon.causes import Ground, cause_of
from smugsync.daemon.gauge import Gauge
from smugsync.daemon.messages import sentence
from smugsync.daemon.pausing import PauseNote
from smugsync.daemon.service import ServiceManager, watchdog_interval
from smugsync.daemon.standing import Hindrance, Standing, Way
from smugsync.daemon.telling import due_lines, progress, state, status_line
from smugsync.daemon.vitals import SILENCE, STILLNESS, Vitals
from smugsync.errors import MirrorUnusable, SuspiciousPlan
from smugsync.local.marker import Marker
from smugsync.local.tree import Mirror
from smugsync.sync.report import Report, What
from tests.daemon.times import Hands

# -- the gauge -----------------------------------------------------------------------------------------


def test_the_way_is_told_once_a_second_with_its_rate() -> None:
    hands, ways = Hands(), list[Way]()
    gauge = Gauge(told=ways.append, ticks=hands.clocks().ticks)
    gauge.start("downloading")
    gauge.plan(2, 2000)
    gauge.begin("a.jpg", 1000)
    for _ in range(20):
        gauge.refresh()
        hands.pass_by(0.1)
        gauge.advance("a.jpg", 50)
    gauge.end("a.jpg", ok=True)
    gauge.refresh()
    assert len(ways) == 3
    assert (ways[-1].phase, ways[-1].files_done, ways[-1].bytes_done) == ("downloading", 1, 1000)
    assert ways[-1].rate == pytest.approx(500)


def test_notes_come_with_the_next_refresh_or_at_the_end() -> None:
    notes: list[str] = []
    gauge = Gauge(note=notes.append)
    gauge.note("one")
    assert notes == []
    gauge.refresh()
    gauge.note("two")
    gauge.close()
    assert notes == ["one", "two"]


def test_whatever_a_worker_reports_is_a_move_and_a_mere_refresh_is_none() -> None:
    gauge = Gauge()
    gauge.refresh()
    assert gauge.moves == 0
    gauge.start("listing")
    gauge.albums(1, 2)
    gauge.plan(1, 1)
    gauge.begin("a", 1)
    gauge.advance("a", 1)
    gauge.end("a", ok=True)
    assert gauge.moves == 6


# -- the vitals ----------------------------------------------------------------------------------------


def test_a_thread_out_of_sight_is_unwell_after_a_while() -> None:
    vitals = Vitals(0.0)
    assert vitals.is_well(SILENCE, beat=0.0, moves=None)
    assert not vitals.is_well(SILENCE + 1, beat=0.0, moves=None)


def test_a_run_in_which_nothing_moves_is_unwell_though_its_thread_is_seen() -> None:
    vitals = Vitals(0.0)
    assert vitals.is_well(10.0, beat=10.0, moves=1)
    assert vitals.is_well(10.0 + STILLNESS, beat=10.0 + STILLNESS, moves=1)
    assert not vitals.is_well(11.0 + STILLNESS, beat=11.0 + STILLNESS, moves=1)
    assert vitals.is_well(12.0 + STILLNESS, beat=12.0 + STILLNESS, moves=2)


def test_where_there_is_nothing_to_be_moved_stillness_is_no_trouble() -> None:
    vitals = Vitals(0.0)
    assert vitals.is_well(1.0, beat=1.0, moves=1)
    for hour in range(1, 48):
        now = hour * 3600.0
        assert vitals.is_well(now, beat=now, moves=None)


# -- the note of a pause -------------------------------------------------------------------------------


@pytest.mark.parametrize("until", [math.inf, 1_795_000_000.0])
def test_a_pause_is_read_as_it_was_written(tmp_path: Path, until: float) -> None:
    PauseNote(tmp_path / "paused.json").write(until)
    assert PauseNote(tmp_path / "paused.json").read() == until
    assert [one.name for one in tmp_path.iterdir()] == ["paused.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"until": "soon"}', '{"until": true}', "[" * 100_000])
def test_a_note_that_makes_no_sense_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "paused.json").write_text(text)
    assert PauseNote(tmp_path / "paused.json").read() is None


def test_to_forget_what_was_not_noted_is_no_trouble(tmp_path: Path) -> None:
    PauseNote(tmp_path / "paused.json").forget()
    assert PauseNote(tmp_path / "paused.json").read() is None


# -- causes --------------------------------------------------------------------------------------------


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    Mirror.create(tmp_path / "mirror", Marker("a-mirror", "")).close()
    return Ground(tmp_path / "mirror", known="a-mirror")


PLAN = SuspiciousPlan("something is odd")


def test_a_mirror_that_is_not_there_is_not_mounted(tmp_path: Path) -> None:
    assert cause_of(PLAN, Ground(tmp_path / "nothing")) == "unmounted"


def test_a_directory_without_a_marker_is_not_mounted(ground: Ground) -> None:
    (ground.mirror / ".smugsync" / "mirror.json").unlink()
    assert cause_of(PLAN, ground) == "unmounted"


def test_another_mirror_in_its_place_is_foreign(ground: Ground) -> None:
    assert cause_of(PLAN, Ground(ground.mirror, known="another")) == "foreign"


def test_too_little_room_is_full(ground: Ground) -> None:
    assert cause_of(PLAN, Ground(ground.mirror, 1 << 60, "a-mirror")) == "full"


def test_what_is_odd_for_no_reason_of_the_disk_is_a_guards(ground: Ground) -> None:
    assert cause_of(PLAN, ground) == "guarded"


def test_a_damaged_marker_is_a_guards_matter(ground: Ground) -> None:
    (ground.mirror / ".smugsync" / "mirror.json").write_text("{")
    assert cause_of(PLAN, ground) == "guarded"


def test_a_disk_that_fills_up_while_working_is_full(ground: Ground) -> None:
    error = MirrorUnusable("no space is left")
    error.__cause__ = OSError(28, "No space left on device")
    assert cause_of(error, ground) == "full"
    assert cause_of(MirrorUnusable("read-only"), ground) == "broken"


# -- the service manager -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environ", "interval"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "120000000"}, 60.0),
        ({"WATCHDOG_USEC": "120000000", "WATCHDOG_PID": "7"}, 60.0),
        ({"WATCHDOG_USEC": "120000000", "WATCHDOG_PID": "8"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "often"}, None),
    ],
)
def test_the_watchdog_is_fed_at_half_its_time_if_it_is_ours(
    environ: dict[str, str], interval: float | None
) -> None:
    assert watchdog_interval(environ, 7) == interval


def test_the_watchdog_is_fed_only_while_all_is_well() -> None:
    hands, heard = Hands(), list[str]()
    manager = ServiceManager(heard.append, watchdog=60.0, ticks=hands.clocks().ticks)
    manager.feed(well=True)
    hands.pass_by(60)
    manager.feed(well=False)
    assert heard == []
    manager.feed(well=True)
    manager.feed(well=True)
    assert heard == ["WATCHDOG=1"]


def test_a_status_is_one_line_and_told_when_it_changes() -> None:
    heard: list[str] = []
    manager = ServiceManager(heard.append)
    for text in ("idle", "idle", "two\nlines"):
        manager.status(text)
    assert heard == ["STATUS=idle", "STATUS=two lines"]


def test_without_a_service_manager_nothing_is_said() -> None:
    ServiceManager.found({}).ready()


# -- in words ------------------------------------------------------------------------------------------

NOW = 1_795_000_000.0


def test_what_it_does_comes_with_how_far_it_is() -> None:
    way = Way("downloading", 3, 10, 5, 20, 5_000_000, 20_000_000, 1_000_000.0)
    found = Standing("default", scope="delta", way=way)
    assert state(found, NOW) == (
        "delta: 3 of 10 albums listed, 5 of 20 photos, 5.0 MB of 20 MB, 1.0 MB/s, about 15 s left"
    )
    assert progress(Way()) == "beginning"


def test_a_hold_comes_with_its_reason_and_without_the_next_poll() -> None:
    held = Hindrance("unmounted", "the mirror does not exist", NOW, NOW + 30)
    found = Standing("default", held=held, due={"poll": NOW + 60})
    assert status_line([found], NOW) == ("held (the mirror's disk is not there): the mirror does not exist")


def test_several_profiles_come_in_one_line() -> None:
    line = status_line([Standing("attic", paused=True), Standing("default", due={"poll": NOW})], NOW)
    assert line.startswith(
        "attic: paused until `smugsync resume --profile attic`; default: idle, next poll at "
    )


def test_what_is_advised_is_advised_for_the_profile() -> None:
    held = Hindrance("unauthorised", "run `smugsync auth login`", NOW, NOW)
    assert "`smugsync auth login --profile attic`" in status_line([Standing("attic", held=held)], NOW)
    assert "`smugsync auth login`" in status_line([Standing("default", held=held)], NOW)


def test_a_pause_for_a_while_says_until_when() -> None:
    line = status_line([Standing("default", paused=True, paused_until=NOW + 60)], NOW)
    assert line.startswith("paused until ")
    assert "resume" not in line


def test_one_that_stands_aside_is_not_idle() -> None:
    found = Standing("default", aside=True, due={"poll": NOW})
    assert status_line([found], NOW) == "standing aside for another command"


def test_a_run_is_told_in_words_that_fit_their_numbers() -> None:
    report = Report(scope="delta")
    for what, times in ((What.ALBUM_NEW, 2), (What.ALBUM_MADE, 1), (What.SENT_EDIT, 2), (What.EDITED, 1)):
        for n in range(times):
            report.note(what, f"{n}")
    line = sentence(report)
    assert "2 new albums" in line
    assert "1 album made online" in line
    assert "2 edits sent" in line
    assert "1 edited here" in line


def test_what_comes_next_is_in_the_order_of_time() -> None:
    lines = due_lines(Standing("default", due={"verify": NOW + 86_400 * 3, "poll": NOW}), NOW)
    assert [line.split(" at ")[0].split(" on ")[0] for line in lines] == ["next poll", "next verification"]
