"""Keywords as the service takes and gives them."""

from __future__ import annotations


def split_keywords(value: object) -> tuple[str, ...]:
    """From an array, or from a text with `;` or `,` between them; one in quotes is one (recorded).

    What comes twice is kept once, in its first place.
    """
    if value is None:
        return ()
    parts = [str(part) for part in value] if isinstance(value, list) else _split(str(value))
    found = (_unquote(part.strip()) for part in parts)
    return tuple(dict.fromkeys(part for part in found if part))


def _unquote(text: str) -> str:
    return text[1:-1].strip() if len(text) > 1 and text[0] == text[-1] == '"' else text


def _split(text: str) -> list[str]:
    """At the separators outside of quotes; commas separate only where no semicolon does."""
    separator = ";" if ";" in text else ","
    parts, quoted = [""], False
    for letter in text:
        if letter == '"':
            quoted = not quoted
        elif letter == separator and not quoted:
            parts.append("")
            continue
        parts[-1] += letter
    return parts


def join_keywords(keywords: tuple[str, ...]) -> str:
    """`a; b`"""
    return "; ".join(keywords)
