"""`smugsync doctor` on real accounts, disks and signals: what it says, what it ends with, what it leaves."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.command import PATIENCE, Command, Result, until
from tests.e2e.emulated import SMUGSYNC, Emulated
from tests.e2e.servers import closed_port

#: Every finding about a mirror that is as it should be, in its order. Programs know them by these names.
IDS = (
    "configuration state state.locks catalogue catalogue.run account account.grants account.rate_limit clock"
    " network.api mirror mirror.marker mirror.writable mirror.spelling mirror.case mirror.name_length"
    " mirror.characters mirror.letters mirror.links mirror.replacing mirror.noreplace mirror.sync"
    " mirror.modes mirror.times mirror.symlinks mirror.watch mirror.space daemon notify environment"
).split()
ONLINE = [one for one in IDS if one.startswith(("account", "clock", "network"))]


def ask(command: Command, *options: str, code: int = 0, **environ: str) -> dict[str, dict[str, Any]]:
    """The findings by their ids; the worst counts where there are several."""
    result = command.run("doctor", "--json", *options, **environ)
    assert result.code == code, result
    assert result.err == ""
    told = result.json
    assert (told["schema"], told["exit_code"]) == (1, code)
    order = ("ok", "note", "warn", "fail")
    found: dict[str, dict[str, Any]] = {}
    for one in told["findings"]:
        if one["id"] not in found or order.index(one["level"]) > order.index(found[one["id"]]["level"]):
            found[one["id"]] = one
    return found


def failures(found: dict[str, dict[str, Any]]) -> dict[str, str]:
    """What fails, and what is said of it."""
    return {key: one["text"] for key, one in found.items() if one["level"] == "fail"}


def ours(command: Command) -> set[str]:
    return {path.name for path in (command.mirror / ".smugsync").iterdir()}


def test_all_is_well(demo: Emulated, mirrored: Command) -> None:
    before, names = mirrored.everything(), ours(mirrored)
    found = ask(mirrored)
    assert list(found) == IDS
    assert failures(found) == {}
    assert found["account"]["text"].startswith("demo")
    assert mirrored.everything() == before, "something was written"
    assert ours(mirrored) == names, "something was left behind"


def test_people_and_programs_are_told_the_same(mirrored: Command) -> None:
    told = mirrored.run("doctor", "--offline", "--json").json["findings"]
    result = mirrored.run("doctor", "--offline")
    assert result.code == 0, result
    *lines, last = result.out.splitlines()
    assert [line[:4].strip().lower() for line in lines] == [one["level"] for one in told]
    assert [line[6:20].strip() for line in lines] == [one["subject"] for one in told]
    assert last.startswith(("All is well: ", "No failure, "))
    assert result.err == ""


def test_offline_nobody_is_asked(calm: Emulated, mirrored: Command) -> None:
    found = ask(mirrored, "--offline")
    assert [one for one in IDS if one not in ONLINE] == list(found)
    assert calm.counters()["requests"] == []


def test_only_the_account_and_the_time_are_asked_for(calm: Emulated, mirrored: Command) -> None:
    ask(mirrored)
    asked = [(one["method"], one["route"], one["count"]) for one in calm.counters()["requests"]]
    assert sorted(asked) == [("GET", "/api/v2!authuser", 1), ("HEAD", "/", 1)]


def test_it_works_beside_a_sync(demo: Emulated, mirrored: Command) -> None:
    """No lock that a run holds is taken, and nothing of the run's is touched."""
    fault = demo.fault("stall@/api/v2/*:at=-1,times=1")
    with mirrored.start("sync") as running:
        until(lambda: demo.struck(fault) == 1)
        assert failures(ask(mirrored)) == {}
        assert running.process.poll() is None
    demo.calm()


def test_before_the_first_run(demo: Emulated, command: Command) -> None:
    command.init(demo)
    found = ask(command)
    assert found["state.made"]["level"] == "note"
    assert found["catalogue"]["advice"] == "run `smugsync sync`"
    assert not command.state.exists()


def test_another_profile_is_named_in_the_advice(demo: Emulated, command: Command) -> None:
    command.init(demo, access_token="", access_token_secret="")
    command.init(
        demo,
        *("--profile", "two"),
        mirror=str(command.root / "second"),
        access_token="",
        access_token_secret="",
    )
    found = ask(command, "--profile", "two", code=77)
    assert found["account"]["advice"] == "run `smugsync auth login --profile two`"


# -- the way to the service ------------------------------------------------------------------------


