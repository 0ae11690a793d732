"""How values are written in unit files: systemd.syntax(7), and the specifiers of systemd.unit(5)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath

from smugsync.errors import UsageError

#: A colon would end a path of BindPaths=, unless it is quoted.
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+@,=~%")
#: What stays itself in the name of a unit, unless it begins it with a dot.
_UNIT = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_.")


def word(text: str) -> str:
    """`text` as one word of a setting. Raises UsageError for what no unit file can hold."""
    if any(ord(one) < 32 or one == "\x7f" or "\ud800" <= one <= "\udfff" for one in text):
        raise UsageError(f"{text!r} cannot stand in a unit: it holds control characters, or is not UTF-8")
    escaped = text.replace("%", "%%").replace("\\", "\\\\").replace('"', '\\"')
    return escaped if escaped and set(escaped) <= _PLAIN else f'"{escaped}"'


def words(texts: Iterable[str]) -> str:
    return " ".join(word(text) for text in texts)


def command_line(arguments: Iterable[str]) -> str:
    """`arguments` for ExecStart=, where a dollar sign would stand for a variable."""
    return words(argument.replace("$", "$$") for argument in arguments)


def mount_unit(point: PurePath) -> str:
    """The unit that mounts something at `point`, as `systemd-escape --path --suffix=mount` calls it."""
    parts = [part for part in point.parts if part != "/"]
    if not parts:
        return "-.mount"
    escaped = "-".join(
        "".join(_escape(byte) for byte in part.encode(errors="surrogateescape")) for part in parts
    )
    if escaped.startswith("."):
        escaped = f"\\x2e{escaped[1:]}"
    return f"{escaped}.mount"


def _escape(byte: int) -> str:
    return chr(byte) if chr(byte) in _UNIT else f"\\x{byte:02x}"
