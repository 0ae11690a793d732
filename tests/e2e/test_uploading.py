"""New local files go up with the installed command: from the disk to what the account then shows."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.command import Command, until
from tests.e2e.conftest import Emulator
from tests.e2e.emulated import Emulated
from tests.sync.world import content

#: A file is finished one second after it was written.
UPLOADS = {"SMUGSYNC_UPLOAD__ENABLED": "true", "SMUGSYNC_UPLOAD__STABLE": "1s"}


def md5_of(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


@pytest.fixture
def account(emulator: Emulator) -> Emulated:
    return emulator("--albums", "2", "--images", "3", "--bytes", "4000")


@pytest.fixture
def command(account: Emulated, tmp_path: Path) -> Command:
    """Mirrored, with uploads on."""
    command = Command(tmp_path)
    command.init(account)
    command.environ = dict(UPLOADS)
    command.sync()
    return command


def albums(command: Command) -> list[str]:
    """The directories of the albums."""
    return sorted({path.rpartition("/")[0] for path in command.files()})


def write(path: Path, data: bytes) -> str:
    """A finished file; its MD5. What `stat` says of it is older than a second, but for its ctime."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    return md5_of(data)


def settle(*files: Path) -> None:
    """Wait until nothing has happened to `files` for longer than a second, by their ctime."""
    newest = max(file.stat().st_ctime for file in files)
    until(lambda: time.time() > newest + 1.2)


def later(account: Emulated, seconds: int) -> None:
    """The service's clock, from here on: an upload that is in doubt is looked for once it is old enough."""
    account.fault(f"skew@*:seconds={seconds}")


def test_a_new_file_is_sent_and_shown_as_it_is(account: Emulated, command: Command) -> None:
    file = command.mirror / albums(command)[0] / "Straße nach Süden.jpg"
    md5 = write(file, content(1))
    settle(file)
    result = command.run("sync")
    assert result.code == 0, result
    assert "sent      1 file" in result.out
    assert md5 in account.md5s()
    again = command.sync("--full")
    assert (again["files_sent"], again["files_downloaded"], again["files_local"]) == (0, 0, 0)
    assert sorted(account.md5s()) == command.md5s()


def test_what_was_here_before_goes_up_only_when_asked(emulator: Emulator, tmp_path: Path) -> None:
    account, command = emulator("--albums", "1", "--images", "1", "--bytes", "4000"), Command(tmp_path)
    command.init(account)
    command.sync()
    file = command.mirror / albums(command)[0] / "before.jpg"
    md5 = write(file, content(1))
    command.environ = dict(UPLOADS)
    settle(file)
    assert command.sync()["files_sent"] == 0
    assert command.sync("--full")["files_sent"] == 0
    told = command.run("upload", "--existing", "--dry-run")
    assert (told.code, "to send   1 file" in told.out) == (0, True), told
    assert md5 not in account.md5s()
    assert command.run("upload", "--existing").code == 0
    assert md5 in account.md5s()


def test_a_thousand_files_at_once_arrive_once_each(account: Emulated, command: Command) -> None:
    files = [command.mirror / f"Dropped {n % 3}" / f"{n:04}.jpg" for n in range(1000)]
    written = [write(file, content(n) + n.to_bytes(4, "big")) for n, file in enumerate(files)]
    settle(*files)
    report = command.sync()
    assert (report["files_sent"], report["exit_code"]) == (1000, 0)
    online = Counter(account.md5s())
    assert [online[one] for one in written] == [1] * 1000
    assert command.sync()["files_sent"] == 0


def _arrived(account: Emulated, process: subprocess.Popen[str], enough: int) -> Callable[[], bool]:
    """Whether so many photos are there, or the process has ended."""
    return lambda: len(account.md5s()) >= enough or process.poll() is not None


@pytest.mark.parametrize("parallel", ["1", "4"])
def test_killed_again_and_again_it_sends_every_file_once(
    account: Emulated, command: Command, parallel: str
) -> None:
    files = [command.mirror / albums(command)[0] / f"new{n:03}.jpg" for n in range(40)]
    written = [write(file, content(n) + n.to_bytes(4, "big")) for n, file in enumerate(files)]
    settle(*files)
    before = len(account.md5s())
    for arrived in (1, 9, 17, 25):
        with command.start("sync", SMUGSYNC_UPLOAD__PARALLEL=parallel) as running:
            enough, process = before + arrived, running.process
            until(_arrived(account, process, enough))
            running.process.send_signal(signal.SIGKILL)
    later(account, 1000)
    for _ in range(4):
        last = command.run("sync", "--full", SMUGSYNC_UPLOAD__PARALLEL=parallel)
    assert last.code == 0, last
    online = Counter(account.md5s())
    assert [online[one] for one in written] == [1] * 40
    assert sorted(account.md5s()) == command.md5s()


