"""What a disk can do is found by trying: real file systems, and disks that are poorer than any at hand."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from smugsync.local.handles import Root
from smugsync.local.mounts import Mount, read_mounts
from smugsync.local.probe.abilities import Abilities, Locks, probe_abilities, probe_locks
from smugsync.local.probe.bench import Bench, scratch
from smugsync.local.probe.names import FORBIDDEN, LETTERS, Names, probe_names
from smugsync.local.probe.place import (
    Kind,
    kind_of,
    place_of,
    space_of,
    tree_of,
    watch_limit,
)
from smugsync.local.probe.watch import hear

from .mirrors import REPOSITORY

Disk = Callable[..., Any]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with opened(tmp_path) as fd, scratch(tmp_path, fd) as found:
        yield found
    assert not any(tmp_path.iterdir()), "something was left behind"


class opened:  # noqa: N801 - reads like the function it stands for
    """A directory's handle, for a while."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> int:
        self.fd = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        return self.fd

    def __exit__(self, *_: object) -> None:
        os.close(self.fd)


def error(code: int) -> OSError:
    return OSError(code, os.strerror(code))


# -- names -----------------------------------------------------------------------------------------


class Odd(Bench):
    """A disk that keeps files under other names than they are given; `spell` is what it does to them.

    What leads to a file is decided by the spelling, unless `key` says otherwise.
    """

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench.path, bench.fd)

    def spell(self, name: str) -> str:
        return name

    def key(self, name: str) -> str:
        return self.spell(name)

    def create(self, name: str) -> None:
        if self.has(name):
            raise error(errno.EEXIST)
        super().create(self.spell(name))

    def has(self, name: str) -> bool:
        return self._found(name) is not None

    def remove(self, name: str) -> None:
        super().remove(self._found(name) or name)

    def _found(self, name: str) -> str | None:
        return next((one for one in self.names() if self.key(one) == self.key(name)), None)


def test_an_ordinary_disk_takes_every_name(bench: Bench) -> None:
    assert probe_names(bench) == Names()


def test_a_disk_that_folds_case_and_keeps_it(bench: Bench) -> None:
    class Folding(Odd):
        def key(self, name: str) -> str:
            return name.lower()

    assert probe_names(Folding(bench)) == Names(folds_case=True)


def test_a_disk_that_shows_everything_in_small_letters(bench: Bench) -> None:
    class Lower(Odd):
        def spell(self, name: str) -> str:
            return name.lower()

    assert probe_names(Lower(bench)) == Names(folds_case=True, respelt=(("Probe.JPG", "probe.jpg"),))


def test_a_disk_that_takes_letters_apart(bench: Bench) -> None:
    """As HFS+ does: é becomes e and an accent."""

    class Decomposing(Odd):
        def spell(self, name: str) -> str:
            return unicodedata.normalize("NFD", name)

    respelt = (("caf\u00e9.jpg", "cafe\u0301.jpg"),)
    assert probe_names(Decomposing(bench)) == Names(folds_forms=True, respelt=respelt)


def test_a_disk_that_refuses_what_windows_refuses(bench: Bench) -> None:
    class Windows(Odd):
        def create(self, name: str) -> None:
            if set(name) & set(FORBIDDEN) or name.endswith((".", " ")) or name == "con":
                raise error(errno.EINVAL)
            super().create(name)

    awkward = ("a dot at the end", "a blank at the end", "device names")
    assert probe_names(Windows(bench)) == Names(refused=FORBIDDEN, awkward=awkward)


def test_a_disk_that_changes_names_in_silence(bench: Bench) -> None:
    """As FAT drops a dot at the end, and some servers put other characters in the place of forbidden ones."""

    class Silent(Odd):
        def spell(self, name: str) -> str:
            return name.rstrip(".").replace(":", "_")

    assert probe_names(Silent(bench)) == Names(refused=":", awkward=("a dot at the end",))


