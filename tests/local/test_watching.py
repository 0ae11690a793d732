"""New files are seen: by the kernel's messages on real directories, and by looking."""

from __future__ import annotations

import os
import queue
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from smugsync.config.selection import ignorer
from smugsync.local.watching.reports import Changed, Lost, Rescan, WatchReport
from smugsync.local.watching.watcher import TRY_AGAIN, Watcher
from smugsync.local.watching.ways import Way
from smugsync.stop import Stop
from tests.e2e.command import until

from .mirrors import REPOSITORY, can_mount
from .watched import KERNEL, POLLING, Stepped, Watched, mirror

ways = pytest.mark.parametrize("way", [KERNEL, POLLING], ids=["kernel", "polling"])


@pytest.fixture
def place(tmp_path: Path) -> Path:
    found = mirror(tmp_path / "mirror")
    (found / "Travel").mkdir()
    (found / "Travel/old.jpg").write_bytes(b"old")
    return found


def ran(command: list[str]) -> subprocess.CompletedProcess[str]:
    """A program in a process of its own, which may be traced, stripped of rights, or have its own mounts."""
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=90, check=False)


def watching(place: Path, *, way: Way = KERNEL, **arguments: Any) -> Watched:
    return Watched(place, way=way, poll=0.1, ignored=ignorer(), **arguments)


# What is told


@ways
def test_new_file_is_told(place: Path, way: Way) -> None:
    with watching(place, way=way) as watched:
        (place / "Travel/new.jpg").write_bytes(b"new")
        watched.until_told("Travel/new.jpg")
        assert watched.told == {"Travel/new.jpg"}


@ways
def test_file_that_is_written_to_is_told(place: Path, way: Way) -> None:
    with watching(place, way=way) as watched:
        (place / "Travel/old.jpg").write_bytes(b"other bytes")
        watched.until_told("Travel/old.jpg")


@ways
def test_file_that_is_moved_in_is_told(place: Path, way: Way, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"a")
    with watching(place, way=way) as watched:
        (tmp_path / "a.jpg").rename(place / "Travel/a.jpg")
        watched.until_told("Travel/a.jpg")


@ways
def test_file_that_takes_the_place_of_another_is_told(place: Path, way: Way) -> None:
    with watching(place, way=way) as watched:
        (place / "Travel/.old.jpg.saving").write_bytes(b"edited")
        (place / "Travel/.old.jpg.saving").rename(place / "Travel/old.jpg")
        watched.until_told("Travel/old.jpg")


@ways
def test_second_name_of_a_file_is_told(place: Path, way: Way, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"a")
    with watching(place, way=way) as watched:
        (place / "b.jpg").hardlink_to(tmp_path / "a.jpg")
        watched.until_told("b.jpg")


@ways
def test_files_of_a_directory_that_is_moved_in_are_told(place: Path, way: Way, tmp_path: Path) -> None:
    (tmp_path / "Roll/deep").mkdir(parents=True)
    (tmp_path / "Roll/a.jpg").write_bytes(b"a")
    (tmp_path / "Roll/deep/b.jpg").write_bytes(b"b")
    with watching(place, way=way) as watched:
        (tmp_path / "Roll").rename(place / "Travel/Roll")
        watched.until_told("Travel/Roll/a.jpg", "Travel/Roll/deep/b.jpg")
        (place / "Travel/Roll/deep/c.jpg").write_bytes(b"c")
        watched.until_told("Travel/Roll/deep/c.jpg")


@ways
def test_files_of_a_directory_that_is_renamed_are_told_under_their_new_names(place: Path, way: Way) -> None:
    with watching(place, way=way) as watched:
        (place / "Travel").rename(place / "Journeys")
        watched.until_told("Journeys/old.jpg")
        (place / "Journeys/new.jpg").write_bytes(b"new")
        watched.until_told("Journeys/new.jpg")


