"""What lies on the shelves is what the disk shows, and only what was meant is ever deleted."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from smugsync.errors import Interrupted, Transient
from smugsync.local.handles import Root
from smugsync.local.shelves import Removed, Shelves, Weight, _branches, moment_of, parse, stamp_of
from smugsync.local.tree import Mirror
from smugsync.local.versions import Shelf
from smugsync.stop import Stop

from .mirrors import EVERY_PLATFORM, can_mount, everything, platform_name, run

OLD, NEW = "20250101T000000Z", "20261121T214700Z"
VERSIONS = ".smugsync/versions"


@pytest.fixture(params=EVERY_PLATFORM, ids=platform_name)
def mirror(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Mirror]:
    with Mirror(Root(tmp_path, features=request.param)) as mirror:
        yield mirror


@pytest.fixture
def shelves(mirror: Mirror) -> Shelves:
    return Shelves(mirror.root)


def put(mirror: Mirror, *paths: str) -> None:
    for path in paths:
        (mirror.root.path / path).parent.mkdir(parents=True, exist_ok=True)
        (mirror.root.path / path).write_bytes(path.encode())


def listed(shelves: Shelves, shelf: Shelf = Shelf.VERSIONS) -> list[tuple[str, str]]:
    return [(entry.stamp, entry.path) for entry in shelves.entries(shelf)]


class TestLooking:
    def test_nothing_was_ever_set_aside(self, shelves: Shelves) -> None:
        for shelf in Shelf:
            assert (shelves.stamps(shelf), list(shelves.entries(shelf))) == ([], [])

    def test_the_longest_there_come_first(self, mirror: Mirror, shelves: Shelves) -> None:
        put(mirror, f"{VERSIONS}/{NEW}/Rome/a.jpg", f"{VERSIONS}/{OLD}/b.jpg", f"{VERSIONS}/{OLD}/Rome/a.jpg")
        assert listed(shelves) == [(OLD, "Rome/a.jpg"), (OLD, "b.jpg"), (NEW, "Rome/a.jpg")]
        assert [stamp.name for stamp in shelves.stamps(Shelf.VERSIONS)] == [OLD, NEW]

    def test_each_shelf_is_its_own(self, mirror: Mirror, shelves: Shelves) -> None:
        put(mirror, *(f".smugsync/{shelf}/{NEW}/{shelf}.jpg" for shelf in Shelf))
        for shelf in Shelf:
            assert listed(shelves, shelf) == [(NEW, f"{shelf}.jpg")]

    def test_what_was_set_aside_is_found(self, mirror: Mirror, shelves: Shelves) -> None:
        put(mirror, "Rome/a.jpg")
        where = mirror.keep_version("Rome/a.jpg", stamp_of(1_764_000_000), Shelf.TRASH)
        (entry,) = shelves.entries(Shelf.TRASH)
        assert (entry.where, entry.path, entry.at) == (where, "Rome/a.jpg", 1_764_000_000)
        assert shelves.entry(where) == entry
        assert parse(where) == (Shelf.TRASH, entry.stamp, "Rome/a.jpg")

    @pytest.mark.parametrize("name", ["notes", "20261399T000000Z", "2026", "20261121T214700", f"{NEW}x"])
    def test_other_directories_are_nobodys(self, mirror: Mirror, shelves: Shelves, name: str) -> None:
        put(mirror, f"{VERSIONS}/{name}/a.jpg", f"{VERSIONS}/loose.jpg")
        assert listed(shelves) == []
        assert moment_of(name) is None

    def test_links_are_not_followed(self, mirror: Mirror, shelves: Shelves, tmp_path: Path) -> None:
        put(mirror, f"{VERSIONS}/{NEW}/a.jpg", "mine/precious.jpg")
        (tmp_path / VERSIONS / OLD).symlink_to(tmp_path / "mine")
        (tmp_path / VERSIONS / NEW / "linked").symlink_to(tmp_path / "mine")
        assert listed(shelves) == [(NEW, "a.jpg")]

    def test_shelf_that_is_a_link_is_told_of(self, mirror: Mirror, tmp_path: Path) -> None:
        put(mirror, f"mine/{NEW}/precious.jpg", ".smugsync/mirror.json")
        (tmp_path / VERSIONS).symlink_to(tmp_path / "mine")
        told: list[str] = []
        shelves = Shelves(mirror.root, unreadable=lambda path, error: told.append(path))
        assert (shelves.stamps(Shelf.VERSIONS), told) == ([], [VERSIONS])
        with pytest.raises(Transient, match="symbolic link"):
            Shelves(mirror.root).stamps(Shelf.VERSIONS)

    @pytest.mark.parametrize("where", ["Rome/a.jpg", f"{VERSIONS}/{NEW}", ".smugsync/tmp/x/y", "", VERSIONS])
    def test_place_that_is_on_no_shelf(self, shelves: Shelves, where: str) -> None:
        assert (parse(where), shelves.entry(where)) == (None, None)

    def test_place_that_is_empty(self, shelves: Shelves) -> None:
        assert shelves.entry(f"{VERSIONS}/{NEW}/a.jpg") is None


class TestDeleting:
    def test_one_stamp_leaves_the_others(self, mirror: Mirror, shelves: Shelves, tmp_path: Path) -> None:
        put(mirror, f"{VERSIONS}/{OLD}/Rome/a.jpg", f"{VERSIONS}/{OLD}/b.jpg", f"{VERSIONS}/{NEW}/c.jpg")
        sizes = [entry.fingerprint.size for entry in shelves.entries(Shelf.VERSIONS)]
        removed = shelves.delete(shelves.stamps(Shelf.VERSIONS)[0], Stop())
        assert removed == Removed(2, sum(sizes[:2]))
        assert everything(tmp_path).keys() == {f"{VERSIONS}/{NEW}/c.jpg"}
        assert not (tmp_path / VERSIONS / OLD).exists()

    def test_links_and_what_they_point_to_stay(
        self, mirror: Mirror, shelves: Shelves, tmp_path: Path
    ) -> None:
        put(mirror, f"{VERSIONS}/{OLD}/Rome/a.jpg", "mine/precious.jpg")
        link = tmp_path / VERSIONS / OLD / "Rome" / "linked"
        link.symlink_to(tmp_path / "mine")
        assert shelves.delete(shelves.stamps(Shelf.VERSIONS)[0], Stop()).files == 1
        assert link.is_symlink()
        assert everything(tmp_path).keys() == {"mine/precious.jpg"}

    def test_stamp_that_became_a_link_is_left_alone(
        self, mirror: Mirror, shelves: Shelves, tmp_path: Path
    ) -> None:
        put(mirror, f"{VERSIONS}/{OLD}/a.jpg", "mine/precious.jpg")
        (stamp,) = shelves.stamps(Shelf.VERSIONS)
        (tmp_path / VERSIONS / OLD).rename(tmp_path / "elsewhere")
        (tmp_path / VERSIONS / OLD).symlink_to(tmp_path / "mine")
        with pytest.raises(Transient):
            shelves.delete(stamp, Stop())
        assert everything(tmp_path).keys() == {"mine/precious.jpg", "elsewhere/a.jpg"}

    def test_interrupted_is_finished_by_the_next(
        self, mirror: Mirror, shelves: Shelves, tmp_path: Path
    ) -> None:
        put(mirror, *(f"{VERSIONS}/{OLD}/{n}.jpg" for n in range(3)))
        (stamp,) = shelves.stamps(Shelf.VERSIONS)

        class Soon(Stop):
            asked = 0

            def check(self) -> None:
                self.asked += 1
                if self.asked == 2:
                    raise Interrupted("now")

        with pytest.raises(Interrupted):
            shelves.delete(stamp, Soon())
        assert len(everything(tmp_path)) == 2
        assert shelves.delete(shelves.stamps(Shelf.VERSIONS)[0], Stop()).files == 2
        assert shelves.stamps(Shelf.VERSIONS) == []

    def test_what_is_gone_already_is_nothing(self, mirror: Mirror, shelves: Shelves, tmp_path: Path) -> None:
        put(mirror, f"{VERSIONS}/{OLD}/a.jpg")
        (stamp,) = shelves.stamps(Shelf.VERSIONS)
        assert shelves.delete(stamp, Stop()).files == 1
        assert shelves.delete(stamp, Stop()) == Removed()
        (tmp_path / VERSIONS).rmdir()
        assert shelves.delete(stamp, Stop()) == Removed()

    def test_name_that_is_no_text_stays_and_is_not_listed(
        self, mirror: Mirror, shelves: Shelves, tmp_path: Path
    ) -> None:
        put(mirror, f"{VERSIONS}/{OLD}/a.jpg")
        odd = os.fsencode(tmp_path / VERSIONS / OLD) + b"/\xff.jpg"
        os.close(os.open(odd, os.O_CREAT))
        assert listed(shelves) == [(OLD, "a.jpg")]
        assert shelves.delete(shelves.stamps(Shelf.VERSIONS)[0], Stop()).files == 1
        assert os.path.exists(odd)  # noqa: PTH110 - its name is bytes

    def test_empty_directories_go_with_the_last_file(
        self, mirror: Mirror, shelves: Shelves, tmp_path: Path
    ) -> None:
        put(
            mirror,
            f"{VERSIONS}/{OLD}/Rome/Old/a.jpg",
            f"{VERSIONS}/{OLD}/Rome/b.jpg",
            f"{VERSIONS}/{NEW}/c.jpg",
        )
        entry = shelves.entry(f"{VERSIONS}/{OLD}/Rome/Old/a.jpg")
        assert entry is not None
        mirror.move(entry.where, "Rome/a.jpg")
        shelves.tidy(entry)
        assert not (tmp_path / VERSIONS / OLD / "Rome" / "Old").exists()
        assert listed(shelves) == [(OLD, "Rome/b.jpg"), (NEW, "c.jpg")]


#: A disk mounted inside the mirror, with a shelf of its own.
OTHER_DISK = """
import subprocess, sys
from pathlib import Path
from smugsync.local.handles import Root
from smugsync.local.shelves import Shelves
from smugsync.local.tree import Mirror
from smugsync.local.versions import Shelf
from smugsync.stop import Stop

