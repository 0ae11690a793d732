"""`smugsync pause`, `resume` and `sync-now`: what a daemon is told. Each returns at once."""

from __future__ import annotations

import re
import time
from typing import Any

import click

from smugsync.cli.amounts import moment
from smugsync.cli.frame import Command
from smugsync.cli.invocation import Invocation
from smugsync.daemon.client import call
from smugsync.errors import Busy, SmugsyncError, UsageError

_LENGTH = re.compile(r"(\d{1,6})\s*(s|sec|m|min|h|d|w)", re.IGNORECASE)
_SECONDS = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}


@click.command(cls=Command)
@click.option("--for", "length", metavar="TIME", help="Go on by itself after that: 30m, 2h, 1d.")
@click.pass_obj
def pause(invocation: Invocation, *, length: str | None) -> None:
    """Have the daemon do nothing by itself, until `smugsync resume` or for a while.

    A run that is under way is ended; nothing is lost, the next one goes on there. A pause outlasts a restart
    of the daemon. `smugsync sync` is done all the same.
    """
    seconds = None if length is None else _seconds(length)
    _tell(invocation, ask="pause", seconds=seconds)
    until = "until `smugsync resume`" if seconds is None else f"until {moment(time.time() + seconds)}"
    invocation.say(invocation.told(f"Paused {until}."))


@click.command(cls=Command)
@click.pass_obj
def resume(invocation: Invocation) -> None:
    """Have a paused daemon go on: what became due meanwhile is done now."""
    _tell(invocation, ask="resume")
    invocation.say("The daemon goes on.")


@click.command(name="sync-now", cls=Command)
@click.argument("albums", nargs=-1, metavar="[ALBUM]...")
@click.option("--full", is_flag=True, help="Look into every album, whatever its time stamps say.")
@click.pass_obj
def sync_now(invocation: Invocation, *, albums: tuple[str, ...], full: bool) -> None:
    """Ask the daemon for a sync, and do not wait for it. `smugsync sync` asks and waits."""
    if albums and full:
        raise UsageError("--full is for all albums: leave it out when you name some")
    scope = "albums" if albums else "everything" if full else "delta"
    _tell(invocation, ask="sync", scope=scope, albums=list(albums), wait=False)
    invocation.say(invocation.told("The daemon does it next; `smugsync status` shows how far it is."))


def _tell(invocation: Invocation, **question: Any) -> None:
    """Raises SmugsyncError if there is no daemon, Busy if it does not answer."""
    config = invocation.load()
    line = call(config.socket)
    if line is None:
        raise SmugsyncError(f"no daemon keeps profile {config.profile!r}: `smugsync run` starts one")
    with line:
        line.ask(**question)
        answer = line.answer()
    if answer is None:
        raise Busy("the daemon ended before it answered")
    if answer.get("say") == "refused":
        raise SmugsyncError(str(answer.get("error")))


def _seconds(text: str) -> int:
    found = _LENGTH.fullmatch(text.strip())
    if found is None or not int(found[1]):
        raise UsageError(f"--for {text!r} is no length of time: write it as 30m, 2h or 1d")
    return int(found[1]) * _SECONDS[found[2].lower()]