@ways
def test_what_is_put_into_a_directory_at_once_is_told(place: Path, way: Way) -> None:
    expected = set()
    with watching(place, way=way) as watched:
        for branch in range(20):
            path = place / "Roll"
            for depth in range(6):
                path = path / f"{branch}-{depth}"
                path.mkdir(parents=True)
                (path / "a.jpg").write_bytes(b"a")
                expected.add(str((path / "a.jpg").relative_to(place)))
        watched.until_told(*expected)


def test_several_hands_fill_directories_and_nothing_escapes(place: Path) -> None:
    def fill(hand: int) -> None:
        for number in range(60):
            path = place / f"{hand}/{number % 7}/{number}"
            path.mkdir(parents=True)
            (path / "a.jpg").write_bytes(b"a")
            (path / "b.jpg").write_bytes(b"b")

    with watching(place) as watched:
        hands = [threading.Thread(target=fill, args=(hand,)) for hand in range(3)]
        for hand in hands:
            hand.start()
        for hand in hands:
            hand.join()
        watched.until_told(*(str(path.relative_to(place)) for path in place.glob("[0-9]/**/*.jpg")))
        assert watched.rescans == 1


@ways
def test_litter_and_our_own_files_are_not_told(place: Path, way: Way) -> None:
    with watching(place, way=way) as watched:
        for path in ("Travel/@eaDir", ".smugsync/tmp", "Travel/.smugsync/tmp"):
            (place / path).mkdir(parents=True, exist_ok=True)
            (place / path / "a.jpg").write_bytes(b"a")
        for name in (".DS_Store", "a.xmp", "b.jpg.part"):
            (place / "Travel" / name).write_bytes(b"x")
        (place / "Travel/last.jpg").write_bytes(b"x")
        watched.until_told("Travel/last.jpg")
        assert watched.told == {"Travel/last.jpg"}


@ways
def test_name_that_is_no_utf8_is_passed_over(place: Path, way: Way) -> None:
    with watching(place, way=way) as watched:
        for name in (b"caf\xe9.jpg", "café.jpg".encode()):
            with open(os.path.join(os.fsencode(place), b"Travel", name), "wb") as file:  # noqa: PTH118, PTH123
                file.write(b"x")
        (place / os.fsdecode(b"caf\xe9")).mkdir()
        watched.until_told("Travel/café.jpg")
        assert watched.told == {"Travel/café.jpg"}


