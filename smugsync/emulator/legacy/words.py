"""Keywords as the older APIs take them."""

from __future__ import annotations

import re
from typing import Final

from smugsync.emulator.api.words import split_keywords

_WORD: Final = re.compile(r'"([^"]*)"|(\S+)')


def split_words(text: str) -> tuple[str, ...]:
    """At semicolons or commas; without either, at blanks outside of quotes. What comes twice is kept once."""
    if ";" in text or "," in text:
        return split_keywords(text)
    found = (quoted.strip() or word for quoted, word in _WORD.findall(text))
    return tuple(dict.fromkeys(word for word in found if word))
