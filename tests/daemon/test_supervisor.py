"""The main thread: profiles come, change and go; signals are heard; one profile's trouble is no other's."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from smugsync.daemon.profile import Profile, Timing
from smugsync.daemon.schedule import Schedule
from smugsync.daemon.service import ServiceManager
from smugsync.daemon.signals import Signals
from smugsync.daemon.supervisor import Loaded, Supervisor
from smugsync.errors import Busy, ConfigError, NotAuthorised
from tests.daemon.stage import Stage
from tests.daemon.times import Hands
from tests.e2e.command import until


class Given:
    """A configuration that a test changes."""

    def __init__(self, loaded: Loaded) -> None:
        self.loaded = loaded
        self.wrong: ConfigError | None = None
        self.version = 0
        self.reads = 0

    def load(self) -> Loaded:
        self.reads += 1
        if self.wrong is not None:
            raise self.wrong
        return self.loaded

    def stamp(self) -> object:
        return self.version


class Play(Signals):
    """Signals by the book: each step is a deed, and the signals that come after it."""

    def __init__(self, *steps: Callable[[], list[int] | None]) -> None:
        super().__init__()
        self._steps = iter(steps)
        self.settled = False

    def wait(self, seconds: float) -> list[int]:
        if seconds < 0.1:  # the keepers are still beginning
            threading.Event().wait(seconds)
            return []
        step = next(self._steps, None)
        return [signal.SIGTERM] if step is None else step() or []


@pytest.fixture
def stages(tmp_path: Path) -> Callable[[str], Stage]:
    def make(name: str) -> Stage:
        (tmp_path / name).mkdir()
        return Stage(tmp_path / name)

    return make


def of(stage: Stage, name: str, **changes: Any) -> Profile:
    return stage.profile(**{"name": name, "timing": Timing(poll=None), **changes})


class Scene:
    def __init__(self, loaded: Loaded) -> None:
        self.given = Given(loaded)
        self.hands = Hands()
        self.heard: list[str] = []
        self.events: list[Any] = []
        self.kept: list[str] = []
        self.supervisor = Supervisor(
            self.given,
            emit=self.events.append,
            manager=ServiceManager(self.heard.append, watchdog=1.0, ticks=self.hands.clocks().ticks),
            clocks=self.hands.clocks(),
            schedule=Schedule(),
            on_profiles=lambda profiles: self.kept.append(" ".join(sorted(one.name for one in profiles))),
        )

    def play(self, *steps: Callable[[], list[int] | None]) -> int:
        with Play(*steps) as signals:
            return self.supervisor.run(self.given.loaded, signals)

    def causes(self) -> dict[str, str]:
        return {
            one.profile: "" if one.held is None else one.held.cause for one in self.supervisor.standings()
        }


def later(scene: Scene, seconds: float) -> Callable[[], None]:
    return lambda: scene.hands.pass_by(seconds)


def test_the_first_signal_names_the_exit_code(stages: Callable[[str], Stage]) -> None:
    scene = Scene(Loaded((of(stages("a"), "a"),)))
    assert scene.play(lambda: [signal.SIGINT, signal.SIGTERM]) == 130
    assert scene.heard[0] == "READY=1"
    assert scene.heard[-1].startswith("STOPPING=1")


def test_where_another_daemon_keeps_every_profile_it_does_not_begin(stages: Callable[[str], Stage]) -> None:
    def claim() -> Any:
        raise Busy("process 7 keeps it")

    scene = Scene(Loaded((of(stages("a"), "a", claim=claim),)))
    with pytest.raises(Busy, match="process 7"):
        scene.play()
    assert "READY=1" not in scene.heard


def test_where_another_daemon_keeps_one_of_several_it_keeps_the_others(
    stages: Callable[[str], Stage],
) -> None:
    def claim() -> Any:
        raise Busy("process 7 keeps it")

    scene = Scene(Loaded((of(stages("a"), "a", claim=claim), of(stages("b"), "b"))))
    assert scene.play() == 143
    assert "READY=1" in scene.heard


def test_a_new_profile_that_another_daemon_keeps_is_told_of_once(
    stages: Callable[[str], Stage], caplog: pytest.LogCaptureFixture
) -> None:
    def claim() -> Any:
        raise Busy("process 7 keeps it")

    good, kept = of(stages("a"), "a"), of(stages("b"), "b", claim=claim)
    scene = Scene(Loaded((good,)))

    def added() -> list[int]:
        scene.given.loaded = Loaded((good, kept))
        return [signal.SIGHUP]

    def noticed() -> None:
        until(lambda: scene.causes()["b"] == "busy")

    assert scene.play(added, noticed, lambda: None, lambda: None) == 143
    assert caplog.text.count("b: process 7 keeps it") == 1


def test_a_profile_that_cannot_be_used_is_told_of_and_mended_without_a_signal(
    stages: Callable[[str], Stage],
) -> None:
    good, bad = of(stages("a"), "a"), of(stages("b"), "b")
    scene = Scene(Loaded((good,), {"b": ConfigError("b: mode is wrong")}))

    def held() -> None:
        assert scene.causes() == {"a": "", "b": "misconfigured"}
        scene.hands.pass_by(10)

    def mend() -> None:
        assert scene.given.reads == 0, "nothing has changed"
        scene.given.loaded, scene.given.version = Loaded((good, bad)), 1
        scene.hands.pass_by(10)

    def mended() -> None:
        assert scene.causes() == {"a": "", "b": ""}

    assert scene.play(held, mend, later(scene, 1), mended) == 143
    kinds = [type(event).__name__ for event in scene.events]
    assert kinds == ["Held", "Recovered"]
    assert scene.kept[0] == "a"
    assert scene.kept[-1] == "a b"


def test_who_waits_for_a_sign_in_reads_the_configuration_again_when_its_file_changed(
    stages: Callable[[str], Stage],
) -> None:
    stage = stages("a")
    stage.opening = NotAuthorised("sign in")
    before = of(stage, "a", timing=Timing(poll=3600))
    scene = Scene(Loaded((before,)))
    waited = threading.Event()

    def held() -> None:
        for _ in range(1000):
            if scene.causes()["a"]:
                break
            waited.wait(0.01)
        assert scene.causes() == {"a": "unauthorised"}
        stage.opening = None
        scene.given.loaded, scene.given.version = Loaded((of(stage, "a", settings=1),)), 1
        scene.hands.pass_by(10)

    def goes_on() -> None:
        for _ in range(1000):
            if not scene.causes()["a"]:
                return
            waited.wait(0.01)
        raise AssertionError("it is still held")

    assert scene.play(held, later(scene, 1), goes_on) == 143
    assert stage.runs


def test_a_reload_is_announced_and_a_bad_one_changes_nothing(
    stages: Callable[[str], Stage], caplog: pytest.LogCaptureFixture
) -> None:
    scene = Scene(Loaded((of(stages("a"), "a"),)))

    def spoil() -> list[int]:
        scene.given.wrong = ConfigError(["line 1: no TOML", "and more"])
        return [signal.SIGHUP]

    assert scene.play(spoil) == 143
    reloading = next(n for n, one in enumerate(scene.heard) if one.startswith("RELOADING=1\nMONOTONIC_USEC="))
    assert scene.heard[reloading + 1] == "READY=1"
    assert "no TOML" in caplog.text
    assert "stays in force" in caplog.text


def test_a_reload_brings_profiles_and_takes_them_away(stages: Callable[[str], Stage]) -> None:
    a, b = of(stages("a"), "a"), of(stages("b"), "b")
    scene = Scene(Loaded((a,)))

    def change() -> list[int]:
        scene.given.loaded = Loaded((b,))
        return [signal.SIGHUP]

    def changed() -> None:
        assert set(scene.causes()) == {"b"}

    assert scene.play(change, changed) == 143
    assert scene.kept == ["a", "b"]


def test_another_state_directory_is_another_keeper(stages: Callable[[str], Stage], tmp_path: Path) -> None:
    a, elsewhere = of(stages("a"), "a"), of(stages("b"), "a")
    scene = Scene(Loaded((a,)))

    def change() -> list[int]:
        assert (a.state_dir / "control.sock").exists()
        scene.given.loaded = Loaded((elsewhere,))
        return [signal.SIGHUP]

    def changed() -> None:
        assert not (a.state_dir / "control.sock").exists()

    assert scene.play(change, changed) == 143


def test_the_watchdog_is_fed_while_every_keeper_gets_somewhere(stages: Callable[[str], Stage]) -> None:
    scene = Scene(Loaded((of(stages("a"), "a"),)))
    assert scene.play(later(scene, 2), later(scene, 2)) == 143
    assert scene.heard.count("WATCHDOG=1") == 2


def test_a_keeper_that_hangs_is_not_vouched_for(stages: Callable[[str], Stage]) -> None:
    stage = stages("a")
    begun, go_on = threading.Event(), threading.Event()

    def hang(report: Any) -> None:
        begun.set()
        assert go_on.wait(20)

    stage.deeds = [hang]
    scene = Scene(Loaded((of(stage, "a", timing=Timing(poll=3600)),)))

    def long_after() -> None:
        assert begun.wait(20)
        scene.hands.pass_by(3600)

    def let_go() -> None:
        assert "WATCHDOG=1" not in scene.heard
        go_on.set()

    assert scene.play(long_after, later(scene, 1), let_go) == 143


def test_a_freshness_alarm_rings_when_no_run_was_good_for_days(stages: Callable[[str], Stage]) -> None:
    scene = Scene(Loaded((of(stages("a"), "a", stale_days=3),)))
    assert scene.play(later(scene, 3 * 86_400), later(scene, 1)) == 143
    assert [type(event).__name__ for event in scene.events] == ["Stale"]


@contextmanager
def heard() -> Iterator[Signals]:
    with Signals() as signals:
        yield signals


def test_a_signal_is_something_to_wait_for() -> None:
    with heard() as signals:
        os.kill(os.getpid(), signal.SIGUSR1)
        assert signals.wait(20) == [signal.SIGUSR1]
        assert signals.wait(0) == []


def test_after_a_signal_that_ends_us_further_ones_do_nothing() -> None:
    before = signal.getsignal(signal.SIGTERM)
    try:
        with heard() as signals:
            os.kill(os.getpid(), signal.SIGTERM)
            assert signals.wait(20) == [signal.SIGTERM]
        os.kill(os.getpid(), signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
        signal.signal(signal.SIGINT, signal.default_int_handler)
