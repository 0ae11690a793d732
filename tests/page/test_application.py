"""What is answered to whom."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from smugsync.page.facts import Subject
from tests.page import account
from tests.page.account import GUARDED, standing
from tests.page.asking import TOKEN, application, as_json, ask, text

PATHS = ["/", "/healthz", "/metrics", "/api/status.json", "/refresh.js", "/nothing"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get"])
def test_it_is_only_for_reading(subject: Subject, path: str, method: str) -> None:
    response = ask(application(subject), path, method=method)
    assert response.status == 405
    assert response.headers["Allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("host", ["127.0.0.1:8765", "evil.example"])
@pytest.mark.parametrize("token", [None, TOKEN])
def test_every_answer_tells_browsers_to_be_careful(
    subject: Subject, path: str, host: str, token: str | None
) -> None:
    headers = ask(application(subject, token=token), path, host=host).all_headers()
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; ")
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(
    "path", ["/..", "/../etc/passwd", "/etc/passwd", "//", "/%2e%2e", "/style.css", "", "/\0"]
)
def test_no_path_leads_to_a_file(subject: Subject, path: str) -> None:
    assert ask(application(subject), path).status == 404


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8765", "LOCALHOST", "[::1]:8765", "127.0.0.7:1"])
def test_it_answers_under_the_names_of_this_machine(subject: Subject, host: str) -> None:
    assert ask(application(subject), host=host).status == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.5", "", "0", "2130706433",
     "evil@127.0.0.1", "[::1", "localhost/x", "127.0.0.1 evil"],
)  # fmt: skip
def test_a_page_elsewhere_cannot_ask_under_its_own_name(subject: Subject, host: str) -> None:
    for path in ("/", "/metrics", "/api/status.json"):
        response = ask(application(subject), path, host=host)
        assert response.status == 421
        assert b"dana" not in response.body


def test_behind_a_proxy_any_name_will_do_with_the_token(subject: Subject) -> None:
    app = application(subject, token=TOKEN)
    assert ask(app, host="photos.example", authorization=f"Bearer {TOKEN}").status == 200


def basic(password: str, user: str = "any") -> str:
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


@pytest.mark.parametrize("given", [f"Bearer {TOKEN}", f"bearer  {TOKEN}", basic(TOKEN), basic(TOKEN, "")])
def test_the_token_opens(subject: Subject, given: str) -> None:
    assert ask(application(subject, token=TOKEN), authorization=given).status == 200


@pytest.mark.parametrize(
    "given",
    ["", "Bearer", "Bearer ", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", TOKEN, "Basic !!", "Basic ",
     basic(""), basic("x"), f"Digest {TOKEN}", "Basic YQ==", "Bearer \xff\udcff"],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/", "/metrics", "/api/status.json", "/refresh.js", "/nothing"])
def test_nothing_else_opens(subject: Subject, given: str, path: str) -> None:
    response = ask(application(subject, token=TOKEN), path, authorization=given)
    assert response.status == 401
    assert response.headers["WWW-Authenticate"].startswith("Basic ")
    assert b"dana" not in response.body


def test_the_token_in_an_address_opens_nothing(subject: Subject) -> None:
    assert ask(application(subject, token=TOKEN), query=f"token={TOKEN}").status == 401


def test_the_token_is_shown_nowhere(subject: Subject) -> None:
    app = application(subject, token=TOKEN)
    for path in PATHS:
        assert TOKEN.encode() not in ask(app, path, authorization=f"Bearer {TOKEN}").body
    assert TOKEN not in repr(vars(app))


def test_healthz_says_yes_or_no_to_everybody_and_why_to_those_who_may_know(subject: Subject) -> None:
    for held, status in ((None, 200), (GUARDED, 503)):
        app = application(subject, standings=[standing(held=held)], token=TOKEN)
        blind = ask(app, "/healthz", host="probe.example")
        assert (blind.status, as_json(blind)) == (status, {"schema": 1, "healthy": held is None})
        seeing = as_json(ask(app, "/healthz", authorization=f"Bearer {TOKEN}"))
        assert seeing["profiles"]["default"]["held"] == (held and held.cause)


@pytest.mark.parametrize(
    ("changes", "status"),
    [({}, 200), ({"last_exit_code": 3}, 200), ({"last_exit_code": 143}, 200), ({"paused": True}, 200),
     ({"last_exit_code": None, "last_good": None}, 200), ({"last_exit_code": 1}, 503),
     ({"last_exit_code": 77}, 503),
     ({"last_exit_code": 2}, 200), ({"last_exit_code": 75}, 200),
     ({"held": replace(GUARDED, cause="offline"), "last_exit_code": 75}, 200),
     ({"held": replace(GUARDED, cause="busy")}, 200), ({"held": GUARDED}, 503)],
)  # fmt: skip
def test_only_what_stands_still_is_unhealthy(subject: Subject, changes: dict[str, Any], status: int) -> None:
    app = application(subject, standings=[standing(**changes)])
    assert ask(app, "/healthz").status == status


def test_one_unhealthy_profile_is_enough(tmp_path: Path) -> None:
    subjects = [account.subject(tmp_path, name) for name in ("one", "two")]
    app = application(*subjects, standings=[standing("one"), standing("two", held=GUARDED)])
    assert ask(app, "/healthz").status == 503


def test_a_profile_whose_configuration_cannot_be_used_is_unhealthy_though_nothing_of_it_is_shown(
    subject: Subject,
) -> None:
    app = application(subject, standings=[standing(), standing("studio", held=GUARDED)])
    assert ask(app).status == 200
    assert ask(app, "/healthz").status == 503


def test_a_profile_that_has_said_nothing_yet_is_shown_all_the_same(subject: Subject) -> None:
    app = application(subject, standings=[])
    assert ask(app).status == 200
    assert ask(app, "/healthz").status == 200


def test_status_json_has_what_the_page_has(subject: Subject) -> None:
    app = application(subject, standings=[standing(scope="delta", way=account.BUSY)])
    found = as_json(ask(app, "/api/status.json", "q=wedding"))
    (one,) = found["profiles"]
    assert found["schema"] == 1
    assert (one["nickname"], one["albums"], one["running"]) == ("dana", 11, "delta")
    assert one["files"] == {
        "verified": 427, "missing": 9, "failed": 2, "quarantined": 1, "withheld": 1, "gone_online": 40,
    }  # fmt: skip
    assert one["progress"]["files_total"] == 5_000
    assert one["album_page"]["total"] == 4
    assert [album["name"] for album in one["album_page"]["albums"]] == [
        f"Wedding {n:04d}" for n in (8, 10, 11, 9)
    ]
    assert len(one["attention"]) == 4
    assert one["runs"][0]["exit_code"] == 0


def test_one_of_several_profiles_can_be_chosen(tmp_path: Path) -> None:
    subjects = [account.subject(tmp_path, name) for name in ("one", "two")]
    account.fill(subjects[0], nickname="first")
    app = application(*subjects)
    assert "first" in text(app, "/", "profile=one")
    assert "Nothing was mirrored yet" in text(app, "/", "profile=two")
    assert ask(app, "/", "profile=three").status == 404
    assert ask(app, "/api/status.json", "profile=three").status == 404
    assert [one["profile"] for one in as_json(ask(app, "/api/status.json"))["profiles"]] == ["one", "two"]


@pytest.mark.parametrize(
    "query",
    ["page=0", "page=-1", "page=x", "page=99999999999999999999", "page=٣", "page=9999999",
     "q=%ff%00%ed%a0%80", "q=" + "x" * 5_000, "&" * 5_000, "q=%25%27%22", "profile=%00", "=", "a=b&" * 500],
)  # fmt: skip
def test_a_query_that_makes_no_sense_breaks_nothing(subject: Subject, query: str) -> None:
    assert ask(application(subject), "/", query).status in (200, 404)


def test_the_style_on_the_page_is_the_one_that_the_policy_allows(subject: Subject) -> None:
    response = ask(application(subject))
    (style,) = re.findall(rb"<style>(.*?)</style>", response.body, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in response.all_headers()["Content-Security-Policy"]
