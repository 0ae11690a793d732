"""`smugsync init`: from a few answers to a configuration and an empty mirror."""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from smugsync.cli.frame import Command
from smugsync.cli.invocation import Invocation
from smugsync.cli.ledger import ledger
from smugsync.config import Config, load
from smugsync.config.checks import TOKEN
from smugsync.config.loading import DEFAULT_PROFILE
from smugsync.config.places import config_file, expand, home
from smugsync.config.sources import SECRETS, parse_toml, read_text, variable
from smugsync.config.template import render
from smugsync.config.writing import write_private
from smugsync.errors import ConfigError, UsageError
from smugsync.local.marker import Marker
from smugsync.local.tree import Mirror
from smugsync.secret import Secret

_KEYS_PAGE = "https://api.smugmug.com/api/developer/apply"


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
    api_url: str | None = None
    upload_url: str | None = None
    oauth_url: str | None = None
    ca_file: str | None = None
    media_hosts: tuple[str, ...] = ()

    @classmethod
    def read(cls, options: Mapping[str, Any]) -> Answers:
        """The options; an empty string counts as absent."""
        given: dict[str, Any] = {
            name: tuple(filter(None, value)) if isinstance(value, tuple) else (value or "").strip() or None
            for name, value in options.items()
        }
        return cls(**given)

    def values(self, environ: Mapping[str, str]) -> dict[str, Any]:
        """What to write into the configuration, by dotted key. Paths are meant from where we stand."""
        found: dict[str, Any] = {
            f"remote.{one.name}": getattr(self, one.name)
            for one in fields(self)
            if one.name not in {"remote", "mirror"}
        }
        found["remote.kind"] = self.remote or "smugmug-v2"
        found["mirror"] = _absolute(self.mirror, environ)
        found["remote.ca_file"] = _absolute(self.ca_file, environ)
        return {key: value for key, value in found.items() if value}


def _absolute(text: str | None, environ: Mapping[str, str]) -> str | None:
    return os.path.abspath(expand(text, environ)) if text else None  # noqa: PTH100 - `..` goes, links stay


@click.command(cls=Command)
@click.option("--remote", metavar="KIND", help="The service and its interface. [default: smugmug-v2]")
@click.option("--mirror", metavar="DIR", help="Where the photos go. Files that lie there stay untouched.")
@click.option("--user", metavar="NICK", help="Read NICK's public albums; needs nothing but --api-key.")
@click.option("--api-key", metavar="KEY")
@click.option("--api-secret", metavar="SECRET")
@click.option("--access-token", metavar="TOKEN")
@click.option("--access-token-secret", metavar="SECRET")
@click.option("--api-url", metavar="URL", help="Another server than SmugMug's.")
@click.option("--upload-url", metavar="URL")
@click.option("--oauth-url", metavar="URL")
@click.option("--ca-file", metavar="FILE", help="A private certificate authority to trust as well.")
@click.option(
    "--media-host",
    "media_hosts",
    multiple=True,
    metavar="HOST[:PORT]",
    help="Photos may come from here; may repeat.",
)
@click.option("--no-input", is_flag=True, help="Ask nothing.")
@click.option("--force", is_flag=True, help="Overwrite a configuration; the old one is kept as .bak.")
@click.pass_obj
def init(invocation: Invocation, /, *, no_input: bool, force: bool, **options: Any) -> None:
    """Set up the mirror of an account: write a configuration and create the mirror's directory.

    Asks for what is not given. --config PATH and --profile NAME say which configuration to write.
    Nothing is sent anywhere. Where a configuration is there already, and its mirror is new, only the mirror
    is made.
    """
    file = config_file(invocation.config_path, invocation.environ)
    by_hand = file.exists() and not force and not any(options.values())
    if by_hand and (written := _without_mirror(invocation)) is not None:
        _create_mirror(written.mirror)
        if not invocation.quiet:
            _report(written, file, invocation, created=True)
        return
    before = _existing(file, invocation.profile, force=force)
    answers = Answers.read(options)
    if not no_input:
        _ask(answers, invocation)
    _drop_needless(answers, invocation)
    values = answers.values(invocation.environ)
    if before:  # a profile inherits: say what must not be
        for key in ("remote.user", *(f"remote.{secret}" for secret in SECRETS)):
            values.setdefault(key, "")
    config, text = _compose(file, before, values, invocation)
    created = _create_mirror(config.mirror)
    write_private(file, text, replace=force or bool(before))
    if not invocation.quiet:
        _report(config, file, invocation, created=created)


