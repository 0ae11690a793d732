"""The marker in `.smugsync/mirror.json`: proof that this directory is the mirror, and whose.

A marker that is present says "safe"; an unmounted disk shows none. The other way round (a file that
forbids) was read as absent exactly when the disk was gone, and cost people their cloud copies
(abraunegg/onedrive #2755).
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
from dataclasses import asdict

from smugsync.errors import MirrorUnusable, SmugsyncError, SuspiciousPlan
from smugsync.local.handles import OURS, READ, Root
from smugsync.local.syscalls import fsync_data, fsync_directory
from smugsync.records import dataclass

_NAME = "mirror.json"
MARKER = f"{OURS}/{_NAME}"


@dataclass(frozen=True, slots=True)
class Marker:
    """`mirror` is a random id, `account` the account's root identity, `created` an ISO 8601 time."""

    mirror: str
    account: str
    nickname: str = ""
    created: str = ""


def read(root: Root) -> Marker | None:
    """The marker, None if there is none. Raises SuspiciousPlan for one that is damaged or no plain file,
    MirrorUnusable."""
    try:
        fd = root.open(MARKER, READ)
        with os.fdopen(fd, "rb") as file:
            text = file.read(65_536)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _refused(root, error) from error
    try:
        fields = json.loads(text)
        mirror, account = fields["mirror"], fields["account"]
        if not (isinstance(mirror, str) and isinstance(account, str)):
            raise TypeError("neither is a name")
        return Marker(mirror, account, str(fields.get("nickname", "")), str(fields.get("created", "")))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise SuspiciousPlan(
            f"the marker {root.path / MARKER} is damaged; nothing is touched until it is restored"
        ) from error


def _refused(root: Root, error: OSError) -> SmugsyncError:
    """What it means that the marker is there and cannot be read."""
    path = root.path / MARKER
    if error.errno in (errno.EACCES, errno.EPERM):
        return MirrorUnusable(
            f"{path} cannot be read by user id {os.geteuid()}: permission denied; give it to the user that "
            "smugsync runs as"
        )
    if kind := _kind(root):
        return SuspiciousPlan(
            f"the marker {path} is {kind} where a plain file should be; nothing is touched until it is "
            "restored"
        )
    return root.explain(error, f"reading {MARKER}")


def _kind(root: Root) -> str:
    """What lies in the marker's place, or in that of its directory, if it is of no use there; else ""."""
    for path in (OURS, MARKER):
        try:
            mode = os.stat(path, dir_fd=root.fd, follow_symlinks=False).st_mode
        except OSError:
            return ""
        if stat.S_ISLNK(mode):
            return "a symbolic link"
        if path == MARKER and not stat.S_ISREG(mode):
            return "a directory" if stat.S_ISDIR(mode) else "a socket or a device"
    return ""


def write(root: Root, marker: Marker) -> None:
    """Write the marker durably; it appears whole or not at all. Raises MirrorUnusable, Transient."""
    directory_fd = root.open_directory(OURS, create=True)
    temporary = f"{_NAME}.new"  # always the same
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with contextlib.suppress(OSError):  # left by a killed process, or a link that somebody planted
        os.unlink(temporary, dir_fd=directory_fd)
    try:
        with os.fdopen(os.open(temporary, flags, root.file_mode, dir_fd=directory_fd), "w") as file:
            json.dump(asdict(marker), file, indent=2)
            file.write("\n")
            file.flush()
            fsync_data(file.fileno())
        os.rename(temporary, _NAME, src_dir_fd=directory_fd, dst_dir_fd=directory_fd)
        fsync_directory(directory_fd)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(temporary, dir_fd=directory_fd)
        raise root.explain(error, f"writing {MARKER}") from error
    finally:
        os.close(directory_fd)


def check(root: Root, expected: Marker) -> Marker:
    """The marker found, if it is that of the `expected` mirror and account; SuspiciousPlan otherwise."""
    found = read(root)
    if found is None:
        raise SuspiciousPlan(
            f"{root.path} holds no mirror ({MARKER} is missing): is the right disk mounted there?"
        )
    if found.mirror != expected.mirror:
        raise SuspiciousPlan(
            f"{root.path} holds another mirror ({found.nickname or found.account}, id {found.mirror}); "
            f"this account's has the id {expected.mirror}"
        )
    if found.account != expected.account:
        raise SuspiciousPlan(
            f"{root.path} mirrors another account ({found.nickname or found.account}), "
            f"not {expected.nickname or expected.account}"
        )
    return found
