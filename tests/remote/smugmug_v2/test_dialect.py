from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smugsync.core.model import Access, Account, Album, Kind, Promise, RemoteFile
from smugsync.errors import ClockSkew, Garbled, Gone, NotAuthorised, Rejected, SmugsyncError, Transient
from smugsync.remote.dialect import Page, Reply, Span
from smugsync.remote.smugmug_v2.dialect import SmugMugV2
from smugsync.remote.smugmug_v2.objects import camera_time
from tests.remote.contract import DialectContract, Scene
from tests.remote.small_smugmug import Json, SmallSmugMug, answer, error, ordinal, photo, reply_json, video

API = "https://api.smugmug.com"
RECORDED = Path(__file__).parents[3].parent / "shared" / "recorded" / "smugmug-v2"
SPAN = Span(1, 100)
ALBUM = Album("HZMsPf", "n1", "Marmots", "/Montana/Marmot")
OWNER = Account("nick", "root")
V2 = SmugMugV2(API)


def small_account() -> SmallSmugMug:
    service = SmallSmugMug(locked={"locked"})
    for number in range(5):
        service.add("trip", f"p{number}", b"photo %d" % number)
    service.add_video("trip", "v0", b"a video")
    service.add("trip", "w0", b"", ArchivedUri=None, ArchivedSize=None, ArchivedMD5=None)
    service.images |= {"empty": [], "locked": []}
    return service


class TestContract(DialectContract):
    @pytest.fixture(params=["as asked", "nothing expanded", "full answers", "clamped pages"])
    def scene(self, request: pytest.FixtureRequest) -> Scene:
        service = small_account()
        service.expands = request.param != "nothing expanded"
        service.long_links = request.param == "full answers"
        service.largest_page = 3 if request.param == "clamped pages" else 1000
        gone = RemoteFile(album_key="trip", key="left", name="LEFT.JPG")
        return Scene(V2, service, "nick", {"trip": 7, "empty": 0}, gone, frozenset({"locked"}))


def read_one(item: Json, **beside: Any) -> RemoteFile:
    pages: Json = {"Total": 1, "Start": 1, "Count": 1}
    page = V2.read_files(answer("/x", "AlbumImage", [item], pages, **beside), SPAN, ALBUM)
    assert page.faults == ()
    return page.items[0]


def expansion(rendition: Json, key: str = "v0", serial: int = 0) -> Json:
    return {f"/api/v2/image/{key}-{serial}!largestvideo": {"LargestVideo": rendition}}


class TestPhotos:
    def test_promise_is_of_the_archived_original(self) -> None:
        file = read_one(photo("qS99d3S", b"12345", Serial=2))
        assert file.promised == Promise("827ccb0eea8a706c4c34a16891f84e7b", 5)
        assert file.version == "2|827ccb0eea8a706c4c34a16891f84e7b|5"
        assert file.source == "https://photos.smugmug.com/Trip/i-qS99d3S/2/b2bccf20/D/qS99d3S-D.jpg"
        assert (file.kind, file.serial, file.withheld) == (Kind.PHOTO, 2, "")
        assert file.taken == "2019-08-04T11:28:12"
        assert file.uploaded == "2019-08-05T09:16:35+00:00"

    def test_original_that_is_not_offered_is_withheld(self) -> None:
        file = read_one(photo("p", ArchivedUri=None, ArchivedMD5=None, ArchivedSize=None))
        assert file.source is None
        assert "original not offered" in file.withheld

    def test_photo_in_processing_comes_later(self) -> None:
        file = read_one(photo("p", Processing=True))
        assert file.processing
        assert file.withheld == "still processing"

    def test_older_uploads_have_only_a_date(self) -> None:
        file = read_one(
            photo("p", DateTimeUploaded=None, DateTimeOriginal=None, Date="2009-01-02T03:04:05+00:00")
        )
        assert (file.uploaded, file.taken) == ("2009-01-02T03:04:05+00:00", "")

    @pytest.mark.parametrize(
        ("fields", "keywords"),
        [
            ({"KeywordArray": ["a", "b c"]}, ("a", "b c")),
            ({"KeywordArray": None, "Keywords": "a; b, c;"}, ("a", "b, c")),
            ({"KeywordArray": None, "Keywords": "a, b"}, ("a", "b")),
            ({"KeywordArray": {}, "Keywords": ""}, ()),
        ],
    )
    def test_keywords_in_any_of_their_forms(self, fields: Json, keywords: tuple[str, ...]) -> None:
        assert read_one(photo("p", **fields)).details.keywords == keywords

    def test_numbers_may_come_as_strings_and_flags_as_numbers(self) -> None:
        file = read_one(
            photo("p", b"x", Serial="3", ArchivedSize="17", Processing=0, Hidden="1", Latitude=48.5)
        )
        assert (file.serial, file.promised.size, file.processing) == (3, 17, False)
        assert (file.details.hidden, file.details.latitude) == (True, "48.5")

    def test_half_a_surrogate_pair_does_not_reach_a_file_name(self) -> None:
        assert read_one(photo("p", FileName="a\ud83db\U0001f600.jpg")).name == "a\ufffdb\U0001f600.jpg"

    def test_media_address_is_made_sendable(self) -> None:
        file = read_one(photo("p", ArchivedUri="https://photos.smugmug.com/Ä b/100%/a%20b.jpg"))
        assert file.source == "https://photos.smugmug.com/%C3%84%20b/100%25/a%20b.jpg"


