"""A command that knows the secrets and meets something it has no name for; run as a program of its own."""

from __future__ import annotations

import logging
import sys
import threading

import click

from smugsync.cli import COMMANDS, main
from smugsync.cli.frame import Command
from smugsync.cli.invocation import Invocation


@click.command(cls=Command)
@click.argument("how")
@click.pass_obj
def crash(invocation: Invocation, how: str) -> None:
    """Tell every secret, in the way that a careless line of code would."""
    config = invocation.load()
    secrets = [secret.reveal() for secret in config.remote.secrets()]
    match how:
        case "exception":
            raise RuntimeError(f"no connection with {secrets!r}")
        case "cause":
            raise RuntimeError("something went wrong") from ValueError(*secrets)
        case "log":
            logging.getLogger("smugsync").error("signed with %s", secrets)
            logging.getLogger("smugsync").warning("signed", extra={"token": secrets, "config": config})
            logging.getLogger("smugsync").error("%r", config)
        case "log-exception":
            try:
                raise ValueError(*secrets)
            except ValueError:
                logging.getLogger("smugsync").exception("while signing with %s", secrets)
        case "say":
            invocation.say(f"signed with {secrets}")
            invocation.complain(f"signed with {secrets}")
        case "thread":
            thread = threading.Thread(target=int, args=(secrets[0],))
            thread.start()
            thread.join()
        case "configuration":
            print(config, repr(config), str(config.remote), f"{config.remote.api_secret}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(commands={**COMMANDS, "crash": ("tests.security.crashing:crash", "Crash.")}))
