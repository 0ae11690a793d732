"""Does anybody want to hear of runs? Asked before what would tell them is imported."""

from __future__ import annotations

from smugsync.config import Config


def is_heard(config: Config) -> bool:
    """Somebody is notified, or looks at figures or at the page."""
    notify, status = config.notify, config.status
    return bool(
        notify.ping or notify.command or notify.ntfy or notify.apprise or status.textfile or status.listen
    )
