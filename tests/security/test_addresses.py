"""Addresses in answers: nobody but SmugMug's hosts and the configured ones is asked, and nobody but the
account's own origins sees a credential."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import httpx
import pytest

from smugsync.emulator.messages import Request, Response
from smugsync.emulator.serve import running
from tests.e2e.command import Command
from tests.remote.servers import Server
from tests.security.addresses import ADDRESSES
from tests.security.liar import (
    LIVE,
    Liar,
    LiveWorld,
    diverting,
    redirecting,
    renaming,
    rewriting,
    telling,
    trap,
)
from tests.security.tour import set_up
from tests.sync.world import md5

STATUSES = (301, 302, 303, 307, 308)
CDN = "https://photos.smugmug.com"
KINDS = pytest.mark.parametrize("kind", ADDRESSES)


@pytest.fixture
def evil() -> Iterator[Server]:
    """Where every road of the world leads, but for those to SmugMug."""
    with trap() as server:
        yield server


@pytest.fixture
def world(tmp_path: Path, evil: Server) -> LiveWorld:
    world = LiveWorld(tmp_path, evil)
    world.photo(world.album("Good"), "good.jpg", 1)
    return world


def add_photos(world: LiveWorld, count: int) -> list[str]:
    """Photos of an album about which lies can be told; their keys."""
    bad = world.album("Bad")
    return [world.photo(bad, f"bad{i}.jpg", i) for i in range(2, 2 + count)]


def assert_nothing_else_was_asked(world: LiveWorld) -> None:
    """No hostile address was asked, not even one that leads to SmugMug's hosts."""
    assert world.trap.connections == 0
    for request in world.sent:
        url = request.url
        assert (url.scheme, url.host, url.port, url.userinfo) == ("https", "api.smugmug.com", None, b""), url
        assert url.path.startswith(("/api/v2", "/photos/")), url


def secrets(world: LiveWorld) -> list[str]:
    keys = world.emulator.credentials
    return [keys.api_key, keys.api_secret, keys.access_token, keys.access_token_secret]


def assert_without_credentials(request: httpx.Request, known: list[str]) -> None:
    assert not {"authorization", "cookie", "proxy-authorization"} & set(request.headers)
    everything = f"{request.url} {request.headers.raw!r}"
    assert not any(word in everything for word in ("oauth", "APIKey", *known))


# Where requests may go


def test_the_trap_would_notice(world: LiveWorld) -> None:
    (key,) = add_photos(world, 1)
    world.media_hosts = ("evil.example",)
    world.liar.lies = [renaming("AlbumImage", "ImageKey", "ArchivedUri", {key: "https://evil.example/a.jpg"})]
    world.sync()
    assert world.trap.connections > 0


@KINDS
def test_a_media_address_is_not_asked_if_it_is(world: LiveWorld, kind: str) -> None:
    keys = add_photos(world, len(ADDRESSES[kind]))
    named = dict(zip(keys, ADDRESSES[kind], strict=True))
    world.liar.lies = [renaming("AlbumImage", "ImageKey", "ArchivedUri", named)]
    report = world.sync()
    assert (report.exit_code, world.files()) == (3, {"Good/good.jpg": md5(1)})
    assert_nothing_else_was_asked(world)


@KINDS
def test_a_redirect_of_media_is_not_followed_to(world: LiveWorld, kind: str) -> None:
    targets = list(product(STATUSES, ADDRESSES[kind]))
    keys = add_photos(world, len(targets))
    world.liar.lies = [diverting(dict(zip(keys, targets, strict=True)))]
    report = world.sync()
    assert (report.exit_code, world.files()) == (3, {"Good/good.jpg": md5(1)})
    assert len(report.troubles) == len(targets)
    assert_nothing_else_was_asked(world)


@KINDS
def test_a_redirect_of_the_api_is_not_followed_to(world: LiveWorld, kind: str) -> None:
    for status, target in zip(STATUSES * len(ADDRESSES[kind]), ADDRESSES[kind], strict=False):
        world.liar.lies = [redirecting("/api/v2", status, target)]
        report = world.sync()
        assert report.exit_code in (3, 75, 77), (target, report)
        assert report.stopped is not None
    assert world.files() == {}
    assert_nothing_else_was_asked(world)


def test_a_chain_of_redirects_is_left_where_it_leads_out(world: LiveWorld) -> None:
    add_photos(world, 1)
    chain = [f"{CDN}/photos/{i}.jpg" for i in range(3)]
    world.liar.lies = [redirecting("/photos", 302, *chain, "https://evil.example/a.jpg")]
    report = world.sync(downloads=1)
    assert report.exit_code == 3
    assert world.trap.connections == 0


def test_a_circle_of_redirects_is_left(world: LiveWorld) -> None:
    world.liar.lies = [redirecting("/photos", 302, f"{CDN}/photos/round.jpg")]
    report = world.sync()
    assert "redirects more than 5 times" in report.troubles[0].reason
    assert sum(request.url.path.startswith("/photos") for request in world.sent) == 3 * 6  # tries and hops


