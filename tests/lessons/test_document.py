"""docs/lessons.md names tests that exist, and every row is held by some or says what it waits for."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
TEXT = (REPOSITORY / "docs" / "lessons.md").read_text()
ROWS = re.findall(r"^\| (\d+\.\d+) \| (.+?) \| (.+?) \| (.+?) \|$", TEXT, re.MULTILINE)
TEST = re.compile(r"`(tests/[\w/]+\.py)::([\w:]+)`")
#: What is yet to come, as a row may call it.
TO_COME = ("uploads", "the daemon", "notifications", "health checks", "the images for NAS systems")


@cache
def names_in(file: str) -> frozenset[str]:
    """`test_name` and `TestClass::test_name`."""
    found = set()
    for one in ast.parse((REPOSITORY / file).read_text()).body:
        if isinstance(one, ast.FunctionDef):
            found.add(one.name)
        elif isinstance(one, ast.ClassDef):
            found |= {f"{one.name}::{below.name}" for below in one.body if isinstance(below, ast.FunctionDef)}
    return frozenset(name for name in found if name.rpartition("::")[2].startswith("test_"))


def test_every_row_is_read() -> None:
    lines = [line for line in TEXT.splitlines() if line.startswith("| ") and not line.startswith("| no. ")]
    assert len(ROWS) == len(lines) > 50


def test_rows_are_numbered() -> None:
    numbers = [tuple(map(int, number.split("."))) for number, *_ in ROWS]
    chapters = {chapter for chapter, _ in numbers}
    wanted = [
        (chapter, place)
        for chapter in sorted(chapters)
        for place in range(1, 1 + sum(one == chapter for one, _ in numbers))
    ]
    assert numbers == wanted


@pytest.mark.parametrize(("number", "here", "held"), [(row[0], row[2], row[3]) for row in ROWS])
def test_every_row_is_held_by_tests_that_exist_or_waits(number: str, here: str, held: str) -> None:
    tests, _, rest = held.partition("; ") if held.startswith("`") else ("", "", held)
    named = TEST.findall(tests)
    assert tests == ", ".join(f"`{file}::{name}`" for file, name in named)
    assert len(named) == len(set(named)), "named twice"
    for file, name in named:
        assert name in names_in(file), f"{file}::{name} does not exist"
    if rest:
        part, _, _ = rest.removeprefix("waits for ").partition(": ")
        assert rest.startswith("waits for ")
        assert set(part.split(" and ")) <= set(TO_COME)
    assert named or rest
    assert bool(named) == (here != "–"), "what is there already has a test, and what is not has none"


def test_every_lesson_that_was_written_as_a_test_is_named() -> None:
    """All tests in this directory, but for those about the document."""
    named = {(file, name) for *_, held in ROWS for file, name in TEST.findall(held)}
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        file = path.relative_to(REPOSITORY).as_posix()
        if path != Path(__file__):
            assert {(file, name) for name in names_in(file)} <= named
