"""Asked to stop, whatever it is waiting for: gone at once, nothing half visible, finished next time."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from tests.e2e.command import Command, Running, until
from tests.e2e.emulated import Emulated
from tests.e2e.servers import black_hole, is_connecting

#: The promise is one second; a machine that is busy with other tests may need more.
PROMPTLY = 5.0
SIGNALS = [(signal.SIGTERM, 143), (signal.SIGINT, 130)]


@pytest.fixture
def patient(calm: Emulated, command: Command) -> Iterator[Command]:
    """A command that was set up but never ran; at the end it must complete the mirror."""
    command.init(calm)
    command.set("downloads = 4")
    yield command
    calm.calm()
    assert command.parts() == [], "a part was left lying"
    online = calm.md5s()
    assert set(command.md5s()) <= set(online), "something is visible that the account never had"
    command.sync()
    assert command.md5s() == online


def stop(running: Running, *numbers: signal.Signals, code: int, pause: float = 0.0) -> None:
    result = running.signal(*numbers, pause=pause)
    print(f"{numbers[0].name}: gone after {result.seconds * 1000:.0f} ms")
    assert result.code == code, result
    assert result.seconds < PROMPTLY
    assert len([line for line in result.err.splitlines() if line.startswith("smugsync: error: ")]) <= 1


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_four_stalled_downloads(calm: Emulated, patient: Command, number: signal.Signals, code: int) -> None:
    fault = calm.fault("stall@/photos/*:at=500")
    with patient.start("sync") as running:
        until(lambda: calm.struck(fault) == 4)
        stop(running, number, code=code)
    assert patient.files() == {}


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_a_stalled_listing(calm: Emulated, patient: Command, number: signal.Signals, code: int) -> None:
    fault = calm.fault("stall@/api/v2/album/*:at=-1")
    with patient.start("sync") as running:
        until(lambda: calm.struck(fault) >= 1)
        stop(running, number, code=code)


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_a_connection_that_is_never_made(patient: Command, number: signal.Signals, code: int) -> None:
    with (
        black_hole() as port,
        patient.start("sync", SMUGSYNC_REMOTE__API_URL=f"http://127.0.0.1:{port}") as running,
    ):
        until(lambda: is_connecting(port))
        stop(running, number, code=code)


def test_waiting_for_the_rate_limit(calm: Emulated, patient: Command) -> None:
    fault = calm.fault("429@/api/v2/user/*:retry=600")
    with patient.start("sync") as running:
        until(lambda: calm.struck(fault) >= 1)
        stop(running, signal.SIGTERM, code=143)


def test_more_signals_change_nothing(calm: Emulated, patient: Command) -> None:
    """A service manager that insists, or fingers on Ctrl-C: the first signal counts, the rest are noise."""
    fault = calm.fault("stall@/photos/*:at=500")
    with patient.start("sync") as running:
        until(lambda: calm.struck(fault) == 4)
        numbers = [signal.SIGTERM, *[signal.SIGINT, signal.SIGTERM] * 100]
        stop(running, *numbers, code=143, pause=0.01)


def test_what_was_done_stays_done(calm: Emulated, patient: Command) -> None:
    """What was committed before the signal is recorded, and not fetched again; a batch is 16 files."""
    fault = calm.fault("stall@/photos/*:at=500,after=20")
    with patient.start("sync", "--json") as running:
        until(lambda: calm.struck(fault) == 4)
        result = running.signal(signal.SIGTERM)
    assert result.code == 143
    assert result.json["exit_code"] == 143
    done = len(patient.files())
    assert result.json["files_downloaded"] == done >= 16
    calm.calm()
    again = patient.sync()
    assert again["files_downloaded"] + again["files_shared"] == len(calm.md5s()) - done
