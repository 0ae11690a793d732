"""What kind of media is it, by its first bytes?"""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smugsync.core import media
from smugsync.core.media import EVERY, HEAD, Media, extension_of, media_of
from smugsync.core.naming import MEDIA_EXTENSIONS

PACKET = b"\x47" + bytes(187)


def branded(major: bytes, *others: bytes) -> bytes:
    body = major + bytes(4) + b"".join(others)
    return struct.pack(">I", 8 + len(body)) + b"ftyp" + body + bytes(40)


@pytest.mark.parametrize(
    ("head", "name", "expected"),
    [
        (b"\xff\xd8\xff\xe1" + bytes(20), "a.jpg", media.JPEG),
        (b"\xff\xd8\xff\xdb" + bytes(20), "a.png", media.JPEG),
        (b"\x89PNG\r\n\x1a\n" + bytes(20), "a.png", media.PNG),
        (b"GIF89a" + bytes(20), "a.gif", media.GIF),
        (branded(b"heic", b"mif1"), "a.heic", media.HEIC),
        (branded(b"mif1", b"heic"), "a.heic", media.HEIC),
        (branded(b"mif1", b"miaf", b"avif"), "a.avif", media.AVIF),
        (branded(b"isom", b"mp41"), "a.mp4", media.MP4),
        (branded(b"isom", b"mp41"), "a.3gp", media.THREE_GP),
        (branded(b"3gp5"), "a", media.THREE_GP),
        (branded(b"qt  "), "a.mov", media.MOV),
        (branded(b"crx "), "a.cr3", media.RAW),
        (branded(b"M4A "), "a.m4a", None),
        (bytes(4) + b"wide" + bytes(20), "a.mov", media.MOV),
        (b"RIFF\1\0\0\0AVI " + bytes(20), "a.avi", media.AVI),
        (b"RIFF\1\0\0\0WEBP" + bytes(20), "a.webp", media.WEBP),
        (b"RIFF\1\0\0\0WAVE" + bytes(20), "a.wav", None),
        (b"II*\0" + bytes(20), "a.tif", media.TIFF),
        (b"MM\0*" + bytes(20), "a.NEF", media.RAW),
        (b"8BPS\0\1" + bytes(20), "a.psd", media.PSD),
        (b"BM" + b"\1\2\3\4" + bytes(20), "a.bmp", media.BMP),
        (PACKET * 2 + bytes(30), "a.ts", media.MPEG_TS),
        ((bytes(4) + PACKET) * 2 + bytes(30), "a.mts", media.MPEG_TS),
        (b"\x1aE\xdf\xa3" + bytes(20), "a.mkv", media.MATROSKA),
        (b"\0\0\1\xba" + bytes(20), "a.mpg", media.MPEG_PS),
        (b"<!doctype html>" + b"G" * 400, "a.jpg", None),
        (b"%PDF-1.7", "a.jpg", None),
        (b"PK\3\4", "a.zip", None),
        (b"", "a.jpg", None),
        (bytes(HEAD), "a.jpg", None),
    ],
)
def test_first_bytes_tell(head: bytes, name: str, expected: Media | None) -> None:
    assert media_of(head, name) is expected


@pytest.mark.parametrize("name", ["a.jpg", "b/a.JPEG", ".x.jpe"])
def test_extension_that_fits(name: str) -> None:
    assert media.JPEG.fits(name)


@pytest.mark.parametrize("name", ["a.png", "jpg", ".jpg", "a.jpg/b", "a.jpg.", ""])
def test_extension_that_does_not(name: str) -> None:
    assert not media.JPEG.fits(name)


def test_extension_is_that_of_the_last_component() -> None:
    assert extension_of("2024.old/IMG.One.JPG") == "jpg"


def test_every_extension_that_a_photo_may_keep_is_that_of_a_format() -> None:
    known = frozenset[str]().union(*(each.extensions for each in EVERY))
    assert known >= MEDIA_EXTENSIONS


def test_no_extension_is_that_of_two_formats() -> None:
    assert sum(len(each.extensions) for each in EVERY) == len(
        frozenset[str]().union(*(each.extensions for each in EVERY))
    )


@given(st.binary(max_size=HEAD), st.text(max_size=8))
def test_no_bytes_raise(head: bytes, name: str) -> None:
    media_of(head, name)