@pytest.mark.parametrize(("most", "letters"), [(143, 141), (254, 252), (30, 30), (1, 0)])
def test_the_longest_name_is_found(bench: Bench, most: int, letters: int) -> None:
    """143 bytes are what encrypted shares have: their names take room for the encryption."""

    class Short(Odd):
        def create(self, name: str) -> None:
            if len(name.encode()) > most and len(set(name)) == 1:
                raise error(errno.ENAMETOOLONG)
            super().create(name)

    assert probe_names(Short(bench)) == Names(longest=most, longest_letters=letters)


def test_a_disk_that_cuts_long_names_off(bench: Bench) -> None:
    class Cutting(Odd):
        def spell(self, name: str) -> str:
            return name.encode()[:60].decode("utf-8", "ignore")

    assert probe_names(Cutting(bench)) == Names(longest=60, longest_letters=60)


@pytest.mark.parametrize("code", [errno.EINVAL, errno.EILSEQ, errno.EIO])
def test_a_disk_that_refuses_letters(bench: Bench, code: int) -> None:
    """As a share that was mounted for another character set."""

    class Narrow(Odd):
        def create(self, name: str) -> None:
            if not name.isascii():
                raise error(code)
            super().create(name)

    assert probe_names(Narrow(bench)) == Names(letters=LETTERS, longest_letters=0)


def test_a_disk_that_replaces_letters(bench: Bench) -> None:
    class Replacing(Odd):
        def spell(self, name: str) -> str:
            return "".join(one if ord(one) < 0x10000 else "?" for one in name)

    assert probe_names(Replacing(bench)) == Names(letters=("😀",))


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.ESTALE])
def test_a_disk_that_fails_is_not_taken_for_one_that_refuses(bench: Bench, code: int) -> None:
    class Failing(Odd):
        def create(self, name: str) -> None:
            raise error(code)

    with pytest.raises(OSError, match=os.strerror(code)):
        probe_names(Failing(bench))


# -- abilities -------------------------------------------------------------------------------------


@pytest.fixture
def ordinary(bench: Bench) -> Abilities:
    """What this disk can do; whether it has reflinks is its own affair."""
    found = probe_abilities(bench)
    assert found == Abilities(reflinks=found.reflinks)
    return found


LACKS: dict[str, tuple[str, int, dict[str, object]]] = {
    "hard links": ("link", errno.EPERM, {"hard_links": False}),
    "RENAME_NOREPLACE": ("rename_noreplace", errno.EINVAL, {"noreplace": False}),
    "RENAME_EXCHANGE": ("exchange", errno.ENOSYS, {"exchange": False}),
    "flushing of files": ("sync_file", errno.EINVAL, {"sync_files": False}),
    "flushing of directories": ("sync_directory", errno.EINVAL, {"sync_directories": False}),
    "symbolic links": ("symlink", errno.EPERM, {"links_refused": None}),
    "openat2": ("open_beneath", errno.ENOSYS, {"openat2": False}),
    "openat2 in a sandbox": ("open_beneath", errno.EPERM, {"openat2": False}),
    "times": (
        "set_time",
        errno.EPERM,
        {"resolution": None, "dates_early": False, "dates_late": False},
    ),
}


@pytest.mark.parametrize("lack", LACKS)
def test_what_a_disk_lacks_is_found_out(bench: Bench, ordinary: Abilities, lack: str) -> None:
    method, code, consequences = LACKS[lack]

    def refuse(self: Bench, *_: object) -> None:
        raise error(code)

    poorer = type("Poorer", (Bench,), {method: refuse})
    assert probe_abilities(poorer(bench.path, bench.fd)) == replace(ordinary, **consequences)  # type: ignore[arg-type]
    assert bench.names() == set()


@pytest.mark.parametrize("method", [method for method, _, _ in LACKS.values() if method != "open_beneath"])
def test_a_disk_that_breaks_is_not_taken_for_one_that_lacks_something(bench: Bench, method: str) -> None:
    def fail(self: Bench, *_: object) -> None:
        raise error(errno.EIO)

    broken = type("Broken", (Bench,), {method: fail})
    with pytest.raises(OSError, match="Input/output error"):
        probe_abilities(broken(bench.path, bench.fd))


