"""The site on a real socket, asked by a client that shares nothing with it."""

from __future__ import annotations

import hashlib
import http.client
import json
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from smugsync.emulator.serve import Running, running
from smugsync.emulator.settings import Settings, Switches
from tests.emulator.pixelpost.client import md5, ser


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    """Tokens live so long that no window ends while somebody signs in."""
    with running(Settings(switches=Switches(pixelpost_lifetime=10**7))) as server:
        yield server


def fetch(server: Running, method: str, target: str, body: bytes = b"", **headers: str) -> tuple[Any, bytes]:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=10)
    try:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, target, body or None, sent)
        answer = connection.getresponse()
        return answer, answer.read()
    finally:
        connection.close()


def call(server: Running, **envelope: Any) -> Any:
    return json.loads(fetch(server, "POST", "/api/json/", json.dumps(envelope).encode())[1])


def test_the_ready_line_has_all_it_takes(server: Running) -> None:
    ready = server.ready
    assert ready["pixelpost_url"] == f"{server.url}/"
    secret = md5(ready["public_key"], ready["private_key"])
    request = {"public_key": ready["public_key"], "session": "x"}
    given = call(server, method="auth.request", request=request)["response"]
    lifetime = given["lifetime"]
    window = -(-int(server.emulator.clock()) // lifetime) * lifetime
    token = md5(given["challenge"], secret, window)
    request = {"challenge": given["challenge"], "signature": md5(token, given["challenge"], secret)}
    nonce = call(server, method="auth.token", request=request)["response"]["nonce"]
    wanted = {"fields": ["id", "original-url", "filename"]}
    hmac = md5(nonce, "photo.list", ser(wanted), secret)
    answer = call(server, method="photo.list", request=wanted, token=token, hmac=hmac)
    photos = answer["response"]["photo"]
    known = {one["filename"]: one["md5"] for one in described(server)["photos"]}
    assert len(photos) == len(known) > 20
    for photo in photos:
        address = photo["original-url"]
        assert address.startswith(f"{server.url}/photos/original/")
        head, body = fetch(server, "GET", address.removeprefix(server.url))
        assert head.getheader("Content-Length") == str(len(body))
        assert hashlib.md5(body, usedforsecurity=False).hexdigest() == known[photo["filename"]]


def described(server: Running) -> Any:
    return json.loads(fetch(server, "GET", "/_emulator/pixelpost")[1])


def test_a_file_that_is_known_is_not_sent_again(server: Running) -> None:
    target = f"/photos/original/{described(server)['photos'][0]['filename']}"
    first, _ = fetch(server, "GET", target)
    again, body = fetch(server, "GET", target, If_None_Match=first.getheader("ETag"))
    assert (again.status, body) == (304, b"")
    part, body = fetch(server, "GET", target, Range="bytes=0-2")
    assert (part.status, body) == (206, b"\xff\xd8\xff")
    head, body = fetch(server, "HEAD", target)
    assert (head.getheader("Content-Length"), body) == (first.getheader("Content-Length"), b"")


#: A client in the application's own language: signs in, reads a page of the list, checks the answer.
PHP = r"""
[$_, $url, $public, $private] = $argv;
function ser($x) {
    if (is_bool($x)) return $x ? 'true' : 'false';
    if (!is_array($x)) return (string) $x;
    $out = '{';
    foreach ($x as $key => $value) $out .= "$key:" . ser($value) . ',';
    return "$out}";
}
function fetch($url, $body = null) {
    $posted = ['method' => 'POST', 'header' => 'Content-Type: text/plain', 'content' => $body];
    $options = $body === null ? [] : $posted;
    return file_get_contents($url, false, stream_context_create(['http' => $options]));
}
function post($method, $request) {
    global $url;
    return json_decode(fetch("{$url}api/json/", json_encode(compact('method', 'request'))), true)['response'];
}
$given = post('auth.request', ['public_key' => $public, 'session' => 'php']);
$secret = md5($public . $private);
$window = (int) (ceil(time() / $given['lifetime']) * $given['lifetime']);
$token = md5($given['challenge'] . $secret . $window);
$signature = md5($token . $given['challenge'] . $secret);
$signed = post('auth.token', ['challenge' => $given['challenge'], 'signature' => $signature]);
$nonce = $signed['nonce'];
$fields = ['id', 'title', 'visible', 'original-url'];
$query = ['fields' => $fields, 'pager' => ['page' => '1', 'max-per-page' => '3']];
$hmac = md5($nonce . 'photo.list' . ser($query) . $secret);
$text = fetch("{$url}api/get/photo.list/json/token:$token/hmac:$hmac/?" . http_build_query($query));
$answer = json_decode($text, true);
$expected = md5($nonce . $answer['nonce'] . ser($answer['response']) . $secret);
$photos = $answer['response']['photo'];
echo json_encode([
    $signed['signature'] === md5($token . $nonce . $secret),
    $answer['hmac'] === $expected,
    array_map(fn($photo) => md5(fetch($photo['original-url'])), $photos),
    json_encode($answer, JSON_HEX_QUOT) === $text,
]);
"""


@pytest.mark.skipif(shutil.which("php") is None, reason="there is no PHP")
def test_a_client_in_php_is_understood(server: Running) -> None:
    ready = server.ready
    keys = [ready["pixelpost_url"], ready["public_key"], ready["private_key"]]
    done = subprocess.run(["php", "-r", PHP, *keys], capture_output=True, timeout=20, check=True)
    expected = [photo["md5"] for photo in described(server)["photos"][:3]]
    assert json.loads(done.stdout) == [True, True, expected, True]


def test_the_site_has_one_address_whatever_it_is_called(server: Running) -> None:
    _, body = fetch(server, "GET", "/api/", host="elsewhere.example")
    assert f"- {server.url}/api/json/\n" in body.decode()


def test_one_that_listens_everywhere_is_called_what_the_client_calls_it() -> None:
    with running(Settings(host="0.0.0.0")) as server:
        port = urlsplit(server.url).port
        _, body = fetch(server, "GET", "/api/", host=f"nas.local:{port}")
    assert f"- http://nas.local:{port}/api/json/\n" in body.decode()
