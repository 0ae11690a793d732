"""`verify`, `fsck` and `export` as a person runs them: real bytes, real disks, real signals, real tools."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.command import Command, until
from tests.e2e.emulated import Emulated

STRACE = shutil.which("strace")


@pytest.fixture
def mirrored(calm: Emulated, owner: Command, command: Command) -> Command:
    """The mirrored demo account, copied; all that is done to it stays with the test."""
    for place in ("home", "mirror"):
        shutil.copytree(owner.root / place, command.root / place, symlinks=True)
    command.environ = {"SMUGSYNC_MIRROR": str(command.mirror)}
    command.secrets = calm.secrets
    return command


def rot(path: Path) -> None:
    """One bit is another; the time is not."""
    before, data = path.stat(), bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def some(command: Command, number: int = 1) -> list[str]:
    """Photos that lie in one album only."""
    known = command.files()
    single = [path for path, md5 in known.items() if list(known.values()).count(md5) == 1]
    return single[:number]


def query(command: Command, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(command.catalogue)) as database:
        return database.execute(statement).fetchall()


class TestVerify:
    def test_damage_is_named_and_mended_and_its_bytes_are_kept(
        self, calm: Emulated, mirrored: Command
    ) -> None:
        files = mirrored.files()
        (path,) = some(mirrored)
        rot(mirrored.mirror / path)
        damaged = mirrored.files()[path]
        found = mirrored.run("verify")
        assert found.code == 3
        assert path in found.out
        assert "other bytes under an unchanged time; right on 20" in found.out.replace("\n    ", " ")
        assert calm.counters()["api_requests"] == 0

        mended = mirrored.run("verify", "--repair")
        assert mended.code == 0, mended
        assert mirrored.files() == files
        assert calm.counters()["media_requests"] == 1
        kept = [p for p in (mirrored.mirror / ".smugsync/damaged").rglob("*") if p.is_file()]
        assert [hashlib.md5(p.read_bytes()).hexdigest() for p in kept] == [damaged]
        assert kept[0].as_posix().endswith(path)
        assert mirrored.run("verify").code == 0

    def test_needs_neither_network_nor_sign_in(self, mirrored: Command) -> None:
        environ = {"SMUGSYNC_REMOTE__API_URL": "http://127.0.0.1:9", "SMUGSYNC_REMOTE__ACCESS_TOKEN": ""}
        result = mirrored.run("verify", **environ)
        assert (result.code, result.err) == (0, "")

    def test_part_of_it_each_night(self, mirrored: Command) -> None:
        total = len(mirrored.files())
        began = query(mirrored, "SELECT max(id) FROM run")[0][0]
        read = [mirrored.run("verify", "--subset", "1/3", "--json").json["files_proven"] for _ in range(3)]
        assert sum(read) >= total
        assert max(read) < total
        oldest = query(mirrored, "SELECT min(verified_at) FROM file")[0][0]
        first = query(mirrored, f"SELECT min(started_at) FROM run WHERE id > {began}")[0][0]
        assert isinstance(oldest, int)
        assert isinstance(first, int)
        assert oldest >= first

    def test_what_is_due(self, mirrored: Command) -> None:
        with closing(sqlite3.connect(mirrored.catalogue)) as database, database:
            database.execute("UPDATE file SET verified_at = verified_at - 40 * 86400 WHERE id <= 5")
        assert mirrored.run("verify", "--due", "--json").json["files_proven"] == 5

    def test_ctrl_c_ends_it_at_once_and_what_was_proven_counts(self, mirrored: Command) -> None:
        with closing(sqlite3.connect(mirrored.catalogue)) as database, database:
            database.execute("UPDATE file SET verified_at = 1")
        with mirrored.start("verify", "--bwlimit", "100K") as running:
            until(lambda: bool(query(mirrored, "SELECT 1 FROM file WHERE verified_at > 1")))
            result = running.signal(signal.SIGINT)
        assert result.code == 130, result
        assert result.seconds < 2.0
        left = query(mirrored, "SELECT count(*) FROM file WHERE verified_at = 1")[0][0]
        assert isinstance(left, int)
        assert 0 < left < len(mirrored.files())
        assert mirrored.run("verify", "--due", "--bwlimit", "0", "--json").json["files_proven"] == left

    def test_killed_it_leaves_nothing_wrong(self, mirrored: Command) -> None:
        with mirrored.start("verify", "--bwlimit", "100K") as running:
            until(lambda: bool(query(mirrored, "SELECT 1 FROM run WHERE scope = 'verify'")))
            running.process.kill()
        assert mirrored.run("verify").code == 0

    def test_album_that_does_not_exist(self, mirrored: Command) -> None:
        assert "there is no album 'Nowhere'" in mirrored.refused("verify", "--album", "Nowhere", code=2)

    @pytest.mark.skipif(STRACE is None, reason="strace is not installed")
    def test_sector_that_cannot_be_read(self, mirrored: Command) -> None:
        (path,) = some(mirrored)
        assert STRACE is not None
        target = str(mirrored.mirror / path)
        mirrored.prefix = [
            *(STRACE, "-f", "-qq", "-o", "/dev/null", "-P", target),
            *("-e", "trace=readv,read,pread64", "-e", "inject=readv,read,pread64:error=EIO"),
        ]
        result = mirrored.run("verify", "--json")
        mirrored.prefix = ()
        assert result.code == 3
        assert [(f["path"], f["verdict"]) for f in result.json["findings"]] == [(path, "damaged")]
        assert "cannot read it back" in result.json["findings"][0]["reason"]
        again = mirrored.run("verify", "--json").json
        assert (again["exit_code"], again["findings"]) == (0, [])

    def test_status_tells_the_oldest_proof_and_what_is_damaged(self, mirrored: Command) -> None:
        (path,) = some(mirrored)
        rot(mirrored.mirror / path)
        mirrored.run("verify")
        told = mirrored.run("status").out
        assert "oldest proof 20" in told
        assert f"damaged: {path}" in told
        assert "known since 20" in told
        facts = mirrored.run("status", "--json").json
        assert (facts["files_damaged"], [one["path"] for one in facts["damaged"]]) == (1, [path])


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small ext4 in a file: (image, mount point) as `image` beside the mount point."""
    if os.geteuid() != 0 or shutil.which("mkfs.ext4") is None:
        pytest.skip("needs root and mkfs.ext4")
    image, place = tmp_path / "image", tmp_path / "disk"
    place.mkdir()
    with image.open("wb") as file:
        file.truncate(64 << 20)
    subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True)
    mounted = subprocess.run(["mount", "-o", "loop", image, place], check=False, capture_output=True)
    if mounted.returncode:
        pytest.skip("no loop device can be mounted here")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


