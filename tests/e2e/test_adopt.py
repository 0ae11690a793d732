"""`smugsync adopt` on trees as other tools leave them: not a byte is downloaded, none is read twice."""

from __future__ import annotations

import os
import random
import re
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.command import Command, sha256sums, until
from tests.e2e.conftest import Emulator
from tests.e2e.emulated import Emulated

#: What a file of the library is called in its album, where another tool has to deal with equal names.
_NUMBERED = "{stem}({number}){suffix}"


@dataclass(frozen=True)
class Shown:
    """A photo of the account and the file of the library it comes from."""

    url_path: str
    album: str
    key: str
    name: str
    md5: str
    bytes: bytes


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two folders of albums; equal names, other scripts, a photo twice."""
    root, dice = tmp_path_factory.mktemp("library"), random.Random(4)
    for path in (
        *(f"Travel/Ring Road/DSC_{n}.JPG" for n in range(12)),
        *(f"Travel/Þingvellir & Geysir/Öxarárfoss {n}.jpg" for n in range(4)),
        *(f"Family/Zoë's birthday 🎂/IMG_{n}.jpg" for n in range(6)),
        *("Twins/IMG_1.JPG", "Twins/img_1.jpg", "Twins/a.png"),
    ):
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(dice.randbytes(dice.randrange(5_000, 90_000)))
    shutil.copy(root / "Twins/a.png", root / "Travel/Ring Road/again.png")
    return root


@pytest.fixture(scope="module")
def account(emulator: Emulator, library: Path) -> Emulated:
    """The library as an account. Tests do not edit it."""
    return emulator(str(library))


@pytest.fixture
def online(account: Emulated) -> Emulated:
    account.reset_counters()
    return account


def shown(online: Emulated, library: Path) -> Iterator[Shown]:
    held = {path.name: path for path in library.rglob("*") if path.is_file()}
    for node in online.nodes():
        for image in node.get("images", ()):
            data = held[image["file_name"]].read_bytes()
            yield Shown(
                node["url_path"], node["name"], image["image"], image["file_name"], image["md5"], data
            )


def lay(root: Path, path: str, data: bytes) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_bytes(data)


def as_smugmug_backup(online: Emulated, library: Path, root: Path) -> None:
    """Directories by UrlPath, files by FileName; its table of all files beside them."""
    for one in shown(online, library):
        lay(root, f"{one.url_path[1:]}/{one.name}", one.bytes)
    lay(root, "metadata.csv", b"Filename,Type\n")


def as_zips(online: Emulated, library: Path, root: Path) -> None:
    """SmugMug's own zips unpacked: a flat folder per album, equal names numbered."""
    seen: Counter[str] = Counter()
    for one in shown(online, library):
        path = Path(one.album) / one.name
        number = seen[str(path).lower()]
        seen[str(path).lower()] += 1
        name = path.name
        if number:
            name = _NUMBERED.format(stem=path.stem, number=number, suffix=path.suffix)
        lay(root, f"{path.parent}/{name}", one.bytes)
    lay(root, ".DS_Store", b"junk")


def as_camera_folder(online: Emulated, library: Path, root: Path) -> None:
    """Names of a camera's own, a hundred to a folder, and photos that were never published."""
    for number, one in enumerate(shown(online, library)):
        lay(root, f"DCIM/{100 + number // 10}CANON/_MG_{number:04d}.JPG", one.bytes)
    for number in range(5):
        lay(root, f"DCIM/100CANON/_MG_9{number:03d}.JPG", f"never published {number}".encode())
    lay(root, "DCIM/100CANON/@eaDir/_MG_0000.JPG", b"a NAS's own")


def adopted(command: Command, directory: Path, *arguments: str) -> dict[str, Any]:
    result = command.run("adopt", str(directory), "--json", *arguments)
    assert result.code == 0, result
    return result.json


@pytest.mark.parametrize("lay_out", [as_zips, as_camera_folder], ids=lambda one: one.__name__)
def test_folder_beside_the_mirror(
    online: Emulated, command: Command, library: Path, tmp_path: Path, lay_out: Any
) -> None:
    lay_out(online, library, tmp_path / "old")
    before = sha256sums(tmp_path / "old")
    command.init(online)
    report = adopted(command, tmp_path / "old")
    assert online.counters()["media_bytes"] == 0
    assert report["files_adopted"] + report["files_shared"] == len(online.md5s())
    assert command.md5s() == online.md5s()
    assert sha256sums(command.mirror) == sha256sums(library)
    assert sha256sums(tmp_path / "old") == before
    assert command.sync("--full")["counts"] == {}
    assert online.counters()["media_requests"] == 0


