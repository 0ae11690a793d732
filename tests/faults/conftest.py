"""Benches that all tests of a run share, and the table at its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.faults.driver import Benches
from tests.faults.table import render
from tests.faults.trial import Tally

_TALLIES: pytest.StashKey[list[Tally]] = pytest.StashKey()


@pytest.fixture(scope="session")
def benches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Benches]:
    with ExitStack() as stack:
        yield Benches(tmp_path_factory.mktemp("faults"), stack)


@pytest.fixture
def tallies(request: pytest.FixtureRequest) -> list[Tally]:
    """What goes into the table."""
    return request.config.stash.setdefault(_TALLIES, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    tallies = config.stash.get(_TALLIES, [])
    if tallies:
        terminalreporter.section("what was tried")
        terminalreporter.write_line(render(tallies))
