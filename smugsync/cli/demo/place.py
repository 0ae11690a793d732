"""Where the demo may work: a directory of its own, which carries a mark that only the demo leaves."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from smugsync.errors import MirrorUnusable, SuspiciousPlan, UsageError
from smugsync.local.handles import OURS
from smugsync.local.tree import Mirror

#: Beside the mirror's own marker, so that outside `.smugsync/` there is nothing but photos.
_MARK = "demo"
_WORDS = "Made by `smugsync demo`; `smugsync demo --fresh` empties the whole directory.\n"


def prepare(path: Path, *, nickname: str, fresh: bool) -> None:
    """Make `path` an empty directory with the demo's mark; `fresh` empties one that has the mark.

    Raises UsageError when `path` is anything else than missing, empty or the demo's own, and
    SuspiciousPlan when somebody made the demo's directory the mirror of another account than `nickname`.
    """
    try:
        _claim(path, nickname=nickname, fresh=fresh)
    except OSError as error:
        raise MirrorUnusable(f"{path} cannot be used for the demo: {error.strerror or error}") from error


def _claim(path: Path, *, nickname: str, fresh: bool) -> None:
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        raise UsageError(f"{path} is not a directory: name one that does not exist yet, with --mirror DIR")
    path.mkdir(parents=True, exist_ok=True)
    if not any(path.iterdir()):
        (path / OURS).mkdir()
        (path / OURS / _MARK).write_text(_WORDS, encoding="utf-8")
        return
    if not _is_ours(path):
        raise UsageError(
            f"{path} is not empty and was not made by the demo, so it stays as it is: "
            "name a directory that does not exist yet, with --mirror DIR"
        )
    if not fresh:
        raise UsageError(f"{path} is the mirror of an earlier demo: give --fresh to empty it and begin anew")
    _refuse_others(path, nickname)
    _empty(path)


def _is_ours(path: Path) -> bool:
    mark = path / OURS / _MARK
    if (path / OURS).is_symlink() or mark.is_symlink() or not mark.is_file():
        return False
    with mark.open(encoding="utf-8", errors="replace") as file:
        return file.read(len(_WORDS) + 1) == _WORDS


def _refuse_others(path: Path, nickname: str) -> None:
    with Mirror.open(path) as mirror:
        marker = mirror.read_marker()
    if marker is not None and marker.account and marker.nickname != nickname:
        raise SuspiciousPlan(
            f"{path} was made by the demo, but is the mirror of {marker.nickname or 'another account'} now: "
            "it stays as it is"
        )


def _empty(path: Path) -> None:
    """Remove everything but the mark, which so outlives an emptying that is interrupted."""
    for directory, kept in ((path, OURS), (path / OURS, _MARK)):
        with os.scandir(directory) as entries:
            found = [entry for entry in entries if entry.name != kept]
        for entry in found:
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path)
            else:
                Path(entry.path).unlink()
