"""Nodes: creating, changing, moving, deleting and finding them."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smugsync.emulator.account.account import Account
from smugsync.emulator.account.model import Node
from smugsync.emulator.account.tree import MAX_DEPTH, EditError
from smugsync.emulator.emulator import Emulator
from smugsync.emulator.settings import Settings, Switches, Viewer
from tests.emulator.ask import Client, Clock, demo

RECORDED = Path(__file__).parents[3] / "shared" / "recorded" / "smugmug-v2" / "bzimmer"


@pytest.fixture
def clock() -> Clock:
    return Clock(int(time.time()))  # requests are signed with the real time


@pytest.fixture
def owner(clock: Clock) -> Client:
    """Of an account with nothing in it."""
    return Client(Emulator(Settings(albums=0), clock=clock))


@pytest.fixture(scope="module")
def reader() -> Client:
    """Of the demo account, for tests that change nothing."""
    return demo()


def account_of(client: Client) -> Account:
    return client.emulator.account


def root_uri(client: Client) -> str:
    return f"/api/v2/node/{account_of(client).root.id}"


def found(client: Client, *names: str) -> Node:
    """The demo account's node at that path."""
    node = account_of(client).find(account_of(client).root, names)
    assert node is not None
    return node


def create(client: Client, parent: str | None = None, **fields: Any) -> dict[str, Any]:
    """The new node; `parent` is its address."""
    response = client.write(f"{parent or root_uri(client)}!children", fields)
    body: Any = response.json()
    assert (response.status, body["Code"], body["Message"]) == (201, 201, "Created"), body
    node: dict[str, Any] = body["Response"]["Node"]
    return node


def patch(client: Client, uri: str, **fields: Any) -> dict[str, Any]:
    response = client.write(uri, fields, "PATCH")
    body: Any = response.json()
    assert (response.status, body["Message"]) == (200, "Ok"), body
    node: dict[str, Any] = body["Response"]["Node"]
    return node


def problems(body: Any, method: str) -> dict[str, list[str]]:
    """The fields of a refused write that are wrong."""
    table = body["Options"]["Parameters"][method]
    return {entry["Name"]: entry["Problems"] for entry in table if "Problems" in entry}


def refused(client: Client, uri: str, method: str = "POST", **fields: Any) -> tuple[int, set[str]]:
    """Status and names of the fields that are wrong."""
    response = client.write(uri, fields, method)
    return response.status, set(problems(response.json(), method))


def names(client: Client, uri: str) -> list[str]:
    return [node["Name"] for node in client.all(uri, "Node")]


# -- creating --------------------------------------------------------------------------------------------


@pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded answers are not at hand")
def test_a_creation_is_answered_as_recorded(owner: Client) -> None:
    """The recorded answer word by word, but for ids, times and names of that account."""
    theirs = json.loads((RECORDED / "node_create_xmQnCV_.json").read_text())
    blogging = create(owner, Name="Blogging")
    target = f"{blogging['Uri']}!children"
    ours: Any = owner.write(target, {"Name": "C", "Type": "Album"}).json()

    def neutral(body: Any) -> Any:
        text = re.sub(r"/(node|album|user)/[A-Za-z0-9]+", r"/\1/X", json.dumps(body))
        text = re.sub(r'"NodeID": "\w+"', '"NodeID": "X"', text)
        text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", "T", text)
        return json.loads(re.sub(r"https://[^/]+/C/n-\w+", "https://SITE/C/n-X", text))

    assert neutral(ours) == neutral(theirs)
    assert list(ours["Response"]["Node"]) == list(theirs["Response"]["Node"])
    assert ours["Options"]["Parameters"]["POST"] == theirs["Options"]["Parameters"]["POST"]


def test_a_form_creates_as_well(owner: Client) -> None:
    """One client creates so, with the fields signed, and then sets the album's order in JSON."""
    form = {
        "Name": "A b & c",
        "Privacy": "Public",
        "SortDirection": "Ascending",
        "SortMethod": "Name",
        "Type": "Album",
    }
    kind = "application/x-www-form-urlencoded"
    response = owner.write(f"{root_uri(owner)}!children", form, content_type=kind)
    assert response.status == 201
    node = owner.get(f"{root_uri(owner)}!children")["Response"]["Node"][0]
    assert {name: node[name] for name in form} == form
    album = node["Uris"]["Album"]["Uri"]
    assert owner.write(album, {"SortMethod": "DateTimeOriginal"}, "PATCH").status == 200
    shown = owner.get(album)["Response"]["Album"]
    assert (shown["SortMethod"], shown["SortDirection"]) == ("Date Taken", "Ascending")


def test_a_new_album_takes_its_direction_from_the_creation_alone(owner: Client) -> None:
    """Recorded: an album that sorts Ascending, whose node says Descending."""
    for fields, direction in (({}, "Ascending"), ({"SortDirection": "Descending"}, "Descending")):
        node = create(owner, Name="A", Type="Album", **fields)
        album = owner.get(node["Uris"]["Album"]["Uri"])["Response"]["Album"]
        assert (node["SortDirection"], album["SortDirection"]) == ("Descending", direction)
        assert album["SortMethod"] == "Date Taken"


def test_a_folder_is_the_default(owner: Client) -> None:
    node = create(owner, Name="F")
    assert node["Type"] == "Folder"
    assert {"ChildNodes", "FolderByID", "MoveNodes"} <= node["Uris"].keys()
    assert owner.get(node["Uris"]["ChildNodes"]["Uri"])["Response"]["Pages"]["Total"] == 0


