"""May this plan run? What would be lost is counted before anything is; what looks wrong is withheld.

A guard withholds only losses (retiring, forgetting, trashing, replacing), never the backup of the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MaxLoss:
    """How much may vanish at once: more than `files`, and more than `share` of all that is held, is too much.

    A whole album of `album` files or more is too much as well.
    """

    files: int = 20
    share: float = 0.05
    album: int = 3


@dataclass(frozen=True, slots=True)
class AlbumLoss:
    """What one album is about to lose: `proven` of the `losing` files answered 404 at their own address."""

    key: str
    name: str
    held: int
    losing: int
    proven: int = 0


@dataclass(frozen=True, slots=True)
class Withheld:
    """A loss that must not happen by itself. `album_key` None means the whole account's losses."""

    album_key: str | None
    reason: str


def account_vanished(*, held_albums: int, listed_albums: int) -> Withheld | None:
    """An account that lists no album where it had some is a fault until a person says otherwise."""
    if held_albums == 0 or listed_albums > 0:
        return None
    return Withheld(None, f"the account lists no albums, but {held_albums:,} are mirrored")


def album_contradicts(*, name: str, key: str, listed: int, counted: int | None) -> Withheld | None:
    """A complete listing that the album's own ImageCount contradicts proves no absence."""
    if counted is None or counted == listed:
        return None
    return Withheld(
        key, f"album {name} lists {listed:,} files but counts {counted:,}; nothing of it is taken as gone"
    )


def check(losses: Sequence[AlbumLoss], *, held: int, limits: MaxLoss, archive: bool) -> tuple[Withheld, ...]:
    """What of `losses` must be withheld, given `held` files in the whole account.

    In archive mode a loss is only marked, so one that is proven by 404 raises no alarm.
    """
    counted = {loss.key: loss.losing - (loss.proven if archive else 0) for loss in losses}
    withheld = [
        Withheld(loss.key, f"album {loss.name} would lose all of its {loss.held:,} files")
        for loss in losses
        if loss.held >= limits.album and counted[loss.key] >= loss.held
    ]
    total = sum(counted.values())
    allowed = max(limits.files, int(held * limits.share))
    if total > allowed:
        withheld.append(
            Withheld(None, f"{total:,} of {held:,} files would be lost at once; at most {allowed:,} may be")
        )
    return tuple(withheld)
