"""`smugsync doctor`: everything that a mirror depends on, looked at and put into words."""
