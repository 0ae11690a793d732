"""Services, containers and scheduled jobs: what runs smugsync when nobody looks."""
