"""What a photo or video says of itself: format, pixels, time, camera. Standard library only.

By content first, by the name's extension second: the emulator serves whatever files it is given, and
must describe them as the service would. Nothing here raises on any bytes, and the work per file is
bounded: a few kilobytes are looked at, wherever they lie.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from io import SEEK_END
from pathlib import Path, PurePath

from smugsync.emulator.media.boxes import Film, read_film, read_still
from smugsync.emulator.media.exif import Exif, read_exif
from smugsync.emulator.media.iptc import read_iptc
from smugsync.emulator.media.octets import Octets

_MOST_PIECES = 4096  # segments or chunks looked at per file
_LONGEST_JUNK = 4096  # bytes between two JPEG segments
_NO_FRAMES = frozenset({0xFFC4, 0xFFC8, 0xFFCC})  # JPEG markers among the frame headers that are none

VIDEO_FORMATS = frozenset({"MP4", "MOV", "3GP", "AVI", "MKV", "WEBM", "MPG", "MTS", "WMV"})

#: Extensions that are not simply the format's name.
_EXTENSIONS: Mapping[str, str] = {
    "jpeg": "JPG",
    "jpe": "JPG",
    "heif": "HEIC",
    "hif": "HEIC",
    "tif": "TIFF",
    "m4v": "MP4",
    "qt": "MOV",
    "mpeg": "MPG",
    "m2ts": "MTS",
}
_BY_NAME = (
    frozenset({"JPG", "PNG", "GIF", "HEIC", "AVIF", "TIFF", "WEBP", "BMP", "ICO", "PSD"}) | VIDEO_FORMATS
)
_RAW = frozenset({"ARW", "CR2", "CR3", "DNG", "NEF", "NRW", "ORF", "PEF", "RAF", "RW2", "SRW"})
_NO_EXIF = Exif({})


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """A file as its own bytes describe it; 0 and "" stand for unknown.

    `width` and `height` are pixels as stored, before any Orientation. `taken` is the camera's wall clock
    as `YYYY-MM-DDTHH:MM:SS` without a zone; for a video it is the container's creation time, which is
    UTC, as the service shows it. `duration` is in seconds. `exif` has what else it says, Exif, IPTC and
    of films alike, by exiftool's names of the tags.
    """

    format: str
    width: int = 0
    height: int = 0
    taken: str = ""
    is_video: bool = False
    duration: float = 0.0
    make: str = ""
    model: str = ""
    exif: Mapping[str, str] = field(default_factory=dict)


def inspect(head: bytes, name: str, size: int | None = None) -> MediaInfo:
    """Describe the file called `name` from its first bytes; `size` is that of the whole file.

    64 KiB are enough for nearly all photos. A video whose index lies at its end shows neither pixels
    nor duration this way; `inspect_file` finds them.
    """
    return describe(Octets.of(head, size), name)


def inspect_file(path: Path) -> MediaInfo:
    """Describe the file at `path`. Raises OSError when it cannot be read, and nothing else."""
    with path.open("rb") as file:
        return describe(Octets.of_file(file, file.seek(0, SEEK_END)), path.name)


def describe(window: Octets, name: str) -> MediaInfo:
    """What `inspect` and `inspect_file` do, over bytes from anywhere."""
    found = _name_format(window, PurePath(name).suffix.lstrip(".").lower())
    if found in {"MP4", "MOV", "3GP"}:
        return _describe_film(found, read_film(window))
    width, height, exif = _READERS.get(found, _read_nothing)(window)
    tags = exif.tags
    return MediaInfo(
        found,
        width,
        height,
        tags.get("DateTimeOriginal", ""),
        is_video=found in VIDEO_FORMATS,
        make=tags.get("Make", ""),
        model=tags.get("Model", ""),
        exif=tags,
    )


def _describe_film(found: str, film: Film) -> MediaInfo:
    tags = {"ModifyDate": film.modified, "CompressorID": film.video, "AudioFormat": film.audio}
    return MediaInfo(
        found,
        film.width,
        film.height,
        film.created,
        is_video=True,
        duration=film.duration,
        exif={tag: text for tag, text in tags.items() if text},
    )


def _name_format(window: Octets, extension: str) -> str:
    """The format by magic number, refined or, failing that, given by the extension; JPG if all fails."""
    by_name = _EXTENSIONS.get(extension, extension.upper())
    found = recognise(window)
    if found == "TIFF" and by_name in _RAW:  # most raw files are TIFF inside, told apart by name only
        return by_name
    return found or (by_name if by_name in _BY_NAME | _RAW else "JPG")


def recognise(window: Octets) -> str:
    """The format by magic number alone; "" for what is none of those known here."""
    head = window.take(0, 64)
    for magic, offset, found in _MAGIC:
        if head.startswith(magic, offset):
            return found
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "3GP" if head[8:10] == b"3g" else "MP4")
    if head[4:8] in {b"moov", b"mdat", b"wide"}:  # QuickTime before there was ftyp
        return "MOV"
    if head.startswith(b"\x1aE\xdf\xa3"):
        return "WEBM" if b"webm" in head else "MKV"
    if head.startswith(b"BM") and head[6:10] == bytes(4):
        return "BMP"
    for first, step in ((0, 188), (4, 192)):  # a transport stream; AVCHD puts a time before each packet
        if all(window.take(first + packet * step, 1) == b"G" for packet in range(3)):
            return "MTS"
    return ""


_MAGIC: tuple[tuple[bytes, int, str], ...] = (
    (b"\xff\xd8\xff", 0, "JPG"),
    (b"\x89PNG\r\n\x1a\n", 0, "PNG"),
    (b"GIF87a", 0, "GIF"),
    (b"GIF89a", 0, "GIF"),
    (b"WEBP", 8, "WEBP"),
    (b"AVI ", 8, "AVI"),
    (b"II*\0", 0, "TIFF"),
    (b"MM\0*", 0, "TIFF"),
    (b"IIRO", 0, "ORF"),
    (b"IIU\0", 0, "RW2"),
    (b"FUJIFILMCCD-RAW", 0, "RAF"),
    (b"8BPS", 0, "PSD"),
    (b"\0\0\1\0", 0, "ICO"),
    (b"\0\0\1\xba", 0, "MPG"),
    (b"\0\0\1\xb3", 0, "MPG"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", 0, "WMV"),
)
_BRANDS: Mapping[bytes, str] = {
    b"qt  ": "MOV",
    b"crx ": "CR3",
    b"M4A ": "M4A",
    b"avif": "AVIF",
    b"avis": "AVIF",
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), "HEIC"),
}

Found = tuple[int, int, Exif]


def _read_nothing(_: Octets) -> Found:
    return 0, 0, _NO_EXIF


def _read_jpeg(window: Octets) -> Found:
    """Segments up to the scan or the end: the frame header gives the pixels, the first Exif APP1 and the
    first APP13 the tags."""
    width = height = 0
    exif = _NO_EXIF
    iptc: dict[str, str] = {}
    at = 2
    for _ in range(_MOST_PIECES):
        marker, length = window.number(at, 2), window.number(at + 2, 2)
        if marker in {0xFFD9, 0xFFDA} or not window.take(at, 1):
            break
        if not 0xFFC0 <= marker <= 0xFFFE or length < 2:  # fill bytes, or what a careless editor left
            at += 1 + (window.take(at + 1, _LONGEST_JUNK) + b"\xff").index(0xFF)
            continue
        if marker <= 0xFFCF and marker not in _NO_FRAMES:
            height, width = window.number(at + 5, 2), window.number(at + 7, 2)
        elif marker == 0xFFE1 and not exif.tags and window.take(at + 4, 6) == b"Exif\0\0":
            exif = read_exif(window.part(at + 10, at + 2 + length))
        elif marker == 0xFFED and not iptc:
            iptc = read_iptc(window.part(at + 4, at + 2 + length))
        at += 2 + length
    return width, height, replace(exif, tags={**iptc, **exif.tags})


def _read_png(window: Octets) -> Found:
    block = next((body for kind, body in _png_chunks(window) if kind == b"eXIf"), window.part(0, 0))
    return window.number(16, 4), window.number(20, 4), read_exif(block)


def _png_chunks(window: Octets) -> Iterator[tuple[bytes, Octets]]:
    at = 8
    for _ in range(_MOST_PIECES):
        length, kind = window.number(at, 4), window.take(at + 4, 4)
        if len(kind) < 4:
            return
        yield kind, window.part(at + 8, at + 8 + length)
        at += 12 + length


def _read_gif(window: Octets) -> Found:
    window = window.ordered("little")
    return window.number(6, 2), window.number(8, 2), _NO_EXIF


def _read_bmp(window: Octets) -> Found:
    window = window.ordered("little")
    if window.number(14, 4) == 12:  # the header of OS/2 and Windows 2
        return window.number(18, 2), window.number(20, 2), _NO_EXIF
    height = window.number(22, 4)
    return window.number(18, 4), min(height, (1 << 32) - height), _NO_EXIF  # negative: rows from the top


def _read_tiff(window: Octets) -> Found:
    exif = read_exif(window)
    return exif.width, exif.height, exif


def _read_webp(window: Octets) -> Found:
    """RIFF chunks (WebP container specification): VP8X, VP8 or VP8L give the pixels, EXIF the tags."""
    window = window.ordered("little")
    width = height = 0
    exif = _NO_EXIF
    at = 12
    for _ in range(_MOST_PIECES):
        kind, length = window.take(at, 4), window.number(at + 4, 4)
        if len(kind) < 4:
            break
        body = window.part(at + 8, at + 8 + length)
        if kind == b"VP8X":
            width, height = body.number(4, 3) + 1, body.number(7, 3) + 1
        elif kind == b"VP8 " and not width:
            width, height = body.number(6, 2) & 0x3FFF, body.number(8, 2) & 0x3FFF
        elif kind == b"VP8L" and not width:
            bits = body.number(1, 4)
            width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        elif kind == b"EXIF":
            # Some writers keep JPEG's "Exif\0\0" in front.
            exif = read_exif(body.part(6) if body.take(0, 6) == b"Exif\0\0" else body)
        at += 8 + length + length % 2
    return width, height, exif


def _read_heic(window: Octets) -> Found:
    still = read_still(window)
    return still.width, still.height, read_exif(still.exif)


_READERS: Mapping[str, Callable[[Octets], Found]] = {
    "JPG": _read_jpeg,
    "PNG": _read_png,
    "GIF": _read_gif,
    "BMP": _read_bmp,
    "TIFF": _read_tiff,
    "WEBP": _read_webp,
    "HEIC": _read_heic,
    "AVIF": _read_heic,
    **dict.fromkeys(_RAW, _read_tiff),  # those that are no TIFF show nothing
}
