"""Trials that cannot fail would be none: each of these broken builds is found out."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.faults import matrix, operations
from tests.faults.driver import Benches, sweep
from tests.faults.mutants import MUTANTS, Mutant

#: One that every change of the program is tried with; the others take longer.
QUICK = "rows are written before files have their names"


@pytest.mark.parametrize(
    "mutant",
    [
        pytest.param(one, id=one.name, marks=[] if one.name == QUICK else [pytest.mark.soak])
        for one in MUTANTS
    ],
)
def test_a_broken_build_is_found_out(tmp_path: Path, mutant: Mutant) -> None:
    fault = matrix.BY_NAME[mutant.fault]
    if why := fault.means.lacks():
        pytest.skip(why)
    program = mutant.build(tmp_path)
    with ExitStack() as stack:
        found = sweep(
            Benches(tmp_path, stack, program=program),
            fault,
            operations.BY_NAME["changes"],
            wanted=lambda where: where.kind.startswith(mutant.kinds),
            hunted=mutant.told,
        )
    assert found.tells(mutant.told), found
    print(f"{mutant.name}: found in trial {found.trials} of {found.available}: {found.violations[-1].what}")
