"""Try faults by hand: all, some, or one at one point. Ends with 1 if anything was wrong."""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.faults import operations
from tests.faults.driver import Benches, sweep
from tests.faults.matrix import FAULTS, Fault
from tests.faults.operations import OPERATIONS, Operation
from tests.faults.table import render
from tests.faults.trial import Tally


def main() -> int:
    parser = argparse.ArgumentParser("python -m tests.faults", description=__doc__)
    parser.add_argument(
        "--list", action="store_true", help="say what there is, and what cannot be tried here"
    )
    parser.add_argument("--fault", action="append", choices=[fault.name for fault in FAULTS], metavar="NAME")
    parser.add_argument("--operation", action="append", choices=list(operations.BY_NAME), metavar="NAME")
    parser.add_argument("--point", help="only there, as a violation names it")
    parser.add_argument("--most", type=int, help="places per fault and operation; 0 for all")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="work in DIR, and leave everything there")
    options = parser.parse_args()
    faults = [fault for fault in FAULTS if fault.name in (options.fault or [fault.name])]
    wanted = [one for one in OPERATIONS if one.name in (options.operation or [one.name])]
    if options.list:
        print("\n".join(_described(fault) for fault in faults))
        return 0
    tallies: list[Tally] = []
    with ExitStack() as stack:
        root = options.keep or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="smugsync-faults-"))
        )
        benches = Benches(root, stack, width=1 if options.point else 2)
        for fault in faults:
            usual = {operation.name: most for operation, most in fault.cells}
            for operation in [one for one in wanted if options.operation or one.name in usual]:
                most = usual.get(operation.name) if options.most is None else options.most or None
                tallies.append(_try(benches, fault, operation, most=most, point=options.point))
    print(render(tallies))
    return int(any(tally.violations for tally in tallies))


def _try(
    benches: Benches, fault: Fault, operation: Operation, *, most: int | None, point: str | None
) -> Tally:
    tally = sweep(benches, fault, operation, most=most, wanted=lambda where: point in (None, str(where)))
    words = f"{tally.fault}, {tally.operation}: {tally.trials} trials, {tally.seconds:.0f} s {tally.skipped}"
    print(words, *(f"  not reached: {place}" for place in tally.unreached), sep="\n", file=sys.stderr)
    for violation in tally.violations:
        print(violation, flush=True)
    return tally


def _described(fault: Fault) -> str:
    why = fault.means.lacks()
    return f"{fault.name} ({', '.join(operation.name for operation, _ in fault.cells)})" + (
        why and f": {why}"
    )


if __name__ == "__main__":
    sys.exit(main())
