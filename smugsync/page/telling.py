"""How a profile is, in words: what the page says before anybody looks at a number."""

from __future__ import annotations

from typing import Literal

from smugsync.core.lifecycle import State
from smugsync.daemon.standing import Way
from smugsync.page.facts import Facts, Run
from smugsync.progress import duration, scale, size
from smugsync.records import dataclass

Tone = Literal["good", "busy", "calm", "warn", "bad"]

_SCOPES = {
    "everything": "full comparison",
    "delta": "look for changes",
    "albums": "single albums",
    "paths": "new local files",
    "upload": "upload",
    "verify": "proof of held files",
    "repair": "repair",
}
_CAUSES = {
    "offline": "offline",
    "unauthorised": "not signed in",
    "unmounted": "disk not there",
    "foreign": "wrong disk",
    "full": "disk full",
    "guarded": "guard",
    "misconfigured": "configuration",
    "busy": "another command",
    "broken": "error",
}
_RESULTS: dict[int, tuple[str, Tone]] = {
    0: ("good", "good"),
    2: ("not possible", "bad"),
    3: ("incomplete", "warn"),
    5: ("guard", "bad"),
    11: ("another was at work", "calm"),
    75: ("offline", "bad"),
    77: ("not signed in", "bad"),
    78: ("configuration", "bad"),
    130: ("interrupted", "calm"),
    143: ("interrupted", "calm"),
}
#: What is due, by its name in `Standing.due`.
DUE = {
    "poll": "Look for changes",
    "full": "Full comparison",
    "verify": "Proof of held files",
    "scan": "Look for new local files",
}


@dataclass(frozen=True, slots=True)
class Mood:
    """`word` in a chip, `sentence` beside it."""

    word: str
    tone: Tone
    sentence: str


def mood(facts: Facts, now: float) -> Mood:
    """The one thing to know about a profile."""
    standing = facts.standing
    good = "" if facts.last_good is None else f"Last good run {ago(facts.last_good, now)}."
    if standing.held is not None:
        cause = _CAUSES.get(standing.held.cause, standing.held.cause)
        lasted = duration(now - standing.held.since)
        return Mood(f"Held up: {cause}", "bad", f"It has waited for {lasted}. {good}".strip())
    if standing.scope:
        lasted = duration(now - standing.since)
        return Mood("At work", "busy", f"{scope(standing.scope).capitalize()}, for {lasted}. {good}".strip())
    if standing.paused:
        return Mood("Paused", "warn", f"It begins nothing until somebody resumes it. {good}".strip())
    if facts.unknown:
        return Mood("Not known", "bad", "The catalogue cannot be read.")
    code = standing.last_exit_code
    if code is None and facts.runs:
        code = facts.runs[0].exit_code
    if facts.totals is None or (code is None and not facts.runs):
        return Mood("New", "calm", "Nothing was mirrored yet.")
    if facts.totals.damaged:
        return Mood("Damage found", "bad", f"Some files here are not what they were. {good}".strip())
    says_nothing = code in (None, 0, 11, 130, 143)  # also of a run over a single new file
    if code == 3 or (says_nothing and facts.failing):
        return Mood("Incomplete", "warn", f"Some files are missing, see below. {good}".strip())
    if code in (130, 143) and facts.totals.files(State.PLANNED):
        return Mood("Not complete yet", "calm", f"Some files are still to be fetched. {good}".strip())
    if says_nothing:
        return Mood("All good", "good", good or "Nothing is known to be missing.")
    word, tone = _RESULTS.get(code or 0, ("failed", "bad"))
    return Mood(f"Last run: {word}", tone, good)


def scope(text: str) -> str:
    """A run's scope in words, with what a person named."""
    kind, _, rest = text.partition(" ")
    if kind == "paths" and rest:  # how many there were
        return f"{plural(int(rest.replace(',', '')), 'new local file')}" if _is_count(rest) else _SCOPES[kind]
    return f"{_SCOPES.get(kind, kind)}{f' {rest}' if rest else ''}"


def _is_count(text: str) -> bool:
    return text.replace(",", "").isdecimal() and text.isascii() and len(text) < 12


def result(run: Run, *, goes_on: bool) -> tuple[str, Tone]:
    """How a run ended. `goes_on`: it is the one under way."""
    if run.finished_at is None or run.exit_code is None:
        return ("under way", "busy") if goes_on else ("ended by force", "warn")
    return _RESULTS.get(run.exit_code, ("failed", "bad"))


def progress(way: Way) -> tuple[str, float | None]:
    """The run under way in one line, and how much of it is done, from 0 to 1 (None = nobody knows)."""
    parts = []
    share = None
    if way.albums_total and way.albums_done < way.albums_total:
        parts.append(f"{way.albums_done:,} of {way.albums_total:,} albums")
        share = way.albums_done / way.albums_total
    if way.files_total:
        parts.append(f"{way.files_done:,} of {way.files_total:,} photos")
    if way.bytes_total:
        unit, factor = scale(max(way.bytes_total, way.bytes_done))
        digits = 0 if factor == 1 else 1
        done, total = (f"{value / factor:.{digits}f}" for value in (way.bytes_done, way.bytes_total))
        parts.append(f"{done} of {total} {unit}")
        share = min(1.0, way.bytes_done / way.bytes_total)
    elif way.files_total:
        share = min(1.0, way.files_done / way.files_total)
    if way.rate > 0:
        parts.append(f"{size(way.rate)}/s")
        left = (way.bytes_total - way.bytes_done) / way.rate
        if left > 0:
            parts.append(f"about {duration(left)} left")
    if way.phase:
        parts.insert(0, way.phase)
    return " · ".join(parts), share


def ago(then: float, now: float) -> str:
    """`6 min ago`; what lies ahead by a wrong clock is just now."""
    return "just now" if now - then < 2 else f"{duration(now - then)} ago"


def ahead(then: float, now: float) -> str:
    """`in 6 min`."""
    return "now" if then - now < 2 else f"in {duration(then - now)}"


def plural(n: int, word: str, words: str = "") -> str:
    return f"{n:,} {word if n == 1 else words or word + 's'}"
