"""A token leaves the configuration: what `smugsync auth logout` does."""

from __future__ import annotations

from pathlib import Path

import click

from smugsync.cli.auth import record as records
from smugsync.cli.auth.unneeded import refuse_without_tokens
from smugsync.cli.invocation import Invocation
from smugsync.config.editing import forget_secrets, heirs
from smugsync.config.loading import DEFAULT_PROFILE
from smugsync.config.places import config_file
from smugsync.config.remotes import TOKEN
from smugsync.config.sources import parse_toml, read_text
from smugsync.config.writing import replace_private
from smugsync.errors import ConfigError


def sign_out(invocation: Invocation) -> None:
    """Raises ConfigError where a token remains that is not for us to remove, UsageError where none counts."""
    config = invocation.load(any_token=True)
    refuse_without_tokens(config)
    file = config_file(invocation.config_path, invocation.environ)
    followers = _remove(file, config.profile)
    if followers is not None:
        records.forget(config.state_dir)
        _report(invocation, file, followers)
    left = [one for one in invocation.load(any_token=True).origins if one.setting in TOKEN]
    if left:
        raise ConfigError([f"{one.setting} still comes from {one.where}: remove it there" for one in left])
    if followers is None and not invocation.quiet:
        click.echo("Nobody is signed in; nothing was changed.")


def _remove(file: Path, profile: str) -> list[str] | None:
    """Take the token out. The other profiles that used it; None where there was none."""
    try:
        text = read_text(file)
    except FileNotFoundError:
        return None
    try:
        changed = forget_secrets(text, profile, TOKEN)
    except ValueError as error:
        raise ConfigError(f"{file}: {error}") from error
    if changed == text:
        return None
    followers = heirs(text, TOKEN) if profile == DEFAULT_PROFILE else []
    replace_private(file, changed)
    return followers


def _report(invocation: Invocation, file: Path, followers: list[str]) -> None:
    if invocation.quiet:
        return
    click.echo(f"Signed out: {file} holds no access token any more.")
    if followers:
        click.echo(f"It was that of {', '.join(followers)} as well.")
    backup = file.with_name(f"{file.name}.bak")
    if _holds_token(backup):
        click.echo(f"{backup}, which `smugsync init --force` has left, still holds one.")
    click.echo("SmugMug goes on to accept the token until you revoke it there:")
    click.echo("Account Settings, Privacy, Authorized Services.")


def _holds_token(path: Path) -> bool:
    try:
        tables = parse_toml(read_text(path), path)[0]
    except (OSError, ValueError):
        return False
    profiles = tables.get("profile", {})
    every = [tables, *(profiles.values() if isinstance(profiles, dict) else ())]
    remotes = [one.get("remote") for one in every if isinstance(one, dict)]
    return any(isinstance(one, dict) and any(one.get(name) for name in TOKEN) for one in remotes)
