"""`smugsync completion`: the shells' completion, as click generates it."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from smugsync.cli.frame import Command


@click.command(cls=Command)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the completion script of SHELL.

    For bash: eval "$(smugsync completion bash)" in ~/.bashrc.
    """
    made = get_completion_class(shell)
    if made is None:
        raise click.UsageError(f"no completion for {shell}", context)
    click.echo(made(context.find_root().command, {}, "smugsync", "_SMUGSYNC_COMPLETE").source())
