"""HTML from values: whatever is not markup already is escaped, so that no name can become any."""

from __future__ import annotations

import html
from typing import Final

from smugsync.core.printable import printable

_VOID: Final = frozenset({"meta", "link", "input", "br"})


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Child = Markup | str | int | None


def tag(name: str, /, *children: Child, **attributes: str | int | bool | None) -> Markup:
    """An element. None is no child and no attribute, True an attribute without a value.

    `class_` is `class`, `aria_label` is `aria-label`.
    """
    shown = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{_escaped(str(value))}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in _VOID:
        return Markup(f"<{name}{shown}>")
    return Markup(f"<{name}{shown}>{joined(*children)}</{name}>")


def joined(*children: Child) -> Markup:
    """One after the other."""
    return Markup(
        "".join(one if isinstance(one, Markup) else _escaped(str(one)) for one in children if one is not None)
    )


def name(text: str) -> Markup:
    """A name from elsewhere: it keeps its own direction of writing, and turns nothing else around."""
    return tag("bdi", text)


def _escaped(text: str) -> str:
    return html.escape(printable(text), quote=True)
