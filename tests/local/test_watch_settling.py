"""Has a file come to rest, and is it complete?"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from smugsync.core import media
from smugsync.core.finished import Unfinished
from smugsync.core.model import Fingerprint
from smugsync.errors import Interrupted, MirrorUnusable, Transient
from smugsync.local.handles import Root
from smugsync.local.watching.settling import (
    BeingWritten,
    Fresh,
    Gone,
    Quiet,
    Ready,
    Rest,
    Settler,
    Unsendable,
    Verdict,
    rest,
    settled,
)

from .mirrors import run

JPEG = b"\xff\xd8\xff\xda\0\x02pixels\xff\xd9"
LATER = 100.0  #: seconds, after which everything that a test wrote has come to rest


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Root]:
    found = Root(tmp_path)
    yield found
    found.close()


def judge(root: Root, path: str, *, ahead: float = LATER) -> Verdict:
    return settled(root, path, now=time.time() + ahead, stable=5)


def look(root: Root, path: str, *, ahead: float = LATER) -> Rest:
    return rest(root, path, now=time.time() + ahead, stable=5)


def test_whole_photo_is_ready(root: Root, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(JPEG)
    stat = (tmp_path / "a.jpg").stat()
    assert judge(root, "a.jpg") == Ready(Fingerprint(stat.st_size, stat.st_mtime_ns), media.JPEG)


def test_photo_with_a_wrong_extension_is_ready(root: Root, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(JPEG)
    verdict = judge(root, "a.png")
    assert isinstance(verdict, Ready)
    assert verdict.media == media.JPEG


@pytest.mark.parametrize(
    ("content", "why"),
    [(JPEG[:-1], "has no end yet"), (b"", "is empty"), (bytes(500), "begins with zeros")],
)
def test_half_a_photo_is_unfinished(root: Root, tmp_path: Path, content: bytes, why: str) -> None:
    (tmp_path / "a.jpg").write_bytes(content)
    verdict = judge(root, "a.jpg")
    assert isinstance(verdict, Unfinished)
    assert verdict.why.startswith(why)


def test_web_page_is_no_photo_whatever_it_is_called(root: Root, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"<!doctype html><title>Sign in</title>")
    assert isinstance(judge(root, "a.jpg"), Unsendable)


def test_format_that_does_not_say_where_it_ends_is_taken_at_its_word(root: Root, tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(b"II*\0" + bytes(90))
    assert isinstance(judge(root, "a.tif"), Ready)


@pytest.mark.parametrize("path", ["a.jpg", "none/a.jpg", "file/a.jpg"])
def test_file_that_is_not_there_is_gone(root: Root, tmp_path: Path, path: str) -> None:
    (tmp_path / "file").write_bytes(b"x")
    assert judge(root, path) == look(root, path) == Gone()


def test_file_that_changed_a_moment_ago_is_fresh(root: Root, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(JPEG)
    verdict = judge(root, "a.jpg", ahead=1)
    assert isinstance(verdict, Fresh)
    assert 0 < verdict.again <= 5


def test_old_time_that_a_copy_brought_makes_no_file_older(root: Root, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(JPEG)
    os.utime(tmp_path / "a.jpg", (0, 0))
    assert isinstance(judge(root, "a.jpg", ahead=1), Fresh)


def test_time_to_come_that_a_copy_brought_makes_no_file_wait(root: Root, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(JPEG)
    os.utime(tmp_path / "a.jpg", (4e9, 4e9))
    assert isinstance(judge(root, "a.jpg"), Ready)


def test_file_of_a_clock_that_is_ahead_is_quiet_when_it_looks_the_same_twice(
    root: Root, tmp_path: Path
) -> None:
    (tmp_path / "a.jpg").write_bytes(JPEG)
    first = judge(root, "a.jpg", ahead=-1000)
    assert isinstance(first, Fresh)
    assert first.again == 5
    now = time.time() - 995
    assert isinstance(settled(root, "a.jpg", now=now, stable=5, before=first.look), Ready)
    (tmp_path / "a.jpg").write_bytes(JPEG + b"more")
    assert isinstance(settled(root, "a.jpg", now=now, stable=5, before=first.look), Fresh)


# Writers


def test_file_that_is_open_for_writing_is_being_written(root: Root, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(JPEG)
    with (tmp_path / "a.jpg").open("r+b"):
        assert isinstance(judge(root, "a.jpg"), BeingWritten)
        assert isinstance(look(root, "a.jpg"), BeingWritten)
    assert isinstance(judge(root, "a.jpg"), Ready)


def test_writer_in_another_process_is_noticed(root: Root, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(JPEG)
    program = "import sys; f = open(sys.argv[1], 'ab'); print(flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "a.jpg")], stdin=-1, stdout=-1
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        assert isinstance(look(root, "a.jpg"), BeingWritten)
        child.communicate(b"")
    assert isinstance(look(root, "a.jpg"), Quiet)


def test_reader_is_no_writer(root: Root, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(JPEG)
    with (tmp_path / "a.jpg").open("rb"):
        assert isinstance(judge(root, "a.jpg"), Ready)


def test_who_opens_the_file_in_that_very_moment_ends_nobody(tmp_path: Path) -> None:
    """A lease that is broken sends a signal, by default one that ends the process."""
    (tmp_path / "a.jpg").write_bytes(JPEG)
    program = """
