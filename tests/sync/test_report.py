"""A report is honest: what was noted decides its exit code, and nothing is left out of its counts."""

from __future__ import annotations

import json

import pytest

from smugsync.errors import Interrupted, SuspiciousPlan, Unreachable
from smugsync.sync.report import NAMED, Report, What

PROMISED_KEYS = """schema albums files_downloaded bytes_downloaded files_verified files_withheld files_failed
requests seconds""".split()


def test_quiet_run_is_all_good() -> None:
    report = Report("delta")
    report.note(What.NEW, "a.jpg")
    report.trouble("b.jpg", "withheld by its owner", code=0)
    assert report.exit_code == 0
    assert report.complete


def test_one_missing_file_is_not_all_good() -> None:
    report = Report()
    report.trouble("a.jpg", "the line broke")
    assert report.exit_code == 3


@pytest.mark.parametrize(
    ("error", "code"),
    [(Unreachable("no network"), 75), (SuspiciousPlan("disk full"), 5), (Interrupted("^C"), 130)],
)
def test_run_that_ends_early_says_why(error: Unreachable | SuspiciousPlan | Interrupted, code: int) -> None:
    report = Report()
    report.trouble("a.jpg", "the line broke")
    report.stop(error)
    assert report.exit_code == code
    assert not report.complete
    assert report.as_json()["error"] == str(error)


def test_guard_outweighs_a_failed_file() -> None:
    report = Report()
    report.trouble("a.jpg", "the line broke")
    report.trouble("Iceland", "would lose all", code=SuspiciousPlan.exit_code)
    assert report.exit_code == 5


def test_only_so_many_are_named_but_all_are_counted() -> None:
    report = Report()
    for n in range(NAMED + 50):
        report.note(What.NEW, f"{n}.jpg")
        report.trouble(f"{n}.jpg", "no")
    assert len(report.changes) == len(report.troubles) == NAMED
    assert report.counts[What.NEW] == NAMED + 50


def test_json_is_one_plain_object() -> None:
    report = Report("everything", albums=3, files_downloaded=2, bytes_downloaded=10, seconds=1.23456)
    report.note(What.MOVED, "a.jpg", "to b.jpg")
    report.trouble("c.jpg", "no")
    found = json.loads(json.dumps(report.as_json()))
    assert set(PROMISED_KEYS) <= set(found)
    assert found["schema"] == 1
    assert found["seconds"] == 1.235
    assert found["counts"] == {"moved": 1}
    assert found["changes"] == [{"what": "moved", "path": "a.jpg", "detail": "to b.jpg"}]
    assert found["troubles"] == [{"path": "c.jpg", "reason": "no"}]
    assert found["exit_code"] == 3
    assert found["error"] is None
