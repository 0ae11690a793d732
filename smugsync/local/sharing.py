"""Bytes that are here already, for a second name: by reflink, by hard link, or copied.

What a reflink or a hard link shows was proven when its source was, so it is not read again; a copy is
hashed on its way like a download. The source's fingerprint is looked at before and after.
"""

from __future__ import annotations

import errno
import os
from enum import StrEnum
from typing import Final, Literal

from smugsync.core.model import Evidence, Fingerprint
from smugsync.errors import IntegrityError, Transient
from smugsync.local import syscalls
from smugsync.local.handles import READ, Root, split
from smugsync.local.part import PartFile, Sealed
from smugsync.records import dataclass
from smugsync.stop import Stop

#: "auto": reflink, else hard link, else copy; "reflink": reflink, else copy; "none": copy.
Links = Literal["auto", "reflink", "none"]

_CHUNK: Final = 256 * 1024


class How(StrEnum):
    """In which way the bytes came to their second name."""

    REFLINK = "reflink"
    HARD_LINK = "hard link"
    COPY = "copy"


@dataclass(frozen=True, slots=True)
class Source:
    """A file with known bytes: `path` beneath `root`, which need not be the mirror's.

    `verified_at` is when they were last read and found to have this MD5 (epoch seconds).
    """

    root: Root
    path: str
    fingerprint: Fingerprint
    md5: str
    evidence: Evidence = Evidence.PROMISED
    verified_at: int | None = None


@dataclass(frozen=True, slots=True)
class Shared:
    """A part that holds the source's bytes, not sealed yet."""

    part: PartFile
    how: How


def share(root: Root, name: str, source: Source, *, directory: str, links: Links, stop: Stop) -> Shared:
    """A part called `name` for a file that will go to `directory`, with the bytes of `source`.

    Raises Transient if the source is not what it was, cannot be read or gives other bytes;
    MirrorUnusable; Interrupted.
    """
    try:
        fd = source.root.open(source.path, READ)
    except OSError as error:
        raise source.root.explain(error, f"opening {source.path}") from error
    try:
        _check(fd, source)
        shared = _share(root, name, source, fd, directory=directory, links=links, stop=stop)
        try:
            _check(fd, source)
        except Transient:
            shared.part.discard()
            raise
        return shared
    finally:
        os.close(fd)


def _share(
    root: Root, name: str, source: Source, fd: int, *, directory: str, links: Links, stop: Stop
) -> Shared:
    known = Sealed(source.md5, source.fingerprint.size)
    part = PartFile.create(root, name, directory=directory)
    try:
        if links != "none" and syscalls.clone(fd, part.fd):
            part.vouch(known)
            return Shared(part, How.REFLINK)
        if links == "auto" and (linked := _link(root, name, source, directory)) is not None:
            part.discard()
            linked.vouch(known, shared=True)
            return Shared(linked, How.HARD_LINK)
        _copy(fd, part, source, stop)
    except OSError as error:
        part.discard()
        raise root.explain(error, f"taking over {source.path}") from error
    except BaseException:
        part.discard()
        raise
    return Shared(part, How.COPY)


def _link(root: Root, name: str, source: Source, directory: str) -> PartFile | None:
    """A part that is a second name of the source itself; None where there can be none."""
    staging = root.staging(directory)
    parent, own = split(source.path)
    parent_fd = source.root.open_directory(parent)
    try:
        linked = PartFile.link_name(name)
        try:
            if not root.link(parent_fd, own, staging.fd, linked):
                return None
        except OSError as error:
            if error.errno == errno.EXDEV:
                return None
            raise
    finally:
        os.close(parent_fd)
    part = PartFile.adopt_link(root, name, staging)
    try:
        _check(part.fd, source)
    except Transient:
        part.discard()
        raise
    return part


def _copy(fd: int, part: PartFile, source: Source, stop: Stop) -> None:
    view = memoryview(bytearray(_CHUNK))
    while count := _read(fd, view, source):
        stop.check()
        part.write(view[:count])
    if part.md5 != source.md5:
        raise IntegrityError(
            f"{source.path} has other bytes than when it was recorded",
            promised=source.md5,
            found=part.md5,
        )


def _read(fd: int, view: memoryview, source: Source) -> int:
    try:
        return os.readv(fd, [view])
    except OSError as error:  # the source's trouble, not that of the disk it is copied to
        raise source.root.explain(error, f"reading {source.path}") from error


def has_to_copy(root: Root, source: Source, *, links: Links) -> bool:
    """Would `share` copy the bytes of `source` into the mirror's main disk? Nothing is left of the trial.

    Raises Transient if the source is not what it was or cannot be read; MirrorUnusable.
    """
    if links == "none":
        return True
    try:
        fd = source.root.open(source.path, READ)
    except OSError as error:
        raise source.root.explain(error, f"opening {source.path}") from error
    part = PartFile.create(root, "trial")
    try:
        if syscalls.clone(fd, part.fd):
            return False
        linked = _link(root, "trial", source, "") if links == "auto" else None
        if linked is not None:
            linked.discard()
        return linked is None
    except OSError as error:
        raise root.explain(error, f"linking {source.path}") from error
    finally:
        part.discard()
        os.close(fd)


def _check(fd: int, source: Source) -> None:
    try:
        found = source.root.look_at(fd, source.path)
    except OSError as error:
        raise source.root.explain(error, f"reading {source.path}") from error
    if found != source.fingerprint:
        raise Transient(f"{source.path} is not what it was when it was recorded")
