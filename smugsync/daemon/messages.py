"""What a keeper and those who ask it tell each other: JSON objects, one a line, each with a version.

A connection carries one question. `{"v": 1, "ask": "status"}` is answered by one object with `standing`;
`sync` by any number of `note` and `way`, then `done` (or at once by `taken` where nobody waits);
`stand-aside` by `waiting` perhaps, then `granted`, which holds until the connection ends; `pause` and
`resume` by `taken`. `refused` ends any of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from smugsync.daemon.standing import Hindrance, Standing, Way
from smugsync.errors import ConfigError, SmugsyncError
from smugsync.progress import duration, size
from smugsync.sync.report import Report, What, scope_words

VERSION = 1
#: The longest question and the longest answer, in bytes.
LONGEST_QUESTION, LONGEST_ANSWER = 64 * 1024, 4 << 20


def line(message: Mapping[str, Any]) -> bytes:
    return json.dumps({"v": VERSION, **message}).encode() + b"\n"


def parse(text: bytes) -> dict[str, Any]:
    """Raises ValueError for what is no message of ours."""
    try:
        found = json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(found, dict) or found.get("v") != VERSION:
        raise ValueError(f"it is no message of version {VERSION}")
    return found


# -- answers -------------------------------------------------------------------------------------------


def note(text: str) -> dict[str, Any]:
    return {"say": "note", "line": text}


def way(found: Way) -> dict[str, Any]:
    return {"say": "way", "way": asdict(found)}


def done(report: Report, lines: Sequence[str]) -> dict[str, Any]:
    stopped = report.stopped
    return {
        "say": "done",
        "exit_code": report.exit_code,
        "error": None if stopped is None else str(stopped),
        "kind": None if stopped is None else type(stopped).__name__,
        "lines": list(lines),
        "report": report.as_json(),
    }


def refused(error: SmugsyncError) -> dict[str, Any]:
    text = "; ".join(error.problems) if isinstance(error, ConfigError) else str(error)
    return {"say": "refused", "exit_code": error.exit_code, "error": text}


def standing(found: Standing) -> dict[str, Any]:
    return {"say": "standing", "standing": {**asdict(found), "due": dict(found.due)}}


def read_standing(found: Mapping[str, Any]) -> Standing:
    """Raises TypeError or KeyError for what another version says."""
    held = found["held"]
    return Standing(
        **{
            **found,
            "way": Way(**found["way"]),
            "held": None if held is None else Hindrance(**held),
        }
    )


# -- for people ----------------------------------------------------------------------------------------


def did_something(report: Report) -> bool:
    return bool(report.counts or report.files_downloaded or report.files_proven or report.files_shared)


def sentence(report: Report) -> str:
    """One line about a run: what it changed, and how it ended."""
    parts = [_counted(n, what) for what, n in sorted(report.counts.items(), key=lambda pair: pair[0])]
    if report.files_downloaded:
        parts.append(f"{size(report.bytes_downloaded)} fetched")
    if report.files_proven:
        parts.append(f"{report.files_proven:,} files read and right, {size(report.bytes_proven)}")
    text = f"{scope_words(report.scope)}: {', '.join(parts) or 'nothing new'}, in {duration(report.seconds)}"
    if report.exit_code:
        text += f" (exit code {report.exit_code}: something is missing, damaged or withheld)"
    return text


def _counted(n: int, what: What) -> str:
    """`1 new album`, `2 new albums`; most words fit any number."""
    words = what.value
    if n != 1:
        for word in ("album", "edit "):
            words = words.replace(word, f"{word.strip()}s{word[len(word.strip()) :]}", 1)
    return f"{n:,} {words}"
