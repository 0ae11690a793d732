"""How the demo is stopped: at once inside a command, and between two of them at the next step."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Signals:
    """`number` is the first SIGINT or SIGTERM that came, 0 for none; further ones change nothing.

    An exception that a handler raises anywhere leaves things half done. So it is raised only inside a
    command, which expects it until it has handlers of its own; all else looks here by `check`.
    """

    def __init__(self) -> None:
        self.number = 0
        self._in_command = False

    @contextmanager
    def handled(self) -> Iterator[None]:
        """Handle signals as long as the block runs, in the main thread."""
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        for number in before:
            signal.signal(number, self._handle)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def command(self) -> Iterator[None]:
        """The block is a command, to be interrupted at once; KeyboardInterrupt if it must not even begin."""
        self.check()
        self._in_command = True
        try:
            yield
        finally:
            self._in_command = False

    def check(self) -> None:
        """Raise KeyboardInterrupt if a signal came."""
        if self.number:
            raise KeyboardInterrupt

    def _handle(self, number: int, frame: FrameType | None) -> None:
        del frame
        if self.number:
            return
        self.number = number
        if self._in_command:
            raise KeyboardInterrupt
