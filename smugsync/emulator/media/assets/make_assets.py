"""Make the pictures in this directory again; see README.md beside this file for when and how.

Needs Pillow and pillow-heif (`pip install smugsync[emulator]`) and ffmpeg with libx264. Never run or
imported by smugsync itself.
"""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pillow_heif
from PIL import Image

from smugsync.emulator.media.landscape import paint
from smugsync.emulator.media.pictures import HEIC_TIME, LANDSCAPES, camera_exif, landscape_pixels

HERE = Path(__file__).parent
FRAMES_PER_SECOND = 25
SECONDS = 2


def main() -> None:
    for number in range(LANDSCAPES):
        packed = io.BytesIO()
        scene(number, *landscape_pixels(number)).save(
            packed, "JPEG", quality=90, subsampling="4:2:0", optimize=True
        )
        save(f"landscape-{number:02}.jpg", without_jfif(packed.getvalue()))

    packed = io.BytesIO()
    exif = camera_exif(40, taken=HEIC_TIME, camera="Pomona 12 Pro")
    pillow_heif.from_pillow(scene(40, 640, 427)).save(packed, quality=60, exif=b"Exif\0\0" + exif)
    save("still.heic", packed.getvalue())
    film(HERE / "clip.mp4")


def scene(seed: int, width: int, height: int) -> Image.Image:
    """The landscape of this seed, painted twice as large and scaled down, so that its edges are soft."""
    painted = paint(seed, 2 * width, 2 * height)
    picture = Image.frombytes("P", (2 * width, 2 * height), b"".join(painted.rows))
    picture.putpalette([part for colour in painted.palette for part in colour])
    return picture.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)


def without_jfif(jpeg: bytes) -> bytes:
    """Drop the JFIF segment: an Exif file starts with its Exif segment, which is added per picture."""
    if jpeg[2:4] != b"\xff\xe0":
        raise ValueError("expected the JFIF segment first")
    return jpeg[:2] + jpeg[4 + int.from_bytes(jpeg[4:6], "big") :]


def film(target: Path) -> None:
    """A camera panning over one wide landscape. The index comes last, so that it can grow per video."""
    count = FRAMES_PER_SECOND * SECONDS
    wide = scene(50, 640 + 4 * count, 360)
    frames = (wide.crop((4 * step, 0, 4 * step + 640, 360)).tobytes() for step in range(count))
    source = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "640x360", "-r", str(FRAMES_PER_SECOND), "-i", "-"]
    codec = ["-c:v", "libx264", "-preset", "veryslow", "-crf", "24", "-pix_fmt", "yuv420p"]
    plain = ["-fflags", "+bitexact", "-flags:v", "+bitexact", "-map_metadata", "-1"]
    command = ["ffmpeg", "-v", "error", "-y", *source, *codec, *plain, str(target)]
    subprocess.run(command, input=b"".join(frames), check=True)  # noqa: S603 - a fixed command
    save(target.name, without_user_data(target.read_bytes()))


def without_user_data(clip: bytes) -> bytes:
    """Drop `udta`, which ffmpeg writes last and always; each video gets its own, or none."""
    start, extra = clip.rindex(b"moov") - 4, clip.rindex(b"udta") - 4
    if extra + int.from_bytes(clip[extra : extra + 4], "big") != len(clip):
        raise ValueError("expected the index last, and the user data last in it")
    return clip[:start] + (extra - start).to_bytes(4, "big") + clip[start + 4 : extra]


def save(name: str, data: bytes) -> None:
    (HERE / name).write_bytes(data)
    sys.stdout.write(f"{name}: {len(data)} bytes\n")


if __name__ == "__main__":
    main()
