"""Which files here are the originals of what the service shows, where their bytes cannot tell.

The service turns HEIC into JPEG and re-encodes videos, so that an original and what is offered of it differ
in every byte. Such a pair is recognised by name and time, or by name and size where the service tells the
size of what was uploaded; where several would do, none is taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from smugsync.core.model import Kind
from smugsync.core.naming import fold
from smugsync.records import dataclass

#: File systems and services keep whole seconds, FAT keeps even ones.
TOLERANCE = timedelta(seconds=2)
#: No two clocks on Earth are further apart, in hours.
FURTHEST = 26

_STILLS = frozenset({"heic", "heif"})
_FILMS = frozenset(
    "mp4 m4v mov qt avi mpg mpeg mpe m2v wmv asf mkv webm 3gp 3g2 mts m2ts ts mod ogv flv".split()
)
#: What SmugMug's own telephone app appends to a stem when it uploads a HEIC.
_APPENDED = "_heic"
_NO_WORD = re.compile(r"[\W_]+")

#: Folders and files that a NAS or a desktop makes for itself, folded.
_LITTER = frozenset(
    """@eadir #recycle @recycle .@__thumb @__thumb #snapshot @tmp lost+found .ds_store .appledouble
    .spotlight-v100 .trashes .fseventsd .temporaryitems thumbs.db desktop.ini $recycle.bin .thumbnails .trash
    """.split()
) | {"system volume information"}
_LITTER_BEGINS = ("._", ".trash-", "synofile_thumb")


#: What photos are packed in.
_ARCHIVES = frozenset("zip 7z rar tar tgz gz bz2 xz zst".split())


class Family(StrEnum):
    STILL = "still"  #: a picture that the service keeps as a JPEG
    FILM = "film"  #: a video, of which the service keeps an MP4


#: What an original and its photo or video have in common: the family, and the folded name without extension.
Label = tuple[Family, str]
#: The size in bytes and the time (mtime, ns) that files of one name share if they are copies of one file.
_Copy = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Original:
    """A file here. `moments`: the time it bears, on the clocks that may have set it (no zone)."""

    number: int
    directory: str
    size: int
    mtime_ns: int
    moments: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A photo or video in one album. `taken`: the camera's clock (no zone); `size`: bytes of the upload."""

    number: int
    key: str
    album: int
    taken: datetime | None
    size: int | None = None


def is_litter(name: str) -> bool:
    """Is `name`, of a file or a folder, what a NAS or a desktop leaves everywhere?"""
    folded = name.lower()
    return folded in _LITTER or folded.startswith(_LITTER_BEGINS)


def is_archive(name: str) -> bool:
    """Is `name` that of a file which may be full of photos, and is none itself?"""
    return _split(name)[1].lower() in _ARCHIVES


def label_of_original(name: str) -> Label | None:
    """None: the service keeps the bytes of such a file, or does not take it at all."""
    stem, extension = _split(name)
    if extension.lower() in _STILLS:
        return Family.STILL, fold(stem)
    return (Family.FILM, fold(stem)) if extension.lower() in _FILMS else None


def label_of_remote(name: str, kind: Kind) -> Label | None:
    """None: what the service offers under this name was not converted, its bytes must be the original's.

    A converted picture is called `STEM.JPG`, in capitals.
    """
    stem, extension = _split(name)
    if kind is Kind.VIDEO:
        return Family.FILM, fold(stem)
    if extension != "JPG":
        return None
    folded = fold(stem)
    return Family.STILL, folded.removesuffix(_APPENDED) or folded


def same_extension(name: str, other: str) -> bool:
    return _split(name)[1].lower() == _split(other)[1].lower()


def same_time(taken: datetime, moments: Iterable[datetime]) -> bool:
    """Do two clocks speak of one moment? They may differ by whole hours, as clocks of two zones do."""
    for moment in moments:
        difference = abs(moment - taken)
        hours = round(difference / timedelta(hours=1))
        if hours <= FURTHEST and abs(difference - timedelta(hours=hours)) <= TOLERANCE:
            return True
    return False


def suggests(directory: str, *names: str) -> bool:
    """Is the last folder of `directory` called like an album of these names, or addresses?"""
    last = _plain(directory)
    return bool(last) and last in {_plain(name) for name in names}


def pair(
    wanted: Sequence[Wanted], originals: Sequence[Original], belongs: Callable[[Original, Wanted], bool]
) -> dict[int, int]:
    """Which original each of `wanted` is, by their numbers; all of them have one label.

    `belongs`: the original lies in a directory that suggests the album. What fits one photo of the whole
    account, and nothing else does, is a match; else what fits one photo of the album it belongs to.
    Copies of one file (same size and time) count as one.
    """
    copies: dict[_Copy, list[Original]] = {}
    for original in originals:
        copies.setdefault((original.size, original.mtime_ns), []).append(original)
    photos: dict[str, list[Wanted]] = {}
    for one in wanted:
        photos.setdefault(one.key, []).append(one)
    fits = {key: _fitting(shown[0], copies) for key, shown in photos.items()}
    claims: dict[_Copy, set[str]] = {}
    claims_in_album: dict[tuple[int, _Copy], set[str]] = {}
    for one in wanted:
        for copy in fits[one.key]:
            claims.setdefault(copy, set()).add(one.key)
            claims_in_album.setdefault((one.album, copy), set()).add(one.key)

    def is_the_one(one: Wanted, copy: _Copy) -> bool:
        if len(claims_in_album[one.album, copy]) > 1:
            return False
        return any(belongs(original, one) for original in copies[copy])

    pairs: dict[int, int] = {}
    for key, shown in photos.items():
        alone = [copy for copy in fits[key] if len(fits[key]) == len(claims[copy]) == 1]
        for one in shown:
            here = alone or [copy for copy in fits[key] if is_the_one(one, copy)]
            if len(here) == 1:
                best = min(copies[here[0]], key=lambda o: (not belongs(o, one), o.number))
                pairs[one.number] = best.number
    return pairs


def _fitting(one: Wanted, copies: dict[_Copy, list[Original]]) -> list[_Copy]:
    """Size tells more than time. That it differs tells nothing: some sizes are those of a conversion."""
    by_size = [copy for copy in copies if copy[0] == one.size]
    if by_size or one.taken is None:
        return by_size
    taken = one.taken
    return [copy for copy, originals in copies.items() if same_time(taken, originals[0].moments)]


def _split(name: str) -> tuple[str, str]:
    stem, dot, extension = name.rpartition(".")
    return (stem, extension) if dot and stem else (name, "")


def _plain(path: str) -> str:
    return _NO_WORD.sub(" ", fold(path.rstrip("/").rpartition("/")[2])).strip()


def settle_claims(present: Mapping[int, str], claims: Mapping[int, tuple[str, int]]) -> dict[int, str]:
    """Which albums may have the directory they claim, so that no two are the same and none lies in another.

    `present`: the folded directory of every album; `claims`: the folded directory that some want instead,
    and how many files speak for it. Of two that clash the weaker claim goes; an album that claims nothing
    stays where it is.
    """
    granted = {album: directory for album, (directory, _) in claims.items()}
    while True:
        layout = sorted((granted.get(album, directory) + "/", album) for album, directory in present.items())
        clash = next(
            (
                (one, other)
                for (path, one), (below, other) in pairwise(layout)
                if below.startswith(path) and not granted.keys().isdisjoint((one, other))
            ),
            None,
        )
        if clash is None:
            return granted
        weaker = min(
            (album for album in clash if album in granted), key=lambda album: (claims[album][1], -album)
        )
        del granted[weaker]
