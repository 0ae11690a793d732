"""An emulator, and a client of somebody else's in front of it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from smugsync.config.sources import SECRETS
from smugsync.emulator.account.model import Album
from smugsync.emulator.emulator import Emulator
from smugsync.emulator.serve import running
from smugsync.emulator.settings import Settings
from smugsync.emulator.switches import Switches

REPOSITORY = Path(__file__).parents[2]
PYTHON = Path(os.environ.get("PEERS_PYTHON") or REPOSITORY / ".venv-peers" / "bin" / "python")
PATIENCE = 120.0


@dataclass(frozen=True)
class Peer:
    """A client, the account it works on, and a directory to work in."""

    name: str
    ready: dict[str, str]
    emulator: Emulator
    directory: Path

    def __call__(self, *arguments: str, expect: int = 0) -> str:
        """What it prints."""
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.directory,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == expect, done.stdout
        return done.stdout

    def command(self, *arguments: str) -> list[str]:
        script = Path(__file__).with_name("elsewhere.py")
        return [str(PYTHON), str(script), self.name, str(self.directory / "ready.json"), *arguments]

    @property
    def secrets(self) -> list[str]:
        return [self.ready[name] for name in SECRETS if self.ready[name]]

    @property
    def environment(self) -> dict[str, str]:
        found = {"PATH": "/usr/bin:/bin", "HOME": str(self.directory), "LANG": "C.UTF-8", "BROWSER": "true"}
        if "ca_file" in self.ready:
            found["REQUESTS_CA_BUNDLE"] = self.ready["ca_file"]
        return found

    def album(self, name: str) -> Album:
        return next(album for album in self.emulator.account.albums.values() if album.node.name == name)


@pytest.fixture
def peer(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], Peer]]:
    """Makes a client by its name, of an emulator with the settings in `request.param`."""
    if not PYTHON.exists():
        pytest.fail("the other clients are not installed: run `make peers`")
    settings: Settings = getattr(request, "param", Settings(albums=0, switches=Switches()))
    with running(settings) as server:
        ready = dict(server.ready)
        (tmp_path / "ready.json").write_text(json.dumps(ready))

        def make(name: str) -> Peer:
            return Peer(name, ready, server.emulator, tmp_path)

        yield make
