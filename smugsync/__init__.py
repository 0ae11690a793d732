"""smugsync keeps a whole SmugMug account on local disk: always current, every byte proven."""

__version__ = "0.1.0"
