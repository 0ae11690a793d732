"""Every recorded answer of the real application means to us what it meant there."""

from __future__ import annotations

import json
from contextlib import suppress

import httpx
import pytest

from smugsync.core.model import Album, Details, RemoteFile
from smugsync.errors import (
    Displaced,
    Gone,
    NotAuthorised,
    Rejected,
    SessionOver,
    SmugsyncError,
    Transient,
    Unreachable,
)
from smugsync.remote.dialect import Auth, Call, Span
from smugsync.remote.gallery import Gallery
from smugsync.remote.hosts import Hosts
from smugsync.remote.pixelpost.dialect import Pixelpost
from smugsync.remote.pixelpost.sign_in import PixelpostToken
from smugsync.remote.pixelpost.site import read_query
from smugsync.remote.session import Manners, Session
from smugsync.stop import Stop
from tests.remote.pixelpost.recordings import NAMES, PRIVATE, PUBLIC, Recorded, load, present

SITE = "http://127.0.0.1:18093"
PIXELPOST = Pixelpost(SITE)
ALBUM = Album("photos", "", "127.0.0.1", "/127.0.0.1")
SPAN = Span(1, 100)
FIRST, SECOND, THIRD = (
    f"{name}.jpg"
    for name in (
        "05995850eba6a9a71db24843e06583da",
        "ffd96c8cea0f1a71952893ec4e4cd4a7",
        "50c163dc40e9873eb13cd16c5f089f5b",
    )
)
#: What each word for an error asks of a client.
MEANING: dict[str, type[SmugsyncError]] = {
    **dict.fromkeys(
        ("no_request", "bad_encoding", "no_method", "bad_method", "bad_request", "bad_data"), Rejected
    ),
    **dict.fromkeys(("bad_token", "bad_hmac", "old_token"), SessionOver),
    **dict.fromkeys(("internal_error", "unknown"), Transient),
    "unauthorized": NotAuthorised,
}


def asked_by(recorded: Recorded) -> Call:
    """The call of a recorded question; where that was none at all, one of ours."""
    call = recorded.call
    if call.auth is Auth.NONE or (call.body is None and "/get/" in call.url):
        return call
    try:
        method = json.loads(call.body if isinstance(call.body, bytes) else b"{}").get("method", "")
    except ValueError:
        method = ""
    if not method:
        return PIXELPOST.account()
    is_step = method in ("auth.request", "auth.token", "auth.refresh")
    return Call(call.method, call.url, body=call.body, auth=Auth.SIGN_IN if is_step else Auth.ACCOUNT)


def expected(recorded: Recorded, call: Call) -> type[SmugsyncError] | None:
    if call.auth is Auth.NONE:
        return {200: None, 206: None, 304: Rejected, 404: Gone}[recorded.reply.status]
    if recorded.reply.body.startswith(b"ERROR: Bad url format"):
        return Unreachable
    if not recorded.reply.body.startswith(b"{"):
        return Displaced
    if recorded.answer["status"] == "valid":
        return None
    asked = call.body.decode() if isinstance(call.body, bytes) else ""
    if call.auth is Auth.SIGN_IN and recorded.answer["code"] == "bad_data":
        return None  # the negotiator hears of it
    if recorded.answer["code"] == "bad_data" and '"photo.get"' in asked:
        return Gone
    return MEANING[recorded.answer["code"]]


@present
@pytest.mark.parametrize("name", NAMES)
def test_every_recorded_answer_is_understood(name: str) -> None:
    recorded = load(name)
    call = asked_by(recorded)
    failed = PIXELPOST.failure(recorded.reply, call)
    wanted = expected(recorded, call)
    assert type(failed) is (type(None) if wanted is None else wanted)


@present
def test_there_are_recorded_answers_of_every_kind() -> None:
    kinds = {expected(one, asked_by(one)) for one in map(load, NAMES)}
    assert kinds == {None, Gone, Displaced, Unreachable, Rejected, SessionOver, Transient, NotAuthorised}


@present
@pytest.mark.parametrize("signed", [False, True], ids=["anonymous", "signed in"])
@pytest.mark.parametrize("name", NAMES)
def test_no_recorded_answer_in_place_of_another_is_a_crash_or_an_absence(name: str, *, signed: bool) -> None:
    """As a server behaves that is not quite this one, or a proxy that mixes up whom it answers."""
    reply = load(name).reply
    body = b"\xff\xd8 not a picture" if reply.body.startswith(b"<24") else reply.body
    headers = {key: value for key, value in reply.headers.items() if key != "content-length"}

    def handle(request: httpx.Request) -> httpx.Response:
        return httpx.Response(reply.status, headers=headers, stream=httpx.ByteStream(body))

    token = PixelpostToken(SITE, PUBLIC, PRIVATE, clock=lambda: 0.0, ticks=lambda: 0.0) if signed else None
    manners = Manners(tries=2, ticks=lambda: 0.0, random=lambda: 0.0, sleep=lambda _: None)
    session = Session(httpx.MockTransport(handle), Hosts([SITE]), token, Stop(), manners=manners)
    gallery = Gallery(PIXELPOST, session)
    with suppress(SmugsyncError):
        assert gallery.account().size in (2, 3)  # an answer to photo.count indeed
    listing = gallery.files(ALBUM)
    with suppress(SmugsyncError):
        for _ in listing:
            pass
    assert not listing.complete
    with suppress(SmugsyncError):
        gallery.look(RemoteFile("photos", FIRST, FIRST, serial=1))