@pytest.mark.parametrize("step", [1, 100, 10**7, 10**9, 2 * 10**9])
def test_how_finely_times_are_kept(bench: Bench, ordinary: Abilities, step: int) -> None:
    class Coarse(Bench):
        def set_time(self, name: str, mtime_ns: int) -> int:
            return super().set_time(name, mtime_ns // step * step)

    assert probe_abilities(Coarse(bench.path, bench.fd)) == replace(ordinary, resolution=step)


def test_a_disk_whose_time_begins_in_1980(bench: Bench, ordinary: Abilities) -> None:
    class Fat(Bench):
        def set_time(self, name: str, mtime_ns: int) -> int:
            return super().set_time(name, max(mtime_ns, 315_532_800_000_000_000))

    assert probe_abilities(Fat(bench.path, bench.fd)) == replace(ordinary, dates_early=False)


def test_a_disk_whose_time_ends_in_2038(bench: Bench, ordinary: Abilities) -> None:
    class Old(Bench):
        def set_time(self, name: str, mtime_ns: int) -> int:
            return super().set_time(name, min(mtime_ns, (2**31 - 1) * 10**9))

    assert probe_abilities(Old(bench.path, bench.fd)) == replace(ordinary, dates_late=False)


@pytest.mark.parametrize("refused", [False, True], ids=["in silence", "with an error"])
def test_a_disk_that_keeps_no_modes(bench: Bench, ordinary: Abilities, refused: bool) -> None:
    class Modeless(Bench):
        def set_mode(self, name: str, mode: int) -> int:
            if refused:
                raise error(errno.EPERM)
            return self.mode(name)

        def mode(self, name: str) -> int:
            return 0o755

    assert probe_abilities(Modeless(bench.path, bench.fd)) == replace(ordinary, mode=0o755)


def test_a_rename_that_replaces_after_all_is_noticed(bench: Bench, ordinary: Abilities) -> None:
    class Careless(Bench):
        def rename_noreplace(self, source: str, target: str) -> None:
            os.rename(source, target, src_dir_fd=self.fd, dst_dir_fd=self.fd)

    assert probe_abilities(Careless(bench.path, bench.fd)) == replace(ordinary, noreplace=False)


def test_an_exchange_that_only_says_so_is_noticed(bench: Bench, ordinary: Abilities) -> None:
    class Lying(Bench):
        def exchange(self, one: str, other: str) -> None:
            pass

    assert probe_abilities(Lying(bench.path, bench.fd)) == replace(ordinary, exchange=False)


def test_a_reflink_is_noticed_by_the_bytes_it_shows(bench: Bench, ordinary: Abilities) -> None:
    class Lying(Bench):
        def clone(self, source: str, target: str) -> bool:
            return True

    class Copying(Bench):
        def clone(self, source: str, target: str) -> bool:
            (self.path / target).write_bytes((self.path / source).read_bytes())
            return True

    assert probe_abilities(Lying(bench.path, bench.fd)) == replace(ordinary, reflinks=False)
    assert probe_abilities(Copying(bench.path, bench.fd)) == replace(ordinary, reflinks=True)


def test_links_that_are_followed_are_noticed(bench: Bench, ordinary: Abilities) -> None:
    class Following(Bench):
        def open_without_links(self, name: str) -> None:
            (self.path / name).read_bytes()

    assert probe_abilities(Following(bench.path, bench.fd)) == replace(ordinary, links_refused=False)


# -- locks -----------------------------------------------------------------------------------------


def test_locks_keep_others_out_here(bench: Bench) -> None:
    assert probe_locks(bench) == Locks()


def test_locks_that_everybody_gets_are_noticed(bench: Bench) -> None:
    """As on a share that was mounted without locks: each machine keeps its own."""

    class Lax(Bench):
        def flock_twice(self, name: str) -> None:
            pass

        def fcntl_twice(self, name: str) -> None:
            pass

    assert probe_locks(Lax(bench.path, bench.fd)) == Locks(flock=False, fcntl=False)


def test_locks_that_nobody_gets_are_noticed(bench: Bench) -> None:
    class Without(Bench):
        def flock_twice(self, name: str) -> None:
            raise error(errno.ENOLCK)

        def fcntl_twice(self, name: str) -> None:
            raise error(errno.ENOLCK)

    assert probe_locks(Without(bench.path, bench.fd)) == Locks(flock=False, fcntl=False)


# -- the bench -------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", [KeyboardInterrupt, OSError, RuntimeError])
def test_nothing_is_left_behind_whatever_happens(tmp_path: Path, ending: type[BaseException]) -> None:
    def work(fd: int) -> None:
        with scratch(tmp_path, fd) as bench:
            bench.create("x" * 255)
            bench.create("con")
            bench.symlink("con", "link")
            assert bench.path.is_dir()
            raise ending

    with opened(tmp_path) as fd, pytest.raises(ending):
        work(fd)
    assert not any(tmp_path.iterdir())


def test_what_a_killed_probe_left_is_removed_and_what_another_is_doing_is_not(tmp_path: Path) -> None:
    old, young, photos = tmp_path / "probe-1-aa", tmp_path / "probe-2-bb", tmp_path / "photos"
    for place in (old, young, photos):
        place.mkdir()
        (place / "first").write_text("x")
    for place in (old, photos):
        os.utime(place, (1_700_000_000, 1_700_000_000))
    with opened(tmp_path) as fd, scratch(tmp_path, fd):
        pass
    assert {path.name for path in tmp_path.iterdir()} == {"photos", "probe-2-bb"}
    assert (photos / "first").exists()


def test_a_link_that_looks_like_an_old_probe_is_not_followed(tmp_path: Path) -> None:
    elsewhere, mirror = tmp_path / "elsewhere", tmp_path / "mirror"
    elsewhere.mkdir()
    mirror.mkdir()
    (elsewhere / "photo").write_text("x")
    os.utime(elsewhere, (1_700_000_000, 1_700_000_000))
    (mirror / "probe-1-aa").symlink_to(elsewhere)
    with opened(mirror) as fd, scratch(mirror, fd):
        pass
    assert (elsewhere / "photo").exists()


# -- places ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "driver", "kind"),
    [
        (0xEF53, "ext4", Kind.LOCAL),
        (0x58465342, "xfs", Kind.LOCAL),
        (0x9123683E, "btrfs", Kind.LOCAL),
        (0x2FC12FC1, "zfs", Kind.LOCAL),
        (0x4D44, "vfat", Kind.LOCAL),
        (0x6969, "nfs4", Kind.NETWORK),
        (0xFF534D42, "cifs", Kind.NETWORK),
        (0xFE534D42, "smb3", Kind.NETWORK),
        (0x01021997, "9p", Kind.NETWORK),
        (0x65735546, "fuseblk", Kind.LOCAL),
        (0x65735546, "fuse.sshfs", Kind.FUSE),
        (0x65735546, "", Kind.FUSE),
        (0x01021994, "tmpfs", Kind.MEMORY),
        (0x794C7630, "overlay", Kind.OVERLAY),
        (0, "", Kind.LOCAL),
    ],
)
def test_kinds_of_disk(code: int, driver: str, kind: Kind) -> None:
    assert kind_of(code, driver) is kind


