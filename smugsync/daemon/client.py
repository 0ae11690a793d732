"""The other side of a daemon's control socket: what commands ask it by."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from smugsync.daemon import messages
from smugsync.daemon.sockets import Lines, dial
from smugsync.daemon.standing import Standing
from smugsync.errors import Busy

#: A daemon that does not take a question within so many seconds hangs.
PATIENCE = 5.0


class Line:
    """A connection for one question."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._lines = Lines(connection, messages.LONGEST_ANSWER)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def ask(self, **question: Any) -> None:
        """Raises Busy if the daemon does not listen."""
        try:
            self._connection.sendall(messages.line(question))
        except (BrokenPipeError, ConnectionResetError):
            pass  # it hung up; why is what `answer` gives
        except OSError as error:
            raise Busy(f"the daemon of this profile does not listen: {error}") from error

    def answer(self, *, seconds: float | None = PATIENCE) -> dict[str, Any] | None:
        """The next message, None if the daemon has ended. `seconds` None waits for as long as it takes.

        Raises Busy if none comes in time, or one that makes no sense.
        """
        self._connection.settimeout(seconds)
        try:
            text = self._lines.next()
            return None if text is None else messages.parse(text)
        except TimeoutError:
            raise Busy("the daemon of this profile does not answer: it may hang; look at its log") from None
        except OSError:
            return None
        except ValueError as error:
            raise _puzzling(error) from error

    def hang_up(self) -> None:
        """End it from another thread, or from a signal handler: `answer` returns None."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)


def _puzzling(error: Exception) -> Busy:
    return Busy(
        f"the daemon of this profile says what this version does not understand ({error}): restart it"
    )


def call(path: Path) -> Line | None:
    """A connection to the daemon that listens at `path`, None if there is none.

    Raises Busy if there is one that takes no connection.
    """
    try:
        connection = dial(path, seconds=PATIENCE)
    except TimeoutError:
        raise Busy("the daemon of this profile takes no question: it may hang; look at its log") from None
    except OSError:
        return None
    return None if connection is None else Line(connection)


def asked(path: Path) -> Standing | None:
    """How the daemon's profile stands, None if there is no daemon. Raises Busy if it cannot say."""
    line = call(path)
    if line is None:
        return None
    with line:
        line.ask(ask="status")
        answer = line.answer()
    try:
        return None if answer is None else messages.read_standing(answer["standing"])
    except (KeyError, TypeError, ValueError) as error:
        raise _puzzling(error) from error


def standing_of(path: Path) -> Standing | None:
    """The same, None also for a daemon that cannot say."""
    try:
        return asked(path)
    except Busy:
        return None


@contextlib.contextmanager
def alone(path: Path, waiting: Callable[[str], None]) -> Iterator[bool]:
    """The daemon begins nothing while the block runs; True if there is one. `waiting` is told which run has
    to end before.

    Raises Busy if the daemon does not answer, or refuses.
    """
    line = call(path)
    if line is None:
        yield False
        return
    with line:
        line.ask(ask="stand-aside")
        answer = line.answer()
        if answer is not None and answer["say"] == "waiting":
            waiting(str(answer.get("scope")))
            answer = line.answer(seconds=None)
        if answer is not None and answer["say"] == "refused":
            raise Busy(str(answer["error"]))
        yield answer is not None