path = Path(sys.argv[1])
(path / "Travel").mkdir(parents=True)
subprocess.run(["mount", "-t", "tmpfs", "none", str(path / "Travel")], check=True)
(path / "Travel" / "Rome").mkdir()
(path / "Travel" / "Rome" / "a.jpg").write_bytes(b"a")
(path / "b.jpg").write_bytes(b"b")
with Mirror(Root(path)) as mirror:
    shelves = Shelves(mirror.root)
    assert mirror.keep_version("b.jpg", "20261121T214700Z") == ".smugsync/versions/20261121T214700Z/b.jpg"
    there = mirror.keep_version("Travel/Rome/a.jpg", "20250101T000000Z")
    assert there == "Travel/.smugsync/versions/20250101T000000Z/Travel/Rome/a.jpg", there
    assert shelves.homes == ("", "Travel"), shelves.homes
    assert [entry.path for entry in shelves.entries(Shelf.VERSIONS)] == ["Travel/Rome/a.jpg", "b.jpg"]
    assert shelves.entry(there).path == "Travel/Rome/a.jpg"
    for stamp in shelves.stamps(Shelf.VERSIONS):
        assert shelves.delete(stamp, Stop()).files == 1
    assert list(shelves.entries(Shelf.VERSIONS)) == []
print("done")
"""


def test_other_disks_in_the_mirror_have_shelves_of_their_own(tmp_path: Path) -> None:
    if not can_mount():
        pytest.skip("nothing can be mounted here")
    done = run(OTHER_DISK, str(tmp_path / "mirror"), prefix=["unshare", "-rm"])
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr


class TestWeighing:
    def test_nothing_is_nothing(self, shelves: Shelves) -> None:
        assert shelves.weigh(Shelf.TRASH) == Weight(0, 0, None)

    def test_is_of_all_files_since_the_first(self, mirror: Mirror, shelves: Shelves) -> None:
        put(mirror, f"{VERSIONS}/{NEW}/Rome/a.jpg", f"{VERSIONS}/{OLD}/b.jpg")
        size = len(f"{VERSIONS}/{NEW}/Rome/a.jpg") + len(f"{VERSIONS}/{OLD}/b.jpg")
        assert shelves.weigh(Shelf.VERSIONS) == Weight(2, size, moment_of(OLD))

    def test_an_empty_stamp_is_not_the_first(self, mirror: Mirror, shelves: Shelves) -> None:
        put(mirror, f"{VERSIONS}/{NEW}/b.jpg")
        (mirror.root.path / VERSIONS / OLD).mkdir()
        assert shelves.weigh(Shelf.VERSIONS).oldest == moment_of(NEW)


class TestBranches:
    """Directories that hold no others are passed by, where the file system counts them truly."""

    @staticmethod
    def branches(place: Path) -> set[str]:
        fd = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
        try:
            return set(_branches(fd))
        finally:
            os.close(fd)

    @staticmethod
    def counts(place: Path) -> bool:
        return place.stat().st_nlink == 2 + sum(one.is_dir() for one in place.iterdir())

    def test_one_with_directories_is_never_passed_by(self, tmp_path: Path) -> None:
        for name in ("a/b", "c/d/e", "f"):
            (tmp_path / name).mkdir(parents=True)
        (tmp_path / "a" / "1.jpg").touch()
        assert {"a", "c"} <= self.branches(tmp_path)
        assert self.branches(tmp_path / "c") == {"d"}

    def test_leaves_are_passed_by_where_links_tell(self, tmp_path: Path) -> None:
        for name in ("a", "b", "c/d"):
            (tmp_path / name).mkdir(parents=True)
        if not self.counts(tmp_path):
            pytest.skip("this file system does not count directories in their links")
        assert self.branches(tmp_path) == {"c"}

    def test_files_and_links_are_no_directories(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        (tmp_path / "link").symlink_to(tmp_path)
        assert self.branches(tmp_path) == set()

    def test_a_number_that_is_made_up_is_not_believed(self) -> None:
        """/proc counts processes and not the directories beside them."""
        if self.counts(Path("/proc")):
            pytest.skip("here /proc counts truly")
        assert "self" not in self.branches(Path("/proc"))
        assert {"1", "sys"} <= self.branches(Path("/proc"))
