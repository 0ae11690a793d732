"""One file across: proven bytes in a sealed part, or the reason why not, and nothing left behind."""

from __future__ import annotations

import hashlib
import itertools
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smugsync.core.model import Evidence, Kind, Promise, RemoteFile
from smugsync.errors import (
    Garbled,
    Gone,
    IntegrityError,
    Interrupted,
    ItemError,
    MirrorUnusable,
    NotAuthorised,
    Rejected,
    SmugsyncError,
    Transient,
    Unreachable,
)
from smugsync.local.inspection import Inspected
from smugsync.local.marker import Marker
from smugsync.local.part import RESUMABLE
from smugsync.local.tree import Mirror
from smugsync.progress import Silent, Tally
from smugsync.remote.gallery import Sink
from smugsync.stop import Stop
from smugsync.sync.cycle.transfer import (
    Abandoned,
    Examined,
    Examining,
    Faltered,
    Fetching,
    Outcome,
    Received,
    Transfer,
    mtime_ns,
    part_name,
)
from tests.emulator.test_media import SAMPLES
from tests.sync.world import content

PHOTO = b"\xff\xd8 a photo"
LARGE = b"\0" * (RESUMABLE + 100)
CUT = RESUMABLE + 10
PATH = "Travel/Iceland/IMG_1.JPG"


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def remote(content: bytes = PHOTO, **changes: Any) -> RemoteFile:
    file = RemoteFile(
        "alb1",
        "k1",
        "IMG_1.JPG",
        version="v1",
        promised=Promise(md5(content), len(content)),
        source="https://photos.example/1",
    )
    return replace(file, **changes)


class Gallery:
    """Answers from a script: what each look says, and what each download brings before it ends or breaks."""

    only_whole = False

    def __init__(self, stop: Stop) -> None:
        self.stop = stop
        self.looks: deque[RemoteFile | SmugsyncError] = deque()
        self.downloads: deque[bytes | SmugsyncError | tuple[bytes, SmugsyncError]] = deque()
        self.looked: list[RemoteFile] = []
        self.asked: list[tuple[str | None, int]] = []  #: address and offset of each download

    def look(self, file: RemoteFile) -> RemoteFile:
        self.looked.append(file)
        answer = self.looks.popleft()
        if isinstance(answer, SmugsyncError):
            raise answer
        return answer

    def download(
        self, file: RemoteFile, sink: Sink, *, stop: Stop, progress: Callable[[int], None] | None = None
    ) -> None:
        assert stop is self.stop
        assert file.source is not None
        self.asked.append((file.source, sink.size))
        script = self.downloads.popleft()
        content, error = script if isinstance(script, tuple) else (script, None)
        if isinstance(content, SmugsyncError):
            raise content
        sink.validator = '"v1"'
        rest = content[sink.size :]
        sink.write(memoryview(rest))
        if progress is not None:
            progress(len(rest))
        if error is not None:
            raise error


