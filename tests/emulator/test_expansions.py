"""`_expand` and `_config`: more objects in one answer."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from tests.emulator.ask import Client, demo

AUTH_USER = "/api/v2!authuser"


@pytest.fixture(scope="module")
def owner() -> Client:
    return demo()


def album(client: Client, name: str) -> Any:
    return next(a for a in client.emulator.account.albums.values() if a.node.name == name)


def configured(client: Client, target: str, **config: Any) -> Any:
    return client.get(f"{target}?_config={quote(json.dumps(config))}")


def test_an_expansion_is_found_by_its_address(owner: Client) -> None:
    root = owner.emulator.account.root.id
    plain, answer = owner.get(AUTH_USER), owner.get(f"{AUTH_USER}?_expand=Node")
    assert list(answer) == ["Response", "Code", "Message", "Expansions"]
    assert answer["Response"] == plain["Response"]
    expansion = answer["Expansions"][f"/api/v2/node/{root}"]
    assert expansion == owner.get(f"/api/v2/node/{root}")["Response"]
    assert {"Code", "Message"}.isdisjoint(expansion)


def test_what_is_expanded_names_its_page_in_the_link(owner: Client) -> None:
    target = f"/api/v2/album/{album(owner, 'Twins').key}"
    links = owner.get(f"{target}?_expand=User")["Response"]["Album"]["Uris"]
    assert links["User"]["DocUri"].endswith("/doc/reference/user.html")
    assert "DocUri" not in owner.get(target)["Response"]["Album"]["Uris"]["User"]


def test_a_list_expands_the_links_of_each_item_and_repeats_none(owner: Client) -> None:
    key = album(owner, "Zoë's birthday 🎂").key
    answer = owner.get(f"/api/v2/album/{key}!images?_expand=LargestVideo,Album&_filter=FileName,IsVideo")
    video = next(image for image in answer["Response"]["AlbumImage"] if image["IsVideo"])
    address = video["Uris"]["LargestVideo"]["Uri"]
    assert answer["Expansions"].keys() == {address, f"/api/v2/album/{key}"}
    assert answer["Expansions"][address]["LargestVideo"]["MD5"]


def test_an_expanded_list_has_pages(owner: Client) -> None:
    answer = owner.get(f"/api/v2/album/{album(owner, 'Twins').key}?_expand=AlbumImages")
    (images,) = answer["Expansions"].values()
    assert len(images["AlbumImage"]) == images["Pages"]["Total"] == 4


def test_what_cannot_be_expanded_is_left_out(owner: Client) -> None:
    node = album(owner, "Nothing yet").node.id
    answer = owner.get(f"/api/v2/node/{node}?_expand=HighlightImage,Nonsense,Album")
    assert [expansion["EndpointType"] for expansion in answer["Expansions"].values()] == ["Album"]
    assert "Expansions" not in owner.get(f"/api/v2/node/{node}?_expand=HighlightImage,Nonsense")


def test_a_name_with_a_dot_is_no_link(owner: Client) -> None:
    assert "Expansions" not in owner.get(f"{AUTH_USER}?_expand=Node.ChildNodes")


def test_without_links_the_key_of_an_expansion_is_lost(owner: Client) -> None:
    answer = owner.get(f"{AUTH_USER}?_expand=Node&_filteruri=")
    assert "Uris" not in answer["Response"]["User"]
    assert len(answer["Expansions"]) == 1


def test_expansions_follow_the_verbosity(owner: Client) -> None:
    (node,) = owner.get(f"{AUTH_USER}?_expand=Node&_verbosity=1")["Expansions"].values()
    assert node.keys() == {"Uri", "Locator", "LocatorType", "Node"}
    (node,) = owner.get(f"{AUTH_USER}?_expand=Node&_verbosity=3")["Expansions"].values()
    assert "Timing" not in node


def test_a_config_filters_and_expands(owner: Client) -> None:
    answer = configured(owner, AUTH_USER, filter=["NickName"], filteruri=["Node"], expand={"Node": {}})
    assert answer["Response"]["User"].keys() == {
        *("NickName", "Uri", "WebUri", "UriDescription", "Uris", "ResponseLevel"),
    }
    assert answer["Response"]["User"]["Uris"].keys() == {"Node"}
    assert len(answer["Expansions"]) == 1


def test_a_config_filters_what_is_expanded(owner: Client) -> None:
    answer = configured(owner, AUTH_USER, expand={"Node": {"filter": ["NodeID"], "filteruri": ["User"]}})
    (expansion,) = answer["Expansions"].values()
    assert expansion["Node"].keys() == {
        *("NodeID", "Uri", "WebUri", "UriDescription", "Uris", "ResponseLevel"),
    }
    assert expansion["Node"]["Uris"].keys() == {"User"}
    assert "Name" in answer["Response"]["User"]


def test_a_config_expands_what_is_expanded(owner: Client) -> None:
    below = {"ChildNodes": {"args": {"count": 2, "SortMethod": "Name"}, "expand": {"User": {}}}}
    answer = configured(owner, AUTH_USER, expand={"Node": {"filteruri": [], "expand": below}})
    root = f"/api/v2/node/{owner.emulator.account.root.id}"
    assert answer["Expansions"].keys() == {root, f"{root}!children", "/api/v2/user/demo"}
    children = answer["Expansions"][f"{root}!children"]
    assert children["Uri"] == f"{root}!children?count=2&SortMethod=Name"
    assert len(children["Node"]) == children["Pages"]["RequestedCount"] == 2


def test_one_link_can_be_expanded_several_ways(owner: Client) -> None:
    image = f"/api/v2/image/{album(owner, 'Ring Road').photos[0].id}"
    many = [{"MaxSize": "Small"}, {"MaxSize": "Tiny"}]
    answer = configured(owner, image, expand={"LargestImage": {"multiargs": many}})
    assert answer["Expansions"].keys() == {
        f"{image}!largestimage?MaxSize=Small",
        f"{image}!largestimage?MaxSize=Tiny",
    }


def test_some_lists_cannot_be_expanded_several_ways(owner: Client) -> None:
    target = f"/api/v2/album/{album(owner, 'Twins').key}"
    many = [{"count": 1}, {"count": 2}]
    answer = configured(owner, target, expand={"AlbumImages": {"multiargs": many}, "Node": {}})
    assert [expansion["EndpointType"] for expansion in answer["Expansions"].values()] == ["Node"]
    notes = owner.get(f"{target}!images?_verbosity=3")["Options"]["Notes"]
    assert notes == ["_multiargs does not work at this endpoint"]


def test_arguments_once_and_several_times_exclude_each_other(owner: Client) -> None:
    config = '{"expand": {"Node": {"args": {}, "multiargs": [{}]}}}'
    response = owner.send(f"{AUTH_USER}?_config={quote(config)}")
    assert response.status == 400


def test_a_config_can_shorten_the_links(owner: Client) -> None:
    user = configured(owner, AUTH_USER, shorturis=True)["Response"]["User"]
    assert user["Uris"]["Node"] == f"/api/v2/node/{owner.emulator.account.root.id}"


@pytest.mark.parametrize("shorten", [False, True])
def test_expansions_can_stand_in_their_links(owner: Client, shorten: bool) -> None:
    """Likely: nobody has recorded such an answer."""
    below = {"ChildNodes": {"args": {"count": 1}}}
    answer = configured(
        owner, AUTH_USER, expand_method="inline", shorturis=shorten, expand={"Node": {"expand": below}}
    )
    assert "Expansions" not in answer
    links = answer["Response"]["User"]["Uris"]
    node = f"/api/v2/node/{owner.emulator.account.root.id}"
    assert (links["Node"]["Uri"], links["Node"]["Node"]["IsRoot"]) == (node, True)
    children = links["Node"]["Node"]["Uris"]["ChildNodes"]
    assert len(children["Node"]) == children["Pages"]["Count"] == 1
    assert isinstance(links["Folder"], str) is shorten


def test_expansions_show_what_the_viewer_may_see() -> None:
    client = demo("anonymous")
    node = album(client, "Wedding M + J").node.id
    answer = client.get(f"/api/v2/node/{node}?_expand=Album,HighlightImage")
    (expansion,) = answer["Expansions"].values()
    assert expansion["Album"]["ResponseLevel"] == "Password"
