"""A run that a daemon does for a command: asked for, watched, and told as if the command had done it."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any

from smugsync.cli.ending import show_lines
from smugsync.cli.invocation import Invocation
from smugsync.config import Config
from smugsync.core.printable import printable
from smugsync.daemon.client import Line, call
from smugsync.errors import Busy, UsageError
from smugsync.progress import Progress, Tally
from smugsync.sync.context import Scope


def ask_daemon(
    invocation: Invocation, config: Config, scope: Scope, *, exact: bool = False, as_json: bool = False
) -> int | None:
    """The exit code of the run, None if there is no daemon to ask. Interrupted, the daemon goes on with it.

    Raises Busy if the daemon does not answer, or ends in the middle.
    """
    line = call(config.socket)
    if line is None:
        return None
    with line, _interrupted(line) as signals:
        line.ask(ask="sync", scope=scope.kind, albums=list(scope.albums), exact=exact, wait=True)
        with invocation.display() as progress:
            answer = _wait(invocation, line, progress)
    if answer is None and signals:
        goes_on = f"the daemon goes on with it; `{invocation.command('pause')}` ends it"
        invocation.say(f"smugsync: {goes_on}")
        return 128 + signals[0]
    if answer is None:
        raise Busy("the daemon ended in the middle of the run; run this again")
    return _tell(invocation, answer, as_json=as_json)


def _wait(invocation: Invocation, line: Line, progress: Progress) -> Mapping[str, Any] | None:
    """The message that ends it, None if the connection ended before."""
    while (message := line.answer(seconds=None)) is not None:
        match message.get("say"):
            case "note":
                progress.note(invocation.clean(str(message["line"])))
                progress.refresh()
            case "way":
                _show(progress, message["way"])
            case "done" | "refused":
                return message
    return None


def _show(progress: Progress, way: Mapping[str, Any]) -> None:
    if isinstance(progress, Tally):
        progress.phase = str(way["phase"])
        progress.albums_done, progress.albums_total = int(way["albums_done"]), int(way["albums_total"])
        progress.files_done, progress.files_total = int(way["files_done"]), int(way["files_total"])
        progress.bytes_done, progress.bytes_total = int(way["bytes_done"]), int(way["bytes_total"])
    progress.refresh()


def _tell(invocation: Invocation, answer: Mapping[str, Any], *, as_json: bool) -> int:
    code, error = int(answer["exit_code"]), answer.get("error")
    if answer["say"] == "done":
        if as_json:
            print(printable(json.dumps(answer["report"], ensure_ascii=False)))
        elif answer.get("kind") != UsageError.__name__:
            show_lines(invocation, map(str, answer["lines"]), failed=bool(code))
    if error:
        if answer.get("kind") == "Interrupted":
            invocation.say(f"smugsync: {error}")
        else:
            invocation.complain(str(error))
    sys.stdout.flush()
    return code


@contextmanager
def _interrupted(line: Line) -> Iterator[list[int]]:
    """The signals that came: the first one ends the conversation."""
    came: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:
        del frame
        came.append(number)
        line.hang_up()  # no lock is taken by it

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
