"""Values that must never be read by people, and the sieve that keeps them out of text.

A `Secret` prints as `***` wherever it ends up by accident. A `Redactor` is the second line of
defence: it knows the values themselves and the places where signatures stand in HTTP, and cleans
any text on its way to a log or a terminal.
"""

from __future__ import annotations

import base64
import json
import re
from typing import NoReturn
from urllib.parse import quote, quote_plus

MASK = "***"

#: Shorter values would blank out ordinary words; no service issues keys this short.
_SHORTEST = 4

#: Where somebody's sentence was too long for us.
_CUT = "…"

_PATTERNS = (
    # OAuth 1.0a parameters in a query, a form, or an Authorization header (RFC 5849 §3.5).
    re.compile(r"(?i)(oauth_(?:signature|token|token_secret|consumer_key|consumer_secret|nonce|verifier)"
               r"[\"']?\s*[=:]\s*[\"']?)[^\s&,\"']+"),
    re.compile(r"(?i)((?:proxy-)?authorization[\"']?\s*[=:]\s*[\"']?)[^\r\n\"']+(?:\"[^\"\r\n]*\"[^\"'\r\n]*)*"),
    # API v2 takes the key as `APIKey` (anonymous access), the older APIs session ids and passwords too, in a
    # query or in a form; the callback of a sign-in has its verifier there.
    re.compile(r"(?i)((?:^|[?&;\s\"'])(?:apikey|sessionid|emailaddress|(?:site)?password|passwordhash"
               r"|access_token|sig(?:nature)?|hmac)=)[^\s&\"']+"),
    # The head of an upload to them, and what their answers to a sign-in hold: a hash that signs in for ever.
    re.compile(r"(?i)(x-smug-sessionid[\"']?\s*[=:,]\s*[\"']?)[^\s&,\"']+"),
    re.compile(r"()\$1\$[./0-9A-Za-z]{1,8}\$[./0-9A-Za-z]{22}"),
    # Pixelpost's proofs: parts of the path, or members of a question and its answer.
    re.compile(r"(?i)(/(?:token|hmac):)[^/\s?\"']+"),
    re.compile(r"(?i)(\\?[\"'](?:token|hmac|nonce|signature|challenge|passwordhash|password)\\?[\"']\s*:\s*\\?[\"'])"
               r"[^\"'\\]+"),
)  # fmt: skip


class Secret:
    """A string that is shown as `***` and handed out only by `reveal()`. It cannot be pickled."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not written anywhere")


class Redactor:
    """Replaces known secret values, and whatever stands where HTTP carries one, by `***`."""

    def __init__(self) -> None:
        self._known: tuple[str, ...] = ()

    def add(self, secret: Secret | None) -> None:
        """Know `secret` from now on: as it is, and in every form that text may hold it in."""
        value = secret.reveal() if secret is not None else ""
        if len(value) < _SHORTEST:
            return
        # The longest first: a secret that contains another must not leave its rest behind.
        self._known = tuple(sorted({*self._known, *_forms(value)}, key=lambda form: (-len(form), form)))

    def __call__(self, text: str) -> str:
        for value in self._known:
            if value in text:
                text = text.replace(value, MASK)
        for pattern in _PATTERNS:
            text = pattern.sub(rf"\g<1>{MASK}", text)
        if _CUT in text:
            *cut, rest = text.split(_CUT)
            text = _CUT.join([*map(self._without_beginning, cut), rest])
        return text

    def _without_beginning(self, text: str) -> str:
        """`text`, which was cut short, without what a secret begins with at its end."""
        for value in self._known:
            for length in range(min(len(value) - 1, len(text)), _SHORTEST - 1, -1):
                if text.endswith(value[:length]):
                    return f"{text[:-length]}{MASK}"
        return text


def _forms(value: str) -> set[str]:
    """`value` as it is, in a URL, in a signature's base string, in a header, in JSON, and as Python does."""
    raw = value.encode("utf-8", "surrogateescape")
    in_url = {quote(value, safe="", errors="replace"), quote_plus(value, errors="replace")}
    twice = {quote(form, safe="") for form in in_url}
    packed = {encode(raw).decode() for encode in (base64.b64encode, base64.urlsafe_b64encode)}
    shown = {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1]}
    forms = {value, raw.hex(), *in_url, *twice, *packed, *(form.rstrip("=") for form in packed), *shown}
    return forms | {form.lower() for form in in_url | twice}
