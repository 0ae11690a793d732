"""Run the scenarios in rounds, print a table for each, and hold the figures against their floors."""

from __future__ import annotations

import argparse
import os
import platform
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import benchmarks
from benchmarks.figures import Reading, Samples, spread
from benchmarks.processes import BenchmarkError, Sample
from benchmarks.scenario import Contestants, Scenario
from benchmarks.scenarios import SCENARIOS
from benchmarks.stage import Skip

#: Title, digits, whether a ratio to the baseline stands beside it, and the value.
COLUMNS: tuple[tuple[str, int, bool, Callable[[Sample], float]], ...] = (
    ("wall s", 2, True, lambda sample: sample.wall),
    ("CPU s", 2, True, lambda sample: sample.cpu),
    ("RSS MB", 0, True, lambda sample: sample.rss),
    ("server CPU s", 2, False, lambda sample: sample.server),
    ("API requests", 0, False, lambda sample: sample.requests),
)


def main() -> int:
    """0 if every figure held that could be measured here, 1 if one did not or a scenario failed."""
    parser = argparse.ArgumentParser("python -m benchmarks", description="TMPDIR chooses the disk (8 GB).")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="default: 5")
    parser.add_argument("--full", action="store_true", help="also what takes hours")
    parser.add_argument("scenario", nargs="*", metavar="SCENARIO", help=", ".join(SCENARIOS))
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error("--rounds: at least 1")
    if unknown := [name for name in options.scenario if name not in SCENARIOS]:
        parser.error(f"there is no scenario {unknown[0]!r}")
    for number in (signal.SIGINT, signal.SIGTERM):  # by way of every `finally`: no server stays behind
        signal.signal(number, lambda number, frame: sys.exit(128 + number))
    chosen = [SCENARIOS[name] for name in options.scenario] or [
        one for one in SCENARIOS.values() if options.full or not one.long
    ]
    failed, readings, began = False, list[Reading](), time.monotonic()
    print(f"{_machine()}; load {os.getloadavg()[0]:.1f}; files in {tempfile.gettempdir()}", flush=True)
    for scenario in chosen:
        rounds = min(options.rounds, scenario.rounds or options.rounds)
        print(f"\n{scenario.name}: {scenario.what}; rounds: {rounds}", flush=True)
        try:
            samples = _play(scenario, rounds)
        except Skip as reason:
            print(f"skipped: {reason}")
            continue
        except BenchmarkError as error:
            print(f"failed: {error}")
            failed = True
            continue
        print(_table(samples), flush=True)
        found = [figure.read(samples) for figure in scenario.figures]
        for reading in found:
            print(_judged(reading), flush=True)
        readings += found
    harness, spent = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, time.monotonic() - began
    print(f"\n{benchmarks.__doc__}\nPeak RSS of the harness: {harness:.0f} MB; in all {spent:.0f} s")
    return int(failed or not all(reading.holds for reading in readings))


def _play(scenario: Scenario, rounds: int) -> Samples:
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="smugsync-bench-")))
        return _take(scenario.prepare(place, stack), rounds)


def _take(contestants: Contestants, rounds: int) -> dict[str, list[Sample]]:
    """Each round measures everybody once, in an order that rotates."""
    names = list(contestants)
    samples: dict[str, list[Sample]] = {name: [] for name in names}
    for number in range(rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            samples[name].append(contestants[name]())
            print(f"round {number + 1}: {name}: {samples[name][-1].wall:.2f} s", file=sys.stderr)
    return samples


def _table(samples: Samples) -> str:
    base: Sequence[Sample]
    base, *_ = samples.values()
    columns = [["", *samples]]
    for title, digits, compared, value in COLUMNS:
        columns.append([title, *(spread(list(map(value, own)), digits) for own in samples.values())])
        if compared:
            pairs = [zip(own, base, strict=True) for own in samples.values()]
            columns.append(["ratio", *(spread([value(a) / value(b) for a, b in each], 2) for each in pairs)])
    padded = [[cell.ljust(max(map(len, column))) for cell in column] for column in columns]
    return "\n".join("  ".join(row).rstrip() for row in zip(*padded, strict=True))


def _judged(reading: Reading) -> str:
    figure = reading.figure
    bound = "at least" if figure.sense == "speed" else "at most"
    goal = "" if figure.goal is None else f", meant to be {figure.goal:g}"
    verdict = "holds" if reading.holds else "MISSED"
    value = f"{spread(reading.values, 2)} {figure.unit}".rstrip()
    return f"{verdict}: {figure.name}: {figure.what}: {value}; {bound} {figure.floor:g}{goal}"


def _machine() -> str:
    facts = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(": ")[2] for line in facts if line.startswith("model name")), "CPU")
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
    return f"{os.cpu_count()} x {model}, {memory:.0f} GB, {platform.platform()}, {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(main())
