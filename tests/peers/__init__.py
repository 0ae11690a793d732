"""Clients that other people wrote for the live service, run against the emulator: `make peers`.

They are installed from PyPI into an environment of their own and run unmodified but for their base
addresses. They are not part of `make test`, since they are not ours to keep working.
"""
