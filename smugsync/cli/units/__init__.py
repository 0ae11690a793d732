"""`smugsync install-units`: services of systemd that fit the configuration and this machine."""
