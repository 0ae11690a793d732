"""A large file that breaks off goes on where it stopped, and starts over when it is another file."""

from __future__ import annotations

import hashlib
import signal
from pathlib import Path

import pytest

from tests.e2e.command import Command, until
from tests.e2e.conftest import Emulator
from tests.e2e.servers import Media

LARGE = 24_000_000
HALF = LARGE // 2
#: Less than this is fetched in all when only the missing half is asked for again.
ENOUGH = 1.2 * LARGE
#: Bytes that had arrived but were not written yet when the line broke.
BUFFER = 256 * 1024


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """One large photo; `noise` of 32 bytes makes all of it incompressible enough."""
    photo = tmp_path / "library" / "Large" / "panorama.jpg"
    photo.parent.mkdir(parents=True)
    photo.write_bytes(noise(1))
    return tmp_path / "library"


def noise(seed: int) -> bytes:
    return hashlib.shake_128(str(seed).encode()).digest(LARGE)


@pytest.mark.parametrize("cut", ["truncate", "reset"])
def test_a_broken_line(emulator: Emulator, command: Command, cut: str) -> None:
    """Within one run: the connection ends on the way, only the rest is fetched after that.

    A reset comes late, because it takes along what the network's buffers hold.
    """
    online = emulator("--albums", "1", "--images", "1", "--bytes", str(LARGE))
    command.init(online)
    online.fault(f"{cut}@/photos/*:at={HALF if cut == 'truncate' else LARGE - BUFFER},times=1")
    report = command.sync()
    assert command.md5s() == online.md5s()
    counted = online.counters()
    assert counted["media_requests"] == 2
    assert {row["status"] for row in counted["requests"] if row["route"] == "/photos/*"} == {200, 206}
    assert report["bytes_downloaded"] == LARGE
    if cut == "truncate":  # what a reset leaves in the network's buffers is lost with it
        assert counted["media_bytes"] < ENOUGH
    print(f"{cut}: {counted['media_bytes'] / LARGE:.2f} times the file went over the wire")


def test_a_stopped_run(emulator: Emulator, command: Command) -> None:
    """Across runs: what a stopped run received is kept, hashed again, and continued."""
    online = emulator("--albums", "1", "--images", "1", "--bytes", str(LARGE))
    command.init(online)
    fault = online.fault(f"stall@/photos/*:at={HALF}")
    with command.start("sync") as running:
        until(lambda: online.struck(fault) == 1 and received(command) > HALF - BUFFER)
        assert running.signal(signal.SIGTERM).code == 143
    assert received(command) > HALF - BUFFER
    assert command.files() == {}
    online.calm()
    command.sync()
    assert command.md5s() == online.md5s()
    assert online.counters()["media_bytes"] < ENOUGH
    assert command.parts() == []


def test_replaced_between_two_runs(emulator: Emulator, command: Command, library: Path) -> None:
    """The half that is here belongs to a photo that is no more: nothing of it is used."""
    online = emulator(str(library))
    command.init(online)
    fault = online.fault(f"stall@/photos/*:at={HALF}")
    with command.start("sync") as running:
        until(lambda: online.struck(fault) == 1 and received(command) > HALF - BUFFER)
        running.signal(signal.SIGTERM)
    online.calm()
    online.edit("replace-photo", image=online.photo("Large", "panorama.jpg"), seed=7)
    command.sync()
    assert command.md5s() == online.md5s() != [hashlib.md5(noise(1)).hexdigest()]
    command.sync()
    assert command.parts() == [], "what nobody will continue is swept away"


@pytest.mark.parametrize("changed", [False, True])
def test_the_servers_validator(emulator: Emulator, command: Command, library: Path, *, changed: bool) -> None:
    """If-Range: with the same ETag the rest is sent, with another one everything is."""
    with Media(library) as media:
        online = emulator(str(library), "--media-url", media.url)
        command.init(online, "--media-host", f"127.0.0.1:{media.port}")
        media.cuts = [HALF]
        with command.start("sync", "--json") as running:
            until(lambda: len(media.requests) == 1)
            if changed:
                media.etag = '"second"'
            result = running.finish()
        assert result.code == 0, result
        assert command.md5s() == [hashlib.md5(noise(1)).hexdigest()]
        again = media.sent - HALF
        assert again == LARGE if changed else HALF <= again < HALF + BUFFER


def received(command: Command) -> int:
    """Bytes in the staging directory."""
    staging = command.mirror / ".smugsync" / "tmp"
    return sum(path.stat().st_size for path in staging.glob("*.part"))
