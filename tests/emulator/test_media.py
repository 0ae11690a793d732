"""Describing files: what they say is found, what they lie about is survived."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
from collections.abc import Callable
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from smugsync.emulator.media.boxes import boxes, read_film, read_still
from smugsync.emulator.media.exif import Entry, read_exif, read_time, write_exif
from smugsync.emulator.media.information import MediaInfo, describe, inspect, inspect_file
from smugsync.emulator.media.octets import Octets
from smugsync.emulator.media.pictures import make_gif, make_heic, make_picture, make_png, make_video

TAKEN = "2019-08-04T11:28:12"
SAMPLES = {
    "photo.jpg": make_picture(1, taken=TAKEN, title="Öxarárfoss", gps=(64.2658, -21.1167)),
    "chart.png": make_png(2, taken=TAKEN),
    "loop.gif": make_gif(3),
    "phone.heic": make_heic(4, taken=TAKEN),
    "clip.mp4": make_video(5, taken=TAKEN, title="Strokkur"),
}
NAMES = st.sampled_from(
    [*SAMPLES, "a.tif", "a.webp", "a.bmp", "a.mov", "a.nef", "a.avif", "README", "", "a.\0"]
)


class TestFormat:
    @pytest.mark.parametrize(
        ("head", "expected"),
        [
            (b"\xff\xd8\xff\xe0", "JPG"),
            (b"\x89PNG\r\n\x1a\n", "PNG"),
            (b"GIF87a", "GIF"),
            (b"RIFF\0\0\0\0WEBPVP8X", "WEBP"),
            (b"RIFF\0\0\0\0AVI LIST", "AVI"),
            (b"MM\0*", "TIFF"),
            (b"BM\0\1\0\0\0\0\0\0", "BMP"),
            (b"\0\0\0\x18ftypheic", "HEIC"),
            (b"\0\0\0\x18ftypavif", "AVIF"),
            (b"\0\0\0\x18ftypqt  ", "MOV"),
            (b"\0\0\0\x18ftypisom", "MP4"),
            (b"\0\0\0\x183gp4ftyp", "JPG"),
            (b"\0\0\0\x18ftyp3gp4", "3GP"),
            (b"\0\0\0\x08wide\0\0\0\0mdat", "MOV"),
            (b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm", "WEBM"),
            (b"\x1aE\xdf\xa3\x9fB\x86\x81\x01", "MKV"),
            ((b"G" + bytes(187)) * 3, "MTS"),
        ],
    )
    def test_content_decides_over_the_name(self, head: bytes, expected: str) -> None:
        assert inspect(head, "image.jpg").format == expected

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("a.PNG", "PNG"),
            ("a.jpeg", "JPG"),
            ("a.M4V", "MP4"),
            ("a.heif", "HEIC"),
            ("a.txt", "JPG"),
            ("a", "JPG"),
        ],
    )
    def test_the_name_decides_where_the_content_says_nothing(self, name: str, expected: str) -> None:
        assert inspect(b"no such format", name).format == expected

    def test_raw_files_are_told_apart_from_tiff_by_name_only(self) -> None:
        block = write_exif([Entry.text(0x010F, "Aperta")])
        assert inspect(block, "DSC_0001.NEF").format == "NEF"
        assert inspect(block, "DSC_0001.NEF").make == "Aperta"
        assert inspect(block, "DSC_0001.jpg").format == "TIFF"


class TestWhatFilesSay:
    def test_a_photo(self) -> None:
        info = inspect(SAMPLES["photo.jpg"], "photo.jpg")
        assert (info.format, info.width, info.height, info.is_video) == ("JPG", 640, 427, False)
        assert (info.taken, info.make, info.model) == (TAKEN, "Aperta", "X100")
        assert info.exif["ImageDescription"] == "Öxarárfoss"
        assert (info.exif["GPSLatitude"], info.exif["GPSLongitude"]) == ("64.265800", "-21.116700")
        assert info.exif["ExposureTime"].startswith("1/")
        assert info.exif["DateTimeDigitized"] == info.exif["DateTime"] == TAKEN

    def test_a_png(self) -> None:
        info = inspect(SAMPLES["chart.png"], "chart.png")
        assert (info.format, info.width, info.height, info.taken) == ("PNG", 640, 427, TAKEN)

    def test_a_gif_knows_no_time(self) -> None:
        assert inspect(SAMPLES["loop.gif"], "loop.gif") == MediaInfo("GIF", 320, 213)

    def test_a_heic_is_cropped_to_its_clean_aperture(self) -> None:
        info = inspect(SAMPLES["phone.heic"], "phone.heic")
        assert (info.format, info.width, info.height) == ("HEIC", 640, 427)
        assert (info.taken, info.model) == (TAKEN, "12 Pro")

    def test_a_video(self) -> None:
        info = inspect(SAMPLES["clip.mp4"], "clip.mp4")
        told = {"ModifyDate": TAKEN, "CompressorID": "avc1"}
        assert info == MediaInfo("MP4", 640, 360, TAKEN, is_video=True, duration=2.0, exif=told)

    def test_a_file_on_disk_is_described_like_its_bytes(self, tmp_path: Path) -> None:
        for name, data in SAMPLES.items():
            (tmp_path / name).write_bytes(data)
            assert inspect_file(tmp_path / name) == inspect(data, name)

    def test_the_head_of_a_photo_is_enough(self) -> None:
        data = SAMPLES["photo.jpg"]
        assert inspect(data[:4096], "photo.jpg", len(data)) == inspect(data, "photo.jpg")

    def test_a_video_whose_index_is_not_in_the_head_is_still_a_video(self) -> None:
        data = SAMPLES["clip.mp4"]
        assert inspect(data[:4096], "clip.mp4", len(data)) == MediaInfo("MP4", is_video=True)

    def test_bytes_between_jpeg_segments_are_skipped(self) -> None:
        data = SAMPLES["photo.jpg"]
        assert inspect(data[:2] + b"junk\xff\xff" + data[2:], "a.jpg") == inspect(data, "a.jpg")

    def test_webp(self) -> None:
        exif = write_exif([Entry.text(0x010F, "Aperta")])
        body = b"VP8X" + struct.pack("<IB3x", 10, 8) + b"\x7f\x02\0\xaa\1\0"
        body += b"EXIF" + struct.pack("<I", len(exif)) + exif
        info = inspect(b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body, "a.webp")
        assert (info.width, info.height, info.make) == (640, 427, "Aperta")

    def test_the_picture_of_a_raw_file_lies_below_its_thumbnail(self) -> None:
        def sized(width: int, height: int) -> list[Entry]:
            return [Entry.short(0x0100, width), Entry.short(0x0101, height)]

        below = 8 + 2 + 3 * 12 + 4
        pointer = Entry(0x014A, 4, 1, struct.pack(">I", below))
        thumbnail = write_exif([*sized(160, 120), pointer])
        assert len(thumbnail) == below
        info = inspect(thumbnail + write_exif(sized(6000, 4000))[8:], "a.nef")
        assert (info.width, info.height) == (6000, 4000)


class TestExif:
    @given(
        make=st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=40),
        iso=st.integers(1, 65535),
        seconds=st.sampled_from([Fraction(1, 8000), Fraction(1, 3), Fraction(1, 2), Fraction(30)]),
    )
    def test_what_is_written_is_read(self, make: str, iso: int, seconds: Fraction) -> None:
        camera = [Entry.short(0x8827, iso), Entry.rationals(0x829A, seconds)]
        tags = read_exif(Octets.of(write_exif([Entry.text(0x010F, make)], camera))).tags
        shown = {Fraction(1, 8000): "1/8000", Fraction(1, 3): "0.333333", Fraction(1, 2): "0.5"}
        assert tags == {"Make": make, "ISO": str(iso), "ExposureTime": shown.get(seconds, "30")}

    def test_both_byte_orders(self) -> None:
        value = struct.pack("<HHI4s", 0x0112, 3, 1, b"\6\0\0\0")
        assert read_exif(Octets.of(b"II*\0\x08\0\0\0\1\0" + value + bytes(4))).tags == {"Orientation": "6"}

    @given(st.datetimes())
    def test_times(self, moment: datetime) -> None:
        moment = moment.replace(microsecond=0)
        assert read_time(moment.isoformat().replace("-", ":").replace("T", " ")) == moment.isoformat()

    @pytest.mark.parametrize(
        "text", ["", "    :  :     :  :  ", "0000:00:00 00:00:00", "2021:02:30 10:00:00", "soon"]
    )
    def test_what_is_no_time_is_empty(self, text: str) -> None:
        assert read_time(text) == ""

    def test_a_directory_that_points_at_itself_ends(self) -> None:
        block = write_exif([Entry(0x8769, 4, 1, struct.pack(">I", 8))])
        assert read_exif(Octets.of(block)).tags == {}

    def test_impossible_coordinates_are_left_out(self) -> None:
        place = [Entry.text(1, "N"), Entry.rationals(2, Fraction(400), Fraction(0), Fraction(0))]
        assert read_exif(Octets.of(write_exif([], place=place))).tags == {}


class TestHostileBytes:
    """Nothing raises: whatever the bytes, the name and the claimed size."""

    @given(st.binary(max_size=2048), NAMES, st.none() | st.integers(0, 1 << 40))
    def test_random_bytes(self, data: bytes, name: str, size: int | None) -> None:
        check(inspect(data, name, size))

    @given(
        st.sampled_from(
            [
                b"\xff\xd8",
                b"\x89PNG\r\n\x1a\n",
                b"II*\0",
                b"MM\0*",
                b"RIFF\0\0\0\0WEBP",
                b"\0\0\0\x08ftypheic",
            ]
        ),
        st.binary(max_size=512),
    )
    def test_random_bytes_behind_a_true_beginning(self, magic: bytes, data: bytes) -> None:
        check(inspect(magic + data, "a"))

    @given(st.sampled_from(list(SAMPLES)), st.data())
    def test_damaged_files(self, name: str, data: st.DataObject) -> None:
        # The structure of the HEIC and the photo is at their beginning, the film's at its end.
        whole = SAMPLES[name]
        damaged = bytearray(whole)
        near = st.integers(0, min(1500, len(whole) - 1))
        for _ in range(data.draw(st.integers(1, 8))):
            place = data.draw(near)
            damaged[-place - 1 if name == "clip.mp4" else place] = data.draw(st.integers(0, 255))
        cut = data.draw(st.just(len(whole)) | st.integers(0, len(whole)))
        check(inspect(bytes(damaged[:cut]), name))

    @given(st.binary(max_size=400))
    @example(bytes(400))
    @example(b"\xff" * 400)
    def test_every_reader_alone(self, data: bytes) -> None:
        window = Octets.of(data)
        list(boxes(window))
        read_film(window)
        read_still(window)
        read_exif(window)
        read_exif(Octets.of(b"MM\0*\0\0\0\x08" + data))

    @pytest.mark.parametrize(
        "hostile",
        [
            b"\xff\xd8\xff" + b"\xff\xe1\0\2" * 500_000,
            b"\xff\xd8\xff" + b"\0\xff" * 1_000_000,
            b"\x89PNG\r\n\x1a\n" + bytes(2_000_000),
            b"\0\0\0\x08ftypisom" + (b"\0\x1e\0\0moov" + b"\0\0\0\x08trak" * 100) * 200,
            b"MM\0*\0\0\0\x08\xff\xff" + struct.pack(">HHII", 0x010F, 2, 0xFFFFFFFF, 8) * 10_000,
            b"RIFF\0\0\0\0WEBP" + (b"EXIF" + bytes(4)) * 100_000,
        ],
    )
    def test_the_work_is_bounded(self, hostile: bytes) -> None:
        reads: list[int] = []

        def read(offset: int, count: int) -> bytes:
            reads.append(count)
            return hostile[offset : offset + count]

        check(describe(Octets(read, 0, len(hostile)), "a"))
        assert len(reads) < 100_000
        assert sum(reads) < 64 << 20


def check(info: MediaInfo) -> None:
    """What holds for any bytes."""
    assert info.format.isalnum()
    assert info.width >= 0
    assert info.height >= 0
    assert info.duration >= 0
    assert info.taken == "" or datetime.fromisoformat(info.taken).tzinfo is None
    assert all(value and isinstance(value, str) for value in info.exif.values())
    json.dumps(info.exif)


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
def test_exiftool_reads_the_same(tmp_path: Path) -> None:
    for name, data in SAMPLES.items():
        (tmp_path / name).write_bytes(data)
    command = ["exiftool", "-json", "-n", "-all", "-validate", *(str(tmp_path / name) for name in SAMPLES)]
    answer = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    for theirs in answer:
        ours = inspect_file(Path(theirs["SourceFile"]))
        assert theirs["Validate"].startswith("0 0")
        assert ours.taken == seen(theirs, "DateTimeOriginal", colons) or ours.is_video
        assert ours.model == seen(theirs, "Model", str)
        assert ours.exif.get("ISO", "") == seen(theirs, "ISO", str)
        assert ours.exif.get("GPSLatitude", "") == seen(theirs, "GPSLatitude", "{:.6f}".format)
        assert ours.width == theirs["ImageWidth"]
        assert ours.duration == pytest.approx(theirs.get("Duration", 0) if ours.is_video else 0)


def seen(theirs: dict[str, object], tag: str, shown: Callable[[object], str]) -> str:
    return shown(theirs[tag]) if tag in theirs else ""


def colons(moment: object) -> str:
    return read_time(str(moment))
