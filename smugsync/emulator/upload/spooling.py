"""Reading the body of a request from the socket: small ones into memory, the files of uploads to the disk."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import IO, Any, Final

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

#: Bodies up to so many bytes are held in memory.
IN_MEMORY: Final = 8 << 20
#: No API request needs more, and no upload is larger than the largest video (facts 6.3) in its form.
LARGEST_REQUEST: Final = 64 << 20
LARGEST_UPLOAD: Final = (3 << 30) + (1 << 20)


class TooLarge(Exception):
    """The body is longer than any request may be."""


class ClientLeft(Exception):
    """The connection ended before the body did."""


class Bodies:
    """Reads bodies. Files lie in a private directory that goes with `close`."""

    def __init__(self, *, in_memory: int = IN_MEMORY) -> None:
        self._in_memory = in_memory
        self._directory: tempfile.TemporaryDirectory[str] | None = None
        self._numbers = count(1)
        self._threads = ThreadPoolExecutor(1, "bodies")  #: the disk does not do more at once

    async def read(self, receive: Receive, *, upload: bool, announced: int = 0) -> bytes | Path:
        """The whole body; that of a large upload as a file, which is the caller's from then on.

        `announced` is its length in bytes as far as that is known. Raises ClientLeft if the body ends early,
        TooLarge, and OSError if the disk is full.
        """
        most = LARGEST_UPLOAD if upload else LARGEST_REQUEST
        if announced > most:
            raise TooLarge
        held, length = bytearray(), 0
        file: IO[bytes] | None = None
        path: Path | None = None
        whole = False
        try:
            while not whole:
                message = await receive()
                if message["type"] != "http.request":
                    raise ClientLeft
                piece: bytes = message.get("body", b"")
                whole = not message.get("more_body")
                length += len(piece)
                if length > most:
                    raise TooLarge
                held += piece
                if upload and len(held) > self._in_memory:
                    if file is None:
                        path = self._place()
                        file = path.open("wb")
                    await self._write(file, held)
                    held = bytearray()
            if file is None or path is None:
                return bytes(held)
            await self._write(file, held)
            file.close()
            return path
        except BaseException:
            if file is not None and path is not None:
                file.close()
                path.unlink(missing_ok=True)
            raise

    def close(self) -> None:
        """Remove what was never taken over."""
        self._threads.shutdown(cancel_futures=True)
        if self._directory is not None:
            self._directory.cleanup()

    async def _write(self, file: IO[bytes], held: bytearray) -> None:
        await asyncio.get_running_loop().run_in_executor(self._threads, file.write, held)

    def _place(self) -> Path:
        if self._directory is None:
            self._directory = tempfile.TemporaryDirectory(prefix="smugsync-uploads-")
        return Path(self._directory.name) / str(next(self._numbers))
