"""Progress: counting from many threads, the line a minute, the bars."""

from __future__ import annotations

import io
import os
import pty
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smugsync.bars import Bars, elide, flight_line, width
from smugsync.progress import Flight, Lines, Progress, Silent, Tally, choose, describe, duration, size


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def filled(tally: Tally) -> None:
    tally.start("downloading")
    tally.albums(12, 40)
    for _ in range(1000):
        tally.plan(2, 9_800_000)
    for number in range(310):
        tally.begin(f"{number}.jpg", None)
        tally.advance(f"{number}.jpg", 1_200_000_000 // 310)
        tally.end(f"{number}.jpg", ok=True)


def test_the_line_reads_as_a_sentence() -> None:
    tally = Tally()
    filled(tally)
    assert describe(tally, rate=34_000_000) == (
        "12 of 40 albums listed; 310 of 2,000 photos, 1.2 of 9.8 GB, 34 MB/s, about 4 min left"
    )


def test_the_line_says_what_is_known_and_no_more() -> None:
    tally = Tally()
    assert describe(tally, rate=0) == "working"
    tally.start("listing")
    assert describe(tally, rate=0) == "listing"
    tally.albums(3, 3)
    tally.plan(1, 10)
    tally.begin("a", 10)
    tally.end("a", ok=False)
    assert describe(tally, rate=0) == "0 of 1 photos, 0 of 10 B, 1 failed"


def test_a_line_a_minute_and_notes_at_once() -> None:
    stream, clock = io.StringIO(), Clock()
    lines = Lines(stream, clock)
    lines.start("listing")
    lines.plan(2, 2_000_000)
    lines.refresh()
    assert stream.getvalue() == ""
    lines.note("the album /Private cannot be read")
    lines.refresh()
    clock.now = 59.9
    lines.begin("a", 1_000_000)
    lines.advance("a", 600_000)
    lines.refresh()
    assert stream.getvalue() == "the album /Private cannot be read\n"
    clock.now = 60
    lines.refresh()
    lines.refresh()
    assert stream.getvalue().splitlines()[1:] == ["0 of 2 photos, 0.6 of 2.0 MB, 10 kB/s, about 2 min left"]
    clock.now = 120  # nothing arrived: no rate, and no guess
    lines.refresh()
    lines.close()
    assert stream.getvalue().splitlines()[2:] == ["0 of 2 photos, 0.6 of 2.0 MB"]


def test_a_failed_transfer_takes_its_bytes_back_and_a_new_start_begins_anew() -> None:
    tally = Tally()
    tally.begin("a", 100)
    tally.advance("a", 60)
    tally.begin("a", 100)
    tally.advance("a", 30)
    assert (tally.bytes_done, tally.flights()) == (30, [Flight("a", 100, 30)])
    tally.end("a", ok=False)
    tally.advance("a", 5)  # a late report of a transfer that is over
    assert (tally.bytes_done, tally.files_done, tally.files_failed, tally.flights()) == (0, 0, 1, [])


def test_a_second_try_is_no_failure() -> None:
    tally = Tally()
    tally.begin("a", 1)
    tally.end("a", ok=False)
    tally.begin("a", 1)
    assert tally.files_failed == 0
    tally.end("a", ok=True)
    assert (tally.files_done, tally.files_failed) == (1, 0)


def test_many_threads_count_exactly() -> None:
    tally = Tally()

    def work(worker: int) -> None:
        for number in range(50):
            name = f"{worker}/{number}"
            tally.begin(name, 100)
            for _ in range(100):
                tally.advance(name, 1)
            tally.end(name, ok=number % 5 != 0)

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (tally.files_done, tally.files_failed, tally.bytes_done, tally.flights()) == (320, 80, 32_000, [])


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (3570, "1 h"),
        (7500, "2 h 5 min"),
        (266400, "3 d 2 h"),
        (-3, "0 s"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (34e6, "34 MB"), (9.8e9, "9.8 GB"), (5e15, "5000 TB")],
)
def test_sizes(count: float, text: str) -> None:
    assert size(count) == text


NAMES = st.text(st.characters(blacklist_categories=()), max_size=60)


