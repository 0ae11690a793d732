"""What all tests share: how Hypothesis looks for counterexamples, and that nothing said a secret."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import settings

from tests.e2e.record import RECORD

# By default the same examples every time, so that a change that breaks a law is told from luck;
# `HYPOTHESIS_PROFILE=explore make test` looks for new ones.
settings.register_profile("repeat", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeat"))


#: Tests of ten seconds and more: begun first, or all the others would wait for them at the end.
_LONGEST = (
    "test_the_mirror_converges",
    "test_both_sides_become_equal",
    "test_no_command_says_a_secret",
    "test_a_thousand_files_in_new_folders_go_up_once_each",
    "test_no_command_follows_links_out_of_the_mirror",
    "test_a_thousand_files_at_once_arrive_once_each",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.name not in _LONGEST)  # stable: the rest keeps its order


@pytest.fixture(scope="session", autouse=True)
def _nothing_said_a_secret() -> Iterator[None]:
    """What any emulator handed out is looked for in all that any command said."""
    yield
    assert RECORD.leaks() == []


@pytest.fixture
def restored_logging() -> Iterator[None]:
    """For those who call the command in this process: it sets up logging for all of it."""
    root = logging.getLogger()
    before = root.level, root.handlers[:]
    yield
    root.setLevel(before[0])
    root.handlers[:] = before[1]
    structlog.reset_defaults()
