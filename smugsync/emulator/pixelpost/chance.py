"""What nobody can guess; unless a test has said what comes next."""

from __future__ import annotations

import secrets
import string
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final, Literal, get_args

Purpose = Literal["challenge", "nonce", "key", "form", "upload"]
PURPOSES: Final[tuple[Purpose, ...]] = get_args(Purpose)
#: A text for a purpose: 32 hex digits, or `up_luo1B3` as the id of an upload.
Fresh = Callable[[Purpose], str]

_LETTERS: Final = string.ascii_letters + string.digits


class Chance:
    """Makes random texts."""

    def __init__(self) -> None:
        self._coming: dict[Purpose, deque[str]] = {purpose: deque() for purpose in PURPOSES}

    def __call__(self, purpose: Purpose) -> str:
        coming = self._coming[purpose]
        if coming:
            return coming.popleft()
        if purpose == "upload":
            return "up_" + "".join(secrets.choice(_LETTERS) for _ in range(6))
        return secrets.token_hex(16)

    def plan(self, purpose: Purpose, texts: Iterable[str]) -> None:
        """What comes next, in place of what was planned before."""
        self._coming[purpose] = deque(texts)