@given(NAMES, st.integers(0, 80))
def test_names_fit_and_cannot_steer_the_terminal(name: str, room: int) -> None:
    shown = elide(name, room)
    assert width(shown) <= room
    assert all(one.isprintable() or one.isspace() or one == "\u200d" for one in shown if ord(one) < 128)
    assert not set(shown) & {"\x1b", "\n", "\r", "\x9b", "\u202e"}


@given(NAMES, st.one_of(st.none(), st.integers(0, 10**13)), st.integers(0, 10**13), st.integers(1, 200))
def test_a_file_in_flight_never_wraps(name: str, total: int | None, received: int, columns: int) -> None:
    assert width(flight_line(Flight(name, total, received), columns)) <= columns


def test_names_lose_their_middle() -> None:
    assert elide("DSC_0001.jpg", 12) == "DSC_0001.jpg"
    assert elide("Iceland in winter 2019.jpg", 12) == "Icelan…9.jpg"
    assert elide("アイスランド.jpg", 9) == "アイ….jpg"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_bars_show_the_whole_and_the_files_in_flight() -> None:
    stream, clock = Terminal(), Clock()
    bars = Bars(stream, clock, screen=lambda: (100, 24))
    bars.start("listing")
    bars.albums(3, 40)
    bars.refresh()
    assert "3/40 albums, listing" in stream.getvalue()
    clock.now = 1
    bars.plan(20, 20_000_000)
    for number in range(12):
        bars.begin(f"photo {number}.jpg", 1_000_000)
        bars.advance(f"photo {number}.jpg", 250_000)
    clock.now = 2
    drawn = len(stream.getvalue())
    bars.refresh()
    shown = stream.getvalue()[drawn:]
    assert "0/20 photos" in shown
    assert "15%" in shown
    assert "3.00M/20.0M 1.50MB/s" in shown
    assert "25% of  1.0 MB" in shown
    assert "photo 7.jpg" in shown
    assert "photo 8.jpg" not in shown  # eight lines at most
    bars.close()


def test_bars_draw_only_when_asked_and_seldom() -> None:
    stream, clock = Terminal(), Clock()
    bars = Bars(stream, clock, screen=lambda: (80, 24))
    bars.begin("a", 10)
    bars.advance("a", 5)
    bars.note("hello")
    assert stream.getvalue() == ""
    bars.refresh()
    drawn = stream.getvalue()
    assert "hello\n" in drawn
    clock.now = 0.05
    bars.advance("a", 5)
    bars.refresh()
    assert stream.getvalue() == drawn
    bars.close()


def test_a_low_terminal_keeps_its_first_line() -> None:
    stream = Terminal()
    bars = Bars(stream, Clock(), screen=lambda: (30, 3))
    bars.plan(3, 300)
    for number in range(3):
        bars.begin(f"photo {number}.jpg", 100)
    bars.refresh()
    assert "photo 0" in stream.getvalue()
    assert "photo 1" not in stream.getvalue()
    bars.close()


def test_the_display_fits_the_place() -> None:
    assert isinstance(choose(io.StringIO(), environ={"TERM": "xterm"}), Lines)
    assert isinstance(choose(Terminal(), environ={"TERM": "xterm"}), Bars)
    assert isinstance(choose(Terminal(), environ={"TERM": "dumb"}), Lines)
    assert isinstance(choose(Terminal(), quiet=True), Silent)
    assert isinstance(choose(Terminal(), no_progress=True), Lines)


def test_no_progress_leaves_the_notes() -> None:
    stream = Terminal()
    display = choose(stream, no_progress=True)
    display.plan(1, 1)
    display.note("hello")
    display.refresh()
    display.close()
    assert stream.getvalue() == "hello\n"


def test_all_displays_speak_the_protocol() -> None:
    displays: list[Progress] = [Silent(), Lines(io.StringIO()), Bars(Terminal())]
    for display in displays:
        display.start("listing")
        display.albums(1, 2)
        display.plan(1, 2)
        display.begin("a", 2)
        display.advance("a", 2)
        display.end("a", ok=True)
        display.note("done")
        display.refresh()
        display.close()
        display.refresh()
        display.close()


def test_a_real_terminal_is_measured() -> None:
    leader, follower = pty.openpty()
    with os.fdopen(leader, "rb"), os.fdopen(follower, "w") as stream:
        bars = Bars(stream)
        bars.start("listing")
        bars.refresh()
        bars.close()
