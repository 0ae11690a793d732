"""What others may see of a daemon: a page, `/healthz`, figures for Prometheus. It changes nothing."""