@pytest.mark.parametrize(
    ("lay_out", "layout"),
    [
        (as_smugmug_backup, "url-path"),
        (as_zips, "names"),
        (as_camera_folder, "url-path"),
    ],
    ids=lambda one: one if isinstance(one, str) else one.__name__,
)
def test_mirror_itself(online: Emulated, command: Command, library: Path, lay_out: Any, layout: str) -> None:
    lay_out(online, library, command.mirror)
    before, laid = sha256sums(command.mirror), command.files()
    command.init(online)
    command.set(f'layout = "{layout}"')
    report = adopted(command, command.mirror)
    assert online.counters()["media_bytes"] == 0
    assert report["files_adopted"] == len(online.md5s())
    assert sha256sums(command.mirror) == before
    files = command.files()
    if lay_out is as_smugmug_backup:  # nothing was renamed but one of two that differ in case alone
        assert set(laid) - set(files) == {"Twins/img_1.jpg"}
    quiet = command.sync("--full")
    assert (quiet["counts"], quiet["files_downloaded"]) == ({}, 0)
    assert command.files() == files
    assert online.counters()["media_requests"] == 0


def bytes_read(traces: Path, below: Path) -> dict[str, int]:
    """How many bytes were read of each file below a directory, by what strace saw."""
    found: Counter[str] = Counter()
    calls = "read|readv|pread64|copy_file_range"
    line = re.compile(rf"^(?:{calls})\(\d+<{re.escape(str(below))}/([^>]*)>.*\) = (\d+)$", re.MULTILINE)
    for trace in traces.iterdir():
        for path, size in line.findall(trace.read_text(errors="replace")):
            if not path.startswith(".smugsync/"):
                found[path] += int(size)
    return dict(found)


def traced(command: Command, traces: Path, *arguments: str) -> None:
    """Run the command; one file for each of its threads says what that one read."""
    traces.mkdir()
    command.prefix = [
        *("strace", "--follow-forks", "--output-separately", "--decode-fds=path", "--quiet=all"),
        *(f"--output={traces}/of", "--trace=read,readv,pread64,copy_file_range"),
    ]
    try:
        result = command.run(*arguments)
    finally:
        command.prefix = ()
    assert result.code == 0, result


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace tells what is read")
@pytest.mark.parametrize("place", ["in place", "copied", "after a dry run"])
def test_every_byte_is_read_once(
    online: Emulated, command: Command, library: Path, tmp_path: Path, place: str
) -> None:
    old = command.mirror if place == "in place" else tmp_path / "old"
    as_camera_folder(online, library, old)
    command.init(online)
    photos = {
        path.relative_to(old).as_posix(): path.stat().st_size
        for path in old.rglob("_MG_0*.JPG")
        if "@eaDir" not in path.parts
    }
    options = ["--copy"] if place == "copied" else []
    if place == "after a dry run":
        traced(command, tmp_path / "first", "adopt", str(old), "--dry-run")
        assert bytes_read(tmp_path / "first", old) == photos
        photos = {}
    traced(command, tmp_path / "second", "adopt", str(old), *options)
    read = bytes_read(tmp_path / "second", old)
    if place == "copied":  # two files of equal bytes, and so of one size, are read to be told from others
        assert sum(size > photos[path] for path, size in read.items()) <= 2
        read = {path: min(size, photos[path]) for path, size in read.items()}
    assert read == photos
    assert online.counters()["media_requests"] == 0


def count(directory: Path) -> int:
    """How many photos can be seen below a directory."""
    return sum(1 for path in directory.rglob("*.jpg") if ".smugsync" not in path.parts)