def test_our_own_clock_set_wrong(mirrored: Command) -> None:
    """The same from the other side, with the clock of this very process moved."""
    library = next(iter(Path("/usr/lib").glob("*/faketime/libfaketime.so.1")), None)
    if library is None:
        pytest.skip("libfaketime is not installed")
    found = ask(mirrored, LD_PRELOAD=str(library), FAKETIME="+3h", DONT_FAKE_MONOTONIC="1")
    assert found["clock"]["text"].startswith("3 h ahead of the service's")


def test_a_service_that_is_not_there(mirrored: Command) -> None:
    found = ask(mirrored, code=75, SMUGSYNC_REMOTE__API_URL=f"http://127.0.0.1:{closed_port()}")
    assert failures(found) == {"network.api": "API: 127.0.0.1 refuses the connection"}
    assert found["account"]["level"] == found["clock"]["level"] == "note"
    assert found["network.upload"]["level"] == "ok", "the others are tried all the same"
    assert found["mirror.space"]["level"] in ("ok", "warn")


def test_the_worst_failure_is_the_exit_code(mirrored: Command) -> None:
    absent, nobody = str(mirrored.root / "absent"), f"http://127.0.0.1:{closed_port()}"
    found = ask(mirrored, code=5, SMUGSYNC_MIRROR=absent, SMUGSYNC_REMOTE__API_URL=nobody)
    assert set(failures(found)) == {"mirror", "network.api"}
    found = ask(mirrored, code=78, SMUGSYNC_MIRROR=absent, SMUGSYNC_DOWNLOADS="many")
    assert set(failures(found)) == {"mirror", "configuration"}


# -- the right disk --------------------------------------------------------------------------------


def test_a_mirror_that_is_not_there(mirrored: Command) -> None:
    absent = mirrored.root / "not-mounted"
    found = ask(mirrored, "--offline", code=5, SMUGSYNC_MIRROR=str(absent))
    assert failures(found) == {"mirror": f"the mirror {absent} does not exist: is the disk mounted?"}
    assert not absent.exists()


@pytest.fixture
def marker(mirrored: Command) -> Iterator[Path]:
    """The marker's file, put back before the rest is compared."""
    path = mirrored.mirror / ".smugsync" / "mirror.json"
    text = path.read_text()
    yield path
    path.write_text(text)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (None, None, "holds no mirror (.smugsync/mirror.json is missing): is the right disk mounted there?"),
        ("{", "", "is damaged"),
        ('"mirror": "', '"mirror": "another', "holds another mirror"),
        ('"account": "', '"account": "another', "mirrors another account"),
    ],
)
def test_where_the_marker_is_not_ours_nothing_is_written(
    mirrored: Command, marker: Path, old: str | None, new: str | None, words: str
) -> None:
    if old is None or new is None:
        marker.unlink()
    else:
        marker.write_text(marker.read_text().replace(old, new))
    os.utime(marker.parent, (1_700_000_000, 1_700_000_000))
    found = ask(mirrored, "--offline", code=5)
    assert list(failures(found)) == ["mirror.marker"]
    assert words in found["mirror.marker"]["text"]
    assert found["mirror.probe"]["level"] == "note"
    assert marker.parent.stat().st_mtime == 1_700_000_000, "something was written"


def test_a_new_directory_is_no_mirror_yet(demo: Emulated, command: Command) -> None:
    command.init(demo)
    other = command.root / "other"
    other.mkdir()
    found = ask(command, "--offline", code=5, SMUGSYNC_MIRROR=str(other))
    assert "`smugsync init`" in found["mirror.marker"]["advice"]
    assert list(other.iterdir()) == []


# -- disks in trouble ------------------------------------------------------------------------------


def mount(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"this machine does not let us mount: {done.stderr.strip()}")


@contextlib.contextmanager
def mounted(place: Path, *arguments: str) -> Iterator[Path]:
    if os.geteuid() or shutil.which("mount") is None:
        pytest.skip("mounting takes root and mount(8)")
    mount(*arguments, str(place))
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_a_read_only_disk(mirrored: Command) -> None:
    with mounted(mirrored.mirror, "--bind", str(mirrored.mirror)):
        mount("-o", "remount,bind,ro", str(mirrored.mirror))
        found = ask(mirrored, "--offline", code=1)
    assert list(failures(found)) == ["mirror.writable"]
    assert "the disk is read-only" in found["mirror.writable"]["text"]
    assert found["mirror.space"]["level"] in ("ok", "warn"), "what needs no writing is told all the same"