class TestDisk:
    def test_rot_beneath_the_file_system_is_found_though_memory_still_knows_better(
        self, calm: Emulated, command: Command, disk: Path
    ) -> None:
        command.mirror = disk / "mirror"
        command.init(calm)
        command.set('reserve = "1MB"')
        command.sync("Twins")
        (path,) = some(command)
        data = (command.mirror / path).read_bytes()
        os.sync()
        image = disk.with_name("image")
        with image.open("r+b") as file:
            at = file.read().index(data[:4096])
            file.seek(at + 100)
            file.write(bytes([data[100] ^ 1]))
            file.flush()
            os.fsync(file.fileno())
        assert (command.mirror / path).read_bytes() == data, "memory does not know better"
        result = command.run("verify", "--json")
        assert result.code == 3
        assert [(f["path"], f["verdict"]) for f in result.json["findings"]] == [(path, "damaged")]


class TestChecksums:
    @pytest.fixture
    def awkward(self, mirrored: Command) -> Command:
        """Some photos were renamed here to what only a file system allows."""
        for path, name in zip(some(mirrored, 5), ("a\nb", "c\\d", "e\rf", " g ", "-h"), strict=True):
            old = mirrored.mirror / path
            old.rename(old.with_name(f"{name}{old.suffix}"))
        assert mirrored.sync("--full")["files_downloaded"] == 0
        return mirrored

    @pytest.mark.parametrize(("options", "tool"), [((), "sha256sum"), (("--md5",), "md5sum")])
    def test_tools_accept_every_line(self, awkward: Command, options: tuple[str, ...], tool: str) -> None:
        result = awkward.run("export", "checksums", *options)
        assert result.code == 0, result
        assert len(result.out.splitlines()) == len(awkward.files())
        checked = subprocess.run(
            [tool, "-c", "--strict", "--quiet"],
            input=result.out.encode(),
            cwd=awkward.mirror,
            capture_output=True,
            check=False,
        )
        assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")

    def test_list_is_that_of_the_tool_itself(self, awkward: Command) -> None:
        ours = awkward.run("export", "checksums").out
        paths = sorted(awkward.files(), key=str.encode)
        theirs = subprocess.run(
            ["sha256sum", "--", *paths], cwd=awkward.mirror, capture_output=True, check=True
        )
        assert ours.encode() == theirs.stdout

    def test_damaged_and_missing_files_are_left_out_and_told(self, mirrored: Command) -> None:
        bad, gone = some(mirrored, 2)
        rot(mirrored.mirror / bad)
        (mirrored.mirror / gone).unlink()
        result = mirrored.run("export", "checksums")
        assert result.code == 3
        assert not {bad, gone} & {line.partition("  ")[2] for line in result.out.splitlines()}
        assert f"left out: {bad}: damaged" in result.err
        assert f"left out: {gone}: " in result.err

    def test_file_is_written_whole_with_a_usual_mode(self, mirrored: Command) -> None:
        target = mirrored.root / "SUMS"
        target.write_text("former\n")
        line = f'umask 027; "$SMUGSYNC" export checksums -o {target}'
        assert mirrored.shell(line).code == 0
        assert stat.S_IMODE(target.stat().st_mode) == 0o640
        assert len(target.read_text().splitlines()) == len(mirrored.files())
        assert [path.name for path in mirrored.root.iterdir() if path.name.startswith(".SUMS")] == []

    def test_command_that_checks_it_can_be_pasted(
        self, calm: Emulated, command: Command, tmp_path: Path
    ) -> None:
        command.mirror = tmp_path / 'my "own" photos'
        command.init(calm)
        command.sync("Twins")
        told = command.run("export", "checksums", "-o", str(tmp_path / "my list")).err
        checked = command.shell(told.partition("`")[2].rpartition("`")[0])
        assert (checked.code, checked.out.count(": OK")) == (0, 4), checked

    def test_mirror_holds_nothing_but_photos(self, owner: Command) -> None:
        where = f"{owner.mirror}/Travel/../../mirror/SUMS"
        assert "holds nothing but photos" in owner.refused("export", "checksums", "-o", where, code=2)


