"""Remotes that nobody signs in to by a browser."""

from __future__ import annotations

from smugsync.config import Config
from smugsync.config.remotes import Way
from smugsync.errors import UsageError


def refuse_without_tokens(config: Config) -> None:
    """Raise UsageError, with what to do instead, for a remote that knows no access token."""
    remote = config.remote
    if remote.remote.signs_in:
        return
    raise UsageError(
        f"{remote.kind} has no sign-in by a browser, and no token that it would bring: "
        f"{_instead(remote.way)}; `smugsync auth status` says whose account that is"
    )


def _instead(way: Way) -> str:
    match way:
        case Way.PASSWORD:
            return "remote.email and remote.password are what it takes, and they stand in the configuration"
        case Way.PAIR:
            return "remote.public_key and remote.private_key are what it takes, in the configuration"
        case Way.NOBODY:
            return (
                "the site is read as everybody may read it, or with remote.public_key and remote.private_key"
            )
        case _:
            return "for an account of your own write remote.email and remote.password into the configuration"
