"""Notices in words: what happened, why, and what to type next. Counts and a few examples, never a list."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from smugsync.notify.events import Held, Recovered, RunEnded, Stale
from smugsync.notify.messages import Notice
from smugsync.progress import duration

#: So many troubles are named.
_NAMED = 3
#: A longer sentence is cut: some services refuse long messages.
_LONGEST = 500

#: What the causes mean, as the end of a title.
_CAUSES = {
    "offline": "the service cannot be reached",
    "unauthorised": "not signed in any more",
    "guarded": "a guard withheld something",
    "full": "the disk is full",
    "unmounted": "the mirror's disk is not there",
    "foreign": "another mirror's disk lies there",
    "misconfigured": "the configuration cannot be used",
    "broken": "it cannot go on",
}
#: What to type next, by the cause.
_NEXT = {
    "unauthorised": "auth status",
    "guarded": "status",
    "unmounted": "doctor",
    "foreign": "doctor",
    "full": "doctor",
    "broken": "doctor",
    "offline": "doctor",
    "misconfigured": "config check",
}
_LOGIN = "auth login"
#: The cause that a run's exit code speaks of; whatever else a run ends with is told in its own way.
CAUSE_OF = {5: "guarded", 77: "unauthorised", 75: "offline", 78: "misconfigured", 1: "broken"}

_ADVICE = re.compile(r"`smugsync ((?:(?! --profile)[^`])+)`")


def held(event: Held) -> Notice:
    """`why` says what to do; it goes on by itself when that is done."""
    return Notice(
        event.profile,
        "held",
        event.cause,
        _title(event.profile, _CAUSES.get(event.cause, f"held up ({event.cause})")),
        f"{_told(event.why, event.profile)}\nIt waits until that is over, and then goes on by itself.",
        event.at,
        urgency="normal" if event.cause == "offline" else "high",
        command=_command(event.profile, _next(event.cause, event.why)),
    )


def ended(event: RunEnded, cause: str) -> Notice:
    """A run was ended early by `cause`."""
    why = event.report.get("error") or "; ".join(_troubles(event.report)) or event.summary
    return Notice(
        event.profile,
        "held",
        cause,
        _title(event.profile, _CAUSES[cause]),
        _told(str(why), event.profile) or f"The run ended with exit code {event.exit_code}.",
        event.at,
        urgency="normal" if cause == "offline" else "high",
        command=_command(event.profile, _next(cause, str(why))),
        exit_code=event.exit_code,
    )


def _next(cause: str, why: str) -> str:
    """What to type: not every remote has a sign-in, so where one helps, the sentence itself says so."""
    return _LOGIN if _LOGIN in why else _NEXT.get(cause, "status")


def failed(event: RunEnded, *, damaged: int) -> Notice:
    """The first run that left something undone after good ones. `damaged`: files newly found damaged."""
    report = event.report
    n = failures(report)
    found = _troubles(report)
    lines = []
    if damaged:
        lines.append(f"{_plural(damaged, 'photo')} newly found damaged here.")
    if n:
        lines.append(f"{_plural(n, 'photo')} could not be fetched or sent; later runs try again.")
    lines += found[:_NAMED]
    more = max(len(found), n) - _NAMED
    if found and more > 0:
        lines.append(f"and {more:,} more")
    what = "damage found" if damaged else f"{_plural(n, 'photo')} failed" if n else "a run was not complete"
    return Notice(
        event.profile,
        "damaged" if damaged else "failed",
        "damaged" if damaged else "failed",
        _title(event.profile, what),
        "\n".join(_told(line, event.profile) for line in lines) or _told(event.summary, event.profile),
        event.at,
        urgency="high" if damaged else "normal",
        command=_command(event.profile, "verify --repair" if damaged else "status"),
        exit_code=event.exit_code,
    )


def failures(report: Mapping[str, Any]) -> int:
    """How many files of a run (`Report.as_json()`) are neither here nor there as they should be."""
    return int(report.get("files_failed") or 0) + int(report.get("files_unsent") or 0)


def good_again(event: RunEnded) -> Notice:
    """A run was good after such as were not."""
    return Notice(
        event.profile,
        "recovered",
        "recovered",
        _title(event.profile, "all good again"),
        _first_line(_told(event.summary, event.profile)) or "The last run was good.",
        event.at,
        urgency="low",
        exit_code=event.exit_code,
    )


def recovered(event: Recovered) -> Notice:
    """What held it is over."""
    what = _CAUSES.get(event.cause, event.cause)
    return Notice(
        event.profile,
        "recovered",
        event.cause,
        _title(event.profile, "it goes on again"),
        f"It was held up for {duration(event.at - event.since)}: {what}.",
        event.at,
        urgency="low",
    )


def stale(event: Stale) -> Notice:
    """Nobody has heard of a good run for long."""
    if event.last_good is None:
        title, text = "no run was good yet", "No run has been good since this was set up."
    else:
        days = int((event.at - event.last_good) // 86_400)
        title, text = f"no good run for {_plural(days, 'day')}", "New photos may be missing here."
    return Notice(
        event.profile,
        "stale",
        "stale",
        _title(event.profile, title),
        text,
        event.at,
        urgency="high",
        command=_command(event.profile, "status"),
    )


def _troubles(report: Mapping[str, Any]) -> list[str]:
    return [
        ": ".join(filter(None, (str(one.get("path") or ""), str(one.get("reason") or ""))))
        for one in report.get("troubles") or ()
    ]


def _title(profile: str, what: str) -> str:
    return f"smugsync: {what}" if profile == "default" else f"smugsync {profile}: {what}"


def _command(profile: str, words: str) -> str:
    return f"smugsync {words}" + ("" if profile == "default" else f" --profile {profile}")


def advised(text: str, profile: str) -> str:
    """`text`, with the commands in it for this profile. Who advised them did not know which it is."""
    if profile == "default":
        return text
    return _ADVICE.sub(lambda found: f"`smugsync {found[1]} --profile {profile}`", text)


def _told(text: str, profile: str) -> str:
    """`text`, for this profile, and cut if it is long."""
    text = advised(text, profile)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _first_line(text: str) -> str:
    return text.strip().split("\n", 1)[0]


def _plural(n: int, word: str) -> str:
    return f"{n:,} {word if n == 1 else word + 's'}"
