"""What the page shows, and that no name from elsewhere becomes a part of it."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from smugsync.page.facts import Subject
from smugsync.page.looking import ALBUMS
from smugsync.page.markup import Markup, joined, tag
from smugsync.page.prose import prose
from tests.page import account
from tests.page.account import BUSY, GUARDED, HEBREW, NOW, standing
from tests.page.asking import Page, application, ask, text


def shown(*subjects: Subject, query: str = "", **changes: Any) -> str:
    """The page's words, one element a line."""
    standings = [standing(one.profile, **changes) for one in subjects]
    return Page(text(application(*subjects, standings=standings), query=query)).shown


def test_the_sums_are_there(subject: Subject) -> None:
    page = shown(subject)
    for fact in ("Mirror of ", "dana", "467", "3.7 GB", "11", "1 not readable", "Oldest proof", "20 d"):
        assert fact in page


def test_damage_failures_and_decisions_say_what_to_do(subject: Subject) -> None:
    page = shown(subject)
    assert "1 file is damaged here." in page
    assert "smugsync verify --repair" in page
    assert "the connection broke off after 3 of 8 MB" in page
    assert "in 15 min" in page


def test_of_another_profile_commands_name_it(tmp_path: Path) -> None:
    studio = account.subject(tmp_path, "studio")
    account.fill(studio)
    assert "smugsync verify --repair --profile studio" in shown(studio)


def test_a_hold_says_why_what_to_do_and_when_it_is_tried_again(subject: Subject) -> None:
    page = shown(subject, held=GUARDED)
    assert "Held up: guard" in page
    assert "213 of 5,000 photos are gone online" in page
    assert "smugsync sync --accept-loss" in page
    assert "`" not in page
    assert re.search(r"Tried again at \d\d:08:20", page)


def test_a_run_under_way_says_how_far_it_is(subject: Subject) -> None:
    page = shown(subject, scope="everything", since=NOW - 600, way=BUSY)
    assert "At work" in page
    assert "1,234 of 5,000 photos · 9.9 of 40.0 GB · 23 MB/s · about 21 min left" in page
    assert '<progress value="0.247" max="1" aria-label="Progress">' in text(
        application(subject, standings=[standing(scope="everything", way=BUSY)])
    )


def test_the_last_runs_are_there_with_their_reasons(subject: Subject) -> None:
    page = shown(subject)
    for fact in (
        "full comparison",
        "4,100 fetched, 32 GB",
        "incomplete",
        "no route to host",
        "4 new local files",
    ):
        assert fact in page


def test_what_comes_next_is_there(subject: Subject) -> None:
    page = shown(subject)
    assert "Look for changes\nin 7 min" in page
    assert "New local files\ninotify" in page


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"paused": True}, "Paused"),
        ({"last_exit_code": 0}, "Damage found"),
        ({"scope": "verify"}, "At work"),
    ],
)
def test_one_word_says_how_it_is(subject: Subject, changes: dict[str, Any], word: str) -> None:
    assert word in shown(subject, **changes)


@pytest.mark.parametrize(
    ("code", "word"), [(0, "All good"), (3, "Incomplete"), (77, "Last run: not signed in"), (1, "failed")]
)
def test_without_damage_the_last_run_says_it(tmp_path: Path, code: int, word: str) -> None:
    subject = account.subject(tmp_path)
    account.fill(subject)
    with closing(sqlite3.connect(subject.catalogue)) as db, db:
        db.execute("UPDATE file SET damaged_at = NULL")
        db.execute("DELETE FROM file WHERE state IN ('failed', 'quarantined')")
    assert word in shown(subject, last_exit_code=code)


@pytest.mark.parametrize("code", [0, 143])
def test_a_good_run_over_one_new_file_hides_no_failing_one(tmp_path: Path, code: int) -> None:
    subject = account.subject(tmp_path)
    account.fill(subject)
    with closing(sqlite3.connect(subject.catalogue)) as db, db:
        db.execute("UPDATE file SET damaged_at = NULL")
    page = shown(subject, last_exit_code=code)
    assert "Incomplete" in page
    assert "All good" not in page


def test_after_a_run_that_was_stopped_it_is_not_said_that_all_is_there(tmp_path: Path) -> None:
    subject = account.subject(tmp_path)
    account.fill(subject)
    with closing(sqlite3.connect(subject.catalogue)) as db, db:
        db.execute("UPDATE file SET damaged_at = NULL")
        db.execute("DELETE FROM file WHERE state IN ('failed', 'quarantined')")
    assert "Not complete yet" in shown(subject, last_exit_code=143)


def test_before_the_first_run_it_says_so(tmp_path: Path) -> None:
    page = shown(account.subject(tmp_path), last_exit_code=None, last_good=None, due={})
    assert "Nothing was mirrored yet." in page


def test_a_catalogue_that_cannot_be_read_is_told_of(subject: Subject) -> None:
    subject.catalogue.write_bytes(b"no catalogue at all" * 500)
    assert "is damaged or no catalogue" in shown(subject)


