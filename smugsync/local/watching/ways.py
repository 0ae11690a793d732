"""How can changes below a directory be seen: does the kernel tell, or has one to look?"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Literal

from smugsync.local import mounts
from smugsync.local.handles import OURS, Root
from smugsync.local.probe.bench import Bench, scratch
from smugsync.local.probe.place import Kind, Place, place_of
from smugsync.local.probe.watch import hear
from smugsync.local.watching.limits import LIMITS, explain_limit
from smugsync.records import dataclass

Mode = Literal["auto", "inotify", "poll", "off"]


@dataclass(frozen=True, slots=True)
class Way:
    """`kernel`: its messages are listened to. `polled`: the directories to look at, with all below them, ""
    being everything. `label` (a word or two) and `why` (a clause) say what makes looking necessary. Without
    `final`, that may be over in a while: a limit, or a probe that failed."""

    kernel: bool
    polled: tuple[str, ...] = ()
    label: str = ""
    why: str = ""
    final: bool = True


def choose(
    root: Root,
    mode: Mode,
    *,
    writable: bool = True,
    check: Callable[[], object] = lambda: None,
    place_at: Callable[[Path], Place] = place_of,
    disks_in: Callable[[Path], Iterable[str]] = lambda path: mounts.beneath(path, mounts.read_mounts()),
    heard: Callable[[Root, Callable[[], object]], str] | None = None,
) -> Way:
    """The way to watch `root`. With `writable`, a file is written into `.smugsync` to see whether that is
    told; `heard` does so, and says what is wrong or "". `check` is called while that takes its time, and may
    raise. Raises OSError if there is nothing at the root's path.
    """
    if mode == "poll":
        return Way(kernel=False, polled=("",), why="the configuration says so")
    if mode == "auto":
        place = place_at(root.path)
        if place.kind in (Kind.NETWORK, Kind.FUSE):
            label = label_of(place)
            return Way(kernel=False, polled=("",), label=label, why=_silent(label, place.kind))
        if writable and (wrong := (heard or probe)(root, check)):
            return Way(kernel=False, polled=("",), label="inotify is silent here", why=wrong, final=False)
    remote = _silent_disks(root, disks_in(root.path), place_at) if mode == "auto" else {}
    if not remote:
        return Way(kernel=True)
    label, kind = next(iter(remote.values()))
    return Way(kernel=True, polled=tuple(sorted(remote)), label=label, why=_silent(label, kind))


def probe(root: Root, check: Callable[[], object] = lambda: None) -> str:
    """Why the kernel cannot be relied on here, as a clause; "" if it told of a file that was written."""
    try:
        fd = root.open(OURS, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return ""  # nowhere to try it; what refuses to be watched shows in a moment
    try:
        with scratch(root.path / OURS, fd) as bench:
            told = hear(bench.path, "heard", partial(_write, bench), check=check)
    except _Unwritable:
        return ""
    except OSError as error:
        return explain_limit(error.errno or 0) if error.errno in LIMITS else ""
    finally:
        os.close(fd)
    return "" if told is not None else "a file was written to try it, and the kernel did not tell"


class _Unwritable(Exception):
    """The disk is full, or may only be read: nothing is known about its messages."""


def _write(bench: Bench) -> None:
    try:
        bench.create("heard")
    except OSError as error:
        raise _Unwritable from error


def label_of(place: Place) -> str:
    """What people call it: `NFS`, `SMB`, `FUSE (sshfs)`."""
    driver = place.mount.driver if place.mount is not None else ""
    if driver.startswith("nfs"):
        return "NFS"
    if driver in ("cifs", "smb3", "smbfs"):
        return "SMB"
    if place.kind is Kind.FUSE:
        return f"FUSE ({driver.removeprefix('fuse.')})" if driver.startswith("fuse.") else "FUSE"
    return driver or "a network share"


def _silent(label: str, kind: Kind) -> str:
    if kind is Kind.FUSE:
        return f"{label} need not show changes that are made behind it"
    return f"{label} shows no changes made by other machines"


def _silent_disks(
    root: Root, disks: Iterable[str], place_at: Callable[[Path], Place]
) -> dict[str, tuple[str, Kind]]:
    """Those mounted below `root` that may change unheard, and what they are."""
    found: dict[str, tuple[str, Kind]] = {}
    for path in disks:
        try:
            place = place_at(root.path / path)
        except OSError:
            continue
        if place.kind in (Kind.NETWORK, Kind.FUSE):
            found[path] = (label_of(place), place.kind)
    return found
