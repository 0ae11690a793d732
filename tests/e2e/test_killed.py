"""Killed without warning, over and over, and then finished: the mirror equals the account."""

from __future__ import annotations

import contextlib
import random
import subprocess
from pathlib import Path

import pytest

from tests.e2e.command import Command, sha256sums, until
from tests.e2e.conftest import Emulator

ALBUMS, PHOTOS = 12, 25
#: In flight, waiting for their group commit, or placed and not yet recorded: what one kill may cost.
AT_RISK = 64


@pytest.mark.parametrize(
    ("kills", "seed"),
    [
        pytest.param(6, 1, id="six"),
        pytest.param(20, 2, id="twenty", marks=pytest.mark.soak),
    ],
)
def test_killed_again_and_again(
    emulator: Emulator, command: Command, tmp_path: Path, kills: int, seed: int
) -> None:
    dice = random.Random(seed)
    library = make_library(tmp_path / "library", dice)
    online = emulator(str(library), "--fault", f"slow@/photos/*:seconds={0.03 * kills / 6},min=0")
    command.init(online)
    account, killed = set(online.md5s()), 0
    for number in range(kills):
        fetched = online.counters()["media_requests"]
        with command.start("sync") as running:
            if number % 2:  # every other time only once the downloads have begun
                until(lambda before=fetched: online.counters()["media_requests"] > before)  # type: ignore[misc]
            with contextlib.suppress(subprocess.TimeoutExpired):
                running.process.wait(dice.uniform(0.0, 1.2) if number % 2 else dice.uniform(0.2, 1.0))
            killed += running.process.poll() is None
            running.process.kill()
        assert set(command.md5s()) <= account, "something half or wrong is visible"
    assert killed == kills, "the run was over before it could be killed"

    online.calm()
    last = command.sync()
    assert sha256sums(command.mirror) == sha256sums(library)
    assert command.parts() == []
    total = sum(path.stat().st_size for path in library.rglob("*.jpg"))
    counted = online.counters()
    twice = counted["media_bytes"] - total
    left = last["files_downloaded"]
    print(f"{kills} kills: {twice:,} of {total:,} bytes fetched twice, {left} photos left for the last run")
    assert counted["media_requests"] - ALBUMS * PHOTOS <= kills * AT_RISK
    quiet = command.sync("--full")
    assert (quiet["files_downloaded"], quiet["files_local"], quiet["counts"]) == (0, 0, {})


def make_library(root: Path, dice: random.Random) -> Path:
    for album in range(ALBUMS):
        folder = root / f"Album {album}"
        folder.mkdir(parents=True)
        for photo in range(PHOTOS):
            (folder / f"{photo:03d}.jpg").write_bytes(dice.randbytes(dice.randrange(5_000, 120_000)))
    return root