class TestVideos:
    def test_rendition_in_the_listing_is_the_source_and_the_promise(self) -> None:
        rendition: Json = {"Url": "https://photos.smugmug.com/v.mp4", "Size": "12", "MD5": ordinal(1).upper()}
        file = read_one(video("v0"), Expansions=expansion(rendition))
        assert (file.kind, file.source) == (Kind.VIDEO, "https://photos.smugmug.com/v.mp4")
        assert file.promised == Promise(ordinal(1), 12)

    def test_version_does_not_depend_on_the_expansion(self) -> None:
        rendition: Json = {"Url": "https://photos.smugmug.com/v.mp4", "Size": 12, "MD5": ordinal(1)}
        with_it = read_one(video("v0"), Expansions=expansion(rendition))
        without: list[RemoteFile] = [
            read_one(video("v0")),
            read_one(video("v0"), Expansions=[]),
            read_one(video("v0"), Expansions=expansion({"Url": 1, "MD5": []})),
            read_one(video("v0", ArchivedMD5=None, ArchivedSize=None)),
        ]
        assert {file.version for file in without} == {with_it.version}
        assert {(file.source, file.promised) for file in without} == {(None, Promise())}
        assert read_one(video("v0", Serial=1)).version != with_it.version

    def test_archived_fields_of_a_video_are_no_promise(self) -> None:
        assert read_one(video("v0")).promised == Promise()

    def test_unprocessable_video_is_not_waited_for(self) -> None:
        file = read_one(video("v0", Processing=True, Status="Preprocess", SubStatus="CanNotProcess"))
        assert "cannot process this video" in file.withheld
        assert not file.processing

    @pytest.mark.parametrize("fields", [{"Processing": True}, {"Status": "Preprocess"}])
    def test_video_in_processing_comes_later(self, fields: Json) -> None:
        file = read_one(video("v0", **fields), Expansions=expansion({"Url": "https://p.example/v.mp4"}))
        assert (file.withheld, file.processing, file.source) == ("still processing", True, None)

    def test_look_asks_for_the_rendition_that_the_answer_lacks(self) -> None:
        file = read_one(video("v0", Serial=1))
        source = V2.read_look(
            answer("/api/v2/album/HZMsPf/image/v0-1", "AlbumImage", video("v0", Serial=1)), file
        )
        assert source.then is not None
        assert source.then.url.startswith(f"{API}/api/v2/image/v0-1!largestvideo?")
        found = V2.read_source(
            answer("/x", "LargestVideo", {"Url": "https://p.example/v.mp4", "Size": 9, "MD5": ordinal(2)}),
            file,
        )
        assert (found.source, found.promised) == ("https://p.example/v.mp4", Promise(ordinal(2), 9))

    @pytest.mark.parametrize("rendition", [{"Size": 9}, {"Url": "https://p.example/v.mp4", "Usable": False}])
    def test_rendition_without_an_address_is_withheld(self, rendition: Json) -> None:
        file = read_one(video("v0"))
        assert V2.read_source(answer("/x", "LargestVideo", rendition), file).withheld

    def test_missing_rendition_does_not_mean_that_the_video_is_gone(self) -> None:
        source = V2.read_look(answer("/x", "AlbumImage", video("v0")), read_one(video("v0")))
        assert source.then
        assert isinstance(V2.failure(error(404, "Not Found"), source.then), Rejected)


