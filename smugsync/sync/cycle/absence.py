"""Albums without an address that could answer 404: two lists a moment apart may come from one stale answer.

So such an album counts as gone only if an earlier cycle, ten minutes or more ago, has missed it as well.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from smugsync.catalogue import AlbumRow
from smugsync.errors import ItemError
from smugsync.sync.context import Context

#: How long ago the first cycle that missed an album has to be, in seconds.
LONG = 600
#: Where the catalogue remembers who was missed, and when first (epoch seconds), by keys.
_MISSED = "albums_missed"


def absent_for_long(context: Context, albums: Sequence[AlbumRow]) -> list[AlbumRow]:
    """Those of `albums` that were missed before, or are marked as gone. The others are told, and noted."""
    now = int(context.now())
    before = _read(context)
    missed = {album.key: min(before.get(album.key, now), now) for album in albums if album.state != "gone"}
    found: list[AlbumRow] = []
    for album in albums:
        if album.state == "gone" or missed[album.key] + LONG <= now:
            found.append(album)
            missed.pop(album.key, None)
        else:
            context.report.trouble(
                album.directory,
                "the album is not listed any more; if a run after ten minutes or more misses it as well, it "
                "counts as gone",
                code=ItemError.exit_code,
            )
    if missed != before and not context.options.dry_run:
        with context.catalogue.transaction():
            context.catalogue.remember(_MISSED, json.dumps(missed, sort_keys=True))
    return found


def _read(context: Context) -> dict[str, int]:
    try:
        known = json.loads(context.catalogue.recall(_MISSED) or "{}")
        return {str(key): int(at) for key, at in known.items()}
    except (ValueError, TypeError, AttributeError):  # they are missed anew, then
        return {}
