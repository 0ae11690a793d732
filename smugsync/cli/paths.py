"""A path as a person types it -> where it is in the mirror."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from smugsync.errors import UsageError


def in_mirror(mirror: Path, text: str, *, known: Callable[[str], bool] = lambda path: False) -> str:
    """`text` relative to the mirror, with slashes; it need not exist.

    It may be absolute, relative to the mirror, or to the current directory if that is inside; `known` decides
    where both could be meant. Raises UsageError for what lies outside.
    """
    if not text or any("\ud800" <= one <= "\udfff" for one in text):
        raise UsageError(f"{text!r} is no path of a mirrored file")
    here = _below(mirror, Path.cwd() / text)
    there = None if Path(text).is_absolute() else _below(mirror, mirror / text)
    if here is not None and (there is None or not known(there)):
        return here
    if there is None:
        raise UsageError(f"{text} is outside the mirror {mirror}")
    return there


def _below(mirror: Path, path: Path) -> str | None:
    """`path` relative to the mirror, whichever way the two are spelt; None if it is not below it."""
    plain = Path(os.path.normpath(path))  # a link at the end of a path is not followed
    for candidate in (plain, plain.parent.resolve() / plain.name):
        for base in (mirror.absolute(), mirror.resolve()):
            if base in candidate.parents:
                return candidate.relative_to(base).as_posix()
    return None
