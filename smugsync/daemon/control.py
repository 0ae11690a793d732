"""The socket by which other commands ask a keeper: one question per connection, answered by its own thread.

Only the daemon of a profile listens there (it holds the profile's claim), and only its own user, or root, is
listened to. What others may ask is bounded in size, in number and in time.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import queue
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from smugsync.daemon import messages
from smugsync.daemon.sockets import Lines, listen
from smugsync.daemon.standing import Standing
from smugsync.daemon.wishes import Asker, Wish
from smugsync.errors import Busy, Interrupted, UsageError
from smugsync.stop import Stop
from smugsync.sync.context import Kind, Scope
from smugsync.sync.report import scope_words

#: So many connections are served at once.
MOST = 16
#: A question must come, and an answer be taken, within so many seconds.
PATIENCE = 5.0
#: So many messages wait for a slow reader; the ones about the way are left out beyond that.
_BACKLOG = 64

_CROWDED = f"{MOST} commands ask the daemon of this profile already; try again when they are done"
#: What may be answered though nobody may hear it. The rest was given up by who left, and told to have failed.
_HARMLESS = frozenset({"status"})

_log = logging.getLogger("smugsync.daemon")


class Master(Protocol):
    """What is asked of a keeper. All from any thread."""

    def ask(self, wish: Wish) -> None: ...
    def drop(self, listener: Callable[[Mapping[str, Any]], None]) -> None: ...
    def pause(self, until: float) -> None: ...
    def resume(self) -> None: ...
    def standing(self) -> Standing: ...
    def standing_aside(
        self, tell: Callable[[str], None], stop: Stop
    ) -> contextlib.AbstractContextManager[None]: ...


class Control:
    """Listens for one profile, as long as it is open. `end` is set when the daemon ends."""

    def __init__(self, path: Path, master: Master, *, clock: Callable[[], float] = time.time) -> None:
        self._path, self._master, self._clock = path, master, clock
        self._stop = Stop()
        self._lock = threading.Lock()
        self._open: dict[socket.socket, threading.Thread] = {}
        self._listener = listen(path, MOST)
        self._thread = threading.Thread(target=self._accept, name="smugsync-control", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening, and end every connection."""
        self._stop.set()
        with contextlib.suppress(OSError):
            self._path.unlink()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes who waits in accept
        self._thread.join(1.0)
        self._listener.close()
        with self._lock:
            serving = list(self._open.items())
        for connection, _ in serving:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RD)
        for _, thread in serving:
            thread.join(0.5)

    def _accept(self) -> None:
        while not self._stop:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                if self._stop:
                    return
                self._stop_for_a_moment()  # too many files are open, and so on
                continue
            self._serve(connection)

    def _stop_for_a_moment(self) -> None:
        with contextlib.suppress(Interrupted):
            self._stop.wait(0.5)

    def _serve(self, connection: socket.socket) -> None:
        try:
            self._welcome(connection)
        except (OSError, RuntimeError) as error:  # it has left already, or there can be no more threads
            _log.debug(f"a question on {self._path} was not taken: {error}")
            with self._lock:
                self._open.pop(connection, None)
            connection.close()

    def _welcome(self, connection: socket.socket) -> None:
        connection.settimeout(PATIENCE)
        thread = threading.Thread(
            target=self._converse, args=(connection,), name="smugsync-asked", daemon=True
        )
        is_friend = _is_friend(connection)
        with self._lock:
            is_welcome = is_friend and len(self._open) < MOST
            if is_welcome:
                self._open[connection] = thread
        if is_welcome:
            thread.start()
            return
        if is_friend:  # a few bytes into an empty buffer: that takes no time
            connection.sendall(messages.line(messages.refused(Busy(_CROWDED))))
        connection.close()

    def _converse(self, connection: socket.socket) -> None:
        try:
            text = Lines(connection, messages.LONGEST_QUESTION).next()
            if text is not None:
                question = messages.parse(text)
                if question.get("ask") in _HARMLESS or not _has_ended(connection):
                    self._answer(connection, question)
        except UsageError as error:
            with contextlib.suppress(OSError):
                connection.sendall(messages.line(messages.refused(error)))
        except (OSError, ValueError, Interrupted) as error:
            _log.debug(f"a question on {self._path} was not answered: {error}")
        finally:
            with self._lock:
                self._open.pop(connection, None)
            connection.close()

    def _answer(self, connection: socket.socket, question: dict[str, Any]) -> None:
        def send(message: Mapping[str, Any]) -> None:
            connection.sendall(messages.line(message))

        match question.get("ask"):
            case "status":
                send(messages.standing(self._master.standing()))
            case "sync":
                self._sync(connection, question)
            case "pause":
                self._master.pause(_until(question, self._clock()))
                send({"say": "taken"})
            case "resume":
                self._master.resume()
                send({"say": "taken"})
            case "stand-aside":
                with self._master.standing_aside(
                    lambda scope: send({"say": "waiting", "scope": scope}), _Watched(connection, self._stop)
                ):
                    send({"say": "granted"})
                    _wait_for_the_end(connection, self._stop)
            case other:
                raise UsageError(
                    f"the daemon does not know how to {str(other)[:40]!r}: is it another version?"
                )

    def _sync(self, connection: socket.socket, question: dict[str, Any]) -> None:
        scope, exact = _scope(question)
        if not question.get("wait"):
            self._master.ask(Wish(scope, Asker.PERSON, exact))
            connection.sendall(messages.line({"say": "taken"}))
            return
        heard: queue.SimpleQueue[Mapping[str, Any]] = queue.SimpleQueue()

        def listener(message: Mapping[str, Any]) -> None:
            if message["say"] != "way" or heard.qsize() < _BACKLOG:
                heard.put(message)

        found = self._master.standing()
        if found.scope:
            connection.sendall(
                messages.line(
                    messages.note(f"waits for the run that is under way ({scope_words(found.scope)})")
                )
            )
        elif found.aside:
            connection.sendall(
                messages.line(messages.note("waits for another command that is at work on this profile"))
            )
        self._master.ask(Wish(scope, Asker.PERSON, exact, (listener,)))
        try:
            while True:
                try:
                    message = heard.get(timeout=0.1)
                except queue.Empty:
                    if self._stop or _has_ended(connection):
                        return
                    continue
                connection.sendall(messages.line(message))
                if message["say"] in ("done", "refused"):
                    return
        finally:
            self._master.drop(listener)


