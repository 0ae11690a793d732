"""The configuration: TOML, environment and credential files, as one frozen `Config`.

`load` is the way in, and tells every problem at once. Only the command line calls it; everything
further in is handed plain values.
"""

from __future__ import annotations

from smugsync.config.selection import ignorer, selector
from smugsync.config.values import Config, LogConfig, RemoteConfig

__all__ = ["Config", "LogConfig", "RemoteConfig", "ignorer", "load", "selector"]

from smugsync.config.loading import load
