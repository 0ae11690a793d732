"""A downloader by somebody else: everything an account shows, over https."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

import pytest

from smugsync.emulator.settings import Settings
from tests.peers.conftest import Peer

pytestmark = pytest.mark.peers


@pytest.mark.parametrize("peer", [Settings(tls=True)], indirect=True)
def test_a_whole_account_is_downloaded(peer: Callable[[str], Peer]) -> None:
    client = peer("gallery-dl")
    keys = client.emulator.credentials
    options = {
        "api-key": keys.api_key,
        "api-secret": keys.api_secret,
        "access-token": keys.access_token,
        "access-token-secret": keys.access_token_secret,
    }
    config = client.directory / "gallery-dl.json"
    config.write_text(json.dumps({"extractor": {"smugmug": options, "sleep-request": 0}}))
    client("-c", str(config), "-d", "out", "https://demo.smugmug.com/")
    got = {hashlib.md5(f.read_bytes()).hexdigest() for f in (client.directory / "out").rglob("*.*")}
    account = client.emulator.account
    expected = {
        (image.rendition or image.content).md5
        for album in account.albums.values()
        for image in album.photos
        if album.node.type == "Album" and album.node.owner == account.nickname
    }
    assert got == expected