@pytest.mark.parametrize(
    "kills", [pytest.param(3, id="three"), pytest.param(15, id="fifteen", marks=pytest.mark.soak)]
)
def test_killed_and_asked_again(emulator: Emulator, command: Command, tmp_path: Path, kills: int) -> None:
    dice, library, total = random.Random(7), tmp_path / "library", 60 * kills
    for album in range(6):
        for photo in range(total // 6):
            lay(library, f"Album {album}/{photo:03d}.jpg", dice.randbytes(dice.randrange(2_000, 40_000)))
    online = emulator(str(library))
    shutil.copytree(library, tmp_path / "old")
    command.init(online)
    account, before = set(online.md5s()), 0
    for number in range(kills):
        some = before + dice.randrange(1, 2 * total // (3 * kills))
        patience = 20.0 if number % 3 else dice.uniform(0.4, 1.0)  # or while it still lists, or reads
        with command.start("adopt", str(tmp_path / "old"), "--copy") as running:
            deadline = time.monotonic() + patience
            until(lambda end=deadline, some=some: time.monotonic() > end or count(command.mirror) >= some)  # type: ignore[misc]
            running.process.kill()
        before = count(command.mirror)
        assert set(command.md5s()) <= account, "something half or wrong is visible"
    assert before < total, "the runs were over before they could be killed"
    adopted(command, tmp_path / "old")
    assert sha256sums(command.mirror) == sha256sums(library) == sha256sums(tmp_path / "old")
    assert online.counters()["media_requests"] == 0
    assert command.parts() == []
    assert command.sync("--full")["counts"] == {}


def test_killed_while_it_renames_in_the_mirror(emulator: Emulator, command: Command, tmp_path: Path) -> None:
    dice, library = random.Random(8), tmp_path / "library"
    for album in range(25):
        for photo in range(5):
            lay(library, f"Album {album:02d}/{photo}.jpg", dice.randbytes(dice.randrange(2_000, 20_000)))
    online = emulator(str(library))
    command.init(online)
    for number, path in enumerate(sorted(library.rglob("*.jpg"))):
        lay(command.mirror, f"flat/{number:04d}.jpg", path.read_bytes())
    flat = command.mirror / "flat"
    for left in (90, 20):
        with command.start("adopt", str(command.mirror)) as running:
            until(lambda left=left: count(flat) <= left)  # type: ignore[misc]
            running.process.kill()
        assert sha256sums(command.mirror) == sha256sums(library)
    adopted(command, command.mirror)
    assert sha256sums(command.mirror) == sha256sums(library)
    assert online.counters()["media_requests"] == 0
    assert command.sync("--full")["counts"] == {}


def test_dry_run_changes_nothing_but_what_it_remembers(
    online: Emulated, command: Command, library: Path, tmp_path: Path
) -> None:
    as_smugmug_backup(online, library, tmp_path / "old")
    next((tmp_path / "old").rglob("DSC_3.JPG")).unlink()
    command.init(online)
    before = {path: md5 for path, md5 in command.everything().items() if "catalogue" not in path}
    report = adopted(command, tmp_path / "old", "--dry-run")
    missing = (library / "Travel/Ring Road/DSC_3.JPG").stat().st_size
    assert (report["files_planned"], report["bytes_planned"]) == (1, missing)
    assert report["files_adopted"] == len(online.md5s()) - 1
    after = {path: md5 for path, md5 in command.everything().items() if "catalogue" not in path}
    assert after == before


def test_summary_for_people(online: Emulated, command: Command, library: Path, tmp_path: Path) -> None:
    as_camera_folder(online, library, tmp_path / "old")
    for path in sorted((tmp_path / "old").rglob("_MG_000*.JPG"))[:4]:
        path.unlink()
    command.init(online)
    told = command.run("adopt", str(tmp_path / "old"), "--no-download").out
    assert told.startswith(
        f"{command.mirror} has taken over what was here; `smugsync sync` fetches the rest.\n"
    )
    assert re.search(r"^  adopted   2\d files, .* need no download$", told, re.MULTILINE)
    assert re.search(r"^  left      \d other files, left alone$", told, re.MULTILINE)
    assert re.search(r"^  to fetch  [2-4] photos, ", told, re.MULTILINE)
    assert online.counters()["media_requests"] == 0
    rest = command.run("adopt", str(tmp_path / "old")).out
    assert rest.startswith(f"{command.mirror} is up to date, every file proven on arrival.\n")
    assert command.md5s() == online.md5s()
    again = command.run("--quiet", "adopt", str(tmp_path / "old"))
    assert (again.code, again.out, again.err) == (0, "", "")
    told = command.refused("adopt", str(tmp_path), code=2)
    assert told.startswith(f"{tmp_path} holds the mirror")


def test_unproven_files_are_told(demo: Emulated, command: Command) -> None:
    command.init(demo)
    where = next(node["url_path"] for node in demo.nodes() if node["name"] == "Zoë's birthday 🎂")
    film = command.mirror / where[1:] / "Candles.MOV"
    lay(command.mirror, f"{where[1:]}/Candles.MOV", FILM)
    at = 1_588_456_860  # 2020-05-02 22:01:00 UTC, when the film says it was taken
    os.utime(film, (at, at))
    command.set('timezone = "UTC"')
    done = command.run("adopt", str(command.mirror))
    assert done.code == 0, done
    assert "1 video or HEIC matched by name and time: not proven" in done.out
    assert "every file proven" not in done.out
    assert "1  of them unproven" in command.run("status").out
    assert command.run("status", "--json").json["unproven"] == 1
    listed = command.run("ls", "Zoë's birthday 🎂").out
    assert next(line for line in listed.splitlines() if "[unproven]" in line).endswith(
        "Candles.MOV [unproven]"
    )
    assert "unproven  1 video or HEIC: held against what was adopted" in command.run("verify").out
    for options in ((), ("--md5",)):
        exported = command.run("export", "checksums", *options)
        assert "1 video or HEIC in the list matched by name and time, not proven" in exported.err
    before = command.files()
    assert command.sync("--full")["files_downloaded"] == 0
    assert command.files() == before


#: A film of two parts, as a container says: an index and data.
FILM = b"\0\0\0\x10ftypqt  \0\0\0\0" + b"\0\0\0\x10moov" + bytes(8) + b"\0\0\0\x10mdat" + bytes(8)