class Bench:
    """A transfer on a real mirror, fed by a scripted gallery; it never waits."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.mirror = Mirror.create(path, Marker("m1", "root"))
        self.mirror.sweep_parts(())
        self.stop = Stop()
        self.gallery = Gallery(self.stop)
        self.progress = Tally()

    def run(self, file: RemoteFile) -> Outcome:
        transfer = Transfer(
            self.gallery, self.mirror, _Counting(self.progress), self.stop, pauses=(0.0, 0.0), zone=UTC
        )
        return transfer(Fetching(1, file, PATH))

    def staged(self) -> set[str]:
        """The suffixes of what lies in staging."""
        return {path.suffix for path in (self.path / ".smugsync" / "tmp").iterdir()}

    def visible(self) -> list[Path]:
        return [path for path in self.path.rglob("*") if path.is_file() and ".smugsync" not in path.parts]


class _Counting(Silent):
    """Passes on what workers tell, and remembers how it ended."""

    def __init__(self, tally: Tally) -> None:
        self.tally = tally

    def begin(self, name: str, size: int | None) -> None:
        self.tally.begin(name, size)

    def advance(self, name: str, size: int) -> None:
        self.tally.advance(name, size)

    def end(self, name: str, *, ok: bool) -> None:
        self.tally.end(name, ok=ok)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path / "mirror")
    yield bench
    assert bench.visible() == [], "a transfer never shows anything under a name"
    bench.mirror.close()


def received(outcome: Outcome) -> Received:
    assert isinstance(outcome, Received), outcome
    return outcome


def faltered(outcome: Outcome) -> Faltered:
    assert isinstance(outcome, Faltered), outcome
    return outcome


class TestGood:
    def test_arrives_proven(self, bench: Bench) -> None:
        bench.gallery.downloads += [PHOTO]
        file = remote(taken="2019-08-04T11:28:12")
        outcome = received(bench.run(file))
        assert (outcome.found.md5, outcome.found.size) == (md5(PHOTO), len(PHOTO))
        assert outcome.evidence is Evidence.PROMISED
        assert outcome.file == file
        assert bench.gallery.looked == []
        part = bench.path / ".smugsync" / "tmp" / outcome.part.file_name
        assert part.read_bytes() == PHOTO
        assert part.stat().st_mtime == datetime(2019, 8, 4, 11, 28, 12, tzinfo=UTC).timestamp()
        outcome.part.discard()
        assert bench.staged() == set()

    def test_without_a_promise_is_our_own_word(self, bench: Bench) -> None:
        bench.gallery.downloads += [PHOTO]
        outcome = received(bench.run(remote(promised=Promise())))
        assert outcome.evidence is Evidence.SELF
        outcome.part.discard()

    def test_where_nothing_is_promised_our_own_digest_is_taken(self, bench: Bench) -> None:
        whole = content(1)
        bench.gallery.downloads += [PHOTO, whole]
        for expected in (Inspected(sha256(PHOTO)), Inspected(sha256(whole), "decoded")):
            outcome = received(bench.run(remote(promised=Promise())))
            assert outcome.inspected == expected
            outcome.part.discard()

    def test_a_film_is_not_decoded(self, bench: Bench) -> None:
        bench.gallery.downloads += [PHOTO]
        outcome = received(bench.run(remote(promised=Promise(), kind=Kind.VIDEO)))
        assert outcome.inspected == Inspected(sha256(PHOTO))
        outcome.part.discard()

    def test_half_a_picture_of_a_service_that_makes_its_own_has_not_come(self, bench: Bench) -> None:
        bench.gallery.only_whole = True
        cut = content(1)[:-2]
        bench.gallery.downloads += [cut] * 3
        bench.gallery.looks += [remote(promised=Promise())] * 2
        outcome = bench.run(remote(promised=Promise()))
        assert isinstance(outcome, Faltered)
        assert str(outcome.error) == "the picture is not whole: it ends before its picture does"
        assert outcome.repeats == 3
        assert bench.staged() == set()

    @pytest.mark.parametrize("said", [b"Fatal error: no memory", b"\0" * 900, content(1)[3:]])
    def test_what_is_no_picture_at_all_has_not_come_either(self, bench: Bench, said: bytes) -> None:
        bench.gallery.only_whole = True
        bench.gallery.downloads += [said] * 3
        bench.gallery.looks += [remote(promised=Promise())] * 2
        outcome = faltered(bench.run(remote(promised=Promise())))
        assert "picture" in str(outcome.error)
        assert outcome.repeats == 3

    def test_a_picture_of_another_format_than_its_name_says_is_one(self, bench: Bench) -> None:
        bench.gallery.only_whole = True
        for whole in (SAMPLES["chart.png"], SAMPLES["loop.gif"], SAMPLES["phone.heic"]):
            bench.gallery.downloads += [whole]
            received(bench.run(remote(promised=Promise()))).part.discard()

    def test_address_of_another_run_is_read_again(self, bench: Bench) -> None:
        bench.gallery.looks += [remote(source="https://photos.example/new")]
        bench.gallery.downloads += [PHOTO]
        received(bench.run(remote(source=None))).part.discard()
        assert bench.gallery.asked == [("https://photos.example/new", 0)]

    def test_what_was_read_last_is_what_counts(self, bench: Bench) -> None:
        other = b"replaced meanwhile"
        newer = remote(other, version="v2")
        bench.gallery.looks += [newer]
        bench.gallery.downloads += [other]
        outcome = received(bench.run(remote(source=None)))
        assert outcome.file == newer
        outcome.part.discard()

    def test_progress_is_settled(self, bench: Bench) -> None:
        bench.gallery.downloads += [(PHOTO[:3], Transient("broke")), PHOTO]
        received(bench.run(remote())).part.discard()
        assert bench.progress.flights() == []


class TestWrongBytes:
    def test_three_times_the_same(self, bench: Bench) -> None:
        bench.gallery.looks += [remote(), remote()]
        bench.gallery.downloads += [b"\xff\xd8 a fauxo"] * 3
        outcome = faltered(bench.run(remote()))
        assert isinstance(outcome.error, IntegrityError)
        assert outcome.repeats == 3
        assert bench.staged() == set()

    def test_of_another_kind_each_time(self, bench: Bench) -> None:
        bench.gallery.looks += [remote(), remote()]
        bench.gallery.downloads += [b"\xff\xd8 fauxo " + bytes([n]) for n in (65, 66, 67)]
        assert faltered(bench.run(remote())).repeats == 1

    def test_promise_is_read_again_before_they_are_blamed(self, bench: Bench) -> None:
        """The photo may have been replaced between the listing and its turn."""
        other = b"replaced"
        bench.gallery.looks += [remote(other, version="v2")]
        bench.gallery.downloads += [other, other]
        outcome = received(bench.run(remote()))
        assert outcome.file.version == "v2"
        outcome.part.discard()

    @pytest.mark.parametrize("promise", [Promise(), Promise(md5(PHOTO)), Promise(None, len(PHOTO))])
    def test_none_at_all_are_refused(self, bench: Bench, promise: Promise) -> None:
        file = remote(promised=promise)
        bench.gallery.looks += [file, file]
        bench.gallery.downloads += [b""] * 3
        outcome = faltered(bench.run(file))
        assert isinstance(outcome.error, IntegrityError)
        assert outcome.repeats == 3
        assert bench.staged() == set()

    def test_gone_while_they_are_looked_into(self, bench: Bench) -> None:
        bench.gallery.looks += [Gone("404"), Gone("404")]
        bench.gallery.downloads += [b"wrong"]
        assert isinstance(faltered(bench.run(remote())).error, Gone)


class TestStaleAddress:
    def test_leads_to_the_new_one(self, bench: Bench) -> None:
        bench.gallery.looks += [remote(source="https://photos.example/new")]
        bench.gallery.downloads += [Gone("the media address answers 403"), PHOTO]
        received(bench.run(remote())).part.discard()
        assert [address for address, _ in bench.gallery.asked] == [
            "https://photos.example/1",
            "https://photos.example/new",
        ]

    def test_gone_by_its_own_address_is_gone(self, bench: Bench) -> None:
        gone = Gone("SmugMug no longer has it")
        bench.gallery.looks += [gone]
        bench.gallery.downloads += [Gone("the media address answers 404")]
        outcome = faltered(bench.run(remote()))
        assert outcome.error is gone
        assert outcome.file is not None
        assert outcome.file.source is None

    def test_gone_at_once(self, bench: Bench) -> None:
        bench.gallery.looks += [Gone("404")]
        assert isinstance(faltered(bench.run(remote(source=None))).error, Gone)
        assert bench.gallery.asked == []

    def test_that_stays_stale_is_given_up_for_now(self, bench: Bench) -> None:
        bench.gallery.looks += [remote(), remote()]
        bench.gallery.downloads += [Gone("the media address answers 403")] * 3
        outcome = faltered(bench.run(remote()))
        assert (outcome.repeats, len(bench.gallery.asked)) == (0, 3)

    def test_keeps_what_came_of_a_large_file(self, bench: Bench) -> None:
        bench.gallery.looks += [remote(LARGE, source="https://photos.example/new")]
        bench.gallery.downloads += [(LARGE[:CUT], Gone("the media address answers 403")), LARGE]
        received(bench.run(remote(LARGE))).part.discard()
        assert bench.gallery.asked[1] == ("https://photos.example/new", CUT)


class TestWithheld:
    def test_by_the_look(self, bench: Bench) -> None:
        withheld = remote(source=None, withheld="still processing", processing=True)
        bench.gallery.looks += [withheld]
        outcome = faltered(bench.run(remote(source=None)))
        assert str(outcome.error) == "still processing"
        assert outcome.file == withheld
        assert bench.gallery.asked == []


class TestBrokenLine:
    def test_is_tried_again(self, bench: Bench) -> None:
        bench.gallery.downloads += [(PHOTO[:4], Transient("broke")), Garbled("HTML"), PHOTO]
        received(bench.run(remote())).part.discard()
        assert [offset for _, offset in bench.gallery.asked] == [0, 0, 0]

    def test_is_given_up_after_three_attempts(self, bench: Bench) -> None:
        bench.gallery.downloads += [(PHOTO[:4], Transient("broke"))] * 3
        outcome = faltered(bench.run(remote()))
        assert isinstance(outcome.error, Transient)
        assert outcome.repeats == 0
        assert bench.staged() == set()

    def test_goes_on_where_a_large_file_ended(self, bench: Bench) -> None:
        bench.gallery.downloads += [(LARGE[:CUT], Transient("broke")), LARGE]
        outcome = received(bench.run(remote(LARGE)))
        assert [offset for _, offset in bench.gallery.asked] == [0, CUT]
        assert outcome.found.md5 == md5(LARGE)
        outcome.part.discard()
        assert bench.staged() == set()

    def test_resumed_bytes_that_are_wrong_are_dropped_whole(self, bench: Bench) -> None:
        rotten = b"x" + LARGE[1:CUT]
        bench.gallery.looks += [remote(LARGE)]
        bench.gallery.downloads += [(rotten, Transient("broke")), LARGE, LARGE]
        received(bench.run(remote(LARGE))).part.discard()
        assert [offset for _, offset in bench.gallery.asked] == [0, CUT, 0]

    def test_refusal_is_not_argued_with(self, bench: Bench) -> None:
        bench.gallery.downloads += [Rejected("no", 5)]
        assert isinstance(faltered(bench.run(remote())).error, Rejected)
        assert len(bench.gallery.asked) == 1


class TestStop:
    def test_small_part_is_gone(self, bench: Bench) -> None:
        bench.gallery.downloads += [(PHOTO[:4], Interrupted("stopped"))]
        assert isinstance(bench.run(remote()), Abandoned)
        assert bench.staged() == set()

    def test_large_part_waits_for_the_next_run(self, bench: Bench) -> None:
        bench.gallery.downloads += [(LARGE[:CUT], Interrupted("stopped"))]
        file = remote(LARGE)
        assert isinstance(bench.run(file), Abandoned)
        assert bench.staged() == {".part", ".resume"}
        bench.mirror.sweep_parts(
            {part_name(file.album_key, file.key, file.version)}
        )  # as the next start does
        bench.gallery.downloads += [LARGE]
        outcome = received(bench.run(file))
        assert bench.gallery.asked[-1] == (file.source, CUT)
        outcome.part.discard()
        assert bench.staged() == set()

    def test_part_of_another_version_is_not_continued(self, bench: Bench) -> None:
        bench.gallery.downloads += [(LARGE[:CUT], Interrupted("stopped")), LARGE]
        bench.run(remote(LARGE))
        received(bench.run(remote(LARGE, version="v2"))).part.discard()
        assert bench.gallery.asked[-1][1] == 0

    def test_while_it_waits_for_another_attempt(self, bench: Bench) -> None:
        bench.stop.set()
        bench.gallery.downloads += [(PHOTO[:4], Transient("broke"))]
        assert isinstance(bench.run(remote()), Abandoned)


class TestTroubleOfTheWholeRun:
    @pytest.mark.parametrize("error", [Unreachable("no network"), NotAuthorised("revoked")])
    def test_is_raised_and_a_large_part_is_kept(self, bench: Bench, error: SmugsyncError) -> None:
        bench.gallery.downloads += [(LARGE[:CUT], error)]
        with pytest.raises(type(error)):
            bench.run(remote(LARGE))
        assert bench.staged() == {".part", ".resume"}

    def test_a_broken_disk_keeps_nothing(self, bench: Bench) -> None:
        bench.gallery.downloads += [(LARGE[:CUT], MirrorUnusable("full"))]
        with pytest.raises(MirrorUnusable):
            bench.run(remote(LARGE))
        assert bench.staged() == set()


class TestExamining:
    def examine(self, path: Path, stop: Stop | None = None) -> Outcome:
        with Mirror.create(path, Marker("m1", "root")) as mirror:
            stop = stop or Stop()
            return Transfer(Gallery(stop), mirror, Silent(), stop)(Examining(1, "a/b.jpg"))

    def test_hashes(self, tmp_path: Path) -> None:
        (tmp_path / "a").mkdir()
        (tmp_path / "a" / "b.jpg").write_bytes(PHOTO)
        outcome = self.examine(tmp_path)
        assert isinstance(outcome, Examined)
        assert outcome.local is not None
        assert outcome.local.md5 == md5(PHOTO)

    def test_file_that_went_away(self, tmp_path: Path) -> None:
        assert self.examine(tmp_path) == Examined(Examining(1, "a/b.jpg"), None)

    def test_what_cannot_be_read_is_not_absent(self, tmp_path: Path) -> None:
        (tmp_path / "a" / "b.jpg").mkdir(parents=True)
        assert isinstance(faltered(self.examine(tmp_path)).error, ItemError)

    def test_stop(self, tmp_path: Path) -> None:
        (tmp_path / "a").mkdir()
        (tmp_path / "a" / "b.jpg").write_bytes(PHOTO)
        stop = Stop()
        stop.set()
        assert isinstance(self.examine(tmp_path, stop), Abandoned)


class TestPartName:
    def test_is_our_own(self) -> None:
        name = part_name("..", "../../etc/passwd", "/")
        assert len(name) == 32
        assert set(name) <= set("0123456789abcdef")

    def test_tells_album_key_and_version_apart(self) -> None:
        names = {part_name(*parts) for parts in itertools.product(["a", "b"], ["k", "ab"], ["v", "", "b"])}
        assert len(names) == 12


BERLIN = ZoneInfo("Europe/Berlin")
PACIFIC = ZoneInfo("America/Los_Angeles")


def at(*moment: int, zone: ZoneInfo | timezone = UTC) -> int:
    year, month, day, *clock = moment
    hour, minute, second = (*clock, 0, 0, 0)[:3]
    return int(datetime(year, month, day, hour, minute, second, tzinfo=zone).timestamp()) * 10**9


class TestMtime:
    """The camera's wall-clock time in the configured zone; else the time of the upload; else none."""

    UPLOADED = "2020-04-28T23:38:55+00:00"

    @pytest.mark.parametrize(
        ("taken", "zone", "expected"),
        [
            ("2019-08-04T11:28:12", UTC, at(2019, 8, 4, 11, 28, 12)),
            ("2019-08-04T11:28:12", BERLIN, at(2019, 8, 4, 9, 28, 12)),
            ("2019-12-04T11:28:12", BERLIN, at(2019, 12, 4, 10, 28, 12)),
            ("2019-08-04T11:28:12", PACIFIC, at(2019, 8, 4, 18, 28, 12)),
            ("2019-08-04T11:28:12", timezone(timedelta(hours=5, minutes=30)), at(2019, 8, 4, 5, 58, 12)),
            # the hour that comes twice: its first; the hour that never was: as the clock was before
            ("2023-10-29T02:30:00", BERLIN, at(2023, 10, 29, 0, 30)),
            ("2023-03-26T02:30:00", BERLIN, at(2023, 3, 26, 1, 30)),
            ("1969-07-20T20:17:40", UTC, at(1969, 7, 20, 20, 17, 40)),
            ("2019-08-04T11:28:12.900", UTC, at(2019, 8, 4, 11, 28, 12)),
        ],
    )
    def test_camera_time(self, taken: str, zone: ZoneInfo | timezone, expected: int) -> None:
        assert mtime_ns(remote(taken=taken, uploaded=self.UPLOADED), zone) == expected

    def test_this_machines_zone(self) -> None:
        expected = int(datetime(2019, 8, 4, 11, 28, 12).timestamp()) * 10**9  # naive on purpose
        assert mtime_ns(remote(taken="2019-08-04T11:28:12"), None) == expected

    @pytest.mark.parametrize(
        "taken", ["", "0000-00-00T00:00:00", "0001-01-01T00:00:00", "9999-12-31T23:59:59", "yesterday"]
    )
    @pytest.mark.parametrize("zone", [None, UTC, BERLIN])
    def test_upload_counts_where_the_camera_knew_no_time(
        self, taken: str, zone: ZoneInfo | timezone | None
    ) -> None:
        assert mtime_ns(remote(taken=taken, uploaded=self.UPLOADED), zone) == at(2020, 4, 28, 23, 38, 55)

    @pytest.mark.parametrize("text", ["", "nonsense", "0001-01-01T00:00:00"])
    def test_nobody_knows(self, text: str) -> None:
        assert mtime_ns(remote(taken=text, uploaded=text), BERLIN) is None

    @given(st.text(max_size=30), st.text(max_size=30), st.sampled_from([None, UTC, BERLIN]))
    def test_no_text_does_harm(self, taken: str, uploaded: str, zone: ZoneInfo | timezone | None) -> None:
        found = mtime_ns(remote(taken=taken, uploaded=uploaded), zone)
        assert found is None or -(1 << 63) <= found < 1 << 63

    @given(st.datetimes(datetime(1902, 1, 1), datetime(2200, 1, 1)), st.sampled_from([UTC, BERLIN, PACIFIC]))
    def test_whole_seconds(self, taken: datetime, zone: ZoneInfo | timezone) -> None:
        found = mtime_ns(remote(taken=taken.isoformat()), zone)
        assert found is not None
        assert found % 10**9 == 0
        assert abs(found / 10**9 - taken.replace(tzinfo=zone).timestamp()) < 1
