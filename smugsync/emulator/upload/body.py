"""The file in the body of an upload: the body itself, or the one file of a form."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from io import FileIO
from pathlib import Path
from typing import BinaryIO, Final

from smugsync.emulator.media.octets import Octets
from smugsync.emulator.messages import Request
from smugsync.emulator.upload.replies import SYSTEM_ERROR, UploadRefused
from smugsync.emulator.upload.request import clean_name, decode_text
from smugsync.stop import Stop

_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Payload:
    """The bytes, in memory or in a file of ours; their MD5 in hex; the name that a form gave them."""

    source: bytes | Path
    size: int
    md5: str
    name: str = ""

    @contextlib.contextmanager
    def window(self) -> Iterator[Octets]:
        """For a look into them."""
        if isinstance(self.source, bytes):
            yield Octets.of(self.source)
            return
        with self.source.open("rb") as file:
            yield Octets.of_file(file, self.size)


def read_payload(request: Request, stop: Stop | None = None) -> Payload:
    """The file that was sent. A file is made for one that comes out of a large form; `discard` removes it.

    Raises UploadRefused with code 5 for a body that is shorter than announced, or a form without a file, and
    Interrupted after the `stop`.
    """
    source = request.body if request.upload is None else request.upload
    size = len(source) if isinstance(source, bytes) else source.stat().st_size
    announced = request.headers.get("content-length", "").strip()
    if announced and announced != str(size):
        raise UploadRefused(SYSTEM_ERROR)
    kind = request.headers.get("content-type", "")
    boundary = _boundary(kind)
    if boundary and _begin(source, len(boundary) + 2) == b"--" + boundary:
        return _read_form(source, boundary, stop)
    return Payload(source, size, _md5(source, stop))


def discard(request: Request, payload: Payload | None) -> None:
    """Remove the files of a request that nobody took over."""
    for source in (request.upload, payload.source if payload else None):
        if isinstance(source, Path):
            source.unlink(missing_ok=True)


def _begin(source: bytes | Path, count: int) -> bytes:
    if isinstance(source, bytes):
        return source[:count]
    with source.open("rb") as file:
        return file.read(count)


def _md5(source: bytes | Path, stop: Stop | None) -> str:
    if isinstance(source, bytes):
        return hashlib.md5(source, usedforsecurity=False).hexdigest()
    digest = hashlib.md5(usedforsecurity=False)
    with source.open("rb", buffering=0) as file:
        for chunk in _chunks(file, stop):
            digest.update(chunk)
    return digest.hexdigest()


def _chunks(file: BinaryIO | FileIO, stop: Stop | None) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK):
        if stop is not None:
            stop.check()
        yield chunk


def _boundary(content_type: str) -> bytes:
    message = Message()
    message["Content-Type"] = content_type
    if message.get_content_type() != "multipart/form-data":
        return b""
    return (message.get_boundary() or "").encode("latin-1", "replace")


def _read_form(source: bytes | Path, boundary: bytes, stop: Stop | None) -> Payload:
    """A large form's file is written beside it; what was written is removed when the form is no form."""
    if isinstance(source, bytes):
        held = bytearray()
        form = _Form(boundary, _Memory(held))
        form.feed(source)
        return form.payload(bytes(held))
    beside = source.with_name(f"{source.name}.part")
    try:
        with beside.open("wb") as out, source.open("rb") as file:
            form = _Form(boundary, out)
            for chunk in _chunks(file, stop):
                form.feed(chunk)
        return form.payload(beside)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


class _Memory:
    """What `_Form` needs of a file, over a bytearray."""

    def __init__(self, held: bytearray) -> None:
        self._held = held

    def write(self, data: bytes, /) -> int:
        self._held += data
        return len(data)

    def seek(self, offset: int, /) -> int:
        return offset

    def truncate(self) -> int:
        self._held.clear()
        return 0


class _Form:
    """Picks the first file out of a form as it is fed; a part without a file name if there is no other."""

    def __init__(self, boundary: bytes, out: BinaryIO | _Memory) -> None:
        from python_multipart.multipart import MultipartParser  # noqa: PLC0415 - few uploads are forms

        self._out = out
        self._header: tuple[bytearray, bytearray] = bytearray(), bytearray()
        self._disposition = ""
        self._taking = False
        self._found: str | None = None  #: the file name of the part that was taken, None so far
        self._digest = hashlib.md5(usedforsecurity=False)
        self._size = 0
        self._complete = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._add_name,
                "on_header_value": self._add_value,
                "on_header_end": self._end_header,
                "on_headers_finished": self._choose,
                "on_part_data": self._add_data,
                "on_end": self._end,
            },
        )

    def feed(self, data: bytes) -> None:
        from python_multipart.exceptions import FormParserError  # noqa: PLC0415 - likewise

        try:
            self._parser.write(data)
        except FormParserError:
            raise UploadRefused(SYSTEM_ERROR) from None

    def payload(self, source: bytes | Path) -> Payload:
        if self._found is None or not self._complete:
            raise UploadRefused(SYSTEM_ERROR)
        return Payload(source, self._size, self._digest.hexdigest(), clean_name(self._found))

    def _begin(self) -> None:
        self._disposition, self._taking = "", False

    def _add_name(self, data: bytes, start: int, end: int) -> None:
        self._header[0].extend(data[start:end])

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1].extend(data[start:end])

    def _end_header(self) -> None:
        name, value = (part.decode("latin-1") for part in self._header)
        if name.lower() == "content-disposition":
            self._disposition = value
        self._header = bytearray(), bytearray()

    def _choose(self) -> None:
        message = Message()
        message["Content-Disposition"] = self._disposition
        name = decode_text(message.get_filename() or "")
        self._taking = not self._found and (bool(name) or self._found is None)
        if self._taking:
            self._found = name
            self._digest, self._size = hashlib.md5(usedforsecurity=False), 0
            self._out.seek(0)
            self._out.truncate()

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        if self._taking:
            piece = data[start:end]
            self._digest.update(piece)
            self._size += len(piece)
            self._out.write(piece)

    def _end(self) -> None:
        self._complete = True
