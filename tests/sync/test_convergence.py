"""The law of the mirror, with random edits on both sides, faults, meddling, and death at any moment.

*After the faults stop, within three full cycles every readable remote photo that is wanted is on disk with
its evidence; every other visible file is a retired file, a conflict copy or a local-only file and known as
such, and with `mode = "mirror"` there are no retired ones: both sides are equal but for a person's own files;
everything set aside lies among the versions or in the trash; the next cycle transfers nothing and changes
nothing. At no moment does a remote's name show bytes that the remote never had, unless a person wrote them,
and no bytes vanish that no person removed.* Besides: nothing is recorded that is not on disk, nothing is
marked, trashed or forgotten that is online, nothing goes to the trash that was not marked ten minutes before,
nothing that a person wrote does, and no more at once than the guard allows; what the configuration leaves out
stands still; and where cursors tell the truth three delta cycles do for the account what full ones do.

"On disk" allows one exception, which is a decision and no gap: where a person edited a mirrored file and
the photo did not change online, the edit stands in its place and the row says so.

What the law does not cover:

- *Names.* Any name is right that shows the right bytes; which name it is, `naming` has tests for.
- *A power cut.* A killed process loses what it had not written; a machine without power may also lose what
  was not synced, and commits that were not durable. `tests/local/test_power_cut.py` does that for files.
- *Threads.* The engine runs on one, in orders drawn from a seed. Races inside a step (two workers in one
  call, a signal in the middle of one) cannot occur here; a listing, a download and a commit overtake each
  other freely.
- *Time of death* is any commit, rename or step of a placement, not any instruction; none in between two of
  them changes what a later process could find, but for part files, which are swept.
- *Rot*: bytes that change under an unchanged time stamp are `verify`'s to find.
- *Directories that a person renames or moves between albums.* The files are fetched again, and what was
  moved is known as local.
- *An account that lists nothing*: one album always stays.
- *Deletion after years on a shelf*: `tests/sync/test_retention.py`.
- *A fault that hides what is there without a trace* (originals withheld for a while) is mended by full
  cycles only, so delta cycles are not asked about it.
- *Full disks, read-only mirrors, other file systems*: `tests/local` has them. Uploads come with the code for
  them.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from smugsync.core.guard import MaxLoss
from smugsync.emulator.account.account import EditError
from smugsync.emulator.account.model import Album, Image, Node
from smugsync.emulator.settings import Settings
from smugsync.sync.context import AGREEMENT, Retention, Scope
from smugsync.sync.report import Report
from tests.sync.crashes import WatchedWorld
from tests.sync.law import (
    Disk,
    Ledger,
    Truth,
    differences,
    dump,
    hash_file,
    left_out,
    read_account,
    read_disk,
    read_ledger,
)
from tests.sync.mutants import MUTANTS
from tests.sync.world import DELTA, EVERYTHING, content, md5

PHOTOS = ["a.jpg", "A.JPG", "b.jpg", "b_.jpg", "\u00e9.jpg", "e\u0301.jpg", "CON.png", "", "v.mp4"]
ALBUMS = ["Ant", "Bee", "Cat"]
FOLDERS = ["Ant", "Zoo"]
#: An album that always stays, so that the account is never empty (a guard of its own, tested elsewhere).
ANCHOR = "Anchor"
FAULTS = [
    "429@*:retry=2",
    "500@/api/*",
    "500@*!images",
    "503@*",
    "html@*",
    "html403@/photos/*",
    "empty@*",
    "nonce_used@/api/*",
    "truncate",
    "corrupt",
    "stall",
    "stall:at=-1",
    "reset",
    "no-archived@*",
    "duplicates@*",
    "total@*!images",
    "total@*!albums",
    "spurious@*",
    "edit@*!images:do=delete",
    "edit@*!images:do=add",
    "late:seconds=5000",
]
DAY = 86_400
#: So many files may go to the trash in one run that nobody has allowed more to.
MOST = 2
#: What a person may exclude: web paths, with all that is below.
EXCLUSIONS: list[tuple[str, ...]] = [(), (), ("/Ant",), ("/Bee",), ("/Zoo",), ("/Bee", "/Cat")]

picks = st.integers(0, 7)
#: A full cycle has some fifty, a quiet one four; directories are renamed early.
moments = st.integers(1, 12) | st.integers(1, 60)
scopes = st.sampled_from(["delta", "everything", "albums"])
person_acts = st.sampled_from(
    "edit save touch delete rename stranger squat squat_same rmtree root_file".split()
)


def scratch() -> Path:
    """A directory in memory where there is one: what fsync costs is measured elsewhere."""
    memory = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix="smugsync-", dir=memory if os.access(memory, os.W_OK) else None))


class Mirroring(RuleBasedStateMachine):
    """`pick` chooses among what there is at that time, in a stable order."""

    world_type: ClassVar[type[WatchedWorld]] = WatchedWorld

    def __init__(self) -> None:
        super().__init__()
        self.home = scratch()
        self.truth = Truth()
        self.seed = 0
        self.honest = True  #: no fault has hidden a change from the cursors
        self.broken = False  #: a law was found broken: what follows from that is not worth a word
        self.marked: dict[tuple[str, str], float] = {}  #: when a run began that marked a photo as gone

    @initialize(
        seed=st.integers(0, 3),
        viewer=st.sampled_from(["owner", "other"]),
        layout=st.sampled_from(["url-path", "names"]),
        impatient=st.booleans(),
        mirrored=st.booleans(),
        archive=st.booleans(),
    )
    def begin(
        self, *, seed: int, viewer: Any, layout: Any, impatient: bool, mirrored: bool, archive: bool
    ) -> None:
        self.world = self.world_type(self.home, seed=seed, settings=Settings(albums=0, viewer=viewer))
        self.world.options = replace(
            self.world.options,
            layout=layout,
            impatient=impatient,
            archive=archive,
            max_loss=MaxLoss(files=MOST, share=0.0, album=3),
            retention=Retention(None, None, None, None),
        )
        self.world.photo(self.world.album(ANCHOR), "a.jpg", self.fresh())
        for name, size in zip(ALBUMS, (3, 1), strict=False):
            album = self.world.album(name)
            for photo in PHOTOS[:size]:
                self.world.photo(album, photo, self.fresh())
        self.truth.note_account(self.world)
        if mirrored:
            self.run(EVERYTHING)

    def teardown(self) -> None:
        try:
            if hasattr(self, "world") and not self.broken:
                self.converge()
        finally:
            shutil.rmtree(self.home)

    # -- what there is -------------------------------------------------------------------------------

    def fresh(self) -> int:
        self.seed += 1
        return self.seed

    def albums(self) -> list[Album]:
        """Those that may be changed; the anchor only gets and loses photos."""
        account = self.world.emulator.account
        return [a for a in account.albums.values() if a.node.name != ANCHOR]

    def images(self) -> list[tuple[Album, Image]]:
        return [(a, i) for a in self.world.emulator.account.albums.values() for i in list(a.photos)]

    def folders(self) -> list[Node]:
        return [n for n in self.world.emulator.account.root.children if n.is_folder]

    # -- online ----------------------------------------------------------------------------------------

    @rule(
        act=st.sampled_from("add replace restore delete caption move collect process finish".split()),
        pick=picks,
        other=picks,
    )
    def photo(self, act: str, pick: int, other: int) -> None:
        edit, images = self.world.edit, self.images()
        albums = list(self.world.emulator.account.albums.values())
        target = albums[other % len(albums)]
        with suppress(EditError, LookupError):
            if act == "add" or not images:
                self.world.photo(target.key, PHOTOS[pick % len(PHOTOS)], self.fresh())
                return
            album, image = images[pick % len(images)]
            match act:
                case "replace":
                    self.world.replace(image.key, self.fresh())
                case "restore":  # bytes that were seen before, perhaps of this photo, perhaps of another
                    self.world.replace(image.key, 1 + other % self.seed)
                case "delete":
                    edit("delete-photo", image=image.key, album=album.key)
                case "caption":
                    edit("edit-photo", image=image.key, caption=str(self.fresh()))
                case "move":
                    edit("move-photo", image=image.key, to=target.key)
                case "collect":
                    edit("collect-photo", image=image.key, to=target.key)
                case "process" | "finish":
                    edit("edit-photo", image=image.key, processing=act == "process")
        self.truth.note_account(self.world)

    @rule(
        act=st.sampled_from(
            "add rename title swap into_folder to_root folder delete empty lock unlock hide show bump".split()
        ),
        pick=picks,
        other=picks,
    )
    def album(self, act: str, pick: int, other: int) -> None:
        edit, albums, name = self.world.edit, self.albums(), ALBUMS[other % len(ALBUMS)]
        if act == "add" or not albums:
            self.world.album(name)
            return
        album = albums[pick % len(albums)]
        with suppress(EditError, LookupError):
            match act:
                case "rename":
                    edit("rename", album=album.key, name=name, url_name=name)
                case "title":
                    edit("rename", album=album.key, name=name)
                case "swap":
                    self.swap(album, albums[other % len(albums)])
                case "into_folder":
                    edit("move-node", album=album.key, parent=self.folder(FOLDERS[other % 2]).id)
                case "to_root":
                    edit("move-node", album=album.key)
                case "folder" if self.folders():
                    folder = self.folders()[pick % len(self.folders())]
                    edit("rename", node=folder.id, name=name, url_name=name)
                case "delete":
                    edit("delete-node", album=album.key)
                case "empty":
                    for image in list(album.photos):
                        edit("delete-photo", image=image.key, album=album.key)
                case "lock" | "unlock":
                    password = "x" if act == "lock" else ""
                    edit("set-privacy", album=album.key, privacy="Public", password=password)
                case "hide" | "show":
                    privacy = ["Private", "Unlisted"][other % 2] if act == "hide" else "Public"
                    edit("set-privacy", album=album.key, privacy=privacy)
                case "bump":
                    edit("bump", album=album.key)

    def swap(self, one: Album, two: Album) -> None:
        first, second = one.node.url_name, two.node.url_name
        for album, name in ((one, "Between"), (two, first), (one, second)):
            self.world.edit("rename", album=album.key, name=name, url_name=name)

    def folder(self, name: str) -> Node:
        for folder in self.folders():
            if folder.url_name == name:
                return folder
        self.world.edit("add-folder", name=name)
        return self.folders()[-1]

    # -- here ------------------------------------------------------------------------------------------

    @rule(act=person_acts, pick=picks, other=picks)
    def person(self, act: str, pick: int, other: int) -> None:
        self.disturb(act, pick, other)

    def disturb(self, act: str, pick: int, other: int) -> None:
        """What a person does who knows nothing of us, with a file manager and an editor."""
        root, seed = self.world.path, self.fresh()
        files = sorted(read_disk(root).visible)
        directories = (
            sorted({row.path.rpartition("/")[0] for row in read_ledger(self.world.state).rows})
            if (self.world.state / "catalogue.db").exists()
            else []
        )
        directory = directories[pick % len(directories)] if directories else ALBUMS[0]
        match act:
            case "root_file":
                self.put(f"notes{other}.jpg", seed)
            case "stranger":
                self.put(f"{directory}/mine{other % 2}.jpg", seed)
            case "squat":
                self.put(f"{directory}/{PHOTOS[other % 3]}", seed)
            case "squat_same":
                if self.images():
                    album, image = self.images()[pick % len(self.images())]
                    path = album.node.url_path.lstrip("/") + "/" + (image.file_name or "x.jpg")
                    self.put_bytes(path, b"".join(image.content.read(0, image.content.size)))
            case "rmtree":
                with suppress(FileNotFoundError):
                    gone = [p for p in files if p.startswith(directory + "/")]
                    self.away(gone, lambda: shutil.rmtree(root / directory))
            case _ if files:
                self.handle(act, files[pick % len(files)], other)

    def handle(self, act: str, path: str, other: int) -> None:
        file = self.world.path / path
        match act:
            case "edit":
                self.put(path, self.fresh())
            case "save":  # as most editors save: a new file takes the name
                draft = file.with_name(".smugsync-draft")
                seed = self.fresh()
                draft.write_bytes(content(seed))
                self.stamp(draft)
                self.away([path], lambda: draft.replace(file))
                self.truth.wrote(md5(seed))
            case "touch":
                self.stamp(file)
            case "delete":
                self.away([path], file.unlink)
            case "rename":
                target = file.with_name(["best.jpg", *PHOTOS[:3]][other % 4])
                if not target.exists():
                    found = hash_file(file)
                    self.away([path], lambda: file.rename(target))
                    self.truth.wrote(found)

    def put(self, path: str, seed: int) -> None:
        self.put_bytes(path, content(seed))

    def put_bytes(self, path: str, data: bytes) -> None:
        file = self.world.path / path
        if any(p.is_file() for p in file.parents if p != self.world.path) or file.is_dir():
            return
        file.parent.mkdir(parents=True, exist_ok=True)

        def write() -> None:
            file.write_bytes(data)
            self.stamp(file)

        self.away([path] if file.exists() else [], write)
        self.truth.wrote(hash_file(file))

    def stamp(self, file: Path) -> None:
        self.world.clock.now += 1
        os.utime(file, (self.world.clock.now, self.world.clock.now))

    def away(self, paths: list[str], act: Callable[[], object]) -> None:
        """`act` takes the bytes that `paths` show now away from there."""
        before = [hash_file(self.world.path / path) for path in paths]
        act()
        disk = read_disk(self.world.path)
        for one in before:
            self.truth.took_away(one, disk)

    # -- on the way ------------------------------------------------------------------------------------

    @rule(fault=st.sampled_from(FAULTS), times=st.sampled_from([1, 2, 3, 5, 8]), after=st.integers(0, 3))
    def fault(self, fault: str, times: int, after: int) -> None:
        if fault.startswith("late"):
            self.world.fault(fault)
            return
        if fault.startswith("no-archived"):
            self.honest = False
        self.world.fault(fault + ("," if ":" in fault else ":") + f"times={times},after={after}")

    @rule()
    def calm(self) -> None:
        self.world.calm()

    # -- the configuration -----------------------------------------------------------------------------

    @rule(excluded=st.sampled_from(EXCLUSIONS))
    def exclude(self, excluded: tuple[str, ...]) -> None:
        def selects(path: str) -> bool:
            return not any(path == one or path.startswith(one + "/") for one in excluded)

        self.world.options = replace(self.world.options, selects=selects)

    @rule()
    def switch_mode(self) -> None:
        self.world.options = replace(self.world.options, archive=not self.world.options.archive)

    # -- cycles ----------------------------------------------------------------------------------------

    @rule()
    def full(self) -> None:
        self.run(EVERYTHING)

    @rule()
    def delta(self) -> None:
        self.run(DELTA)

    @rule(seconds=st.sampled_from([60, AGREEMENT - 60]))
    def soon(self, seconds: int) -> None:
        """A cycle that follows the last one closely; all others are an hour apart."""
        self.world.clock.now += seconds - 3600
        self.run(DELTA)

    @rule(scope=scopes, pick=picks, moment=moments)
    def killed(self, scope: str, pick: int, moment: int) -> None:
        self.run(self.scope(scope, pick), killed_at=moment)

    @rule(scope=scopes, pick=picks, moment=moments, act=person_acts, other=picks)
    def meddled(self, scope: str, pick: int, moment: int, act: str, other: int) -> None:
        def meddle(number: int, label: str) -> None:
            if number == moment:
                self.disturb(act, pick, other)

        self.run(self.scope(scope, pick), meddle)

    @rule(
        scope=scopes, pick=picks, nth=st.integers(1, 4), when=st.sampled_from(["synced ", "about to move "])
    )
    def raced(self, scope: str, pick: int, nth: int, when: str) -> None:
        """A person saves the very file that is being placed or moved."""
        paths: list[str] = []

        def save(number: int, label: str) -> None:
            if label.startswith(when) and not label.startswith("about to move the directory"):
                paths.append(label.removeprefix(when).partition(" to ")[0])
                if len(paths) == nth:
                    self.put(paths[-1], self.fresh())

        self.run(self.scope(scope, pick), save)

    def scope(self, kind: str, pick: int) -> Scope:
        albums = list(self.world.emulator.account.albums)
        return Scope("albums", (albums[pick % len(albums)],)) if kind == "albums" else Scope(kind)  # type: ignore[arg-type]

    def run(
        self,
        scope: Scope,
        act: Callable[[int, str], None] = lambda number, label: None,
        *,
        killed_at: int | None = None,
    ) -> Report | None:
        def look(number: int, label: str) -> None:
            act(number, label)
            self.truth.check_moment(self.world)

        self.broken = True
        online, _, _ = read_account(self.world)
        before, disk = self.ledger(), read_disk(self.world.path)
        began = self.world.clock.now + 3600  # `World.sync` lets an hour pass
        standing = left_out(self.world, before)
        report = self.world.watch(scope, look, killed_at=killed_at)
        outcome = "killed" if report is None else (report.exit_code, dict(report.counts), report.troubles)
        note(
            f"{len(self.world.moments.labels)} moments, the last {self.world.moments.labels[-1:]}: {outcome}"
        )
        self.truth.check_rest(self.world)
        shown, _, _ = read_account(self.world)
        after = self.ledger()
        self.check_losses(before, after, {*online} & {*shown})
        self.check_trash(disk)
        standing &= left_out(self.world, after)
        assert _of(before, standing) == _of(after, standing), "what was excluded did not stand still"
        self.remember_marks(after, began)
        self.broken = False
        return report

    def ledger(self) -> Ledger:
        if not (self.world.state / "catalogue.db").exists():
            return Ledger((), {}, {}, {}, ())
        return read_ledger(self.world.state)

    def check_losses(self, before: Ledger, after: Ledger, online: set[tuple[str, str]]) -> None:
        """`online`: what was, and is."""
        known = {(r.album, r.key) for r in before.rows if r.held is not None and r.state != "retired"}
        still = {(r.album, r.key) for r in after.rows if r.state != "retired"}
        wronged = (known - still) & online
        assert not wronged, f"marked or given up, and online all the time: {wronged}"

    def check_trash(self, before: Disk) -> None:
        """What has come into the trash since `before`: not too much at once, and nothing too early."""
        disk = read_disk(self.world.path)
        new = Counter(md5 for path, md5 in disk.trash.items() if path not in before.trash)
        assert self.world.options.accept_loss or new.total() <= MOST, f"{new.total()} files at once"
        ripe = Counter(
            md5
            for where, since in self.marked.items()
            if since + AGREEMENT <= self.world.clock.now
            for md5 in self.truth.history.get(where[1], set())
        )
        early = new - ripe
        assert not early, f"trashed before its time: {early}"

    def remember_marks(self, ledger: Ledger, began: float) -> None:
        retired = {(r.album, r.key) for r in ledger.rows if r.state == "retired"}
        self.marked = {where: self.marked.get(where, began) for where in retired}

    # -- the end ---------------------------------------------------------------------------------------

    def converge(self) -> None:
        self.world.calm()
        self.world.clock.now += 2 * DAY
        self.world.options = replace(self.world.options, accept_loss=True)
        if self.honest:
            self.deltas()
        for _ in range(3):
            self.world.clock.now += 2 * DAY
            self.run(EVERYTHING)
            left = differences(self.world)
            if not left:
                break
        assert not left, "after three full cycles:\n" + "\n".join(left)
        self.quiet(EVERYTHING)
        self.quiet(DELTA)

    def deltas(self) -> None:
        """What cursors can tell arrives without a full cycle."""
        for _ in range(3):
            self.world.clock.now += 2 * DAY
            self.run(DELTA)
        shown, _, _ = read_account(self.world)
        rows = {(row.album, row.key): row for row in read_ledger(self.world.state).rows}
        for where, photo in shown.items():
            if not photo.chosen:
                continue
            held = rows[where].held if where in rows else None
            assert photo.md5 in (None, held), f"{where} was missed by three delta cycles: {rows.get(where)}"

    def quiet(self, scope: Scope) -> None:
        disk, ledger = read_disk(self.world.path), dump(self.world.state)
        report = self.run(scope)
        assert report is not None
        assert (report.files_downloaded, report.files_adopted, dict(report.counts)) == (0, 0, {}), (
            report.changes
        )
        assert read_disk(self.world.path) == disk
        assert dump(self.world.state) == ledger
        assert not differences(self.world)
        assert report.exit_code == 0, report.troubles


def _of(ledger: Ledger, albums: set[str]) -> set[tuple[str, str, str, str]]:
    """What is recorded of some albums' files."""
    return {(r.album, r.key, r.state, r.path) for r in ledger.rows if r.album in albums}


CI = settings(
    max_examples=40,
    stateful_step_count=25,
    derandomize=True,  # the same examples every time: what a soak finds becomes a regression test
    database=None,
    deadline=None,
    print_blob=True,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
#: `SMUGSYNC_SOAK=N make soak` runs N examples, other ones each time.
SOAK = settings(
    CI, max_examples=int(os.environ.get("SMUGSYNC_SOAK", "400")), stateful_step_count=40, derandomize=False
)


def test_the_mirror_converges() -> None:
    run_state_machine_as_test(Mirroring, settings=CI)


@pytest.mark.soak
def test_the_mirror_converges_whatever_happens() -> None:
    run_state_machine_as_test(Mirroring, settings=SOAK)


@pytest.mark.soak
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_the_law_finds_what_is_broken(mutant: type[WatchedWorld]) -> None:
    """A law that a broken engine keeps would be none."""

    class Broken(Mirroring):
        world_type = mutant

    hunt = settings(SOAK, max_examples=5000, phases=[Phase.generate], print_blob=False)
    with pytest.raises(AssertionError) as found:
        run_state_machine_as_test(Broken, settings=hunt)
    print(f"{mutant.__name__}: {found.value}")
