"""Pages of lists, as documented and recorded."""

from __future__ import annotations

from typing import Any

import pytest

from smugsync.emulator.emulator import Emulator
from smugsync.emulator.settings import Settings, Switches
from tests.emulator.ask import Client, demo

ALBUMS = "/api/v2/user/demo!albums"


@pytest.fixture(scope="module")
def owner() -> Client:
    return demo()


@pytest.fixture(scope="module")
def many() -> Client:
    """120 albums, all in the root, with 230 images each."""
    return Client(Emulator(Settings(albums=120, images=230, bytes_each=100)))


def images_of(client: Client, name: str = "") -> str:
    albums = client.emulator.account.albums.values()
    return f"/api/v2/album/{next(a.key for a in albums if name in a.node.name)}!images"


def pages(client: Client, target: str) -> Any:
    return client.get(target)["Response"]["Pages"]


def test_the_first_page_links_to_the_others(many: Client) -> None:
    target = images_of(many)
    response = many.get(target)["Response"]
    assert response["Uri"] == target
    assert list(response["Pages"].items()) == [
        ("Total", 230),
        ("Start", 1),
        ("Count", 100),
        ("RequestedCount", 100),
        ("FirstPage", f"{target}?start=1&count=100"),
        ("LastPage", f"{target}?start=201&count=100"),
        ("NextPage", f"{target}?start=101&count=100"),
    ]


def test_the_last_page_is_short_and_has_no_next(many: Client) -> None:
    target = images_of(many)
    last = many.get(pages(many, target)["LastPage"])["Response"]
    assert last["Uri"] == f"{target}?start=201&count=100"
    assert (last["Pages"]["Count"], len(last["AlbumImage"])) == (30, 30)
    assert last["Pages"]["PrevPage"] == f"{target}?start=101&count=100"
    assert "NextPage" not in last["Pages"]


@pytest.mark.parametrize(("count", "start"), [(10, 111), (40, 81), (50, 101), (60, 61), (119, 120), (120, 1)])
def test_the_last_page_has_something(many: Client, count: int, start: int) -> None:
    """Of 120 albums, also where the pages come out even."""
    last = pages(many, f"{ALBUMS}?count={count}")["LastPage"]
    assert last == f"{ALBUMS}?count={count}&start={start}"
    found = many.get(last)["Response"]
    assert len(found["Album"]) == found["Pages"]["Count"] == 121 - start
    assert "NextPage" not in found["Pages"]


def test_following_the_links_shows_everything_once(many: Client) -> None:
    keys = [image["ImageKey"] for image in many.all(images_of(many), "AlbumImage")]
    assert len(keys) == len(set(keys)) == 230


def test_a_client_may_put_another_start_into_the_repeated_address(many: Client) -> None:
    """One client takes `Response.Uri` and replaces `start` to get the other pages."""
    first = many.get(f"{ALBUMS}?count=10&start=1")["Response"]
    assert first["Uri"] == f"{ALBUMS}?count=10&start=1"
    second = many.get(first["Uri"].replace("start=1", "start=11"))["Response"]
    shown = {album["AlbumKey"] for album in first["Album"] + second["Album"]}
    assert len(shown) == 20


@pytest.mark.parametrize(
    ("query", "following"),
    [
        ("count=7&start=8", "count=7&start=15"),
        ("start=8&count=7", "start=15&count=7"),
        ("count=7", "count=7&start=8"),
        ("Order=Position&count=7", "Order=Position&count=7&start=8"),
        ("Order=Last%20Updated+(Ascending)&count=7", "Order=Last%20Updated+(Ascending)&count=7&start=8"),
        ("Order=Position", "Order=Position&start=51&count=50"),
    ],
)
def test_links_carry_what_was_given_as_it_was_given(many: Client, query: str, following: str) -> None:
    assert pages(many, f"{ALBUMS}?{query}")["NextPage"] == f"{ALBUMS}?{following}"


@pytest.mark.parametrize("switch", ["_verbosity=1", "_expand=User", "_pretty", "_filter=Name", "_shorturis="])
def test_links_do_not_carry_switches(many: Client, switch: str) -> None:
    """`_expand` was recorded so, `_verbosity` measured; the others are taken to be like them."""
    assert pages(many, f"{ALBUMS}?{switch}&count=7")["NextPage"] == f"{ALBUMS}?count=7&start=8"


