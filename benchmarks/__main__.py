"""Run the scenarios in rounds, print a table for each, and hold the figures against their floors."""

from __future__ import annotations

import argparse
import math
import os
import re
import signal
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from benchmarks.page.report import Page
from benchmarks.page.results import Record, Results
from benchmarks.playing import play
from benchmarks.processes import BenchmarkError
from benchmarks.scenario import Scenario
from benchmarks.scenarios import SCENARIOS
from benchmarks.stage import tools
from benchmarks.stage.machine import MEMORY, MOUNTS, Machine, file_system, this_machine, this_tree
from benchmarks.telling import failed, judged, spent, told

BUDGET = 25 * 60  #: seconds that all of it may take, but for what is `long`


def main(arguments: Sequence[str], scenarios: Mapping[str, Scenario]) -> int:
    """0 if every floor holds; 1 if one was missed or could not be measured, but for what is optional."""
    options = _options(arguments, scenarios)
    page = Page(options.page) if options.page else None
    try:
        return _redraw(page, scenarios) if options.redraw and page else _run(options, page, scenarios)
    except BenchmarkError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _options(arguments: Sequence[str], scenarios: Mapping[str, Scenario]) -> argparse.Namespace:
    most, most_of_all = space(scenarios.values(), full=False), space(scenarios.values(), full=True)
    parser = argparse.ArgumentParser(
        "python -m benchmarks",
        description=f"TMPDIR chooses the disk: {most} GB, with --full {most_of_all} GB.",
    )
    option = parser.add_argument
    option("--rounds", type=int, default=5, metavar="N", help="default: 5")
    option("--full", action="store_true", help="also what takes an hour more")
    option("--page", type=Path, metavar="DIR", help="keep the results in DIR, and write its page")
    option("--redraw", action="store_true", help="write the page of DIR again, and measure nothing")
    option("--install", action="store_true", help="get nginx and curl if they are missing")
    option("scenario", nargs="*", metavar="SCENARIO", help=", ".join(scenarios))
    options = parser.parse_args(arguments)
    if options.rounds < 1:
        parser.error("--rounds: at least 1")
    if options.redraw and not options.page:
        parser.error("--redraw: of which page? Give --page too")
    if unknown := [name for name in options.scenario if name not in scenarios]:
        parser.error(f"there is no scenario {unknown[0]!r}")
    return options


def space(scenarios: Iterable[Scenario], *, full: bool) -> int:
    """GB that the greediest of them takes: they come one after the other."""
    return math.ceil(max((one.space for one in scenarios if full or not one.long), default=0))


def _redraw(page: Page, scenarios: Mapping[str, Scenario]) -> int:
    if (results := page.load()) is None:
        raise BenchmarkError(f"there is no {page.values}, so nothing was measured that could be drawn")
    page.write(results.arranged(scenarios.values()))
    return 0


def _run(options: argparse.Namespace, page: Page | None, scenarios: Mapping[str, Scenario]) -> int:
    if options.install and (said := tools.install(root=os.geteuid() == 0)):
        print(said, flush=True)
    fits(place := tempfile.gettempdir())
    machine, tree = this_machine(), this_tree()
    print(f"{machine.processors}, {machine.memory}; {machine.system}; Python {machine.python}")
    print(f"{machine.tools}; commit {tree}; load {os.getloadavg()[0]:.2f}")
    print(f"Files: below {place} ({machine.files})", flush=True)
    results, dropped = of_this_machine(page, machine) if page else (Results(machine), "")
    if dropped:
        print(dropped, flush=True)
    chosen = [scenarios[name] for name in options.scenario] or [
        one for one in scenarios.values() if options.full or not one.long
    ]
    began, records = time.monotonic(), list[Record]()
    for scenario in chosen:
        rounds = rounds_of(scenario, options.rounds, full=options.full)
        print(f"\n{scenario.name}: {scenario.what}; rounds: {rounds}", flush=True)
        records.append(play(scenario, rounds, tree))
        print(told(records[-1]), flush=True)
        if page:  # after each: what was measured is kept, whatever happens to the next
            results = results.with_record(records[-1]).arranged(scenarios.values())
            page.write(results)
    whole = not (options.scenario or options.full)
    print(f"\n{spent(records, time.monotonic() - began, BUDGET if whole else None)}")
    if page:
        print(f"Written: {page.text}, and beside it {page.picture.name} and {page.values.name}.")
        print(dropped, end="\n" if dropped else "")
    print(judged(records))
    return int(any(map(failed, records)))


def rounds_of(scenario: Scenario, wanted: int, *, full: bool) -> int:
    """What takes long has fewer; in full, only what is part of nothing else."""
    if scenario.rounds is None or (full and not scenario.long):
        return wanted
    return min(wanted, scenario.rounds)


def fits(place: str) -> None:
    """Raises BenchmarkError for a place that the programs would not understand."""
    if unwieldy := re.search(r"[^\w./+@%=:,-]", place):
        raise BenchmarkError(
            f"nginx and curl are told of files below {place}, and would not understand {unwieldy[0]!r}:"
            " set TMPDIR to a directory without it"
        )


def on_a_disk(environ: Mapping[str, str], mounts: str) -> str | None:
    """Where files belong if nobody chose a place and the usual one is memory; None leaves it as it is."""
    usual = Path(tempfile.gettempdir()).resolve()
    return "/var/tmp" if "TMPDIR" not in environ and file_system(usual, mounts) in MEMORY else None


def of_this_machine(page: Page, machine: Machine) -> tuple[Results, str]:
    """What the page has of this machine, and a sentence if it has to give up what it has of another."""
    kept = page.load()
    if kept is None or kept.machine == machine:
        return kept or Results(machine), ""
    played = sum(record.run is not None for record in kept.records.values())
    return Results(machine), (
        f"{page.text} was of another machine ({machine.differs(kept.machine)}): what was measured there"
        f" ({played} scenarios) is dropped, since figures of two machines are not to be mixed."
    )


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM):  # by way of every `finally`: no server stays behind
        signal.signal(number, lambda number, frame: sys.exit(128 + number))
    tempfile.tempdir = on_a_disk(os.environ, MOUNTS.read_text()) or tempfile.tempdir
    sys.exit(main(sys.argv[1:], SCENARIOS))
