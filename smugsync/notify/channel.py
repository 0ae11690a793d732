"""What every way of telling somebody has in common."""

from __future__ import annotations

from typing import Final, Protocol

from smugsync.notify.messages import Message

#: How long one try may take, in seconds.
PATIENCE: Final = 10.0


class Undelivered(Exception):
    """A message did not arrive. The reason names no address: whoever knows one may use it.

    `again`: another try may help.
    """

    def __init__(self, reason: str, *, again: bool = True) -> None:
        super().__init__(reason)
        self.again = again


class Channel(Protocol):
    """One way to tell somebody. It is asked by one thread at a time."""

    @property
    def name(self) -> str:
        """As in the configuration: `notify.ntfy`."""

    def takes(self, message: Message) -> bool:
        """Is `message` anything that goes this way?"""

    def send(self, message: Message, *, patience: float = PATIENCE) -> None:
        """Send it, within about `patience` seconds. Raises Undelivered."""
