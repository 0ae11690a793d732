"""Writing indexed pixels as PNG (ISO/IEC 15948) and as GIF (GIF89a)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from smugsync.emulator.media.landscape import Landscape

_CLEAR, _END = 256, 257  # GIF's codes beside the pixels
_WIDEST = 12  # bits of a GIF code


def encode_png(scene: Landscape, *, exif: bytes, title: str, comment: bytes) -> bytes:
    """A PNG with the Exif block `exif`, a title (none when empty) and an ASCII comment."""
    pixels = b"".join(b"\0" + row for row in scene.rows)  # filter type 0: none
    chunks = (
        _chunk(b"IHDR", struct.pack(">IIBBBBB", scene.width, scene.height, 8, 3, 0, 0, 0)),
        _chunk(b"PLTE", _colours(scene)),
        _chunk(b"eXIf", exif),
        _chunk(b"iTXt", b"Title\0\0\0\0\0" + title.encode("utf-8")) if title else b"",
        _chunk(b"tEXt", b"Comment\0" + comment),
        _chunk(b"IDAT", zlib.compress(pixels, 9)),
        _chunk(b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def encode_gif(scene: Landscape, *, comment: bytes) -> bytes:
    """A GIF with a comment; its colour table holds 256 colours, whatever the scene uses."""
    screen = struct.pack("<HHBBB", scene.width, scene.height, 0xF7, 0, 0)
    image = struct.pack("<BHHHHB", 0x2C, 0, 0, scene.width, scene.height, 0)
    return b"".join(
        (
            b"GIF89a",
            screen,
            _colours(scene).ljust(768, b"\0"),
            b"\x21\xfe" + _blocks(comment),
            image + b"\x08" + _blocks(_packed(b"".join(scene.rows))),
            b"\x3b",
        )
    )


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _colours(scene: Landscape) -> bytes:
    return bytes(part for colour in scene.palette for part in colour)


def _blocks(data: bytes) -> bytes:
    """GIF's sub-blocks: up to 255 bytes, each behind its length, closed by an empty one."""
    pieces = (data[at : at + 255] for at in range(0, len(data), 255))
    return b"".join(bytes([len(piece)]) + piece for piece in pieces) + b"\0"


def _packed(pixels: bytes) -> bytes:
    """The codes of 8-bit pixels, low bits first."""
    packed, held, bits = bytearray(), 0, 0
    for code, width in _codes(pixels):
        held |= code << bits
        bits += width
        while bits >= 8:
            packed.append(held & 0xFF)
            held >>= 8
            bits -= 8
    packed.append(held)
    return bytes(packed)


def _codes(pixels: bytes) -> Iterator[tuple[int, int]]:
    """GIF's variable-width LZW (GIF89a, appendix F): each code and how many bits it takes."""
    table: dict[tuple[int, int], int] = {}
    width = 9
    yield _CLEAR, width
    prefix = pixels[0]
    for pixel in pixels[1:]:
        known = table.get((prefix, pixel))
        if known is not None:
            prefix = known
            continue
        yield prefix, width
        table[prefix, pixel] = _END + 1 + len(table)
        prefix = pixel
        if _END + 1 + len(table) > 1 << width:  # the reader's table is one entry behind this one
            width += 1
        if width > _WIDEST:
            yield _CLEAR, _WIDEST
            table.clear()
            width = 9
    yield prefix, width
    yield _END, min(width + (_END + 1 + len(table) == 1 << width), _WIDEST)
