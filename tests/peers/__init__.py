"""Clients that other people wrote for the live service, run against the emulator: `make peers`.

They are installed from PyPI into an environment of their own and run unmodified but for their base
addresses; one of Python 2's days is rewritten for Python 3 there, by a tool. They are not part of
`make test`, since they are not ours to keep working.
"""