def files_of(name: str) -> tuple[RemoteFile, ...]:
    page = PIXELPOST.read_files(load(name).reply, SPAN, ALBUM)
    assert page.faults == ()
    return page.items


@present
@pytest.mark.parametrize(
    "name", ["48-unpatched-photo.list-all-fields.txt", "63-compat-photo.list-all-fields.txt"]
)
def test_a_recorded_list_of_all_fields(name: str) -> None:
    first, second, third = files_of(name)
    assert first == RemoteFile(
        album_key="photos",
        key=FIRST,
        name=FIRST,
        format="JPG",
        version=FIRST,
        revision=first.revision,
        serial=1,
        source=f"{SITE}/photos/original/{FIRST}",
        uploaded="2026-11-21T19:25:51+00:00",
        details=Details(title="Winter evening", caption="Phone picture, January 2018"),
    )
    assert (second.key, second.details) == (SECOND, Details(title="John & Giles <1987>"))
    assert (third.key, third.details) == (THIRD, Details(title="Third", hidden=True))


@present
def test_a_recorded_list_through_apache_with_everything_edited() -> None:
    third, first, second = files_of("210-apache-photo.list-all-json.txt")
    assert [one.key for one in (first, second, third)] == [FIRST, SECOND, THIRD]
    assert first.uploaded == "2011-05-12T09:12:54+00:00"
    assert second.uploaded == "2011-05-03T16:38:12+00:00"
    caption = load("115-fixed-photo.get.txt").answer["response"]["description"]
    assert (first.details.title, first.details.caption) == ("Winter evening", caption)
    assert third.details.hidden


@present
def test_an_edit_shows_in_the_revision_and_never_in_the_version() -> None:
    before = files_of("48-unpatched-photo.list-all-fields.txt")[0]
    after = next(one for one in files_of("210-apache-photo.list-all-json.txt") if one.key == FIRST)
    assert before.version == after.version
    assert before.revision != after.revision


@present
def test_an_edited_text_is_read_as_it_was_written() -> None:
    written = json.loads(load("86-fixed-photo.set-description-unicode.txt").payload or "")["request"][
        "fields"
    ]
    read = files_of("210-apache-photo.list-all-json.txt")
    assert written["description"] in [one.details.caption for one in read]


@present
def test_a_page_past_the_end_is_followed_by_the_count() -> None:
    page = PIXELPOST.read_files(load("97-fixed-photo.list-page-past-end.txt").reply, Span(101, 100), ALBUM)
    assert page.items == ()
    assert page.next is not None
    counted = load("117-fixed-photo.count.txt").reply
    assert PIXELPOST.read_files(counted, page.next, ALBUM).total == 3


@present
def test_an_entry_without_a_filename_is_a_fault_and_no_photo() -> None:
    page = PIXELPOST.read_files(load("95-fixed-photo.list-no-options.txt").reply, SPAN, ALBUM)
    assert page.items == ()
    assert len(page.faults) == 3


@present
def test_a_recorded_count_is_the_size_of_the_site() -> None:
    account = PIXELPOST.read_account(load("117-fixed-photo.count.txt").reply)
    assert (account.nickname, account.root, account.size) == ("127.0.0.1", SITE, 3)


@present
def test_a_recorded_photo_is_found_by_its_number_only_if_it_is_the_same() -> None:
    reply = load("115-fixed-photo.get.txt").reply
    file = RemoteFile("photos", FIRST, FIRST, serial=1)
    assert PIXELPOST.read_look(reply, file).file.source == f"{SITE}/photos/original/{FIRST}"
    other = PIXELPOST.read_look(reply, RemoteFile("photos", THIRD, THIRD, serial=1))
    assert other.file.source is None
    assert other.then is not None


@present
def test_a_number_is_given_to_another_photo_and_identifies_nothing() -> None:
    former, later = (
        load(name).answer["response"]
        for name in ("165-bridge-photo.get-new-photo-defaults.txt", "174-bridge-photo.get-reused-id.txt")
    )
    assert former["id"] == later["id"]
    assert former["filename"] != later["filename"]


@present
def test_our_question_is_the_documented_one() -> None:
    """The recorded request, put in our own words, has the same members, names and values."""
    recorded = read_query(
        load("211-apache-photo.list-documented-url-without-auth.txt").path.partition("?")[2]
    )
    get = Pixelpost(SITE, form="get")
    asked = get.changes(
        Album("photos", "", "", "", image_count=9), "8|2011-05-02T00:00:00+00:00|x", Span(1, 10)
    )
    assert asked is not None
    ours = read_query(asked.url.partition("?")[2])
    assert (ours["pager"], ours["sort"]) == (recorded["pager"], recorded["sort"])
    for request in (ours, recorded):
        narrowed = request["filter"]
        assert isinstance(narrowed, dict)
        interval = narrowed["publish-date-interval"]
        assert isinstance(interval, dict)
        assert interval["start"] == "2011-05-01T00:00:00+00:00"
    assert "%2B00:00" in asked.url
    assert "+" not in asked.url
