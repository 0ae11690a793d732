"""Which albums are wanted, and which local files are never sent: gitignore patterns over their paths."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

#: Names, of files and of folders, that are never sent nor looked into; case does not matter.
LEFT_ALONE: Final = (
    # Hidden ones, among them `.DS_Store`, `._*`, `.@__thumb` and `.~lock.*`.
    ".*",
    # What NAS systems keep in every folder: thumbnails, recycle bins, snapshots.
    *("@eaDir", "@tmp", "@Recycle", "@__thumb", "#recycle", "#snapshot", "SYNOFILE_THUMB_*", "lost+found"),
    # What Windows leaves behind.
    *("Thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "Icon\r", "$RECYCLE.BIN"),
    "System Volume Information",
)
#: Names of files that are never sent; case does not matter.
NEVER_SENT: Final = (
    # Sidecars: what programs and cameras write beside a photo or a film.
    *("*.xmp", "*.aae", "*.thm", "*.lrv", "*.lrf", "*.dop", "*.pp3", "*.arp", "*.cos", "*.nksc", "*.on1"),
    *("*.json", "*.xml", "*.txt", "*.md5", "*.sfv", "*.gpx", "*.srt", "*.ini", "*.log"),
    # Files that are still being made: downloads, copies, documents that are open.
    *("*.part", "*.partial", "*.filepart", "*.crdownload", "*.download", "*.tmp", "*.temp", "*.!ut"),
    *("*~", "~$*", "*.swp", "*.bak"),
)
_OURS: Final = ".smugsync"


def selector(include: Iterable[str], exclude: Iterable[str]) -> Callable[[str], bool]:
    """Tell whether the album at a UrlPath (`/Travel/Iceland`) is wanted.

    Patterns are those of gitignore, the account's root being the top. Without `include` every album
    is wanted; `exclude` always has the last word. Raises ValueError for a pattern that means nothing.
    """
    wanted, unwanted = _patterns(include), _patterns(exclude)

    def selected(url_path: str) -> bool:
        # The slash at the end makes it a directory, which is what `/Travel/` asks for.
        path = url_path.strip("/") + "/"
        if wanted is not None and not wanted.match_file(path):
            return False
        return unwanted is None or not unwanted.match_file(path)

    return selected


def ignorer(patterns: Iterable[str] = ()) -> Callable[[str], bool]:
    """Tell whether a path, relative to the mirror, is left alone; that of a folder ends with `/`.

    `patterns` are a person's, in the syntax of gitignore, the mirror being the top; what none of them
    speaks of goes by `LEFT_ALONE` and `NEVER_SENT`, so that `!*.json` sends those after all. What is
    inside a folder that is left alone is left alone, unless a pattern of theirs names it. Nothing brings
    back what is ours, `.smugsync`. Raises ValueError for a pattern that means nothing.
    """
    theirs = _patterns(patterns)

    def ignored(path: str) -> bool:
        if path.startswith(_OURS) or f"/{_OURS}" in path:
            return True
        if theirs is not None and (said := theirs.check_file(path).include) is not None:
            return said
        return _BY_DEFAULT.search(path.lower()) is not None

    return ignored


def _patterns(lines: Iterable[str]) -> GitIgnoreSpec | None:
    """None where there are none, as mostly: the package would take a tenth of the start of a run."""
    lines = tuple(lines)
    if not lines:
        return None
    from pathspec import GitIgnoreSpec  # noqa: PLC0415 - see above

    spec = GitIgnoreSpec.from_lines(lines)
    return spec if spec.patterns else None


def _expression(names: Iterable[str]) -> str:
    """The names, in which `*` stands for any characters, as alternatives of a regular expression."""
    return "|".join(re.escape(name.lower()).replace(r"\*", "[^/]*") for name in names)


_BY_DEFAULT: Final = re.compile(
    rf"(?:^|/)(?:(?:{_expression(LEFT_ALONE)})(?:/|\Z)|(?:{_expression(NEVER_SENT)})\Z)", re.DOTALL
)
