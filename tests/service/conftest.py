"""The fixtures of the end-to-end tests, for this directory too."""

from tests.e2e.conftest import calm, command, demo, emulator

__all__ = ["calm", "command", "demo", "emulator"]
