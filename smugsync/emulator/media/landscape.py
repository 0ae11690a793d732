"""Landscapes out of numbers: a sky, a sun and some ranges of hills, the same for the same seed.

One painter for every picture the emulator makes: indexed pixels, so that GIF and PNG take them as they
are and the photographs among the assets are the same scenes, smoothed.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

Colour = tuple[int, int, int]

_SKY_SHADES = 96
_HILL_SHADES = 24
_RANGES = 6
_SUN = _SKY_SHADES + _HILL_SHADES * _RANGES  # the last index in use

#: Zenith, horizon, sun, far hills, near hills.
_MOODS: tuple[tuple[Colour, Colour, Colour, Colour, Colour], ...] = (
    ((46, 104, 178), (205, 228, 240), (255, 250, 225), (132, 160, 186), (38, 66, 48)),
    ((52, 44, 98), (252, 150, 92), (255, 226, 150), (150, 96, 120), (36, 22, 46)),
    ((20, 34, 74), (128, 140, 190), (236, 240, 252), (72, 84, 130), (10, 16, 36)),
    ((250, 176, 112), (255, 232, 190), (255, 255, 240), (206, 150, 120), (90, 44, 40)),
    ((96, 150, 164), (226, 230, 214), (255, 250, 230), (140, 170, 150), (54, 86, 40)),
    ((150, 164, 178), (232, 234, 236), (250, 250, 250), (176, 186, 194), (70, 80, 88)),
    ((16, 70, 92), (236, 196, 120), (255, 240, 180), (88, 110, 112), (18, 40, 40)),
    ((120, 70, 120), (250, 190, 190), (255, 240, 220), (170, 120, 150), (60, 30, 66)),
)


@dataclass(frozen=True, slots=True)
class Landscape:
    """Indexed pixels, row by row, and the colours that the indices stand for."""

    width: int
    height: int
    palette: tuple[Colour, ...]
    rows: tuple[bytes, ...]


def paint(seed: int, width: int, height: int) -> Landscape:
    """The landscape of this seed; 640 x 427 pixels take about 10 ms."""
    rng = random.Random(seed)  # noqa: S311 - a picture, not a secret
    palette = _palette(rng)
    skyline = height * rng.uniform(0.45, 0.65)
    ridges = [_ridge(rng, width, height, skyline, layer) for layer in range(_RANGES)]
    centre = width * rng.uniform(0.15, 0.85), skyline * rng.uniform(0.25, 0.95)
    radius = height * rng.uniform(0.035, 0.09)

    sky = bytes(min(int(y / skyline * _SKY_SHADES), _SKY_SHADES - 1) for y in range(height))
    slopes = [_slope(layer, height) for layer in range(_RANGES)]
    columns = []
    for x in range(width):
        column = bytearray(sky)
        half = math.sqrt(max(radius**2 - (x - centre[0]) ** 2, 0))  # of the sun's height in this column
        first, last = round(max(centre[1] - half, 0)), round(min(centre[1] + half, height))
        column[first:last] = bytes([_SUN]) * (last - first)
        for ridge, slope in zip(ridges, slopes, strict=True):
            column[ridge[x] :] = slope[: height - ridge[x]]
        columns.append(column)
    return Landscape(width, height, palette, tuple(bytes(row) for row in zip(*columns, strict=True)))


def _palette(rng: random.Random) -> tuple[Colour, ...]:
    """The sky from the zenith down, each range from its ridge down, the sun."""
    zenith, horizon, sun, far, near = (_tint(colour, rng) for colour in rng.choice(_MOODS))
    palette = [_blend(zenith, horizon, step / (_SKY_SHADES - 1)) for step in range(_SKY_SHADES)]
    for layer in range(_RANGES):
        top = _blend(far, near, layer / (_RANGES - 1))
        foot = _blend(top, horizon if layer < _RANGES - 2 else (0, 0, 0), 0.35)
        palette += [_blend(top, foot, step / (_HILL_SHADES - 1)) for step in range(_HILL_SHADES)]
    return (*palette, sun)


def _slope(layer: int, height: int) -> bytes:
    """The indices of a range from its ridge down: mist gathers a fifth of the picture below."""
    base, shades = _SKY_SHADES + _HILL_SHADES * layer, _HILL_SHADES
    return bytes(base + min(int(5 * y / height * shades), shades - 1) for y in range(height))


def _ridge(rng: random.Random, width: int, height: int, skyline: float, layer: int) -> list[int]:
    """The upper edge of a range: waves of falling height, rougher in the distance."""
    level = skyline + (height - skyline) * (layer / _RANGES) ** 1.1
    swell = height * rng.uniform(0.05, 0.11) * (1.2 - layer / _RANGES)
    waves = [
        (swell * 0.55**octave, rng.uniform(1.1, 1.9) * 2**octave, rng.uniform(0, math.tau))
        for octave in range(6)
    ]
    return [
        min(max(int(level + sum(a * math.sin(f * math.tau * x / width + p) for a, f, p in waves)), 0), height)
        for x in range(width)
    ]


def _tint(colour: Colour, rng: random.Random) -> Colour:
    red, green, blue = (min(max(part + rng.randint(-14, 14), 0), 255) for part in colour)
    return red, green, blue


def _blend(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue
