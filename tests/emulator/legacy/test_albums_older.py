"""Albums: what is listed to whom, what they say, and how they are changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from smugsync.emulator.emulator import Emulator
from smugsync.emulator.settings import Settings
from tests.emulator.ask import Client
from tests.emulator.legacy.asking import (
    PASSWORD,
    VERSIONS,
    Clock,
    Older,
    login,
    new_album,
    owner,
    picture,
    small,
)


def titles(client: Older, **arguments: Any) -> set[str]:
    return {album["Title"] for album in client.ok("albums.get", **arguments)["Albums"]}


def info(client: Older, name: str, **arguments: Any) -> Any:
    album = client.album(name)
    number = client.id_of(album)
    return client.ok("albums.getInfo", AlbumID=number, AlbumKey=album.key, **arguments)["Album"]


def guest(client: Older) -> Older:
    if client.version == "1.3.0":
        return client.anonymous()
    client = client.anonymous()
    return replace(client, session=client.ok("login.anonymously")["Login"]["Session"]["id"])


EVERYTHING = {
    *("Ring Road", "Deep", "Zoë's birthday 🎂", "Letters", "Wedding M + J", "Proofs", "Drafts", "Best of"),
    "Nothing yet",
}


class TestLists:
    @pytest.mark.parametrize("version", VERSIONS)
    def test_the_owner_sees_every_album_at_once(self, version: str) -> None:
        assert titles(owner(version)) == EVERYTHING

    @pytest.mark.parametrize("version", VERSIONS)
    def test_others_see_what_is_public(self, version: str) -> None:
        client = guest(owner(version))
        assert titles(client, NickName="demo") == EVERYTHING - {"Letters", "Drafts"}

    def test_the_newer_api_lists_the_same_albums(self) -> None:
        client = owner("1.3.0")
        newer = Client(client.emulator).all("/api/v2/user/demo!albums", "Album")
        assert {one["AlbumKey"] for one in newer} == {one["Key"] for one in client.ok("albums.get")["Albums"]}

    def test_thousands_come_in_one_answer(self) -> None:
        emulator = Emulator(Settings(albums=1200, images=1))
        assert len(login(emulator).ok("albums.get")["Albums"]) == 1200

    @pytest.mark.parametrize("version", VERSIONS)
    def test_a_user_that_is_none_is_invalid(self, version: str) -> None:
        assert owner(version).code("albums.get", NickName="nobody") == 4

    def test_what_is_in_two_folders_is_in_category_and_subcategory(self) -> None:
        client = owner()
        [ring] = [one for one in client.ok("albums.get")["Albums"] if one["Title"] == "Ring Road"]
        assert (ring["Category"]["Name"], ring["SubCategory"]["Name"]) == ("Travel", "Iceland 2019")

    def test_what_is_deeper_is_in_the_subcategory_above_it(self) -> None:
        client = owner()
        [deep] = [one for one in client.ok("albums.get")["Albums"] if one["Title"] == "Deep"]
        assert (deep["Category"]["Name"], deep["SubCategory"]["Name"]) == ("Travel", "Iceland 2019")

    def test_what_is_right_in_the_root_is_of_other(self) -> None:
        [best] = [one for one in owner().ok("albums.get")["Albums"] if one["Title"] == "Best of"]
        assert best["Category"] == {"id": 0, "Name": "Other"}
        assert "SubCategory" not in best

    @pytest.mark.parametrize("version", ["1.2.2", "1.3.0"])
    def test_extras_add_fields_to_a_light_answer(self, version: str) -> None:
        client = owner(version)
        plain = client.ok("albums.get")["Albums"][0].keys()
        more = client.ok("albums.get", Extras="LastUpdated,URL")["Albums"][0].keys()
        assert more == plain | {"LastUpdated", "URL"}

    def test_before_1_2_2_there_are_no_extras(self) -> None:
        client = owner("1.2.1")
        assert "LastUpdated" not in client.ok("albums.get", Extras="LastUpdated")["Albums"][0]

    def test_a_light_entry_of_1_3_0_has_its_page(self) -> None:
        client = owner("1.3.0")
        [ring] = [one for one in client.ok("albums.get")["Albums"] if one["Title"] == "Ring Road"]
        assert ring["URL"] == (
            f"http://demo.smugmug.com/Travel/Iceland-2019/Ring-Road/{ring['id']}_{ring['Key']}"
        )
        assert ring["NiceName"] == "Ring-Road"

    def test_empty_ones_may_be_left_out(self) -> None:
        client = owner("1.2.2")
        assert titles(client, Empty=0) == EVERYTHING - {"Nothing yet"}
        assert titles(client, Empty=1) == EVERYTHING
        assert titles(owner("1.2.1"), Empty=0) == EVERYTHING


class TestEmptyLists:
    @pytest.mark.parametrize("version", ["1.2.0", "1.2.1", "1.2.2"])
    def test_fail_before_1_3_0(self, version: str) -> None:
        answer = small(version).ask("albums.get")
        assert (answer["code"], answer["message"]) == (15, "empty set - no albums found")

    def test_are_lists_in_1_3_0(self) -> None:
        assert small("1.3.0").ok("albums.get")["Albums"] == []

    def test_fail_in_1_3_0_where_strictness_is_asked_for(self) -> None:
        assert small("1.3.0").code("albums.get", Strict=1) == 15


class TestLastUpdated:
    def client(self, version: str) -> tuple[Older, Clock]:
        clock = Clock(1_234_400_000)
        client = owner(version, clock=clock)
        if version == "1.3.0":  # signed with the real time, for which the clock stands too far back
            client = replace(login(client.emulator, "1.2.2"), version="1.3.0")
        clock.now += 1000
        return client, clock

    def test_is_the_wall_clock_of_california(self) -> None:
        client, _ = self.client("1.2.0")
        assert info(client, "Ring Road")["LastUpdated"] == "2009-02-11 16:53:20"

    @pytest.mark.parametrize(
        ("at", "text"),
        [
            (1_234_400_000, "2009-02-11 16:53:20"),  # PST
            (1_247_000_000, "2009-07-07 13:53:20"),  # PDT
            (1_257_065_999, "2009-11-01 01:59:59"),  # the hour that comes twice ...
            (1_257_066_000, "2009-11-01 01:00:00"),
            (1_236_506_400, "2009-03-08 03:00:00"),  # ... and the one that never comes
        ],
    )
    def test_summer_comes_and_goes(self, at: int, text: str) -> None:
        client = small(clock=Clock(at))
        new_album(client)
        assert info(client, "New")["LastUpdated"] == text

    @pytest.mark.parametrize("version", ["1.2.2", "1.3.0"])
    def test_asks_for_what_changed_strictly_after(self, version: str) -> None:
        client, clock = self.client(version)
        client.emulator.account.add_photo(client.album("Letters"), "new.jpg", picture(1))
        now = int(clock.now)
        assert titles(client, LastUpdated=now - 1) == {"Letters"}
        assert titles(client, LastUpdated=0) == EVERYTHING
        if version == "1.3.0":
            assert titles(client, LastUpdated=now) == set()
            assert client.code("albums.get", LastUpdated=now, Strict=1) == 15
        else:
            assert client.code("albums.get", LastUpdated=now) == 15

    def test_is_not_looked_at_before_1_2_2(self) -> None:
        client, clock = self.client("1.2.1")
        assert titles(client, LastUpdated=int(clock.now) + 1000) == EVERYTHING

    @pytest.mark.parametrize("what", ["caption", "upload", "replace", "delete", "title"])
    def test_moves_with_pictures_and_settings(self, what: str) -> None:
        client, clock = self.client("1.2.2")
        account, album = client.emulator.account, client.album("Ring Road")
        match what:
            case "caption":
                account.edit(album.photos[0], caption="New")
            case "upload":
                account.add_photo(album, "new.jpg", picture(5))
            case "replace":
                account.replace(album.photos[0], picture(5))
            case "delete":
                account.delete(album.photos[1])
            case _:
                account.rename(album.node, name="New")
        assert album.node.name in titles(client, LastUpdated=int(clock.now) - 1)


class TestInfo:
    def test_is_what_the_heavy_list_has(self) -> None:
        client = owner("1.2.2")
        [listed] = [one for one in client.ok("albums.get", Heavy=1)["Albums"] if one["Title"] == "Letters"]
        assert info(client, "Letters") == listed

    def test_of_1_2_0_has_places_without_names(self) -> None:
        shown = info(owner(), "Best of")
        assert (shown["Category"], shown["SubCategory"]) == ({"id": 0}, {"id": 0})

    def test_needs_the_key_in_1_3_0(self) -> None:
        client = owner("1.3.0")
        assert client.code("albums.getInfo", AlbumID=client.id_of(client.album("Letters"))) == 22

    @pytest.mark.parametrize("version", VERSIONS)
    def test_a_wrong_key_is_told(self, version: str) -> None:
        client = owner(version)
        number = client.id_of(client.album("Letters"))
        assert client.code("albums.getInfo", AlbumID=number, AlbumKey="xxxxxx") == 4

    def test_the_password_is_for_the_owner(self) -> None:
        client = owner("1.2.2")
        assert info(client, "Wedding M + J")["Password"] == PASSWORD
        stranger = guest(client)
        for shown in stranger.ok("albums.get", NickName="demo", Heavy=1)["Albums"]:
            assert "Password" not in shown
            assert shown["Passworded"] == (shown["Title"] == "Wedding M + J")

    def test_a_chosen_image_stands_for_the_album(self) -> None:
        client = owner("1.2.2")
        album = client.album("Ring Road")
        client.emulator.account.edit_node(album.node, highlight=album.photos[1].key)
        assert info(client, "Ring Road")["Highlight"] == {
            "id": client.id_of(album.photos[1]),
            "Key": album.photos[1].key,
            "Type": "Featured",
        }


class TestPasswords:
    @pytest.mark.parametrize("version", VERSIONS)
    def test_open_an_album_to_others(self, version: str) -> None:
        client = owner(version)
        album = client.album("Wedding M + J")
        named = {"AlbumID": client.id_of(album), "AlbumKey": album.key}
        stranger = guest(client)
        assert stranger.code("images.get", **named) == 4
        assert stranger.code("images.get", **named, Password="wrong") == 4
        assert stranger.code("images.get", **named, SitePassword=PASSWORD) == 4
        assert stranger.ok("images.get", **named, Password=PASSWORD)
        assert stranger.code("images.get", **named) == 4
        assert stranger.code("albums.getInfo", **named) == 4
        assert stranger.ok("albums.getInfo", **named, Password=PASSWORD)

    def test_of_the_site_open_everything(self) -> None:
        client = owner()
        account = client.emulator.account
        account.edit_node(account.root, security="Password", password="all of it")
        album = client.album("Ring Road")
        number = client.id_of(album)
        stranger = guest(client)
        assert stranger.code("images.get", AlbumID=number) == 4
        assert stranger.code("images.get", AlbumID=number, Password="all of it") == 4
        assert stranger.ok("images.get", AlbumID=number, SitePassword="all of it")
        assert stranger.code("albums.get", NickName="demo") == 4
        assert stranger.code("users.getTree", NickName="demo") == 4
        shown = stranger.ok("albums.get", NickName="demo", SitePassword="all of it", Heavy=1)["Albums"]
        assert {"Ring Road", 3} <= {shown[0]["Title"], shown[0]["ImageCount"]}
        assert stranger.ok("users.getTree", NickName="demo", SitePassword="all of it")

    def test_open_an_image(self) -> None:
        client = owner("1.3.0")
        image = client.album("Wedding M + J").photos[0]
        named = {"ImageID": client.id_of(image), "ImageKey": image.key}
        stranger = guest(client)
        assert stranger.code("images.getInfo", **named) == 4
        assert stranger.ok("images.getInfo", **named, Password=PASSWORD)

    def test_nobody_else_opens_what_is_private(self) -> None:
        client = owner("1.3.0")
        album = client.album("Letters")
        stranger = guest(client)
        assert stranger.code("images.get", AlbumID=client.id_of(album), AlbumKey=album.key) == 9
        drafts = client.album("Drafts")
        assert stranger.ok("images.get", AlbumID=client.id_of(drafts), AlbumKey=drafts.key)


SETTINGS: dict[str, Any] = {
    "Title": "Other",
    "Description": "What it is",
    "Keywords": "a; b",
    "Public": False,
    "Password": "secret",
    "PasswordHint": "hint",
    "Printable": False,
    "Filenames": True,
    "Comments": False,
    "External": False,
    "EXIF": False,
    "Share": False,
    "SortMethod": "FileName",
    "SortDirection": True,
    "FamilyEdit": True,
    "FriendEdit": True,
    "HideOwner": True,
    "CanRank": False,
    "Clean": True,
    "Geography": False,
    "SmugSearchable": False,
    "WorldSearchable": False,
    "Protected": True,
    "Watermarking": True,
    "DefaultColor": True,
    "ProofDays": 7,
    "Backprinting": "Back",
    "Header": False,
    "UnsharpAmount": 0.5,
    "SquareThumbs": False,
    "ColorCorrection": 1,
    "BoutiquePackaging": 1,
    "InterceptShipping": 0,
    "PackagingBranding": False,
    "UploadKey": "guests",
    "NiceName": "Nice",
}


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("how", ["new", "changed"])
def test_a_setting_is_kept(name: str, how: str) -> None:
    client = small("1.2.2")
    value = SETTINGS[name]
    if how == "new":
        number = new_album(client, **{name: value}) if name != "Title" else new_album(client, "Other")
    else:
        number = new_album(client, "Before")
        client.ok("albums.changeSettings", AlbumID=number, **{name: value})
    assert client.ok("albums.getInfo", AlbumID=number)["Album"][name] == value


@pytest.mark.parametrize(
    "method", ["Position", "Caption", "FileName", "Date", "DateTime", "DateTimeOriginal"]
)
def test_every_sort_method_is_kept(method: str) -> None:
    client = small()
    number = new_album(client, SortMethod=method)
    assert client.ok("albums.getInfo", AlbumID=number)["Album"]["SortMethod"] == method


class TestSizes:
    FLAGS = ("Larges", "XLarges", "X2Larges", "X3Larges", "Originals")

    def flags(self, client: Older, number: int) -> list[bool]:
        shown = client.ok("albums.getInfo", AlbumID=number)["Album"]
        return [shown[name] for name in self.FLAGS]

    def test_a_new_album_shows_all(self) -> None:
        client = small()
        assert self.flags(client, new_album(client)) == [True] * 5

    def test_the_largest_that_is_allowed_decides(self) -> None:
        client = small()
        number = new_album(client, Originals=0)
        assert self.flags(client, number) == [True] * 4 + [False]
        client.ok("albums.changeSettings", AlbumID=number, X3Larges=0, X2Larges=0)
        assert self.flags(client, number) == [True, True, False, False, False]
        client.ok("albums.changeSettings", AlbumID=number, XLarges=0, Larges=0)
        assert self.flags(client, number) == [False] * 5
        client.ok("albums.changeSettings", AlbumID=number, Originals=1)
        assert self.flags(client, number) == [True] * 5


class TestChanges:
    def test_are_there_in_the_newer_api(self) -> None:
        client = small()
        number = new_album(client, "Older", Description="D", Public=0)
        key = client.album("Older").key
        shown = Client(client.emulator).get(f"/api/v2/album/{key}")["Response"]["Album"]
        assert (shown["Name"], shown["Description"], shown["Privacy"]) == ("Older", "D", "Unlisted")
        client.ok("albums.delete", AlbumID=number)
        assert Client(client.emulator).status(f"/api/v2/album/{key}") == 404

    def test_a_category_moves_the_album(self) -> None:
        client = owner()
        album = client.album("Best of")
        [ring] = [one for one in client.ok("albums.get")["Albums"] if one["Title"] == "Ring Road"]
        number, category, sub = client.id_of(album), ring["Category"]["id"], ring["SubCategory"]["id"]
        client.ok("albums.changeSettings", AlbumID=number, CategoryID=category)
        assert album.node.url_path == "/Travel/Best-of"
        client.ok("albums.changeSettings", AlbumID=number, CategoryID=category, SubCategoryID=sub)
        assert album.node.url_path == "/Travel/Iceland-2019/Best-of"
        client.ok("albums.changeSettings", AlbumID=number, CategoryID=0)
        assert album.node.url_path == "/Best-of"

    def test_a_subcategory_of_another_category_is_invalid(self) -> None:
        client = owner()
        listed = {one["Title"]: one for one in client.ok("albums.get")["Albums"]}
        answer = client.code(
            "albums.changeSettings",
            AlbumID=listed["Best of"]["id"],
            CategoryID=listed["Letters"]["Category"]["id"],
            SubCategoryID=listed["Ring Road"]["SubCategory"]["id"],
        )
        assert answer == 16

    @pytest.mark.parametrize(
        ("version", "strict", "code"),
        [
            ("1.2.0", 0, None),
            ("1.2.1", 0, None),
            ("1.2.2", 0, 5),
            ("1.2.2", 1, 21),
            ("1.3.0", 0, None),
            ("1.3.0", 1, 21),
        ],
    )
    def test_that_change_nothing(self, version: str, strict: int, code: int | None) -> None:
        client = small(version)
        number = new_album(client, "Same")
        answer = client.ask("albums.changeSettings", AlbumID=number, Title="Same", Strict=strict)
        assert answer.get("code") == code

    @pytest.mark.parametrize(
        ("arguments", "code"),
        [
            ({}, 22),
            ({"Title": ""}, 22),
            ({"Title": "T", "CategoryID": 77}, 16),
            ({"Title": "T", "SubCategoryID": 77}, 16),
            ({"Title": "T", "CategoryID": "x"}, 16),
            ({"Title": "T", "SortMethod": "Size"}, 12),
            ({"Title": "T", "Public": "perhaps"}, 16),
            ({"Title": "T", "ProofDays": "x"}, 16),
            ({"Title": "T", "UnsharpAmount": "nan"}, 16),
            ({"Title": "T", "NiceName": "no slash/"}, 16),
            ({"Title": "T" * 256}, 16),
        ],
    )
    def test_nonsense_is_refused_and_changes_nothing(self, arguments: dict[str, object], code: int) -> None:
        client = small()
        assert client.code("albums.create", **arguments) == code
        assert not client.emulator.account.albums

    def test_unique_makes_no_second_one_in_1_3_0(self) -> None:
        client = small("1.3.0")
        first = new_album(client, "Same", Unique=1)
        assert new_album(client, "Same", Unique=1) == first
        assert new_album(client, "Same") != first

    @pytest.mark.parametrize("code", [9, 5, 4])
    def test_a_deleted_album_is_invalid(self, code: int) -> None:
        client = small(legacy_gone=code)
        number = new_album(client)
        client.ok("albums.delete", AlbumID=number)
        assert client.code("albums.getInfo", AlbumID=number) == code
        assert client.code("albums.delete", AlbumID=number) == code


class TestSorting:
    def client(self) -> tuple[Older, int]:
        client = small()
        number = new_album(client)
        album = client.album("New")
        for name, seed, caption in (("b.jpg", 1, "z"), ("c.jpg", 3, "x"), ("a.jpg", 2, "y")):
            client.emulator.account.add_photo(album, name, picture(seed), caption=caption)
        return client, number

    @pytest.mark.parametrize(
        ("by", "names"),
        [
            ("FileName", ["a.jpg", "b.jpg", "c.jpg"]),
            ("Caption", ["c.jpg", "a.jpg", "b.jpg"]),
            ("DateTime", ["b.jpg", "a.jpg", "c.jpg"]),
        ],
    )
    def test_gives_the_positions_anew(self, by: str, names: list[str]) -> None:
        client, number = self.client()
        client.ok("albums.reSort", AlbumID=number, By=by, Direction="ASC")
        images = client.images(client.album("New"), Heavy=1)
        assert [one["FileName"] for one in images] == names
        assert [one["Position"] for one in images] == [1, 2, 3]
        client.ok("albums.reSort", AlbumID=number, By=by, Direction="DESC")
        assert client.names(client.album("New")) == names[::-1]

    def test_takes_what_it_knows(self) -> None:
        client, number = self.client()
        assert client.code("albums.reSort", AlbumID=number, By="Size", Direction="ASC") == 12
        assert client.code("albums.reSort", AlbumID=number, By="Caption", Direction="UP") == 13


def test_statistics_count_nobody() -> None:
    client = owner()
    number = client.id_of(client.album("Best of"))
    assert client.ok("albums.getStats", AlbumID=number, Month=2, Year=2009)["Album"]["Bytes"] == 0
    image = client.id_of(client.album("Ring Road").photos[0])
    told = client.ok("images.getStats", ImageID=image, Month=2, Year=2009)["Image"]
    assert (told["id"], told["Bytes"]) == (image, 0)
    assert client.ok("users.getTransferStats", Month=2, Year=2009)["Albums"]
    assert owner("1.3.0").ok("users.getStats", Month=2, Year=2009)["User"]["Bytes"] == 0
