"""Requests as browsers and scrapers make them, without a socket."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Any

from smugsync.daemon.standing import Standing
from smugsync.page.access import Access
from smugsync.page.application import Application, Request, Response
from smugsync.page.facts import Subject
from smugsync.secret import Secret
from tests.page.account import NOW, standing

TOKEN = "0123456789abcdef-secret"


def application(
    *subjects: Subject, standings: Sequence[Standing] | None = None, token: str | None = None
) -> Application:
    shown = [standing(one.profile) for one in subjects] if standings is None else standings
    access = Access("127.0.0.1", None if token is None else Secret(token))
    return Application(subjects, lambda: shown, access, now=lambda: NOW)


def ask(
    app: Application,
    path: str = "/",
    query: str = "",
    *,
    method: str = "GET",
    host: str = "127.0.0.1:8765",
    **headers: str,
) -> Response:
    return app.answer(Request(method, path, query, {"host": host, **headers}))


def text(app: Application, path: str = "/", query: str = "") -> str:
    response = ask(app, path, query)
    assert response.status == 200, response
    return response.body.decode()


def as_json(response: Response) -> dict[str, Any]:
    found = json.loads(response.body)
    assert isinstance(found, dict)
    return found


class Page(HTMLParser):
    """What a browser would make of a page: its elements, what it shows, and what it would fetch."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.shown = ""
        self._quiet = 0
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(key, value or "") for key, value in attrs]
        self._quiet += tag in ("style", "script")

    def handle_endtag(self, tag: str) -> None:
        self._quiet -= tag in ("style", "script")

    def handle_data(self, data: str) -> None:
        if not self._quiet:
            self.shown += f"{data}\n"
