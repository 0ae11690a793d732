"""`smugsync emulator`: a SmugMug of one's own, on the loopback interface."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from smugsync.cli.frame import Command
from smugsync.cli.invocation import Invocation
from smugsync.emulator.faults.faults import HELP
from smugsync.errors import SmugsyncError, UsageError

#: `\b` keeps click from filling the paragraphs anew.
_FAULTS = "\b\nFaults:\n\n\b\n" + HELP.replace("\n\n", "\n\n\b\n")


@click.command(cls=Command, epilog=_FAULTS)
@click.argument(
    "library",
    required=False,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="[LIBRARY_DIR]",
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Listen here; 0 takes a free port.")
@click.option("--nickname", default="demo", show_default=True, help="Whose account it is.")
@click.option("--media-url", metavar="URL", help="Another server that serves the files of LIBRARY_DIR.")
@click.option("--latency", type=click.FloatRange(min=0), default=0, metavar="MS", help="Delay every answer.")
@click.option("--fault", "faults", multiple=True, metavar="SPEC", help="Something to go wrong; may repeat.")
@click.option("--albums", type=click.IntRange(min=0), help="A synthetic account of so many albums,")
@click.option("--images", type=click.IntRange(min=0), default=0, help="so many images in each,")
@click.option("--bytes", "size", type=click.IntRange(min=1), default=2000, help="and so many bytes in each.")
@click.option(
    "--viewer",
    type=click.Choice(["owner", "anonymous", "other"]),
    default="owner",
    show_default=True,
    help="Whose credentials are given out.",
)
@click.pass_obj
def emulator(invocation: Invocation, /, library: Path | None, **options: Any) -> None:
    """Serve a small SmugMug on this machine until it is stopped.

    LIBRARY_DIR is served as it is: folders that hold files are albums. Without it, and without
    --albums, there is a built-in demo account. One line of JSON on stdout tells the addresses and
    the credentials once the socket listens.
    """
    from smugsync.emulator.serve import serve  # noqa: PLC0415 - the server is not needed for --help
    from smugsync.emulator.settings import Settings  # noqa: PLC0415 - likewise

    invocation.start_logging()
    settings = Settings(
        library=library,
        port=options["port"],
        nickname=options["nickname"],
        media_url=options["media_url"] or None,
        latency_ms=options["latency"],
        faults=tuple(options["faults"]),
        albums=options["albums"],
        images=options["images"],
        bytes_each=options["size"],
        viewer=options["viewer"],
    )
    try:
        serve(settings, announce=_announce)
    except ValueError as error:  # a fault that nobody knows
        raise UsageError(str(error)) from error
    except BrokenPipeError:
        raise
    except OSError as error:
        place = error.filename or f"port {settings.port}"
        raise SmugsyncError(f"the emulator cannot serve {place}: {error.strerror}") from error


def _announce(values: Mapping[str, object]) -> None:
    print(json.dumps(values), flush=True)
