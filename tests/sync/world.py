"""A whole world in memory and a temporary directory: an emulated account, a mirror, and the real engine.

Time is a number that only the test moves, and nothing ever sleeps.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from smugsync.catalogue import Catalogue
from smugsync.emulator.account.edits import EDITS, describe_tree
from smugsync.emulator.emulator import Emulator
from smugsync.emulator.settings import Settings
from smugsync.local.marker import Marker
from smugsync.local.placement import place
from smugsync.local.tree import Mirror
from smugsync.progress import Silent
from smugsync.remote.gallery import Gallery
from smugsync.remote.hosts import Hosts
from smugsync.remote.session import Manners, Session
from smugsync.remote.signing import OAuth1Signer
from smugsync.remote.smugmug_v2.dialect import SmugMugV2
from smugsync.remote.uploads import Uploads
from smugsync.stop import Stop
from smugsync.sync.context import Options, Scope
from smugsync.sync.cycle.loop import Place
from smugsync.sync.engine import Engine
from smugsync.sync.pool import THREADS, Crew
from smugsync.sync.report import Report

ORIGIN = "http://127.0.0.1:8000"
UPLOADS = f"{ORIGIN}/upload/"
EVERYTHING = Scope("everything")
DELTA = Scope("delta")


@dataclass
class Clock:
    """Seconds since the epoch, moved by hand."""

    now: float = 1_750_000_000.0

    def __call__(self) -> float:
        return self.now


class World:
    """`root` holds the mirror (`root/mirror`) and the catalogue (`root/state`)."""

    mirror_type: type[Mirror] = Mirror

    def __init__(self, root: Path, *, settings: Settings | None = None) -> None:
        self.root = root
        self.clock = Clock()
        self.emulator = Emulator(settings or Settings(albums=0), clock=self.clock)
        self.emulator.origin = ORIGIN
        self.path = root / "mirror"
        self.options = Options(downloads=2, lanes=2, reserve=0, pauses=(0.0, 0.0), impatient=True)
        self.crew: Crew = THREADS
        self.place: Place = place
        self.witness = True  #: the service tells the time
        Mirror.create(self.path, Marker("a-mirror", "")).close()
        (root / "state").mkdir(exist_ok=True)

    # -- the account -------------------------------------------------------------------------------

    def edit(self, name: str, /, **arguments: Any) -> Any:
        """One edit of the account, a second later than the last."""
        self.clock.now += 1
        with self.emulator.account.lock:
            return EDITS[name](self.emulator.account, arguments)

    def album(self, name: str, /, **arguments: Any) -> str:
        return str(self.edit("add-album", name=name, **arguments)["album"])

    def photo(self, album: str, name: str, seed: int, **arguments: Any) -> str:
        """A new photo of recognisable bytes; its key."""
        data = base64.b64encode(content(seed)).decode()
        return str(self.edit("add-photo", album=album, file_name=name, data=data, **arguments)["image"])

    def replace(self, image: str, seed: int) -> None:
        self.edit("replace-photo", image=image, data=base64.b64encode(content(seed)).decode())

    def fault(self, spec: str) -> None:
        self.emulator.faults.add(spec)

    def calm(self) -> None:
        self.emulator.faults.clear(None)

    def online(self) -> list[str]:
        """The MD5s of everything in the account, sorted; a collected photo counts once per album."""
        found: list[str] = []

        def walk(node: dict[str, Any]) -> None:
            found.extend(image["md5"] for image in node.get("images", ()))
            for child in node.get("children", ()):
                walk(child)

        walk(describe_tree(self.emulator.account)["root"])
        return sorted(found)

    def tree(self) -> dict[str, Any]:
        """The account's folders and albums, from the root down."""
        with self.emulator.account.lock:
            root: dict[str, Any] = describe_tree(self.emulator.account)["root"]
            return root

    def privacy_of(self, name: str) -> str:
        """Of the first album or folder of this name."""
        waiting = [self.tree()]
        while waiting:
            node = waiting.pop()
            if node["name"] == name:
                return str(node["privacy"])
            waiting += node.get("children", ())
        raise LookupError(name)

    def requests(self) -> int:
        """How many the service has been sent."""
        counters = self.emulator.counters
        return counters.api_requests + counters.media_requests

    # -- the mirror --------------------------------------------------------------------------------

    def sync(self, scope: Scope = EVERYTHING, **changes: Any) -> Report:
        """One run of the real engine, an hour later than the last."""
        with self.engine(**changes) as engine:
            return engine.run(scope)

    @contextmanager
    def engine(self, stop: Stop | None = None, **changes: Any) -> Iterator[Engine]:
        """The real engine for one run, an hour later than the last."""
        self.clock.now += 3600
        stop = Stop() if stop is None else stop
        session = self._session(stop)
        catalogue = self.open_catalogue(self.root / "state" / "catalogue.db")
        try:
            with self.open_mirror(self.path) as mirror:
                yield Engine(
                    catalogue=catalogue,
                    gallery=self.open_gallery(session),
                    mirror=mirror,
                    options=replace(self.options, **changes),
                    progress=Silent(),
                    stop=stop,
                    now=self.clock,
                    service_time=session.service_time if self.witness else lambda: None,
                    requests=lambda: session.counts.api_requests + session.counts.media_requests,
                    crew=self.crew,
                    place=self.place,
                    uploads=self.open_uploads(session),
                )
        finally:
            session.close()
            catalogue.close()

    # What the engine is made of: a subclass may bring its own.

    def open_catalogue(self, path: Path) -> Catalogue:
        return Catalogue.open(path)

    def open_mirror(self, path: Path) -> Mirror:
        return self.mirror_type.open(path)

    def open_gallery(self, session: Session) -> Gallery:
        return Gallery(SmugMugV2(ORIGIN), session)

    def open_uploads(self, session: Session) -> Uploads | None:
        return Uploads(SmugMugV2(ORIGIN, upload_url=UPLOADS), session)

    @contextmanager
    def gallery(self) -> Iterator[Gallery]:
        """For those who need no engine."""
        session = self._session(Stop())
        try:
            yield self.open_gallery(session)
        finally:
            session.close()

    def _session(self, stop: Stop) -> Session:
        credentials = self.emulator.credentials
        signer = OAuth1Signer(
            credentials.api_key,
            credentials.api_secret,
            credentials.access_token,
            credentials.access_token_secret,
            clock=self.clock,
        )
        manners = Manners(clock=self.clock, ticks=self.clock, random=lambda: 0.5, sleep=self._pass_time)
        return Session(self.emulator.transport(), Hosts([ORIGIN]), signer, stop, manners=manners)

    def _pass_time(self, seconds: float) -> None:
        self.clock.now += seconds

    def files(self) -> dict[str, str]:
        """Visible files: relative path -> MD5."""
        return {
            path.relative_to(self.path).as_posix(): hashlib.md5(path.read_bytes()).hexdigest()
            for path in sorted(self.path.rglob("*"))
            if path.is_file() and ".smugsync" not in path.parts
        }

    def set_aside(self, shelf: str = "versions") -> list[str]:
        """MD5s of what lies in `.smugsync/SHELF`."""
        home = self.path / ".smugsync" / shelf
        return sorted(hashlib.md5(p.read_bytes()).hexdigest() for p in home.rglob("*") if p.is_file())

    def write(self, path: str, seed: int) -> None:
        """A person's edit: other bytes, and a time stamp of its own."""
        target = self.path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content(seed))
        self.clock.now += 1
        os.utime(target, (self.clock.now, self.clock.now))


#: A JPEG of one grey pixel, after its first two bytes.
_PIXEL = base64.b64decode(
    "/+AAEEpGSUYAAQEAAAEAAQAA/9sAQwD/////////////////////////////////////////////////////////////////////"
    "/////////////////8AACwgAAQABAQERAP/EABQAAQAAAAAAAAAAAAAAAAAAAAD/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/9oACAEB"
    "AAA/ADf/2Q=="
)


def content(seed: int) -> bytes:
    """A JPEG that differs by `seed`, in content and in length: in its comment."""
    words = hashlib.sha256(str(seed).encode()).digest() * (20 + seed % 7)
    return b"\xff\xd8\xff\xfe" + (len(words) + 2).to_bytes(2, "big") + words + _PIXEL


def md5(seed: int) -> str:
    return hashlib.md5(content(seed)).hexdigest()
