"""The storage calls of a run: each is a point at which a fault may strike.

A point is a system call, a path, and a number: the 2nd `fsync` of `mirror/Alpha`. strace counts the same
way when it is told a path (`-P`), so that neither the interpreter's start nor other threads shift them.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

OPENS = frozenset({"openat", "openat2"})
MAKES = frozenset({"mkdir", "mkdirat"})
WRITES = frozenset({"write", "pwrite64", "ftruncate", "copy_file_range"})
SYNCS = frozenset({"fsync", "fdatasync"})
LINKS = frozenset({"link", "linkat", "ioctl"})
RENAMES = frozenset({"rename", "renameat", "renameat2"})
REMOVES = frozenset({"unlink", "unlinkat", "rmdir"})
TOUCHES = frozenset({"fchmod", "utimensat"})
READS = frozenset({"read", "readv", "pread64", "getdents64", "newfstatat"})
CLOSES = frozenset({"close"})
#: Those after which something is different on the disk, or may be.
CHANGES = OPENS | MAKES | WRITES | SYNCS | LINKS | RENAMES | REMOVES | TOUCHES
#: Those that need room.
GROWS = OPENS | MAKES | WRITES | SYNCS | LINKS | RENAMES
ALL = CHANGES | READS | CLOSES

_CALL = re.compile(r"^\d+ +(\w+)\((.*)$")
_RESULT = re.compile(r"\) += [^=]*$")
_OPEN_FILE = re.compile(r"\d+<([^<>]*)>")
_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')
_DATA = WRITES | READS - {"newfstatat"}
_STAMP = re.compile(r"\b\d{8}T\d{6}Z\b")
_BEGINS_WITHIN = 20  # seconds
_CREATES = re.compile(r"O_CREAT|O_TRUNC")
#: What changes nothing on a disk although its call is among those that may.
_HARMLESS_IOCTL = re.compile(r"ioctl\([^,]*, (?!FICLONE|BTRFS_IOC_CLONE)")


@dataclass(frozen=True, slots=True)
class Point:
    """`path` is relative to where the command's files are; `number` counts from 1.

    Where a run names something after the second in which it began, `path` says STAMP.
    """

    call: str
    path: str
    number: int

    def __str__(self) -> str:
        return f"{self.call} {self.path} {self.number}"

    @classmethod
    def parse(cls, text: str) -> Point:
        """What `str` made of it."""
        call, _, rest = text.partition(" ")
        path, _, number = rest.rpartition(" ")
        return cls(call, path, int(number))

    def paths(self, root: Path, *, now: float) -> list[str]:
        """What may be meant in a run that begins right after `now` (epoch seconds)."""
        if "STAMP" not in self.path:
            return [str(root / self.path)]
        moments = (time.gmtime(now + second) for second in range(_BEGINS_WITHIN))
        stamps = (time.strftime("%Y%m%dT%H%M%SZ", moment) for moment in moments)
        return [str(root / self.path.replace("STAMP", stamp)) for stamp in stamps]

    @property
    def step(self) -> str:
        """What the run was about there."""
        return step_of(self.path)

    @property
    def kind(self) -> str:
        return f"{self.step} {self.call}"


#: The steps in the order of a run.
STEPS = ("lock", "catalogue", "marker", "part", "shelf", "album")


def step_of(path: str) -> str:
    """lock (and the state's directory), catalogue, marker, part (bytes on their way in), shelf (what is set
    aside), album (what people see)."""
    parts = path.split("/")
    name = parts[-1]
    if "state" in parts and "mirror" not in parts:
        return "catalogue" if name.startswith("catalogue") else "lock"
    if ".smugsync" not in parts:
        return "album"
    inside = parts[parts.index(".smugsync") + 1 :]
    if not inside or inside[0].startswith("mirror.json"):
        return "marker"
    return "part" if inside[0] == "tmp" else "shelf"


def trace(log: Path, calls: frozenset[str] = ALL) -> list[str]:
    """What to put before a command so that its calls are written to `log`."""
    return [
        "strace",
        "-f",
        "-y",
        "-qq",
        "--seccomp-bpf",
        "-o",
        str(log),
        "-e",
        f"trace={','.join(sorted(calls))}",
    ]


def points_of(log: Path, root: Path, *, reading: bool) -> list[Point]:
    """Every call in `log` that may change something of the command's files below `root`, in their order.

    `reading` adds those that only look. Handles are closed at any time; it is a step only where a disk may
    still refuse what was written.
    """
    found = ((point, line) for point, line in _read(log, root) if not point.path.startswith("home/"))
    wanted = (p for p, line in found if _changes(p.call, line) or (reading and _is_step(p)))
    return list(dict.fromkeys(wanted))  # threads count for themselves: whoever gets there first is struck


def _is_step(point: Point) -> bool:
    return point.call not in CLOSES or point.step == "part"


def _changes(call: str, line: str) -> bool:
    return call in CHANGES and not _only_looks(call, line)


def _only_looks(call: str, line: str) -> bool:
    if call in OPENS:
        return _CREATES.search(line) is None
    return call == "ioctl" and _HARMLESS_IOCTL.search(line) is not None


def _read(log: Path, root: Path) -> Iterator[tuple[Point, str]]:
    counts: Counter[tuple[str, str, str]] = Counter()
    prefix = f"{root}/"
    for line in log.read_text(errors="replace").splitlines():
        found = _CALL.match(line)
        if found is None:
            continue
        call, thread = found[1], line.split(" ", 1)[0]
        paths = [path for path in dict.fromkeys(_paths(call, found[2])) if path.startswith(prefix)]
        for path in paths:
            counts[thread, call, path] += 1
        if paths:
            chosen = max(paths, key=len)
            path = _STAMP.sub("STAMP", chosen.removeprefix(prefix))
            yield Point(call, path, counts[thread, call, chosen]), line


def _paths(call: str, arguments: str) -> Iterator[str]:
    arguments = _RESULT.sub("", arguments)
    yield from _OPEN_FILE.findall(arguments)
    if call not in _DATA:
        yield from (text for text in _TEXT.findall(arguments) if text.startswith("/"))
