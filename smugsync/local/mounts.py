"""What is mounted, and what of it inside a mirror: by `/proc/self/mountinfo` (proc_pid_mountinfo(5))."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from smugsync.local.handles import OURS
from smugsync.records import dataclass

MOUNTINFO: Final = Path("/proc/self/mountinfo")
_OCTAL: Final = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """A line of mountinfo: where, by which driver, of what."""

    point: str
    driver: str
    source: str
    read_only: bool = False


def read_mounts(mountinfo: Path = MOUNTINFO) -> list[Mount]:
    """What is mounted, the latest last; empty where that cannot be read."""
    try:
        lines = mountinfo.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return []
    return [mount for line in lines if (mount := _mount(line)) is not None]


def beneath(root: Path, mounts: Iterable[Mount]) -> set[str]:
    """The mount points inside `root`, relative to it."""
    real = Path(os.path.realpath(root))
    found = set()
    for mount in mounts:
        with contextlib.suppress(ValueError):
            inside = Path(mount.point).relative_to(real).as_posix()
            if inside != "." and not inside.startswith(OURS):
                found.add(inside)
    return found


def _mount(line: str) -> Mount | None:
    before, _, after = line.partition(" - ")
    head, tail = before.split(" "), after.split(" ")
    if len(head) < 6 or len(tail) < 2:
        return None
    options = {*head[5].split(","), *(tail[2].split(",") if len(tail) > 2 else ())}
    return Mount(_plain(head[4]), _plain(tail[0]), _plain(tail[1]), read_only="ro" in options)


def _plain(field: str) -> str:
    """Blanks and the like are written as octal numbers there."""
    return _OCTAL.sub(lambda found: chr(int(found[1], 8)), field)
