"""Made files are real files: other programs read them, and each seed's bytes are its own."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smugsync.emulator.media.boxes import boxes
from smugsync.emulator.media.information import inspect
from smugsync.emulator.media.landscape import Landscape, paint
from smugsync.emulator.media.octets import Octets
from smugsync.emulator.media.pictures import (
    LANDSCAPES,
    landscape_pixels,
    make_gif,
    make_heic,
    make_picture,
    make_png,
    make_video,
)
from smugsync.emulator.media.raster import encode_gif, encode_png

ASSETS = Path(__file__).parents[2] / "smugsync" / "emulator" / "media" / "assets"
TAKEN = "2019-08-04T11:28:12"
MOMENTS = st.datetimes(min_value=datetime(1904, 1, 2), max_value=datetime(2039, 12, 31)).map(
    lambda moment: moment.isoformat(timespec="seconds")
)
TITLES = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), max_size=60)


@pytest.mark.parametrize(
    "make",
    [
        lambda seed: make_picture(seed, taken=TAKEN),
        lambda seed: make_heic(seed, taken=TAKEN),
        lambda seed: make_video(seed, taken=TAKEN),
        make_png,
        make_gif,
    ],
    ids=["jpeg", "heic", "mp4", "png", "gif"],
)
def test_seeds_and_bytes_belong_together(make: Callable[[int], bytes]) -> None:
    seeds = [-1, 0, 1, 2, LANDSCAPES, LANDSCAPES + 1, 10**12]
    assert len({make(seed) for seed in seeds}) == len(seeds)
    assert make(7) == make(7)


@given(seed=st.integers(), taken=st.none() | MOMENTS, title=TITLES)
def test_a_photo_says_what_it_was_given(seed: int, taken: str | None, title: str) -> None:
    info = inspect(make_picture(seed, taken=taken, title=title), "a.jpg")
    assert (info.taken, info.exif.get("ImageDescription", "")) == (taken or "", title)
    assert (info.width, info.height) == landscape_pixels(seed % LANDSCAPES)


@given(latitude=st.floats(-90, 90), longitude=st.floats(-180, 180))
def test_a_photo_knows_its_place(latitude: float, longitude: float) -> None:
    exif = inspect(make_picture(0, taken=None, gps=(latitude, longitude)), "a.jpg").exif
    assert float(exif["GPSLatitude"]) == pytest.approx(latitude, abs=1e-6)
    assert float(exif["GPSLongitude"]) == pytest.approx(longitude, abs=1e-6)


@given(seed=st.integers(), taken=st.none() | MOMENTS, title=TITLES)
def test_a_video_says_what_it_was_given(seed: int, taken: str | None, title: str) -> None:
    data = make_video(seed, taken=taken, title=title)
    info = inspect(data, "a.mp4")
    assert (info.format, info.taken, info.duration) == ("MP4", taken or "", 2.0)
    assert title.encode() in data
    assert sum(len(body) + 8 for _, body in boxes(Octets.of(data))) == len(data)


@pytest.mark.parametrize("at_least", [0, 17_900, 40_961, 100_000])
def test_a_video_can_be_padded(at_least: int) -> None:
    data = make_video(1, at_least=at_least)
    assert at_least <= len(data) < max(at_least + 8, 40_000)
    assert sum(len(body) + 8 for _, body in boxes(Octets.of(data))) == len(data)


@given(taken=st.none() | MOMENTS)
def test_a_heic_says_when(taken: str | None) -> None:
    assert inspect(make_heic(1, taken=taken), "a.heic").taken == (taken or "")


@pytest.mark.parametrize(
    "taken", ["yesterday", "2019-08-04", "2019-08-04T11:28:12+02:00", "2019-02-30T00:00:00"]
)
def test_what_is_no_wall_clock_time_is_refused(taken: str) -> None:
    with pytest.raises(ValueError, match="not a time"):
        make_picture(0, taken=taken)


def test_a_film_refuses_times_it_cannot_hold() -> None:
    with pytest.raises(ValueError, match="1899"):
        make_video(0, taken="1899-12-31T00:00:00")


def test_assets_are_small_and_say_nothing_of_their_own() -> None:
    sizes = {
        path.name: path.stat().st_size
        for path in ASSETS.iterdir()
        if path.suffix in {".jpg", ".heic", ".mp4"}
    }
    assert len(sizes) == LANDSCAPES + 2
    assert max(sizes.values()) < 40_000
    for path in ASSETS.glob("*.jpg"):
        head = path.read_bytes()
        assert not any(bytes([0xFF, marker]) in head[:4] for marker in (0xE0, 0xE1, 0xFE))


class TestOtherPrograms:
    @pytest.mark.parametrize("seed", range(LANDSCAPES))
    def test_pillow_reads_every_photo(self, seed: int) -> None:
        image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
        data = make_picture(seed, taken=TAKEN, title="Höfn", camera="Pomona 12 Pro")
        with image.open(io.BytesIO(data)) as picture:
            picture.load()
            assert picture.size == landscape_pixels(seed)
            assert picture.getexif()[0x0110] == "12 Pro"
            assert picture.getexif().get_ifd(0x8769)[0x9003] == "2019:08:04 11:28:12"
        assert 15_000 < len(data) < 60_000

    def test_pillow_sees_the_painted_pixels(self) -> None:
        image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
        for data, scene in ((make_png(8), paint(8, 640, 427)), (make_gif(8), paint(8, 320, 213))):
            with image.open(io.BytesIO(data)) as picture:
                assert pixels(picture.convert("RGB").tobytes()) == colours(scene)

    @settings(max_examples=25)
    @given(
        seed=st.integers(0, 10**6),
        width=st.integers(1, 150),
        height=st.integers(1, 150),
        spread=st.integers(1, 256),
    )
    def test_any_pixels_survive(self, seed: int, width: int, height: int, spread: int) -> None:
        """Noise fills GIF's code table and empties it again; few colours make long codes."""
        image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
        noise = (
            (seed * 2654435761 + at * at * 40503 + (at >> 3) * 69069) >> 7 for at in range(width * height)
        )
        flat = bytes(value % spread for value in noise)
        rows = tuple(flat[at : at + width] for at in range(0, len(flat), width))
        scene = Landscape(
            width, height, tuple((index, 255 - index, index // 2) for index in range(256)), rows
        )
        for data in (
            encode_gif(scene, comment=b"noise"),
            encode_png(scene, exif=b"", title="", comment=b"noise"),
        ):
            with image.open(io.BytesIO(data)) as picture:
                assert pixels(picture.convert("RGB").tobytes()) == colours(scene)

    def test_pillow_heif_reads_the_heic(self) -> None:
        pillow_heif = pytest.importorskip("pillow_heif", reason="pillow-heif is not installed")
        picture = pillow_heif.open_heif(io.BytesIO(make_heic(1, taken=TAKEN)))
        assert picture.size == (640, 427)
        assert b"2019:08:04 11:28:12" in picture.info["exif"]

    @pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
    def test_ffmpeg_plays_the_video(self, tmp_path: Path) -> None:
        film = tmp_path / "a.mp4"
        film.write_bytes(make_video(3, taken=TAKEN, title="Höfn ☀", at_least=41_000))
        played = subprocess.run(
            ["ffmpeg", "-v", "warning", "-i", film, "-f", "null", "-"], capture_output=True, check=True
        )
        assert played.stderr == b""
        wanted = ["-show_entries", "format=duration:format_tags:stream=codec_name,width,height"]
        probe = subprocess.run(
            ["ffprobe", "-v", "error", *wanted, "-of", "json", film], capture_output=True, check=True
        )
        answer = json.loads(probe.stdout)
        assert answer["streams"][0] == {"codec_name": "h264", "width": 640, "height": 360}
        assert answer["format"]["duration"] == "2.000000"
        assert answer["format"]["tags"]["title"] == "Höfn ☀"
        assert answer["format"]["tags"]["creation_time"].startswith(TAKEN)


def pixels(rgb: bytes) -> list[tuple[int, int, int]]:
    return list(zip(rgb[::3], rgb[1::3], rgb[2::3], strict=True))


def colours(scene: Landscape) -> list[tuple[int, int, int]]:
    return [scene.palette[index] for row in scene.rows for index in row]
