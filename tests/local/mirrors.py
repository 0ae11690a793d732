"""Mirrors to try things on, and the ways a platform may be poorer than Linux."""

from __future__ import annotations

import hashlib
import itertools
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from smugsync.local.handles import Root
from smugsync.local.part import PartFile
from smugsync.local.syscalls import Features

REPOSITORY = Path(__file__).parents[2]
EVERY_PLATFORM = [
    Features(openat2=a, renameat2=b, links=c) for a, b, c in itertools.product((True, False), repeat=3)
]


def platform_name(features: Features) -> str:
    missing = [name for name in ("openat2", "renameat2", "links") if not getattr(features, name)]
    return "without " + ", ".join(missing) if missing else "everything"


def received(root: Root, name: str, content: bytes, *, mtime_ns: int | None = None) -> PartFile:
    """A sealed part that holds `content`."""
    part = PartFile.create(root, name)
    part.write(memoryview(content))
    assert part.seal(mtime_ns).md5 == hashlib.md5(content).hexdigest()
    return part


def visible(mirror: Path) -> dict[str, bytes]:
    """What a user sees: every file outside `.smugsync/` and its bytes."""
    return {path: content for path, content in everything(mirror).items() if not path.startswith(".smugsync")}


def everything(mirror: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(mirror)): path.read_bytes()
        for path in mirror.rglob("*")
        if path.is_file() and not path.is_symlink()
    }


def run(
    program: str, *arguments: str, prefix: Sequence[str] = (), timeout: float = 60
) -> subprocess.CompletedProcess[str]:
    """Run a Python program in a process of its own, which may be killed, starved or traced."""
    return subprocess.run(
        [*prefix, sys.executable, "-S", "-c", program, *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def can_mount() -> bool:
    """Whether a private mount namespace may be made here (no root needed where user namespaces are on)."""
    command = shutil.which("unshare")
    if command is None:
        return False
    trial = [command, "-rm", "mount", "-t", "tmpfs", "none", "/mnt"]
    return subprocess.run(trial, capture_output=True, check=False).returncode == 0
