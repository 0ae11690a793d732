"""Before a cycle: is this the right disk, and what did an earlier process leave unfinished?"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from smugsync.catalogue import Catalogue
from smugsync.core import naming
from smugsync.core.model import Account
from smugsync.errors import CatalogueError, ItemError, SuspiciousPlan
from smugsync.local import marker
from smugsync.local.marker import Marker
from smugsync.local.part import RESUMABLE
from smugsync.local.tree import Mirror
from smugsync.records import replace

if TYPE_CHECKING:
    from smugsync.sync.context import Context


def check_marker(catalogue: Catalogue, mirror: Mirror) -> Marker:
    """The mirror's marker, which must be there and be the one that the catalogue belongs to.

    Raises SuspiciousPlan: an unmounted disk shows no marker, and must not be taken for an empty mirror.
    """
    found = mirror.read_marker()
    known = catalogue.recall("mirror")
    if found is None:
        raise SuspiciousPlan(
            f"{mirror.root.path} has no marker ({marker.MARKER}): if it is the mirror's disk, is it mounted? "
            "If it is a new mirror, run `smugsync init` for it"
        )
    if known is not None and found.mirror != known:
        raise SuspiciousPlan(
            f"{mirror.root.path} holds another mirror than this account's: "
            f"its id is {found.mirror}, not {known}"
        )
    return found


def check_mounts(context: Context) -> None:
    """Disks that were mounted inside the mirror at the last run must still be there.

    Raises SuspiciousPlan for a bare mount point: its photos are not lost, and would be fetched below it. One
    that is gone, or holds something, is a mount no more, and a person's business.
    """
    catalogue, mirror = context.catalogue, context.mirror
    known = _known_mounts(catalogue)
    present = mirror.mounts()
    for path in sorted(known - present):
        if mirror.is_bare(path):
            raise SuspiciousPlan(
                f"another disk was mounted at {path} in the mirror, but is not now: mount it; or remove "
                "that empty directory, and what was on the disk is fetched again"
            )
    if present != known and not context.options.dry_run:
        with catalogue.transaction():
            catalogue.remember("mounts", json.dumps(sorted(present)))


def _known_mounts(catalogue: Catalogue) -> set[str]:
    text = catalogue.recall("mounts") or "[]"
    try:
        return {str(path) for path in json.loads(text)}
    except (ValueError, TypeError, RecursionError) as error:
        raise CatalogueError(
            f"the catalogue is damaged: its list of mounts cannot be {text[:40]!r}; `smugsync fsck` looks "
            "through it, and can make a new one"
        ) from error


def bind(catalogue: Catalogue, mirror: Mirror, account: Account, *, dry_run: bool = False) -> None:
    """The mirror must be this account's; the first run makes it so.

    Raises SuspiciousPlan: another account's photos must not be mixed in.
    """
    found = check_marker(catalogue, mirror)
    check_owner(found, mirror, account)
    known = catalogue.recall("account")
    if known and known != account.root:
        raise SuspiciousPlan(
            f"the catalogue is that of {catalogue.recall('nickname') or 'another account'}, not of "
            f"{account.nickname}; give this account a profile and a mirror of its own"
        )
    if dry_run:
        return
    if not found.account:
        marker.write(mirror.root, replace(found, account=account.root, nickname=account.nickname))
    if catalogue.recall("mirror") is None:
        with catalogue.transaction(durable=True):
            catalogue.remember("mirror", found.mirror)
            catalogue.remember("account", account.root)
            catalogue.remember("nickname", account.nickname)


def check_owner(found: Marker, mirror: Mirror, account: Account) -> None:
    """Raises SuspiciousPlan if the mirror, by its marker, is another account's."""
    if found.account and found.account != account.root:
        if found.nickname and found.nickname.casefold() == account.nickname.casefold():
            raise SuspiciousPlan(
                f"{mirror.root.path} was made through another interface, or address, of the account of "
                f"{account.nickname}: `smugsync remote migrate` has it go on through this one"
            )
        raise SuspiciousPlan(
            f"{mirror.root.path} is the mirror of {found.nickname or 'another account'}, "
            f"not of {account.nickname}; give this account a mirror of its own. If it is the same one under "
            "another name or address, `smugsync remote migrate` recognises it"
        )


def recover(context: Context) -> None:
    """Settle what a killed process left: announced renames, uploads that it was sending, and part files."""
    if context.options.dry_run:
        return
    _settle_moves(context)
    if context.catalogue.open_uploads():
        with context.catalogue.transaction(durable=True):
            context.catalogue.restart_uploads()
    context.mirror.sweep_parts(_Resumable(context))


def _settle_moves(context: Context) -> None:
    """Each announced directory rename is finished, by whichever of the two directories exists."""
    catalogue, mirror = context.catalogue, context.mirror
    for album_id, old, new in catalogue.announced_moves():
        try:
            mirror.move_directory(old, new)
            moved = True
        except ItemError:  # it was moved already, or `new` is in use: then the listing sorts it out
            moved = not mirror.has_directory(old)
        row = catalogue.album(album_id)
        with catalogue.transaction(durable=True):
            if moved and row.directory == old:
                folded = naming.fold(new)
                catalogue.put_album(replace(row, directory=new, directory_folded=folded, instead_of=""))
                catalogue.rename_local(old, new)
            catalogue.settle_move(album_id)


class _Resumable:
    """The names of parts that some planned or failed row may still continue."""

    def __init__(self, context: Context) -> None:
        self._names: set[str] | None = None
        self._context = context

    def __contains__(self, name: object) -> bool:
        if self._names is None:  # only asked when a suspended part was found at all
            from smugsync.sync.cycle.transfer import part_name  # noqa: PLC0415 - `status` starts without it

            rows = self._context.catalogue.unfinished(least=RESUMABLE)
            self._names = {part_name(*row) for row in rows}
        return name in self._names
