"""The contract in docs/emulator-legacy.md names tests that exist."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from tests.emulator.test_document import names_in

HERE = Path(__file__).parent
TEXT = (HERE.parents[2] / "docs" / "emulator-legacy.md").read_text()
ROWS = re.findall(r"^\| (\d+\.\d+) \| (.+?) \| (.+?) \|$", TEXT, re.MULTILINE)
TEST = re.compile(r"`(test_\w+\.py)::([\w:]+)`")


def test_every_line_of_the_contract_is_read() -> None:
    lines = [line for line in TEXT.partition("## The contract")[2].splitlines() if line.startswith("| ")]
    assert len(ROWS) == len([line for line in lines if not line.startswith("| no. ")]) > 60


def test_the_contract_is_numbered() -> None:
    numbers = [tuple(map(int, number.split("."))) for number, _, _ in ROWS]
    for before, number in itertools.pairwise(numbers):
        assert number in ((before[0], before[1] + 1), (before[0] + 1, 1)), number


@pytest.mark.parametrize(("number", "held"), [(number, held) for number, _, held in ROWS])
def test_every_statement_is_held_by_tests_that_exist(number: str, held: str) -> None:
    named = TEST.findall(held)
    assert held == ", ".join(f"`{file}::{name}`" for file, name in named)
    assert len(named) == len(set(named)), "named twice"
    for file, name in named:
        assert name in names_in(f"legacy/{file}"), f"{file}::{name} does not exist"
