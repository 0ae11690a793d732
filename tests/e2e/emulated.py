"""`smugsync emulator` as a process of its own, and what a test tells it through `/_emulator/`."""

from __future__ import annotations

import json
import os
import select
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from smugsync.config.sources import SECRETS
from tests.e2e.record import RECORD

#: The command under test: the one installed beside this interpreter, or that of another installation.
INSTALLED = Path(sys.executable).with_name("smugsync")
SMUGSYNC = Path(os.environ.get("E2E_COMMAND") or INSTALLED)
#: What is announced and is no option of `init`, or means nothing to SmugMug's API v2.
OF_OTHERS = frozenset(
    ("nickname", "legacy_url", "email", "password", "pixelpost_url", "public_key", "private_key")
)
LISTENS_WITHIN = 10.0
GONE_WITHIN = 5.0


@dataclass(frozen=True, slots=True)
class Photo:
    """An image as the account describes it. `md5` is that of what can be downloaded."""

    key: str
    name: str
    md5: str


class Emulated:
    """An emulator that listens, and its account. `arguments` are those of the command."""

    def __init__(
        self, arguments: Sequence[str], *, home: Path, ready: Mapping[str, str] | None = None
    ) -> None:
        environ = {"PATH": "/usr/bin:/bin", "HOME": str(home), "LANG": "C.UTF-8", "PYTHONWARNINGS": "error"}
        self.process = subprocess.Popen(
            [SMUGSYNC, "emulator", *arguments],
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        listening, _, _ = select.select([self.process.stdout], [], [], LISTENS_WITHIN)
        line = self.process.stdout.readline() if listening else ""
        assert line, "the emulator does not listen"
        self.ready: dict[str, str] = {**json.loads(line), **(ready or {})}
        RECORD.hand_out(*self.secrets)
        trusted = ssl.create_default_context(cafile=self.ready.get("ca_file"))
        address = f"{self.ready['api_url']}/_emulator/"
        self._control = httpx.Client(base_url=address, trust_env=False, verify=trusted)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._control.close()
        self.process.terminate()
        try:
            self.process.wait(GONE_WITHIN)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        assert self.process.stdout is not None
        rest = self.process.stdout.read()
        self.process.stdout.close()
        if kind is None:
            assert rest == "", "only the announcement may go to stdout"

    @property
    def origin(self) -> str:
        return self.ready["api_url"]

    @property
    def secrets(self) -> list[str]:
        """Values that no output may hold."""
        return [self.ready[name] for name in SECRETS if self.ready[name]]

    # -- the account -------------------------------------------------------------------------------

    def edit(self, name: str, /, **arguments: Any) -> dict[str, Any]:
        """One edit of the account; see `smugsync.emulator.account.edits`."""
        return self._ask("POST", f"edits/{name}", arguments)

    def album(self, name: str) -> str:
        """The key of an album by its name."""
        return next(str(node["album"]) for node in self.nodes() if node["name"] == name and "album" in node)

    def photos(self, album: str) -> list[Photo]:
        """What an album, by its name, shows."""
        found = next(node for node in self.nodes() if node["name"] == album and "album" in node)
        return [Photo(one["image"], one["file_name"], one["md5"]) for one in found["images"]]

    def photo(self, album: str, name: str) -> str:
        """The key of the first photo of a name."""
        return next(one.key for one in self.photos(album) if one.name == name)

    def md5s(self, albums: Sequence[str] | None = None) -> list[str]:
        """What can be downloaded from the albums named, all of them by default; sorted, once per album."""
        return sorted(
            image["md5"]
            for node in self.nodes()
            if "images" in node and node["type"] == "Album" and (albums is None or node["name"] in albums)
            for image in node["images"]
        )

    def nodes(self) -> Iterator[dict[str, Any]]:
        """Every node below the root."""
        waiting = list(self._ask("GET", "account")["root"]["children"])
        while waiting:
            node = waiting.pop()
            yield node
            waiting += node.get("children", ())

    # -- faults and counters -----------------------------------------------------------------------

    def fault(self, spec: str) -> int:
        """Switch a fault on; its id."""
        return int(self._ask("POST", "faults", {"spec": spec})["id"])

    def calm(self) -> None:
        """Switch all faults off."""
        self._ask("DELETE", "faults")

    def struck(self, fault: int) -> int:
        """How often a fault has struck so far."""
        faults = self._ask("GET", "faults")["faults"]
        return next(int(one["struck"]) for one in faults if one["id"] == fault)

    def reset_counters(self) -> None:
        self._ask("POST", "counters/reset")

    def counters(self) -> dict[str, Any]:
        return self._ask("GET", "counters")

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        answer = self._control.request(method, path, json=body)
        assert answer.status_code == 200, answer.text
        found = answer.json()
        assert isinstance(found, dict)
        return found
