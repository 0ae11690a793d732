"""How the demo speaks: short lines for a terminal of any width, or for none."""

from __future__ import annotations

import shlex
import shutil
import sys
import textwrap
from typing import Any

import click

from smugsync.cli.demo.tree import Line
from smugsync.cli.invocation import Invocation


class Voice:
    """Tells the story on stdout, as wide as the terminal and no wider than reads well."""

    def __init__(self, invocation: Invocation) -> None:
        self._quiet = invocation.quiet
        environ = invocation.environ
        dumb = environ.get("TERM", "dumb") == "dumb"
        self._colours = sys.stdout.isatty() and not dumb and not environ.get("NO_COLOR")
        self.is_watched = (
            sys.stderr.isatty() and not dumb and not (invocation.quiet or invocation.no_progress)
        )

    @property
    def columns(self) -> int:
        return min(96, shutil.get_terminal_size().columns - 1)

    @property
    def is_plain(self) -> bool:
        """Can the terminal show no more than ASCII?"""
        try:
            "├─└│✓".encode(sys.stdout.encoding or "ascii")
        except (UnicodeEncodeError, LookupError):
            return True
        return False

    def head(self, text: str) -> None:
        self.line()
        self.line(self._paint(text, bold=True, fg="cyan"))

    def say(self, text: str, *, indent: str = "") -> None:
        for line in textwrap.wrap(text, max(20, self.columns), subsequent_indent=indent):
            self.line(line)

    def command(self, *words: str, more: str = "") -> None:
        self.line(self._paint(f"$ {shlex.join(words)}{more}", bold=True))

    def good(self, text: str) -> None:
        tick = self._paint("ok" if self.is_plain else "✓", fg="green", bold=True)
        first, *rest = textwrap.wrap(text, max(20, self.columns - 3))
        self.line(f"{tick} {first}")
        for line in rest:
            self.line(f"  {line}")

    def drawn(self, line: Line) -> None:
        self.line(f"{self._paint(line.branch, dim=True)}{line.name}{self._paint(line.note, fg='yellow')}")

    def line(self, text: str = "") -> None:
        if not self._quiet:
            print(text, flush=True)

    def _paint(self, text: str, **style: Any) -> str:
        return click.style(text, **style) if self._colours else text
