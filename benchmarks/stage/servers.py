"""nginx that serves files by HTTP and HTTPS, and lines with a delay."""

from __future__ import annotations

import os
import select
import socket
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import trustme

from benchmarks.processes import BenchmarkError, measure, serving


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
    piece that comes, see `benchmarks.stage.spells`.
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
