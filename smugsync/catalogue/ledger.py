"""The ledger: albums, files, what belongs to neither, and what every run did with them."""

from __future__ import annotations

from smugsync.catalogue.counts import Counts
from smugsync.catalogue.elsewhere import Elsewhere
from smugsync.catalogue.journal import Journal
from smugsync.catalogue.proofs import Proofs
from smugsync.catalogue.questions import Questions
from smugsync.catalogue.uploads import Uploads
from smugsync.catalogue.wanted import Wanted


class Catalogue(Counts, Proofs, Questions, Wanted, Elsewhere, Uploads, Journal):
    """The ledger. Open with `Catalogue.open`; only the engine's thread touches one that it works on."""

    def forget_album(self, album_id: int) -> None:
        super().forget_album(album_id)
        self.orphan(album_id)

    def recall(self, key: str) -> str | None:
        row = self._first("SELECT value FROM meta WHERE key = ?", (key,))
        return None if row is None else str(row[0])

    def remember(self, key: str, value: str) -> None:
        self._db.execute(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (key, value),
        )
