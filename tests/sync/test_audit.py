"""Held files are proven again: what is right, what a person did, what rotted, and what mends it."""

from __future__ import annotations

import errno
import os
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from smugsync.catalogue import Catalogue, FileRow
from smugsync.cli.verify.words import Outcome as Words
from smugsync.core.lifecycle import Event, State
from smugsync.core.model import Fingerprint
from smugsync.core.verdict import Verdict
from smugsync.errors import Interrupted, MirrorUnusable, SuspiciousPlan, Unreachable
from smugsync.local.handles import Root
from smugsync.local.tree import Mirror
from smugsync.pace import Pace
from smugsync.stop import Stop
from smugsync.sync.context import Scope
from smugsync.sync.pool import THREADS, Crew, Inbox
from smugsync.sync.proving.audit import FILES, Wish
from smugsync.sync.proving.verification import Verification
from smugsync.sync.report import Report, What
from tests.sync.world import DELTA, EVERYTHING, World, content, md5


@dataclass(frozen=True)
class Outcome:
    report: Report
    work: Verification

    @property
    def verdicts(self) -> dict[Verdict, int]:
        assert self.work.audit is not None
        return {verdict: n for verdict, n in self.work.audit.found.verdicts.items() if n}

    @property
    def wrong(self) -> dict[str, Verdict]:
        assert self.work.audit is not None
        return {finding.path: finding.verdict for finding in self.work.audit.found.wrong.values()}

    @property
    def helpless(self) -> list[str]:
        return [] if self.work.mending is None else list(self.work.mending.helpless.values())


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def rome(world: World) -> str:
    """Three photos, mirrored."""
    album = world.album("Rome")
    for seed, name in enumerate(("a.jpg", "b.jpg", "c.jpg"), 1):
        world.photo(album, name, seed)
    synced(world)
    return album


def synced(world: World, scope: Scope = EVERYTHING, **changes: Any) -> Report:
    report = world.sync(scope, **changes)
    assert (report.exit_code, report.troubles) == (0, [])
    return report


def verify(
    world: World,
    *albums: str,
    repair: bool = False,
    stop: Stop | None = None,
    ticks: Any = None,
    crew: Crew = THREADS,
    **wish: Any,
) -> Outcome:
    with world.engine(stop) as engine:
        clock = {} if ticks is None else {"clock": ticks}
        work = Verification(Wish(**wish), fetch=engine.fetch if repair else None, crew=crew, **clock)
        return Outcome(engine.work(Scope("repair" if repair else "verify", albums), work), work)


def told(outcome: Outcome) -> str:
    """What a person reads of it."""
    words = Words(outcome.work, outcome.report, Path("/photos"), None, 0, 0.0)
    return "\n".join(words.lines("smugsync verify --repair"))


@contextmanager
def opened(world: World) -> Iterator[Catalogue]:
    catalogue = world.open_catalogue(world.root / "state" / "catalogue.db")
    try:
        yield catalogue
    finally:
        catalogue.close()


def rows(world: World) -> dict[str, FileRow]:
    """Every file's row by its name."""
    with opened(world) as catalogue:
        return {row.name: row for album in catalogue.albums() for row in catalogue.files(album.id).values()}


