from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smugsync.core.model import Account, Album, Details, RemoteFile
from smugsync.errors import (
    ConfigError,
    Displaced,
    Garbled,
    Gone,
    NotAuthorised,
    Rejected,
    SessionOver,
    SmugsyncError,
    Transient,
    Unreachable,
)
from smugsync.remote.dialect import Auth, Call, ChangesDialect, FolderDialect, Reply, Span, UploadDialect
from smugsync.remote.gallery import Gallery
from smugsync.remote.listing import Listing
from smugsync.remote.pixelpost.dialect import Pixelpost
from smugsync.remote.pixelpost.site import Form, question_of
from tests.remote.contract import DialectContract, Scene
from tests.remote.doubles import FakeSession
from tests.remote.pixelpost.small_pixelpost import OOPS, SITE, Json, SmallPixelpost, photo

PIXELPOST = Pixelpost(SITE)
ALBUM = Album("photos", "", "photos.example.org", "/photos.example.org", image_count=3)
SPAN = Span(1, 100)
JSON = {"content-type": "text/html; charset=UTF-8"}


def site_of(count: int, **switches: Any) -> SmallPixelpost:
    return SmallPixelpost([photo(number) for number in range(1, count + 1)], anonymous=True, **switches)


def gallery(service: SmallPixelpost, *, page_size: int = 100, form: Form = "json") -> Gallery:
    return Gallery(Pixelpost(SITE, form=form), FakeSession(service.answer), page_size=page_size)


def valid(response: object, **headers: str) -> Reply:
    body = json.dumps({"status": "valid", "response": response}).encode()
    return Reply(200, JSON | headers, body)


def error(code: str, message: str = "") -> Reply:
    body = json.dumps({"status": "error", "code": code, "message": message}).encode()
    return Reply(200, JSON, body)


def keys(listing: Listing[RemoteFile]) -> list[str]:
    return [file.key for page in listing for file in page]


def names(photos: Iterable[Json]) -> set[str]:
    return {one["filename"] for one in photos}


class TestContract(DialectContract):
    @pytest.fixture(params=["json", "get"])
    def scene(self, request: pytest.FixtureRequest) -> Scene:
        gone = RemoteFile(album_key="photos", key="left.jpg", name="left.jpg", serial=77)
        dialect = Pixelpost(SITE, form=request.param)
        return Scene(dialect, site_of(7).answer, "photos.example.org", {"photos": 7}, gone)


