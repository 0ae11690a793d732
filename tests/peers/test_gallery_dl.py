"""A downloader by somebody else: everything an account shows, over https."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from smugsync.emulator.settings import Settings
from tests.e2e.command import Command, sha256sums
from tests.peers.conftest import Peer

pytestmark = pytest.mark.peers


def download(client: Peer, directory: Path) -> None:
    """Everything the account shows, below `directory`, as gallery-dl names and sorts it."""
    keys = client.emulator.credentials
    options = {
        "api-key": keys.api_key,
        "api-secret": keys.api_secret,
        "access-token": keys.access_token,
        "access-token-secret": keys.access_token_secret,
    }
    config = client.directory / "gallery-dl.json"
    config.write_text(json.dumps({"extractor": {"smugmug": options, "sleep-request": 0}}))
    client("-c", str(config), "-d", str(directory), "https://demo.smugmug.com/")


def offered(client: Peer) -> list[str]:
    """The MD5s of what can be downloaded, sorted, once per album."""
    account = client.emulator.account
    return sorted(
        (image.rendition or image.content).md5
        for album in account.albums.values()
        for image in album.photos
        if album.node.type == "Album" and album.node.owner == account.nickname
    )


@pytest.mark.parametrize("peer", [Settings(tls=True)], indirect=True)
def test_a_whole_account_is_downloaded(peer: Callable[[str], Peer]) -> None:
    client = peer("gallery-dl")
    download(client, client.directory / "out")
    got = {hashlib.md5(f.read_bytes()).hexdigest() for f in (client.directory / "out").rglob("*.*")}
    assert got == set(offered(client))


@pytest.mark.parametrize("peer", [Settings(tls=True)], indirect=True)
@pytest.mark.parametrize("place", ["beside the mirror", "the mirror itself"])
def test_its_tree_is_adopted_and_nothing_is_downloaded_again(peer: Callable[[str], Peer], place: str) -> None:
    client = peer("gallery-dl")
    command = Command(client.directory)
    tree = command.mirror if place == "the mirror itself" else client.directory / "out"
    download(client, tree)
    before, fetched = sha256sums(tree), client.emulator.counters.media_requests
    command.init(client)
    adopted = command.run("adopt", str(tree), "--json")
    assert adopted.code == 0, adopted
    assert (adopted.json["files_downloaded"], adopted.json["files_unproven"]) == (0, 0)
    assert command.md5s() == offered(client)
    assert sha256sums(tree) == before
    assert command.sync("--full")["counts"] == {}
    assert client.emulator.counters.media_requests == fetched