def rot(path: Path, data: bytes | None = None) -> None:
    """Other bytes under an unchanged time: by default one bit in the middle is another."""
    before = path.stat()
    if data is None:
        changed = bytearray(path.read_bytes())
        changed[len(changed) // 2] ^= 1
        data = bytes(changed)
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


class TestVerdicts:
    def test_sound_mirror_is_proven_without_asking_the_service(self, world: World, rome: str) -> None:
        outcome = verify(world)
        assert outcome.report.exit_code == 0
        assert outcome.verdicts == {Verdict.RIGHT: 3}
        assert outcome.report.requests == 0
        assert outcome.report.bytes_proven == sum(len(content(seed)) for seed in (1, 2, 3))
        assert {row.verified_at for row in rows(world).values()} == {int(world.clock.now)}

    def test_of_a_sound_file_nothing_but_the_time_of_its_proof_is_recorded(
        self, world: World, rome: str
    ) -> None:
        before = rows(world)
        verify(world)
        proven = int(world.clock.now)
        assert rows(world) == {name: replace(row, verified_at=proven) for name, row in before.items()}

    def test_more_files_than_a_reader_is_handed_at_once(self, world: World) -> None:
        album = world.album("Rome")
        for seed in range(2 * FILES + 3):
            world.photo(album, f"{seed}.jpg", seed)
        synced(world)
        rot(world.path / f"Rome/{FILES}.jpg")
        outcome = verify(world)
        assert outcome.verdicts == {Verdict.RIGHT: 2 * FILES + 2, Verdict.DAMAGED: 1}
        assert outcome.wrong == {f"Rome/{FILES}.jpg": Verdict.DAMAGED}

    def test_one_flipped_bit_is_damage(self, world: World, rome: str) -> None:
        rot(world.path / "Rome/b.jpg")
        proven = rows(world)["b.jpg"].verified_at
        outcome = verify(world)
        assert outcome.report.exit_code == 3
        assert outcome.wrong == {"Rome/b.jpg": Verdict.DAMAGED}
        row = rows(world)["b.jpg"]
        assert (row.damaged_at, row.verified_at) == (int(world.clock.now), proven)

    def test_finding_says_when_the_file_was_last_good(self, world: World, rome: str) -> None:
        verify(world)
        good = int(world.clock.now)
        rot(world.path / "Rome/b.jpg")
        audit = verify(world).work.audit
        assert audit is not None
        assert [finding.last_good for finding in audit.found.wrong.values()] == [good]

    @pytest.mark.parametrize("data", [b"", content(2)[:10], content(2) + b"x"], ids=["empty", "cut", "more"])
    def test_another_size_under_an_unchanged_time_is_damage(
        self, world: World, rome: str, data: bytes
    ) -> None:
        rot(world.path / "Rome/b.jpg", data)
        assert verify(world).wrong == {"Rome/b.jpg": Verdict.DAMAGED}

    def test_right_bytes_under_another_time_are_taken_over(self, world: World, rome: str) -> None:
        os.utime(world.path / "Rome/b.jpg", ns=(5, 5))
        outcome = verify(world)
        assert outcome.verdicts == {Verdict.RIGHT: 2, Verdict.TOUCHED: 1}
        assert outcome.report.exit_code == 0
        assert rows(world)["b.jpg"].mtime_ns == 5

    def test_edit_is_no_damage(self, world: World, rome: str) -> None:
        world.write("Rome/b.jpg", 9)
        outcome = verify(world)
        assert outcome.report.exit_code == 0
        assert outcome.verdicts == {Verdict.RIGHT: 2, Verdict.EDITED: 1}
        row = rows(world)["b.jpg"]
        assert (row.local_md5, row.held_md5, row.damaged_at) == (md5(9), md5(2), None)

    def test_edit_is_told_once(self, world: World, rome: str) -> None:
        world.write("Rome/b.jpg", 9)
        assert verify(world).report.counts[What.EDITED] == 1
        assert verify(world).report.counts[What.EDITED] == 0

    def test_edit_that_rots_is_damage(self, world: World, rome: str) -> None:
        world.write("Rome/b.jpg", 9)
        verify(world)
        rot(world.path / "Rome/b.jpg")
        assert verify(world).wrong == {"Rome/b.jpg": Verdict.SPOILT}

    def test_missing_file_is_named(self, world: World, rome: str) -> None:
        (world.path / "Rome/b.jpg").unlink()
        outcome = verify(world)
        assert outcome.report.exit_code == 3
        assert outcome.wrong == {"Rome/b.jpg": Verdict.MISSING}
        assert rows(world)["b.jpg"].damaged_at is None

    def test_what_is_no_file_any_more_is_unreadable_and_left_alone(self, world: World, rome: str) -> None:
        target = world.path / "Rome/b.jpg"
        target.unlink()
        target.symlink_to("a.jpg")
        outcome = verify(world)
        assert outcome.report.exit_code == 3
        assert outcome.wrong == {"Rome/b.jpg": Verdict.UNREADABLE}
        assert rows(world)["b.jpg"].damaged_at is None
        assert target.is_symlink()

    def test_photo_that_is_gone_online_is_proven_like_the_others(self, world: World, rome: str) -> None:
        world.photo(rome, "d.jpg", 4)
        synced(world)
        world.edit("delete-photo", image=rows(world)["d.jpg"].key, album=rome)
        synced(world)
        assert rows(world)["d.jpg"].state is State.RETIRED
        rot(world.path / "Rome/d.jpg")
        assert verify(world).wrong == {"Rome/d.jpg": Verdict.DAMAGED}

    def test_files_of_other_people_are_not_read(self, world: World, rome: str) -> None:
        world.write("Rome/mine.jpg", 7)
        assert verify(world).verdicts == {Verdict.RIGHT: 3}

    def test_album_alone(self, world: World, rome: str) -> None:
        world.photo(world.album("Oslo"), "o.jpg", 8)
        synced(world)
        rot(world.path / "Rome/b.jpg")
        outcome = verify(world, "Oslo")
        assert (outcome.verdicts, outcome.wrong) == ({Verdict.RIGHT: 1}, {})

    def test_unknown_album_is_refused(self, world: World, rome: str) -> None:
        report = verify(world, "Roma").report
        assert report.exit_code == 2
        assert "did you mean" in str(report.stopped)

    def test_damage_is_told_in_the_history_once(self, world: World, rome: str) -> None:
        rot(world.path / "Rome/b.jpg")
        verify(world)
        verify(world)
        with opened(world) as catalogue:
            assert [c.path for c in catalogue.changes() if c.what == "damaged"] == ["Rome/b.jpg"]

    def test_file_put_back_from_a_backup_is_right_again(self, world: World, rome: str) -> None:
        rot(world.path / "Rome/b.jpg")
        verify(world)
        rot(world.path / "Rome/b.jpg", content(2))
        outcome = verify(world)
        assert outcome.report.exit_code == 0
        assert outcome.report.counts[What.SOUND] == 1
        assert rows(world)["b.jpg"].damaged_at is None


class Spoilt(Root):
    """A disk on which some files cannot be read back, and some are changed while they are read.

    `saved`: a program writes a new file and gives it this name, just when the old one was read.
    """

    broken: frozenset[str] = frozenset()
    saved: dict[str, bytes] = {}  # noqa: RUF012 - likewise
    restless: dict[str, int] = {}  # noqa: RUF012 - a test sets it whole

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.looks: dict[str, bool] = {}

    def open(self, path: str, flags: int) -> int:
        if path in self.broken:
            return os.open("/proc/self/mem", os.O_RDONLY)  # which answers EIO
        return super().open(path, flags)

    def look_at(self, fd: int, path: str) -> Fingerprint:
        looked = super().look_at(fd, path)
        if path in self.saved and not self.looks.setdefault(path, False):
            self.looks[path] = True
        elif path in self.saved:
            (self.path / "new").write_bytes(self.saved.pop(path))
            (self.path / "new").rename(self.path / path)
            return looked
        if self.restless.get(path, 0) > 0:
            self.restless[path] -= 1
            os.utime(self.path / path, ns=(self.restless[path], self.restless[path]))
        return super().look_at(fd, path)


class SpoiltWorld(World):
    broken: frozenset[str] = frozenset()
    restless: dict[str, int] = {}  # noqa: RUF012 - likewise
    saved: dict[str, bytes] = {}  # noqa: RUF012 - likewise

    def open_mirror(self, path: Path) -> Mirror:
        root = Spoilt(path)
        root.broken, root.restless, root.saved = self.broken, dict(self.restless), dict(self.saved)
        return Mirror(root)


class TestDisk:
    @pytest.fixture
    def world(self, tmp_path: Path) -> SpoiltWorld:
        return SpoiltWorld(tmp_path)

    def test_bad_sector_is_damage_of_one_file(self, world: SpoiltWorld, rome: str) -> None:
        world.broken = frozenset(["Rome/b.jpg"])
        outcome = verify(world)
        assert outcome.wrong == {"Rome/b.jpg": Verdict.DAMAGED}
        assert outcome.verdicts[Verdict.RIGHT] == 2
        assert rows(world)["b.jpg"].damaged_at is not None

    def test_disk_that_answers_nothing_is_not_recorded_as_damage(self, world: SpoiltWorld, rome: str) -> None:
        for seed in range(10, 40):
            world.photo(rome, f"{seed}.jpg", seed)
        synced(world)
        world.broken = frozenset(f"Rome/{row.name}" for row in rows(world).values())
        outcome = verify(world)
        assert isinstance(outcome.report.stopped, MirrorUnusable)
        assert outcome.report.exit_code == 1
        assert [row for row in rows(world).values() if row.damaged_at is not None] == []

    def test_file_that_changes_while_it_is_read_is_read_again(self, world: SpoiltWorld, rome: str) -> None:
        world.restless = {"Rome/b.jpg": 2}
        outcome = verify(world)
        assert outcome.report.exit_code == 0
        assert outcome.verdicts == {Verdict.RIGHT: 2, Verdict.TOUCHED: 1}

    def test_file_that_a_program_saves_meanwhile_is_judged_by_its_new_bytes(
        self, world: SpoiltWorld, rome: str
    ) -> None:
        rot(world.path / "Rome/b.jpg")
        world.saved = {"Rome/b.jpg": content(9)}
        outcome = verify(world)
        assert outcome.verdicts == {Verdict.RIGHT: 2, Verdict.EDITED: 1}
        assert rows(world)["b.jpg"].damaged_at is None

    def test_file_that_never_rests_is_no_damage(self, world: SpoiltWorld, rome: str) -> None:
        world.restless = {"Rome/b.jpg": 100}
        outcome = verify(world)
        assert outcome.report.exit_code == 0
        assert outcome.wrong == {"Rome/b.jpg": Verdict.BUSY}
        assert rows(world)["b.jpg"].damaged_at is None

    def test_mirror_that_was_exchanged_meanwhile_misses_nothing(self, world: World, rome: str) -> None:
        with world.engine() as engine:
            work = Verification(Wish())

            def body(context: Any) -> None:
                world.path.rename(world.root / "away")
                (world.path / "Rome").mkdir(parents=True)
                for name in ("a.jpg", "b.jpg", "c.jpg"):
                    (world.root / "away/Rome" / name).unlink()
                work(context)

            report = engine.work(Scope("verify"), body)
        assert isinstance(report.stopped, SuspiciousPlan)
        assert work.audit is not None
        assert work.audit.found.verdicts[Verdict.MISSING] == 0


class Dying(Root):
    """A disk that dies: what was opened by then lies in memory, and names are still known."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.dead = False
        self.opening: Callable[[str], None] = lambda path: None
        self.reading: Callable[[str], None] = lambda path: None

    def open(self, path: str, flags: int) -> int:
        if path.endswith(".jpg") and not flags & os.O_PATH:
            self.opening(path)
            if self.dead:
                return os.open("/proc/self/mem", os.O_RDONLY)  # which answers EIO
        return super().open(path, flags)

    def look_at(self, fd: int, path: str) -> Fingerprint:
        self.reading(path)
        return super().look_at(fd, path)


class DyingWorld(World):
    """`arm` is told of the disk before it is used."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.arm: Callable[[Dying], None] = lambda disk: None

    def open_mirror(self, path: Path) -> Mirror:
        root = Dying(path)
        self.arm(root)
        return Mirror(root)


class Told(Crew):
    """`told` is set as soon as the first reader has answered."""

    def __init__(self) -> None:
        self.told = threading.Event()

    def inbox(self) -> Inbox:
        told = self.told

        class Watched(queue.SimpleQueue[object]):
            def put(self, message: object, block: bool = True, timeout: float | None = None) -> None:
                super().put(message, block, timeout)
                told.set()

        return Watched()


class TestDyingDisk:
    @pytest.fixture
    def world(self, tmp_path: Path) -> DyingWorld:
        return DyingWorld(tmp_path)

    @pytest.fixture
    def paths(self, world: DyingWorld) -> list[str]:
        """Two readers' files, in the order in which an audit reads them."""
        album = world.album("Rome")
        for seed in range(2 * FILES):
            world.photo(album, f"{seed}.jpg", seed)
        synced(world)
        held = sorted(rows(world).values(), key=lambda row: (row.verified_at or 0, row.id))
        return [f"Rome/{row.name}" for row in held]

    def proven_since(self, world: World, moment: int, paths: list[str]) -> list[int]:
        found = rows(world)
        return [n for n, path in enumerate(paths) if (found[path[5:]].verified_at or 0) >= moment]

    def damaged(self, world: World) -> list[str]:
        return sorted(name for name, row in rows(world).items() if row.damaged_at is not None)

    def test_what_another_reader_read_before_does_not_speak_for_it(
        self, world: DyingWorld, paths: list[str]
    ) -> None:
        came, died, crew = threading.Event(), threading.Event(), Told()

        def arm(disk: Dying) -> None:
            def opening(path: str) -> None:
                if path == paths[28]:
                    assert came.wait(20)
                    disk.dead = True
                    died.set()
                elif path == paths[44]:
                    came.set()
                    assert died.wait(20)
                    assert crew.told.wait(20)

            disk.opening = opening

        world.arm = arm
        began = int(world.clock.now) + 1
        outcome = verify(world, crew=crew)
        assert isinstance(outcome.report.stopped, MirrorUnusable)
        assert self.damaged(world) == []
        assert self.proven_since(world, began, paths) == [*range(28), *range(32, 44)]

    def test_what_lies_in_memory_already_does_not_speak_for_it(
        self, world: DyingWorld, paths: list[str]
    ) -> None:
        def arm(disk: Dying) -> None:
            def reading(path: str) -> None:
                if path == paths[4]:
                    disk.dead = True
                    raise OSError(errno.EIO, os.strerror(errno.EIO))

            disk.reading = reading

        world.arm = arm
        began = int(world.clock.now) + 1
        outcome = verify(world, readers=1)
        assert isinstance(outcome.report.stopped, MirrorUnusable)
        assert self.damaged(world) == []
        assert self.proven_since(world, began, paths) == [0, 1, 2, 3, 5, 6]

    def test_what_is_read_from_the_disk_afterwards_does(self, world: DyingWorld, paths: list[str]) -> None:
        def arm(disk: Dying) -> None:
            def reading(path: str) -> None:
                if path in paths[4:24:2]:
                    raise OSError(errno.EIO, os.strerror(errno.EIO))

            disk.reading = reading

        world.arm = arm
        outcome = verify(world, readers=1)
        assert outcome.report.stopped is None
        assert self.damaged(world) == sorted(path[5:] for path in paths[4:24:2])

    def test_disk_that_goes_away_keeps_what_was_found(self, world: DyingWorld, paths: list[str]) -> None:
        rot(world.path / paths[3])

        def arm(disk: Dying) -> None:
            def reading(path: str) -> None:
                if path == paths[10]:
                    raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))

            disk.reading = reading

        world.arm = arm
        began = int(world.clock.now) + 1
        outcome = verify(world, readers=1)
        assert isinstance(outcome.report.stopped, MirrorUnusable)
        assert self.damaged(world) == [paths[3][5:]]
        proven = self.proven_since(world, began, paths)
        # The reader may have begun with the next batch before anybody told it to stop.
        assert [n for n in proven if n < 32] == [0, 1, 2, 4, 5, 6, 7, 8, 9]

    def test_stop_keeps_what_every_reader_had_found(self, world: DyingWorld, paths: list[str]) -> None:
        rot(world.path / paths[3])
        stop, both = Stop(), threading.Barrier(2)

        def arm(disk: Dying) -> None:
            met: set[str] = set()

            def reading(path: str) -> None:
                if path in (paths[10], paths[42]) and path not in met:
                    met.add(path)
                    both.wait(20)
                    stop.set()
                    both.wait(20)

            disk.reading = reading

        world.arm = arm
        began = int(world.clock.now) + 1
        outcome = verify(world, stop=stop)
        assert isinstance(outcome.report.stopped, Interrupted)
        assert self.damaged(world) == [paths[3][5:]]
        assert self.proven_since(world, began, paths) == [n for n in (*range(10), *range(32, 42)) if n != 3]


