"""Which addresses are asked, which are refused, and which may see credentials."""

from __future__ import annotations

import httpx
import pytest

from smugsync.errors import ConfigError, Rejected
from smugsync.remote.hosts import Hosts, is_loopback

API, UPLOAD = "https://api.smugmug.com", "https://upload.smugmug.com/"
LIVE = Hosts([API, UPLOAD], media_hosts=["cdn.example.net", "nas.example.net:8443"])
LOCAL = Hosts(["http://127.0.0.1:8080"], media_hosts=["127.0.0.1:9090", "[::1]:9091"])
PLAIN = Hosts(["http://photos.example.org"], allow_http=True)


@pytest.mark.parametrize(
    ("hosts", "url"),
    [
        (LIVE, "https://api.smugmug.com/api/v2!authuser"),
        (LIVE, "https://API.SmugMug.com./api/v2!authuser"),
        (LIVE, "https://api.smugmug.com:443/"),
        (LIVE, "https://photos.smugmug.com/photos/i-x/0/a/D/i-x-D.jpg"),
        (LIVE, "https://cdn.example.net/a.jpg"),
        (LIVE, "https://nas.example.net:8443/a.jpg"),
        (LOCAL, "http://127.0.0.1:8080/photos/a.jpg"),
        (LOCAL, "http://127.0.0.1:9090/a.jpg"),
        (LOCAL, "http://[::1]:9091/a.jpg"),
        (LOCAL, "https://photos.smugmug.com/a.jpg"),
        (PLAIN, "http://photos.example.org/images/a.jpg"),
    ],
)
def test_allowed(hosts: Hosts, url: str) -> None:
    hosts.check(httpx.URL(url))


@pytest.mark.parametrize(
    ("hosts", "url", "named"),
    [
        (LIVE, "https://evil.example/a.jpg", "evil.example"),
        (LIVE, "https://evilsmugmug.com/a.jpg", "evilsmugmug.com"),
        (LIVE, "https://smugmug.com.evil.example/", "smugmug.com.evil.example"),
        (LIVE, "https://photos.smugmug.com:8443/a.jpg", "photos.smugmug.com:8443"),
        (LIVE, "https://cdn.example.net:8443/a.jpg", "cdn.example.net:8443"),
        (LIVE, "https://nas.example.net/a.jpg", "nas.example.net"),
        (LIVE, "http://photos.smugmug.com/a.jpg", "photos.smugmug.com"),
        (LIVE, "https://169.254.169.254/latest/meta-data", "169.254.169.254"),
        (LIVE, "https://127.0.0.1/", "127.0.0.1"),
        (LIVE, "https://localhost/", "localhost"),
        (LIVE, "file:///etc/passwd", "file:"),
        (LIVE, "ftp://photos.smugmug.com/a.jpg", "ftp:"),
        (LIVE, "/photos/a.jpg", "relative"),
        (LIVE, "https:///a.jpg", "https"),
        (LIVE, "https://user:SECRET@photos.smugmug.com/a.jpg", "photos.smugmug.com"),
        (LOCAL, "http://127.0.0.1:9999/", "127.0.0.1:9999"),
        (LOCAL, "http://127.0.0.1/", "127.0.0.1:80"),
        (PLAIN, "http://other.example.org/a.jpg", "other.example.org"),
        (Hosts([API], media_hosts=["127.0.0.1:9090"]), "https://127.0.0.1:9090/", "this computer"),
        (Hosts(["http://photos.example.org"]), "http://photos.example.org/", "plain http"),
    ],
)
def test_refused(hosts: Hosts, url: str, named: str) -> None:
    with pytest.raises(Rejected) as caught:
        hosts.check(httpx.URL(url))
    assert named in str(caught.value)
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "trusted"),
    [
        ("https://api.smugmug.com/anything", True),
        ("https://api.smugmug.com:443/anything", True),
        ("https://upload.smugmug.com/", True),
        ("http://api.smugmug.com/", False),
        ("https://api.smugmug.com:8443/", False),
        ("https://photos.smugmug.com/", False),
        ("https://cdn.example.net/", False),
    ],
)
def test_credentials_go_to_configured_origins_only(url: str, trusted: bool) -> None:
    assert LIVE.is_trusted(httpx.URL(url)) is trusted


@pytest.mark.parametrize(
    "text", ["", "https://host", "host/path", "user@host", "host:port", "host:99999", "a b"]
)
def test_a_media_host_is_a_host_and_perhaps_a_port(text: str) -> None:
    with pytest.raises(ConfigError, match="media_hosts"):
        Hosts([API], media_hosts=[text])


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.9.9.9",
        "::1",
        "localhost",
        "LOCALHOST.",
        "a.localhost",
        "0.0.0.0",
        "::ffff:127.0.0.1",
    ],
)
def test_loopback_has_many_names(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["10.0.0.1", "localhost.example.com", "128.0.0.1", "::2", ""])
def test_others_are_not_loopback(host: str) -> None:
    assert not is_loopback(host)
