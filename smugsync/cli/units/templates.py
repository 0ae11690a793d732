"""The units that hold for every profile: texts beside this module, with the command filled in."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from typing import Literal

from smugsync.cli.units.words import command_line

#: Whose service manager runs them: the machine's, or a person's own.
Manager = Literal["system", "user"]

#: The services and timers, by their file names.
SERVICES = ("smugsync@.service", "smugsync-sync@.service", "smugsync-verify@.service")
UNITS = (*SERVICES, "smugsync-sync@.timer", "smugsync-verify@.timer")

#: What stands in several services alike.
_COMMON = ("account", "manners", "hardening")


def units(manager: Manager, command: Sequence[str]) -> dict[str, str]:
    """File name -> text of every unit; `command` starts smugsync, by an absolute path."""
    beside = resources.files(__package__) / manager
    texts = {name: (beside / name).read_text("utf-8") for name in UNITS}
    for part in _COMMON:
        file = beside / f"{part}.conf"
        if file.is_file():
            common = file.read_text("utf-8").rstrip("\n")
            texts = {name: text.replace(f"@{part.upper()}@", common) for name, text in texts.items()}
    return {name: text.replace("@COMMAND@", command_line(command)) for name, text in texts.items()}
