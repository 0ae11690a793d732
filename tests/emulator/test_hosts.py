from __future__ import annotations

import pytest

from smugsync.emulator.hosts import by_host, media_origin, split_host
from smugsync.emulator.messages import Request


@pytest.mark.parametrize(
    ("host", "scheme", "name", "port"),
    [
        ("localhost:8080", "http", "localhost", "8080"),
        ("API.SmugMug.com", "https", "api.smugmug.com", "443"),
        ("api.smugmug.com", "http", "api.smugmug.com", "80"),
        ("[::1]:8080", "http", "::1", "8080"),
        ("[::1]", "https", "::1", "443"),
        ("", "http", "", "80"),
    ],
)
def test_a_host_is_a_name_and_a_port(host: str, scheme: str, name: str, port: str) -> None:
    assert split_host(host, scheme) == (name, port)


@pytest.mark.parametrize(
    ("host", "path", "shown"),
    [
        ("photos.smugmug.com", "/Sea/i-KEY/0/abc/D/a-D.jpg", "/photos/Sea/i-KEY/0/abc/D/a-D.jpg"),
        ("photos.smugmug.com:8443", "/Sea/i-KEY/0/abc/D/a-D.jpg", "/photos/Sea/i-KEY/0/abc/D/a-D.jpg"),
        ("photos.smugmug.com", "/photos/Sea/i-KEY/0/abc/D/a-D.jpg", "/photos/Sea/i-KEY/0/abc/D/a-D.jpg"),
        (
            "photos.smugmug.com",
            "/photos/i-KEY/0/abc/D/i-KEY-D.jpg",
            "/photos/photos/i-KEY/0/abc/D/i-KEY-D.jpg",
        ),
        (
            "localhost:8080",
            "/photos/photos/i-KEY/0/abc/D/i-KEY-D.jpg",
            "/photos/photos/i-KEY/0/abc/D/i-KEY-D.jpg",
        ),
        ("www.smugmug.com", "/Sea/i-KEY/0/abc/D/a-D.jpg", "/Sea/i-KEY/0/abc/D/a-D.jpg"),
    ],
)
def test_at_the_media_host_everything_is_media(host: str, path: str, shown: str) -> None:
    assert by_host(Request("GET", path, headers={"host": host})).path == shown


@pytest.mark.parametrize(
    ("host", "origin", "shown"),
    [
        ("api.smugmug.com", "https://127.0.0.1", "https://api.smugmug.com"),
        ("api.smugmug.com:443", "https://127.0.0.1", "https://api.smugmug.com:443"),
        ("nas:8443", "https://127.0.0.1:8443", "https://nas:8443"),
        ("api.smugmug.com", "https://127.0.0.1:8443", "https://127.0.0.1:8443"),
        ("", "https://127.0.0.1:8443", "https://127.0.0.1:8443"),
        ("nas:1", None, "https://nas:1"),
        ("", None, "https://localhost"),
    ],
)
def test_media_are_where_the_client_found_the_server(host: str, origin: str | None, shown: str) -> None:
    request = Request("GET", "/api/v2", headers={"host": host} if host else {}, scheme="https")
    assert media_origin(request, origin) == shown
