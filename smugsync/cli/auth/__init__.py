"""`smugsync auth`: signing in to SmugMug, in a browser or with a code."""
