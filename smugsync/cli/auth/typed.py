"""A line that a person types, with a limit to how long it is waited for."""

from __future__ import annotations

import os
import select
import time

import click

_SLICE = 0.25


def read_line(question: str, seconds: float, *, handle: int) -> str:
    """What is typed into `handle` after `question`, which stands on stderr. Raises EOFError, TimeoutError.

    `input` cannot be told when to give up, and may miss a Ctrl-C that comes in the moment in which it
    begins to read. Bytes beyond the line are left to the next call.
    """
    deadline = time.monotonic() + seconds
    line = bytearray()
    try:
        click.echo(question, nl=False, err=True)
        while not line.endswith(b"\n"):
            while not select.select([handle], [], [], _SLICE)[0]:
                if time.monotonic() > deadline:
                    raise TimeoutError
            byte = os.read(handle, 1)  # no more: what follows belongs to the next question
            if not byte:
                raise EOFError
            line += byte
    except (EOFError, TimeoutError):
        click.echo(err=True)  # what comes next begins its own line
        raise
    if not os.isatty(handle):  # only a terminal shows what is typed
        click.echo(err=True)
    return line.decode("utf-8", "replace").rstrip("\r\n")
