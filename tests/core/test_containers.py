"""Is a video or a HEIC file all there, by what its container says?"""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smugsync.core.containers import is_whole
from smugsync.emulator.media.pictures import make_video


def verdict(data: bytes) -> bool | None:
    return is_whole(lambda offset, count: data[offset : offset + count], len(data))


def part(kind: bytes, size: int = 0) -> bytes:
    return struct.pack(">I", size + 8) + kind + bytes(size)


FILM = part(b"ftyp", 8) + part(b"mdat", 500) + part(b"moov", 60)
PICTURE = part(b"ftyp", 8) + part(b"meta", 60) + part(b"mdat", 500)


@pytest.mark.parametrize("data", [FILM, PICTURE, make_video(1)], ids=["film", "picture", "real film"])
def test_whole_file_is_whole(data: bytes) -> None:
    assert verdict(data) is True


@pytest.mark.parametrize("data", [FILM, PICTURE, make_video(1)], ids=["film", "picture", "real film"])
@given(share=st.floats(0.0, 0.999))
def test_file_that_was_cut_off_is_not(data: bytes, share: float) -> None:
    cut = data[: int(len(data) * share)]
    assert verdict(cut) is (None if len(cut) < 8 else False)


def test_real_picture_is_whole_and_its_beginning_is_not() -> None:
    heif = pytest.importorskip("pillow_heif", reason="the extra `emulator` encodes HEIC")
    picture = pytest.importorskip("PIL.Image").new("RGB", (64, 48), "green")
    out = io.BytesIO()
    heif.from_pillow(picture).save(out, quality=50)
    data = out.getvalue()
    assert verdict(data) is True
    assert {verdict(data[:-n]) for n in (1, 16, 100)} == {False}


@pytest.mark.parametrize("missing", [b"moov", b"mdat"])
def test_file_that_ends_between_two_parts_is_not_whole_either(missing: bytes) -> None:
    there = {b"moov", b"mdat"} - {missing}
    assert verdict(part(b"ftyp", 8) + part(there.pop(), 500)) is False


def test_last_part_may_go_on_to_the_end() -> None:
    assert verdict(part(b"ftyp", 8) + part(b"moov", 9) + struct.pack(">I", 0) + b"mdat" + bytes(77)) is True


def test_long_part_has_a_long_length() -> None:
    long = struct.pack(">I", 1) + b"mdat" + struct.pack(">Q", 116) + bytes(100)
    assert verdict(part(b"ftyp", 8) + part(b"moov", 9) + long) is True
    assert verdict(part(b"ftyp", 8) + part(b"moov", 9) + long[:-1]) is False


def test_length_of_nothing_ends() -> None:
    assert verdict(part(b"ftyp", 8) + struct.pack(">I", 4) + b"moov") is False


@pytest.mark.parametrize(("size", "whole"), [(100, True), (101, False), (90, True)])
def test_avi_says_its_length_as_well(size: int, whole: bool) -> None:
    assert verdict(b"RIFF" + struct.pack("<I", size) + b"AVI " + bytes(96)) is whole


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff\xe0" + bytes(40), b"G@\0\x10" * 100])
def test_other_containers_do_not_say(data: bytes) -> None:
    assert verdict(data) is None


@given(st.binary(max_size=64))
def test_no_bytes_raise(data: bytes) -> None:
    verdict(b"\0\0\0\x10ftyp" + data)