def test_folders_show_no_cover_unless_asked(owner: Client) -> None:
    """Recorded of every folder; the documented default of the field is what albums have."""
    shown = [create(owner, Name="N", **fields)["ShowCoverImage"] for fields in ({}, {"Type": "Album"})]
    assert shown == [False, True]
    assert create(owner, Name="N", ShowCoverImage=True)["ShowCoverImage"] is True


def test_a_page_is_a_leaf(owner: Client) -> None:
    node = create(owner, Name="About me", Type="Page")
    assert node["Type"] == "Page"
    assert {"ChildNodes", "FolderByID", "Album"}.isdisjoint(node["Uris"])
    shown = owner.get("/api/v2/user/demo!urlpathlookup?urlpath=/About-Me")["Response"]
    assert (shown["Locator"], shown["Page"]["NodeID"]) == ("Page", node["NodeID"])


def test_all_fields_are_kept(owner: Client) -> None:
    fields: dict[str, Any] = {
        "Type": "Album",
        "Name": "Everything",
        "UrlName": "All-of-it",
        "Privacy": "Private",
        "SecurityType": "Password",
        "Password": "open sesame",
        "PasswordHint": "forty thieves",
        "Description": "<b>bold</b> & more",
        "Keywords": ["a b", "c"],
        "SortMethod": "Name",
        "SortDirection": "Ascending",
        "HideOwner": True,
        "ShowCoverImage": False,
        "SmugSearchable": "No",
        "WorldSearchable": "No",
    }
    created = create(owner, **fields)
    shown = owner.get(created["Uri"])["Response"]["Node"]
    for node in (created, shown):
        assert {name: node[name] for name in fields} == fields
    assert shown["FormattedValues"]["Description"] == {
        "html": "&lt;b&gt;bold&lt;/b&gt; &amp; more",
        "text": "<b>bold</b> & more",
    }


def test_the_table_repeats_what_was_given(owner: Client) -> None:
    body: Any = owner.write(f"{root_uri(owner)}!children", {"Name": "N", "AutoRename": "1"}).json()
    table = {entry["Name"]: entry.get("Value") for entry in body["Options"]["Parameters"]["POST"]}
    assert (table["Name"], table["AutoRename"], table["UrlName"]) == ("N", True, "N")


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, "Name"),
        ({"Name": ""}, "Name"),
        ({"Name": "   "}, "Name"),
        ({"Name": "n" * 255}, "Name"),
        ({"Name": "N", "Type": "Gallery"}, "Type"),
        ({"Name": "N", "Type": "System Album"}, "Type"),
        ({"Name": "N", "Privacy": "Secret"}, "Privacy"),
        ({"Name": "N", "SortMethod": "Position"}, "SortMethod"),
        ({"Name": "N", "HideOwner": "perhaps"}, "HideOwner"),
        ({"Name": "N", "Password": "p" * 51}, "Password"),
        ({"Name": "N", "SecurityType": "Password"}, "Password"),
        ({"Name": "N", "SmugSearchable": "LocalUser"}, "SmugSearchable"),
        ({"Name": "N", "WorldSearchable": "HomeOnly"}, "WorldSearchable"),
        ({"Name": "N", "HighlightImageUri": "/api/v2/image/XXXXXXX-0"}, "HighlightImageUri"),
        ({"Name": "N", "Type": "Album", "AlbumTemplateUri": "/api/v2/album/XXXXXX"}, "AlbumTemplateUri"),
        ({"Name": "N", "UrlName": ""}, "UrlName"),
        ({"Name": "N", "UrlName": "lower"}, "UrlName"),
        ({"Name": "N", "UrlName": "Two words"}, "UrlName"),
        ({"Name": "N", "UrlName": "A/B"}, "UrlName"),
        ({"Name": "N", "UrlName": "U" * 61}, "UrlName"),
    ],
)
def test_wrong_fields_are_named(owner: Client, fields: dict[str, Any], wrong: str) -> None:
    assert refused(owner, f"{root_uri(owner)}!children", **fields) == (400, {wrong})
    assert names(owner, f"{root_uri(owner)}!children") == []


def test_all_wrong_fields_are_named_at_once(owner: Client) -> None:
    status, wrong = refused(owner, f"{root_uri(owner)}!children", Name="", Privacy="?", Type="?")
    assert (status, wrong) == (400, {"Name", "Privacy", "Type"})


def test_null_is_not_given(owner: Client) -> None:
    """Clients with typed records send what they leave open as null."""
    node = create(owner, Name="N", Type="Album", UrlName=None, Password=None, Privacy=None, HideOwner=None)
    assert (node["UrlName"], node["Privacy"], node["HideOwner"]) == ("N", "Unlisted", False)


@pytest.mark.parametrize("url_name", ["A", "2020-08-25", "Activity-Albums-活动影集", "Ä" + "b" * 59])
def test_address_names_may_be_given(owner: Client, url_name: str) -> None:
    node = create(owner, Name="any name at all", UrlName=url_name)
    assert (node["UrlName"], node["UrlPath"]) == (url_name, f"/{url_name}")


@pytest.mark.parametrize(
    ("name", "url_name"),
    [
        ("foo", "Foo"),
        ("  SmugMug's green hair ", "SmugMugs-green-hair"),
        ("!?", "Untitled"),
        ("a/b & c", "A-b-c"),
    ],
)
def test_address_names_are_derived(owner: Client, name: str, url_name: str) -> None:
    node = create(owner, Name=name)
    assert (node["Name"], node["UrlName"]) == (name.strip(), url_name)


def test_a_name_of_254_letters_is_kept(owner: Client) -> None:
    node = create(owner, Name="Ä" * 254, Type="Album")
    assert (len(node["Name"]), len(node["UrlName"])) == (254, 60)


