"""A mirror to look at."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from smugsync.page.facts import Subject
from tests.page import account


@pytest.fixture(scope="session")
def _filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalogue that is made once and copied for every test."""
    subject = account.subject(tmp_path_factory.mktemp("filled"))
    account.fill(subject)
    return subject.catalogue


@pytest.fixture
def subject(tmp_path: Path, _filled: Path) -> Subject:
    """Filled: twelve albums, some with troubles."""
    subject = account.subject(tmp_path)
    shutil.copyfile(_filled, subject.catalogue)
    return subject