@pytest.mark.parametrize("path", ["/", "/dev/shm", "/proc", "{tmp}"])
def test_the_type_is_the_one_that_stat_tells(path: str, tmp_path: Path) -> None:
    """coreutils' `stat -f` asks the kernel by itself."""
    place = Path(path.replace("{tmp}", str(tmp_path)))
    if not place.exists() or sys.platform != "linux" or shutil.which("stat") is None:
        pytest.skip("there is no such place, or nothing to compare with")
    told = subprocess.run(["stat", "-f", "-c", "%t", str(place)], capture_output=True, text=True, check=True)
    found = place_of(place)
    assert found.kind is kind_of(int(told.stdout, 16), found.mount.driver if found.mount else "")
    where = subprocess.run(["stat", "-c", "%m", str(place)], capture_output=True, text=True, check=True)
    assert found.mount is not None
    assert found.mount.point == where.stdout.rstrip("\n")


MOUNTINFO = """\
22 1 253:0 / / rw,relatime - ext4 /dev/root rw
30 22 8:1 / /srv/My\\040Photos rw,relatime shared:1 - xfs /dev/sda1 rw
31 30 0:40 / /srv/My\\040Photos/Travel rw - nfs4 nas:/travel ro,vers=4.2
32 22 8:2 / /srv/twice rw - ext4 /dev/sdb1 rw
33 22 8:3 / /srv/twice ro - ext4 /dev/sdc1 rw
this line makes no sense
"""


