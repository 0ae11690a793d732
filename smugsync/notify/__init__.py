"""Telling others how it goes: pings, notifications, figures for Prometheus. Nothing here can fail a run."""
