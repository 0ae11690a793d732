"""Pixelpost 2: `photo.list` and its siblings, read-only. Facts: its source (pixelpost/ultralite2, commit
92493f5), which was run for this project, and the answers recorded then."""
