"""The decisions, as pure functions over frozen values: no clock, no disk, no network, no database."""
