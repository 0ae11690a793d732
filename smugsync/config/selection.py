"""Which albums are wanted: gitignore patterns over UrlPaths."""

from __future__ import annotations

from collections.abc import Callable, Iterable


def selector(include: Iterable[str], exclude: Iterable[str]) -> Callable[[str], bool]:
    """Tell whether the album at a UrlPath (`/Travel/Iceland`) is wanted.

    Patterns are those of gitignore, the account's root being the top. Without `include` every album
    is wanted; `exclude` always has the last word. Raises ValueError for a pattern that means nothing.
    """
    from pathspec import GitIgnoreSpec  # noqa: PLC0415 - 40 ms that `--help` need not wait for

    wanted, unwanted = GitIgnoreSpec.from_lines(include), GitIgnoreSpec.from_lines(exclude)

    def selected(url_path: str) -> bool:
        # The slash at the end makes it a directory, which is what `/Travel/` asks for.
        path = url_path.strip("/") + "/"
        return (not wanted.patterns or wanted.match_file(path)) and not unwanted.match_file(path)

    return selected
