"""A first run lists albums that came along with the account, before the list of all of them is there."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from smugsync.core.model import Account, Album
from smugsync.emulator.messages import Request, Response
from smugsync.errors import Transient, Unreachable
from smugsync.remote.conversation import TRIES
from smugsync.remote.dialect import Page, Span
from smugsync.remote.gallery import Gallery
from smugsync.remote.listing import Listing
from smugsync.remote.smugmug_v2.dialect import SmugMugV2
from smugsync.stop import Stop
from smugsync.sync.cycle.survey import AlbumsListed, AlbumsPage, ListAlbums, Survey
from smugsync.sync.engine import HEAD_START
from tests.security.liar import Lie, LyingWorld
from tests.sync.world import DELTA, EVERYTHING, ORIGIN, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def fill(world: World, albums: int) -> None:
    for number in range(albums):
        world.photo(world.album(f"Album {number:02}"), f"{number}.jpg", number)


def to_the_first(change: Callable[[dict[str, Any]], object]) -> Lie:
    """The first question for the account is answered with what `change` makes of the answer."""
    left = [change]

    def lie(request: Request, response: Response) -> Response:
        if request.path != "/api/v2!authuser" or not left:
            return response
        return replace(response, body=json.dumps(left.pop()(json.loads(response.content()))).encode())

    return lie


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

    @pytest.mark.parametrize("answer", ["html403", "html:,status=400", "html:,status=414"])
    def test_is_asked_for_alone_where_the_service_does_not_like_the_question(
        self, world: World, answer: str
    ) -> None:
        fill(world, 2)
        kind, _, option = answer.partition(":")
        world.fault(f"{kind}@/api/v2!authuser:times=1{option}")
        with world.gallery() as gallery:
            assert gallery.account(albums=3) == gallery.account()

    @pytest.mark.parametrize(
        "odd",
        [
            {"Response": {"User": {"NickName": []}}},
            {"Response": {"User": "nobody"}},
            {"Response": []},
            {"Response": {}},
            [],
            {"Code": 400, "Message": "too much", "Response": {}},
            {"Code": 404, "Response": {}},
        ],
    )
    def test_is_asked_for_alone_where_the_answer_makes_no_sense(self, tmp_path: Path, odd: object) -> None:
        world = LyingWorld(tmp_path)
        fill(world, 2)
        world.liar.lies = [to_the_first(lambda document: odd)]
        with world.gallery() as gallery:
            assert gallery.account(albums=3) == gallery.account()

    @pytest.mark.parametrize(
        "odd",
        [
            [],
            "none",
            {"/api/v2/user/demo!albums": []},
            {"/api/v2/user/demo!albums": {"Album": "none"}},
            {"/api/v2/user/demo!albums": {"Album": [None, 7, "x", [], {}, {"AlbumKey": []}]}},
            {"": {"Album": [{"AlbumKey": "x"}]}},
        ],
    )
    def test_brings_no_album_that_makes_no_sense(self, tmp_path: Path, odd: object) -> None:
        world = LyingWorld(tmp_path)
        fill(world, 2)
        world.liar.lies = [to_the_first(lambda document: {**document, "Expansions": odd})]
        with world.gallery() as gallery:
            found = gallery.account(albums=3)
            assert (found.albums, found) == ((), gallery.account())

    def test_brings_each_album_once_and_no_more_than_were_asked_for(self, tmp_path: Path) -> None:
        world = LyingWorld(tmp_path)
        fill(world, 3)

        def repeat(document: dict[str, Any]) -> object:
            for shown in document["Expansions"].values():
                shown["Album"] = [shown["Album"][0]] * 5 + shown["Album"]
            return document

        with world.gallery() as gallery:
            listed = [album for page in gallery.albums(gallery.account()) for album in page]
        world.liar.lies = [to_the_first(repeat)]
        with world.gallery() as gallery:
            assert gallery.account(albums=2).albums == tuple(listed[:2])

    @pytest.mark.parametrize("fault", ["500", "502", "empty"])
    def test_is_asked_for_alone_where_the_service_fails_at_the_question(
        self, world: World, fault: str
    ) -> None:
        """However often it is asked."""
        fill(world, 2)
        world.fault(f"{fault}@/api/v2!authuser:times={TRIES}")
        with world.gallery() as gallery:
            assert gallery.account(albums=3) == gallery.account()

    @pytest.mark.parametrize("fault", ["503:retry=5", "stall", "reset"])
    def test_is_not_asked_for_again_where_the_question_was_not_the_trouble(
        self, world: World, fault: str
    ) -> None:
        kind, _, option = fault.partition(":")
        world.fault(f"{kind}@/api/v2!authuser" + (option and f":{option}"))
        asked = world.requests()
        with world.gallery() as gallery:
            with pytest.raises((Transient, Unreachable)):
                gallery.account()
            once = world.requests() - asked
            with pytest.raises((Transient, Unreachable)):
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


class TestAnAlbumThatTheListDoesNotShow:
    """It came along with the account all the same."""

    @pytest.fixture
    def world(self, tmp_path: Path) -> LyingWorld:
        world = LyingWorld(tmp_path)
        fill(world, 3)
        return world

    def test_is_mirrored_and_kept_while_it_answers(self, world: LyingWorld) -> None:
        world.liar.lies = [without("Album 01")]
        assert world.sync().exit_code == 0
        before = world.files()
        assert sorted(before.values()) == world.online()
        for _ in range(2):
            assert world.sync(EVERYTHING, archive=False).exit_code in (0, 5)
        assert world.files() == before

    def test_is_one_albums_trouble_where_there_is_none(self, world: LyingWorld) -> None:
        def ghost(document: dict[str, Any]) -> object:
            for shown in document["Expansions"].values():
                shown["Album"].append({**shown["Album"][0], "AlbumKey": "ghost", "UrlPath": "/Ghost"})
            return document

        world.liar.lies = [to_the_first(ghost)]
        report = world.sync()
        assert (report.exit_code, len(report.troubles)) == (3, 1)
        assert sorted(world.files().values()) == world.online()
        assert world.sync(EVERYTHING).exit_code == 0
        assert sorted(world.files().values()) == world.online()

    def test_takes_nobody_s_directory(self, world: LyingWorld) -> None:
        """All that come along claim the same address, which the list gives to the first of them alone."""
        world.liar.lies = [to_the_first(lambda document: _at(document, "/Album-00"))]
        for scope in (None, EVERYTHING, EVERYTHING):
            report = world.sync() if scope is None else world.sync(scope)
        assert report.exit_code == 0
        assert sorted(world.files().values()) == world.online()
        assert sorted(path.split("/")[0] for path in world.files()) == ["Album-00", "Album-01", "Album-02"]


def _at(document: dict[str, Any], url_path: str) -> object:
    for shown in document["Expansions"].values():
        for item in shown["Album"]:
            item["UrlPath"] = url_path
    return document


def without(name: str) -> Lie:
    """The list of albums lacks one, and says that it is whole."""

    def lie(request: Request, response: Response) -> Response:
        if not request.path.endswith("!albums"):
            return response
        document = json.loads(response.content())
        shown = document["Response"]["Album"]
        document["Response"]["Album"] = [item for item in shown if item["Name"] != name]
        for count in ("Total", "Count"):
            document["Response"]["Pages"][count] -= 1
        return replace(response, body=json.dumps(document).encode())

    return lie
