"""What `smugsync init` is told about a mirror and its remote, as options or by answering questions."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

import click

from smugsync.config.places import expand, home
from smugsync.config.remotes import DEFAULT_KIND, PLACES, Remote, Way
from smugsync.config.sources import HIDDEN, OTHER_SECRETS, SECRETS, variable
from smugsync.errors import UsageError
from smugsync.records import dataclass
from smugsync.secret import Secret

_KEYS_PAGE = "https://api.smugmug.com/api/developer/apply"
#: Taken as they are typed: a password may begin with a blank.
_VERBATIM = frozenset({"password", "site_password", "album_passwords"})
#: Everything that one remote or another has no use for.
_PARTICULAR = ("user", *SECRETS, *OTHER_SECRETS, "site_url", *PLACES)


@dataclass(slots=True)
class Answers:
    """What was given as options or typed in; absent is None or ()."""

    remote: str | None = None
    mirror: str | None = None
    user: str | None = None
    api_key: str | None = None
    api_secret: str | None = None
    access_token: str | None = None
    access_token_secret: str | None = None
    email: str | None = None
    password: str | None = None
    site_password: str | None = None
    album_passwords: tuple[str, ...] = ()
    site_url: str | None = None
    public_key: str | None = None
    private_key: str | None = None
    api_url: str | None = None
    upload_url: str | None = None
    oauth_url: str | None = None
    ca_file: str | None = None
    media_hosts: tuple[str, ...] = ()

    @classmethod
    def read(cls, options: Mapping[str, Any]) -> Answers:
        """The options; an empty string counts as absent."""
        return cls(**{name: _given(name, value) for name, value in options.items()})

    def kind(self, environ: Mapping[str, str]) -> str:
        """What the remote is, as far as anybody said so."""
        return self.remote or environ.get(variable(("remote", "kind"))) or DEFAULT_KIND

    def values(self, environ: Mapping[str, str]) -> dict[str, Any]:
        """What to write into the configuration, by dotted key. Paths are meant from where we stand."""
        found: dict[str, Any] = {
            f"remote.{one.name}": getattr(self, one.name)
            for one in fields(self)
            if one.name not in {"remote", "mirror"}
        }
        found["remote.kind"] = self.kind(environ)
        found["mirror"] = _absolute(self.mirror, environ)
        found["remote.ca_file"] = _absolute(self.ca_file, environ)
        return {key: value for key, value in found.items() if value}

    def secrets(self) -> Iterator[Secret]:
        """What must not be shown from here on."""
        for name in (*SECRETS, *OTHER_SECRETS):
            value = getattr(self, name)
            if isinstance(value, tuple):
                yield from (Secret(one.partition("=")[2]) for one in value)
            elif value:
                yield Secret(value)

    def given(self, environ: Mapping[str, str]) -> set[str]:
        """The settings that are known, from here or from the environment, without their table."""
        return {one.name for one in fields(self) if self._knows(one.name, environ)}

    def _knows(self, name: str, environ: Mapping[str, str]) -> bool:
        if getattr(self, name):
            return True
        key = (name,) if name == "mirror" else ("remote", name)
        from_file = key in HIDDEN and bool(environ.get(f"{variable(key)}_FILE"))
        return from_file or bool(environ.get(variable(key)))

    # -- questions -----------------------------------------------------------------------------------

    def ask(self, remote: Remote, environ: Mapping[str, str]) -> None:
        """Ask for what such a remote needs and what is not known. Raises UsageError when nobody answers."""
        base = home(environ)
        try:
            default = str(base / remote.service) if base else None
            self._ask("mirror", "Where shall the photos go", environ, default=default)
            if Way.PAIR in remote.ways:
                self._ask_for_site(environ)
            else:
                self._ask_for_account(remote, environ)
        except click.Abort:
            if sys.stdin.isatty():
                raise
            click.echo(err=True)  # the question has no answer that would end its line
            raise UsageError("there is nobody to ask: give the answers as options, with --no-input") from None

    def _ask_for_site(self, environ: Mapping[str, str]) -> None:
        self._ask("site_url", "Address of the site", environ)
        question = "Public key of an entity that may read (empty: what everybody may see)"
        self._ask("public_key", question, environ, default="")
        if self._knows("public_key", environ):
            self._ask("private_key", "Private key", environ, hide=True)

    def _ask_for_account(self, remote: Remote, environ: Mapping[str, str]) -> None:
        if not (self.access_token or self.email):
            question = "Nickname, to read somebody's public albums (empty: your own account)"
            self._ask("user", question, environ, default="")
        click.echo(f"An API key comes from {_KEYS_PAGE}", err=True)
        self._ask("api_key", "API key", environ)
        if self.user:
            return
        if Way.PASSWORD in remote.ways and not (remote.signs_in and self._knows("api_secret", environ)):
            instead = " (empty: sign in with a browser afterwards)" if remote.signs_in else ""
            question = f"E-mail address or nickname that you sign in with{instead}"
            self._ask("email", question, environ, default="" if remote.signs_in else None)
            if self._knows("email", environ):
                self._ask("password", "Password", environ, hide=True)
                return
        self._ask("api_secret", "API secret", environ, hide=True)
        question = "Access token (empty: sign in with a browser afterwards)"
        self._ask("access_token", question, environ, default="")
        if self._knows("access_token", environ):
            self._ask("access_token_secret", "Access token secret", environ, hide=True)

    def _ask(
        self,
        name: str,
        question: str,
        environ: Mapping[str, str],
        *,
        hide: bool = False,
        default: str | None = None,
    ) -> None:
        if self._knows(name, environ):
            return
        answer = click.prompt(
            question, default=default, hide_input=hide, show_default=bool(default), err=True
        )
        setattr(self, name, _given(name, answer))

    # -- what is too much ----------------------------------------------------------------------------

    def drop_needless(self, remote: Remote, environ: Mapping[str, str]) -> list[str]:
        """Forget what such a remote does not take, or the way does not need that is meant. What was dropped,
        in sentences."""
        way = remote.way(self.given(environ) & remote.takes)
        public = self.user is not None and "user" in remote.takes
        kept = {"user", *remote.places, *remote.more, *((Way.KEY if public else way).needs)}
        dropped: dict[str, list[str]] = {}
        for name in _PARTICULAR:
            if not getattr(self, name) or (name in kept and name in remote.takes):
                continue
            setattr(self, name, () if isinstance(getattr(self, name), tuple) else None)
            beside = "--user" if public else "--access-token" if way is Way.OAUTH else "--email"
            reason = beside if name in remote.takes else f"--remote {remote.kind}"
            dropped.setdefault(reason, []).append(option(name))
        return [f"{', '.join(names)} not needed with {why}, and ignored" for why, names in dropped.items()]


def option(name: str) -> str:
    """What a setting is called on the command line."""
    return f"--{name.removesuffix('s') if name == 'album_passwords' else name}".replace("_", "-")


def _given(name: str, value: str | tuple[str, ...] | None) -> Any:
    """An answer, None or () for one that says nothing."""
    if isinstance(value, tuple):
        return tuple(filter(None, value))
    text = value or ""
    return (text if name in _VERBATIM and text.strip() else text.strip()) or None


def _absolute(text: str | None, environ: Mapping[str, str]) -> str | None:
    return os.path.abspath(expand(text, environ)) if text else None  # noqa: PTH100 - `..` goes, links stay
