"""Everything that any command of this test run has said, and every secret that any emulator has handed out.

A test checks its own secrets; at the end of the run all of them are looked for in all that was said.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus


class Record:
    def __init__(self) -> None:
        self._secrets: set[str] = set()
        self._said: list[tuple[str, str]] = []

    def hand_out(self, *secrets: str) -> None:
        """These are secret from now on, and were before."""
        self._secrets |= {secret for secret in secrets if len(secret) > 3}

    def hear(self, words: str, said: str) -> None:
        """`words` is the command that `said` it."""
        if said:
            self._said.append((words, said))

    def leaks(self) -> list[str]:
        """The commands that said a secret, in whatever form."""
        forms = [form for secret in self._secrets for form in disguises(secret)]
        return [words for words, said in self._said if any(form in said for form in forms)]


def disguises(secret: str) -> set[str]:
    """Forms in which a secret is still one: encoded for addresses, headers, JSON, Python and shells."""
    raw = secret.encode()
    found = {
        secret,
        raw.hex(),
        quote(secret, safe=""),
        quote_plus(secret),
        quote(quote(secret, safe=""), safe=""),
    }
    found |= {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1]}
    found |= {one.lower() for one in (quote(secret, safe=""), quote_plus(secret))}
    found |= {encode(raw).decode().rstrip("=") for encode in (base64.b64encode, base64.urlsafe_b64encode)}
    return found


def files_that_hold(secrets: list[str], *places: Path) -> Iterator[Path]:
    """Files below `places` in which one of the secrets stands, in whatever form."""
    forms = [form.encode() for secret in secrets for form in disguises(secret)]
    for place in places:
        for path in sorted(place.rglob("*")):
            if path.is_file() and not path.is_symlink():
                data = path.read_bytes()
                if any(form in data for form in forms):
                    yield path


RECORD = Record()
