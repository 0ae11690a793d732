"""Samples, scenarios and machines that nobody had to wait for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks.figures import Figure, Samples
from benchmarks.page.report import PARTS
from benchmarks.page.results import Record, Run, measured
from benchmarks.processes import Sample
from benchmarks.scenario import NOTHING, Contestants, Moved, Scenario, Table
from benchmarks.stage.machine import Machine, Tree

MACHINE = Machine(
    "abc", "2 × Fast CPU", "8 GB", "Debian 12, Linux 6.1", "3.11.2, OpenSSL 3.0", "curl 8", "ext4"
)
TREE = Tree("f3e11f9662", False)
RUN = Run("2026-11-22 19:30", TREE, 0.25, 1.5, 61.4, 44, 0.023)
SPEED = Figure("P1", "speed of ours, to theirs", "ours", "theirs", "wall", "speed", 0.85, 1.0)
COST = Figure("P4", "CPU time of ours, to theirs", "ours", "theirs", "cpu", "cost", 0.55)
ALONE = Figure("memory", "peak memory", "ours", "", "rss", "cost", 80.0, unit="MB")
PROSE = "# Ours\n\n" + "\n\nwords\n\n".join(f"<!-- {part}: begin -->\n<!-- {part}: end -->" for part in PARTS)


def sample(
    wall: float = 1.0, *, cpu: float = 1.0, rss: float = 50.0, requests: int = 0, amount: float = 0.0
) -> Sample:
    return Sample(wall, cpu, rss, 0.0, requests, "what it said", amount)


def taken(**walls: Sequence[float]) -> Samples:
    """Samples that differ by the clock alone."""
    return {name: [sample(wall) for wall in each] for name, each in walls.items()}


def scenario(
    name: str = "mirror",
    contestants: Mapping[str, Callable[[], Sample]] | None = None,
    *figures: Figure,
    error: Exception | None = None,
    long: bool = False,
    moved: Moved | Mapping[str, Moved] = NOTHING,
    layout: Callable[[Samples], Table] | None = None,
    rounds: int | None = None,
    optional: bool = False,
    space: float = 0.0,
) -> Scenario:
    def prepare(place: Path, stack: ExitStack) -> Contestants:
        if error:
            raise error
        return contestants or {"theirs": sample, "ours": sample}

    return Scenario(
        name,
        f"how {name} goes",
        prepare,
        figures,
        rounds=rounds,
        long=long,
        moved=moved,
        layout=layout,
        optional=optional,
        space=space,
    )


def record(samples: Samples, *figures: Figure, name: str = "mirror", run: Run = RUN) -> Record:
    return measured(scenario(name, None, *figures), samples, run)
