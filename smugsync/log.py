"""Log lines on stderr: text for people, JSON for machines; no secret in either.

Modules log through the standard `logging.getLogger(__name__)` or `structlog.get_logger()`; both end
here. A JSON line holds `ts` (RFC 3339, UTC, milliseconds), `level`, `event` (a stable dotted name),
`msg` (a sentence) and whatever else was given.
"""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from smugsync.secret import Redactor, Secret

#: sd-daemon(3): the number journald reads a line's priority from.
_PRIORITIES = {"critical": 2, "error": 3, "warning": 4, "info": 6, "debug": 7}

#: They log every request with its address; that is for `-vv` only.
_CHATTY = ("httpx", "httpcore", "apscheduler", "watchdog", "asyncio", "filelock")


class Output:
    """Where finished lines go; while bars are drawn they have to go through these."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._sink: Callable[[str], object] | None = None

    def write(self, line: str) -> None:
        if self._sink is not None:
            self._sink(line)
            return
        with contextlib.suppress(OSError, ValueError):  # a closed stderr is no reason to stop
            self._stream.write(line + "\n")
            self._stream.flush()

    @contextlib.contextmanager
    def diverted(self, sink: Callable[[str], object]) -> Iterator[None]:
        """Hand lines to `sink` (a `Progress.note`) instead, for as long as the context lasts."""
        self._sink = sink
        try:
            yield
        finally:
            self._sink = None


class _Handler(logging.Handler):
    def __init__(self, output: Output) -> None:
        super().__init__()
        self._output = output

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._output.write(self.format(record))
        except Exception:  # noqa: BLE001 - as every handler of the standard library does it
            self.handleError(record)


def configure(
    output: Output,
    redact: Redactor,
    *,
    format: str = "text",  # noqa: A002 - the name of the option and of the setting
    level: str = "warning",
    environ: Mapping[str, str] | None = None,
    terminal: bool = False,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> None:
    """Send everything from `level` up to `output`. `environ` tells whether journald is listening."""

    def stamp(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
        now = clock().astimezone(UTC)
        event["ts"] = f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z"
        return event

    def clean(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
        return {key: _clean(value, redact) for key, value in event.items()}

    journal = "JOURNAL_STREAM" in (environ or {}) and not terminal
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ExtraAdder(),
        stamp,
        _name_event,
        structlog.processors.format_exc_info,
        clean,
    ]
    renderer: Processor = _as_json if format == "json" else _TextRenderer(journal=journal, terminal=terminal)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = _Handler(output)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            foreign_pre_chain=shared,
        )
    )
    root = logging.getLogger()
    for old in [one for one in root.handlers if isinstance(one, _Handler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.NOTSET if level == "debug" else logging.WARNING)


def _name_event(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Standard log records have a sentence and no event name; the logger's name stands in for it."""
    record = event.get("_record")
    if record is not None:
        event["msg"], event["event"] = event["event"], record.name
        for done in ("message", "asctime"):  # left on the record by another handler's formatter
            event.pop(done, None)
    event.setdefault("msg", event["event"])
    return event


def _clean(value: object, redact: Redactor) -> object:
    match value:
        case str():
            return redact(value)
        case Secret():
            return str(value)
        case None | bool() | int() | float() | logging.LogRecord():
            return value
        case Mapping():
            return {str(key): _clean(item, redact) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_clean(item, redact) for item in value]
        case _:
            return redact(str(value))


def _as_json(_logger: WrappedLogger, _name: str, event: EventDict) -> str:
    first = {key: event.pop(key) for key in ("ts", "level", "event", "msg")}
    # ASCII: a line must stay one line, whatever line ends a remote name holds.
    return json.dumps({**first, **event})


class _TextRenderer:
    def __init__(self, *, journal: bool, terminal: bool) -> None:
        self._journal = journal
        self._terminal = terminal

    def __call__(self, _logger: WrappedLogger, _name: str, event: EventDict) -> str:
        stamp, level, name, message = (event.pop(key) for key in ("ts", "level", "event", "msg"))
        trace = event.pop("exception", "")
        details = " ".join(f"{key}={_word(value)}" for key, value in event.items())
        text = _printable(str(message)) + (f" ({details})" if details else "")
        if self._journal:  # which keeps the time itself
            text = f"<{_PRIORITIES.get(level, 6)}>{text}"
        elif self._terminal:
            text = f"smugsync: {level}: {text}"
        else:
            text = f"{stamp} {level}: {text}"
        if level == "debug" and not self._journal:
            text += f" [{name}]"
        return "\n".join([text, *map(_printable, str(trace).splitlines())]) if trace else text


def _word(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    quoted = not text or set(text) & set(' "=')
    return _printable(json.dumps(text, ensure_ascii=False) if quoted else text)


def _printable(text: str) -> str:
    """`text` on one line: a remote name must neither forge log lines nor steer the terminal."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
