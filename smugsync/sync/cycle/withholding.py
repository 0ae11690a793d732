"""What of a cycle's losses a guard withholds, and what a person has accepted.

Small losses are weighed together: what left within the last day, and what is to leave from albums that this
run did not look into. Otherwise what is withheld at once would go in pieces.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import field

from smugsync.catalogue import AlbumRow, FileRow
from smugsync.core import guard
from smugsync.core.lifecycle import State
from smugsync.core.model import Account
from smugsync.errors import SuspiciousPlan
from smugsync.records import dataclass, replace
from smugsync.sync.context import Context
from smugsync.sync.report import What

#: What has left within so many seconds counts as if it was to leave now: a day, but not two runs of a daily
#: job.
_A_DAY = 20 * 3600
#: Where the catalogue remembers the last run in which a person accepted losses.
_ACCEPTED = "loss_accepted"
#: And whether everything of the account was shown, as to its owner.
_VIEW, _WHOLE = "view", "whole"


def may_replace(context: Context, edits: int) -> bool:
    """May so many edits go up? If not, it is told."""
    catalogue, options = context.catalogue, context.options
    if options.accept_loss:
        with catalogue.transaction():
            catalogue.remember(_ACCEPTED, str(context.run))
        return True
    sent = catalogue.times_done(
        What.SENT_EDIT.name.lower(),
        since=int(context.now()) - _A_DAY,
        after=int(catalogue.recall(_ACCEPTED) or 0),
    )
    withheld = guard.too_many_edits(edits=edits, sent=sent, held=catalogue.held(), limits=options.max_loss)
    if withheld is None:
        return True
    context.report.trouble(
        "account",
        f"{withheld.reason}; if that is right, `smugsync sync --accept-loss` sends them",
        code=SuspiciousPlan.exit_code,
    )
    return False


@dataclass(frozen=True, slots=True)
class Leaving:
    """What was marked by an earlier cycle and is to leave the mirror; `listed`: the keys still online."""

    album: AlbumRow
    rows: Sequence[FileRow]
    listed: Collection[str] = ()


@dataclass(slots=True)
class Withholding:
    """What a guard withholds in one run. It is told once."""

    context: Context
    _withheld: set[str | None] = field(default_factory=set)  #: albums' keys; None = the whole account

    def holds(self, album_key: str, row: FileRow) -> bool:
        """May this file not leave?"""
        return row.state is State.RETIRED and not self._withheld.isdisjoint((None, album_key))

    def weigh(self, leaving: Iterable[Leaving], *, moving: Container[str] = ()) -> None:
        """Look at all that is to leave. `moving`: keys of photos that may only have moved: no loss."""
        catalogue, options = self.context.catalogue, self.context.options
        found = [replace(one, rows=[row for row in one.rows if row.key not in moving]) for one in leaving]
        if options.accept_loss or not any(one.rows for one in found):
            return
        gone = catalogue.left(
            since=int(self.context.now()) - _A_DAY, after=int(catalogue.recall(_ACCEPTED) or 0)
        )
        losses = [self._loss(one, moving, gone.get(one.album.id, 0)) for one in found if one.rows]
        elsewhere = self._marked_besides({one.album.id for one in found})
        held = catalogue.held() + sum(loss.losing for loss in losses) + elsewhere
        names = {loss.key: loss.name for loss in losses}
        withheld = guard.check(
            losses, held=held, limits=options.max_loss, gone=sum(gone.values()), elsewhere=elsewhere
        )
        for item in withheld:
            if item.album_key not in self._withheld:
                self._withheld.add(item.album_key)
                self._tell(item, names, "", "moves them to the trash")

    def weigh_marks(self, marking: Iterable[tuple[AlbumRow, int]]) -> frozenset[str]:
        """The keys of albums of which so many photos must not be marked as gone for having been counted out;
        it is told."""
        catalogue, options = self.context.catalogue, self.context.options
        shown = [(album, n, catalogue.count_shown(album.id)) for album, n in marking if n]
        losses = [guard.AlbumLoss(album.key, album.directory, held, n) for album, n, held in shown]
        if options.accept_loss or not losses:
            return frozenset()
        withheld = guard.check(losses, held=max(catalogue.held(), 1), limits=options.max_loss)
        names = {loss.key: loss.name for loss in losses}
        for item in withheld:
            self._tell(item, names, ", by a list and a number alone", "marks them as gone")
        doubted = frozenset(item.album_key for item in withheld if item.album_key is not None)
        return doubted if len(doubted) == len(withheld) else frozenset(names)

    def _tell(self, item: guard.Withheld, names: Mapping[str, str], how: str, consequence: str) -> None:
        self.context.report.trouble(
            "account" if item.album_key is None else names[item.album_key],
            f"{item.reason}{how}; if that is right, `smugsync sync --accept-loss` {consequence}",
            code=SuspiciousPlan.exit_code,
        )

    def remember_acceptance(self) -> None:
        """If a person accepts the losses of this run, nothing that left until now counts any more."""
        if self.context.options.accept_loss:
            with self.context.catalogue.transaction():
                self.context.catalogue.remember(_ACCEPTED, str(self.context.run))

    def is_narrowed(self, account: Account) -> bool:
        """Are we shown less than we were, so that nothing is proven gone? Then it is told."""
        whole = self.context.catalogue.recall(_VIEW) == _WHOLE
        narrowed = guard.view_narrowed(was_whole=whole, is_whole=account.whole)
        if narrowed is None or self.context.options.accept_loss:
            return False
        self.context.report.trouble(
            "account",
            f"{narrowed.reason}: `smugsync auth login` asks for everything again; if it is to be like that, "
            "`smugsync sync --accept-loss` believes it once",
            code=SuspiciousPlan.exit_code,
        )
        return True

    def remember_view(self, account: Account) -> None:
        """What is shown now, unless it is less than before and nobody has accepted that."""
        catalogue, accepts = self.context.catalogue, self.context.options.accept_loss
        if account.whole or (accepts and account.whole is not None):
            with catalogue.transaction():
                catalogue.remember(_VIEW, _WHOLE if account.whole else "part")

    def _loss(self, leaving: Leaving, moving: Container[str], gone: int) -> guard.AlbumLoss:
        album = leaving.album
        held = [row for row in self.context.catalogue.files(album.id).values() if row.held_md5 is not None]
        staying = sum(row.key in leaving.listed or row.key in moving for row in held)
        return guard.AlbumLoss(album.key, album.directory, len(held), len(leaving.rows), staying, gone)

    def _marked_besides(self, albums: Container[int]) -> int:
        """How many files are to leave from albums that this run did not look into."""
        catalogue, options = self.context.catalogue, self.context.options
        by = self.context.marked_by
        marked = {} if by is None else catalogue.marked(by=by)
        return sum(
            n
            for album_id, n in marked.items()
            if album_id not in albums and options.selects(catalogue.album(album_id).url_path)
        )
