"""Categories as folders: what lies where, what it is called, and how more of it is made."""

from __future__ import annotations

from typing import Any

import pytest

from smugsync.core.model import Account, Privacy
from smugsync.errors import Garbled, Rejected
from smugsync.remote.dialect import Call, Folder, Node, Page, Reply, Span
from smugsync.remote.listing import Listing
from smugsync.remote.smugmug_legacy.dialect import SmugMugLegacy
from tests.remote.smugmug_legacy.small_legacy import API, Json, arguments, fail, ok, reply

V120, V122 = SmugMugLegacy("1.2.0", API), SmugMugLegacy("1.2.2", API)
V130 = SmugMugLegacy("1.3.0", API, word=lambda: "nobody-knows")
FIRST, SECOND = Span(1, 100), Span(2, 100)
OWNER = Account("nick", "user/nick")

OTHER: Json = {"id": 0, "Name": "Other"}
TRIPS: Json = {"id": 33, "Name": "Trips & more", "NiceName": "Trips"}
ICE: Json = {"id": 77, "Name": "Iceland"}
ALBUMS: list[Json] = [
    {"id": 1, "Key": "aaaaa", "Title": "At the top", "Category": OTHER},
    {"id": 2, "Key": "bbbbb", "Title": "In trips", "NiceName": "In-Trips", "Category": TRIPS},
    {"id": 3, "Key": "ccccc", "Title": "In ice", "Category": TRIPS, "SubCategory": ICE},
    {"id": 4, "Key": "ddddd", "Title": "Odd", "Category": OTHER, "SubCategory": {"id": 78, "Name": "Sub"}},
]


def answered(call: Call, **payload: object) -> Reply:
    return ok(call, **payload)


def below(node: str, dialect: SmugMugLegacy = V130) -> Page[Node]:
    """The second half of a folder: what the list of all albums says of it."""
    return dialect.read_children(answered(dialect.children(node, SECOND), Albums=ALBUMS), SECOND)


def names(page: Page[Node]) -> list[tuple[str, str, str]]:
    return [(node.kind, node.node_id, node.name) for node in page.items]


class TestContents:
    def test_the_top_is_categories_and_then_albums_without_one(self) -> None:
        call = V130.children("user/303189", FIRST)
        assert arguments(call) == {"method": "smugmug.categories.get"}
        page = V130.read_children(answered(call, Categories=[OTHER, TRIPS]), FIRST)
        assert names(page) == [("folder", "category:0", "Other"), ("folder", "category:33", "Trips & more")]
        assert page.next == SECOND
        assert arguments(V130.children("0", SECOND))["method"] == "smugmug.albums.get"
        assert names(below("0")) == [
            ("album", "album:1", "At the top"),
            ("folder", "category:0", "Other"),
            ("folder", "category:33", "Trips & more"),
            ("folder", "category:33", "Trips & more"),
            ("folder", "category:0", "Other"),
        ]

    def test_a_category_is_subcategories_and_then_its_albums(self) -> None:
        call = V130.children("category:33", FIRST)
        assert arguments(call) == {"method": "smugmug.subcategories.get", "CategoryID": "33"}
        page = V130.read_children(answered(call, SubCategories=[ICE]), FIRST)
        assert names(page) == [("folder", "subcategory:33/77", "Iceland")]
        assert names(below("category:33")) == [
            ("album", "album:2", "In trips"),
            ("folder", "subcategory:33/77", "Iceland"),
        ]

    def test_a_subcategory_is_albums(self) -> None:
        call = V130.children("subcategory:33/77", FIRST)
        assert arguments(call)["method"] == "smugmug.albums.get"
        page = V130.read_children(answered(call, Albums=ALBUMS), FIRST)
        assert page.items == (
            Node("album", "album:3", "In ice", url_path="/Trips/Iceland/In-ice", album_key="3_ccccc"),
        )
        assert page.next is None

    def test_category_other_holds_what_lies_at_the_top_too(self) -> None:
        assert names(below("category:0")) == [
            ("album", "album:1", "At the top"),
            ("folder", "subcategory:0/78", "Sub"),
        ]

    def test_the_whole_listing_is_read_and_each_folder_once(self) -> None:
        def answer(call: Call) -> Reply:
            asked = arguments(call)
            if asked["method"] == "smugmug.categories.get":
                return answered(call, Categories=[TRIPS])
            return answered(call, Albums=ALBUMS)

        def read(span: Span) -> Page[Node]:
            return V130.read_children(answer(V130.children("0", span)), span)

        listing = Listing(read, FIRST, lambda node: node.node_id)
        found = [node.node_id for page in listing for node in page]
        assert found == ["category:33", "album:1", "category:0"]
        assert listing.complete, listing.why

    @pytest.mark.parametrize("refused", [15, 17])
    def test_without_categories_those_of_the_albums_are_all(self, refused: int) -> None:
        call = V130.children("0", FIRST)
        answer = fail(refused, url=call.url)
        assert V130.failure(answer, call) is None
        assert V130.read_children(answer, FIRST) == Page((), None, SECOND)

    def test_light_lists_are_enough_and_later_versions_are_asked_for_addresses(self) -> None:
        assert "Extras" not in arguments(V120.children("0", SECOND))
        for dialect in (V122, V130):
            asked = arguments(dialect.children("0", SECOND))
            assert (asked["Extras"], "Heavy" in asked) == ("NiceName,URL", False)

    def test_what_was_asked_is_noted_where_it_is_never_sent(self) -> None:
        for node in ("0", "category:33", "subcategory:33/77"):
            url, _, note = V130.children(node, SECOND).url.partition("#")
            assert "category" not in url
            assert note

    def test_an_answer_that_nobody_asked_for_is_refused(self) -> None:
        with pytest.raises(Garbled):
            V130.read_children(reply({"stat": "ok", "Albums": ALBUMS}), SECOND)

    def test_a_list_that_is_missing_is_no_empty_one(self) -> None:
        for span in (FIRST, SECOND):
            call = V130.children("0", span)
            with pytest.raises(Garbled):
                V130.read_children(answered(call), span)

    def test_only_what_says_that_it_is_empty_is(self) -> None:
        for none in (15, 17):
            assert V130.read_children(fail(none, url=V130.children("0", FIRST).url), FIRST).items == ()
        for code in (21, 5, None):
            with pytest.raises(Garbled, match="holds no Albums"):
                V130.read_albums(fail(code), FIRST, OWNER)

    def test_an_album_without_an_id_is_a_fault(self) -> None:
        page = V130.read_children(answered(V130.children("0", SECOND), Albums=[{"Title": "x"}]), SECOND)
        assert (page.items, len(page.faults)) == ((), 1)


