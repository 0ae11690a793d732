"""What is shown while it runs: bars on a terminal, plain lines elsewhere, and a clean screen at the end."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios

from tests.e2e.command import PATIENCE, Command
from tests.e2e.emulated import SMUGSYNC, Emulated

ROWS, COLUMNS = 24, 100


class Screen:
    """As much of a terminal as progress bars need. `lines` is what a person sees now."""

    _TOKEN = re.compile(r"\x1b\[(\d*)([A-Za-z])|\r|\n|[^\x1b\r\n]")

    def __init__(self) -> None:
        self._cells: dict[int, list[str]] = {}
        self._row = self._column = 0
        self.pictures: list[str] = []

    def feed(self, text: str) -> None:
        for token in self._TOKEN.finditer(text):
            match token[0], token[2]:
                case "\r", _:
                    self._column = 0
                case "\n", _:
                    self._row += 1
                case _, "A":
                    self._row = max(0, self._row - int(token[1] or 1))
                case _, "K":
                    del self._line()[self._column :]
                case _, None:
                    self._put(token[0])
                case _:
                    raise AssertionError(f"{token[0]!r} was not expected")
        self.pictures.append("\n".join(self.lines))

    @property
    def lines(self) -> list[str]:
        return ["".join(self._cells.get(row, [])).rstrip() for row in range(max(self._cells, default=-1) + 1)]

    def _line(self) -> list[str]:
        return self._cells.setdefault(self._row, [])

    def _put(self, character: str) -> None:
        line = self._line()
        line += " " * (self._column + 1 - len(line))
        line[self._column] = character
        self._column += 1


def watch(command: Command, *arguments: str) -> tuple[Screen, str, int]:
    """Run with stderr on a terminal and stdout in a pipe."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    environ = {"PATH": "/usr/bin:/bin", "HOME": str(command.home), "LANG": "C.UTF-8", "TERM": "xterm"}
    screen = Screen()
    with subprocess.Popen(
        [SMUGSYNC, *arguments],
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        pending = b""
        while True:
            try:
                pending += os.read(ours, 65536)
            except OSError:  # the other end was closed
                break
            text = pending.decode("utf-8", "ignore")
            if len(text.encode()) == len(pending) and not re.search(r"\x1b\[?\d*\Z", text):
                screen.feed(text)
                pending = b""
        os.close(ours)
        assert process.stdout is not None
        out = process.stdout.read().decode()
        return screen, out, process.wait(PATIENCE)


def test_bars_on_a_terminal(calm: Emulated, command: Command) -> None:
    command.init(calm)
    calm.fault("slow@/photos/*:seconds=0.3,min=0")
    screen, out, code = watch(command, "sync")
    assert code == 0
    drawn = [picture for picture in screen.pictures if "%|" in picture]
    assert drawn, "no bar was shown"
    assert any(re.search(r"\d+/\d+ photos", picture) for picture in drawn)
    assert any("Ring-Road/DSC_42" in picture for picture in drawn), "the files in flight are named"
    assert all(len(line) < COLUMNS for picture in drawn for line in picture.splitlines())
    assert not any(screen.lines), f"left on the screen: {screen.lines}"
    assert out.startswith(f"{command.mirror} is up to date")


def test_a_warning_among_the_bars(calm: Emulated, command: Command) -> None:
    """What a person should know stays on the screen, whole, above the bars and after them."""
    command.init(calm)
    calm.fault("slow@/photos/*:seconds=0.3,min=0")
    calm.fault("skew")
    screen, _, code = watch(command, "sync")
    assert code == 0
    left = [line for line in screen.lines if line]
    assert left[0].startswith("smugsync: warning: this computer's clock is ")
    assert not [line for line in left if "%|" in line]


def test_no_bars_when_asked(calm: Emulated, command: Command) -> None:
    command.init(calm)
    calm.fault("slow@/photos/*:seconds=0.1,min=0,times=8")
    assert watch(command, "sync", "--no-progress")[0].lines == []
    assert watch(command, "sync", "--quiet")[0].lines == []


def test_no_terminal(calm: Emulated, command: Command) -> None:
    """A log or a mail holds plain lines, at most one a minute, and nothing that steers a terminal."""
    command.init(calm)
    calm.fault("slow@/photos/*:seconds=0.3,min=0,times=8")
    done = command.run("sync")
    assert done.code == 0
    assert done.err == ""
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", done.out)
