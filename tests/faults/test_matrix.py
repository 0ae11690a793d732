"""No fault at any step loses, tears or invents a file, and plain runs bring everything back."""

from __future__ import annotations

import pytest

from tests.faults import operations
from tests.faults.driver import Benches, sweep
from tests.faults.matrix import FAULTS, Fault
from tests.faults.operations import Operation
from tests.faults.trial import Tally

CELLS = [
    pytest.param(fault, operation, most, id=f"{fault.name}-{operation.name}")
    for fault in FAULTS
    for operation, most in fault.cells
]


def hold(tally: Tally) -> None:
    if tally.skipped:
        pytest.skip(tally.skipped)
    assert not tally.violations, "\n".join(map(str, tally.violations))
    assert tally.steps, "the fault never struck"


@pytest.mark.parametrize("fault", [pytest.param(one, id=one.name) for one in FAULTS if one.least])
def test_a_day_s_changes_survive(benches: Benches, fault: Fault) -> None:
    """A few steps of each kind, for every change of the program."""
    hold(sweep(benches, fault, operations.BY_NAME["changes"], most=fault.least))


@pytest.mark.soak
@pytest.mark.parametrize(("fault", "operation", "most"), CELLS)
def test_every_step_survives(
    benches: Benches, tallies: list[Tally], fault: Fault, operation: Operation, most: int | None
) -> None:
    tally = sweep(benches, fault, operation, most=most)
    tallies.append(tally)
    print(
        f"\n{tally.trials} of {tally.available} places, {tally.runs} runs, {tally.seconds:.0f} s", flush=True
    )
    hold(tally)
