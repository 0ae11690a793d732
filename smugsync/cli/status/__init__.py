"""`smugsync status` and `smugsync ls`: what the catalogue knows, without asking the service."""
