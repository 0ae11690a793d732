"""A file that came without a promise is a whole picture or is refused, and how that was found out is said."""

from __future__ import annotations

import errno
import io
import os
import struct
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smugsync.emulator.media.pictures import make_video
from smugsync.local import decoding
from smugsync.local.decoding import Broken, Decoder, How, Unjudged, Whole, examine, find_decoder

DECODER = find_decoder()


@pytest.fixture(autouse=True)
def _strict() -> Iterator[None]:
    """Other tests of this process may have loaded the emulator, which has Pillow show what is there."""
    if DECODER is None:
        yield
        return
    from PIL import ImageFile  # noqa: PLC0415 - an extra

    with switched(ImageFile, lenient=False):
        yield


pillow = pytest.mark.skipif(DECODER is None, reason="Pillow is not installed")
DECODED, FOLLOWED = Whole(How.DECODED), Whole(How.STRUCTURE, "is decoded only with Pillow")
either = pytest.mark.parametrize(
    "decoder", [None, pytest.param(DECODER, marks=pillow)], ids=["alone", "Pillow"]
)


def segment(kind: int, body: bytes) -> bytes:
    return bytes([0xFF, kind]) + struct.pack(">H", len(body) + 2) + body


def frame(width: int = 16, height: int = 16, kind: int = 0xC0) -> bytes:
    return segment(kind, struct.pack(">BHHB", 8, height, width, 1) + b"\1\x11\0")


SCAN = segment(0xDA, b"\1\1\0\0\x3f\0")
THUMBNAIL = b"\xff\xd8" + frame() + SCAN + b"tiny\xff\xd9"


def jpeg(*parts: bytes) -> bytes:
    return b"".join((b"\xff\xd8", segment(0xE1, b"Exif\0\0" + THUMBNAIL), *parts))


#: Right by its markers; no decoder would see a picture in it.
SHAPED = jpeg(frame(), SCAN, b"data\xff\0more", b"\xff\xd9")


@cache
def drawn(codec: str = "JPEG", size: tuple[int, int] = (320, 240), mode: str = "RGB", **how: Any) -> bytes:
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    out = io.BytesIO()
    image.effect_noise(size, 60).convert(mode).save(out, codec, **how)
    return out.getvalue()


JPEGS: dict[str, dict[str, Any]] = {
    "baseline": {},
    "as gd makes them": {"quality": 90},
    "grey": {"mode": "L"},
    "for print": {"mode": "CMYK"},
    "of one pixel": {"size": (1, 1)},
    "narrow": {"size": (1, 300)},
    "not in eights": {"size": (319, 241), "subsampling": 2},
    "without subsampling": {"subsampling": 0},
    "with codes of its own": {"optimize": True},
    "with restarts": {"restart_marker_blocks": 3},
    "with a restart each row": {"restart_marker_rows": 1},
    "progressive": {"progressive": True},
    "progressive with restarts": {"progressive": True, "restart_marker_rows": 1},
    "rough": {"quality": 1},
    "with a profile": {"icc_profile": b"p" * 200_000},
}
every_jpeg = pytest.mark.parametrize("how", JPEGS.values(), ids=list(JPEGS))
OTHERS = ("PNG", "GIF", "WEBP", "BMP")


def look(data: bytes, decoder: Decoder | None = None, name: str = "") -> object:
    return examine(io.BytesIO(data), decoder, name=name)


