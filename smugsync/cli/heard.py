"""Who hears of the runs of a command. Asked before what would tell them is imported."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from smugsync.cli.invocation import Invocation
from smugsync.config import Config
from smugsync.errors import SmugsyncError
from smugsync.sync.report import Report


def is_heard(config: Config) -> bool:
    """Somebody is notified, or looks at figures or at the page."""
    notify, status = config.notify, config.status
    return bool(
        notify.ping or notify.command or notify.ntfy or notify.apprise or status.textfile or status.listen
    )


class Audience:
    """Who hears of a command's run, while it waits: nobody."""

    def begin(self, scope: str) -> None:
        """It begins."""

    def end(self, report: Report, lines: Sequence[str]) -> None:
        """It came to its end, good or bad; `lines` are for people."""

    def fail(self, error: SmugsyncError) -> None:
        """It did not even begin, or broke off without a report."""

    @contextmanager
    def beside(self) -> Iterator[None]:
        """What is raised in the block is told as well."""
        try:
            yield
        except SmugsyncError as error:
            self.fail(error)
            raise


def audience(invocation: Invocation, config: Config) -> Audience:
    """Those who are configured."""
    if not is_heard(config):
        return Audience()
    from smugsync.cli.voices import Announced  # noqa: PLC0415 - 20 ms that few need to wait for

    return Announced(config, invocation.environ)
