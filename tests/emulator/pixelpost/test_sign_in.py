"""Signing in, step by step, and every way in which it fails."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.pixelpost.client import Client, error, md5, read, site, tick

BAD_HMAC = error("bad_hmac", "The hmac is not valid.")
BAD_TOKEN = error("bad_token", "The token is not valid.")
OLD_TOKEN = error("old_token", "The token has expired.")


def unauthorized(method: str) -> dict[str, str]:
    return error("unauthorized", f"You do not have the necessary rights to use the `{method}` method.")


def test_every_answer_carries_the_nonce_of_the_next_request() -> None:
    client = site("One").sign_in()
    nonces = set()
    for _ in range(5):
        assert client.ask("photo.count")["response"] == {"total": 1}
        nonces.add(client.nonce)
    assert len(nonces) == client.checked == 5


def test_a_replay_is_refused_and_the_chain_goes_on() -> None:
    client = site("One").sign_in()
    call = client.sign("photo.count", {})
    client.check(client.post(call))
    assert client.post(call) == BAD_HMAC
    assert client.ask("photo.count")["response"] == {"total": 1}


def test_a_failure_leaves_the_nonce_as_it_was() -> None:
    client = site("One").sign_in()
    before = client.nonce
    failed = client.ask("photo.get", id=99, fields=["id"])
    assert failed == error("bad_data", "The specified `id` with value `99` does not exist.")
    assert client.nonce == before
    assert client.ask("photo.count")["response"] == {"total": 1}


def test_a_token_lives_until_its_window_ends() -> None:
    client = site("One").sign_in()
    tick(client, 300 - 173)
    assert client.ask("photo.count")["status"] == "valid"
    tick(client, 1)
    assert client.ask("photo.count") == OLD_TOKEN


def test_an_old_token_is_refreshed() -> None:
    client = site("One").sign_in()
    old = client.token
    tick(client, 400)
    assert client.ask("photo.count") == OLD_TOKEN
    client.refresh()
    assert client.token != old
    assert client.ask("photo.count")["status"] == "valid"
    client.token = old
    assert client.ask("photo.count") == BAD_TOKEN


def test_a_refresh_needs_the_secret_and_a_token_that_is_known() -> None:
    client = site("One").sign_in()
    wrong = client.anonymous("auth.refresh", token=client.token, signature="x")
    assert wrong == error("bad_data", "The specified `signature` is not valid.")
    unknown = client.anonymous("auth.refresh", token="x", signature="x")
    assert unknown == error("bad_data", "The specified `token` is not valid.")


def test_a_refresh_within_the_window_gives_another_nonce() -> None:
    client = site("One").sign_in()
    before, token = client.nonce, client.token
    client.refresh()
    assert (client.token, client.nonce != before) == (token, True)
    assert client.ask("photo.count")["status"] == "valid"


def test_a_token_that_was_given_up_is_unknown() -> None:
    client = site("One").sign_in()
    assert client.ask("auth.destroy")["response"] == {"message": "disconnected"}
    assert client.ask("photo.count") == BAD_TOKEN


def test_an_unknown_key_gets_a_challenge_that_is_good_for_nothing() -> None:
    client = site("One", pixelpost_lifetime=4)
    given = client.anonymous("auth.request", public_key="nobody", session="x")["response"]
    assert given.keys() == {"challenge", "lifetime"}
    assert given["lifetime"] == 300
    answer = client.anonymous("auth.token", challenge=given["challenge"], signature="x")
    assert answer == error("bad_data", "The specified `challenge` is not valid.")


def test_the_lifetime_is_told() -> None:
    client = site("One", pixelpost_lifetime=7)
    given = client.anonymous("auth.request", public_key=client.keys[0], session="x")["response"]
    assert given["lifetime"] == 7


def begin(client: Client) -> tuple[str, str]:
    """A challenge and its signature."""
    challenge = client.anonymous("auth.request", public_key=client.keys[0], session="x")["response"][
        "challenge"
    ]
    token = md5(challenge, client.secret, client.window())
    return challenge, md5(token, challenge, client.secret)


def test_a_challenge_is_good_for_one_login() -> None:
    client = site("One")
    challenge, signature = begin(client)
    answers = [client.anonymous("auth.token", challenge=challenge, signature=signature) for _ in range(2)]
    assert answers[0]["status"] == "valid"
    assert answers[1] == error("bad_data", "The specified `challenge` is not valid.")


def test_a_challenge_is_good_for_the_lifetime() -> None:
    client = site("One")
    challenge, _ = begin(client)
    tick(client, 301)
    token = md5(challenge, client.secret, client.window())
    late = client.anonymous("auth.token", challenge=challenge, signature=md5(token, challenge, client.secret))
    assert late == error("bad_data", "The specified `challenge` is not valid.")


def test_a_login_over_the_edge_of_a_window_is_computed_once_more() -> None:
    client = site("One")
    challenge, signature = begin(client)
    tick(client, 300 - 172)
    answer = client.anonymous("auth.token", challenge=challenge, signature=signature)
    assert answer == error("bad_data", "The specified `signature` is not valid.")
    token = md5(challenge, client.secret, client.window())
    again = client.anonymous(
        "auth.token", challenge=challenge, signature=md5(token, challenge, client.secret)
    )
    assert again["status"] == "valid"


@pytest.mark.parametrize("missing", ["token", "hmac"])
def test_without_one_of_the_two_the_caller_is_nobody(missing: str) -> None:
    client = site("One").sign_in()
    call = client.sign("photo.count", {})
    del call[missing]
    assert client.post(call) == unauthorized("photo.count")


def test_without_a_request_the_caller_is_nobody() -> None:
    client = site("One").sign_in()
    call = client.sign("photo.count", {})
    del call["request"]
    assert client.post(call) == unauthorized("photo.count")


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ({"token": "deadbeef"}, BAD_TOKEN),
        ({"hmac": "x"}, BAD_HMAC),
        ({"method": "photo.size"}, BAD_HMAC),
        ({"request": {"filter": {}}}, BAD_HMAC),
    ],
)
def test_a_signature_is_over_everything(change: dict[str, Any], refused: dict[str, str]) -> None:
    client = site("One").sign_in()
    assert client.post(client.sign("photo.count", {}) | change) == refused


def test_two_clients_have_a_chain_each() -> None:
    one = site("One").sign_in()
    other = Client(one.emulator).sign_in()
    for _ in range(2):
        assert one.ask("photo.count")["status"] == other.ask("photo.count")["status"] == "valid"


def test_reading_needs_the_read_grant() -> None:
    nobody = site("One")
    for method in ("photo.list", "photo.get", "photo.count", "photo.path", "photo.size", "photo.config.get"):
        assert nobody.anonymous(method, fields=["id"], id=1, size="thumb") == unauthorized(method)


def test_a_grant_is_for_what_it_says() -> None:
    client = site("One", pixelpost_grants="read").sign_in()
    assert client.ask("photo.count")["status"] == "valid"
    assert client.ask("photo.set", id=1, fields={"title": "x"}) == unauthorized("photo.set")
    assert client.ask("upload.max-size") == unauthorized("upload.max-size")
    assert client.ask("photo.del", id=1) == unauthorized("photo.del")
    assert client.ask("auth.entity.add", user="x", name="x") == unauthorized("auth.entity.add")


def test_a_site_may_let_everybody_read() -> None:
    client = site("One", anonymous_read="on", pixelpost_grants="write")
    assert client.anonymous("photo.count") == {"status": "valid", "response": {"total": 1}}
    assert client.anonymous("photo.del", id=1) == unauthorized("photo.del")
    assert client.sign_in().ask("photo.count")["response"] == {"total": 1}


def test_nobody_can_give_up_a_token() -> None:
    assert site().anonymous("auth.destroy") == unauthorized("auth.destroy")


def test_another_pair_of_keys_can_be_made_and_signs_in() -> None:
    admin = site("One", pixelpost_grants="read,admin").sign_in()
    key = admin.ask("auth.entity.add", user="demo", name="phone")["response"]["entity"]
    keys = admin.ask("auth.entity.get", entity=key)["response"]
    assert keys["public_key"] == key
    phone = Client(admin.emulator, (key, keys["private_key"])).sign_in()
    assert phone.ask("photo.count") == unauthorized("photo.count")
    assert admin.ask("auth.entity.grant.add", entity=key, grant="read")["status"] == "valid"
    assert phone.ask("photo.count")["response"] == {"total": 1}
    own = admin.keys[0]
    assert admin.ask("photo.del", id=1) == unauthorized("photo.del")
    assert admin.ask("auth.entity.grant.add", entity=own, grant="delete")["status"] == "valid"
    assert admin.ask("photo.del", id=1)["status"] == "valid"
    wrong = admin.ask("auth.entity.grant.add", entity=key, grant="everything")
    assert wrong == error("bad_data", "The specified `grant` is not valid.")
    missing = admin.ask("auth.entity.get", entity="nobody")
    assert missing == error("bad_data", "The specified `entity` with value `nobody` does not exist.")


@pytest.mark.parametrize(
    ("method", "given", "field"),
    [
        ("auth.request", {"session": "x"}, "public_key"),
        ("auth.request", {"public_key": "x"}, "session"),
        ("auth.token", {"signature": "x"}, "challenge"),
        ("auth.refresh", {"token": "x"}, "signature"),
    ],
)
def test_a_missing_field_is_named(method: str, given: dict[str, str], field: str) -> None:
    expected = error("bad_request", f"`{method}` method requires a `{field}` field.")
    assert site().anonymous(method, **given) == expected


def test_signing_in_works_by_get_as_well() -> None:
    client = site("One")
    target = f"/api/get/auth.request/json/?public_key={client.keys[0]}&session=x"
    given = read(client.send("GET", target))["response"]
    token = md5(given["challenge"], client.secret, client.window())
    signature = md5(token, given["challenge"], client.secret)
    target = f"/api/get/auth.token/json?challenge={given['challenge']}&signature={signature}"
    client.token = token
    client._take(read(client.send("GET", target))["response"])
    assert client.check(read(client.get("photo.count")))["response"] == {"total": 1}


def test_secrets_are_not_shown() -> None:
    client = site("One").sign_in()
    pixelpost = client.emulator.pixelpost
    session = pixelpost.sessions._sessions[client.token]
    shown = repr((pixelpost.entities.announced, pixelpost.bridge.account, session))
    for secret in (client.keys[1], pixelpost.bridge.account.password, client.token, client.nonce):
        assert secret not in shown