def test_a_taken_address_is_a_conflict(owner: Client) -> None:
    create(owner, Name="One", UrlName="Here")
    for taken in ("Here", "HERE"):
        assert refused(owner, f"{root_uri(owner)}!children", Name="Two", UrlName=taken) == (409, {"UrlName"})
    assert create(owner, Name="Two", UrlName="Here", AutoRename=True)["UrlName"] == "Here-1"
    other = create(owner, Name="Elsewhere")
    assert create(owner, other["Uri"], Name="One", UrlName="Here")["UrlPath"] == "/Elsewhere/Here"


def test_a_conflict_has_the_form_of_a_refused_write(owner: Client) -> None:
    create(owner, Name="One", UrlName="Here")
    target = f"{root_uri(owner)}!children"
    body: Any = owner.write(target, {"Name": "Two", "UrlName": "Here"}).json()
    assert (body["Code"], body["Message"], body["Options"]["Methods"]) == (409, "Conflict", ["POST"])
    assert (body["Response"]["Uri"], body["Response"]["Locator"]) == (target, "Node")
    assert "Node" not in body["Response"]


def test_children_may_have_one_name(owner: Client) -> None:
    first, second = create(owner, Name="Same", Type="Album"), create(owner, Name="Same")
    assert (first["UrlName"], second["UrlName"]) == ("Same", "Same-1")


def test_a_derived_address_may_be_a_conflict() -> None:
    client = Client(Emulator(Settings(albums=0, switches=Switches(derived_names="conflict"))))
    create(client, Name="Same")
    assert refused(client, f"{root_uri(client)}!children", Name="Same") == (409, {"UrlName"})
    assert create(client, Name="Same", AutoRename=True)["UrlName"] == "Same-1"


def test_folders_have_five_levels_and_albums_lie_below(owner: Client) -> None:
    uri = root_uri(owner)
    for level in range(1, MAX_DEPTH + 1):
        uri = create(owner, uri, Name=f"Level {level}")["Uri"]
    assert refused(owner, f"{uri}!children", Name="Sixth") == (400, {"Type"})
    assert create(owner, uri, Name="Album", Type="Album")["UrlPath"].count("/") == 6
    assert create(owner, uri, Name="Page", Type="Page")
    parents = owner.get(f"{uri}!parents")["Response"]
    assert (len(parents["Node"]), parents["Pages"]["RequestedCount"]) == (6, 7)


def test_only_folders_have_children(owner: Client) -> None:
    album = create(owner, Name="Album", Type="Album")
    assert refused(owner, f"{album['Uri']}!children", Name="In it") == (400, {"Type"})


def test_a_folder_is_full_at_five_thousand(owner: Client) -> None:
    account = account_of(owner)
    folder = account.add_folder("Full")
    account.add_page("Page", parent=folder)
    folder.children *= 5000
    uri = f"/api/v2/node/{folder.id}"
    assert refused(owner, f"{uri}!children", Name="One more") == (400, {"Type"})
    page = create(owner, Name="Outside", Type="Page")
    assert refused(owner, f"{uri}!movenodes", MoveUris=[page["Uri"]])[0] == 400


def test_new_nodes_go_to_the_end(owner: Client) -> None:
    """Recorded: the SortIndex of a node nobody placed by hand is the time of its creation."""
    account_of(owner).root.sort_method = "SortIndex"
    created = [create(owner, Name=name, Type="Album") for name in ("Z", "A", "M")]
    assert "SortIndex" not in created[0]  # recorded
    listed = owner.get(f"{root_uri(owner)}!children")["Response"]["Node"]
    assert [node["Name"] for node in listed] == ["Z", "A", "M"]
    assert listed[0]["SortIndex"] == account_of(owner).now()


@pytest.mark.parametrize(("viewer", "status"), [("other", 403), ("anonymous", 401)])
def test_others_create_nothing(reader: Client, viewer: Viewer, status: int) -> None:
    client = Client(reader.emulator, viewer)
    target = f"{root_uri(reader)}!children"
    response = (
        client.send(target, "POST") if viewer == "anonymous" else client.write(target, {"Name": "Mine"})
    )
    assert response.status == status


def test_adding_is_enough_to_create() -> None:
    client = Client(Emulator(Settings(albums=0, switches=Switches(permissions="Add"))))
    node = create(client, Name="F")
    assert client.write(node["Uri"], {"Name": "G"}, "PATCH").status == 403
    reading = Client(Emulator(Settings(albums=0, switches=Switches(permissions="Read"))))
    assert reading.write(f"{root_uri(reading)}!children", {"Name": "F"}).status == 403


# -- changing --------------------------------------------------------------------------------------------


def test_a_change_is_answered_with_the_object(owner: Client, clock: Clock) -> None:
    node = create(owner, Name="Old", Type="Album", Privacy="Public")
    clock.now += 100
    changed = patch(owner, node["Uri"], Name="New", Description="d", Keywords=["k"], Privacy="Unlisted")
    assert (changed["Name"], changed["Description"], changed["Keywords"]) == ("New", "d", ["k"])
    assert (changed["UrlName"], changed["UrlPath"]) == ("Old", "/Old")
    assert changed["DateAdded"] == node["DateAdded"]
    assert changed["DateModified"] > node["DateModified"]
    assert owner.get(node["Uri"])["Response"]["Node"] == changed


