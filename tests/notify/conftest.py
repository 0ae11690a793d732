"""What the tests of the channels share."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from smugsync.remote.transport import DirectTransport
from tests.notify.listening import Listener


@pytest.fixture
def transport() -> Iterator[httpx.BaseTransport]:
    """The one that the program uses."""
    with DirectTransport() as transport:
        yield transport


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener() as listener:
        yield listener
