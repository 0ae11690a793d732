"""Which files a process touched, as the kernel saw it (strace)."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

_LINE = re.compile(r"(?:\d+\s+)?(?P<call>\w+)\((?P<rest>.*)\) += (?P<result>.*)")
_QUOTED = re.compile(r'(?:(?:AT_FDCWD|\d+)<(?P<at>(?:[^<>\\]|\\.)*)>, )?"(?P<path>(?:[^"\\]|\\.)*)"')
_HANDLE = re.compile(r"\d+<(?P<path>(?:[^<>\\]|\\.)*)>")
_ESCAPE = re.compile(rb"\\x([0-9a-f]{2})")

_OPENING = frozenset({"open", "openat", "openat2", "creat"})
_CHANGING = frozenset(
    "rename renameat renameat2 link linkat symlink symlinkat unlink unlinkat mkdir mkdirat rmdir mknod "
    "mknodat chmod fchmodat fchmodat2 chown lchown fchownat utime utimes utimensat futimesat truncate "
    "setxattr lsetxattr removexattr lremovexattr mount umount2 chroot pivot_root".split()
)
#: By a handle alone: what was opened to be read, and is changed all the same.
_BY_HANDLE = frozenset("fchmod fchown ftruncate fallocate fsetxattr fremovexattr".split())


@dataclass(frozen=True, slots=True)
class Touch:
    """One call that changed something, or opened it so that it could be changed, successful or not."""

    call: str
    path: Path
    line: str


@cache
def _works() -> bool:
    if shutil.which("strace") is None:
        return False
    done = subprocess.run(["strace", "-f", "-o", os.devnull, "true"], capture_output=True, check=False)
    return done.returncode == 0


def require() -> None:
    """Skip the test, saying so, where no process can be traced."""
    if not _works():
        pytest.skip("strace is missing or may not trace here")


def prefix(log: Path) -> Sequence[str]:
    """What to write before a command."""
    calls = ",".join(f"?{call}" for call in sorted(_OPENING | _CHANGING | _BY_HANDLE))
    options = ["-f", "--seccomp-bpf", "-qq", "-xx", "-y", "-s", "8192", "-e", "signal=none"]
    return ["strace", *options, "-e", f"trace={calls}", "-o", str(log), "--"]


def touched(log: Path) -> Iterator[Touch]:
    """What was changed, or could have been, in the order of the log."""
    pending: dict[str, str] = {}
    for raw in log.read_text().splitlines():
        pid, _, line = raw.partition(" ")
        line = line.strip()
        if line.endswith("<unfinished ...>"):
            pending[pid] = line.removesuffix("<unfinished ...>")
            continue
        if resumed := re.match(r"<\.\.\. \w+ resumed>", line):
            line = pending.pop(pid, "") + line[resumed.end() :]
        found = _LINE.fullmatch(line)
        if found is None:
            assert line.startswith(("+++", "---", "exit", "<...")), f"strace says what we cannot read: {line}"
            continue
        yield from _read(found["call"], found["rest"], line)


def _read(call: str, rest: str, line: str) -> Iterator[Touch]:
    if call in _OPENING:
        if re.search(r"O_(WRONLY|RDWR|CREAT|TRUNC|APPEND|TMPFILE)", rest) or call == "creat":
            yield from _paths(call, rest, line)
    elif call in _CHANGING:
        yield from _paths(call, rest, line)
    elif call in _BY_HANDLE and (handle := _HANDLE.match(rest)):
        yield Touch(call, Path(_plain(handle["path"])), line)


def _paths(call: str, rest: str, line: str) -> Iterator[Touch]:
    for quoted in _QUOTED.finditer(rest):
        at = _plain(quoted["at"]) if quoted["at"] else "/"
        # Lexically: a link on the way would show in what the kernel says of the handle it returns.
        yield Touch(call, Path(os.path.normpath(Path(at) / _plain(quoted["path"]))), line)
    opened = re.search(r"= \d+<((?:[^<>\\]|\\.)*)>$", line)
    if opened:
        yield Touch(call, Path(_plain(opened[1])), line)


def _plain(text: str) -> str:
    return os.fsdecode(_ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), text.encode()))
