"""Drop folders: what lies in one is moved into the mirror, into the directory of the album it is for.

A file is copied to a part file beside its new name, proven, and given the name; only then does it leave the
drop folder. So it is in one place or in both at any moment, never in none.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator

from smugsync.catalogue import AlbumRow, join
from smugsync.core import naming
from smugsync.core.model import Evidence, Fingerprint, LocalFile
from smugsync.errors import ConfigError, ItemError, MirrorUnusable, SuspiciousPlan, Transient
from smugsync.local.handles import Root
from smugsync.local.placement import Placement, place
from smugsync.local.scan import scan
from smugsync.local.sharing import Source, share
from smugsync.local.tree import Mirror
from smugsync.sync.context import Context, Route, Sending
from smugsync.sync.report import What
from smugsync.sync.sending.finding import SENDABLE
from smugsync.sync.sending.homes import directory_of


def collect(context: Context) -> None:
    """Move what is finished in the drop folders to where it belongs. What cannot be moved stays there."""
    sending = context.options.sending
    if sending is None or context.options.dry_run:
        return
    for route in sending.routes:
        context.stop.check()
        why = _closed(context, route)
        if why:
            context.report.trouble(
                str(route.folder), f"nothing is taken from it: its album {route.album} {why}"
            )
            continue
        try:
            with Mirror.open(route.folder) as folder:
                for file in list(_finished(context, sending, folder.root)):
                    _take(context, route, folder, file)
        except SuspiciousPlan:  # an inbox need not be there
            context.report.trouble(str(route.folder), "does not exist: nothing is taken from it", code=0)
        except ConfigError:
            context.report.trouble(str(route.folder), "is a file: a drop folder must be a directory")
        except (ItemError, MirrorUnusable) as error:
            context.report.trouble(str(route.folder), f"nothing is taken from it: {error}")


def _closed(context: Context, route: Route) -> str:
    """Why nothing would be sent to the route's album, "" if it would."""
    row = _album_of(context, route)
    if not context.options.selects(route.album if row is None else row.url_path):
        return "is excluded by the configuration"
    if row is None or row.state == "listed":
        return ""
    return "is gone online" if row.state == "gone" else "cannot be read by this viewer"


def _album_of(context: Context, route: Route) -> AlbumRow | None:
    """The one that is listed, if several were at this address."""
    wanted = route.album.casefold()
    rows = [row for row in context.catalogue.albums() if row.url_path.casefold() == wanted]
    return min(rows, key=lambda row: row.state != "listed", default=None)


def _finished(context: Context, sending: Sending, root: Root) -> Iterator[LocalFile]:
    for file in scan(root, unreadable=lambda where, why: context.report.trouble(str(root.path), str(why))):
        name = file.path.rpartition("/")[2]
        if name.rpartition(".")[2].lower() not in SENDABLE or sending.ignores(file.path):
            continue
        readiness = sending.settled(root, file.path)
        if readiness.fingerprint is not None:
            yield LocalFile(file.path, readiness.fingerprint)
        elif readiness.later:
            context.report.files_unfinished += 1
        else:
            context.report.trouble(f"{root.path}/{file.path}", f"is not sent: {readiness.why}")


def _take(context: Context, route: Route, folder: Mirror, file: LocalFile) -> None:
    """One file into the mirror; a file of that name there is another one."""
    catalogue, mirror, root = context.catalogue, context.mirror, folder.root
    directory = _directory(context, route)
    wanted = naming.file_name(file.path.rpartition("/")[2], "", "photo")
    try:
        md5 = folder.hash(file.path, context.stop).md5 or ""
        here = list(context.mirror.scan(directory, recursive=False))
        if _is_there(context, here, file.fingerprint, md5):
            _leave(root, file.path, file.fingerprint)
            return
        path = join(directory, _free_name(context, directory, here, wanted))
        source = Source(root, file.path, file.fingerprint, md5, Evidence.SELF)
        part_name = hashlib.md5(f"{root.path}/{file.path}".encode()).hexdigest()
        shared = share(mirror.root, part_name, source, directory=directory, links="none", stop=context.stop)
        try:
            shared.part.seal(file.fingerprint.mtime_ns)
            with catalogue.transaction(durable=True):
                catalogue.route(path, route.keywords)
            (placed,) = place(
                mirror.root, [Placement(shared.part, path, None, None)], durability=context.options.durability
            )
        except BaseException:
            shared.part.discard()
            raise
        if isinstance(placed, Exception):
            raise placed
        with catalogue.transaction():
            catalogue.put_local(path, placed.fingerprint, fresh=True)
        _leave(root, file.path, file.fingerprint)
    except ItemError as error:
        context.report.trouble(f"{root.path}/{file.path}", f"cannot be taken into the mirror: {error}")
        return
    context.note(What.TAKEN_IN, path, f"from {root.path}/{file.path}")


def _is_there(context: Context, here: Iterable[LocalFile], fingerprint: Fingerprint, md5: str) -> bool:
    """Was it taken already, by whatever name, by a run that could not finish, or another way?"""
    return any(
        file.fingerprint.size == fingerprint.size and context.mirror.hash(file.path, context.stop).md5 == md5
        for file in here
    )


def _directory(context: Context, route: Route) -> str:
    """Where the route's album lies, or will lie once it is made."""
    row = _album_of(context, route)
    return directory_of(route.album) if row is None else row.directory


def _free_name(context: Context, directory: str, here: Iterable[LocalFile], name: str) -> str:
    album = context.catalogue.album_at(directory)
    names = {naming.fold(file.path.rpartition("/")[2]) for file in here}

    def taken(folded: str) -> bool:
        return folded in names or (album is not None and context.catalogue.name_taken(album.id, folded))

    return naming.assign(name, "dropped", taken)


def _leave(root: Root, path: str, expected: Fingerprint) -> None:
    """Remove what was taken, unless it was changed in that very moment: then it is another file."""
    directory, _, name = path.rpartition("/")
    fd = root.open_directory(directory)
    try:
        if root.look(fd, name) != expected:
            raise Transient("it was changed while it was taken; it stays, and is taken again")
        os.unlink(name, dir_fd=fd)
    except OSError as error:
        raise root.explain(error, f"removing {path}") from error
    finally:
        os.close(fd)