class TestShare:
    @pytest.fixture
    def many(self, world: World) -> list[str]:
        album = world.album("Rome")
        for seed in range(20):
            world.photo(album, f"{seed:02}.jpg", seed)
        synced(world)
        return sorted(rows(world))

    def proven_since(self, world: World, moment: int) -> set[str]:
        return {name for name, row in rows(world).items() if (row.verified_at or 0) >= moment}

    def test_so_many_runs_walk_through_everything_and_begin_anew(self, world: World, many: list[str]) -> None:
        began = int(world.clock.now) + 1
        read = [sum(verify(world, share=Fraction(1, 10)).verdicts.values()) for _ in range(10)]
        assert self.proven_since(world, began) == set(many)
        assert max(read) <= 4
        first = min(row.verified_at or 0 for row in rows(world).values())
        verify(world, share=Fraction(1, 10))
        assert min(row.verified_at or 0 for row in rows(world).values()) > first

    def test_file_known_to_be_damaged_does_not_hold_up_the_walk(self, world: World, many: list[str]) -> None:
        for name in many[:5]:
            rot(world.path / "Rome" / name)
        began = int(world.clock.now) + 1
        for _ in range(10):
            outcome = verify(world, share=Fraction(1, 10))
        assert self.proven_since(world, began) == set(many[5:])
        assert sorted(outcome.wrong) == [f"Rome/{name}" for name in many[:5]]
        assert outcome.report.exit_code == 3

    def test_missing_files_do_not_hold_up_the_walk(self, world: World, many: list[str]) -> None:
        for name in many[:8]:
            (world.path / "Rome" / name).unlink()
        began = int(world.clock.now) + 1
        for _ in range(10):
            verify(world, share=Fraction(1, 10))
        assert self.proven_since(world, began) == set(many[8:])

    def test_only_what_is_due(self, world: World, many: list[str]) -> None:
        first = verify(world, share=Fraction(1, 2))
        later = int(world.clock.now)
        assert sum(verify(world, before=later).verdicts.values()) == 20 - sum(first.verdicts.values())
        assert verify(world, before=later).verdicts == {}

    def test_budget_of_bytes(self, world: World, many: list[str]) -> None:
        outcome = verify(world, most=2000)
        assert 0 < outcome.report.bytes_proven < 2000 + 1000
        assert outcome.report.exit_code == 0

    def test_budget_of_time_and_the_next_one_goes_on(self, world: World, many: list[str]) -> None:
        began = int(world.clock.now) + 1
        ticks = iter(range(10_000))
        counts = []
        while len(self.proven_since(world, began)) < 20:
            outcome = verify(world, seconds=12.0, before=began, ticks=lambda: float(next(ticks)))
            counts.append(sum(outcome.verdicts.values()))
        assert len(counts) > 1
        assert sum(counts) == 20  # nothing was read twice

    def test_stop_keeps_what_was_proven(self, world: World, many: list[str]) -> None:
        stop = Stop()
        seen: list[int] = []

        def ticks() -> float:
            seen.append(1)
            if len(seen) > 12:
                stop.set()
            return float(len(seen))

        began = int(world.clock.now) + 1
        outcome = verify(world, stop=stop, ticks=ticks, rate=1e12)  # a rate: one file after the other
        assert isinstance(outcome.report.stopped, Interrupted)
        assert outcome.report.exit_code == 130
        proven = self.proven_since(world, began)
        assert 0 < len(proven) < 20
        assert len(proven) == sum(outcome.verdicts.values())