def test_links_in_answers_are_not_followed(world: LiveWorld) -> None:
    elsewhere = "https://evil.example/api/v2/next"

    def change(document: dict[str, object]) -> None:
        response = document["Response"]
        assert isinstance(response, dict)
        response["Uri"] = elsewhere
        for name in ("NextPage", "PrevPage", "FirstPage", "LastPage"):
            response.setdefault("Pages", {})[name] = elsewhere

    world.liar.lies = [telling("Album", Uri=elsewhere, WebUri=elsewhere), rewriting(change)]
    report = world.sync()
    assert report.exit_code == 0
    assert world.trap.connections == 0


@pytest.mark.parametrize(
    "key", ["..", "../../..", "//evil.example/", "@evil.example", "a?b#c", "a/b", "%2e%2e", "a" * 5000, "🖼"]
)
def test_a_key_leads_to_no_other_resource(world: LiveWorld, key: str) -> None:
    world.liar.lies = [telling("Album", AlbumKey=key), telling("AlbumImage", ImageKey=key)]
    world.sync()
    asked = [request.url for request in world.sent if request.url.path.startswith("/api")]
    assert all(url.host == "api.smugmug.com" for url in asked)
    assert all(url.raw_path.startswith((b"/api/v2/user/", b"/api/v2!", b"/api/v2/album/")) for url in asked)


# Who may see credentials


def test_media_are_asked_for_without_credentials(world: LiveWorld) -> None:
    add_photos(world, 1)
    assert world.sync().exit_code == 0
    media = [request for request in world.sent if request.url.path.startswith("/photos")]
    assert len(media) == 2
    for request in media:
        assert_without_credentials(request, secrets(world))


@pytest.mark.parametrize("anonymous", [False, True], ids=["account", "key-alone"])
@pytest.mark.parametrize("status", STATUSES)
def test_a_redirect_to_another_host_of_smugmug_carries_no_credentials(
    world: LiveWorld, status: int, *, anonymous: bool
) -> None:
    world.anonymous = anonymous
    world.liar.lies = [redirecting("/api/v2", status, f"{CDN}/elsewhere?x=1")]
    world.sync()
    elsewhere = [request for request in world.sent if request.url.host != "api.smugmug.com"]
    assert elsewhere
    for request in elsewhere:
        assert_without_credentials(request, secrets(world))


@pytest.mark.parametrize("status", STATUSES)
def test_a_media_address_cannot_make_a_signed_request_to_the_api(world: LiveWorld, status: int) -> None:
    direct, diverted = add_photos(world, 2)
    target = f"{LIVE}/api/v2/album/x?_method=DELETE"
    world.liar.lies = [
        renaming("AlbumImage", "ImageKey", "ArchivedUri", {direct: target}),
        diverting({diverted: (status, target)}),
    ]
    assert world.sync().exit_code == 3
    asked = [request for request in world.sent if b"_method" in request.url.query]
    assert len(asked) >= 2
    for request in asked:
        assert request.method == "GET"
        assert_without_credentials(request, secrets(world))


def test_cookies_are_not_kept(world: LiveWorld) -> None:
    def lie(_: Request, response: Response) -> Response:
        cookies = (("Set-Cookie", "id=1; Domain=smugmug.com"), ("Set-Cookie", "id=2"))
        return replace(response, headers=(*response.headers, *cookies))

    world.liar.lies = [lie]
    assert world.sync().exit_code == 0
    assert not any("cookie" in request.headers for request in world.sent)


# The installed command


def test_a_foreign_media_host_sees_a_plain_request(tmp_path: Path, evil: Server) -> None:
    liar, command = Liar(), Command(tmp_path)
    with running(liar.settings, emulator=liar) as service:
        set_up(command, service, "--media-host", f"127.0.0.1:{evil.port}")
        album = liar.account.add_album("One", parent=liar.account.root)
        liar.account.add_photo(album, "a.jpg", b"\xff\xd8 evil \xff\xd9")
        liar.lies = [telling("AlbumImage", ArchivedUri=f"{evil.origin}/a.jpg")]
        command.sync()
    (asked,) = evil.requests
    lines = asked.decode().lower().split("\r\n")
    assert lines[0] == "get /a.jpg http/1.1"
    assert {line.partition(":")[0] for line in lines[1:] if line} == {"host", "user-agent", "accept-encoding"}


@pytest.mark.parametrize(
    ("words", "route", "code", "told"),
    [
        (("sync",), "/api/v2", 75, "redirects elsewhere"),
        (("sync",), "/photos", 3, "refused to contact"),
        (("auth", "status"), "/api/v2", 75, "redirects elsewhere"),
        (("auth", "login", "--oob"), "/services", 75, "answered 302"),
    ],
    ids=["sync", "sync-media", "auth-status", "auth-login"],
)
def test_a_redirect_out_ends_in_a_sentence(
    tmp_path: Path, evil: Server, words: tuple[str, ...], *, route: str, code: int, told: str
) -> None:
    liar, command = Liar(), Command(tmp_path)
    with running(liar.settings, emulator=liar) as service:
        set_up(command, service)
        liar.account.add_photo(liar.account.add_album("One", parent=liar.account.root), "a.jpg", b"photo")
        liar.lies = [redirecting(route, 302, f"{evil.origin}/elsewhere")]
        result = command.run(*words)
    assert (result.code, told in result.out + result.err) == (code, True), result
    assert evil.connections == 0
