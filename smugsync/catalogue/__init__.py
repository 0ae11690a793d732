"""The ledger: what both sides agreed on, in one SQLite file that only the engine's thread touches.

`schema.sql` states the invariants, and the database refuses rows that break them.
"""

from __future__ import annotations

from smugsync.catalogue.elsewhere import Hashed
from smugsync.catalogue.ledger import Catalogue
from smugsync.catalogue.rows import (
    AlbumRow,
    AtRest,
    ChangeRow,
    FileRow,
    RunRow,
    join,
    read_details,
    shown,
    write_details,
)
from smugsync.catalogue.uploads import UploadRow

__all__ = [
    "AlbumRow",
    "AtRest",
    "Catalogue",
    "ChangeRow",
    "FileRow",
    "Hashed",
    "RunRow",
    "UploadRow",
    "join",
    "read_details",
    "shown",
    "write_details",
]