class TestPace:
    def test_bytes_take_their_time(self) -> None:
        now = [100.0]

        def wait(seconds: float) -> None:
            now[0] += seconds

        pace = Pace(1000.0, Stop(), clock=lambda: now[0], wait=wait)
        for _ in range(10):
            pace(500)
        assert now[0] == pytest.approx(105.0)

    def test_time_that_passed_by_itself_is_not_saved_up(self) -> None:
        waited: list[float] = []
        now = [0.0]
        pace = Pace(1000.0, Stop(), clock=lambda: now[0], wait=waited.append)
        now[0] = 60.0
        pace(500)
        assert waited == [0.5]

    def test_no_limit_never_waits(self) -> None:
        Pace(None, Stop(), wait=lambda seconds: pytest.fail("it waited"))(1 << 40)

    def test_stop_ends_the_wait(self) -> None:
        stop = Stop()
        stop.set()
        with pytest.raises(Interrupted):
            Pace(1.0, stop)(1 << 40)


class TestRepair:
    def test_fetches_only_what_is_bad_and_keeps_the_bad_bytes(self, world: World, rome: str) -> None:
        rot(world.path / "Rome/b.jpg")
        (world.path / "Rome/c.jpg").unlink()
        outcome = verify(world, repair=True)
        assert (outcome.report.exit_code, outcome.wrong) == (0, {})
        assert outcome.report.files_downloaded == 2
        assert world.files() == {"Rome/a.jpg": md5(1), "Rome/b.jpg": md5(2), "Rome/c.jpg": md5(3)}
        assert len(world.set_aside("damaged")) == 1
        assert world.set_aside("damaged") != [md5(2)]
        assert outcome.report.counts[What.REPAIRED] == 1
        assert outcome.report.counts[What.RESTORED] == 1
        synced(world)

    def test_file_that_was_renamed_here_is_followed_not_fetched(self, world: World, rome: str) -> None:
        (world.path / "Rome/b.jpg").rename(world.path / "Rome/sunset.jpg")
        outcome = verify(world, repair=True)
        assert (outcome.report.exit_code, outcome.report.requests, outcome.wrong) == (0, 0, {})
        assert "  Rome/b.jpg (now Rome/sunset.jpg)" in told(outcome)
        assert world.files() == {"Rome/a.jpg": md5(1), "Rome/sunset.jpg": md5(2), "Rome/c.jpg": md5(3)}
        assert (synced(world).counts, verify(world).verdicts) == ({}, {Verdict.RIGHT: 3})

    def test_edit_that_bears_another_name_is_no_photo_of_the_account(self, world: World, rome: str) -> None:
        (world.path / "Rome/b.jpg").unlink()
        world.write("Rome/sunset.jpg", 2 + 7)  # of the same size
        outcome = verify(world, repair=True)
        assert (outcome.report.files_downloaded, outcome.wrong) == (1, {})
        assert world.files()["Rome/sunset.jpg"] == md5(9)

    def test_lists_nothing(self, world: World, rome: str) -> None:
        rot(world.path / "Rome/b.jpg")
        assert verify(world, repair=True).report.requests <= 4  # whose account, one look, its bytes

    def test_asks_nothing_when_all_is_well(self, world: World, rome: str) -> None:
        assert verify(world, repair=True).report.requests == 0

    def test_damage_found_by_an_earlier_run_is_mended_by_a_small_one(self, world: World, rome: str) -> None:
        rot(world.path / "Rome/b.jpg")
        verify(world)
        outcome = verify(world, repair=True, share=Fraction(1, 1000))
        assert outcome.report.files_downloaded == 1
        assert world.files()["Rome/b.jpg"] == md5(2)

    def test_what_is_gone_online_is_kept_and_said(self, world: World, rome: str) -> None:
        key = rows(world)["b.jpg"].key
        world.photo(rome, "d.jpg", 4)
        synced(world)
        world.edit("delete-photo", image=key, album=rome)
        synced(world)
        rot(world.path / "Rome/b.jpg")
        damaged = world.files()["Rome/b.jpg"]
        outcome = verify(world, repair=True)
        assert outcome.report.exit_code == 3
        assert outcome.helpless == ["the photo is gone online: there is nothing to fetch"]
        assert world.files()["Rome/b.jpg"] == damaged
        assert rows(world)["b.jpg"].damaged_at is not None

    def test_what_the_account_cannot_mend_ends_by_a_touch_as_is_said(self, world: World, rome: str) -> None:
        world.write("Rome/b.jpg", 9)
        verify(world)
        rot(world.path / "Rome/b.jpg")
        assert "`touch` it" in told(verify(world, repair=True))
        os.utime(world.path / "Rome/b.jpg")
        assert verify(world).report.exit_code == 0
        assert synced(world).files_damaged == 0

    @pytest.mark.parametrize("evidence", ["converted", "unproven"])
    def test_no_rendition_takes_the_place_of_an_original(
        self, world: World, rome: str, evidence: str
    ) -> None:
        with opened(world) as catalogue, catalogue.transaction():
            row = next(row for row in catalogue.files(1).values() if row.name == "b.jpg")
            catalogue.put([replace(row, evidence=evidence)])
        rot(world.path / "Rome/b.jpg")
        damaged = world.files()["Rome/b.jpg"]
        outcome = verify(world, repair=True)
        assert outcome.report.exit_code == 3
        assert outcome.report.files_downloaded == 0
        assert outcome.helpless == [
            "the account has only what the service made of this file, with other bytes"
        ]
        assert world.files()["Rome/b.jpg"] == damaged

    def test_edit_is_not_undone(self, world: World, rome: str) -> None:
        world.write("Rome/b.jpg", 9)
        outcome = verify(world, repair=True)
        assert (outcome.report.exit_code, outcome.report.files_downloaded) == (0, 0)
        assert world.files()["Rome/b.jpg"] == md5(9)

    def test_edit_that_rotted_cannot_be_mended_from_the_account(self, world: World, rome: str) -> None:
        world.write("Rome/b.jpg", 9)
        verify(world)
        rot(world.path / "Rome/b.jpg")
        outcome = verify(world, repair=True)
        assert outcome.helpless == ["it was edited here, and the account never had the edit"]
        assert outcome.report.files_downloaded == 0

    def test_service_that_does_not_answer_costs_nothing(self, world: World, rome: str) -> None:
        rot(world.path / "Rome/b.jpg")
        damaged = world.files()["Rome/b.jpg"]
        world.fault("503@/api/*")
        outcome = verify(world, repair=True)
        assert isinstance(outcome.report.stopped, Unreachable)
        assert world.files()["Rome/b.jpg"] == damaged
        world.calm()
        synced(world, DELTA)
        assert world.files()["Rome/b.jpg"] == md5(2)
        assert len(world.set_aside("damaged")) == 1

    def test_wrong_bytes_from_the_service_mend_nothing(self, world: World, rome: str) -> None:
        rot(world.path / "Rome/b.jpg")
        damaged = world.files()["Rome/b.jpg"]
        world.fault("corrupt@/photos/*:times=9")
        outcome = verify(world, repair=True)
        assert outcome.report.exit_code == 3
        assert "touch" not in told(outcome)
        assert world.files()["Rome/b.jpg"] == damaged
        world.calm()
        synced(world)
        assert world.files()["Rome/b.jpg"] == md5(2)

    def test_damaged_photo_that_also_changed_online_gets_the_new_version(
        self, world: World, rome: str
    ) -> None:
        rot(world.path / "Rome/b.jpg")
        world.replace(rows(world)["b.jpg"].key, 8)
        outcome = verify(world, repair=True)
        assert outcome.report.exit_code == 0
        assert world.files()["Rome/b.jpg"] == md5(8)
        assert len(world.set_aside("damaged")) == 1
        synced(world)

    def test_is_not_recommended_for_what_it_cannot_read(self, world: World, rome: str) -> None:
        (world.path / "Rome/b.jpg").rename(world.root / "b.jpg")
        (world.path / "Rome/b.jpg").symlink_to(world.root / "b.jpg")
        outcome = verify(world)
        assert outcome.wrong == {"Rome/b.jpg": Verdict.UNREADABLE}
        assert "--repair" not in told(outcome)


