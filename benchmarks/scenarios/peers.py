"""Other people's programs at the same job, where their binaries are: `SMUGMUG_BACKUP=/path`, `RCLONE=/path`.

Neither proves anything: md5sum reads afterwards what it wrote. smugmug-backup asks the emulator what there is
and fetches from nginx, as smugsync does; rclone is told the addresses and asks nobody. The keys of
smugmug-backup's configuration are those of its documentation (`~/.smgmg/config.toml`); nothing that it asks
for beyond this machine is let through.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.processes import SMUGSYNC, BenchmarkError, Emulator, Sample, measure
from benchmarks.scenario import Contestants, Moved, Scenario
from benchmarks.scenarios.mirrors import MIXED
from benchmarks.stage.files import Library, empty, md5s
from benchmarks.stage.needs import Skip, need
from benchmarks.stage.servers import Nginx, serve_files

#: Where what is asked for outside would go: nobody listens there.
_NOWHERE = "http://127.0.0.1:9"
_OWN = ("smugsync, 4 downloads", "smugsync, 8 downloads")
_BACKUP, _RCLONE = "smugmug-backup, md5sum -P2", "rclone, md5sum -P2"
_SUMS = "find {0} -type f -print0 | xargs -0 -n16 -P2 md5sum"
_CONFIG = """[authentication]
api_key = "{api_key}"
api_secret = "{api_secret}"
user_token = "{access_token}"
user_secret = "{access_token_secret}"
[store]
destination = "{destination}"
file_names = "{{{{.FileName}}}}"
concurrent_albums = 4
concurrent_downloads = 8
[http]
base_url = "{api_url}"
"""


class Peers:
    """One account, and who mirrors it into an empty place."""

    def __init__(self, place: Path, stack: ExitStack) -> None:
        need("nginx", "curl", "md5sum", "xargs")
        self._work = place / "work"
        self._library = Library(place / "library", MIXED)
        self._nginx: Nginx = serve_files(place, self._library.root, stack)
        media = ("--media-url", f"http://{self._nginx.http}")
        self._emulator = Emulator(empty(place / "emulator"), stack, str(self._library.root), *media)
        self._servers = (self._nginx.pid, self._emulator.pid)
        self.own(8)()  # once uncounted: the emulator hashes a file when a listing first shows it

    def own(self, downloads: int) -> Callable[[], Sample]:
        def take() -> Sample:
            self._emulator.configure(empty(self._work), "--media-host", self._nginx.http)
            asked = self._emulator.requests
            command, wide = [SMUGSYNC, "sync", "--json"], str(downloads)
            sample = measure(command, self._work, self._servers, count=asked, SMUGSYNC_DOWNLOADS=wide)
            if md5s(self._work / "mirror") != self._library.sums:
                raise BenchmarkError(f"the mirror is not what is online; it said: {sample.out[:500]}")
            return sample

        return take

    def backup(self, binary: str) -> Sample:
        target = empty(self._work) / "files"
        config = self._work / ".smgmg/config.toml"
        for directory in (target, config.parent):
            directory.mkdir()
        config.write_text(_CONFIG.format(**self._emulator.ready, destination=target))
        config.chmod(0o600)
        return self._summed(f'"$0" > said 2>&1 && {_SUMS.format("files")}', binary)

    def rclone(self, binary: str) -> Sample:
        """The album directories are not listed by nginx: every file is named."""
        names = empty(self._work) / "names"
        names.write_text("".join(f"{name}\n" for name in self._library.names))
        origin = f"http://{self._nginx.http}"
        flags = "--config= --files-from-raw names --no-traverse --transfers 8 --multi-thread-streams 0"
        copy = f'"$0" copy -q {flags} --http-url {origin} :http: files'
        return self._summed(f"{copy} && {_SUMS.format('files')}", binary)

    def _summed(self, script: str, binary: str) -> Sample:
        outside = {"HTTPS_PROXY": _NOWHERE, "HTTP_PROXY": _NOWHERE, "NO_PROXY": "127.0.0.1"}
        asked = self._emulator.requests
        command = ["sh", "-c", script, binary]
        sample = measure(command, self._work, self._servers, count=asked, **outside)
        if sorted(line.split()[0] for line in sample.out.splitlines()) != self._library.sums:
            raise BenchmarkError(f"{binary} fetched something else; md5sum said: {sample.out[:500]}")
        return sample


def binary_of(variable: str, environ: Mapping[str, str]) -> str:
    """The program that an environment variable names. Raises Skip."""
    if not (path := environ.get(variable, "")):
        raise Skip(f"no binary: set {variable} to the path of one")
    if not os.access(path, os.X_OK):
        raise Skip(f"{variable}={path} is no program that can be run")
    return str(Path(path).resolve())


def _beside(
    variable: str, name: str, take: Callable[[Peers, str], Sample]
) -> Callable[[Path, ExitStack], Contestants]:
    def prepare(place: Path, stack: ExitStack) -> Contestants:
        binary = binary_of(variable, os.environ)
        peers = Peers(place, stack)
        return {name: lambda: take(peers, binary)} | {
            own: peers.own(downloads) for own, downloads in zip(_OWN, (4, 8), strict=True)
        }

    return prepare


_MIX = "a first mirror of 1.06 GB (400 thumbnails, 80 photos, a file of 300 MB) over HTTP"
BACKUP = Scenario(
    "smugmug-backup",
    f"{_MIX}, beside smugmug-backup with 8 downloads and md5sum on what it wrote",
    _beside("SMUGMUG_BACKUP", _BACKUP, Peers.backup),
    tuple(
        Figure(f"P18, {n}", f"speed of {own}, to {_BACKUP}", own, _BACKUP, "wall", "speed", 0.8)
        for n, own in zip((4, 8), _OWN, strict=True)
    ),
    long=True,
    space=3.0,
    optional=True,
    moved=Moved(len(MIXED), sum(MIXED)),
)
RCLONE = Scenario(
    "rclone",
    f"{_MIX}, beside rclone, which is told the addresses, with 8 transfers and md5sum on what it wrote",
    _beside("RCLONE", _RCLONE, Peers.rclone),
    long=True,
    space=3.0,
    optional=True,
    moved=Moved(len(MIXED), sum(MIXED)),
)
SCENARIOS: Mapping[str, Scenario] = {one.name: one for one in (BACKUP, RCLONE)}
