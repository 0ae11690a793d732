"""The doctor on the mirror: is it the right disk, what can that disk do, and is there room?"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from smugsync.cli.doctor import disk_words as words
from smugsync.cli.doctor.findings import Finding, fail, failed, note, ok
from smugsync.cli.doctor.name_words import tell_names
from smugsync.cli.doctor.setup import Known, describe
from smugsync.config import Config
from smugsync.errors import MirrorUnusable, SmugsyncError, SuspiciousPlan
from smugsync.local import marker
from smugsync.local.handles import OURS, Root
from smugsync.local.marker import Marker
from smugsync.local.probe.abilities import Abilities, probe_abilities
from smugsync.local.probe.bench import Bench, scratch
from smugsync.local.probe.names import Names, probe_names
from smugsync.local.probe.place import place_of, space_of, tree_of, watch_limit
from smugsync.local.probe.watch import hear
from smugsync.records import dataclass


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of trying it out. `heard` is how many seconds a message about a new file took, None if there
    was none; `deaf` why none was waited for."""

    names: Names
    abilities: Abilities
    heard: float | None = None
    deaf: str = ""


def look_at_mirror(config: Config, known: Known, account: str) -> Iterator[Finding]:
    """Everything about the mirror. `account` is the root of the account that is signed in, "" if unknown.

    Nothing is written where the marker is not ours: it may be an empty mount point.
    """
    try:
        root = Root(config.mirror)
    except SmugsyncError as error:
        yield from failed("mirror", "mirror", error)
        return
    try:
        yield from _look(root, config, known, account)
    finally:
        root.close()


def _look(root: Root, config: Config, known: Known, account: str) -> Iterator[Finding]:
    place = place_of(root.path)
    yield words.tell_place(f"{root.path}, on {describe(place)}", place)
    wrong = list(_check_marker(root, known, account))
    if wrong:
        yield from wrong
        yield note("mirror.probe", "mirror", "not tried out: nothing is written where the marker is not ours")
        return
    yield ok("mirror.marker", "marker", "there, and ours")
    limit = watch_limit()
    tree = tree_of(root)
    try:
        tried = try_out(root)
    except OSError as error:
        yield from _unwritable(root, error)
    else:
        yield ok("mirror.writable", "mirror", "can be written to")
        yield from tell_names(tried.names)
        yield from words.tell_abilities(tried.abilities, place, links=config.links)
        yield words.tell_watch(
            place, heard=tried.heard, deaf=tried.deaf, directories=tree.directories, limit=limit
        )
    yield from words.tell_tree(tree)
    for disk in tree.disks:
        path = root.path / disk
        yield words.tell_disk(disk, place_of(path), _space(path), writable=os.access(path, os.W_OK))
    yield from words.tell_space(space_of(root.fd), config.reserve, waiting=known.waiting)


def try_out(root: Root) -> Tried:
    """Try everything in a directory of our own, which is gone afterwards. Raises OSError."""
    fd = root.open(OURS, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with scratch(root.path / OURS, fd) as bench:
            names, abilities = probe_names(bench), probe_abilities(bench)
            heard, deaf = _listen(bench)
            return Tried(names, abilities, heard, deaf)
    finally:
        os.close(fd)


def _listen(bench: Bench) -> tuple[float | None, str]:
    try:
        return hear(bench.path, "heard", partial(bench.create, "heard")), ""
    except OSError as error:
        if error.errno == errno.ENOSPC:
            return None, "the kernel's limit of watched directories (fs.inotify.max_user_watches) is used up"
        if error.errno in (errno.EMFILE, errno.ENFILE):
            return None, "the kernel's limit of watching programs (fs.inotify.max_user_instances) is used up"
        return None, f"the kernel does not let us watch ({error.strerror or error})"


def _check_marker(root: Root, known: Known, account: str) -> Iterator[Finding]:
    try:
        found = marker.read(root)
        if found is None and not known.mirror:
            yield fail(
                "mirror.marker",
                "marker",
                f"{root.path} has no marker ({marker.MARKER}): it is no mirror, or its disk is not mounted",
                "mount it, or begin a new mirror by `smugsync init`",
                code=SuspiciousPlan.exit_code,
            )
            return
        theirs = found or Marker("", "")
        expected = Marker(
            known.mirror or theirs.mirror,
            (account or known.account) if theirs.account else "",
            known.nickname,
        )
        if not expected.account:  # neither signed in, nor a run that has bound the two
            expected = Marker(expected.mirror, theirs.account)
        marker.check(root, expected)
    except SmugsyncError as error:
        yield from failed("mirror.marker", "marker", error)


def _unwritable(root: Root, error: OSError) -> Iterator[Finding]:
    explained = root.explain(error, "trying out what the disk can do")
    if not isinstance(explained, MirrorUnusable):
        why = error.strerror or error
        explained = MirrorUnusable(
            f"{root.path / OURS} cannot be written to by user id {os.geteuid()}: {why}; give it to the user "
            "that smugsync runs as"
        )
    yield from failed("mirror.writable", "mirror", explained)


def _space(path: Path) -> int | None:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return space_of(fd).free
    finally:
        os.close(fd)
