"""Put unit files in their places, and know them again: what a person changed is never written over."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path

from smugsync.records import dataclass

_HEAD = re.compile(r"# Written by `smugsync install-units`[^\n]*\n(?:#[^\n]*\n)*?# ([0-9a-f]{16})\n\n")


@dataclass(frozen=True, slots=True)
class Placed:
    """A unit file: where it lies, and what was done: `written`, `replaced`, `unchanged`, `kept`."""

    path: Path
    what: str


def signed(text: str, advice: str) -> str:
    """`text` below a head that says who wrote it, how to change it, and its digest."""
    head = "# Written by `smugsync install-units`, which writes it anew unless you change it."
    return f"{head}\n# {advice}\n# {_digest(text)}\n\n{text}"


def place(directory: Path, texts: Mapping[str, str], *, force: bool) -> list[Placed]:
    """Write every text (name below `directory` -> text, `signed`), each at once and whole.

    A file that somebody changed, or that is not ours, is kept, unless `force`: then it stays beside ours as
    `NAME.orig`, which systemd does not read. Raises OSError.
    """
    return [_place(directory / name, text, force=force) for name, text in texts.items()]


def _place(path: Path, text: str, *, force: bool) -> Placed:
    try:
        before = path.read_text("utf-8", errors="surrogateescape")
    except FileNotFoundError:
        before = None
    if before == text:
        return Placed(path, "unchanged")
    foreign = before is not None and not _is_ours(before)
    if foreign and not force:
        return Placed(path, "kept")
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    if foreign:
        os.link(path, _free(path))
    passing = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        handle = os.open(passing, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            os.fchmod(handle, 0o644)  # the service manager reads it, and so may everybody
            file.write(text)
        passing.replace(path)
    finally:
        passing.unlink(missing_ok=True)
    return Placed(path, "written" if before is None else "replaced")


def _is_ours(text: str) -> bool:
    """Whether we wrote exactly this."""
    head = _HEAD.match(text)
    return head is not None and head[1] == _digest(text[head.end() :])


def _free(path: Path) -> Path:
    """A name beside `path` that is not taken."""
    number, name = 1, path.with_name(f"{path.name}.orig")
    while os.path.lexists(name):
        number += 1
        name = path.with_name(f"{path.name}.orig{number}")
    return name


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]
