"""`smugsync demo`: what it tells is true, it touches only what is its own, and it can be left at any time."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smugsync.catalogue import FileRow
from smugsync.cli.demo.account import Edits, Place, change, look
from smugsync.cli.demo.proof import Held, prove
from smugsync.cli.demo.tree import draw
from smugsync.core.lifecycle import State
from smugsync.emulator.emulator import Emulator
from smugsync.emulator.settings import Settings
from smugsync.progress import width
from tests.e2e.command import PATIENCE, Command
from tests.e2e.emulated import SMUGSYNC

MIRROR = "demo-mirror"
TOLD = (
    'a new photo    "Midnight sun.jpg" in the album "Ring Road"',
    "new:\n  Travel/Iceland-2019/Ring-Road/Midnight sun.jpg",
    "replaced online:\n  Work/Wedding-M-J/MJ-002.jpg",
    "gone online:\n  Family/Zoës-birthday/IMG_0413.jpg (kept here)",
    "album renamed:\n  Work/Drafts (now Work/Portfolio)",
    "text changed:\n  Travel/Iceland-2019/Þingvellir-Geysir/Öxarárfoss.jpg",
)
PROVEN = (
    "39 of 39 photos online are here",
    "each was proven on arrival, says the catalogue: by the MD5 that the service had promised",
)


@pytest.fixture
def temporary(tmp_path: Path, command: Command) -> Path:
    """Where the command puts its temporary files; the home stays missing."""
    place = tmp_path / "temporary"
    place.mkdir()
    command.environ["TMPDIR"] = str(place)
    return place


def photos(command: Command) -> list[Path]:
    mirror = command.root / MIRROR
    return [path for path in mirror.rglob("*") if path.is_file() and ".smugsync" not in path.parts]


# -- the story -----------------------------------------------------------------------------------------


def test_the_whole_demo_without_a_terminal(command: Command, temporary: Path) -> None:
    done = command.run("demo")
    assert done.code == 0, done
    assert done.err == ""
    for words in TOLD:
        assert words in done.out
    for words in PROVEN:
        assert words in " ".join(done.out.split())
    delta, full = done.out.split("4. Captions, too")
    assert "Öxarárfoss.jpg" not in delta.split("3. Sync again")[1], "a quick sync cannot see a caption"
    assert "text changed" in full
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", done.out), "nothing steers a terminal that is none"
    assert len(photos(command)) == 40
    kept = list((command.root / MIRROR / ".smugsync/versions").rglob("MJ-002.jpg"))
    assert len(kept) == 1
    assert sorted(path.name for path in command.root.iterdir()) == [MIRROR, "temporary"]
    assert list(temporary.iterdir()) == []
    assert done.seconds < 20


def test_again(command: Command, temporary: Path) -> None:
    assert command.run("demo", "--quiet").code == 0
    (command.root / MIRROR / "stray.txt").write_text("left by hand")
    assert "--fresh" in command.run("demo").error(2)
    assert len(photos(command)) == 41
    done = command.run("demo", "--fresh", "--quiet")
    assert (done.code, done.out, done.err) == (0, "", "")
    assert len(photos(command)) == 40
    assert list(temporary.iterdir()) == []


def test_settings_of_the_person_do_not_reach_the_demo(command: Command, temporary: Path) -> None:
    command.config.parent.mkdir(parents=True)
    command.config.write_text("mirror = 7\n")
    added = {"SMUGSYNC_REMOTE__USER": "somebody", "SMUGSYNC_MIRROR": "/nowhere", "SMUGSYNC_PROFILE": "nas"}
    assert command.run("demo", **added).code == 0
    assert command.config.read_text() == "mirror = 7\n"
    assert not command.state.exists()
    assert list(temporary.iterdir()) == []


# -- whose directory -----------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [(), ("--fresh",)])
def test_a_directory_of_somebody_else_stays_as_it_is(command: Command, options: tuple[str, ...]) -> None:
    photo = command.root / "Pictures" / "wedding.jpg"
    photo.parent.mkdir()
    photo.write_bytes(b"precious")
    (command.root / "link").symlink_to("Pictures")
    assert "was not made by the demo" in command.run("demo", "--mirror", "Pictures", *options).error(2)
    assert "not a directory" in command.run("demo", "--mirror", "link", *options).error(2)
    assert "not a directory" in command.run("demo", "--mirror", "Pictures/wedding.jpg", *options).error(2)
    assert photo.read_bytes() == b"precious"
    assert [path.name for path in photo.parent.iterdir()] == ["wedding.jpg"]


def test_a_mirror_of_a_real_account_is_no_demo(command: Command) -> None:
    assert command.run("demo", "--quiet").code == 0
    marker = command.root / MIRROR / ".smugsync" / "mirror.json"
    marker.write_text(json.dumps(json.loads(marker.read_text()) | {"nickname": "ann", "account": "other"}))
    assert "is the mirror of ann now" in command.run("demo", "--fresh").error(5)
    assert len(photos(command)) == 40


def test_fresh_never_follows_a_link_out_of_the_directory(command: Command) -> None:
    outside = command.root / "outside"
    outside.mkdir()
    (outside / "photo.jpg").write_bytes(b"precious")
    assert command.run("demo", "--quiet").code == 0
    (command.root / MIRROR / "Twins" / "link").symlink_to(outside)
    (command.root / MIRROR / "link").symlink_to(outside)
    assert command.run("demo", "--fresh", "--quiet").code == 0
    assert (outside / "photo.jpg").read_bytes() == b"precious"
    assert not (command.root / MIRROR / "link").exists()


# -- terminals, and leaving ----------------------------------------------------------------------------


class Terminal:
    """The demo with all its streams on a terminal of `columns`; `shown` is everything it wrote there."""

    def __init__(self, process: subprocess.Popen[bytes], ours: int) -> None:
        self.process = process
        self._ours = ours
        self._read = b""

    @property
    def shown(self) -> str:
        return self._read.decode("utf-8", "replace").replace("\r\n", "\n")

    def until(self, condition: Callable[[str], object]) -> str:
        """Read on until `condition` holds of what was shown, or to the end."""
        deadline = time.monotonic() + PATIENCE
        while not condition(self.shown):
            ready, _, _ = select.select([self._ours], [], [], max(0, deadline - time.monotonic()))
            assert ready, self.shown
            try:
                self._read += os.read(self._ours, 65536)
            except OSError:  # the other end was closed
                break
        return self.shown

    def end(self) -> int:
        self.until(lambda _: False)
        return self.process.wait(PATIENCE)


@contextmanager
def terminal(command: Command, *options: str, columns: int = 80, term: str = "xterm") -> Iterator[Terminal]:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(
        [SMUGSYNC, "demo", *options],
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TERM": term, "PYTHONWARNINGS": "error"}
        | command.environ,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        cwd=command.root,
    )
    os.close(theirs)
    try:
        yield Terminal(process, ours)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        os.close(ours)


@pytest.mark.parametrize("columns", [40, 200])
def test_the_story_fits_the_terminal(command: Command, columns: int) -> None:
    with terminal(command, "--no-progress", columns=columns) as demo:
        assert demo.end() == 0
        shown = re.sub(r"\x1b\[[\d;]*m", "", demo.shown)
        assert "\x1b" not in shown
        assert "\x1b[" in demo.shown, "a terminal shows colours"
        ours = shown.split("5. What is on your disk now")[1]
        assert all(width(line) < columns for line in ours.splitlines())


def test_a_dumb_terminal_gets_plain_text(command: Command) -> None:
    with terminal(command, term="dumb") as demo:
        assert demo.end() == 0
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", demo.shown)
        assert PROVEN[-1] in " ".join(demo.shown.split())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_among_the_bars(command: Command, temporary: Path, number: signal.Signals) -> None:
    with terminal(command) as demo:
        demo.until(lambda shown: re.search(r"[1-9]\d*/\d+ photos", shown))
        demo.process.send_signal(number)
        began = time.monotonic()
        assert demo.end() == 128 + number
        assert time.monotonic() - began < 3
        assert "Traceback" not in demo.shown
        assert "error: unexpected" not in demo.shown
    assert list(temporary.iterdir()) == []
    assert all(path.read_bytes()[:2] for path in photos(command))
    assert command.run("demo", "--fresh", "--quiet").code == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("heading", ["1. Set up", "$ smugsync sync", "2. Meanwhile", "5. What"])
def test_a_signal_at_any_time(
    command: Command, temporary: Path, number: signal.Signals, heading: str
) -> None:
    """Between two commands, too."""
    # An import that is interrupted leaves its file to the garbage collector.
    command.environ |= {"PYTHONWARNINGS": "error,ignore::ResourceWarning"}
    with terminal(command, "--no-progress") as demo:
        demo.until(lambda shown: heading in shown)
        demo.process.send_signal(number)
        demo.process.send_signal(number)  # an impatient person
        assert demo.end() in (0, 128 + number), f"it may have been done already\n{demo.shown}"
        assert "Traceback" not in demo.shown
        assert "error: unexpected" not in demo.shown
    assert list(temporary.iterdir()) == []


# -- what it would notice ------------------------------------------------------------------------------


@pytest.fixture
def account() -> Emulator:
    return Emulator(Settings(), clock=lambda: 1_790_000_000.0)


def mirrored(emulator: Emulator, root: Path) -> dict[Place, Held]:
    """A mirror as it should be: every photo under its key, and a row that says so."""
    held = {}
    for (album, key), image in look(emulator.account).items():
        found = emulator.account.image(key)
        assert found is not None
        content = found.rendition or found.content
        (root / f"{album}-{key}").write_bytes(b"".join(content.read(0, content.size)))
        held[album, key] = Held(f"{album}-{key}", row_of(key, image["md5"]))
    return held


def row_of(key: str, md5: str) -> FileRow:
    return FileRow(
        id=1,
        album_id=1,
        key=key,
        name=key,
        name_folded=key,
        state=State.COMMITTED,
        remote_name="",
        format="",
        kind="photo",
        serial=0,
        version="",
        revision="",
        promised_md5=md5,
        promised_size=None,
        source=None,
        source_run=None,
        taken="",
        uploaded="",
        details='["","",[],"","",false]',
        held_md5=md5,
        evidence="promised",
    )


def test_the_proof_notices_every_lie(account: Emulator, tmp_path: Path) -> None:
    held = mirrored(account, tmp_path)
    proof = prove(look(account.account), tmp_path, held)
    assert (proof.online, proof.equal, proof.by_md5, proof.faults) == (39, 39, 39, [])
    first, second, third, *_ = held
    path = tmp_path / held[first].path
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    (tmp_path / held[second].path).unlink()
    del held[third]
    proof = prove(look(account.account), tmp_path, held)
    assert (proof.online, proof.equal, len(proof.faults)) == (39, 36, 3)


def test_the_proof_notices_a_deletion_that_was_not_marked(account: Emulator, tmp_path: Path) -> None:
    held = mirrored(account, tmp_path)
    edits: Edits = change(account.account)
    faults = " ".join(prove(look(account.account), tmp_path, held).faults)
    assert "Midnight sun.jpg is in the account, but not in the mirror" in faults
    assert f"{held[edits.replaced].path} has not the bytes that the account has" in faults
    assert f"{held[edits.deleted].path} is not in the account, and is not marked as gone" in faults


NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=30)


@given(columns=st.integers(24, 120), notes=st.lists(st.tuples(NAMES, NAMES), max_size=3))
def test_the_tree_is_never_wider_than_asked_for(
    columns: int, notes: list[tuple[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("tree")
    (root / "Travel" / "Iceland in a very cold winter").mkdir(parents=True)
    (root / "Travel" / "Iceland in a very cold winter" / "Öxarárfoss.jpg").touch()
    shelf = (".smugsync/versions/20261121T000000Z", dict(notes))
    for line in draw(root, {"Travel": "a note that is long enough"}, shelf=shelf, columns=columns):
        assert width(line.branch + line.name + line.note) <= columns
