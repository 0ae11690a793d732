"""The frame around every command: the common options, and a group that loads a command when it is called."""

from __future__ import annotations

import difflib
import gc
import importlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from smugsync import __version__
from smugsync.cli.invocation import Invocation


def _store(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    """Keep a common option. It counts wherever it stands: before or after the command's name."""
    invocation = context.ensure_object(Invocation)
    match parameter.name:
        case "verbosity" if value:
            invocation.verbosity = min(2, invocation.verbosity + value)
        case str() as name if value:
            setattr(invocation, name, value)
            invocation.chosen = invocation.chosen or name == "profile"


def common_options(*, hidden: bool) -> list[click.Parameter]:
    """The options of every command, fresh ones for each."""
    settings: dict[str, Any] = {"callback": _store, "expose_value": False, "hidden": hidden}
    return [
        click.Option(
            ["--config", "config_path"],
            type=click.Path(path_type=Path, dir_okay=False),
            metavar="PATH",
            help="Read this configuration file.",
            **settings,
        ),
        click.Option(
            ["--profile"],
            metavar="NAME",
            help="Work on this profile. [default: $SMUGSYNC_PROFILE, or default]",
            **settings,
        ),
        click.Option(
            ["-v", "--verbose", "verbosity"], count=True, help="Say more; twice: everything.", **settings
        ),
        click.Option(
            ["-q", "--quiet"], is_flag=True, help="Say nothing unless something is wrong.", **settings
        ),
        click.Option(["--no-progress"], is_flag=True, help="Show no progress.", **settings),
        click.Option(
            ["--log-format"], type=click.Choice(["text", "json"]), help="How log lines look.", **settings
        ),
    ]


class Command(click.Command):
    """A command that also takes the common options, so that nobody has to remember where they go."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.params += common_options(hidden=True)


class Group(click.Group):
    """Commands of one family, `config show` and the like."""

    command_class = Command


@contextmanager
def _no_collections() -> Iterator[None]:
    """Imports make a hundred thousand objects that stay, and no garbage: to look through them again and again
    is an eighth of our start. Nor is it looked through later."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if before:
            gc.enable()


class LazyGroup(click.Group):
    """The commands by name, each `(module:function, one line of help)`, imported only when called for."""

    def __init__(self, *, table: Mapping[str, tuple[str, str]], **options: Any) -> None:
        super().__init__(**options)
        self._table = table
        self.params += common_options(hidden=False)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._table:
            return None
        module, _, name = self._table[cmd_name][0].partition(":")
        with _no_collections():
            command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)  # noqa: S101 - a slip in the table, for its test
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self._table and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], self._table, n=1)
            hint = f'; did you mean "{near[0]}"?' if near else ""
            raise click.UsageError(f'there is no command "{args[0]}"{hint}', ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in self._table.items()])


EPILOG = """\b
Exit codes: 0 all good, 1 unexpected, 2 usage, 3 something is missing or
failed, 5 a guard withheld something, 11 already running, 75 network,
77 not authorised, 78 configuration, 130 and 143 interrupted."""


def make_app(table: Mapping[str, tuple[str, str]]) -> click.Group:
    """The command with all its subcommands."""
    app = LazyGroup(
        name="smugsync",
        table=table,
        help="Keep a whole SmugMug account on your own disk: always current, every byte proven.",
        epilog=EPILOG,
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    return click.version_option(__version__, prog_name="smugsync", message="%(prog)s %(version)s")(app)
