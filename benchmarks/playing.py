"""One scenario from its stage to its record."""

from __future__ import annotations

import math
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from benchmarks.figures import Samples
from benchmarks.page.results import Record, Run, measured, unmeasured
from benchmarks.processes import BenchmarkError, Sample
from benchmarks.scenario import Contestants, Scenario
from benchmarks.stage.machine import Tree
from benchmarks.stage.needs import Skip
from benchmarks.stage.others import Others


def play(scenario: Scenario, rounds: int, tree: Tree) -> Record:
    """Prepared, measured and judged; a scenario that fails ends nothing but itself."""
    begun, began, before = datetime.now(UTC), time.monotonic(), os.getloadavg()[0]

    def run(taken: Taken | None = None) -> Run:
        spent, after = round(time.monotonic() - began, 1), round(os.getloadavg()[0], 2)
        harness, others = (math.ceil(taken.harness), round(taken.others, 3)) if taken else (0, 0.0)
        return Run(f"{begun:%Y-%m-%d %H:%M}", tree, round(before, 2), after, spent, harness, others)

    try:
        taken = _taken(scenario, rounds)
        return measured(scenario, taken.samples, run(taken))
    except Skip as reason:
        return unmeasured(scenario, "skipped", str(reason), run())
    except BenchmarkError as error:
        return unmeasured(scenario, "failed", str(error), run())
    except (OSError, subprocess.SubprocessError, ValueError, LookupError) as error:
        traceback.print_exc()
        return unmeasured(scenario, "failed", f"{type(error).__name__}: {error}", run())


class Taken(NamedTuple):
    """`harness`: its own peak in MB; `others`: their share of the processors meanwhile."""

    samples: Samples
    harness: float
    others: float


def _taken(scenario: Scenario, rounds: int) -> Taken:
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="smugsync-bench-")))
        roomy(place, scenario.space)
        contestants = scenario.prepare(place, stack)
        known(scenario, contestants)
        taken = take(contestants, rounds)
        derived = {name: make(taken.samples) for name, make in scenario.derived.items()}
        return taken._replace(samples={**taken.samples, **derived})


def roomy(place: Path, space: float) -> None:
    """Raises Skip where less than `space` GB are free: a full disk would be no figure."""
    if (free := shutil.disk_usage(place).free / 1e9) < space:
        raise Skip(
            f"it needs {space:g} GB below {place.parent}, where {free:.1f} are free: TMPDIR chooses another"
        )


def known(scenario: Scenario, contestants: Contestants) -> None:
    """Raises BenchmarkError for a figure of somebody who does not take part, before the first round."""
    for figure in scenario.figures:
        for name in (figure.own, figure.base):
            if name and name not in contestants and name not in scenario.derived:
                raise BenchmarkError(f"{figure.name}: no contestant is called {name!r}")


def take(contestants: Contestants, rounds: int) -> Taken:
    """Each round measures everybody once, in an order that rotates.

    A process that is started inherits the peak of its parent: nobody is seen smaller than this harness was.
    So its peak is forgotten before each sample, or what it once prepared would be counted as everybody's.
    """
    names = list(contestants)
    samples: dict[str, list[Sample]] = {name: [] for name in names}
    harness, others = 0.0, Others()
    for number in range(rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            _forget_peak()
            samples[name].append(contestants[name]())
            harness = max(harness, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
            print(f"round {number + 1}: {name}: {samples[name][-1].wall:.2f} s", file=sys.stderr)
    return Taken(samples, harness, others.share())


def _forget_peak() -> None:
    """See clear_refs in proc(5); where that is not allowed, the peak is at least told."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
