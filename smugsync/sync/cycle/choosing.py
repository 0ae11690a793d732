"""Which albums a person means."""

from __future__ import annotations

import difflib

from smugsync.core.model import Album
from smugsync.errors import UsageError


def choose(wanted: tuple[str, ...], albums: list[Album]) -> list[Album]:
    """The albums a person means: by key, by UrlPath, or by a name that only one of them has, in any case."""
    chosen: dict[str, Album] = {}
    for text in wanted:
        folded = text.casefold().rstrip("/")
        matches = [a for a in albums if a.key == text]
        matches = matches or [a for a in albums if a.url_path.casefold().strip("/") == folded.strip("/")]
        matches = matches or [a for a in albums if a.name.casefold() == folded]
        if len(matches) == 1:
            chosen[matches[0].key] = matches[0]
        elif matches:
            alike = len({a.url_path.casefold() for a in matches}) < len(matches)
            told = sorted(f"{a.key} is {a.url_path}" if alike else a.url_path for a in matches)[:5]
            by = "key" if alike else "path"
            raise UsageError(
                f"{len(matches)} albums are called {text!r}: name one by its {by} ({', '.join(told)})"
            )
        else:
            candidates = [a.url_path for a in albums] + [a.name for a in albums]
            near = difflib.get_close_matches(text, candidates, n=3, cutoff=0.5)
            hint = f"; did you mean {' or '.join(repr(n) for n in near)}?" if near else ""
            raise UsageError(f"there is no album {text!r} in this account{hint}")
    return list(chosen.values())
