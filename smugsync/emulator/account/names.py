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
    """A key of `length` characters that depends on nothing but `text`, which may hold file names that are
    not UTF-8."""
    data = text.encode("utf-8", "surrogateescape")
    return spell(int.from_bytes(hashlib.blake2b(data, digest_size=32).digest()), length)


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
    kept = "".join(c for c in text if c == "-" or _is_word(c))
    words = [word for word in kept.split("-") if any(unicodedata.category(c)[0] in "LN" for c in word)]
    result = ""
    for word in words:
        longer = f"{result}-{word}" if result else word.lstrip(_marks_of(word))[:MAX_URL_NAME]
        if len(longer) > MAX_URL_NAME:
            break
        result = longer
    capital = unicodedata.normalize("NFC", result[:1].upper() + result[1:])
    return capital[:MAX_URL_NAME] if result else "Untitled"


def url_name_problem(name: str) -> str | None:
    """Why the service would not take this UrlName; None if it would.

    It starts with a capital letter or a digit and goes on with letters, digits and hyphens, at most 60
    characters (recorded description; a small letter at the start was refused). Letters of scripts without
    capitals count as capitals.
    """
    if not 1 <= len(name) <= MAX_URL_NAME:
        return f"A UrlName has 1 to {MAX_URL_NAME} characters"
    if not _may_start(name[0]):
        return "Must start with a capital letter"
    if not all(c == "-" or _is_word(c) for c in name):
        return "May contain only letters, digits and hyphens"
    return None


def _is_word(character: str) -> bool:
    """A letter or digit of any script, or a mark that belongs to one."""
    return unicodedata.category(character)[0] in "LMN"


def _may_start(character: str) -> bool:
    return unicodedata.category(character)[0] in "LN" and character.upper()[:1] == character


def _marks_of(word: str) -> str:
    return "".join(c for c in word if unicodedata.category(c)[0] == "M")


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
