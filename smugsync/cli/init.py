"""`smugsync init`: from a few answers to a configuration and an empty mirror."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from smugsync.cli.answers import Answers, option
from smugsync.cli.frame import Command
from smugsync.cli.invocation import Invocation
from smugsync.cli.ledger import ledger
from smugsync.config import Config, load
from smugsync.config.checks import missing
from smugsync.config.loading import DEFAULT_PROFILE
from smugsync.config.places import config_file
from smugsync.config.remotes import DEFAULT_KIND, KINDS, REMOTES, Remote
from smugsync.config.sources import OTHER_SECRETS, SECRETS, parse_toml, read_text
from smugsync.config.template import render
from smugsync.config.writing import write_private
from smugsync.errors import ConfigError, UsageError
from smugsync.local.marker import Marker
from smugsync.local.tree import Mirror


def _kinds(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """For the shells' completion."""
    del context, parameter
    return [kind for kind in KINDS if kind.startswith(incomplete)]


@click.command(cls=Command)
@click.option(
    "--remote",
    metavar="KIND",
    shell_complete=_kinds,
    help=f"The service and its interface: {', '.join(KINDS[:-1])} or {KINDS[-1]}. [default: {DEFAULT_KIND}]",
)
@click.option("--mirror", metavar="DIR", help="Where the photos go. Files that lie there stay untouched.")
@click.option("--user", metavar="NICK", help="Read NICK's public albums; needs nothing but --api-key.")
@click.option("--api-key", metavar="KEY")
@click.option("--api-secret", metavar="SECRET")
@click.option("--access-token", metavar="TOKEN")
@click.option("--access-token-secret", metavar="SECRET")
@click.option("--email", metavar="ADDRESS", help="To sign in by password, as SmugMug 1.2.0 to 1.2.2 let.")
@click.option("--password", metavar="PASSWORD")
@click.option("--site-password", metavar="PASSWORD", help="What opens the protected site of --user.")
@click.option(
    "--album-password",
    "album_passwords",
    multiple=True,
    metavar="KEY=PASSWORD",
    help="What opens an album; may repeat.",
)
@click.option("--site-url", metavar="URL", help="Where a Pixelpost site is.")
@click.option("--public-key", metavar="KEY", help="An entity's of that site; without keys, what all may see.")
@click.option("--private-key", metavar="KEY")
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
    remote = REMOTES.get(answers.kind(invocation.environ))
    if remote is not None:  # else nobody knows what to ask
        if not no_input:
            answers.ask(remote, invocation.environ)
        for sentence in answers.drop_needless(remote, invocation.environ):
            invocation.say(f"smugsync: {sentence}")
    config, text = _compose(file, before, answers, remote, invocation)
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


def _nothing(remote: Remote | None) -> dict[str, Any]:
    """What keeps a new profile from inheriting whatever a remote of this kind takes, by dotted key."""
    taken = {"user", *SECRETS, *OTHER_SECRETS} & (remote.takes if remote is not None else set())
    return {f"remote.{name}": () if name == "album_passwords" else "" for name in sorted(taken)}


def _compose(
    file: Path, before: str, answers: Answers, remote: Remote | None, invocation: Invocation
) -> tuple[Config, str]:
    """The new text, and the configuration it makes. Raises ConfigError before anything is written."""
    for secret in answers.secrets():
        invocation.redact.add(secret)
    values = answers.values(invocation.environ)
    if before:  # a profile inherits: say what must not be
        values = _nothing(remote) | values
    try:
        text = render(values, profile=invocation.profile)
    except ValueError as error:
        raise ConfigError(f"{file}: a value {error}") from error
    if before:
        text = f"{before.rstrip()}\n\n\n{text}"
    try:
        return load(file, invocation.profile, invocation.environ, text=text), text
    except ConfigError as error:
        given = answers.given(invocation.environ)
        lacking = [] if "mirror" in given else ["mirror"]
        if remote is not None:
            known = given & remote.takes
            lacking += missing(remote, remote.way(known), known)
        if not lacking:
            raise
        options = ", ".join(map(option, lacking))
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
