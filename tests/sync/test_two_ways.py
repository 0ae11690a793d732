"""The law of the two ways: random edits on both sides, faults, and death at any moment, with uploads on.

*In the end nothing that anybody made is lost, nothing is online twice that was made once, what a person made
here is online unless it may not go there by itself, and a further cycle does nothing.*

Every file and photo has bytes of its own, so that each can be told from all others: a person never makes two
of the same. What may not go up by itself: what was deleted online, what conflicts with a photo, what has a
name that many systems take for another's, what lies where no album can be.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from smugsync.catalogue import Catalogue, join
from smugsync.core import naming
from smugsync.core.guard import MaxLoss
from smugsync.core.model import Outgoing, Sent
from smugsync.emulator.account.account import EditError
from smugsync.emulator.settings import Settings
from smugsync.errors import Doubtful, Transient
from smugsync.remote.dialect import Content
from smugsync.remote.session import Session
from smugsync.remote.smugmug_v2.dialect import SmugMugV2
from smugsync.remote.uploads import Uploads
from smugsync.stop import Stop
from smugsync.sync.context import Retention, Scope
from smugsync.sync.sending import settling
from tests.sync.crashes import WatchedCatalogue, WatchedUploads, WatchedWorld
from tests.sync.law import hash_file, read_disk
from tests.sync.test_sending import SENDING
from tests.sync.world import DELTA, EVERYTHING, ORIGIN, UPLOADS, content, md5

ALBUMS = ["Ant", "Bee"]
FOLDERS = [*ALBUMS, "New", "Far/Away"]
NAMES = ["a.jpg", "b.jpg", "c.jpg"]
FAULTS = [
    "504@/upload*",
    "500@/upload*",
    "reset@/upload*",
    "stat-fail@/upload*:code=5",
    "stat-fail@/upload*:code=409",
    "504@/api/v2/node/*",
    "429@*:retry=2",
    "500@/api/*",
    "html@/upload*",
    "empty@/upload*",
    "truncate",
    "total@*!images",
    "edit@*!images:do=add",
]
picks = st.integers(0, 7)
scopes = st.sampled_from([DELTA, EVERYTHING, Scope("upload")])


class TwoWays(RuleBasedStateMachine):
    world_type: ClassVar[type[WatchedWorld]] = WatchedWorld

    def __init__(self) -> None:
        super().__init__()
        memory = Path("/dev/shm")
        self.home = Path(tempfile.mkdtemp(dir=memory if os.access(memory, os.W_OK) else None))
        self.seed = 0
        self.made: set[str] = set()  #: bytes that somebody made, here or there
        self.given_up: set[str] = set()  #: and took away again, on whatever side
        self.withdrawn: set[str] = set()  #: what was deleted online after a run had mirrored it
        self.broken = False

    @initialize(seed=st.integers(0, 3), archive=st.booleans(), replacing=st.booleans())
    def begin(self, *, seed: int, archive: bool, replacing: bool) -> None:
        self.world = self.world_type(self.home, seed=seed, settings=Settings(albums=0))
        self.world.options = replace(
            self.world.options,
            sending=replace(SENDING, replace=replacing, parallel=2),
            archive=archive,
            max_loss=MaxLoss(files=50, share=1.0, album=50),
            retention=Retention(None, None, None, None),
        )
        for name in ALBUMS:
            album = self.world.album(name)
            self.add_online(album, "a.jpg")
        self.sync(EVERYTHING)

    def teardown(self) -> None:
        try:
            if hasattr(self, "world") and not self.broken:
                self.converge()
        finally:
            shutil.rmtree(self.home)

    def fresh(self) -> int:
        self.seed += 1
        self.made.add(md5(self.seed))
        return self.seed

    # -- online ----------------------------------------------------------------------------------------

    def add_online(self, album: str, name: str) -> None:
        self.world.photo(album, name, self.fresh())

    @rule(act=st.sampled_from(["add", "replace", "delete", "caption"]), pick=picks, other=picks)
    def online(self, act: str, pick: int, other: int) -> None:
        account = self.world.emulator.account
        albums = sorted(account.albums.values(), key=lambda album: album.node.url_path)
        album = albums[pick % len(albums)]
        images = list(album.photos)
        with suppress(EditError, LookupError):
            if act == "add" or not images:
                self.add_online(album.key, NAMES[other % 3])
                return
            image = images[other % len(images)]
            match act:
                case "replace":
                    self.given_up.add(image.content.md5)
                    self.world.replace(image.key, self.fresh())
                case "delete" if len(images) > 1:
                    self.given_up.add(image.content.md5)
                    self.note_withdrawn(image.content.md5)
                    self.world.edit("delete-photo", image=image.key)
                case "caption":
                    self.world.edit("edit-photo", image=image.key, caption=str(other))

    def note_withdrawn(self, found: str) -> None:
        """A photo is deleted online; what no run has mirrored or sent, none can know of."""
        with self.catalogue() as catalogue:
            rows = [row for album in catalogue.albums() for row in catalogue.files(album.id).values()]
        if any(row.held_md5 == found and row.state == "committed" for row in rows):
            self.withdrawn.add(found)

    # -- here ------------------------------------------------------------------------------------------

    @rule(act=st.sampled_from(["add", "edit", "delete", "rename", "touch"]), pick=picks, other=picks)
    def person(self, act: str, pick: int, other: int) -> None:
        self.disturb(act, pick, other)

    def disturb(self, act: str, pick: int, other: int) -> None:
        root = self.world.path
        files = sorted(read_disk(root).visible)
        if act == "add" or not files:
            name = f"mine{other % 3}.jpg" if pick < len(FOLDERS) else f"MINE{other % 3}.jpg"
            path = root / FOLDERS[pick % len(FOLDERS)] / name
            if not path.exists():
                self.write(path)
            return
        file = root / files[pick % len(files)]
        match act:
            case "edit":
                self.given_up.add(hash_file(file))
                self.write(file)
            case "delete":
                self.given_up.add(hash_file(file))
                file.unlink()
            case "rename":
                target = file.with_name(f"renamed{other}.jpg")
                if not target.exists():
                    file.rename(target)
            case "touch":
                self.stamp(file)

    def write(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content(self.fresh()))
        self.stamp(file)

    def stamp(self, file: Path) -> None:
        self.world.clock.now += 1
        os.utime(file, (self.world.clock.now, self.world.clock.now))

    # -- on the way ------------------------------------------------------------------------------------

    @rule(fault=st.sampled_from(FAULTS), times=st.sampled_from([1, 2, 3]), after=st.integers(0, 2))
    def fault(self, fault: str, times: int, after: int) -> None:
        self.world.fault(fault + ("," if ":" in fault else ":") + f"times={times},after={after}")

    @rule()
    def calm(self) -> None:
        self.world.calm()

    @rule(scope=scopes)
    def cycle(self, scope: Scope) -> None:
        self.sync(scope)

    @rule(seconds=st.sampled_from([1, 60, 200]))
    def soon(self, seconds: int) -> None:
        """A cycle that follows the last one closely; all others are an hour apart."""
        self.world.clock.now += seconds - 3600
        self.sync(DELTA)

    @rule(scope=scopes, moment=st.integers(1, 12) | st.integers(1, 40))
    def killed(self, scope: Scope, moment: int) -> None:
        self.sync(scope, killed_at=moment)

    @rule(
        scope=scopes,
        moment=st.integers(1, 30),
        act=st.sampled_from(["add", "edit", "delete", "rename"]),
        pick=picks,
        other=picks,
    )
    def meddled(self, scope: Scope, moment: int, act: str, pick: int, other: int) -> None:
        def meddle(number: int, label: str) -> None:
            if number == moment:
                self.disturb(act, pick, other)

        self.sync(scope, meddle)

    def sync(
        self,
        scope: Scope,
        act: Callable[[int, str], None] = lambda number, label: None,
        *,
        killed_at: int | None = None,
    ) -> None:
        self.broken = True
        self.world.watch(scope, act, killed_at=killed_at)
        self.note_strangers()
        self.check_nothing_lost()
        self.broken = False

    def note_strangers(self) -> None:
        """The fault `edit` adds photos of the emulator's own making."""
        self.made.update(self.world.online())

    def check_nothing_lost(self) -> None:
        there = {*self.world.online(), *read_disk(self.world.path).everything}
        lost = self.made - self.given_up - there
        assert not lost, f"bytes that nobody gave up are nowhere: {sorted(lost)}"

    # -- in the end ------------------------------------------------------------------------------------

    def converge(self) -> None:
        self.world.calm()
        for _ in range(6):
            self.sync(EVERYTHING)
        online, disk = self.world.online(), read_disk(self.world.path)
        twice = [one for one, n in Counter(online).items() if n > 1]
        assert not twice, f"online more than once: {twice}"
        again = self.withdrawn.intersection(online)
        assert not again, f"deleted online, and there again: {again}"
        report = self.world.sync()
        assert (report.files_sent, report.files_downloaded, report.files_in_doubt) == (0, 0, 0), report
        assert self.world.online() == online
        assert read_disk(self.world.path) == disk
        unsent = set(disk.visible.values()) - set(online)
        assert not unsent - set(self.not_to_be_sent()), f"not online: {unsent}"
        missing = set(online) - set(disk.visible.values())
        assert not missing - self.edited_here(), f"not here: {missing}"

    @contextmanager
    def catalogue(self) -> Iterator[Catalogue]:
        catalogue = Catalogue.open(self.world.state / "catalogue.db")
        try:
            yield catalogue
        finally:
            catalogue.close()

    def not_to_be_sent(self) -> Iterator[str]:
        """What may stay here alone: gone online, conflicting, a twin by name, an unwanted edit, or kept."""
        visible = read_disk(self.world.path).visible
        names = Counter(naming.fold(path) for path in visible)
        yield from (md5 for path, md5 in visible.items() if names[naming.fold(path)] > 1)
        with self.catalogue() as catalogue:
            for album in catalogue.albums():
                for row in catalogue.files(album.id).values():
                    found = self.world.path / join(album.directory, row.name)
                    if row.state == "retired" and found.exists():  # as it was, or edited since
                        yield hash_file(found)
                    elif row.local_md5 is not None and not self.replaces:
                        yield row.local_md5
            for path in catalogue.local_paths():
                local = catalogue.local_file(path)
                found = self.world.path / path
                if local is not None and local.why in ("kept", "diverged") and found.exists():
                    yield hash_file(found)

    def edited_here(self) -> set[str]:
        """What the account has and a person's edit stands in the place of."""
        with self.catalogue() as catalogue:
            return {
                row.held_md5
                for album in catalogue.albums()
                for row in catalogue.files(album.id).values()
                if row.held_md5 is not None and row.local_md5 is not None
            }

    @property
    def replaces(self) -> bool:
        sending = self.world.options.sending
        return sending is not None and sending.replace


