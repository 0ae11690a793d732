"""What is asked of a catalogue most is known without reading its files, and is right all the same."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smugsync.catalogue import AlbumRow, Catalogue, FileRow
from smugsync.core.lifecycle import State
from smugsync.errors import CatalogueError
from tests.catalogue.rows import ICELAND, ROME, committed, outside, planned, put, write_first

TROUBLE: dict[str, Any] = {"reason": "no luck", "retry_at": 50}


def one_of_each(album_id: int) -> list[FileRow]:
    """A file in each of the states that files rest in; what is held has another size than was promised."""
    rows = [
        planned(album_id),
        committed(album_id, held_size=20, evidence="self", promised_size=None, promised_md5=None),
        replace(committed(album_id), state=State.RETIRED, retired_at=40, held_size=30),
        planned(album_id, state=State.FAILED, **TROUBLE),
        planned(album_id, state=State.QUARANTINED, promised_size=None, **TROUBLE),
        planned(album_id, state=State.WITHHELD, reason="still processing"),
        replace(committed(album_id), state=State.PLANNED, held_size=40),
    ]
    return [
        replace(row, key=f"k{n}", name=f"{n}.jpg", name_folded=f"{n}.jpg") for n, row in enumerate(rows, 1)
    ]


def told(path: Path) -> dict[State, tuple[int, int]]:
    """What `count` has to say, by reading every row."""
    with closing(sqlite3.connect(path)) as db:
        rows = db.execute(
            "SELECT state, count(*), sum(coalesce(held_size, promised_size, 0)) FROM file GROUP BY state"
        )
        return {State(state): (n, size) for state, n, size in rows}


class TestTally:
    def test_counts_files_and_bytes_of_each_state(self, catalogue: Catalogue, album: AlbumRow) -> None:
        put(catalogue, *one_of_each(album.id))
        assert catalogue.count() == {
            State.PLANNED: (2, 10 + 40),
            State.COMMITTED: (1, 20),
            State.RETIRED: (1, 30),
            State.FAILED: (1, 10),
            State.QUARANTINED: (1, 0),
            State.WITHHELD: (1, 10),
        }

    @settings(max_examples=20, deadline=None)
    @given(seed=st.integers(0, 1 << 30))
    def test_follows_every_write(self, tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
        path, chance = tmp_path_factory.mktemp("tally") / "catalogue.db", random.Random(seed)
        with closing(Catalogue.open(path)) as catalogue:
            with catalogue.transaction():
                album = catalogue.put_album(ICELAND)
            shapes = one_of_each(album.id)
            for _ in range(12):
                known = catalogue.files(album.id)
                rows = []
                for number in chance.sample(range(12), 4):
                    shape = chance.choice(shapes)
                    before = known.get(f"k{number}")
                    name = f"{number}.jpg"
                    rows.append(
                        replace(
                            shape,
                            id=before.id if before else 0,
                            key=f"k{number}",
                            name=name,
                            name_folded=name,
                        )
                    )
                with catalogue.transaction():
                    catalogue.put(rows)
                    catalogue.forget(row.id for row in known.values() if chance.random() < 0.2)
                assert catalogue.count() == told(path)
            assert catalogue.integrity() == []

    def test_does_not_count_what_was_taken_back(self, catalogue: Catalogue, album: AlbumRow) -> None:
        put(catalogue, planned(album.id))
        with pytest.raises(sqlite3.IntegrityError):
            put(catalogue, planned(album.id, "k2", "b.jpg"), planned(album.id, "k2", "c.jpg"))
        assert catalogue.count() == {State.PLANNED: (1, 10)}

    def test_of_an_old_catalogue_counts_what_was_there(self, path: Path) -> None:
        write_first(path)
        with closing(Catalogue.open(path)) as catalogue:
            assert catalogue.count() == {State.COMMITTED: (1, 10)}
            put(catalogue, planned(1, "k2", "b.jpg"))
            assert catalogue.count() == told(path)

    def test_that_is_wrong_is_found(self, path: Path, catalogue: Catalogue, album: AlbumRow) -> None:
        put(catalogue, planned(album.id))
        outside(path, "UPDATE tally SET files = 3, bytes = 7")
        assert catalogue.integrity() == ["the tally of planned files is off by 2 files and -3 bytes"]

    @pytest.mark.parametrize("name", ["tally_added", "tally_removed", "tally_changed"])
    def test_kept_by_another_trigger_of_its_name_is_refused(self, path: Path, name: str) -> None:
        Catalogue.open(path).close()
        event = "AFTER INSERT ON file BEGIN DELETE FROM file; END"
        outside(path, f"DROP TRIGGER {name}", f"CREATE TRIGGER {name} {event}")
        with pytest.raises(CatalogueError, match=f"a trigger that smugsync did not make, '{name}'"):
            Catalogue.open(path)

    def test_without_its_triggers_is_refused(self, path: Path) -> None:
        Catalogue.open(path).close()
        outside(path, "DROP TRIGGER tally_changed")
        with pytest.raises(CatalogueError, match="its tables are not as they were made"):
            Catalogue.open(path)


class TestQuestions:
    def test_each_album_counts_its_own(self, catalogue: Catalogue, album: AlbumRow) -> None:
        with catalogue.transaction():
            other = catalogue.put_album(ROME)
        put(catalogue, *one_of_each(album.id), planned(other.id, "x", "x.jpg"))
        expected = Counter(row.state for row in one_of_each(album.id))
        assert catalogue.count_by_album() == {album.id: expected, other.id: {State.PLANNED: 1}}

    def test_held_are_files_with_bytes_that_are_not_gone_online(
        self, catalogue: Catalogue, album: AlbumRow
    ) -> None:
        put(catalogue, *one_of_each(album.id))
        assert catalogue.held() == 2

    def test_unpromised_are_mirrored_files_alone(self, catalogue: Catalogue, album: AlbumRow) -> None:
        put(catalogue, *one_of_each(album.id))
        row = replace(committed(album.id, "r", "r.jpg"), state=State.RETIRED, retired_at=40, evidence="self")
        put(catalogue, row)
        assert catalogue.count_unpromised() == 1

    def test_oldest_proof_is_that_of_a_sound_file(self, catalogue: Catalogue, album: AlbumRow) -> None:
        put(
            catalogue,
            committed(album.id, "a", "a.jpg", verified_at=5, damaged_at=9),
            committed(album.id, "b", "b.jpg", verified_at=7),
            committed(album.id, "c", "c.jpg", verified_at=8),
            committed(album.id, "d", "d.jpg"),
            committed(album.id, "e", "e.jpg", damaged_at=9),
            planned(album.id, "f", "f.jpg"),
        )
        assert catalogue.oldest_proof() == (7, 1)

    def test_nothing_was_proven_yet(self, catalogue: Catalogue, album: AlbumRow) -> None:
        put(catalogue, committed(album.id))
        assert catalogue.oldest_proof() == (None, 1)

    def test_files_besides_those_that_were_seen(self, catalogue: Catalogue, album: AlbumRow) -> None:
        with catalogue.transaction():
            other = catalogue.put_album(ROME)
        put(catalogue, *one_of_each(album.id), planned(other.id, "x", "x.jpg"))
        found = catalogue.files_besides(album.id, ["k1", "k2", "k3", "k4", "k5", "no such"])
        assert {row.key for row in found} == {"k6", "k7"}
        assert len(catalogue.files_besides(album.id, [])) == 7

    def test_damaged_files_up_to_a_limit(self, catalogue: Catalogue, album: AlbumRow) -> None:
        put(catalogue, *(committed(album.id, f"k{n}", f"{n}.jpg", damaged_at=9) for n in range(3)))
        assert [row.key for row in catalogue.damaged(limit=2)] == ["k0", "k1"]
        assert len(catalogue.damaged()) == catalogue.count_damaged() == 3

    def test_albums_are_counted_by_their_states(self, catalogue: Catalogue, album: AlbumRow) -> None:
        with catalogue.transaction():
            catalogue.put_album(replace(ROME, state="gone", reason="gone online"))
        assert catalogue.count_albums() == {"listed": 1, "gone": 1}


#: What a poll that finds nothing asks, and `status`.
QUIET: dict[str, Callable[[Catalogue], object]] = {
    "count": lambda catalogue: catalogue.count(),
    "held": lambda catalogue: catalogue.held(),
    "count_withheld": lambda catalogue: catalogue.count_withheld(),
    "count_failed": lambda catalogue: catalogue.count_failed(),
    "count_damaged": lambda catalogue: catalogue.count_damaged(),
    "count_unproven": lambda catalogue: catalogue.count_unproven(),
    "count_unpromised": lambda catalogue: catalogue.count_unpromised(),
    "count_source_files": lambda catalogue: catalogue.count_source_files(),
    "count_open_edits": lambda catalogue: catalogue.count_open_edits(),
    "troubled": lambda catalogue: list(catalogue.troubled(limit=20)),
    "damaged": lambda catalogue: catalogue.damaged(limit=20),
    "open_edits": lambda catalogue: list(catalogue.open_edits(limit=3)),
    "oldest_proof": lambda catalogue: catalogue.oldest_proof(),
    "unsettled_albums": lambda catalogue: catalogue.unsettled_albums(due=100, marked=100),
    "marked": lambda catalogue: catalogue.marked(by=100),
    "correct_marks": lambda catalogue: catalogue.correct_marks(now=100),
    "unfinished": lambda catalogue: list(catalogue.unfinished(least=1)),
    "planned": lambda catalogue: catalogue.planned(7, after=0, limit=10),
    "release": lambda catalogue: catalogue.release(7),
    "planned_totals": lambda catalogue: catalogue.planned_totals(),
}


@pytest.mark.parametrize("question", QUIET)
def test_files_at_rest_are_not_read_for(question: str, path: Path) -> None:
    """SQLite counts the steps of its machine: 300 files more, mirrored and proven, cost none."""
    with closing(Catalogue.open(path)) as catalogue:
        with catalogue.transaction():
            album = catalogue.put_album(ICELAND)
        put(catalogue, *one_of_each(album.id), committed(album.id, "first", "first.jpg", verified_at=60))
        QUIET[question](catalogue)
        before = _steps(catalogue, QUIET[question])
        names = [f"{number}.jpg" for number in range(100, 400)]
        put(catalogue, *(committed(album.id, name, name, verified_at=60) for name in names))
        assert _steps(catalogue, QUIET[question]) <= before + 20


def _steps(catalogue: Catalogue, question: Callable[[Catalogue], object]) -> int:
    count = 0

    def step() -> int:
        nonlocal count
        count += 1
        return 0

    database = catalogue._db
    database.set_progress_handler(step, 1)
    try:
        question(catalogue)
    finally:
        database.set_progress_handler(None, 0)
    return count


def test_only_the_tally_is_kept_by_triggers(path: Path) -> None:
    Catalogue.open(path).close()
    with closing(sqlite3.connect(path)) as db:
        found = {name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'")}
    assert found == {"tally_added", "tally_removed", "tally_changed"}


def test_a_file_that_moves_and_one_that_stays_are_stored_together(
    catalogue: Catalogue, album: AlbumRow
) -> None:
    with catalogue.transaction():
        other = catalogue.put_album(ROME)
    put(catalogue, committed(album.id, "a", "a.jpg"), committed(album.id, "b", "b.jpg"))
    known = catalogue.files(album.id)
    moved = replace(known["a"], album_id=other.id, name="c.jpg", name_folded="c.jpg", verified_at=5)
    stays = replace(known["b"], verified_at=6)
    put(catalogue, moved, stays)
    assert catalogue.files(other.id) == {"a": moved}
    assert catalogue.files(album.id) == {"b": stays}
