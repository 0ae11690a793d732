"""Unix sockets by path, however long the path is, and lines over them."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

#: The kernel takes 107 bytes; a socket below a deep directory is named through a handle on the directory.
_LONGEST = 107


@contextlib.contextmanager
def address_of(path: Path) -> Iterator[str]:
    """What to bind or connect to for the socket at `path`; raises OSError if its directory is not there."""
    if len(os.fsencode(path)) <= _LONGEST:
        yield str(path)
        return
    handle = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{handle}/{path.name}"
    finally:
        os.close(handle)


def listen(path: Path, backlog: int) -> socket.socket:
    """A socket that listens at `path`, for its owner alone. What lies there is replaced: to be called by the
    only one who may listen there. Raises OSError."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.unlink(missing_ok=True)
        with address_of(path) as address:
            made.bind(address)  # in a directory that nobody else may enter
        path.chmod(0o600)
        made.listen(backlog)
    except BaseException:
        made.close()
        raise
    return made


def dial(path: Path, *, seconds: float) -> socket.socket | None:
    """A connection to who listens at `path`, None if nobody does. Raises OSError."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        made.settimeout(seconds)
        with address_of(path) as address:
            made.connect(address)
    except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
        made.close()
        return None
    except BaseException:
        made.close()
        raise
    return made


class Lines:
    """The lines that come over a socket, none longer than `longest` bytes."""

    def __init__(self, connection: socket.socket, longest: int) -> None:
        self._connection, self._longest = connection, longest
        self._held = bytearray()

    def next(self) -> bytes | None:
        """The next line, None at the end. Raises OSError (TimeoutError), ValueError for one too long."""
        while (end := self._held.find(b"\n")) < 0:
            if len(self._held) > self._longest:
                raise ValueError(f"a line of more than {self._longest} bytes")
            piece = self._connection.recv(65_536)
            if not piece:
                return None
            self._held += piece
        found = bytes(self._held[:end])
        del self._held[: end + 1]
        return found
