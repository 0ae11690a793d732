"""The least that sends files to a SmugMug album.

`python -m benchmarks.programs.plain_uploads post|look DIRECTORY`

What smugsync does besides is left out: no catalogue, no intent written down, no doubt settled. Each file is
read once and hashed, the request signed by oauthlib, and posted by one `httpx.Client` that three threads
share. `look` asks after each how the service shows it, as smugsync does; `post` does not. The addresses, the
credentials and the album's address come as JSON on standard input. Prints how many files the service took.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import httpx
from oauthlib.oauth1 import Client

THREADS = 3


def post(http: httpx.Client, signer: Client, to: Mapping[str, str], look: bool, path: Path) -> bool:
    body = path.read_bytes()
    digest = hashlib.md5(body, usedforsecurity=False).digest()
    _, signed, _ = signer.sign(to["upload_url"], http_method="POST")
    headers = {
        "Authorization": signed["Authorization"],
        "Accept": "application/json",
        "Content-Type": "image/jpeg",
        "Content-MD5": base64.b64encode(digest).decode("ascii"),
        "X-Smug-Version": "v2",
        "X-Smug-ResponseType": "JSON",
        "X-Smug-AlbumUri": to["album"],
        "X-Smug-FileName": path.name,
    }
    answer = http.post(to["upload_url"], content=body, headers=headers)
    if answer.json()["stat"] != "ok" or not look:
        return bool(answer.json()["stat"] == "ok")
    address = to["api_url"] + answer.json()["Image"]["AlbumImageUri"]
    _, signed, _ = signer.sign(address)
    shown = http.get(address, headers={"Accept": "application/json", **signed})
    return bool(shown.json()["Response"]["AlbumImage"]["FileName"] == path.name)


def main(what: str, directory: Path) -> None:
    to = json.load(sys.stdin)
    signer = Client(to["api_key"], to["api_secret"], to["access_token"], to["access_token_secret"])
    with httpx.Client(trust_env=False, timeout=60) as http, ThreadPoolExecutor(THREADS) as pool:
        print(sum(pool.map(partial(post, http, signer, to, what == "look"), sorted(directory.iterdir()))))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