def test_mounts_are_read_as_the_kernel_writes_them(tmp_path: Path) -> None:
    file = tmp_path / "mountinfo"
    file.write_text(MOUNTINFO)
    assert read_mounts(file) == [
        Mount("/", "ext4", "/dev/root"),
        Mount("/srv/My Photos", "xfs", "/dev/sda1"),
        Mount("/srv/My Photos/Travel", "nfs4", "nas:/travel", read_only=True),
        Mount("/srv/twice", "ext4", "/dev/sdb1"),
        Mount("/srv/twice", "ext4", "/dev/sdc1", read_only=True),
    ]
    assert read_mounts(tmp_path / "absent") == []


def test_the_innermost_and_latest_mount_counts(tmp_path: Path) -> None:
    file = tmp_path / "mountinfo"
    inside = tmp_path / "photos" / "travel"
    inside.mkdir(parents=True)
    lines = [
        f"{number} 1 8:1 / {point} rw - ext4 /dev/{name} rw"
        for number, (point, name) in enumerate(
            [
                ("/", "root"),
                (tmp_path / "photos", "old"),
                (tmp_path / "photos", "new"),
                (tmp_path / "photos/tra", "x"),
            ]
        )
    ]
    file.write_text("\n".join(lines))
    mount = place_of(inside, mountinfo=file).mount
    assert mount is not None
    assert mount.source == "/dev/new"


def test_room_is_what_an_unprivileged_writer_has(tmp_path: Path) -> None:
    told = os.statvfs(tmp_path)
    with opened(tmp_path) as fd:
        space = space_of(fd)
    assert abs(space.free - told.f_bavail * told.f_frsize) < 1 << 30
    assert space.files is None or space.files <= told.f_files


# -- the tree --------------------------------------------------------------------------------------


def test_directories_are_counted_without_our_own(tmp_path: Path) -> None:
    for path in ("a/b", "c", ".smugsync/tmp", "a/.smugsync/tmp"):
        (tmp_path / path).mkdir(parents=True)
    (tmp_path / "file").write_text("x")
    (tmp_path / "loop").symlink_to(tmp_path)
    root = Root(tmp_path)
    try:
        tree = tree_of(root, mounts=())
    finally:
        root.close()
    assert (tree.directories, tree.disks, tree.mounts, tree.unreadable) == (4, (), (), ())


def test_mounts_of_the_same_disk_are_told_apart(tmp_path: Path) -> None:
    """A bind mount has the mirror's own device number, and yet nothing can be renamed into it."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    points = (tmp_path, tmp_path / "a/b", tmp_path / ".smugsync/tmp", tmp_path.parent / "beside")
    mounts = [Mount(str(point), "ext4", "/dev/sda1") for point in points]
    root = Root(tmp_path)
    try:
        assert tree_of(root, mounts).mounts == ("a/b",)
    finally:
        root.close()


# -- watching --------------------------------------------------------------------------------------


def test_a_message_about_a_new_file_comes(bench: Bench) -> None:
    seconds = hear(bench.path, "heard", lambda: bench.create("heard"), patience=20)
    assert seconds is not None
    assert 0 <= seconds < 20


def test_silence_is_noticed(bench: Bench) -> None:
    """A message about another file is none."""
    assert hear(bench.path, "heard", lambda: bench.create("other"), patience=0.05) is None


def test_a_file_that_cannot_be_written_is_no_silence(bench: Bench) -> None:
    def write() -> None:
        raise error(errno.ENOSPC)

    with pytest.raises(OSError, match="No space left"):
        hear(bench.path, "heard", write)


def test_the_limit_of_watches_is_the_kernels(tmp_path: Path) -> None:
    file = tmp_path / "max_user_watches"
    file.write_text("8192\n")
    assert watch_limit(file) == 8192
    assert watch_limit(tmp_path / "absent") is None


# -- real file systems -----------------------------------------------------------------------------

_PROGRAM = """
import json, os, sys
from dataclasses import asdict
from pathlib import Path
from smugsync.local.probe.bench import scratch
from smugsync.local.probe.abilities import probe_abilities, probe_locks
from smugsync.local.probe.names import probe_names
from smugsync.local.probe.place import place_of, space_of
path = Path(sys.argv[1])
fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
os.listdir(fd)
with scratch(path, fd) as bench:
    found = asdict(probe_names(bench)) | asdict(probe_abilities(bench)) | asdict(probe_locks(bench))
