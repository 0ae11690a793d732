"""What is told to be as it was from a few columns is what the decision table leaves alone."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

from hypothesis import event, given
from hypothesis import strategies as st

from smugsync.catalogue import AtRest
from smugsync.core.model import Base, Evidence, Fingerprint, LocalFile, Promise, RemoteFile
from smugsync.core.reconcile import has_changed, reconcile
from smugsync.sync.cycle.resting import is_unchanged
from tests.sync.world import DELTA, World

ROW = AtRest("k", "a.jpg", 1, 1, "v", "a" * 32, "promised", "r", 0, "")
ROWS = st.builds(
    ROW._replace,
    version=st.sampled_from(["v", "w"]),
    evidence=st.sampled_from([kind.value for kind in Evidence]),
    revision=st.sampled_from(["r", "s"]),
    serial=st.integers(0, 1),
    source_files=st.sampled_from(["", "cr2"]),
)
FILES = st.builds(
    RemoteFile,
    album_key=st.just("alb"),
    key=st.just("k"),
    name=st.just("a.jpg"),
    version=st.sampled_from(["v", "w"]),
    revision=st.sampled_from(["r", "s"]),
    serial=st.integers(0, 1),
    source_files=st.sampled_from(["", "cr2"]),
    promised=st.sampled_from([Promise(), Promise("a" * 32, 1), Promise("b" * 32, 1)]),
    withheld=st.sampled_from(["", "", "still processing"]),
    processing=st.booleans(),
)
PRINTS = st.builds(Fingerprint, st.integers(1, 2), st.integers(1, 2))


@given(ROWS, FILES, PRINTS, st.booleans())
def test_what_rests_is_what_the_table_leaves_alone(
    row: AtRest, file: RemoteFile, found: Fingerprint, alike: bool
) -> None:
    if alike:
        file = replace(file, version=row.version, revision=row.revision, serial=row.serial)
        file = replace(file, source_files=row.source_files)
    print_then = Fingerprint(row.held_size, row.mtime_ns)
    base = Base(f"One/{row.name}", row.version, row.held_md5, print_then, Evidence(row.evidence))
    nothing = reconcile(base, file, LocalFile(base.path, found)) is None and not has_changed(base, file)
    shows = (file.revision, file.serial, file.source_files) == (row.revision, row.serial, row.source_files)
    rests = is_unchanged(row, file, found)
    event(f"rests: {rests}")
    assert rests == (nothing and shows and not file.withheld)


def test_what_is_not_here_does_not_rest() -> None:
    file = RemoteFile("alb", "k", "a.jpg", version="v", revision="r")
    assert is_unchanged(ROW, file, Fingerprint(1, 1))
    assert not is_unchanged(ROW, file, None)


def test_a_file_of_a_persons_own_is_recorded_until_it_is_gone(tmp_path: Path) -> None:
    """By the album's own listing, whose photos rest."""
    world = World(tmp_path)
    album = world.album("One")
    world.photo(album, "a.jpg", 1)
    world.sync()
    for number, mine in enumerate([True, True, False]):
        path = world.path / "One" / "mine.jpg"
        if mine:
            path.write_bytes(b"mine")
        else:
            path.unlink()
        world.photo(album, f"b{number}.jpg", 2 + number)
        assert world.sync(DELTA).exit_code == 0
        with closing(world.open_catalogue(world.root / "state" / "catalogue.db")) as catalogue:
            assert list(catalogue.local_files("One")) == (["mine.jpg"] if mine else [])