class _Watched(Stop):
    """A stop that also comes when the other side has left."""

    def __init__(self, connection: socket.socket, stop: Stop) -> None:
        super().__init__()
        self._connection, self._parent = connection, stop

    def check(self) -> None:
        if self._parent or _has_ended(self._connection):
            self.set()
        super().check()


def _wait_for_the_end(connection: socket.socket, stop: Stop) -> None:
    while not stop and not _has_ended(connection):
        with contextlib.suppress(Interrupted):
            stop.wait(0.1)


def _has_ended(connection: socket.socket) -> bool:
    """Whether the other side has left; it has nothing more to say."""
    poll = select.poll()  # `select` ends at 1,024 files
    poll.register(connection, select.POLLIN)
    try:
        return bool(poll.poll(0)) and not connection.recv(1, socket.MSG_PEEK)
    except OSError:
        return True


def _is_friend(connection: socket.socket) -> bool:
    """Is it our own user, or root? The directory lets nobody else in; this is for one that was opened up."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    _, user, _ = struct.unpack(
        "3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    )
    return user in (0, os.geteuid())


_KINDS: dict[str, Kind] = {
    "delta": "delta",
    "everything": "everything",
    "albums": "albums",
    "upload": "upload",
}


def _scope(question: Mapping[str, Any]) -> tuple[Scope, bool]:
    """What to look at, and whether that exactly. Raises UsageError."""
    kind, albums = _KINDS.get(str(question.get("scope"))), question.get("albums", [])
    if kind is None or not isinstance(albums, list) or not all(isinstance(one, str) for one in albums):
        raise UsageError("the daemon does not understand what to sync: is it another version?")
    return Scope(kind, tuple(albums)), bool(question.get("exact"))


def _until(question: Mapping[str, Any], now: float) -> float:
    """Until when to pause (epoch seconds). Raises UsageError."""
    seconds = question.get("seconds")
    if seconds is None:
        return math.inf
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds < math.inf:
        raise UsageError("a pause takes some seconds, or lasts until it is ended")
    return now + seconds
