"""What a scenario is played on: files, nginx that serves them by HTTP and HTTPS, lines with a delay."""

from __future__ import annotations

import hashlib
import os
import select
import shutil
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import trustme

from benchmarks.machine import MEMORY, MOUNTS, file_system
from benchmarks.processes import PATH, BenchmarkError, measure, serving

TOOLS = ("nginx", "curl", "md5sum", "xargs")


class Skip(Exception):
    """The scenario cannot be set here; the message names what is missing."""


def need(*tools: str) -> None:
    if missing := [tool for tool in tools if not shutil.which(tool, path=PATH)]:
        raise Skip(f"not installed: {', '.join(missing)}")


def need_disk(place: Path, mounts: str | None = None) -> None:
    """Raises Skip where `place` lies in memory. `mounts`: by default /proc/self/mountinfo."""
    if (kind := file_system(place.resolve(), mounts or MOUNTS.read_text())) in MEMORY:
        raise Skip(f"{place.parent} is {kind}, which is memory and no disk: TMPDIR chooses another place")


@dataclass(frozen=True)
class Library:
    """Files of random bytes below `root`, four albums of them; `sizes` in bytes."""

    root: Path
    sizes: Sequence[int]

    def __post_init__(self) -> None:
        for name, size in zip(self.names, self.sizes, strict=True):
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                for start in range(0, size, 1 << 24):
                    file.write(os.urandom(min(1 << 24, size - start)))

    @cached_property
    def names(self) -> list[str]:
        return [f"Album-{n % 4}/IMG_{n:04d}.jpg" for n in range(len(self.sizes))]

    @cached_property
    def sums(self) -> list[str]:
        return md5s(self.root)

    @property
    def bytes(self) -> int:
        return sum(self.sizes)


def md5s(root: Path) -> list[str]:
    """What lies in the albums below `root`, sorted."""
    found = []
    for path in root.glob("[!.]*/*"):
        with path.open("rb") as file:
            found.append(hashlib.file_digest(file, "md5").hexdigest())
    return sorted(found)


@dataclass(frozen=True)
class Nginx:
    """Serves files. `http` and `https` are HOST:PORT; `ca` is the authority to trust."""

    pid: int
    http: str
    https: str
    ca: Path


def serve_files(place: Path, root: Path, stack: ExitStack) -> Nginx:
    """nginx serves `root` on free ports until the stack is left.

    At full speed: its own `limit_rate` counts in whole seconds, so that small files are not limited at all.
    """
    authority = trustme.CA()
    ca, chain, key = place / "ca.pem", place / "chain.pem", place / "key.pem"
    authority.cert_pem.write_to_path(str(ca))
    issued = authority.issue_cert("127.0.0.1")
    for blob in issued.cert_chain_pems:
        blob.write_to_path(str(chain), append=True)
    issued.private_key_pem.write_to_path(str(key))
    http, https = (f"127.0.0.1:{free_port()}" for _ in range(2))
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {place}/nginx;" for kind in kinds)
    # Started by root, nginx would serve as a user who may not enter a private temporary directory.
    (place / "nginx.conf").write_text(
        f"{'user root;' if os.geteuid() == 0 else ''} daemon off; worker_processes 2; pid {place}/nginx.pid;"
        f"events {{}} http {{ {temporary} access_log off; sendfile on; keepalive_requests 100000;"
        f"ssl_certificate {chain}; ssl_certificate_key {key}; ssl_protocols TLSv1.2 TLSv1.3;"
        f"server {{ listen {http}; listen {https} ssl; root {root}; }} }}"
    )
    command = ["nginx", "-e", f"{place}/nginx.log", "-c", f"{place}/nginx.conf"]
    process = stack.enter_context(serving(command, place))
    measure(["curl", "-qs", "--retry", "4", "--retry-connrefused", f"http://{http}"], place)  # it listens
    return Nginx(process.pid, http, https, ca)


def delayed(
    place: Path,
    stack: ExitStack,
    target: str,
    milliseconds: int,
    *,
    rate: int = 0,
    note: Path | None = None,
) -> tuple[int, str]:
    """A line to `target` whose round trip takes so long: its process id and HOST:PORT.

    `rate`: bytes a second that each connection carries back, 0 for no bound. `note` gets a line for each
    piece that comes, see `benchmarks.spells`.
    """
    program = str(Path(__file__).with_name("delay.py"))
    more = [] if note is None else [str(note)]
    command = [sys.executable, program, target, str(milliseconds), str(rate), *more]
    process = stack.enter_context(serving(command, place))
    assert process.stdout is not None
    listening, _, _ = select.select([process.stdout], [], [], 15)
    if not (line := process.stdout.readline().strip() if listening else ""):
        raise BenchmarkError("the delaying line does not listen")
    return process.pid, line


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def empty(place: Path) -> Path:
    """An empty directory, and a disk that owes nothing for what lay there before."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    subprocess.run(["sync", "-f", place], check=True)
    return place
