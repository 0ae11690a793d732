"""The channels that somebody configured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import httpx

from smugsync.notify.by_apprise import by_apprise
from smugsync.notify.channel import Channel
from smugsync.notify.command import Command
from smugsync.notify.ntfy import Ntfy
from smugsync.notify.ping import Ping
from smugsync.secret import Secret


def channels(
    transport: httpx.BaseTransport,
    *,
    ping: Secret | None = None,
    command: Sequence[str] = (),
    ntfy: Secret | None = None,
    ntfy_token: Secret | None = None,
    apprise: Sequence[Secret] = (),
    environ: Mapping[str, str],
) -> list[Channel]:
    """One channel for each that is set; the keywords are the keys of `[notify]`.

    `transport` may be used by several threads at once. Raises ConfigError where a package is missing.
    """
    found: list[Channel] = []
    if ping is not None:
        found.append(Ping(ping, transport))
    if command:
        found.append(Command(command, environ=environ))
    if ntfy is not None:
        found.append(Ntfy(ntfy, transport, token=ntfy_token))
    return [*found, *by_apprise(apprise)]
