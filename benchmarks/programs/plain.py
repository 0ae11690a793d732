"""The `smugsync` command on httpx's own transport.

`python -m benchmarks.programs.plain ARGUMENTS`

All else is the same, so the difference is what a transport of our own is worth.
"""

from __future__ import annotations

import ssl
import sys

import httpx

from smugsync.cli import assembly, main


class Plain(httpx.HTTPTransport):
    """As httpx has it, with what a session wants to know besides."""

    round_trip = None
    aborted = False

    def __init__(self, tls: ssl.SSLContext) -> None:
        super().__init__(verify=tls, limits=httpx.Limits(max_keepalive_connections=32))

    def abort(self) -> None:
        self.close()


if __name__ == "__main__":
    vars(assembly)["build_transport"] = Plain
    sys.exit(main())
