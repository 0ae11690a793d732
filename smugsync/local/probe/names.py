"""Which names does a disk take, and does it show them as they were written?"""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Final

from smugsync.core.naming import fold
from smugsync.local.probe.bench import FATAL, Bench
from smugsync.records import dataclass

MAX_BYTES: Final = 255  # NAME_MAX of Linux

#: Characters that Windows and its file systems have other uses for.
FORBIDDEN: Final = ':?*"<>|\\'
#: Names that Windows cannot hold, by what is special about them.
AWKWARD: Final = {"a dot at the end": "dot.", "a blank at the end": "blank ", "device names": "con"}
#: Letters of one, two, three and four bytes in UTF-8; all four of them are everyday in photo names.
LETTERS: Final = ("é", "ж", "日", "😀")

_MIXED, _LOWER = "Probe.JPG", "probe.jpg"
_COMPOSED, _DECOMPOSED = "caf\u00e9.jpg", "cafe\u0301.jpg"
_THREE_BYTES: Final = "日"


@dataclass(frozen=True, slots=True)
class Names:
    """`refused` and `awkward` come not back as written, or not at all; `letters` likewise.

    `respelt` are pairs of a name as it was made and as it is listed. `longest` and `longest_letters` are
    in bytes, of plain letters and of those that take three bytes each; at most 255.
    """

    folds_case: bool = False
    folds_forms: bool = False  #: é as one character or as two is the same name
    respelt: tuple[tuple[str, str], ...] = ()
    refused: str = ""
    awkward: tuple[str, ...] = ()
    letters: tuple[str, ...] = ()
    longest: int = MAX_BYTES
    longest_letters: int = MAX_BYTES


def probe_names(bench: Bench) -> Names:
    """Try them all. Raises OSError when the disk itself fails."""
    cased, mixed = _made(bench, _MIXED, _LOWER)
    formed, composed = _made(bench, _COMPOSED, _DECOMPOSED)
    pairs = ((_MIXED, mixed), (_COMPOSED, composed))
    return Names(
        folds_case=cased,
        folds_forms=formed,
        respelt=tuple((made, listed) for made, listed in pairs if listed not in (made, None)),
        refused="".join(one for one in FORBIDDEN if not _comes_back(bench, f"a{one}b")),
        awkward=tuple(what for what, name in AWKWARD.items() if not _comes_back(bench, name)),
        letters=tuple(one for one in LETTERS if not _is_taken(bench, f"a{one}b")),
        longest=_longest(MAX_BYTES, lambda count: _is_taken(bench, "x" * count)),
        longest_letters=3 * _longest(MAX_BYTES // 3, lambda count: _is_taken(bench, _THREE_BYTES * count)),
    )


def _made(bench: Bench, name: str, twin: str) -> tuple[bool, str | None]:
    """Whether `twin` leads to a file made as `name`, and what that is listed as; None if it is refused."""
    found: list[bool] = []
    listed = _try(bench, name, lambda: found.append(bench.has(twin)))
    return any(found), listed


def _comes_back(bench: Bench, name: str) -> bool:
    return _try(bench, name) == name


def _is_taken(bench: Bench, name: str) -> bool:
    """Whether it comes back, perhaps in another spelling, but neither shortened nor with letters replaced."""
    listed = _try(bench, name)
    return listed is not None and fold(listed) == fold(name)


def _try(bench: Bench, name: str, look: Callable[[], object] = lambda: None) -> str | None:
    """Make a file, `look`, remove it: what it was listed as, None if the disk refuses the name."""
    before = bench.names()
    try:
        bench.create(name)
    except OSError as error:
        if error.errno in FATAL and error.errno != errno.EIO:  # some shares say EIO to a name they cannot map
            raise
        return None
    look()
    listed = sorted(bench.names() - before)
    bench.remove(name)
    return listed[0] if listed else name


def _longest(most: int, fits: Callable[[int], bool]) -> int:
    """The largest count up to `most` that `fits`, 0 if none does."""
    if fits(most):
        return most
    least, beyond = 0, most
    while beyond - least > 1:
        middle = (least + beyond) // 2
        if fits(middle):
            least = middle
        else:
            beyond = middle
    return least