def _without_mirror(invocation: Invocation) -> Config | None:
    """The configuration that can be used already, if its mirror is still to be made. Not one that a catalogue
    knows of: that mirror's disk is not mounted."""
    try:
        config = load(invocation.config_path, invocation.profile, invocation.environ, any_token=True)
    except ConfigError:
        return None
    with ledger(config) as catalogue:
        if catalogue is not None and catalogue.recall("mirror") is not None:
            return None
    if config.mirror.is_dir():
        with Mirror.open(config.mirror) as mirror:
            return None if mirror.read_marker() is not None else config
    return config


def _existing(file: Path, profile: str, *, force: bool) -> str:
    """The text that a new profile is to be added to; "" to begin a file. Raises UsageError, ConfigError."""
    try:
        text = read_text(file)
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        if force:
            return ""
        raise ConfigError(f"{file}: cannot be used: {getattr(error, 'strerror', None) or error}") from error
    data, problem = parse_toml(text, file)
    if profile == DEFAULT_PROFILE:
        if force:
            return ""
        raise UsageError(f"{file} exists already: edit it, or overwrite it with --force")
    if problem:
        raise ConfigError(problem)
    if profile in data.get("profile", {}):
        raise UsageError(f'{file} has a profile "{profile}" already: edit it there')
    return text


def _ask(answers: Answers, invocation: Invocation) -> None:
    """Ask for what is needed and not there. Raises UsageError when nobody answers."""

    def ask(name: str, question: str, *, hide: bool = False, default: str | None = None) -> None:
        known = variable((name,)) if name == "mirror" else variable(("remote", name))
        if getattr(answers, name) or invocation.environ.get(known):
            return
        answer = click.prompt(
            question, default=default, hide_input=hide, show_default=bool(default), err=True
        )
        setattr(answers, name, answer.strip() or None)

    base = home(invocation.environ)
    try:
        ask("mirror", "Where shall the photos go", default=str(base / "SmugMug") if base else None)
        if not answers.access_token:
            ask("user", "Nickname, to read somebody's public albums (empty: your own account)", default="")
        click.echo(f"An API key comes from {_KEYS_PAGE}", err=True)
        ask("api_key", "API key")
        if not answers.user:
            ask("api_secret", "API secret", hide=True)
            ask("access_token", "Access token (empty: sign in with a browser afterwards)", default="")
            if answers.access_token or invocation.environ.get(variable(("remote", "access_token"))):
                ask("access_token_secret", "Access token secret", hide=True)
    except click.Abort:
        if sys.stdin.isatty():
            raise
        click.echo(err=True)  # the question has no answer that would end its line
        raise UsageError("there is nobody to ask: give the answers as options, with --no-input") from None


def _drop_needless(answers: Answers, invocation: Invocation) -> None:
    if not answers.user:
        return
    needless = [name for name in SECRETS if name != "api_key" and getattr(answers, name)]
    for name in needless:
        setattr(answers, name, None)
    if needless:
        listed = ", ".join(f"--{name.replace('_', '-')}" for name in needless)
        invocation.say(f"smugsync: {listed} not needed with --user, and ignored")


def _compose(
    file: Path, before: str, values: Mapping[str, Any], invocation: Invocation
) -> tuple[Config, str]:
    """The new text, and the configuration it makes. Raises ConfigError before anything is written."""
    for secret in SECRETS:
        invocation.redact.add(Secret(values.get(f"remote.{secret}", "")))
    try:
        text = render(values, profile=invocation.profile)
    except ValueError as error:
        raise ConfigError(f"{file}: a value {error}") from error
    if before:
        text = f"{before.rstrip()}\n\n\n{text}"
    try:
        return load(file, invocation.profile, invocation.environ, text=text), text
    except ConfigError as error:
        needed = ["mirror", "api_key"]
        if not values.get("remote.user"):
            needed += ["api_secret"]
            needed += TOKEN if any(values.get(f"remote.{name}") for name in TOKEN) else ()
        lacking = [name for name in needed if not values.get(name) and not values.get(f"remote.{name}")]
        if not lacking:
            raise
        options = ", ".join(f"--{name.replace('_', '-')}" for name in lacking)
        raise ConfigError((*error.problems, f"nothing was written: init was not given {options}")) from None


def _create_mirror(path: Path) -> bool:
    """Create the mirror or take over what is there. False when it is a mirror already.

    The account stays empty in a new marker: it takes a request to know it, which the first sync makes.
    """
    if path.is_dir():
        with Mirror.open(path) as mirror:
            if mirror.read_marker() is not None:
                return False
    created = datetime.now(UTC).isoformat(timespec="seconds")
    Mirror.create(path, Marker(mirror=uuid.uuid4().hex, account="", created=created)).close()
    return True


def _report(config: Config, file: Path, invocation: Invocation, *, created: bool) -> None:
    click.echo(f"Configuration: {file}")
    click.echo(f"Mirror: {config.mirror}" + ("" if created else " (was one already, and stays as it is)"))
    click.echo(f"Next: {invocation.command('auth login' if config.remote.signed_out else 'sync')}")