class TestFsck:
    def test_sound_mirror(self, mirrored: Command) -> None:
        before = mirrored.everything()
        assert mirrored.run("fsck", "--online").code == 0
        assert mirrored.everything() == before

    def test_missing_file_and_photo_that_is_new_online(self, calm: Emulated, mirrored: Command) -> None:
        (path,) = some(mirrored)
        (mirrored.mirror / path).unlink()
        found = mirrored.run("fsck", "--online", "--json")
        assert found.code == 3
        assert {"missing", "fetch", "count"} <= {flaw["id"] for flaw in found.json["flaws"]}
        assert calm.counters()["media_requests"] == 0

    def test_damaged_catalogue_is_rebuilt_without_fetching(self, calm: Emulated, mirrored: Command) -> None:
        (path,) = some(mirrored)
        (mirrored.mirror / path).rename((mirrored.mirror / path).with_name("called so by a person.jpg"))
        files = mirrored.files()
        data = bytearray(mirrored.catalogue.read_bytes())
        data[5000:9000] = os.urandom(4000)
        mirrored.catalogue.write_bytes(data)
        for rest in ("-wal", "-shm"):
            mirrored.catalogue.with_name(mirrored.catalogue.name + rest).unlink(missing_ok=True)
        found = mirrored.run("fsck")
        assert found.code == 1
        assert "fsck --rebuild" in found.out
        assert "fsck --rebuild" in mirrored.refused("sync", code=1)
        result = mirrored.run("fsck", "--rebuild", "--json")
        assert result.code == 0, result
        assert (result.json["files_downloaded"], mirrored.files()) == (0, files)
        assert calm.counters()["media_requests"] == 0
        (aside,) = mirrored.state.glob("catalogue.db.bad-*Z")
        assert aside.read_bytes() == data
        assert mirrored.run("fsck").code == 0

    def test_rebuilding_asks_for_the_account_before_it_gives_the_catalogue_up(
        self, calm: Emulated, mirrored: Command
    ) -> None:
        before = mirrored.everything()
        calm.fault("portal@*")
        mirrored.refused("fsck", "--rebuild", "--yes", code=75)
        assert mirrored.everything() == before

    def test_catalogue_that_knows_nothing_is_given_up_unasked(
        self, calm: Emulated, owner: Command, command: Command
    ) -> None:
        command.init(calm)
        shutil.copytree(owner.mirror / "Twins", command.mirror / "by hand")
        assert command.run("adopt", str(command.mirror), "--dry-run").code == 0
        result = command.run("fsck", "--rebuild", "--json")
        assert result.code == 0, result
        assert result.json["files_adopted"] == 4

    def test_sound_catalogue_is_not_given_up_unasked(self, owner: Command) -> None:
        before = owner.catalogue.read_bytes()
        assert "--yes" in owner.refused("fsck", "--rebuild", code=2)
        assert owner.catalogue.read_bytes() == before

    def test_mirror_that_is_not_mounted_is_nothing_to_rebuild_from(self, mirrored: Command) -> None:
        mirrored.mirror.rename(mirrored.root / "away")
        mirrored.mirror.mkdir()
        before = mirrored.catalogue.read_bytes()
        assert "is it mounted" in mirrored.refused("fsck", "--rebuild", "--yes", code=5)
        assert mirrored.catalogue.read_bytes() == before
        assert mirrored.run("fsck").code == 5

    def test_nothing_mirrored_yet(self, calm: Emulated, command: Command) -> None:
        command.init(calm)
        assert "run `smugsync sync`" in command.refused("fsck", code=2)
        assert "run `smugsync sync`" in command.refused("export", "checksums", "--md5", code=2)
