"""Seeing new local files: when they appear (`watcher`), and when they are complete (`settling`)."""
