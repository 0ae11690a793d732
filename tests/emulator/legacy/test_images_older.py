"""Images: what is listed to whom, what they say, and how they are changed."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest

from smugsync.emulator.account.look import pacific_to_utc
from tests.emulator.ask import Client
from tests.emulator.legacy.asking import VERSIONS, Clock, Older, film, login, owner, picture
from tests.emulator.legacy.test_albums_older import guest


def heavy(client: Older, album: str, **arguments: Any) -> dict[str, dict[str, Any]]:
    """By the names that the owner knows."""
    images = client.images(client.album(album), Heavy=1, **arguments)
    names = {one.key: one.file_name for one in client.album(album).photos}
    return {names[one["Key"]]: one for one in images}


def named(client: Older, album: str, at: int = 0) -> dict[str, Any]:
    image = client.album(album).photos[at]
    return {"ImageID": client.id_of(image), "ImageKey": image.key}


class TestLists:
    @pytest.mark.parametrize(
        ("version", "nests"), [("1.2.0", False), ("1.2.1", False), ("1.2.2", True), ("1.3.0", True)]
    )
    def test_images_are_at_the_top_or_in_their_album(self, version: str, nests: bool) -> None:
        client = owner(version)
        album = client.album("Ring Road")
        number = client.id_of(album)
        answer = client.ok("images.get", AlbumID=number, AlbumKey=album.key)
        assert ("Images" in answer) != nests
        if nests:
            shown = {"id", "Key", "ImageCount", "Images"} | ({"URL"} if version == "1.3.0" else set())
            assert set(answer["Album"]) == shown
            assert (answer["Album"]["id"], answer["Album"]["ImageCount"]) == (number, 3)

    @pytest.mark.parametrize(("how", "nests"), [("top", False), ("album", True)])
    @pytest.mark.parametrize("version", VERSIONS)
    def test_or_as_the_switch_has_it(self, version: str, how: str, nests: bool) -> None:
        """One client of 2008 found them at the top in 1.2.2."""
        client = owner(version, legacy_images=how)
        album = client.album("Ring Road")
        answer = client.ok("images.get", AlbumID=client.id_of(album), AlbumKey=album.key)
        assert ("Images" in answer) != nests

    @pytest.mark.parametrize("version", VERSIONS)
    def test_every_version_shows_the_same_pictures_as_the_newer_api(self, version: str) -> None:
        client = owner(version)
        album = client.album("Ring Road")
        newer = Client(client.emulator).all(f"/api/v2/album/{album.key}!images", "AlbumImage")
        older = client.images(album, Heavy=1)
        assert [
            (one["ImageKey"], one["FileName"], one["ArchivedMD5"], one["ArchivedSize"]) for one in newer
        ] == [(one["Key"], one["FileName"], one["MD5Sum"], one["Size"]) for one in older]

    @pytest.mark.parametrize("version", VERSIONS)
    def test_an_empty_album(self, version: str) -> None:
        client = owner(version)
        album = client.album("Nothing yet")
        where = {"AlbumID": client.id_of(album), "AlbumKey": album.key}
        if version < "1.3.0":
            answer = client.ask("images.get", **where)
            assert (answer["code"], answer["message"]) == (15, "empty set - no images found")
        else:
            answer = client.ok("images.get", **where)["Album"]
            assert (answer["ImageCount"], answer["Images"]) == (0, [])
            assert client.code("images.get", **where, Strict=1) == 15

    @pytest.mark.parametrize(("how", "code"), [("fail", 15), ("list", None)])
    @pytest.mark.parametrize("version", VERSIONS)
    def test_an_empty_album_as_the_switch_has_it(self, version: str, how: str, code: int | None) -> None:
        """One client of 2008 found that 1.2.2 fails only where strictness is asked for."""
        client = owner(version, legacy_empty=how)
        album = client.album("Nothing yet")
        where = {"AlbumID": client.id_of(album), "AlbumKey": album.key}
        assert client.ask("images.get", **where).get("code") == code

    def test_1_3_0_needs_the_key_of_the_album(self) -> None:
        client = owner("1.3.0")
        assert client.code("images.get", AlbumID=client.id_of(client.album("Ring Road"))) == 22

    def test_extras_add_fields(self) -> None:
        client = owner("1.2.2")
        [one, *_] = client.images(client.album("Ring Road"), Extras="MD5Sum,originalurl")
        assert set(one) == {"id", "Key", "MD5Sum", "OriginalURL"}

    def test_are_in_the_order_of_the_gallery_and_positions_are_not(self) -> None:
        client = owner()
        album = client.album("Ring Road")
        client.emulator.account.edit_album(album, sort_method="Filename", sort_direction="Descending")
        shown = client.images(album, Heavy=1)
        assert [(one["FileName"], one["Position"]) for one in shown] == [
            ("DSC_4203.JPG", 3),
            ("DSC_4202.JPG", 2),
            ("DSC_4201.JPG", 1),
        ]

    def test_a_collected_image_is_listed_as_such(self) -> None:
        client = owner("1.3.0")
        collected, home = heavy(client, "Best of"), heavy(client, "Ring Road")
        assert collected["DSC_4201.JPG"]["Type"] == "Collected"
        assert "Type" not in home["DSC_4201.JPG"]
        assert collected["DSC_4201.JPG"]["id"] == home["DSC_4201.JPG"]["id"]

    def test_a_new_picture_appears_after_the_lag(self) -> None:
        clock = Clock(1_600_000_000)
        client = owner(clock=clock, image_lag=30)
        clock.now += 100
        number = client.id_of(client.album("Letters"))
        client.upload(picture(1), albumid=str(number))
        assert len(client.images(client.album("Letters"))) == 1
        clock.now += 30
        assert len(client.images(client.album("Letters"))) == 2


class TestLastUpdated:
    def client(self, version: str, **switches: Any) -> tuple[Older, int]:
        clock = Clock(1_600_000_000)
        client = owner("1.2.2", clock=clock, **switches)
        clock.now += 500
        client.emulator.account.edit(client.album("Ring Road").photos[1], caption="New")
        return replace(client, version=version), int(clock.now)

    @pytest.mark.parametrize("version", ["1.2.2", "1.3.0"])
    def test_asks_for_what_changed_strictly_after(self, version: str) -> None:
        client, now = self.client(version)
        album = client.album("Ring Road")
        where = {"AlbumID": client.id_of(album), "AlbumKey": album.key}
        answer = client.ok("images.get", **where, LastUpdated=now - 1)["Album"]
        assert [one["Key"] for one in answer["Images"]] == [album.photos[1].key]
        if version == "1.2.2":
            assert client.code("images.get", **where, LastUpdated=now) == 15
        else:
            assert client.ok("images.get", **where, LastUpdated=now)["Album"]["Images"] == []

    @pytest.mark.parametrize(("switch", "count"), [("all", 3), ("listed", 1)])
    def test_what_image_count_counts_then_is_not_known(self, switch: str, count: int) -> None:
        client, now = self.client("1.3.0", legacy_count=switch)
        album = client.album("Ring Road")
        where = {"AlbumID": client.id_of(album), "AlbumKey": album.key}
        assert client.ok("images.get", **where, LastUpdated=now - 1)["Album"]["ImageCount"] == count

    def test_is_not_looked_at_before_1_2_2(self) -> None:
        client, now = self.client("1.2.1")
        assert len(client.images(client.album("Ring Road"), LastUpdated=now + 5)) == 3


class TestFields:
    @pytest.mark.parametrize("version", VERSIONS)
    def test_others_learn_neither_name_nor_date_nor_digest(self, version: str) -> None:
        client = owner(version)
        private = {"FileName", "MD5Sum", "Date"}
        assert private <= heavy(client, "Ring Road")["DSC_4201.JPG"].keys()
        stranger = guest(client)
        shown = heavy(stranger, "Ring Road")["DSC_4201.JPG"]
        assert not private & shown.keys()
        assert shown["Size"] == len(picture(1))
        assert ("Format" in shown) == (version < "1.3.0")

    @pytest.mark.parametrize(("how", "value"), [("empty", ""), ("null", None)])
    def test_what_is_not_told_may_be_empty_or_null(self, how: str, value: object) -> None:
        stranger = guest(owner("1.2.2", legacy_absent=how))
        shown = heavy(stranger, "Ring Road")["DSC_4201.JPG"]
        assert [shown[name] for name in ("FileName", "MD5Sum", "XLargeURL")] == [value] * 3

    def test_digest_and_size_are_of_the_upload(self) -> None:
        shown = heavy(owner(), "Ring Road")["DSC_4201.JPG"]
        assert (shown["MD5Sum"], shown["Size"]) == (hashlib.md5(picture(1)).hexdigest(), len(picture(1)))

    def test_of_a_video_they_are_too_and_what_can_be_had_is_another_file(self) -> None:
        client = owner()
        shown = heavy(client, "Zoë's birthday 🎂")["Candles.MOV"]
        assert (shown["MD5Sum"], shown["Size"]) == (hashlib.md5(film()).hexdigest(), len(film()))
        [name] = [name for name in shown if name.startswith("Video")]
        assert client.fetch(shown[name]).content() == film() + b"rendition"
        assert "OriginalURL" not in shown
        assert shown["Duration"] > 0

    @pytest.mark.parametrize(("share", "has"), [("all", True), ("photos", False), ("none", False)])
    def test_videos_may_have_none(self, share: str, has: bool) -> None:
        client = owner(legacy_digests=share)
        assert ("MD5Sum" in heavy(client, "Zoë's birthday 🎂")["Candles.MOV"]) == has
        assert ("MD5Sum" in heavy(client, "Ring Road")["DSC_4201.JPG"]) == (share != "none")

    @pytest.mark.parametrize(("share", "least", "most"), [("all", 40, 40), ("half", 8, 32), ("none", 0, 0)])
    def test_some_pictures_may_have_no_digest(self, share: str, least: int, most: int) -> None:
        client = owner(legacy_digests=share)
        album = client.album("Nothing yet")
        for number in range(40):
            client.emulator.account.add_photo(album, f"{number}.jpg", picture(1))
        shown = client.images(album, Heavy=1)
        assert least <= sum("MD5Sum" in one for one in shown) <= most
        assert client.images(album, Heavy=1) == shown

    def test_names_may_have_entities(self) -> None:
        assert "a & b <c>.jpg" in [one["FileName"] for one in heavy(owner(), "Zoë's birthday 🎂").values()]
        shown = heavy(owner(legacy_names="html"), "Zoë's birthday 🎂").values()
        assert "a &amp; b &lt;c&gt;.jpg" in [one["FileName"] for one in shown]

    @pytest.mark.parametrize(
        ("version", "value"), [("1.2.0", "0"), ("1.2.1", "0"), ("1.2.2", False), ("1.3.0", False)]
    )
    def test_a_watermark_is_a_text_and_later_a_flag(self, version: str, value: object) -> None:
        assert heavy(owner(version), "Ring Road")["DSC_4201.JPG"]["Watermark"] == value

    @pytest.mark.parametrize(
        ("version", "names"),
        [
            ("1.2.0", {"AlbumURL"}),
            ("1.2.1", {"AlbumURL"}),
            ("1.2.2", {"URL", "LightboxURL"}),
            ("1.3.0", {"URL", "LightboxURL"}),
        ],
    )
    def test_the_page_has_one_name_and_later_another(self, version: str, names: set[str]) -> None:
        shown = heavy(owner(version), "Ring Road")["DSC_4201.JPG"]
        assert shown.keys() & {"AlbumURL", "URL", "LightboxURL"} == names

    def test_titles_come_with_1_3_0(self) -> None:
        name = "a & b <c>.jpg"
        assert heavy(owner("1.3.0"), "Zoë's birthday 🎂")[name]["Title"] == "Cake"
        assert "Title" not in heavy(owner("1.2.2"), "Zoë's birthday 🎂")[name]

    def test_keywords_are_one_text(self) -> None:
        shown = heavy(owner(), "Zoë's birthday 🎂")["a & b <c>.jpg"]
        assert shown["Keywords"] == "cake; two words"

    @pytest.mark.parametrize(
        ("version", "shown"),
        [
            ("1.2.1", {"Latitude": "64.25", "Longitude": "-21.5", "Altitude": "7"}),
            ("1.3.0", {"Latitude": 64.25, "Longitude": -21.5, "Altitude": 7}),
        ],
    )
    def test_positions_are_texts_and_later_numbers(self, version: str, shown: dict[str, object]) -> None:
        client = owner(version)
        assert not shown.keys() & heavy(client, "Ring Road")["DSC_4201.JPG"].keys()
        client.ok("images.changeSettings", **named(client, "Ring Road"), **shown)
        now = heavy(client, "Ring Road")["DSC_4201.JPG"]
        assert {name: now[name] for name in shown} == shown
        client.emulator.account.edit_album(client.album("Ring Road"), geography=False)
        assert not shown.keys() & heavy(guest(client), "Ring Road")["DSC_4201.JPG"].keys()

    def test_times_are_californias_wall_clock(self) -> None:
        client = owner(clock=Clock(1_247_000_000))
        shown = heavy(client, "Ring Road")["DSC_4201.JPG"]
        assert (shown["Date"], shown["LastUpdated"]) == ("2009-07-07 13:53:20", "2009-07-07 13:53:20")
        assert pacific_to_utc("2009-07-07T13:53:20") == "2009-07-07T20:53:20+00:00"

    def test_hidden_ones_are_the_owners(self) -> None:
        client = owner()
        client.ok("images.changeSettings", **named(client, "Ring Road"), Hidden=1)
        assert heavy(client, "Ring Road")["DSC_4201.JPG"]["Hidden"] is True
        assert "DSC_4201.JPG" not in heavy(guest(client), "Ring Road")

    def test_before_2008_there_were_no_keys(self) -> None:
        client = owner(legacy_keys="absent")
        number = client.ok("albums.get")["Albums"][0]["id"]
        for shown in client.ok("images.get", AlbumID=number, Heavy=1)["Images"]:
            assert not {"Key", "Hidden"} & shown.keys()
            assert shown["Album"] == {"id": number}
        later = replace(client, version="1.2.1").ok("albums.get")["Albums"]
        assert all("Key" in one for one in later)


class TestInfo:
    @pytest.mark.parametrize("version", VERSIONS)
    def test_is_the_heavy_entry_with_its_album(self, version: str) -> None:
        client = owner(version)
        listed = heavy(client, "Ring Road")["DSC_4201.JPG"]
        shown = client.ok("images.getInfo", **named(client, "Ring Road"))["Image"]
        album = shown.pop("Album")
        assert shown == {name: value for name, value in listed.items() if name != "Album"}
        assert set(album) == ({"id", "Key", "URL"} if version == "1.3.0" else {"id", "Key"})

    def test_needs_the_key_in_1_3_0(self) -> None:
        client = owner("1.3.0")
        where = named(client, "Ring Road")
        for method in ("images.getInfo", "images.getURLs", "images.getEXIF"):
            assert client.code(method, ImageID=where["ImageID"]) == 22
            assert client.code(method, ImageID=where["ImageID"], ImageKey="xxxxxxx") == 4

    def test_of_nothing_is_refused(self) -> None:
        assert owner().code("images.getInfo", ImageID=1) == 4
        assert owner().code("images.getInfo") == 22
        assert owner().code("images.getInfo", ImageID="x") == 16

    def test_what_the_camera_wrote_may_be_the_owners(self) -> None:
        client = owner("1.2.2")
        where = named(client, "Ring Road")
        assert "Make" in client.ok("images.getEXIF", **where)["Image"]
        client.emulator.account.edit_album(client.album("Ring Road"), exif=False)
        assert "Make" in client.ok("images.getEXIF", **where)["Image"]
        assert set(guest(client).ok("images.getEXIF", **where)["Image"]) == {"id", "Key"}


class TestChanges:
    @pytest.mark.parametrize("version", VERSIONS)
    def test_are_there_in_the_newer_api(self, version: str) -> None:
        client = owner(version)
        where = named(client, "Ring Road")
        client.ok(
            "images.changeSettings",
            **where,
            Caption="Zoë's (new) & better",
            Keywords="one; two words",
            FileName="renamed.jpg",
            Hidden=1,
        )
        key = client.album("Ring Road").photos[0].key
        shown = Client(client.emulator).get(f"/api/v2/image/{key}-0")["Response"]["Image"]
        assert (shown["Caption"], shown["KeywordArray"], shown["FileName"], shown["Hidden"]) == (
            "Zoë's (new) & better",
            ["one", "two words"],
            "renamed.jpg",
            True,
        )

    def test_keywords_may_have_blanks_between_them(self) -> None:
        client = owner()
        client.ok("images.changeSettings", **named(client, "Ring Road"), Keywords='one "two words" three one')
        assert client.album("Ring Road").photos[0].keywords == ("one", "two words", "three")

    def test_an_album_moves_the_image(self) -> None:
        client = owner()
        image = client.album("Ring Road").photos[0]
        target = client.id_of(client.album("Nothing yet"))
        client.ok("images.changeSettings", **named(client, "Ring Road"), AlbumID=target)
        assert image.home == client.album("Nothing yet").key
        assert "DSC_4201.JPG" not in client.names(client.album("Ring Road"))

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
        client = owner(version)
        answer = client.ask(
            "images.changeSettings", **named(client, "Ring Road"), Caption="Kilometre 1", Strict=strict
        )
        assert answer.get("code") == code

    @pytest.mark.parametrize(
        "arguments",
        [{"Latitude": 91}, {"Longitude": "x"}, {"Hidden": "maybe"}, {"AlbumID": "x"}, {"Latitude": "nan"}],
    )
    def test_nonsense_is_refused(self, arguments: dict[str, object]) -> None:
        client = owner("1.2.1")
        assert client.code("images.changeSettings", **named(client, "Ring Road"), **arguments) == 16

    def test_a_position_puts_it_there(self) -> None:
        client = owner()
        client.ok("images.changePosition", **named(client, "Ring Road"), Position=2)
        assert client.names(client.album("Ring Road")) == ["DSC_4202.JPG", "DSC_4201.JPG", "DSC_4203.JPG"]
        assert client.code("images.changePosition", **named(client, "Ring Road"), Position=0) == 16

    @pytest.mark.parametrize(
        ("method", "arguments"),
        [
            ("images.rotate", {"Degrees": 90}),
            ("images.rotate", {"Degrees": 180, "Flip": 1}),
            ("images.crop", {"Width": 10, "Height": 10, "X": 0, "Y": 0}),
            ("images.zoomThumbnail", {"Width": 10, "Height": 10, "X": 0, "Y": 0}),
        ],
    )
    def test_another_look_raises_the_serial_and_keeps_the_file(
        self, method: str, arguments: dict[str, object]
    ) -> None:
        client = owner()
        before = heavy(client, "Ring Road")["DSC_4201.JPG"]
        client.ok(method, **named(client, "Ring Road"), **arguments)
        after = heavy(client, "Ring Road")["DSC_4201.JPG"]
        assert after["Serial"] == before["Serial"] + 1
        assert after["OriginalURL"] != before["OriginalURL"]
        assert client.fetch(after["OriginalURL"]).content() == picture(1)
        assert after["MD5Sum"] == before["MD5Sum"]

    def test_a_look_that_cannot_be_is_refused(self) -> None:
        client = owner()
        where = named(client, "Ring Road")
        assert client.code("images.rotate", **where, Degrees=45) == 16
        assert client.code("images.crop", **where, Width=0, Height=1, X=0, Y=0) == 16
        assert client.code("images.rotate", **named(client, "Zoë's birthday 🎂"), Degrees=90) == 16

    def test_a_deleted_image_is_gone_everywhere(self) -> None:
        client = owner()
        client.ok("images.delete", ImageID=named(client, "Ring Road")["ImageID"])
        assert len(client.images(client.album("Ring Road"))) == 2
        assert not client.album("Best of").photos

    def test_from_where_it_was_collected_it_is_only_taken_off_in_1_3_0(self) -> None:
        client = owner("1.3.0")
        number = named(client, "Ring Road")["ImageID"]
        client.ok("images.delete", ImageID=number, AlbumID=client.id_of(client.album("Best of")))
        assert not client.album("Best of").photos
        assert len(client.album("Ring Road").photos) == 3

    def test_collecting_shows_it_twice(self) -> None:
        client = owner("1.3.0")
        target = client.id_of(client.album("Nothing yet"))
        client.ok("images.collect", AlbumID=target, **named(client, "Ring Road"))
        assert [one.file_name for one in client.album("Nothing yet").photos] == ["DSC_4201.JPG"]
        assert client.ok("images.collect", AlbumID=target, **named(client, "Ring Road"))
        assert client.code("images.collect", AlbumID=target, Strict=1, **named(client, "Ring Road")) == 21

    def test_what_somebody_does_not_share_is_not_collected(self) -> None:
        client = owner("1.2.2")
        where = named(client, "Ring Road")
        other = login(client.emulator, "1.2.2", "demo-visitor")
        mine = other.ok("albums.create", Title="Mine")["Album"]["id"]
        client.emulator.account.edit_album(client.album("Ring Road"), share=False)
        assert other.code("images.collect", AlbumID=mine, **where) == 34
        client.emulator.account.edit_album(client.album("Ring Road"), share=True)
        assert other.ok("images.collect", AlbumID=mine, **where)
