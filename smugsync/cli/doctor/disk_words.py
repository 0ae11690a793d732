"""What a disk's peculiarities mean to a mirror, and what is to be done about them, if anything.

Names have a module of their own, `name_words`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from smugsync.cli.doctor.findings import Finding, fail, note, ok, warn
from smugsync.cli.doctor.setup import describe
from smugsync.cli.summary import plural
from smugsync.errors import MirrorUnusable, SuspiciousPlan
from smugsync.local.handles import OURS
from smugsync.local.probe.abilities import Abilities
from smugsync.local.probe.place import Kind, Place, Space, Tree
from smugsync.progress import size

_SECOND = 1_000_000_000
_NOTHING, _LITTLE = 1_000_000, 500_000_000
_FEW_FILES = 1000
_NAMED = 5


def tell_place(where: str, place: Place) -> Finding:
    match place.kind:
        case Kind.MEMORY:
            return warn("mirror", "mirror", f"{where}: gone at the next restart", "name a disk")
        case Kind.OVERLAY:
            return warn(
                "mirror",
                "mirror",
                f"{where}: in a container the photos go when the container does",
                "mount a volume for them",
            )
        case _:
            return ok("mirror", "mirror", where)


# -- abilities -------------------------------------------------------------------------------------


def tell_abilities(can: Abilities, place: Place, *, links: str) -> Iterator[Finding]:
    """`links` is the setting of that name."""
    yield _tell_sharing(can, links)
    yield from _tell_renames(can)
    yield from _tell_flushing(can)
    yield _tell_modes(can)
    yield from _tell_times(can, place)
    yield _tell_links(can)


def _tell_sharing(can: Abilities, links: str) -> Finding:
    subject, once = "links", "a photo in several albums is stored once"
    if links == "none":
        return ok("mirror.links", subject, 'a photo in several albums is copied, since links = "none"')
    if can.reflinks:
        return ok("mirror.links", subject, f"reflinks: {once}")
    if can.hard_links and links == "auto":
        return ok("mirror.links", subject, f"hard links, no reflinks: {once}; editing it in place edits all")
    if can.hard_links:
        return note("mirror.links", subject, "no reflinks: a photo in several albums is copied")
    return note(
        "mirror.links", subject, "neither hard links nor reflinks: a photo in several albums is copied"
    )


def _tell_renames(can: Abilities) -> Iterator[Finding]:
    subject = "renames"
    if not can.hard_links:
        yield note(
            "mirror.replacing",
            subject,
            "without hard links the name of a photo that was replaced online shows nothing for a moment",
        )
    elif not can.exchange:
        yield note(
            "mirror.replacing",
            subject,
            "names cannot be exchanged: what you save in the very microsecond in which a photo is replaced "
            "is lost",
        )
    else:
        yield ok("mirror.replacing", subject, "a photo is replaced at once, and never over your own edit")
    if can.noreplace:
        yield ok("mirror.noreplace", subject, "nothing is ever renamed over another file")
    elif can.hard_links:
        yield ok(
            "mirror.noreplace", subject, "no RENAME_NOREPLACE; links keep other files from being replaced"
        )
    else:
        yield note(
            "mirror.noreplace",
            subject,
            "no RENAME_NOREPLACE: a file that you put in the place of a new photo, in the very microsecond "
            "in which it appears, is replaced",
        )


def _tell_flushing(can: Abilities) -> Iterator[Finding]:
    if not can.sync_files:
        yield fail(
            "mirror.sync",
            "flushing",
            "files cannot be flushed (fdatasync): nothing is safe from a power cut",
            "take another disk",
            code=MirrorUnusable.exit_code,
        )
    elif can.sync_directories:
        yield ok("mirror.sync", "flushing", "files and directories are flushed")
    else:
        yield note(
            "mirror.sync",
            "flushing",
            "directories cannot be flushed: after a power cut the newest files may be missing, and are "
            "fetched again",
        )


def _tell_modes(can: Abilities) -> Finding:
    if can.mode == 0o600:
        return ok("mirror.modes", "modes", "kept as they are set")
    return note(
        "mirror.modes",
        "modes",
        f"not kept (0600 becomes {can.mode:04o}): who may read the photos is up to the mount's options "
        "(uid=, gid=, umask=)",
    )


def _tell_times(can: Abilities, place: Place) -> Iterator[Finding]:
    if can.resolution is None:
        yield note(
            "mirror.times", "times", "come not back as they were set: capture times are not to be seen here"
        )
    elif can.resolution > _SECOND:
        yield note(
            "mirror.times", "times", f"kept to {can.resolution // _SECOND} seconds: capture times are rounded"
        )
    else:
        yield ok("mirror.times", "times", "capture times are kept to the second")
    if place.fat:
        yield note(
            "mirror.fat",
            "times",
            "FAT keeps local time, which shifts by an hour twice a year, and then every file is read again; "
            "and no file of 4 GiB or more",
            "mount with tz=UTC, or take another file system",
        )
    missing = [word for word, kept in (("1955", can.dates_early), ("2060", can.dates_late)) if not kept]
    if missing and can.resolution is not None:
        yield note("mirror.dates", "times", f"a date as in {' or '.join(missing)} is not kept")


def _tell_links(can: Abilities) -> Finding:
    if can.links_refused is None:
        return ok("mirror.symlinks", "symlinks", "there are none on this disk, so none can be planted")
    if not can.links_refused:
        return fail(
            "mirror.symlinks",
            "symlinks",
            "are followed although that was forbidden: photos could be led out of the mirror",
            "take another disk",
            code=MirrorUnusable.exit_code,
        )
    how = "by openat2" if can.openat2 else "step by step, since there is no openat2"
    return ok("mirror.symlinks", "symlinks", f"are never followed, {how}")


# -- watching, other disks, room -------------------------------------------------------------------


def tell_watch(
    place: Place, *, heard: float | None, deaf: str, directories: int, limit: int | None
) -> Finding:
    """`heard` in seconds; `limit` is how many directories may be watched."""
    subject, scans = "changes here", "changes are found by scans"
    if heard is None:
        return note("mirror.watch", subject, f"{deaf or 'no message came about a new file'}: {scans}")
    if place.kind in (Kind.NETWORK, Kind.FUSE):
        return note("mirror.watch", subject, f"reported, but not those made on other machines: such {scans}")
    if limit is not None and directories > limit:
        return warn(
            "mirror.watch",
            subject,
            f"{plural(directories, 'directory', 'directories')}, and only {limit:,} may be watched: in the "
            f"rest {scans}",
            f"set fs.inotify.max_user_watches to {2 * directories} (sysctl)",
        )
    return ok(
        "mirror.watch",
        subject,
        f"reported within {max(1, round(heard * 1000))} ms; "
        f"{plural(directories, 'directory', 'directories')}"
        + (f" of {limit:,} that may be watched" if limit is not None else ""),
    )


def tell_tree(tree: Tree) -> Iterator[Finding]:
    for path in tree.mounts:
        yield note(
            "mirror.mounts",
            "other disks",
            f"{path} is a mount of its own, of the mirror's very disk: bytes for it wait in "
            f"{path}/.smugsync, and it cannot be renamed",
        )
    if tree.unreadable:
        yield warn(
            "mirror.unreadable",
            "mirror",
            f"{_listed(tree.unreadable)}: cannot be read, so nothing is known of what is in there",
            "give it to the user that smugsync runs as",
        )
    ours = [path for path in tree.unwritable if path.startswith(OURS)]
    if ours:
        yield fail(
            "mirror.owner",
            "mirror",
            f"{_listed(ours)}: cannot be written to by this user, so nothing can be fetched or set aside",
            "give it to the user that smugsync runs as",
            code=MirrorUnusable.exit_code,
        )
    if others := [path for path in tree.unwritable if path not in ours]:
        yield warn(
            "mirror.unwritable",
            "mirror",
            f"{_listed(others)}: cannot be written to by this user, so that every photo for it fails",
            "give it to the user that smugsync runs as",
        )


def tell_disk(path: str, place: Place, free: int | None, *, writable: bool) -> Finding:
    """A disk inside the mirror, at `path`; `free` in bytes."""
    where = f"{path} is on {describe(place)} of its own"
    if not writable or (place.mount is not None and place.mount.read_only):
        return fail(
            "mirror.disks",
            "other disks",
            f"{where} and cannot be written to: every photo for it fails",
            "mount it writable, and give it to the user that smugsync runs as",
            code=MirrorUnusable.exit_code,
        )
    room = f", {size(free)} free" if free is not None else ""
    return note(
        "mirror.disks",
        "other disks",
        f"{where}{room}: bytes for it wait in {path}/.smugsync; `reserve` is not watched there",
    )


def tell_space(space: Space, reserve: int, *, waiting: int = 0) -> Iterator[Finding]:
    """`reserve` in bytes, and so is what is known to be `waiting` for room."""
    left = f"{size(space.free)} free"
    kept = f", of which {size(reserve)} stay free (`reserve`)" if reserve else ""
    if space.free < max(reserve, _NOTHING):
        why = f", and `reserve` is {size(reserve)}" if reserve else ""
        yield fail(
            "mirror.space",
            "room",
            f"{left}{why}: nothing is fetched",
            "make room, or lower `reserve`" if reserve else "make room",
            code=SuspiciousPlan.exit_code,
        )
    elif space.free - reserve < max(waiting, _LITTLE):
        need = f"; {size(waiting)} wait to be fetched" if waiting else ""
        yield warn("mirror.space", "room", f"only {left}{kept}{need}", "make room")
    else:
        yield ok("mirror.space", "room", f"{left}{kept}")
    if space.files is None or space.files >= _FEW_FILES:
        return
    if space.files == 0:
        yield fail(
            "mirror.inodes",
            "room",
            "no file can be made any more: the disk has no inodes left",
            "delete files, or make the file system anew with more inodes",
            code=SuspiciousPlan.exit_code,
        )
    else:
        yield warn("mirror.inodes", "room", f"only {plural(space.files, 'more file')} can be made (inodes)")


def _listed(paths: Sequence[str]) -> str:
    named = ", ".join(path or "the mirror itself" for path in paths[:_NAMED])
    return f"{named} and {len(paths) - _NAMED:,} more" if len(paths) > _NAMED else named
