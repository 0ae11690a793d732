"""The README's tables against the program: commands, their options, exit codes."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from smugsync.cli import COMMANDS
from smugsync.cli.frame import make_app
from smugsync.errors import PRECEDENCE

README = (Path(__file__).parents[2] / "README.md").read_text()


def table(head: str) -> list[list[str]]:
    """The rows of the table that begins with `head`, cell by cell."""
    _, _, rest = README.partition(f"\n{head}\n")
    rows = rest.partition("\n\n")[0].splitlines()[1:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows]


def calls() -> list[str]:
    """What the table says may be typed, `sync [ALBUM…] [--full\\|--delta]` and so on."""
    return [
        call for what, _ in table("| command | what it does |") for call in re.findall(r"`([^`]+)`", what)
    ]


def find(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that `words` begin with, as deep as there are groups, and the rest of them."""
    command: click.Command = make_app(COMMANDS)
    while isinstance(command, click.Group) and words:
        below = command.get_command(click.Context(command), words[0])
        assert below is not None, f"there is no command {words[0]}"
        command, words = below, words[1:]
    return command, words


@pytest.mark.parametrize("call", calls())
def test_what_the_readme_lets_people_type_exists(call: str) -> None:
    first, *rest = call.split()
    for second in rest[0].split(r"\|") if rest else [""]:  # `config show\|check\|path` is three
        command, _ = find([first, *filter(None, [second])])
        taken = {option for parameter in command.params for option in parameter.opts}
        assert set(re.findall(r"--[a-z][a-z0-9-]*", call)) <= taken


def test_the_readme_names_every_command() -> None:
    assert {call.split()[0] for call in calls()} == COMMANDS.keys()


def test_the_readme_names_every_exit_code() -> None:
    told = [int(code) for codes, _ in table("| code | meaning |") for code in codes.split(", ")]
    assert sorted(told) == sorted(PRECEDENCE)