class TestNames:
    EXPECTED = (
        Folder("/Trips", "Trips & more", "category:33", has_children=False),
        Folder("/Trips/Iceland", "Iceland", "subcategory:33/77", has_children=False),
        Folder("/Other", "Other", "category:0", has_children=False),
        Folder("/Other/Sub", "Sub", "subcategory:0/78", has_children=False),
    )

    def test_they_are_those_of_the_albums_addresses(self) -> None:
        call = V130.folders("user/1", FIRST)
        assert arguments(call) == {"method": "smugmug.albums.get", "Heavy": "1"}
        page = V130.read_folders(answered(call, Albums=ALBUMS), FIRST)
        assert page.items == self.EXPECTED
        assert page.next is None

    @pytest.mark.parametrize("empty", [[], None, "absent"])
    def test_the_oldest_versions_have_a_tree(self, empty: object) -> None:
        bare: Json = {"SubCategories": empty, "Albums": empty} if empty != "absent" else {}
        tree: list[Json] = [
            {**OTHER, "Albums": [{"id": 1, "Title": "x"}], "SubCategories": [{"id": 78, "Name": "Sub"}]},
            {**TRIPS, "SubCategories": [ICE]},
            {"id": 34, "Name": "Empty", **bare},
        ]
        call = SmugMugLegacy("1.2.1", API, user="nick").folders("user/nick", FIRST)
        assert arguments(call) == {"method": "smugmug.users.getTree", "NickName": "nick"}
        page = V120.read_folders(answered(call, Categories=tree), FIRST)
        assert set(page.items) == {
            *self.EXPECTED,
            Folder("/Empty", "Empty", "category:34", has_children=False),
        }
        assert page.faults == ()

    @pytest.mark.parametrize("version", ["1.2.0", "1.2.1", "1.2.2", "1.3.0"])
    def test_a_site_with_a_password_is_asked_with_it(self, version: Any) -> None:
        dialect = SmugMugLegacy(version, API, user="nick", site_password="s1te")
        for call in (dialect.folders("user/nick", FIRST), dialect.albums(OWNER, FIRST), dialect.account()):
            asked = arguments(call)
            assert (asked["NickName"], asked["SitePassword"]) == ("nick", "s1te")

    def test_nothing_at_all_has_no_names(self) -> None:
        assert V120.read_folders(fail(15), FIRST) == Page(())


