"""Files that look new because a person has renamed them: they stay what they were, and are not sent for it.

Told by name, size and time, without reading: within a directory the name alone differs; where a whole
directory was renamed, the one they were recorded in is not here any more. What was moved into another
directory while its own is still here is new there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from smugsync.catalogue import join
from smugsync.core.lifecycle import State
from smugsync.core.model import Fingerprint
from smugsync.errors import ItemError
from smugsync.sync.context import Context, Vanished


def follow(
    context: Context, directory: str, album: int | None, here: Mapping[str, Fingerprint], new: Iterable[str]
) -> None:
    """Record those `new` files of `directory` that are known under another path (inside a transaction)."""
    rest = set(new)
    _follow_names(context, directory, album, here, rest)
    if rest and album is None:
        _follow_directory(context, directory, here, rest)


def _follow_names(
    context: Context, directory: str, album: int | None, here: Mapping[str, Fingerprint], new: set[str]
) -> None:
    """Renamed within their directory. Those that are found leave `new`."""
    catalogue = context.catalogue
    local = {
        print_: name for name, (print_, _) in catalogue.local_files(directory).items() if name not in here
    }
    withdrawn = set() if album is None else _gone(catalogue.withdrawn_prints(album), here)
    for name in sorted(new):
        was = local.pop(here[name], None)
        if was is not None:
            catalogue.move_local(join(directory, was), join(directory, name))
        elif here[name] in withdrawn:  # of a photo that was deleted online, or an edit of one
            catalogue.put_local(join(directory, name), here[name], why="kept")
        else:
            continue
        new.discard(name)


def _gone(prints: Mapping[str, Fingerprint], here: Mapping[str, Fingerprint]) -> set[Fingerprint]:
    return {print_ for name, print_ in prints.items() if name not in here}


def _follow_directory(
    context: Context, directory: str, here: Mapping[str, Fingerprint], new: Iterable[str]
) -> None:
    """Renamed with their directory."""
    catalogue = context.catalogue
    if context.vanished is None:
        context.vanished = _look_for_vanished(context)
    former = ""
    for name in new:
        known = name, here[name]
        was = context.vanished.local.pop(known, None)
        upload = None if was is None else catalogue.upload(was)
        if upload is not None and upload.state is State.IN_DOUBT:  # it may be a photo of that album by now
            former = upload.path.rpartition("/")[0]
            catalogue.put_local(join(directory, name), here[name])
        elif was is not None:
            catalogue.move_local(was, join(directory, name))
        elif known in context.vanished.photos:
            former = context.vanished.photos[known]
            catalogue.put_local(join(directory, name), here[name])
    if former and context.sends:
        context.report.trouble(
            directory,
            f"holds photos of the album {former}, whose folder is not here any more: they are not sent again",
            code=0,
        )


def _look_for_vanished(context: Context) -> Vanished:
    catalogue, vanished = context.catalogue, Vanished()
    for album in catalogue.albums():
        prints = catalogue.held_prints(album.id)
        if prints and not _is_here(context, album.directory):
            vanished.photos |= dict.fromkeys(prints.items(), album.directory)
    for directory in _directories(catalogue.local_paths()):
        if not _is_here(context, directory):
            for name, (print_, _) in catalogue.local_files(directory).items():
                vanished.local[name, print_] = join(directory, name)
    return vanished


def _directories(paths: Iterable[str]) -> Iterator[str]:
    yield from sorted({path.rpartition("/")[0] for path in paths} - {""})


def _is_here(context: Context, directory: str) -> bool:
    try:
        return context.mirror.has_directory(directory)
    except ItemError:
        return True