def test_an_album_and_its_node_are_one(owner: Client, clock: Clock) -> None:
    node = create(owner, Name="Old", Type="Album")
    uri = node["Uris"]["Album"]["Uri"]
    clock.now += 100
    patch(
        owner, node["Uri"], Name="N", UrlName="U", Description="d", Keywords=["a", "b c"], Privacy="Private"
    )
    album = owner.get(uri)["Response"]["Album"]
    assert (album["Name"], album["Title"], album["UrlName"], album["NiceName"]) == ("N", "N", "U", "U")
    assert (album["Description"], album["Keywords"], album["Privacy"]) == ("d", "a; b c", "Private")
    assert album["LastUpdated"] == owner.get(node["Uri"])["Response"]["Node"]["DateModified"]
    clock.now += 100
    assert owner.write(uri, {"Name": "Again", "Keywords": "x; y"}, "PATCH").status == 200
    shown = owner.get(node["Uri"])["Response"]["Node"]
    assert (shown["Name"], shown["Keywords"]) == ("Again", ["x", "y"])
    assert shown["DateModified"] == owner.get(uri)["Response"]["Album"]["LastUpdated"]


def test_a_change_of_address_moves_what_lies_below(owner: Client) -> None:
    folder = create(owner, Name="F")
    album = create(owner, folder["Uri"], Name="A", Type="Album")
    patch(owner, folder["Uri"], UrlName="G")
    assert owner.get(album["Uri"])["Response"]["Node"]["UrlPath"] == "/G/A"
    assert owner.status("/api/v2/folder/user/demo/F") == 404


def test_an_address_can_change_its_case_only(owner: Client) -> None:
    node = create(owner, Name="Foo")
    assert patch(owner, node["Uri"], UrlName="FOO")["UrlName"] == "FOO"


def test_a_change_to_a_taken_address_is_a_conflict(owner: Client) -> None:
    create(owner, Name="One")
    node = create(owner, Name="Two")
    assert refused(owner, node["Uri"], "PATCH", UrlName="one", Name="Three") == (400, {"UrlName"})
    assert refused(owner, node["Uri"], "PATCH", UrlName="One", Name="Three") == (409, {"UrlName"})
    assert owner.get(node["Uri"])["Response"]["Node"]["Name"] == "Two"


def test_unknown_and_read_only_fields_are_ignored(owner: Client) -> None:
    node = create(owner, Name="N", Type="Album")
    changed = patch(owner, node["Uri"], NodeID="XXXXXX", Type="Folder", Nonsense=1, UrlPath="/Z")
    assert (changed["NodeID"], changed["Type"], changed["UrlPath"]) == (node["NodeID"], "Album", "/N")


def test_a_password_needs_its_type(owner: Client) -> None:
    node = create(owner, Name="N", Type="Album", Privacy="Public")
    assert refused(owner, node["Uri"], "PATCH", SecurityType="Password") == (400, {"Password"})
    changed = patch(owner, node["Uri"], SecurityType="Password", Password="p", PasswordHint="h")
    assert (changed["SecurityType"], changed["EffectiveSecurityType"]) == ("Password", "Password")
    anyone = Client(owner.emulator, "anonymous")
    shown = anyone.get(node["Uri"])["Response"]["Node"]
    assert (shown["ResponseLevel"], shown["PasswordHint"]) == ("Password", "h")
    assert "Password" not in shown
    assert patch(owner, node["Uri"], SecurityType="None")["EffectiveSecurityType"] == "None"
    assert anyone.get(node["Uri"])["Response"]["Node"]["ResponseLevel"] == "Public"


def test_privacy_is_inherited(owner: Client) -> None:
    folder = create(owner, Name="F", Privacy="Public")
    album = create(owner, folder["Uri"], Name="A", Type="Album", Privacy="Public")
    patch(owner, folder["Uri"], Privacy="Private")
    shown = owner.get(album["Uri"])["Response"]["Node"]
    assert (shown["Privacy"], shown["EffectivePrivacy"]) == ("Public", "Private")
    assert Client(owner.emulator, "anonymous").status(album["Uri"]) == 404


def test_the_root_keeps_its_name(owner: Client) -> None:
    assert refused(owner, root_uri(owner), "PATCH", Name="Me") == (400, {"Name"})
    assert refused(owner, root_uri(owner), "PATCH", UrlName="Me") == (400, {"UrlName"})
    root = patch(owner, root_uri(owner), Description="My photos", SmugSearchable="LocalUser")
    assert (root["Name"], root["Description"], root["SmugSearchable"]) == ("", "My photos", "LocalUser")
    assert refused(owner, root_uri(owner), "PATCH", SmugSearchable="Inherit from User")[0] == 400


def test_an_image_can_be_chosen_to_stand_for_a_node() -> None:
    client = demo()
    twins, family = found(client, "Twins"), found(client, "Family")
    assert twins.album is not None
    image = twins.album.photos[2]
    uri = f"/api/v2/image/{image.id}"
    node = patch(client, f"/api/v2/node/{family.id}", HighlightImageUri=uri, CoverImageUri=uri)
    assert (node["HighlightImageUri"], node["CoverImageUri"]) == (uri, uri)
    for link in ("HighlightImage", "NodeCoverImage"):
        shown = client.get(node["Uris"][link]["Uri"])["Response"]["Image"]
        assert shown["ImageKey"] == image.key
    cleared = patch(client, f"/api/v2/node/{family.id}", HighlightImageUri="", CoverImageUri=None)
    assert {"HighlightImageUri", "CoverImageUri"}.isdisjoint(cleared)
    assert client.get(node["Uris"]["HighlightImage"]["Uri"])["Response"]["Image"]["ImageKey"] != image.key


