"""The installed command, set up against a Liar."""

from __future__ import annotations

from smugsync.config.sources import SECRETS
from smugsync.emulator.serve import Running
from tests.e2e.command import Command
from tests.e2e.emulated import OF_OTHERS
from tests.e2e.record import RECORD


def set_up(command: Command, service: Running, *arguments: str) -> None:
    """`init` with what the service announces. No output may ever hold one of its secrets."""
    command.secrets = [service.ready[name] for name in SECRETS]
    RECORD.hand_out(*command.secrets)
    options = [
        word
        for name, value in {**service.ready, "mirror": str(command.mirror)}.items()
        if name not in OF_OTHERS
        for word in (f"--{name.replace('_', '-')}", value)
    ]
    result = command.run("init", "--no-input", *options, *arguments)
    assert result.code == 0, result