def test_no_name_becomes_an_element(subject: Subject) -> None:
    page = Page(text(application(subject)))
    assert page.tags.count("script") == 1  # our own
    assert "img" not in page.tags
    assert not [key for key, _ in page.attributes if key.startswith("on") or key == "style"]
    assert account.HOSTILE in page.shown


def test_a_name_that_turns_writing_around_turns_nothing(subject: Subject) -> None:
    markup = text(application(subject))
    assert "\u202e" not in markup
    assert "holiday\\u202egpj.exe" in markup
    assert f"<bdi>{HEBREW}</bdi>" in markup


def test_a_hostile_search_comes_back_as_text(subject: Subject) -> None:
    response = ask(application(subject), "/", "q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E")
    assert b"<script>alert" not in response.body
    assert b"&lt;script&gt;alert" in response.body


def test_nothing_is_fetched_from_elsewhere(subject: Subject) -> None:
    page = Page(text(application(subject)))
    addresses = {
        value for key, value in page.attributes if key in ("src", "href", "action", "srcset", "poster")
    }
    assert all(
        one.startswith(("/", "data:image/svg+xml,", "#")) and not one.startswith("//") for one in addresses
    )


def test_every_input_has_a_label_and_every_heading_a_section(subject: Subject) -> None:
    markup = text(application(subject))
    assert 'aria-label="Find albums by name or folder"' in markup
    named = set(re.findall(r'<section aria-labelledby="(\w+)"', markup))
    assert named <= set(re.findall(r'<h2 id="(\w+)"', markup))
    assert '<html lang="en">' in markup


def test_thousands_of_albums_come_in_pages(tmp_path: Path) -> None:
    subject = account.subject(tmp_path)
    account.fill(subject, albums=2 * ALBUMS + 5, photos=2)
    app = application(subject)
    pages = [Page(text(app, query=f"page={n}")) for n in (1, 2, 3, 4)]
    assert [page.tags.count("tr") - 8 for page in pages] == [ALBUMS, ALBUMS, 5, -1]
    assert [("rel", "next") in page.attributes for page in pages] == [True, True, False, False]
    assert [("rel", "prev") in page.attributes for page in pages] == [False, True, True, True]
    assert "Page \n2\n of \n3" in pages[1].shown or "Page 2 of 3" in pages[1].shown


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("iceland", "Iceland 2024"),
        ("ICELAND", "Iceland 2024"),
        ("חתונה", HEBREW),
        ("%25", None),
        ("nowhere", None),
    ],
)
def test_an_album_is_found_by_a_part_of_its_name(subject: Subject, query: str, found: str | None) -> None:
    page = shown(subject, query=f"q={query}")
    assert ("1 album found" in page) is (found is not None)
    assert (found or "No album has this in its name or folder.") in page


def test_a_search_keeps_its_word_from_page_to_page(tmp_path: Path) -> None:
    subject = account.subject(tmp_path)
    account.fill(subject, albums=ALBUMS + 50, photos=1)
    addresses = [
        value
        for key, value in Page(text(application(subject), query="q=wedding")).attributes
        if key == "href"
    ]
    assert "/?q=wedding&page=2#albums" in addresses


def test_several_profiles_have_a_card_each(tmp_path: Path) -> None:
    subjects = [account.subject(tmp_path, name) for name in ("default", "studio")]
    account.fill(subjects[0])
    markup = text(application(*subjects))
    assert 'href="/?profile=studio"' in markup
    assert "Albums</h2>" not in markup


def test_a_run_of_another_version_is_shown_as_far_as_it_makes_sense(subject: Subject) -> None:
    with closing(sqlite3.connect(subject.catalogue)) as db, db:
        for summary in ("nonsense", "[]", '{"files_downloaded": "many", "error": 3}', None):
            db.execute("INSERT INTO run (scope, started_at, summary) VALUES ('odd', 5, ?)", (summary,))
    assert "odd" in shown(subject)


def test_markup_escapes_everything_but_markup() -> None:
    assert tag("p", "<&>\"'", None, Markup("<b>"), class_='"x"') == (
        '<p class="&quot;x&quot;">&lt;&amp;&gt;&quot;&#x27;<b></p>'
    )
    assert joined("a", 3, "<") == "a3&lt;"
    assert tag("input", name="q", hidden=True, value=None) == '<input name="q" hidden>'


def test_commands_in_a_sentence_are_code() -> None:
    assert prose("run `smugsync auth login` now", "default") == (
        "<bdi>run </bdi><code>smugsync auth login</code><bdi> now</bdi>"
    )
    assert "<code>smugsync sync --profile x</code>" in prose("`smugsync sync`", "x")
    assert "<code>smugsync sync --profile y</code>" in prose("`smugsync sync --profile y`", "x")
    assert "<code>make &lt;b&gt;</code>" in prose("`make <b>`", "x")


def test_a_held_sentence_with_markup_in_it_stays_text(subject: Subject) -> None:
    held = replace(GUARDED, why=f"`{account.HOSTILE}` {account.HOSTILE}")
    page = Page(text(application(subject, standings=[standing(held=held)])))
    assert page.tags.count("script") == 1
