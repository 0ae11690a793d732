"""The daemon in a terminal: closing the window ends it, and asking for other settings does not."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.command import Command, until
from tests.e2e.conftest import Emulator


@pytest.fixture
def command(emulator: Emulator, tmp_path: Path) -> Command:
    command = Command(tmp_path)
    command.init(emulator("--albums", "1", "--images", "1", "--bytes", "2000"))
    return command


@contextmanager
def in_a_terminal(command: Command, *before: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """`smugsync run` in a terminal of its own, and the window's end of that."""
    window, terminal = os.openpty()

    log = command.root / "log"
    with log.open("wb") as err:
        process = subprocess.Popen(
            ["setsid", "--ctty", *before, command.program, "run"],
            stdin=terminal,
            stdout=subprocess.DEVNULL,
            stderr=err,
            env=command._environ({}),
        )
    os.close(terminal)
    try:
        until(lambda: "everything" in log.read_text())
        yield process, window
    finally:
        process.kill()
        process.wait()


def test_closing_the_window_ends_it(command: Command) -> None:
    with in_a_terminal(command) as (process, window):
        os.close(window)
        assert process.wait(20) == 143


def test_a_hangup_in_an_open_window_reads_the_configuration_again(command: Command) -> None:
    with in_a_terminal(command) as (process, window):
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGUSR1)
        until(lambda: "delta" in command.run("history").out or "everything" in command.run("history").out)
        assert process.poll() is None
        os.close(window)
        process.wait(20)


def test_with_nohup_it_stays_when_the_window_is_closed(command: Command) -> None:
    with in_a_terminal(command, "nohup") as (process, window):
        os.close(window)
        until(lambda: "daemon: idle" in command.run("status").out)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 143
