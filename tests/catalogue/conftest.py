"""An empty catalogue, and one album in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from smugsync.catalogue import AlbumRow, Catalogue
from tests.catalogue.rows import ICELAND


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "catalogue.db"


@pytest.fixture
def catalogue(path: Path) -> Iterator[Catalogue]:
    with closing(Catalogue.open(path)) as catalogue:
        yield catalogue


@pytest.fixture
def album(catalogue: Catalogue) -> AlbumRow:
    with catalogue.transaction():
        return catalogue.put_album(ICELAND)
