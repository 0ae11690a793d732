"""What kind of media is a file? Its first bytes tell; its name only settles what they leave open.

The signatures are those of the formats' own specifications; the brands of ISO files (ISO/IEC 14496-12) come
from the registration authority at mp4ra.org, those of raw files from their makers' files.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from smugsync.records import dataclass

#: How many of a file's first bytes `media_of` wants to see: two packets of an MPEG transport stream of discs.
HEAD: Final = 400


class Family(StrEnum):
    PICTURE = "picture"
    FILM = "film"
    RAW = "raw"  #: what a camera's sensor saw; the service takes it with an add-on only


@dataclass(frozen=True, slots=True)
class Media:
    """A format. `mime` is what an upload calls it; `extensions`, folded, are the names it goes by."""

    name: str
    family: Family
    mime: str
    extensions: frozenset[str]

    def fits(self, name: str) -> bool:
        """Does a file called so say by its extension what it is?"""
        return extension_of(name) in self.extensions


def _media(name: str, family: Family, mime: str, extensions: str) -> Media:
    return Media(name, family, mime, frozenset(extensions.split()))


JPEG: Final = _media("JPEG", Family.PICTURE, "image/jpeg", "jpg jpeg jpe jfif")
PNG: Final = _media("PNG", Family.PICTURE, "image/png", "png")
GIF: Final = _media("GIF", Family.PICTURE, "image/gif", "gif")
HEIC: Final = _media("HEIC", Family.PICTURE, "image/heic", "heic heif hif")
AVIF: Final = _media("AVIF", Family.PICTURE, "image/avif", "avif")
WEBP: Final = _media("WebP", Family.PICTURE, "image/webp", "webp")
JXL: Final = _media("JPEG XL", Family.PICTURE, "image/jxl", "jxl")
BMP: Final = _media("BMP", Family.PICTURE, "image/bmp", "bmp dib")
TIFF: Final = _media("TIFF", Family.PICTURE, "image/tiff", "tif tiff")
PSD: Final = _media("Photoshop", Family.PICTURE, "image/vnd.adobe.photoshop", "psd psb")
RAW: Final = _media(
    "raw",
    Family.RAW,
    "application/octet-stream",
    "3fr arw cr2 cr3 crw dcr dng erf fff gpr iiq k25 kdc mef mos mrw nef nrw orf ori pef raf raw rw2 rwl sr2 "
    "srf srw x3f",
)
MP4: Final = _media("MP4", Family.FILM, "video/mp4", "mp4 m4v mp4v insv 360")
MOV: Final = _media("QuickTime", Family.FILM, "video/quicktime", "mov qt")
THREE_GP: Final = _media("3GP", Family.FILM, "video/3gpp", "3gp 3gpp 3g2")
AVI: Final = _media("AVI", Family.FILM, "video/x-msvideo", "avi divx")
MATROSKA: Final = _media("Matroska", Family.FILM, "video/x-matroska", "mkv webm")
ASF: Final = _media("Windows Media", Family.FILM, "video/x-ms-wmv", "wmv asf")
MPEG_PS: Final = _media("MPEG", Family.FILM, "video/mpeg", "mpg mpeg mpe m2v vob mod m2p")
MPEG_TS: Final = _media("MPEG-TS", Family.FILM, "video/mp2t", "ts mts m2ts m2t tod")
FLV: Final = _media("Flash Video", Family.FILM, "video/x-flv", "flv")
OGG: Final = _media("Ogg", Family.FILM, "video/ogg", "ogv ogg")

#: Everything that is told apart.
EVERY: Final = (
    *(JPEG, PNG, GIF, HEIC, AVIF, WEBP, JXL, BMP, TIFF, PSD, RAW, MP4, MOV, THREE_GP),
    *(AVI, MATROSKA, ASF, MPEG_PS, MPEG_TS, FLV, OGG),
)

_BEGINNINGS: Final = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"\xff\x0a", JXL),
    (b"\0\0\0\x0cJXL \r\n\x87\n", JXL),
    (b"8BPS", PSD),
    (b"FUJIFILMCCD-RAW", RAW),
    (b"FOVb", RAW),  # Sigma
    (b"\0MRM", RAW),  # Minolta
    (b"IIRO", RAW),  # Olympus
    (b"IIRS", RAW),
    (b"MMOR", RAW),
    (b"IIU\0", RAW),  # Panasonic
    (b"II\x1a\0\0\0HEAPCCDR", RAW),  # Canon before 2004
    (b"\x1aE\xdf\xa3", MATROSKA),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c", ASF),
    (b"\0\0\x01\xba", MPEG_PS),
    (b"\0\0\x01\xb3", MPEG_PS),
    (b"FLV\x01", FLV),
    (b"OggS", OGG),
)
_TIFFS: Final = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
#: Of the first two, at which the parts of a QuickTime film begin that has no brand.
_UNBRANDED: Final = frozenset({b"moov", b"mdat", b"wide", b"pnot", b"skip", b"free"})
_SOUND: Final = frozenset({b"M4A ", b"M4B ", b"M4P "})
_BRANDS: Final = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), HEIC),
    **dict.fromkeys((b"avif", b"avis"), AVIF),
    b"crx ": RAW,
    b"qt  ": MOV,
}
_EXTENSION: Final = re.compile(r"[^/]\.([^./]+)\Z")


def extension_of(path: str) -> str:
    """The extension in lower case, "" if there is none: `"a/B.JPG"` -> `"jpg"`."""
    found = _EXTENSION.search(path)
    return found[1].lower() if found else ""


def media_of(head: bytes, name: str = "") -> Media | None:
    """The format of a file by its first `HEAD` bytes; None: none that is known.

    Most raw files are TIFFs by their bytes, and a 3GP film may bear any brand: there `name` decides.
    """
    if head[4:8] == b"ftyp":
        return _branded(head, name)
    if head[:4] == b"RIFF":
        return {b"AVI ": AVI, b"WEBP": WEBP}.get(head[8:12])
    if head.startswith(_TIFFS):
        return RAW if RAW.fits(name) else TIFF
    for beginning, media in _BEGINNINGS:
        if head.startswith(beginning):
            return media
    if head[4:8] in _UNBRANDED:
        return MOV
    if head[:2] == b"BM" and head[6:10] == bytes(4):
        return BMP
    return MPEG_TS if _is_transport_stream(head) else None


def _is_transport_stream(head: bytes) -> bool:
    """Packets of 188 bytes that begin with "G"; on discs and in cameras 4 bytes of a clock go before each."""
    plain, timed = head[:189:188], head[4:197:192]
    return b"GG" in (plain, timed)


def _branded(head: bytes, name: str) -> Media | None:
    """By the major brand; one that only says "a picture" is settled by those it is compatible with."""
    length = int.from_bytes(head[:4], "big")
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, min(length, len(head), 256), 4))]
    if brands[0] in (b"mif1", b"msf1") and not {b"avif", b"avis"}.isdisjoint(brands):
        return AVIF
    if brands[0] in _SOUND:
        return None
    if (found := _BRANDS.get(brands[0])) is not None:
        return found
    if brands[0][:2] == b"3g":
        return THREE_GP
    return THREE_GP if THREE_GP.fits(name) else MP4
