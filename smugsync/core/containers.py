"""Is a video or a HEIC file all there? Its container says how long its parts are; nothing is decoded."""

from __future__ import annotations

from collections.abc import Callable

#: The first parts of files of the ISO family (MP4, QuickTime, HEIC, 3GP).
_FIRST = frozenset({b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
#: What nothing can be shown without: the index of a film, of a fragment or of a picture; and the data.
_INDEX, _DATA = frozenset({b"moov", b"moof", b"meta"}), b"mdat"
#: A film of many fragments has two parts for each; a file with more of them was made to be read for ever.
_MOST_PARTS = 200_000


def is_whole(read: Callable[[int, int], bytes], size: int) -> bool | None:
    """Does the file of `size` bytes end where its container says? None: the container does not say.

    `read` gives at most so many bytes from an offset.
    """
    head = read(0, 12)
    if head[:4] == b"RIFF":  # AVI; one of more than a GiB goes on with further ones
        return 8 + int.from_bytes(head[4:8], "little") <= size
    if head[4:8] not in _FIRST:
        return None
    return _ends_with_a_part(read, size)


def _ends_with_a_part(read: Callable[[int, int], bytes], size: int) -> bool:
    at, kinds = 0, set[bytes]()
    for _ in range(_MOST_PARTS):
        if at == size:
            return _DATA in kinds and not _INDEX.isdisjoint(kinds)
        head = read(at, 16)
        length, kind = int.from_bytes(head[:4], "big"), head[4:8]
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        elif length == 0:  # up to the end of the file
            length = size - at
        if len(head) < 8 or length < 8 or at + length > size:
            return False
        kinds.add(kind)
        at += length
    return False