class TestListing:
    @pytest.mark.parametrize("form", ["json", "get"])
    @pytest.mark.parametrize("count", [0, 1, 49, 50, 51, 100])
    def test_every_photo_is_listed_once_and_counted_at_the_end(self, count: int, form: Form) -> None:
        service = site_of(count)
        listing = gallery(service, page_size=50, form=form).files(ALBUM)
        found = keys(listing)
        assert set(found) == names(service.photos)
        assert len(found) == count
        assert listing.complete
        assert listing.total == count
        assert service.asked == ["photo.list"] * (count // 50 + 1) + ["photo.count"]

    def test_hidden_photos_come_too(self) -> None:
        service = site_of(1)
        service.photos.append(photo(2, visible=False))
        files = [file for page in gallery(service).files(ALBUM) for file in page]
        assert [file.details.hidden for file in files] == [True, False]

    def test_the_newest_come_first_and_ties_by_title(self) -> None:
        when = "2020-01-01T00:00:00+00:00"
        service = SmallPixelpost(
            [photo(1), photo(2, title="b", publish_date=when), photo(3, title="a", publish_date=when)],
            anonymous=True,
        )
        assert keys(gallery(service).files(ALBUM)) == [photo(number)["filename"] for number in (3, 2, 1)]

    @pytest.mark.parametrize("appears", [True, False])
    def test_a_site_that_changes_between_pages_proves_no_absence(self, *, appears: bool) -> None:
        service = site_of(120)

        def edit(method: str) -> None:
            if service.asked == ["photo.list"] * 2:
                late = photo(999, publish_date="2001-01-01T00:00:00+00:00")
                service.photos[:] = [*service.photos, late] if appears else service.photos[:-1]

        service.before = edit
        listing = gallery(service, page_size=50).files(ALBUM)
        found = keys(listing)
        assert len(set(found)) == len(found)
        # What appears last is seen; what left the newest page moves another one out of sight.
        assert (listing.total, len(found)) == ((121, 121) if appears else (119, 119))
        # Its number before the listing is another one, which forbids to call anything gone.
        assert gallery(service).album("photos").image_count != 120

    def test_a_lost_entry_is_told_by_the_count(self) -> None:
        service = site_of(3)
        listing = Listing(
            lambda span: (
                PIXELPOST.read_files(valid({"total": 3}), span, ALBUM)
                if not span.count
                else PIXELPOST.read_files(valid({"photo": service.photos[:2]}), span, ALBUM)
            ),
            SPAN,
            lambda file: file.key,
        )
        assert len(keys(listing)) == 2
        assert not listing.complete
        assert listing.why == "the service promised 3 entries and listed 2"

    def test_a_span_that_is_not_aligned_overlaps(self) -> None:
        assert question_of(PIXELPOST.files(ALBUM, Span(76, 50))).request["pager"] == {
            "page": 2,
            "max-per-page": 50,
        }
        entries = [photo(number) for number in range(51, 101)]
        page = PIXELPOST.read_files(valid({"photo": entries}), Span(76, 50), ALBUM)
        assert page.next == Span(101, 50)

    def test_a_server_that_knows_no_pages_is_listed_all_the_same(self) -> None:
        entries = [photo(number) for number in range(1, 31)]
        page = PIXELPOST.read_files(valid({"photo": entries}), Span(1, 10), ALBUM)
        assert len(page.items) == 30
        assert page.next is not None
        assert question_of(PIXELPOST.files(ALBUM, page.next)).method == "photo.count"

    @pytest.mark.parametrize(
        "entry",
        [
            17,
            photo(1, filename=""),
            photo(1, filename=None),
            photo(1, filename="../up.jpg"),
            photo(1, filename="a\nb.jpg"),
            photo(1, original_url=""),
            photo(1, original_url="ftp://photos.example.org/a.jpg"),
            photo(1, original_url="/photos/original/a.jpg"),
            photo(1, original_url="http://[/a.jpg"),
            photo(1, visible="maybe"),
            photo(1, id=-1),
        ],
    )
    def test_one_senseless_entry_is_named_and_the_others_are_read(self, entry: object) -> None:
        page = PIXELPOST.read_files(valid({"photo": [entry, photo(2)]}), SPAN, ALBUM)
        assert [file.key for file in page.items] == [photo(2)["filename"]]
        assert len(page.faults) == 1
        assert "photo 1" in page.faults[0]

    @pytest.mark.parametrize("response", [{}, {"photo": 3}, {"photo": None}, {"total": 3}])
    def test_no_list_is_not_an_empty_one(self, response: Json) -> None:
        with pytest.raises(Garbled):
            PIXELPOST.read_files(valid(response), SPAN, ALBUM)

    @pytest.mark.parametrize("response", [{}, {"total": None}, {"total": -1}, {"total": "many"}])
    def test_no_number_is_not_none(self, response: Json) -> None:
        with pytest.raises(Garbled):
            PIXELPOST.read_files(valid(response), Span(101, 0), ALBUM)


class TestPhotos:
    def read(self, site: str = SITE, **fields: Any) -> RemoteFile:
        page = Pixelpost(site).read_files(valid({"photo": [photo(1, **fields)]}), SPAN, ALBUM)
        assert page.faults == ()
        return page.items[0]

    def test_nothing_is_promised_of_its_bytes(self) -> None:
        file = self.read()
        assert (file.promised.md5, file.promised.size, file.original_size) == (None, None, None)

    def test_its_name_is_the_one_that_never_changes(self) -> None:
        file = self.read(title="Wedding", id=5)
        assert file.name == file.key == file.version == photo(1)["filename"]

    def test_what_its_owner_wrote_is_kept(self) -> None:
        file = self.read(title="Ä <b>", description="line\nline", visible=False)
        assert file.details == Details(title="Ä <b>", caption="line\nline", hidden=True)

    @pytest.mark.parametrize(
        ("stamp", "read"),
        [
            ("2011-05-12T09:12:54+00:00", "2011-05-12T09:12:54+00:00"),
            ("2011-05-12T11:12:54+02:00", "2011-05-12T09:12:54+00:00"),
            ("2111-05-12T09:12:54+00:00", "2111-05-12T09:12:54+00:00"),
            ("yesterdayish", ""),
            ("0001-01-01T00:00:00+14:00", ""),
            (None, ""),
        ],
    )
    def test_it_was_published_by_utc(self, stamp: str | None, read: str) -> None:
        assert self.read(publish_date=stamp).uploaded == read

    @pytest.mark.parametrize("field", ["title", "description", "publish_date", "visible"])
    def test_an_edit_is_a_revision(self, field: str) -> None:
        edited: dict[str, Any] = {field: False if field == "visible" else "2001-01-01T00:00:00+00:00"}
        assert self.read(**edited).revision != self.read().revision
        assert self.read(**edited).version == self.read().version

    @pytest.mark.parametrize(
        ("site", "given", "asked"),
        [
            ("https://a.org", "http://a.org/photos/original/x.jpg", "https://a.org/photos/original/x.jpg"),
            ("https://a.org", "http://a.org:80/x.jpg", "https://a.org/x.jpg"),
            ("https://a.org", "http://b.org/x.jpg", "http://b.org/x.jpg"),
            ("https://a.org", "http://a.org:8080/x.jpg", "http://a.org:8080/x.jpg"),
            ("https://a.org:8443", "http://a.org/x.jpg", "http://a.org/x.jpg"),
            ("http://a.org", "http://a.org/x.jpg", "http://a.org/x.jpg"),
            ("https://a.org", "https://a.org/Ä b%20.jpg", "https://a.org/%C3%84%20b%20.jpg"),
        ],
    )
    def test_a_link_from_before_the_certificate_is_put_right(self, site: str, given: str, asked: str) -> None:
        assert self.read(site, original_url=given).source == asked


class TestAccount:
    def test_a_site_is_known_by_its_host_and_address(self) -> None:
        account = gallery(site_of(3)).account()
        assert account == Account("photos.example.org", SITE, "photos.example.org", whole=True, size=3)

    @pytest.mark.parametrize(
        ("given", "root"),
        [
            ("https://Photos.Example.org", SITE),
            ("https://photos.example.org/", SITE),
            ("https://photos.example.org:443//", SITE),
            (" https://photos.example.org/?x=1#y ", SITE),
            ("http://photos.example.org:8080/~ana/", "http://photos.example.org:8080/~ana"),
            ("http://photos.example.org/%7Eana", "http://photos.example.org/~ana"),
            ("http://[::1]:80/", "http://[::1]"),
        ],
    )
    def test_one_site_has_one_root_however_it_is_written(self, given: str, root: str) -> None:
        assert Pixelpost(given).read_account(valid({"total": 1})).root == root

    @pytest.mark.parametrize("given", ["", "photos.example.org", "ftp://a.org", "https://", "http://a:b:c/"])
    def test_what_is_no_address_is_refused(self, given: str) -> None:
        with pytest.raises(ConfigError, match="not the web address of a site"):
            Pixelpost(given)

    def test_a_password_in_the_address_is_refused_and_not_repeated(self) -> None:
        with pytest.raises(ConfigError) as caught:
            Pixelpost("https://ana:hunter2@photos.example.org")
        assert "hunter2" not in str(caught.value)

    @pytest.mark.parametrize(
        ("site", "name"),
        [
            (SITE, "photos.example.org"),
            ("https://example.org/~ana", "~ana"),
            ("https://example.org/blogs/mit%20Hund/", "mit Hund"),
        ],
    )
    def test_its_album_is_called_by_its_directory_or_its_host(self, site: str, name: str) -> None:
        page = Pixelpost(site).read_albums(valid({"photo": []}), SPAN, Account("x", site, size=0))
        assert [(album.key, album.name, album.url_path) for album in page.items] == [
            ("photos", name, f"/{name}")
        ]


class TestCursor:
    def cursor(self, service: SmallPixelpost) -> str:
        line = gallery(service)
        (album,) = (album for page in line.albums(line.account()) for album in page)
        assert line.album("photos") == album
        return album.cursor

    def test_it_stands_still_while_nothing_changes(self) -> None:
        service = site_of(130)
        first = self.cursor(service)
        service.now += 1000
        service.photos.reverse()
        assert self.cursor(service) == first

    def test_photos_of_one_moment_and_title_come_in_any_order(self) -> None:
        service = SmallPixelpost(
            [photo(number, title="", publish_date="2019-01-01T00:00:00+00:00") for number in range(1, 6)],
            anonymous=True,
        )
        first = self.cursor(service)
        service.photos.reverse()
        assert self.cursor(service) == first

    @pytest.mark.parametrize("field", ["title", "description", "publish-date", "visible"])
    def test_an_edit_of_a_new_photo_moves_it(self, field: str) -> None:
        service = site_of(130)
        first = self.cursor(service)
        service.photos[-1][field] = "2019-12-31T00:00:00+00:00"
        assert self.cursor(service) != first

    def test_so_does_a_number_alone(self) -> None:
        service = site_of(130)
        first = self.cursor(service)
        del service.photos[0]  # the oldest: no page of the newest shows it
        assert self.cursor(service) != first

    def test_another_photo_in_the_place_of_one_moves_it(self) -> None:
        service = site_of(3)
        first = self.cursor(service)
        service.photos[2]["filename"] = "f" * 32 + ".jpg"
        assert self.cursor(service) != first

    @given(
        st.lists(
            st.recursive(st.none() | st.text() | st.floats(), st.lists, max_leaves=4) | st.just(photo(1))
        )
    )
    def test_it_is_made_of_anything(self, entries: list[object]) -> None:
        page = PIXELPOST.read_albums(valid({"photo": entries}), SPAN, Account("a", "b", size=1))
        assert page.items[0].cursor


class TestChanges:
    def since(self, service: SmallPixelpost) -> tuple[str, Gallery]:
        line = gallery(service)
        (album,) = (album for page in line.albums(line.account()) for album in page)
        return album.cursor, line

    def changed(self, service: SmallPixelpost, since: str, count: int | None = None) -> set[str] | None:
        size = len(service.photos) if count is None else count
        album = Album("photos", "", "", "", image_count=size)
        found: set[str] = set()
        span: Span | None = SPAN
        while span is not None:
            call = PIXELPOST.changes(album, since, span)
            if call is None:
                return None
            reply = service.answer(call)
            if (failed := PIXELPOST.failure(reply, call)) is not None:
                raise failed
            page = PIXELPOST.read_changes(reply, span, album)
            found |= {file.key for file in page.items}
            assert page.total in (None, len(found))
            span = page.next
        return found

    def test_it_can_leave_out_what_has_not_changed(self) -> None:
        assert isinstance(PIXELPOST, ChangesDialect)

    def test_what_was_added_is_listed_and_most_is_not(self) -> None:
        service = site_of(300)
        since, _ = self.since(service)
        service.photos.append(photo(900, publish_date="2020-09-13T12:00:00+00:00"))
        found = self.changed(service, since)
        assert found is not None
        assert names(service.photos[-1:]) <= found
        assert len(found) < 150

    def test_all_that_its_cursor_watches_is_listed_again(self) -> None:
        service = site_of(300)
        since, _ = self.since(service)
        watched = sorted(service.photos, key=lambda one: str(one["publish-date"]))[-100:]
        service.photos.append(photo(900, publish_date="2020-09-13T12:00:00+00:00"))
        found = self.changed(service, since)
        assert found is not None
        assert names(watched) <= found

    def test_only_a_site_that_has_grown_is_listed_in_part(self) -> None:
        service = site_of(300)
        since, _ = self.since(service)
        assert self.changed(service, since) is None
        assert self.changed(service, since, 299) is None
        assert self.changed(service, since, 301) is not None

    def test_a_small_site_is_listed_whole(self) -> None:
        service = site_of(100)
        since, _ = self.since(service)
        assert self.changed(service, since, 101) is None

    def test_dates_that_lie_ahead_hide_nothing(self) -> None:
        service = SmallPixelpost(
            [photo(number, publish_date="2037-01-01T00:00:00+00:00") for number in range(1, 150)],
            anonymous=True,
        )
        since, _ = self.since(service)
        assert self.changed(service, since, 150) is None

    def test_a_server_without_a_clock_is_listed_whole(self) -> None:
        service = site_of(300, tells_time=False)
        since, _ = self.since(service)
        assert self.changed(service, since, 301) is None

    @pytest.mark.parametrize(
        "since", ["", "x", "1|2|3", "|2019-01-01T00:00:00+00:00|x", "7|0001-01-01T00:00:00+00:00|x", "a|b"]
    )
    def test_a_cursor_that_says_nothing_means_the_whole_list(self, since: str) -> None:
        assert PIXELPOST.changes(Album("photos", "", "", "", image_count=9), since, SPAN) is None

    def test_the_published_versions_refuse_it_in_a_word_that_is_understood(self) -> None:
        service = site_of(300, interval_works=False)
        since, _ = self.since(service)
        with pytest.raises(Rejected, match="`start` is not valid"):
            self.changed(service, since, 301)


class TestLook:
    FILE = RemoteFile("photos", photo(3)["filename"], "x.jpg", serial=3)

    def test_one_question_is_enough_where_the_number_is_still_its_own(self) -> None:
        service = site_of(9)
        assert gallery(service).look(self.FILE).source == photo(3)["original-url"]
        assert service.asked == ["photo.get"]

    def test_a_number_that_another_photo_has_now_leads_to_the_whole_list(self) -> None:
        service = site_of(9)
        service.photos[2]["id"], service.photos[5]["id"] = 6, 3
        found = gallery(service).look(self.FILE)
        assert (found.source, found.serial) == (photo(3)["original-url"], 6)
        assert service.asked == ["photo.get", "photo.list"]

    def test_only_the_whole_list_says_that_it_is_gone(self) -> None:
        service = site_of(9)
        del service.photos[2]
        with pytest.raises(Gone, match="does not list"):
            gallery(service).look(self.FILE)
        assert service.asked == ["photo.get", "photo.list"]

    def test_gone_with_its_number_taken_it_is_withheld_until_a_listing_tells(self) -> None:
        service = site_of(9)
        del service.photos[2]
        service.photos.append(photo(99, id=3))
        found = gallery(service).look(self.FILE)
        assert "does not list" in found.withheld

    def test_a_list_with_holes_proves_no_absence(self) -> None:
        with pytest.raises(Garbled):
            PIXELPOST.read_look(valid({"photo": [{"id": 1}, photo(2)]}), self.FILE)


def test_it_is_read_only_by_type() -> None:
    assert not isinstance(PIXELPOST, UploadDialect)
    assert not isinstance(PIXELPOST, FolderDialect)


def test_another_album_is_gone_without_a_question() -> None:
    service = site_of(1)
    with pytest.raises(Gone):
        gallery(service).album("holidays")
    assert service.asked == []


class TestQuestions:
    def test_json_is_posted_with_a_request_even_if_it_is_empty(self) -> None:
        call = PIXELPOST.account()
        assert (call.method, call.url) == ("POST", f"{SITE}/api/json/")
        assert isinstance(call.body, bytes)
        assert json.loads(call.body) == {"method": "photo.count", "request": {}}
        assert call.auth is Auth.ACCOUNT

    def test_an_address_holds_everything_and_is_never_without_a_query(self) -> None:
        get = Pixelpost(f"{SITE}/~ana", form="get")
        assert get.account().url == f"{SITE}/~ana/api/get/photo.count/json/?all=1"
        assert get.account().body is None
        assert get.files(ALBUM, Span(101, 50)).url == (
            f"{SITE}/~ana/api/get/photo.list/json/?fields[]=id&fields[]=filename&fields[]=title"
            "&fields[]=description&fields[]=publish-date&fields[]=visible&fields[]=original-url"
            "&pager[page]=3&pager[max-per-page]=50&sort[publish-date]=desc&sort[title]=asc"
        )

    def test_the_word_of_the_api_is_the_sites_own(self) -> None:
        assert Pixelpost(SITE, api="talk").account().url == f"{SITE}/talk/json/"


class TestFailures:
    CALL = PIXELPOST.account()

    def fails(self, reply: Reply, call: Call | None = None) -> SmugsyncError:
        failed = PIXELPOST.failure(reply, call or self.CALL)
        assert failed is not None
        return failed

    @pytest.mark.parametrize("code", ["bad_token", "bad_hmac", "old_token"])
    def test_the_end_of_a_token_is_told_with_its_word(self, code: str) -> None:
        failed = self.fails(error(code))
        assert isinstance(failed, SessionOver)
        assert failed.code == code

    def test_want_of_a_grant_says_what_to_do(self) -> None:
        failed = self.fails(error("unauthorized", "You do not have the necessary rights"))
        assert isinstance(failed, NotAuthorised)
        assert "grant `read`" in str(failed)
        assert "--public-key" in str(failed)

    @pytest.mark.parametrize("code", ["internal_error", "unknown", "0", "8192", "-1"])
    def test_what_may_pass_is_asked_again(self, code: str) -> None:
        assert isinstance(self.fails(error(code, "Unknown error.")), Transient)

    @pytest.mark.parametrize("code", ["bad_request", "bad_method", "bad_data", "no_request", "", "new_word"])
    def test_everything_else_is_final(self, code: str) -> None:
        failed = self.fails(error(code, "The field `fields` is empty."))
        assert type(failed) is Rejected

    def test_what_the_service_says_is_shown_short_and_printable(self) -> None:
        failed = self.fails(error("bad_data", "\x1b[2J" + "x" * 9000))
        assert str(failed).isprintable()
        assert len(str(failed)) < 300

    @pytest.mark.parametrize(
        "body",
        [
            b'{"status":"valid"}',
            b'{"photo":[]}',
            b'{"status":"fine","response":{}}',
        ],
    )
    def test_what_is_no_answer_is_garbled(self, body: bytes) -> None:
        assert isinstance(self.fails(Reply(200, JSON, body)), Garbled)

    @pytest.mark.parametrize(
        ("body", "words"),
        [
            (OOPS.encode(), "photos.example.org breaks down over photo.count"),
            (
                b"<br />\n<b>Fatal error</b>:  Allowed memory size of 8 bytes exhausted in",
                "Allowed memory size",
            ),
            (b'{"status":"valid","response":{"total":', "breaks off"),
            (
                b"<!DOCTYPE html><title>My blog</title>",
                "`remote.site_url` may not be that of a Pixelpost site",
            ),
            (b"It works!", "does not answer as a Pixelpost site does (It works!): check `remote.site_url`"),
            (b"[1]", "check `remote.site_url`"),
            (b"[]", "check `remote.site_url`"),
            (b'"x"', "check `remote.site_url`"),
        ],
    )
    def test_who_else_answers_says_where_and_what_to_do(self, body: bytes, words: str) -> None:
        failed = self.fails(Reply(200, JSON, body))
        assert isinstance(failed, Displaced)
        assert words in str(failed)
        assert str(failed).isprintable()

    def test_a_breakdown_over_an_address_names_the_other_way_to_ask(self) -> None:
        page = Reply(200, JSON, OOPS.encode())
        assert 'remote.site_form = "json"' in str(self.fails(page, Pixelpost(SITE, form="get").account()))
        assert "site_form" not in str(self.fails(page))

    def test_json_of_another_application_asks_whether_it_is_one(self) -> None:
        failed = self.fails(Reply(200, JSON, b'{"code":"rest_no_route"}'))
        assert type(failed) is Garbled
        assert "is this a Pixelpost site? Check `remote.site_url`" in str(failed)

    def test_an_address_below_the_site_is_told_as_one(self) -> None:
        call = Pixelpost(f"{SITE}/index.php").account()
        failed = self.fails(Reply(200, JSON, b"ERROR: Bad url format, please use:\n- x"), call)
        assert isinstance(failed, Unreachable)
        assert f"{SITE}/index.php/api/json/ is no address of the site's API" in str(failed)
        assert "without `index.php`" in str(failed)

    @pytest.mark.parametrize("status", [400, 403, 405, 406])
    def test_a_web_server_that_refuses_the_first_question_is_no_site(self, status: int) -> None:
        failed = self.fails(Reply(status, JSON, b"<h1>no</h1>"))
        assert isinstance(failed, Unreachable)
        assert f"answers {status} to {SITE}/api/json/: check `remote.site_url`" in str(failed)
        assert 'remote.site_form = "get"' in str(failed)
        asked = Pixelpost(SITE, form="get").account()
        assert "site_form" not in str(self.fails(Reply(status, JSON, b""), asked))

    @pytest.mark.parametrize("status", [400, 403, 405])
    def test_a_later_question_that_it_refuses_stops_nothing_else(self, status: int) -> None:
        assert type(self.fails(Reply(status, JSON, b""), PIXELPOST.files(ALBUM, SPAN))) is Rejected

    def test_a_plugin_that_is_off_is_named(self) -> None:
        assert "plugin `photo`" in str(self.fails(error("bad_method", "unsupported")))

    @pytest.mark.parametrize("status", [301, 302, 307, 308])
    def test_a_site_that_has_moved_names_its_new_address(self, status: int) -> None:
        failed = self.fails(Reply(status, {"location": "https://new.org/api/json/?token=secret"}, b""))
        assert isinstance(failed, Unreachable)
        assert "https://new.org/api/json/" in str(failed)
        assert "remote.site_url" in str(failed)
        assert "secret" not in str(failed)

    def test_a_wrong_address_is_told_as_one(self) -> None:
        failed = self.fails(Reply(404, {}, b"<h1>Not Found</h1>"))
        assert isinstance(failed, Unreachable)
        assert "no Pixelpost API at https://photos.example.org/api/json/" in str(failed)

    def test_a_password_of_the_web_server_is_told_apart_from_ours(self) -> None:
        failed = self.fails(Reply(401, {}, b""))
        assert isinstance(failed, NotAuthorised)
        assert "web server" in str(failed)

    @pytest.mark.parametrize("location", ["http://[", "", "//", "\x00", "https://a:b@c.org/"])
    def test_a_senseless_redirect_is_no_crash(self, location: str) -> None:
        failed = self.fails(Reply(302, {"location": location}, b""))
        assert str(failed).isprintable()
        assert "a:b@" not in str(failed)

    @given(st.text() | st.none() | st.integers(), st.text() | st.none() | st.lists(st.integers()))
    def test_any_code_and_message_make_a_sentence(self, code: object, message: object) -> None:
        body = json.dumps({"status": "error", "code": code, "message": message}).encode()
        failed = self.fails(Reply(200, JSON, body))
        assert str(failed).isprintable()


NOTICES = pytest.mark.parametrize(
    "notice",
    [
        b"<br />\n<b>Deprecated</b>:  Type of A::b() should be x in <b>/a.php</b> on line <b>9</b><br />\n",
        b'\nWarning: Undefined array key {"status": 1} in /a.php on line 9\n',
        b"PHP Notice:  Trying to access array offset in /a.php on line 9\n",
    ],
    ids=["as a page", "as text", "as a log"],
)


class TestNotices:
    """A PHP of today warns of so old an application, if its settings say so in the middle of the answer."""

    @NOTICES
    @pytest.mark.parametrize(("before", "behind"), [(1, 0), (0, 1), (3, 2)])
    def test_an_answer_is_found_among_them(self, notice: bytes, before: int, behind: int) -> None:
        title = '}<br />\n<b>Warning</b>: no {"status":1} \\'
        answer = json.dumps({"status": "valid", "response": {"photo": [photo(1, title=title)]}})
        body = notice * before + answer.replace("/", "\\/").encode() + b"\n" * behind + notice * behind
        reply = Reply(200, JSON, body)
        assert PIXELPOST.failure(reply, PIXELPOST.files(ALBUM, SPAN)) is None
        (file,) = PIXELPOST.read_files(reply, SPAN, ALBUM).items
        assert file.details.title == title

    @NOTICES
    def test_so_is_a_refusal(self, notice: bytes) -> None:
        reply = Reply(200, JSON, notice + error("old_token").body + b"\n" + notice)
        assert isinstance(PIXELPOST.failure(reply, PIXELPOST.account()), SessionOver)

    @NOTICES
    def test_notices_alone_are_no_answer(self, notice: bytes) -> None:
        assert isinstance(PIXELPOST.failure(Reply(200, JSON, notice), PIXELPOST.account()), Displaced)

    def test_a_page_that_holds_an_answer_is_none(self) -> None:
        page = b"<html><body>" + valid({"total": 0}).body + b"</body></html>"
        assert isinstance(PIXELPOST.failure(Reply(200, JSON, page), PIXELPOST.account()), Displaced)


class TestAddresses:
    @pytest.mark.parametrize(
        ("name", "there"),
        [
            ("a b.jpg", "a%20b.jpg"),
            ("a+b.jpg", "a+b.jpg"),
            ("a%20b.jpg", "a%2520b.jpg"),
            ("h#x.jpg", "h%23x.jpg"),
            ("q?y=1.jpg", "q%3Fy=1.jpg"),
            ("ü😀.jpg", "%C3%BC%F0%9F%98%80.jpg"),
        ],
    )
    def test_a_name_is_one_part_of_a_path_whatever_it_holds(self, name: str, there: str) -> None:
        entry = photo(1, filename=name) | {"original-url": f"{SITE}/photos/original/{name}"}
        (file,) = PIXELPOST.read_files(valid({"photo": [entry]}), SPAN, ALBUM).items
        assert file.source == f"{SITE}/photos/original/{there}"

    def test_a_title_in_an_old_encoding_costs_letters_and_no_photo(self) -> None:
        body = valid({"photo": [photo(1, title="cafe"), photo(2, title="\u00e4")]}).body
        latin = Reply(200, JSON, body.replace(b"cafe", b"caf\xe9"))
        assert PIXELPOST.failure(latin, PIXELPOST.files(ALBUM, SPAN)) is None
        first, second = PIXELPOST.read_files(latin, SPAN, ALBUM).items
        assert (first.details.title, second.details.title) == ("caf\ufffd", "\u00e4")

    def test_an_empty_answer_says_what_php_may_mean_by_it(self) -> None:
        failed = PIXELPOST.failure(Reply(200, JSON, b""), PIXELPOST.account())
        assert isinstance(failed, Transient)
        assert "photo.count with nothing" in str(failed)
        assert "not UTF-8" in str(failed)

    def test_an_address_that_is_encoded_already_stays(self) -> None:
        entry = photo(1, filename="a b.jpg") | {"original-url": f"{SITE}/photos/original/a%20b.jpg"}
        (file,) = PIXELPOST.read_files(valid({"photo": [entry]}), SPAN, ALBUM).items
        assert file.source == f"{SITE}/photos/original/a%20b.jpg"


class TestMedia:
    def test_photos_are_plain_files(self) -> None:
        service = site_of(1)
        call = PIXELPOST.media(photo(1)["original-url"])
        assert PIXELPOST.failure(service.answer(call), call) is None
        assert call.auth is Auth.NONE

    def test_a_deleted_one_is_gone(self) -> None:
        call = PIXELPOST.media(f"{SITE}/photos/original/nope.jpg")
        assert isinstance(PIXELPOST.failure(site_of(1).answer(call), call), Gone)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                "status response photo total id filename title publish-date visible original-url code".split()
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=25,
)


