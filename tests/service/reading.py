"""How tests read a unit file."""

from __future__ import annotations


def settings(text: str, section: str = "Service") -> dict[str, list[str]]:
    """The settings of a section, as systemd reads them: an empty value forgets those before it."""
    found: dict[str, list[str]] = {}
    here = ""
    for line in text.splitlines():
        if line.startswith("["):
            here = line.strip("[]")
        elif "=" in line and not line.startswith("#") and here == section:
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found
