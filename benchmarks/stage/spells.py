"""Questions and answers as a line has noted them (`stage.delay`), and how many waited for others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(slots=True)
class Spell:
    """One question and its answer: when it began to be asked, and when the last of its answer came.

    Monotonic seconds; `answered` is None where nothing has come.
    """

    asked: float
    answered: float | None = None


def spells(note: Iterable[str], since: float = 0.0) -> list[Spell]:
    """What was asked, on all connections: each asks again only when its answer is here (HTTP/1.1).

    `note` are lines of `benchmarks.stage.delay`; what is older than `since` is left out.
    """
    found = list[Spell]()
    open_now = dict[str, Spell]()
    for line in note:
        when, connection, who = line.split()
        if (moment := float(when)) < since:
            continue
        last = open_now.get(connection)
        if who == "server":
            if last is not None:
                last.answered = moment
        elif last is None or last.answered is not None:
            open_now[connection] = last = Spell(moment)
            found.append(last)
    return found


def one_after_another(asked: Iterable[Spell], until: float) -> int:
    """The most answers of which each was here whole before the next was asked for, the last before `until`.

    What is asked side by side counts once: whoever waits for all of it waits for so many round trips.
    """
    count, free = 0, float("-inf")
    ended = [(one.answered, one.asked) for one in asked if one.answered is not None]
    for answered, began in sorted(ended):
        if began >= free and answered <= until:
            count, free = count + 1, answered
    return count
