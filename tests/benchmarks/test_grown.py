"""Mirrors that are put there are what a sync would have left, and what is measured on them is checked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks.processes import BenchmarkError, Sample, checked
from benchmarks.programs import rows
from benchmarks.scenarios import growth, looking
from benchmarks.scenarios.shares import Share
from benchmarks.stage.grown import BYTES_EACH, CATALOGUE, grow, invent, synthetic
from smugsync.catalogue import Catalogue, FileRow
from smugsync.core.lifecycle import State
from smugsync.local.shelves import Shelves
from smugsync.local.tree import Mirror
from smugsync.local.versions import Shelf


def sample(cpu: float = 1.0, *, out: str = "{}", amount: float = 0.0, wall: float = 1.0) -> Sample:
    return Sample(wall=wall, cpu=cpu, rss=50.0, server=0.0, requests=3, out=out, amount=amount)


def test_a_listing_finds_nothing_new_in_an_album_that_was_grown(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    assert rows.ingest(home, 130) > 0


def test_one_new_photo_would_be_no_result(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()

    def without_one(home: Path, photos: int) -> tuple[dict[str, bytes], list[FileRow]]:
        answers, known = rows._known(home, photos)
        with closing(Catalogue.open(home / CATALOGUE)) as catalogue, catalogue.transaction():
            catalogue.forget([known[0].id])
        return answers, known

    with pytest.raises(BenchmarkError, match="1 of them as new"):
        rows.ingest(home, 130, known=without_one)


@pytest.mark.parametrize("contestant", ["plain", "insert", "again"])
def test_contestants_check_what_they_did(tmp_path: Path, contestant: str) -> None:
    home = tmp_path / "home"
    home.mkdir()
    if contestant == "again":
        rows.insert(home, 200, batch=100)
    if contestant == "insert":
        assert rows.insert(home, 200, batch=100) > 0
    else:
        assert rows.CONTESTANTS[contestant](home, 200) > 0


def test_what_is_there_already_stays(tmp_path: Path) -> None:
    grow(tmp_path, albums=1, images=3)
    with closing(Catalogue.open(tmp_path / CATALOGUE)) as catalogue:
        (before,) = catalogue.albums()
    grow(tmp_path, albums=3, images=3)
    with closing(Catalogue.open(tmp_path / CATALOGUE)) as catalogue:
        albums = list(catalogue.albums())
        assert before in albums
        assert catalogue.count() == {State.COMMITTED: (9, 9 * BYTES_EACH)}
    shown = [album.node.url_path for album in synthetic(albums=3, images=3)]
    assert sorted(album.url_path for album in albums) == sorted(shown)


def test_each_row_has_its_file(tmp_path: Path) -> None:
    grow(tmp_path, albums=2, images=3)
    with (
        closing(Catalogue.open(tmp_path / CATALOGUE)) as catalogue,
        Mirror.open(tmp_path / "mirror") as mirror,
    ):
        for album in catalogue.albums():
            here = {file.path.rpartition("/")[2]: file.fingerprint for file in mirror.scan(album.directory)}
            assert here == catalogue.held_prints(album.id)


def test_quarantined_files_lie_in_the_trash(tmp_path: Path) -> None:
    invent(tmp_path, State.QUARANTINED, albums=2, images=3)
    with closing(Catalogue.open(tmp_path / CATALOGUE)) as catalogue:
        assert catalogue.count() == {State.QUARANTINED: (6, 6 * BYTES_EACH)}
        assert catalogue.integrity() == []
    with Mirror.open(tmp_path / "mirror") as mirror:
        assert Shelves(mirror.root).weigh(Shelf.TRASH).files == 6


def test_a_share_is_what_many_cost_beyond_one() -> None:
    share = Share()
    share.one(lambda: sample(0.5))()
    assert share.many(lambda: sample(2.5), 1000)().amount == pytest.approx(2000)
    assert share.many(lambda: sample(0.4), 1000)().amount == 0


def test_a_wrong_summary_is_no_result() -> None:
    said = sample(out=json.dumps({"files": 3, "complete": True}))
    assert checked(said, files=3) is said
    with pytest.raises(BenchmarkError, match=r"the result is wrong: \{'files': 3\}"):
        checked(said, files=4, complete=True)


def test_help_that_says_nothing_is_no_result() -> None:
    whole = sample(out="Usage: smugsync [OPTIONS] COMMAND\n\n  verify  read every file\n")
    assert looking._helpful(whole) is whole
    for out in ("", "Usage: smugsync [OPTIONS] COMMAND", "Usage: smug verify"):
        with pytest.raises(BenchmarkError, match="that is no help"):
            looking._helpful(sample(out=out))


def test_the_table_has_a_column_for_each_size() -> None:
    sizes = (10, 100)
    samples: dict[str, Sequence[Sample]] = {
        f"{who}, {size}": [sample(amount=float(size), wall=number) for number in (1.0, 2.0, 9.0)]
        for who in ("plan", "full", "quiet", "status")
        for size in sizes
    }
    head, first, share, *rest = growth._growth_table(sizes)(samples)
    assert list(head) == ["photos", "10", "100"]
    assert list(first) == ["first listing and plan, s", "2.0", "2.0"]
    assert list(share) == ["its CPU per photo, us", "10", "100"]
    assert all(len(row) == 3 for row in rest)
