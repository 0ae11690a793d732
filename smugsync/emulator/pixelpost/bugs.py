"""What is wrong with the application as it was published, each by a name. All were observed.

The value of the switch `upstream-bugs` is a list of words: `on` is all of them, `off` none, `mended` all
but the three that keep the documented request from working; a name adds one, `-name` takes it away.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

BUGS: Final[Mapping[str, str]] = {
    "interval": "a valid publish-date-interval or publish-date is refused as no date",
    "xml-requests": "requests in XML end in an Oops! page",
    "signed-get": "signed requests by GET end in an Oops! page (on PHP 8)",
    "sort": "only publish-date and title can be sorted by",
    "true": 'the text "true" in filter.visible means hidden',
    "digits": "lists in XML have digits as elements, which is not well-formed",
    "ids": "the id of a deleted last picture is given to the next one",
    "config": "photo.size and photo.config.get end in an Oops! page when they are signed",
    "path": "photo.path fails with unknown",
    "page": "a request without its `request` ends in an Oops! page",
}
#: What the second set of edits to the recorded copy mended.
_MENDED: Final = frozenset({"interval", "xml-requests", "signed-get"})
_GROUPS: Final[Mapping[str, frozenset[str]]] = {
    "on": frozenset(BUGS),
    "off": frozenset(),
    "mended": frozenset(BUGS) - _MENDED,
}


def read_bugs(text: str) -> frozenset[str]:
    """`on`, `off,interval`, `on,-digits` ... A name without a group before it is added to none.

    Raises ValueError with a sentence.
    """
    found: set[str] = set()
    for word in filter(None, (piece.strip().casefold() for piece in text.split(","))):
        name = word.removeprefix("-")
        if word in _GROUPS:
            found = set(_GROUPS[word])
        elif name not in BUGS:
            known = ", ".join((*_GROUPS, *BUGS))
            raise ValueError(f"upstream-bugs is a list of {known} or -NAME, not {text!r}")
        elif word == name:
            found.add(name)
        else:
            found.discard(name)
    return frozenset(found)