class TestCopies:
    @pytest.fixture
    def collected(self, world: World) -> str:
        rome, best = world.album("Rome"), world.album("Best")
        key = world.photo(rome, "a.jpg", 1)
        world.edit("collect-photo", image=key, to=best)
        return key

    def test_bad_copy_is_mended_from_the_good_one_without_the_service(
        self, world: World, collected: str
    ) -> None:
        synced(world, links="none")
        rot(world.path / "Best/a.jpg")
        outcome = verify(world, repair=True)
        assert (outcome.report.exit_code, outcome.report.requests) == (0, 0)
        assert world.files() == {"Rome/a.jpg": md5(1), "Best/a.jpg": md5(1)}

    def test_good_copy_is_read_first_though_its_album_was_not_asked_for(
        self, world: World, collected: str
    ) -> None:
        synced(world, links="none")
        rot(world.path / "Best/a.jpg")
        rot(world.path / "Rome/a.jpg")
        outcome = verify(world, "Best", repair=True)
        assert outcome.report.files_downloaded == 1
        assert outcome.report.files_shared == 1
        assert world.files() == {"Rome/a.jpg": md5(1), "Best/a.jpg": md5(1)}

    def test_second_name_of_the_same_bad_bytes_mends_nothing(self, world: World, collected: str) -> None:
        synced(world)
        if (world.path / "Best/a.jpg").stat().st_ino != (world.path / "Rome/a.jpg").stat().st_ino:
            pytest.skip("this file system has reflinks: the copies are files of their own")
        rot(world.path / "Best/a.jpg")
        outcome = verify(world, "Best", repair=True)
        assert outcome.report.exit_code == 0
        assert outcome.report.files_downloaded == 1
        assert world.files() == {"Rome/a.jpg": md5(1), "Best/a.jpg": md5(1)}

    def test_copy_that_was_not_proven_since_mends_nothing_in_a_later_run_either(
        self, world: World, collected: str
    ) -> None:
        synced(world)
        if (world.path / "Best/a.jpg").stat().st_ino != (world.path / "Rome/a.jpg").stat().st_ino:
            pytest.skip("this file system has reflinks: the copies are files of their own")
        rot(world.path / "Best/a.jpg")
        with opened(world) as catalogue, catalogue.transaction():  # as a repair leaves it that was killed
            best = next(album for album in catalogue.albums() if album.name == "Best")
            (row,) = catalogue.files(best.id).values()
            catalogue.put([row.on(Event.DAMAGE, damaged_at=int(world.clock.now))])
        assert synced(world, DELTA).files_downloaded == 1
        assert world.files()["Best/a.jpg"] == md5(1)

    def test_missing_copy_comes_back_from_the_other(self, world: World, collected: str) -> None:
        synced(world)
        (world.path / "Best/a.jpg").unlink()
        outcome = verify(world, repair=True)
        assert (outcome.report.requests, outcome.report.files_shared) == (0, 1)
        assert world.files() == {"Rome/a.jpg": md5(1), "Best/a.jpg": md5(1)}


