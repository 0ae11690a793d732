"""May this plan run? What would be lost is counted before anything is; what looks wrong is withheld.

A guard withholds only losses, never the backup of the rest. A mark is no loss: the file stays under its
name, so what is proven gone is marked whatever its number. Files that would go to the trash are counted.
"""

from __future__ import annotations

from collections.abc import Sequence

from smugsync.records import dataclass

#: So far two clocks may be apart and still agree on the day, in seconds.
CLOCKS_AGREE = 3600
#: So many albums a reason names.
_NAMED = 3


@dataclass(frozen=True, slots=True)
class MaxLoss:
    """How much may vanish within a day: more than `files`, and more than `share` of all that is held, is too
    much. A whole album of `album` files or more is too much as well.
    """

    files: int = 20
    share: float = 0.05
    album: int = 3


@dataclass(frozen=True, slots=True)
class AlbumLoss:
    """What one album is about to lose: `losing` of the `held` files that are here of it.

    `staying`: how many of them are online still; None = those that are not lost. `gone`: how many more it has
    lost within the last day.
    """

    key: str
    name: str
    held: int
    losing: int
    staying: int | None = None
    gone: int = 0

    @property
    def is_whole(self) -> bool:
        """Will nothing be left of the album?"""
        return not (self.held - self.losing if self.staying is None else self.staying)


@dataclass(frozen=True, slots=True)
class Withheld:
    """A loss that must not happen by itself. `album_key` None means the whole account's losses.

    `reason` is the rest of a sentence that begins with the album's name, or with "account:".
    """

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


def view_narrowed(*, was_whole: bool, is_whole: bool | None) -> Withheld | None:
    """What visitors are not shown is not gone: an account that was seen whole proves nothing by halves."""
    if not was_whole or is_whole is not False:
        return None
    return Withheld(None, "only what visitors see of it is shown now; nothing of it is taken as gone")


def check(
    losses: Sequence[AlbumLoss], *, held: int, limits: MaxLoss, gone: int = 0, elsewhere: int = 0
) -> tuple[Withheld, ...]:
    """What of `losses` must be withheld, given `held` files in the whole account, these among them.

    What was lost within the last day counts (`gone` files in all), and what is to be lost where this run has
    not looked (`elsewhere`): or else many small losses would pass where a large one does not.
    """
    losses = [loss for loss in losses if loss.losing]
    if not losses:
        return ()
    withheld = [
        Withheld(loss.key, f"would lose all of its {loss.held:,} files")
        for loss in losses
        if loss.held + loss.gone >= limits.album and loss.is_whole
    ]
    total = sum(loss.losing for loss in losses) + elsewhere + gone
    held += gone
    allowed = max(limits.files, int(held * limits.share))
    if total > allowed:
        when = "within a day" if gone else "at once"
        withheld.append(
            Withheld(
                None,
                f"{total:,} of {held:,} files would be lost {when} ({_worst(losses, elsewhere, gone)}); "
                f"at most {allowed:,} may be",
            )
        )
    return tuple(withheld)


def too_many_edits(*, edits: int, sent: int, held: int, limits: MaxLoss) -> Withheld | None:
    """Edits that are about to take the place of what is online, beside those `sent` within the last day.

    So many at once are seldom a person's: a program may have gone through all files, or encrypted them.
    """
    allowed = max(limits.files, int(held * limits.share))
    if not edits or edits + sent <= allowed:
        return None
    when = "within a day" if sent else "at once"
    return Withheld(
        None,
        f"{edits + sent:,} of {held:,} files would be replaced online {when}, because they were edited here; "
        f"at most {allowed:,} may be",
    )


def agreed_time(*, ours: float, theirs: float | None, last: float) -> float | None:
    """The time by which old things may be deleted (epoch seconds): the earlier of two clocks that agree.

    None if there is no second witness, if the two are apart, or if ours went back behind `last`, which it
    has shown before.
    """
    if theirs is None or abs(ours - theirs) > CLOCKS_AGREE or ours < last:
        return None
    return min(ours, theirs)


def _worst(losses: Sequence[AlbumLoss], elsewhere: int, gone: int) -> str:
    most = sorted(losses, key=lambda loss: (-loss.losing, loss.name))
    parts = [f"{loss.losing:,} of {loss.name}" for loss in most[:_NAMED]]
    rest = sum(loss.losing for loss in most[_NAMED:]) + elsewhere
    if rest:
        parts.append(f"{rest:,} of others")
    if gone:
        parts.append(f"{gone:,} that left already")
    return ", ".join(parts)
