"""Albums and photos, field by field: what the older API says in its many ways, and what it means."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smugsync.core import naming
from smugsync.core.model import Access, Account, Album, Kind, Promise, RemoteFile
from smugsync.errors import Garbled, Gone
from smugsync.remote.dialect import Page, Span
from smugsync.remote.smugmug_legacy import times
from smugsync.remote.smugmug_legacy.albums import address_part
from smugsync.remote.smugmug_legacy.dialect import OVERLAP, SmugMugLegacy
from smugsync.remote.smugmug_legacy.keys import parse_ref
from tests.remote.smugmug_legacy.small_legacy import API, Json, arguments, image, reply, video

V130, V120 = SmugMugLegacy("1.3.0", API), SmugMugLegacy("1.2.0", API)
ALBUM = Album("1234_xCXXu", "album:1234", "Foo", "/Foo", image_count=1)
SPAN = Span(1, 100)
OWNER = Account("nick", "user/1")


def page_of(items: object, *, count: object = 1, album: Album = ALBUM, **beside: object) -> Page[RemoteFile]:
    body = {"id": 1234, "Key": "xCXXu", "ImageCount": count, "Images": items}
    return V130.read_files(reply({"stat": "ok", "Album": body, **beside}), SPAN, album)


def read(item: Json) -> RemoteFile:
    page = page_of([item])
    assert page.faults == ()
    return page.items[0]


class TestPhotos:
    def test_the_promise_is_of_the_upload_where_the_original_is_offered(self) -> None:
        file = read(image(data=b"12345", Serial=2))
        assert file.promised == Promise("827ccb0eea8a706c4c34a16891f84e7b", 5)
        assert file.version == "2"

    @pytest.mark.parametrize("missing", [None, ""])
    def test_without_an_md5_the_size_is_promised(self, missing: str | None) -> None:
        assert read(image(data=b"12345", MD5Sum=missing)).promised == Promise(None, 5)

    def test_without_either_nothing_is(self) -> None:
        file = read(image(MD5Sum=None, Size=None))
        assert file.promised == Promise()
        assert file.source

    @pytest.mark.parametrize("missing", [None, ""])
    def test_an_original_that_is_not_offered_is_withheld_with_its_reason(self, missing: str | None) -> None:
        file = read(image(OriginalURL=missing))
        assert file.source is None
        assert "original is not offered" in file.withheld

    def test_what_the_service_keeps_to_itself_for_once_is_no_change(self) -> None:
        without: list[Json] = [{name: None} for name in ("Size", "MD5Sum", "LastUpdated")]
        assert {read(image(**fields)).version for fields in without} == {"0"}

    def test_without_a_serial_the_size_is_all_that_tells(self) -> None:
        assert [read(image(Serial=None, Size=size)).version for size in (5, 6, None)] == ["|5", "|6", "|"]

    def test_a_replacement_changes_the_version_and_everything_the_revision(self) -> None:
        one = read(image())
        assert read(image(Serial=1)).version != one.version
        other = read(image(MD5Sum="0" * 32))  # which comes and goes, so that the promise tells it
        assert (other.version, other.promised.md5) == (one.version, "0" * 32)
        edited = read(image(Caption="new", LastUpdated="2013-01-01 00:00:00"))
        assert (edited.version, edited.revision) == (one.version, "2013-01-01T08:00:00+00:00")

    def test_numbers_may_be_text_and_flags_numbers(self) -> None:
        item = image(
            id="9007199254740993", Serial="3", Size="17", Hidden="1", Latitude="48.5", Longtitude="11"
        )
        item["Longitude"] = None
        file = read(item)
        assert (file.key, file.serial, file.promised.size) == ("9007199254740993_rnSfAak", 3, 17)
        assert (file.details.hidden, file.details.latitude, file.details.longitude) == (True, "48.5", "11")

    def test_a_name_is_freed_of_its_entities_once(self) -> None:
        assert (
            read(image(FileName="Tom &amp; J&#233;r&ocirc;me&amp;amp;.jpg")).name == "Tom & Jérôme&amp;.jpg"
        )

    @pytest.mark.parametrize(
        "name",
        ["R&D&copyright.jpg", "Q&amplifier.jpg", "Tom & J&amp;.jpg", "a&notit;.jpg", "AT&T.jpg", "&;.jpg"],
    )
    def test_a_name_with_a_bare_ampersand_has_none(self, name: str) -> None:
        assert read(image(FileName=name)).name == name

    @pytest.mark.parametrize("missing", [None, ""])
    def test_strangers_are_told_no_name_and_no_format(self, missing: str | None) -> None:
        file = read(image(FileName=missing, Format=None, MD5Sum=None))
        assert (file.name, file.format) == ("", "JPG")
        assert naming.file_name(file.name, file.format, file.key) == "1970029991_rnSfAak.jpg"

    @pytest.mark.parametrize(
        ("line", "words"),
        [
            ("", ()),
            ("a; b c;", ("a", "b c")),
            ('a "b c" d', ("a", "b c", "d")),
            ("a b", ("a", "b")),
            ("a, b c", ("a", "b c")),
            ('"a b"; c', ("a b", "c")),
            (None, ()),
        ],
    )
    def test_keywords_in_any_of_their_forms(self, line: str | None, words: tuple[str, ...]) -> None:
        assert read(image(Keywords=line)).details.keywords == words

    def test_what_people_wrote_is_kept(self) -> None:
        details = read(image(Title="T", Caption="C", Latitude=1.5, Longitude=0)).details
        assert (details.title, details.caption, details.latitude, details.longitude) == ("T", "C", "1.5", "0")

    def test_a_photo_in_processing_comes_later(self) -> None:
        file = read(image(Status="Processing"))
        assert (file.processing, file.withheld) == (True, "still processing")
        assert not read(image(Status="Open")).processing

    @pytest.mark.parametrize(
        ("given", "asked"),
        [
            ("http://nick.smugmug.com/photos/1-O.jpg", "https://nick.smugmug.com/photos/1-O.jpg"),
            ("http://nick.smugmug.com:80/photos/1-O.jpg", "https://nick.smugmug.com/photos/1-O.jpg"),
            ("http://nick.smugmug.com:8080/1-O.jpg", "http://nick.smugmug.com:8080/1-O.jpg"),
            ("http://127.0.0.1:8000/photos/1-O.jpg", "http://127.0.0.1:8000/photos/1-O.jpg"),
            ("http://photos.example.com/1-O.jpg", "http://photos.example.com/1-O.jpg"),
            ("http://notsmugmug.com/1-O.jpg", "http://notsmugmug.com/1-O.jpg"),
            (
                "https://nick.smugmug.com/Ä b/100%/a%20b.jpg",
                "https://nick.smugmug.com/%C3%84%20b/100%25/a%20b.jpg",
            ),
        ],
    )
    def test_the_services_own_addresses_are_asked_with_tls(self, given: str, asked: str) -> None:
        assert read(image(OriginalURL=given)).source == asked

    @pytest.mark.parametrize(
        "broken",
        [
            {"id": None},
            {"id": ""},
            {"id": -1},
            {"id": "x"},
            {"Key": ["k"]},
            {"Key": "a\nb"},
            {"FileName": {"html": "x"}},
            {"Serial": "one"},
            {"Size": 10**30},
            {"Size": 1 << 40},
            {"MD5Sum": "nope"},
            {"OriginalURL": "javascript:alert(1)"},
            {"OriginalURL": "https://nick.smugmug.com:no/x.jpg"},
            {"OriginalURL": "http://[::1/x.jpg"},
            {"Hidden": "perhaps"},
        ],
    )
    def test_one_malformed_entry_is_left_out_and_named(self, broken: Json) -> None:
        page = page_of([image(1, "k1"), {**image(2, "k2"), **broken}, image(3, "k3")], count=3)
        assert [file.key for file in page.items] == ["1_k1", "3_k3"]
        assert len(page.faults) == 1
        assert "entry 2" in page.faults[0]


class TestVideos:
    @pytest.mark.parametrize("largest", [1920, 1280, 960, 640, 320])
    def test_the_largest_rendition_is_fetched_and_nothing_promised(self, largest: int) -> None:
        widths = (320, 640, 960, 1280, 1920)
        offered: Json = {
            f"Video{w}URL": f"http://nick.smugmug.com/{w}.mp4" if w <= largest else "" for w in widths
        }
        file = read(video(**offered))
        assert (file.kind, file.source) == (Kind.VIDEO, f"https://nick.smugmug.com/{largest}.mp4")
        assert file.promised == Promise()
        assert file.withheld == ""

    def test_what_the_documentation_misprints_is_as_large_as_what_it_means(self) -> None:
        named: Json = {"Video1280URL": None, "Video960URL": "http://nick.smugmug.com/960.mp4"}
        file = read(video(**named, Video12800URL="http://nick.smugmug.com/1280.mp4"))
        assert file.source == "https://nick.smugmug.com/1280.mp4"

    def test_its_version_is_its_serial_whatever_is_told_of_the_upload(self) -> None:
        assert {read(video(**more)).version for more in ({}, {"MD5Sum": None}, {"Size": 5})} == {"0"}
        assert read(video(Serial=1)).version == "1"
        assert read(video(Size=5)).original_size == 5

    @pytest.mark.parametrize("told", [{"Format": "MP4"}, {"Format": None, "Duration": 12}])
    def test_one_without_renditions_is_withheld(self, told: Json) -> None:
        none: Json = {f"Video{width}URL": None for width in (320, 640, 1280)}
        file = read(video(**{**none, **told}))
        assert (file.kind, file.source) == (Kind.VIDEO, None)
        assert "no rendition" in file.withheld

    @pytest.mark.parametrize("duration", [None, "", 0, 0.0, "0"])
    def test_a_photo_lasts_no_time(self, duration: object) -> None:
        assert read(image(Format=None, Duration=duration)).kind is Kind.PHOTO


class TestListings:
    def test_the_count_is_the_answers_own(self) -> None:
        assert page_of([image()], count=7).total == 7
        assert page_of([image()], count=None).total == 1

    def test_where_the_answer_does_not_count_the_album_does(self) -> None:
        body = {"stat": "ok", "Images": [image()]}
        assert V120.read_files(reply(body), SPAN, ALBUM).total == 1

    def test_an_empty_set_is_held_against_the_album(self) -> None:
        fifteen = reply({"stat": "fail", "code": 15, "message": "empty set - no images found"})
        assert V120.failure(fifteen, V120.files(ALBUM, SPAN)) is None
        page = V120.read_files(fifteen, SPAN, Album("1", "", "", "/x", image_count=24))
        assert (page.items, page.total) == ((), 24)

    def test_an_empty_set_that_nothing_counts_proves_nothing(self) -> None:
        for body in ({"stat": "fail", "code": 15, "message": ""}, {"stat": "ok", "Images": []}):
            assert V120.read_files(reply(body), SPAN, Album("1", "", "", "/x")).faults

    @pytest.mark.parametrize("images", [None, "absent"])
    def test_an_answer_without_a_list_is_an_empty_album_or_none_at_all(self, images: object) -> None:
        album: Json = {"id": 1234, "ImageCount": 0}
        if images is None:
            album["Images"] = None
        assert V130.read_files(reply({"stat": "ok", "Album": album}), SPAN, ALBUM) == Page((), 0)
        with pytest.raises(Garbled, match="holds no Images"):
            V130.read_files(reply({"stat": "ok", "Album": {**album, "ImageCount": 3}}), SPAN, ALBUM)
        with pytest.raises(Garbled, match="holds no Images"):
            V120.read_files(reply({"stat": "ok"}), SPAN, ALBUM)

    def test_another_albums_photos_are_refused(self) -> None:
        body = {"stat": "ok", "Album": {"id": 99, "ImageCount": 1, "Images": [image()]}}
        with pytest.raises(Garbled, match="another album"):
            V130.read_files(reply(body), SPAN, ALBUM)

    def test_a_list_with_holes_comes_as_an_object(self) -> None:
        assert len(page_of({"0": image(1, "k1"), "7": image(2, "k2")}, count=2).items) == 2

    def test_five_thousand_photos_with_every_field_are_read(self) -> None:
        more: Json = {f"Field{number}": "" for number in range(20)}
        page = page_of([image(number, f"k{number}", **more) for number in range(5000)], count=5000)
        assert len(page.items) == 5000

    def test_a_few_bytes_that_are_no_utf8_cost_no_photo(self) -> None:
        body = reply({"stat": "ok", "Images": [image(1, "k1"), image(2, "k2", Caption="M?nchen")]}).body
        for broken in (body.replace(b"M?nchen", b"M\xfcnchen"), body.replace(b"nchen", b"nche\xfc")):
            page = V120.read_files(reply(b"\xef\xbb\xbf" + broken), SPAN, ALBUM)
            assert ([file.key for file in page.items], page.faults) == (["1_k1", "2_k2"], ())
            assert "\ufffd" in page.items[1].details.caption

    def test_bytes_that_are_no_utf8_are_no_key(self) -> None:
        body = reply({"stat": "ok", "Images": [image(1, "k?1")]}).body.replace(b"k?1", b"k\xfc1", 1)
        assert V120.read_files(reply(body), SPAN, ALBUM).faults

    def test_the_commas_of_captions_are_no_values(self) -> None:
        item = image(Caption='a \\" comma' + "," * 1000)
        page = page_of([{**item, "id": number} for number in range(1100)], count=1100)
        assert (len(page.items), page.faults) == (1100, ())

    def test_what_is_larger_than_any_album_is_not_parsed(self) -> None:
        with pytest.raises(Garbled, match="more values than any album"):
            V130.read_files(reply(b"[" + b"0," * 1_000_001 + b"0]"), SPAN, ALBUM)


class TestLooks:
    FILE = read(image())

    def look(self, item: Json) -> RemoteFile:
        return V130.read_look(reply({"stat": "ok", "Image": item}), self.FILE).file

    def test_the_photo_is_asked_for_by_both_of_its_keys(self) -> None:
        (call,) = V130.look(self.FILE)
        asked = arguments(call)
        assert (asked["ImageID"], asked["ImageKey"]) == ("1970029991", "rnSfAak")

    def test_a_new_address_comes_of_it(self) -> None:
        item = image(OriginalURL="http://nick.smugmug.com/new.jpg", Album={"id": 1234, "Key": "xCXXu"})
        assert self.look(item).source == "https://nick.smugmug.com/new.jpg"
        assert self.look(image()) == self.FILE

    def test_in_another_album_it_is_gone_from_this_one(self) -> None:
        with pytest.raises(Gone):
            self.look(image(Album={"id": 1235, "Key": "yyyyy"}))

    @pytest.mark.parametrize("kind", ["Collected", "Smart"])
    def test_what_is_only_collected_from_another_album_is_here_all_the_same(self, kind: str) -> None:
        assert self.look(image(Album={"id": 1235, "Key": "yyyyy"}, Type=kind)).source

    @pytest.mark.parametrize("item", [image(5), image(key="other"), {}])
    def test_an_answer_about_another_photo_is_refused(self, item: Json) -> None:
        with pytest.raises(Garbled):
            self.look(item)

    def test_one_that_was_sent_is_known_by_its_number_first(self) -> None:
        stub = RemoteFile("1234", "1970029991", "a.jpg")
        (call,) = V120.look(stub)
        assert "ImageKey" not in arguments(call)
        item = image(Album={"id": 1234, "Key": "xCXXu"})
        found = V120.read_look(reply({"stat": "ok", "Image": item}), stub).file
        assert found.key == "1970029991_rnSfAak"


class TestAlbums:
    def read(self, dialect: SmugMugLegacy = V130, **changes: Any) -> Album:
        item: Json = {
            "id": 3517,
            "Key": "9VoYf",
            "Title": "Zürich & more",
            "NiceName": "Zurich-more",
            "Category": {"id": 33, "Name": "Trips & Travel", "NiceName": "Trips"},
            "SubCategory": {"id": 77, "Name": "Sub"},
            "ImageCount": 12,
            "LastUpdated": "2012-07-18 13:12:40",
            **changes,
        }
        kept = {name: value for name, value in item.items() if value is not None}
        return dialect.read_album(reply({"stat": "ok", "Album": kept}))

    def test_its_address_is_made_of_nice_names_and_else_of_names(self) -> None:
        assert self.read().url_path == "/Trips/Sub/Zurich-more"
        assert self.read(NiceName=None, SubCategory=None).url_path == "/Trips/Zürich-more"
        assert self.read(Category={"id": 33, "Title": "Old"}, NiceName="").url_path == "/Old/Sub/Zürich-more"
        assert self.read(NiceName=None, Title="!").url_path == "/Trips/Sub/3517_9VoYf"

    def test_a_place_whose_name_makes_no_address_has_its_number_there(self) -> None:
        hearts: dict[str, Any] = {
            "Category": {"id": 90, "Name": "♥"},
            "SubCategory": {"id": 91, "Title": "!?"},
        }
        assert self.read(**hearts).url_path == "/90/91/Zurich-more"
        with pytest.raises(Garbled, match="has no name"):
            self.read(Category={"id": 90}, SubCategory=None)

    @pytest.mark.parametrize("sub", [None, {"id": 0}, {"id": 0, "Name": ""}, "", [], False])
    def test_an_album_in_no_category_lies_at_the_top(self, sub: object) -> None:
        for category in ({"id": 0, "Name": "Other", "NiceName": "Other"}, {"id": 0}, None):
            assert self.read(Category=category, SubCategory=sub).url_path == "/Zurich-more"

    def test_a_subcategory_of_other_lies_in_other(self) -> None:
        assert self.read(Category={"id": 0}).url_path == "/Other/Sub/Zurich-more"

    def test_a_name_cannot_lead_elsewhere(self) -> None:
        assert self.read(NiceName="../x", SubCategory=None).url_path == "/Trips/..-x"

    def test_the_cursor_is_time_and_count_as_they_were_written(self) -> None:
        album = self.read()
        assert album.cursor == "2012-07-18 13:12:40|12"
        assert album.changed_at == int(datetime(2012, 7, 18, 20, 12, 40, tzinfo=UTC).timestamp())
        odd = self.read(LastUpdated="yesterday")
        assert (odd.cursor, odd.changed_at) == ("yesterday|12", None)

    @pytest.mark.parametrize("stamp", ["", None, "0000-00-00 00:00:00", "0000-00-00", "0"])
    def test_no_time_is_no_cursor(self, stamp: str | None) -> None:
        album = self.read(LastUpdated=stamp)
        assert (album.cursor, album.changed_at) == ("", None)

    def test_a_password_locks_out_strangers_alone(self) -> None:
        stranger = SmugMugLegacy("1.3.0", API, user="nick")
        locked = self.read(stranger, Passworded=True)
        assert (locked.access, locked.cursor, locked.image_count) == (Access.UNREADABLE, "", None)
        assert "remote.album_passwords" in locked.reason
        assert locked.url_path == "/Trips/Sub/Zurich-more"
        assert self.read(Passworded=True).access is Access.READABLE
        assert self.read(stranger, Passworded=True, Password="owner's view").access is Access.READABLE

    @pytest.mark.parametrize("name", ["3517_9VoYf", "9VoYf", "3517"])
    def test_a_known_password_opens_it_and_goes_along(self, name: str) -> None:
        dialect = SmugMugLegacy(
            "1.3.0", API, user="nick", album_passwords={name: "op3n"}, site_password="s1te"
        )
        album = self.read(dialect, Passworded=True)
        assert album.access is Access.READABLE
        file = RemoteFile(album.key, "5_kkkkk", "a.jpg")
        for call in (dialect.files(album, SPAN), *dialect.look(file)):
            assert (arguments(call)["Password"], arguments(call)["SitePassword"]) == ("op3n", "s1te")
        assert "Password" not in arguments(dialect.albums(OWNER, SPAN))
        assert arguments(dialect.albums(OWNER, SPAN))["SitePassword"] == "s1te"

    def test_no_list_at_all_is_no_answer(self) -> None:
        for body in ({"stat": "ok"}, {"stat": "ok", "Albums": None}):
            with pytest.raises(Garbled, match="holds no Albums"):
                V130.read_albums(reply(body), SPAN, OWNER)

    @pytest.mark.parametrize(
        ("name", "part"),
        [
            ("Fabulous me!", "Fabulous-me"),
            ("SmugMug's green hair", "SmugMugs-green-hair"),
            ("Black & White", "Black-White"),
            ("活动 / 影集", "活动-影集"),
            ("lower_case", "Lower-case"),
            ("...", ""),
        ],
    )
    def test_a_name_becomes_an_address_in_smugmugs_way(self, name: str, part: str) -> None:
        assert address_part("", name) == part


class TestChanges:
    SINCE = "2012-07-18 13:12:40|1"

    @pytest.mark.parametrize("version", ["1.2.2", "1.3.0"])
    def test_they_are_asked_for_since_two_hours_before(self, version: Any) -> None:
        call = SmugMugLegacy(version, API).changes(ALBUM, self.SINCE, SPAN)
        assert call is not None
        asked = arguments(call)
        expected = int(datetime(2012, 7, 18, 20, 12, 40, tzinfo=UTC).timestamp()) - OVERLAP
        assert (asked["LastUpdated"], asked["Heavy"], asked["AlbumKey"]) == (str(expected), "1", "xCXXu")

    @pytest.mark.parametrize("version", ["1.2.0", "1.2.1"])
    def test_the_oldest_versions_cannot(self, version: Any) -> None:
        assert SmugMugLegacy(version, API).changes(ALBUM, self.SINCE, SPAN) is None

    @pytest.mark.parametrize("since", ["", "|1", "0000-00-00 00:00:00|1", "x"])
    def test_without_a_time_only_the_whole_will_do(self, since: str) -> None:
        assert V130.changes(ALBUM, since, SPAN) is None

    def test_nor_where_photos_were_deleted(self) -> None:
        assert V130.changes(ALBUM, "2012-07-18 13:12:40|2", SPAN) is None
        assert V130.changes(ALBUM, "2012-07-18 13:12:40|0", SPAN) is not None

    def test_no_count_is_believed_of_them(self) -> None:
        body = {"id": 1234, "Key": "xCXXu", "ImageCount": 900, "Images": [image()]}
        page = V130.read_changes(reply({"stat": "ok", "Album": body}), SPAN, ALBUM)
        assert (len(page.items), page.total, page.faults) == (1, None, ())

    @pytest.mark.parametrize(
        "body",
        [
            {"stat": "fail", "code": 15, "message": "empty set - no images found"},
            {"stat": "ok", "Album": {"id": 1234, "Key": "xCXXu", "ImageCount": 9, "Images": []}},
        ],
    )
    def test_nothing_changed_in_either_way(self, body: Json) -> None:
        call = V130.changes(ALBUM, self.SINCE, SPAN)
        assert call is not None
        assert V130.failure(reply(body), call) is None
        assert V130.read_changes(reply(body), SPAN, ALBUM) == Page(())


class TestTimes:
    @pytest.mark.parametrize(
        ("wall", "utc"),
        [
            ("2012-07-18 13:12:40", "2012-07-18T20:12:40+00:00"),  # summer: 7 hours
            ("2012-01-18 13:12:40", "2012-01-18T21:12:40+00:00"),  # winter: 8 hours
            ("2012-11-04 01:30:00", "2012-11-04T08:30:00+00:00"),  # comes twice: the first
            ("2012-11-04 02:00:00", "2012-11-04T10:00:00+00:00"),
            ("2012-03-11 01:59:59", "2012-03-11T09:59:59+00:00"),
            ("2012-03-11 03:00:00", "2012-03-11T10:00:00+00:00"),
            ("2007-03-20 12:00:00", "2007-03-20T19:00:00+00:00"),  # by the rules of that year
            ("2006-03-20 12:00:00", "2006-03-20T20:00:00+00:00"),
        ],
    )
    def test_californian_time_by_its_rules(self, wall: str, utc: str) -> None:
        assert times.utc(wall) == utc
        assert times.seconds(wall) == int(datetime.fromisoformat(utc).timestamp())

    @pytest.mark.parametrize(
        "nonsense",
        ["", "0000-00-00 00:00:00", "yesterday", "0001-01-01 00:00:00", "1960-01-01 00:00:00", "9"],
    )
    def test_no_time_at_all(self, nonsense: str) -> None:
        assert (times.seconds(nonsense), times.utc(nonsense)) == (None, "")

    @given(st.datetimes(datetime(1990, 1, 1), datetime(2035, 1, 1)))
    def test_never_later_than_the_moment_that_was_meant(self, moment: datetime) -> None:
        meant = moment.replace(tzinfo=UTC, microsecond=0)
        wall = meant.astimezone(ZoneInfo("America/Los_Angeles")).strftime("%Y-%m-%d %H:%M:%S")
        back = times.seconds(wall)
        assert back is not None
        assert meant.timestamp() - back in (0, timedelta(hours=1).total_seconds())


@given(st.integers(0, 2**63 - 1), st.from_regex(r"[0-9A-Za-z]{0,8}", fullmatch=True))
def test_keys_come_apart_as_they_were_joined(number: int, word: str) -> None:
    file = read({**image(number), "Key": word})
    assert parse_ref(file.key) == (str(number), word)
