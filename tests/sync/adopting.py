"""A world with trees that other tools, or people, have left, to be adopted."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from smugsync.core.model import LocalFile
from smugsync.emulator.account.content import Bytes
from smugsync.local.folder import Folder
from smugsync.local.reading import Ahead
from smugsync.local.tree import Mirror
from smugsync.stop import Stop
from smugsync.sync.adoption.adopting import adopt
from smugsync.sync.adoption.candidates import Place
from smugsync.sync.context import Context, Scope
from smugsync.sync.engine import Engine
from smugsync.sync.report import Report
from tests.sync.world import World, content

#: When everything that has no other time was taken, by a camera that shows UTC.
TAKEN = "2020-05-02T15:00:01"


class CountingMirror(Mirror):
    """Notes what it is asked to hash."""

    def hash(self, path: str, stop: Stop, ahead: Ahead | None = None) -> LocalFile:
        READS.append(f"{self.root.path}/{path}")
        return super().hash(path, stop, ahead)


#: Absolute paths of the files that were read to be hashed.
READS: list[str] = []


class Adopting(World):
    """`old` is a folder beside the mirror, on the same disk."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        READS.clear()
        self.options = replace(self.options, zone=UTC)
        self.old = root / "old"
        self.old.mkdir()
        self.mirror_type: type[CountingMirror] = CountingMirror
        self.key = ""  #: of the photo that a test is about

    def open_mirror(self, path: Path) -> Mirror:
        return self.mirror_type.open(path)

    def adopt(
        self,
        directory: Path | None = None,
        *,
        exact: bool = False,
        fetch: bool = True,
        copy: bool = False,
        stop: Stop | None = None,
        reader: type[CountingMirror] = CountingMirror,
        **changes: Any,
    ) -> Report:
        """Adopt `directory`, the whole mirror if there is none."""
        directory = self.path if directory is None else directory
        with self.engine(stop, **changes) as engine, self._place(engine, directory, reader) as body:
            return engine.work(
                Scope("everything", detail=f"adopt {directory}"),
                partial(body, exact=exact, fetch=fetch, copy=copy),
            )

    @contextmanager
    def _place(self, engine: Engine, directory: Path, reader: type[CountingMirror]) -> Iterator[Any]:
        if directory.is_relative_to(self.path):
            within = directory.relative_to(self.path).as_posix().removeprefix(".")

            def stand(context: Context, **wishes: bool) -> None:
                adopt(context, engine.cycle, Place(context.mirror, within), **wishes)

            yield stand
            return
        with reader(Folder(directory)) as folder:

            def take(context: Context, **wishes: bool) -> None:
                adopt(context, engine.cycle, Place(folder, None), **wishes)

            yield take

    # -- what lies there -----------------------------------------------------------------------------

    def leave(self, path: str, data: int | bytes, *, taken: str = "2019-01-01T00:00:00") -> Path:
        """A file below `old` (or at an absolute path): recognisable bytes, and a time on a UTC clock."""
        target = self.old / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content(data) if isinstance(data, int) else data)
        at = datetime.fromisoformat(taken).replace(tzinfo=UTC).timestamp()
        os.utime(target, (at, at))
        return target

    def leave_here(self, path: str, data: int | bytes, *, taken: str = "2019-01-01T00:00:00") -> Path:
        """The same, in the mirror."""
        return self.leave(str(self.path / path), data, taken=taken)

    def read(self) -> list[str]:
        """What was read to be hashed, below `root`, in the order it was read."""
        return [path.removeprefix(f"{self.root}/") for path in READS]

    def fetched(self) -> int:
        return self.emulator.counters.media_requests

    # -- what is online ------------------------------------------------------------------------------

    def converted_photo(self, album: str, name: str, *, seed: int = 1, taken: str = TAKEN) -> str:
        """A JPEG with a camera's time, as the service makes it of a HEIC; its key."""
        shown = self.edit("add-photo", album=album, file_name=name, seed=seed, taken=taken)
        return str(shown["image"])

    def video(
        self, album: str, name: str, original: bytes, rendition: bytes, *, original_size: int | None = None
    ) -> str:
        """A video whose rendition has other bytes than what was uploaded; its key."""
        with self.emulator.account.lock:
            found = self.emulator.account.album(album)
            assert found is not None
            uploaded = original if original_size is None else original.ljust(original_size, b"\0")
            image = self.emulator.account.add_photo(found, name, uploaded, rendition=Bytes(rendition))
        return image.key

    def rows(self, *columns: str) -> list[tuple[Any, ...]]:
        """Columns of all files in the catalogue, by path."""
        wanted = ", ".join(["directory || '/' || file.name", *(f"file.{name}" for name in columns)])
        query = f"SELECT {wanted} FROM file JOIN album ON album.id = album_id ORDER BY 1"
        with closing(sqlite3.connect(self.root / "state" / "catalogue.db")) as db:
            return list(db.execute(query))
