"""What the user of a service may see, read and write, as far as owners and modes tell."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterable
from pathlib import Path

from smugsync.config import Config
from smugsync.records import dataclass

#: What ProtectHome= takes away from a service; drop-ins give back piece by piece what is needed of it.
_HOMES = tuple(map(Path, ("/home", "/root", "/run/user")))


def is_hidden(path: Path) -> bool:
    """Whether a hardened service sees `path` only if its drop-in says so."""
    return any(path != home and path.is_relative_to(home) for home in _HOMES)


def reservations(config: Config, file: Path, user: str, program: Iterable[Path]) -> list[str]:
    """Sentences about what will not work for `user`; `program`: the directories that it needs to start."""
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        return [
            f'there is no user "{user}" yet: make it with `useradd --system --home-dir /var/lib/smugsync '
            f"--shell /usr/sbin/nologin {user}`, or name another with --as"
        ]
    if entry.pw_uid == 0:
        return ["it would run as root, which it has no need of: name another user with --as"]
    who = _Reader(entry.pw_uid, frozenset(os.getgrouplist(user, entry.pw_gid)))
    notes = []
    if not who.may(file, 0o4) or not who.can_enter(file.parent):
        notes.append(
            f"{file} cannot be read by {user}: give it to that user, also its directory, or name its owner "
            "with --as"
        )
    closed = next((path for path in program if not who.can_enter(path)), None)
    if closed is not None:
        notes.append(
            f"the program needs {closed}, which {user} cannot look into: install it in /opt/smugsync, or "
            "name the owner with --as"
        )
    if config.mirror.is_dir() and not who.may(config.mirror, 0o2):
        notes.append(
            f"the mirror {config.mirror} cannot be written by {user}: `chown -R {user} {config.mirror}`, or "
            "name its owner with --as"
        )
    return notes


@dataclass(frozen=True, slots=True)
class _Reader:
    """A user, and what the modes allow; access lists are not looked at."""

    uid: int
    groups: frozenset[int]

    def may(self, path: Path, bit: int) -> bool:
        """`bit`: 4 read, 2 write, 1 enter. True for what cannot be looked at: the service will say so."""
        try:
            status = path.stat()
        except OSError:
            return True
        shift = 6 if status.st_uid == self.uid else 3 if status.st_gid in self.groups else 0
        return bool(status.st_mode >> shift & bit)

    def can_enter(self, directory: Path) -> bool:
        """What a drop-in shows of a home is shown without the directories above it."""
        above = () if is_hidden(directory) else directory.parents
        return self.may(directory, 0o4) and all(self.may(one, 0o1) for one in (directory, *above))
