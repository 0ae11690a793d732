"""`smugsync config`: what is configured, whether it can be used, and where everything is."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import click

from smugsync.cli.frame import Group
from smugsync.cli.invocation import Invocation
from smugsync.config import Config
from smugsync.config.places import config_file, state_base
from smugsync.errors import ConfigError
from smugsync.secret import Secret


@click.group(cls=Group)
def config() -> None:
    """Show or check the configuration."""


@config.command()
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@click.pass_obj
def show(invocation: Invocation, as_json: bool) -> None:
    """Print the settings in effect, wherever they come from. Secrets are shown as ***."""
    values = _plain(invocation.load())
    for name in ("warnings", "origins"):
        values.pop(name)
    if as_json:
        click.echo(json.dumps({"schema": 1, **values}, ensure_ascii=False, indent=2))
        return
    for key, value in _flat(values):
        click.echo(f"{key} = {json.dumps(value, ensure_ascii=False)}")


@config.command()
@click.pass_obj
def check(invocation: Invocation) -> None:
    """Say `ok`, or everything that is wrong (exit code 78)."""
    loaded = invocation.load()
    click.echo(f"ok: {_source(loaded)}, profile {loaded.profile}")
    if loaded.remote.signed_out:
        click.echo(f"not signed in yet: run `{invocation.command('auth login')}`")


@config.command()
@click.pass_obj
def path(invocation: Invocation) -> None:
    """Print where the configuration, the state and the mirror are."""
    try:
        loaded = invocation.load()
    except ConfigError:
        # Where they would be helps most when something is wrong; what is wrong follows as the error.
        click.echo(f"config: {config_file(invocation.config_path, invocation.environ)}")
        click.echo(f"state: {state_base(invocation.environ) / invocation.profile}")
        raise
    click.echo(f"config: {_source(loaded)}")
    click.echo(f"state: {loaded.state_dir}")
    click.echo(f"mirror: {loaded.mirror}")
    click.echo(f"lock: {loaded.lock}")
    click.echo(f"catalogue: {loaded.catalogue}")


def _source(loaded: Config) -> str:
    return str(loaded.path) if loaded.path is not None else "(environment)"


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, Secret | type):
        return {one.name: _plain(getattr(value, one.name)) for one in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Secret):
        return str(value) if value else None
    return str(value) if isinstance(value, Path) else value


def _flat(values: dict[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, value in values.items():
        if isinstance(value, dict):
            found += _flat(value, f"{prefix}{key}.")
        else:
            found.append((prefix + key, value))
    return found
