"""Is a media file complete, or still being written?"""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smugsync.core.finished import Completeness, Finished, Unfinished, Unknown, finished
from smugsync.emulator.media.pictures import make_video

LARGE = 700 * 1024  #: several windows


def judge(data: bytes, name: str = "") -> Completeness:
    return finished(lambda offset, count: data[offset : offset + count], len(data), name)


def segment(kind: int, body: bytes) -> bytes:
    return bytes([0xFF, kind]) + struct.pack(">H", len(body) + 2) + body


SMALL_JPEG = b"\xff\xd8" + segment(0xE0, b"JFIF\0") + segment(0xDA, bytes(6)) + b"pixels\xff\0\xff\xd9"


def jpeg(
    *, scans: int = 1, pixels: bytes = b"pixels\xff\0\xff\xd0more", thumbnail: bytes = SMALL_JPEG
) -> bytes:
    scan = b"".join(segment(0xDA, bytes(6)) + pixels + segment(0xC4, bytes(9)) for _ in range(scans))
    return b"\xff\xd8" + segment(0xE1, b"Exif\0\0" + thumbnail) + segment(0xC0, bytes(9)) + scan + b"\xff\xd9"


def chunk(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


PNG = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", bytes(13)) + chunk(b"IDAT", b"IEND" * 400) + chunk(b"IEND")
GIF = (
    *(b"GIF89a", struct.pack("<HHBBB", 8, 8, 0x81, 0, 0), bytes(12)),
    *(
        b"\x21\xf9\x04\0\0\0\0\0",
        b"\x2c" + bytes(8) + b"\x80" + bytes(6),
        b"\x02\x03\x3b\x3b\x3b\x02ab\0",
        b"\x3b",
    ),
)


def part(kind: bytes, size: int = 0) -> bytes:
    return struct.pack(">I", size + 8) + kind + b"\x5a" * size


FILM = part(b"ftyp", 8) + part(b"mdat", 500) + part(b"moov", 60)
QUICK = part(b"ftyp", 8) + part(b"moov", 60) + part(b"mdat", 500)
HEIC = struct.pack(">I", 20) + b"ftypheic" + bytes(4) + b"mif1" + part(b"meta", 60) + part(b"mdat", 500)
AVI = b"RIFF" + struct.pack("<I", 104) + b"AVI " + b"x" * 100
WHOLE = {
    "jpeg": jpeg(),
    "progressive jpeg": jpeg(scans=3),
    "large jpeg": jpeg(scans=2, pixels=b"\x11\xff\0" * (LARGE // 3)),
    "png": PNG,
    "gif": b"".join(GIF),
    "film": FILM,
    "film with its index first": QUICK,
    "real film": make_video(1),
    "heic": HEIC,
    "avi": AVI,
    "long avi": AVI + AVI.replace(b"AVI ", b"AVIX"),
}
every = pytest.mark.parametrize("data", WHOLE.values(), ids=list(WHOLE))
pictures = pytest.mark.parametrize(
    "data", [jpeg(), jpeg(scans=2), PNG, b"".join(GIF)], ids="jpeg progressive png gif".split()
)


@every
def test_whole_file_is_finished(data: bytes) -> None:
    assert judge(data) == Finished()


@every
@settings(max_examples=40)
@given(share=st.floats(0.0, 0.999))
def test_file_that_was_cut_off_is_not(data: bytes, share: float) -> None:
    cut = data[: int(len(data) * share)]
    if data.startswith(b"RIFF") and len(AVI) <= len(cut) < len(AVI) + 4:
        return  # ends where its first part does, or with what need not be a second one
    assert not isinstance(judge(cut), Finished)


@pictures
@given(share=st.floats(0.0, 0.999))
def test_picture_whose_room_was_taken_before_its_bytes_came_is_not(data: bytes, share: float) -> None:
    come = int(len(data) * share)
    if data[come:].strip(b"\0"):  # else nothing is missing
        assert not isinstance(judge(data[:come] + bytes(len(data) - come)), Finished)


@pictures
@pytest.mark.parametrize("after", [bytes(1), bytes(5000), b"notes", bytes(9) + b"SEFT" + bytes(300_000)])
def test_what_follows_a_picture_does_not_matter(data: bytes, after: bytes) -> None:
    assert judge(data + after) == Finished()


def test_end_of_a_thumbnail_is_not_that_of_the_picture() -> None:
    data = jpeg()
    cut = data[: data.index(b"\xff\xd9") + 2]
    assert judge(cut) == judge(cut + bytes(100)) == Unfinished("ends before its picture begins")


def test_picture_whose_film_is_still_coming_is_not_finished() -> None:
    motion = jpeg() + FILM
    assert judge(motion) == Finished()
    assert judge(motion[:-1]) == Unfinished("ends within its part `moov`")


def test_picture_after_a_picture_has_to_end_as_well() -> None:
    several = jpeg() + bytes(7) + jpeg(scans=2)
    assert judge(several) == Finished()
    assert judge(several[:-4]) == Unfinished("has no end yet")


def test_marker_across_two_windows_is_found() -> None:
    for shift in range(4):
        pixels = b"\x11" * (256 * 1024 - 60 + shift)
        data = jpeg(pixels=pixels + bytes(30)) + b"notes"
        assert judge(data) == Finished()


def hollow(kind: bytes, size: int, zeros: int) -> bytes:
    """A part whose data end in zeros."""
    return struct.pack(">I", size + 8) + kind + b"\x5a" * (size - zeros) + bytes(zeros)


@pytest.mark.parametrize(
    "data",
    [
        HEIC[:88] + hollow(b"mdat", 40_000, 20_000),
        HEIC[:88] + hollow(b"mdat", 40_000, 20_000) + part(b"free", 30),
        part(b"ftyp", 8) + part(b"moov", 60) + hollow(b"mdat", 3 << 20, 2 << 20),
        b"RIFF" + struct.pack("<I", 40_004) + b"WEBP" + b"\x5a" * 20_000 + bytes(20_000),
    ],
    ids=["heic", "heic with a part behind", "film with its index first", "webp"],
)
def test_file_that_was_given_its_size_and_not_its_bytes_is_not_finished(data: bytes) -> None:
    assert judge(data) == Unfinished("ends in zeros, as a file does whose copying broke off")


def test_film_may_end_in_a_moment_of_silence() -> None:
    assert judge(part(b"ftyp", 8) + part(b"moov", 60) + hollow(b"mdat", 3 << 20, 300_000)) == Finished()


def test_notes_of_a_camera_after_its_film_do_not_matter() -> None:
    assert judge(FILM + b"\xff\xff\xff\xffnote" + bytes(100)) == judge(FILM + bytes(7)) == Finished()


def test_part_of_a_maker_is_passed_over() -> None:
    assert judge(part(b"ftyp", 8) + part(b"mine", 30) + part(b"moov", 9) + part(b"mdat", 9)) == Finished()


def test_film_whose_camera_has_not_written_the_index_is_not_finished() -> None:
    recording = part(b"ftyp", 8) + struct.pack(">I", 0) + b"mdat" + bytes(500)
    assert judge(recording) == Unfinished("has no index yet, which cameras write last")


def test_film_may_be_longer_than_four_gigabytes() -> None:
    long = struct.pack(">I", 1) + b"mdat" + struct.pack(">Q", 116) + bytes(100)
    assert judge(QUICK[:-508] + long) == Finished()
    assert judge(QUICK[:-508] + long[:-1]) == Unfinished("ends within its part `mdat`")


def test_avi_whose_length_is_not_written_is_not_finished() -> None:
    assert isinstance(judge(b"RIFF" + bytes(4) + b"AVI " + bytes(100)), Unfinished)


def test_file_without_a_byte_is_empty() -> None:
    assert judge(b"") == Unfinished("is empty")


def test_file_of_zeros_is_being_copied() -> None:
    assert isinstance(judge(bytes(5000), "a.jpg"), Unfinished)


@pytest.mark.parametrize("data", [b"II*\0" + b"x" * 90, b"8BPS" + b"x" * 90, b"<html>", b"\x47" * 400])
def test_other_formats_do_not_say(data: bytes) -> None:
    assert judge(data) == Unknown()


def test_raw_file_of_the_iso_family_is_judged_as_such() -> None:
    raw = struct.pack(">I", 16) + b"ftypcrx " + bytes(4) + part(b"moov", 9) + part(b"mdat", 90)
    assert judge(raw, "a.cr3") == Finished()
    assert judge(raw[:-1], "a.cr3") == Unfinished("ends within its part `mdat`")


def test_large_photo_is_read_at_both_ends_only() -> None:
    data, asked = jpeg(pixels=b"\x11" * (16 << 20)), 0

    def read(offset: int, count: int) -> bytes:
        nonlocal asked
        asked += count
        return data[offset : offset + count]

    assert finished(read, len(data)) == Finished()
    assert asked < 1 << 20


@pytest.mark.parametrize("name", ["JPEG", "PNG", "GIF"])
def test_real_picture_is_finished_and_its_beginning_is_not(name: str) -> None:
    image = pytest.importorskip("PIL.Image", reason="the extra `emulator` draws pictures")
    out = io.BytesIO()
    image.effect_noise((300, 200), 80).save(out, name)
    data = out.getvalue()
    assert judge(data) == judge(data + bytes(100)) == Finished()
    assert not any(isinstance(judge(data[: len(data) * n // 9]), Finished) for n in range(9))


@given(
    st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\0\0\0\x10ftyp", b"RIFF"]),
    st.binary(),
)
def test_no_bytes_raise(beginning: bytes, data: bytes) -> None:
    judge(beginning + data)
