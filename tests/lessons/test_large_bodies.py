"""Bodies beyond 1 GB, 2 GiB and 4 GiB: nothing is cut, and nothing that was cut is taken for the whole."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import pytest

from smugsync.core.model import Kind, Promise, RemoteFile
from smugsync.errors import IntegrityError, Transient
from smugsync.remote.gallery import Gallery
from smugsync.remote.hosts import Hosts
from smugsync.remote.session import Session
from smugsync.remote.smugmug_v2.dialect import SmugMugV2
from smugsync.remote.tls import tls_context
from smugsync.remote.transport import DirectTransport
from smugsync.stop import Stop
from tests.e2e.command import Command
from tests.e2e.conftest import Emulator
from tests.remote.servers import Peer, Server

GB, GIB = 10**9, 2**30
SIZES = [GB + 1, 2 * GIB + 1, 4 * GIB + 1]
#: What a run may take of the address space, in kB: far less than the smallest of these bodies.
ENOUGH = 600_000
PIECE = bytes(1 << 20)


@dataclass
class Scale:
    """A sink that weighs what comes and keeps nothing of it."""

    size: int = 0
    validator: str | None = None

    def write(self, view: memoryview, /) -> None:
        self.size += view.nbytes

    def restart(self) -> None:
        self.size, self.validator = 0, None


@contextmanager
def served(*, announced: int, sent: int | None = None, since: int = 0) -> Iterator[tuple[Gallery, str]]:
    """A film at an address, announced as `announced` bytes, of which those up to `sent` come; from `since`
    on, as a client has to ask for it then."""

    def play(peer: Peer) -> None:
        asked = peer.request()
        head = ["HTTP/1.1 200 OK", 'ETag: "v1"', f"Content-Length: {announced - since}"]
        if since:
            assert f"Range: bytes={since}-\r\n".encode() in asked
            head[0] = "HTTP/1.1 206 Partial Content"
            head.append(f"Content-Range: bytes {since}-{announced - 1}/{announced}")
        peer.send("\r\n".join([*head, "", ""]).encode())
        left = (announced if sent is None else sent) - since
        while left:
            left -= peer.sock.send(PIECE[: min(left, len(PIECE))])

    with Server(play) as server:
        session = Session(DirectTransport(tls=tls_context()), Hosts([server.origin]), None, Stop())
        with closing(session):
            yield Gallery(SmugMugV2(server.origin), session), f"{server.origin}/film.mp4"


def film(address: str, promised: int | None) -> RemoteFile:
    return RemoteFile(
        "a", "k", "film.mp4", "MP4", Kind.VIDEO, promised=Promise(None, promised), source=address
    )


@pytest.mark.parametrize("promised", [True, False])
@pytest.mark.parametrize("size", SIZES)
def test_large_body_arrives_to_its_last_byte(size: int, *, promised: bool) -> None:
    sink = Scale()
    with served(announced=size) as (gallery, address):
        received = gallery.download(film(address, size if promised else None), sink, stop=Stop())
    assert sink.size == received.size == received.transferred == size


@pytest.mark.parametrize("size", SIZES)
def test_large_body_goes_on_beyond_what_is_here(size: int) -> None:
    sink = Scale(size - 5, '"v1"')
    with served(announced=size, since=size - 5) as (gallery, address):
        received = gallery.download(film(address, size), sink, stop=Stop())
    assert (sink.size, received.transferred) == (size, 5)


@pytest.mark.parametrize("promised", [True, False])
def test_line_that_breaks_after_a_gigabyte_is_no_end(*, promised: bool) -> None:
    size, sink = 3 * GIB, Scale()
    with served(announced=size, sent=GB + 10_000_000) as (gallery, address), pytest.raises(Transient):
        gallery.download(film(address, size if promised else None), sink, stop=Stop())


@pytest.mark.parametrize("held", [0, GB])
def test_host_that_has_only_a_gigabyte_of_it_is_not_believed(held: int) -> None:
    """A complete answer, as far as HTTP goes; but more was promised."""
    short, sink = GB + 10_000_000, Scale(held, '"v1"' if held else None)
    with served(announced=short, since=held) as (gallery, address), pytest.raises(IntegrityError) as caught:
        gallery.download(film(address, 3 * GIB), sink, stop=Stop())
    assert (
        str(caught.value) == "3,221,225,472 bytes were promised for 'film.mp4', and 1,010,000,000 bytes came"
    )
    assert sink.size == held


@pytest.mark.soak
@pytest.mark.parametrize("size", SIZES)
def test_large_file_is_mirrored_in_little_memory(emulator: Emulator, command: Command, size: int) -> None:
    """From a server to the disk and back: the MD5 is the one promised, and so sees md5sum."""
    online = emulator("--albums", "1", "--images", "1", "--bytes", str(size))
    command.init(online)
    command.prefix = ("sh", "-c", f'ulimit -v {ENOUGH}; exec "$@"', "sh")
    with command.start("sync", "--json") as running:
        out, err = running.process.communicate(timeout=600)
    assert running.process.returncode == 0, err
    assert f'"bytes_downloaded": {size}' in out
    (path,) = (path for path in command.mirror.rglob("*.JPG"))
    assert path.stat().st_size == size
    seen = subprocess.run(["md5sum", path], capture_output=True, text=True, check=True).stdout.split()[0]
    assert [seen.lstrip("\\")] == online.md5s()
    path.unlink()  # pytest keeps what it made for a while