CI = settings(
    max_examples=40,
    stateful_step_count=20,
    derandomize=True,
    database=None,
    deadline=None,
    print_blob=True,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
SOAK = settings(
    CI, max_examples=int(os.environ.get("SMUGSYNC_SOAK", "400")), stateful_step_count=40, derandomize=False
)


def test_both_sides_become_equal() -> None:
    run_state_machine_as_test(TwoWays, settings=CI)


@pytest.mark.soak
def test_both_sides_become_equal_whatever_happens() -> None:
    run_state_machine_as_test(TwoWays, settings=SOAK)


class _Blind(WatchedCatalogue):
    """Does not know what the album has."""

    def holder(self, album_id: int, md5: str) -> str | None:
        return None


class SentAgain(WatchedWorld):
    """What was not answered counts as not done."""

    catalogue_type = _Blind

    def open_uploads(self, session: Session) -> Uploads:
        uploads = _Sure(SmugMugV2(ORIGIN, upload_url=UPLOADS), session)
        uploads.moments = self.moments
        return uploads


class _Sure(WatchedUploads):
    def send(
        self,
        outgoing: Outgoing,
        content: Content,
        *,
        stop: Stop | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Sent:
        try:
            return super().send(outgoing, content, stop=stop, progress=progress)
        except Doubtful as error:
            raise Transient(str(error)) from error


@pytest.mark.soak
def test_the_law_finds_what_is_broken() -> None:
    class Broken(TwoWays):
        world_type = SentAgain

    hunt = settings(SOAK, max_examples=3000, phases=[Phase.generate], print_blob=False)
    with pytest.raises(AssertionError, match="online more than once"):
        run_state_machine_as_test(Broken, settings=hunt)


assert settling.LAG < 3600, "an hour passes between two cycles here"