def test_a_mirror_that_belongs_to_somebody_else(mirrored: Command) -> None:
    """Root is asked without the powers that let it write everywhere."""
    if os.geteuid() or shutil.which("setpriv") is None:
        pytest.skip("giving files away takes root, doing without its powers setpriv(1)")
    ours, album = mirrored.mirror / ".smugsync", mirrored.mirror / "Work"
    before = album.stat().st_mode
    try:
        for place in (ours, album):
            os.chown(place, 65534, 65534)
        album.chmod(0o700)
        powerless = "setpriv --inh-caps=-all --bounding-set=-all"
        result = mirrored.shell(f"exec {powerless} $SMUGSYNC doctor --offline --json")
    finally:
        album.chmod(before)
        for place in (ours, album):
            os.chown(place, 0, 0)
    assert result.code == 1, result
    told = {one["id"]: one for one in result.json["findings"]}
    assert list(failures(told)) == ["mirror.writable"]
    assert "Permission denied; give it to the user that smugsync runs as" in told["mirror.writable"]["text"]
    assert told["mirror.unreadable"]["text"].startswith("Work: cannot be read")


@pytest.fixture
def given_away(mirrored: Command) -> Iterator[Callable[..., Result]]:
    """Asks a command after files were given to another user, and without root's powers."""
    if os.geteuid() or shutil.which("setpriv") is None:
        pytest.skip("giving files away takes root, doing without its powers setpriv(1)")
    given: list[tuple[Path, int]] = []

    def ask_without(words: str, *paths: Path, mode: int = 0o755) -> Result:
        for path in paths:
            given.append((path, path.stat().st_mode))
            os.chown(path, 65534, 65534)
            path.chmod(mode)
        return mirrored.shell(f"exec setpriv --inh-caps=-all --bounding-set=-all $SMUGSYNC {words}")

    yield ask_without
    for path, before in given:
        os.chown(path, 0, 0)
        path.chmod(before)


def test_what_a_run_as_another_user_has_left(mirrored: Command, given_away: Callable[..., Result]) -> None:
    """One `sudo smugsync sync` is enough."""
    staging = mirrored.mirror / ".smugsync" / "tmp"
    staging.mkdir(exist_ok=True)
    result = given_away("doctor --offline --json", mirrored.catalogue, staging, mirrored.mirror / "Work")
    told = {one["id"]: one for one in result.json["findings"]}
    assert (result.code, set(failures(told))) == (1, {"state.owner", "mirror.owner"})
    assert told["state.owner"]["text"].startswith(f"{mirrored.catalogue} cannot be written to")
    assert told["mirror.unwritable"]["text"].startswith("Work: cannot be written to")


def test_a_state_directory_that_may_not_be_entered_keeps_nothing_from_being_looked_at(
    mirrored: Command, given_away: Callable[..., Result]
) -> None:
    result = given_away("doctor --offline --json", mirrored.state, mode=0o700)
    told = {one["id"]: one for one in result.json["findings"]}
    assert (result.code, set(failures(told))) == (1, {"state", "catalogue"})
    assert told["mirror.writable"]["level"] == "ok"


@pytest.mark.parametrize("command", ["status", "ls", "history", "fsck", "export checksums --md5"])
def test_whoever_may_not_enter_the_state_directory_is_told_in_one_sentence(
    mirrored: Command, given_away: Callable[..., Result], command: str
) -> None:
    result = given_away(command, mirrored.state, mode=0o700)
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith(f"smugsync: error: {mirrored.catalogue}: permission denied for user id 0;")


def test_a_lock_of_another_users_is_named_before_another_state_directory_is_advised(
    mirrored: Command, given_away: Callable[..., Result]
) -> None:
    lock = mirrored.state / "lock"
    lock.touch()
    result = given_away("--quiet sync", lock, mode=0o644)
    assert result.code == 1
    assert f"Permission denied ({lock}); give it to the user that smugsync runs as, or set" in result.err


def test_a_marker_that_this_user_may_not_read(mirrored: Command, given_away: Callable[..., Result]) -> None:
    marker = mirrored.mirror / ".smugsync" / "mirror.json"
    result = given_away("--quiet sync", marker, mode=0o600)
    assert result.code == 1
    assert f"{marker} cannot be read by user id 0: permission denied; give it to the user" in result.err


def test_a_mirror_that_is_not_mounted(mirrored: Command) -> None:
    """An empty directory where the disk should be; here it is hidden under an empty disk."""
    with mounted(mirrored.mirror, "-t", "tmpfs", "tmpfs"):
        found = ask(mirrored, "--offline", code=5)
        assert list(mirrored.mirror.iterdir()) == []
    assert list(failures(found)) == ["mirror.marker"]


