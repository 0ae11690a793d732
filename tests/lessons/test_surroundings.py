"""Clocks, users, disks and shares that other tools could not cope with."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.e2e.command import Command, until
from tests.e2e.conftest import Emulator
from tests.e2e.emulated import OF_OTHERS, Emulated

# -- times -----------------------------------------------------------------------------------------

TAKEN = "2019-08-04T11:28:12"
WINTER = "2020-02-01T23:59:59"


def test_file_has_the_time_that_the_camera_showed(emulator: Emulator, command: Command) -> None:
    """The service keeps it as if every camera stood in California; the zone of the machine does not matter
    where one is configured, and no photo costs a request of its own."""
    online = emulator("--albums", "0")
    online.edit("add-album", name="Trip")
    for name, taken in (("summer.jpg", TAKEN), ("winter.jpg", WINTER)):
        online.edit("add-photo", album=online.album("Trip"), file_name=name, seed=len(name), taken=taken)
    command.init(online)
    command.set('timezone = "Europe/Berlin"')
    online.reset_counters()
    command.sync(TZ="America/New_York")
    berlin = ZoneInfo("Europe/Berlin")
    for name, taken in (("summer.jpg", TAKEN), ("winter.jpg", WINTER)):
        shown = (command.mirror / "Trip" / name).stat().st_mtime
        assert shown == datetime.fromisoformat(taken).replace(tzinfo=berlin).timestamp()
        assert exif_times(command.mirror / "Trip" / name, "Europe/Berlin") in (None, (taken, taken))
    assert online.counters()["api_requests"] <= 3
    assert command.sync("--full", TZ="Asia/Tokyo")["counts"] == {}


def exif_times(path: Path, zone: str) -> tuple[str, str] | None:
    """The camera's time in the file and the file's own in `zone`, as exiftool sees them; None without it."""
    if shutil.which("exiftool") is None:
        return None
    arguments = ["exiftool", "-s3", "-d", "%Y-%m-%dT%H:%M:%S", "-DateTimeOriginal", "-FileModifyDate"]
    environ = {**os.environ, "TZ": zone}
    told = subprocess.run([*arguments, path], capture_output=True, text=True, check=True, env=environ)
    original, modified = told.stdout.split()
    return original, modified


# -- users -----------------------------------------------------------------------------------------


#: Where the interpreter and its library are.
INTERPRETER = Path(sys.base_prefix)


@contextlib.contextmanager
def open_place() -> Iterator[Command]:
    """The command in a place that everybody may enter."""
    with tempfile.TemporaryDirectory(prefix="smugsync-lessons-") as name:
        Path(name).chmod(0o755)
        yield Command(Path(name))


def as_user(command: Command, user: int, group: int, umask: str) -> None:
    """From here on, the command runs as that user, who owns its home and has no entry in /etc/passwd."""
    if os.geteuid() or shutil.which("setpriv") is None or shutil.which("unshare") is None:
        pytest.skip("to be another user takes root, setpriv(1) and unshare(1)")
    become = f"setpriv --reuid={user} --regid={group} --clear-groups --no-new-privs --"
    script = f'{opened()}\nexec {become} sh -c \'umask {umask}; exec "$@"\' sh "$@"'
    command.prefix = ("unshare", "--mount", "sh", "-ec", script, "sh")
    for place in (command.home, command.mirror):
        place.mkdir(parents=True)
        os.chown(place, user, group)
    assert command.run("--version").code == 0


def opened() -> str:
    """Lines of sh that let everybody pass to the interpreter, where it lies below a private directory."""
    closed = [place for place in reversed(INTERPRETER.parents) if not place.stat().st_mode & 0o001]
    if not closed:
        return ""
    above, home = closed[0], INTERPRETER
    return "\n".join(
        (
            "mount --make-rprivate /",
            f"mount --bind '{home}' /mnt",
            f"mount -t tmpfs -o mode=755 tmpfs '{above}'",
            f"mkdir -p '{home}'",
            f"mount --move /mnt '{home}'",
        )
    )


@pytest.fixture(scope="module")
def foreigner(demo: Emulated) -> Iterator[Command]:
    """A mirror that user 1026 of group 100 has made, with a umask of 027; each test leaves it as it was."""
    with open_place() as command:
        as_user(command, 1026, 100, "027")
        command.init(demo)
        command.sync()
        yield command


def assert_modes(command: Command, who: tuple[int, int], *, file: int, directory: int) -> None:
    for path in command.mirror.rglob("*"):
        status = path.stat()
        assert (status.st_uid, status.st_gid) == who, path
        if ".smugsync" not in path.parts:
            assert status.st_mode & 0o777 == (directory if path.is_dir() else file), path
    for private in (command.config, command.state, command.catalogue):
        assert not private.stat().st_mode & 0o077, private


def test_any_user_group_and_umask(demo: Emulated, foreigner: Command) -> None:
    """Modes are right from the start, and whatever the umask nobody else reads secrets or the catalogue."""
    assert foreigner.md5s() == demo.md5s()
    assert_modes(foreigner, (1026, 100), file=0o640, directory=0o750)
    assert foreigner.sync("--full")["counts"] == {}


def test_modes_of_what_others_made_are_left_alone(foreigner: Command) -> None:
    """A directory that is set up for a group stays so, and so does a file that is there already."""
    album = foreigner.mirror / "Twins"
    file = next(path for path in album.iterdir())
    before = (album.stat().st_mode, file.stat().st_mode)
    album.chmod(0o2775)
    file.chmod(0o664)
    report = foreigner.sync("--full")
    assert (report["files_downloaded"], report["counts"]) == (0, {})
    assert (album.stat().st_mode & 0o7777, file.stat().st_mode & 0o777) == (0o2775, 0o664)
    album.chmod(before[0])
    file.chmod(before[1])


def test_directory_that_cannot_be_read_is_not_an_empty_one(demo: Emulated, foreigner: Command) -> None:
    before = foreigner.files()
    album = foreigner.mirror / "Twins"
    mode = album.stat().st_mode
    album.chmod(0o000)
    demo.reset_counters()
    try:
        result = foreigner.run("sync", "--full")
    finally:
        album.chmod(mode)
    assert result.code == 3
    told = result.out.partition("to look at:\n")[2]
    assert told == "  Twins: opening the directory Twins: permission denied\n"
    assert demo.counters()["media_requests"] == 0
    assert foreigner.files() == before
    assert foreigner.sync("--full")["counts"] == {}


@pytest.fixture
def homeless() -> Iterator[Command]:
    with open_place() as command:
        as_user(command, 568, 568, "000")
        yield command


def test_without_a_home(demo: Emulated, homeless: Command) -> None:
    """`docker run --user 568`: no HOME, no entry in passwd, everything from the environment."""
    command = homeless
    command.secrets = demo.secrets
    values = {name: value for name, value in demo.ready.items() if name not in OF_OTHERS}
    command.environ = {f"SMUGSYNC_REMOTE__{name.upper()}": value for name, value in values.items()}
    command.environ |= {"SMUGSYNC_MIRROR": str(command.mirror), "SMUGSYNC_STATE_DIR": str(command.home / "s")}
    command.environ["SMUGSYNC_CONFIG"] = str(command.home / "config.toml")
    command.prefix = ("env", "--unset=HOME", *command.prefix)
    assert command.run("init", "--no-input").code == 0
    command.state = command.home / "s" / "default"
    command.catalogue = command.state / "catalogue.db"
    command.config = command.home / "config.toml"
    command.sync()
    assert command.md5s() == demo.md5s()
    assert_modes(command, (568, 568), file=0o666, directory=0o777)


def test_read_only_root(demo: Emulated, command: Command) -> None:
    """Everything but the mirror and the state is read-only, the directory for temporary files included."""
    if os.geteuid() or shutil.which("unshare") is None:
        pytest.skip("a read-only root takes root and unshare(1)")
    command.init(demo)
    places = (command.mirror, command.state.parent)
    for place in places:
        place.mkdir(parents=True, exist_ok=True)
    steps = ["mount --make-rprivate /", *(f"mount --bind '{place}' '{place}'" for place in places)]
    steps += ["mount -o remount,bind,ro /", "! touch /tmp/x 2>/dev/null", 'exec "$@"']
    command.prefix = ("unshare", "--mount", "sh", "-ec", "\n".join(steps), "sh")
    assert "name one in TMPDIR" in command.refused("plan", code=1)
    planned = command.run("plan", "--json", TMPDIR=str(command.state.parent))
    assert (planned.code, planned.json["files_planned"]) == (0, len(demo.md5s()))
    command.sync()
    assert command.md5s() == demo.md5s()
    assert command.run("plan").code == 0, "the copy lies beside the catalogue then"
    assert command.run("status").code == 0
    assert command.run("ls").code == 0


# -- disks -----------------------------------------------------------------------------------------

#: What cameras and people call their photos, and some disks refuse.
NAMES = ["11:28 sunset?.jpg", 'a "b" <c>|d*.jpg', "back\\slash.jpg", "CON.jpg", "dots...jpg", "trail .jpg"]
NAMES += ["ä" * 120 + ".jpg", "ß.jpg", "SS.jpg", "same.jpg", "SAME.JPG", "same.jpg", "é.jpg", "e\u0301.jpg"]
NAMES += ["🎂" * 60 + ".jpg", "漢" * 80 + ".jpg"]


@pytest.fixture(scope="module")
def hostile(emulator: Emulator) -> Emulated:
    """An album with all these names, and a photo that sits in two albums."""
    online = emulator("--albums", "0")
    online.edit("add-album", name="What: a name?", url_name="What")
    album = online.album("What: a name?")
    for seed, name in enumerate(NAMES):
        key = online.edit("add-photo", album=album, file_name=name, seed=seed)["image"]
    online.edit("add-album", name="Best")
    online.edit("collect-photo", image=key, to=online.album("Best"))
    return online


#: The tools that it takes, and how an image ($1) is made into a disk at $2. A loop device that is let go
#: while it is mounted is free once it is not.
DISKS = {
    "exfat": (
        ("mkfs.exfat", "mount.exfat-fuse", "losetup"),
        'mkfs.exfat "$1"; loop=$(losetup --find --show "$1"); mount.exfat-fuse "$loop" "$2" || bad=1; '
        'losetup --detach "$loop"; exit ${bad:-0}',
    ),
    "ntfs": (
        ("mkfs.ntfs", "lowntfs-3g"),
        'mkfs.ntfs -q -Q -F "$1"; lowntfs-3g -o ignore_case,windows_names "$1" "$2"',
    ),
}


@contextlib.contextmanager
def disk(kind: str, root: Path) -> Iterator[Path]:
    tools, script = DISKS[kind]
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing or os.geteuid():
        pytest.skip(f"a disk with {kind} takes root and {' and '.join(missing) or 'nothing else'}")
    image, place = root / f"{kind}.img", root / kind
    with image.open("wb") as file:
        file.truncate(64 << 20)
    place.mkdir()
    steps = ["sh", "-ec", script, "sh", str(image), str(place)]
    mounted = subprocess.run(steps, check=False, capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"this machine does not let us mount {kind}: {mounted.stderr.strip()}")
    try:
        yield place
    finally:
        until(
            lambda: subprocess.run(["umount", str(place)], check=False, capture_output=True).returncode == 0
        )


@pytest.mark.parametrize(("kind", "layout"), [("exfat", "url-path"), ("ntfs", "names")])
def test_disk_that_folds_case_and_refuses_names(
    hostile: Emulated, command: Command, tmp_path: Path, kind: str, layout: str
) -> None:
    """Everything arrives, whole and proven, and nothing is fetched again for looking otherwise than written:
    coarse times, names in another case, modes that do not stick, no links."""
    with disk(kind, tmp_path) as place:
        command.mirror = place / "mirror"
        command.init(hostile)
        command.set(f'layout = "{layout}"\nreserve = "1MiB"')
        command.sync()
        assert command.md5s() == hostile.md5s()
        before = command.files()
        hostile.reset_counters()
        for _ in range(2):
            assert command.sync("--full")["counts"] == {}
        assert hostile.counters()["media_requests"] == 0
        assert command.files() == before


def test_state_on_a_share_is_warned_of(demo: Emulated, command: Command) -> None:
    """strace lets statfs(2) say that the state directory lies on NFS."""
    if shutil.which("strace") is None:
        pytest.skip("without strace no share can be feigned")
    command.init(demo)
    command.sync()
    command.prefix = (
        *("strace", "--follow-forks", "--quiet=all", "--output=/dev/null", "--trace=statfs"),
        *(f"--trace-path={command.state}", "--inject=statfs:poke_exit=@arg2=6969000000000000"),
    )
    result = command.run("sync")
    assert result.code == 0
    (line,) = result.err.splitlines()
    assert f"the state directory {command.state} is on a network share, where locks may fail" in line
    assert "set SMUGSYNC_STATE_DIR to a local directory" in line
    assert command.run("--quiet", "sync").err == "", "a scheduled job is not told every night"
    command.prefix = ()
    assert command.run("sync").err == ""
