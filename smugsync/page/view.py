"""The page, from facts alone. It is complete without a script, and needs nothing from anywhere else."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from importlib import resources
from typing import Final
from urllib.parse import urlencode

from smugsync import __version__
from smugsync.page.albums import albums_section
from smugsync.page.facts import Facts
from smugsync.page.markup import Child, Markup, joined, name, tag
from smugsync.page.prose import prose
from smugsync.page.sections import figures_list, next_section, runs_section, troubles_section
from smugsync.page.telling import Mood, mood, progress
from smugsync.records import dataclass

_FILES = resources.files("smugsync.page")
STYLE: Final = _FILES.joinpath("style.css").read_text(encoding="utf-8")
#: Renews what is alive on a page; served as `/refresh.js`.
SCRIPT: Final = _FILES.joinpath("refresh.js").read_text(encoding="utf-8")
#: What a Content-Security-Policy allows our one style sheet by.
STYLE_HASH: Final = f"'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'"
_SYMBOLS = {"good": "✓", "busy": "↻", "calm": "·", "warn": "!", "bad": "✕"}
#: How often the script asks for the page again, in seconds: while a run is under way, and else.
_BUSY, _IDLE = 5, 30


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to see."""

    profile: str = ""
    query: str = ""
    page: int = 1


def overview(all_facts: Sequence[Facts], *, now: float) -> Markup:
    """Several profiles: how each is, and the way to more."""
    return _document("smugsync", _live(all_facts, *(_card(facts, now) for facts in all_facts)), now=now)


def detail(facts: Facts, wish: Wish, *, now: float, several: bool) -> Markup:
    """All there is about one profile. `several`: it is not the only one."""
    body = joined(
        _live(
            [facts],
            _top(facts, now),
            troubles_section(facts, now=now),
            tag("div", next_section(facts, now=now), runs_section(facts, now=now), class_="pair"),
        ),
        albums_section(facts, _link(facts, wish, several=several)),
    )
    title = f"{facts.subject.profile} · smugsync" if several else "smugsync"
    back = tag("a", "All profiles", href="/") if several else None
    return _document(title, body, now=now, beside=back)


def message(title: str, sentence: str) -> Markup:
    """A page that only says why there is no other."""
    return _document(title, tag("section", tag("h1", title), tag("p", sentence, class_="dim")), now=None)


def _live(all_facts: Sequence[Facts], *children: Child) -> Markup:
    """What renews itself where scripts may run."""
    busy = any(facts.standing.scope for facts in all_facts)
    return tag("div", *children, id="live", data_every=_BUSY if busy else _IDLE)


def _link(facts: Facts, wish: Wish, *, several: bool) -> Callable[[int], str]:
    """The address of another page of albums."""
    fixed = {"profile": facts.subject.profile} if several else {}
    if wish.query:
        fixed["q"] = wish.query

    def address(number: int) -> str:
        return "/?" + urlencode({**fixed, "page": number}, errors="replace") + "#albums"

    return address


def _document(title: str, body: Markup, *, now: float | None, beside: Markup | None = None) -> Markup:
    stamp = None
    if now is not None:
        at = datetime.fromtimestamp(now).astimezone()
        clock = tag("time", f"{at:%H:%M:%S}", datetime=f"{at:%Y-%m-%dT%H:%M:%S%z}")
        stamp = tag("p", "As of ", clock, id="asof")
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="robots", content="noindex"),
        tag("title", title),
        tag("link", rel="icon", href=_ICON),
        Markup(f"<style>{STYLE}</style>"),
        tag("script", src="/refresh.js", defer=True) if now is not None else None,
    )
    header = tag("header", tag("a", "smugsync", href="/", class_="brand"), beside, stamp)
    footer = tag("footer", f"smugsync {__version__}")
    whole = tag("html", head, tag("body", header, tag("main", body), footer), lang="en")
    return Markup(f"<!DOCTYPE html>\n{whole}\n")


def _heading(facts: Facts, found: Mood, title: Child) -> Markup:
    return tag(
        "div",
        tag("h1", title),
        chip(found),
        tag("p", found.sentence),
        class_="top",
    )


def chip(found: Mood) -> Markup:
    """A word with a symbol: never a colour alone."""
    symbol = tag("span", f"{_SYMBOLS[found.tone]} ", aria_hidden="true")
    return tag("span", symbol, found.word, class_=f"chip {found.tone}")


def _card(facts: Facts, now: float) -> Markup:
    profile = facts.subject.profile
    title = tag("a", name(profile), href="/?" + urlencode({"profile": profile}))
    return tag(
        "section",
        _heading(facts, mood(facts, now), title),
        _held(facts),
        _way(facts),
        figures_list(facts, now),
    )


def _top(facts: Facts, now: float) -> Markup:
    nickname = facts.totals.nickname if facts.totals else ""
    title = joined("Mirror of ", name(nickname)) if nickname else name(facts.subject.profile)
    return tag(
        "section",
        _heading(facts, mood(facts, now), title),
        _held(facts),
        _way(facts),
        figures_list(facts, now),
        tag("p", "In ", name(str(facts.subject.mirror)), class_="dim"),
    )


def _held(facts: Facts) -> Markup | None:
    held = facts.standing.held
    if held is None and not facts.unknown:
        return None
    why = held.why if held is not None else facts.unknown
    retry = None
    if held is not None:
        moment = datetime.fromtimestamp(held.retry_at).astimezone()
        retry = tag("p", f"Tried again at {moment:%H:%M:%S}, and it goes on by itself.")
    return tag("div", tag("p", prose(why, facts.subject.profile)), retry, class_="note", role="status")


def _way(facts: Facts) -> Markup | None:
    if not facts.standing.scope:
        return None
    line, share = progress(facts.standing.way)
    bar = tag("progress", value=f"{share:.3f}", max=1, aria_label="Progress") if share is not None else None
    return tag("div", bar, tag("p", line or "It has just begun."), class_="way")


_ICON = (
    "data:image/svg+xml,%3Csvg%20xmlns=%22http://www.w3.org/2000/svg%22%20viewBox=%220%200%2016%2016%22%3E"
    "%3Crect%20width=%2216%22%20height=%2216%22%20rx=%224%22%20fill=%22%230a63bd%22/%3E"
    "%3Cpath%20d=%22M3%2011l3-4%202%202.500%201.500-2L13%2011z%22%20fill=%22%23fff%22/%3E%3C/svg%3E"
)
