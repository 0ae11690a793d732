"""A program of the user's own: it gets each notice as one JSON object on its standard input."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from typing import IO, Final

from smugsync.notify.channel import PATIENCE, Undelivered
from smugsync.notify.messages import Message, Notice

#: So much of what it prints is logged, in bytes.
KEPT: Final = 4_096
#: Our own settings may be secrets; the others are between us and the service manager.
_OURS = ("SMUGSYNC_", "SMUGMUG_", "LISTEN_")
_MANAGER = frozenset({"CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC"})


class Command:
    """`argv` is run as it is, by no shell. `environ` is what it inherits, without our secrets."""

    name = "notify.command"

    def __init__(self, argv: Sequence[str], *, environ: Mapping[str, str]) -> None:
        self._argv = tuple(argv)
        self._environ = {
            key: value for key, value in environ.items() if not key.startswith(_OURS) and key not in _MANAGER
        }

    def takes(self, message: Message) -> bool:
        return isinstance(message, Notice)

    def send(self, message: Message, *, patience: float = PATIENCE) -> None:
        if not isinstance(message, Notice):
            return
        with tempfile.TemporaryFile() as told:  # not a pipe: one that is not read would hold us up
            told.write(json.dumps(message.as_json()).encode() + b"\n")
            told.seek(0)
            code, said = self._run(told, patience)
        if said:
            text = said.decode("utf-8", "replace").strip()
            logging.getLogger(__name__).debug("notify.command said: %s", text)
        if code is None:
            raise Undelivered(f"not done within {patience:.0f} s, and ended", again=False)
        if code:
            how = f"signal {-code}" if code < 0 else f"exit code {code}"
            raise Undelivered(f"ended with {how}", again=code == os.EX_TEMPFAIL)

    def _run(self, told: IO[bytes], patience: float) -> tuple[int | None, bytes]:
        """Its exit code, None if it had to be ended, and the beginning of what it printed."""
        try:
            process = subprocess.Popen(  # noqa: S603 - it is what the user wrote, word by word
                self._argv,
                stdin=told,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=self._environ,
                start_new_session=True,
            )
        except OSError as error:
            raise Undelivered(f"cannot be run: {error.strerror}", again=False) from None
        except ValueError:  # a NUL among the words
            raise Undelivered("cannot be run", again=False) from None
        with process:
            said = _listen(process, time.monotonic() + patience)
            code = process.poll()
            if code is None:  # with all that it started
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
            return code, said


def _listen(process: subprocess.Popen[bytes], due: float) -> bytes:
    """What it prints until it ends, or until `due`: of that the beginning, the rest is let go."""
    said = b""
    stream = process.stdout
    if stream is None:
        return said
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while (left := due - time.monotonic()) > 0:
            ended = process.poll() is not None
            if selector.select(0 if ended else min(left, 0.05)):
                data = os.read(stream.fileno(), 65_536)
                said = (said + data)[:KEPT]
                if not data:  # it closed its output and may go on all the same
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        process.wait(left)
                    break
            elif ended:
                break
    return said
