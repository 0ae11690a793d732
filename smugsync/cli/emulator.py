"""`smugsync emulator`: a SmugMug of one's own, on the loopback interface."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from smugsync.cli.frame import Command
from smugsync.cli.invocation import Invocation
from smugsync.emulator import switches
from smugsync.emulator.faults import faults
from smugsync.errors import SmugsyncError, UsageError


def _table(title: str, text: str) -> str:
    """A part of the help that click must not fill anew (`\b` says so)."""
    return f"\b\n{title}:\n\n\b\n" + text.strip("\n").replace("\n\n", "\n\n\b\n")


_EPILOG: Final = (
    _table("Switches (--switch NAME=VALUE)", switches.HELP)
    + "\n\n"
    + _table("Faults (--fault SPEC)", faults.HELP)
)
_NICKNAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,34}")


def _read_people(
    context: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[tuple[str, Path | None], ...]:
    """Each `NICK` or `NICK=DIR`."""
    people: list[tuple[str, Path | None]] = []
    for value in values:
        nickname, equals, place = value.partition("=")
        if not _NICKNAME.fullmatch(nickname):
            problem = f"{nickname!r} is no nickname: up to 35 letters, digits and hyphens"
            raise click.BadParameter(problem, context, parameter)
        if equals and not Path(place).is_dir():
            raise click.BadParameter(f"{place!r} is no directory", context, parameter)
        people.append((nickname, Path(place) if equals else None))
    return tuple(people)


@click.command(cls=Command, epilog=_EPILOG)
@click.argument(
    "library",
    required=False,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="[LIBRARY_DIR]",
)
@click.option("--nickname", default="demo", show_default=True, metavar="NICK", help="Whose account it is.")
@click.option(
    "--user",
    "people",
    multiple=True,
    callback=_read_people,
    metavar="NICK[=DIR]",
    help="Another user, with the files below DIR or nothing; may repeat.",
)
@click.option("--albums", type=click.IntRange(min=0), metavar="N", help="A synthetic account of N albums,")
@click.option("--images", type=click.IntRange(min=0), default=0, metavar="N", help="with N images in each,")
@click.option(
    "--bytes", "size", type=click.IntRange(min=1), default=2000, metavar="N", help="of N bytes each."
)
@click.option("--seed", type=int, default=0, metavar="N", help="Another account of the same kind.")
@click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Keep the account in FILE; a later start goes on with it.",
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, metavar="N", help="Listen here; 0 takes a free port."
)
@click.option(
    "--listen",
    "host",
    default="127.0.0.1",
    show_default=True,
    metavar="ADDRESS",
    help="And on this address. Who reaches it may change everything.",
)
@click.option("--tls", is_flag=True, help="https, with a certificate authority of its own.")
@click.option("--media-url", metavar="URL", help="Another server that serves the files of LIBRARY_DIR.")
@click.option(
    "--viewer",
    type=click.Choice(["owner", "anonymous", "other"]),
    default="owner",
    show_default=True,
    help="Whose credentials are given out.",
)
@click.option("--latency", type=click.FloatRange(min=0), default=0, metavar="MS", help="Delay every answer.")
@click.option("--switch", "turned", multiple=True, metavar="NAME=VALUE", help="Behave otherwise; may repeat.")
@click.option("--fault", "faults", multiple=True, metavar="SPEC", help="Something to go wrong; may repeat.")
@click.pass_context
def emulator(context: click.Context, /, library: Path | None, **options: Any) -> None:
    """Serve a small SmugMug on this machine until it is stopped.

    LIBRARY_DIR is served as it is: folders that hold files are albums. Without it, and without
    --albums, there is a built-in demo account. One line of JSON on stdout tells the addresses and
    the credentials once the socket listens.

    A Pixelpost site of the account's JPEGs stands beside it, at the ready line's "pixelpost_url".

    With --state, everything that clients change survives a restart. The first start fills FILE;
    later ones take the account from it, whatever has become of LIBRARY_DIR (its files are read
    where they are, uploads are kept in FILE). With --tls, the authority's certificate is the
    ready line's "ca_file", which is kept beside FILE as FILE.ca.pem.
    """
    from smugsync.emulator.serve import serve  # noqa: PLC0415 - the server is not needed for --help
    from smugsync.emulator.settings import Settings  # noqa: PLC0415 - likewise

    invocation: Invocation = context.obj
    invocation.start_logging()
    chosen = (name for name in options if context.get_parameter_source(name) is not _DEFAULT)
    settings = Settings(
        library=library,
        host=options["host"],
        port=options["port"],
        nickname=options["nickname"],
        media_url=options["media_url"] or None,
        latency_ms=options["latency"],
        faults=tuple(options["faults"]),
        albums=options["albums"],
        images=options["images"],
        bytes_each=options["size"],
        viewer=options["viewer"],
        seed=options["seed"],
        switches=_turn(options["turned"]),
        people=options["people"],
        state=options["state"],
        tls=options["tls"],
        explicit=frozenset(chosen),
    )
    if not _is_local(settings.host):
        logging.getLogger("smugsync.emulator").warning(
            "Listening on %s: whoever reaches this address may read and change the account.", settings.host
        )
    try:
        serve(settings, announce=_announce)
    except ValueError as error:  # a fault that nobody knows
        raise UsageError(str(error)) from error
    except BrokenPipeError:
        raise
    except OSError as error:
        port = f"port {settings.port}"
        place = error.filename or (port if _is_local(settings.host) else f"{settings.host} {port}")
        reason = str(error.strerror).partition(" (while ")[0]  # `socket` repeats the address
        raise SmugsyncError(f"the emulator cannot serve {place}: {reason}") from error


_DEFAULT: Final = click.core.ParameterSource.DEFAULT


def _is_local(host: str) -> bool:
    return host in ("127.0.0.1", "::1", "localhost")


def _turn(turned: tuple[str, ...]) -> switches.Switches:
    """Raises UsageError for a switch that nobody knows."""
    found = switches.Switches()
    for text in turned:
        try:
            found = found.set(text)
        except ValueError as error:
            raise UsageError(str(error)) from error
    return found


def _announce(values: Mapping[str, object]) -> None:
    print(json.dumps(values), flush=True)