def test_a_full_disk(demo: Emulated, command: Command) -> None:
    command.mirror.mkdir()
    with mounted(command.mirror, "-t", "tmpfs", "-o", "size=4m,nr_inodes=200", "tmpfs"):
        command.init(demo)
        found = ask(command, "--offline", code=5)
        assert set(failures(found)) == {"mirror.space"}, "with the default reserve of 1 GiB"
        assert found["mirror"]["level"] == "warn", "it lies in memory"
        assert found["mirror.inodes"]["level"] == "warn"
        fill(command.mirror / "fill")
        found = ask(command, "--offline", code=5, SMUGSYNC_RESERVE="0")
        assert set(failures(found)) == {"mirror.space", "mirror.writable"}
        assert "no space is left" in found["mirror.writable"]["text"]
        assert ours(command) == {"mirror.json"}


def fill(path: Path) -> None:
    """Write until the disk is full."""
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass


def test_another_disk_inside_the_mirror(mirrored: Command) -> None:
    album = mirrored.mirror / "Work" / "Drafts"
    with mounted(album, "-t", "tmpfs", "tmpfs"):
        found = ask(mirrored, "--offline")
        assert found["mirror.disks"]["level"] == "note"
        assert found["mirror.disks"]["text"].startswith("Work/Drafts is on a disk in memory (tmpfs) of its")
        mount("-o", "remount,ro", str(album))
        assert list(failures(ask(mirrored, "--offline", code=1))) == ["mirror.disks"]


def test_the_same_disk_mounted_again_inside_the_mirror(mirrored: Command) -> None:
    album = mirrored.mirror / "Work" / "Drafts"
    with mounted(album, "--bind", str(album)):
        found = ask(mirrored, "--offline")
    assert found["mirror.mounts"]["level"] == "note"
    assert found["mirror.mounts"]["text"].startswith("Work/Drafts is a mount of its own")


# -- what it leaves and where it writes ------------------------------------------------------------


def strace() -> list[str]:
    trial = ["strace", "-qq", "-o", "/dev/null", "-e", "trace=none", "true"]
    if shutil.which("strace") is None or subprocess.run(trial, capture_output=True, check=False).returncode:
        pytest.skip("strace is not installed, or ptrace not allowed")
    return ["strace", "-f", "-qq"]


@contextlib.contextmanager
def traced(command: Command, *options: str) -> Iterator[Callable[[], Result]]:
    """`doctor --offline` below strace; calling what comes waits for its end."""
    environ = {"PATH": os.environ["PATH"], "HOME": str(command.home), "LANG": "C.UTF-8"}
    process = subprocess.Popen(
        [*strace(), *options, str(SMUGSYNC), "doctor", "--offline"],
        env={**environ, "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )

    def finish() -> Result:
        out, err = process.communicate(timeout=PATIENCE)
        return Result(process.returncode, out, err)

    try:
        yield finish
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_probe_that_is_interrupted_leaves_nothing(
    mirrored: Command, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    """Held up by a disk that takes a second to rename a file."""
    names = ours(mirrored)
    log = tmp_path / "log"
    slow = "inject=renameat2:delay_enter=1000000:when=1"
    with traced(mirrored, "-o", str(log), "-e", "trace=renameat2", "-e", slow) as finish:
        until(lambda: log.exists() and "renameat2" in log.read_text())
        assert ours(mirrored) - names, "the probe is under way"
        os.kill(int(log.read_text().split()[0]), number)
        result = finish()
    assert result.code == code, result
    assert ours(mirrored) == names


CHANGING = (
    "mkdirat mkdir unlinkat unlink renameat2 renameat rename linkat link symlinkat symlink rmdir truncate"
)


def test_nothing_is_written_but_in_its_own_directories(mirrored: Command, tmp_path: Path) -> None:
    """Told by the kernel: every call that makes, changes or removes something, and where."""
    log = tmp_path / "log"
    calls = ",".join(["openat", *CHANGING.split()])
    with traced(mirrored, "-y", "-o", str(log), "-e", f"trace={calls}") as finish:
        result = finish()
        assert result.code == 0, result
    allowed = (
        f"{mirrored.mirror}/.smugsync/probe-",
        f"{mirrored.state}/probe-",
        f'{mirrored.mirror}/.smugsync>, "probe-',
        f'{mirrored.state}>, "probe-',
        "/dev/",
        f"{mirrored.catalogue}-",  # SQLite's own note of who reads; see `Command.everything`
    )
    lines = log.read_text().splitlines()
    changes = [
        line
        for line in lines
        if " = -1 " not in line
        and ("openat(" not in line or any(flag in line for flag in ("O_WRONLY", "O_RDWR", "O_CREAT")))
    ]
    assert len(changes) > 50, "the kernel told nothing"
    assert [line for line in changes if not any(place in line for place in allowed)] == []