def test_a_folder_has_the_stamp_of_its_latest_album(owner: Client, clock: Clock) -> None:
    """Recorded twice; the root's is older than its albums (recorded)."""
    folder = create(owner, Name="F")
    inner = create(owner, folder["Uri"], Name="Inner")
    clock.now += 100
    album = create(owner, inner["Uri"], Name="A", Type="Album")

    def stamp(uri: str) -> str:
        return str(owner.get(uri)["Response"]["Node"]["DateModified"])

    assert stamp(inner["Uri"]) == stamp(album["Uri"]) == album["DateModified"]
    assert stamp(folder["Uri"]) == inner["DateModified"] < stamp(inner["Uri"])
    clock.now += 100
    patch(owner, album["Uri"], Description="changed")
    assert stamp(inner["Uri"]) == stamp(album["Uri"]) > album["DateModified"]
    create(owner, Name="Another")
    assert stamp(root_uri(owner)) < stamp(album["Uri"])


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_others_change_nothing(reader: Client, method: str) -> None:
    other = Client(reader.emulator, "other")
    assert other.write(f"/api/v2/node/{found(reader, 'Twins').id}", {"Name": "Mine"}, method).status == 403
    assert other.write(f"/api/v2/node/{found(reader, 'Family', 'Letters').id}", {}, method).status == 404
    assert other.write("/api/v2/node/XXXXXX", {}, method).status == 404
    own = account_of(reader).root_of(account_of(reader).visitor)
    assert own is not None
    assert patch(other, f"/api/v2/node/{own.id}", Description="Mine")["Description"] == "Mine"


# -- moving ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [list, ",".join])
def test_nodes_are_moved(owner: Client, form: Any) -> None:
    target = create(owner, Name="Target")
    album, folder = create(owner, Name="A", Type="Album"), create(owner, Name="F")
    inner = create(owner, folder["Uri"], Name="I", Type="Album")
    uris = form([album["Uris"]["Album"]["Uri"], folder["Uris"]["FolderByID"]["Uri"]])
    response = owner.write(target["Uris"]["MoveNodes"]["Uri"], {"MoveUris": uris})
    body: Any = response.json()
    assert (response.status, body["Message"]) == (200, "Ok")
    assert "Node" not in body["Response"]
    assert set(names(owner, f"{target['Uri']}!children")) == {"A", "F"}
    assert owner.get(inner["Uri"])["Response"]["Node"]["UrlPath"] == "/Target/F/I"


def test_nodes_are_named_in_many_ways(owner: Client) -> None:
    target = create(owner, Name="Target")
    for number, name in enumerate(("node", "path", "absolute")):
        folder = create(owner, Name=name)
        legacy = owner.get(folder["Uris"]["FolderByID"]["Uri"])["Response"]["Folder"]["Uri"]
        uri = (folder["Uri"], legacy, "https://api.smugmug.com" + folder["Uri"])[number]
        assert owner.write(f"{target['Uri']}!movenodes", {"MoveUris": [uri]}).status == 200
    assert len(names(owner, f"{target['Uri']}!children")) == 3


def test_all_are_moved_or_none(owner: Client) -> None:
    target = create(owner, Name="Target")
    create(owner, target["Uri"], Name="Taken", Type="Album")
    free, taken = create(owner, Name="Free"), create(owner, Name="Taken")
    move = f"{target['Uri']}!movenodes"
    assert refused(owner, move, MoveUris=[free["Uri"], taken["Uri"]]) == (409, {"MoveUris"})
    assert refused(owner, move, MoveUris=[free["Uri"], "/api/v2/node/XXXXXX"]) == (400, {"MoveUris"})
    assert refused(owner, move, MoveUris=[free["Uri"], root_uri(owner)]) == (400, {"MoveUris"})
    assert refused(owner, move, MoveUris=[]) == (400, {"MoveUris"})
    assert refused(owner, move) == (400, {"MoveUris"})
    assert set(names(owner, f"{root_uri(owner)}!children")) == {"Target", "Free", "Taken"}


def test_a_folder_is_not_moved_into_itself(owner: Client) -> None:
    outer = create(owner, Name="Outer")
    inner = create(owner, outer["Uri"], Name="Inner")
    for target in (outer, inner):
        assert refused(owner, f"{target['Uri']}!movenodes", MoveUris=[outer["Uri"]]) == (400, {"MoveUris"})


def test_a_move_keeps_to_five_levels(owner: Client) -> None:
    levels = [root_uri(owner)]
    for level in range(1, MAX_DEPTH + 1):
        levels.append(create(owner, levels[-1], Name=f"Level {level}")["Uri"])
    tall = create(owner, Name="Tall")
    create(owner, tall["Uri"], Name="Upper")
    flat = create(owner, Name="Flat", Type="Album")
    assert refused(owner, f"{levels[4]}!movenodes", MoveUris=[tall["Uri"]]) == (400, {"MoveUris"})
    assert owner.write(f"{levels[3]}!movenodes", {"MoveUris": [tall["Uri"]]}).status == 200
    assert owner.write(f"{levels[5]}!movenodes", {"MoveUris": [flat["Uri"]]}).status == 200


def test_things_of_others_are_not_moved(reader: Client) -> None:
    other, account = Client(reader.emulator, "other"), account_of(reader)
    own = account.root_of(account.visitor)
    assert own is not None
    twins = f"/api/v2/node/{found(reader, 'Twins').id}"
    assert other.write(f"/api/v2/node/{own.id}!movenodes", {"MoveUris": [twins]}).status == 403
    coast = f"/api/v2/node/{own.children[0].id}"
    assert other.write(f"{root_uri(reader)}!movenodes", {"MoveUris": [coast]}).status == 403


def test_nothing_moves_to_another_user() -> None:
    account = Account("demo", clock=time.time)
    folder, theirs = account.add_folder("F"), account.root_of(account.visitor)
    assert theirs is not None
    with pytest.raises(EditError):
        account.move_node(folder, theirs)


