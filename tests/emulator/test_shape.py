"""Laws of pages and filters, whatever is listed."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smugsync.emulator.api.endpoints import ENDPOINTS
from smugsync.emulator.api.query import Query
from smugsync.emulator.api.shape import Answer, Composer, Entity, Listing, Wishes

ALBUMS = ENDPOINTS["UserAlbums"]


def page(total: int, query: list[tuple[str, str]]) -> dict[str, object]:
    def draw(item: int, _: object) -> Entity:
        return Entity(f"/{item}", "An item", {"Number": item, "Other": "x"}, lambda: [("User", "User", "/u")])

    answer = Answer(ALBUMS, "/list", Listing(range(total), draw))
    return Composer(Wishes.of(dict(query)), lambda *_: None, max_count=40).response(answer, Query.make(query))


@given(st.integers(0, 130), st.integers(1, 60), st.integers(1, 140))
def test_following_the_links_shows_everything_once(total: int, count: int, start: int) -> None:
    seen: list[int] = []
    query = [("count", str(count)), ("start", str(start))]
    while True:
        response = page(total, query)
        items, pages = response.get("Album", []), response["Pages"]
        assert isinstance(items, list)
        assert isinstance(pages, dict)
        seen += [item["Number"] for item in items]
        assert pages["Count"] == len(items)
        assert pages["Total"] == total
        assert ("PrevPage" in pages) is (pages["Start"] > 1)
        if "NextPage" not in pages:
            break
        query = parse_qsl(pages["NextPage"].partition("?")[2])
        assert [name for name, _ in query] == ["count", "start"]
    assert seen == list(range(start - 1, total))


@given(st.sets(st.sampled_from(["Number", "Other", "Nothing"])), st.sampled_from(["1", "2", "3"]))
def test_a_filter_keeps_what_it_names_and_the_address(names: set[str], verbosity: str) -> None:
    response = page(1, [("_filter", ",".join(names)), ("_verbosity", verbosity)])
    items = response["Album"]
    assert isinstance(items, list)
    said = {"UriDescription"} if verbosity != "1" else set()
    assert items[0].keys() == {"Uri", "Uris"} | said | (names & {"Number", "Other"})


@pytest.mark.parametrize("config", ["[]", "{", "1"])
def test_a_config_that_is_no_object_is_refused(config: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Wishes.of({"_config": config})
