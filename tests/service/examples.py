"""The examples in `systemd/` are what the package makes; `python -m tests.service.examples` writes them."""

from __future__ import annotations

from pathlib import Path

from smugsync.cli.units.dropin import system_drop_in
from smugsync.cli.units.needs import Needs
from smugsync.cli.units.templates import SERVICES, Manager, units

EXAMPLES = Path(__file__).parents[2] / "systemd"
#: Where a package of a distribution would have it.
COMMAND = ("/usr/bin/smugsync",)

_HEAD = "# As `smugsync install-units` writes it, for a command at /usr/bin/smugsync.\n"


def examples() -> dict[str, str]:
    """Path below `systemd/` -> text."""
    managers: tuple[tuple[Manager, str], ...] = (("system", ""), ("user", "user/"))
    found = {
        f"{place}{name}": f"{_HEAD}\n{text}"
        for manager, place in managers
        for name, text in units(manager, COMMAND).items()
    }
    needs = Needs("default", "smugsync", late=(Path("/mnt/disk/photos"),))
    for service in SERVICES:
        text = system_drop_in(needs, service, [Path("/mnt/disk")])
        head = "# An example: the mirror is /mnt/disk/photos, on a disk of its own at /mnt/disk.\n"
        found[f"{service.replace('@', '@default')}.d/10-smugsync.conf"] = f"{head}\n{text}"
    return found


if __name__ == "__main__":
    for path, text in examples().items():
        (EXAMPLES / path).parent.mkdir(parents=True, exist_ok=True)
        (EXAMPLES / path).write_text(text, encoding="utf-8")
