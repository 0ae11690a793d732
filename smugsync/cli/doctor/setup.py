"""The doctor on what is configured, and on the directory that holds the catalogue."""

from __future__ import annotations

import os
import platform
import sqlite3
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from smugsync import __version__
from smugsync.catalogue import Catalogue
from smugsync.catalogue.inspection import Inspected, inspected
from smugsync.cli.doctor.findings import Finding, fail, failed, note, ok, warn
from smugsync.cli.summary import plural
from smugsync.config import Config
from smugsync.config.loading import Examined
from smugsync.errors import Busy, CatalogueError, ConfigError, SmugsyncError
from smugsync.local.probe.abilities import Locks, probe_locks
from smugsync.local.probe.bench import scratch
from smugsync.local.probe.place import Kind, Place, place_of, space_of
from smugsync.progress import duration, size
from smugsync.records import dataclass

_DAY = 86_400
#: A catalogue of half a million photos takes about this much.
_ROOM = 500_000_000
_GIVE = "give it to the user that smugsync runs as"
_ELSEWHERE = "set state_dir, or SMUGSYNC_STATE_DIR, to a directory on a local disk"


@dataclass(frozen=True, slots=True)
class Known:
    """What the catalogue remembers of the mirror it belongs to, "" where it does not; and how many bytes are
    `waiting` to be fetched."""

    mirror: str = ""
    account: str = ""
    nickname: str = ""
    waiting: int = 0


def tell_configuration(found: Examined) -> Iterator[Finding]:
    """Every problem, as `config check` tells them, and every warning."""
    if found.problems:
        yield from failed("configuration", "configuration", ConfigError(found.problems))
    if found.config is None:
        return
    if not found.problems:
        source = found.config.path or "the environment"
        yield ok("configuration", "configuration", f"{source}, profile {found.config.profile}")
    for warning in found.config.warnings:
        yield warn("configuration.warning", "configuration", warning)


# -- the state directory ---------------------------------------------------------------------------


def tell_owners(config: Config) -> Iterator[Finding]:
    """Files of ours that this user may not change: a run as another user, by sudo say, has left them."""
    beside = (config.catalogue.with_name(f"{config.catalogue.name}{end}") for end in ("", "-wal", "-shm"))
    for path in (*beside, config.lock):
        if os.path.lexists(path) and not os.access(path, os.R_OK | os.W_OK):
            text = f"{path} cannot be written to by user id {os.geteuid()}, so no run can begin"
            yield fail("state.owner", "state", text, _GIVE, code=1)


def look_at_state(path: Path) -> Iterator[Finding]:
    """Is it on a local disk, may it be written to, do locks hold, and does SQLite's log work there?"""
    there = path
    while not there.exists() and there != there.parent:
        there = there.parent
    place = place_of(there)
    if there != path:
        yield from tell_state_place(path, place)
        if os.access(there, os.W_OK):
            yield note("state.made", "state", f"{path} is not there yet: the first run makes it")
        else:
            yield fail("state.made", "state", f"{path} cannot be made in {there}", _ELSEWHERE, code=1)
        return
    try:
        locks, log = _try_state(path)
    except OSError as error:
        why = error.strerror or error
        advice = f"{_GIVE}, or {_ELSEWHERE}" if isinstance(error, PermissionError) else _ELSEWHERE
        yield fail("state", "state", f"{path} cannot be used: {why}", advice, code=1)
        return
    yield from tell_state_place(path, place)
    yield from tell_locks(locks, log)
    yield from tell_state_room(_free(path))


