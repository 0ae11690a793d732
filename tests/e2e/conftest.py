"""What every end-to-end test needs: an emulated account and the command, both as processes."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.command import Command
from tests.e2e.emulated import Emulated

Emulator = Callable[..., Emulated]


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """Start `smugsync emulator ARGUMENTS`; it lives as long as the module's tests."""
    with ExitStack() as stack:

        def start(*arguments: str) -> Emulated:
            return stack.enter_context(Emulated(arguments, home=tmp_path_factory.mktemp("emulator")))

        yield start


@pytest.fixture(scope="module")
def demo(emulator: Emulator) -> Emulated:
    """The built-in account, as its owner sees it. Tests that share it do not edit it."""
    return emulator()


@pytest.fixture
def calm(demo: Emulated) -> Iterator[Emulated]:
    """The built-in account, with counters at zero and, at the end, all faults off."""
    demo.reset_counters()
    yield demo
    demo.calm()


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """The command, in a home that does not exist yet."""
    return Command(tmp_path)


@pytest.fixture(scope="module")
def owner(demo: Emulated, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    """A mirrored account, and after everything that was done to it nothing has to be fetched."""
    command = Command(tmp_path_factory.mktemp("owner"))
    command.init(demo)
    command.sync()
    yield command
    assert command.sync("--full")["files_downloaded"] == 0


@pytest.fixture
def mirrored(demo: Emulated, owner: Command) -> Iterator[Command]:
    """The mirrored account, to be spoiled: afterwards the configuration is restored and the rest compared."""
    files, rows, configuration = owner.files(), ledger(owner), owner.config.read_text()
    yield owner
    demo.calm()
    owner.environ = {}
    owner.config.write_text(configuration)
    assert owner.files() == files, "a file was lost or changed"
    assert ledger(owner) == rows, "the catalogue was changed"
    assert owner.parts() == []


def ledger(command: Command) -> list[Any]:
    """What the catalogue knows of files, and of albums but for the times they were looked at."""
    with contextlib.closing(sqlite3.connect(command.catalogue)) as database:
        albums = database.execute("SELECT id, key, url_path, directory, state FROM album ORDER BY id")
        return [*albums, *database.execute("SELECT * FROM file ORDER BY id")]
