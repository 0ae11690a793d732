"""The catalogue as a reader sees it: for commands that only look, and need neither engine nor network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from smugsync.catalogue import Catalogue
from smugsync.config import Config


@contextmanager
def ledger(config: Config) -> Iterator[Catalogue | None]:
    """The catalogue to read from, beside a run that may be going on; None before the first run."""
    if not config.catalogue.exists():
        yield None
        return
    catalogue = Catalogue.open(config.catalogue)
    try:
        yield catalogue
    finally:
        catalogue.close()
