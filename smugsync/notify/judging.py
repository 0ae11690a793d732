"""Who is to be told what of an event: a pure function of it and of what was told before."""

from __future__ import annotations

import hashlib
from typing import Any

from smugsync.notify import words
from smugsync.notify.events import Event, Held, Recovered, RunEnded, RunStarted, Stale
from smugsync.notify.freshness import is_news
from smugsync.notify.messages import Beat, Message
from smugsync.notify.told import REMEMBERED, Failing, Told
from smugsync.records import replace

#: Runs over the whole account: a good one ends all troubles of their group.
_WHOLE = ("everything", "delta")
_GROUPS = {"everything": "sync", "delta": "sync", "albums": "sync", "paths": "sync", "upload": "sync"}
_GROUPS |= {"verify": "verify", "repair": "verify"}
#: Ends that say nothing about the mirror: another process is at work, or a person ended it.
_SILENT = (11, 130, 143)
#: The exit code of a run that left single files undone.
_ITEMS = 3


def judge(event: Event, told: Told) -> tuple[Told, list[Message]]:
    """What was told from now on, and what is to be sent, in this order."""
    match event:
        case RunStarted():
            quiet = not event.asked or _is_held(told)
            return told, [] if quiet else [Beat(event.profile, "start")]
        case RunEnded():
            return _ended(event, told)
        case Held():
            return _held(event, told)
        case Recovered():
            if not told.cause:
                return told, []
            return replace(told, cause="", code=0), [words.recovered(event)]
        case Stale():
            if not is_news(event, told.stale_at):
                return told, []
            return replace(told, stale_at=event.at), [words.stale(event)]


def _held(event: Held, told: Told) -> tuple[Told, list[Message]]:
    """A hold is told once per cause; not at all if the run that met it told of it."""
    after = replace(told, cause=event.cause, code=0, since=event.at)
    if event.cause == told.cause or (told.code and _speaks_of(told.code, event.cause)):
        return replace(after, since=told.since), []
    return after, [Beat(event.profile, "fail", event.why), words.held(event)]


def _ended(event: RunEnded, told: Told) -> tuple[Told, list[Message]]:
    if event.exit_code in _SILENT:
        return told, []
    messages: list[Message] = []
    good = event.exit_code == 0
    if event.asked and (good or not _is_held(told)):
        messages.append(Beat(event.profile, "success" if good else "fail", _told(event)))
    cause = words.CAUSE_OF.get(event.exit_code)
    if cause is not None:
        if told.cause and (told.code == event.exit_code or _is_held(told)):
            return told, messages
        after = replace(told, cause=cause, code=event.exit_code, since=event.at)
        return after, [*messages, words.ended(event, cause)]
    if event.exit_code == _ITEMS:
        return _incomplete(event, told, messages)
    return (_good(event, told, messages)) if good else (told, messages)


def _good(event: RunEnded, told: Told, messages: list[Message]) -> tuple[Told, list[Message]]:
    kind = _kind(event)
    group = _GROUPS.get(kind)
    if kind not in _WHOLE and group != "verify":
        return told, messages
    ends = group in told.failing or (group == "sync" and bool(told.code or told.stale_at))
    if ends:
        messages.append(words.good_again(event))
    rest = {name: one for name, one in told.failing.items() if name != group}
    after = replace(told, failing=rest, damaged=_count(event.report, "files_damaged"))
    if group == "sync":
        after = replace(after, stale_at=None)
        if told.code:  # a hold ends with `Recovered`
            after = replace(after, cause="", code=0)
    return after, messages


def _incomplete(event: RunEnded, told: Told, messages: list[Message]) -> tuple[Told, list[Message]]:
    """Told when something is new in it: a trouble that was not there, more failures, more damage."""
    group = _GROUPS.get(_kind(event), _kind(event))
    before = told.failing.get(group)
    known = before or Failing()
    failed = words.failures(event.report)
    damaged = _count(event.report, "files_damaged")
    seen = frozenset(_digest(str(one.get("path") or "")) for one in event.report.get("troubles") or ())
    fresh = seen - known.known if len(known.known) < REMEMBERED else frozenset()
    worse = damaged - told.damaged
    news = bool(fresh) or failed > known.count or worse > 0
    after = replace(told, damaged=damaged)
    if before is not None or news or not damaged:  # else another group's run has told of the damage
        # What was told stays so until a run is good: runs over less name less of it.
        now = Failing(max(failed, known.count), known.known | seen)
        after = replace(after, failing={**told.failing, group: now})
        if before is None or news:
            messages.append(words.failed(event, damaged=max(0, worse)))
    if told.code and group == "sync":  # it went through again; what is left is told of above
        after = replace(after, cause="", code=0)
    return after, messages


def _told(event: RunEnded) -> str:
    """The summary, after what ended the run early: a summary does not repeat that."""
    error = str(event.report.get("error") or "")
    return event.summary if error in event.summary else f"{error}\n{event.summary}"


def _is_held(told: Told) -> bool:
    return bool(told.cause) and not told.code


def _speaks_of(code: int, cause: str) -> bool:
    """May a run that ended with `code` have met `cause`?"""
    named = {"offline": (75,), "unauthorised": (77,), "misconfigured": (78,)}
    return code in named.get(cause, (1, 5))


def _kind(event: RunEnded) -> str:
    return event.scope.split(" ", 1)[0]


def _count(report: Any, key: str) -> int:
    return int(report.get(key) or 0)


def _digest(path: str) -> str:
    return hashlib.sha256(path.encode("utf-8", "surrogatepass")).hexdigest()[:12]