found |= {"kind": place_of(path).kind.value, "counted": space_of(fd).files is not None}
found["left"] = [name for name in os.listdir(path) if name.startswith("probe-")]
print(json.dumps(found))
"""

_EVERYTHING = (
    asdict(Names()) | asdict(Abilities()) | asdict(Locks()) | {"kind": "local", "counted": True, "left": []}
)
_WINDOWS = {"folds_case": True, "refused": FORBIDDEN}
_FUSE = {"noreplace": False, "exchange": False, "reflinks": False, "kind": "fuse"}
_ODD = ["a dot at the end", "a blank at the end", "device names"]

#: How each is made and mounted, the programs that it takes, and how it differs from the best of them.
FILE_SYSTEMS: dict[str, tuple[str, int, dict[str, object]]] = {
    "ext4": ("mkfs.ext4 -q IMG && mount -o loop IMG MNT", 16, {"reflinks": False}),
    "xfs": ("mkfs.xfs -q IMG && mount -o loop IMG MNT", 320, {}),
    "btrfs": ("mkfs.btrfs -q IMG && mount -o loop IMG MNT", 128, {"counted": False}),
    "tmpfs": ("mount -t tmpfs tmpfs MNT", 1, {"reflinks": False, "kind": "memory"}),
    "exfat": (
        # It takes a block device; detached while in use, that is freed with the mount.
        "mkfs.exfat IMG && LOOP=$(losetup -f --show IMG) && mount.exfat-fuse $LOOP MNT && losetup -d $LOOP",
        16,
        _FUSE
        | _WINDOWS
        | {"kind": "local", "hard_links": False, "mode": 0o777, "resolution": 10**9, "links_refused": None},
    ),
    "ntfs": (
        "mkfs.ntfs -q -Q -F IMG && lowntfs-3g -o ignore_case,windows_names IMG MNT",
        16,
        _FUSE
        | _WINDOWS
        | {
            "respelt": [["Probe.JPG", "probe.jpg"]],
            "awkward": _ODD,
            "mode": 0o777,
            "resolution": 100,
        },
    ),
    "fat": (
        "mkfs.vfat -F 32 IMG && fusefat -o rw+ IMG MNT",
        64,
        _FUSE
        | _WINDOWS
        | {
            "letters": list(LETTERS),
            "longest_letters": 0,
            "hard_links": False,
            "mode": 0o700,
            "resolution": 2 * 10**9,
            "dates_early": False,
            "links_refused": None,
        },
    ),
}


@pytest.mark.parametrize("name", FILE_SYSTEMS)
def test_real_file_systems(name: str, tmp_path: Path) -> None:
    make, megabytes, differences = FILE_SYSTEMS[name]
    programs = [step.split()[0] for step in make.split(" && ") if "=" not in step.split()[0]]
    if os.geteuid() or any(shutil.which(program) is None for program in ("unshare", *programs)):
        pytest.skip(f"it takes root, unshare and {', '.join(programs)}")
    image, point = tmp_path / "image", tmp_path / "mount"
    point.mkdir()
    with image.open("wb") as file:
        file.truncate(megabytes << 20)
    script = make.replace("IMG", str(image)).replace("MNT", str(point))
    # In a mount namespace of its own. A FUSE driver lives in there too: only unmounting ends it.
    shell = (
        f"{{ {script}; }} >/dev/null 2>&1 || exit 77\n"
        f'timeout 30 {sys.executable} -c "$0" {point}; status=$?\n'
        f"umount {point} && exit $status"
    )
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", shell, _PROGRAM],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if done.returncode == 77:
        pytest.skip(f"this machine does not let us mount {name}")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == json.loads(json.dumps(_EVERYTHING | differences))
