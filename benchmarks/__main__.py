"""Run the scenarios in rounds and print a table for each."""

from __future__ import annotations

import argparse
import os
import platform
import resource
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import benchmarks
from benchmarks.processes import BenchmarkError, Sample
from benchmarks.scenarios import SCENARIOS, Contestants, Skip

#: Title, digits, whether a ratio to the baseline stands beside it, and the figure.
COLUMNS: tuple[tuple[str, int, bool, Callable[[Sample], float]], ...] = (
    ("wall s", 2, True, lambda sample: sample.wall),
    ("CPU s", 2, True, lambda sample: sample.cpu),
    ("RSS MB", 0, True, lambda sample: sample.rss),
    ("server CPU s", 2, False, lambda sample: sample.server),
    ("API requests", 0, False, lambda sample: sample.requests),
)


def main() -> int:
    """0 if every scenario was measured or had a reason to be skipped, 1 if one failed."""
    parser = argparse.ArgumentParser("python -m benchmarks", description="TMPDIR chooses the disk (2 GB).")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="default: 3")
    parser.add_argument("--scenario", choices=SCENARIOS, metavar="NAME", help=", ".join(SCENARIOS))
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error("--rounds: at least 1")
    for number in (signal.SIGINT, signal.SIGTERM):  # by way of every `finally`: no server stays behind
        signal.signal(number, lambda number, frame: sys.exit(128 + number))
    failed = False
    print(f"{_machine()}; load {os.getloadavg()[0]:.1f}; files in {tempfile.gettempdir()}", flush=True)
    for name in [options.scenario] if options.scenario else SCENARIOS:
        print(f"\n{name}: {SCENARIOS[name].__doc__}; rounds: {options.rounds}", flush=True)
        with ExitStack() as stack:
            place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="smugsync-bench-")))
            try:
                print(_table(_take(SCENARIOS[name](place, stack), options.rounds)), flush=True)
            except Skip as reason:
                print(f"skipped: {reason}")
            except BenchmarkError as error:
                print(f"failed: {error}")
                failed = True
    harness = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\n{benchmarks.__doc__}\nPeak RSS of the harness: {harness:.0f} MB")
    return int(failed)


def _take(contestants: Contestants, rounds: int) -> dict[str, list[Sample]]:
    names = list(contestants)
    samples: dict[str, list[Sample]] = {name: [] for name in names}
    for number in range(rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            samples[name].append(contestants[name]())
            print(f"round {number + 1}: {name}: {samples[name][-1].wall:.2f} s", file=sys.stderr)
    return samples


def _table(samples: Mapping[str, Sequence[Sample]]) -> str:
    base, *_ = samples.values()
    columns = [["", *samples]]
    for title, digits, compared, value in COLUMNS:
        columns.append([title, *(_spread(list(map(value, own)), digits) for own in samples.values())])
        if compared:
            pairs = [zip(own, base, strict=True) for own in samples.values()]
            columns.append(["ratio", *(_spread([value(a) / value(b) for a, b in each], 2) for each in pairs)])
    padded = [[cell.ljust(max(map(len, column))) for cell in column] for column in columns]
    return "\n".join("  ".join(row).rstrip() for row in zip(*padded, strict=True))


def _spread(values: Sequence[float], digits: int) -> str:
    """`median (least–greatest)`, or the one figure that all of them show."""
    middle, least, most = (f"{value:,.{digits}f}" for value in (median(values), min(values), max(values)))
    return middle if least == most else f"{middle} ({least}–{most})"


def _machine() -> str:
    facts = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(": ")[2] for line in facts if line.startswith("model name")), "CPU")
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
    return f"{os.cpu_count()} x {model}, {memory:.0f} GB, {platform.platform()}, {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(main())
