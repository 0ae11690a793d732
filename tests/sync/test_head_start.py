"""A first run lists albums that came along with the account, before the list of all of them is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from smugsync.core.model import Account, Album
from smugsync.errors import Transient
from smugsync.remote.dialect import Page, Span
from smugsync.remote.gallery import Gallery
from smugsync.remote.listing import Listing
from smugsync.remote.smugmug_v2.dialect import SmugMugV2
from smugsync.stop import Stop
from smugsync.sync.cycle.survey import AlbumsListed, AlbumsPage, ListAlbums, Survey
from smugsync.sync.engine import HEAD_START
from tests.sync.world import DELTA, EVERYTHING, ORIGIN, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def fill(world: World, albums: int) -> None:
    for number in range(albums):
        world.photo(world.album(f"Album {number:02}"), f"{number}.jpg", number)


class TestTheAccount:
    @pytest.mark.parametrize("user", ["", "demo"])
    def test_brings_its_first_albums(self, world: World, user: str) -> None:
        fill(world, 5)
        with world.gallery() as gallery:
            listed = [album for page in gallery.albums(gallery.account()) for album in page]
        world.open_gallery = lambda session: Gallery(SmugMugV2(ORIGIN, user=user), session)  # type: ignore[method-assign]
        with world.gallery() as gallery:
            found = gallery.account(albums=3)
        assert found.albums == tuple(listed[:3])
        assert (found.nickname, found.root) == ("demo", world.emulator.account.root.id)

    def test_brings_none_unless_asked(self, world: World) -> None:
        fill(world, 2)
        with world.gallery() as gallery:
            assert gallery.account().albums == ()

    def test_brings_what_there_is(self, world: World) -> None:
        with world.gallery() as gallery:
            assert gallery.account(albums=3).albums == ()

    @pytest.mark.parametrize("fault", ["html403", "empty", "503"])
    def test_is_asked_for_alone_where_the_service_does_not_like_the_question(
        self, world: World, fault: str
    ) -> None:
        fill(world, 2)
        world.fault(f"{fault}@/api/v2!authuser:times=" + ("1" if fault == "html403" else "9"))
        with world.gallery() as gallery:
            assert gallery.account(albums=3) == gallery.account()

    def test_is_not_asked_for_again_at_once_where_the_service_wants_to_be_left_alone(
        self, world: World
    ) -> None:
        world.fault("503@/api/v2!authuser:retry=5")
        asked = world.requests()
        with world.gallery() as gallery:
            with pytest.raises(Transient):
                gallery.account()
            once = world.requests() - asked
            with pytest.raises(Transient):
                gallery.account(albums=3)
        assert world.requests() - asked == 2 * once


class FakeGallery:
    """Shows three albums on two pages, and notes when it is asked for them."""

    def __init__(self, heard: list[Any]) -> None:
        self.heard = heard

    def albums(self, account: Account) -> Listing[Album]:
        pages = {1: (album("a"), album("b")), 3: (album("c"),)}

        def read(span: Span) -> Page[Album]:
            self.heard.append("asked")
            return Page(pages[span.start], 3, Span(3, 2) if span.start == 1 else None)

        return Listing(read, Span(1, 2), lambda album: album.key)


def album(key: str) -> Album:
    return Album(key, f"n{key}", key, f"/{key}")


def test_albums_that_came_along_are_handed_on_first_and_once() -> None:
    heard: list[Any] = []
    survey = Survey(FakeGallery(heard), heard.append, Stop())  # type: ignore[arg-type]
    account = Account("nick", "root", albums=(album("b"), album("c")))
    assert survey(ListAlbums(account)) == AlbumsListed(True, "")
    assert heard == [
        AlbumsPage((album("b"), album("c"))),
        "asked",
        AlbumsPage((album("a"),)),
        "asked",
        AlbumsPage(()),
    ]


def test_one_that_is_gone_from_the_list_meanwhile_is_listed_all_the_same() -> None:
    heard: list[Any] = []
    survey = Survey(FakeGallery(heard), heard.append, Stop())  # type: ignore[arg-type]
    survey(ListAlbums(Account("nick", "root", albums=(album("x"),))))
    assert heard[0] == AlbumsPage((album("x"),))


class TestARun:
    def test_mirrors_more_albums_than_came_along(self, world: World) -> None:
        fill(world, HEAD_START + 3)
        report = world.sync()
        assert (report.exit_code, report.albums) == (0, HEAD_START + 3)
        assert sorted(world.files().values()) == world.online()

    def test_needs_no_more_requests_for_it(self, world: World) -> None:
        fill(world, 5)
        report = world.sync()
        assert report.requests == 1 + 1 + 5 + 5  # the account, its albums, their photos, the bytes

    def test_after_the_first_asks_for_the_account_alone(self, world: World) -> None:
        fill(world, 2)
        world.sync()
        with world.gallery() as gallery:
            alone = gallery.account()
        asked = list[int]()

        class Noting(Gallery):
            def account(self, *, albums: int = 0) -> Account:
                asked.append(albums)
                return alone

        world.open_gallery = lambda session: Noting(SmugMugV2(ORIGIN), session)  # type: ignore[method-assign]
        world.sync(DELTA)
        world.sync(EVERYTHING)
        assert asked == [0, 0]

    def test_names_directories_by_folders_as_ever(self, world: World) -> None:
        fill(world, 3)
        assert world.sync(layout="names").exit_code == 0
        assert sorted(world.files().values()) == world.online()