class TestWhole:
    @pillow
    @every_jpeg
    def test_every_kind_of_jpeg_is_decoded(self, how: dict[str, Any]) -> None:
        assert look(drawn(**how), DECODER) == DECODED

    @every_jpeg
    def test_every_kind_of_jpeg_is_followed_to_its_end(self, how: dict[str, Any]) -> None:
        assert look(drawn(**how)) == FOLLOWED

    @pillow
    @pytest.mark.parametrize("codec", OTHERS)
    def test_so_are_other_pictures(self, codec: str) -> None:
        assert look(drawn(codec), DECODER) == DECODED

    @pillow
    @pytest.mark.parametrize("tail", [bytes(5000), THUMBNAIL, b"\0\0\0\x18ftypmp42" + bytes(90), b"a note"])
    def test_what_stands_behind_a_picture_is_nobodys_business(self, tail: bytes) -> None:
        assert look(drawn() + tail, DECODER) == DECODED
        assert look(drawn() + tail) == FOLLOWED

    @pillow
    def test_a_picture_of_many_windows(self) -> None:
        data = drawn(size=(2400, 1800), quality=95)
        assert len(data) > 4 * 256 * 1024
        assert look(data, DECODER) == DECODED
        assert look(data) == FOLLOWED

    @pytest.mark.parametrize(
        "parts",
        [
            (frame(), SCAN, b"\xff\xd9"),
            (frame(kind=0xC2), SCAN, b"a", segment(0xC4, b"tables"), SCAN, b"b\xff\xd9"),
            (b"\xff\xff\xff", frame(), SCAN, b"x\xff\xff\xd9"),
            (frame(), segment(0xDD, b"\0\1"), SCAN, b"a\xff\xd0b\xff\xd1c\xff\xd9"),
            (frame(), SCAN, *(b"%c\xff%c" % (65, 0xD0 + n % 8) for n in range(20)), b"z\xff\xd9"),
            (frame(kind=0xC2), SCAN, b"a\xff\xd0b", SCAN, b"c\xff\xd0d\xff\xd9"),
        ],
    )
    def test_markers_in_any_lawful_order(self, parts: tuple[bytes, ...]) -> None:
        assert look(jpeg(*parts)) == FOLLOWED


