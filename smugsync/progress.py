"""How far a run is: for an engine to report into, for people to read.

Workers report from their own threads, which only counts; whatever is drawn, `refresh` draws, in the
thread that calls it. So a slow terminal never holds up a download, and no thread exists for looks.
"""

from __future__ import annotations

import os
import threading
import time
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, TextIO

from smugsync.records import dataclass


class Progress(Protocol):
    """What the engine tells. All methods may be called in any order and after `close`.

    `begin`, `advance`, `end` and `note` may be called from any thread; the others from one only.
    """

    def start(self, phase: str) -> None:
        """A new stretch of work begins, named for people: `listing`, `downloading`."""

    def albums(self, done: int, total: int) -> None:
        """So many of the albums are listed."""

    def plan(self, files: int, size: int) -> None:
        """So many more files and bytes are to be transferred than was known before."""

    def begin(self, name: str, size: int | None) -> None:
        """The transfer of `name` starts, or starts over. `size` in bytes, None when nobody knows."""

    def advance(self, name: str, size: int) -> None:
        """`size` more bytes of `name` arrived."""

    def end(self, name: str, *, ok: bool) -> None:
        """`name` is done with. The bytes of a transfer that failed are taken back."""

    def note(self, message: str) -> None:
        """One line that people should see, whatever is being drawn."""

    def refresh(self) -> None:
        """Draw what is due. To be called a few times a second by the thread that waits for the workers."""

    def close(self) -> None:
        """Leave a clean screen."""


class Silent:
    """Says nothing, ever."""

    def start(self, phase: str) -> None: ...
    def albums(self, done: int, total: int) -> None: ...
    def plan(self, files: int, size: int) -> None: ...
    def begin(self, name: str, size: int | None) -> None: ...
    def advance(self, name: str, size: int) -> None: ...
    def end(self, name: str, *, ok: bool) -> None: ...
    def note(self, message: str) -> None: ...
    def refresh(self) -> None: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Flight:
    """One file on its way. `size` is None when nobody knows it beforehand."""

    name: str
    size: int | None
    received: int = 0


class Tally:
    """The counts behind every display; a display adds `refresh` and `close`."""

    def __init__(self) -> None:
        self.phase = ""
        self.albums_done = self.albums_total = 0
        self.files_total = self.bytes_total = 0
        self.files_done = self.bytes_done = 0
        self._lock = threading.Lock()
        self._sizes: dict[str, int | None] = {}
        self._received: dict[str, int] = {}
        self._failed: set[str] = set()
        self._notes: list[str] = []

    @property
    def files_failed(self) -> int:
        return len(self._failed)

    def start(self, phase: str) -> None:
        self.phase = phase

    def albums(self, done: int, total: int) -> None:
        self.albums_done, self.albums_total = done, total

    def plan(self, files: int, size: int) -> None:
        self.files_total += files
        self.bytes_total += size

    def begin(self, name: str, size: int | None) -> None:
        with self._lock:
            self._withdraw(name)
            self._failed.discard(name)  # it gets another try
            self._sizes[name], self._received[name] = size, 0

    def advance(self, name: str, size: int) -> None:
        with self._lock:
            if name in self._received:
                self._received[name] += size
                self.bytes_done += size

    def end(self, name: str, *, ok: bool) -> None:
        with self._lock:
            if ok:
                self.files_done += 1
                self._sizes.pop(name, None)
                self._received.pop(name, None)
            else:
                self._failed.add(name)
                self._withdraw(name)

    def note(self, message: str) -> None:
        with self._lock:
            self._notes.append(message)

    def flights(self) -> list[Flight]:
        """The files on their way, the longest on its way first."""
        with self._lock:
            return [Flight(name, size, self._received[name]) for name, size in self._sizes.items()]

    def take_notes(self) -> list[str]:
        with self._lock:
            taken, self._notes = self._notes, []
        return taken

    def _withdraw(self, name: str) -> None:
        self._sizes.pop(name, None)
        self.bytes_done -= self._received.pop(name, 0)


