"""What was told survives restarts; a spoilt file costs a repetition and no more."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from smugsync.notify.judging import judge
from smugsync.notify.told import Failing, Memory, Told
from tests.notify.samples import ended

SOME = Told("guarded", 5, 12.5, {"sync": Failing(3, frozenset({"ab", "cd"}))}, 2, 99.0)


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    Memory(tmp_path / "told.json").save(SOME)
    assert Memory(tmp_path / "told.json").load() == SOME


def test_after_a_restart_nothing_is_told_again(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "told.json")
    after, first = judge(ended(77), memory.load())
    memory.save(after)
    _, second = judge(ended(77), Memory(tmp_path / "told.json").load())
    assert (len(first), len(second)) == (2, 1)


def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    Memory(tmp_path / "told.json").save(SOME)
    assert stat.S_IMODE((tmp_path / "told.json").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"schema": 2}', '{"schema": 1, "failing": 3}', "[" * 100_000, "\x00"]
)
def test_a_spoilt_file_counts_as_nothing_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "told.json").write_text(text)
    assert Memory(tmp_path / "told.json").load() == Told()


def test_what_cannot_be_noted_is_logged_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    memory = Memory(tmp_path / "gone" / "told.json")
    memory.save(SOME)
    memory.save(SOME)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert list(tmp_path.iterdir()) == []


def test_names_of_photos_do_not_stand_in_it(tmp_path: Path) -> None:
    after, _ = judge(ended(3, failed=1, troubles=("Clients/Jane.jpg",)), Told())
    Memory(tmp_path / "told.json").save(after)
    assert "Jane" not in (tmp_path / "told.json").read_text()