class TestBroken:
    @pillow
    @every_jpeg
    @either
    def test_a_jpeg_without_its_end_is_refused(self, how: dict[str, Any], decoder: Decoder | None) -> None:
        data = drawn(**how)
        for cut in (2, 3, 10, len(data) // 2, len(data) - 30, len(data) - 2):
            assert isinstance(look(data[:-cut], decoder), Broken), cut
            assert isinstance(look(data[:-cut] + bytes(cut), decoder), Broken), cut

    @pillow
    @pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
    def test_an_end_that_was_put_on_makes_no_picture(self, part: float) -> None:
        data = drawn(size=(800, 600))
        assert look(data[: int(len(data) * part)] + b"\xff\xd9", DECODER) == Broken(
            "ends before its last row does"
        )

    @pillow
    def test_it_is_told_whatever_somebody_else_told_pillow(self) -> None:
        files = pytest.importorskip("PIL.ImageFile")
        data = drawn(size=(800, 600))
        for lenient in (True, False):
            with switched(files, lenient=lenient):
                assert isinstance(look(data[: len(data) // 2] + b"\xff\xd9", DECODER), Broken)
                assert look(data, DECODER) == DECODED

    @pillow
    def test_a_part_that_is_missing_between_restarts_is_missed(self) -> None:
        data = drawn(size=(800, 600), restart_marker_rows=1)
        first, third = data.index(b"\xff\xd1"), data.index(b"\xff\xd3")
        assert look(data[:first] + data[third:]) == Broken(
            "lacks a part in the middle: its restart markers are out of order"
        )

    @pillow
    @either
    @pytest.mark.parametrize("codec", ["PNG", "GIF", "WEBP"])
    def test_half_a_picture_of_another_kind_is_refused(self, codec: str, decoder: Decoder | None) -> None:
        data = drawn(codec)
        assert isinstance(look(data[: len(data) // 2], decoder), Broken)

    @pillow
    def test_where_only_decoding_tells_it_does(self) -> None:
        data = drawn("BMP")
        assert isinstance(look(data[: len(data) // 2]), Unjudged)
        assert isinstance(look(data[: len(data) // 2], DECODER), Broken)

    @pillow
    def test_a_shape_alone_is_no_picture(self) -> None:
        assert look(SHAPED) == FOLLOWED
        assert isinstance(look(SHAPED, DECODER), Broken)

    @either
    @pytest.mark.parametrize(
        ("data", "why"),
        [
            (b"", "is empty"),
            (b"\xff\xd8\xff", "ends before its picture does"),
            (jpeg(), "ends before its picture does"),
            (jpeg(b"\xff\xd9"), "ends before its picture begins"),
            (jpeg(frame(), SCAN, b"data"), "ends before its picture does"),
            (jpeg(frame(), SCAN, b"data\xff"), "ends before its picture does"),
            (jpeg(SCAN, b"data\xff\xd9"), "has picture data and does not say of what size"),
            (jpeg(frame(width=0), SCAN, b"data\xff\xd9"), "is no pixel wide"),
            (jpeg(frame(), SCAN, b"a\xff\x07b\xff\xd9"), "holds a marker that stands in no picture"),
            (jpeg(frame(), SCAN, b"a", SHAPED), "holds a marker that stands in no picture"),
            (jpeg(frame(), b"\xff\xd0", SCAN, b"\xff\xd9"), "lacks a part in the middle"),
            (jpeg(frame(), b"\xff\xe0\xff\xff", SCAN, b"\xff\xd9"), "ends within its header"),
            (jpeg(frame(), b"\xff\xe0\0\1", SCAN, b"\xff\xd9"), "has a broken header"),
            (jpeg(frame(65500, 65500), SCAN, b"data\xff\xd9"), "too few for the 4,290,250,000 pixels"),
        ],
    )
    def test_it_is_said_what_is_amiss(self, data: bytes, why: str, decoder: Decoder | None) -> None:
        verdict = look(data, decoder)
        assert isinstance(verdict, Broken)
        assert why in verdict.why

    @either
    def test_a_web_page_is_no_picture(self, decoder: Decoder | None) -> None:
        assert isinstance(look(b"<!DOCTYPE html><html></html>", decoder, "a.jpg"), Broken | Unjudged)

    @pillow
    @settings(max_examples=60, deadline=None)
    @given(st.data())
    def test_whatever_is_done_to_a_picture_there_is_a_verdict(self, data: st.DataObject) -> None:
        picture = bytearray(drawn(data.draw(st.sampled_from(["JPEG", *OTHERS])), (24, 24)))
        for at in data.draw(st.lists(st.integers(0, len(picture) - 1), max_size=8)):
            picture[at] = data.draw(st.integers(0, 255))
        verdict = look(bytes(picture[: data.draw(st.integers(0, len(picture)))]), DECODER)
        assert isinstance(verdict, Whole | Broken | Unjudged)


class TestUndecoded:
    @pillow
    def test_a_picture_beyond_all_measure_is_followed_and_not_decoded(self) -> None:
        pixels = b"\x55" * 3_000_000
        data = jpeg(frame(40_000, 30_000), SCAN, pixels, b"\xff\xd9")
        assert look(data, DECODER) == Whole(
            How.STRUCTURE, "has 1,200,000,000 pixels, and no more than 1,000,000,000 are decoded"
        )

    @pillow
    def test_one_that_has_to_be_held_in_memory_may_be_less_large(self) -> None:
        data = jpeg(frame(9000, 8000, kind=0xC2), SCAN, b"\x55" * 200_000, b"\xff\xd9")
        assert look(data, DECODER) == Whole(
            How.STRUCTURE, "has 72,000,000 pixels, and no more than 64,000,000 are decoded"
        )

    @pillow
    def test_so_it_is_with_other_formats(self) -> None:
        whole = drawn("PNG", (8, 8))
        claim = b"IHDR" + struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
        checked = claim + struct.pack(">I", zlib.crc32(claim))
        data = whole[:12] + checked + whole[33:]
        verdict = look(data, DECODER)
        assert isinstance(verdict, Whole)
        assert verdict.how is How.STRUCTURE
        assert "900,000,000 pixels" in verdict.why

    @either
    def test_a_film_is_not_judged(self, decoder: Decoder | None) -> None:
        assert isinstance(look(make_video(1), decoder), Unjudged)

    def test_other_pictures_are_followed_without_pillow(self) -> None:
        assert look(drawn("PNG")) == FOLLOWED

    @either
    def test_heic_is_followed_and_said_to_be(self, decoder: Decoder | None) -> None:
        part = struct.pack(">I", 500) + b"mdat" + b"\x5a" * 492
        data = (
            struct.pack(">I", 20)
            + b"ftypheic"
            + bytes(4)
            + b"mif1"
            + struct.pack(">I", 60)
            + b"meta"
            + bytes(52)
        )
        verdict = look(data + part, decoder)
        assert isinstance(verdict, Whole)
        assert verdict.how is How.STRUCTURE
        assert verdict.why


class TestReading:
    def test_a_descriptor_is_read_from_its_first_byte_and_stays_where_it_was(self, tmp_path: Path) -> None:
        path = tmp_path / "a.jpg"
        path.write_bytes(SHAPED)
        fd = os.open(path, os.O_RDONLY)
        try:
            os.lseek(fd, 5, os.SEEK_SET)
            assert examine(fd, None) == FOLLOWED
            assert os.lseek(fd, 0, os.SEEK_CUR) == 5
        finally:
            os.close(fd)

    @pytest.mark.parametrize("limit", range(2))
    def test_a_disk_that_fails_says_nothing_of_the_picture(self, limit: int) -> None:
        with pytest.raises(OSError, match="Input/output error"):
            examine(Failing(SHAPED, limit), None)

    @pillow
    @pytest.mark.parametrize("limit", [0, 1, 2, 3, 9])
    def test_nor_does_one_that_fails_while_it_is_decoded(self, limit: int) -> None:
        with pytest.raises(OSError, match="Input/output error") as caught:
            examine(Failing(drawn(size=(800, 600)), limit), DECODER)
        assert caught.value.errno == errno.EIO

    @pillow
    @pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells a process's peak")
    def test_a_decoded_jpeg_takes_little_memory(self, tmp_path: Path) -> None:
        image = pytest.importorskip("PIL.Image")
        path = tmp_path / "large.jpg"
        image.new("L", (8000, 8000), 90).save(path, "JPEG")
        done = subprocess.run(
            [sys.executable, "-c", MEASURE, path], capture_output=True, text=True, timeout=60, check=True
        )
        how, grown = done.stdout.split()
        assert how == "DECODED"
        assert int(grown) < 20_000_000  # its rows, all at once, are 64,000,000 bytes

    def test_memory_is_bounded_by_windows(self) -> None:
        asked: list[int] = []

        class Watched(io.BytesIO):
            def read(self, size: int | None = -1, /) -> bytes:
                asked.append(-1 if size is None else size)
                return super().read(size)

        assert examine(Watched(jpeg(frame(), SCAN, b"\x11" * 3_000_000, b"\xff\xd9")), None) == FOLLOWED
        assert 0 < max(asked) <= 256 * 1024
        assert min(asked) > 0

    @pytest.mark.parametrize("gap", range(-3, 4))
    def test_a_marker_is_found_on_every_edge_of_a_window(self, gap: int) -> None:
        head = jpeg(frame(), SCAN)
        pixels = b"\x11" * (256 * 1024 - len(head) + gap)
        assert look(head + pixels + b"\xff\xd9") == FOLLOWED
        assert isinstance(look(head + pixels), Broken)

    def test_other_decoders_have_their_say(self) -> None:
        def refuses(file: BinaryIO, codec: str) -> None:
            raise decoding.Undecodable(f"{codec} of {len(file.read(20))} bytes and more")

        assert look(SHAPED, refuses) == Broken("cannot be decoded: JPEG of 20 bytes and more")


class Failing(io.BytesIO):
    """A file whose disk fails after so many reads."""

    def __init__(self, data: bytes, limit: int) -> None:
        super().__init__(data)
        self.left = limit

    def read(self, size: int | None = -1, /) -> bytes:
        if not self.left:
            raise OSError(errno.EIO, "Input/output error")
        self.left -= 1
        return super().read(size)


#: Another process, for the peak of memory is a process's.
MEASURE = """
import re, sys
from pathlib import Path
from PIL import Image, JpegImagePlugin
from smugsync.local.decoding import examine, find_decoder
def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024
before = peak()
with open(sys.argv[1], "rb") as file:
    verdict = examine(file, find_decoder())
print(verdict.how.name, peak() - before)
"""


@contextmanager
def switched(files: Any, *, lenient: bool) -> Iterator[None]:
    """Pillow told, for the whole process, what to do with truncated files, as a program beside ours may."""
    before, files.LOAD_TRUNCATED_IMAGES = files.LOAD_TRUNCATED_IMAGES, lenient
    try:
        yield
    finally:
        files.LOAD_TRUNCATED_IMAGES = before