@given(ANYTHING, st.sampled_from(["json", "get"]))
def test_nonsense_is_refused_in_our_own_words(value: object, form: Form) -> None:
    dialect = Pixelpost(SITE, form=form)
    file = RemoteFile("photos", "a.jpg", "a.jpg", serial=1)
    for reply in (valid(value), Reply(200, JSON, json.dumps(value).encode())):
        for call in (dialect.account(), *dialect.look(file), dialect.files(ALBUM, SPAN)):
            dialect.failure(reply, call)
        for read in (
            lambda reply=reply: dialect.read_account(reply),
            lambda reply=reply: dialect.read_albums(reply, SPAN, Account("a", "b")),
            lambda reply=reply: dialect.read_album(reply),
            lambda reply=reply: dialect.read_files(reply, SPAN, ALBUM),
            lambda reply=reply: dialect.read_files(reply, Span(2, 0), ALBUM),
            lambda reply=reply: dialect.read_look(reply, file),
        ):
            with suppress(SmugsyncError):
                read()


@given(st.text(max_size=30))
def test_a_cursor_from_anywhere_is_no_crash(since: str) -> None:
    call = PIXELPOST.changes(Album("photos", "", "", "", image_count=9), since, SPAN)
    assert call is None or urlsplit(call.url).scheme == "https"
