"""What is asked of a keeper, and how wishes that wait are merged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from typing import Any

from smugsync.records import dataclass, replace
from smugsync.sync.context import Scope

#: So many paths are looked at singly; where more have changed, every album is looked at as by a poll.
MOST_PATHS = 2000

#: Is told what becomes of a wish, in messages of `protocol`. Called by the keeper's thread; must not block.
Listener = Callable[[Mapping[str, Any]], None]


class Asker(IntEnum):
    """Who asked; a person's wish is done at once, whatever the hour."""

    WATCHER = 0
    SCHEDULE = 1
    PERSON = 2


@dataclass(frozen=True, slots=True)
class Wish:
    """A run that is asked for. `exact`: not to become a look at everything by itself."""

    scope: Scope
    asker: Asker = Asker.SCHEDULE
    exact: bool = False
    listeners: tuple[Listener, ...] = ()

    @property
    def by_person(self) -> bool:
        return self.asker is Asker.PERSON

    @property
    def is_done_offline(self) -> bool:
        """It asks nothing of the service."""
        return self.scope.kind == "verify"


#: What is done first of what one asker asked for: new local files, then the account, then old files.
_ORDER = ("paths", "albums", "upload", "delta", "everything", "verify")


def merge(waiting: Sequence[Wish], new: Wish) -> list[Wish]:
    """`waiting` and `new`, with as few runs as possible: equal scopes are one run, a look at everything is
    also a poll, and paths are looked at together."""
    kept: list[Wish] = []
    for wish in waiting:
        scope = _together(wish.scope, new.scope)
        if scope is None:
            kept.append(wish)
        else:
            new = Wish(
                scope,
                max(wish.asker, new.asker),
                wish.exact and new.exact,
                (*wish.listeners, *new.listeners),
            )
    return [*kept, new]


def first(wishes: Sequence[Wish]) -> Wish | None:
    """Whose turn it is: a person's wish, and else what takes the least time."""
    return min(wishes, key=lambda wish: (not wish.by_person, _ORDER.index(wish.scope.kind)), default=None)


def _together(one: Scope, other: Scope) -> Scope | None:
    """The scope that does what both ask for, None if there is none."""
    if one == other:
        return one
    kinds = {one.kind, other.kind}
    if kinds == {"everything", "delta"}:
        return one if one.kind == "everything" else other
    if kinds == {"paths"}:
        paths = tuple(dict.fromkeys((*one.paths, *other.paths)))
        return replace(one, paths=paths) if len(paths) <= MOST_PATHS else Scope("delta")
    return None
