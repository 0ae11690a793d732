"""The same photo in another album: whether its bytes may be had from there."""

from __future__ import annotations

from smugsync.catalogue import FileRow
from smugsync.core.model import RemoteFile
from smugsync.core.reconcile import ACCOUNTS_OWN
from smugsync.errors import ItemError
from smugsync.local.sharing import Source
from smugsync.sync.context import Context


def copy_of(context: Context, row: FileRow, remote: RemoteFile, path: str) -> Source | None:
    """The same photo in another album's directory, as it was when it was accepted; it is for `path`.

    Damage is only mended from a file that was proven since, and is not the damaged one under another name.
    """
    catalogue, mirror = context.catalogue, context.mirror
    for other in catalogue.copies(row.key, remote.version, besides=row.id):
        base = other.base(catalogue.album(other.album_id).directory)
        if base is None or base.evidence not in ACCOUNTS_OWN:
            continue
        if remote.promised.md5 not in (None, base.held_md5):
            continue
        if row.damaged_at is not None and (other.verified_at or 0) < row.damaged_at:
            continue
        try:
            if mirror.fingerprint(base.path) != base.fingerprint:
                continue
            damaged = row.damaged_at is not None and mirror.fingerprint(path) is not None
            if damaged and mirror.same_file(path, base.path):
                continue
        except ItemError:
            continue
        return Source(
            mirror.root, base.path, base.fingerprint, base.held_md5, base.evidence, other.verified_at
        )
    return None