import sys, subprocess, time
from pathlib import Path
from smugsync.local.handles import Root
from smugsync.local.watching.settling import rest
place = Path(sys.argv[1])
writer = subprocess.Popen([sys.executable, "-S", "-c",
    "import sys\\nfor _ in range(20000): open(sys.argv[1], 'r+b').close()", str(place / "a.jpg")])
root, asked = Root(place), 0
while writer.poll() is None:
    rest(root, "a.jpg", now=time.time() + 100, stable=5)
    asked += 1
print(writer.returncode, asked > 0)
"""
    done = run(program, str(tmp_path), timeout=120)
    assert (done.returncode, done.stdout) == (0, "0 True\n"), done.stderr


# What stands in the way


def test_link_is_not_followed(root: Root, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(JPEG)
    (tmp_path / "link.jpg").symlink_to("a.jpg")
    with pytest.raises(Transient, match="symbolic link"):
        judge(root, "link.jpg")


def test_pipe_is_left_alone_and_holds_nobody_up(root: Root, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.jpg")
    with pytest.raises(Transient, match="not a regular file"):
        judge(root, "a.jpg")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_file_that_may_not_be_read_says_so(root: Root, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(JPEG)
    (tmp_path / "a.jpg").chmod(0)
    with pytest.raises(Transient, match="permission denied"):
        judge(root, "a.jpg")


def test_reading_may_be_stopped(root: Root, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(JPEG)

    def stop() -> None:
        raise Interrupted("stopped")

    with pytest.raises(Interrupted):
        settled(root, "a.jpg", now=time.time() + LATER, stable=5, check=stop)


def test_file_that_is_written_to_while_it_is_judged_is_fresh(root: Root, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(JPEG)
    verdict = settled(
        root,
        "a.jpg",
        now=time.time() + LATER,
        stable=5,
        check=lambda: (tmp_path / "a.jpg").write_bytes(JPEG + b"more"),
    )
    assert isinstance(verdict, Fresh)


def test_closed_root_is_no_absence(tmp_path: Path) -> None:
    root = Root(tmp_path)
    root.close()
    with pytest.raises((Transient, MirrorUnusable)):
        judge(root, "a.jpg")


# With a memory


class Clocked:
    """A settler whose clocks are moved by hand; files come from 1000 seconds in the future."""

    def __init__(self, root: Root) -> None:
        self.passed = 0.0
        self.settler = Settler(
            root, stable=5, now=lambda: time.time() - 1000 + self.passed, clock=lambda: self.passed
        )

    def ask(self, after: float) -> Verdict:
        self.passed += after
        return self.settler.ask("a.jpg")


def test_settler_remembers_how_a_file_from_the_future_looked(root: Root, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(JPEG)
    clocked = Clocked(root)
    assert isinstance(clocked.ask(0), Fresh)
    assert isinstance(clocked.ask(3), Fresh)
    assert isinstance(clocked.ask(2), Ready)


def test_settler_begins_anew_when_the_file_changed(root: Root, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(JPEG)
    clocked = Clocked(root)
    clocked.ask(0)
    (tmp_path / "a.jpg").write_bytes(JPEG + b"more")
    assert isinstance(clocked.ask(5), Fresh)
    assert isinstance(clocked.ask(5), Ready)
