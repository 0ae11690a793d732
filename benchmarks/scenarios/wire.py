"""What receiving and hashing cost without a disk: see `benchmarks.programs.fetching`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.processes import ROOT, BenchmarkError, Sample, measure
from benchmarks.scenario import Contestants, Moved, Scenario
from benchmarks.scenarios.mirrors import MIXED
from benchmarks.stage.files import Library, empty
from benchmarks.stage.needs import need
from benchmarks.stage.servers import serve_files

_BASE, _FOUR, _EIGHT = "md5sum", "received and hashed, 4", "received and hashed, 8"


def _prepare(place: Path, stack: ExitStack) -> Contestants:
    need("nginx", "curl", "md5sum", "xargs")
    library = Library(place / "library", MIXED)
    nginx = serve_files(place, library.root, stack)
    home = empty(place / "home")
    (home / "names").write_text("".join(f"{name}\n" for name in library.names))

    def proven(command: list[str]) -> Callable[[], Sample]:
        def take() -> Sample:
            sample = measure(command, home, [nginx.pid], PYTHONPATH=str(ROOT))
            if sorted(line.split()[0] for line in sample.out.splitlines()) != library.sums:
                raise BenchmarkError(f"{command[0]} found other MD5s than the files have")
            return sample

        return take

    fetching = [sys.executable, "-m", "benchmarks.programs.fetching", nginx.http]
    return {
        _BASE: proven(["sh", "-c", f"cd '{library.root}' && xargs -n16 md5sum < '{home}/names'"]),
        _FOUR: proven([*fetching, "4"]),
        _EIGHT: proven([*fetching, "8"]),
    }


WIRE = Scenario(
    "wire",
    "the mixed set over HTTP, hashed and not written; whole processes",
    _prepare,
    (
        Figure("P5, 4", "CPU time, to md5sum of the same files", _FOUR, _BASE, "cpu", "cost", 1.9),
        Figure("P5, 8", "CPU time with 8 threads, to md5sum", _EIGHT, _BASE, "cpu", "cost", 1.9),
    ),
    moved=Moved(len(MIXED), sum(MIXED)),
    space=2.0,
)

SCENARIOS: Mapping[str, Scenario] = {WIRE.name: WIRE}
