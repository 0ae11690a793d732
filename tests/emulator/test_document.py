"""The contract in docs/emulator.md names tests that exist, and the switches there are."""

from __future__ import annotations

import ast
import itertools
import re
from dataclasses import fields
from pathlib import Path

import pytest

from smugsync.emulator.switches import Switches

HERE = Path(__file__).parent
TEXT = (HERE.parents[1] / "docs" / "emulator.md").read_text()

ROWS = re.findall(r"^\| (\d+(?:\.\d+)+) \| (.+?) \| (.+?) \|$", TEXT, re.MULTILINE)
TEST = re.compile(r"`((?:\w+/)?test_\w+\.py)::([\w:]+)`")


def names_in(file: str) -> set[str]:
    """`test_name` and `TestClass::test_name`."""
    tree = ast.parse((HERE / file).read_text())
    found = set()
    for one in tree.body:
        if isinstance(one, ast.FunctionDef):
            found.add(one.name)
        elif isinstance(one, ast.ClassDef):
            found |= {f"{one.name}::{below.name}" for below in one.body if isinstance(below, ast.FunctionDef)}
    return {name for name in found if name.rpartition("::")[2].startswith("test_")}


def test_every_line_of_the_contract_is_read() -> None:
    lines = [line for line in TEXT.partition("## The contract")[2].splitlines() if line.startswith("| ")]
    assert len(ROWS) == len([line for line in lines if not line.startswith("| no. ")]) > 100


def test_the_contract_is_numbered() -> None:
    numbers = [tuple(map(int, number.split("."))) for number, _, _ in ROWS]
    assert numbers == sorted(set(numbers))
    for before, number in itertools.pairwise(numbers):
        follows = (*before[:-1], before[-1] + 1)
        assert number == follows or (number[-1] == 1 and number[:-1] > before[:-1]), number


@pytest.mark.parametrize(("number", "held"), [(number, held) for number, _, held in ROWS])
def test_every_statement_is_held_by_tests_that_exist(number: str, held: str) -> None:
    named = TEST.findall(held)
    if not named:
        assert re.match(r"not covered: \w", held)
        return
    assert held == ", ".join(f"`{file}::{name}`" for file, name in named)
    assert len(named) == len(set(named)), "named twice"
    for file, name in named:
        assert name in names_in(file), f"{file}::{name} does not exist"


def test_what_is_not_covered_is_little() -> None:
    assert [number for number, _, held in ROWS if held.startswith("not")] == ["2.1.4", "2.4.9", "2.6.3"]


def test_every_switch_is_explained() -> None:
    table = TEXT.partition("| switch |")[2].partition("\n\n")[0]
    named = re.findall(r"`([a-z-]+)`", "\n".join(row.partition(" | ")[0] for row in table.splitlines()))
    assert sorted(named) == sorted(one.name.replace("_", "-") for one in fields(Switches))
