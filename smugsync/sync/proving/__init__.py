"""Held files are read again: proven, judged, mended; and the catalogue itself is examined."""
