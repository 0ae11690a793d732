"""Whole commands that move files: beside curl and md5sum, beside httpx's transport, beside themselves."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.processes import ROOT, SMUGSYNC, BenchmarkError, Emulator, Sample, measure
from benchmarks.scenario import Contestants, Moved, Scenario
from benchmarks.stage.files import Library, empty, md5s
from benchmarks.stage.needs import TOOLS, need, need_disk
from benchmarks.stage.servers import Nginx, serve_files

KB, MB = 1000, 1_000_000
THUMBNAILS = [150 * KB + 100 * KB * n // 399 for n in range(400)]
PHOTOS = [5 * MB + 7 * MB * n // 79 for n in range(80)]
#: 1.06 GB.
MIXED = [300 * MB, *PHOTOS, *THUMBNAILS]
_MIXED = "a first mirror of 400 thumbnails of 150 to 250 kB, 80 photos of 5 to 12 MB and a file of 300 MB"
#: 200 MB.
SMALL = [150 * KB + 100 * n for n in range(1000)]
CURL = """curl -qsSf -Z --parallel-max {n} --http1.1 --create-dirs {more} -K list &&
    find files -type f -print0 | xargs -0 -n16 -P2 md5sum"""


class Account:
    """An emulated account whose files nginx serves, and commands that mirror it into an empty place."""

    def __init__(self, place: Path, stack: ExitStack, library: Library) -> None:
        self.library, self.work = library, place / "work"
        self._place, self._stack = place, stack
        self.nginx: Nginx = serve_files(place, library.root, stack)

    def reached(self, scheme: str = "http", *, host: str = "", name: str = "emulator") -> Reached:
        """The account with its files at one address."""
        host = host or (self.nginx.http if scheme == "http" else self.nginx.https)
        place = self._place / name
        place.mkdir(parents=True, exist_ok=True)
        emulator = Emulator(place, self._stack, str(self.library.root), "--media-url", f"{scheme}://{host}")
        return Reached(self, emulator, scheme, host)


class Reached:
    def __init__(self, account: Account, emulator: Emulator, scheme: str, host: str) -> None:
        self._account, self._emulator = account, emulator
        self._scheme, self._host = scheme, host
        self._servers = (account.nginx.pid, emulator.pid)
        # The emulator hashes a file when a listing first shows it: that takes place before anything counts.
        emulator.configure(empty(account.work))
        measure([SMUGSYNC, "plan", "--quiet"], account.work)

    def sync(
        self,
        *,
        downloads: int | str = "auto",
        durability: str = "batch",
        program: Sequence[str] = (SMUGSYNC,),
        **environ: str,
    ) -> Callable[[], Sample]:
        """A first mirror of everything by the command, checked by MD5."""

        def take() -> Sample:
            work = empty(self._account.work)
            trust = ("--ca-file", str(self._account.nginx.ca)) if self._scheme == "https" else ()
            self._emulator.configure(work, "--media-host", self._host, *trust)
            settings = {"SMUGSYNC_DOWNLOADS": str(downloads), "SMUGSYNC_DURABILITY": durability}
            sample = measure(
                [*program, "sync", "--json"],
                work,
                self._servers,
                count=self._emulator.requests,
                **settings,
                **environ,
            )
            if md5s(work / "mirror") != self._account.library.sums:
                raise BenchmarkError(f"the mirror is not what is online; it said: {sample.out[:500]}")
            return sample

        return take

    def curl(self, *, parallel: int = 8) -> Callable[[], Sample]:
        """curl is told every address, then md5sum reads what it wrote."""

        def take() -> Sample:
            work, names = empty(self._account.work), self._account.library.names
            origin = f"{self._scheme}://{self._host}"
            lines = [f'url = "{origin}/{name}"\noutput = "files/{name}"\n' for name in names]
            (work / "list").write_text("".join(lines))
            more = f"--cacert {self._account.nginx.ca}" if self._scheme == "https" else ""
            line = CURL.format(n=parallel, more=more)
            sample = measure(["sh", "-c", line], work, self._servers)
            if sorted(one.split()[0] for one in sample.out.splitlines()) != self._account.library.sums:
                raise BenchmarkError(f"curl fetched something else; it said: {sample.out[:500]}")
            return sample

        return take


def moved(sizes: Sequence[int]) -> Moved:
    return Moved(len(sizes), sum(sizes))


def account(place: Path, stack: ExitStack, sizes: Sequence[int]) -> Account:
    need(*TOOLS)
    return Account(place, stack, Library(place / "library", sizes))


_BASE = "curl -Z 8, md5sum -P2"


def _mixed(scheme: str) -> Callable[[Path, ExitStack], Contestants]:
    def prepare(place: Path, stack: ExitStack) -> Contestants:
        there = account(place, stack, MIXED).reached(scheme)
        contestants: dict[str, Callable[[], Sample]] = {
            _BASE: there.curl(),
            "smugsync, 4 downloads": there.sync(downloads=4, durability="none"),
            "smugsync, 8 downloads": there.sync(downloads=8, durability="none"),
            "smugsync, 4 downloads, with fsync": there.sync(downloads=4),
        }
        if scheme == "https":
            plain = (sys.executable, "-m", "benchmarks.programs.plain")
            contestants["httpx's transport, 8 downloads"] = there.sync(
                downloads=8, durability="none", program=plain, PYTHONPATH=str(ROOT)
            )
        return contestants

    return prepare


def _speed(name: str, own: str, base: str, floor: float, goal: float | None = None) -> Figure:
    return Figure(name, f"speed of {own}, to {base}", own, base, "wall", "speed", floor, goal)


HTTPS = Scenario(
    "https",
    f"{_MIXED}, over HTTPS",
    _mixed("https"),
    space=3.0,
    moved=moved(MIXED),
    figures=(
        _speed("P1, 4", "smugsync, 4 downloads", _BASE, 0.85, 1.0),
        _speed("P1, 8", "smugsync, 8 downloads", _BASE, 0.75, 0.85),
        _speed("P3", "smugsync, 8 downloads", "httpx's transport, 8 downloads", 1.8),
        Figure(
            "P4",
            "CPU time of it, to httpx's transport",
            "smugsync, 8 downloads",
            "httpx's transport, 8 downloads",
            "cpu",
            "cost",
            0.55,
        ),
    ),
)
HTTP = Scenario(
    "http",
    f"{_MIXED}, over HTTP",
    _mixed("http"),
    space=3.0,
    moved=moved(MIXED),
    figures=(
        _speed("P2, 4", "smugsync, 4 downloads", _BASE, 0.9),
        _speed("P2, 8", "smugsync, 8 downloads", _BASE, 0.8),
    ),
)


def _thumbnails(place: Path, stack: ExitStack) -> Contestants:
    there = account(place, stack, SMALL).reached()
    return {
        _BASE: there.curl(),
        "smugsync": there.sync(downloads=4, durability="none"),
        "smugsync, with fsync": there.sync(downloads=4),
    }


THUMBNAILS_NEAR = Scenario(
    "thumbnails",
    "1,000 thumbnails of 150 to 250 kB over HTTP",
    _thumbnails,
    moved=moved(SMALL),
    figures=(_speed("P6", "smugsync", _BASE, 0.6, 0.9),),
)


def _durable(place: Path, stack: ExitStack) -> Contestants:
    need_disk(place)
    there = account(place, stack, PHOTOS).reached()
    return {
        "durability none": there.sync(downloads=8, durability="none"),
        "durability batch": there.sync(downloads=8),
    }


DURABLE = Scenario(
    "durability",
    "80 photos of 5 to 12 MB over HTTP, with and without fsync",
    _durable,
    space=2.0,
    moved=moved(PHOTOS),
    figures=(_speed("P8", "durability batch", "durability none", 0.85),),
)


def _large(place: Path, stack: ExitStack) -> Contestants:
    small, large = (account(place / f"{len(sizes)}", stack, sizes).reached() for sizes in _LARGE.values())
    return {name: there.sync(downloads=8) for name, there in zip(_LARGE, (small, large), strict=True)}


_SIZES = ("files of 300 MB", "files of 200 kB")
_LARGE = {_SIZES[1]: [200 * KB] * 400, _SIZES[0]: [300 * MB] * 8}
LARGE = Scenario(
    "large",
    "8 downloads of 300 MB, beside 8 of 200 kB",
    _large,
    moved={name: moved(sizes) for name, sizes in _LARGE.items()},
    figures=(
        Figure("P10", "memory, to that of small files", *_SIZES, "rss", "cost", 1.15),
        Figure("memory", "peak memory of the process", _SIZES[0], "", "rss", "cost", 80.0, unit="MB"),
    ),
    space=6.0,
)

SCENARIOS: Mapping[str, Scenario] = {one.name: one for one in (HTTPS, HTTP, THUMBNAILS_NEAR, DURABLE, LARGE)}