@ways
def test_links_are_told_of_by_nobody_and_never_followed(place: Path, way: Way, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    with watching(place, way=way) as watched:
        (place / "way-out").symlink_to(outside)
        (outside / "secret.jpg").write_bytes(b"x")
        (place / "in.jpg").write_bytes(b"x")
        watched.until_told("in.jpg")
        assert not any("secret" in path for path in watched.told)


def test_mirror_may_be_a_link(place: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(place)
    with watching(tmp_path / "link") as watched:
        (place / "Travel/new.jpg").write_bytes(b"new")
        watched.until_told("Travel/new.jpg")


def test_file_that_is_open_for_writing_is_told_when_it_is_closed(place: Path) -> None:
    with watching(place) as watched:
        with (place / "Travel/film.mp4").open("wb") as file:
            file.write(b"beginning")
            file.flush()
            (place / "Travel/other.jpg").write_bytes(b"x")
            watched.until_told("Travel/other.jpg")
            assert "Travel/film.mp4" not in watched.told
        watched.until_told("Travel/film.mp4")


def test_thousand_files_come_as_few_reports(place: Path) -> None:
    with watching(place, stable=0.5) as watched:
        for number in range(1000):
            (place / f"Travel/{number}.jpg").write_bytes(b"x")
        watched.until(lambda: len(watched.told) == 1000)
        assert watched.changes < 30


def test_way_is_found_by_itself(place: Path) -> None:
    reports: queue.Queue[WatchReport] = queue.Queue()
    watcher = Watcher(place, deliver=reports.put, stable=0.05)
    watcher.start()
    try:
        assert reports.get(timeout=20) == Rescan("the watch begins")
        assert watcher.standing == "inotify"
        (place / "Travel/new.jpg").write_bytes(b"x")
        assert reports.get(timeout=20) == Changed(("Travel/new.jpg",))
        assert watcher.describe() == "the kernel tells of changes in 2 directories (inotify)"
    finally:
        watcher.close()


def test_share_inside_is_polled_and_the_rest_is_heard(place: Path) -> None:
    (place / "Nas/deep").mkdir(parents=True)
    (place / "Nas/deep/old.jpg").write_bytes(b"old")
    with watching(place, way=Way(kernel=True, polled=("Nas",), label="NFS", why="NFS is silent")) as watched:
        assert watched.watcher.standing == "inotify, polling every 0.1 s for NFS"
        assert watched.watcher.describe().endswith("polling every 0.1 s for Nas: NFS is silent")
        (place / "Nas/deep/new.jpg").write_bytes(b"x")
        (place / "Travel/new.jpg").write_bytes(b"x")
        watched.until_told("Nas/deep/new.jpg", "Travel/new.jpg")
        assert "Nas/deep/old.jpg" not in watched.told


def test_directory_that_may_not_be_entered_hides_nothing_else(place: Path) -> None:
    program = """
import pathlib, sys
from tests.local.watched import Watched
place = pathlib.Path(sys.argv[1])
with Watched(place) as watched:
    (place / "three").mkdir(mode=0)
    (place / "four").mkdir()
    (place / "four/a.jpg").write_bytes(b"x")
    watched.until_told("four/a.jpg")
    print(watched.watcher.alive, watched.rescans, watched.watcher.describe())
"""
    for name in ("one", "two"):
        (place / name).mkdir(mode=0)
    unprivileged: list[str] = []
    if os.geteuid() == 0:  # who may do everything would not notice
        if shutil.which("setpriv") is None:
            pytest.skip("setpriv is not installed")
        unprivileged = ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all"]
    done = ran([*unprivileged, sys.executable, "-W", "error", "-c", program, str(place)])
    assert (done.stdout, done.stderr) == (
        "True 1 the kernel tells of changes in 3 directories (inotify)\n",
        "",
    )


def test_limit_that_was_raised_is_noticed_at_the_next_look_at_everything(place: Path) -> None:
    program = """
import pathlib, sys
from tests.local.watched import Stepped, KERNEL
limit, place = pathlib.Path("/proc/sys/user/max_inotify_watches"), pathlib.Path(sys.argv[1])
with Stepped(place, way=KERNEL, scan=3600) as stepped:
    stepped.pass_by(10)
    before = stepped.watcher.standing
    limit.write_text("100")
    stepped.pass_by(3600)
    print(before, "->", stepped.watcher.standing)
"""
    (place / "Second").mkdir()
    out = in_a_namespace(program, place, "echo 2 > /proc/sys/user/max_inotify_watches")
    assert out == "inotify, polling every 60 s for 1 directory -> inotify\n"


def test_close_does_not_wait_for_a_watch_that_is_being_built(place: Path) -> None:
    begun, asked = threading.Event(), 0

    def ignored(directory: str) -> bool:
        nonlocal asked
        asked += 1
        begun.set()
        until(lambda: watcher._closing)
        return False

    for number in range(50):
        (place / f"{number}").mkdir()
    watcher = Watcher(place, deliver=lambda report: None, ignored=ignored, way=lambda root: KERNEL)
    watcher.start()
    begun.wait(20)
    watcher.close()
    assert asked == 1


# Where something may escape


def test_burst_that_no_queue_holds_ends_in_a_look_at_everything(place: Path) -> None:
    with watching(place, stable=0.3) as watched:
        for number in range(30_000):
            os.close(os.open(place / f"Travel/{number}.jpg", os.O_CREAT | os.O_WRONLY, 0o600))
        watched.until(lambda: watched.rescans > 1 or len(watched.told) == 30_000)
        (place / "afterwards").mkdir()
        (place / "afterwards/a.jpg").write_bytes(b"x")
        watched.until_told("afterwards/a.jpg")


def test_messages_that_the_kernel_dropped_are_made_good(place: Path) -> None:
    """The watcher is stopped in mid-air, and more happens than the kernel keeps for it."""
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    if limit > 100_000:
        pytest.skip(f"the kernel keeps {limit} messages")
    program = """
import sys, pathlib
from tests.local.watched import Watched
from smugsync.config.selection import ignorer
place = pathlib.Path(sys.argv[1])
with Watched(place, ignored=ignorer()) as watched:
    print("ready", flush=True)
    watched.until(lambda: watched.rescans > 1)
    (place / "unseen/a.jpg").write_bytes(b"a")
    watched.until_told("unseen/a.jpg")
    print("seen", flush=True)
"""
    child = subprocess.Popen(
        [sys.executable, "-c", program, str(place)], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    )
    with child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
            child.send_signal(signal.SIGSTOP)
            until(lambda: "State:\tT" in Path(f"/proc/{child.pid}/status").read_text())
            for number in range(limit // 2 + 100):  # made and closed: two messages each
                (place / f"Travel/{number}.jpg").write_bytes(b"x")
            (place / "unseen").mkdir()
            child.send_signal(signal.SIGCONT)
            assert child.stdout.readline() == "seen\n"
        finally:
            child.kill()


@pytest.mark.parametrize("victim", ["reader", "observer", "emitter"])
def test_thread_that_ended_is_noticed_and_replaced(place: Path, victim: str) -> None:
    with watching(place) as watched:
        kernel = watched.watcher._watch._kernel  # type: ignore[union-attr]
        assert kernel is not None
        assert kernel._observer is not None
        match victim:
            case "reader":
                kernel._descriptor.stop()  # type: ignore[union-attr]
            case "observer":
                kernel._observer.stop()
            case "emitter":
                next(iter(kernel._observer.emitters)).stop()
        watched.until(lambda: watched.rescans == 2)
        (place / "Travel/new.jpg").write_bytes(b"new")
        watched.until_told("Travel/new.jpg")


def test_thread_that_met_an_exception_is_noticed_and_replaced(place: Path) -> None:
    program = """
import pathlib, sys
from tests.local.watched import Watched
place, poisoned = pathlib.Path(sys.argv[1]), []
def ignored(path):
    if "poison" in path and not poisoned:
        poisoned.append(path)
        raise ZeroDivisionError
    return False
with Watched(place, ignored=ignored, check=0.2) as watched:
    (place / "poison.jpg").write_bytes(b"x")
    watched.until(lambda: watched.rescans == 2)
    (place / "new.jpg").write_bytes(b"x")
    watched.until_told("new.jpg")
    print("told")
"""
    done = ran([sys.executable, "-c", program, str(place)])
    assert done.stdout == "told\n", done.stderr


@pytest.mark.parametrize("seed", range(3))
def test_directories_that_are_moved_about_are_looked_at_and_watched_afterwards(
    place: Path, seed: int
) -> None:
    chance = random.Random(seed)
    directories = [place]
    with watching(place, stable=0.1, check=0.5) as watched:
        for number in range(300):
            here, there = chance.choice(directories), chance.choice(directories)
            match chance.randrange(4):
                case 0:
                    directories.append(here / f"d{number}")
                    directories[-1].mkdir()
                case 1 if here != place and not there.is_relative_to(here):
                    new = there / f"m{number}"
                    here.rename(new)
                    directories = [
                        new / each.relative_to(here) if each.is_relative_to(here) else each
                        for each in directories
                    ]
                case _:
                    (here / f"{number}.jpg").write_bytes(b"x")
        watched.until(lambda: watched.rescans > 1)
        for directory in directories:
            (directory / "afterwards.jpg").write_bytes(b"x")
        expected = {str((each / "afterwards.jpg").relative_to(place)) for each in directories}
        again = watched.rescans
        watched.until(lambda: watched.rescans > again or watched.told >= expected)


def test_directory_that_is_replaced_is_lost_and_found_again(place: Path, tmp_path: Path) -> None:
    with watching(place, check=0.2) as watched:
        place.rename(tmp_path / "away")
        place.mkdir()
        watched.until(lambda: bool(watched.lost))
        assert re.search(r"not the directory any more|holds no .smugsync/mirror.json", watched.lost[0])
        assert watched.watcher.standing == "lost"
        place.rmdir()
        (tmp_path / "away").rename(place)
        watched.until(lambda: watched.rescans == 2)
        (place / "Travel/new.jpg").write_bytes(b"new")
        watched.until_told("Travel/new.jpg")
        assert len(watched.lost) == 1


# What the limits do


def in_a_namespace(program: str, place: Path, setup: str) -> str:
    if shutil.which("unshare") is None:
        pytest.skip("unshare is not installed")
    trial = subprocess.run(["unshare", "-Ur", "true"], capture_output=True, check=False)
    if trial.returncode:
        pytest.skip("user namespaces are not allowed here")
    done = ran(
        [
            "unshare",
            "-Ur",
            "sh",
            "-c",
            f'{setup}; exec "$@"',
            "sh",
            sys.executable,
            "-c",
            program,
            str(place),
        ]
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_full_table_of_watches_is_explained_and_the_rest_is_polled(place: Path) -> None:
    for number in range(50):
        (place / f"{number}/deep").mkdir(parents=True)
    program = """
import sys, pathlib
from tests.local.watched import Watched
from smugsync.config.selection import ignorer
place = pathlib.Path(sys.argv[1])
with Watched(place, ignored=ignorer(), poll=0.2) as watched:
    expected = []
    for number in range(50):
        for path in (f"{number}/a.jpg", f"{number}/deep/b.jpg", f"{number}/new/c.jpg"):
            (place / path).parent.mkdir(exist_ok=True)
            (place / path).write_bytes(b"x")
            expected.append(path)
    watched.until_told(*expected)
    print(watched.watcher.standing)
    print(watched.watcher.describe())
"""
    out = in_a_namespace(program, place, "echo 20 > /proc/sys/user/max_inotify_watches")
    standing, sentence = out.splitlines()
    assert re.fullmatch(r"inotify, polling every 0.2 s for \d+ directories", standing)
    assert "tells of changes in 20 directories" in sentence
    assert "is reached" in sentence
    assert "fs.inotify.max_user_watches=524288" in sentence


def test_no_watch_at_all_means_polling(place: Path) -> None:
    program = """
import sys, pathlib
from tests.local.watched import Watched
place = pathlib.Path(sys.argv[1])
with Watched(place, poll=0.2) as watched:
    (place / "Travel/new.jpg").write_bytes(b"x")
    watched.until_told("Travel/new.jpg")
    print(watched.watcher.standing)
    print(watched.watcher.describe())
"""
    out = in_a_namespace(program, place, "echo 0 > /proc/sys/user/max_inotify_instances")
    standing, sentence = out.splitlines()
    assert standing == "polling every 0.2 s (inotify refused)"
    assert "fs.inotify.max_user_instances=" in sentence


def test_limit_that_is_reached_by_a_new_directory_is_noticed(place: Path) -> None:
    program = """
import sys, pathlib
from tests.local.watched import Watched
place = pathlib.Path(sys.argv[1])
with Watched(place, poll=0.2) as watched:
    assert watched.watcher.standing == "inotify"
    for number in range(20):
        (place / f"{number}").mkdir()
        (place / f"{number}/a.jpg").write_bytes(b"x")
    watched.until_told(*(f"{number}/a.jpg" for number in range(20)))
    print(watched.watcher.standing)
"""
    out = in_a_namespace(program, place, "echo 8 > /proc/sys/user/max_inotify_watches")
    assert re.fullmatch(r"inotify, polling every 0.2 s for \d+ directories\n", out)


def test_unmounted_disk_is_lost_and_found_again(tmp_path: Path) -> None:
    if not can_mount():
        pytest.skip("mount namespaces are not allowed here")
    program = """
import subprocess, sys, pathlib
from tests.local.watched import Watched, mirror
place, store = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[1] + ".store")
mirror(store)
mount = lambda: subprocess.run(["mount", "--bind", store, place], check=True)
subprocess.run(["mount", "-t", "tmpfs", "none", store], check=True)
mirror(store)
mount()
with Watched(place, check=0.2) as watched:
    (place / "a.jpg").write_bytes(b"a")
    watched.until_told("a.jpg")
    subprocess.run(["umount", place], check=True)
    watched.until(lambda: bool(watched.lost))
    assert watched.watcher.standing == "lost", watched.watcher.standing
    (store / "b.jpg").write_bytes(b"a")
    mount()
    watched.until(lambda: watched.rescans == 2)
    (place / "c.jpg").write_bytes(b"c")
    watched.until_told("c.jpg")
    assert len(watched.lost) == 1, watched.lost
    print(watched.watcher.standing)
"""
    (tmp_path / "m").mkdir()
    command = ["unshare", "-rm", sys.executable, "-c", program, str(tmp_path / "m")]
    done = ran(command)
    assert (done.returncode, done.stdout) == (0, "inotify\n"), done.stderr


def test_kernel_tells_of_an_unmounted_disk_at_once(tmp_path: Path) -> None:
    if not can_mount():
        pytest.skip("mount namespaces are not allowed here")
    program = """
import subprocess, sys, pathlib
from tests.local.watched import Watched, mirror
place = pathlib.Path(sys.argv[1])
place.mkdir()
subprocess.run(["mount", "-t", "tmpfs", "none", place], check=True)
mirror(place)
with Watched(place, check=1e9) as watched:
    subprocess.run(["umount", place], check=True)
    watched.until(lambda: bool(watched.lost))
    print(watched.lost[0])
"""
    command = ["unshare", "-rm", sys.executable, "-c", program, str(tmp_path / "m")]
    done = ran(command)
    assert "was unmounted" in done.stdout, done.stderr


def test_disk_that_is_mounted_inside_is_watched_as_well(tmp_path: Path) -> None:
    if not can_mount():
        pytest.skip("mount namespaces are not allowed here")
    program = """
import subprocess, sys, pathlib
from tests.local.watched import Watched, mirror
place = mirror(pathlib.Path(sys.argv[1]))
(place / "Disk").mkdir()
with Watched(place, check=0.2) as watched:
    subprocess.run(["mount", "-t", "tmpfs", "none", place / "Disk"], check=True)
    watched.until(lambda: watched.rescans == 2)
    (place / "Disk/a.jpg").write_bytes(b"a")
    watched.until_told("Disk/a.jpg")
    subprocess.run(["umount", place / "Disk"], check=True)
    watched.until(lambda: watched.rescans == 3)
    assert not watched.lost
"""
    done = ran(["unshare", "-rm", sys.executable, "-c", program, str(tmp_path / "m")])
    assert done.returncode == 0, done.stderr


# By a clock that is moved by hand


@pytest.fixture
def stepped(place: Path) -> Stepped:
    return Stepped(place, poll=60, scan=3600, ignored=ignorer())


def test_everything_is_looked_at_when_the_watch_begins(stepped: Stepped) -> None:
    with stepped:
        assert stepped.pass_by(5) == [Rescan("the watch begins")]
        assert stepped.pass_by(500) == []


def test_polled_file_is_told_when_it_has_come_to_rest(stepped: Stepped, place: Path) -> None:
    with stepped:
        stepped.pass_by(10)
        (place / "Travel/new.jpg").write_bytes(b"new")
        assert stepped.pass_by(49) == []
        stepped.ahead = 5.1
        assert stepped.pass_by(7) == [Changed(("Travel/new.jpg",))]


def test_file_that_changes_all_the_time_waits(place: Path) -> None:
    with Stepped(place, poll=1) as stepped:
        stepped.pass_by(10)
        for _ in range(5):
            (place / "Travel/new.jpg").write_bytes(b"new")
            assert stepped.pass_by(4) == []


def test_file_from_the_future_is_told_when_it_looks_the_same_twice(stepped: Stepped, place: Path) -> None:
    with stepped:
        stepped.pass_by(10)
        stepped.ahead = -100_000
        (place / "Travel/new.jpg").write_bytes(b"new")
        assert stepped.pass_by(60) == [Changed(("Travel/new.jpg",))]


def test_everything_is_looked_at_from_time_to_time(stepped: Stepped) -> None:
    with stepped:
        stepped.pass_by(10)
        assert stepped.pass_by(3 * 3600) == [Rescan("it is time to look at everything")] * 3


def test_mirror_that_is_not_there_is_told_once_and_waited_for(tmp_path: Path) -> None:
    with Stepped(tmp_path / "mirror") as stepped:
        assert stepped.pass_by(100) == [
            Lost(f"the mirror {tmp_path}/mirror does not exist: is the disk mounted?")
        ]
        assert stepped.watcher.standing == "lost"
        assert stepped.watcher.describe().endswith("is the disk mounted?")
        mirror(tmp_path / "mirror")
        assert stepped.pass_by(11) == [Rescan(f"{tmp_path}/mirror is back")]
        assert stepped.watcher.standing == "polling every 60 s (NFS)"


def test_bare_mount_point_is_not_watched(tmp_path: Path) -> None:
    with Stepped(tmp_path) as stepped:
        expected = f"{tmp_path} holds no .smugsync/mirror.json: it is no mirror, or its disk is not mounted"
        assert stepped.pass_by(100) == [Lost(expected)]


def test_a_kernel_that_was_silent_is_tried_again(stepped: Stepped) -> None:
    with stepped:
        stepped.way = Way(kernel=False, polled=("",), label="inotify is silent here", final=False)
        stepped.pass_by(10)
        assert stepped.watcher.standing == "polling every 60 s (inotify is silent here)"
        assert stepped.pass_by(TRY_AGAIN) == []
        stepped.way = KERNEL
        assert stepped.pass_by(TRY_AGAIN) == [Rescan("the kernel tells of changes now")]
        assert stepped.watcher.standing == "inotify"


def test_a_share_is_not_tried_again(stepped: Stepped) -> None:
    with stepped:
        stepped.pass_by(10)
        stepped.way = KERNEL
        assert stepped.pass_by(2 * TRY_AGAIN) == []
        assert stepped.watcher.standing == "polling every 60 s (NFS)"


def test_a_defect_is_told_like_a_loss_and_does_not_end_the_watcher(
    stepped: Stepped, caplog: pytest.LogCaptureFixture
) -> None:
    stepped.way = RuntimeError("odd")
    with stepped:
        (lost,) = stepped.pass_by(30)
        assert isinstance(lost, Lost)
        assert lost.why.endswith("mirror cannot be watched: unexpected RuntimeError: odd")
        assert caplog.records[0].levelname == "ERROR"
        stepped.way = POLLING
        (back,) = stepped.pass_by(30)
        assert isinstance(back, Rescan)
        assert back.why.endswith(" is back")


def test_drop_folder_needs_no_marker(tmp_path: Path) -> None:
    with Stepped(tmp_path, marked=False) as stepped:
        assert stepped.pass_by(10) == [Rescan("the watch begins")]


def test_watch_that_is_off_says_so(place: Path) -> None:
    with Stepped(place, mode="off") as stepped:
        stepped.watcher.start()
        assert stepped.watcher.standing == "off"
        assert stepped.watcher.alive
        assert stepped.watcher.describe() == (
            "new local files are not watched for: the configuration says so"
        )


def test_way_of_watching_is_described(stepped: Stepped) -> None:
    with stepped:
        stepped.pass_by(10)
        assert stepped.watcher.describe() == (
            "polling every 60 s: NFS shows no changes made by other machines"
        )


def test_stop_ends_the_watch(place: Path) -> None:
    stop = Stop()
    watched = watching(place, stop=stop)
    with watched:
        stop.set()
        watched.until(lambda: not watched.watcher.alive)


def test_nothing_is_left_behind_and_nothing_said(place: Path, caplog: pytest.LogCaptureFixture) -> None:
    before = handles()
    threads = threading.active_count()
    for number in range(5):
        with watching(place):
            (place / f"{number}").mkdir()
    assert (handles(), threading.active_count()) == (before, threads)
    assert caplog.records == []


def handles() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208