class TestAlbums:
    def read(self, **changes: Any) -> Album:
        item: Json = {
            "AlbumKey": "RM4BL2",
            "NodeID": "2XrGxm",
            "Name": "Zürich & more",
            "UrlPath": "/Trip/Zurich",
            "ImageCount": 12,
            "LastUpdated": "2021-07-18T01:00:00+00:00",
            "ImagesLastUpdated": "2020-09-06T02:00:00+00:00",
            "ResponseLevel": "Full",
            "Uris": {"AlbumImages": "/api/v2/album/RM4BL2!images"},
            **changes,
        }
        return V2.read_album(
            answer("/x", "Album", {name: value for name, value in item.items() if value is not None})
        )

    def test_cursor_is_made_of_all_that_can_change(self) -> None:
        album = self.read()
        assert album.cursor == "2021-07-18T01:00:00+00:00|2020-09-06T02:00:00+00:00|12"
        assert album.access is Access.READABLE
        changed = [self.read(ImageCount=13), self.read(LastUpdated="x"), self.read(ImagesLastUpdated="y")]
        assert len({album.cursor, *(other.cursor for other in changed)}) == 4

    def test_album_without_time_stamps_has_no_cursor_to_trust(self) -> None:
        assert self.read(LastUpdated=None, ImagesLastUpdated=None).cursor == ""

    @pytest.mark.parametrize("level", ["Password", "GrantAccess", None])
    def test_locked_album_is_not_an_empty_one(self, level: str | None) -> None:
        album = self.read(
            ResponseLevel=level, ImageCount=None, LastUpdated=None, ImagesLastUpdated=None, Uris={}
        )
        assert album.access is Access.UNREADABLE
        assert (album.image_count, album.cursor) == (None, "")
        assert album.reason
        assert album.url_path == "/Trip/Zurich"


class TestPages:
    def page(self, items: list[object], pages: Json | None, span: Span = SPAN) -> Page[RemoteFile]:
        return V2.read_files(answer("/x", "AlbumImage", items or None, pages), span, ALBUM)

    def test_next_page_is_reckoned_with_the_size_that_was_granted(self) -> None:
        items: list[object] = [photo(f"p{number}") for number in range(30)]
        page = self.page(items, {"Total": 34, "Start": 1, "Count": 30, "RequestedCount": 30})
        assert page.next == Span(31, 30)

    def test_last_page_has_no_next(self) -> None:
        page = self.page([photo("p")], {"Total": 31, "Start": 31, "Count": 1}, Span(31, 30))
        assert page.next is None

    def test_empty_list_has_no_key_at_all(self) -> None:
        assert self.page([], {"Total": 0, "Count": 0}) == Page((), 0)

    def test_empty_page_before_the_end_stops(self) -> None:
        assert self.page([], {"Total": 50, "Count": 0}).next is None

    def test_list_without_a_total_proves_nothing(self) -> None:
        assert self.page([photo("p")], None).faults
        assert self.page([], None).faults

    def test_list_from_somewhere_else_is_a_fault(self) -> None:
        page = self.page([photo("p")], {"Total": 90, "Start": 1, "Count": 1}, Span(31, 30))
        assert page.next is None
        assert "31" in page.faults[0]

    @pytest.mark.parametrize(
        "broken",
        [
            {"ImageKey": None},
            {"ImageKey": ""},
            {"ImageKey": ["p1"]},
            {"FileName": {"html": "x"}},
            {"Serial": "one"},
            {"Serial": -1},
            {"ArchivedSize": 10**30},
            {"ArchivedMD5": "nope"},
            {"ArchivedUri": "javascript:alert(1)"},
            {"ArchivedUri": "https://photos.smugmug.com:no/x.jpg"},
            {"Processing": "perhaps"},
            {"Uris": "none"},
        ],
    )
    def test_one_malformed_entry_is_left_out_and_named(self, broken: Json) -> None:
        items: list[object] = [photo("p0"), {**photo("p1"), **broken}, photo("p2")]
        page = self.page(items, {"Total": 3, "Start": 1, "Count": 3})
        assert [file.key for file in page.items] == ["p0", "p2"]
        assert len(page.faults) == 1
        assert "entry 2" in page.faults[0]

    def test_list_with_holes_comes_as_an_object(self) -> None:
        items = {"0": photo("p0"), "2": photo("p2")}
        page = V2.read_files(answer("/x", "AlbumImage", items, {"Total": 2, "Count": 2}), SPAN, ALBUM)
        assert [file.key for file in page.items] == ["p0", "p2"]


