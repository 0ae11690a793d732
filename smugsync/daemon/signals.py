"""Signals as something to wait for: a handler does nothing, the kernel's wake-up byte says which one came.

A handler that did more might stand inside the very lock that it would need.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
from types import FrameType, TracebackType
from typing import Self

ENDING = (signal.SIGTERM, signal.SIGINT)
LISTENED = (*ENDING, signal.SIGHUP, signal.SIGUSR1)


class Signals:
    """In the main thread, for as long as it is open. Afterwards the signals that end a process do nothing
    more if one of them came: what it began must not be cut short by a second one.

    A hangup asks for other settings. But if it comes because the terminal is closed that it was started in,
    it is an end like any other, unless that was not wanted (`nohup`).
    """

    def __init__(self) -> None:
        self._here, self._there = socket.socketpair()
        self._ended = False
        self._terminal: int | None = None

    def __enter__(self) -> Self:
        for end in (self._here, self._there):
            end.setblocking(False)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            self._terminal = _terminal()
        self._former = signal.set_wakeup_fd(self._there.fileno(), warn_on_full_buffer=False)
        self._before = {number: signal.signal(number, _do_nothing) for number in LISTENED}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            spent = self._ended and number in ENDING
            signal.signal(number, signal.SIG_IGN if spent else handler)
        signal.set_wakeup_fd(self._former)
        self._here.close()
        self._there.close()
        if self._terminal is not None:
            os.close(self._terminal)

    def wait(self, seconds: float) -> list[int]:
        """The signals that came, as soon as one came, within so many seconds."""
        poll = select.poll()  # `select` ends at 1,024 files
        poll.register(self._here, select.POLLIN)
        ready = poll.poll(seconds * 1000)
        numbers: list[int] = []
        if ready:
            with contextlib.suppress(BlockingIOError):
                numbers = [self._meaning(number) for number in self._here.recv(4096) if number in LISTENED]
        self._ended = self._ended or any(number in ENDING for number in numbers)
        return numbers

    def _meaning(self, number: int) -> int:
        if number != signal.SIGHUP or self._terminal is None:
            return number
        poll = select.poll()
        poll.register(self._terminal, 0)  # whether it is gone is told without being asked
        return signal.SIGTERM if poll.poll(0) else number


def _terminal() -> int | None:
    """A handle on the terminal that this process belongs to, None if there is none."""
    try:
        return os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None


def _do_nothing(number: int, frame: FrameType | None) -> None:
    """The wake-up byte is all that is wanted; without a handler the signal would end the process."""
