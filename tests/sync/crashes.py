"""The engine on one thread, in an order that a number decides, and stopped dead at any moment of interest.

`OneThread` is a crew without threads: work is done when the engine waits for it, in an order drawn from
a seed, so that the same seed gives the same run. `Moments` counts what happens to the disk and to the
catalogue; `act` is called at each of them and may look, meddle, or raise `Crash`.

What a killed process leaves behind is the copy of mirror and catalogue that `copy_state` made at that
moment: committed transactions stand, the open one is lost, part files lie where they lay. Whatever the
dying process still does while its stack unwinds happens to the original, which nobody looks at again.
"""

from __future__ import annotations

import os
import queue
import shutil
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from random import Random
from typing import TypeVar

from smugsync.catalogue import Catalogue
from smugsync.core.model import Outgoing, Privacy, Sent
from smugsync.emulator.settings import Settings
from smugsync.errors import SmugsyncError
from smugsync.local.placement import place
from smugsync.local.tree import Mirror
from smugsync.remote.dialect import Content, Makeable, Node
from smugsync.remote.gallery import Gallery
from smugsync.remote.session import Session
from smugsync.remote.smugmug_v2.dialect import SmugMugV2
from smugsync.remote.uploads import Uploads
from smugsync.stop import Stop
from smugsync.sync.context import Scope
from smugsync.sync.cycle.loop import Place
from smugsync.sync.pool import Batcher, Crew, Inbox, Pool
from smugsync.sync.report import Report
from tests.sync.world import ORIGIN, UPLOADS, World

J = TypeVar("J")

#: So many times in a row the engine may wait for nothing before it is called stuck.
STUCK = 1000
#: Messages that may lie about before somebody reads them; a listing lane blocks at 64 pages.
BACKLOG = 8


class Crash(BaseException):
    """The process dies here. No handler of errors may catch it."""


class Moments:
    """Counts moments; `labels` tells what they were, for a person who reads a failure."""

    def __init__(self, act: Callable[[int, str], None] = lambda number, label: None) -> None:
        self.labels: list[str] = []
        self._act = act

    def __call__(self, label: str) -> None:
        self.labels.append(label)
        self._act(len(self.labels), label)

    def end(self) -> None:
        """Keep the labels and do nothing any more."""
        self._act = lambda number, label: None


class WatchedCatalogue(Catalogue):
    """Each commit is two moments: just before, when a crash loses the transaction, and just after."""

    moments = Moments()

    @contextmanager
    def transaction(self, *, durable: bool = False) -> Iterator[None]:
        with super().transaction(durable=durable):
            yield
            self.moments("about to commit")
        self.moments("committed")


class WatchedMirror(Mirror):
    """Each rename is two moments as well."""

    moments = Moments()

    def move(self, old: str, new: str) -> None:
        self.moments(f"about to move {old} to {new}")
        super().move(old, new)
        self.moments(f"moved {old} to {new}")

    def move_directory(self, old: str, new: str) -> None:
        self.moments(f"about to move the directory {old} to {new}")
        super().move_directory(old, new)
        self.moments(f"moved the directory {old} to {new}")


