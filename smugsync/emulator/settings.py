"""What an emulator is started with, and the credentials it hands out."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from smugsync.emulator.switches import Access, Permissions, Switches

Viewer = Literal["owner", "other", "anonymous"]

__all__ = [
    "Access",
    "Credentials",
    "Login",
    "Permissions",
    "Settings",
    "Switches",
    "Viewer",
    "make_credentials",
    "make_login",
]


@dataclass(frozen=True, slots=True)
class Settings:
    """The command line of `smugsync emulator` as one value.

    At first, exactly one account is served: the files below `library` if given, else a synthetic one if
    `albums` is given, else the built-in demo account. `latency_ms` delays every API answer, in
    milliseconds. `faults` are specifications as `smugsync.emulator.faults.faults` reads them. `viewer` says
    whose credentials are announced. `seed` makes another account of the same size. With a `state` file
    that was filled before, the account is as that file has it.
    """

    library: Path | None = None
    host: str = "127.0.0.1"
    port: int = 0
    nickname: str = "demo"
    media_url: str | None = None
    latency_ms: float = 0
    faults: tuple[str, ...] = ()
    albums: int | None = None
    images: int = 0
    bytes_each: int = 2000
    viewer: Viewer = "owner"
    seed: int = 0
    switches: Switches = field(default_factory=Switches)
    people: tuple[tuple[str, Path | None], ...] = ()  #: other accounts: nickname, and a directory to fill it
    state: Path | None = None  #: where the account is kept between two runs
    tls: bool = False
    explicit: frozenset[str] = frozenset()  #: settings somebody chose, even where they are the default


@dataclass(frozen=True, slots=True)
class Credentials:
    """One application and one token of it; the token is empty for an anonymous viewer."""

    api_key: str
    api_secret: str
    access_token: str = ""
    access_token_secret: str = ""

    def __repr__(self) -> str:
        return f"Credentials(api_key={self.api_key!r})"


def make_credentials(settings: Settings, viewer: Viewer) -> Credentials:
    """The credentials of `viewer`, the same in every run with the same seed and nickname."""

    def derive(purpose: str, length: int) -> str:
        text = f"{settings.seed}/{settings.nickname}/{purpose}"
        return hashlib.sha256(text.encode()).hexdigest()[:length]

    key, secret = derive("api key", 32), derive("api secret", 64)
    if viewer == "anonymous":
        return Credentials(key, secret)
    return Credentials(key, secret, derive(f"{viewer} token", 32), derive(f"{viewer} token secret", 64))


@dataclass(frozen=True, slots=True)
class Login:
    """How a user logs in to the older APIs."""

    email: str
    password: str = field(repr=False)


def make_login(settings: Settings, nickname: str) -> Login:
    """That of the user, the same in every run with the same seed."""
    text = f"{settings.seed}/{settings.nickname}/{nickname.casefold()}/password"
    return Login(f"{nickname}@example.com", hashlib.sha256(text.encode()).hexdigest()[:20])