class TestSync:
    """What a sync does with damage that it comes by."""

    def test_truncated_file_is_told_as_damage_not_as_an_edit(self, world: World, rome: str) -> None:
        rot(world.path / "Rome/b.jpg", b"cut")
        report = world.sync()
        assert report.exit_code == 3
        assert (report.files_damaged, report.counts[What.DAMAGED], report.counts[What.EDITED]) == (1, 1, 0)
        assert rows(world)["b.jpg"].local_md5 is None

    def test_damage_that_is_known_is_told_once_and_remembered(self, world: World, rome: str) -> None:
        rot(world.path / "Rome/b.jpg", b"cut")
        world.sync()
        report = world.sync()
        assert (report.exit_code, report.files_damaged, report.counts[What.DAMAGED]) == (3, 1, 0)

    def test_file_put_back_under_another_time_is_right_again(self, world: World, rome: str) -> None:
        rot(world.path / "Rome/b.jpg")
        verify(world)
        world.write("Rome/b.jpg", 2)
        synced(world)
        assert rows(world)["b.jpg"].damaged_at is None

    def test_edit_of_a_damaged_file_ends_the_damage(self, world: World, rome: str) -> None:
        rot(world.path / "Rome/b.jpg")
        verify(world)
        world.write("Rome/b.jpg", 9)
        report = world.sync()
        assert (report.exit_code, report.files_damaged) == (0, 0)

    def test_accepted_file_put_back_after_an_edit_is_to_be_proven_anew(self, world: World, rome: str) -> None:
        before = (world.path / "Rome/b.jpg").stat()
        world.write("Rome/b.jpg", 9)
        verify(world)
        (world.path / "Rome/b.jpg").write_bytes(content(2))
        os.utime(world.path / "Rome/b.jpg", ns=(before.st_atime_ns, before.st_mtime_ns))
        synced(world)
        row = rows(world)["b.jpg"]
        assert (row.local_md5, row.verified_at) == (None, None)
