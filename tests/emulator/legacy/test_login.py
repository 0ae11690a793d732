"""Sessions: by password, by hash, and for nobody in particular."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import pytest

from smugsync.emulator.emulator import Emulator
from smugsync.emulator.legacy.arguments import Arguments
from smugsync.emulator.legacy.passwords import md5_crypt
from smugsync.emulator.settings import Settings, make_login
from tests.emulator.legacy.asking import WITH_SESSIONS, Clock, Older, login, owner, small


def guest(client: Older) -> Older:
    client = client.anonymous()
    return replace(client, session=client.ok("login.anonymously")["Login"]["Session"]["id"])


@pytest.mark.parametrize("version", WITH_SESSIONS)
def test_a_session_opens_the_account(version: str) -> None:
    client = owner(version)
    assert "Letters" in [album["Title"] for album in client.ok("albums.get")["Albums"]]


@pytest.mark.parametrize("name", ["demo", "DEMO", "demo@example.com", "Demo@Example.com"])
def test_one_logs_in_by_email_or_nickname(name: str) -> None:
    client = small().anonymous()
    secret = make_login(client.emulator.settings, "demo").password
    assert client.ok("login.withPassword", EmailAddress=name, Password=secret)["Login"]["Session"]["id"]


def test_everybody_has_a_login() -> None:
    emulator = Emulator(Settings(albums=0, people=(("ann", None),)))
    for nickname in ("demo", "demo-visitor", "ann"):
        client = login(emulator, nickname=nickname)
        assert client.ok("users.getInfo")["User"]["NickName"] == nickname


@pytest.mark.parametrize(
    ("name", "password"), [("demo", "wrong"), ("nobody", ""), ("nobody", "x"), ("demo-visitor", None)]
)
def test_a_wrong_login_is_told(name: str, password: str | None) -> None:
    client = small().anonymous()
    given = make_login(client.emulator.settings, "demo").password if password is None else password
    assert client.code("login.withPassword", EmailAddress=name, Password=given or "y") == 1


def test_a_wrong_hash_is_told() -> None:
    client = small().anonymous()
    secret = make_login(client.emulator.settings, "demo")
    told = client.ok("login.withPassword", EmailAddress="demo", Password=secret.password)["Login"]
    number = told["User"]["id"]
    assert client.code("login.withHash", UserID=number, PasswordHash="$1$x$y") == 1
    assert client.code("login.withHash", UserID=number + 1, PasswordHash=told["PasswordHash"]) == 1
    assert client.code("login.withHash", UserID="demo", PasswordHash=told["PasswordHash"]) == 1


def test_the_hash_stays_the_same() -> None:
    def told() -> str:
        client = small().anonymous()
        secret = make_login(client.emulator.settings, "demo")
        answer = client.ok("login.withPassword", EmailAddress="demo", Password=secret.password)
        return str(answer["Login"]["PasswordHash"])

    assert told() == told()


@pytest.mark.parametrize("method", ["login.anonymously", "login.withPassword", "login.withHash"])
def test_a_login_needs_a_key_that_somebody_registered(method: str) -> None:
    client = small().anonymous()
    assert client.code(method, APIKey="wrong") == 18
    assert client.code(method, APIKey="") == 18


def test_a_call_may_name_the_key_beside_its_session() -> None:
    client = owner()
    assert client.ok("albums.get", APIKey=client.api_key)["Albums"]
    assert client.code("albums.get", APIKey="wrong") == 18


@pytest.mark.parametrize("version", WITH_SESSIONS)
def test_without_a_session_nothing_is_told(version: str) -> None:
    client = owner(version).anonymous()
    assert client.code("albums.get", NickName="demo") == 3


def test_after_a_logout_the_session_is_over() -> None:
    client = owner()
    client.ok("logout")
    assert client.code("albums.get") == 3


def test_a_session_may_end_after_some_time() -> None:
    clock = Clock(1_600_000_000)
    client = small(clock=clock, session_lifetime=60)
    clock.now += 59
    client.ok("categories.get")
    clock.now += 1
    assert client.code("categories.get") == 3
    assert login(client.emulator).ok("categories.get")


def test_a_session_may_end_after_some_calls() -> None:
    client = small(session_calls=2)
    client.ok("categories.get")
    client.ok("categories.get")
    assert client.code("categories.get") == 3


def test_a_session_of_another_server_is_none_here() -> None:
    first, second = small(), small()
    assert second.code("categories.get", SessionID=first.session) == 3


def test_a_guest_sees_what_is_public() -> None:
    client = guest(owner())
    titles = [album["Title"] for album in client.ok("albums.get", NickName="demo")["Albums"]]
    assert "Ring Road" in titles
    assert not {"Letters", "Drafts"} & set(titles)


def test_a_guest_has_no_albums_of_their_own() -> None:
    assert guest(owner()).code("albums.get") == 4


def test_a_guest_writes_nothing() -> None:
    client = guest(owner())
    number = client.ok("albums.get", NickName="demo")["Albums"][0]["id"]
    assert client.code("albums.create", Title="Mine") == 3
    assert client.code("albums.delete", AlbumID=number) == 3


def test_somebody_else_changes_nothing() -> None:
    emulator = owner().emulator
    other = login(emulator, nickname="demo-visitor")
    album = other.ok("albums.get", NickName="demo")["Albums"][0]
    image = other.ok("images.get", AlbumID=album["id"])["Images"][0]
    assert other.code("albums.changeSettings", AlbumID=album["id"], Title="Mine") == 9
    assert other.code("albums.delete", AlbumID=album["id"]) == 9
    assert other.code("images.changeSettings", ImageID=image["id"], Caption="Mine") == 4
    assert other.code("images.delete", ImageID=image["id"]) == 4
    assert other.code("albums.create", Title="x", CategoryID=_category(emulator)) == 16


def _category(emulator: Emulator) -> int:
    return int(login(emulator).ok("albums.get")["Albums"][0]["Category"]["id"])


def test_a_password_does_not_show() -> None:
    secret = make_login(Settings(), "demo")
    assert secret.password not in repr(secret)
    given = Arguments({"Password": secret.password})
    assert secret.password not in repr(given)


@pytest.mark.parametrize(
    ("password", "salt", "crypt"),
    [
        ("secret", "Ou3SzvBQ", "$1$Ou3SzvBQ$LwN3wpU/ZWJ3ZSkJYDYsq."),
        ("ünï code password that is long", "ab", "$1$ab$dp.QttnrKaJf8l8KuEx8t."),
    ],
)
def test_hashes_are_md5_crypt(password: str, salt: str, crypt: str) -> None:
    """As `openssl passwd -1` wrote them."""
    assert md5_crypt(password, salt) == crypt


def test_openssl_agrees() -> None:
    try:
        done = subprocess.run(
            ["openssl", "passwd", "-1", "-salt", "grains", "correct horse"],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except FileNotFoundError:
        pytest.skip("there is no openssl here")
    if done.returncode:
        pytest.skip("this openssl has no such hash")
    assert md5_crypt("correct horse", "grains") == done.stdout.strip()