class TestCalls:
    def test_albums_cost_one_request_per_hundred(self) -> None:
        url = V2.albums(Account("nick", "root"), Span(101, 100)).url
        assert url.startswith(f"{API}/api/v2/user/nick!albums?")
        assert "start=101&count=100" in url
        assert "_verbosity=1" in url

    def test_anonymous_reading_names_the_user(self) -> None:
        assert (
            SmugMugV2(API + "/", user="Jörg/x").account().url.startswith(f"{API}/api/v2/user/J%C3%B6rg%2Fx?")
        )
        assert V2.account().url.startswith(f"{API}/api/v2!authuser?")

    def test_look_asks_the_album_and_never_the_image_alone(self) -> None:
        file = RemoteFile(album_key="AKEY", key="KEY", name="x.jpg", serial=3)
        paths = [call.url.partition("?")[0] for call in V2.look(file)]
        assert paths == [f"{API}/api/v2/album/AKEY/image/KEY-3", f"{API}/api/v2/album/AKEY/image/KEY"]

    @pytest.mark.parametrize(
        "reply",
        [
            answer("/api/v2/album/OTHER/image/p-0", "AlbumImage", photo("p")),
            answer("/api/v2/image/p-0", "Image", photo("p")),
            answer("/api/v2/album/HZMsPf/image/q-0", "AlbumImage", photo("q")),
        ],
    )
    def test_answer_about_another_photo_or_album_is_refused(self, reply: Reply) -> None:
        with pytest.raises(Garbled):
            V2.read_look(reply, read_one(photo("p")))


