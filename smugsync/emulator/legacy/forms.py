"""The fields of a form that may also hold a file (`multipart/form-data`)."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import Message
from pathlib import Path
from typing import Final

from smugsync.emulator.messages import Request
from smugsync.emulator.upload.request import decode_text

#: Bytes of a field that is read; a longer one is cut. The base64 of a picture may be one.
LONGEST: Final = 64 << 20
_CHUNK: Final = 1 << 20


def read_fields(request: Request) -> dict[str, str]:
    """The parts without a file name, by their names. What is no form has none."""
    message = Message()
    message["Content-Type"] = request.headers.get("content-type", "")
    boundary = message.get_boundary()
    if message.get_content_type() != "multipart/form-data" or not boundary:
        return {}
    from python_multipart.exceptions import FormParserError  # noqa: PLC0415 - few calls are such forms

    try:
        return _Fields(boundary.encode("latin-1", "replace")).read(pieces(request))
    except FormParserError:
        return {}


def pieces(request: Request) -> Iterator[bytes]:
    """The body of a request, wherever it lies."""
    if not isinstance(request.upload, Path):
        yield request.body
        return
    with request.upload.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


class _Fields:
    """Collects the fields of a form as it is fed, and passes over its files."""

    def __init__(self, boundary: bytes) -> None:
        from python_multipart.multipart import MultipartParser  # noqa: PLC0415 - likewise

        self._found: dict[str, bytearray] = {}
        self._header: tuple[bytearray, bytearray] = bytearray(), bytearray()
        self._disposition = Message()
        self._held: bytearray | None = None
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
                "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
                "on_header_end": self._end_header,
                "on_headers_finished": self._choose,
                "on_part_data": self._add,
            },
        )

    def read(self, pieces: Iterator[bytes]) -> dict[str, str]:
        """Raises FormParserError for what is no form."""
        for piece in pieces:
            self._parser.write(piece)
        return {name: data.decode("utf-8", "replace") for name, data in self._found.items()}

    def _begin(self) -> None:
        self._disposition, self._held = Message(), None

    def _end_header(self) -> None:
        name, value = (part.decode("latin-1") for part in self._header)
        if name.lower() == "content-disposition":
            self._disposition["Content-Disposition"] = value
        self._header = bytearray(), bytearray()

    def _choose(self) -> None:
        name = self._disposition.get_param("name", header="content-disposition")
        if isinstance(name, str) and self._disposition.get_filename() is None:
            self._held = self._found[decode_text(name)] = bytearray()

    def _add(self, data: bytes, start: int, end: int) -> None:
        if self._held is not None and len(self._held) < LONGEST:
            self._held += data[start:end]
