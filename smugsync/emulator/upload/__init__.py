"""Uploads: what a request means, whether its file is taken, and what becomes of it."""
