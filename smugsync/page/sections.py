"""The parts of the page about one profile: its figures, what is wrong, what comes next, what was."""

from __future__ import annotations

from datetime import datetime

from smugsync.core.lifecycle import State
from smugsync.page.facts import Facts, Run, Trouble
from smugsync.page.markup import Markup, joined, name, tag
from smugsync.page.prose import command
from smugsync.page.telling import DUE, ago, ahead, plural, result, scope
from smugsync.progress import duration, size

_HERE = (State.COMMITTED, State.RETIRED)


def moment(then: float, shown: str) -> Markup:
    """`shown`, with the full time for whoever points at it."""
    at = datetime.fromtimestamp(then).astimezone()
    return tag("time", shown, datetime=f"{at:%Y-%m-%dT%H:%M:%S%z}", title=f"{at:%Y-%m-%d %H:%M}")


def figures_list(facts: Facts, now: float) -> Markup | None:
    """The numbers that tell a photographer that all is there."""
    totals = facts.totals
    if totals is None:
        return None
    missing = totals.files(State.PLANNED)
    sending = sum(n for state, n in totals.sending.items() if state in (State.PLANNED, State.SENDING))
    withheld = totals.files(State.WITHHELD)
    undecided = totals.conflicts + totals.edits
    besides = [
        f"{totals.albums_unreadable:,} not readable" if totals.albums_unreadable else "",
        f"{totals.albums_gone:,} more gone online" if totals.albums_gone else "",
    ]
    found = [
        _figure("Photos held", f"{totals.files(*_HERE):,}", size(totals.bytes(*_HERE))),
        _figure("Albums", f"{totals.albums:,}", ", ".join(filter(None, besides))),
        _figure("To fetch", f"{missing:,}", size(totals.bytes(State.PLANNED))) if missing else None,
        _figure("To send", f"{sending + facts.standing.waiting:,}")
        if sending or facts.standing.waiting
        else None,
        _figure("Failing", f"{facts.failing:,}", "tried again", "warn") if facts.failing else None,
        _figure("Damaged", f"{totals.damaged:,}", "to be repaired", "bad") if totals.damaged else None,
        _figure("Undecided", f"{undecided:,}", "wait for you", "warn") if undecided else None,
        _figure("Withheld", f"{withheld:,}", "by the service") if withheld else None,
        _figure("Gone online", f"{totals.files(State.RETIRED):,}", "kept here")
        if totals.files(State.RETIRED)
        else None,
        _figure("Oldest proof", duration(now - totals.oldest_proof), "ago")
        if totals.oldest_proof is not None
        else None,
    ]
    return tag("dl", *found, class_="figures")


def _figure(label: str, value: str, below: str = "", tone: str = "") -> Markup:
    small = tag("small", below) if below else None
    return tag("div", tag("dt", label), tag("dd", value, small), class_=tone or None)


def troubles_section(facts: Facts, *, now: float) -> Markup | None:
    """What a person may want to do something about, and how."""
    totals = facts.totals
    if totals is None:
        return None
    todo = []
    if totals.damaged:
        what = f"{plural(totals.damaged, 'file is', 'files are')} damaged here."
        todo.append(_todo(what, facts, "verify --repair", "repairs what it can, and says why if it cannot."))
    if totals.conflicts or totals.edits:
        kinds = ((totals.conflicts, "conflict"), (totals.edits, "edit"))
        what = " and ".join(plural(n, word) for n, word in kinds if n)
        verb = "waits" if totals.conflicts + totals.edits == 1 else "wait"
        todo.append(_todo(f"{what} {verb} for your decision.", facts, "resolve", "shows them."))
    if not todo and not facts.troubles:
        return None
    shown = facts.failing + totals.files(State.WITHHELD)
    more = shown - len(facts.troubles)
    rest = None
    if more > 0:
        rest = tag(
            "p",
            f"and {more:,} more: ",
            command("ls ALBUM", facts.subject.profile),
            " names them",
            class_="dim",
        )
    listed = tag("ul", *(_trouble(one, now) for one in facts.troubles), class_="plain")
    return tag(
        "section",
        tag("h2", "Not as it should be", id="troubles"),
        *todo,
        listed if facts.troubles else None,
        rest,
        aria_labelledby="troubles",
    )


def _todo(what: str, facts: Facts, words: str, then: str) -> Markup:
    return tag("p", f"{what} ", command(words, facts.subject.profile), f" {then}", class_="todo")


def _trouble(one: Trouble, now: float) -> Markup:
    tone = "calm" if one.state == State.WITHHELD else "warn"
    retry = None
    if one.retry_at is not None:
        retry = joined(". Tried again ", moment(one.retry_at, ahead(one.retry_at, now)), ".")
    return tag(
        "li",
        tag("span", one.state, class_=f"chip {tone}"),
        " ",
        name(one.path),
        tag("div", name(one.reason), retry, class_="dim"),
    )


def next_section(facts: Facts, *, now: float) -> Markup | None:
    """What comes next, and how new local files are noticed."""
    standing = facts.standing
    lines = [
        tag("li", tag("span", DUE.get(key, key)), tag("span", moment(at, ahead(at, now))), class_="split")
        for key, at in sorted(standing.due.items(), key=lambda item: item[1])
    ]
    if standing.watching:
        seen = tag("li", tag("span", "New local files"), tag("span", standing.watching), class_="split")
        lines.append(seen)
    if not lines:
        lines = [tag("li", "Nothing is planned.", class_="dim")]
    return tag(
        "section", tag("h2", "Next", id="next"), tag("ul", *lines, class_="plain"), aria_labelledby="next"
    )


def runs_section(facts: Facts, *, now: float) -> Markup | None:
    """The last runs, the newest first."""
    if not facts.runs:
        return tag(
            "section",
            tag("h2", "Last runs", id="runs"),
            tag("p", "None yet.", class_="dim"),
            aria_labelledby="runs",
        )
    newest = facts.runs[0]
    rows = [_run(run, now, goes_on=run is newest and bool(facts.standing.scope)) for run in facts.runs]
    head = tag(
        "tr",
        tag("th", "When", scope="col"),
        tag("th", "What", scope="col"),
        tag("th", "Result", scope="col"),
        tag("th", "Took", scope="col", class_="n wide"),
    )
    return tag(
        "section",
        tag("h2", "Last runs", id="runs"),
        tag("table", tag("thead", head), tag("tbody", *rows)),
        aria_labelledby="runs",
    )


def _run(run: Run, now: float, *, goes_on: bool) -> Markup:
    word, tone = result(run, goes_on=goes_on)
    done = [
        f"{run.fetched:,} fetched, {size(run.fetched_bytes)}" if run.fetched else "",
        f"{run.sent:,} sent" if run.sent else "",
        f"{run.failed:,} failed" if run.failed else "",
    ]
    what = "; ".join(filter(None, done))
    took = "" if run.finished_at is None else duration(run.finished_at - run.started_at)
    return tag(
        "tr",
        tag("td", moment(run.started_at, ago(run.started_at, now)), class_="s"),
        tag(
            "td",
            name(scope(run.scope)),
            tag("div", what, class_="dim") if what else None,
            tag("div", name(run.error), class_="dim") if run.error else None,
        ),
        tag("td", tag("span", word, class_=f"chip {tone}")),
        tag("td", took, class_="n wide"),
    )
