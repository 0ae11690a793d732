"""Apprise (https://github.com/caronc/apprise): a hundred services by one address each. It is an extra."""

from __future__ import annotations

import importlib
import logging
import warnings
from collections.abc import Sequence
from typing import Any

from smugsync.errors import ConfigError
from smugsync.notify.channel import PATIENCE, Undelivered
from smugsync.notify.messages import Kind, Message, Notice
from smugsync.secret import Secret

_TYPES: dict[Kind, str] = {
    "held": "warning",
    "failed": "warning",
    "damaged": "failure",
    "stale": "failure",
    "recovered": "success",
}


class Apprise:
    """To one address of those in `notify.apprise`; `number` counts from 1. Raises ConfigError.

    It has time-outs of its own, 4 s to connect and 4 s to read.
    """

    def __init__(self, address: Secret, *, number: int, package: str = "apprise") -> None:
        self.name = f"notify.apprise (address {number})"
        # Its log lines quote addresses, and so do those of what it asks with.
        for logger in ("apprise", "urllib3"):
            logging.getLogger(logger).setLevel(logging.CRITICAL + 1)
        with warnings.catch_warnings():  # of what is old in a hundred plugins, nobody here can mend anything
            warnings.simplefilter("ignore")
            try:
                apprise = importlib.import_module(package)
            except ImportError:
                raise ConfigError(
                    'notify.apprise needs a package that is not installed: pip install "smugsync[apprise]"'
                ) from None
            self._apprise: Any = apprise.Apprise()
            known = self._apprise.add(address.reveal())
        if not known:
            raise ConfigError(f"notify.apprise: address {number} is none that Apprise knows")

    def takes(self, message: Message) -> bool:
        return isinstance(message, Notice)

    def send(self, message: Message, *, patience: float = PATIENCE) -> None:
        del patience
        if not isinstance(message, Notice):
            return
        kind = _TYPES[message.kind]
        try:
            arrived = self._apprise.notify(
                title=message.title, body=message.body, notify_type=kind, body_format="text"
            )
        except Exception as error:  # noqa: BLE001 - a hundred plugins, each with troubles of its own
            raise Undelivered(f"failed ({type(error).__name__})") from None
        if not arrived:
            raise Undelivered("did not take it; `apprise -vv ADDRESS` says why")


def by_apprise(addresses: Sequence[Secret]) -> list[Apprise]:
    """A channel for each address, so that one that fails does not repeat the others. Raises ConfigError."""
    return [Apprise(address, number=n) for n, address in enumerate(addresses, 1)]