# -- deleting and recovering -----------------------------------------------------------------------------


def test_a_deletion_is_answered_without_the_object(owner: Client) -> None:
    """The form is recorded of an image."""
    node = create(owner, Name="N")
    response = owner.send(node["Uri"], "DELETE")
    assert response.json() == {
        "Options": {"Methods": ["DELETE"], "Parameters": {"DELETE": []}},
        "Response": {
            "Uri": node["Uri"],
            "Locator": "Node",
            "LocatorType": "Object",
            "UriDescription": "Node with the given id.",
            "EndpointType": "Node",
        },
        "Code": 200,
        "Message": "Ok",
    }
    assert owner.status(node["Uri"]) == 404
    assert owner.send(node["Uri"], "DELETE").status == 404


def test_a_folder_is_deleted_with_everything_in_it() -> None:
    client = demo()
    travel = found(client, "Travel")
    below = [node for node in travel.walk() if node is not travel]
    keys = [(node.album.key, node.album.photos[0].id) for node in below if node.album]
    assert client.send(f"/api/v2/node/{travel.id}", "DELETE").status == 200
    for node in below:
        assert client.status(f"/api/v2/node/{node.id}") == 404
    for album, image in keys:
        assert client.status(f"/api/v2/album/{album}") == 404
        assert client.status(f"/api/v2/image/{image}") == 404
    best = found(client, "Best-of").album
    assert best is not None
    assert [image.file_name for image in best.photos] == ["cover.jpg"]


def test_the_root_is_not_deleted(owner: Client) -> None:
    assert owner.send(root_uri(owner), "DELETE").status == 403
    assert owner.status(root_uri(owner)) == 200


def deleted(client: Client, kind: str) -> list[dict[str, Any]]:
    return client.all(f"/api/v2/user/demo!deleted{kind.lower()}s", f"Deleted{kind}")


@pytest.mark.parametrize("kind", ["Album", "Folder", "Page"])
def test_what_was_deleted_is_listed(owner: Client, clock: Clock, kind: str) -> None:
    node = create(owner, Name="Gone & away", Type=kind)
    clock.now += 100
    owner.send(node["Uri"], "DELETE")
    [entry] = deleted(owner, kind)
    assert entry.keys() == {
        "UrlPath",
        "Name",
        "DateAdded",
        "DateModified",
        "DateDeleted",
        "Uri",
        "UriDescription",
    }
    assert (entry["UrlPath"], entry["Name"]) == ("/Gone-away", "Gone & away")
    assert entry["DateAdded"] == entry["DateModified"] == node["DateAdded"] < entry["DateDeleted"]
    assert owner.get(entry["Uri"])["Response"][f"Deleted{kind}"] == entry
    others = {"Album", "Folder", "Page"} - {kind}
    assert [deleted(owner, other) for other in others] == [[], []]


@pytest.mark.parametrize("kind", ["Album", "Folder", "Page"])
def test_what_was_deleted_is_recovered(owner: Client, kind: str) -> None:
    node = create(owner, Name="N", Type=kind)
    owner.send(node["Uri"], "DELETE")
    [entry] = deleted(owner, kind)
    assert owner.write(f"{entry['Uri']}!recover", {}).status == 200
    assert owner.get(node["Uri"])["Response"]["Node"]["UrlPath"] == "/N"
    assert deleted(owner, kind) == []
    assert owner.write(f"{entry['Uri']}!recover", {}).status == 404


def everything(client: Client) -> Any:
    """The account as its owner sees it: nodes, albums and their images, and where each image is shown."""
    nodes = [client.get(f"/api/v2/node/{n.id}")["Response"]["Node"] for n in account_of(client).root.walk()]
    for node in nodes:
        node.pop("DateModified")
        if "Album" in node["Uris"]:
            images = client.all(f"{node['Uris']['Album']['Uri']}!images", "AlbumImage")
            node["Images"] = sorted((image["Uri"], image["ArchivedMD5"]) for image in images)
    return sorted(nodes, key=lambda node: str(node["NodeID"]))


@pytest.mark.parametrize("path", [["Travel"], ["Travel", "Iceland-2019"], ["Twins"], ["Best-of"]])
def test_a_recovery_brings_everything_back(path: list[str]) -> None:
    """With photos, and what other albums had collected of them, and what it had collected itself."""
    client = demo()
    before = everything(client)
    node = found(client, *path)
    client.send(f"/api/v2/node/{node.id}", "DELETE")
    assert everything(client) != before
    kind = "Album" if node.album else "Folder"
    [entry] = deleted(client, kind)
    assert client.write(f"{entry['Uri']}!recover", {}).status == 200
    assert everything(client) == before


def test_a_recovered_address_is_made_unique(owner: Client) -> None:
    old = create(owner, Name="Same")
    owner.send(old["Uri"], "DELETE")
    create(owner, Name="Same")
    owner.write(f"{deleted(owner, 'Folder')[0]['Uri']}!recover", {})
    assert owner.get(old["Uri"])["Response"]["Node"]["UrlName"] == "Same-1"


def test_what_lay_in_a_deleted_folder_is_recovered_above(owner: Client) -> None:
    folder = create(owner, Name="F")
    album = create(owner, folder["Uri"], Name="A", Type="Album")
    owner.send(album["Uri"], "DELETE")
    owner.send(folder["Uri"], "DELETE")
    owner.write(f"{deleted(owner, 'Album')[0]['Uri']}!recover", {})
    assert owner.get(album["Uri"])["Response"]["Node"]["UrlPath"] == "/A"


