"""Keys and address names as the service makes them."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Container

#: Letters and digits that cannot be mistaken for each other and spell no words, as in recorded keys.
ALPHABET = "23456789BCDFGHJKLMNPQRSTVWXZbcdfghjklmnpqrstvwxz"
MAX_URL_NAME = 60


def make_key(text: str, length: int) -> str:
    """A key of `length` characters that depends on nothing but `text`."""
    return spell(int.from_bytes(hashlib.blake2b(text.encode(), digest_size=32).digest()), length)


def spell(number: int, length: int) -> str:
    """`number` in the service's alphabet, modulo what `length` characters can say."""
    base, letters = len(ALPHABET), []
    for _ in range(length):
        number, rest = divmod(number, base)
        letters.append(ALPHABET[rest])
    return "".join(letters)


def unspell(word: str) -> int | None:
    """The number `spell` was given, None when `word` has a letter outside the alphabet."""
    number = 0
    for letter in reversed(word):
        at = ALPHABET.find(letter)
        if at < 0:
            return None
        number = number * len(ALPHABET) + at
    return number


def derive_url_name(name: str) -> str:
    """The address name the service derives when none is given.

    Blanks become hyphens, punctuation is dropped, the first letter is a capital, and what is too long
    ends at a word: "SmugMug's green hair" -> "SmugMugs-green-hair", "Black & White" -> "Black-White"
    (recorded). Letters of any script stay ("Activity-Albums-活动影集" was seen). What remains of a name
    without any letter or digit is not known; it becomes "Untitled" here.
    """
    text = unicodedata.normalize("NFC", name)
    text = re.sub(r"[\s/_\-]+", "-", text)
    kept = "".join(c for c in text if c == "-" or unicodedata.category(c)[0] in "LMN")
    words = [word for word in kept.split("-") if word]
    result = ""
    for word in words:
        longer = f"{result}-{word}" if result else word[:MAX_URL_NAME]
        if len(longer) > MAX_URL_NAME:
            break
        result = longer
    return result[:1].upper() + result[1:] if result else "Untitled"


def make_unique(name: str, taken: Container[str]) -> str:
    """`name`, or `name-1`, `name-2` ... as long as its case-folded form is in `taken`."""
    if name.casefold() not in taken:
        return name
    number = 1
    while True:
        candidate = f"{name[: MAX_URL_NAME - 1 - len(str(number))]}-{number}"
        if candidate.casefold() not in taken:
            return candidate
        number += 1