class Lines(Tally):
    """A line now and then, for logs, cron and systemd. `interval` in seconds; None leaves only the notes."""

    def __init__(
        self, stream: TextIO, clock: Callable[[], float] = time.monotonic, *, interval: float | None = 60.0
    ) -> None:
        super().__init__()
        self._stream = stream
        self._clock = clock
        self._interval = interval
        self._told = clock()
        self._bytes_told = 0

    def refresh(self) -> None:
        for message in self.take_notes():
            self._write(message)
        now = self._clock()
        if self._interval is None or now - self._told < self._interval:
            return
        rate = max(0, self.bytes_done - self._bytes_told) / (now - self._told)
        self._told, self._bytes_told = now, self.bytes_done
        self._write(describe(self, rate=rate))

    def close(self) -> None:
        for message in self.take_notes():
            self._write(message)

    def _write(self, line: str) -> None:
        self._stream.write(line + "\n")
        self._stream.flush()


def describe(tally: Tally, *, rate: float) -> str:
    """What is done of what is known, in one line. `rate` in bytes per second."""
    parts: list[str] = []
    if tally.albums_total and tally.albums_done < tally.albums_total:
        parts.append(f"{tally.albums_done:,} of {tally.albums_total:,} albums listed")
    if tally.files_total:
        unit, factor = scale(max(tally.bytes_total, tally.bytes_done))
        done, total = (
            f"{value / factor:.{0 if factor == 1 else 1}f}" for value in (tally.bytes_done, tally.bytes_total)
        )
        transfer = [f"{tally.files_done:,} of {tally.files_total:,} photos", f"{done} of {total} {unit}"]
        if tally.files_failed:
            transfer.append(f"{tally.files_failed:,} failed")
        if rate > 0:
            transfer += [
                f"{size(rate)}/s",
                f"about {duration((tally.bytes_total - tally.bytes_done) / rate)} left",
            ]
        parts.append(", ".join(transfer))
    return "; ".join(parts) or tally.phase or "working"


def scale(value: float) -> tuple[str, int]:
    """The decimal unit in which `value` bytes are best read, and its size."""
    for unit, factor in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if value >= factor:
            return unit, factor
    return "B", 1


def size(value: float) -> str:
    """Bytes for people: `9.8 GB`, `34 MB`."""
    unit, factor = scale(value)
    number = value / factor
    return f"{number:.{1 if factor > 1 and number < 10 else 0}f} {unit}"


def duration(seconds: float) -> str:
    """A length of time for people: `40 s`, `4 min`, `2 h 5 min`, `3 d 2 h`."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes = round(whole / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def width(text: str) -> int:
    """The columns `text` takes on a terminal."""
    return sum(map(_cell, text))


def _cell(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Cf", "Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def elide(text: str, room: int) -> str:
    """`text` in at most `room` columns, its middle left out: a name's extension tells more than its middle.

    Control characters become `?`: a remote name must not steer the terminal.
    """
    text = "".join("?" if unicodedata.category(one) in {"Cc", "Cs", "Zl", "Zp"} else one for one in text)
    # Marks that turn the direction of writing would mix up the whole line.
    text = "".join(one for one in text if unicodedata.bidirectional(one) not in _TURNING)
    if width(text) <= room:
        return text
    if room < 1:
        return ""
    tail = _fit(reversed(text), (room - 1) // 2)[::-1]
    return f"{_fit(text, room - 1 - width(tail))}…{tail}"


_TURNING = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})


def _fit(text: Iterable[str], room: int) -> str:
    taken: list[str] = []
    for character in text:
        room -= _cell(character)
        if room < 0:
            break
        taken.append(character)
    return "".join(taken)


def choose(
    stream: TextIO,
    *,
    quiet: bool = False,
    no_progress: bool = False,
    environ: Mapping[str, str] = os.environ,
) -> Progress:
    """Bars on a terminal, lines elsewhere; nothing when `quiet`, notes alone with `no_progress`."""
    if quiet:
        return Silent()
    if no_progress:
        return Lines(stream, interval=None)
    if not stream.isatty() or environ.get("TERM", "dumb") == "dumb":
        return Lines(stream)
    from smugsync.bars import Bars  # noqa: PLC0415 - tqdm is not needed where nobody watches

    return Bars(stream)