def test_others_recover_nothing(owner: Client) -> None:
    node = create(owner, Name="N", Privacy="Public")
    owner.send(node["Uri"], "DELETE")
    other = Client(owner.emulator, "other")
    assert other.status("/api/v2/user/demo!deletedfolders") == 403
    uri = deleted(owner, "Folder")[0]["Uri"]
    assert other.status(uri) == 404
    assert other.write(f"{uri}!recover", {}).status == 404


STEPS = st.lists(st.tuples(st.sampled_from(["create", "delete", "recover", "move"]), st.integers(0, 50)))


@settings(max_examples=60)
@given(STEPS)
def test_the_tree_stays_a_tree(steps: list[tuple[str, int]]) -> None:
    """Whatever is created, deleted, recovered and moved: keys and addresses are unique, folders have five
    levels, images are in their albums, and what is deleted is nowhere else."""
    account = Account("demo", clock=time.time)
    for number, (what, choice) in enumerate(steps):
        living, gone = list(account.root.walk()), [n for n in account.bin.nodes.values() if n.deleted]
        folders = [node for node in living if node.is_folder]
        try:
            match what:
                case "create" if choice % 2:
                    album = account.add_album("Same", parent=folders[choice % len(folders)])
                    account.add_photo(album, f"{number}.jpg", b"x")
                    for other in account.albums.values():
                        account.collect(album.photos[0], other)
                case "create":
                    account.add_folder("Same", parent=folders[choice % len(folders)])
                case "delete":
                    account.delete_node(living[choice % len(living)])
                case "recover" if gone:
                    account.recover(gone[choice % len(gone)])
                case "move":
                    account.move_node(living[choice % len(living)], folders[choice % len(folders)])
        except EditError:
            continue
    check_tree(account)


def check_tree(account: Account) -> None:
    living = [node for root in account.roots for node in root.walk()]
    assert {node.id for node in living} == account.nodes.keys()
    assert account.nodes.keys().isdisjoint(account.bin.nodes)
    assert account.albums.keys().isdisjoint(account.bin.albums)
    assert {node.album.key for node in living if node.album} == account.albums.keys()
    for node in living:
        assert all(child.parent is node for child in node.children)
        taken = [child.url_name.casefold() for child in node.children]
        assert len(taken) == len(set(taken))
        assert not node.is_folder or node.depth <= MAX_DEPTH
        for image in node.album.photos if node.album else ():
            assert account.image(image.key) is image
            assert node.album in account.albums_of(image)
    for image in account.all_images():
        assert all(image in album.photos for album in account.albums_of(image))


# -- listing and finding ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "types"),
    [
        ("All", {"Folder", "Album", "Page", "System Album"}),
        ("Folder%20Album%20Page", {"Folder", "Album", "Page"}),
        ("Folder", {"Folder"}),
        ("Album,Page", {"Album", "Page"}),
        ("Page", {"Page"}),
        ("System%20Album", {"System Album"}),
        ("System%20Album,Folder", {"System Album", "Folder"}),
    ],
)
def test_children_are_chosen_by_type(reader: Client, kind: str, types: set[str]) -> None:
    listed = reader.all(f"{root_uri(reader)}!children?Type={kind}", "Node")
    assert {node["Type"] for node in listed} == types


def test_the_order_of_a_folder_is_its_own_unless_asked(owner: Client, clock: Clock) -> None:
    folder = create(owner, Name="F", SortMethod="Name", SortDirection="Descending")
    for name in ("b", "C", "a"):
        clock.now += 1
        create(owner, folder["Uri"], Name=name, Type="Album")
    create(owner, folder["Uri"], Name="Last of all")
    children = f"{folder['Uri']}!children"
    assert names(owner, children) == ["Last of all", "C", "b", "a"]
    assert names(owner, f"{children}?SortMethod=Organizer") == ["Last of all", "C", "b", "a"]
    assert names(owner, f"{children}?SortMethod=Name&Type=Album") == ["a", "b", "C"]
    assert names(owner, f"{children}?SortMethod=DateAdded&Type=Album") == ["b", "C", "a"]
    patch(owner, owner.all(children, "Node")[2]["Uri"], Description="changed last")
    newest = f"{children}?SortMethod=DateModified&SortDirection=Descending&Type=Album"
    clock.now += 1
    patch(owner, owner.all(children, "Node")[1]["Uri"], Description="changed last")
    assert names(owner, newest)[0] == "C"
    patch(owner, folder["Uri"], SortMethod="DateAdded", SortDirection="Ascending")
    assert names(owner, children) == ["Last of all", "b", "C", "a"]


def test_children_are_ten_to_a_page(owner: Client) -> None:
    for number in range(12):
        create(owner, Name=f"{number}")
    pages = owner.get(f"{root_uri(owner)}!children")["Response"]["Pages"]
    assert (pages["Total"], pages["Count"], pages["RequestedCount"]) == (12, 10, 10)


def test_the_way_up_begins_with_the_node(reader: Client) -> None:
    road = found(reader, "Travel", "Iceland-2019", "Ring-Road")
    uri = f"/api/v2/node/{road.id}"
    assert names(reader, f"{uri}!parents") == ["Ring Road", "Iceland 2019", "Travel", ""]
    assert reader.get(f"{uri}!parent")["Response"]["Node"]["Name"] == "Iceland 2019"
    assert reader.status(f"{root_uri(reader)}!parent") == 404


