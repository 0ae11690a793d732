"""A directory as a small drawing: folders with their number of files, and the files worth a word."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from smugsync.cli.summary import plural
from smugsync.progress import elide, width
from smugsync.records import dataclass

_UNICODE = ("├── ", "└── ", "│   ", "    ")
_ASCII = ("|-- ", "`-- ", "|   ", "    ")
_GAP = 2
_SHORT = 12


@dataclass(frozen=True, slots=True)
class Line:
    """`branch` is drawn, `name` is a file or directory, `note` says something about it."""

    branch: str
    name: str
    note: str


def draw(
    root: Path,
    notes: Mapping[str, str],
    *,
    shelf: tuple[str, Mapping[str, str]] | None = None,
    columns: int,
    plain: bool = False,
) -> Iterator[Line]:
    """The directories below `root`, hidden ones left out, and those files that have a note.

    `notes` go by path relative to `root`; a directory's note follows its count. `shelf` is one hidden
    directory to show all the same, with notes on files by path below it. Lines are at most `columns`
    wide: where they would be wider, notes are not aligned and names lose their middle. `plain` draws
    in ASCII.
    """
    signs = _ASCII if plain else _UNICODE
    drawn = list(_walk(root, "", "", notes, signs, more=shelf is not None))
    if shelf is not None:
        drawn.append((signs[1], shelf[0], ""))
        drawn += [(signs[3] + signs[1], path, note) for path, note in shelf[1].items()]
    widest = max((width(branch + name) for branch, name, _ in drawn), default=0)
    longest = max((width(note) for _, _, note in drawn), default=0)
    aligned = widest + _GAP + longest <= columns
    for branch, name, note in drawn:
        room = columns - width(branch)
        if not note:
            yield Line(branch, elide(name, room), "")
        elif aligned:
            yield Line(branch, name + " " * (widest - width(branch + name) + _GAP), note)
        else:  # a name may shrink, but not to nothing
            shown = elide(name, max(_SHORT, room - _GAP - width(note)))
            yield Line(branch, shown + " " * _GAP, elide(note, room - _GAP - width(shown)))


def _walk(
    directory: Path,
    prefix: str,
    relative: str,
    notes: Mapping[str, str],
    signs: Sequence[str],
    *,
    more: bool = False,
) -> Iterator[tuple[str, str, str]]:
    with os.scandir(directory) as found:
        entries = sorted((one for one in found if not one.name.startswith(".")), key=lambda one: one.name)
    shown = [one for one in entries if one.is_dir() or f"{relative}{one.name}" in notes]
    for entry in shown:
        last = entry is shown[-1] and not more
        path = f"{relative}{entry.name}"
        note = notes.get(path, "")
        if entry.is_dir():
            note = ", ".join(filter(None, (_count(Path(entry.path)), note)))
        yield prefix + signs[1 if last else 0], entry.name, note
        if entry.is_dir():
            below = prefix + signs[3 if last else 2]
            yield from _walk(Path(entry.path), below, f"{path}/", notes, signs)


def _count(directory: Path) -> str:
    """How many files lie right in it; nothing for a folder that only holds others."""
    with os.scandir(directory) as found:
        kinds = [entry.is_dir() for entry in found]
    files = kinds.count(False)
    return "empty" if not kinds else plural(files, "file") if files else ""
