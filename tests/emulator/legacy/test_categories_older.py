"""Categories, subcategories and trees."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.emulator.ask import Client
from tests.emulator.legacy.asking import VERSIONS, Clock, Older, login, new_album, owner, small


def tree(client: Older, **arguments: Any) -> Any:
    return client.ok("users.getTree", **arguments)["Categories"]


def outline(categories: Any) -> dict[str, Any]:
    """Names alone."""
    return {
        one["Name"]: {
            "": [album["Title"] for album in one.get("Albums") or []],
            **{
                sub["Name"]: [album["Title"] for album in sub.get("Albums") or []]
                for sub in one.get("SubCategories") or []
            },
        }
        for one in categories
    }


WHOLE = {
    "Other": {"": ["Best of", "Nothing yet"]},
    "Travel": {"": [], "Iceland 2019": ["Ring Road", "Deep"]},
    "Family": {"": ["Zoë's birthday 🎂", "Letters"]},
    "Work": {"": ["Wedding M + J", "Proofs", "Drafts"]},
}


class TestTree:
    @pytest.mark.parametrize("version", VERSIONS)
    def test_has_everything(self, version: str) -> None:
        assert outline(tree(owner(version))) == WHOLE

    @pytest.mark.parametrize("version", VERSIONS)
    def test_calls_its_categories_by_name_in_every_version(self, version: str) -> None:
        assert all("Title" not in one for one in tree(owner(version)))

    def test_of_others_has_what_is_public(self) -> None:
        emulator = owner().emulator
        other = login(emulator, nickname="demo-visitor")
        assert outline(tree(other, NickName="demo")) == {
            "Other": {"": ["Best of", "Nothing yet"]},
            "Travel": {"": [], "Iceland 2019": ["Ring Road", "Deep"]},
            "Family": {"": ["Zoë's birthday 🎂"]},
            "Work": {"": ["Wedding M + J", "Proofs"]},
        }

    def test_leaves_out_what_is_empty_if_that_is_asked_for(self) -> None:
        client = owner("1.2.2")
        client.ok("categories.create", Name="Bare")
        assert "Bare" in outline(tree(client))
        found = outline(tree(client, Empty=0))
        assert "Bare" not in found
        assert found["Other"] == {"": ["Best of"]}

    def test_has_what_changed_strictly_after(self) -> None:
        clock = Clock(1_600_000_000)
        client = owner("1.2.2", clock=clock)
        clock.now += 10
        client.emulator.account.rename(client.album("Letters").node, name="Mail")
        assert outline(tree(client, LastUpdated=int(clock.now) - 1)) == {"Family": {"": ["Mail"]}}
        assert client.code("users.getTree", LastUpdated=int(clock.now)) == 15

    def test_is_heavy_without_the_category_of_each_album(self) -> None:
        client = owner()
        [best, _] = tree(client, Heavy=1)[0]["Albums"]
        assert best["ImageCount"] == 1
        assert "Category" not in best

    def test_a_user_that_is_none_is_invalid(self) -> None:
        answer = owner().ask("users.getTree", NickName="nobody")
        assert (answer["code"], answer["message"]) == (4, "invalid user")

    @pytest.mark.parametrize(("how", "shown"), [("missing", "-"), ("null", None), ("empty", [])])
    def test_what_is_empty_is_missing_or_null_or_empty(self, how: str, shown: object) -> None:
        other = tree(owner(legacy_absent=how))[0]
        assert other.get("SubCategories", "-") == shown

    def test_may_be_gone_from_1_3_0(self) -> None:
        client = owner("1.3.0", legacy_tree="no")
        for method in ("users.getTree", "users.getInfo", "categories.get", "subcategories.getAll"):
            assert client.code(method) == 17
        assert outline(tree(owner("1.2.2", legacy_tree="no"))) == WHOLE


def test_a_user_says_who_it_is() -> None:
    assert owner().ok("users.getInfo", NickName="demo-visitor")["User"] == {
        "NickName": "demo-visitor",
        "Name": "Demo Visitor",
        "URL": "http://demo-visitor.smugmug.com",
    }


class TestCategories:
    @pytest.mark.parametrize(
        ("version", "label"), [("1.2.0", "Title"), ("1.2.1", "Name"), ("1.2.2", "Name"), ("1.3.0", "Name")]
    )
    def test_are_called_by_title_in_1_2_0_and_by_name_then(self, version: str, label: str) -> None:
        client = owner(version)
        names = [one[label] for one in client.ok("categories.get")["Categories"]]
        assert names[0] == "Other"
        assert names[-4:] == ["Vacation", "Travel", "Family", "Work"]
        [sub] = client.ok("subcategories.getAll")["SubCategories"]
        assert sub[label] == "Iceland 2019"

    def test_a_folder_of_a_built_in_name_is_that_category(self) -> None:
        client = small()
        new_album(client, "Beach", CategoryID=33)
        assert client.album("Beach").node.url_path == "/Vacation/Beach"
        new_album(client, "Hills", CategoryID=33)
        [vacation] = [one for one in client.ok("categories.get")["Categories"] if one["Title"] == "Vacation"]
        assert vacation["id"] == 33
        assert len(client.emulator.account.root.children) == 1

    def test_are_folders(self) -> None:
        client = small()
        number = client.ok("categories.create", Name="Täler & Höhen")["Category"]["id"]
        sub = client.ok("subcategories.create", CategoryID=number, Name="Alps")["SubCategory"]["id"]
        client.ok("categories.rename", CategoryID=number, Name="Valleys")
        client.ok("subcategories.rename", SubCategoryID=sub, Name="Andes")
        root = client.emulator.account.root
        assert [node.name for node in root.walk()] == ["", "Valleys", "Andes"]
        assert client.ok("subcategories.get", CategoryID=number)["SubCategories"] == [
            {"id": sub, "Title": "Andes"}
        ]
        answer = Client(client.emulator).get("/api/v2/folder/user/demo!folders")["Response"]["Folder"]
        assert [one["Name"] for one in answer] == ["Valleys"]

    def test_a_deleted_one_leaves_its_albums_to_other(self) -> None:
        client = owner()
        listed = {one["Title"]: one for one in client.ok("albums.get")["Albums"]}
        client.emulator.account.add_album("Ring Road")  # of the same address
        client.ok("categories.delete", CategoryID=listed["Ring Road"]["Category"]["id"])
        assert outline(tree(client))["Other"][""] == [
            *("Best of", "Nothing yet", "Ring Road", "Ring Road", "Deep"),
        ]
        assert client.images(client.album("Deep"))

    def test_a_deleted_subcategory_leaves_its_albums_to_the_category(self) -> None:
        client = owner()
        [sub] = client.ok("subcategories.getAll")["SubCategories"]
        client.ok("subcategories.delete", SubCategoryID=sub["id"])
        assert outline(tree(client))["Travel"] == {"": ["Ring Road", "Deep"]}

    @pytest.mark.parametrize(
        ("method", "arguments", "code"),
        [
            ("categories.create", {}, 22),
            ("categories.create", {"Name": "Travel"}, 16),
            ("categories.create", {"Name": "other"}, 16),
            ("categories.rename", {"CategoryID": 0, "Name": "Mine"}, 16),
            ("categories.rename", {"CategoryID": 33, "Name": "Mine"}, 16),
            ("categories.rename", {"CategoryID": 4711, "Name": "Mine"}, 16),
            ("categories.delete", {"CategoryID": 0}, 16),
            ("categories.delete", {}, 22),
            ("subcategories.get", {}, 22),
            ("subcategories.get", {"CategoryID": 4711}, 16),
            ("subcategories.create", {"CategoryID": 0, "Name": "x"}, 16),
            ("subcategories.rename", {"SubCategoryID": 4711, "Name": "x"}, 16),
            ("subcategories.delete", {"SubCategoryID": 4711}, 16),
        ],
    )
    def test_what_cannot_be_is_refused(self, method: str, arguments: dict[str, object], code: int) -> None:
        client = owner()
        before = outline(tree(client))
        assert client.code(method, **arguments) == code
        assert outline(tree(client)) == before

    def test_one_without_subcategories_is_an_empty_set(self) -> None:
        client = owner()
        family = next(one for one in client.ok("categories.get")["Categories"] if one["Title"] == "Family")
        answer = client.ask("subcategories.get", CategoryID=family["id"])
        assert (answer["code"], answer["message"]) == (15, "empty set - no subcategories found")

    def test_a_built_in_one_may_have_subcategories(self) -> None:
        client = small()
        sub = client.ok("subcategories.create", CategoryID=33, Name="Beaches")["SubCategory"]["id"]
        new_album(client, "Sand", SubCategoryID=sub)
        assert client.album("Sand").node.url_path == "/Vacation/Beaches/Sand"


@pytest.mark.parametrize("method", ["family.get", "friends.get", "communities.get"])
def test_there_is_nobody_else(method: str) -> None:
    assert owner("1.2.2").code(method) == 15
    assert owner("1.3.0").ok(method)[method.removesuffix(".get").title()] == []


#: Method, what it lists, and the first version that has it.
NONE_OF_THEM = [
    ("albumtemplates.get", "AlbumTemplates", "1.2.0"),
    ("communities.getAvailable", "Communities", "1.2.0"),
    ("watermarks.get", "Watermarks", "1.2.0"),
    ("sharegroups.get", "ShareGroups", "1.2.1"),
    ("themes.get", "Themes", "1.2.2"),
    ("printmarks.get", "Printmarks", "1.3.0"),
]


@pytest.mark.parametrize(("method", "name", "first"), NONE_OF_THEM)
def test_what_nobody_has_here_is_an_empty_list(method: str, name: str, first: str) -> None:
    assert owner("1.3.0").ok(method)[name] == []
    for version in ("1.2.0", "1.2.1", "1.2.2"):
        assert owner(version).code(method) == (15 if first <= version else 17), version


@pytest.mark.parametrize("method", [method for method, name, _ in NONE_OF_THEM if name != "Communities"])
def test_most_of_these_lists_went_with_the_tree(method: str) -> None:
    assert owner("1.3.0", legacy_tree="no").code(method) == 17


@pytest.mark.parametrize("version", VERSIONS)
def test_styles_are_those_of_the_service(version: str) -> None:
    styles = owner(version).ok("styles.getTemplates")["Templates"]
    assert {one["id"] for one in styles} == {0, 3, 4, 7, 8, 9, 10, 11}
    assert {"id": 3, "Name": "SmugMug"} in styles


def test_nobody_ever_commented() -> None:
    client = owner("1.3.0")
    album = client.album("Ring Road")
    named = {"AlbumID": client.id_of(album), "AlbumKey": album.key}
    assert client.ok("albums.comments.get", **named)["Album"]["Comments"] == []
    image = album.photos[0]
    named = {"ImageID": client.id_of(image), "ImageKey": image.key}
    assert client.ok("images.comments.get", **named)["Image"]["Comments"] == []
    assert replace(client, version="1.2.2").code("images.comments.get", **named) == 15


def test_somebody_is_there() -> None:
    assert owner().anonymous().ok("service.ping")["stat"] == "ok"
