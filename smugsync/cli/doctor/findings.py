"""What `smugsync doctor` finds: one line for people, one object for programs."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from typing import Any

import click

from smugsync.cli.summary import plural
from smugsync.errors import ConfigError, SmugsyncError, worst
from smugsync.records import dataclass

_SUBJECT = 14  #: columns
_COLOURS = {"ok": "green", "note": "cyan", "warn": "yellow", "FAIL": "red"}


class Level(StrEnum):
    """How bad it is. Only FAIL makes the command fail."""

    OK = "ok"
    NOTE = "note"  #: works, in another way than elsewhere
    WARN = "warn"  #: works, and something is to be done about it
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """`id` is for programs and never changes its meaning. `text` says what is and what it means, `advice`
    what to do, if anything. `code` is the exit code of a failure.
    """

    id: str
    level: Level
    subject: str
    text: str
    advice: str = ""
    code: int = 0

    @property
    def sentence(self) -> str:
        return f"{self.text}; {self.advice}" if self.advice else self.text


def ok(key: str, subject: str, text: str) -> Finding:
    return Finding(key, Level.OK, subject, text)


def note(key: str, subject: str, text: str, advice: str = "") -> Finding:
    return Finding(key, Level.NOTE, subject, text, advice)


def warn(key: str, subject: str, text: str, advice: str = "") -> Finding:
    return Finding(key, Level.WARN, subject, text, advice)


def fail(key: str, subject: str, text: str, advice: str = "", *, code: int) -> Finding:
    return Finding(key, Level.FAIL, subject, text, advice, code)


def failed(key: str, subject: str, error: SmugsyncError) -> Iterator[Finding]:
    """An error says what went wrong, and what to do, in its own sentence."""
    for problem in error.problems if isinstance(error, ConfigError) else (str(error),):
        yield fail(key, subject, problem.rstrip("."), code=error.exit_code)


def exit_code(findings: Sequence[Finding]) -> int:
    """That of the worst failure, 0 if there is none."""
    return worst(finding.code for finding in findings)


def as_json(findings: Sequence[Finding], *, profile: str, clean: Callable[[str], str]) -> dict[str, Any]:
    """For programs. `clean` is applied to what people are told."""
    return {
        "schema": 1,
        "profile": profile,
        "exit_code": exit_code(findings),
        "findings": [
            {
                "id": finding.id,
                "level": finding.level.lower(),
                "subject": finding.subject,
                "text": clean(finding.text),
                "advice": clean(finding.advice) or None,
            }
            for finding in findings
        ],
    }


def line(finding: Finding, *, clean: Callable[[str], str], colours: bool, columns: int | None) -> str:
    """For people: one line, folded where `columns` are given."""
    level = f"{finding.level.value:<4}"
    head = click.style(level, fg=_COLOURS[level.strip()]) if colours else level
    text = clean(finding.sentence)
    indent = len(level) + 2 + _SUBJECT + 1
    if columns is not None and columns > 2 * indent:
        text = textwrap.fill(
            text,
            columns - indent,
            break_long_words=False,  # a path can be copied
            break_on_hyphens=False,
        ).replace("\n", "\n" + " " * indent)
    return f"{head}  {finding.subject:<{_SUBJECT}} {text}"


def summary(findings: Sequence[Finding], again: str) -> str:
    """The closing line; `again` is what to type for another look."""
    failures, warnings, notes = (
        sum(1 for one in findings if one.level is level) for level in (Level.FAIL, Level.WARN, Level.NOTE)
    )
    if failures:
        also = f", {plural(warnings, 'warning')}" if warnings else ""
        return f"{plural(failures, 'failure')}{also}: mend what says FAIL, then run `{again}` again."
    if warnings:
        return f"No failure, {plural(warnings, 'warning')}: smugsync works, and what says warn wants a look."
    return f"All is well: {plural(len(findings), 'finding')}, {plural(notes, 'note')}."
