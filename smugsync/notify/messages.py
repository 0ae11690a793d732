"""What leaves the house, as frozen values: a beat for a dead man's switch, a notice for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from smugsync.records import dataclass

Signal = Literal["start", "success", "fail"]
Kind = Literal["held", "failed", "damaged", "stale", "recovered"]
Urgency = Literal["low", "normal", "high"]


@dataclass(frozen=True, slots=True)
class Beat:
    """One sign of life of a run: for services that sound an alarm when none comes. `body` is for people."""

    profile: str
    signal: Signal
    body: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that a person should know. `at` is epoch seconds.

    `title` is one line, `text` the cause in a few lines, `command` what to type next ("" = nothing).
    `cause` is one word: why it is held, or `kind` itself. `exit_code` is that of the run, None if none ended.
    """

    profile: str
    kind: Kind
    cause: str
    title: str
    text: str
    at: float
    urgency: Urgency = "normal"
    command: str = ""
    exit_code: int | None = None

    @property
    def body(self) -> str:
        """The text, and what to type next."""
        return f"{self.text}\nNext: {self.command}" if self.command else self.text

    def as_json(self) -> Mapping[str, Any]:
        """One object for `notify.command`; `schema` counts up when a key changes its meaning or goes."""
        return {
            "schema": 1,
            "kind": self.kind,
            "cause": self.cause,
            "profile": self.profile,
            "at": self.at,
            "urgency": self.urgency,
            "title": self.title,
            "text": self.text,
            "command": self.command or None,
            "exit_code": self.exit_code,
        }


Message = Beat | Notice
