"""What has to be there for a scenario: programs, and a disk."""

from __future__ import annotations

import shutil
from pathlib import Path

from benchmarks.processes import PATH
from benchmarks.stage.machine import MEMORY, MOUNTS, file_system

TOOLS = ("nginx", "curl", "md5sum", "xargs")


class Skip(Exception):
    """The scenario cannot be set here; the message names what is missing."""


def need(*tools: str) -> None:
    if missing := [tool for tool in tools if not shutil.which(tool, path=PATH)]:
        raise Skip(f"not installed: {', '.join(missing)}")


def need_disk(place: Path, mounts: str | None = None) -> None:
    """Raises Skip where `place` lies in memory. `mounts`: by default /proc/self/mountinfo."""
    if (kind := file_system(place.resolve(), mounts or MOUNTS.read_text())) in MEMORY:
        raise Skip(f"{place.parent} is {kind}, which is memory and no disk: TMPDIR chooses another place")
