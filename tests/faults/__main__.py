"""Try faults by hand: all, some, or one at one point. Ends with 1 if anything was wrong."""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.faults import operations
from tests.faults.driver import Benches, Tally, sweep
from tests.faults.matrix import FAULTS, Fault
from tests.faults.operations import OPERATIONS, Operation
from tests.faults.table import render


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
            for operation in [one for one in wanted if options.point or one.name in fault.operations]:
                tallies.append(_try(benches, fault, operation, options))  # noqa: PERF401 - prints on its way
    print(render(tallies))
    return int(any(tally.violations for tally in tallies))


def _try(benches: Benches, fault: Fault, operation: Operation, options: argparse.Namespace) -> Tally:
    most = fault.most if options.most is None else options.most or None
    tally = sweep(
        benches, fault, operation, most=most, wanted=lambda where: options.point in (None, str(where))
    )
    print(
        f"{tally.fault}, {tally.operation}: {tally.trials} trials, {tally.seconds:.0f} s {tally.skipped}",
        file=sys.stderr,
    )
    for violation in tally.violations:
        print(violation, flush=True)
    return tally


def _described(fault: Fault) -> str:
    return f"{fault.name} ({', '.join(fault.operations)})" + (
        f": {why}" if (why := fault.means.lacks()) else ""
    )


if __name__ == "__main__":
    sys.exit(main())
