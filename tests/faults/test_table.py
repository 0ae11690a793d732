"""The table says what was tried, what was not, and what went wrong."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tests.faults.driver import spread
from tests.faults.matrix import FAULTS
from tests.faults.points import Point, points_of
from tests.faults.table import STEPS, render
from tests.faults.trial import Tally, Violation

LOG = """\
7 openat(AT_FDCWD</w>, "/w/b/state/default/pid", O_WRONLY|O_CREAT, 0666) = 4</w/b/state/default/pid>
7 openat(AT_FDCWD</w>, "/usr/lib/python", O_RDONLY) = 5</usr/lib/python>
7 openat(4</w/b/mirror/.smugsync/tmp>, "1.part", O_RDWR|O_NOFOLLOW) = -1 ENOENT (No such file or directory)
8 openat(4</w/b/mirror/.smugsync/tmp>, "1.part", O_RDWR|O_CREAT, 0600) = 9</w/b/mirror/.smugsync/tmp/1.part>
8 write(9</w/b/mirror/.smugsync/tmp/1.part>, "/w/b/mirror/no path, but data", 30 <unfinished ...>
7 read(6</w/b/state/default/catalogue.db>, "", 100) = 0
8 <... write resumed>) = 30
8 write(9</w/b/mirror/.smugsync/tmp/1.part>, "more", 4) = 4
9 fsync(5</w/b/mirror/Alpha>) = 0
9 fsync(5</w/b/mirror/.smugsync/versions/20261122T043430Z/Alpha>) = 0
"""


def tally(**changes: object) -> Tally:
    found = Tally("killed", "changes", available=9, trials=3, runs=7)
    found.steps, found.codes = Counter(part=2, album=1), Counter({-9: 3})
    for name, value in changes.items():
        setattr(found, name, value)
    return found


def test_every_call_on_the_commands_files_is_a_point(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(LOG)
    changing = points_of(log, Path("/w/b"), reading=False)
    assert list(map(str, changing)) == [
        "openat state/default/pid 1",
        "openat mirror/.smugsync/tmp 1",
        "write mirror/.smugsync/tmp/1.part 1",
        "write mirror/.smugsync/tmp/1.part 2",
        "fsync mirror/Alpha 1",
        "fsync mirror/.smugsync/versions/STAMP/Alpha 1",
    ]
    assert [point.step for point in changing] == ["lock", "part", "part", "part", "album", "shelf"]
    assert Point.parse(str(changing[2])) == changing[2]
    reading = set(points_of(log, Path("/w/b"), reading=True)) - set(changing)
    assert set(map(str, reading)) == {"read state/default/catalogue.db 1"}


def test_where_not_all_places_are_tried_every_kind_has_its_turn() -> None:
    writes = [Point("write", "mirror/.smugsync/tmp/1.part", n) for n in range(1, 8)]
    sync = Point("fsync", "mirror/Alpha", 1)
    assert spread([*writes, sync], 3) == [writes[3], sync, writes[2]]
    assert sorted(map(str, spread([*writes, sync], 99))) == sorted(map(str, [*writes, sync]))


def test_the_table_counts_and_closes() -> None:
    other = tally(
        operation="trade", steps=Counter(album=1), codes=Counter({-9: 2, 0: 1}), unreached=["x", "y"]
    )
    lines = render([tally(), other, Tally("out of memory", "changes", skipped="no cgroup")]).splitlines()
    struck, outcome = lines.index("Where the faults struck"), lines.index("What came of it")
    assert lines[struck + 1].split() == ["fault", "part", "album", "other"]
    assert lines[struck + 2].split() == ["killed", "2", "2"]
    assert lines[outcome + 1].split()[:4] == ["fault", "operations", "trials", "of"]
    assert lines[outcome + 2].split() == "killed 2 6 18 2 14 0 0 -9:5 0:1".split()
    assert lines[outcome + 3 :] == [
        "(2 operations: changes, trade)",
        "not tried (no cgroup): out of memory",
        "",
        "nothing was lost in 4 faulted runs; 8 plain runs brought every mirror back",
    ]


def test_the_table_fits_a_terminal() -> None:
    everything = tally(steps=Counter(dict.fromkeys(STEPS, 100)), codes=Counter({0: 900, 1: 900, 3: 900}))
    everything.fault = max((fault.name for fault in FAULTS), key=len)
    assert max(map(len, render([everything]).splitlines())) <= 132


def test_a_violation_is_counted_and_says_how_to_see_it_again() -> None:
    violation = Violation("killed", "changes", "fsync mirror/Alpha 1", ("bytes are lost: 1234",))
    assert render([tally(violations=[violation])]).endswith("1 violations in 3 faulted runs")
    assert '--fault "killed" --operation "changes" --point "fsync mirror/Alpha 1"' in str(violation)
