"""Progress on a terminal: one bar for everything, and below it the files in flight."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, TextIO

from tqdm import tqdm

from smugsync.progress import Flight, Tally, elide, size, width

__all__ = ["Bars", "elide", "flight_line", "width"]

MAX_LINES = 8
_EVERY = 0.1  #: seconds; a terminal is not redrawn more often
_WINDOW = 15.0  #: seconds the rate is taken over
_WIDE_FROM = 72  #: columns; below it figures have to go

#: Wide and narrow; the second of each before there is a rate to tell.
_WIDE = (
    "{desc} {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} {rate_fmt} {remaining} left",
    "{desc} {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt}",
)
_NARROW = ("{desc} {percentage:3.0f}% {remaining} left", "{desc} {percentage:3.0f}%")


class _Bar(tqdm):  # type: ignore[type-arg] # nothing is iterated
    monitor_interval = 0  # no thread of tqdm's own
    measured: float | None = None

    @property
    def format_dict(self) -> Any:  # MutableMapping in the stubs, a dict in truth
        # tqdm's own rate leaves out the moments in which nothing arrives, and so misjudges a stall.
        return {**super().format_dict, "rate": self.measured}


class Bars(Tally):
    """Draws with tqdm, only in `refresh` and `close`. `clock` in seconds, `screen` in (columns, rows)."""

    def __init__(
        self,
        stream: TextIO,
        clock: Callable[[], float] = time.monotonic,
        screen: Callable[[], tuple[int, int]] | None = None,
    ) -> None:
        super().__init__()
        # tqdm's own lock works between processes as well, which some small machines cannot make.
        _Bar.set_lock(threading.RLock())
        self._stream = stream
        self._clock = clock
        self._screen = screen or (lambda: _terminal_size(stream))
        self._drawn = float("-inf")
        self._seen: deque[tuple[float, int]] = deque()
        self._bars: list[_Bar] = []  #: the total first, then a line for each file in flight

    def refresh(self) -> None:
        self._say(self.take_notes())
        now = self._clock()
        if now - self._drawn < _EVERY:
            return
        self._drawn = now
        columns, rows = self._screen()
        columns -= 1  # a character in the last column makes some terminals wrap
        # One row for the total, one for the cursor: a line that scrolls away cannot be taken back.
        flights = self.flights()[: max(0, min(MAX_LINES, rows - 2))]
        self._keep(1 + len(flights))
        self._draw_total(self._bars[0], columns, self._rate(now))
        for bar, flight in zip(self._bars[1:], flights, strict=True):
            bar.ncols = columns
            bar.set_description_str(flight_line(flight, columns), refresh=False)
            bar.refresh()

    def close(self) -> None:
        self._say(self.take_notes())
        self._keep(0)
        self._stream.flush()

    def _keep(self, count: int) -> None:
        """Have exactly `count` bars; the last go first, so that no other one has to move."""
        while len(self._bars) > count:
            self._bars.pop().close()
        while len(self._bars) < count:
            self._bars.append(
                _Bar(
                    file=self._stream,
                    position=len(self._bars),
                    leave=False,
                    bar_format="{desc}",
                    unit="B",
                    unit_scale=True,
                    ncols=10,
                    nrows=MAX_LINES + 2,  # both are ours to watch: tqdm would hide lines
                )
            )

    def _draw_total(self, bar: _Bar, columns: int, rate: float | None) -> None:
        bar.ncols, bar.measured, bar.n = columns, rate, self.bytes_done
        bar.total = max(self.bytes_total, bar.n) or None
        text = (
            f"{self.files_done:,}/{self.files_total:,} photos"
            if self.files_total
            else self.phase or "working"
        )
        if self.albums_done < self.albums_total:
            text = f"{self.albums_done:,}/{self.albums_total:,} albums, {text}"
        if self.files_failed:
            text += f", {self.files_failed:,} failed"
        if bar.total is None:
            bar.bar_format, text = "{desc}", elide(text, columns)
        else:
            formats = _WIDE if columns >= _WIDE_FROM + len(text) // 2 else _NARROW
            bar.bar_format = formats[rate is None]
            if formats is _NARROW:
                text = elide(text, max(8, columns - 17))
        bar.set_description_str(text, refresh=False)
        bar.refresh()

    def _rate(self, now: float) -> float | None:
        """Bytes per second over the last seconds; None before there is anything to tell."""
        self._seen.append((now, self.bytes_done))
        while len(self._seen) > 2 and now - self._seen[1][0] >= _WINDOW:
            self._seen.popleft()
        before, done = self._seen[0]
        return max(0, self.bytes_done - done) / (now - before) or None if now > before else None

    def _say(self, notes: list[str]) -> None:
        if not notes:
            return
        with _Bar.external_write_mode(file=self._stream):
            self._stream.write("".join(f"{note}\n" for note in notes))
            self._stream.flush()


def flight_line(flight: Flight, columns: int) -> str:
    """One file in flight, never wider than `columns`: its name, how far, how large."""
    if flight.size:
        share = min(100, 100 * flight.received // flight.size)
        figures = f"{share:3d}% of {size(flight.size):>7}"
    else:
        figures = f"{size(flight.received):>15}"
    if columns < 40:
        figures = figures[:4] if flight.size else ""
    room = min(columns - len(figures) - 4, 72)
    if room < 4:
        return elide(flight.name, columns)
    name = elide(flight.name, room)
    return f"  {name}{' ' * (room - width(name))}  {figures}".rstrip()


def _terminal_size(stream: TextIO) -> tuple[int, int]:
    try:
        found = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):
        return 80, 24
    return found.columns or 80, found.lines or 24
