"""The way up: new local files and edits are found, announced, sent, and settled where the end is unknown."""
