"""The command in a process that has imported it already: forked, where the real one would first import.

A user waits a third of a second for the imports; more than a thousand runs in the tests would wait for
minutes. So `run` has a process stand by that has imported everything and done nothing, and each run is a
fork of it, with an environment, a directory and files of its own, that goes through `main` to the
interpreter's end. What needs more than that, a tracer before the command, another build, another locale,
gets the installed program, and so does every run with `E2E_COLD=1`. Commands that go on beside a test (a
daemon, an emulator) are always the installed program.

Run as a program, this is the process that stands by. It ends when its standard input does.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

#: What every run has in common: it is read when an interpreter begins, and cannot be changed later.
BASE = {"LANG": "C.UTF-8", "PYTHONWARNINGS": "error"}
_READ_AT_BIRTH = ("PYTHON", "LANG", "LC_", "LD_", "MALLOC_", "GLIBC_", "OPENSSL_", "SSL_")
#: A longer request does not fit into one message.
_LONGEST = 60_000


def fits(environ: Mapping[str, str]) -> bool:
    """Can a process that was born with `BASE` have these variables?"""
    return {name: value for name, value in environ.items() if name.startswith(_READ_AT_BIRTH)} == BASE


@cache
def _can_wait() -> bool:
    """Is there a file that tells when a process ends? Linux 5.3 has it; a sandbox may forbid it."""
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError:
        return False
    return True


def run(
    arguments: Sequence[str],
    environ: Mapping[str, str],
    directory: Path,
    *,
    stdin: str | None,
    timeout: float,
) -> subprocess.CompletedProcess[str] | None:
    """Run a command (its name comes first) to its end, like `subprocess.run`; None if only a new process can.

    Raises subprocess.TimeoutExpired.
    """
    words = list(map(str, arguments))
    request = json.dumps({"words": words, "environ": dict(environ), "directory": str(directory)}).encode()
    if os.environ.get("E2E_COLD") or not fits(environ) or len(request) > _LONGEST or not _can_wait():
        return None
    with ExitStack() as stack:
        given, out, err = (
            stack.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8")) for _ in range(3)
        )
        given.write(stdin or "")
        given.seek(0)
        told, teller = os.pipe()
        stack.callback(os.close, told)
        try:
            _standby().ask(request, [given.fileno(), out.fileno(), err.fileno(), teller])
        finally:
            os.close(teller)
        code = _outcome(told, words, timeout)
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(words, code, out.read(), err.read())


def _outcome(told: int, words: list[str], timeout: float) -> int:
    """The exit code, from a pipe that tells the process's number first."""
    said, deadline = b"", time.monotonic() + timeout
    while not said.endswith(b"."):
        ready, _, _ = select.select([told], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            with contextlib.suppress(ValueError, IndexError, ProcessLookupError):
                os.kill(int(said.split()[0]), signal.SIGKILL)
            raise subprocess.TimeoutExpired(words, timeout)
        piece = os.read(told, 100)
        assert piece, "the process that stands by has ended"
        said += piece
    return int(said.rstrip(b".").split()[1])


class _Standby:
    """The process that stands by, as the tests see it."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())],
                env={"PATH": "/usr/bin:/bin", **BASE},
                pass_fds=[theirs.fileno()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,  # nothing comes: only so that it is no terminal
            )
        self._control = ours
        atexit.register(self._close)

    def ask(self, request: bytes, files: list[int]) -> None:
        socket.send_fds(self._control, [request], files)

    def _close(self) -> None:
        self._control.close()
        self._process.communicate()


_LOCK = threading.Lock()
_KNOWN: dict[str, _Standby] = {}


def _standby() -> _Standby:
    """The one that sees the same file systems: tests of mounts leave for a namespace of their own."""
    mounts = str(Path("/proc/self/ns/mnt").readlink())
    with _LOCK:
        if mounts not in _KNOWN:
            _KNOWN[mounts] = _Standby()
        return _KNOWN[mounts]


# -- the process that stands by ------------------------------------------------------------------------


def _import_everything() -> None:
    import smugsync  # noqa: PLC0415 - the tests that ask do not need it

    for module in pkgutil.walk_packages(smugsync.__path__, "smugsync."):
        if not module.name.endswith("__main__"):
            __import__(module.name)


def _serve(control: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """Fork for each request. Returns in every child, with what it is to become; in the parent at the end."""
    running: dict[int, tuple[int, int]] = {}
    while True:
        ready, _, _ = select.select([control.fileno(), 0, *running], [], [])
        for ended in [fd for fd in ready if fd in running]:
            process, told = running.pop(ended)
            code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
            with contextlib.suppress(BrokenPipeError):
                os.write(told, b" %d." % code)
            os.close(told)
            os.close(ended)
        if control.fileno() in ready:
            request, files, _, _ = socket.recv_fds(control, _LONGEST + 1, 4)
            if not request:
                return None
            process = os.fork()
            if process == 0:
                for pidfd, (_, told) in running.items():
                    os.close(pidfd)
                    os.close(told)
                control.close()
                return json.loads(request), files
            *streams, told = files
            for stream in streams:
                os.close(stream)
            with contextlib.suppress(BrokenPipeError):
                os.write(told, b"%d" % process)
            running[os.pidfd_open(process)] = (process, told)
        elif 0 in ready:
            return None


def _become(wanted: dict[str, Any], files: list[int]) -> int:
    for number, file in enumerate(files[:3]):
        os.dup2(file, number)
    for file in files:
        os.close(file)
    os.chdir(wanted["directory"])
    os.environ.clear()
    os.environ.update(wanted["environ"])
    time.tzset()
    sys.argv[:] = wanted["words"]
    from smugsync.cli import main  # noqa: PLC0415 - see above

    return main()


if __name__ == "__main__":
    _import_everything()
    # what stands here is forked into every run, and a thread would be missing there
    assert threading.active_count() == 1, threading.enumerate()
    with socket.socket(fileno=int(sys.argv[1])) as _control:
        _task = _serve(_control)
    sys.exit(0 if _task is None else _become(*_task))
