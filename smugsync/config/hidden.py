"""How values are written that nobody may see: keys, passwords, addresses that hold one.

As in `kinds`, each ValueError becomes the second half of a sentence, and repeats nothing of the value.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator

from smugsync.config.kinds import several, web_address
from smugsync.config.values import AlbumPassword
from smugsync.secret import Secret

_ALBUM_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")


def _hide(value: object) -> object:
    if isinstance(value, str):
        if len(value.split()) > 1:
            raise ValueError("holds more than one word: it must hold the secret and nothing else")
        if not value.isascii() and any("\ud800" <= one <= "\udfff" for one in value):
            raise ValueError("is not UTF-8 text")
        return Secret(value.strip()) if value.strip() else None
    if value is None or isinstance(value, Secret):
        return value
    raise ValueError("must be a string")


def phrase(value: str) -> str:
    """A password as a person chose it, blanks and all. Raises ValueError for what is on no line."""
    if not value.isprintable() and any(one < " " or "\ud800" <= one <= "\udfff" for one in value):
        raise ValueError("holds a line end or another character that no password has")
    return value


def _hide_phrase(value: object) -> object:
    if isinstance(value, str):
        return Secret(phrase(value)) if value.strip() else None
    if value is None or isinstance(value, Secret):
        return value
    raise ValueError("must be a string")


def _album_passwords(value: object) -> object:
    """In the environment a list is JSON, or one entry a line: passwords may hold commas."""
    if isinstance(value, str):
        value = several(value) if value.lstrip().startswith("[") else value.splitlines()
    problem = 'must be a list of album keys with their passwords, such as ["8RxVQ3=open sesame"]'
    if not isinstance(value, list | tuple):
        raise ValueError(problem)
    return tuple(_album_password(one, problem) for one in value if one)


def _album_password(value: object, problem: str) -> AlbumPassword:
    if isinstance(value, AlbumPassword):
        return value
    if not isinstance(value, str):
        raise ValueError(problem)
    album, equals, password = value.partition("=")
    if not equals or not password.strip() or not _ALBUM_KEY.fullmatch(album.strip()):
        raise ValueError(problem)
    return AlbumPassword(album.strip(), Secret(phrase(password)))


def _hidden_urls(value: object) -> object:
    found = several(value)
    if not isinstance(found, list | tuple) or not all(isinstance(one, str | Secret) for one in found):
        raise ValueError('must be a list of strings, such as ["one", "two"]')
    return tuple(one if isinstance(one, Secret) else Secret(one) for one in found)


def _hidden_url(value: object) -> object:
    hidden = _hide(value)
    if isinstance(hidden, Secret):
        try:
            web_address(hidden.reveal().split("?")[0])
        except ValueError as error:  # here a query is fine
            raise ValueError(str(error).replace("user name, query or", "user name or")) from None
    return hidden


Hidden = Annotated[Secret | None, BeforeValidator(_hide)]
Phrase = Annotated[Secret | None, BeforeValidator(_hide_phrase)]
AlbumPasswords = Annotated[tuple[AlbumPassword, ...], BeforeValidator(_album_passwords)]
HiddenUrl = Annotated[Secret | None, BeforeValidator(_hidden_url)]
HiddenUrls = Annotated[tuple[Secret, ...], BeforeValidator(_hidden_urls)]