class WatchedUploads(Uploads):
    """Whatever the service is asked to change is two moments: before it is asked, after it has done it."""

    moments = Moments()

    def send(
        self,
        outgoing: Outgoing,
        content: Content,
        *,
        stop: Stop | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Sent:
        self.moments(f"about to send {outgoing.name}")
        sent = super().send(outgoing, content, stop=stop, progress=progress)
        self.moments(f"sent {outgoing.name}")
        return sent

    def make(self, parent_node_id: str, kind: Makeable, name: str, privacy: Privacy) -> Node:
        self.moments(f"about to make the {kind} {name}")
        node = super().make(parent_node_id, kind, name, privacy)
        self.moments(f"made the {kind} {name}")
        return node


# -- one thread ----------------------------------------------------------------------------------------


class OneThread(Crew):
    """Does whatever is to be done when the engine has nothing else to do; `seed` decides in which order."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._tasks: list[Callable[[], None]] = []
        self._messages: deque[object] = deque()
        self._waits = 0

    def inbox(self) -> Inbox:
        self._tasks.clear()
        self._messages.clear()
        return _Inbox(self)

    def pool(
        self, name: str, ceiling: int, work: Callable[[J], object], deliver: Callable[[object], None]
    ) -> Pool[J]:
        return _Pool(self, name, ceiling, work, deliver)

    def batcher(
        self,
        work: Callable[[list[J]], object],
        deliver: Callable[[object], None],
        discard: Callable[[J], None],
        weigh: Callable[[J], int],
        *,
        stop: Stop,
    ) -> Batcher[J]:
        return _Batcher(self, work, deliver, discard, weigh, stop=stop)

    def put(self, message: object) -> None:
        self._messages.append(message)

    def take(self) -> object:
        if not self._messages:
            raise queue.Empty
        self._waits = 0
        return self._messages.popleft()

    def work(self) -> None:
        """Do something, or several things, of what waits."""
        self._waits += 1
        assert self._waits < STUCK, "the engine waits for something that nobody does"
        while self._tasks:
            self._tasks.pop(self._random.randrange(len(self._tasks)))()
            if len(self._messages) >= BACKLOG or self._random.random() < 0.5:
                return

    def add(self, task: Callable[[], None]) -> None:
        self._tasks.append(task)

    def finish(self) -> None:
        while self._tasks:
            self._tasks.pop(0)()


class _Inbox:
    def __init__(self, crew: OneThread) -> None:
        self._crew = crew

    def put(self, message: object, /) -> None:
        self._crew.put(message)

    def get(self, *, timeout: float) -> object:
        try:
            return self._crew.take()
        except queue.Empty:
            self._crew.work()
            return self._crew.take()

    def get_nowait(self) -> object:
        return self._crew.take()


class _Pool(Pool[J]):
    def __init__(
        self,
        crew: OneThread,
        name: str,
        ceiling: int,
        work: Callable[[J], object],
        deliver: Callable[[object], None],
    ) -> None:
        super().__init__(name, ceiling, work, deliver)
        self._crew = crew

    def give(self, job: J) -> None:
        self.busy += 1
        self._crew.add(partial(self._do, job))

    def close(self, deadline: float) -> bool:
        self._crew.finish()
        return True

    def _do(self, job: J) -> None:
        try:
            answer = self._work(job)
        except SmugsyncError as error:
            answer = error
        self._deliver(answer)


class _Batcher(Batcher[J]):
    def __init__(
        self,
        crew: OneThread,
        work: Callable[[list[J]], object],
        deliver: Callable[[object], None],
        discard: Callable[[J], None],
        weigh: Callable[[J], int],
        *,
        stop: Stop,
    ) -> None:
        super().__init__(work, deliver, discard, weigh, stop=stop)
        self._crew = crew
        self._gathered: list[J] = []

    def give(self, item: J) -> None:
        self._gathered.append(item)
        self._crew.add(self._commit_some)

    def close(self, deadline: float) -> bool:
        self._crew.finish()
        return True

    def _commit_some(self) -> None:
        batch, self._gathered = self._gathered, []
        if batch:
            self._handle(batch)


# -- what is left --------------------------------------------------------------------------------------


def copy_state(world_root: Path, mirror: Path, target: Path) -> None:
    """Copy the mirror and the catalogue as they are now to `target/mirror` and `target/state`.

    Hard links stay links. The catalogue's shared memory is left out: a new process makes its own.
    """
    seen: dict[int, Path] = {}
    _copy_tree(mirror, target / "mirror", seen)
    (target / "state").mkdir()
    for file in (world_root / "state").glob("catalogue.db*"):
        if not file.name.endswith("-shm"):
            shutil.copyfile(file, target / "state" / file.name)


def _copy_tree(source: Path, target: Path, seen: dict[int, Path]) -> None:
    target.mkdir(parents=True)
    for entry in os.scandir(source):
        there = target / entry.name
        if entry.is_dir(follow_symlinks=False):
            _copy_tree(Path(entry.path), there, seen)
            continue
        inode = entry.inode()
        if inode in seen:
            os.link(seen[inode], there)
        else:
            shutil.copy2(entry.path, there, follow_symlinks=False)
            seen[inode] = there


class WatchedWorld(World):
    """A world whose engine runs on one thread and can be looked at, meddled with and killed anywhere."""

    catalogue_type: type[WatchedCatalogue] = WatchedCatalogue
    mirror_type: type[WatchedMirror] = WatchedMirror

    def __init__(self, root: Path, *, seed: int = 0, settings: Settings | None = None) -> None:
        super().__init__(root / "life-0", settings=settings)
        self.crew = OneThread(seed)
        self.moments = Moments()
        self._lives, self._deaths = root, 0

    @property
    def state(self) -> Path:
        return self.root / "state"

    def watch(
        self,
        scope: Scope,
        act: Callable[[int, str], None] = lambda number, label: None,
        *,
        killed_at: int | None = None,
    ) -> Report | None:
        """One run; `act` is called at each moment. None: it was killed at moment `killed_at`."""
        after: Path | None = None

        def live(number: int, label: str) -> None:
            nonlocal after
            if after is None:
                act(number, label)
                if number != killed_at:
                    return
                self._deaths += 1
                after = self._lives / f"life-{self._deaths}"
                copy_state(self.root, self.path, after)
            raise Crash(label)

        self.moments = Moments(live)
        self.place = self.place_at(self.moments)
        try:
            report = self.sync(scope)
        except BaseException:
            if after is None:
                raise
        finally:
            self.moments.end()
        if after is None:
            return report
        shutil.rmtree(self.root)
        self.root, self.path = after, after / "mirror"
        return None

    def place_at(self, moments: Moments) -> Place:
        return partial(place, step=moments)

    def open_catalogue(self, path: Path) -> Catalogue:
        catalogue = self.catalogue_type.open(path)
        assert isinstance(catalogue, WatchedCatalogue)
        catalogue.moments = self.moments
        return catalogue

    def open_mirror(self, path: Path) -> Mirror:
        mirror = self.mirror_type.open(path)
        mirror.moments = self.moments
        return mirror

    def open_uploads(self, session: Session) -> Uploads:
        uploads = WatchedUploads(SmugMugV2(ORIGIN, upload_url=UPLOADS), session)
        uploads.moments = self.moments
        return uploads

    def open_gallery(self, session: Session) -> Gallery:
        user = "" if self.emulator.settings.viewer == "owner" else self.emulator.settings.nickname
        return Gallery(SmugMugV2(ORIGIN, user=user), session, page_size=2)