def test_large_files_are_never_held_in_memory(account: Emulated, command: Command) -> None:
    file = command.mirror / albums(command)[0] / "large.jpg"
    file.write_bytes(content(5) + bytes(160_000_000))
    settle(file)
    with command.start("sync", "--json") as running:
        peak = 0
        while running.process.poll() is None:
            peak = max(peak, peak_memory(running.process.pid) or peak)
        result = running.finish()
    assert result.code == 0, result
    assert result.json["bytes_sent"] == len(content(5)) + 160_000_000
    assert peak < 120_000_000


def peak_memory(pid: int) -> int:
    """The largest resident size of a process so far, in bytes; 0 when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)


def test_an_edit_takes_the_place_of_the_photo_where_that_is_wished(
    account: Emulated, command: Command
) -> None:
    path = min(command.files())
    old = command.files()[path]
    new = write(command.mirror / path, content(8))
    settle(command.mirror / path)
    assert command.sync("--full")["files_sent"] == 0
    assert old in account.md5s()
    command.environ |= {"SMUGSYNC_UPLOAD__REPLACE": "true"}
    assert command.run("upload", "--existing").code == 0
    assert new in account.md5s()
    assert old not in account.md5s()


def test_a_deletion_here_is_never_sent(account: Emulated, command: Command) -> None:
    path = min(command.files())
    before = sorted(account.md5s())
    (command.mirror / path).unlink()
    command.sync("--full")
    assert sorted(account.md5s()) == before == command.md5s()


def test_a_rename_here_is_not_sent(account: Emulated, command: Command) -> None:
    path = command.mirror / min(command.files())
    before = sorted(account.md5s())
    path.rename(path.with_name("renamed.jpg"))
    settle(path.with_name("renamed.jpg"))
    assert command.sync("--full")["files_sent"] == 0
    assert sorted(account.md5s()) == before == command.md5s()
    assert path.with_name("renamed.jpg").exists()


def test_a_file_that_is_open_for_writing_waits(account: Emulated, command: Command) -> None:
    file = command.mirror / albums(command)[0] / "open.jpg"
    md5 = write(file, content(3))
    settle(file)
    with file.open("ab"):
        report = command.sync()
        assert (report["files_sent"], report["files_unfinished"], report["exit_code"]) == (0, 1, 0)
    assert command.sync()["files_sent"] == 1
    assert md5 in account.md5s()


def test_half_a_photo_waits(account: Emulated, command: Command) -> None:
    file = command.mirror / albums(command)[0] / "half.jpg"
    write(file, content(3)[:-60])
    settle(file)
    report = command.sync()
    assert (report["files_sent"], report["files_unfinished"]) == (0, 1)


def test_what_is_no_photo_is_told_once_and_refused_without_being_sent(
    account: Emulated, command: Command
) -> None:
    file = command.mirror / albums(command)[0] / "letter.jpg"
    write(file, b"Dear SmugMug, this is a letter and no picture.\n" * 50)
    settle(file)
    account.reset_counters()
    result = command.run("sync")
    assert result.code == 3, result
    assert "letter.jpg: is not sent" in result.out
    assert "not sent: " in command.run("status").out
    assert not any("/upload" in route for route in account.counters()["requests"])


def test_uploads_that_are_off_are_told_how_to_be_switched_on(command: Command) -> None:
    command.environ = {}
    assert "enabled = true" in command.refused("upload", code=2)


def test_exiftool_made_photos_arrive_as_they_are(account: Emulated, command: Command) -> None:
    file = command.mirror / albums(command)[0] / "edited.jpg"
    write(file, content(4))
    done = subprocess.run(
        ["exiftool", "-q", "-overwrite_original", "-Artist=Somebody", str(file)], check=False
    )
    assert done.returncode == 0
    settle(file)
    command.sync()
    assert md5_of(file.read_bytes()) in account.md5s()
