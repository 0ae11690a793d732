"""The form that leads to the administration: the password itself is never sent."""

from __future__ import annotations

import math
import re
from urllib.parse import urlencode

from smugsync.emulator.messages import Response
from tests.emulator.pixelpost.client import HOST, Client, md5, site

ADMIN = f"http://{HOST}/admin/"
FORM = {"content_type": "application/x-www-form-urlencoded"}


def form_of(client: Client) -> str:
    """The random text in it."""
    shown = client.send("GET", "/admin/auth-login").content().decode()
    found = re.search(r'name="priv" value="([0-9a-f]{32})"', shown)
    assert found is not None
    return found[1]


def log_in(client: Client, priv: str, user: str, password: str) -> Response:
    window = math.ceil(int(client.emulator.clock()) / 150) * 150
    key = md5(priv, md5(user, md5(md5(password), ADMIN, "auth-login")), window)
    body = urlencode({"user": user, "priv": priv, "key": key}).encode()
    return client.send("POST", "/admin/auth-login", body, **FORM)


def test_who_knows_the_password_gets_two_cookies() -> None:
    client = site("One")
    account = client.look("pixelpost")
    answer = log_in(client, form_of(client), account["user"], account["password"])
    assert (answer.status, answer.header("Location")) == (302, ADMIN)
    cookies = [value.partition("; ") for name, value in answer.headers if name == "Set-Cookie"]
    assert [rest for _, _, rest in cookies] == ["path=//admin/; HttpOnly"] * 2
    cookie = "; ".join(pair for pair, _, _ in cookies)
    body = b'{"method": "photo.count", "request": {}}'
    answer = client.send("POST", "/admin/api/bridge/json/", body, cookie=cookie)
    assert answer.content() == b'{"status":"valid","response":{"total":1}}'


def test_others_get_the_form_again() -> None:
    client = site()
    account = client.look("pixelpost")
    for user, password in ((account["user"], "x"), ("x", account["password"])):
        answer = log_in(client, form_of(client), user, password)
        assert answer.status == 200
        assert b"is wrong" in answer.content()
        assert answer.header("Set-Cookie") is None


def test_a_form_is_good_once() -> None:
    client = site()
    account = client.look("pixelpost")
    priv = form_of(client)
    answers = [log_in(client, priv, account["user"], account["password"]).status for _ in range(2)]
    assert answers == [302, 200]
