"""What one call of the command was asked to do in general, and what every command needs for that."""

from __future__ import annotations

import contextlib
import re
import shlex
import sys
from collections.abc import Iterator, Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from smugsync.core.printable import printable
from smugsync.records import dataclass
from smugsync.secret import Redactor

if TYPE_CHECKING:
    from smugsync.config import Config
    from smugsync.log import Output
    from smugsync.progress import Progress

#: A command that a message advises, unless it makes a profile, or says of which it is already.
_ADVICE = re.compile(r"`smugsync (?!init\b)([a-z](?:(?! --profile| --config)[^`])*)`")


@dataclass(slots=True)
class Invocation:
    """The options that every command takes. Commands get it with `@click.pass_obj`."""

    environ: Mapping[str, str]
    config_path: Path | None = None
    profile: str = "default"
    chosen: bool = False  #: somebody named the profile
    verbosity: int = 0  #: 0, 1 (`-v`) or 2 (`-vv`)
    quiet: bool = False
    no_progress: bool = False
    log_format: str | None = None  #: None = as configured
    redact: Redactor = field(default_factory=Redactor)
    log: Output | None = None

    def load(self, *, any_token: bool = False) -> Config:
        """The configuration. From here on its secrets are known to the redactor, and logging is set up.

        With `any_token` half an access token is no problem. Raises ConfigError.
        """
        from smugsync.config import load  # noqa: PLC0415 - 300 ms that `--help` need not wait for

        config = load(self.config_path, self.profile, self.environ, any_token=any_token)
        for secret in config.secrets():
            self.redact.add(secret)
        self.start_logging(format=config.log.format, level=config.log.level)
        import logging  # noqa: PLC0415 - loaded by now

        for warning in config.warnings:
            logging.getLogger("smugsync.config").warning(warning)
        return config

    def start_logging(self, *, format: str = "text", level: str = "warning") -> Output:  # noqa: A002 - see log
        """Log to stderr. The command line's wishes come before `format` and `level`."""
        from smugsync import log  # noqa: PLC0415 - structlog, likewise

        if self.quiet:
            level = "error"
        elif self.verbosity:
            level = "info" if self.verbosity == 1 else "debug"
        self.log = log.Output(sys.stderr)
        log.configure(
            self.log,
            self.redact,
            format=self.log_format or format,
            level=level,
            environ=self.environ,
            terminal=sys.stderr.isatty(),
        )
        return self.log

    def progress(self) -> Progress:
        """The display that fits stderr and the options. `display` also closes it."""
        from smugsync.progress import choose  # noqa: PLC0415 - only some commands show any

        return choose(sys.stderr, quiet=self.quiet, no_progress=self.no_progress, environ=self.environ)

    @contextlib.contextmanager
    def display(self) -> Iterator[Progress]:
        """A display for a while: log lines do not tear its bars, and the screen is clean at the end."""
        from smugsync.progress import Lines, Silent  # noqa: PLC0415 - likewise

        progress = self.progress()
        try:
            if self.log is None or isinstance(progress, Lines | Silent):
                yield progress
            else:
                with self.log.diverted(progress.note):
                    yield progress
        finally:
            progress.close()

    def command(self, words: str) -> str:
        """What to type for `smugsync WORDS` about the same profile of the same configuration."""
        options = ""
        if self.config_path is not None:
            options += f" --config {shlex.quote(str(self.config_path.absolute()))}"
        if self.profile != "default":
            options += f" --profile {self.profile}"
        return f"smugsync {words}{options}"

    def complain(self, message: str) -> None:
        """One sentence about what went wrong, on stderr, also for those who asked for quiet."""
        print(f"smugsync: error: {self.words(message)}", file=sys.stderr, flush=True)

    def words(self, message: str) -> str:
        """`message` on one line, fit to be shown."""
        return self.told(" ".join(message.split()))

    def told(self, line: str) -> str:
        """`line` fit to be shown. Who advised a command in it did not know of which profile this is."""
        return self.clean(_ADVICE.sub(lambda found: f"`{self.command(found[1])}`", line))

    def clean(self, line: str) -> str:
        """`line` without secrets, and without what would steer a terminal."""
        return printable(self.redact(line))

    def say(self, message: str) -> None:
        """One line for people, on stderr, unless they asked for quiet."""
        if not self.quiet:
            print(self.clean(message), file=sys.stderr)
