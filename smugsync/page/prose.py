"""Sentences with commands in them, as our messages write them: `smugsync status`."""

from __future__ import annotations

import re

from smugsync.page.markup import Markup, joined, tag

_QUOTED = re.compile(r"`([^`]{1,300})`")
_COMMAND = re.compile(r"smugsync (?!init\b)(?!.*--profile)\S")


def command(words: str, profile: str) -> Markup:
    """What to type for `smugsync WORDS` about this profile."""
    return tag("code", f"smugsync {words}" + ("" if profile == "default" else f" --profile {profile}"))


def prose(text: str, profile: str) -> Markup:
    """`text`, what stands between back quotes as code. Who advised a command did not know of which profile it
    is."""
    parts = _QUOTED.split(text)
    shown = [
        _code(part, profile) if n % 2 else Markup(tag("bdi", part)) for n, part in enumerate(parts) if part
    ]
    return joined(*shown)


def _code(words: str, profile: str) -> Markup:
    if _COMMAND.match(words):
        return command(words.removeprefix("smugsync "), profile)
    return tag("code", words)
