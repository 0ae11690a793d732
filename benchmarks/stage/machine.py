"""On what is measured: the machine, its software, and the state of this tree."""

from __future__ import annotations

import hashlib
import hmac
import os
import platform
import re
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.processes import PATH, ROOT

MOUNTS = Path("/proc/self/mountinfo")
MEMORY = ("tmpfs", "ramfs")  #: file systems without a disk
PAGE = "docs/performance.*"  #: what a run writes itself, which is no change of what is measured


@dataclass(frozen=True, slots=True)
class Machine:
    """Figures stand on one page only where all of this is the same. `id` tells machines of one kind apart."""

    id: str
    processors: str
    memory: str
    system: str
    python: str
    tools: str
    files: str

    def differs(self, other: Machine) -> str:
        """What `other` has instead, in words; "" if there is nothing."""
        own, theirs = asdict(self), asdict(other)
        named = [f"{key}: {theirs[key]}" for key in own if key != "id" and own[key] != theirs[key]]
        return ", ".join(named) or ("" if self == other else "another one of the same kind")


@dataclass(frozen=True, slots=True)
class Tree:
    """The commit that is measured, and whether files were changed since."""

    commit: str
    changed: bool

    def __str__(self) -> str:
        return f"{self.commit}, with changes" if self.changed else self.commit


def this_machine() -> Machine:
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
    tools = (_version(command, pattern) for command, pattern in _TOOLS)
    return Machine(
        id=_id(),
        processors=f"{len(os.sched_getaffinity(0))} × {_processor(Path('/proc/cpuinfo').read_text())}",
        memory=f"{memory:.0f} GB",
        system=f"{_distribution()}, {platform.system()} {platform.release()}",
        python=f"{platform.python_version()}, {ssl.OPENSSL_VERSION}",
        tools=", ".join(tool for tool in tools if tool) or "none",
        files=file_system(Path(tempfile.gettempdir()).resolve(), MOUNTS.read_text()),
    )


def this_tree(root: Path = ROOT) -> Tree:
    commit = _said(["git", "-C", str(root), "rev-parse", "--short=10", "HEAD"]).strip()
    if not commit:
        return Tree("no commit", False)
    changed = _said(["git", "-C", str(root), "status", "--porcelain", "--", ".", f":!{PAGE}"])
    return Tree(commit, bool(changed.strip()))


def file_system(path: Path, mounts: str) -> str:
    """The type of the file system that `path` lies on; `mounts` as in /proc/self/mountinfo."""
    best, kind = "", "unknown"
    for line in mounts.splitlines():
        left, _, right = line.partition(" - ")
        point = re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), left.split()[4])
        if len(point) >= len(best) and path.is_relative_to(point):
            best, kind = point, right.split()[0]
    return kind


#: How each says its version, as far as a contestant's speed hangs on it.
_TOOLS = (
    (("curl", "--version"), r"(curl [\d.]+).*?((?:OpenSSL|GnuTLS|LibreSSL|wolfSSL|BoringSSL)\S*)"),
    (("nginx", "-v"), r"(nginx)/([\d.]+)"),
    (("md5sum", "--version"), r"(md5sum)[^\n]* ([\d.]+)"),
)


def _version(command: Sequence[str], pattern: str) -> str:
    found = re.search(pattern, _said(command))
    return " ".join(found.groups()) if found else ""


def _said(command: Sequence[str]) -> str:
    """Both outputs of `command`; "" if it is not there or fails."""
    try:
        done = subprocess.run(
            command,
            env={"PATH": PATH, "HOME": os.environ.get("HOME", "/"), "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout + done.stderr


def _id() -> str:
    """machine-id(5) asks not to be shown itself: a keyed hash of it, or of the host's name."""
    place = Path("/etc/machine-id")
    own = place.read_text().strip() if place.is_file() else ""
    return hmac.new(
        b"smugsync benchmarks", (own or socket.gethostname()).encode(), hashlib.sha256
    ).hexdigest()[:12]


def _processor(facts: str) -> str:
    """ARM names no model, only the architecture."""
    found = re.search(r"^model name\s*: (.+)$", facts, re.MULTILINE)
    return found[1].strip() if found else platform.machine()


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
    except OSError:
        return "an unnamed distribution"
