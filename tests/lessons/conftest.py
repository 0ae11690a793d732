"""Both worlds: the real engine with an emulated account in memory, and the installed command over TCP."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.conftest import calm, command, demo, emulator
from tests.sync.world import World

__all__ = ["calm", "command", "demo", "emulator"]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)