class TestFailures:
    CALL = V2.album("KEY")

    @pytest.mark.parametrize(
        ("message", "kind", "words"),
        [
            ("oauth_problem=nonce_used", Transient, ""),
            ("oauth_problem=timestamp_refused", ClockSkew, "clock"),
            ("oauth_problem=signature_invalid", NotAuthorised, "smugsync auth login"),
            ("oauth_problem=token_rejected", NotAuthorised, "smugsync auth login"),
            ("oauth_problem=consumer_key_unknown", NotAuthorised, "API key"),
            ("oauth_problem=parameter_absent&oauth_parameters_absent=x", NotAuthorised, "no credentials"),
            ("oauth_problem=never_heard_of", NotAuthorised, "smugsync auth login"),
            (
                "API key lacks v2 access; please accept the terms of service at https://api.smugmug.com/x",
                NotAuthorised,
                "https://api.smugmug.com/api/developer/accept",
            ),
            ("The user has not granted the required permissions", NotAuthorised, "Authorized Services"),
            ("Unauthorized", NotAuthorised, "smugsync auth login"),
        ],
    )
    def test_401_says_what_to_do(self, message: str, kind: type[SmugsyncError], words: str) -> None:
        failure = V2.failure(error(401, message), self.CALL)
        assert type(failure) is kind
        assert words in str(failure)

    @pytest.mark.parametrize(
        ("status", "message", "kind"),
        [
            (400, "Bad Request", Rejected),
            (402, "Payment Required", NotAuthorised),
            (403, "The user has not granted the required permissions", NotAuthorised),
            (403, "Forbidden", Rejected),
            (404, "Not Found", Gone),
            (405, "Method Not Allowed", Rejected),
            (408, "Request Timeout", Transient),
            (409, "Conflict", Rejected),
            (429, "Too Many Requests", Transient),
            (500, "Internal Server Error", Transient),
            (503, "Service Unavailable", Transient),
        ],
    )
    def test_each_status_has_its_meaning(self, status: int, message: str, kind: type[SmugsyncError]) -> None:
        assert type(V2.failure(error(status, message), self.CALL)) is kind
        disguised = reply_json(200, {"Code": status, "Message": message})
        assert type(V2.failure(disguised, self.CALL)) is kind

    def test_404_must_be_the_services_own(self) -> None:
        assert isinstance(V2.failure(reply_json(404, {"Message": "no such route"}), self.CALL), Gone)
        assert not isinstance(V2.failure(reply_json(404, {"Code": 500}), self.CALL), Gone)

    def test_success_needs_a_response(self) -> None:
        assert V2.failure(answer("/x", "Album", {}), self.CALL) is None
        assert isinstance(V2.failure(reply_json(200, {"Code": 200, "Message": "Ok"}), self.CALL), Garbled)
        assert isinstance(V2.failure(Reply(200, {}, b"[1, 2"), self.CALL), Garbled)
        assert isinstance(V2.failure(Reply(200, {}, b" \n"), self.CALL), Transient)

    def test_unknown_user_is_a_matter_of_configuration(self) -> None:
        call = SmugMugV2(API, user="nobody").account()
        assert isinstance(V2.failure(error(404, "Not Found"), call), NotAuthorised)

    def test_wait_until_a_date_is_counted_by_the_services_clock(self) -> None:
        headers = {"date": "Sat, 21 Nov 2026 10:00:00 GMT", "retry-after": "Sat, 21 Nov 2026 10:01:30 GMT"}
        failure = V2.failure(Reply(429, headers, b""), self.CALL)
        assert isinstance(failure, Transient)
        assert failure.retry_after == 90

    def test_no_message_repeats_a_query(self) -> None:
        call = SmugMugV2(API).album("KEY")
        page = b'<a href="https://api.smugmug.com/api/v2/album/KEY?APIKey=s3cret&oauth_token=t0ken">login</a>'
        for status in (200, 401, 403, 404, 500):
            failure = V2.failure(Reply(status, {"content-type": "text/html"}, page), call)
            shown = f"{failure} {failure!r} {getattr(failure, 'excerpt', '')}"
            assert "s3cret" not in shown
            assert "t0ken" not in shown


class TestCameraTime:
    @given(st.datetimes(datetime(1990, 1, 1), datetime(2035, 1, 1)))
    def test_turns_back_what_smugmug_did(self, wall: datetime) -> None:
        wall = wall.replace(microsecond=0)
        california = wall.replace(tzinfo=ZoneInfo("America/Los_Angeles"))
        shown = california.astimezone(ZoneInfo("UTC")).isoformat()
        back = datetime.fromisoformat(camera_time(shown))
        assert abs(back - wall) in (timedelta(0), timedelta(hours=1))
        exists = (
            california.astimezone(ZoneInfo("UTC")).astimezone(california.tzinfo).replace(tzinfo=None) == wall
        )
        assert (back == wall) == exists

    @pytest.mark.parametrize(
        "nonsense",
        [
            "",
            "0000-00-00T00:00:00+00:00",
            "yesterday",
            "0001-01-01T00:00:00+00:00",
            "9999-12-31T23:59:59-23:59",
        ],
    )
    def test_no_time_at_all(self, nonsense: str) -> None:
        assert camera_time(nonsense) == ""


@pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded answers are not at hand")
class TestRecorded:
    """Answers of the real service, mostly at verbosity 3."""

    def reply(self, name: str) -> Reply:
        return Reply(200, {"content-type": "application/json"}, (RECORDED / name).read_bytes())

    def document(self, name: str) -> dict[str, dict[str, dict[str, object]]]:
        document = json.loads((RECORDED / name).read_bytes())
        assert isinstance(document, dict)
        return document

    def test_user(self) -> None:
        account = V2.read_account(self.reply("bzimmer/user_cmac.json"))
        assert (account.nickname, account.root) == ("cmac", "zx4Fx")

    def test_album(self) -> None:
        album = V2.read_album(self.reply("bzimmer/album_RM4BL2.json"))
        fields = self.document("bzimmer/album_RM4BL2.json")["Response"]["Album"]
        assert (album.key, album.node_id) == ("RM4BL2", fields["NodeID"])
        assert album.access is Access.READABLE
        assert album.cursor == f"{fields['LastUpdated']}|{fields['ImagesLastUpdated']}|{fields['ImageCount']}"

    def test_album_behind_a_password(self) -> None:
        album = V2.read_album(self.reply("seed/album_7NnPHZ_password_level.json"))
        assert (album.access, album.image_count, album.cursor) == (Access.UNREADABLE, None, "")
        assert "password" in album.reason
        assert album.url_path == "/Donna-OSullivan"

    def test_album_list(self) -> None:
        page = V2.read_albums(self.reply("bzimmer/album_search_marmot_page_1.json"), Span(1, 10), OWNER)
        assert (len(page.items), page.total, page.next, page.faults) == (10, 20, Span(11, 10), ())
        last = V2.read_albums(self.reply("bzimmer/album_search_marmot_page_2.json"), Span(11, 10), OWNER)
        assert last.faults == ()

    def test_images_in_two_pages(self) -> None:
        first = V2.read_files(self.reply("bzimmer/album_images_HZMsPf_page_1.json"), Span(1, 30), ALBUM)
        assert (len(first.items), first.total, first.next) == (30, 34, Span(31, 30))
        second = V2.read_files(self.reply("bzimmer/album_images_HZMsPf_page_2.json"), Span(31, 30), ALBUM)
        assert second.next is None
        assert first.faults + second.faults == ()
        assert len({file.key for file in first.items + second.items}) == 34
        assert all("original not offered" in file.withheld for file in first.items)

    def test_images_with_originals(self) -> None:
        name = "bzimmer/images_WpK3n2_expansions.json"
        album = Album("WpK3n2", "", "", "/x")
        page = V2.read_files(self.reply(name), SPAN, album)
        assert len(page.items) == 4
        assert page.faults == ()
        for file in page.items:
            assert file.source
            assert file.promised.md5
            assert file.version == f"{file.serial}|{file.promised.md5}|{file.promised.size}"

    def test_folders(self) -> None:
        first = V2.read_folders(self.reply("bzimmer/node_children_zx4Fx_page_1.json"), Span(1, 10))
        second = V2.read_folders(self.reply("bzimmer/node_children_zx4Fx_page_2.json"), Span(11, 10))
        assert first.next == Span(11, 10)
        assert first.faults + second.faults == ()
        assert all(folder.url_path.startswith("/") and folder.name for folder in first.items)

    def test_recorded_camera_time(self) -> None:
        document = self.document("bzimmer/image_UQpV019_metadata.json")
        stamp = document["Response"]["Image"]["DateTimeOriginal"]
        assert camera_time(str(stamp)) == "2019-08-04T11:28:12"
        assert "2019-08-04T11:28:12" in (RECORDED / "bzimmer/image_UQpV019_metadata.json").read_text()

    def test_every_recording_is_a_success(self) -> None:
        for path in sorted((RECORDED / "bzimmer").glob("*.json")):
            if path.name.startswith("upload_"):
                continue
            reply = Reply(200, {"content-type": "application/json"}, path.read_bytes())
            assert V2.failure(reply, TestFailures.CALL) is None, path.name