class TestMaking:
    @pytest.mark.parametrize(
        ("parent", "expected"),
        [
            ("user/1", {"method": "smugmug.categories.create", "Name": "Café & more"}),
            (
                "category:33",
                {"method": "smugmug.subcategories.create", "CategoryID": "33", "Name": "Café & more"},
            ),
        ],
    )
    def test_folders(self, parent: str, expected: dict[str, str]) -> None:
        call = V130.make(parent, "folder", "Café & more", Privacy.PRIVATE)
        assert (call.method, call.idempotent) == ("POST", False)
        assert call.url.partition("#")[0] == f"{API}/services/api/json/1.3.0/"
        assert arguments(call) == expected

    def test_a_name_that_is_no_unicode_can_be_asked_for_all_the_same(self) -> None:
        call = V130.make("0", "folder", "a\udcffb", Privacy.PUBLIC)
        assert arguments(call)["Name"] == "a?b"
        assert V130.read_made(answered(call, Category={"id": 9})).name == "a?b"

    def test_there_is_no_third_level(self) -> None:
        with pytest.raises(Rejected, match="no folders in those"):
            V130.make("subcategory:33/77", "folder", "x", Privacy.PUBLIC)

    @pytest.mark.parametrize(
        ("parent", "place"),
        [
            ("user/1", {"CategoryID": "0"}),
            ("category:33", {"CategoryID": "33"}),
            ("subcategory:33/77", {"CategoryID": "33", "SubCategoryID": "77"}),
        ],
    )
    def test_albums(self, parent: str, place: dict[str, str]) -> None:
        call = V130.make(parent, "album", "Foo", Privacy.PUBLIC)
        assert arguments(call) == {"method": "smugmug.albums.create", "Title": "Foo", **place, "Public": "1"}

    def test_an_album_is_never_more_public_than_it_was_asked_for(self) -> None:
        unlisted = arguments(V130.make("0", "album", "x", Privacy.UNLISTED))
        assert (unlisted["Public"], "Password" in unlisted) == ("0", False)
        private = arguments(V130.make("0", "album", "x", Privacy.PRIVATE))
        assert (private["Public"], private["Password"]) == ("0", "nobody-knows")

    def test_its_password_is_another_one_each_time_and_is_not_shown(self) -> None:
        calls = [V120.make("0", "album", "x", Privacy.PRIVATE) for _ in range(3)]
        words = {arguments(call)["Password"] for call in calls}
        assert len(words) == 3
        assert all(len(word) >= 12 and word not in repr(calls) for word in words)

    def test_what_was_made_is_known_by_its_number_and_the_name_it_was_given(self) -> None:
        cases: list[tuple[str, str, Json, Node]] = [
            ("0", "folder", {"Category": {"id": 9}}, Node("folder", "category:9", "A b", "A-b")),
            (
                "category:33",
                "folder",
                {"SubCategory": {"id": 8}},
                Node("folder", "subcategory:33/8", "A b", "A-b"),
            ),
            (
                "subcategory:33/77",
                "album",
                {"Album": {"id": 7, "Key": "kkkkk", "URL": "http://nick.smugmug.com/x"}},
                Node("album", "album:7", "A b", album_key="7_kkkkk"),
            ),
        ]
        for parent, kind, payload, node in cases:
            call = V130.make(parent, "album" if kind == "album" else "folder", "A b", Privacy.PUBLIC)
            assert V130.read_made(answered(call, **payload)) == node

    def test_a_folder_whose_name_makes_no_address_is_found_again_where_it_was_made(self) -> None:
        made = V130.read_made(answered(V130.make("0", "folder", "♥", Privacy.PUBLIC), Category={"id": 9}))
        item = {"id": 1, "Title": "x", "Category": {"id": 9, "Name": "♥"}}
        (found, _) = V130.read_children(
            answered(V130.children("0", SECOND), Albums=[item, {"id": 2, "Title": "y"}]), SECOND
        ).items
        assert made == found == Node("folder", "category:9", "♥", "9")

    @pytest.mark.parametrize("payload", [{}, {"Album": True}, {"Category": {}}, {"Album": {"id": "x"}}])
    def test_an_answer_that_names_nothing_is_refused(self, payload: Json) -> None:
        with pytest.raises(Garbled):
            V130.read_made(answered(V130.make("0", "album", "x", Privacy.PUBLIC), **payload))
