"""The values that travel through a cycle: what the service shows, what the disk holds, what we recorded.

All of them are frozen and slotted; all keys, versions and cursors are opaque strings that are only
ever compared for equality.
"""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum

from smugsync.records import dataclass


class Kind(StrEnum):
    PHOTO = "photo"
    VIDEO = "video"


class Evidence(StrEnum):
    """How we know that the bytes on disk are the right ones."""

    PROMISED = "promised"  #: the service gave an MD5 or a size beforehand, and it is equal
    SELF = "self"  #: the service promised nothing; the hash is ours, taken while receiving
    CONVERTED = "converted"  #: we sent HEIC or video; the service keeps something else
    UNPROVEN = "unproven"  #: adopted by name, size and time


class Access(StrEnum):
    """What this viewer may see of an album."""

    READABLE = "readable"
    UNREADABLE = "unreadable"  #: password-level or no grant: frozen, never taken as empty


@dataclass(frozen=True, slots=True)
class Promise:
    """What *this* download will yield: MD5 in lower-case hex, size in bytes; None = not promised."""

    md5: str | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """Whose photos these are. `root` identifies the account for the mirror's marker.

    `whole`: everything of it is shown, as to its owner; `size`: how many photos there are in all, where the
    account is one album. None = the service does not say. `albums`: some of its albums that came along, for a
    quicker start; they prove nothing of the others.
    """

    nickname: str
    root: str
    name: str = ""
    whole: bool | None = None
    size: int | None = None
    albums: tuple[Album, ...] = ()


@dataclass(frozen=True, slots=True)
class Album:
    """An album as the account's flat album list shows it.

    `url_path` is absolute (`/Travel/Iceland`), `cursor` changes whenever the service admits a change
    (compare with `!=`), `image_count` is None where the service withholds it. `changed_at` is the newest of
    the times in the cursor (epoch seconds), None if it has none.
    """

    key: str
    node_id: str
    name: str
    url_path: str
    cursor: str = ""
    image_count: int | None = None
    changed_at: int | None = None
    access: Access = Access.READABLE
    reason: str = ""  #: why it is unreadable, for people


@dataclass(frozen=True, slots=True)
class Details:
    """What people wrote about a photo; kept in the catalogue, never written into the file."""

    title: str = ""
    caption: str = ""
    keywords: tuple[str, ...] = ()
    latitude: str = ""
    longitude: str = ""
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A photo or video in one album, as the service shows it to us now.

    `version` changes when the bytes to be downloaded change; `revision` when anything changes.
    `source` is the address the bytes were offered at in this cycle (None: ask `Gallery.look`).
    `withheld` says why there is nothing to fetch ("still processing", "original not offered ...").
    `source_files`: types of files that the service keeps with it and does not hand out (`cr2 dng`).
    `original_size`: bytes of the upload as the service tells it; it may mean what was made of it instead.
    `taken` is the camera's wall-clock time without a zone (`2019-08-04T11:28:12`), `uploaded` a UTC
    time stamp (`2020-04-28T23:38:55+00:00`); both empty when unknown.
    """

    album_key: str
    key: str
    name: str
    format: str = ""
    kind: Kind = Kind.PHOTO
    version: str = ""
    revision: str = ""
    serial: int = 0
    promised: Promise = Promise()
    source: str | None = None
    withheld: str = ""
    processing: bool = False
    taken: str = ""
    uploaded: str = ""
    details: Details = field(default_factory=Details)
    source_files: str = ""
    original_size: int | None = None


class Privacy(StrEnum):
    """Who may see an album that is made."""

    PRIVATE = "Private"
    UNLISTED = "Unlisted"
    PUBLIC = "Public"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A local file on its way to an album: `md5` in lower-case hex and `size` in bytes, both of what is sent.

    `replaces` is the photo (its key, and its serial) that it takes the place of; "" = it is a new one.
    """

    album_key: str
    name: str
    md5: str
    size: int
    replaces: str = ""
    serial: int = 0
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sent:
    """What the service made of an upload: the photo's key, and its serial.

    Not `listed`: listings call it by another key, and this one only serves to look at it.
    """

    key: str
    serial: int = 0
    listed: bool = True


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What `stat` says of a file: enough to see that it was touched, never enough to prove it."""

    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file in the mirror. `path` is relative to the mirror's root; `md5` None = not hashed this time."""

    path: str
    fingerprint: Fingerprint
    md5: str | None = None


@dataclass(frozen=True, slots=True)
class Base:
    """What both sides agreed on when this file was last accepted (the catalogue's committed row)."""

    path: str
    version: str
    held_md5: str
    fingerprint: Fingerprint
    evidence: Evidence = Evidence.PROMISED
    retired: bool = False