def test_links_carry_filters_where_that_is_switched_on() -> None:
    client = Client(Emulator(Settings(switches=Switches(page_links="filters"))))
    query = "_filter=Name&_verbosity=1&count=2"
    assert pages(client, f"{ALBUMS}?{query}")["NextPage"] == f"{ALBUMS}?_filter=Name&count=2&start=3"


def test_links_carry_no_credentials() -> None:
    assert "APIKey" not in pages(demo("anonymous"), f"{ALBUMS}?count=2")["NextPage"]


def test_a_start_between_two_pages_is_misaligned(many: Client) -> None:
    assert pages(many, f"{ALBUMS}?start=3&count=7")["Misaligned"] is True
    assert "Misaligned" not in pages(many, f"{ALBUMS}?start=8&count=7")


def test_before_a_misaligned_page_comes_the_first(many: Client) -> None:
    assert pages(many, f"{ALBUMS}?start=3&count=7")["PrevPage"] == f"{ALBUMS}?start=1&count=7"


@pytest.mark.parametrize(
    ("target", "size"),
    [
        (ALBUMS, 50),
        ("{images}", 100),
        ("/api/v2/node/{root}!children", 10),
        ("/api/v2/node/{root}!parents", 7),
        ("/api/v2/album!search", 10),
    ],
)
def test_pages_have_a_size_of_their_own(many: Client, target: str, size: int) -> None:
    target = target.format(root=many.emulator.account.root.id, images=images_of(many))
    assert pages(many, target)["RequestedCount"] == size


@pytest.mark.parametrize(
    ("count", "requested"),
    [("0", 50), ("x", 50), ("-3", 50), ("", 50), ("1.5", 50), ("9" * 5000, 50), ("20", 20), ("9999", 1000)],
)
def test_a_count_is_clamped_and_nonsense_ignored(many: Client, count: str, requested: int) -> None:
    found = pages(many, f"{ALBUMS}?count={count}")
    assert found["RequestedCount"] == requested
    assert found["Count"] == min(120, requested)


def test_the_largest_page_can_be_set() -> None:
    client = Client(Emulator(Settings(albums=30, switches=Switches(max_count=25))))
    assert pages(client, f"{ALBUMS}?count=1000") == {
        "Total": 30,
        "Start": 1,
        "Count": 25,
        "RequestedCount": 25,
        "FirstPage": f"{ALBUMS}?count=25&start=1",
        "LastPage": f"{ALBUMS}?count=25&start=26",
        "NextPage": f"{ALBUMS}?count=25&start=26",
    }


@pytest.mark.parametrize("start", ["0", "-1", "x", "", "1.0"])
def test_a_start_that_is_none_is_the_first(many: Client, start: str) -> None:
    assert pages(many, f"{ALBUMS}?start={start}")["Start"] == 1


def test_behind_the_end_is_nothing(many: Client) -> None:
    response = many.get(f"{ALBUMS}?start=1001&count=10")["Response"]
    assert "Album" not in response
    assert (response["Pages"]["Total"], response["Pages"]["Count"]) == (120, 0)
    assert "NextPage" not in response["Pages"]


def test_an_empty_list_has_no_key(owner: Client) -> None:
    target = images_of(owner, "Nothing yet")
    response = owner.get(target)["Response"]
    assert "AlbumImage" not in response
    assert response["Pages"] == {
        "Total": 0,
        "Start": 1,
        "Count": 0,
        "RequestedCount": 100,
        "FirstPage": f"{target}?start=1&count=100",
        "LastPage": f"{target}?start=1&count=100",
    }


@pytest.mark.parametrize("long", ["path", "query"])
def test_what_is_asked_for_may_be_too_long(owner: Client, long: str) -> None:
    """The web server in front of the service refuses it with a page (seen with a list of 792 keys)."""
    keys = ",".join(["abcdefg-0"] * 700)
    response = owner.send(f"/api/v2/image/{keys}" if long == "path" else f"{ALBUMS}?FileNames={keys}")
    assert (response.status, response.header("Content-Type")) == (403, "text/html; charset=utf-8")
    assert owner.send(f"{ALBUMS}?FileNames={keys[:5000]}").status == 200
