"""`smugsync verify`: reading the mirror again, and what was found."""
