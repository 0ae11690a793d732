"""`smugsync adopt`: take over the photos that other tools, or a person, have brought here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from smugsync.catalogue import Catalogue, Hashed
from smugsync.cli.assembly import workshop
from smugsync.cli.ending import conclude, show
from smugsync.cli.frame import Command
from smugsync.cli.invocation import Invocation
from smugsync.cli.summary import summarise
from smugsync.config import Config
from smugsync.config.writing import make_private_directory
from smugsync.core.matching import is_archive, is_litter
from smugsync.errors import Busy, CatalogueError, UsageError
from smugsync.local.folder import Folder
from smugsync.local.handles import OURS
from smugsync.local.tree import Mirror
from smugsync.records import dataclass
from smugsync.sync.adoption.adopting import adopt as take_over
from smugsync.sync.adoption.candidates import Place
from smugsync.sync.context import Context, Scope


@dataclass(frozen=True, slots=True)
class Chosen:
    """The directory to adopt, without symbolic links; `within`: its path in the mirror, None = outside."""

    path: Path
    within: str | None


@click.command(cls=Command)
@click.argument("directory", metavar="DIR")
@click.option("--exact", is_flag=True, help="Match by bytes alone, not HEIC and videos by name and time.")
@click.option("--copy", is_flag=True, help="Copy what is taken in, even where it could be linked.")
@click.option("--no-download", is_flag=True, help="Only take over; the next sync fetches the rest.")
@click.option("-n", "--dry-run", is_flag=True, help="Read, and say what would be done.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON object.")
@click.pass_obj
def adopt(
    invocation: Invocation,
    /,
    *,
    directory: str,
    exact: bool,
    copy: bool,
    no_download: bool,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Take over the photos in DIR, and fetch only the rest.

    DIR is what smugmug-backup or another tool made, SmugMug's own zips unpacked, a camera's folder, whatever.
    All albums are listed, then files that have a size the account promises are read once and matched by
    their MD5, whatever they are called and wherever they lie.

    If DIR is the mirror, or a directory in it, files are registered where they stand. Any other folder is
    left as it is: what is needed of it is linked into the mirror, or copied (links share their bytes with
    DIR: give --copy if you go on editing there). Nothing is ever deleted.

    HEIC and videos have other bytes online than here. They are matched by name and by time, or by the size
    of the upload where SmugMug tells it, and marked as unproven; --exact has them fetched instead.
    """
    config = invocation.load()
    chosen = choose(config, directory)
    scope = Scope("everything", detail=f"adopt {chosen.path}")
    with workshop(invocation, config, dry_run=dry_run) as shop:

        def body(context: Context) -> None:
            with _open(chosen, context) as place:
                take_over(context, shop.engine.cycle, place, exact=exact, fetch=not no_download, copy=copy)

        report = shop.work(scope, body)
        read = shop.catalogue.hashed() if dry_run else []
    _remember(config, read)
    lines = summarise(report, config.mirror, planned_only=dry_run)
    show(invocation, report, lines, as_json=report.as_json() if as_json else None)
    return conclude(invocation, report)


def choose(config: Config, directory: str) -> Chosen:
    """The directory a person means. Raises UsageError for what cannot be adopted."""
    if any("\ud800" <= one <= "\udfff" for one in directory) or "\0" in directory:
        raise UsageError(f"{directory!r} cannot be adopted: its name is not valid UTF-8")
    path = Path(os.path.realpath(directory))
    mirror, state = Path(os.path.realpath(config.mirror)), Path(os.path.realpath(config.state_dir))
    try:
        entries = [one for one in path.iterdir() if not (one.name.startswith(OURS) or is_litter(one.name))]
    except FileNotFoundError:
        raise UsageError(f"{path} does not exist: name the folder that the photos are in") from None
    except NotADirectoryError:
        raise UsageError(f"{path} is a file: name the folder that the photos are in") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    if not entries:
        raise UsageError(f"{path} is empty: there is nothing to adopt")
    if all(is_archive(entry.name) for entry in entries):
        raise UsageError(f"{path} holds nothing but archives: unpack them first, then adopt what was in them")
    if all(entry.is_symlink() for entry in entries):
        raise UsageError(
            f"{path} holds nothing but symbolic links, which are not followed: name the folders they lead to"
        )
    if _below(path, state) is not None:
        raise UsageError(f"{path} is smugsync's own state directory: it holds no photos")
    within = _below(path, mirror)
    if within is None and _below(mirror, path) is not None:
        raise UsageError(
            f"{path} holds the mirror {mirror}: name the mirror, or a folder that is not around it"
        )
    if within is not None and within.split("/")[0].startswith(OURS):
        raise UsageError(
            f"{path} is smugsync's own: `smugsync trash` and `smugsync undo` bring back from there"
        )
    return Chosen(path, within)


def _below(path: Path, directory: Path) -> str | None:
    """The path of `path` in `directory` ("" = it is that), None if it is not there. By what they are, not by
    how they are spelt: some file systems know several spellings."""
    try:
        wanted = directory.stat()
    except OSError:
        return None
    parts: list[str] = []
    for place in (path, *path.parents):
        try:
            if os.path.samestat(place.stat(), wanted):
                return "/".join(reversed(parts))
        except OSError:
            return None
        parts.append(place.name)
    return None


@contextmanager
def _open(chosen: Chosen, context: Context) -> Iterator[Place]:
    if chosen.within is not None:
        yield Place(context.mirror, chosen.within)
        return
    with Mirror(Folder(chosen.path)) as reader:
        yield Place(reader, None)


def _remember(config: Config, read: list[Hashed]) -> None:
    """What a dry run has read need not be read again. That is all that remains of it."""
    if not read:
        return
    try:
        make_private_directory(config.state_dir)
        catalogue = Catalogue.open(config.catalogue)
        try:
            with catalogue.transaction():
                catalogue.put_hashed(read)
        finally:
            catalogue.close()
    except (Busy, CatalogueError, OSError):
        return  # it is read again, then
