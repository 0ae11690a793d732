"""What else can a disk do of what a mirror lives on: links, renames, flushing, modes, times, locks?"""

from __future__ import annotations

import errno
from functools import partial
from typing import Final

from smugsync.local.probe.bench import Bench, can, refuses
from smugsync.records import dataclass

#: An odd second, so that a disk that counts in pairs of them shows it, and a bit of everything below.
_MOMENT: Final = 1_700_000_001_987_654_321
_RESOLUTIONS: Final = (1, 100, 1_000, 1_000_000, 10_000_000, 1_000_000_000, 2_000_000_000)
_SECOND: Final = 1_000_000_000
#: Moments that some disks cannot date a file back or forward to, in seconds since 1970.
EARLY, LATE = -473_385_600, 2_840_140_800  #: the beginnings of 1955 and of 2060
_PRIVATE: Final = 0o600
_NAMES: Final = ("first", "second", "third")


@dataclass(frozen=True, slots=True)
class Abilities:
    """What works. `mode` is what 0600 comes back as; `resolution` of file times is in nanoseconds, None
    where they come back as something else altogether. `links_refused` is None where no symbolic link can
    be made, so that none can be planted.
    """

    hard_links: bool = True
    reflinks: bool = True
    noreplace: bool = True
    exchange: bool = True
    sync_files: bool = True
    sync_directories: bool = True
    mode: int = _PRIVATE
    resolution: int | None = 1
    dates_early: bool = True
    dates_late: bool = True
    links_refused: bool | None = True
    openat2: bool = True


@dataclass(frozen=True, slots=True)
class Locks:
    """Which kinds of lock keep a second one out."""

    flock: bool = True
    fcntl: bool = True


def probe_abilities(bench: Bench) -> Abilities:
    """Try them all. Raises OSError when the disk itself fails."""
    first, second, _ = _NAMES
    bench.create(first)
    bench.create(second)
    try:
        early, late = (_is_kept(bench, moment * _SECOND) for moment in (EARLY, LATE))
        return Abilities(
            hard_links=_links(bench),
            reflinks=_clones(bench),
            noreplace=_keeps_what_is_there(bench),
            exchange=_exchanges(bench),
            sync_files=can(lambda: bench.sync_file(first)),
            sync_directories=can(bench.sync_directory),
            mode=_mode(bench),
            resolution=_resolution(bench),
            dates_early=early,
            dates_late=late,
            links_refused=_refuses_links(bench),
            openat2=can(lambda: bench.open_beneath(first)),
        )
    finally:
        for name in _NAMES:
            can(partial(bench.remove, name))


def probe_locks(bench: Bench) -> Locks:
    """Raises OSError when the disk itself fails."""
    bench.create("locked")
    held = errno.EAGAIN, errno.EACCES
    return Locks(
        flock=refuses(lambda: bench.flock_twice("locked"), *held),
        fcntl=refuses(lambda: bench.fcntl_twice("locked"), *held),
    )


def _links(bench: Bench) -> bool:
    first, _, third = _NAMES
    if not can(lambda: bench.link(first, third)):
        return False
    same = bench.read(third) == bench.read(first)
    bench.remove(third)
    return same


def _clones(bench: Bench) -> bool:
    first, _, third = _NAMES
    bench.create(third)
    try:
        return bench.clone(first, third) and bench.read(third) == bench.read(first)
    finally:
        bench.remove(third)


def _keeps_what_is_there(bench: Bench) -> bool:
    first, second, third = _NAMES
    if not refuses(lambda: bench.rename_noreplace(first, second), errno.EEXIST):
        if not bench.has(first):  # it was replaced after all
            bench.create(first)
        return False
    if not can(lambda: bench.rename_noreplace(first, third)):
        return False
    bench.rename_noreplace(third, first)
    return True


def _exchanges(bench: Bench) -> bool:
    first, second, _ = _NAMES
    before = bench.read(first), bench.read(second)
    if not can(lambda: bench.exchange(first, second)):
        return False
    return (bench.read(second), bench.read(first)) == before


def _mode(bench: Bench) -> int:
    """What 0600 comes back as, after another mode, so that a disk that knows one alone is found out."""
    found: list[int] = []
    can(lambda: bench.set_mode(_NAMES[0], 0o644))
    can(lambda: found.append(bench.set_mode(_NAMES[0], _PRIVATE)))
    if not found:  # it may not be changed; what is it, then?
        found.append(bench.mode(_NAMES[0]))
    return found[0]


def _resolution(bench: Bench) -> int | None:
    found: list[int] = []
    can(lambda: found.append(bench.set_time(_NAMES[0], _MOMENT)))
    return next((one for one in _RESOLUTIONS if found and abs(found[0] - _MOMENT) < one), None)


def _is_kept(bench: Bench, moment: int) -> bool:
    found: list[int] = []
    can(lambda: found.append(bench.set_time(_NAMES[0], moment)))
    return bool(found) and abs(found[0] - moment) <= 2 * _SECOND


def _refuses_links(bench: Bench) -> bool | None:
    first, _, third = _NAMES
    if not can(lambda: bench.symlink(first, third)):
        return None
    refused = refuses(lambda: bench.open_without_links(third), errno.ELOOP)
    beneath = refuses(lambda: bench.open_beneath(third), errno.ELOOP, errno.ENOSYS, errno.EPERM)
    bench.remove(third)
    return refused and beneath