def _try_state(path: Path) -> tuple[Locks, SmugsyncError | None]:
    """The locks, and why a catalogue cannot be made here, None if it can."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with scratch(path, fd) as bench:
            locks = probe_locks(bench)
            try:
                Catalogue.open(bench.path / "catalogue.db").close()
            except CatalogueError as error:
                return locks, error
            return locks, None
    finally:
        os.close(fd)


def _free(path: Path) -> int:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return space_of(fd).free
    finally:
        os.close(fd)


def tell_state_place(path: Path, place: Place) -> Iterator[Finding]:
    where = f"{path}, on {describe(place)}"
    match place.kind:
        case Kind.NETWORK:
            yield warn("state", "state", f"{where}: locks and SQLite's log are not safe there", _ELSEWHERE)
        case Kind.FUSE:
            yield note("state", "state", f"{where}: behind it may be a network, where locks fail", _ELSEWHERE)
        case Kind.MEMORY:
            yield warn("state", "state", f"{where}: forgotten at the next restart", _ELSEWHERE)
        case Kind.OVERLAY:
            yield warn(
                "state",
                "state",
                f"{where}: in a container it goes when the container does",
                "mount a volume for it",
            )
        case _:
            yield ok("state", "state", where)


def tell_locks(locks: Locks, log: SmugsyncError | None) -> Iterator[Finding]:
    failing = [name for name, holds in (("flock", locks.flock), ("fcntl", locks.fcntl)) if not holds]
    if failing:
        yield fail(
            "state.locks",
            "locks",
            f"{' and '.join(failing)} locks keep nobody out here: two runs could spoil the catalogue",
            _ELSEWHERE,
            code=1,
        )
    elif log is None:
        yield ok("state.locks", "locks", "locks hold, and SQLite can keep its log here")
    if log is not None:
        yield fail("state.log", "locks", f"no catalogue can be made here ({log})", _ELSEWHERE, code=1)


def tell_state_room(free: int) -> Iterator[Finding]:
    if free < _ROOM:
        yield warn(
            "state.space",
            "state",
            f"{size(free)} are left for the catalogue, which takes about 1 kB per photo",
            "make room",
        )


def describe(place: Place) -> str:
    """The driver and what it shows, as far as that is known."""
    kinds = {
        Kind.NETWORK: "a network share",
        Kind.FUSE: "a FUSE driver",
        Kind.MEMORY: "a disk in memory",
        Kind.OVERLAY: "an overlay",
    }
    kind = kinds.get(place.kind, "a local disk")
    if place.mount is None:
        return kind
    source = place.mount.source
    detail = (
        place.mount.driver if source in ("none", place.mount.driver) else f"{place.mount.driver}, {source}"
    )
    return f"{kind} ({detail})"


# -- the catalogue ---------------------------------------------------------------------------------


def look_at_catalogue(config: Config, *, patience: float = 1.0) -> tuple[list[Finding], Known]:
    """Is it whole, and when did a run last end well? `patience` is in seconds, with those who lock it."""
    try:
        is_empty = not config.catalogue.stat().st_size
    except FileNotFoundError:
        return [note("catalogue", "catalogue", "nothing was mirrored yet", "run `smugsync sync`")], Known()
    except OSError as error:
        text = f"{config.catalogue} cannot be looked at: {error.strerror or error}"
        return [fail("catalogue", "catalogue", text, _GIVE, code=1)], Known()
    if is_empty:
        text = f"{config.catalogue} is empty: the next run fills it, and recognises the photos that are here"
        return [note("catalogue", "catalogue", text, "run `smugsync sync`")], Known()
    try:
        with inspected(config.catalogue, patience=patience) as catalogue:
            mirror, account, nickname = (
                catalogue.recall(key) or "" for key in ("mirror", "account", "nickname")
            )
            known = Known(mirror, account, nickname, waiting=catalogue.planned_totals()[1])
            return list(_tell_catalogue(config, catalogue, now=time.time())), known
    except Busy as error:
        return [note("catalogue", "catalogue", f"not looked into: {error}")], Known()
    except CatalogueError as error:
        return list(failed("catalogue", "catalogue", error)), Known()


def _tell_catalogue(config: Config, catalogue: Inspected, *, now: float) -> Iterator[Finding]:
    text = f"{config.catalogue} is whole"
    if catalogue.is_old:
        yield ok("catalogue", "catalogue", f"{text}, of an older version: the next run brings it up to date")
    else:
        yield ok("catalogue", "catalogue", f"{text}: {plural(catalogue.held(), 'photo')}")
    good = next((run for run in catalogue.runs() if run.exit_code == 0 and run.finished_at), None)
    look = "`smugsync status` says what is the matter"
    if good is None or good.finished_at is None:
        yield warn("catalogue.run", "last good run", "no run has ended well yet", look)
        return
    ago = max(0.0, now - good.finished_at)
    text = f"{duration(ago)} ago"
    if ago > max(7, config.full_every_days) * _DAY:
        yield warn("catalogue.run", "last good run", text, look)
    else:
        yield ok("catalogue.run", "last good run", text)


# -- what it all runs on ---------------------------------------------------------------------------


def tell_environment(environ: Mapping[str, str], *, root: Path = Path("/")) -> Finding:
    """One line for whoever helps."""
    parts = [
        f"smugsync {__version__}",
        f"Python {platform.python_version()}",
        f"SQLite {sqlite3.sqlite_version}",
        f"{platform.system()} {platform.release()} {platform.machine()}",
    ]
    if "INVOCATION_ID" in environ:
        parts.append("under systemd")
    if environ.get("container") or (root / ".dockerenv").exists() or (root / "run/.containerenv").exists():
        parts.append("in a container")
    return ok("environment", "environment", ", ".join(parts))
