"""The drop-in of one service of one profile: what depends on the configuration, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath

from smugsync.cli.units.access import is_hidden
from smugsync.cli.units.needs import Needs
from smugsync.cli.units.words import mount_unit, word, words

DAEMON = "smugsync@.service"


def system_drop_in(needs: Needs, service: str, mount_points: Iterable[PurePath]) -> str:
    """For the system's `service`; `mount_points` are those that are, or may be, on this machine.

    The daemon waits for a mirror whose disk is missing, so it is only to start after the disk; a job that
    runs once has nothing to do without it.
    """
    points = {Path(point) for point in mount_points} - {Path("/")}
    disks = sorted({point for path in needs.late if (point := _point(path, points))})
    daemon = service == DAEMON
    unit = []
    requires = [needs.state_dir] if needs.state_dir is not None else []
    if not daemon:
        requires += needs.late
    if requires:
        unit.append(f"RequiresMountsFor={words(map(str, requires))}")
    if daemon and disks:
        names = " ".join(map(mount_unit, disks))
        unit += [
            "# Not RequiresMountsFor: it waits for a missing disk, and goes on when it is there.",
            f"Wants={names}",
            f"After={names}",
        ]
    own = [needs.state_dir] if needs.state_dir is not None else []
    lines = [f"User={word(needs.user)}", *_environment(needs)]
    if needs.state_dir is not None:
        lines.append("StateDirectory=")
    writable = [*(f"-{path}" for path in _both((*needs.late, *needs.written))), *map(str, _both(own))]
    lines.append(f"ReadWritePaths={words(writable)}")
    lines += _homes(needs, own, points)
    return _text(unit, lines)


def personal_drop_in(needs: Needs) -> str:
    """For a person's own service manager; "" where the units say all that is needed."""
    return _text([], _environment(needs)) if needs.environment else ""


def _text(unit: Sequence[str], service: Sequence[str]) -> str:
    sections = [("Unit", unit), ("Service", service)]
    return "\n".join("\n".join((f"[{name}]", *lines, "")) for name, lines in sections if lines)


def _environment(needs: Needs) -> list[str]:
    pairs = [f"{name}={value}" for name, value in needs.environment.items()]
    return [f"Environment={words(pairs)}"] if pairs else []


def _homes(needs: Needs, own: Sequence[Path], points: set[Path]) -> list[str]:
    """Empty homes with only that in them which is needed; nothing if nothing is needed there."""
    shown: list[str] = []
    whole: list[str] = []
    for path in _both(needs.late):
        if is_hidden(path):
            point = _point(path, points)
            # The disk as a whole: what is mounted later shows only below a directory that is there now.
            (shown if point is not None and is_hidden(point) else whole).append(f"-{point or path}")
    whole += [f"-{path}" for path in _both(needs.written) if is_hidden(path)]
    whole += [str(path) for path in _both(own) if is_hidden(path)]
    # With a dash, as all that somebody else has to make: smugsync says better than systemd what is missing.
    shown += [f"-{path}" for path in _outermost(_both(needs.read)) if is_hidden(path)]
    lines = []
    if whole:
        lines.append(f"BindPaths={words(dict.fromkeys(whole))}")
    if shown:
        lines.append(f"BindReadOnlyPaths={words(dict.fromkeys(shown))}")
    return ["ProtectHome=tmpfs", *lines] if lines else []


def _both(paths: Iterable[Path]) -> list[Path]:
    """Each path as it is called, and as what it leads to."""
    found: dict[Path, None] = {}
    for path in paths:
        found[path] = None
        found[Path(os.path.realpath(path))] = None
    return list(found)


def _outermost(paths: Sequence[Path]) -> list[Path]:
    return [
        path for path in paths if not any(path != other and path.is_relative_to(other) for other in paths)
    ]


def _point(path: Path, points: set[Path]) -> Path | None:
    """Where the disk that holds `path` is mounted; None for the root's own."""
    inside = [point for point in points if path.is_relative_to(point)]
    return max(inside, key=lambda point: len(point.parts), default=None)
