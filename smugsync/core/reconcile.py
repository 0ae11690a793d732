"""What is to be done about one file, given what was agreed on, what the service shows and what lies here.

`reconcile` is the decision table of the architecture as code. A side that was not looked at is
UNOBSERVED and is taken from the base: it can never cause a Retire or a Forget. Where the decision
hangs on bytes nobody has hashed yet, the answer is Examine, and the question is put again.
"""

from __future__ import annotations

from enum import Enum, StrEnum

from smugsync.core.integrity import Found, same
from smugsync.core.model import Base, Evidence, LocalFile, RemoteFile
from smugsync.records import dataclass

#: With this evidence a file's bytes are the account's, and may be fetched from there again.
ACCOUNTS_OWN = (Evidence.PROMISED, Evidence.SELF)


class Side(Enum):
    ABSENT = "absent"
    UNOBSERVED = "unobserved"


ABSENT, UNOBSERVED = Side.ABSENT, Side.UNOBSERVED


class Why(StrEnum):
    NEW = "new"
    CHANGED = "changed online"
    LOST = "missing here"
    DAMAGED = "damaged here"
    RETURNED = "online again"


@dataclass(frozen=True, slots=True)
class Fetch:
    """Download it; old bytes under the name, if any, are kept as a version."""

    why: Why


@dataclass(frozen=True, slots=True)
class Send:
    """Upload a local file that the service does not have."""


@dataclass(frozen=True, slots=True)
class Replace:
    """Upload local edits in place of what the service has."""


@dataclass(frozen=True, slots=True)
class Adopt:
    """The right bytes are here already: take them over, transfer nothing."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Each side has bytes the other never had: the local file keeps its name, the other lies beside it."""


@dataclass(frozen=True, slots=True)
class Diverge:
    """Edited here, unchanged online, uploads off: keep it, remember that it differs."""


@dataclass(frozen=True, slots=True)
class Retire:
    """Gone online: keep the file and mark it."""


@dataclass(frozen=True, slots=True)
class Trash:
    """Gone online for good, and the mirror follows: out of sight, not out of reach."""


@dataclass(frozen=True, slots=True)
class Keep:
    """As Trash, but a person edited it: from now on the file is their own."""


@dataclass(frozen=True, slots=True)
class Forget:
    """Gone on both sides."""


@dataclass(frozen=True, slots=True)
class Withhold:
    """The service shows it but does not hand it out."""


@dataclass(frozen=True, slots=True)
class Examine:
    """Hash the local file first."""


Action = (
    Fetch | Send | Replace | Adopt | Conflict | Diverge | Retire | Trash | Keep | Forget | Withhold | Examine
)


@dataclass(frozen=True, slots=True)
class Policy:
    """What the person allows. `send`: new local files; `replace`: local edits; `repair`: damaged files.

    `trash`: what an earlier cycle has marked as gone may leave the mirror.
    """

    send: bool = False
    replace: bool = False
    repair: bool = False
    trash: bool = False


def reconcile(
    base: Base | None,
    remote: RemoteFile | Side,
    local: LocalFile | Side,
    policy: Policy = Policy(),
    *,
    fresh: bool = False,
) -> Action | None:
    """The action for one file, None for nothing. `fresh`: it appeared here after the upload baseline."""
    if base is None:
        return _unknown(remote, local, policy, fresh=fresh)
    if remote is ABSENT:
        return _withdrawn(base, local, policy)
    if remote is UNOBSERVED and base.retired:
        return None  # gone as far as we know: there is nothing to fetch or to replace
    return _known(base, remote, local, policy)


def _unknown(
    remote: RemoteFile | Side, local: LocalFile | Side, policy: Policy, *, fresh: bool
) -> Action | None:
    if isinstance(remote, Side):
        # Nobody looked is not "the service lacks it": it takes duplicates without a word.
        here_only = remote is ABSENT and isinstance(local, LocalFile)
        return Send() if here_only and policy.send and fresh else None
    if remote.withheld:
        return Withhold()
    if isinstance(local, Side):
        return Fetch(Why.NEW)
    if local.md5 is None:
        return Examine()
    return Adopt() if _same(remote, local) else Conflict()


def _withdrawn(base: Base, local: LocalFile | Side, policy: Policy) -> Action | None:
    if local is ABSENT:
        return Forget()
    if not base.retired:
        return Retire()
    if not policy.trash or isinstance(local, Side):
        return None
    if local.fingerprint == base.fingerprint or local.md5 == base.held_md5:
        return Trash()
    return Examine() if local.md5 is None else Keep()


def _known(base: Base, remote: RemoteFile | Side, local: LocalFile | Side, policy: Policy) -> Action | None:
    offered = isinstance(remote, RemoteFile) and not remote.withheld
    changed = isinstance(remote, RemoteFile) and has_changed(base, remote)
    returned = base.retired and isinstance(remote, RemoteFile) and remote.version == base.version
    if local is ABSENT:
        return Fetch(Why.LOST) if offered or remote is UNOBSERVED else Withhold()
    if isinstance(local, Side):  # unobserved: as the base has it
        return Fetch(Why.CHANGED) if changed else Adopt() if returned else None

    touched = local.fingerprint != base.fingerprint
    if local.md5 is None:
        if touched:
            return Examine()
        return Fetch(Why.CHANGED) if changed else Adopt() if returned else None
    if local.md5 == base.held_md5:
        if changed:
            return Fetch(Why.CHANGED)
        return Adopt() if touched or returned else None
    if is_damage(base, local) and not (changed and touched):  # if in doubt, a person's
        if changed:
            return Fetch(Why.CHANGED)
        # What the service made of a file is no replacement for the file.
        mendable = base.evidence in ACCOUNTS_OWN and (offered or remote is UNOBSERVED)
        return Fetch(Why.DAMAGED) if policy.repair and mendable else None
    if changed and isinstance(remote, RemoteFile):
        return Adopt() if _same(remote, local) else Conflict()
    settled = not isinstance(remote, RemoteFile) or remote.version == base.version
    return Replace() if policy.replace and settled else Diverge()


def is_damage(base: Base, local: LocalFile) -> bool:
    """Other bytes under an unchanged time stamp, in whatever number: nobody edited this.

    An edit moves the time. (A program that puts it back makes an edit look like this; its bytes are kept.)
    """
    return local.md5 != base.held_md5 and local.fingerprint.mtime_ns == base.fingerprint.mtime_ns


def has_changed(base: Base, remote: RemoteFile) -> bool:
    """Are there other bytes to be had now than those that were accepted?

    A rendition may be made anew under the version it had: then only the promise gives it away.
    """
    if remote.withheld:
        return False
    promised = remote.promised.md5
    remade = base.evidence is Evidence.PROMISED and promised not in (None, base.held_md5)
    return remade or remote.version != base.version


def _same(remote: RemoteFile, local: LocalFile) -> bool:
    return local.md5 is not None and same(remote.promised, Found(local.md5, local.fingerprint.size))