def test_several_nodes_at_once(reader: Client) -> None:
    ids = [found(reader, name).id for name in ("Twins", "Family")]
    response = reader.get(f"/api/v2/node/{ids[0]},XXXXXX,{ids[1]}")["Response"]
    assert (response["LocatorType"], [node["NodeID"] for node in response["Node"]]) == ("Objects", ids)
    assert reader.status("/api/v2/node/XXXXXX,YYYYYY") == 404


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("Text=iceland", {"Iceland 2019", "Ring Road", "Þingvellir & Geysir"}),
        ("Text=far%20home", {"Travel"}),
        ("Text=nowhere", set()),
        ("Text=geysir&Scope=/api/v2/user/demo", {"Þingvellir & Geysir"}),
        ("Text=geysir&Scope=/api/v2/user/demo-visitor", set()),
        ("Text=road&Scope=/api/v2/folder/user/demo/Travel", {"Ring Road"}),
        ("Text=road&Scope=/api/v2/folder/user/demo/Family", set()),
        ("Text=coast", {"Coast", "Lighthouses"}),
    ],
)
def test_nodes_are_found(reader: Client, query: str, found: set[str]) -> None:
    assert set(names(reader, f"/api/v2/node!search?{query}")) == found


def test_a_name_ranks_before_other_words(reader: Client) -> None:
    assert names(reader, "/api/v2/node!search?Text=iceland")[0] == "Iceland 2019"
    by_time = "/api/v2/node!search?Scope=/api/v2/user/demo&SortMethod=LastUpdated"
    stamps = [node["DateModified"] for node in reader.all(by_time, "Node")]
    assert stamps == sorted(stamps, reverse=True)
    assert reader.status("/api/v2/node!search?Scope=/api/v2/user/nobody") == 400


def test_searches_show_what_the_viewer_may_find(reader: Client) -> None:
    everything = "/api/v2/node!search?Scope=/api/v2/user/demo"
    assert {"Letters", "Drafts"} <= set(names(reader, everything))
    anyone = Client(reader.emulator, "anonymous")
    assert {"Letters", "Drafts"}.isdisjoint(names(anyone, everything))


@pytest.mark.parametrize("link", ["NodeComments", "NodeGrants"])
def test_empty_lists_have_no_key(reader: Client, link: str) -> None:
    uris = reader.get(f"/api/v2/node/{found(reader, 'Twins').id}")["Response"]["Node"]["Uris"]
    response = reader.get(uris[link]["Uri"])["Response"]
    assert response["Locator"] not in response
    assert response["Pages"]["Total"] == 0


@pytest.mark.parametrize("viewer", ["owner", "other", "anonymous"])
def test_every_link_of_every_node_answers(reader: Client, viewer: Viewer) -> None:
    """True to its locator; only an image that does not exist and a closed folder may be refused."""
    client = Client(reader.emulator, viewer)
    for node in account_of(reader).root.walk():
        response = client.send(f"/api/v2/node/{node.id}")
        if response.status == 404:
            assert node.effective_privacy == "Private"
            continue
        shown: Any = response.json()
        for name, link in shown["Response"]["Node"]["Uris"].items():
            answer = client.send(link["Uri"])
            body: Any = answer.json()
            if name in ("HighlightImage", "NodeCoverImage") and answer.status == 404:
                continue
            if name == "MoveNodes":
                assert answer.status == 405
                continue
            assert answer.status == 200, (name, link)
            assert (body["Response"]["Locator"], body["Response"]["LocatorType"]) == (
                link["Locator"],
                link["LocatorType"],
            )
            total = body["Response"].get("Pages", {}).get("Total", 1)
            assert (link["Locator"] in body["Response"]) == (total > 0)


# -- addresses for people --------------------------------------------------------------------------------


def web_uri(client: Client, node: dict[str, Any]) -> str:
    return str(client.get(node["Uri"])["Response"]["Node"]["WebUri"])


def test_public_places_are_at_their_path(owner: Client) -> None:
    folder = create(owner, Name="F", Privacy="Public")
    album = create(owner, folder["Uri"], Name="Ä b", Type="Album", Privacy="Public")
    assert web_uri(owner, folder) == "https://demo.smugmug.com/F"
    assert web_uri(owner, album) == "https://demo.smugmug.com/F/%C3%84-b"
    assert owner.get(root_uri(owner))["Response"]["Node"]["WebUri"] == "https://demo.smugmug.com"


def test_unlisted_albums_have_their_id_in_the_address(owner: Client) -> None:
    """Both forms are recorded: with the folders on the way, and without those that are not public."""
    for name, privacy, way in (("F", "Public", "/F"), ("G", "Unlisted", "")):
        folder = create(owner, Name=name, Privacy=privacy)
        album = create(owner, folder["Uri"], Name="C", Type="Album")
        assert web_uri(owner, album) == f"https://demo.smugmug.com{way}/C/n-{album['NodeID']}"


def test_a_place_whose_owner_is_hidden_tells_nothing(owner: Client) -> None:
    """Recorded of an album without links to a user or a folder."""
    album = create(owner, Name="A", Type="Album", Privacy="Public", HideOwner=True)
    assert web_uri(owner, album) == "https://demo.smugmug.com/A"
    anyone = Client(owner.emulator, "anonymous")
    shown = anyone.get(album["Uri"])["Response"]["Node"]
    assert shown["WebUri"] == f"https://www.smugmug.com/gallery/n-{album['NodeID']}"
    assert {"User", "ParentNode", "ParentNodes"}.isdisjoint(shown["Uris"])
    assert {"User", "ParentNode", "ParentNodes"} <= album["Uris"].keys()
    assert anyone.status(f"{album['Uri']}!parents") == 404


def test_a_keyword_in_quotes_is_one(owner: Client) -> None:
    """A text is split as it is for albums and images."""
    node = create(owner, Name="Words", Keywords='sea; "sun; sand"; sea')
    assert node["Keywords"] == ["sea", "sun; sand"]
