"""What is measured: a scenario sets its stage in an empty directory and says who takes part."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

from benchmarks.processes import PATH, SMUGSYNC, BenchmarkError, Emulator, Sample, measure, serve_files
from smugsync.emulator.account.account import Account
from smugsync.emulator.account.synthetic import fill_synthetic

SIZES = [4_000_000 + 4_000_000 * n // 59 for n in range(60)] + [200_000] * 300  #: bytes
CURL = """curl -qsSf -Z --parallel-max 8 --create-dirs -K list &&
    find files -type f -print0 | xargs -0 -n16 -P2 md5sum"""

BYTES_EACH = 2000  #: what the emulator makes of a synthetic photo unless told otherwise

#: By name, the baseline first. Each prepares, takes one sample, and raises BenchmarkError for a wrong result.
Contestants = Mapping[str, Callable[[], Sample]]


class Skip(Exception):
    """The scenario cannot be set here; the message names what is missing."""


def mirror(place: Path, stack: ExitStack) -> Contestants:
    """a first mirror over HTTP: 60 photos of 4 to 8 MB, 300 thumbnails of 200 kB, 420 MB served by nginx"""
    tools = ("nginx", "curl", "md5sum", "xargs")
    if missing := [tool for tool in tools if not shutil.which(tool, path=PATH)]:
        raise Skip(f"not installed: {', '.join(missing)}")
    library, work = place / "library", place / "work"
    names = [f"Album-{n % 4}/IMG_{n:04d}.jpg" for n in range(len(SIZES))]
    for name, size in zip(names, SIZES, strict=True):
        (library / name).parent.mkdir(parents=True, exist_ok=True)
        (library / name).write_bytes(os.urandom(size))
    sums = _md5s(library)
    nginx, host = serve_files(place, library, stack)
    emulator = Emulator(place, stack, str(library), "--media-url", f"http://{host}")
    servers = (nginx, emulator.pid)

    def curl() -> Sample:
        lines = [f'url = "http://{host}/{name}"\noutput = "files/{name}"\n' for name in names]
        (_empty(work) / "list").write_text("".join(lines))
        sample = measure(["sh", "-c", CURL], work, servers, count=emulator.requests)
        _check(sorted(line.split()[0] for line in sample.out.splitlines()) == sums, sample)
        return sample

    def sync(durability: str) -> Sample:
        emulator.configure(_empty(work), "--media-host", host)
        command, environ = [SMUGSYNC, "sync", "--json"], {"SMUGSYNC_DURABILITY": durability}
        sample = measure(command, work, servers, count=emulator.requests, **environ)
        _check(_md5s(work / "mirror") == sums, sample)
        return sample

    sync("batch")  # once uncounted: the emulator hashes a file when a listing first shows it
    batch, none = (lambda: sync("batch")), (lambda: sync("none"))
    return {"curl -Z 8, md5sum -P2": curl, "smugsync sync": batch, "smugsync sync, no fsync": none}


def quiet(place: Path, stack: ExitStack) -> Contestants:
    """a sync that finds nothing changed, albums of one image; the baseline has one page of albums"""
    synced = {n: _account(place / f"{n}", stack, n, images=1, first="sync") for n in (20, 2000)}
    return {f"sync, {n:,} albums": _asking(*synced[n], "sync", files_held=n, files_planned=0) for n in synced}


def plan(place: Path, stack: ExitStack) -> Contestants:
    """a plan of an account never mirrored, albums of 250 images; the baseline is a tenth of it"""
    sizes = (10_000, 100_000)
    fresh = {n: _account(place / f"{n}", stack, n // 250, images=250, first="status") for n in sizes}
    return {f"plan, {n:,} images": _asking(*fresh[n], "plan", files_planned=n) for n in fresh}


def adopt(place: Path, stack: ExitStack) -> Contestants:
    """adopting 100,000 files of 2 kB, all of which the account has; the baseline only lists that account"""
    emulator, fresh = _account(place / "fresh", stack, 400, images=250, first="status")
    library, home, servers = place / "library", place / "home", [emulator.pid]
    _lay_out(library, albums=400, images=250)

    def take(*, inside: bool) -> Sample:
        emulator.configure(_empty(home))
        tree = home / ("mirror" if inside else "old")
        # Hard links: neither adopts by writing.
        subprocess.run(["cp", "-al", f"{library}/.", tree], check=True)
        sample = measure([SMUGSYNC, "adopt", "--json", str(tree)], home, servers, count=emulator.requests)
        said = json.loads(sample.out)
        _check((said["files_adopted"], said["bytes_downloaded"]) == (100_000, 0), sample)
        return sample

    return {
        "plan": _asking(emulator, fresh, "plan", files_planned=100_000),
        "adopt, in the mirror": lambda: take(inside=True),
        "adopt, linked in": lambda: take(inside=False),
    }


def _lay_out(root: Path, *, albums: int, images: int) -> None:
    """The files of a synthetic account, as its address has them."""
    account = Account("demo", clock=time.time)
    fill_synthetic(account, albums=albums, images=images, size=BYTES_EACH)
    for album in account.albums.values():
        directory = root / album.node.url_path[1:]
        directory.mkdir(parents=True)
        for image in album.photos:
            data = b"".join(image.content.read(0, image.content.size))
            (directory / image.file_name).write_bytes(data)


SCENARIOS = {"mirror": mirror, "quiet": quiet, "plan": plan, "adopt": adopt}


def _account(home: Path, stack: ExitStack, albums: int, *, images: int, first: str) -> tuple[Emulator, Path]:
    """A synthetic account, and a configured home, where the command `first` was run."""
    emulator = Emulator(_empty(home), stack, "--albums", str(albums), "--images", str(images))
    emulator.configure(home)
    measure([SMUGSYNC, first, "--quiet"], home)
    return emulator, home


def _asking(emulator: Emulator, home: Path, command: str, **expected: int) -> Callable[[], Sample]:
    """How to measure `command`, whose summary must say what is `expected`."""

    def take() -> Sample:
        sample = measure([SMUGSYNC, command, "--json"], home, [emulator.pid], count=emulator.requests)
        _check(expected.items() <= json.loads(sample.out).items(), sample)
        return sample

    return take


def _empty(place: Path) -> Path:
    """An empty directory, and a disk that owes nothing for what lay there before."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    subprocess.run(["sync", "-f", place], check=True)
    return place


def _md5s(root: Path) -> list[str]:
    """What lies in the albums below `root`, sorted."""
    return sorted(hashlib.md5(path.read_bytes()).hexdigest() for path in root.glob("[!.]*/*"))


def _check(correct: bool, sample: Sample) -> None:
    if not correct:
        raise BenchmarkError(f"the result is wrong; it said: {sample.out[:500]}")
